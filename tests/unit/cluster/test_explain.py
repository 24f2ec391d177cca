"""Every reason for a 401 that our own material tells: each certificate with each token and each way to get another.

`pytest tests/unit/cluster/test_explain.py --snapshot-update` takes what is said now; look at what
differs first.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.auth import explain
from edgetui.cluster.auth.explain import CredentialProblem, explain_401, issued_too_late, renewal
from edgetui.cluster.target import AuthProviderConfig, AuthSettings, ClusterTarget, ExecConfig
from edgetui.model.expiry import CertificateFacts
from tests.unit.cluster.test_credential_advice import SERVICE_ACCOUNT, token

NOW = 1_700_000_000
GOOD = CertificateFacts(NOW - 86_400, NOW + 7200, "kim", ("ops",), "plant-ca")
CERTIFICATES: dict[str, CertificateFacts | None] = {
    "a good certificate": GOOD,
    "one that is over": replace(GOOD, not_after=NOW - 3600),
    "one of tomorrow": replace(GOOD, not_before=NOW + 86_400),
    "one without a name": replace(GOOD, common_name=""),
    "one without an issuer": replace(GOOD, issuer=""),
    "one that cannot be read": None,
}
TOKENS = {
    "a token": "opaque",
    "a good token": token(exp=NOW + 60, **SERVICE_ACCOUNT),
    "a token that is over": token(exp=NOW - 60, **SERVICE_ACCOUNT),
    "a token of tomorrow": token(nbf=NOW + 86_400, exp=NOW + 90_000, **SERVICE_ACCOUNT),
    "a token of no namespace": token(exp=NOW - 1, **{"kubernetes.io": {"serviceaccount": {"name": "ops"}}}),
    "a token of a provider": token(exp=NOW + 60, iss="https://idp.example"),
    "a token of nobody": token(exp=NOW + 60),
    "a token of nobody that is over": token(exp=NOW - 60),
}
WAYS = {
    "": AuthSettings(),
    "by a plugin": AuthSettings(exec=ExecConfig("/opt/bin/kube-login")),
    "by a provider": AuthSettings(auth_provider=AuthProviderConfig("oidc")),
    "from a file": AuthSettings(token_file=Path("/run/token")),
    "by a password": AuthSettings(username="kim", password="p"),
}


@pytest.fixture(autouse=True)
def certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(pem: bytes) -> CertificateFacts:
        found = CERTIFICATES[pem.decode()]
        if found is None:
            raise ValueError("no certificate")
        return found

    monkeypatch.setattr(explain, "certificate_dates", read)


def target(auth: AuthSettings, certificate: str = "", used: str = "") -> ClusterTarget:
    shown = certificate.encode() if certificate else None
    return ClusterTarget(
        name="plant",
        context="plant",
        user_name="kim",
        auth=replace(auth, client_certificate=shown, token=used),
        context_file=Path("/home/kim/.kube/config"),
    )


def said(problem: CredentialProblem) -> str:
    assert str(problem) == f"{problem.sentence} {problem.next_step}"
    return f"{problem}{' (certain)' * problem.certain}"


@pytest.mark.parametrize("certificate", ["", *CERTIFICATES])
@pytest.mark.parametrize("way", WAYS)
def test_why_a_server_does_not_know_us(way: str, certificate: str, snapshot: SnapshotAssertion) -> None:
    lines = [f"no token: {said(explain_401(target(WAYS[way], certificate), NOW))}"]
    for name, used in TOKENS.items():
        problem = explain_401(target(WAYS[way], certificate, used), NOW)
        assert explain_401(target(WAYS[way], certificate, "another"), NOW, used) == problem
        lines.append(f"{name}: {said(problem)}")
    assert "\n".join(lines) == snapshot


def test_a_certificate_whose_file_is_gone_is_said_to_be_unreadable() -> None:
    auth = AuthSettings(client_certificate_file=Path("/gone"))
    assert said(explain_401(target(auth), NOW)) == (
        "The client certificate of kim cannot be read any more. "
        "Check the file that client-certificate names in the kubeconfig. (certain)"
    )
    assert "token of kim" in explain_401(target(auth, used="opaque"), NOW).sentence


def test_a_user_without_a_name_is_called_as_its_cluster() -> None:
    unnamed = replace(target(AuthSettings()), user_name="")
    assert explain_401(unnamed, NOW).sentence.startswith("The user plant has no credentials")


@pytest.mark.parametrize(("command", "shown"), [("/opt/kube-login", "kube-login"), ("", "")])
def test_what_a_plugin_gave_too_late_is_its_own_fault(command: str, shown: str) -> None:
    auth = AuthSettings(exec=ExecConfig(command)) if command else AuthSettings()
    assert said(issued_too_late(target(auth), 61)) == (
        f"The credential plugin {shown} gave credentials that expired 1m1s ago. "
        "Sign in again with it, and check this host's clock. (certain)"
    )


FILES = (
    "/etc/rancher/k3s/k3s.yaml",
    "/etc/rancher/RKE2/rke2.yaml",
    "/var/snap/microk8s/current/credentials/client.config",
    "/var/lib/k0s/pki/admin.conf",
    "/var/lib/microshift/resources/kubeadmin/kubeconfig",
    "/home/kim/.kube/config",
)


def test_how_a_certificate_is_renewed_is_said_by_where_it_lies(snapshot: SnapshotAssertion) -> None:
    plain = ClusterTarget(name="plant", context="plant")
    lines = [renewal(plain), renewal(replace(plain, context="microk8s"))]
    for file in map(Path, FILES):
        found = renewal(replace(plain, context_file=file))
        assert renewal(replace(plain, file=file)) == found
        assert renewal(replace(plain, file=Path("/etc/rancher/k3s/k3s.yaml"), context_file=file)) == found
        lines.append(f"{file}: {found}")
    assert "\n".join(lines) == snapshot


def test_long_names_are_cut_so_that_a_sentence_can_be_read() -> None:
    long, cut = "n" * 61, f"{'n' * 59}…"
    unnamed = replace(target(AuthSettings(), used="opaque"), user_name=long)
    assert explain_401(unnamed, NOW).sentence == f"The server does not accept the token of {cut}."
    assert explain_401(replace(unnamed, user_name=long[1:]), NOW).sentence.endswith(f" {long[1:]}.")
    for command, shown in ((long, cut), (long[1:], long[1:])):
        found = target(AuthSettings(exec=ExecConfig(f"/opt/{command}")))
        assert f"the credential plugin {shown} gives" in explain_401(found, NOW).sentence
        assert issued_too_late(found, 1).sentence.startswith(f"The credential plugin {shown} gave")

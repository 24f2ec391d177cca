"""Why a server refuses us, from our own certificate and token."""

from __future__ import annotations

import base64
import itertools
import json
import time
from pathlib import Path
from typing import Any

import pytest
import trustme

from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.auth.explain import explain_401, renewal
from edgetui.cluster.target import AuthProviderConfig, AuthSettings, ClusterTarget, ExecConfig
from tests.unit.cluster.tlsserver import client_pair

NOW = float(int(time.time()))
DAY = 86400.0


def now() -> float:
    """Unix seconds as certificates have them, which are made by the real clock while the tests run."""
    return time.time()


def target(file: str = "/srv/x/.kube/config", **auth: Any) -> ClusterTarget:
    return ClusterTarget(
        name="plant", context="plant", user_name="admin", context_file=Path(file), auth=AuthSettings(**auth)
    )


def token(**claims: Any) -> str:
    def part(content: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part(claims)}.c2ln"


SERVICE_ACCOUNT = {
    "sub": "system:serviceaccount:line-1:ops",
    "kubernetes.io": {"namespace": "line-1", "serviceaccount": {"name": "ops"}},
}


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


def test_an_expired_certificate(ca: trustme.CA) -> None:
    pair = client_pair(ca, "admin", days=-3)
    found = target("/etc/rancher/k3s/k3s.yaml", client_certificate=pair.certificate, client_key=pair.key)
    advice = explain_401(found, now() + 60)
    assert advice.sentence == "The client certificate of admin expired 3d ago."
    assert "k3s certificate rotate" in advice.next_step
    assert advice.certain


async def test_a_certificate_in_a_file_is_read(ca: trustme.CA, tmp_path: Path) -> None:
    file, steady = tmp_path / "c.pem", itertools.count(0.0, 10.0)
    file.write_bytes(client_pair(ca, "admin", days=-1).certificate)
    found = Credentials(target(client_certificate_file=file), lambda: now() + 60, lambda: next(steady))
    await found.headers()
    assert "expired" in found.explain_refusal().sentence
    file.unlink()
    await found.headers()
    assert "cannot be read" in found.explain_refusal().sentence


def test_a_certificate_of_tomorrow(ca: trustme.CA) -> None:
    advice = explain_401(target(client_certificate=client_pair(ca, "admin").certificate), now() - 100 * DAY)
    assert "is valid only in" in advice.sentence
    assert "clock" in advice.next_step


def test_a_certificate_without_a_user(ca: trustme.CA) -> None:
    leaf = ca.issue_cert("x.example")
    advice = explain_401(target(client_certificate=leaf.cert_chain_pems[0].bytes()), now())
    assert "no common name" in advice.sentence


def test_a_certificate_that_looks_fine(ca: trustme.CA) -> None:
    advice = explain_401(target(client_certificate=client_pair(ca, "admin").certificate), now())
    assert "does not accept the client certificate of admin" in advice.sentence
    assert "copy its kubeconfig again" in advice.next_step
    assert not advice.certain


def test_an_expired_token() -> None:
    advice = explain_401(target(token=token(exp=int(NOW) - 7200, **SERVICE_ACCOUNT)), NOW)
    assert advice.sentence == "The token of admin expired 2h ago."
    assert advice.next_step.endswith("kubectl create token ops -n line-1")
    assert advice.certain


def test_a_token_from_the_future_is_about_clocks() -> None:
    advice = explain_401(target(token=token(nbf=int(NOW) + 600, exp=int(NOW) + 4000, **SERVICE_ACCOUNT)), NOW)
    assert advice.sentence == "The token of admin is valid only in 10m."
    assert "clock" in advice.next_step
    near = explain_401(target(token=token(nbf=int(NOW) + 30, exp=int(NOW) + 4000, **SERVICE_ACCOUNT)), NOW)
    assert "revoked" in near.sentence


def test_a_token_that_looks_fine() -> None:
    advice = explain_401(target(token=token(exp=int(NOW) + 7200, **SERVICE_ACCOUNT)), NOW)
    assert "it was revoked, or it belongs to another cluster" in advice.sentence
    foreign = explain_401(target(token=token(exp=int(NOW) + 7200, iss="https://idp", sub="me")), NOW)
    assert "issued by https://idp" in foreign.sentence
    opaque = explain_401(target(token="s3cret"), NOW)
    assert "does not accept the token of admin" in opaque.sentence
    assert "s3cret" not in str(opaque)


async def test_a_token_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(token(exp=int(NOW) - 60, **SERVICE_ACCOUNT))
    found = Credentials(target(token_file=file), lambda: NOW)
    await found.headers()
    assert found.explain_refusal().next_step == f"Check what renews {file}."


def test_what_is_certain_wins_between_two(ca: trustme.CA) -> None:
    fine = token(exp=int(NOW) + 7200, **SERVICE_ACCOUNT)
    expired = client_pair(ca, "admin", days=-3).certificate
    assert "certificate" in explain_401(target(token=fine, client_certificate=expired), now() + 60).sentence


def test_the_token_in_use_counts_more_than_the_one_in_the_file() -> None:
    found = target(token=token(exp=int(NOW) + 7200, **SERVICE_ACCOUNT))
    assert "expired" in explain_401(found, NOW, token(exp=int(NOW) - 60)).sentence


@pytest.mark.parametrize(
    ("auth", "said"),
    [
        ({}, "has no credentials in the kubeconfig"),
        ({"username": "u", "password": "p"}, "user name and password"),
        ({"exec": ExecConfig("/opt/kube-login")}, "credential plugin kube-login"),
        ({"auth_provider": AuthProviderConfig("oidc")}, "sign-in of admin with oidc"),
    ],
)
def test_other_credentials(auth: dict[str, Any], said: str) -> None:
    advice = explain_401(target(**auth), NOW)
    assert said in advice.sentence
    assert advice.next_step


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("/etc/rancher/rke2/rke2.yaml", "rke2 certificate rotate"),
        ("/var/snap/microk8s/current/credentials/client.config", "microk8s refresh-certs"),
        ("/var/lib/k0s/pki/admin.conf", "k0s kubeconfig admin"),
        ("/var/lib/microshift/resources/kubeadmin/kubeconfig", "restart microshift"),
        ("/srv/x/.kube/config", "kubeadm certs renew"),
    ],
)
def test_renewal_is_said_in_the_words_of_the_distribution(file: str, said: str) -> None:
    assert said in renewal(target(file))

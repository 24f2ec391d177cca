"""Which kubeconfig users can be rotated, and what the others are told instead."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.actions.credentials.eligible import bearer, service_account_token
from edgetui.actions.messages import Refusal
from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.target import (
    AuthProviderConfig,
    AuthSettings,
    ClusterTarget,
    ExecConfig,
    Impersonation,
)


def jwt(**claims: Any) -> str:
    """An unsigned token with these claims."""
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "c2ln"])


ACCOUNT = jwt(
    sub="system:serviceaccount:farm:ops",
    jti="0b5e",
    iat=1000,
    exp=4600,
    **{"kubernetes.io": {"namespace": "farm", "serviceaccount": {"name": "ops", "uid": "u"}}},
)
FILE = Path("config")
TARGET = ClusterTarget(
    name="plant", context="plant", file=FILE, user_name="kim", auth=AuthSettings(token=ACCOUNT)
)


def test_a_service_account_token_is_taken() -> None:
    facts = service_account_token(TARGET, ACCOUNT)
    assert (facts.namespace, facts.service_account, facts.expires) == ("farm", "ops", 4600)


@pytest.mark.parametrize(
    ("auth", "token", "why", "instead"),
    [
        (
            AuthSettings(client_certificate=b"c", client_key=b"k"),
            "",
            "client certificate",
            "CertificateSigningRequest",
        ),
        (AuthSettings(exec=ExecConfig("gke-plugin")), ACCOUNT, "plugin gke-plugin", "plugin's own way"),
        (AuthSettings(auth_provider=AuthProviderConfig("oidc")), ACCOUNT, "identity provider", "Sign in"),
        (
            AuthSettings(token_file=Path("token")),
            ACCOUNT,
            "something else keeps up to date",
            "where that file",
        ),
        (AuthSettings(username="kim", password="p"), "", "user name and password", "personal kubeconfig"),
        (AuthSettings(), "", "no credentials", "personal kubeconfig"),
        (AuthSettings(token="opaque"), "opaque", "not a service-account token", "where this one came from"),
        (AuthSettings(token=jwt(sub="kim")), jwt(sub="kim"), "identity provider", "Sign in there again"),
    ],
)
def test_every_other_credential_is_told_why_not_and_what_to_do(
    auth: AuthSettings, token: str, why: str, instead: str
) -> None:
    with pytest.raises(Refusal) as refused:
        service_account_token(replace(TARGET, auth=auth), token)
    assert why in refused.value.sentence
    assert instead in refused.value.next_step
    assert not token or token not in str(refused.value)


@pytest.mark.parametrize(
    ("path", "runbook"),
    [
        ("etc/rancher/k3s/k3s.yaml", "k3s certificate rotate"),
        ("etc/rancher/rke2/rke2.yaml", "rke2 certificate rotate"),
        ("var/snap/microk8s/current/credentials/client.config", "microk8s refresh-certs"),
        ("elsewhere/admin.conf", "Renew it on the host"),
    ],
)
def test_a_file_of_the_distribution_is_never_written(path: str, runbook: str) -> None:
    target = replace(TARGET, file=Path(path), owned_by_distribution=True)
    with pytest.raises(Refusal, match="belongs to the Kubernetes distribution") as refused:
        service_account_token(target, ACCOUNT)
    assert runbook in refused.value.next_step


def test_impersonation_and_broken_targets_are_refused() -> None:
    with pytest.raises(Refusal, match="acts as boss"):
        service_account_token(replace(TARGET, impersonate=Impersonation("boss")), ACCOUNT)
    broken = replace(TARGET, error=KubeconfigError("The user is missing.", "Add it."))
    with pytest.raises(Refusal, match=r"The user is missing\. Add it\."):
        service_account_token(broken, ACCOUNT)


def test_the_bearer_token_in_headers() -> None:
    assert bearer({"Authorization": "Bearer abc"}) == "abc"
    assert bearer({"Authorization": "Basic abc"}) == ""
    assert bearer({}) == ""

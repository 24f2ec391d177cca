"""Every credential that a user may have, and every old token: what is said of whether and how it is rotated or ended.

`pytest tests/unit/actions/test_every_credential.py --snapshot-update` takes what is said now; look at what differs
first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.credentials.eligible import service_account_token
from edgetui.actions.credentials.old_token import old_token
from edgetui.actions.messages import Refusal
from edgetui.cluster.target import AuthProviderConfig, AuthSettings, ExecConfig, Impersonation

from .at_once import told
from .scripted import Answer
from .signed import Session
from .test_credential import ACCOUNT, TARGET, jwt
from .test_oldtoken import BOUND, secret
from .tokens import Issuer

Json = dict[str, Any]
USERS: dict[str, tuple[Json, str]] = {
    "a token of its own": ({}, ACCOUNT),
    "a certificate": ({"auth": AuthSettings(client_certificate=b"c", client_key=b"k")}, ""),
    "a certificate beside the token": (
        {"auth": AuthSettings(client_certificate=b"c", client_key=b"k", token=ACCOUNT)},
        ACCOUNT,
    ),
    "a plugin": ({"auth": AuthSettings(exec=ExecConfig("gke-plugin"), token="t")}, ACCOUNT),
    "a provider": ({"auth": AuthSettings(auth_provider=AuthProviderConfig("oidc"), token="t")}, ACCOUNT),
    "a token file": ({"auth": AuthSettings(token_file=Path("token"), token="t")}, ACCOUNT),
    "a password": ({"auth": AuthSettings(username="kim", password="p")}, ""),
    "nothing": ({"auth": AuthSettings()}, ""),
    "no user": ({"auth": AuthSettings(), "user_name": ""}, ""),
    "an opaque token": ({"auth": AuthSettings(token="opaque")}, "opaque"),
    "a token of a provider": ({}, jwt(sub="kim")),
    "a token that it does not send": ({}, ""),
    "no file": ({"file": None}, ACCOUNT),
    "an impersonation": ({"impersonate": Impersonation("boss")}, ACCOUNT),
    "a broken context": ({"error": Refusal("The user is missing.", "Add it.")}, ACCOUNT),
    **{
        f"the file {name}": ({"owned_by_distribution": True, "file": Path(name)}, ACCOUNT)
        for name in (
            "/etc/rancher/k3s/k3s.yaml",
            "/etc/rancher/rke2/rke2.yaml",
            "/var/snap/microk8s/current/credentials/client.config",
            "/var/lib/k0s/pki/admin.conf",
            "/var/lib/microshift/resources/kubeadmin/kubeconfig",
            "/elsewhere/admin.conf",
        )
    },
    "a file of a distribution by its context": (
        {"owned_by_distribution": True, "file": None, "context_file": Path("/etc/rancher/k3s/k3s.yaml")},
        ACCOUNT,
    ),
}


def test_which_users_can_be_rotated(snapshot: SnapshotAssertion) -> None:
    lines = []
    for name, (changes, token) in USERS.items():
        try:
            said = str(service_account_token(replace(TARGET, **changes), token))
        except Refusal as problem:
            said = told(problem)
        lines.append(f"{name}: {said}")
    assert "\n".join(lines) == snapshot


FACTS: dict[str, Json] = {
    "bound to a Secret": {},
    "bound to one of another name": {"bound_name": "ops-token"},
    "bound to a Secret, without an id": {"jti": ""},
    "bound to a Secret, without an end": {"expires": 0},
    "bound to a Secret, without an id or an end": {"jti": "", "expires": 0},
    "bound to one that is not named": {"jti": "", "expires": 0, "bound_name": ""},
    "bound to a pod": {"bound_kind": "Pod", "bound_name": "press-0"},
    "bound to nothing": {"bound_kind": "", "bound_name": ""},
}
ANSWERS: dict[str, Answer] = {
    "empty": secret(),
    "with data": secret(data={"password": "cA=="}),
    "of another type": secret(type="kubernetes.io/tls"),
    "another one": secret(metadata={"uid": "another"}),
    "waited for": secret(metadata={"finalizers": ["x/y", "z"]}),
    "gone": (404, {}),
    "forbidden": (403, {}),
    "odd": (200, {"metadata": 3}),
}


async def test_how_each_old_token_can_be_ended(snapshot: SnapshotAssertion) -> None:
    lines: list[str] = []
    target = replace(TARGET, file=Path("/home/x/config"))
    for name, changes in FACTS.items():
        for state, answer in ANSWERS.items():
            issuer = Issuer()
            issuer.fault = lambda request, answer=answer: answer  # type: ignore[misc]
            found = await old_token(Session(issuer, target), replace(BOUND, **changes))
            lines.append(f"{name}, {state}: {found}")
    assert "\n".join(lines) == snapshot

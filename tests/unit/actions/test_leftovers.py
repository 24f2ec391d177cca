"""Secrets and tokens as a rotation makes and finds them: each field of a request, and whose Secret it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.actions.credentials import current_token, leftovers, mint, verify
from edgetui.actions.credentials.current_token import RotateView
from edgetui.actions.credentials.leftovers import left_secrets
from edgetui.actions.credentials.old_token import OldToken
from edgetui.actions.gate.gate import Write
from edgetui.actions.rights import Access

from .signed import Session, Signed
from .test_credential import TARGET
from .test_oldtoken import BOUND
from .tokens import NAME, SECRETS, Issuer

Json = dict[str, Any]
MAKER = "kim@desk"
NOTES = {"edgetui/service-account": "ops", "edgetui/kubeconfig-user": "kim", "edgetui/made-by": MAKER}
VIEW = RotateView(
    "plant", "kim", Path("config"), "farm", "ops", NAME, BOUND, OldToken(True, "s", "u", "It ends."), 3600, ()
)


@pytest.fixture(autouse=True)
def somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (leftovers, mint):
        monkeypatch.setattr(module, "maker", lambda: MAKER)


@pytest.mark.parametrize(
    ("name", "notes", "left"),
    [
        ("a", NOTES, True),
        ("a", NOTES | {"more": "x"}, True),
        ("a", NOTES | {"edgetui/service-account": "other"}, False),
        ("a", NOTES | {"edgetui/kubeconfig-user": "lee"}, False),
        ("a", NOTES | {"edgetui/made-by": "lee@van"}, False),
        ("a", {}, False),
        ("a", None, False),
        ("edgetui-ops-1", NOTES, False),
    ],
)
async def test_whose_secrets_are_left(name: str, notes: Json | None, left: bool) -> None:
    issuer = Issuer()
    asked: list[Json] = []
    made = {"metadata": {"name": name, "annotations": notes}}
    others = [{"metadata": {"name": other, "annotations": NOTES}} for other in ("z", "b")]

    def fault(request: Any) -> Any:
        asked.append(request.query)
        return (200, {"items": [*others, made]}) if request.path == SECRETS else None

    issuer.fault = fault
    found = await left_secrets(Session(issuer, TARGET), BOUND, None)
    assert found == (*(("a",) if left else ()), "b", "z")
    assert asked == [{"labelSelector": "app.kubernetes.io/managed-by=edgetui"}]


def test_the_secret_that_a_new_token_is_bound_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mint.secrets, "token_hex", lambda number: "ab" * number)  # type: ignore[attr-defined]
    name = "edgetui-ops-20231114221320-abab"
    assert mint.empty_secret(1_700_000_000.9, VIEW) == Write(
        "POST",
        SECRETS,
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "Opaque",
            "metadata": {
                "name": name,
                "namespace": "farm",
                "labels": {"app.kubernetes.io/managed-by": "edgetui"},
                "annotations": NOTES
                | {
                    "edgetui/purpose": "a service-account token is bound to this Secret: deleting it ends the token"
                },
            },
        },
        f"create Secret {name}",
        after={"secret": name},
    )
    long = mint.empty_secret(0.0, replace(VIEW, account="a" * 300)).body["metadata"]["name"]
    assert long == f"edgetui-{'a' * 200}-19700101000000-abab" and len(long) < 253


@pytest.mark.parametrize("audiences", [(), ("vault", "plant")])
def test_the_request_of_a_token(audiences: tuple[str, ...]) -> None:
    view = replace(VIEW, facts=replace(BOUND, audiences=audiences))
    spec: Json = {
        "expirationSeconds": 3600,
        "boundObjectRef": {"apiVersion": "v1", "kind": "Secret", "name": "s", "uid": "uid-9"},
    }
    assert mint._token_request(view, "s", "uid-9") == Write(
        "POST",
        "/api/v1/namespaces/farm/serviceaccounts/ops/token",
        {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": spec | ({"audiences": list(audiences)} if audiences else {}),
        },
        "request a token of service account farm/ops",
        before={"jti": "0b5e"},
        after={"secret": "s", "expirationSeconds": 3600},
    )
    assert mint.secrets_path(VIEW) == SECRETS
    assert mint.secrets_path(VIEW, "s") == f"{SECRETS}/s"


@pytest.mark.parametrize(
    ("jti", "short"), [("", "(without id)"), ("0b5e", "0b5e…"), ("123456789", "12345678…")]
)
def test_a_token_in_short(jti: str, short: str) -> None:
    assert current_token.short(jti) == short
    assert current_token.when(4600) == "1970-01-01 01:16:40 UTC"


async def test_the_rights_that_a_new_token_lacks() -> None:
    asked: list[tuple[str, str]] = []
    issuer = Issuer()
    session = Session(issuer, replace(TARGET, namespace="line-2"))
    api = session.api
    assert isinstance(api, Signed)

    def allows(token: str, right: str) -> bool:
        asked.append(("old" if token == issuer.old else "new", right))
        lacking = ("list pods", "create secrets", "create things")
        return right != "list nodes line-2" and (token == issuer.old or not right.startswith(lacking))

    api.allows = allows
    needed = (Access("create", "secrets", named=False), Access("create", "things"))
    lost = await verify.lost_rights(session, "new", needed, "farm", "ops")
    assert lost == ("list pods", "create secrets", "create things")
    rights = [
        "list nodes line-2",
        "list pods line-2",
        "list deployments line-2",
        "update deployments scale line-2",
        "patch deployments line-2",
        "create secrets farm",
        "create things farm ops",
    ]
    assert asked == [*(("old", one) for one in rights), *(("new", one) for one in rights)]
    assert api.opened == [0], "its own connection is closed"


@pytest.mark.parametrize(
    ("extra", "jti"),
    [
        (None, ""),
        ({}, ""),
        ({verify.CREDENTIAL_ID: []}, ""),
        ({verify.CREDENTIAL_ID: ["JTI=a", "JTI=b"]}, "a"),
        ({verify.CREDENTIAL_ID: ["b"]}, "b"),
    ],
)
async def test_who_the_server_says_one_is(extra: Json | None, jti: str) -> None:
    issuer = Issuer()
    issuer.fault = lambda request: (201, {"status": {"userInfo": {"username": "kim", "extra": extra}}})
    assert await verify.identity(Signed(issuer, issuer.old)) == verify.Identity("kim", jti)  # type: ignore[arg-type]
    issuer.fault = lambda request: (201, {"status": {"userInfo": {}}})
    assert await verify.identity(Signed(issuer, issuer.old)) == verify.Identity("", "")  # type: ignore[arg-type]

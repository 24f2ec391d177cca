"""A rotation, whatever happens on its way: its plan, its steps, its receipt, its record, and what is left of it.

`pytest tests/unit/actions/test_every_rotation.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.change.spec import Aim
from edgetui.actions.cli.connect import choose
from edgetui.actions.credentials import leftovers, mint, rotate
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.target import (
    AuthProviderConfig,
    AuthSettings,
    ExecConfig,
)
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time

from .at_once import told, without_threads
from .scripted import DROP, Answer, Request, Watching
from .signed import Session, Silent
from .test_credential import jwt
from .tokens import MINT, NAME, OLD, SECRETS, Issuer

Json = dict[str, Any]
MAKER = "kim@desk"


@dataclass
class Here:
    """What a rotation meets."""

    issuer: Issuer
    session: Session
    file: Path
    hands: Watching
    beside: list[Session]
    change: Callable[[Json], None] | None = None

    @property
    def in_file(self) -> str:
        token: str = json.loads(self.file.read_text())["users"][0]["user"]["token"]
        return token

    def put(self, token: str) -> None:
        self.file.write_text(self.file.read_text().replace(self.in_file, token))

    def at(self, step: str, do: Callable[[], object]) -> None:
        """When the steps come to one that begins so."""
        before = self.hands.gate.progress

        def progress(one: Any) -> None:
            before(one)
            if one.text.startswith(step):
                do()

        self.hands.gate.progress = progress


Meets = Callable[[Here], None]


def answers(code: int, method: str, path: str, body: Any = None) -> Meets:
    """Every request but a dry run is answered so."""

    def meets(here: Here) -> None:
        def fault(request: Request) -> Answer | None:
            met = (
                request.method == method and request.path.startswith(path) and not request.query.get("dryRun")
            )
            return (code, body if body is not None else {}) if met else None

        here.issuer.fault = fault

    return meets


def both(*several: Meets) -> Meets:
    def meets(here: Here) -> None:
        for one in several:
            one(here)

    return meets


def minting(**claims: Any) -> Meets:
    """The server mints another token than the one that was asked for."""

    def meets(here: Here) -> None:
        kube = {"namespace": "farm", "serviceaccount": {"name": "ops", "uid": "u"}}
        usual = {"sub": NAME, "jti": "id-of-it", "iat": 1000, "exp": 4600, "kubernetes.io": kube}
        token = jwt(**{name: value for name, value in (usual | claims).items() if value is not None})
        here.issuer.tokens[token] = OLD
        answers(201, "POST", MINT, {"status": {"token": token}})(here)

    return meets


def accepted_for(seconds: float) -> Meets:
    """What is deleted is believed for a while."""

    def meets(here: Here) -> None:
        def fault(request: Request) -> Answer | None:
            if request.method == "DELETE" and request.path.endswith(OLD):
                loop = asyncio.get_running_loop()
                loop.call_later(seconds, lambda: here.issuer.secrets.pop(OLD))
                return 200, {}
            return None

        here.issuer.fault = fault

    return meets


def fails_at(code: int) -> Meets:
    """No token is minted, and what was made cannot be taken away."""

    def meets(here: Here) -> None:
        def fault(request: Request) -> Answer | None:
            return (500, {}) if request.path == MINT else (code, {}) if request.method == "DELETE" else None

        here.issuer.fault = fault

    return meets


def deleted_and(code: int) -> Meets:
    def meets(here: Here) -> None:
        def fault(request: Request) -> Answer | None:
            if request.method == "DELETE" and request.path.endswith(OLD):
                here.issuer.secrets.pop(OLD, None)
                return code, {}
            return None

        here.issuer.fault = fault

    return meets


def without(*rights: str) -> Meets:
    """The new token lacks them; with "!" both do."""

    def meets(here: Here) -> None:
        old = here.issuer.old

        def allows(token: str, right: str) -> bool:
            both = f"!{right}" in rights
            return not both and (token == old or right not in rights)

        here.session.api.allows = allows

    return meets


def at(step: str, do: Callable[[Here], object]) -> Meets:
    return lambda here: here.at(step, lambda: do(here))


def others(here: Here) -> None:
    """Sessions beside it: with the same token, with another one, with a plugin, a provider, and one that is broken."""
    target = here.session.target
    plain = AuthSettings(token="t")
    found = [
        Session(here.issuer, target, here.issuer.old),
        Session(here.issuer, replace(target, auth=plain), "t"),
        Session(here.issuer, replace(target, auth=replace(plain, exec=ExecConfig("gke"))), here.issuer.old),
        Session(
            here.issuer,
            replace(target, auth=replace(plain, auth_provider=AuthProviderConfig("oidc"))),
            here.issuer.old,
        ),
        Session(here.issuer, replace(target, auth=AuthSettings()), here.issuer.old),
        Silent(here.issuer, replace(target, auth=plain)),
    ]
    for number, one in enumerate(found):
        one.name = f"beside-{number}"
    here.beside = [*found, here.session]


def cancels(here: Here) -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()


MEETS: dict[str, Meets] = {
    "nothing": lambda here: None,
    "a person who says no": lambda here: setattr(here.hands, "answer", False),
    "missing rights": without("!create serviceaccounts token farm ops", "!create secrets farm"),
    "missing rights that it never had": without("!list nodes", "!list pods"),
    "a new token with fewer rights": without("list nodes", "patch deployments", "delete secrets farm"),
    "sessions beside it": others,
    "a Secret that is forbidden": answers(403, "POST", SECRETS),
    "a Secret without an answer": answers(DROP, "POST", SECRETS),
    "a Secret without a uid": answers(201, "POST", SECRETS, {"metadata": {"name": "s"}}),
    "a token that is forbidden": answers(403, "POST", MINT),
    "a token without an answer": answers(DROP, "POST", MINT),
    "a server that fails": answers(500, "POST", MINT),
    "an odd answer": answers(201, "POST", MINT, {"status": {}}),
    "a token that is none": answers(201, "POST", MINT, {"status": {"token": "x"}}),
    "a token of somebody else": minting(sub="system:serviceaccount:farm:other"),
    "a token without an id": minting(jti=None),
    "the old token again": minting(jti="id-00000002"),
    "a token that lasts longer": minting(exp=9000),
    "a shorter token": minting(exp=2800),
    "a token that is not accepted": lambda here: both(minting(), at("New token", _forget))(here),
    "a Secret that cannot be taken away": fails_at(403),
    "a Secret that is gone when it is taken away": fails_at(404),
    "a Secret whose end is not answered": fails_at(DROP),
    "another token in the file before": at("Creating Secret", lambda here: here.put(here.issuer.mint(OLD))),
    "another token in the file meanwhile": at("Writing", lambda here: here.put(here.issuer.mint(OLD))),
    "another token in the file after": at("Proving the token that", lambda here: here.put("other")),
    "a file that is gone": at("Writing", lambda here: here.file.unlink()),
    "a file that is gone after": at("Proving the token that", lambda here: here.file.unlink()),
    "a file of two names": lambda here: (here.file.parent / "second").hardlink_to(here.file),
    "no way to the new token": at("Proving the token that", lambda here: _forget(here)),
    "a deletion that is forbidden": answers(403, "DELETE", SECRETS),
    "a deletion without an answer": deleted_and(DROP),
    "a deletion that fails": deleted_and(503),
    "a Secret that was deleted already": deleted_and(404),
    "an old token that is believed for 5 s": accepted_for(5.0),
    "an old token that is believed for long": accepted_for(100.0),
    "an interruption at the Secret": at("Creating Secret", cancels),
    "an interruption at the token": at("Requesting", cancels),
    "an interruption at the file": at("Writing", cancels),
    "an interruption after it": at("Proving the token that", cancels),
}


def _forget(here: Here) -> None:
    """The newest token signs in no more."""
    newest = list(here.issuer.tokens)[-1]
    here.issuer.tokens[newest] = "gone"


def there(here: Here) -> list[str]:
    """Which tokens and Secrets there are, and which token is in the file."""
    names = [name for name in here.issuer.secrets if name != OLD]
    works = {name: here.issuer.signs_in(token) for name, token in (("old", here.issuer.old),)}
    token = here.in_file if here.file.exists() else ""
    holds = "the old token" if token == here.issuer.old else "another token" if token else "nothing"
    kept = sorted(one.name for one in here.file.parent.iterdir() if one.name.startswith("config"))
    return [
        f"the file holds {holds}; old works {works['old']}; that in it works {here.issuer.signs_in(token)}",
        f"Secrets: {OLD if OLD in here.issuer.secrets else '-'}, {len(names)} more; files {kept}",
        f"{here.session.api.opened[0]} connections left open",
        *(line for one in (here.session, *here.beside) for line in one.moved),
    ]


KEPT = ("event", "result", "write", "words", "before", "after", "message", "data", "path", "user")


def nothing(here: Here) -> None:
    """All is as usual."""


def run(meets: Meets, tmp_path: Path, prepared: Meets = nothing) -> str:
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        without_threads(loop)
        issuer, file = Issuer(), tmp_path / "config"
        file.write_text(json.dumps(_config(issuer.old)))
        hands = Watching(tmp_path)
        hands.gate.sleep = asyncio.sleep
        here = Here(issuer, Session(issuer, choose([file], [])), file, hands, [])
        began = loop.time()
        told_at: list[str] = []
        hands.gate.progress = lambda one: told_at.append(
            f"{loop.time() - began:.1f} s {one.state}: {one.text}"
        )
        try:
            prepared(here)
            view = await rotate.SPEC.read(Aim("rotate", here.session, None, hands.log))  # type: ignore[arg-type]
            meets(here)
            receipt = await rotate.perform(hands.gate, here.session, view, here.beside)
            ended = msgspec.json.encode(receipt).decode()
        except EdgetuiError as problem:
            ended = told(problem)
        except asyncio.CancelledError as problem:
            ended = repr(problem)
        for plan in hands.plans if prepared is not nothing else ():
            found.extend([plan.title, *(f"{name}: {text}" for name, text in plan.facts)])
            found.extend([*plan.warnings, *plan.writes])
        usual = told_at if prepared is nothing else told_at[-1:]
        found.extend([*usual, ended, *there(here)])
        if prepared is nothing:
            found.extend(json.dumps({name: one[name] for name in KEPT if name in one}) for one in hands.audit)

    on_virtual_time(main)
    text = "\n".join(found).replace(str(tmp_path), "HOME")
    text = re.sub(r"edgetui-ops-\d{14}-[0-9a-f]{4}", "edgetui-ops-NEW", text)
    text = re.sub(r"config\.[^\s\"',]*", "config.BACKUP", text)
    return re.sub(r"\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", "TIME", text)


def _config(token: str) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "plant",
        "clusters": [{"name": "plant", "cluster": {"server": "https://plant"}}],
        "contexts": [{"name": "plant", "context": {"cluster": "plant", "user": "kim"}}],
        "users": [{"name": "kim", "user": {"token": token}}],
    }


@pytest.fixture(autouse=True)
def somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (leftovers, mint):
        monkeypatch.setattr(module, "maker", lambda: MAKER)


@pytest.mark.parametrize("meets", MEETS.values(), ids=MEETS)
def test_a_rotation_that_meets(meets: Meets, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    assert run(meets, tmp_path) == snapshot


def left(number: int) -> Meets:
    def meets(here: Here) -> None:
        for one in range(number):
            here.issuer.left(f"edgetui-ops-{one}", by=MAKER)
        here.issuer.left("edgetui-ops-of-another-machine", by="lee@van")

    return meets


def first(**claims: Any) -> Meets:
    """The token in use has these claims."""

    def meets(here: Here) -> None:
        kube = {"namespace": "farm", "serviceaccount": {"name": "ops", "uid": "u"}}
        usual = {"sub": NAME, "jti": "id-first", "iat": 1000, "exp": 4600, "kubernetes.io": kube}
        token = jwt(**{name: value for name, value in (usual | claims).items() if value is not None})
        here.issuer.tokens[token] = OLD
        here.put(token)
        here.issuer.old = here.session.token = here.session.api.token = token

    return meets


def another_user(here: Here) -> None:
    answers(201, "POST", "/selfsubjectreviews", {"status": {"userInfo": {"username": "admin"}}})(here)


BEFORE: dict[str, Meets] = {
    "one Secret left": left(1),
    "five left": left(5),
    "six left": left(6),
    "Secrets that may not be listed": both(left(1), lambda here: setattr(here.issuer, "lists", False)),
    "a certificate that comes first": another_user,
    "another token in the file": lambda here: here.put("other"),
    "a token bound to nothing": first(),
    "a token with audiences": first(aud=["https://plant", "vault"]),
    "a token without an end": first(exp=None),
    "a token of ten minutes": first(exp=1600),
    "a token of one minute": first(exp=1060),
    "a Secret that is gone": lambda here: here.issuer.tokens.update({here.issuer.old: _keep(here)}),
}


def _keep(here: Here) -> str:
    here.issuer.add_secret("kept")
    here.issuer.secrets.pop(OLD)
    return "kept"


@pytest.mark.parametrize("prepared", BEFORE.values(), ids=BEFORE)
def test_a_rotation_that_begins_with(prepared: Meets, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    assert run(nothing, tmp_path, prepared) == snapshot

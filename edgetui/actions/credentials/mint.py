"""Making a new token, proving it and writing it to the file: whatever fails before the file is undone."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from edgetui.actions.catalogue import needs
from edgetui.actions.credentials.current_token import RotateView, require_token_in_file, short, when
from edgetui.actions.credentials.eligible import bearer, facts_of, token_in_file
from edgetui.actions.credentials.leftovers import ACCOUNT, MADE_BY, OURS, USER, maker
from edgetui.actions.credentials.verify import Unproven, lost_rights, prove
from edgetui.actions.gate.gate import Run, Write
from edgetui.actions.messages import Refusal, StepState
from edgetui.actions.reading import an_object, shaped
from edgetui.cluster.errors import EdgetuiError, NotFound
from edgetui.cluster.kubeconfig.write import rewrite_user_token
from edgetui.model.expiry import TokenFacts
from edgetui.model.kinds.base import api_path
from edgetui.model.redacted import Discreet
from edgetui.model.text import duration

_T = TypeVar("_T")


class NewToken(Discreet, frozen=True):
    """The new token on its way into the file."""

    SHOWN = ("facts", "backup")

    token: str
    facts: TokenFacts
    backup: Path


class _Token(msgspec.Struct, frozen=True):
    token: str


class _Answer(msgspec.Struct, frozen=True):
    status: _Token


class Minting:
    """Everything up to and including the file: what fails here is undone, and the old token stays."""

    def __init__(self, run: Run, view: RotateView, secret: Write) -> None:
        self.run = run
        self.view = view
        self.secret = secret
        self.name: str = secret.body["metadata"]["name"]
        self._created = False
        self._token = ""
        self._writing = False

    async def new_token(self) -> NewToken:
        self.run.step(f"Creating Secret {self.name} for the new token", "doing")
        try:
            made = await self.run.write(self.secret)
            self._created = True
            self.run.step(f"Secret {self.name} created", "done")
            token, facts = await self._mint(an_object("Secret", made)["metadata"]["uid"])
            await self._prove(token, facts)
            backup = await self._write_file(token)
            return NewToken(token, facts, backup)
        except BaseException:
            if self._in_file():
                self._remains(f"{self.view.file} holds the new token, and the old one works too", "info")
            elif self.run.writes:
                await self._take_away()
            raise

    def _remains(self, sentence: str, state: StepState) -> None:
        """Tell what is true although it failed, now and beside the reason."""
        self.run.remains = f"{sentence}."
        self.run.step(sentence, state)

    def _in_file(self) -> bool:
        """Whether the new token has, or may have, reached the file: then its Secret must stay, whatever went wrong."""
        try:
            return bool(self._token) and token_in_file(self.run.session.target) == self._token
        except Refusal:
            return self._writing

    async def _mint(self, uid: str) -> tuple[str, TokenFacts]:
        view, run = self.view, self.run
        run.step(f"Requesting a token of {view.namespace}/{view.account}", "doing")
        answer = await run.write(_token_request(view, self.name, uid))
        token = shaped(answer, _Answer, "TokenRequest").status.token
        facts = facts_of(token)
        if facts is None or facts.subject != view.username:
            raise Unproven("The server answered with a token of somebody else.")
        if not facts.jti or facts.jti == view.facts.jti:
            raise Unproven("The server answered with a token that cannot be told from the old one.")
        self._token = token
        granted = facts.expires - facts.issued
        run.step(f"New token {short(facts.jti)} until {when(facts.expires)}", "done")
        if granted < view.lifetime:
            run.step(
                f"The server shortened it: {duration(granted)} instead of {duration(view.lifetime)}", "info"
            )
        return token, facts

    async def _prove(self, token: str, facts: TokenFacts) -> None:
        view, run = self.view, self.run
        run.step("Proving the new token on a connection of its own", "doing")
        await prove(run.session, token, view.username, facts.jti)
        lost = await lost_rights(run.session, token, needs("rotate"), view.namespace, view.account)
        if lost:
            raise Unproven(f"The new token may not {', '.join(lost)}, which the old one may.")
        run.step(f"The new token signs in as {view.username}, with the same rights", "done")

    async def _write_file(self, token: str) -> Path:
        view, run = self.view, self.run
        run.step(f"Writing {view.file}", "doing")
        require_token_in_file(run.session.target, bearer(await run.session.credentials.headers()))
        now = run.gate.clock()
        await run.record("file", path=str(view.file), user=view.user)
        self._writing = True
        backup = await _finished(asyncio.to_thread(rewrite_user_token, view.file, view.user, token, now=now))
        run.step(f"{view.file} holds the new token; the file before is kept as {backup.path}", "done")
        return backup.path

    async def _take_away(self) -> None:
        """Delete the new Secret, and with it the new token; the old one has not been touched."""
        run = self.run
        late = run.unsure and not self._created
        try:
            await run.write(
                Write(
                    "DELETE",
                    secrets_path(self.view, self.name),
                    None,
                    f"take Secret {self.name} away again",
                )
            )
            self._remains(f"Secret {self.name} was taken away again; the old token is untouched", "info")
        except NotFound:
            left = "Nothing was left behind"
            if late:
                left = f"Secret {self.name} is not there (if it still arrives, it has no token and can be deleted)"
            self._remains(f"{left}; the old token is untouched", "info")
        except EdgetuiError as problem:
            self._remains(
                f"Secret {self.name} is left behind in {self.view.namespace}, and the old token is untouched: "
                f"{problem.clause}",
                "failed",
            )


async def _finished(work: Coroutine[Any, Any, _T]) -> _T:
    """Await `work` to its end even when cancelled: nobody may ask what is in the file before it is written."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def empty_secret(now: float, view: RotateView) -> Write:
    """The Secret that the new token will be bound to: no data, a name of its own, and whose it is."""
    at = datetime.fromtimestamp(now, UTC)
    name = f"edgetui-{view.account[:200]}-{at:%Y%m%d%H%M%S}-{secrets.token_hex(2)}"
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {
            "name": name,
            "namespace": view.namespace,
            "labels": dict(OURS),
            "annotations": {
                "edgetui/purpose": "a service-account token is bound to this Secret: deleting it ends the token",
                ACCOUNT: view.account,
                USER: view.user,
                MADE_BY: maker(),
            },
        },
    }
    return Write("POST", secrets_path(view), body, f"create Secret {name}", after={"secret": name})


def _token_request(view: RotateView, secret: str, uid: str) -> Write:
    spec: dict[str, Any] = {
        "expirationSeconds": view.lifetime,
        "boundObjectRef": {"apiVersion": "v1", "kind": "Secret", "name": secret, "uid": uid},
    }
    if view.facts.audiences:
        spec["audiences"] = list(view.facts.audiences)
    return Write(
        "POST",
        api_path("", "v1", "serviceaccounts", view.namespace, view.account, "token"),
        {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec},
        f"request a token of service account {view.namespace}/{view.account}",
        before={"jti": view.facts.jti},
        after={"secret": secret, "expirationSeconds": view.lifetime},
    )


def secrets_path(view: RotateView, name: str = "") -> str:
    """The API path of the Secrets beside the service account, or of one."""
    return api_path("", "v1", "secrets", view.namespace, name)

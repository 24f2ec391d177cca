"""Rotate: a new service-account token for the kubeconfig user in use, proven before the old one is ended.

The order is what keeps a person from being locked out: mint, prove on a connection of its own, write the file, prove
from the file, move every stream, and only then end the old token. A TokenRequest is never dry-run: that mints a token.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edgetui.actions.audit import who
from edgetui.actions.credential import bearer, facts_of, service_account_token, token_in_file
from edgetui.actions.gate import Gate, Run, Write
from edgetui.actions.oldtoken import OldToken, old_token
from edgetui.actions.plan import Plan, Receipt, Refusal
from edgetui.actions.ports import Json, Session
from edgetui.actions.proof import Unproven, identity, lost_rights, prove, seconds_until_refused
from edgetui.actions.registry import needs
from edgetui.cluster.errors import EdgetuiError, NotFound
from edgetui.cluster.kubeconfig_write import rewrite_user_token
from edgetui.model.expiry import TokenFacts
from edgetui.model.text import duration

SHORTEST = 600  # seconds; the API server refuses less (TokenRequest spec.expirationSeconds)
LEGACY_LIFETIME = 365 * 86400  # seconds; for a token that had no end
PATIENCE = 75.0  # seconds; 10 of cache, 60 more while the Secret waits on a finalizer


@dataclass(frozen=True, slots=True)
class RotateView:
    """The token in use and what rotating it will do: what a person decides on. It never holds a token.

    `lifetime` is what will be asked for, in seconds. `old` says whether and how the old token can be ended.
    """

    cluster: str
    user: str
    file: Path
    namespace: str
    account: str
    username: str
    facts: TokenFacts
    old: OldToken
    lifetime: int
    warnings: tuple[str, ...]


async def prepare(session: Session) -> RotateView:
    """Look at the credential in use. Raises Refusal, saying why not and what to do, when it is not a token of ours."""
    target = session.target
    token = bearer(await session.credentials.headers())
    facts = service_account_token(target, token)
    assert target.file is not None
    _require_token_in_file(target.file, target.user_name, token)
    there = await identity(session.api)
    if there.username != facts.subject:
        raise Refusal(
            f"The server knows {target.user_name} as {there.username}, not by its token: a client certificate in the "
            "same kubeconfig user comes first.",
            "Remove the certificate from that user, or use a user that has the token alone.",
        )
    old = await old_token(session, facts)
    lifetime = max(SHORTEST, facts.expires - facts.issued) if facts.expires else LEGACY_LIFETIME
    return RotateView(
        cluster=session.name,
        user=target.user_name,
        file=target.file,
        namespace=facts.namespace,
        account=facts.service_account,
        username=facts.subject,
        facts=facts,
        old=old,
        lifetime=lifetime,
        warnings=(old.consequence, *old.notes),
    )


async def perform(gate: Gate, session: Session, view: RotateView) -> Receipt:
    """Rotate the token. Raises EdgetuiError while the old token and the file are as they were (what was made is taken
    away again); once the file is written it returns a receipt that says exactly what state things are in.
    """
    rights = needs("rotate")
    async with gate.run(session, "rotate", None, rights, view.namespace, view.account) as run:
        secret = _secret(gate, view)
        await run.rehearse(secret)
        await run.confirm(plan(session, view))
        old = bearer(await session.credentials.headers())
        _require_token_in_file(view.file, view.user, old)
        new = await _Minting(run, view, secret).new_token()
        return await run.finish(await _change_over(run, view, old, new))


def plan(session: Session, view: RotateView) -> Plan:
    """What a person is asked to agree to."""
    facts = view.facts
    left = f"works until {_when(facts.expires)}" if facts.expires else "has no end"
    return Plan(
        action="rotate",
        cluster=session.name,
        target=None,
        title=f"Rotate the token of {view.user} on {session.name}",
        facts=(
            ("cluster", f"{session.name} ({session.target.server})"),
            ("service account", f"{view.namespace}/{view.account}"),
            ("old token", f"{_short(facts.jti)}, {left}"),
            ("new token", f"asked for {duration(view.lifetime)}"),
            ("file", f"{view.file}, only the token of {view.user}; a copy of the old file is kept"),
        ),
        warnings=view.warnings,
        writes=(
            f"create an empty Secret in {view.namespace} for the new token to be bound to",
            f"create a token of service account {view.namespace}/{view.account}",
            f"change {view.file}",
            *((f"delete Secret {view.old.secret}, which ends the old token",) if view.old.revocable else ()),
        ),
    )


@dataclass(frozen=True, slots=True)
class _NewToken:
    """The new token on its way into the file; its repr shows no byte of it."""

    token: str
    facts: TokenFacts
    backup: Path

    def __repr__(self) -> str:
        return f"_NewToken(jti={self.facts.jti!r})"


class _Minting:
    """Everything up to and including the file: what fails here is undone, and the old token stays."""

    def __init__(self, run: Run, view: RotateView, secret: Write) -> None:
        self.run = run
        self.view = view
        self.secret = secret
        self.name: str = secret.body["metadata"]["name"]

    async def new_token(self) -> _NewToken:
        self.run.step(f"Creating Secret {self.name} for the new token", "doing")
        try:
            made = await self.run.write(self.secret)
            self.run.step(f"Secret {self.name} created", "done")
            token, facts = await self._mint(made["metadata"]["uid"])
            await self._prove(token, facts)
            backup = await self._write_file(token)
            return _NewToken(token, facts, backup)
        except BaseException:
            if self.run.writes:
                await self._take_away()
            raise

    async def _mint(self, uid: str) -> tuple[str, TokenFacts]:
        view, run = self.view, self.run
        run.step(f"Requesting a token of {view.namespace}/{view.account}", "doing")
        answer = await run.write(_token_request(view, self.name, uid))
        token = str(answer["status"]["token"])
        facts = facts_of(token)
        if facts is None or facts.subject != view.username:
            raise Unproven("The server answered with a token of somebody else.")
        if not facts.jti or facts.jti == view.facts.jti:
            raise Unproven("The server answered with a token that cannot be told from the old one.")
        granted = facts.expires - facts.issued
        run.step(f"New token {_short(facts.jti)} until {_when(facts.expires)}", "done")
        if granted < view.lifetime:
            run.step(f"The server shortened it: {duration(granted)} instead of {duration(view.lifetime)}", "info")
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
        _require_token_in_file(view.file, view.user, bearer(await run.session.credentials.headers()))
        now = run.gate.clock()
        await run.record("file", path=str(view.file), user=view.user)
        backup = await asyncio.to_thread(rewrite_user_token, view.file, view.user, token, now=now)
        run.step(f"{view.file} holds the new token; the file before is kept as {backup.path}", "done")
        return backup.path

    async def _take_away(self) -> None:
        """Delete the new Secret, and with it the new token; the old one has not been touched."""
        run = self.run
        try:
            await run.write(
                Write("DELETE", f"{_secrets(self.view)}/{self.name}", None, f"take Secret {self.name} away again")
            )
            run.step(f"Secret {self.name} was taken away again; the old token is untouched", "info")
        except NotFound:
            run.step("Nothing was left behind; the old token is untouched", "info")
        except EdgetuiError as problem:
            run.step(f"Secret {self.name} is left behind in {self.view.namespace}: {problem.sentence}", "failed")


async def _change_over(run: Run, view: RotateView, old: str, new: _NewToken) -> Receipt:
    """From the written file to the end of the old token. Whatever fails here, both tokens are said to be what they are."""
    session = run.session
    ended: float | None = None
    trouble = ""
    try:
        run.step("Proving the token that is in the file", "doing")
        written = token_in_file(view.file, view.user)
        if not hmac.compare_digest(written.encode(), new.token.encode()):
            raise Unproven(f"{view.file} does not hold the new token: something else has written it since.")
        await prove(session, written, view.username, new.facts.jti)
        run.step("The token in the file signs in", "done")
        run.step("Moving every open stream to the new token", "doing")
        session.credentials.set_token(new.token)
        run.gate.permissions.invalidate(session)
        await session.reconnect(True)
        run.step("Every stream uses the new token", "done")
        if view.old.revocable:
            ended = await _end_old(run, view, old)
    except EdgetuiError as problem:
        trouble = str(problem)
        run.step(problem.sentence, "failed")
    return _receipt(view, new, ended, trouble)


async def _end_old(run: Run, view: RotateView, old: str) -> float | None:
    secret = view.old.secret
    run.step(f"Deleting Secret {secret}, which ends the old token", "doing")
    body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": view.old.uid}}
    try:
        await run.write(
            Write(
                "DELETE",
                f"{_secrets(view)}/{secret}",
                body,
                f"delete Secret {secret} of the old token",
                before={"secret": secret, "uid": view.old.uid, "jti": view.facts.jti},
            )
        )
    except NotFound:
        run.step(f"Secret {secret} was gone already", "info")
    run.step("Waiting until the server refuses the old token (10 s of cache are normal)", "doing")
    seconds = await seconds_until_refused(run, old, PATIENCE)
    if seconds is None:
        run.step(f"The old token is still accepted after {PATIENCE:.0f} s", "failed")
    else:
        run.step(f"The old token is refused (401) after {seconds:.1f} s", "done")
    return seconds


def _receipt(view: RotateView, new: _NewToken, ended: float | None, trouble: str) -> Receipt:
    old = view.facts
    lines = [
        f"{view.cluster}: user {view.user}, service account {view.namespace}/{view.account}.",
        f"New token {_short(new.facts.jti)} is in {view.file} and works until {_when(new.facts.expires)}.",
    ]
    ok = not trouble
    if ended is not None:
        lines.append(f"Old token {_short(old.jti)} is refused (401), {ended:.1f} s after its Secret was deleted.")
    elif trouble:
        lines.append(f"It did not go through to the end: {trouble}")
        lines.append(f"The old token {_short(old.jti)} may still work; its text is in {new.backup}.")
    elif view.old.revocable:
        ok = False
        lines.append(
            f"Old token {_short(old.jti)} was still accepted {PATIENCE:.0f} s after its Secret was deleted: "
            f"see whether Secret {view.old.secret} is still there, held by a finalizer."
        )
    else:
        lines.append(view.old.consequence)
    lines.append(f"The file as it was before is {new.backup}.")
    data: Json = {
        "user": view.user,
        "service_account": f"{view.namespace}/{view.account}",
        "old_jti": old.jti,
        "old_refused_after_seconds": None if ended is None else round(ended, 1),
        "new_jti": new.facts.jti,
        "new_expires": _when(new.facts.expires),
        "file": str(view.file),
        "backup": str(new.backup),
    }
    return Receipt("rotate", view.cluster, None, ok, tuple(lines), data)


def _secret(gate: Gate, view: RotateView) -> Write:
    at = datetime.fromtimestamp(gate.clock(), UTC)
    name = f"edgetui-{view.account[:200]}-{at:%Y%m%d%H%M%S}-{secrets.token_hex(2)}"
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {
            "name": name,
            "namespace": view.namespace,
            "labels": {"app.kubernetes.io/managed-by": "edgetui"},
            "annotations": {
                "edgetui/purpose": "a service-account token is bound to this Secret: deleting it ends the token",
                "edgetui/service-account": view.account,
                "edgetui/kubeconfig-user": view.user,
                "edgetui/made-by": f"{who()['user']}@{socket.gethostname()}",
            },
        },
    }
    return Write("POST", _secrets(view), body, f"create Secret {name}", after={"secret": name})


def _token_request(view: RotateView, secret: str, uid: str) -> Write:
    spec: dict[str, Any] = {
        "expirationSeconds": view.lifetime,
        "boundObjectRef": {"apiVersion": "v1", "kind": "Secret", "name": secret, "uid": uid},
    }
    if view.facts.audiences:
        spec["audiences"] = list(view.facts.audiences)
    return Write(
        "POST",
        f"/api/v1/namespaces/{view.namespace}/serviceaccounts/{view.account}/token",
        {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec},
        f"request a token of service account {view.namespace}/{view.account}",
        before={"jti": view.facts.jti},
        after={"secret": secret, "expirationSeconds": view.lifetime},
    )


def _require_token_in_file(file: Path, user: str, token: str) -> None:
    """Raise Refusal when the file's token is not the one in use: somebody else has changed it meanwhile."""
    if not hmac.compare_digest(token_in_file(file, user).encode(), token.encode()):
        raise Refusal(
            f"The token of {user} in {file} is not the one in use: something else has changed the file.",
            "Start edgetui again to use the file as it is now.",
        )


def _secrets(view: RotateView) -> str:
    return f"/api/v1/namespaces/{view.namespace}/secrets"


def _short(jti: str) -> str:
    return f"{jti[:8]}…" if jti else "(without id)"


def _when(expires: int) -> str:
    return datetime.fromtimestamp(expires, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

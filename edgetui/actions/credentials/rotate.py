"""Rotate: a new service-account token for the kubeconfig user in use, proven before the old one is ended.

The order is what keeps a person from being locked out: mint, prove on a connection of its own, write the file, prove
from the file, move every stream, and only then end the old token. A TokenRequest is never dry-run: that mints a token.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from edgetui.actions.catalogue import needs
from edgetui.actions.change.spec import Aim, Spec, no_answer
from edgetui.actions.credentials.current_token import RotateView, prepare, require_token_in_file, short, when
from edgetui.actions.credentials.eligible import bearer, token_in_file
from edgetui.actions.credentials.mint import Minting, NewToken, empty_secret, secrets_path
from edgetui.actions.credentials.verify import Unproven, prove, seconds_until_refused
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Json, Plan, Receipt
from edgetui.actions.session import Session
from edgetui.cluster.errors import EdgetuiError, NotFound, OutcomeUnknown, ServerFailure
from edgetui.model.text import duration

__all__ = ["RotateView", "perform", "plan", "prepare"]

PATIENCE = 75.0  # seconds; 10 of cache, 60 more while the Secret waits on a finalizer


async def perform(
    gate: Gate, session: Session, view: RotateView, siblings: Sequence[Session] = ()
) -> Receipt:
    """Rotate the token; `siblings` are other open sessions, those that sign in with the same token are moved too.

    Raises EdgetuiError while the old token and the file are as they were (what was made is taken away again). Once the
    file is written it returns a receipt that says exactly what state things are in.
    """
    rights = needs("rotate")
    async with gate.run(session, "rotate", None, rights, view.namespace, view.account) as run:
        secret = empty_secret(gate.clock(), view)
        await run.rehearse(secret)
        await run.confirm(plan(session, view))
        old = bearer(await session.credentials.headers())
        require_token_in_file(session.target, old)
        new = await Minting(run, view, secret).new_token()
        change = _ChangeOver(run, view, old, new, siblings)
        return await run.finish(await change.carry_out())


def plan(session: Session, view: RotateView) -> Plan:
    """What a person is asked to agree to."""
    facts = view.facts
    left = f"works until {when(facts.expires)}" if facts.expires else "has no end"
    return Plan(
        action="rotate",
        cluster=session.name,
        target=None,
        title=f"Rotate the token of {view.user} on {session.name}",
        facts=(
            ("cluster", f"{session.name} ({session.target.server})"),
            ("service account", f"{view.namespace}/{view.account}"),
            ("old token", f"{short(facts.jti)}, {left}"),
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


class _ChangeOver:
    """From the written file to the end of the old token. Nothing is undone here: both tokens are said to be what they
    are, whatever fails."""

    def __init__(
        self, run: Run, view: RotateView, old: str, new: NewToken, siblings: Sequence[Session]
    ) -> None:
        self._run = run
        self._view = view
        self._old = old
        self._new = new
        self._siblings = siblings
        self._proven = False
        self._moved = False
        self._deleted = False
        self._refused_after: float | None = None

    async def carry_out(self) -> Receipt:
        trouble = ""
        try:
            await self._prove_file()
            await self._move()
            if self._view.old.revocable:
                await self._end_old()
        except EdgetuiError as problem:
            trouble = str(problem)
            self._run.step(problem.sentence, "failed")
        return self._receipt(trouble)

    async def _prove_file(self) -> None:
        run, view = self._run, self._view
        run.step("Proving the token that is in the file", "doing")
        written = token_in_file(run.session.target)
        if not hmac.compare_digest(written.encode(), self._new.token.encode()):
            raise Unproven(f"{view.file} does not hold the new token: something else has written it since.")
        await prove(run.session, written, view.username, self._new.facts.jti)
        self._proven = True
        run.step("The token in the file signs in", "done")

    async def _move(self) -> None:
        run = self._run
        run.step("Moving every open stream to the new token", "doing")
        sessions = [run.session]
        for one in self._siblings:
            if one is not run.session and await self._signs_in_alike(one):
                sessions.append(one)
        for session in sessions:
            session.credentials.set_token(self._new.token)
            run.gate.permissions.invalidate(session)
            await session.reconnect(True)
        self._moved = True
        run.step("Every stream uses the new token", "done")

    async def _signs_in_alike(self, other: Session) -> bool:
        """Whether another session sends the old token; one whose credential comes from elsewhere is not even asked."""
        auth = other.target.auth
        if not auth.token or auth.exec is not None or auth.auth_provider is not None:
            return False
        try:
            return bearer(await other.credentials.headers()) == self._old
        except EdgetuiError:
            return False  # it cannot sign in at all

    async def _end_old(self) -> None:
        run, old = self._run, self._view.old
        run.step(f"Deleting Secret {old.secret}, which ends the old token", "doing")
        try:
            await run.write(self._delete())
        except NotFound:
            run.step(f"Secret {old.secret} was gone already", "info")
        except (OutcomeUnknown, ServerFailure) as lost:
            run.step(f"{lost.sentence} Whether it was deleted shows in a moment.", "info")
        else:
            run.step(f"Secret {old.secret} is deleted", "done")
        self._deleted = True
        run.step("Waiting until the server refuses the old token (up to 11 s are normal)", "doing")
        self._refused_after = await seconds_until_refused(run, self._old, PATIENCE)
        if self._refused_after is None:
            run.step(f"The old token is still accepted after {PATIENCE:.0f} s", "failed")
        else:
            run.step(f"The old token is refused (401) after {self._refused_after:.1f} s", "done")

    def _delete(self) -> Write:
        old = self._view.old
        return Write(
            "DELETE",
            secrets_path(self._view, old.secret),
            {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": old.uid}},
            f"delete Secret {old.secret} of the old token",
            before={"secret": old.secret, "uid": old.uid, "jti": self._view.facts.jti},
        )

    def _receipt(self, trouble: str) -> Receipt:
        view, new, old = self._view, self._new, self._view.facts
        name, until = f"New token {short(new.facts.jti)}", when(new.facts.expires)
        works = (
            f"is in {view.file} and works until {until}" if self._proven else f"was written to {view.file}"
        )
        lines = [
            f"{view.cluster}: user {view.user}, service account {view.namespace}/{view.account}.",
            f"{name} {works}.",
            *self._about_old(trouble),
            f"The file as it was before is {new.backup}.",
        ]
        ended = self._refused_after
        data: Json = {
            "user": view.user,
            "service_account": f"{view.namespace}/{view.account}",
            "old_jti": old.jti,
            "old_refused_after_seconds": None if ended is None else round(ended, 1),
            "new_jti": new.facts.jti,
            "new_expires": when(new.facts.expires),
            "file": str(view.file),
            "backup": str(new.backup),
        }
        ok = not trouble and (ended is not None or not view.old.revocable)
        return Receipt("rotate", view.cluster, None, ok, tuple(lines), data)

    def _about_old(self, trouble: str) -> list[str]:
        view = self._view
        name = f"Old token {short(view.facts.jti)}"
        if self._refused_after is not None:
            return [f"{name} is refused (401), {self._refused_after:.1f} s after its Secret was deleted."]
        if trouble:
            using = "new" if self._moved else "old"
            return [
                f"It did not go through to the end: {trouble}",
                f"{name} still works; this program is using the {using} one.",
            ]
        if self._deleted:
            return [
                f"{name} was still accepted {PATIENCE:.0f} s after its Secret was deleted: see whether Secret "
                f"{view.old.secret} is still there, held by a finalizer."
            ]
        return [view.old.consequence]


async def _read(aim: Aim) -> RotateView:
    assert aim.log is not None
    return await prepare(aim.session, aim.log)


async def _carry_out(gate: Gate, aim: Aim, view: RotateView, answer: None, wait: float | None) -> Receipt:
    return await perform(gate, aim.session, view, aim.beside)


SPEC: Spec[RotateView, None] = Spec(
    read=_read,
    reads="the token in use",
    answer=no_answer,
    title=lambda view, answer: f"Rotate the token of {view.user}",
    procedure=_carry_out,
    final="A rotated token cannot be taken back",
)

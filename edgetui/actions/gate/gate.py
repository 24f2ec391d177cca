"""The only way to a write: every scale, roll-back and rotation passes here, in one order that nothing can skip.

read-only? → permitted? → link alive? → server dry run → the person says yes → audit record (on the disk) → the write
with its precondition → audit record. One confirmed plan is one run; a run that was not confirmed cannot write. Where
the first request of a run is the dry run of its only write, that answers whether it is permitted.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from edgetui.actions.catalogue import Access, words_of
from edgetui.actions.gate.audit import AuditLog, stamp, who
from edgetui.actions.gate.permissions import Permissions
from edgetui.actions.messages import Cancelled, Changed, Json, Plan, Receipt, Refusal, Step, StepState
from edgetui.actions.session import Session
from edgetui.cluster.api.client import Answer, WritePermit
from edgetui.cluster.errors import (
    ApiError,
    CredentialError,
    EdgetuiError,
    Forbidden,
    LinkError,
    OutcomeUnknown,
    ProtocolError,
    ServerFailure,
    TlsError,
)
from edgetui.model.cache.freshness import Link
from edgetui.model.identity import ObjectRef

_UNCHANGED = "Nothing was changed."
"""What is true after a run that ends in an error before it has written."""
READ_ONLY_BADGE = "READ-ONLY"
PROTECTED_BADGE = "PROTECTED"


class Write(msgspec.Struct, frozen=True):
    """One request that changes something, with what the audit record says about it.

    `words` say it to a person. `before` and `after` are small JSON values without secrets. `uid` is that of the object
    that was shown, and is empty for a create and for what is about another object: a write with one carries the
    object's resourceVersion, so that the server itself refuses it when another object, or another version, stands
    there. `whole` is true where the dry run is to answer the object as the server would store it, `known` where nobody
    reads an answer, because the object at this version has been read.
    """

    method: str
    path: str
    body: Any
    words: str
    content_type: str = "application/json"
    uid: str = ""
    before: Json = msgspec.field(default_factory=dict)
    after: Json = msgspec.field(default_factory=dict)
    whole: bool = False
    known: bool = False

    @property
    def versioned(self) -> bool:
        """Whether the body holds the resourceVersion that the object must still have."""
        body = self.body or {}
        held = (body.get("preconditions") if self.method == "DELETE" else body.get("metadata")) or {}
        return bool(held.get("resourceVersion"))


class Gate:
    """Lets actions write, one confirmed plan at a time.

    `confirm` shows a plan and answers whether the person agreed; `progress` shows a step. `clock` gives Unix seconds;
    `sleep` waits that many seconds between two looks at the cluster. A `patient` one stays until a lost link is back
    and looks then what became of a write without an answer; else that is given up with the wait for the outcome.
    """

    def __init__(
        self,
        audit: AuditLog,
        read_only: bool,
        confirm: Callable[[Plan], Awaitable[bool]],
        progress: Callable[[Step], None],
        clock: Callable[[], float] = time.time,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        permissions: Permissions | None = None,
        patient: bool = True,
    ) -> None:
        self.audit = audit
        self.read_only = read_only
        self.confirm = confirm
        self.progress = progress
        self.clock = clock
        self.sleep = sleep
        self.permissions = permissions or Permissions(clock)
        self.patient = patient

    def beside(self, confirm: Callable[[Plan], Awaitable[bool]], progress: Callable[[Step], None]) -> Gate:
        """A gate with the same record, rights and clock that asks and tells elsewhere."""
        return Gate(
            self.audit,
            self.read_only,
            confirm,
            progress,
            self.clock,
            sleep=self.sleep,
            permissions=self.permissions,
            patient=self.patient,
        )

    @asynccontextmanager
    async def run(
        self,
        session: Session,
        action: str,
        target: ObjectRef | None,
        needs: tuple[Access, ...],
        namespace: str,
        name: str = "",
        about: Json | None = None,
        *,
        rehearsed: bool = False,
    ) -> AsyncIterator[Run]:
        """Open a run, or raise Refusal: read-only, not permitted, or the link is not live.

        `about` stands in every audit record of the run. Where it begins with the dry run of all that it writes
        (`rehearsed`), the server is asked for the rights only when it forbids that, to name all that are missing.
        """
        run = Run(self, session, action, target, about)
        run.rights = partial(self.permissions.require, session, action, needs, namespace, name)
        try:
            await self._admit(run, rehearsed)
            yield run
        except BaseException as problem:
            await run.ended_by(problem)
            raise

    async def refused(
        self, session: Session, action: str, target: ObjectRef | None, problem: Refusal
    ) -> None:
        """Record an attempt that was refused before there was a run."""
        await Run(self, session, action, target).ended_by(problem)

    async def found_later(
        self, session: Session, action: str, target: ObjectRef, run: str, **fields: Any
    ) -> None:
        """Record what has been seen of the writes of an earlier `run`."""
        await Run(self, session, action, target).record("found", run=run, **fields)

    async def _admit(self, run: Run, rehearsed: bool) -> None:
        session = run.session
        if self.read_only:
            raise Refusal(
                "edgetui was started read-only.", "Start it without --read-only to change anything."
            )
        if READ_ONLY_BADGE in session.target.badges:
            raise Refusal(
                f"{session.name} is marked read-only.",
                f"Remove the badge {READ_ONLY_BADGE} from the cluster's edgetui extension in its kubeconfig, or "
                "read-only from edgetui's config.yaml, to change anything.",
            )
        if not rehearsed:
            await run.rights()
        run.require_live_link()


class Run:
    """One confirmed plan being carried out. Only the gate makes one."""

    def __init__(
        self,
        gate: Gate,
        session: Session,
        action: str,
        target: ObjectRef | None,
        about: Json | None = None,
    ) -> None:
        self.gate = gate
        self.session = session
        self.writes = 0
        self.remains = ""
        """What a run that ends in an error leaves behind, where more is known than what became of its last write."""
        self.stored: Json = {}
        """What the server answered to the last dry run: the object, where that asked for the whole."""
        self.action = action
        self.rights: Callable[[], Awaitable[None]] = _unasked
        """Raises MissingRights with all that the user lacks for it."""
        self._target = target
        self._about = about or {}
        self._id = os.urandom(8).hex()
        self._confirmed = False
        self._tried: Write | None = None
        self._last = ""
        self._done: list[str] = []

    def require_live_link(self) -> None:
        """Raise Refusal when what is on the screen may be old, because the cluster is not being heard."""
        store = self.session.store
        if store is not None and store.link.link is not Link.LIVE:
            raise Refusal(
                f"{self.session.name} is {store.link.link.value}: what is shown may be old, so nothing is changed.",
                store.link.next_step or "Try again when the link is live.",
            )
        if store is not None and self._target is not None and store.freshness(self._target.key.kind).kept:
            raise Refusal(
                f"{self._target.key.name} is shown as an earlier run of edgetui left it, so nothing is changed.",
                f"Wait until {self.session.name} has sent its own rows.",
            )

    def step(self, text: str, state: StepState = "info") -> None:
        """Tell the person how far this run is."""
        self.gate.progress(Step(text, state))

    async def rehearse(self, write: Write) -> Json:
        """Have the server do everything but store it (dryRun=All, strict fields).

        Its refusals are raised as is, but MissingRights where it is rights that are missing. Never for a TokenRequest:
        there a dry run mints a real token.
        """
        if write.path.endswith("/token"):
            raise ValueError("a TokenRequest has no dry run")
        self._tried = write
        query = {"dryRun": "All", "fieldValidation": "Strict"}
        if write.method == "DELETE":  # a server that gets options in the body does not look at the query
            write, query = replace(write, body={**write.body, "dryRun": ["All"]}), {}
        try:
            self.stored = await self._send(write, query, "object" if write.whole else "metadata")
        except Forbidden:
            await self.rights()
            self.gate.permissions.invalidate(self.session)  # an admission plugin has refused it
            raise
        except OutcomeUnknown:
            raise LinkError(
                f"{self.session.name} did not answer the dry run.", "Try again when the link is better."
            ) from None
        return self.stored

    async def confirm(self, plan: Plan) -> None:
        """Put the plan before the person; raises Cancelled unless they agree."""
        if PROTECTED_BADGE in self.session.target.badges:
            plan = replace(plan, warnings=(f"{self.session.name} is protected.", *plan.warnings))
        if not await self.gate.confirm(plan):
            raise Cancelled("Cancelled: nothing was changed.")
        self._confirmed = True

    async def write(self, write: Write) -> Json:
        """Send one write, between two audit records.

        A write to an object that was shown needs a live link and carries the object's version. Raises Refusal when it
        was not sent (link gone, record not writable), ApiError when the server refused it, OutcomeUnknown or
        ServerFailure when nobody can know without looking.
        """
        if not self._confirmed:
            raise Refusal("This was not confirmed, so nothing is changed.")
        self._tried = write
        if write.uid:
            if not write.versioned:
                raise ValueError("a write to an object that was shown carries its resourceVersion")
            self.require_live_link()
        about = {"write": f"{write.method} {write.path}", "words": write.words}
        await self._intend({**about, "before": write.before, "after": write.after})
        self.writes += 1
        loop = asyncio.get_running_loop()
        began = loop.time()
        query = {} if write.method == "DELETE" else {"fieldValidation": "Strict"}
        try:
            answer = await self._send(write, query)
        except BaseException as problem:
            self._last = _outcome(problem)
            await self._result(about, began, self._last, problem)
            raise
        self._last = "done"
        self._done.append(write.words)
        await self._result(about, began, self._last, None)
        return answer

    async def _intend(self, about: Json) -> None:
        try:
            await self.record("intent", **about)
        except Refusal as problem:
            what = "nothing more" if self.writes else "nothing"
            raise Refusal(f"{problem.clause}, so {what} is changed.", problem.next_step) from None

    @property
    def unsure(self) -> bool:
        """Whether nobody knows if the last write arrived."""
        return self._last == "unknown"

    async def found(self, words: str) -> None:
        """Record and tell that a write whose answer was lost has been seen on the cluster."""
        self._last = "done"
        self.step(words, "done")
        about = {}
        if self._tried is not None:
            self._done.append(self._tried.words)
            about = {"words": self._tried.words}
        await self.note("found", result="arrived", message=words, **about)

    async def finish(self, receipt: Receipt) -> Receipt:
        """Record what came of the run, and hand the receipt on."""
        result = "unknown" if receipt.data.get("unknown") else "failed"
        result = "reached" if receipt.ok else "pending" if receipt.pending else result
        await self.note("outcome", result=result, message=" ".join(receipt.lines), data=receipt.data)
        self._confirmed = False
        return receipt

    async def ended_by(self, problem: BaseException) -> None:
        """The run ends in an error: it says what has become of the writes, and the record has the attempt."""
        if isinstance(problem, EdgetuiError):
            problem.outcome = self._outcome(problem)
        if self.writes:
            message = " ".join(part for part in (_said(problem), self.remains) if part)
            await self.note("outcome", result="aborted", message=message)
        elif isinstance(problem, EdgetuiError) and not isinstance(problem, Cancelled | Changed):
            tried = self._tried
            about = {"words": tried.words, "before": tried.before, "after": tried.after} if tried else {}
            result = "unsent" if isinstance(problem, _UNSENT) else "refused"
            if not self.gate.read_only:
                await self.note("outcome", result=result, message=_said(problem), **about)

    def _outcome(self, problem: EdgetuiError) -> str:
        """What is true of the cluster after this problem, as a sentence; empty where the problem says so itself."""
        if self.remains or (isinstance(problem, Refusal) and not self.writes):
            return self.remains
        if self.unsure:
            return "It may have arrived."
        if self._done:
            return f"Done before that: {', '.join(self._done)}."
        if self.writes and not self._last:  # what ran in a container is not known here
            return ""
        return _UNCHANGED if problem.outcome is None else problem.outcome

    async def record(self, event: str, **fields: Any) -> None:
        """Append one audit record, durable when this returns. Raises Refusal when it cannot be written."""
        target = self.session.target
        record: Json = {
            "time": stamp(self.gate.clock()),
            "event": event,
            "run": self._id,
            "action": self.action,
            "who": who(),
            "cluster": self.session.name,
            "context": target.context,
            "server": _without_userinfo(target.server),
            "user": target.user_name,
        }
        if self._target is not None:
            key = self._target.key
            record["object"] = {"kind": key.kind, "namespace": key.namespace, "name": key.name}
            record["uid"] = self._target.uid
            record["shown_version"] = self._target.resource_version
        record.update(self._about | fields)
        # An fsync on a worn SD card can take seconds: the screen must not wait for it.
        await asyncio.to_thread(self.gate.audit.append, record)

    async def _send(self, write: Write, query: dict[str, str], answer: Answer = "metadata") -> Json:
        permit = WritePermit(words_of(self.action), self.session.name)
        try:
            found: Json = await self.session.api.write(
                permit,
                write.method,
                write.path,
                write.body,
                query=query,
                content_type=write.content_type,
                answer="printed" if write.known else answer,
            )
            return found
        except Forbidden:
            self.gate.permissions.invalidate(self.session)
            raise

    async def _result(self, about: Json, began: float, result: str, problem: BaseException | None) -> None:
        fields: Json = {**about, "result": result}
        fields["milliseconds"] = round((asyncio.get_running_loop().time() - began) * 1000)
        if isinstance(problem, ApiError):
            fields["code"] = problem.code
            fields["reason"] = problem.reason
        if problem is not None:
            fields["message"] = _said(problem)
        await self.note("result", **fields)

    async def note(self, event: str, **fields: Any) -> None:
        """Record what nothing hangs on any more: where that fails, it is told, and what was raised goes on."""
        try:
            await self.record(event, **fields)
        except Refusal as failed:
            self.step(failed.sentence, "failed")


async def _unasked() -> None:
    """For a run that the gate has not opened, which writes nothing."""


_UNSENT = (LinkError, TlsError, CredentialError, ProtocolError)


def _outcome(problem: BaseException) -> str:
    unsure = (OutcomeUnknown, ServerFailure, asyncio.CancelledError, KeyboardInterrupt)
    return "unknown" if isinstance(problem, unsure) else "refused"


def _said(problem: BaseException) -> str:
    return problem.sentence if isinstance(problem, EdgetuiError) else type(problem).__name__


def _without_userinfo(server: str) -> str:
    parts = urlsplit(server)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

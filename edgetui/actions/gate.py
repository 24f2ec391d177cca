"""The only way to a write: every scale, roll-back and rotation passes here, in one order that nothing can skip.

read-only? → permitted? → link alive? → server dry run → the person says yes → audit record (on the disk) → the write
with its precondition → audit record. One confirmed plan is one run; a run that was not confirmed cannot write.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from edgetui.actions.audit import AuditLog, who
from edgetui.actions.permissions import Permissions
from edgetui.actions.plan import Cancelled, Json, Plan, Receipt, Refusal, Step, StepState
from edgetui.actions.ports import Session
from edgetui.actions.registry import Access
from edgetui.cluster.api import WritePermit
from edgetui.cluster.errors import (
    ApiError,
    EdgetuiError,
    Forbidden,
    LinkError,
    NotFound,
    OutcomeUnknown,
    ServerFailure,
)
from edgetui.model.freshness import Link
from edgetui.model.identity import ObjectRef

READ_ONLY_BADGE = "READ-ONLY"


class Write(msgspec.Struct, frozen=True):
    """One request that changes something, with what the audit record says about it.

    `words` say it to a person. `before` and `after` are small JSON values without secrets. `object_path` and `uid`
    name the object that must still stand there; both are empty for a create, and for a delete whose body carries
    the uid as its precondition.
    """

    method: str
    path: str
    body: Any
    words: str
    content_type: str = "application/json"
    object_path: str = ""
    uid: str = ""
    before: Json = msgspec.field(default_factory=dict)
    after: Json = msgspec.field(default_factory=dict)


class Gate:
    """Lets actions write, one confirmed plan at a time.

    `confirm` shows a plan and answers whether the person agreed; `progress` shows a step. `clock` gives Unix seconds;
    `sleep` waits that many seconds between two looks at the cluster.
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
    ) -> None:
        self.audit = audit
        self.read_only = read_only
        self.confirm = confirm
        self.progress = progress
        self.clock = clock
        self.sleep = sleep
        self.permissions = permissions or Permissions(clock)

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
    ) -> AsyncIterator[Run]:
        """Open a run, or raise Refusal: read-only, not permitted, or the link is not live.

        `about` stands in every audit record of the run.
        """
        if self.read_only:
            raise Refusal(
                "edgetui was started read-only.", "Start it without --read-only to change anything."
            )
        if READ_ONLY_BADGE in session.target.badges:
            raise Refusal(
                f"{session.name} is marked read-only in its kubeconfig.",
                f"Remove the badge {READ_ONLY_BADGE} from the cluster's edgetui extension to change anything.",
            )
        permission = await self.permissions.check(session, needs, namespace, name)
        if not permission.ok:
            raise Refusal(
                f"{session.target.user_name} may not {permission.missing_verb} in {namespace or 'this cluster'} "
                f"on {session.name}.",
                "Ask whoever runs the cluster for that right, or use another context.",
            )
        run = Run(self, session, action, target, about)
        run.require_live_link()
        try:
            yield run
        except BaseException as problem:
            if run.writes:
                await run.record("outcome", result="aborted", message=_said(problem))
            raise


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
        self._action = action
        self._target = target
        self._about = about or {}
        self._id = secrets.token_hex(8)
        self._confirmed = False

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
        """Have the server do everything but store it (dryRun=All, strict fields); its refusals are raised as is.

        Never for a TokenRequest: there a dry run mints a real token.
        """
        if write.path.endswith("/token"):
            raise ValueError("a TokenRequest has no dry run")
        query = {"dryRun": "All", "fieldValidation": "Strict"}
        if write.method == "DELETE":  # a server that gets options in the body does not look at the query
            write, query = replace(write, body={**write.body, "dryRun": ["All"]}), {}
        try:
            return await self._send(write, query)
        except OutcomeUnknown:
            raise LinkError(
                f"{self.session.name} did not answer the dry run: nothing was changed.",
                "Try again when the link is better.",
            ) from None

    async def confirm(self, plan: Plan) -> None:
        """Put the plan before the person; raises Cancelled unless they agree."""
        if not await self.gate.confirm(plan):
            raise Cancelled("Cancelled: nothing was changed.")
        self._confirmed = True

    async def write(self, write: Write) -> Json:
        """Send one write, between two audit records.

        A write to an object that was shown needs a live link and the same object still in its place. Raises Refusal
        when it was not sent (link gone, another object of that name, record not writable), ApiError when the server
        refused it, OutcomeUnknown or ServerFailure when nobody can know without looking.
        """
        if not self._confirmed:
            raise Refusal("This was not confirmed, so nothing is changed.")
        if write.uid:
            self.require_live_link()
            await self._require_identity(write)
        about = {"write": f"{write.method} {write.path}", "words": write.words}
        await self.record("intent", **about, before=write.before, after=write.after)
        self.writes += 1
        loop = asyncio.get_running_loop()
        began = loop.time()
        query = {} if write.method == "DELETE" else {"fieldValidation": "Strict"}
        try:
            answer = await self._send(write, query)
        except BaseException as problem:
            await self._result(about, began, _outcome(problem), problem)
            raise
        await self._result(about, began, "done", None)
        return answer

    async def finish(self, receipt: Receipt) -> Receipt:
        """Record what came of the run, and hand the receipt on."""
        result = "reached" if receipt.ok else "pending" if receipt.pending else "failed"
        try:
            await self.record("outcome", result=result, message=" ".join(receipt.lines), data=receipt.data)
        except Refusal as problem:
            self.step(problem.sentence, "failed")
        self._confirmed = False
        return receipt

    async def record(self, event: str, **fields: Any) -> None:
        """Append one audit record, durable when this returns. Raises Refusal when it cannot be written."""
        target = self.session.target
        now = datetime.fromtimestamp(self.gate.clock(), UTC)
        record: Json = {
            "time": now.isoformat(timespec="milliseconds"),
            "event": event,
            "run": self._id,
            "action": self._action,
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

    async def _send(self, write: Write, query: dict[str, str]) -> Json:
        permit = WritePermit(self._action, self.session.name)
        try:
            answer: Json = await self.session.api.write(
                permit, write.method, write.path, write.body, query=query, content_type=write.content_type
            )
            return answer
        except Forbidden:
            self.gate.permissions.invalidate(self.session)
            raise

    async def _require_identity(self, write: Write) -> None:
        try:
            there = await self.session.api.get(write.object_path)
        except NotFound:
            raise Refusal(f"It no longer exists on {self.session.name}: nothing was changed.") from None
        if there["metadata"]["uid"] != write.uid:
            raise Refusal(
                "Another object of the same name stands there now: nothing was changed.",
                "Look at the new one and decide again.",
            )

    async def _result(self, about: Json, began: float, result: str, problem: BaseException | None) -> None:
        fields: Json = {**about, "result": result}
        fields["milliseconds"] = round((asyncio.get_running_loop().time() - began) * 1000)
        if isinstance(problem, ApiError):
            fields["code"] = problem.code
            fields["reason"] = problem.reason
        if problem is not None:
            fields["message"] = _said(problem)
        try:
            await self.record("result", **fields)
        except Refusal as failed:
            self.step(failed.sentence, "failed")


def _outcome(problem: BaseException) -> str:
    unsure = (OutcomeUnknown, ServerFailure, asyncio.CancelledError, KeyboardInterrupt)
    return "unknown" if isinstance(problem, unsure) else "refused"


def _said(problem: BaseException) -> str:
    return problem.sentence if isinstance(problem, EdgetuiError) else type(problem).__name__


def _without_userinfo(server: str) -> str:
    parts = urlsplit(server)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

"""The log of one container, followed over cuts: it goes on with the line after the last one that came.

Whether the link is there is the link's business (`until_up`); here only a stream that ends by itself is asked for
again, slower each time. An API server sends nothing, not even a head, before the container has written its first
line: silence is no failure.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Protocol

import msgspec

from edgetui.cluster import backoff
from edgetui.cluster.api.client import Api, RefreshingCredentials
from edgetui.cluster.api.status import map_status, not_kubernetes
from edgetui.cluster.errors import (
    ApiError,
    EdgetuiError,
    Forbidden,
    Invalid,
    LinkError,
    NotFound,
    ServerFailure,
    Unauthorized,
)
from edgetui.cluster.http.client import Transport
from edgetui.model.kinds.pod import KIND, WirePod
from edgetui.model.pod.logbuffer import Lines, LogBuffer, Resume
from edgetui.model.view.log_targets import Container, End, containers, first_to_log

TAIL = 300
"""Lines that are asked for to begin with."""
FIRST_LINE_WITHIN = 7 * 86400.0
SHORTEST_PAUSE = 1.0
MOST_ERROR_BODY = 64 * 1024

_AGAIN = "It is asked again by itself."
_KUBELET_URL = re.compile(rb'Get \\?"https?://[^"]*": ')
_NO_WAY = re.compile(r"dial tcp|dialing|[Nn]o agent available|error trying to reach")


class Hearing(StrEnum):
    ASKING = "asking"  # nothing has come yet
    LIVE = "live"
    CUT = "cut"  # it goes on by itself
    WAITING = "waiting"  # the container does not run; it goes on when it does
    ENDED = "ended"  # the container has ended; it goes on when it runs again
    OVER = "over"  # for good


class LogState(msgspec.Struct, frozen=True):
    """What is heard now; `sentence` says why nothing is, `end` how the container ended."""

    hearing: Hearing = Hearing.ASKING
    sentence: str = ""
    next_step: str = ""
    end: End | None = None


class LogSource(Protocol):
    """The part of a session that a log needs."""

    @property
    def api(self) -> Api: ...

    @property
    def transport(self) -> Transport: ...

    @property
    def credentials(self) -> RefreshingCredentials: ...

    async def until_up(self) -> None:
        """Wait until the link is up."""

    async def until_down(self) -> None:
        """Wait until the link is down."""


class PodLog:
    """The newest lines of one container in `buffer`, while `run` runs; `changed` is called after every change.

    With an empty `container` the one is chosen that explains the pod's state. Of a container that waits to be
    started again a kubelet sends what the last instance wrote, so a crash loop is followed from crash to crash.
    """

    def __init__(
        self,
        source: LogSource,
        namespace: str,
        pod: str,
        container: str = "",
        previous: bool = False,
        *,
        changed: Callable[[], None] = lambda: None,
        rng: backoff.Random | None = None,
    ) -> None:
        self.pod = pod
        self.container = container
        self.previous = previous
        self.containers: list[Container] = []
        self.buffer = LogBuffer()
        self.state = LogState()
        self._source = source
        self._path = KIND.path(namespace, pod)
        self._changed = changed
        self._rng = rng or random
        self._resume = Resume()
        self._failures = 0
        self._renewed = False
        self._heard = 0
        self._wake = asyncio.Event()

    @property
    def current(self) -> Container | None:
        """The container that is listened to, as it was when the pod was last looked at."""
        return next((one for one in self.containers if one.name == self.container), None)

    @property
    def over(self) -> bool:
        """Whether nothing will come any more."""
        return self.state.hearing is Hearing.OVER

    def look_again(self) -> None:
        """Something about the pod changed: do not wait any longer."""
        self._wake.set()

    async def run(self) -> None:
        """Listen until there is nothing to come any more."""
        looked = False
        while not self.over:
            await self._source.until_up()
            since = self._source.credentials.generation
            try:
                if not looked or self.state.hearing in (Hearing.ENDED, Hearing.WAITING):
                    await self._look()
                    looked = True
                if self.state.hearing is not Hearing.ENDED or self._runs_again():
                    await self._listen()
            except EdgetuiError as error:
                if not (isinstance(error, Unauthorized) and await self._renew(since)):
                    self._failed(error)
            if not self.over:
                await self._pause()

    # One attempt

    async def _look(self) -> None:
        """Read the pod. Who may read its log only, listens without knowing its containers."""
        with suppress(Forbidden):
            body = await self._source.api.get_bytes(self._path)
            try:
                pod = msgspec.json.decode(body, type=WirePod)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                raise not_kubernetes("no pod") from None
            self.containers = containers(pod)
            self.container = self.container or first_to_log(pod)
        self._changed()

    def _runs_again(self) -> bool:
        """Whether another instance runs than the one whose end is known, or has run meanwhile."""
        current = self.current
        if self.previous or current is None:
            return False
        return current.running or (current.ended or current.before) != self.state.end

    async def _listen(self) -> None:
        """One stream to its end. Raises what ended it, unless that was the server in good order."""
        query = self._query()
        self._resume.begin()
        answer = _Answer(self)
        handle = self._source.transport.open_stream(
            f"{self._path}/log", query, answer, head_timeout=FIRST_LINE_WITHIN
        )
        outage = asyncio.ensure_future(self._outage())
        try:
            await asyncio.wait((answer.over, outage), return_when=asyncio.FIRST_COMPLETED)
        finally:
            outage.cancel()
            handle.close()
        if not answer.over.done():
            raise LinkError("The link was down.", _AGAIN)
        if (error := answer.over.result()) is not None:
            raise error
        await self._ended(answer.rest())

    async def _outage(self) -> None:
        """Return when the link was down and is up again, and the stream has been silent all the while."""
        heard = -1
        while heard != self._heard:
            await self._source.until_down()
            heard = self._heard
            self._say(LogState(Hearing.CUT, "The link is down.", "The log goes on when it is back."))
            await self._source.until_up()

    def _query(self) -> dict[str, str]:
        query = {"timestamps": "true"}
        if self.container:
            query["container"] = self.container
        if self.previous:
            query["previous"] = "true"
        else:
            query["follow"] = "true"
        if since := self._resume.since:
            query["sinceTime"] = since
        else:
            query["tailLines"] = str(TAIL)
        return query

    async def _ended(self, rest: bytes) -> None:
        """The server has no more to send: say why."""
        before = self.current
        if not self.previous and not (before is not None and before.ended):
            try:
                await self._look()
            except NotFound:
                self.take([rest] if rest else [])
                raise
        current = self.current
        if current is not None and current.running and not self.previous:
            self._failures += 1
            return
        if rest:
            self.take([rest])
        if current is None or self.previous:
            end = current.before if current is not None else None
            self._say(LogState(Hearing.OVER, "" if end else "The log ends here.", end=end))
        else:
            self._say(LogState(Hearing.ENDED, end=current.ended or current.before))

    def _failed(self, error: EdgetuiError) -> None:
        self._failures += 1
        self._say(_in_words(error, self.previous))

    async def _renew(self, since: int) -> bool:
        """Get other credentials than those of generation `since`, once."""
        if self._renewed:
            return False
        self._renewed = True
        with suppress(EdgetuiError):
            return await self._source.credentials.refresh(since)
        return False

    async def _pause(self) -> None:
        """Wait for something to change; what is likely to come back by itself is asked for in growing steps."""
        seconds = max(SHORTEST_PAUSE, backoff.delay(self._failures + 3, self._rng))
        self._wake.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(None if self.state.hearing is Hearing.ENDED else seconds):
                await self._wake.wait()

    # What the open stream tells

    def begun(self) -> None:
        """The server sends the log."""
        self._renewed = False
        self._say(LogState(Hearing.LIVE))

    def take(self, lines: Sequence[bytes]) -> None:
        """These lines came."""
        self._failures = 0
        self._heard += 1
        self.buffer.extend(self._resume.new(lines))
        if self.state.hearing is Hearing.CUT:
            self.state = LogState(Hearing.LIVE)
        self._changed()

    def _say(self, state: LogState) -> None:
        self.state = state
        self._changed()


class _Answer:
    """The answer to one request for a log; `over` gets what ended it, None for an end in good order."""

    def __init__(self, log: PodLog) -> None:
        self.over: asyncio.Future[EdgetuiError | None] = asyncio.get_running_loop().create_future()
        self._log = log
        self._lines = Lines()
        self._status = 0
        self._headers: dict[str, str] = {}
        self._refusal = b""

    def rest(self) -> bytes:
        """A last line without an end."""
        return self._lines.rest()

    def on_head(self, status: int, headers: dict[str, str]) -> None:
        self._status, self._headers = status, headers
        if status == 200 and headers.get("content-type", "").startswith("text/html"):
            raise not_kubernetes("text/html")
        if status == 200:
            self._log.begun()

    def on_data(self, data: bytes) -> None:
        if self._status != 200:
            self._refusal += data[: MOST_ERROR_BODY - len(self._refusal)]
        elif lines := self._lines.feed(data):
            self._log.take(lines)

    def on_end(self, clean: bool) -> None:
        if self._status != 200:
            self._finish(map_status(self._status, self._headers, _KUBELET_URL.sub(b"", self._refusal)))
        else:
            self._finish(None if clean else LinkError("The connection broke off.", _AGAIN))

    def on_error(self, error: EdgetuiError) -> None:
        if self._status not in (0, 200):
            error = map_status(self._status, self._headers, self._refusal)
        self._finish(error)

    def _finish(self, error: EdgetuiError | None) -> None:
        if not self.over.done():
            self.over.set_result(error)


def _in_words(error: EdgetuiError, previous: bool) -> LogState:
    """What a failure means for the log."""
    if isinstance(error, Forbidden):
        return LogState(
            Hearing.OVER,
            "This user may not read logs here: the right get pods/log is missing.",
            "Ask whoever runs the cluster for it, or use another context.",
        )
    if isinstance(error, NotFound):
        return LogState(Hearing.OVER, "This pod no longer exists.")
    if isinstance(error, Invalid) and previous and "not found" in error.sentence:
        return LogState(Hearing.OVER, "The node keeps no log of an instance before this one.")
    if isinstance(error, Invalid):
        return LogState(Hearing.WAITING, error.sentence, _AGAIN)
    if isinstance(error, ServerFailure) and _NO_WAY.search(error.sentence):
        why = error.sentence.rpartition(": ")[2].rstrip(".")
        return LogState(
            Hearing.CUT,
            f"The API server cannot reach the kubelet of the pod's node: {why}.",
            "The node may be down, or cut off from the control plane. " + _AGAIN,
        )
    if isinstance(error, Unauthorized) or (isinstance(error, ApiError) and error.code in (405, 501)):
        return LogState(Hearing.OVER, error.sentence, error.next_step)
    return LogState(Hearing.CUT, error.sentence, error.next_step or _AGAIN)

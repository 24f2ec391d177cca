"""A copy from or to a container, over exec: let in by the gate and recorded as commands are, never with its content.

Content goes through as it comes, in both directions; what is written and read here is written and read in threads.
"""

from __future__ import annotations

import asyncio
import secrets
import shlex
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

import msgspec

from edgetui.actions.commandline import edgetui
from edgetui.actions.files import far_side
from edgetui.actions.files.meter import Pace, size
from edgetui.actions.files.pack import Packer
from edgetui.actions.files.place import Copy
from edgetui.actions.files.tar_reader import Member, TarReader
from edgetui.actions.files.unpack import Tally, Unpacker
from edgetui.actions.messages import Refusal
from edgetui.cluster.api.remote_command import MOST_INPUT, Channel, Command, Ended
from edgetui.cluster.errors import EdgetuiError, LinkError, ProtocolError, ServerFailure
from edgetui.cluster.target import ClusterTarget
from edgetui.model.cells import visible
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.pod import POD
from edgetui.model.text import plural

MOST_SAID = 4096
"""Bytes that are kept of what the far side writes beside the archive."""
MOST_GARBAGE = 64 * 1024
"""Bytes that are no archive, and may be why there is none."""
PIECES_A_SECOND = 4
LEAST_WINDOW, WINDOW = 4096, 1.0
"""Bytes that may lie here unread where there is a limit: those of so many seconds, which is the longest round trip."""
LOST = (LinkError, ServerFailure, ProtocolError)
"""What trying again may help with."""

T = TypeVar("T")
Tell = Callable[[int, int | None], None]


class CutOff(EdgetuiError):
    """The link was lost in the middle."""


class Changed(Exception):
    """What is copied is not what it was before the link was lost."""


class NoShell(Exception):
    """The container has no shell; it may have a tar."""


class Task(msgspec.Struct, frozen=True):
    """A copy, and how it is done. `container` has a name; `tell` hears how many bytes are copied, of how many."""

    copy: Copy
    target: ClusterTarget
    namespace: str
    container: str
    preserve: bool
    pace: Pace
    tell: Tell

    def command(self, argv: tuple[str, ...], *, stdin: bool) -> Command:
        """A command in the container of this copy."""
        window = 0 if self.pace.limit is None else max(LEAST_WINDOW, int(self.pace.limit * WINDOW))
        return Command(self.namespace, self.copy.there.pod, self.container, argv, stdin=stdin, window=window)

    def by_hand(self, *argv: str) -> str:
        """The command line that runs something in the container of this copy."""
        return f"{self._command('exec', '-c', self.container)} -- {shlex.join(argv)}"

    def debug(self) -> str:
        """The command line that puts a container with a tar beside it."""
        return self._command("debug", "--target", self.container)

    def _command(self, verb: str, *options: str) -> str:
        pod = ObjectKey(self.target.name, POD, self.namespace, self.copy.there.pod)
        return edgetui(self.target, verb, pod, *options)

    @property
    def where(self) -> str:
        """The container, for a sentence."""
        return f"container {self.container} of pod {self.copy.there.pod}"


class Result(msgspec.Struct, frozen=True):
    """What came of a copy; `said` are lines of the tar in the container, `code` is its exit code."""

    tally: Tally
    code: int
    said: tuple[str, ...]

    @property
    def well(self) -> bool:
        """Whether everything was copied."""
        return not self.code and not self.tally.left_out


class _Ends:
    """The near side of a tar in a container. `stdin` is whether that is sent anything."""

    attended = False
    stdin = True

    def __init__(self, task: Task) -> None:
        self.task = task
        self.said = bytearray()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Nothing has to be held."""
        yield

    async def done(self, ended: Ended) -> None:
        """What it means is found out by whoever started it."""

    async def sizes(self) -> AsyncIterator[tuple[int, int]]:
        """There is no terminal."""
        return
        yield

    def hear(self, data: bytes) -> None:
        """Keep the beginning of what is said."""
        self.said += data[: MOST_SAID - len(self.said)]

    @property
    def lines(self) -> list[str]:
        """The same as lines that may be shown."""
        return [visible(line) for line in self.said.decode(errors="replace").splitlines() if line.strip()]


class Receiving(_Ends):
    """What comes from a container, into files. It can go on with another command where a first one was cut off."""

    def __init__(self, task: Task, *, shell: bool = True) -> None:
        super().__init__(task)
        self.argv, self._root = far_side.send(task.copy.source.path, stays=shell)
        self.stdin = shell
        self._resumes = False
        self.begin()

    def begin(self) -> None:
        """From the beginning, whatever came before."""
        self._reader = TarReader()
        self._whole = asyncio.Event()
        self._unpacker = Unpacker(self.task.copy.target.path, self._root, preserve=self.task.preserve)
        self._last: Member | None = None
        self._again = b""
        self._garbage: Refusal | None = None
        self._first = b""
        self._came = 0

    def go_on(self) -> None:
        """With what comes next after what has come, where there is anything."""
        self.said.clear()
        if self._last is None:
            self.close()
            self.begin()
            self.argv, _ = far_side.send(self.task.copy.source.path, stays=self.stdin)
            return
        self.stdin = self._resumes = True
        self._again = self._last.raw
        header = (self._last.start, len(self._last.raw))
        self.argv = far_side.resume(self.task.copy.source.path, header, self._reader.read)

    @property
    def tally(self) -> Tally:
        """What has been copied."""
        return self._unpacker.tally

    @property
    def moved(self) -> int:
        """Bytes of the archive that have come."""
        return self._reader.read

    def close(self) -> None:
        """Remove what is not complete."""
        self._unpacker.close()

    async def input(self) -> AsyncIterator[bytes]:
        """A line, once the whole archive has come: the command there stays until then."""
        await self._whole.wait()
        yield b"\n"

    async def write(self, channel: Channel, data: bytes) -> None:
        """Take what comes. Raises Refusal for what no honest tar sends, CannotWrite, Changed."""
        if channel is not Channel.STDOUT:
            self.hear(data)
            return
        await _aside(self._take, data)
        if self._reader.ended:
            self._whole.set()
        self.task.tell(self.tally.bytes, self._unpacker.total)
        await self.task.pace.spend(len(data))

    def _take(self, data: bytes) -> None:
        if self._again:
            before, data = data[: len(self._again)], data[len(self._again) :]
            if not self._again.startswith(before):
                raise Changed
            self._again = self._again[len(before) :]
        self._came += len(data)
        self._first = (self._first + data)[:MOST_SAID]
        if self._garbage is not None:
            if self._came > MOST_GARBAGE:
                raise self._garbage
            return
        try:
            for event in self._reader.feed(data):
                if isinstance(event, Member):
                    self._last = event
                self._unpacker.take(event)
        except Refusal as refused:
            if self._last is not None:
                raise
            self._garbage = refused  # it may be how a container runtime says that there is no tar

    def result(self, ended: Ended) -> Result:
        """What came of it, once the command has ended. Raises Refusal where that is nothing."""
        lines = self.lines
        if self._reader.ended and self._last is not None:
            return Result(self.tally, ended.code, tuple(lines))
        first = self._first.decode(errors="replace")
        if far_side.is_missing(ended.code, ended.sentence, first, *lines):
            if self.stdin and not self._resumes and not any("tar" in one for one in lines):
                raise NoShell
            raise without_tar(self.task, "sh or tail" if self._resumes else "tar")
        if self._garbage is not None:
            raise self._garbage
        why = _why(lines, ended)
        if self._last is None:
            raise Refusal(f"Nothing was copied from {self.task.where}: {why}.", _look(self.task))
        raise CutOff(f"The tar in {self.task.where} ended in the middle: {why}.", self.left())

    def left(self) -> str:
        """What there is after it was cut off."""
        done = plural(self.tally.files, "file is", "files are")
        return f"{done} complete, and the one that is not was removed."


class Sending(_Ends):
    """Local files, into a container."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        source = task.copy.source.path
        self._temporary = f".edgetui.{secrets.token_hex(6)}.tmp"
        self._packer = Packer(source, self._temporary)
        if self._packer.empty:
            raise Refusal(
                f"There is nothing in {visible(source)} that can be copied.", " ".join(self.tally.told[:1])
            )
        self.moved = 0
        """Bytes of the archive that were sent."""
        self.argv = far_side.receive(
            task.copy.target.path,
            far_side.base(source),
            self._temporary,
            directory=self._packer.is_directory,
            length=self._packer.length,
            options=() if task.preserve else far_side.NO_OWNERS,
        )

    @property
    def tally(self) -> Tally:
        """What has been sent."""
        return self._packer.tally

    async def input(self) -> AsyncIterator[bytes]:
        """The archive."""
        pace = self.task.pace
        most = (
            MOST_INPUT if pace.limit is None else int(min(MOST_INPUT, max(512, pace.limit / PIECES_A_SECOND)))
        )
        pieces = self._packer.pieces(most)
        while piece := await _aside(next, pieces, b""):
            self.moved += len(piece)
            yield piece
            self.task.tell(self.tally.bytes, self._packer.total)
            await pace.spend(len(piece))

    async def write(self, channel: Channel, data: bytes) -> None:
        """Hear what is said there."""
        self.hear(data)

    def result(self, ended: Ended) -> Result:
        """What came of it, once the command has ended. Raises Refusal where that is nothing."""
        if not ended.code:
            return Result(self.tally, 0, tuple(self.lines))
        if far_side.is_missing(ended.code, ended.sentence, *self.lines):
            raise without_tar(self.task, "tar, or no sh")
        why = _why(self.lines, ended)
        raise Refusal(f"Nothing was copied to {self.task.where}: {why}.", _look(self.task))

    def left(self) -> str:
        """What there is after it was cut off."""
        if self.moved == self._packer.length:
            return "It may have arrived: look at the pod."
        return f"Under its name nothing has changed there; {self._temporary} may be left beside it."


Run = Callable[[Command, Receiving | Sending], Awaitable[Ended]]


async def copy(
    task: Task, run: Run, retries: int, again: Callable[[str], None], wait: Callable[[int], Awaitable[None]]
) -> Result:
    """Carry it out. After a lost link it goes on where it was, at most `retries` times, for ever below 0.

    `run` runs a command and raises as `execute` does; `again` hears why it is tried again, `wait` waits before that by
    how often it was since anything came. Raises Refusal, CutOff, CannotWrite, and as `run` where nothing has begun.
    """
    tries = vain = before = 0
    ends = await _aside(_ends, task)
    try:
        while True:
            try:
                return ends.result(await run(task.command(ends.argv, stdin=ends.stdin), ends))
            except NoShell:
                if isinstance(ends, Receiving):
                    await _aside(ends.close)
                ends = await _aside(partial(Receiving, task, shell=False))
            except Changed:
                again("It is not what it was when the link was lost: starting over.")
                ends = await _over(ends)
            except (*LOST, CutOff) as lost:
                if tries == retries:
                    raise _told(lost, ends, tries) from lost
                tries, vain = tries + 1, 1 if ends.moved > before else vain + 1
                before = ends.moved
                of = f" of {retries}" if retries > 0 else ""
                again(f"{lost.sentence} Going on at {size(ends.tally.bytes)}, retry {tries}{of}.")
                await wait(vain)
                ends = await _over(ends) if isinstance(ends, Sending) else ends
                if isinstance(ends, Receiving):
                    await _aside(ends.go_on)
    finally:
        if isinstance(ends, Receiving):
            ends.close()


def _ends(task: Task) -> Receiving | Sending:
    return Receiving(task) if task.copy.download else Sending(task)


async def _over(ends: Receiving | Sending) -> Receiving | Sending:
    if isinstance(ends, Receiving):
        await _aside(ends.close)
    return await _aside(_ends, ends.task)


def _told(lost: EdgetuiError, ends: Receiving | Sending, tries: int) -> EdgetuiError:
    begun = ends.moved
    if isinstance(lost, CutOff) or not begun:
        return lost
    step = "" if tries else " With --retries 5 it goes on by itself."
    return CutOff(lost.sentence, f"{ends.left()} Run it again.{step}")


def without_tar(task: Task, what: str) -> Refusal:
    """The container lacks what copying needs."""
    copied = task.copy
    cat = f"{task.by_hand('cat', copied.there.path)} > {shlex.quote(copied.target.path)}"
    by_hand = (
        f"This copies one file without it: {cat}"
        if copied.download
        else f"A container beside it has one: {task.debug()}"
    )
    return Refusal(f"{task.where[:1].upper()}{task.where[1:]} has no {what}: nothing was copied.", by_hand)


def _why(lines: list[str], ended: Ended) -> str:
    """Why a command failed, as a sentence without its stop."""
    return (lines[0] if lines else ended.sentence or f"exit code {ended.code}").rstrip(". ")


def _look(task: Task) -> str:
    return f"Look at what is there: {task.by_hand('ls', '-la')}"


async def _aside(call: Callable[..., T], *given: Any) -> T:
    """What `call` gives, made in a thread that is waited for in every case: it holds files that are closed later."""
    work = asyncio.ensure_future(asyncio.to_thread(call, *given))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise

"""The person's editor, and the file that it gets: in a directory of its own that nobody else can read, and gone after.

The text goes back to the program when the editor ends, and the file and all that the editor left beside it (swap files,
backups) are deleted in every ending. Where the process is killed the next edit deletes it. The text of a person whose
editor failed is kept in memory, and offered again: on the disk it could be read for as long as the disk lives.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import shlex
import shutil
import signal
import stat
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from edgetui.actions.messages import Cancelled, Refusal
from edgetui.actions.objects.edit_text import MOST_BYTES
from edgetui.model.text import clean

PREFIX = "edgetui-edit-"
ENDS_WITHIN = 1.0
"""Seconds that an editor gets to end by itself when edgetui ends."""
FOR_THE_EDITOR = (signal.SIGINT, signal.SIGQUIT)
"""Signals that the terminal sends to both and that mean the editor."""
ENDING = (signal.SIGTERM, signal.SIGHUP)


class NotEdited(Refusal):
    """There is no text to write, and nothing was changed: the sentence says both."""

    outcome = ""


def editor_words(environ: Mapping[str, str], path: Path) -> list[str]:
    """The editor and its arguments, as kubectl finds them (pkg/cmd/util/editor): KUBE_EDITOR, EDITOR, else vi.

    One with quotation marks or backslashes is a command line for $SHELL.
    """
    editor = environ.get("KUBE_EDITOR") or environ.get("EDITOR") or "vi"
    if " " in editor and any(mark in editor for mark in "\"'\\"):
        return [environ.get("SHELL") or "/bin/bash", "-c", f"{editor} {shlex.quote(str(path))}"]
    return [*editor.split(), str(path)]


class EditFile:
    """A text on the disk while an editor has it. Mode 0600, in a directory of mode 0700."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def put(self, text: str) -> None:
        """What the editor gets. Raises Refusal where there is no room for it."""
        try:
            handle = os.open(
                self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
            )
            with open(handle, "wb") as file:  # noqa: PTH123 - by its descriptor
                file.write(text.encode())
        except OSError as problem:
            raise _no_file(self.path.parent.parent, problem) from None

    def read(self) -> bytes:
        """What the editor left, at most MOST_BYTES and one; nothing where it left no file."""
        try:
            if not stat.S_ISREG(self.path.lstat().st_mode):
                raise OSError(errno.EINVAL, "it is no file any more")
            handle = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(handle, "rb") as file:  # noqa: PTH123 - by its descriptor
                return file.read(MOST_BYTES + 1)
        except FileNotFoundError:
            return b""
        except OSError as problem:
            raise NotEdited(
                f"What the editor left cannot be read ({problem.strerror or problem}): nothing was changed."
            ) from None


@contextmanager
def edit_file(name: str, environ: Mapping[str, str]) -> Iterator[EditFile]:
    """A file of this name for an editor, deleted with all that is beside it. Raises Refusal for no room.

    It is in the user's runtime directory (XDG_RUNTIME_DIR: in memory, of this user alone), else in TMPDIR.
    """
    base = _base(environ)
    _sweep(base)
    try:
        directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
    except OSError as problem:
        raise _no_file(base, problem) from None
    handle = -1
    try:
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield EditFile(directory / name)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        if handle >= 0:
            os.close(handle)


def _base(environ: Mapping[str, str]) -> Path:
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if runtime:
        with contextlib.suppress(OSError):
            found = Path(runtime).stat()
            if found.st_uid == os.geteuid() and not found.st_mode & 0o077 and os.access(runtime, os.W_OK):
                return Path(runtime)
    return Path(tempfile.gettempdir())


def _sweep(base: Path) -> None:
    """Delete what an edgetui that was killed has left here: nobody holds its lock any more."""
    with contextlib.suppress(OSError):
        for left in base.glob(f"{PREFIX}*"):
            with contextlib.suppress(OSError):
                handle = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
                try:
                    if os.fstat(handle).st_uid == os.geteuid():
                        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        shutil.rmtree(left, ignore_errors=True)
                finally:
                    os.close(handle)


def _no_file(base: Path, problem: OSError) -> NotEdited:
    return NotEdited(
        f"The text cannot be put into a file in {base} ({problem.strerror or problem}): nothing was changed.",
        "Free some space there, or set TMPDIR to a directory that has some.",
    )


@contextmanager
def handled(
    handler: Callable[[int, FrameType | None], None], numbers: Sequence[signal.Signals]
) -> Iterator[None]:
    """While these signals come to `handler`. It is no SIG_IGN: that a program would inherit."""
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        for number in numbers:
            signal.signal(number, handler)
        yield
    finally:
        for number, handled_by in before.items():
            signal.signal(number, handled_by)


async def run_program(argv: Sequence[str]) -> int:
    """Run a program on this process's own terminal; its exit code, negative for a signal. Raises OSError.

    It is in this process's group, so that ctrl+z stops and `fg` continues both, and ctrl+c is for the program alone.
    Where nobody waits any more it is told that the terminal is gone, and killed where it does not end.
    """
    with handled(lambda number, frame: None, FOR_THE_EDITOR):
        program = await asyncio.create_subprocess_exec(*argv)
        try:
            return await program.wait()
        finally:
            if program.returncode is None:
                await _end(program)


async def _end(program: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        program.send_signal(signal.SIGHUP)
        try:
            async with asyncio.timeout(ENDS_WITHIN):
                await program.wait()
        except (TimeoutError, asyncio.CancelledError):
            program.kill()


class OwnTerminal:
    """The terminal of a command, for an editor. `ask` puts a yes-or-no question where the person is `attended`."""

    def __init__(self, ask: Callable[[str], Awaitable[bool]], *, attended: bool) -> None:
        self.attended = attended
        self._ask = ask

    async def run(self, argv: Sequence[str]) -> int:
        """Run the editor; where edgetui is told to end meanwhile both do, and what was typed is gone.

        Raises Cancelled for that, OSError where it cannot be started.
        """
        loop, running = asyncio.get_running_loop(), asyncio.ensure_future(run_program(argv))
        ended: list[int] = []

        def end(number: int, frame: FrameType | None) -> None:
            ended.append(number)
            loop.call_soon_threadsafe(running.cancel)

        try:
            with handled(end, ENDING):
                return await running
        except asyncio.CancelledError:
            if not ended:
                raise
            raise Cancelled(f"Ended by {signal.Signals(ended[0]).name}: nothing was changed.") from None

    async def again(self, sentence: str) -> bool:
        """Ask on the terminal."""
        return self.attended and await self._ask(f"{sentence} Open it again with your text?")


def how_it_ended(argv: Sequence[str], code: int) -> str:
    """An editor that did not end well, as a sentence."""
    name = clean(Path(argv[0]).name, 60)
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"The editor {name} was killed ({signal.Signals(-code).name}): nothing was changed."
    return f"The editor {name} ended with exit code {code}: nothing was changed."


def not_started(argv: Sequence[str], problem: OSError) -> NotEdited:
    """There is no such editor, or it is no program."""
    name = clean(argv[0], 120)
    why = "there is none" if isinstance(problem, FileNotFoundError) else problem.strerror or str(problem)
    return NotEdited(
        f"The editor “{name}” cannot be started ({why}): nothing was changed.",
        "Set KUBE_EDITOR or EDITOR to one that this machine has, for example EDITOR=nano.",
    )

"""A pytest that has imported and collected once, and runs some of its tests for each change in a fork of itself.

The changed file lies in the tree by then: programs that a test starts and modules that nothing has imported yet are
read from there. What was imported before the change gets its new functions in the fork.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

import pytest

from .in_place import AtImport, Imported

DESCRIPTOR = "TEST_EDGETUI_MUTANTS_DESCRIPTOR"


class Forks:
    """The process that has collected these files of a tree; it takes one change at a time."""

    def __init__(self, place: Path, files: Sequence[str], environment: Mapping[str, str]) -> None:
        self._place = place
        self._line, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, *files],
                cwd=place,
                env={**environment, DESCRIPTOR: str(theirs.fileno())},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.tests: frozenset[str] = self._line.recv()

    def takes(self, file: str, before: bytes, after: bytes) -> bool:
        """Whether a fork can have this change of a file; else it takes a process that imports the file after it."""
        self._line.send((str(self._place / file), before, after))
        can: bool = self._line.recv()
        return can

    def run(self, file: str, before: bytes, tests: Sequence[str], limit: float) -> int | None:
        """The exit code of pytest with the file as it is now, None if it took too long; `before` was imported."""
        self._line.send((str(self._place / file), before, (self._place / file).read_bytes(), tests, limit))
        code: int | None = self._line.recv()
        return code

    def close(self) -> None:
        """End it."""
        self._line.close()
        self._process.wait()


class Forking:
    """The plugin: instead of running what was collected it waits for changes, and runs what is asked for in forks."""

    def __init__(self, line: Connection) -> None:
        self._line = line
        self._imported = Imported()

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(self) -> None:
        self._imported.begin()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        self._imported.end(str(session.config.rootpath))
        gc.freeze()
        self._line.send(frozenset(items))
        with contextlib.suppress(EOFError):
            while True:
                file, before, after, *asked = self._line.recv()
                try:
                    replacements = self._imported.replacements(file, before, after)
                except AtImport:
                    self._line.send(False)
                    continue
                if not asked:
                    self._line.send(True)
                    continue
                tests, limit = asked
                fork = os.fork()
                if not fork:
                    for function, code in replacements:
                        function.__code__ = code
                    _run([items[test] for test in tests])
                self._line.send(_exit_code(fork, limit))
        return True


def _run(tests: Sequence[pytest.Item]) -> NoReturn:
    """Run them up to the first that fails, and end this process at once: its end is not the end of the session."""
    code = 1
    try:
        os.setsid()
        for test, following in zip(tests, [*tests[1:], None], strict=True):
            test.ihook.pytest_runtest_protocol(item=test, nextitem=following)
            if test.session.testsfailed:
                break
        else:
            code = 0
    finally:
        os._exit(code)


def _exit_code(process: int, limit: float) -> int | None:
    handle = os.pidfd_open(process)
    try:
        ended, _, _ = select.select([handle], [], [], limit)
    finally:
        os.close(handle)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process, 9)
        _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status) if ended else None


if __name__ == "__main__":
    options = ["-x", "-q", "--no-header", "-p", "no:cacheprovider", f"--basetemp={Path.cwd() / 'tmp'}"]
    with Connection(int(os.environ.pop(DESCRIPTOR))) as ours:
        pytest.main([*options, *sys.argv[1:]], plugins=[Forking(ours)])

"""A pytest plugin that notes which tests come to which of the probes in the program's text (`mutations.probed`).

Nothing else is traced, so the suite takes no longer than it does alone. A process that a test starts tells what it came
to through a file: `told_by_others` goes to the end of the package's own text for that.
"""

from __future__ import annotations

import builtins
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .mutations import PROBE

NOTED = "TEST_EDGETUI_MUTANTS_NOTED"
_OTHERS = """
import builtins, os

if not hasattr(builtins, {probe!r}):

    def _came(probe, told=set()):
        if probe not in told:
            told.add(probe)
            try:
                handle = os.open({file!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
                os.write(handle, probe.encode() + b"\\n")
                os.close(handle)
            except OSError:
                pass

    setattr(builtins, {probe!r}, _came)
"""


def told_by_others(noted: str) -> str:
    """What a process without this plugin does at a probe: it adds a line to a file beside the notes, once each."""
    return _OTHERS.format(probe=PROBE, file=_others(noted))


def _others(noted: str) -> str:
    return f"{noted}.others"


class Notes:
    """For each probe, the tests that came to it; and how long each test took."""

    def __init__(self, noted: str) -> None:
        self._test = ""
        self._others = Path(_others(noted))
        self.ran: dict[str, set[str]] = {}
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()

    def came(self, probe: str) -> None:
        """What a probe calls."""
        if self._test:
            self.ran.setdefault(probe, set()).add(self._test)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._test, began = item.nodeid, time.monotonic()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = time.monotonic() - began
            if self._others.exists():
                for probe in self._others.read_text().splitlines():
                    self.came(probe)
                self._others.unlink()
            self._test = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)


def pytest_configure(config: pytest.Config) -> None:
    notes = Notes(os.environ[NOTED])
    config.pluginmanager.register(notes, "mutants")
    setattr(builtins, PROBE, notes.came)


def pytest_unconfigure(config: pytest.Config) -> None:
    notes = config.pluginmanager.get_plugin("mutants")
    assert isinstance(notes, Notes)
    document = {
        "tests": {probe: sorted(tests - notes.failed) for probe, tests in notes.ran.items()},
        "seconds": notes.seconds,
        "failed": sorted(notes.failed),
    }
    Path(os.environ[NOTED]).write_text(json.dumps(document))

"""A pytest plugin that notes which tests run which of the lines that are asked about.

Only functions that hold such a line are traced, so the suite takes hardly longer than it does alone.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

ASKED, NOTED = "EDGETUI_MUTANTS_ASKED", "EDGETUI_MUTANTS_NOTED"


class Notes:
    """For each line that is asked about, the tests that ran it; line 0 is any function of the file."""

    def __init__(self, root: Path, asked: dict[str, list[int]]) -> None:
        self._asked = {str(root / name): frozenset(lines) for name, lines in asked.items()}
        self._known: dict[CodeType, frozenset[int]] = {}
        self._test = ""
        self.ran: dict[str, dict[int, set[str]]] = {
            str(root / name): {line: set() for line in lines} for name, lines in asked.items()
        }
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()

    def called(self, frame: FrameType, event: str, _argument: Any) -> Any:
        """The trace function of every call."""
        code = frame.f_code
        lines = self._known.get(code)
        if lines is None:
            asked = self._asked.get(code.co_filename, frozenset())
            own = {line for _, _, line in code.co_lines() if line is not None} if asked else set()
            lines = self._known[code] = (asked & own) | (asked & {0})
        if 0 in lines and self._test:
            self.ran[code.co_filename][0].add(self._test)
        return self._line if lines - {0} else None

    def _line(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line" and self._test:
            tests = self.ran[frame.f_code.co_filename].get(frame.f_lineno)
            if tests is not None:
                tests.add(self._test)
        return self._line

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._test, began = item.nodeid, time.monotonic()
        threading.settrace(self.called)
        sys.settrace(self.called)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type]
            self.seconds[item.nodeid] = time.monotonic() - began
            self._test = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)


def pytest_configure(config: pytest.Config) -> None:
    root = Path(str(config.rootpath))
    notes = Notes(root, json.loads(Path(os.environ[ASKED]).read_text()))
    config.pluginmanager.register(notes, "mutants")


def pytest_unconfigure(config: pytest.Config) -> None:
    notes = config.pluginmanager.get_plugin("mutants")
    assert isinstance(notes, Notes)
    found = {
        f"{Path(name).relative_to(config.rootpath)}:{line}": sorted(tests - notes.failed)
        for name, lines in notes.ran.items()
        for line, tests in lines.items()
    }
    document = {"tests": found, "seconds": notes.seconds, "failed": sorted(notes.failed)}
    Path(os.environ[NOTED]).write_text(json.dumps(document))

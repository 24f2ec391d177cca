"""Commands of edgetui as a script runs them: their exit code, their object and what they say."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from edgetui.actions import cli


class Said(NamedTuple):
    """How a command ended, the object it printed, and its stderr."""

    code: int
    found: dict[str, Any]
    said: str


class Command:
    """Runs commands with --json, and with `common` behind their own arguments."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *common: str) -> None:
        self._capsys = capsys
        self._common = common

    def __call__(self, *arguments: str) -> Said:
        self._capsys.readouterr()
        code = cli.main([*arguments, *self._common, "--json"])
        said = self._capsys.readouterr()
        return Said(code, json.loads(said.out), said.err)

    def agreed(self, *arguments: str) -> Said:
        """The same, agreed to in advance."""
        return self(*arguments, "--yes")

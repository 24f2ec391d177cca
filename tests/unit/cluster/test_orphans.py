"""The guardian of programs that must not outlive this one: how it is started, what it is told, and when again."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from edgetui.cluster.auth import orphans
from edgetui.cluster.auth.orphans import guard, prepare, release


class Shell:
    """Takes the place of the shell: how it was started, what it was told, whether it has ended."""

    started: list[Shell]

    def __init__(self, argv: list[str], **options: Any) -> None:
        self.argv, self.options, self.code = argv, options, None
        self.told: list[bytes] = []
        self.stdin = self
        self.fails = False
        Shell.started.append(self)

    def poll(self) -> int | None:
        return self.code

    def write(self, data: bytes) -> None:
        if self.fails:
            raise BrokenPipeError
        self.told.append(data)


@pytest.fixture(autouse=True)
def shells(monkeypatch: pytest.MonkeyPatch) -> list[Shell]:
    Shell.started = []
    monkeypatch.setattr(subprocess, "Popen", Shell)
    monkeypatch.setattr(orphans, "_guardian", orphans._Guardian())
    return Shell.started


def test_one_shell_is_told_of_every_group(shells: list[Shell]) -> None:
    prepare()
    guard(7)
    release(7)
    (shell,) = shells
    assert shell.told == [b"", b"+ 7\n", b"- 7\n"]
    assert shell.argv == ["/bin/sh", "-c", orphans._SCRIPT]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    assert shell.options == {"stdin": subprocess.PIPE, **quiet, "start_new_session": True, "bufsize": 0}


def test_one_that_has_ended_is_replaced_and_one_that_breaks_harms_nobody(shells: list[Shell]) -> None:
    prepare()
    shells[0].fails = True
    guard(7)
    assert len(shells) == 1
    shells[0].code = 1  # type: ignore[assignment]
    guard(8)
    assert [one.told for one in shells] == [[b""], [b"+ 8\n"]]

"""Guards without a cluster: what an earlier one left in the record, and what the command prints."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.cli.long_running import Log
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.guard.action import seconds as read
from edgetui.actions.guard.record import Open, Past, past
from edgetui.actions.messages import Step

BAD = {"template": "bad", "target": "good", "evidence": ["image not found"], "seconds": 120.0}


def left(tmp_path: Path, *records: dict[str, Any], uid: str = "uid-1") -> Past:
    """What is found of uid-1 in a record of these lines."""
    log = AuditLog(tmp_path / "audit.jsonl")
    for record in records:
        log.append({"uid": uid, "run": "r1", "guard": BAD} | record)
    return past(log.path, "uid-1")


INTENT = {"event": "intent"}


@pytest.mark.parametrize(
    ("rest", "spent", "missing"),
    [
        ([], True, True),
        ([{"event": "result", "result": "unknown"}], True, True),
        ([{"event": "result", "result": "done"}], True, False),
        ([{"event": "result", "result": "refused"}], False, False),
        ([{"event": "result", "result": "refused"}, INTENT], True, True),
        (
            [{"event": "result", "result": "refused"}, INTENT, {"event": "result", "result": "done"}],
            True,
            False,
        ),
        ([{"event": "result", "result": "unknown"}, {"event": "outcome", "result": "failed"}], True, False),
        ([{"event": "found", "result": "not arrived"}], True, False),
    ],
    ids=lambda value: (
        "" if isinstance(value, bool) else "-".join(str(one.get("result", "intent")) for one in value)
    ),
)
def test_what_may_have_been_written_counts_and_what_nobody_knows_is_looked_up(
    tmp_path: Path, rest: list[dict[str, Any]], spent: bool, missing: bool
) -> None:
    found = left(tmp_path, INTENT, *rest)
    assert found.spent == (frozenset({"bad"}) if spent else frozenset())
    assert found.targets == (frozenset({"good"}) if spent else frozenset())
    assert found.open == ((Open("r1", "bad", "good"),) if missing else ())


def test_templates_that_served_are_remembered_the_newest_last(tmp_path: Path) -> None:
    seen = [{"event": "guard", "guard": {"state": "good", "template": one}} for one in ("a", "b", "a")]
    assert left(tmp_path, *seen).good == ("b", "a")


def test_other_objects_other_actions_and_torn_lines_say_nothing(tmp_path: Path) -> None:
    assert past(tmp_path / "none", "uid-1") == Past()
    assert left(tmp_path, INTENT, uid="uid-2") == Past()
    assert left(tmp_path, INTENT | {"guard": None}) == Past()
    with (tmp_path / "audit.jsonl").open("a") as file:
        file.write('{"uid":"uid-1","event":"intent","guard":{"templ')
    assert past(tmp_path / "audit.jsonl", "uid-1") == Past()


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("5m", 300), ("1h30m", 5400), ("1.5m", 90), ("1s", 1)]
)
def test_a_span_of_time(text: str, seconds: float) -> None:
    assert read(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "5 minutes", "-3s", "0s", "500ms"])
def test_what_is_no_span_of_time(text: str) -> None:
    with pytest.raises(ValueError):
        read(text)


class Gone(io.StringIO):
    """A terminal that hung up."""

    def write(self, text: str) -> int:
        raise OSError(5, "Input/output error")

    def isatty(self) -> bool:
        return True


def test_a_terminal_that_is_gone_ends_nothing() -> None:
    log = Log(Gone(), stamped=True)
    assert log.status("deployment press: watching") is False
    log.line("deployment press: rolls back in 2m")
    log.step(Step("Putting it back", "doing"))
    assert log.status("deployment press: watching") is False


def test_lines_are_clean_and_steps_are_told_once_they_are_done() -> None:
    out = io.StringIO()
    log = Log(out, stamped=False)
    log.line("image \x1b[31mred\nnot found")
    log.step(Step("The server accepted it", "done"))
    assert out.getvalue() == "image  [31mred not found\n  The server accepted it\n"

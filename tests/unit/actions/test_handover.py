"""What edgetui did, handed over: every ending in words, attempts that changed nothing too, as text and as JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgetui.actions import cli
from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.change.spec import spec_of
from edgetui.actions.cli.audit import lines_of
from edgetui.actions.gate.audit import AuditLog, default_path
from edgetui.actions.gate.handover import OUTCOMES, Act, acts

from .every_action import CASES, Case
from .scripted import DROP
from .site import APPLY_THEN_DROP, Shell, shell_on
from .test_rotate import rotated
from .tokens import MINT, rotating

EACH = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@pytest.fixture
def shell(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    with shell_on(case.site(), tmp_path, monkeypatch, capsys) as found:
        yield found


def last() -> Act:
    """The newest act of this machine."""
    return acts(AuditLog(default_path()).recent())[0]


def test_what_undo_can_take_back_is_what_has_a_way_back() -> None:
    specs = {row.id: spec_of(row.id) for row in ACTIONS.values() if row.module}
    assert {name for name, spec in specs.items() if spec.back} == {r.id for r in ACTIONS.values() if r.undone}


@EACH
def test_each_action_is_told_with_its_object_and_whether_undo_takes_it_back(case: Case, shell: Shell) -> None:
    assert shell.run(*case.words, "--yes").code == 0
    one = last()
    namespace = "line-2" if "/namespaces/" in case.path else ""
    assert (one.cluster, one.namespace, one.outcome) == ("plant", namespace, "reached")
    assert one.words and one.who
    assert one.undoable == (case.undone != "final")
    if case.undone == "yes":
        assert shell.run("undo", case.words[1], "--yes").code == 0
        undone, before = acts(AuditLog(default_path()).recent())
        assert undone.words == f"undo: {before.words}"
        assert not before.undoable and not undone.undoable


@pytest.mark.parametrize("case", [CASES["scale"]], ids=["scale"])
@pytest.mark.parametrize(
    ("fault", "outcome"),
    [(0, "reached"), (403, "refused"), (422, "refused"), (DROP, "unknown"), (APPLY_THEN_DROP, "reached")],
)
def test_every_ending_has_its_word(case: Case, shell: Shell, fault: int, outcome: str) -> None:
    shell.site.fault = fault
    shell.run(*case.words, "--yes", "--timeout", "0.05" if fault == DROP else "5")
    one = last()
    assert (one.outcome, one.change) == (outcome, "replicas 3 -> 5")
    text = "\n".join(lines_of(one))
    assert OUTCOMES[outcome] in text and "replicas 3 -> 5" in text
    assert ("undo takes it back" in text) == (outcome == "reached")


@pytest.mark.parametrize("case", [CASES["scale"]], ids=["scale"])
def test_an_attempt_that_was_not_sent_is_told_with_its_reason(case: Case, shell: Shell) -> None:
    shell.site.dry_fault = DROP
    shell.run(*case.words, "--yes")
    one = last()
    assert (one.outcome, one.change, one.undoable) == ("unsent", "replicas 3 -> 5", False)
    assert "did not answer the dry run" in lines_of(one)[-1]


def test_a_run_that_was_killed_in_the_middle_may_have_arrived() -> None:
    intent = {"event": "intent", "run": "1", "action": "scale", "words": "scale x", "before": {}, "after": {}}
    (one,) = acts([intent])
    assert (one.outcome, one.well) == ("unknown", False)
    (one,) = acts([intent, {"event": "result", "run": "1", "result": "done"}])
    assert (one.outcome, one.well) == ("done", True)


async def test_a_rotation_is_one_act(tmp_path: Path) -> None:
    async with rotating(tmp_path) as here:
        await rotated(here)
        here.issuer.fault = lambda request: (500, {}) if request.path == MINT else None
        with pytest.raises(Exception, match="500"):
            await rotated(here)
        bad, good = acts(here.hands.log.recent())
    assert (good.words, good.outcome) == ("rotate the token of kim", "reached")
    assert (bad.words, bad.outcome) == ("rotate the token of kim", "failed")
    assert "was taken away again; the old token is untouched" in bad.message


@pytest.mark.parametrize(
    "record", [{}, {"who": 3, "object": [], "time": "x"}, {"event": "outcome", "result": 7}]
)
def test_an_odd_record_is_told_as_well_as_it_can_be(record: dict[str, object]) -> None:
    (one,) = acts([record])
    assert one.outcome in OUTCOMES
    assert lines_of(one)


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AuditLog:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    log = AuditLog(default_path())
    for age, name in ((7200, "old"), (60, "new")):
        moment = time.strftime("%Y-%m-%dT%H:%M:%S.000+00:00", time.gmtime(time.time() - age))
        same = {"run": name, "time": moment, "action": "scale", "cluster": "plant", "who": {"user": "kim"}}
        log.append({**same, "event": "intent", "words": f"scale \x1b[31m{name}", "before": {}, "after": {}})
        log.append({**same, "event": "result", "result": "done"})
    return log


def test_the_command_prints_what_is_new_enough(record: AuditLog, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", "--since", "1h"]) == 0
    said = capsys.readouterr().out
    assert "kim  plant: scale" in said and "new" in said and "old" not in said
    assert "\x1b" not in said
    assert cli.main(["audit", "--since", "3h", "--json"]) == 0
    out = capsys.readouterr().out
    assert out.isascii()
    assert [one["run"] for one in json.loads(out)["actions"]] == ["new", "old"]


def test_nothing_done_is_said_and_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", "--file", str(tmp_path / "none")]) == 0
    assert "did nothing" in capsys.readouterr().err


@pytest.mark.parametrize("age", ["h", "-1h", "1y", ""])
def test_an_age_that_is_none_is_wrong_usage(age: str) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["audit", f"--since={age}"])
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ({"user": "kim"}, "kim"),
        ({"user": "root", "sudo_user": "kim"}, "kim"),
        ({}, "somebody"),
        (None, "somebody"),
    ],
)
def test_who_did_it_is_told_as_far_as_it_is_known(who: object, said: str) -> None:
    (one,) = acts([{"event": "outcome", "result": "reached", "who": who}])
    assert one.who == said


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("started", "started"),
        ("good", "started"),
        ("done", "ended"),
        ("cancelled", "ended"),
        ("stopped", "ended"),
    ],
)
def test_a_guard_has_started_until_it_ends(state: str, outcome: str) -> None:
    begun = {"event": "guard", "run": "1", "action": "guard", "guard": {"state": "started"}}
    (one,) = acts([begun, {**begun, "guard": {"state": state}}])
    assert one.outcome == outcome

"""Every action, every ending: exit code, JSON, audit record and what the server saw, on a server that does as told."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.cli import COMMANDS

from .every_action import CASES, Case
from .scripted import DROP
from .site import APPLY_THEN_DROP, Shell, Site, shell_on


def some(chosen: Callable[[Case], bool]) -> pytest.MarkDecorator:
    """A test for each of these actions."""
    found = {name: case for name, case in CASES.items() if chosen(case)}
    return pytest.mark.parametrize("case", found.values(), ids=found)


EACH = some(lambda case: True)
WITH_A_VALUE = some(lambda case: bool(case.same))
WITH_A_VERSION = some(lambda case: case.words[0] != "delete-stuck-pod")


@pytest.fixture
def shell(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    with shell_on(case.site(), tmp_path, monkeypatch, capsys) as found:
        yield found


def edited(site: Site, case: Case) -> None:
    """Somebody else sets what the case says."""
    for part, values in (case.again or {}).items():
        site.objects[case.path][part] |= values
    site.touch(case.path, spec=True)


def outcomes(shell: Shell, *words: str) -> tuple[int, str]:
    told = shell.run(*words)
    return told.code, told.json["outcome"]


def test_the_table_has_every_action_and_every_command_one_of_them() -> None:
    commands = {case.words[0] for case in CASES.values()} | {
        "undo",
        "guard",
        "rotate",
        "drain",
        "trigger",
        "forward",
        "debug",
        "node-shell",
    }
    assert commands == {id for id, action in ACTIONS.items() if not action.on_terminal}
    assert set(COMMANDS) == set(ACTIONS) | {"audit", "cp", "exec", "status", "history"}


@EACH
def test_it_is_done_once_and_recorded(case: Case, shell: Shell) -> None:
    told = shell.run(*case.words, "--yes")
    assert (told.code, told.json["outcome"]) == (0, "reached"), told.err
    assert len(shell.site.writes) == 1
    assert [one["event"] for one in told.audit] == ["intent", "result", "outcome"]
    assert (told.results, told.audit[-1]["result"]) == (["done"], "reached")
    assert 0 <= told.audit[1]["milliseconds"] < 60_000
    assert told.json["object"]["namespace"] == ("line-2" if "/namespaces/" in case.path else "")
    assert told.json["plan"]["writes"]


@EACH
def test_a_dry_run_writes_nothing_and_waits_for_nothing(case: Case, shell: Shell) -> None:
    assert outcomes(shell, *case.words, "--dry-run", "--yes") == (0, "dry-run")
    assert shell.site.writes == []
    assert any(
        "dry" in line or line.startswith("DELETE") for line in (one.line for one in shell.site.requests)
    )


@EACH
def test_nobody_to_ask_is_a_no(case: Case, shell: Shell) -> None:
    told = shell.run(*case.words)
    assert (told.code, told.json["outcome"]) == (1, "refused")
    assert "There is no terminal to confirm this on" in told.json["error"]["sentence"]
    assert shell.site.writes == []


@EACH
def test_without_waiting_it_is_pending_and_ends_well(case: Case, shell: Shell) -> None:
    shell.site.idle = True
    assert outcomes(shell, *case.words, "--yes", "--no-wait") == (0, "pending")
    assert len(shell.site.writes) == 1


@some(lambda case: not case.at_once)
def test_not_there_in_time_is_pending_and_ends_with_3(case: Case, shell: Shell) -> None:
    shell.site.idle = True
    told = shell.run(*case.words, "--yes", "--timeout", "0.05")
    assert (told.code, told.json["outcome"]) == (3, "pending"), told.out
    assert told.audit[-1]["result"] == "pending"


@WITH_A_VALUE
def test_what_is_so_already_is_answered_at_once(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Under every option, with nobody to ask and with idle controllers: nothing is written, nothing is waited for."""
    with shell_on((case.same_site or case.site)(), tmp_path, monkeypatch, capsys) as shell:
        shell.site.idle = True
        for option, outcome in (("--yes", "reached"), ("--dry-run", "dry-run"), ("--no-wait", "reached")):
            told = shell.run(*case.same, option)
            assert (told.code, told.json["outcome"]) == (0, outcome), told.err
            (line,) = told.json["lines"]
            assert line.endswith("nothing was written.")
            assert {one.method for one in shell.site.requests} == {"GET"}
            assert told.audit == []


@WITH_A_VERSION
def test_a_version_that_status_moved_is_no_obstacle(case: Case, shell: Shell) -> None:
    shell.site.before_write = lambda: shell.site.touch(case.path, spec=False)
    told = shell.run(*case.words, "--yes")
    assert (told.code, told.results) == (0, ["refused", "done"]), told.out


@some(lambda case: bool(case.again))
def test_an_edit_in_between_is_never_overwritten(case: Case, shell: Shell) -> None:
    shell.site.before_write = lambda: edited(shell.site, case)
    told = shell.run(*case.words, "--yes")
    assert (told.code, told.json["outcome"]) == (1, "refused"), told.out
    assert "changed" in told.json["error"]["sentence"]
    assert told.results == ["refused"]


@EACH
def test_an_answer_that_was_lost_after_the_write_is_found_on_the_cluster(case: Case, shell: Shell) -> None:
    shell.site.fault = APPLY_THEN_DROP
    assert outcomes(shell, *case.words, "--yes", "--timeout", "5") == (0, "reached")
    assert len(shell.site.writes) == 1


@WITH_A_VERSION
@pytest.mark.parametrize("fault", [DROP, 500, 504])
def test_a_write_whose_answer_never_came_is_unknown_and_never_sent_again(
    case: Case, shell: Shell, fault: int
) -> None:
    shell.site.fault = fault
    told = shell.run(*case.words, "--yes", "--timeout", "0.01")
    assert (told.code, told.json["outcome"], told.json["data"]["unknown"]) == (1, "unknown", True), told.out
    assert (told.results, len(shell.site.writes)) == (["unknown"], 1)


@EACH
@pytest.mark.parametrize("code", [403, 422, 429])
def test_what_the_server_refuses_is_refused(case: Case, shell: Shell, code: int) -> None:
    shell.site.fault = code
    told = shell.run(*case.words, "--yes", "--timeout", "0.01")
    assert (told.code, told.json["outcome"]) == (1, "refused"), told.out
    assert told.json["error"]["sentence"]
    assert set(told.results) == {"refused"}


@EACH
def test_an_object_that_is_gone_by_then_is_not_made_anew(case: Case, shell: Shell) -> None:
    shell.site.before_write = lambda: shell.site.objects.clear()
    told = shell.run(*case.words, "--yes")
    assert (told.code, told.json["outcome"]) == (1, "refused"), told.out
    assert shell.site.objects == {}


@some(lambda case: case.again is not None)
def test_what_somebody_changes_again_at_once_is_no_success_of_ours(case: Case, shell: Shell) -> None:
    def changed() -> None:
        shell.site.changed = lambda: None
        edited(shell.site, case)
        shell.site.carry_out()

    shell.site.changed = changed
    told = shell.run(*case.words, "--yes", "--timeout", "5")
    assert (told.code, told.json["outcome"], told.json["data"]["unknown"]) == (1, "failed", False), told.out
    assert told.audit[-1]["result"] == "failed"
    assert told.results == ["done"]


@some(lambda case: case.undone == "yes")
def test_what_was_taken_back_by_hand_is_not_called_somebody_elses_change(case: Case, shell: Shell) -> None:
    before = copy.deepcopy(shell.site.objects[case.path])
    assert shell.run(*case.words, "--yes").code == 0
    there = shell.site.objects[case.path]
    there["spec"] = before["spec"]
    for notes in ("annotations", "labels"):
        there["metadata"][notes] = before["metadata"].get(notes, {})
    shell.site.touch(case.path, spec=True)
    told = shell.run("undo", case.words[1], "--yes")
    assert (told.code, shell.site.writes) == (1, [])
    assert told.json["error"]["diff"] == [], told.out


@some(lambda case: case.undone != "final" and case.words[0] not in ("pause", "resume") and bool(case.again))
def test_what_somebody_changed_since_is_shown_and_not_undone(case: Case, shell: Shell) -> None:
    assert shell.run(*case.words, "--yes").code == 0
    edited(shell.site, case)
    told = shell.run("undo", case.words[1], "--yes")
    assert (told.code, told.json["outcome"], shell.site.writes) == (1, "refused", []), told.out
    assert "somebody changed it after" in told.json["error"]["sentence"]
    assert told.json["error"]["diff"]


@WITH_A_VERSION
def test_another_object_of_the_same_name_is_not_written_to(case: Case, shell: Shell) -> None:
    def made_anew() -> None:
        shell.site.objects[case.path]["metadata"]["uid"] = "another"
        shell.site.touch(case.path, spec=False)

    shell.site.before_write = made_anew
    told = shell.run(*case.words, "--yes")
    assert (told.code, told.json["outcome"]) == (1, "refused"), told.out
    assert "done" not in told.results


@some(lambda case: case.undone == "yes")
def test_it_is_undone_once(case: Case, shell: Shell) -> None:
    before = shell.site.objects[case.path]["spec"]
    assert shell.run(*case.words, "--yes").code == 0
    told = shell.run("undo", case.words[1], "--yes")
    assert (told.code, told.json["outcome"]) == (0, "reached"), told.out
    assert told.json["data"]["action"] == case.action
    assert shell.site.objects[case.path]["spec"] == before
    assert shell.run("undo", case.words[1], "--yes").code == 1


@some(lambda case: case.undone == "final" and case.words[0] != "delete")
def test_what_cannot_be_undone_says_so(case: Case, shell: Shell) -> None:
    assert shell.run(*case.words, "--yes").code == 0
    told = shell.run("undo", case.words[1], "--yes")
    assert (told.code, told.json["outcome"], shell.site.writes) == (1, "refused", [])
    assert "can be undone" in told.json["error"]["sentence"]


@some(lambda case: case.undone == "asked")
def test_going_back_to_what_failed_is_not_agreed_to_in_advance(case: Case, shell: Shell) -> None:
    assert shell.run(*case.words, "--yes").code == 0
    told = shell.run("undo", case.words[1], "--yes")
    assert (told.code, shell.site.writes) == (1, [])
    assert any("is not known to have worked" in one for one in told.json["plan"]["warnings"])
    assert "is not known to have worked" in told.json["error"]["sentence"]


@some(lambda case: case.words[0] in ("rollback", "cancel"))
def test_the_same_roll_back_again_does_not_go_to_what_it_came_from(case: Case, shell: Shell) -> None:
    assert shell.run(*case.words, "--yes").code == 0
    again = shell.run("rollback", case.words[1], "--yes")
    assert (again.code, shell.site.writes) == (1, [])
    assert "is known to have worked, so none is taken" in again.json["error"]["sentence"]


@EACH
def test_what_only_explains_may_be_forbidden(case: Case, shell: Shell) -> None:
    """Budgets, quotas, nodes and who else scales: without the right to list them the action is as good."""
    explaining = {"nodes", "poddisruptionbudgets", "resourcequotas", "horizontalpodautoscalers"}
    shell.site.hidden = frozenset(explaining if "keda" in case.words[0] else explaining | {"scaledobjects"})
    assert outcomes(shell, *case.words, "--yes") == (0, "reached")


@some(lambda case: case.again is not None)
@pytest.mark.parametrize("silence", [DROP, 503, 429])
def test_a_cluster_that_does_not_answer_for_a_moment_is_asked_again(
    case: Case, shell: Shell, silence: int
) -> None:
    shell.site.changed = lambda: shell.site.silences.extend([silence] * 2)
    told = shell.run(*case.words, "--yes", "--timeout", "5")
    assert (told.code, told.json["outcome"], shell.site.silences) == (0, "reached", []), told.out
    assert len(shell.site.writes) == 1

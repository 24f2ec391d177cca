"""What edgetui did to an object, from the audit record: order, refusals, lost answers, what was undone, tampering."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.catalogue import OLD_NAMES
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.gate.done import Done, done_to

from .test_what_a_record_tells import BEGAN, ORDERS, START, run_of

UID = "0b7c"


def records(run: str, action: str, result: str = "done", **after: Any) -> list[dict[str, Any]]:
    """An intent and, unless edgetui was killed in between, its result."""
    same = {"run": run, "action": action, "uid": UID, "words": f"{action} {run}", "who": {"user": "kim"}}
    intent = {
        **same,
        "event": "intent",
        "time": "2026-11-24T19:00:00.000+00:00",
        "before": {},
        "after": after,
    }
    return [intent, {**same, "event": "result", "result": result}] if result else [intent]


def test_newest_first_and_what_was_refused_never_happened() -> None:
    found = done_to([*records("1", "scale"), *records("2", "image", "refused"), *records("3", "pause")])
    assert [one.run for one in found] == ["3", "1"]
    assert (found[0].when, found[0].user) == ("2026-11-24 19:00:00 UTC", "kim")


@pytest.mark.parametrize(("old", "present"), OLD_NAMES.items())
def test_what_was_recorded_under_the_name_an_action_had_is_that_action(old: str, present: str) -> None:
    assert [one.action for one in done_to(records("1", old))] == [present]


def test_a_lost_answer_and_a_kill_in_the_middle_may_have_happened() -> None:
    found = done_to([*records("1", "scale", "unknown"), *records("2", "scale", "")])
    assert [one.sure for one in found] == [False, False]


def test_a_lost_answer_that_was_found_on_the_cluster_has_happened() -> None:
    found = {"run": "1", "event": "found", "result": "arrived"}
    assert [one.sure for one in done_to([*records("1", "scale", "unknown"), found])] == [True]


def test_a_conflict_that_was_written_again_in_the_same_run_counts_by_its_last_result() -> None:
    assert [one.sure for one in done_to([*records("1", "scale", "refused"), *records("1", "scale")])] == [
        True
    ]


def test_what_was_undone_is_not_undone_twice_and_an_undo_is_no_action() -> None:
    first, second = records("1", "scale"), records("2", "scale")
    assert [one.run for one in done_to([*first, *second, *records("3", "undo", undoes="2")])] == ["1"]
    unsure = records("3", "undo", "unknown", undoes="2")
    assert [one.run for one in done_to([*first, *second, *unsure])] == ["2", "1"]


def test_the_record_gives_only_lines_of_that_object_that_nobody_altered(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    assert log.about(UID) == []
    for one in [*records("1", "scale", replicas=3), *records("2", "scale", replicas=4)]:
        log.append(one)
    log.append({**records("3", "scale")[0], "uid": "another", "words": f"mentions {UID}"})
    assert [one["run"] for one in log.about(UID)] == ["1", "1", "2", "2"]
    log.path.write_text(log.path.read_text().replace('"replicas":4', '"replicas":9') + "torn {")
    assert [(one["run"], one["event"]) for one in log.about(UID)] == [
        ("1", "intent"),
        ("1", "result"),
        ("2", "result"),
    ]
    assert [one.run for one in done_to(log.about(UID))] == ["1"]


def known(order: tuple[str, ...]) -> list[bool]:
    """Whether a run of these lines is known to have been done; nothing where it was not."""
    begun, last = False, ""
    for name in order:
        if last == "done":
            begun = begun or "intent" in name
        elif "intent" in name:
            begun, last = True, ""
        elif name in ("done", "refused", "unknown"):
            last = name
        if name == "arrived":
            last = "done"
    return [last == "done"] if begun and last != "refused" else []


@pytest.mark.parametrize("order", ORDERS, ids=" + ".join)
def test_every_order_of_lines_is_done_for_sure_perhaps_or_not(order: tuple[str, ...]) -> None:
    assert [one.sure for one in done_to(run_of(order))] == known(order)


def test_every_field_of_what_was_done() -> None:
    (done,) = done_to(run_of(("intent", "done")))
    assert done == Done(
        run="r1",
        action="rollback",
        time=BEGAN,
        user="kim",
        words="roll back deployment press to revision 1",
        before={"name": "press-bad", "revision": 2, "images": ["press:2"], "resourceVersion": "7"},
        after={"name": "press-good", "revision": 1, "images": ["press:1"]},
        sure=True,
    )
    assert (done.at, done.when) == (START, "2026-11-28 10:00:00 UTC")
    (bare,) = done_to([{"event": "intent"}])
    assert bare == Done("", "", "", "somebody", "", {}, {}, False)
    assert (bare.at, bare.when) == (0.0, "at an unknown time")

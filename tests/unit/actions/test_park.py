"""What the audit record remembers of a workload that was scaled to 0."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.scaling.before_zero import replicas_before_zero


def run(
    number: str, before: int, after: int, result: str = "done", uid: str = "uid-1"
) -> list[dict[str, Any]]:
    about = {"run": number, "uid": uid}
    intent = {"event": "intent", "time": "2026-11-24T10:00:00.000+00:00"}
    numbers = {"before": {"replicas": before}, "after": {"replicas": after}}
    return [{**about, **intent, **numbers}, {**about, "event": "result", "result": result}]


def test_the_last_time_it_went_to_0_counts() -> None:
    records = [*run("a", 3, 0), *run("b", 0, 5), *run("c", 5, 0), *run("d", 0, 0)]
    assert replicas_before_zero(records) == (5, 1795514400)
    assert replicas_before_zero(run("a", 3, 6)) == (0, 0)


def test_a_write_that_was_refused_is_not_remembered() -> None:
    assert replicas_before_zero([*run("a", 3, 0), *run("b", 4, 0, "refused")])[0] == 3
    assert replicas_before_zero(run("a", 3, 0, "unknown"))[0] == 3


def test_a_rollback_in_between_is_no_number() -> None:
    assert (
        replicas_before_zero(
            [{"event": "intent", "run": "a", "before": {"revision": 3}, "after": {"revision": 2}}]
        )[0]
        == 0
    )


def test_only_the_records_of_the_object_are_read_and_torn_lines_are_stepped_over(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    assert log.about("uid-1") == []
    for record in [*run("a", 3, 0), *run("b", 7, 0, uid="uid-2")]:
        log.append(record)
    with log.path.open("a") as file:
        file.write('{"uid": "uid-1", "ev')
    assert [record["run"] for record in log.about("uid-1")] == ["a", "a"]
    assert log.about("") == []

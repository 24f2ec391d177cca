"""A write that got no answer, and a new start: it is looked for, recorded, said, and never sent again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.cli.connect import Connection, choose
from edgetui.actions.gate.audit import AuditLog, default_path
from edgetui.actions.gate.gate import Gate
from edgetui.actions.gate.handover import acts
from edgetui.actions.gate.open_runs import FAR_BACK, OpenRun, left_behind, left_open
from edgetui.actions.undo.unanswered import look_up
from edgetui.cluster.errors import EdgetuiError

from .every_action import CASES, Case
from .scripted import DROP
from .site import APPLY_THEN_DROP, Shell, shell_on

Json = dict[str, Any]
WATCHED = {name: case for name, case in CASES.items() if "pump" not in name}
TELLABLE = {name: case for name, case in WATCHED.items() if case.undone != "final"}
EACH = pytest.mark.parametrize("case", TELLABLE.values(), ids=TELLABLE)


@pytest.fixture
def shell(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    with shell_on(case.site(), tmp_path, monkeypatch, capsys) as found:
        yield found


def lost(shell: Shell, case: Case, fault: int) -> None:
    """A command whose answer was lost, and which could not look what became of it."""
    shell.site.fault = fault
    shell.site.instead = lambda request: (DROP, None) if shell.site.writes else None
    told = shell.run(*case.words, "--yes", "--timeout", "0.01")
    assert (told.json["outcome"], told.results) == ("unknown", ["unknown"]), told.out
    shell.site.fault, shell.site.instead = 0, lambda request: None
    shell.site.requests.clear()


def started_again(shell: Shell) -> tuple[list[OpenRun], list[str]]:
    """What a new start finds open, and says of each."""

    async def look() -> tuple[list[OpenRun], list[str]]:
        async def never(plan: Any) -> bool:
            raise AssertionError("nobody is asked")

        log = AuditLog(default_path())
        gate = Gate(log, True, never, lambda step: None)
        session = Connection(choose([shell._kubeconfig], []))
        try:
            found, _ = await left_behind(log, time.time() + 1)
            return found, [await look_up(gate, session, one) for one in found]
        finally:
            session.close()

    return asyncio.run(look())


@EACH
@pytest.mark.parametrize(
    ("fault", "words", "outcome"),
    [(APPLY_THEN_DROP, "it is on the cluster.", "done"), (DROP, "nothing was written.", "refused")],
    ids=["arrived", "not arrived"],
)
def test_what_became_of_it_is_found_recorded_and_said_once(
    case: Case, shell: Shell, fault: int, words: str, outcome: str
) -> None:
    lost(shell, case, fault)
    (one,), (said,) = started_again(shell)
    assert one.ref.key.namespace == ("line-2" if "/namespaces/" in case.path else "")
    assert said.startswith(f"No answer came to “{one.done.words}” (") and said.endswith(words)
    assert shell.site.writes == []
    (act,) = acts(AuditLog(default_path()).recent())
    assert (act.outcome, act.message) == (outcome, said)
    assert started_again(shell) == ([], [])


@EACH
def test_of_what_is_gone_it_is_said_once_that_it_is_gone(case: Case, shell: Shell) -> None:
    lost(shell, case, APPLY_THEN_DROP)
    del shell.site.objects[case.path]
    (_,), (said,) = started_again(shell)
    assert any(
        words in said for words in ("There is no", "No KEDA ScaledObject", "cannot be paused from here")
    )
    assert started_again(shell) == ([], [])


@pytest.mark.parametrize("case", [CASES["scale"]], ids=["scale"])
def test_another_number_since_is_neither(case: Case, shell: Shell) -> None:
    lost(shell, case, APPLY_THEN_DROP)
    shell.site.objects[case.path]["spec"]["replicas"] = 9
    shell.site.touch(case.path, spec=True)
    _, (said,) = started_again(shell)
    assert said.endswith("so whether the write arrived cannot be told.")
    (act,) = acts(AuditLog(default_path()).recent())
    assert act.outcome == "unknown"


@pytest.mark.parametrize("case", [CASES["scale"]], ids=["scale"])
def test_a_cluster_that_does_not_answer_leaves_it_open(case: Case, shell: Shell) -> None:
    lost(shell, case, APPLY_THEN_DROP)
    shell.site.silences.extend([503] * 1000)
    with pytest.raises(EdgetuiError):
        started_again(shell)
    shell.site.silences.clear()
    assert len(started_again(shell)[1]) == 1


NOW = 1_764_000_000.0
SAME = {
    "run": "1",
    "action": "scale",
    "uid": "u",
    "cluster": "plant",
    "time": "2025-11-24T15:00:00.000+00:00",
}
INTENT: Json = {
    **SAME,
    "event": "intent",
    "object": {"kind": "Deployment", "namespace": "d", "name": "press"},
    "words": "scale",
    "before": {},
    "after": {},
}


def then(event: str, result: str) -> Json:
    return {**SAME, "event": event, "result": result}


RECORDS: dict[str, tuple[list[Json], bool]] = {
    "killed before its answer": ([INTENT], True),
    "no answer": ([INTENT, then("result", "unknown")], True),
    "no answer, and nobody could look": (
        [INTENT, then("result", "unknown"), then("outcome", "unknown")],
        True,
    ),
    "no answer, and left": ([INTENT, then("result", "unknown"), then("outcome", "aborted")], True),
    "no answer, then found": ([INTENT, then("result", "unknown"), then("found", "arrived")], False),
    "no answer, then looked for": ([INTENT, then("result", "unknown"), then("found", "not arrived")], False),
    "no answer, then reached": ([INTENT, then("result", "unknown"), then("outcome", "reached")], False),
    "done": ([INTENT, then("result", "done")], False),
    "refused": ([INTENT, then("result", "refused")], False),
    "refused once, then no answer": ([INTENT, then("result", "refused"), INTENT], True),
    "of a guard": ([INTENT | {"guard": {"template": "a"}}], False),
    "without a way back": ([INTENT | {"action": "restart"}], False),
    "of another program": ([INTENT | {"action": "dance"}], False),
    "of a kind that is not watched": ([INTENT | {"object": {"kind": "Pump", "name": "main"}}], False),
    "without an object": ([INTENT | {"object": None}], False),
    "without a uid": ([INTENT | {"uid": ""}], False),
    "of this start": ([INTENT | {"time": "2027-01-01T00:00:00.000+00:00"}], False),
    "no intent": ([then("outcome", "refused")], False),
}


@pytest.mark.parametrize(("records", "is_open"), RECORDS.values(), ids=RECORDS)
def test_a_run_is_open_while_nothing_tells_how_it_ended(records: list[Json], is_open: bool) -> None:
    assert bool(left_open(records, NOW)) == is_open


def test_they_are_looked_for_in_the_order_in_which_they_were_written() -> None:
    late = [INTENT | {"run": "2", "time": "2025-11-24T15:59:00.000+00:00", "words": "late"}]
    assert [one.done.words for one in left_open([*late, INTENT], NOW)] == ["scale", "late"]


async def test_what_is_older_than_a_week_is_left(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.append(INTENT)
    at = left_open([INTENT], NOW)[0].done.at
    assert len((await left_behind(log, at + FAR_BACK - 60))[0]) == 1
    assert await left_behind(log, at + FAR_BACK + 60) == ([], [])
    assert await left_behind(AuditLog(tmp_path / "none"), NOW) == ([], [])

"""Every order of the lines that a run leaves in the audit record, and what each reader makes of it.

`pytest tests/unit/actions/test_what_a_record_tells.py --snapshot-update` takes what they say now; look at what differs
first.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.gate.done import done_to
from edgetui.actions.gate.handover import acts
from edgetui.actions.gate.open_runs import FAR_BACK, left_behind, left_open, left_pods
from edgetui.actions.guard.record import past
from edgetui.actions.rollout.revisions import experience

Json = dict[str, Any]
BEGAN = "2026-11-28T10:00:00.000+00:00"
START = 1795860000.0  # the same in Unix seconds
ABOUT: Json = {
    "time": BEGAN,
    "action": "rollback",
    "who": {"user": "kim"},
    "cluster": "plant",
    "user": "kim",
    "uid": "uid-1",
    "object": {"kind": "Deployment", "namespace": "line-2", "name": "press"},
}
INTENT: Json = {
    "event": "intent",
    "write": "PATCH /a",
    "words": "roll back deployment press to revision 1",
    "before": {"name": "press-bad", "revision": 2, "images": ["press:2"], "resourceVersion": "7"},
    "after": {"name": "press-good", "revision": 1, "images": ["press:1"]},
}
LINES: dict[str, Json] = {
    "intent": INTENT,
    "another intent": INTENT | {"write": "PATCH /b"},
    "done": {"event": "result", "result": "done", "write": "PATCH /a"},
    "refused": {"event": "result", "result": "refused", "write": "PATCH /a", "message": "no"},
    "unknown": {"event": "result", "result": "unknown", "write": "PATCH /a"},
    "arrived": {"event": "found", "result": "arrived"},
    "not arrived": {"event": "found", "result": "not arrived"},
    "replaced": {"event": "found", "result": "replaced"},
    "reached": {"event": "outcome", "result": "reached", "data": {"proven": True}},
    "reached with no pods": {"event": "outcome", "result": "reached", "data": {"proven": False}},
    "pending": {"event": "outcome", "result": "pending"},
    "failed": {"event": "outcome", "result": "failed"},
    "aborted": {"event": "outcome", "result": "aborted", "message": "CancelledError"},
    "unsent": {"event": "outcome", "result": "unsent", "before": {"revision": 2}, "after": {"revision": 1}},
    "nobody knows": {"event": "outcome", "result": "unknown"},
}
ORDERS = [
    *((one,) for one in LINES),
    *product(["intent"], LINES),
    *product(["intent"], ["done", "refused", "unknown"], LINES),
    *product(["intent"], ["refused"], ["intent", "another intent"], ["done", "refused", "unknown"]),
    *product(["intent"], ["done"], ["another intent"], ["done", "refused"], ["aborted", "failed", "reached"]),
    *product(["intent"], ["unknown"], ["arrived", "not arrived"], ["reached", "failed", "aborted"]),
]


def run_of(order: tuple[str, ...], run: str = "r1", **more: Any) -> list[Json]:
    return [ABOUT | LINES[name] | {"run": run} | more for name in order]


def told(records: list[Json]) -> str:
    """What each reader makes of these lines."""
    (act,) = acts(records)
    worked, withdrawn = experience(records)
    parts = [
        f"{act.outcome}{'' if act.well else ' !'}",
        "undoable" if act.undoable else "",
        act.message,
        *("sure" if one.sure else "perhaps" for one in done_to(records)),
        *("open" for one in left_open(records, START + 1)),
        f"worked {', '.join(worked)}" if worked else "",
        f"withdrawn {withdrawn}" if withdrawn else "",
    ]
    return ", ".join(filter(None, parts))


def test_what_every_order_of_lines_tells(snapshot: SnapshotAssertion) -> None:
    lines = [f"{' + '.join(order)}: {told(run_of(order))}" for order in ORDERS]
    assert "\n".join(lines) == snapshot


def guarded(order: tuple[str, ...]) -> list[Json]:
    return run_of(order, guard={"template": "bad", "target": "good"})


def test_what_every_order_of_lines_tells_the_next_guard(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    found = []
    for number, order in enumerate(ORDERS):
        log = AuditLog(tmp_path / f"{number}.jsonl")
        for one in guarded(order):
            log.append(one)
        told = past(log.path, "uid-1")
        opened = [(one.run, one.template, one.target) for one in told.open]
        found.append(f"{' + '.join(order)}: {sorted(told.spent)} {sorted(told.targets)} {told.good} {opened}")
        assert left_open(guarded(order), START + 1) == []
    assert "\n".join(found) == snapshot


def test_a_run_as_it_is_handed_over_and_as_undo_finds_it(snapshot: SnapshotAssertion) -> None:
    records = run_of(("intent", "done", "reached"))
    (done,) = done_to(records)
    text = [msgspec.json.format(msgspec.json.encode(one)).decode() for one in (acts(records)[0], done)]
    assert "\n".join([*text, f"{done.at} {done.when}"]) == snapshot


ODD: dict[str, Json] = {
    "no run": {"run": None},
    "no time": {"time": None},
    "a time that is none": {"time": "yesterday"},
    "nobody": {"who": None},
    "sudo": {"who": {"user": "root", "sudo_user": "kim"}},
    "no object": {"object": None, "uid": None},
    "an object that is a text": {"object": "press"},
    "no uid": {"uid": ""},
    "no name": {"object": {"kind": "Deployment"}},
    "a kind that is not watched": {"object": {"kind": "Pump", "name": "main"}},
    "no cluster": {"cluster": None},
    "no words": {"words": None},
    "no words and no object": {"words": "", "object": {}},
    "an action that is no more": {"action": "explode"},
    "an action that had another name": {"action": "park"},
    "what cannot be undone": {"action": "restart"},
    "a rotation": {"action": "rotate"},
    "nothing before": {"before": None},
    "nothing after": {"after": None},
    "a text before": {"before": "x"},
    "other fields": {
        "before": {
            "paused": False,
            "min": 1,
            "same": 4,
            "hosts": ["a", "b"],
            "gone": 3,
            "uid": "1",
            "worked": True,
        },
        "after": {"paused": True, "min": None, "same": 4, "hosts": [], "new": 1, "uid": "2", "worked": False},
    },
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_what_is_told_of_an_odd_run(odd: Json, snapshot: SnapshotAssertion) -> None:
    records = run_of(("intent", "unknown"), **odd)
    (act,) = acts(records)

    def done() -> Iterator[object]:
        try:
            yield from done_to(records)
            yield from left_open(records, START + 1)
        except (TypeError, ValueError) as problem:
            yield type(problem).__name__

    found = [msgspec.json.encode(one).decode() for one in (act, *done())]
    assert "\n".join(found) == snapshot


def test_several_runs_are_told_newest_first_and_undo_would_take_back_one_of_each_object() -> None:
    def at(second: int, run: str, action: str = "scale", uid: str = "uid-1", **more: Any) -> list[Json]:
        moment = f"2026-11-28T10:00:{second:02}.000+00:00"
        order = ("intent", more.pop("result", "done"))
        return run_of(order, run, time=moment, action=action, uid=uid, **more)

    records = [
        *at(1, "a"),
        *at(5, "e", "restart"),
        *at(2, "b"),
        *at(2, "c", uid="uid-2"),
        *at(4, "d", "undo", after={"undoes": "b"}),
        *at(6, "f", result="refused"),
        *at(7, "g", uid="uid-3", result="unknown"),
        *at(7, "h", uid=""),
    ]
    found = [(one.run, one.undoable) for one in acts(records)]
    assert found == [
        ("h", False),
        ("g", False),
        ("f", False),
        ("e", False),
        ("d", False),
        ("c", True),
        ("b", False),
        ("a", True),
    ]
    assert [one.run for one in done_to(one for one in records if one["uid"] == "uid-1")] == ["e", "a"]
    assert [one.done.run for one in left_open(records, START + 100)] == ["g"]


@pytest.mark.parametrize(("started", "found"), [(START - 1, 0), (START, 0), (START + 0.5, 1)])
def test_only_what_began_before_this_start_is_left_by_an_earlier_one(started: float, found: int) -> None:
    shell = run_of(("intent",), action="node-shell", write="POST /a", after={"namespace": "x", "pod": "y"})
    assert len(left_open(run_of(("intent",)), started)) == found
    assert len(left_pods(shell, started)) == found


async def test_what_is_a_week_old_is_not_looked_at(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    shell = run_of(
        ("intent",), "s", action="node-shell", write="POST /a", after={"namespace": "x", "pod": "y"}
    )
    for one in (*run_of(("intent",)), *shell):
        log.append(one)
    for age, found in ((1.0, 1), (FAR_BACK, 1), (FAR_BACK + 1, 0)):
        opened, pods = await left_behind(log, START + age)
        assert (len(opened), len(pods)) == (found, found), age
    assert FAR_BACK == 7 * 24 * 3600


def pod_lines(*names: str, run: str = "r1", **more: Any) -> list[Json]:
    lines = {
        "create": {"event": "intent", "write": "POST /pods"},
        "created": {"event": "result", "result": "done", "write": "POST /pods"},
        "refused": {"event": "result", "result": "refused", "write": "POST /pods"},
        "lost": {"event": "result", "result": "unknown", "write": "POST /pods"},
        "delete": {"event": "intent", "write": "DELETE /pods/y"},
        "deleted": {"event": "result", "result": "done", "write": "DELETE /pods/y"},
        "kept": {"event": "result", "result": "refused", "write": "DELETE /pods/y"},
        "gone": {"event": "found", "result": "gone"},
        "arrived": {"event": "found", "result": "arrived"},
        "ended": {"event": "outcome", "result": "gone"},
    }
    about = {"action": "node-shell", "run": run, "after": {"namespace": "ns", "pod": "y"}}
    node = {"object": {"kind": "Node", "name": "edge-1"}}
    return [ABOUT | about | node | lines[name] | more for name in names]


@pytest.mark.parametrize(
    ("names", "left"),
    [
        ((), False),
        (("create",), True),
        (("create", "created"), True),
        (("create", "lost"), True),
        (("create", "refused"), False),
        (("create", "created", "delete"), True),
        (("create", "created", "delete", "kept"), True),
        (("create", "created", "delete", "deleted"), False),
        (("create", "created", "gone"), False),
        (("create", "created", "arrived"), True),
        (("create", "created", "ended"), True),
        (("created",), False),
        (("delete",), False),
    ],
)
def test_a_pod_of_a_node_shell_is_left_until_it_is_known_to_be_gone(
    names: tuple[str, ...], left: bool
) -> None:
    found = left_pods(pod_lines(*names), START + 1)
    assert [(one.run, tuple(one.key), one.node) for one in found] == (
        [("r1", ("plant", "Pod", "ns", "y"), "edge-1")] if left else []
    )
    assert left_pods(pod_lines(*names, action="debug"), START + 1) == []
    both = [*pod_lines("create", run="other"), *pod_lines(*names)]
    assert [one.run for one in left_pods(both, START + 1)] == ["other", *(["r1"] if left else [])]


@pytest.mark.parametrize("more", [{"after": None}, {"after": "x"}, {"object": None}, {"object": []}])
def test_a_line_that_names_no_pod_leaves_none(more: Json) -> None:
    assert left_pods(pod_lines("create", **more), START + 1) == []

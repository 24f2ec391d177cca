"""Every line that the timeline, comparisons, forecasts and roll-backs say, with the role of each part.

`pytest tests/ui/test_lines_of_screens.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.gate.handover import OUTCOMES, Act
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.panes.base import BAD, FINE, UNSURE, WATCH
from edgetui.model.rollout.revision import Revision
from edgetui.model.view.timeline import TimelineEntry
from edgetui.ui.screens import timeline as timeline_module
from edgetui.ui.screens.control_plane import ControlPlaneScreen
from edgetui.ui.screens.revision_diff import RevisionDiffScreen, first_pair
from edgetui.ui.screens.rollback import RollbackScreen
from edgetui.ui.screens.timeline import TimelineScreen, _stamp
from edgetui.ui.screens.unplug import UnplugScreen
from edgetui.ui.spans import Spans
from tests.unit.model import factories as f

from .bare import BareApp, bare, work

NOW = float(f.NOW)
PRESS = ObjectKey("plant", "Deployment", "line-2", "press")


def plainly(lines: Iterable[Spans]) -> str:
    """The lines with the role of each part that is no ordinary text."""
    return "\n".join(
        "".join(span.text if span.role == "row" else f"<{span.role}:{span.text}>" for span in one)
        for one in lines
    )


def entry(at: float, severity: int, **more: Any) -> TimelineEntry:
    fields = {"kind": "Pod", "namespace": "line-2", "name": "press-1", "cluster": "plant", **more}
    return TimelineEntry(NOW - at, words="Running", severity=severity, **fields)


def act(at: float, outcome: str = "reached", **more: Any) -> Act:
    fields = {
        "run": "r", "who": "kim", "cluster": "plant", "action": "scale", "kind": "Deployment", "namespace": "line-2",
        "name": "press", "words": "scale press", "change": "replicas 3 -> 6", "message": "", "undoable": False, **more,
    }  # fmt: skip
    return Act(time=NOW - at, outcome=outcome, **fields)


def timeline(stores: Sequence[Store], told: Sequence[TimelineEntry], acts: Sequence[Act] = ()) -> Any:
    app: Any = BareApp(stores)
    app.timeline = SimpleNamespace(newest_first=lambda: list(told), began=NOW - 3700)
    app.key_of = lambda name, default: f"{name}:{default}"
    app.clock.wall = NOW
    screen = bare(TimelineScreen, app)
    screen._acts = list(acts)
    return screen


def test_what_happened_newest_first_with_what_was_done_among_it(snapshot: SnapshotAssertion) -> None:
    plant = f.store_of(f.node("edge-2", ready="Unknown"), f.node("edge-1", ready="False"), f.node("edge-3"))
    told = [
        entry(5, BAD),
        entry(70, FINE, namespace=""),
        entry(3700, WATCH, count=3, kind="Deployment"),
        entry(90000, UNSURE, count=2, namespace="", kind="Node"),
        entry(10, BAD, kind="", cluster="a-depot-with-a-rather-long-name"),
        entry(20, FINE, kind=""),
    ]
    acts = [
        *(act(at, outcome) for at, outcome in enumerate(OUTCOMES, 30)),
        act(6, undoable=True),
        act(7, namespace="", change=""),
        act(8, cluster="another"),
        act(4, "failed", change="", undoable=True),
    ]
    screen = timeline([plant, Store("depot")], told, acts)
    screen._problem = "The record cannot be read."
    assert plainly(screen.lines()) == snapshot


def test_where_nothing_happened_that_is_said_below_nodes_that_are_lost(snapshot: SnapshotAssertion) -> None:
    screen = timeline([f.store_of(f.node("edge-1", ready="Unknown"))], [], [act(5, cluster="another")])
    assert plainly(screen.lines()) == snapshot
    assert plainly(timeline([Store("plant")], []).lines()).count("\n") == 2
    assert plainly(timeline([Store("plant")], [entry(5, FINE)]).lines()).count("\n") == 2
    assert plainly(timeline([Store("plant")], [], [act(5)]).lines()).count("\n") == 3


class Record:
    """An audit record that has so many bytes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.size: tuple[int, int] | None = None
        self.since: list[float] = []
        self.problem: EdgetuiError | None = None
        monkeypatch.setattr(timeline_module, "_stamp", lambda path: self.size)
        monkeypatch.setattr("edgetui.actions.gate.audit.AuditLog", self._log)
        monkeypatch.setattr("edgetui.actions.gate.handover.acts", lambda found: [*found, len(self.since)])

    def _log(self, path: Path) -> Any:
        assert path == Path("/record")
        return SimpleNamespace(path=path, recent=self._recent)

    def _recent(self, *, since: float) -> list[str]:
        self.since.append(since)
        if self.problem is not None:
            raise self.problem
        return ["act"]


async def test_the_record_is_read_when_it_has_grown_and_once_a_second_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = Record(monkeypatch)
    screen = timeline([Store("plant")], [])
    app = screen.app
    app.options = SimpleNamespace(audit=Path("/record"))
    states = []
    for size, problem in (
        (None, None),
        ((1, 1), None),
        ((1, 1), None),
        ((2, 1), EdgetuiError("No right.")),
        ((2, 1), None),
        ((2, 2), None),
    ):
        record.size, record.problem = size, problem
        app.told.clear()
        screen.tick()
        assert screen.begun.pop() == ("record", True, False)
        await work(screen)
        states.append((screen._acts, screen._problem, app.told.count("shown") - 1))
    assert states == [
        ([], "", 0),
        (["act", 1], "", 1),
        (["act", 1], "", 0),
        (["act", 1], "No right.", 1),
        (["act", 3], "", 1),
        (["act", 4], "", 1),
    ]
    assert record.since == [NOW - 86400] * 4


def test_what_changes_when_the_record_grows(tmp_path: Path) -> None:
    file = tmp_path / "audit"
    assert _stamp(file) is None
    file.write_text("abc")
    found = file.stat()
    assert _stamp(file) == (3, found.st_mtime_ns)


def revision(number: int, *, image: str = "press:1", **more: Any) -> Revision:
    fields: dict[str, Any] = {
        "name": f"press-{number}",
        "uid": f"u-{number}",
        "images": (f"registry.local/{image}",),
        "cause": "",
        "created": int(NOW) - number * 60,
        "current": False,
        "known_good": False,
        "available": 0,
        "replicas": 0,
        "template": {"spec": {"containers": [{"name": "app", "image": image}]}},
        "annotations": {},
    }
    return Revision(number=number, **{**fields, **more})


def painted(screen: Any) -> str:
    """What a screen of revisions filled its parts with."""
    parts: dict[str, Any] = {}

    def part(name: str) -> Any:
        def fill(*given: Any) -> None:
            parts[name] = given

        return SimpleNamespace(show=fill, say=fill, set_hints=fill, flash=fill)

    for name in ("header", "list", "about", "diff", "footer"):
        setattr(screen, name, part(name))
    screen.draw()
    keys = [f"{one.key} {one.label}" for hints in parts["footer"] for one in hints]
    return "\n".join(
        (
            plainly(parts["list"][0]),
            "--",
            plainly([parts["about"][0]]),
            "--",
            plainly(parts["diff"][0]),
            " | ".join(keys),
        )
    )


def revisions() -> list[Revision]:
    return [
        revision(5, image="press:2", current=True, available=2, cause="by kim"),
        revision(4, image="press-of-a-long-name:1", withdrawn=True),
        revision(3, known_good=True, available=1),
        revision(2, known_good=True),
        revision(1),
    ]


def comparing(found: Sequence[Revision]) -> Any:
    app: Any = BareApp([Store("plant")])
    app.badges, app.link_label = [], ""
    app.clock.wall = NOW
    return bare(RevisionDiffScreen, app, PRESS, found)


def test_two_revisions_are_compared_from_and_to(snapshot: SnapshotAssertion) -> None:
    screen = comparing(revisions())
    told = [painted(screen)]
    for step in (screen.action_other, lambda: screen.action_move(1), lambda: screen.action_move(-9)):
        step()
        told.append(painted(screen))
    screen.action_other()
    screen.action_move(9)
    told.append(f"{[one.number for one in screen.chosen]}")
    screen.action_move(-1)
    told.append(f"{[one.number for one in screen.chosen]}")
    screen.action_back()
    assert screen.app.told == ["left"]
    assert "\n=====\n".join(told) == snapshot


def test_at_first_the_last_that_worked_is_compared_with_the_present_one(snapshot: SnapshotAssertion) -> None:
    found = []
    for count in range(1, 6):
        for current in range(count + 1):
            for good in (None, *range(count)):
                made = [revision(9 - at, current=at == current, known_good=at == good) for at in range(count)]
                found.append(f"{count}, {current} now, {good} good: {first_pair(made)}")
    assert "\n".join(found) == snapshot


class View(SimpleNamespace):
    def held_on(self, one: Revision) -> str:
        return f"on {one.number} of 9 nodes"

    def warnings(self, one: Revision) -> list[str]:
        return ["Somebody watches."] if one.number == 3 else []


def rolling_back(suggested: int | None, note: str = "") -> Any:
    found = revisions()
    view = View(
        ref=ObjectRef(PRESS, "u", "7"),
        revisions=found,
        current=found[0],
        suggested=None if suggested is None else found[suggested],
        why="it worked for 3d",
    )
    app: Any = BareApp([Store("plant")])
    app.badges, app.link_label = [], ""
    app.clock.wall = NOW
    screen = bare(RollbackScreen, app, view, note)
    screen.given = []
    type(screen).dismiss = lambda self, result: self.given.append(result)
    return screen


def test_a_revision_to_go_back_to_is_chosen(
    monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion
) -> None:
    changes: dict[int, list[str]] = {3: [], 5: []}
    monkeypatch.setattr(
        "edgetui.actions.rollout.rollback.diff", lambda view, one: changes.get(one.number, ["- a", "+ b"])
    )
    told = []
    for screen in (rolling_back(2), rolling_back(None, "It was changed while you looked."), rolling_back(3)):
        told.append(painted(screen))
        screen.action_move(1)
        told.append(painted(screen))
        screen.action_choose()
        screen.action_move(9)
        screen.action_move(-9)
        assert screen.chosen.number == 5
        screen.action_choose()
        screen.action_cancel()
        told.append(repr([one and one.number for one in screen.given]))
    view = screen.view
    screen.fill(SimpleNamespace(**{**vars(view), "revisions": view.revisions[:1], "held_on": view.held_on}))
    assert screen.chosen.number == 5
    assert "\n=====\n".join(told) == snapshot


def test_titles_say_what_of_whom_and_how_old() -> None:
    store = Store("plant")
    store.set_version("v1.33.1")
    app = BareApp([store])
    plane = bare(ControlPlaneScreen, app, "plant")
    reading = "reading the Leases, checks and nodes of the control plane…"
    assert plainly(plane.lines()) == f"<title:control plane><quiet:   plant  v1.33.1>\n\n{reading}\n"
    plane._seen = SimpleNamespace(at=app.now() - 70)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("edgetui.ui.screens.control_plane.control_plane_lines", lambda seen, now: [])
        assert plainly(plane.lines()) == (
            f"<title:control plane><quiet:   plant  v1.33.1  1m old>\n\n<warn:{reading}>\n"
        )
        plane._said = ""
        assert plainly(plane.lines()) == "<title:control plane><quiet:   plant  v1.33.1  1m old>\n"
    one = bare(UnplugScreen, app, "plant", ["edge-1"])
    assert plainly(one.lines()).splitlines()[0] == (
        "<title:without node edge-1><quiet:   plant; nothing is changed>"
    )
    two = bare(UnplugScreen, app, "plant", ["edge-1", "edge-2"])
    two._answer, two._said, two._read_at = "answer", "It failed.", app.now() - 5
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("edgetui.ui.screens.unplug.answer_lines", lambda answer: [])
        assert plainly(two.lines()) == (
            "<title:without nodes edge-1, edge-2><quiet:   plant   5s old; nothing is changed>\n\n<warn:It failed.>\n"
        )

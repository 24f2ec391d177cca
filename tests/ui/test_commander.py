"""What each line behind `:` asks of the screen, the panes and the clusters: nothing is drawn, all of it is noted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import row_of
from edgetui.model.panes import PANES
from edgetui.model.view.fleet import Fleet, FleetView
from edgetui.model.view.related import related
from edgetui.ui.command_line import commander as module
from edgetui.ui.command_line.commander import Commander, pane_of
from edgetui.ui.screens.object import ObjectScreen
from tests.unit.model import factories as f

from .noting import Noting

PRESS = ObjectKey("plant", "Deployment", "line-2", "press")
OVEN = ObjectKey("plant", "Deployment", "line-1", "oven")
POD = ObjectKey("plant", "Pod", "line-2", "press-7f-00000")
EDGE = ObjectKey("plant", "Node", "", "edge-1")


def plant() -> Store:
    press = f.deployment("press", "line-2", replicas=2, updated=1, progressing=("True", "ReplicaSetUpdated"))
    owned = f.replica_set(press, "7f", replicas=1)
    return f.store_of(
        f.node("edge-1"), press, owned, *f.pods_of(owned, 1), f.deployment("oven", "line-1"),
        f.pod("alone", "line-1"), f.pod("also", "line-1"),
    )  # fmt: skip


class Table:
    """The cursor, and where it can be put."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.cursor: ObjectKey | None = None
        self.marks: Any = SimpleNamespace(rows=list, hidden=0)

    def go_to(self, key: ObjectKey) -> bool:
        self.desk.noted.append(("go to", key.name))
        return self.desk.main.current.view.position(key) is not None


class Desk:
    """A commander on two clusters, of which one can be asked."""

    def __init__(self, *stores: Store, **options: Any) -> None:
        self.noted: list[Any] = []
        self.stores = list(stores) or [plant(), f.store_of(cluster="van")]
        self.views = {name: FleetView(PANES[name], self.stores) for name in PANES}
        for view in self.views.values():
            view.rebuild(float(f.NOW))
        self.table = Table(self)
        self.main: Any = Noting(
            self.noted, namespace="", show_pane=self.show_pane, view_of=self.views.__getitem__
        )
        self.show("pods")
        session = Noting(self.noted)
        self.jobs: list[Any] = []
        listed = Noting(self.noted, add=self.jobs.append, remove=self.jobs.remove)
        listed.__class__ = type("Jobs", (Noting,), {"__iter__": lambda _: iter(self.jobs)})
        usual: dict[str, Any] = {"commands": {}, "keep_rows": False, "profile": SimpleNamespace(bare="")}
        self.app: Any = Noting(
            self.noted, stores=self.stores, sessions={}, fleet=Fleet(self.stores), screen=None,
            theme_names=["dark", "light"],
            options=SimpleNamespace(**usual | options), monotonic=lambda: 50.0, now=lambda: float(f.NOW), jobs=listed,
            flows=SimpleNamespace(jobs=listed), run_action="run_action", open_detail="open_detail",
            action_keys=Noting(self.noted),
        )  # fmt: skip
        self.line = Commander(self.app, self.main, Noting(self.noted, leave_for=lambda go: go()))  # type: ignore[arg-type]
        self.app.sessions = {"plant": session}
        self.line.kinds = Noting(self.noted, means=lambda word: word == "pumps", optional=Noting(self.noted))  # type: ignore[assignment]

    def show(self, pane: str) -> None:
        self.main.current = SimpleNamespace(
            pane=PANES[pane],
            view=self.views[pane],
            table=self.table,
            take_marked=lambda: self.table.marks.rows(),
        )

    def show_pane(self, pane: str) -> None:
        self.noted.append(("show pane", pane))
        self.show(pane)

    def run(self, text: str) -> list[Any]:
        """What a line asks for."""
        self.noted.clear()
        self.line.run(text)
        return self.asked()

    def asked(self) -> list[Any]:
        found = [tuple(one for one in call if not callable(one)) for call in self.noted]
        self.noted.clear()
        return found

    def open(self, key: ObjectKey) -> Any:
        """An object is open over the dashboard."""
        screen = ObjectScreen.__new__(ObjectScreen)
        screen.__dict__["key"] = key
        self.app.screen = screen
        return screen


def flash(text: str) -> tuple[str, str]:
    return ("flash", text)


NARROW = [("close_views",), ("narrow_to", "line-2"), ("look_at", ["line-2"])]
ALL: list[Any] = [("close_views",), ("narrow_to", ""), ("look_at", [])]


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("po", [("action_pane", "pods")]),
        ("pods line-2", [*NARROW, ("action_pane", "pods"), ("filter", "")]),
        ("pods -A x", [*ALL, ("action_pane", "pods"), ("filter", "x")]),
        ("pods x @van", [("action_pane", "pods"), ("filter", "x cluster=van")]),
        ("dp x", [("action_pane", "rollouts"), ("filter", "x"), ("show", PANES["rollouts"])]),
        ("rollouts", [("action_pane", "rollouts"), ("show", PANES["rollouts"])]),
        ("pumps", [("open", "pumps")]),
        ("nonsense x", [("open", "nonsense")]),
        ("ns line-2", NARROW),
        ("ns", ALL),
        ("clusters", [("call_later", "run_action", "app.clusters")]),
        ("timeline", [("call_later", "run_action", "app.timeline")]),
        ("running", [("call_later", "run_action", "app.running")]),
        ("help", [("call_later", "run_action", "app.help")]),
        ("quit", [("call_later", "run_action", "app.leave")]),
        ("timeline x", [flash(":timeline takes no argument.")]),
        ("retry x", [flash(":retry takes no argument.")]),
        ("clusters van", [("close_views",), ("filter", "cluster==van")]),
        ("clusters x", [flash("There is no cluster x here; edgetui --context NAME opens others.")]),
        ("theme", [("action_next_theme",)]),
        ("theme dark", [("set_look", "dark")]),
        ("logs", [("action_logs",)]),
        ("yaml", [("action_manifest",)]),
        ("jump", [("action_jump",)]),
        ("scale", [("action_act", "scale", "")]),
        ("scale 3", [("action_act", "scale", "3")]),
        ("scale 123456789", [("action_act", "scale", "123456789")]),
        ("scale 1234567890", [flash(":scale N takes a number.")]),
        ("scale x", [flash(":scale N takes a number.")]),
        ("scale ٣", [flash(":scale N takes a number.")]),
        ("restart", [("action_act", "restart", "")]),
        ("shell app -- top", [("action_act", "shell", "app -- top")]),
        (
            "retry",
            [("run_worker", False), flash("Trying again: clusters that are down, and what was refused.")],
        ),
    ],
)
def test_what_a_line_asks_for(line: str, asked: list[Any]) -> None:
    assert Desk().run(line) == asked


def test_a_namespace_that_nobody_has_seen_is_said_and_shown_all_the_same() -> None:
    shown = [("close_views",), ("narrow_to", "line-9"), ("look_at", ["line-9"])]
    again = ":ns alone shows all again."
    assert Desk().run("ns line-9") == [*shown, flash(f"Nothing is known of a namespace 'line-9'; {again}")]
    for freshness in (Freshness(Sync.FORBIDDEN), Freshness(Sync.LIVE, partial=True)):
        desk = Desk()
        desk.stores[1].set_freshness("Pod", freshness)
        said = f"Nothing is known of a namespace 'line-9' yet; the clusters are asked for it; {again}"
        assert desk.run("ns line-9") == [*shown, flash(said)]


def test_a_persons_own_words_come_first_and_a_kind_of_the_clusters_before_an_alias() -> None:
    desk = Desk(commands={"mine": "pods line-2", "pumps": "theme dark"})
    assert desk.run("mine x") == [*NARROW, ("action_pane", "pods"), ("filter", "x")]
    assert desk.run("pumps") == [("set_look", "dark")]
    desk.line.kinds = Noting(desk.noted, means=lambda word: word in ("dp", "sca"))  # type: ignore[assignment]
    assert desk.run("dp") == [("open", "dp")]
    assert desk.run("sca") == [("open", "sca")], "and before the beginning of a command"
    assert desk.run("pods") == [("action_pane", "pods")]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("clusters ", ["clusters plant", "clusters van"]),
        ("clusters v", ["clusters van"]),
        ("theme ", ["theme dark", "theme light"]),
        ("control-plane p", ["control-plane plant"]),
        ("unplug ", ["unplug edge-1"]),
        ("ns ", ["ns line-1", "ns line-2"]),
        ("scale ", []),
        ("dump ", []),
        ("unp", ["unplug", "a kind"]),
        ("", None),
    ],
)
def test_what_a_line_may_become(text: str, lines: list[str] | None) -> None:
    desk = Desk()
    desk.line.kinds = SimpleNamespace(words=lambda begun: ["a kind", "unplug"] if begun == "unp" else [])  # type: ignore[assignment]
    found = desk.line.complete(text)
    assert found == lines if lines is not None else len(found) > 40


def test_namespaces_that_were_seen_once_stay_known() -> None:
    desk = Desk()
    assert desk.line.namespaces() == ["line-1", "line-2"]
    desk.stores[0].replace("Deployment", [])
    desk.stores[1].apply("Pod", row_of("Pod", f.pod("x", "line-7")))
    assert desk.line.namespaces() == ["line-1", "line-2", "line-7"]


@pytest.mark.parametrize(("namespace", "at"), [("", 0), ("line-1", 1), ("line-2", 2), ("line-9", 0)])
def test_the_namespace_is_chosen_among_those_that_are_known(namespace: str, at: int) -> None:
    desk = Desk()
    desk.main.namespace = namespace
    with patch.object(module, "PickScreen", lambda *given: given):
        desk.line.choose_namespace()
    ((_, shown, chosen),) = desk.noted
    choices = [("all namespaces", ""), ("line-1", "2 pods"), ("line-2", "1 pod")]
    assert shown == ("Show only one namespace", choices, at)
    for place, asked in ((None, []), (2, NARROW), (0, ALL)):
        desk.noted.clear()
        chosen(place)
        assert desk.asked() == asked


# -- owners and children


def test_a_jump_from_nothing_and_to_nothing_is_said() -> None:
    desk = Desk()
    desk.line.jump(None)
    assert desk.asked() == [flash("There is nothing under the cursor.")]
    desk.line.jump(EDGE._replace(name="edge-9"))
    assert desk.asked() == [flash("Nothing is known that node edge-9 belongs to or owns.")]


@pytest.mark.parametrize("opened", [False, True])
def test_a_jump_goes_to_the_only_one_and_lets_a_person_choose_among_several(opened: bool) -> None:
    desk = Desk()
    if opened:
        desk.open(PRESS)
    with patch.object(module, "related", lambda store, key: [OVEN]):
        desk.line.jump(PRESS)
    arrived = [("show pane", "rollouts"), ("go to", "oven"), *([("show", "detail", OVEN)] if opened else [])]
    assert desk.asked() == arrived
    with (
        patch.object(module, "related", lambda store, key: [POD, OVEN]),
        patch.object(module, "PickScreen", lambda *given: given),
    ):
        desk.line.jump(PRESS)
    ((_, shown, chosen),) = desk.noted
    assert shown == (
        "Around deployment press",
        [("pod press-7f-00000", "Running"), ("deployment oven", "complete")],
    )
    desk.noted.clear()
    chosen(None)
    assert desk.asked() == []
    chosen(1)
    assert desk.asked() == arrived


def test_what_belongs_to_an_object_is_what_the_store_of_its_cluster_says() -> None:
    desk = Desk()
    found = related(desk.stores[0], POD)
    assert found
    with patch.object(module, "PickScreen", lambda *given: given):
        desk.line.jump(POD)
    assert len(desk.noted) >= 1
    desk.noted.clear()
    desk.line.jump(POD._replace(cluster="van"))
    assert desk.asked() == [flash("Nothing is known that pod press-7f-00000 belongs to or owns.")]


def test_a_kind_without_a_pane_is_shown_in_one_of_its_own() -> None:
    desk = Desk()
    pump = ObjectKey("plant", "Pump.example.com", "d", "west")
    desk.line.show_object(pump)
    assert desk.asked() == [("go_to", pump)]
    assert (pane_of("Pod"), pane_of("Pump.example.com"), pane_of("Deployment")) == ("pods", None, "rollouts")


def test_a_jump_takes_away_what_hides_its_end_and_says_where_there_is_none() -> None:
    desk = Desk()
    desk.line.show_object(POD, "logs")
    assert desk.asked() == [("show pane", "pods"), ("go to", POD.name), ("show", "logs", POD)]
    gone = POD._replace(name="gone")
    for namespace in ("", "line-1"):
        desk.main.namespace = namespace
        desk.line.show_object(gone)
        assert desk.asked() == [
            ("show pane", "pods"),
            ("filter", ""),
            *(ALL if namespace else []),
            ("go to", "gone"),
            flash("Pod gone has no row here."),
        ]


@pytest.mark.parametrize("sync", [Sync.NEVER, Sync.SYNCING, Sync.HIDDEN])
def test_a_jump_to_a_kind_that_is_not_read_yet_goes_on_once_it_is(sync: Sync) -> None:
    desk = Desk()
    job = ObjectKey("plant", "Job", "line-2", "night")
    store = desk.stores[0]
    store.set_freshness("Job", Freshness(sync))
    desk.line.show_object(job, "detail")
    assert desk.asked() == [
        ("show pane", "jobs"),
        ("filter", ""),
        ("go to", "night"),
        flash("Reading job night …"),
    ]
    desk.line.look_for_endings()
    assert desk.asked() == [], "it is not there yet"
    store.set_freshness("Job", Freshness(Sync.LIVE, float(f.NOW)))
    desk.line.look_for_endings()
    assert desk.asked()[-1] == flash("Job night has no row here.")
    desk.line.look_for_endings()
    assert desk.asked() == []


@pytest.mark.parametrize("elsewhere", ["an object", "a pane"])
def test_who_has_gone_elsewhere_meanwhile_stays_there(elsewhere: str) -> None:
    desk = Desk()
    desk.stores[0].set_freshness("Job", Freshness(Sync.SYNCING))
    desk.line.show_object(ObjectKey("plant", "Job", "line-2", "night"))
    if elsewhere == "an object":
        desk.open(POD)
    else:
        desk.show("pods")
    desk.asked()
    desk.line.look_for_endings()
    desk.app.screen = None
    desk.show("jobs")
    desk.stores[0].set_freshness("Job", Freshness(Sync.LIVE))
    desk.line.look_for_endings()
    assert desk.asked() == [], "it was given up"

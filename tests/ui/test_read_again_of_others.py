"""When histories, manifests, control planes and events are read again, and what is said where they are not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.actions.change.watch import longer
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cache.store import ChangeSet, Store
from edgetui.model.cache.wireprofile import Wire, WireState
from edgetui.model.identity import ObjectKey
from edgetui.ui.screens import control_plane, rollout, unplug
from edgetui.ui.screens.control_plane import ControlPlaneScreen
from edgetui.ui.screens.detail import DetailScreen
from edgetui.ui.screens.manifest import ManifestScreen
from edgetui.ui.screens.rollout import RolloutScreen
from edgetui.ui.screens.unplug import UnplugScreen
from tests.unit.model import factories as f

from .bare import BareApp, Session, bare, put, seconds_of, work

NODE = ObjectKey("plant", "Node", "", "edge-1")
PRESS = ObjectKey("plant", "Deployment", "line-1", "press")


def press(
    generation: int = 1, observed: int = 1, revision: int = 3, ready: int = 2, version: int = 7
) -> dict[str, Any]:
    return f.deployment(
        "press",
        "line-1",
        replicas=2,
        ready=ready,
        available=ready,
        updated=2,
        generation=generation,
        observed=observed,
        revision=revision,
        version=version,
    )


@pytest.mark.parametrize(
    ("changed", "read"),
    [
        ({}, False),
        ({"generation": 2}, True),
        ({"generation": 2, "observed": 2}, True),
        ({"revision": 4}, True),
        ({"ready": 1}, True),
    ],
)
def test_a_history_that_has_moved_on_is_read_again_three_seconds_after_the_last_time(
    changed: dict[str, int], read: bool
) -> None:
    store = f.store_of(press())
    app = BareApp([store], {"plant": Session()})
    screen = bare(RolloutScreen, app, PRESS)
    screen._read_history()
    assert (app.told, screen.begun) == (["history"], [("history", True, False)])
    put(store, press(**changed, version=8))
    assert seconds_of(app, screen, "history", 8) == ([3] if read else [])


def test_without_its_row_a_workload_has_no_stage() -> None:
    app = BareApp([Store("plant")])
    screen = bare(RolloutScreen, app, PRESS)
    screen._read_history()
    assert seconds_of(app, screen, "history", 5) == []


@pytest.mark.parametrize(
    ("revisions", "said", "keys", "told"),
    [
        (0, "reading the history…", "", "says reading the history…"),
        (1, "", "", "says There is only one revision: nothing differs."),
        (2, "", "d what differs between two", ""),
    ],
)
def test_two_revisions_can_be_compared(revisions: int, said: str, keys: str, told: str) -> None:
    app = BareApp([f.store_of(press())])
    screen = bare(RolloutScreen, app, PRESS)
    screen._said = said
    screen._history = tuple(SimpleNamespace(number=number) for number in range(revisions))
    read = screen.build().keywords["read"]
    assert (read.history, read.said, read.keys, read.recommendations, read.keda) == (
        screen._history, said, keys, (), "",
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rollout, "RevisionDiffScreen", lambda *given: given)
        screen.action_diff()
    assert app.pushed == ([(PRESS, screen._history)] if revisions == 2 else [])
    assert app.told == ([told] if told else [])


def test_where_keda_scales_a_workload_its_history_is_read_again_after_a_dialog() -> None:
    app = BareApp([f.store_of(press())])
    screen = bare(RolloutScreen, app, PRESS)
    RolloutScreen.on_screen_resume(screen)
    assert app.told == []
    screen._keda = SimpleNamespace(words="KEDA")
    RolloutScreen.on_screen_resume(screen)
    assert app.told == ["history"]
    assert screen.build().keywords["read"].keda == "KEDA"


async def test_what_a_history_lacks_is_said_and_what_was_read_before_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = BareApp([f.store_of(press())], {"plant": Session()})
    screen = bare(RolloutScreen, app, PRESS)

    async def fails(session: Any) -> None:
        raise EdgetuiError("No right.")

    screen._fetch_from = fails
    await screen._fetch_history()
    assert (screen._said, app.told) == ("No right.", ["shown"])
    screen._history = (SimpleNamespace(number=1),)
    await screen._fetch_history()
    assert screen._said == "What stands here may have changed since. No right."
    app.sessions.clear()
    await screen._fetch_history()
    assert (screen._said, app.told) == ("not connected", ["shown"] * 3)


@pytest.mark.parametrize(
    ("change", "seconds"),
    [
        (ChangeSet(changed={"Deployment": {("line-1", "press")}}), [3]),
        (ChangeSet(changed={"Deployment": {("line-2", "press")}}), []),
        (ChangeSet(changed={"Pod": {("line-1", "press")}}), []),
        (ChangeSet(reset={"Deployment"}), [3]),
        (ChangeSet(reset={"Pod"}), []),
    ],
)
def test_a_manifest_is_read_again_when_its_object_has_changed_three_seconds_after_the_last_time(
    change: ChangeSet, seconds: list[int]
) -> None:
    app = BareApp([f.store_of(press())], {"plant": Session()})
    screen = bare(ManifestScreen, app, PRESS)
    screen._read()
    assert screen.begun == [("manifest", True, False)]
    screen.changes_arrived({"depot": ChangeSet(reset={"Deployment"})}, 0.0)
    assert not screen._changed
    screen.changes_arrived({"plant": change}, 0.0)
    assert seconds_of(app, screen, "manifest", 9) == seconds


@pytest.mark.parametrize(
    ("thin", "took", "seconds"), [(False, 0, [10]), (True, 0, [60]), (False, 2, None), (True, 100, None)]
)
async def test_a_control_plane_is_looked_at_again_after_a_pause_that_grows_with_the_time_it_takes(
    monkeypatch: pytest.MonkeyPatch, thin: bool, took: int, seconds: list[int] | None
) -> None:
    store = Store("plant")
    if thin:
        store.set_wire(WireState(Wire.THIN))
    app = BareApp([store], {"plant": Session()})
    screen = bare(ControlPlaneScreen, app, "plant")

    async def look(session: Any, now: Any) -> None:
        app.clock.advance(took)
        raise EdgetuiError("It does not answer.")

    monkeypatch.setattr(control_plane, "look", look)
    screen.on_mount()
    screen.action_again()
    assert app.told == ["control plane"], "one look at a time"
    assert screen.begun == [("control plane", True, False)]
    await work(screen)
    assert screen._said == "It does not answer."
    pause = 60.0 if thin else 10.0
    wait = max(pause, longer(pause, float(took)))
    assert screen._next == 1000.0 + took + wait
    if seconds is not None:
        assert seconds_of(app, screen, "control plane", 65) == seconds
    app.front = None
    screen._asking = False
    app.clock.advance(1000)
    app.told.clear()
    screen.tick()
    assert app.told == ["shown"], "not while something else is on top"


async def test_a_control_plane_of_a_cluster_without_a_session_is_not_connected() -> None:
    app = BareApp([Store("plant")])
    screen = bare(ControlPlaneScreen, app, "plant")
    screen.action_again()
    await work(screen)
    assert (screen._said, screen._seen, app.told) == ("not connected", None, ["control plane", "shown"])
    screen.action_again()
    assert app.told[2:] == ["control plane"]


@pytest.mark.parametrize(
    ("names", "known", "said", "answered"),
    [
        (("edge-1",), ("edge-1", "edge-2"), "", True),
        (("edge-1", "edge-3"), ("edge-1", "edge-2"), "There is no node edge-3 any more.", False),
        (("edge-1",), None, "No right.", True),
    ],
)
async def test_what_is_lost_without_nodes_is_answered_or_said_why_not(
    monkeypatch: pytest.MonkeyPatch,
    names: tuple[str, ...],
    known: tuple[str, ...] | None,
    said: str,
    answered: bool,
) -> None:
    app = BareApp([Store("plant")], {"plant": Session()})
    screen = bare(UnplugScreen, app, "plant", names)

    async def read(session: Any) -> Any:
        assert session is app.sessions["plant"]
        if known is None:
            raise EdgetuiError("No right.")
        return SimpleNamespace(cluster=SimpleNamespace(offers=[SimpleNamespace(name=one) for one in known]))

    monkeypatch.setattr(unplug, "read", read)
    monkeypatch.setattr(unplug, "answer", lambda found, nodes: ("answer", nodes))
    screen._answer = "an older one"
    screen.on_mount()
    assert screen.begun == [("unplug", True, False)]
    app.clock.advance(7)
    await work(screen)
    assert screen._said == said
    assert screen._answer == (
        ("answer", names) if known and answered else "an older one" if answered else None
    )
    assert screen._read_at == (app.now() if known and answered else 0.0)
    assert app.told == ["unplug", "shown"]
    app.sessions.clear()
    screen.action_again()
    await work(screen)
    assert screen._said == "not connected"


def test_events_of_an_object_that_keeps_changing_are_asked_for_every_ten_seconds() -> None:
    app = BareApp([f.store_of(press())], {"plant": Session()})
    screen = bare(DetailScreen, app, PRESS)
    mine = {"plant": ChangeSet(changed={"Deployment": {("line-1", "press")}})}
    asked = []
    for second in range(21):
        app.told.clear()
        screen.changes_arrived(mine, 0.0)
        assert app.told[0] == "shown"
        if "events" in app.told:
            asked.append(second)
        app.clock.advance(1)
    assert asked == [0, 10, 20]
    assert set(screen.begun) == {("events", True, False)}
    app.clock.advance(60)
    for other in (
        {"depot": ChangeSet(changed={"Deployment": {("line-1", "press")}})},
        {"plant": ChangeSet(changed={"Deployment": {("line-2", "press")}})},
        {"plant": ChangeSet(changed={"Pod": {("line-1", "press")}})},
    ):
        app.told.clear()
        screen.changes_arrived(other, 0.0)
        assert app.told == (["shown"] if "plant" in other else [])

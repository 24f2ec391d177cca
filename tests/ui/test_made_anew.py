"""An object that was deleted and made anew under its name is another object: under the cursor and on its screens."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.base import Row
from edgetui.model.panes import PANES
from edgetui.model.view.pane_view import FleetView
from edgetui.ui.background.followed_rollout import FollowedRollout, under_way
from edgetui.ui.object_events import events_of
from edgetui.ui.screens.object import ObjectScreen

from .driving import Screen, running
from .fleet import NOW, many_pods, plant

HISTORIAN = ObjectKey("plant", "Pod", "data", "historian-00000")


def made_anew(store: Store, key: ObjectKey) -> None:
    """Delete an object and make one of the same name, as a StatefulSet's controller does."""
    row = store.get(key.kind, key.namespace, key.name)
    assert row is not None
    fresh = _copy(row)
    store.delete(key.kind, key.namespace, key.name, row.uid)
    store.apply(key.kind, fresh)


def _copy(row: Row) -> Row:
    return replace(row, uid=row.uid + "-again", resource_version="9000001")


async def at(screen: Screen, key: ObjectKey) -> None:
    await screen.press("2")
    assert screen.app.main.current.table.go_to(key)
    await screen.pilot.pause()
    assert screen.app.main.settled


async def test_under_the_cursor_it_has_to_be_looked_at_before_a_key_acts() -> None:
    store = plant()
    async with running([store]) as screen:
        await at(screen, HISTORIAN)
        made_anew(store, HISTORIAN)
        await screen.changed()
        table = screen.app.main.current.table
        assert table.cursor == HISTORIAN
        assert not table.settled
        await screen.press("t")
        assert "changed by itself" in screen.text()
        screen.clock.advance(1)
        assert table.settled


async def test_also_when_its_going_and_its_coming_arrive_apart_on_a_table_of_one_row() -> None:
    store = many_pods(1)
    async with running([store]) as screen:
        await screen.press("2", "down")
        table = screen.app.main.current.table
        key = table.cursor
        assert key is not None
        row = store.get("Pod", key.namespace, key.name)
        assert row is not None
        store.delete("Pod", key.namespace, key.name, row.uid)
        await screen.changed()
        assert table.cursor is None
        screen.clock.advance(5)
        store.apply("Pod", _copy(row))
        await screen.changed()
        assert table.cursor == key
        assert not table.settled


async def test_a_row_that_only_changes_is_the_object_it_was() -> None:
    store = plant()
    async with running([store]) as screen:
        await at(screen, HISTORIAN)
        row = store.get(*HISTORIAN[1:])
        assert row is not None
        store.apply("Pod", replace(row, resource_version="9000001"))
        await screen.changed()
        assert screen.app.main.current.table.settled


async def test_a_row_without_a_uid_says_nothing_about_which_object_it_is() -> None:
    store = plant()
    async with running([store]) as screen:
        await at(screen, HISTORIAN)
        row = store.get(*HISTORIAN[1:])
        assert row is not None
        store.apply("Pod", replace(row, uid="", resource_version="9000001"))
        await screen.changed()
        assert screen.app.main.current.table.settled
        store.apply("Pod", replace(row, resource_version="9000002"))
        await screen.changed()
        assert screen.app.main.current.table.settled
        store.apply("Pod", replace(row, uid="another", resource_version="9000003"))
        await screen.changed()
        assert not screen.app.main.current.table.settled


@pytest.mark.parametrize("view", ["detail", "manifest", "logs"])
async def test_an_open_screen_says_so_and_lets_no_key_act_until_it_could_be_seen(view: str) -> None:
    store = plant()
    async with running([store]) as screen:
        screen.app.navigation.open(view, HISTORIAN)
        await screen.pilot.pause()
        assert screen.of_object.settled
        made_anew(store, HISTORIAN)
        await screen.changed()
        assert not screen.of_object.settled
        assert "another" in screen.text()
        screen.of_object.action_act("rotate")
        await screen.pilot.pause()
        assert "changed by itself" in screen.text()
        screen.clock.advance(1)
        assert screen.of_object.settled


async def test_a_key_that_comes_before_the_screen_knows_of_it_does_not_act_either() -> None:
    store = plant()
    key = ObjectKey("plant", "Deployment", "line-2", "press")
    async with running([store]) as screen:
        screen.app.navigation.open("detail", key)
        await screen.pilot.pause()
        made_anew(store, key)
        screen.of_object.action_act("restart")
        await screen.pilot.pause()
        text = screen.text()
        assert "changed by itself" in text
        assert "another of the same name" in text


def test_the_end_of_a_rollout_that_is_waited_for_is_not_that_of_another_object() -> None:
    store = plant()
    view = FleetView(PANES["rollouts"], [store])
    view.rebuild(NOW)
    press = ObjectKey("plant", "Deployment", "line-2", "press")
    row = under_way(view, press)
    assert row is not None
    followed = FollowedRollout(view, row, 0.0, end=lambda job: None, show=lambda key: None)
    assert not followed.over
    made_anew(store, press)
    view.absorb({"plant": store.drain()}, NOW)
    assert (followed.over, followed.says) == (True, "is gone")


class Asked:
    """A server that is asked for lists, and has none."""

    def __init__(self) -> None:
        self.selectors: list[str] = []

    @property
    def api(self) -> Asked:
        return self

    async def get(self, path: str, query: dict[str, str] | None = None) -> dict[str, list[object]]:
        self.selectors.append((query or {}).get("fieldSelector", ""))
        return {"items": []}


@pytest.mark.parametrize(
    ("kind", "uid", "asked"),
    [("Pod", "u-2", ",involvedObject.uid=u-2"), ("Pod", "", ""), ("Node", "u-2", "")],
)
async def test_the_events_are_of_the_object_that_is_there_now(kind: str, uid: str, asked: str) -> None:
    server = Asked()
    await events_of(server, ObjectKey("plant", kind, "" if kind == "Node" else "line", "a"), uid)
    assert server.selectors == [f"involvedObject.kind={kind},involvedObject.name=a{asked}"]


async def test_where_rows_have_no_uid_the_object_that_is_read_tells() -> None:
    store = plant()
    async with running([store]) as screen:
        screen.app.navigation.open("manifest", HISTORIAN)
        await screen.pilot.pause()
        shown = screen.app.screen
        assert isinstance(shown, ObjectScreen)
        before = shown._uid
        shown.note_uid("")
        assert (shown._uid, shown.settled) == (before, True)
        shown.note_uid("another")
        assert not shown.settled
        await screen.pilot.pause()
        assert "another of the same name" in screen.text()

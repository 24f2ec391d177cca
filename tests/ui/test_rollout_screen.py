"""A workload's own screen: revisions with their pods, the differences between two, what is left to wait for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from edgetui.actions.session import Session
from edgetui.cluster.errors import Forbidden
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.base import Kind
from edgetui.ui.screens.rollout import AGAIN, RolloutScreen
from tests.unit.model import factories as f
from tests.unit.model.test_revisiontree import controller_revision, press

from .driving import Screen, running


class Server:
    """A session whose server gives lists by the last part of the path, and objects by their name."""

    def __init__(self, *objects: f.Json, **lists: list[f.Json]) -> None:
        self.objects = {one["metadata"]["name"]: one for one in objects}
        self.lists = lists
        self.refused: Exception | None = None
        self.asked: list[str] = []
        self.store = Store("plant")

    def look_at_kinds(self, kinds: object, beside: str = "") -> None:
        """Nobody looks at usage here."""

    def need(self, kind: str, needed: bool) -> None:
        """Everything is in the store already."""

    @property
    def api(self) -> Server:
        return self

    def kind(self, name: str) -> Kind:
        """Every kind in the version that is usual."""
        return KINDS[name]

    async def get(self, path: str, query: object = None) -> Any:
        last = path.rpartition("/")[2]
        self.asked.append(last)
        if last == "controllerrevisions" and self.refused:
            raise self.refused
        return self.objects[last] if last in self.objects else {"items": self.lists.get(last, [])}

    async def get_metadata(self, path: str) -> Any:
        return self.objects[path.rpartition("/")[2]]

    async def read(self, collection: str, name: str = "", query: object = None, *, most: int = 0) -> Any:
        return await self.get(f"{collection}/{name}" if name else collection, query)

    def times_asked(self, what: str) -> int:
        return self.asked.count(what)


async def opened(screen: Screen, kind: str, name: str) -> None:
    screen.app.open_detail(ObjectKey("plant", kind, "default", name))
    await screen.settled()


async def a_second_later(screen: Screen, seconds: float) -> None:
    screen.clock.advance(seconds)
    screen.app._tick()
    await screen.settled()


def with_env(replica_set: f.Json, **values: str) -> f.Json:
    container = replica_set["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [{"name": name, "value": value} for name, value in values.items()]
    return replica_set


async def test_a_second_that_passes_before_it_is_on_the_screen_reads_nothing() -> None:
    store, made, sets = press()
    server = Server(made, replicasets=sets)
    async with running([store], sessions={"plant": server}) as screen:
        screen.app.open_detail(ObjectKey("plant", "Deployment", "default", "press"))
        screen.app._tick()
        await screen.settled()
        assert server.times_asked("replicasets") == 1
        assert "revisions  d what differs" in screen.text()


async def test_revisions_stand_over_their_pods_and_any_two_can_be_compared() -> None:
    store, made, sets = press()
    with_env(sets[1], API_TOKEN="hunter2", MODE="slow")
    with_env(sets[2], MODE="off")
    async with running([store], sessions={"plant": Server(made, replicasets=sets)}) as screen:
        await opened(screen, "Deployment", "press")
        text = screen.text()
        assert "! image press:2 not found (1 pod)" in text
        tree = text[text.index("revisions  d what differs") :].splitlines()
        assert tree[1].split()[:4] == ["3", "now", "press-c", "0/1"]
        assert tree[2].split()[:4] == ["!", "press-c-00000", "0/1", "image"]
        assert tree[3].split()[:5] == ["2", "last", "good", "press-b", "3/3"]
        await screen.press("d")
        text = screen.text()
        assert "what differs from revision 2 to revision 3" in text
        sides = [words for line in text.splitlines() if (words := line.split())[:1] in (["from"], ["to"])]
        assert [words[:2] for words in sides] == [["to", "3"], ["from", "2"]]
        assert "+ containers[app].image: press:3" in text
        assert "- containers[app].env[API_TOKEN].value: (hidden)" in text
        assert "hunter2" not in text
        await screen.press("down")
        assert "what differs from revision 1 to revision 3" in screen.text()
        await screen.press("tab", "down")
        assert "what differs from revision 1 to revision 2" in screen.text()
        assert "API_TOKEN" in screen.text()
        await screen.press("down")
        assert "nothing: the templates are the same" in screen.text()
        await screen.press("escape")
        assert "revisions  d what differs" in screen.text()


def historian(image: str = "db:2", **more: Any) -> f.Json:
    return f.stateful_set("db", update_revision="db-b", current_revision="db-a", image=image, **more)


async def test_a_history_is_read_when_it_is_opened_and_again_when_it_has_moved_on() -> None:
    made = historian(updated=1)
    stored = [controller_revision(made, "a", 1, "db:1"), controller_revision(made, "b", 2, "db:2")]
    server, store = (
        Server(made, controllerrevisions=stored),
        f.store_of(made, *f.pods_of(made, 3, label="db-a")),
    )
    async with running([store], sessions={"plant": server}) as screen:
        await opened(screen, "StatefulSet", "db")
        assert server.times_asked("controllerrevisions") == 1
        assert " 2  now        db-b" in screen.text()
        assert " 1  last good  db-a    3/3" in screen.text()
        await a_second_later(screen, AGAIN)
        assert server.times_asked("controllerrevisions") == 1
        stored.append(controller_revision(made, "c", 3, "db:3"))
        server.objects["db"] = historian("db:3", generation=2)
        store.apply("StatefulSet", row_of("StatefulSet", server.objects["db"]))
        await screen.changed()
        await a_second_later(screen, AGAIN)
        assert server.times_asked("controllerrevisions") == 2
        assert " 3  now        db-c" in screen.text()


async def test_a_history_that_may_not_be_read_says_so_and_the_pods_stand_without_it() -> None:
    made = historian(updated=0)
    server = Server(made)
    server.refused = Forbidden("You may not list controllerrevisions.", "Ask for it.")
    store = f.store_of(made, *f.pods_of(made, 3, label="db-a"))
    async with running([store], sessions={"plant": server}) as screen:
        await opened(screen, "StatefulSet", "db")
        assert "You may not list controllerrevisions." in screen.text()
        assert "?             db-a    3/3" in screen.text()
        await screen.press("d")
        assert "You may not list controllerrevisions." in screen.text().splitlines()[-1]


async def shown(*objects: f.Json, server: Server | None = None) -> str:
    """The screen of the first of these objects."""
    server = server or Server(objects[0])
    async with running([f.store_of(*objects)], sessions={"plant": server}, size=(100, 40)) as screen:
        await opened(screen, objects[0]["kind"], objects[0]["metadata"]["name"])
        return screen.text()


async def test_a_passed_deadline_is_not_final_and_complete_is_not_health() -> None:
    late = f.deployment("press", updated=1, progressing=("False", "ProgressDeadlineExceeded"))
    sets = f.replica_set(late, "a", replicas=1)
    starting = f.pod("press-x", owner=sets, labels={"pod-template-hash": "a"}, statuses=[f.waiting("")])
    text = await shown(late, sets, starting)
    assert "its deadline of 10m has passed, but new pods are on their way: it may yet finish" in text
    assert "progress deadline exceeded; the controller keeps trying" in text
    done = f.daemon_set("ag", desired=2, misscheduled=1)
    dead = f.pod("ag-x", owner=done, node="node-9", ready="False")
    text = await shown(done, dead, f.node("node-9", ready="Unknown"))
    assert "! complete, node NotReady" in text
    assert "1 pod where it should not run; an unreachable node counts as such" in text
    assert "rolled out, not healthy" in text
    assert "! ag-x  ?/1  node NotReady" in text


async def test_pods_on_a_silent_node_cannot_end() -> None:
    made = f.stateful_set("db", ready=2, available=2)
    dead = f.pod("db-0", owner=made, node="node-9", ready="False", deleting=f.NOW)
    text = await shown(made, dead, f.node("node-9", ready="Unknown"))
    assert "1 of 1 node unreachable: cannot finish until it returns (node-9)" in text
    assert "db-0  ?/1  stuck Terminating" in text


async def test_what_a_quota_refuses_a_stateful_set_is_found_in_its_events() -> None:
    made = f.stateful_set("db", ready=2, available=2)
    refused = f.event(
        made,
        "FailedCreate",
        'create Pod db-2 in StatefulSet db failed error: pods "db-2" is forbidden: exceeded quota: small,'
        " requested: pods=1, used: pods=2, limited: pods=2",
        type_="Warning",
    )
    pods = f.pods_of(made, 2, label="press-a")
    text = await shown(made, *pods, server=Server(made, events=[refused]))
    assert "! quota small is full: 2 of 2 pods used" in text
    later = f.event(made, "SuccessfulCreate", "create Pod db-1 in StatefulSet db successful", last=f.NOW - 1)
    text = await shown(made, *pods, server=Server(made, events=[refused, later]))
    assert "! quota small" not in text


async def test_the_time_that_is_left_is_told_while_it_moves() -> None:
    made = f.deployment("press", replicas=6, updated=3, current=6, progressing=("True", "ReplicaSetUpdated"))
    new = f.replica_set(made, "a", replicas=3)
    ready = [
        f.pod(
            f"press-{at}",
            owner=new,
            labels={"pod-template-hash": "a"},
            created=f.NOW - 181,
            ready_at=f.NOW - at,
        )
        for at in (121, 61, 1)
    ]
    text = await shown(made, new, *ready)
    assert "deadline in 9m" in text
    assert "about 2-4 min left at the present pace" in text
    broken = f.image_pull("press-x", owner=new, labels={"pod-template-hash": "a"})
    assert "at the present pace" not in await shown(made, new, *ready, broken)


BARS = ("[oooooooooo]", "[===ooooooo]", "[=====ooooo]", "[========oo]", "[==========]")


def rollouts(number: int, moved: int) -> list[f.Json]:
    """As many Deployments of four pods, each at another point of its rollout, all of them moved on by some pods."""
    objects: list[f.Json] = []
    for at in range(number):
        new = (at + moved) % len(BARS)
        moving = ("True", "ReplicaSetUpdated")
        made = f.deployment(f"unit-{at:03d}", replicas=4, updated=new, revision=2, progressing=moving)
        sets = [
            f.replica_set(made, f"n{at}", revision=2, replicas=new),
            f.replica_set(made, f"o{at}", replicas=4 - new),
        ]
        objects += [made, *sets, *f.pods_of(sets[0], new), *f.pods_of(sets[1], 4 - new)]
    return objects


async def test_two_hundred_rollouts_at_once_have_their_bars_right() -> None:
    store = f.store_of(*rollouts(200, 0))
    async with running([store], size=(80, 210)) as screen:
        await screen.press("4")
        for moved in range(3):
            objects = rollouts(200, moved)
            for kind in ("Pod", "ReplicaSet", "Deployment"):
                store.replace(kind, [row_of(kind, one) for one in objects if one["kind"] == kind])
            await screen.changed()
            shown = [line.split() for line in screen.text().splitlines() if " unit-" in line]
            bars = {words[2]: words[3] for words in shown}
            assert bars == {f"unit-{at:03d}": BARS[(at + moved) % len(BARS)] for at in range(200)}


@pytest.mark.parametrize("scaled", [None, "a ScaledObject"])
async def test_what_recommends_is_asked_once_and_keda_again_while_it_scales(
    scaled: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answering(name: str, answer: object) -> Callable[..., Awaitable[object]]:
        async def read(*_: object) -> object:
            asked.append(name)
            return answer

        return read

    module = "edgetui.ui.screens.rollout"
    monkeypatch.setattr(f"{module}.revisions_of", answering("revisions", ()))
    monkeypatch.setattr(f"{module}.scaled_object_of", answering("keda", scaled))
    monkeypatch.setattr(f"{module}.vpa_recommendations", answering("recommendations", ()))
    app = SimpleNamespace(flows=SimpleNamespace(audit=None))
    screen = SimpleNamespace(
        key=ObjectKey("plant", "Deployment", "line-2", "press"),
        app=app,
        _keda=None,
        _recommendations=None,
        _said="",
        _history=(),
    )
    there = f.deployment("press", "line-2")
    api = SimpleNamespace(
        kind=lambda kind: SimpleNamespace(path=lambda *place: "/".join((kind, *place))),
        get=answering("object", there),
    )
    for _ in range(2):
        await RolloutScreen._fetch_from(cast(RolloutScreen, screen), cast(Session, SimpleNamespace(api=api)))
    again = [] if scaled is None else ["keda"]
    assert asked == ["object", "revisions", "keda", "recommendations", "object", "revisions", *again]

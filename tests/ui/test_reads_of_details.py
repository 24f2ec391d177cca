"""What the page of an object reads beside the store, when each of that is forgotten, and the list of clusters."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cache.freshness import Link, LinkState
from edgetui.model.cache.store import Store
from edgetui.model.cache.wireprofile import Wire, WireState
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds.event import EVENT
from edgetui.ui.screens.clusters import ClustersScreen, _notice, show_control_plane
from edgetui.ui.screens.detail import DetailScreen
from edgetui.ui.screens.object import ObjectScreen
from tests.unit.model import factories as f

from .bare import BareApp, Session, bare, put, work

PRESS = ObjectKey("plant", "Deployment", "line-1", "press")
POD = ObjectKey("plant", "Pod", "line-1", "press-1")


def press(uid: str = "u-1", version: int = 7, **more: Any) -> dict[str, Any]:
    made = f.deployment("press", "line-1", version=version, **more)
    made["metadata"]["uid"] = uid
    return made


class Reads:
    """What the actions read, in place of themselves; `told` is what was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[str] = []
        self.events: Any = (["event"], "")
        self.around: Any = "around"
        self.object: Any = {"metadata": {"uid": "u-1"}}
        self.driven: tuple[str, ...] = ()
        monkeypatch.setattr("edgetui.ui.object_events.events_of", self._events)
        monkeypatch.setattr("edgetui.ui.object_events.in_full", self._full)
        monkeypatch.setattr("edgetui.actions.objects.describe.describe", self._describe)
        monkeypatch.setattr("edgetui.actions.objects.describe.read_object", self._read)
        monkeypatch.setattr("edgetui.actions.change.drivers.drivers_of", self._drivers)
        monkeypatch.setattr("edgetui.actions.change.owners.owner_lines", self._owners)

    @staticmethod
    def _answer(found: Any) -> Any:
        if isinstance(found, EdgetuiError):
            raise found
        return found

    async def _events(self, session: Any, key: ObjectKey, uid: str) -> Any:
        self.told.append(f"events of {key.name} {uid}")
        return self._answer(self.events)

    async def _full(self, session: Any, key: ObjectKey) -> Any:
        self.told.append(f"{key.name} in full")

    async def _describe(self, session: Any, store: Store, key: ObjectKey, object_: Any, *, thin: bool) -> Any:
        self.told.append(f"around {key.name}{' thin' if thin else ''}")
        return self._answer(self.around)

    async def _read(self, session: Any, store: Store, key: ObjectKey) -> Any:
        self.told.append(f"reads {key.name}")
        return self._answer(self.object)

    async def _drivers(self, session: Any, key: ObjectKey) -> tuple[str, ...]:
        return self.driven

    async def _owners(self, session: Any, key: ObjectKey, metadata: Any) -> list[Any]:
        return [SimpleNamespace(text=f"Flux {metadata['uid']}")]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    return Reads(monkeypatch)


def opened(store: Store, key: ObjectKey = PRESS, *, connected: bool = True) -> tuple[BareApp, Any]:
    app = BareApp([store], {"plant": Session()} if connected else {})
    screen = bare(DetailScreen, app, key)
    screen.row()
    return app, screen


async def test_events_and_what_stands_around_are_read_and_each_failure_is_said(reads: Reads) -> None:
    app, screen = opened(f.store_of(press()))
    await screen._fetch_events()
    assert reads.told == ["events of press u-1", "around press"]
    assert (screen._events, screen._heard_events) == (["event"], "")
    assert (screen._description, screen._not_described) == ("around", "")
    assert app.told == ["shown", "shown"]
    reads.events, reads.around = EdgetuiError("No right."), EdgetuiError("No lists.")
    app.clock.advance(60)
    await screen._fetch_events()
    assert (screen._events, screen._heard_events) == (["event"], "No right.")
    assert (screen._description, screen._not_described) == ("around", "No lists.")
    app.sessions.clear()
    await screen._fetch_events()
    assert screen._heard_events == "not connected"


@pytest.mark.parametrize(("discovered", "again"), [(False, 60), (True, 10)])
async def test_what_stands_around_is_read_again_after_a_minute_or_sooner_of_a_custom_object(
    reads: Reads, discovered: bool, again: int
) -> None:
    store = f.store_of(press())
    if discovered:
        store.kinds = SimpleNamespace(get=lambda kind: SimpleNamespace(discovered=True))  # type: ignore[assignment]
    app, screen = opened(store)
    asked = []
    for second in range(0, 121, 5):
        reads.told.clear()
        await screen._describe(app.sessions["plant"])
        if reads.told:
            asked.append(second)
        app.clock.advance(5)
    assert asked == list(range(0, 121, again))


async def test_over_a_thin_link_less_is_read(reads: Reads) -> None:
    store = f.store_of(press())
    store.set_wire(WireState(Wire.THIN))
    app, screen = opened(store)
    await screen._describe(app.sessions["plant"])
    assert reads.told == ["around press thin"]


async def test_who_reverts_changes_is_asked_of_what_no_controller_made(reads: Reads) -> None:
    app, screen = opened(f.store_of(press()))
    screen._ask_owners()
    assert screen.begun == [("owners", True, False)]
    reads.driven = ("Flagger",)
    await work(screen)
    assert screen._owners == ("Flagger", "Flux u-1")
    assert [*screen._owner_lines()] == ["Flagger", "Flux u-1"]
    assert app.told == ["owners", "shown"]
    made = press()
    pod = f.pod("press-1", "line-1", owner=f.replica_set(made, "5d4b8"))
    event = f.event(made, "Scaled")
    for key, store in (
        (POD, f.store_of(pod)),
        (PRESS, f.store_of()),
        (ObjectKey("plant", EVENT, "line-1", event["metadata"]["name"]), f.store_of(event)),
    ):
        app, screen = opened(store, key)
        screen._ask_owners()
        assert screen.begun == [], key


@pytest.mark.parametrize("found", [EdgetuiError("No right."), {"metadata": "odd"}, {}])
async def test_owners_that_cannot_be_read_stay_unknown(reads: Reads, found: Any) -> None:
    reads.object = found
    app, screen = opened(f.store_of(press()))
    await screen._fetch_owners()
    assert (screen._owners, app.told) == (None, ["shown"])
    assert [*screen._owner_lines()] == []
    app.sessions.clear()
    app.told.clear()
    await screen._fetch_owners()
    assert app.told == []


async def test_the_object_is_read_once_for_each_version_of_it_and_again_after_a_failure(reads: Reads) -> None:
    store = f.store_of(press())
    app, screen = opened(store)
    session = app.sessions["plant"]
    for _ in range(2):
        assert await screen._object(session) == reads.object
    assert reads.told == ["reads press"]
    put(store, press(version=8))
    await screen._object(session)
    assert reads.told == ["reads press"] * 2
    reads.object = EdgetuiError("No right.")
    put(store, press(version=9))
    for _ in range(2):
        with pytest.raises(EdgetuiError):
            await screen._object(session)
    assert reads.told == ["reads press"] * 4
    app, screen = opened(f.store_of())
    reads.object = {}
    for _ in range(2):
        await screen._object(session)
    assert len(reads.told) == 6, "without a version nothing says that it is the same"


async def test_of_another_object_with_the_name_everything_is_asked_anew(reads: Reads) -> None:
    store = f.store_of(press())
    app, screen = opened(store)
    await screen._fetch_events()
    await screen._fetch_owners()
    screen._full, screen._full_for = "full", "7"
    app.clock.advance(1)
    app.told.clear()
    put(store, press("u-2", version=9))
    screen.row()
    assert (screen._full, screen._full_for, screen._description, screen._owners) == (None, "", None, None)
    assert app.told == ["owners", "shown"]
    reads.told.clear()
    screen._ask_events()
    await work(screen)
    assert reads.told == ["reads press", "events of press u-2", "around press"]


def test_after_a_dialog_owners_are_asked_for_again_where_there_were_some() -> None:
    app, screen = opened(f.store_of(press()))
    screen.on_screen_resume()
    screen._owners = ()
    screen.on_screen_resume()
    assert app.told == []
    screen._owners = ("Flux",)
    screen.on_screen_resume()
    assert app.told == ["owners"]


def test_what_it_owns_and_what_owns_it_is_watched_while_it_is_open() -> None:
    made = press()
    replicas = f.replica_set(made, "5d4b8")
    store = f.store_of(made, replicas, f.pod("press-1", "line-1", owner=replicas))
    app, screen = opened(store, POD)
    session = app.sessions["plant"]
    screen._need(True)
    first = list(session.needed)
    screen._need(True)
    assert session.needed == first, "what is watched is not asked for again"
    assert all(needed for _, needed in first)
    screen._need(False)
    assert sorted(session.needed[len(first) :]) == sorted((kind, False) for kind, _ in first)
    assert screen._needs == frozenset()
    assert screen.kinds_in_view == frozenset({"Pod"})
    app.sessions.clear()
    screen._need(True)
    assert screen._needs == frozenset()


class Plain(ObjectScreen):
    shows = "plain"
    told: list[str]

    def replaced(self) -> None:
        self.told.append("replaced")


def plain(store: Store, key: ObjectKey = PRESS) -> tuple[BareApp, Any]:
    app = BareApp([store])
    screen = bare(Plain, app)
    screen.key, screen.told = key, []
    app.open_manifest = lambda key: app.told.append(f"manifest {key.name}")  # type: ignore[attr-defined]
    app.open_logs = lambda key: app.told.append(f"logs {key.name}")  # type: ignore[attr-defined]
    app.action_keys = SimpleNamespace(act=lambda *given: app.told.append(f"acts {given[0]} {given[2:]}"))
    return app, screen


def test_another_object_under_the_name_is_told_and_no_key_acts_until_it_could_be_seen() -> None:
    store = f.store_of(press())
    app, screen = plain(store)
    assert screen.target == ObjectRef(PRESS, "u-1", "7")
    assert (screen.new_words, screen.settled, screen.told) == ("", True, [])
    put(store, press("u-2", version=8))
    assert screen.target == ObjectRef(PRESS, "u-2", "8")
    assert screen.told == ["replaced"]
    words = "The one that was opened is gone; this is another of the same name, since "
    assert (screen.new_words, screen.settled) == (f"{words}0s.", False)
    app.clock.advance(0.69)
    assert not screen.settled
    screen.action_act("scale", "3")
    app.clock.advance(0.01)
    assert screen.settled
    screen.action_act("scale")
    assert app.told == ["acts scale (False, '3')", "acts scale (True, '')"]
    app.clock.advance(60)
    assert screen.new_words == f"{words}1m."
    screen.note_uid("")
    assert (screen._uid, screen.told) == ("u-2", ["replaced"])


@pytest.mark.parametrize(
    ("shows", "told"),
    [
        ("plain", ["manifest press", "logs press"]),
        ("manifest", ["logs press"]),
        ("logs", ["manifest press"]),
    ],
)
def test_a_view_does_not_open_itself(shows: str, told: list[str]) -> None:
    app, screen = plain(f.store_of(press()))
    type(screen).shows = shows
    screen.action_manifest()
    screen.action_logs()
    assert (app.told, screen.copied) == (told, "press")


def test_no_action_begins_on_what_is_gone() -> None:
    app, screen = plain(f.store_of())
    assert screen.target is None
    screen.action_act("scale")
    assert app.told == ["says Deployment press in line-1 on plant is gone."]


# -- the list of clusters


def clusters(*links: tuple[str, Link]) -> list[Store]:
    made = []
    for name, link in links:
        made.append(Store(name))
        made[-1].set_link(LinkState(link, since=0.0))
    return made


async def test_caches_are_checked_of_every_live_cluster_that_is_connected() -> None:
    async def audit_cache(name: str) -> str:
        return name

    stores = clusters(("plant", Link.LIVE), ("van", Link.STALE), ("farm", Link.LIVE), ("depot", Link.LIVE))
    sessions = {
        name: SimpleNamespace(audit_cache=partial(audit_cache, name)) for name in ("plant", "van", "farm")
    }
    app = BareApp(stores, sessions)
    screen = bare(ClustersScreen, app)
    screen.action_audit()
    assert screen.begun == [("audit plant", True, True), ("audit farm", True, True)]
    assert [await one() for one in screen.works] == ["plant", "farm"]


@pytest.mark.parametrize(
    ("links", "why"),
    [
        ([("plant", Link.STALE), ("van", Link.LIVE)], ""),
        ([("plant", Link.STALE)], "no live cluster"),
        ([], "no live cluster"),
    ],
)
def test_only_live_clusters_can_be_checked(links: list[tuple[str, Link]], why: str) -> None:
    screen = bare(ClustersScreen, BareApp(clusters(*links)))
    assert [tuple(hint)[:3] for hint in screen.hints()] == [
        ("p", "control plane", ""),
        ("v", "check server caches", why),
    ]


@pytest.mark.parametrize(
    ("count", "place", "opened"), [(1, None, "site-0"), (3, 1, "site-1"), (3, 0, "site-0"), (3, None, "")]
)
def test_the_control_plane_is_that_of_the_one_cluster_or_of_the_one_that_is_chosen(
    count: int, place: int | None, opened: str
) -> None:
    app: Any = BareApp(clusters(*((f"site-{at}", Link.LIVE) for at in range(count))))
    shown: list[Any] = []

    def push(screen: Any, chosen: Any = None) -> None:
        shown.append(screen)
        if chosen is not None:
            assert screen._choices == tuple((f"site-{at}", screen._choices[at][1]) for at in range(count))
            chosen(place)

    app.push_screen = push
    show_control_plane(app)
    assert len(shown) == (1 if count == 1 else 2 if opened else 1)
    assert getattr(shown[-1], "_cluster", "") == opened


@pytest.mark.parametrize(
    ("credentials", "keeper", "notice"),
    [("", None, ""), ("a", None, "a"), ("a", "b", "a b"), ("", "b", "b"), ("", "", "")],
)
def test_what_could_not_be_kept_is_noted(credentials: str, keeper: str | None, notice: str) -> None:
    session: Any = SimpleNamespace(
        credentials=SimpleNamespace(notice=credentials),
        keeper=None if keeper is None else SimpleNamespace(problem=keeper),
    )
    assert _notice(session) == notice

"""How often a screen about one object reads again what nothing watches: each with its own pause, and what ends it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.cache.wireprofile import Wire, WireState
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.nodeupgradejob import NODE_UPGRADE_JOB
from edgetui.model.kinds.plan import PLAN
from edgetui.model.lease import Lease
from edgetui.model.traffic.spread import Spread
from edgetui.ui.screens import node as node_screen
from edgetui.ui.screens import service
from edgetui.ui.screens.node import NodeScreen
from edgetui.ui.screens.service import ServiceScreen
from edgetui.ui.screens.update import UpdateScreen
from tests.unit.model import factories as f

from .bare import BareApp, Session, bare, put, seconds_of

NODE = ObjectKey("plant", "Node", "", "edge-1")
PRESS = ObjectKey("plant", "Deployment", "line-1", "press")


def node(ready: str = "True", out: bool = False) -> Store:
    made = f.node("edge-1", ready=ready)
    if out:
        made["spec"]["taints"] = [{"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}]
    return f.store_of(made)


@pytest.mark.parametrize(
    ("ready", "thin", "seen"),
    [
        ("True", False, []),
        ("", False, []),
        ("Unknown", False, [30, 60]),
        ("False", False, [30, 60]),
        ("False", True, []),
    ],
)
def test_a_lease_is_read_every_ten_seconds_and_all_that_a_forecast_needs_every_thirty_of_a_lost_node(
    ready: str, thin: bool, seen: list[int]
) -> None:
    for group, expected in (("lease", [10, 20, 30, 40, 50, 60]), ("foresee", seen)):
        store = node(ready)
        if thin:
            store.set_wire(WireState(Wire.THIN))
        app = BareApp([store], {"plant": Session()})
        screen = bare(NodeScreen, app, NODE)
        screen._look()
        lost = ready not in ("True", "")
        assert app.told == (["lease", "foresee"] if lost and not thin else ["lease"])
        assert seconds_of(app, screen, group, 60) == expected
        assert screen.begun[0] == ("lease", True, False)
        slow = "not read over a link as slow as this; :unplug asks for it"
        assert screen._not_known == (slow if thin and lost else "")


def test_a_node_that_is_taken_out_of_service_is_foreseen_anew_at_once() -> None:
    store = node("Unknown")
    app = BareApp([store], {"plant": Session()})
    screen = bare(NodeScreen, app, NODE)
    screen._look()
    app.clock.advance(5)
    app.told.clear()
    screen._look()
    assert app.told == []
    for out in (True, False):
        made = f.node("edge-1", ready="Unknown", version=str(2 + out))
        if out:
            made["spec"]["taints"] = [{"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}]
        put(store, made)
        screen._look()
        screen._look()
        assert app.told == ["foresee"]
        app.told.clear()


async def test_of_another_node_with_the_name_nothing_is_known() -> None:
    app = BareApp([node("Unknown")], {"plant": Session()})
    screen = bare(NodeScreen, app, NODE)
    screen._lease, screen._known = Lease("me"), "known"
    screen._look()
    app.told.clear()
    screen.replaced()
    assert (screen._lease, screen._known) == (None, None)
    app.told.clear()
    screen._look()
    assert app.told == ["lease", "foresee"]


@pytest.mark.parametrize("connected", [True, False])
async def test_what_was_read_of_a_node_takes_the_place_of_why_it_was_not_and_the_other_way_round(
    monkeypatch: pytest.MonkeyPatch, connected: bool
) -> None:
    app = BareApp([node("Unknown")], {"plant": Session()} if connected else {})
    screen = bare(NodeScreen, app, NODE)
    answers: list[Any] = [EdgetuiError("No right."), "read"]

    async def read(*given: Any) -> Any:
        if isinstance(answers[0], EdgetuiError):
            raise answers[0]
        return answers[0]

    monkeypatch.setattr(node_screen, "read_lease", read)
    monkeypatch.setattr("edgetui.actions.nodes.foresee.read", read)
    states = []
    while answers:
        app.told.clear()
        await screen._read_lease()
        await screen._foresee()
        states.append((screen._lease, screen._no_lease, screen._known, screen._not_known))
        assert app.told == (["shown", "shown"] if connected else [])
        answers.pop(0)
    if connected:
        assert states == [(None, "No right.", None, "No right."), ("read", "", "read", "")]
    else:
        assert states == [(None, "", None, "")] * 2


def balanced() -> Store:
    made = f.service("entry", "line-1")
    made["spec"] |= {"type": "LoadBalancer", "clusterIP": "10.0.0.9"}
    made["status"] = {"loadBalancer": {"ingress": [{"ip": "10.1.2.3"}]}}
    return f.store_of(made)


ENTRY = ObjectKey("plant", "Service", "line-1", "entry")


@pytest.mark.parametrize(
    ("by", "seconds"), [("", [5, 10, 15]), ("kube-vip", [5, 10, 15]), ("metallb", []), (None, [])]
)
def test_the_lease_of_a_service_is_read_every_five_seconds_where_kube_vip_may_hold_its_address(
    monkeypatch: pytest.MonkeyPatch, by: str | None, seconds: list[int]
) -> None:
    holder = None if by is None else SimpleNamespace(by=by)
    monkeypatch.setattr(service, "holder_of", lambda store, row: holder)
    app = BareApp([balanced()], {"plant": Session()})
    screen = bare(ServiceScreen, app, ENTRY)
    screen._look()
    assert app.told == (["lease"] if seconds else [])
    assert seconds_of(app, screen, "lease", 16) == seconds
    assert set(screen.begun) <= {("lease", True, False), ("spread", False, False)}


@pytest.mark.parametrize(
    ("sync", "proxied", "seconds"),
    [
        (Sync.NEVER, True, []),
        (Sync.SYNCING, True, []),
        (Sync.LIVE, False, []),
        (Sync.LIVE, True, [1, 601]),
        (Sync.STALE, True, [1, 601]),
        (Sync.FORBIDDEN, True, [1, 601]),
    ],
)
def test_how_connections_are_spread_is_asked_for_every_ten_minutes_once_the_agents_are_known(
    monkeypatch: pytest.MonkeyPatch, sync: Sync, proxied: bool, seconds: list[int]
) -> None:
    monkeypatch.setattr(service, "is_proxied", lambda row: proxied)
    monkeypatch.setattr(service, "holder_of", lambda store, row: None)
    store = balanced()
    store.set_freshness("DaemonSet", Freshness(sync))
    app = BareApp([store], {"plant": Session()})
    screen = bare(ServiceScreen, app, ENTRY)
    assert seconds_of(app, screen, "spread", 602) == seconds


async def test_the_spread_of_a_cluster_is_read_once_for_all_its_services_and_sooner_again_where_it_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = Session()
    app = BareApp([balanced()], {"plant": session})
    answers: list[Any] = [EdgetuiError("No right."), Spread(why="ipvs"), Spread(why="iptables")]

    async def read(api: Any, store: Store) -> Spread:
        assert (api, store) == (session.api, app.stores[0])
        answer = answers.pop(0)
        if isinstance(answer, EdgetuiError):
            raise answer
        assert isinstance(answer, Spread)
        return answer

    monkeypatch.setattr("edgetui.cluster.api.spread.read_spread", read)
    first, second = bare(ServiceScreen, app, ENTRY), bare(ServiceScreen, app, ENTRY)
    failed = Spread(why="No right.")
    for wait, left, spread, until in (
        (0, 2, failed, 60),
        (59, 2, failed, 60),
        (1, 1, Spread(why="ipvs"), 660),
        (599, 1, Spread(why="ipvs"), 660),
        (1, 0, Spread(why="iptables"), 1260),
    ):
        app.clock.advance(wait)
        for screen in (first, second):
            app.told.clear()
            await screen._read_spread()
            assert (screen._spread, screen._spread_due - 1000.0, app.told) == (spread, until, ["shown"])
            assert len(answers) == left
    app.sessions.clear()
    app.told.clear()
    await first._read_spread()
    assert app.told == []


@pytest.mark.parametrize(
    ("there", "lease", "shown"),
    [
        ({("line-1", "kubevip-entry"), ("kube-system", "plndr-svcs-lock")}, "kubevip-entry", 1),
        ({("kube-system", "plndr-svcs-lock")}, "plndr-svcs-lock", 1),
        (set(), None, 0),
    ],
)
async def test_the_lease_of_a_service_is_its_own_or_the_one_of_all(
    monkeypatch: pytest.MonkeyPatch, there: set[tuple[str, str]], lease: str | None, shown: int
) -> None:
    session = Session()

    async def read(api: Any, namespace: str, name: str) -> str:
        assert api is session.api
        if (namespace, name) not in there:
            raise EdgetuiError("No such Lease.")
        return name

    monkeypatch.setattr(service, "read_lease", read)
    app = BareApp([balanced()], {"plant": session})
    screen = bare(ServiceScreen, app, ENTRY)
    screen._lease = "an older one"
    await screen._read()
    assert (screen._lease, app.told) == (lease, ["shown"] * shown)
    app.sessions.clear()
    screen._lease = "an older one"
    await screen._read()
    assert screen._lease == "an older one"


def updates(kind: str) -> tuple[BareApp, Any]:
    store = Store("plant")
    app = BareApp([store], {"plant": Session()})
    return app, bare(UpdateScreen, app, ObjectKey("plant", kind, "system-upgrade", "k3s"))


@pytest.mark.parametrize(
    ("kind", "thin", "seconds"),
    [
        (PLAN, False, [60, 120]),
        (NODE_UPGRADE_JOB, False, [60, 120]),
        (PLAN, True, []),
        ("Deployment", False, []),
    ],
)
async def test_who_has_the_images_of_an_update_is_read_once_a_minute(
    monkeypatch: pytest.MonkeyPatch, kind: str, thin: bool, seconds: list[int]
) -> None:
    app, screen = updates(kind)
    if thin:
        app.stores[0].set_wire(WireState(Wire.THIN))
    screen.on_mount()
    names_images = kind != "Deployment"
    assert app.told == (["pulls"] if names_images and not thin else [])
    assert seconds_of(app, screen, "pulls", 125) == seconds
    slow = "not asked for over a link as slow as this"
    asking = ("asking…", "")
    assert (screen._pulls.not_listed, screen._pulls.not_heard) == ((slow, slow) if thin else asking)
    assert set(screen.begun) <= {("pulls", True, False)}

    async def read(session: Any, namespace: str) -> str:
        assert (session, namespace) == (app.sessions["plant"], "system-upgrade")
        return "read"

    monkeypatch.setattr("edgetui.actions.nodes.image_pulls.read_pulls", read)
    app.told.clear()
    await screen._read_pulls()
    assert (screen._pulls, app.told) == ("read", ["shown"])
    app.sessions.clear()
    screen._pulls = "old"
    await screen._read_pulls()
    assert screen._pulls == "old"

"""A Service that leads nowhere is not ok: its endpoints, of every make of Service and of every state of their list."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import row_of
from edgetui.model.kinds.endpointslice import EndpointSliceRow
from edgetui.model.kinds.service import ServiceRow
from edgetui.model.panes import PANES
from edgetui.model.panes.base import PaneRow
from edgetui.model.view.fleet import Fleet
from edgetui.ui.details import detail
from edgetui.ui.spans import plain
from edgetui.ui.text.clusters import notes
from tests.unit.model import factories as f

PANE = PANES["services"]
Json = dict[str, Any]


def service(**spec: Any) -> Json:
    obj = f.service(
        "press",
        type_=spec.pop("type", "ClusterIP"),
        ips=spec.pop("ips", ()),
        created=f.NOW - spec.pop("age", 3600),
    )
    obj["spec"] |= spec
    return obj


def piece(**more: Any) -> Json:
    return f.endpoint_slice("press", **more)


def build(store: Store, now: float = f.NOW) -> PaneRow:
    row = store.get("Service", "default", "press")
    assert row is not None
    return PANE.build(store, "Service", row, now)


def said(store: Store, now: float = f.NOW) -> tuple[str, str, str | None]:
    """Severity, state, and how many are ready in --json."""
    made = build(store, now)
    data = PANE.json(made, now)
    return data["severity"], data["state"], data["ready"]


BARE: Json = {"selector": None}
HEADLESS: Json = {"clusterIP": "None"}
OUTSIDE: Json = {"type": "ExternalName", "externalName": "db.example.org", "selector": None, "clusterIP": ""}
BALANCED: Json = {"type": "LoadBalancer", "ips": ("192.0.2.7",)}

SERVICES: list[tuple[str, Json, list[Json], tuple[str, str, str | None]]] = [
    ("all ready", {}, [piece(ready=3)], ("fine", "3 of 3 ready", "3/3")),
    ("some ready", {}, [piece(ready=2, waiting=1)], ("watch", "2 of 3 ready", "2/3")),
    ("none ready", {}, [piece(waiting=3)], ("bad", "0 of 3 ready", "0/3")),
    ("none ready yet", {"age": 5}, [piece(waiting=3)], ("watch", "0 of 3 ready", "0/3")),
    ("selector matches nothing", {}, [piece()], ("bad", "no endpoints", "0/0")),
    ("no slice", {}, [], ("bad", "no endpoints", "0/0")),
    ("no slice yet", {"age": 5}, [], ("watch", "no endpoints", "0/0")),
    ("only terminating", {}, [piece(draining=2)], ("watch", "only terminating", "0/0")),
    ("terminating beside ready", {}, [piece(ready=1, draining=2)], ("fine", "1 of 1 ready", "1/1")),
    ("several slices", {}, [piece(ready=2), piece(ready=1, waiting=1, number=2)], ("watch", "3 of 4 ready", "3/4")),
    ("two families", {}, [piece(ready=3), piece(ready=3, family="IPv6")], ("fine", "3 of 3 ready", "3/3")),
    ("one family lags", {}, [piece(ready=3), piece(ready=1, family="IPv6")], ("fine", "3 of 3 ready", "3/3")),
    ("slice of another", {}, [f.endpoint_slice("oven", ready=3)], ("bad", "no endpoints", "0/0")),
    ("namesake elsewhere", {}, [f.endpoint_slice("press", "line-2", ready=3)], ("bad", "no endpoints", "0/0")),
    ("slice of no service", {}, [f.endpoint_slice("", ready=3)], ("bad", "no endpoints", "0/0")),
    ("headless", HEADLESS, [piece(ready=1)], ("fine", "1 of 1 ready", "1/1")),
    ("headless, nothing", HEADLESS, [], ("bad", "no endpoints", "0/0")),
    ("by hand", BARE, [piece(ready=1)], ("fine", "1 of 1 ready", "1/1")),
    ("by hand, nothing yet", BARE, [], ("watch", "no endpoints", "0/0")),
    ("external name", OUTSIDE, [], ("fine", "ok", None)),
    ("external name, none", {**OUTSIDE, "externalName": ""}, [], ("bad", "no name", None)),
    ("balanced", BALANCED, [piece(ready=1)], ("fine", "1 of 1 ready", "1/1")),
    ("balanced, nothing behind", BALANCED, [], ("bad", "no endpoints", "0/0")),
    ("no balancer", {"type": "LoadBalancer"}, [piece(ready=1)], ("bad", "no address", "1/1")),
    ("no balancer yet", {"type": "LoadBalancer", "age": 5}, [piece(ready=1)], ("watch", "no address", "1/1")),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "slices", "says"), [s[1:] for s in SERVICES], ids=[s[0] for s in SERVICES])
def test_a_service_is_judged_by_its_endpoints(
    spec: Json, slices: list[Json], says: tuple[str, str, str | None]
) -> None:
    assert said(f.store_of(service(**spec), *slices)) == says


@pytest.mark.parametrize("sync", [Sync.HIDDEN, Sync.NEVER, Sync.SYNCING, Sync.FORBIDDEN, Sync.ABSENT])
@pytest.mark.parametrize(
    "spec", [{}, HEADLESS, BARE, BALANCED], ids=["selector", "headless", "bare", "balanced"]
)
def test_endpoints_that_are_not_known_are_neither_none_nor_ok(spec: Json, sync: Sync) -> None:
    store = f.store_of(service(**spec))
    store.set_freshness("EndpointSlice", Freshness(sync))
    assert said(store) == ("unsure", "endpoints ?", None)
    assert build(store).sign == "?"
    page = [plain(one) for one in detail(store, build(store).key, build(store).of, f.NOW, 80, (), "")]
    (line,) = [one for one in page if one.strip().startswith("endpoints")]
    assert "not known: " in line


@pytest.mark.parametrize("freshness", [{"partial": True}, {"unreadable": 1}])
def test_where_not_all_may_be_read_none_is_not_known(freshness: Json) -> None:
    store = f.store_of(service())
    store.set_freshness("EndpointSlice", Freshness(Sync.LIVE, f.NOW, **freshness))
    assert said(store) == ("unsure", "endpoints ?", None)
    store.apply("EndpointSlice", row_of("EndpointSlice", piece(ready=2)))
    assert said(store) == ("fine", "2 of 2 ready", "2/2")


@pytest.mark.parametrize(
    ("sync", "note"),
    [
        (Sync.FORBIDDEN, "? not allowed to see endpointslices, so these rows say little"),
        (Sync.ABSENT, "? endpointslices cannot be read: this cluster does not serve them"),
        (Sync.LIVE, ""),
    ],
)
def test_a_viewer_without_the_right_is_told(sync: Sync, note: str) -> None:
    store = f.store_of(service())
    store.set_freshness("EndpointSlice", Freshness(sync, f.NOW))
    assert notes(PANE, [store], 1, f.NOW) == ((note,) if note else ())


def test_a_row_follows_its_slices() -> None:
    store = f.store_of(service(), f.service("oven"), piece(ready=1))
    fleet = Fleet([store])
    view = fleet.view(PANE)
    fleet.drain()
    view.rebuild(f.NOW)
    key = ObjectKey("plant", "Service", "default", "press")

    def words() -> str:
        view.absorb(fleet.drain(), f.NOW)
        row = view.row(key)
        assert row is not None
        return PANE.value(row, "state").words

    assert words() == "1 of 1 ready"
    store.apply("EndpointSlice", row_of("EndpointSlice", piece(ready=1, waiting=1)))
    assert words() == "1 of 2 ready"
    gone = row_of("EndpointSlice", piece())
    store.delete("EndpointSlice", gone.namespace, gone.name, "")
    assert words() == "no endpoints"
    store.set_freshness("EndpointSlice", Freshness(Sync.FORBIDDEN))
    assert words() == "endpoints ?"


CONDITIONS: list[tuple[Any, tuple[int, int, int]]] = [
    (None, (1, 1, 0)),
    ({}, (1, 1, 0)),
    ({"ready": None}, (1, 1, 0)),
    ({"ready": True}, (1, 1, 0)),
    ({"ready": False}, (0, 1, 0)),
    ({"ready": False, "serving": True}, (0, 1, 0)),
    ({"ready": False, "serving": True, "terminating": True}, (0, 0, 1)),
    ({"ready": False, "serving": False, "terminating": True}, (0, 0, 0)),
    ({"ready": False, "terminating": True}, (0, 0, 1)),
]


@pytest.mark.parametrize(("conditions", "counts"), CONDITIONS)
def test_conditions_mean_what_the_api_says_of_their_absence(
    conditions: Any, counts: tuple[int, int, int]
) -> None:
    obj = {"metadata": {"name": "a"}, "endpoints": [{"addresses": ["10.0.0.1"], "conditions": conditions}]}
    row = row_of("EndpointSlice", obj)
    assert isinstance(row, EndpointSliceRow)
    assert (row.ready, row.total, row.draining) == counts


def test_the_page_says_what_it_means() -> None:
    store = f.store_of(service())
    page = [plain(one).strip() for one in detail(store, build(store).key, build(store).of, f.NOW, 80, (), "")]
    assert (
        "! no endpoints: its selector matches no pod that has an address, so connections are refused" in page
    )
    assert "endpoints   no endpoints" in page


def test_a_service_keeps_no_field_that_nobody_reads() -> None:
    assert "affinity" not in ServiceRow.__struct_fields__

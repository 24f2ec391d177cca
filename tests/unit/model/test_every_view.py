"""A view beside a plain search: which rows it shows in which order, what it counts, and when it looks again."""

from __future__ import annotations

import random
from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.model import labels
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import ChangeSet, Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.discovered import Moment, TableColumn, TableRow, head_of
from edgetui.model.kinds.pod import PodRow
from edgetui.model.panes import PANES
from edgetui.model.panes.base import (
    BAD,
    FINE,
    WATCH,
    age_json,
    age_text,
    iso,
    known_sort,
    known_text,
    pair_sort,
    pair_text,
    shared_state,
    some_pair_json,
    some_pair_sort,
    some_pair_text,
    state_text,
)
from edgetui.model.panes.of_kind import KindPane, KindRow, _column, cell_json, cell_sort
from edgetui.model.resources.served import Resource
from edgetui.model.view.filters import Filter, LabelTerm, Term, searched_text
from edgetui.model.view.fleet import FleetView
from tests.unit.model import factories as f

NOW = float(f.NOW)
PODS = PANES["pods"]


def pod(name: str, namespace: str = "d", version: int = 1, **more: Any) -> PodRow:
    made: dict[str, Any] = {
        "uid": f"{namespace}-{name}", "resource_version": str(version), "created": f.NOW - 5000, "phase": "Running",
        "status": "Running", "condition": "True", "ready": 1, "containers": 1, "node": "edge-1", **more,
    }  # fmt: skip
    return PodRow(namespace=namespace, name=name, **made)


def store_with(*pods: PodRow, cluster: str = "plant") -> Store:
    store = f.store_of(cluster=cluster)
    for one in pods:
        store.apply("Pod", one)
    store.drain()
    return store


# -- filters


def terms(text: str) -> list[Any]:
    found = Filter(text, PODS)
    return [tuple(one) for one in (*found.terms, *found.labels)]


PLACE = PODS.index | {"kind": len(PODS.columns), "node-extra": len(PODS.columns) + 1}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []), ("!", []), ("~", []), ("Press", [("press", -1, False, False, False)]),
        ("!press", [("press", -1, True, False, False)]), ("a b", [("a", -1, False, False, False),
        ("b", -1, False, False, False)]),
        ("~prs", [("prs", PODS.index["name"], False, False, True)]),
        ("!~prs", [("prs", PODS.index["name"], True, False, True)]),
        ("name=a", [("a", PODS.index["name"], False, False, False)]),
        ("name==a", [("a", PODS.index["name"], False, True, False)]),
        ("name!=a", [("a", PODS.index["name"], True, False, False)]),
        ("!name!=a", [("a", PODS.index["name"], False, False, False)]),
        ("ns=d", [("d", PODS.index["namespace"], False, False, False)]),
        ("status=x", [("x", PODS.index["state"], False, False, False)]),
        ("kind=pod", [("pod", len(PODS.columns), False, False, False)]),
        ("node=e", [("e", PODS.index["node"], False, False, False)]),
        ("name=", []), ("name==", []), ("=a", [("=a", -1, False, False, False)]),
        ("!=a", [("=a", -1, True, False, False)]),
        ("app=press", [("app", "press", False)]), ("app!=press", [("app", "press", True)]),
        ("!app=press", [("app", "press", True)]),
        ("app==press", [("app", "press", False)]), ("label:name=a", [("name", "a", False)]),
        ("app=a,tier=b", [("app", "a", False), ("tier", "b", False)]), ("a,b", [("a,b", -1, False, False, False)]),
        ("app=a,b", [("app", "a,b", False)]), ("name=a,ns=b", [
            ("a", PODS.index["name"], False, False, False), ("b", PODS.index["namespace"], False, False, False)
        ]),
    ],
)  # fmt: skip
def test_what_a_filter_asks_for(text: str, found: list[Any]) -> None:
    assert terms(text) == found
    assert Filter(text, PODS).active is bool(found)


def test_kind_node_and_name_are_searched_where_no_column_shows_them() -> None:
    nodes = PANES["nodes"]
    assert Filter("kind=node", nodes).terms == (Term("node", len(nodes.columns), False),)
    assert Filter("node=edge", nodes).terms == (Term("edge", len(nodes.columns) + 1, False),)
    assert Filter("name=edge", nodes).terms == (Term("edge", nodes.index["name"], False),)
    events = PANES["events"]
    assert Filter("name=a", events).terms == (Term("a", len(events.columns) + 2, False),)
    assert Filter("rev=3", PANES["rollouts"]).terms == (
        Term("3", PANES["rollouts"].index["revision"], False),
    )
    assert Filter("app=a", nodes).labels == (LabelTerm("app", "a", False),)
    store = f.store_of(f.node("Edge-1"))
    (row,) = store.rows("Node")
    text = searched_text(nodes, nodes.build(store, "Node", row, NOW), NOW)
    assert text.split("\x1f")[-3:] == ["node", "edge-1", "edge-1"]
    assert text.split("\x1f")[nodes.index["age"]] == ""
    assert text.split("\x1f")[nodes.index["state"]] == "ready"


CELLS = "plant\x1fd\x1fpress-7f\x1frunning"


@pytest.mark.parametrize(
    ("term", "passes"),
    [
        (Term("press", -1, False), True), (Term("press", -1, True), False), (Term("weld", -1, False), False),
        (Term("weld", -1, True), True), (Term("press", 2, False), True), (Term("press", 2, False, whole=True), False),
        (Term("press-7f", 2, False, whole=True), True), (Term("press", 1, False), False),
        (Term("press", 1, True), True),
        (Term("pr7", 2, False, loose=True), True), (Term("7rp", 2, False, loose=True), False),
        (Term("7rp", 2, True, loose=True), True),
        (Term("ppp", 2, False, loose=True), False), (Term("d", 1, False, whole=True), True),
    ],
)  # fmt: skip
def test_which_rows_pass(term: Term, passes: bool) -> None:
    made = Filter("", PODS)
    made.terms = (term,)
    assert made.matches(CELLS, pod("a")) is passes
    made.terms = (term, Term("plant", -1, False))
    assert made.matches(CELLS, pod("a")) is passes


@pytest.mark.parametrize(
    ("text", "passes"),
    [("app=press", True), ("app=PRESS", True), ("app!=press", False), ("app=weld", False),
    ("app!=weld", True), ("tier!=x", True),
     ("tier=x", False), ("app=press,tier!=x", True), ("app=press,tier=x", False)],
)  # fmt: skip
def test_which_labels_pass(text: str, passes: bool) -> None:
    row = pod("a", labels=labels.share("\x1fapp=Press\x1f"))
    assert Filter(text, PODS).matches("", row) is passes
    assert not Filter(text, PODS).matches("", pod("a", labels=labels.UNKNOWN))


# -- a view beside a plain search


def mixed(rng: random.Random, count: int, version: int = 1) -> list[PodRow]:
    kinds: list[dict[str, Any]] = [
        {}, {"condition": "False", "ready": 0}, {"status": "Error", "phase": "Failed"}, {"deleting": f.NOW + 5}
    ]  # fmt: skip
    found = []
    for at in range(count):
        more: dict[str, Any] = {"restarts": rng.randrange(3), "created": f.NOW - rng.randrange(9000)}
        found.append(pod(f"p-{at:03d}", rng.choice("de"), version, **more, **rng.choice(kinds)))
    return found


def expected(
    view: FleetView, stores: list[Store], text: str, sort: str | None, reverse: bool
) -> list[ObjectKey]:
    made = Filter(text, PODS)
    rows = [PODS.build(store, "Pod", row, NOW) for store in stores for row in store.rows("Pod")]
    shown = [row for row in rows if made.matches(searched_text(PODS, row, NOW), row.of)]

    def place(row: Any) -> Any:
        if sort is None:
            return (row.severity, row.key)
        at = PODS.index[sort]
        return (PODS.columns[at].sort(row.values[at]), row.key)

    found = [row.key for row in sorted(shown, key=place, reverse=reverse)]
    assert view.shown == len(found)
    assert view.bad == sum(row.severity == BAD for row in shown)
    counted = [[row.severity for row in part].count(of) for part, of in ((rows, BAD), (rows, WATCH))]
    assert view.counts() == (len(rows), *counted)
    assert view.total == len(rows)
    assert view.summary() == PODS.summary(shown)
    assert {row.key for row in rows} == set(view.every_key())
    return found


@pytest.mark.parametrize(
    ("sort", "reverse"), product((None, "age", "restarts", "state", "node"), (False, True))
)
def test_rows_in_their_order_whatever_comes(sort: str | None, reverse: bool) -> None:
    rng = random.Random(f"{sort}{reverse}")
    stores = [store_with(*mixed(rng, 40), cluster=name) for name in ("one", "two")]
    view = FleetView(PODS, stores)
    view.rebuild(NOW)
    for version, text in enumerate(("", "ns=d", "", "!error ns==e", "p-00"), 2):
        view.set_sort(sort, reverse)
        view.set_filter(text)
        assert view.keys == expected(view, stores, text, sort, reverse)
        for count in (3, 60):
            for one in mixed(rng, count, version):
                stores[0].delete("Pod", "d", one.name, "")
                stores[0].apply("Pod", one)
            view.absorb({"one": stores[0].drain(), "gone": ChangeSet(reset={"Pod"})}, NOW)
            assert view.keys == expected(view, stores, text, sort, reverse)
            places = {key: at for at, key in enumerate(view.keys)}
            for key in view.every_key():
                assert (view.position(key), view.shows(key)) == (places.get(key), key in places)
    gone = ObjectKey("one", "Pod", "d", "never")
    assert (view.row(gone), view.position(gone), view.shows(gone)) == (None, None, False)


def test_a_namespace_is_the_whole_of_it() -> None:
    view = FleetView(PODS, [store_with(pod("a", "line"), pod("b", "line-2"), pod("c", "other"))])
    view.rebuild(NOW)
    view.set_filter("", "line")
    assert [key.name for key in view.keys] == ["a"]
    view.set_filter("b", "line-2")
    assert [key.name for key in view.keys] == ["b"]
    nodes = FleetView(PANES["nodes"], [f.store_of(f.node("edge-1"))])
    nodes.rebuild(NOW)
    nodes.set_filter("", "line")
    assert nodes.shown == 1
    with pytest.raises(KeyError):
        view.set_sort("no such")


def test_rows_that_depend_on_the_clock_are_looked_at_every_ten_seconds() -> None:
    store = store_with(pod("a", condition="False", ready=0, ready_after=4900, phase="Pending"), pod("b"))
    view = FleetView(PODS, [store])
    view.rebuild(NOW)
    (key,) = [one for one in view.keys if one.name == "a"]
    for passed, severity, changed in (
        (9.9, WATCH, False),
        (10.0, WATCH, False),
        (19.9, WATCH, False),
        (30.0, BAD, True),
    ):
        change = view.absorb({}, NOW + passed)
        row = view.row(key)
        assert row is not None
        assert (row.severity, bool(change)) == (severity, changed)
    assert [(one.key, one.before.severity, one.after and one.after.severity) for one in change.turned] == [
        (key, WATCH, BAD)
    ]
    back = view.absorb({}, NOW)
    assert not back


def test_a_view_that_is_built_anew_tells_what_is_new_and_what_is_gone() -> None:
    store = store_with(pod("a"), pod("b"), pod("c"))
    view = FleetView(PODS, [store])
    first = view.rebuild(NOW)
    assert (first.order, {key.name for key in first.changed}) == (True, {"a", "b", "c"})
    again = view.rebuild(NOW)
    assert (again.order, again.changed, bool(again)) == (False, set(), False)
    store.delete("Pod", "d", "a", "")
    store.apply("Pod", pod("b", version=2, restarts=7))
    later = view.rebuild(NOW)
    assert (later.order, {key.name for key in later.changed}) == (True, {"a", "b"})
    store.apply("Pod", pod("c", version=2, restarts=7))
    last = view.rebuild(NOW)
    assert (last.order, {key.name for key in last.changed}, bool(last)) == (False, {"c"}, True)


def test_what_is_known_and_what_is_on_its_way() -> None:
    store = Store("plant")
    view = FleetView(PODS, [store])
    assert (view.known, view.incomplete) == (False, False)
    store.set_freshness("Pod", Freshness(Sync.SYNCING))
    assert (view.known, view.incomplete) == (False, True)
    store.set_freshness("Pod", Freshness(Sync.LIVE, 5.0))
    assert (view.known, view.incomplete) == (True, False)
    store.set_freshness("Node", Freshness(Sync.SYNCING))
    assert not view.incomplete


@pytest.mark.parametrize(
    ("kind", "freshness", "renewed"),
    [("Pod", Freshness(Sync.STALE, 5.0), True), ("Pod", Freshness(Sync.LIVE, 9.0), False),
    ("Pod", Freshness(Sync.SYNCING, 5.0), False),
     ("Pod", Freshness(Sync.LIVE, 5.0, partial=True), True), ("Node", Freshness(Sync.STALE, 5.0), False),
     ("Node", Freshness(Sync.LIVE, 5.0, partial=True), True), ("Node", Freshness(Sync.SYNCING), True),
     ("Job", Freshness(Sync.STALE), False)],
)  # fmt: skip
def test_what_makes_every_row_anew(kind: str, freshness: Freshness, renewed: bool) -> None:
    store = store_with(pod("a"), pod("b"))
    for one in ("Pod", "Node", "Job"):
        store.set_freshness(one, Freshness(Sync.LIVE, 5.0))
    built = []

    class Counting(type(PODS)):  # type: ignore[misc]
        def build(self, *given: Any) -> Any:
            built.append(given)
            return super().build(*given)

    view = FleetView(Counting(), [store])
    view.rebuild(NOW)
    built.clear()
    store.set_freshness(kind, freshness)
    view.absorb({"plant": store.drain()}, NOW)
    assert len(built) == (2 if renewed else 0)


# -- values of cells


@pytest.mark.parametrize(
    ("value", "text", "place"),
    [((1, 3), "1/3", (1 / 3, 3)), ((0, 0), "0/0", (1.0, 0)), ((None, 3), "?/3", (-1.0, 3)), ((1, None),
    "1/?", (-1.0, 0)),
     ((None, None), "?/?", (-1.0, 0)), ((3, 3), "3/3", (1.0, 3))],
)  # fmt: skip
def test_how_many_of_how_many(
    value: tuple[int | None, int | None], text: str, place: tuple[float, int]
) -> None:
    assert (pair_text(value, NOW), pair_sort(value)) == (text, place)
    assert (some_pair_text(value, NOW), some_pair_sort(value), some_pair_json(value, NOW)) == (
        text,
        place,
        text,
    )
    assert (some_pair_text(None, NOW), some_pair_sort(None), some_pair_json(None, NOW)) == (
        "-",
        (-1.0, 0),
        None,
    )


def test_values_that_may_be_unknown() -> None:
    assert [(known_text(one, NOW), known_sort(one)) for one in (None, 0, 7)] == [
        ("-", -1),
        ("0", 0),
        ("7", 7),
    ]
    assert [(age_text(one, NOW), age_json(one, NOW)) for one in (0, f.NOW - 60, f.NOW + 60)] == [
        ("-", None), ("1m", 60), ("0s", 0)
    ]  # fmt: skip
    states = [shared_state("Running", heard) for heard in (0.0, NOW - 240, -1.0)]
    assert [state_text(one, NOW) for one in states] == ["Running", "Running (4m ago)", "Running (?)"]
    assert [iso(one) for one in (0.0, -1.0, 1.9, NOW)] == [
        None,
        None,
        "1970-01-01T00:00:01Z",
        "2026-09-21T14:13:20Z",
    ]


CELL_ORDER: list[Any] = [
    None, -2, 0, 1, 2.5, 10, Moment(300), Moment(200), "", "1", "2", "10", "a", "a1", "a2", "a10", "b"
]  # fmt: skip


def test_the_order_of_cells_of_any_type() -> None:
    rng = random.Random(1)
    for _ in range(20):
        shuffled = rng.sample(CELL_ORDER, len(CELL_ORDER))
        assert sorted(shuffled, key=cell_sort) == sorted(CELL_ORDER, key=cell_sort)
    places = [cell_sort(one) for one in CELL_ORDER]
    assert places == sorted(places)
    assert cell_sort("a" + "9" * 30) == cell_sort("a" + "9" * 18)
    assert [cell_json(one, NOW) for one in (None, 7, "a", Moment(f.NOW - 60), Moment(f.NOW + 60))] == [
        None,
        7,
        "a",
        60,
        0,
    ]
    (number, age), taken = (
        (TableColumn("My Count", is_number=True, wide=True), TableColumn("Age", is_age=True)),
        {"age", "age-2"},
    )
    shown = [(one.id, one.title, one.align, one.priority, one.moves, one.wide) for one in (
        _column(number, 0, taken), _column(age, 4, taken)
    )]  # fmt: skip
    assert shown == [
        ("my-count", "MY COUNT", "right", 3, False, True),
        ("age-2-2", "AGE", "left", 7, True, False),
    ]


def test_a_column_that_is_printed_twice_has_its_last_value() -> None:
    pump = Resource(group="example.com", version="v1", plural="pumps", kind="Pump", namespaced=True)
    pane = KindPane("pumps.example.com", 3)
    pane.admit("plant", {"Pump.example.com": pump})
    head = head_of([("Phase", "string", "", 0), ("phase", "string", "", 0), ("Depth", "integer", "", 0)])
    row = TableRow(
        namespace="d", name="a", uid="u", resource_version="1", created=5, head=head, cells=("one", "two", 7)
    )
    store = Store("plant")
    store.set_freshness("Pump.example.com", Freshness(Sync.LIVE, 5.0))
    made = pane.build(store, "Pump.example.com", row, NOW)
    assert isinstance(made, KindRow)
    assert pane.grow()
    assert not pane.grow()
    for one in (row, replace(row, deleting=f.NOW)):
        made = pane.build(store, "Pump.example.com", one, NOW)
        pane.grow()
        assert made.severity == (WATCH if one.deleting else FINE)
        assert tuple(made.value(at) for at in range(len(pane.columns))) == made.values
    assert (pane.id, pane.title, pane.on_demand, pane.kinds) == (
        "kind-3",
        "pumps.example.com",
        True,
        ("Pump.example.com",),
    )
    assert pane.plural("Pump.example.com") == "pumps.example.com"
    assert dict(zip([one.id for one in pane.columns], made.values, strict=True)) == {
        "cluster": "plant", "namespace": "d", "name": "a", "phase": "two", "depth": 7,
        "terminating": Moment(f.NOW), "age": 5
    }  # fmt: skip
    assert pane.json(made, NOW)["terminating"] == 0
    assert KindPane("pods").id == "kind-0"

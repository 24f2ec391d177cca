"""The pane of any kind: columns of several clusters merged by their titles, and rows that are rebuilt as it grows."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.kinds.discovered import Moment, TableRow, head_of, kind_of
from edgetui.model.panes.of_kind import KindPane, cell_sort
from edgetui.model.resources.served import Resource
from edgetui.model.view.fleet import FleetView

NOW = 1_800_000_000.0
RESOURCE = Resource(group="example.com", version="v1", plural="pumps", kind="Pump", namespaced=True)
VALVES = replace(RESOURCE, plural="valves", kind="Valve")
PUMP, VALVE = kind_of(RESOURCE), kind_of(VALVES)
PHASE, PRESSURE, FIRMWARE = (
    ("Phase", "string", "", 0),
    ("Pressure", "integer", "", 0),
    ("Firmware", "string", "", 1),
)
LIVE = Freshness(Sync.LIVE, NOW)


def row(name: str, columns: list[Any], *cells: Any, **more: Any) -> TableRow:
    made: dict[str, Any] = {"namespace": "d", "uid": name, "resource_version": "1", "created": int(NOW) - 60}
    return TableRow(**made | more, name=name, head=head_of(columns), cells=cells)


def store(name: str, kind: str, *rows: TableRow) -> Store:
    made = Store(name)
    made.kinds.replace_discovered({one.id: one for one in (PUMP, VALVE)})
    made.replace(kind, rows)
    made.set_freshness(kind, LIVE)
    made.drain()
    return made


def pane(**shown: tuple[str, ...]) -> KindPane:
    made = KindPane("pumps.example.com")
    for cluster, ids in shown.items():
        made.admit(cluster, {id: {PUMP.id: RESOURCE, VALVE.id: VALVES}[id] for id in ids})
    return made


def seen(made: KindPane, *stores: Store) -> FleetView:
    """A view of the pane over these clusters."""
    view = FleetView(made, stores)
    assert view.rebuild(NOW).order
    return view


def cells(view: FleetView) -> list[tuple[Any, ...]]:
    return [found.values for key in view.keys if (found := view.row(key)) is not None]


def test_columns_stand_as_the_server_prints_them_between_the_name_and_the_age() -> None:
    made = pane(plant=(PUMP.id,))
    view = seen(made, store("plant", PUMP.id, row("a", [PHASE, PRESSURE, FIRMWARE], "Running", 3, "1.2")))
    assert [column.title for column in made.columns] == [
        "CLUSTER",
        "NAMESPACE",
        "NAME",
        "PHASE",
        "PRESSURE",
        "FIRMWARE",
        "AGE",
    ]
    assert [column.wide for column in made.columns] == [False] * 5 + [True, False]
    assert cells(view) == [("plant", "d", "a", "Running", 3, "1.2", int(NOW) - 60)]


def test_several_clusters_are_merged_by_the_titles_of_their_columns() -> None:
    made = pane(plant=(PUMP.id,), ship=(PUMP.id,))
    plant = store("plant", PUMP.id, row("a", [PHASE, PRESSURE], "Running", 3))
    ship = store(
        "ship", PUMP.id, row("b", [("Depth", "integer", "", 0), ("PHASE", "string", "", 0)], 7, "Failed")
    )
    view = seen(made, plant, ship)
    assert [column.title for column in made.columns[3:]] == ["PHASE", "PRESSURE", "DEPTH", "AGE"]
    assert [values[3:6] for values in cells(view)] == [("Running", 3, ""), ("Failed", "", 7)]


def test_a_category_says_of_each_row_which_kind_it_is() -> None:
    made = pane(plant=(PUMP.id, VALVE.id))
    here = store("plant", PUMP.id, row("a", [PHASE], "Running"))
    here.replace(VALVE.id, [row("b", [PRESSURE], 3)])
    here.set_freshness(VALVE.id, LIVE)
    view = seen(made, here)
    assert [values[2:6] for values in cells(view)] == [
        ("a", "pumps.example.com", "Running", ""),
        ("b", "valves.example.com", "", 3),
    ]


def test_a_column_with_the_name_of_one_of_ours_stands_beside_it() -> None:
    made = pane(plant=(PUMP.id,))
    view = seen(made, store("plant", PUMP.id, row("a", [("Cluster", "string", "", 0)], "theirs")))
    assert [column.id for column in made.columns] == ["cluster", "namespace", "name", "cluster-2", "age"]
    view.set_filter("cluster-2=theirs")
    assert view.shown == 1


def test_a_new_column_under_way_breaks_neither_sort_nor_filter() -> None:
    made = pane(plant=(PUMP.id,))
    here = store("plant", PUMP.id, row("a", [PHASE], "Running"), row("b", [PHASE], "Failed"))
    view = seen(made, here)
    view.set_sort("age")
    here.apply(PUMP.id, row("c", [PHASE, PRESSURE], "Failed", 3, created=int(NOW)))
    assert view.absorb({"plant": here.drain()}, NOW).order
    assert [key.name for key in view.keys] == ["c", "a", "b"]
    view.set_filter("pressure=3")
    assert [key.name for key in view.keys] == ["c"]
    view.set_filter("phase=failed")
    assert [key.name for key in view.keys] == ["c", "b"]


def test_an_object_that_is_being_deleted_says_since_when() -> None:
    made = pane(plant=(PUMP.id,))
    view = seen(made, store("plant", PUMP.id, row("a", [PHASE], "Running", deleting=int(NOW) - 300)))
    assert made.columns[-2].title == "TERMINATING"
    (values,) = cells(view)
    assert made.columns[-2].text(values[-2], NOW) == "5m"


@pytest.mark.parametrize(("sync", "sign"), [(Sync.STALE, "~"), (Sync.FORBIDDEN, "?"), (Sync.LIVE, " ")])
def test_rows_that_are_not_current_have_a_sign(sync: Sync, sign: str) -> None:
    made = pane(plant=(PUMP.id,))
    here = store("plant", PUMP.id, row("a", [PHASE], "Running"))
    here.set_freshness(PUMP.id, Freshness(sync, NOW - 60))
    view = seen(made, here)
    assert [found.sign for key in view.keys if (found := view.row(key))] == [sign]


def test_cells_sort_by_what_they_are() -> None:
    values = [None, 2, 10.5, Moment(200), Moment(100), "", "a9", "a10", "b", "\u0663", "9" * 400]
    assert sorted(values[::-1], key=cell_sort)[:5] == values[:5]
    assert sorted(["a10", "a9", "b", ""], key=cell_sort) == ["", "a9", "a10", "b"]
    assert sorted(values, key=cell_sort)


def test_more_columns_than_a_pane_can_have_are_left_out() -> None:
    made = pane(plant=(PUMP.id,))
    here = store(
        "plant",
        PUMP.id,
        *(row(f"r{n}", [(f"c{n}-{m}", "string", "", 0) for m in range(40)], *range(40)) for n in range(4)),
    )
    view = seen(made, here)
    assert len(made.columns) == 4 + 64
    assert view.total == 4


def test_objects_of_the_cluster_stand_in_no_namespace() -> None:
    made = KindPane("factories.example.com")
    made.admit("plant", {PUMP.id: replace(RESOURCE, namespaced=False)})
    view = seen(made, store("plant", PUMP.id, row("a", [PHASE], "Running", namespace="")))
    assert [column.id for column in made.columns] == ["cluster", "name", "phase", "age"]
    assert cells(view) == [("plant", "a", "Running", int(NOW) - 60)]

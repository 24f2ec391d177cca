"""Objects that cannot be read: counted, named in words, and never shown as they were before."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.cluster.errors import TooManyRows
from edgetui.cluster.watch import informer
from edgetui.model.cache.freshness import Sync
from edgetui.model.kinds.base import NotReadable, Row
from edgetui.model.panes import PANES
from edgetui.ui.text.clusters import notes
from tests.unit.cluster.simulated_server import KINDS
from tests.unit.cluster.simulation import Cluster

ODD = 666


def project(thing: Any) -> Row:
    row = KINDS["Pod"].project(thing)
    if getattr(row, "value", None) == ODD:
        raise NotReadable("it has no maximum")
    return row


@pytest.fixture(params=["", "422"], ids=["streamed", "listed"])
def cluster(request: pytest.FixtureRequest) -> Cluster:
    c = Cluster(kinds={"Pod": replace(KINDS["Pod"], project=project)})
    c.server.watchlist = request.param or c.server.watchlist
    for n in range(3):
        c.server.put("Pod", "a", f"p{n}", n)
    c.server.put("Pod", "a", "odd", ODD)
    c.start("Pod")
    c.world.until(c.live, 15.0)
    return c


def counted(c: Cluster) -> int:
    freshness = c.store.freshness("Pod")
    assert freshness.sync is Sync.LIVE
    return freshness.unreadable


def names(c: Cluster) -> set[str]:
    return {row.name for row in c.store.rows("Pod")}


def test_an_unreadable_object_of_a_list_is_counted_beside_the_rows(cluster: Cluster) -> None:
    assert (counted(cluster), names(cluster)) == (1, {"p0", "p1", "p2"})
    (note,) = notes(PANES["pods"], [cluster.store], 3, 0.0)
    assert note.startswith("? 1 unreadable")


def test_what_becomes_unreadable_is_not_shown_as_it_was(cluster: Cluster) -> None:
    cluster.server.put("Pod", "a", "p1", ODD)
    assert (counted(cluster), names(cluster)) == (2, {"p0", "p2"})
    cluster.server.put("Pod", "a", "p1", 5)
    assert (counted(cluster), names(cluster)) == (1, {"p0", "p1", "p2"})
    cluster.server.put("Pod", "a", "odd", 5)
    cluster.server.put("Pod", "a", "p2", ODD)
    cluster.server.remove("Pod", "a", "p2")
    assert (counted(cluster), names(cluster)) == (0, {"p0", "p1", "odd"})
    assert notes(PANES["pods"], [cluster.store], 3, 0.0) == ()


def test_a_new_list_counts_anew(cluster: Cluster) -> None:
    cluster.server.cut()
    cluster.world.run(1)
    cluster.server.remove("Pod", "a", "odd")
    cluster.server.put("Pod", "a", "p0", ODD)
    cluster.server.compact()
    cluster.server.mend()
    cluster.world.until(lambda: cluster.live() and names(cluster) == {"p1", "p2"}, 60.0)
    assert counted(cluster) == 1


def test_rows_without_what_cannot_be_read_are_not_held_against_a_list(cluster: Cluster) -> None:
    """They differ from the datastore by what they lack, which says nothing of the server's cache."""
    assert list(cluster.supervisor.complete()) == []
    cluster.server.put("Pod", "a", "odd", 5)
    cluster.world.until(lambda: len(list(cluster.supervisor.complete())) == 1, 60.0)


def test_nothing_is_counted_of_what_nobody_looks_at(cluster: Cluster) -> None:
    cluster.supervisor.hide("Pod")
    assert cluster.store.freshness("Pod").unreadable == 0


@pytest.mark.parametrize("watchlist", ["yes", "422"])
def test_objects_that_cannot_be_read_are_bounded_as_rows_are(
    watchlist: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(informer, "MOST_ROWS", 20)
    c = Cluster(kinds={"Pod": replace(KINDS["Pod"], project=project)})
    c.server.watchlist = watchlist
    for n in range(10):
        c.server.put("Pod", "a", f"odd{n}", ODD)
    c.start("Pod")
    c.world.until(c.live, 15.0)
    for n in range(10, 40):
        c.server.put("Pod", "a", f"odd{n}", ODD)
    c.world.run(60)
    assert c.store.freshness("Pod").reason == TooManyRows.SENTENCE
    assert sum(len(watcher.odd) for watcher in c.supervisor._informers["Pod"].watchers) < 40

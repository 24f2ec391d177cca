"""A watch of Tables that is resumed asks for no bookmarks while it is quiet: each is a whole Table."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edgetui.cluster.watch.object_table import ObjectPrinter
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.reflector.opening import OVERDUE
from edgetui.cluster.watch.runner import Watcher
from edgetui.cluster.watch.table import Printer, WholePrinter
from edgetui.model.kinds import KINDS
from tests.unit.cluster.reflector_samples import NOW, row, sample
from tests.unit.cluster.simulation import Cluster
from tests.unit.cluster.test_reflector import query, run

LASTS = 150.0
"""Seconds, of an even chance."""


def quiet() -> r.State:
    """One that has just caught up, an hour long by its pace."""
    waiting = replace(sample(r.Phase.WAITING), dear=True, long=True)
    opened, effects = run(waiting, r.LinkUp())
    assert query(effects) == {"watch": "1", "resourceVersion": "100", "timeoutSeconds": f"{LASTS:.0f}"}
    state, _ = run(opened, r.Sent(), r.Head())
    state, _ = run(state, r.Tick(), at=NOW + 1)
    assert state.phase is r.Phase.WATCHING
    return state


def test_its_silence_is_none_to_ask_about() -> None:
    state, effects = run(quiet(), r.Tick(), r.Identified("130"), at=NOW + 100)
    assert (state.phase, state.silent, effects) == (r.Phase.WATCHING, False, [])


def test_its_end_in_good_order_proves_the_server_and_it_goes_on_so() -> None:
    state, effects = run(quiet(), r.StreamEnded(clean=True), at=NOW + LASTS)
    assert (state.phase, state.lapsed) == (r.Phase.RESUMING, False)
    assert "allowWatchBookmarks" not in query(effects)
    state, _ = run(state, r.Sent(), r.Head(), at=NOW + LASTS + 1)
    assert state.heard == NOW + LASTS + 1


def test_one_that_outlives_its_time_is_dead() -> None:
    state, _ = run(quiet(), r.Tick(), at=NOW + LASTS + OVERDUE + 1)
    assert (state.phase, state.lapsed) == (r.Phase.BACKOFF, True)


def test_after_a_change_the_next_one_is_as_any_other() -> None:
    state, _ = run(quiet(), r.Changes([("MODIFIED", row())]), at=NOW + 10)
    state, effects = run(state, r.StreamEnded(clean=True), at=NOW + LASTS)
    asked = query(effects)
    assert (asked["allowWatchBookmarks"], asked["timeoutSeconds"]) == ("true", "3300")
    state, _ = run(state, r.Sent(), r.Head(), at=NOW + LASTS)
    state, _ = run(state, r.Tick(), at=NOW + LASTS + 1)
    state, effects = run(state, r.Tick(), at=NOW + LASTS + 80)
    assert state.silent, "its bookmarks are expected"
    assert any(isinstance(one, r.Suspect) for one in effects)


def test_a_list_is_always_followed_with_bookmarks() -> None:
    _, effects = run(replace(sample(r.Phase.WAITING), dear=True, rv=""), r.LinkUp())
    assert query(effects)["allowWatchBookmarks"] == "true"


@pytest.mark.parametrize("printer", [None, Printer, WholePrinter, ObjectPrinter])
def test_only_rows_without_metadata_are_watched_so(printer: type[Printer] | None) -> None:
    supervisor = Cluster().supervisor
    watcher = Watcher(supervisor, supervisor, KINDS["Pod"], "line-2", printer=printer)  # type: ignore[arg-type]
    assert watcher.state.dear is (printer is Printer)

"""Clusters that are not like others: without room, rights, compression, Tables or this version of an API; and what a
supervisor is asked for meanwhile. All that follows, moment by moment.

`pytest tests/unit/cluster/test_informer_scenes.py --snapshot-update` takes what happens now; look at what differs
first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.api.probe import Namespaces
from edgetui.cluster.errors import LinkError
from edgetui.cluster.watch import informer as module
from edgetui.cluster.watch.changeover import partition_of
from edgetui.cluster.watch.informer import Informer
from edgetui.cluster.watch.io import Listener
from edgetui.cluster.watch.object_table import OBJECT_TABLES, ObjectPrinter
from edgetui.cluster.watch.partition import WHOLE, Partition, Selector
from edgetui.cluster.watch.printed import TABLES
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.table import Printer
from edgetui.model.cache.store import Store
from edgetui.model.kinds.base import Kind
from tests.unit.cluster.recorded import Recorded, freshness_of, record
from tests.unit.cluster.test_printed import PRINTED

NEW = replace(PRINTED["Pod"], group="pods", version="v2", printed=None)
OLDER = replace(NEW, older={"v1": lambda: replace(NEW, version="v1")})
Scene = Callable[[Recorded, pytest.MonkeyPatch], None]
SCENES: dict[str, tuple[Scene, dict[str, Kind], Partition]] = {}


def made(kinds: dict[str, Kind], partition: Partition) -> Recorded:
    c = Recorded(5, kinds)
    c.server.put("Node", "", "n0", 0)
    for n in range(6):
        c.server.put("Pod", "ab"[n % 2], f"p{n}", n)
    c.server.namespaces_listed = ["a", "b"]
    c.supervisor._partition = lambda kind: partition if kind == "Pod" else WHOLE  # type: ignore[method-assign]
    return c


def scene(
    pod: Kind = PRINTED["Pod"], partition: Partition = WHOLE, **parts: Partition
) -> Callable[[Scene], Scene]:
    """Play it with this kind in the place of pods, and in each of these partitions."""

    def add(act: Scene) -> Scene:
        for name, one in (parts or {"": partition}).items():
            SCENES[f"{act.__name__.replace('_', ' ')} {name}".strip()] = (act, {**PRINTED, "Pod": pod}, one)
        return act

    return add


def start(c: Recorded) -> None:
    c.do(lambda: c.supervisor.start(("Node", "Pod")), "start")


@scene(whole=WHOLE, tables=TABLES)
def no_room(c: Recorded, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(module, "MOST_ROWS", 5)
    start(c)
    c.world.run(20.0)
    c.do(lambda: c.server.put("Pod", "a", "p0", 70), "one that is there")
    c.do(lambda: c.server.put("Pod", "a", "new", 1), "one more")
    c.world.run(20.0)
    for n in (1, 3, 5):
        c.do(lambda n=n: c.server.remove("Pod", "b", f"p{n}"), "there is room again")  # type: ignore[misc]
    c.world.run(950.0)


@scene(pod=OLDER)
def an_older_version(c: Recorded, patch: pytest.MonkeyPatch) -> None:
    c.server.denied = lambda kind, namespace: 404 if kind.version == "v2" else 0
    start(c)
    c.world.run(20.0)
    c.do(lambda: c.server.end(), "end")
    c.world.run(20.0)


@scene(pod=OLDER)
def no_version_at_all(c: Recorded, patch: pytest.MonkeyPatch) -> None:
    c.server.denied = lambda kind, namespace: 404 if kind.id == "Pod" else 0
    start(c)
    c.world.run(20.0)
    c.do(c.supervisor.try_now, "try now")
    c.world.run(5.0)


def _no_watches(c: Recorded) -> None:
    """Pods may be listed and not watched."""
    status = c.server._status

    def refused(stream: Any, query: dict[str, str]) -> Any:
        if stream.kind.id == "Pod" and "watch" in query:
            return 403, {"kind": "Status", "code": 403, "message": "no watches"}
        return status(stream, query)

    c.server._status = refused  # type: ignore[method-assign]


@scene(whole=WHOLE, polled=Partition(polls=30.0))
def no_watches(c: Recorded, patch: pytest.MonkeyPatch) -> None:
    _no_watches(c)
    start(c)
    c.world.run(75.0)
    c.do(lambda: c.server.put("Pod", "a", "p0", 70), "a change")
    c.world.run(35.0)


@scene(pod=replace(PRINTED["Pod"], lists_only=True), partition=Partition(polls=25.0))
def lists_alone(c: Recorded, patch: pytest.MonkeyPatch) -> None:
    start(c)
    c.world.run(60.0)
    c.do(lambda: c.supervisor.pace(True, {"Pod": 40.0}), "another pace")
    c.world.run(90.0)


@scene(whole=WHOLE, tables=TABLES)
def another_pace(c: Recorded, patch: pytest.MonkeyPatch) -> None:
    c.do(lambda: c.supervisor.pace(True, {"Node": 50.0}), "pace")
    start(c)
    c.world.run(60.0)
    c.do(lambda: c.supervisor.pace(True, {"Pod": 20.0}), "another pace")
    c.do(lambda: c.supervisor.pace(True, {"Pod": 20.0}), "the same")
    c.world.run(60.0)
    c.do(lambda: c.supervisor.pace(False, {}), "no lists")
    c.world.run(10.0)


@scene(tables=TABLES, each=Partition(each=True))
def many_namespaces(c: Recorded, patch: pytest.MonkeyPatch) -> None:
    c.server.namespaces_listed = [f"ns{n}" for n in range(41)]
    for name in c.server.namespaces_listed[:5]:
        c.server.put("Pod", name, "p", 1)
    start(c)
    c.world.run(5.0)
    c.do(lambda: c.supervisor.look_at(["ns1", "ns2"]), "two are looked at")
    c.world.run(5.0)
    c.do(lambda: c.supervisor.look_at([]), "all are")
    c.world.run(5.0)
    c.server.namespaces_listed = c.server.namespaces_listed[:3]
    c.do(lambda: c.server.end(), "end")
    c.world.run(640.0)


@scene(tables=TABLES)
def namespaces_that_come_and_grow(c: Recorded, patch: pytest.MonkeyPatch) -> None:
    c.server.namespaces_listed = ["a", "b", "default", "kube-public", "empty"]
    start(c)
    c.world.run(40.0)
    for n in range(3):
        c.server.put("Pod", "new", f"x{n}", n)
    c.server.namespaces_listed = ["a", "default", "new"]
    c.do(lambda: c.server.put("Pod", "default", "x", 1), "changes")
    c.world.run(610.0)
    c.do(lambda: c.server.put("Pod", "new", "x3", 1), "a fourth")
    c.world.run(610.0)


@scene(tables=TABLES)
def the_rest_is_denied(c: Recorded, patch: pytest.MonkeyPatch) -> None:
    c.server.denied = lambda kind, namespace: 403 if kind.id == "Pod" and not namespace else 0
    start(c)
    c.world.run(130.0)
    c.do(lambda: setattr(c.server, "denied", lambda kind, namespace: 0), "allowed")
    c.do(c.supervisor.try_now, "try now")
    c.world.run(40.0)


@scene(tables=TABLES, each=Partition(each=True), whole=WHOLE)
def only_some_are_known(c: Recorded, patch: pytest.MonkeyPatch) -> None:
    c.whole = False
    c.server.denied = lambda kind, namespace: 403 if kind.id == "Pod" and namespace != "a" else 0
    start(c)
    c.world.run(130.0)
    c.do(lambda: setattr(c.server, "denied", lambda kind, namespace: 0), "allowed")
    c.world.run(130.0)


@scene(whole=WHOLE, tables=TABLES)
def namespaces_that_are_told_late(c: Recorded, patch: pytest.MonkeyPatch) -> None:
    names, c.server.denied = c.namespaces, lambda kind, namespace: 403 if kind.id == "Pod" else 0

    def late(done: Callable[[Namespaces], None]) -> None:
        c.world.later(5.0, lambda: names(done))

    c.supervisor.namespaces = late
    start(c)
    c.world.run(1.0)
    c.do(lambda: setattr(c.server, "denied", lambda kind, namespace: 0), "allowed")
    c.do(c.supervisor.try_now, "try now")
    c.world.run(10.0)
    c.do(lambda: c.supervisor.look_at(["a"]), "a is looked at")
    c.world.run(1.0)


@scene(whole=WHOLE, tables=TABLES)
def hidden_while_the_link_comes_and_goes(c: Recorded, patch: pytest.MonkeyPatch) -> None:
    start(c)
    c.world.run(5.0)
    c.supervisor.hide("Pod")
    c.lines.clear()
    c.server.cut()
    c.world.run(1.0)
    c.server.mend()
    c.world.run(3.0)
    c.do(lambda: c.supervisor.look_at(["a"]), "a is looked at")
    c.world.run(30.0)


@scene(tables=TABLES)
def nothing_is_compressed(c: Recorded, patch: pytest.MonkeyPatch) -> None:
    c.server.gzips = False
    start(c)
    c.world.run(10.0)
    c.do(c.server.compact, "compact")
    c.do(c.server.reset, "all begins anew")
    c.world.run(10.0)


@scene(tables=TABLES)
def other_columns(c: Recorded, patch: pytest.MonkeyPatch) -> None:
    c.server.more_columns = ("more",)
    start(c)
    c.world.run(10.0)
    c.do(lambda: c.server.put("Pod", "a", "p0", 70), "a change")
    c.world.run(1.0)


@scene(any_kind=OBJECT_TABLES, tables=TABLES)
def nothing_is_printed(c: Recorded, patch: pytest.MonkeyPatch) -> None:
    c.supervisor._partition = lambda kind: partition_of(  # type: ignore[method-assign]
        c.kinds[kind], printed=c.supervisor._as_tables and c.supervisor.can.tables.there
    )
    c.supervisor._as_tables = True
    c.server.tables = False
    start(c)
    c.world.run(10.0)


@scene()
def parts_beside(c: Recorded, patch: pytest.MonkeyPatch) -> None:
    stores = [Store("aside"), Store("aside"), Store("aside")]
    selectors = [Selector("a", labels="app=x"), Selector("b", name="p1"), Selector("", outside=("a", "b"))]
    ends = []
    for store, selector in zip(stores, selectors, strict=True):
        one = Informer(c.supervisor, store, c.kinds["Pod"], Partition(selector=selector))
        ends.append(c.supervisor.watch_beside(one))
        if len(ends) == 1:
            start(c)
            c.world.run(3.0)
    c.world.run(3.0)
    c.do(lambda: ends[0](), "the first ends")
    c.do(lambda: ends[0](), "once more")
    for store in stores:
        c.note(f"{sorted(row.name for row in store.rows('Pod'))} {freshness_of(store.freshness('Pod'))}")
    c.do(lambda: c.server.cut(), "cut")
    c.world.run(3.0)
    c.do(lambda: ends[1](), "the second ends")
    c.server.mend()
    c.world.run(10.0)
    c.do(c.supervisor.stop, "stop")
    late = Informer(c.supervisor, Store("late"), c.kinds["Pod"], Partition(selector=selectors[0]))
    c.do(lambda: c.supervisor.watch_beside(late)(), "too late")
    for end in ends:
        end()
    c.world.run(3.0)


@scene(whole=WHOLE, tables=TABLES)
def asked_of_a_supervisor(c: Recorded, patch: pytest.MonkeyPatch) -> None:
    supervisor = c.supervisor
    c.note(
        f"settled {supervisor.settled()}, wanted {supervisor.wanted('Pod')} {supervisor.namespaces_of('Pod')}"
    )
    supervisor.front = frozenset({"Pod"})
    start(c)
    for wait in (0.005, 0.01, 0.02, 5.0):
        c.world.run(wait)
        about = f"{supervisor.listing} {supervisor.first_listing} {supervisor.settled()} {supervisor.wanted('Pod')}"
        c.note(f"{about} {supervisor.versions('Pod')} {[k.id for k, *_ in supervisor.complete()]}")
    c.do(lambda: supervisor.hide("Pod"), "hide")
    c.note(f"{supervisor.wanted('Pod')} {supervisor.namespaces_of('Pod')} {supervisor.settled()}")
    c.do(lambda: supervisor.hide("Event"), "hide what was never shown")
    c.do(lambda: supervisor.show("Pod"), "show")
    c.world.run(5.0)
    for name in ("try_now", "credentials_changed", "republish"):
        c.do(getattr(supervisor, name), name)
        c.world.run(1.0)
    c.offset += 50.0
    c.do(supervisor.republish, "the clock is another")
    c.do(lambda: supervisor.list_again("asked for"), "list again")
    c.world.run(5.0)
    c.do(supervisor.stop, "stop")
    c.do(supervisor.stop, "once more")
    for name in ("answered", "refused", "heard"):
        c.do(getattr(supervisor, name), name)


@pytest.mark.parametrize("name", SCENES)
def test_all_that_follows(name: str, monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion) -> None:
    act, kinds, partition = SCENES[name]
    c = made(kinds, partition)
    act(c, monkeypatch)
    assert record(c) == snapshot


@pytest.mark.parametrize("printed", [True, False])
def test_how_a_kind_is_divided(printed: bool) -> None:
    pod, node = PRINTED["Pod"], PRINTED["Node"]
    assert partition_of(pod, printed=printed) == (TABLES if printed else WHOLE)
    assert partition_of(node, printed=printed) == WHOLE
    assert partition_of(replace(node, discovered=True), printed=printed) == OBJECT_TABLES
    assert Partition(each=True, tables=Printer) == TABLES
    assert Partition(tables=ObjectPrinter, polls=30.0) == OBJECT_TABLES


@pytest.mark.parametrize(("seconds", "slept"), [(14.9, False), (15.0, True)])
def test_a_beat_that_is_fifteen_seconds_late_means_that_this_machine_slept(
    seconds: float, slept: bool
) -> None:
    c = made(PRINTED, WHOLE)
    start(c)
    c.world.run(7.0)
    c.lines.clear()
    c.world.sleep(seconds)
    c.world.run(4.0)
    said = [line.partition(" ")[2] for line in c.lines]
    assert ("slept" in said) is slept
    assert any(f"this machine slept for {round(seconds)} s" in line for line in said) is slept
    assert any(line.startswith("ask whether") for line in said) is slept


EFFECTS = (
    r.RefreshCredentials(),
    r.AuthNeeded(LinkError("Reset.")),
    r.Suspect("silent"),
    r.Rewound("it went back"),
    r.NoWatchList(),
    r.NoBookmarks(),
)


@pytest.mark.parametrize("discovered", [False, True])
def test_what_one_collection_learns_of_a_server_concerns_all_but_for_what_an_aggregated_api_has_of_its_own(
    discovered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    c = made({**PRINTED, "Pod": replace(PRINTED["Pod"], discovered=discovered)}, WHOLE)
    c.supervisor.show("Pod")
    informer = c.supervisor._informers["Pod"]
    told: list[r.Effect] = []
    monkeypatch.setattr(c.supervisor, "concerns_all", lambda watcher, effect: told.append(effect))
    for effect in EFFECTS:
        informer.told("", effect)
    assert told == list(EFFECTS[:3] if discovered else EFFECTS)


def test_whoever_listens_hears_of_every_change_of_the_link_or_of_a_freshness() -> None:
    c = made(PRINTED, WHOLE)
    heard: list[tuple[str, ...]] = []

    def changed() -> None:
        heard.append((c.store.link.link, *(c.store.freshness(kind).sync for kind in ("Node", "Pod"))))

    c.supervisor._listener = Listener(changed=changed)
    start(c)
    c.world.run(1.0)
    assert list(dict.fromkeys(heard)) == [
        ("connecting", "never", "hidden"),
        ("connecting", "never", "never"),
        ("connecting", "syncing", "never"),
        ("live", "syncing", "never"),
        ("live", "syncing", "syncing"),
        ("live", "live", "syncing"),
        ("live", "live", "live"),
    ]

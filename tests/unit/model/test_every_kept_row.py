"""What is kept of rows, how far lists and pulls are, which nodes a Plan has, and what a quorum makes of a loss."""

from __future__ import annotations

import zlib
from itertools import product
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from edgetui.model.cache.list_progress import ListProgress, together
from edgetui.model.cache.snapshot import (
    CHUNK,
    MAGIC,
    KeptRows,
    Packed,
    fields_of,
    from_bytes,
    pack,
    to_bytes,
    unpack,
)
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.base import Fact, Row
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.pod import PodProblem, PodRow
from edgetui.model.kinds.pulled import NodePull, Pull, pull_facts, pull_words
from edgetui.model.kinds.update import Failure
from edgetui.model.modules import held, modules
from edgetui.model.node.demand import Demand
from edgetui.model.node.forecast import Cluster
from edgetui.model.node.unplug import Known, Quorum, answer, short_form
from edgetui.model.panes.base import Pane
from edgetui.model.update.plan import Coverage, coverage, is_switched_off
from edgetui.model.update.pulls import ReadPulls, update_pulls
from tests.unit.model import factories as f
from tests.unit.model import updates as u

NOW = float(f.NOW)
PODS = KINDS["Pod"]


def pod(name: str, namespace: str = "d", **more: Any) -> PodRow:
    return PodRow(namespace=namespace, name=name, uid=name, resource_version="1", **more)


QUOTES = PodProblem(reason="Error", message="password=hunter2")
KNOWN = PodProblem(reason="Evicted", message="low on memory")


@pytest.mark.parametrize("count", [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_rows_come_back_as_they_were_packed(count: int) -> None:
    rows: list[Row] = [pod(f"p-{at}", problem=KNOWN, labels="\x1fa=b\x1f") for at in range(count)]
    packed = pack(PODS, iter(rows), 5.0, True, {"": "7", "d": "8"}, tables=True)
    assert unpack(PODS, packed) == rows
    assert len(packed.chunks) == -(-count // 256)
    assert (packed.heard, packed.partial, packed.versions, packed.tables) == (
        5.0,
        True,
        {"": "7", "d": "8"},
        True,
    )
    assert packed.size == sum(map(len, packed.chunks))
    assert packed.fields == fields_of(PODS) != fields_of(KINDS["Node"])
    plain = pack(PODS, rows, 0.0, False)
    assert (plain.versions, plain.tables, plain.partial) == ({}, False, False)


def test_a_collection_that_loses_words_has_no_version_any_more() -> None:
    rows = [pod("a", "d"), pod("b", "e", problem=QUOTES), pod("c", "g", problem=KNOWN)]
    packed = pack(PODS, rows, 5.0, False, {"": "1", "d": "2", "e": "3", "g": "4"})
    assert packed.versions == {"d": "2", "g": "4"}
    found = unpack(PODS, packed)
    assert found == [rows[0], replace(rows[1], problem=replace(QUOTES, message="")), rows[2]]


def test_what_cannot_be_packed_or_is_damaged_gives_nothing() -> None:
    large = pack(PODS, [pod("a", restarts=10**30)], 5.0, True)
    assert (large.fields, large.chunks, large.heard, large.partial, unpack(PODS, large)) == (
        0,
        (),
        5.0,
        True,
        None,
    )
    packed = pack(PODS, [pod("a"), pod("b")], 5.0, False)
    (chunk,) = packed.chunks
    for damaged in (
        replace(packed, fields=packed.fields + 1),
        replace(packed, chunks=(chunk[:-3],)),
        replace(packed, chunks=(b"odd",)),
        replace(packed, chunks=(zlib.compress(b"odd"),)),
        replace(packed, chunks=(zlib.compress(msgspec.msgpack.encode([{"name": 7}])),)),
        replace(packed, chunks=(zlib.compress(b"\0" * ((4 << 20) + 1)),)),
    ):
        assert unpack(PODS, damaged) is None
    assert unpack(replace(PODS, snapshot=None), packed) is None


def test_a_file_is_whole_or_nothing() -> None:
    kept = KeptRows(
        5.0, "uid", "v1.35.2", {"Pod": pack(PODS, [pod("a")], 5.0, False)}, "0.1.0", True, "lean", 7.5
    )
    data = to_bytes(kept)
    assert from_bytes(data) == kept
    assert data.startswith(b"edgetui rows 1\n")
    assert data[len(MAGIC) : len(MAGIC) + 4] == zlib.crc32(data[len(MAGIC) + 4 :]).to_bytes(4, "big")
    for at in range(0, len(data), 7):
        assert from_bytes(data[:at]) is None
        assert from_bytes(data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]) is None
    body = msgspec.msgpack.encode([7])
    assert from_bytes(MAGIC + zlib.crc32(body).to_bytes(4, "big") + body) is None
    bare = KeptRows(5.0, "", "", {})
    assert (bare.program, bare.rbac_off, bare.wire, bare.speed) == ("", False, "", 0.0)
    assert Packed(1, 0.0, False, ()) == Packed(1, 0.0, False, (), {}, False)


# -- how far lists and pulls are


@pytest.mark.parametrize(
    ("progress", "now", "rate", "left"),
    [
        (ListProgress(0.0, 10.0, 100, 50), 10.0, 10.0, 5.0),
        (ListProgress(0.0, 10.0, 100, 50), 12.0, 10.0, 3.0),
        (ListProgress(0.0, 10.0, 100, 50), 99.0, 10.0, 0.0),
        (ListProgress(0.0, 10.0, 100), 10.0, 10.0, None),
        (ListProgress(5.0, 5.0, 100, 50), 10.0, 0.0, None),
        (ListProgress(5.0, 4.0, 100, 50), 10.0, 0.0, None),
        (ListProgress(0.0, 10.0, 0, 50), 10.0, 0.0, None),
        (ListProgress(0.0, 10.0, 100, 0), 10.0, 10.0, 0.0),
    ],
)
def test_how_long_a_list_takes(progress: ListProgress, now: float, rate: float, left: float | None) -> None:
    assert (progress.rate, progress.seconds_left(now)) == (rate, left)


def test_several_lists_as_one() -> None:
    one, two, streamed = (
        ListProgress(1.0, 5.0, 10, 4),
        ListProgress(0.0, 3.0, 20, 6),
        ListProgress(2.0, 9.0, 1),
    )
    assert together([one]) == one
    assert together([one, two]) == ListProgress(0.0, 5.0, 30, 10)
    assert together([one, two], whole=False) == ListProgress(0.0, 5.0, 30)
    assert together([one, two, streamed]) == ListProgress(0.0, 9.0, 31)
    assert together([one, two], lambda at: at + 100) == ListProgress(100.0, 105.0, 30, 10)


PULLS = [
    NodePull("a", Pull.HELD),
    NodePull("b", Pull.HELD, "in 5s"),
    NodePull("c", Pull.FAILED, "no such image"),
    NodePull("d", Pull.MISSING),
    NodePull("e", Pull.MISSING),
    NodePull("f", Pull.UNKNOWN, "?"),
    NodePull("g", Pull.PULLING),
]


def test_pulls_in_words() -> None:
    assert pull_words(PULLS) == "2 of 7 nodes have it, 1 cannot pull, 1 pulling, 2 to pull, 1 not known"
    assert pull_words(PULLS[:1]) == "1 of 1 node has it"
    assert pull_words(PULLS[3:5], 2) == "none of 2 nodes have them, 2 to pull"
    assert list(pull_facts(PULLS)) == [
        Fact("images", pull_words(PULLS), True),
        Fact("cannot pull", "c: no such image", True),
        Fact("pulling", "g"),
        Fact("to pull", "d, e"),
        Fact("not known", "f: ?"),
        Fact("pulled", "b: in 5s"),
        Fact("", "a"),
    ]
    assert list(pull_facts(PULLS[:1], 2)) == [Fact("images", "1 of 1 node has them"), Fact("pulled", "a")]
    assert list(pull_facts([])) == []


def test_an_update_of_clusters_pulls_nothing_on_nodes() -> None:
    store = f.store_of(u.bundle(), f.node("edge-1"))
    (row,) = store.rows("Bundle")
    assert update_pulls(store, row, ReadPulls(), NOW) == []  # type: ignore[arg-type]


# -- the nodes of a Plan


@pytest.mark.parametrize(
    ("ready", "silent_for", "began", "off"),
    [
        ("True", 9000, 0, False),
        ("Unknown", 300, 0, False),
        ("Unknown", 301, 0, True),
        ("Unknown", 100, f.NOW - 99, True),
        ("Unknown", 100, f.NOW - 100, False),
        ("Unknown", 100, f.NOW - 101, False),
        ("False", 301, 0, True),
    ],
)
def test_whether_a_node_is_off_or_just_restarts(ready: str, silent_for: int, began: float, off: bool) -> None:
    row = NodeRow(
        namespace="", name="n", uid="n", resource_version="1", ready=ready, since=f.NOW - silent_for
    )
    assert is_switched_off(row, NOW, began) is off
    assert not is_switched_off(replace(row, since=0), 200.0, 100.0)


def test_every_node_of_a_plan_stands_somewhere() -> None:
    objects = [
        u.plan("k3s", *u.whole(*u.SYNC), applying=("edge-5", "edge-6", "edge-7")),
        u.host("edge-1", u.NEW, done=u.HASH),
        u.host("edge-2", done=u.HASH),
        u.host("edge-3", done="disabled"),
        u.host("edge-4"),
        u.host("edge-5"),
        u.host("edge-6", ready="Unknown", heartbeat=f.NOW - 900),
        u.host("edge-7"),
        u.host("edge-8", "v1.36.0+k3s1"),
        u.host("edge-9", done="another"),
        f.node("no-hostname"),
        u.job("edge-5"),
        u.job("edge-7", u.LATE),
        u.job("edge-1", u.LATE),
        u.job("edge-4", plan="other"),
    ]
    store = f.store_of(*objects)
    (row,) = store.rows("Plan")
    late = "DeadlineExceeded: Job was active longer than specified deadline"
    found = coverage(store, row, NOW)  # type: ignore[arg-type]
    assert found == Coverage(
        done=("edge-1",),
        unlike=("edge-2",),
        skipped=("edge-3",),
        todo=("edge-4", "edge-5", "edge-6", "edge-7", "edge-8", "edge-9"),
        running=("edge-5", "edge-6"),
        silent=("edge-6",),
        failed=(Failure("edge-7", late),),
        newer=("edge-8",),
    )
    assert found.total == 8
    assert Coverage() == Coverage((), (), (), (), (), (), (), ())


# -- files by name


def test_the_file_that_holds_something() -> None:
    package = "edgetui.model.panes"
    found = held(package, "pods", "PANE", Pane)
    assert found is not None
    assert found.id == "pods"
    assert held(package, "pods", "PANE", Store_) is None
    assert held(package, "pods", "NO_SUCH", Pane) is None
    assert held(package, "no_such_file", "PANE", Pane) is None
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        held("edgetui.no_such_package", "pods", "PANE", Pane)
    import edgetui.model.panes as panes

    files = modules(panes.__path__)
    assert files == sorted(files)
    assert {"base", "pods", "of_kind"} <= set(files)


class Store_:
    """Something else."""


# -- what a quorum makes of a loss


def server(name: str, ready: str = "True", *roles: str) -> f.Json:
    return f.node(name, ready=ready, roles=roles)


def quorum(objects: list[f.Json], *leave: str, pods: tuple[Demand, ...] = ()) -> Quorum:
    return answer(Known(Cluster((), pods), f.store_of(*objects)), set(leave)).quorum


ETCD = ("control-plane", "etcd")
THREE = [server("a", "True", *ETCD), server("b", "True", *ETCD), server("c", "True", *ETCD), server("w")]
ONE_DOWN = [server("a", "Unknown", *ETCD), *THREE[1:]]
FIVE = [*THREE, server("d", "True", *ETCD), server("e", "True", *ETCD)]
CASES: list[tuple[list[f.Json], tuple[str, ...], tuple[int, int, int, str], bool]] = [
    (THREE, ("w",), (3, 0, 3, "no voter leaves; 3 of 3 are Ready"), False),
    (ONE_DOWN, ("w",), (3, 0, 2, "no voter leaves; 2 of 3 are Ready"), False),
    (
        THREE,
        ("a",),
        (3, 1, 2, "1 of 3 voters goes, 2 Ready ones left, 2 needed: one more loss stops writes"),
        False,
    ),
    (
        ONE_DOWN,
        ("a",),
        (3, 1, 2, "1 of 3 voters goes, 2 Ready ones left, 2 needed: one more loss stops writes"),
        False,
    ),
    (ONE_DOWN, ("b",), (3, 1, 1, "1 of 3 voters goes, 1 Ready one left, 2 needed: writes stop"), True),
    (THREE, ("a", "b", "w"), (3, 2, 1, "2 of 3 voters go, 1 Ready one left, 2 needed: writes stop"), True),
    (FIVE, ("a",), (5, 1, 4, "1 of 5 voters goes, 4 Ready ones left, 3 needed: writes go on"), False),
    (FIVE[2:3], ("c",), (1, 1, 0, "1 of 1 voter goes, 0 Ready ones left, 1 needed: writes stop"), True),
    ([THREE[0], THREE[3]], ("w",), (1, 0, 1, "no voter leaves; 1 of 1 is Ready"), False),
    (
        [server("a", "True", "control-plane"), server("b")],
        ("a",),
        (0, 1, 0, "1 of 1 server leaves; where the datastore is, the API does not tell"),
        True,
    ),
    (
        [server("a", "True", "control-plane"), server("b", "True", "control-plane"), server("c")],
        ("c",),
        (0, 0, 0, "no server leaves; where the datastore is, the API does not tell"),
        False,
    ),
]


@pytest.mark.parametrize(("objects", "leave", "found", "lost"), CASES)
def test_what_a_quorum_makes_of_a_loss(
    objects: list[f.Json], leave: tuple[str, ...], found: tuple[int, int, int, str], lost: bool
) -> None:
    said = quorum(objects, *leave)
    assert (tuple(said), said.lost) == (found, lost)


def test_etcd_that_runs_as_static_pods_votes_where_it_runs() -> None:
    labels = {"component": "etcd", "tier": "control-plane"}
    objects = [server("a"), server("b"), server("c")]
    etcd = tuple(
        Demand("kube-system", f"etcd-{name}", name, node=name, labels=labels, static=static)
        for name, static in (("a", True), ("b", True), ("c", False))
    )
    assert quorum(objects, "a", pods=etcd).voters == 2
    assert quorum(objects, "a", pods=etcd[2:]).voters == 0


def test_controllers_whose_every_pod_is_there_and_what_never_moves() -> None:
    def owned(name: str, node: str, uid: str, **more: Any) -> Demand:
        made = {
            "phase": "Running",
            "owner_kind": "ReplicaSet",
            "owner_name": f"of-{uid}",
            "owner_uid": uid,
        } | more
        return Demand("d", name, name, node=node, **made)

    hashed = {"labels": {"pod-template-hash": "7f"}, "owner_name": "press-7f"}
    pods = (
        owned("a", "edge-1", "one", **hashed),
        owned("b", "edge-1", "one", **hashed),
        owned("c", "edge-1", "two"),
        owned("d", "edge-2", "two"),
        owned("e", "edge-1", "three", owner_kind="DaemonSet"),
        owned("f", "edge-1", "four", phase="Failed"),
        owned("g", "edge-1", "five", static=True),
        owned("h", "edge-1", "six", owner_kind="StatefulSet"),
        owned("i", "edge-1", "seven", owner_kind="StatefulSet", static=True),
        owned("j", "edge-1", "eight", owner_kind="StatefulSet", phase="Succeeded"),
        Demand("d", "lone", "lone", node="edge-1"),
    )
    found = answer(
        Known(Cluster((), pods), f.store_of(server("edge-1"), server("edge-2")), ("x",)), {"edge-1"}
    )
    assert (found.sole, found.cut.numbered, found.unseen) == (("d/of-six", "d/press"), 1, ("x",))
    assert short_form(found)[-1] == "d/of-six and 1 more: every pod is there."
    assert found.cut.evictions.silent == 1
    both = answer(
        Known(Cluster((), ()), f.store_of(server("edge-1"), server("edge-2"))), {"edge-1", "edge-2"}
    )
    assert (both.cut.evictions.everywhere, both.sole, both.unseen) == (True, (), ())


def test_who_loses_its_hosts_and_its_address() -> None:
    for hosts, holders in product(
        (("edge-1",), ("edge-1", "edge-2"), ("edge-2",), ()), (("edge-1",), ("edge-1", "edge-2"), ())
    ):
        objects = [
            f.service("web", type_="LoadBalancer", ips=("192.0.2.7",)),
            f.service("other"),
            server("edge-1"),
            server("edge-2"),
            *([f.endpoint_slice("web", ready=len(hosts), on=hosts)] if hosts else []),
            *(f.announced("ServiceL2Status", "web", one) for one in holders),
        ]
        found = answer(Known(Cluster((), ()), f.store_of(*objects)), {"edge-1"})
        lost = "edge-1" in hosts
        assert [tuple(one) for one in found.services] == (
            [("default", "web", len(hosts), len(hosts) - 1, 0)] if lost else []
        )
        assert [one.stops for one in found.services] == ([len(hosts) == 1] if lost else [])
        alone = holders == ("edge-1",)
        assert [tuple(one) for one in found.addresses] == (
            [("default", "web", ("192.0.2.7",), "MetalLB L2")] if alone else []
        )
        lines = short_form(found)
        assert ("Service default/web loses the only host meanwhile." in lines) is (hosts == ("edge-1",))
        assert ("192.0.2.7: held by nobody else (MetalLB L2)." in lines) is alone

"""Updates over the air: what the pane says of recorded sequences, of odd plans, and of the versions of nodes."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import row_of
from edgetui.model.panes import PANES
from edgetui.model.update.pulls import ReadPulls, update_pull_facts
from edgetui.model.update.version import Version, differs, is_newer, minors_behind, parse
from edgetui.model.view.fleet import Fleet
from edgetui.ui.details import detail
from edgetui.ui.spans import plain
from tests.unit.model import factories as f
from tests.unit.model import updates as u

PANE = PANES["updates"]


def data(store: Store, kind: str, namespace: str, name: str, now: float = f.NOW) -> dict[str, Any]:
    row = store.get(kind, namespace, name)
    assert row is not None
    return PANE.json(PANE.build(store, kind, row, now), now)


def says(store: Store, kind: str, namespace: str, name: str) -> tuple[str, str, str | None, str]:
    said = data(store, kind, namespace, name)
    return said["severity"], said["state"], said["done"], said["reason"]


def of_plan(*objects: f.Json) -> tuple[str, str, str | None, str]:
    return says(f.store_of(*objects), "Plan", "system-upgrade", "k3s")


@pytest.mark.parametrize("engine", u.SEQUENCES)
def test_a_recorded_sequence_is_told_step_by_step_as_if_built_anew(engine: str) -> None:
    store = f.store_of()
    fleet = Fleet([store])
    view = fleet.view(PANE)
    view.rebuild(f.NOW)
    steps = u.SEQUENCES[engine]
    for at, step in enumerate(steps):
        for one in step.objects:
            store.apply(u.id_of(one), row_of(u.id_of(one), one))
        for gone in step.gone:
            store.delete(*gone, "")
        view.absorb(fleet.drain(), f.NOW)
        (key,) = [key for key in view.every_key() if key.kind != "Node"]
        assert says(store, *key[1:]) == step.says, f"step {at}"
        anew = fleet.view(PANE)
        anew.rebuild(f.NOW)
        assert [view.row(key) for key in view.keys] == [anew.row(key) for key in anew.keys], f"step {at}"


THREE = [u.host(f"edge-{at}") for at in (1, 2, 3)]
DONE = [u.host(f"edge-{at}", u.NEW, done=u.HASH) for at in (1, 2, 3)]
COMPLETE = u.whole("True", "Complete")
PLANS: list[tuple[str, list[f.Json], tuple[str, str, str | None, str]]] = [
    ("all done", [*DONE, u.plan("k3s", *COMPLETE)], ("fine", "complete", "3/3", "")),
    (
        "complete without a node",
        [*THREE, u.plan("k3s", *COMPLETE, nodeSelector={"matchLabels": {"site": "nowhere"}})],
        ("watch", "no node selected", "0/0", "its selector takes no node; its controller calls that complete"),
    ),
    (
        "complete, and all are disabled",
        [u.host("edge-1", done="disabled"), u.plan("k3s", *COMPLETE)],
        (
            "watch",
            "no node selected",
            "0/0",
            "edge-1: all that it selects are disabled; its controller calls that complete",
        ),
    ),
    (
        "complete, for there is no concurrency",
        [*THREE, u.plan("k3s", *COMPLETE, concurrency=None)],
        ("watch", "paused", "0/3", "its concurrency is 0, so none of 3 nodes begins"),
    ),
    (
        "labelled and not updated",
        [*DONE[:2], u.host("edge-3", done=u.HASH), u.plan("k3s", *COMPLETE)],
        (
            "watch",
            "another version",
            "2/3",
            "edge-3 is labelled done, and the kubelet says another version",
        ),
    ),
    (
        "labelled with an older hash",
        [*DONE[:2], u.host("edge-3", done="aaaa"), u.plan("k3s", *u.whole(*u.SYNC), applying=("edge-3",))],
        ("watch", "updating edge-3", "2/3", ""),
    ),
    (
        "a downgrade",
        [u.host("edge-1", "v1.35.0+k3s1"), u.plan("k3s", *u.whole(*u.SYNC), applying=("edge-1",))],
        ("bad", "downgrade", "0/1", "edge-1 runs a newer version, and K3s cannot downgrade"),
    ),
    (
        "not resolved",
        [
            *THREE,
            u.plan(
                "k3s", u.VALID, f.cond("LatestResolved", "False", "Error", "Get https://x: no such host")
            ),
        ],
        ("bad", "no version", "0/3", "Get https://x: no such host"),
    ),
    (
        "not valid",
        [*THREE, u.plan("k3s", f.cond("Validated", "False", "Error", "spec.window is invalid"))],
        ("bad", "not valid", "0/3", "spec.window is invalid"),
    ),
    (
        "a selector of another make",
        [*THREE, u.plan("k3s", nodeSelector={"matchExpressions": [{"key": "a", "operator": "Like"}]})],
        ("bad", "not valid", None, "its node selector is not valid"),
    ),
    (
        "outside its window",
        [
            *THREE,
            u.plan(
                "k3s",
                *u.whole("False", "Waiting"),
                window={"days": ["sa", "su"], "startTime": "02:00", "endTime": "04:00", "timeZone": "UTC"},
            ),
        ],
        (
            "watch",
            "waiting",
            "0/3",
            "3 nodes to go; new Jobs begin only in its window sa,su 02:00-04:00 UTC",
        ),
    ),
    (
        "many at once, one of them silent",
        [
            *[u.host(f"edge-{at}") for at in range(1, 6)],
            u.host("edge-9", ready="Unknown", heartbeat=f.NOW - 400),
            u.plan("k3s", *u.whole(*u.SYNC), concurrency=2, applying=("edge-1", "edge-9")),
        ],
        ("bad", "held by edge-9", "0/6", "NotReady, holds one of 2 places, 4 nodes wait"),
    ),
    (
        "a node that restarts while it is updated",
        [
            u.host("edge-1", ready="False", heartbeat=f.NOW - 30),
            u.plan("k3s", *u.whole(*u.SYNC), applying=("edge-1",)),
            u.job("edge-1", started=f.NOW - 60),
        ],
        ("watch", "updating edge-1", "0/1", ""),
    ),
    (
        "a node that was off before its Job began",
        [
            u.host("edge-1", ready="Unknown", heartbeat=f.NOW - 70),
            u.plan("k3s", *u.whole(*u.SYNC), applying=("edge-1",)),
            u.job("edge-1", started=f.NOW - 60),
        ],
        ("bad", "held by edge-1", "0/1", "NotReady, holds the only place; its Job fails after 10m"),
    ),
    (
        "a version that is no Kubernetes",
        [
            u.host("edge-1", done=u.HASH),
            u.plan("k3s", *COMPLETE) | {"status": {"conditions": list(COMPLETE), "latestHash": u.HASH,
                                                  "latestVersion": "2.19.0"}},
        ],
        ("fine", "complete", "1/1", ""),
    ),
    (
        "no hostname label, so never selected",
        [f.node("edge-1"), u.plan("k3s", *COMPLETE)],
        ("watch", "no node selected", "0/0", "its selector takes no node; its controller calls that complete"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("objects", "expected"), [one[1:] for one in PLANS], ids=[one[0] for one in PLANS])
def test_what_is_said_of_a_plan(objects: list[f.Json], expected: tuple[str, str, str | None, str]) -> None:
    assert of_plan(*objects) == expected


def test_a_plan_that_no_controller_has_seen_for_long_asks_for_one() -> None:
    store = f.store_of(*THREE, u.plan())
    said = data(store, "Plan", "system-upgrade", "k3s", f.NOW + 3600)
    assert (said["severity"], said["reason"]) == (
        "bad",
        "no controller has looked at it yet: does SUC run here?",
    )


def test_a_job_that_fails_reaches_its_plan_and_its_node() -> None:
    store = f.store_of(*THREE, u.plan("k3s", *u.whole(*u.SYNC), applying=("edge-1",)), u.job("edge-1"))
    store.apply("Job", row_of("Job", u.job("edge-1", u.LATE)))
    reached = set(PANE.affected(store, store.drain()))
    assert {("Plan", "system-upgrade", "k3s"), ("Node", "", "edge-1")} <= reached


def test_its_page_names_the_nodes() -> None:
    failing = u.plan("k3s", *u.whole(*u.FAILED), applying=("edge-2",))
    store = f.store_of(
        DONE[0], u.host("edge-2"), u.host("edge-3"), u.host("edge-4", done="disabled"), failing
    )
    key = ObjectKey("plant", "Plan", "system-upgrade", "k3s")
    row = store.get(*key[1:])
    page = [plain(line) for line in detail(store, key, row, f.NOW, 100, (), "")]
    for said in (
        "! failed on edge-2",
        "target      v1.34.2-k3s1",
        "updated     1 of 3 nodes",
        "done        edge-1",
        "to do       edge-3",
        "skipped     edge-4",
        "cordon      before each update; uncordoned when its Job succeeds, and only then",
    ):
        assert any(said in line for line in page), "\n".join(page)


def test_its_page_counts_down_to_the_deadline_of_the_job_that_is_held_up() -> None:
    held = u.plan("k3s", *u.whole(*u.SYNC), applying=("edge-1",))
    store = f.store_of(u.host("edge-1", ready="Unknown", heartbeat=f.NOW - 400), held, u.job("edge-1"))
    row = store.get("Plan", "system-upgrade", "k3s")
    assert row is not None
    said = [
        [one.text for one in PANE.facts(store, row, now) if one.label == "updating"]
        for now in (f.NOW, f.NOW + 60, f.NOW + 600)
    ]
    assert said == [
        ["edge-1, NotReady; its Job fails in 9m"],
        ["edge-1, NotReady; its Job fails in 8m"],
        ["edge-1, NotReady; the deadline of its Job has passed"],
    ]


def of_node(server: str, node: f.Json, *more: f.Json) -> tuple[str, str, str]:
    store = f.store_of(node, *more)
    store.set_version(server)
    severity, state, _, why = says(store, "Node", "", node["metadata"]["name"])
    return severity, state, why


SKEW = [
    ("v1.34.2+k3s1", "v1.34.2+k3s1", ("fine", "same minor", "")),
    ("v1.34.2+k3s1", "v1.33.4+k3s1", ("fine", "1 minor behind", "")),
    ("v1.36.0", "v1.33.4", ("watch", "3 minors behind",
     "kubelet 1.33, API server 1.36: update it before the server goes on")),
    ("v1.37.1", "v1.33.4", ("bad", "4 minors behind",
     "kubelet 1.33, API server 1.37: no more than 3 minors are supported")),
    ("v1.33.4", "v1.34.0", ("bad", "newer than server",
     "kubelet 1.34, API server 1.33: a kubelet must not be newer; update the servers first")),
    ("", "v1.34.0", ("unsure", "version ?", "the version of the kubelet or of the API server is not known")),
    ("v1.34.2-eks-1234", "v1.34.2-kubeedge-v1.22.1", ("fine", "same minor", "")),
]  # fmt: skip


@pytest.mark.parametrize(("server", "kubelet", "expected"), SKEW)
def test_a_kubelet_is_held_against_the_api_server(
    server: str, kubelet: str, expected: tuple[str, str, str]
) -> None:
    assert of_node(server, u.host("edge-1", kubelet)) == expected


def test_what_stands_in_the_way_of_an_update_is_said_of_the_node() -> None:
    full = u.host("edge-1", pressures=["DiskPressure"], ready="Unknown")
    assert of_node("v1.33.4+k3s1", full) == (
        "bad",
        "disk full, NotReady",
        "an update finds no room for its images; an update of it waits, and may hold up the others",
    )


CORDONS: list[tuple[str, list[f.Json], tuple[str, str, str]]] = [
    ("no plan here", [], ("watch", "cordoned", "")),
    (
        "a plan works on it",
        [u.plan("k3s", *u.whole(*u.SYNC), applying=("edge-2",)), u.job("edge-2")],
        ("watch", "cordoned", ""),
    ),
    (
        "its job failed",
        [u.plan("k3s", *u.whole(*u.SYNC), applying=("edge-2",)), u.job("edge-2", u.LATE)],
        ("bad", "left cordoned", "plan k3s failed on it: nothing uncordons it but you"),
    ),
    (
        "its job failed and is deleted",
        [u.plan("k3s", *u.whole(*u.FAILED), applying=("edge-2",))],
        ("bad", "left cordoned", "plan k3s failed on it: nothing uncordons it but you"),
    ),
    (
        "its job failed, and the plan cordons nothing",
        [u.plan("k3s", *u.whole(*u.FAILED), applying=("edge-2",), cordon=None)],
        ("watch", "cordoned", ""),
    ),
    (
        "the job of an older hash failed",
        [u.plan("k3s", *u.whole(*u.SYNC)) | {"status": {"latestHash": "ffff"}}, u.job("edge-2", u.LATE)],
        ("watch", "cordoned", ""),
    ),
]


@pytest.mark.parametrize(("more", "expected"), [one[1:] for one in CORDONS], ids=[one[0] for one in CORDONS])
def test_who_left_a_node_cordoned(more: list[f.Json], expected: tuple[str, str, str]) -> None:
    assert of_node("v1.33.4", u.host("edge-2", cordoned=True), *more) == expected


def test_a_node_on_which_a_deleted_plan_has_run_says_that_it_may_be_left_cordoned() -> None:
    node = u.host("edge-2", cordoned=True, done="aaaa", plan="gone")
    assert of_node("v1.33.4", node, u.plan("k3s", *COMPLETE)) == (
        "watch",
        "cordoned",
        "plan gone has run on it and is gone: if that cordoned it, nothing uncordons it",
    )


def test_updates_stand_before_nodes_that_are_as_bad() -> None:
    full = u.host("a", pressures=["DiskPressure"])
    store = f.store_of(full, u.plan("k3s", *u.whole(*u.FAILED)), *THREE)
    view = Fleet([store]).view(PANE)
    view.rebuild(f.NOW)
    assert [key.name for key in view.keys][:2] == ["k3s", "a"]


def test_versions_are_read_as_distributions_write_them() -> None:
    assert parse("v1.34.2-k3s1") == parse("v1.34.2+k3s1") == Version(1, 34, 2, 1, "K3s")
    assert parse("v1.31.1+rke2r2") == Version(1, 31, 1, 2, "RKE2")
    assert parse("v1.36.0-rc1+k0s.0") == Version(1, 36, 0, 0, "k0s")
    assert parse("latest") is None
    assert is_newer("v1.34.2+k3s2", "v1.34.2-k3s1")
    assert not is_newer("v1.35.0", "v1.34.2-k3s1")
    assert differs("v1.34.2+k3s2", "v1.34.2-k3s1")
    assert not differs("v1.34.2", "v1.34.3")
    assert minors_behind("v1.33.0", "v1.34.9") == 1
    assert minors_behind("?", "v1.34.9") is None


def test_nodes_that_hold_the_image_already_are_named_on_the_page_of_an_update() -> None:
    pulled = [{"nodeName": "edge-1", "nodeUID": "u", "image": "installer:v1.12.1"}]
    store = f.store_of(*u.BOTH, u.talos("Pending", prePulledNodes=pulled))
    row = store.get("TalosUpgrade", "", "talos")
    assert row is not None
    told = {fact.label: fact.text for fact in update_pull_facts(store, row, ReadPulls(), f.NOW)}
    assert told == {
        "images": "1 of 2 nodes has it, 1 not known",
        "pulled": "edge-1",
        "not known": "edge-2: tuppr does not tell",
    }
    older = row_of("TalosUpgrade", u.talos("Pending", prePulledNodes=["edge-1"]))
    assert getattr(older, "pulled", None) == ("edge-1",)


@pytest.mark.parametrize(
    ("objects", "kind", "space", "name"),
    [
        ((u.talos("Upgrading", currentNodes=["edge-1"]),), "TalosUpgrade", "", "talos"),
        (
            (u.plan("k3s", *u.whole(*u.SYNC), applying=("edge-1",)), u.job("edge-1")),
            "Plan",
            "system-upgrade",
            "k3s",
        ),
    ],
)
def test_a_node_whose_disk_is_full_holds_its_update_up(
    objects: tuple[f.Json, ...], kind: str, space: str, name: str
) -> None:
    full = u.host("edge-1", conditions=[f.cond("DiskPressure", "True", "KubeletHasDiskPressure")])
    said = says(f.store_of(full, u.host("edge-2"), *objects), kind, space, name)
    assert said[0::3] == ("bad", "DiskPressure, no room for images")
    assert said[1] == "no room on edge-1"

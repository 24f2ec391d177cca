"""Which nodes have the images of an update: what kubelets, engines, pods and the nodes' own lists tell, together."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.event import EventRow
from edgetui.model.kinds.pulled import NodePull, Pull, tagged
from edgetui.model.kinds.update import UpdateRow
from edgetui.model.pod.node_images import MOST_NAMED, NodeImages, held_images
from edgetui.model.update.pulls import ReadPulls, update_pull_facts, update_pulls
from tests.unit.model import factories as f
from tests.unit.model import updates as u

IMAGE = f"rancher/k3s-upgrade:{u.TARGET}"
FULL = f"docker.io/{IMAGE}"
RUNNING = u.plan("k3s", *u.whole(*u.SYNC), applying=("edge-1",))


def pulled(
    reason: str, message: str, *, on: str = "edge-1", last: float = f.NOW - 40, about: str = "p"
) -> EventRow:
    """A kubelet's event of a pod of the Plan."""
    thing = f.event(f.pod(about, "system-upgrade"), reason, message, last=last)
    thing["source"]["host"] = on
    row = row_of("Event", thing)
    assert isinstance(row, EventRow)
    return row


def listing(*names: str, node: str = "edge-1") -> dict[str, NodeImages]:
    data = {"metadata": {"name": node}, "status": {"images": [{"names": [name]} for name in names]}}
    (one,) = held_images([data]).nodes
    return {node: one}


def of_edge_1(read: ReadPulls, *more: f.Json, update: f.Json = RUNNING) -> NodePull:
    """What is said of the one node that is not updated yet."""
    store = f.store_of(u.host("edge-1"), update, u.job("edge-1"), *more)
    row = store.get(u.id_of(update), update["metadata"].get("namespace", ""), update["metadata"]["name"])
    assert isinstance(row, UpdateRow)
    (found,) = update_pulls(store, row, read, f.NOW)
    return found


OTHERS = [f"registry.local/other:{at}" for at in range(MOST_NAMED)]
PULLING = pulled("Pulling", f'Pulling image "{IMAGE}"')
DONE = (
    f'Successfully pulled image "{IMAGE}" in 1m2.5s (1m2.5s including waiting). Image size: 85000000 bytes.'
)
FAILED = f'Failed to pull image "{IMAGE}": rpc error: no such host'
STATES: list[tuple[str, ReadPulls, Pull, str]] = [
    ("listed", ReadPulls(listing(FULL)), Pull.HELD, ""),
    ("not listed", ReadPulls(listing("docker.io/library/nginx:1")), Pull.MISSING, ""),
    ("a full list", ReadPulls(listing(*OTHERS)), Pull.UNKNOWN, f"a kubelet names at most {MOST_NAMED} images"),
    ("no list", ReadPulls(listing()), Pull.UNKNOWN, "the kubelet names no images"),
    ("nodes not readable", ReadPulls(not_listed="you may not"), Pull.UNKNOWN, "you may not"),
    ("pulled", ReadPulls(events=(pulled("Pulled", DONE),)), Pull.HELD, "in 1m2.5s, 81Mi"),
    (
        "there before",
        ReadPulls(events=(pulled("Pulled", f'Container image "{IMAGE}" already present on machine'),)),
        Pull.HELD,
        "",
    ),
    (
        "pulled, and not listed yet",
        ReadPulls(listing("docker.io/library/nginx:1"), events=(pulled("Pulled", DONE),)),
        Pull.HELD,
        "in 1m2.5s, 81Mi",
    ),
    (
        "pulled, and removed since",
        ReadPulls(listing("docker.io/library/nginx:1"), events=(pulled("Pulled", DONE, last=f.NOW - 3000),)),
        Pull.MISSING,
        "",
    ),
    (
        "failed, and nothing waits for it any more",
        ReadPulls(listing("docker.io/library/nginx:1"), events=(pulled("Failed", FAILED, last=f.NOW - 600),)),
        Pull.FAILED,
        f"10m ago: {FAILED}",
    ),
    ("failed, and there since", ReadPulls(listing(FULL), events=(pulled("Failed", FAILED),)), Pull.HELD, ""),
    ("failed, then pulled", ReadPulls(events=(
        pulled("Failed", FAILED, last=f.NOW - 90), pulled("Pulled", DONE))), Pull.HELD, "in 1m2.5s, 81Mi"),
    ("a pull of a pod that is gone", ReadPulls(listing("docker.io/library/nginx:1"), events=(PULLING,)),
     Pull.MISSING, ""),
    ("of another node", ReadPulls(events=(pulled("Pulled", DONE, on="edge-9"),), not_listed="?"), Pull.UNKNOWN, "?"),
    ("of another image", ReadPulls(events=(pulled("Pulled", 'Pulled image "nginx:1" in 1s'),), not_listed="?"),
     Pull.UNKNOWN, "?"),
    ("an event that names no image", ReadPulls(events=(pulled("Failed", "Error: ErrImagePull"),), not_listed="?"),
     Pull.UNKNOWN, "?"),
]  # fmt: skip


@pytest.mark.parametrize(("read", "pull", "why"), [one[1:] for one in STATES], ids=[one[0] for one in STATES])
def test_what_is_told_of_an_image_on_a_node(read: ReadPulls, pull: Pull, why: str) -> None:
    assert of_edge_1(read) == NodePull("edge-1", pull, why)


def test_a_pull_goes_on_while_its_pod_waits() -> None:
    waits = f.pod(
        "p", "system-upgrade", node="edge-1", statuses=[f.waiting("ContainerCreating", image=IMAGE)]
    )
    assert of_edge_1(ReadPulls(events=(PULLING,)), waits) == NodePull("edge-1", Pull.PULLING, "for 40s")


def test_a_pod_that_cannot_pull_counts_more_than_anything_read() -> None:
    lost = f.image_pull("p", "system-upgrade", image=IMAGE, node="edge-1", owner=u.job("edge-1"))
    found = of_edge_1(ReadPulls(listing(FULL), events=(pulled("Pulled", DONE),)), lost)
    assert found.pull is Pull.FAILED
    assert found.why.startswith("ImagePullBackOff: Back-off pulling image")


def test_the_image_of_the_prepare_container_is_needed_too() -> None:
    both = u.plan("k3s", *u.whole(*u.SYNC), applying=("edge-1",), prepare={"image": "registry.local/check:2"})
    assert of_edge_1(ReadPulls(listing(FULL)), update=both).pull is Pull.MISSING
    assert of_edge_1(ReadPulls(listing(FULL, "registry.local/check:2")), update=both).pull is Pull.HELD


def test_a_pre_pull_job_tells_of_the_image_that_brings_edgecore() -> None:
    update = u.edge_job("Init", edge_1={"phase": "Pending"})
    job = u.prepull(
        "InProgress",
        edge_1={
            "phase": "InProgress",
            "imageStatus": [{"image": u.FETCHED[1], "status": "False", "reason": "no"}],
        },
    )
    assert of_edge_1(ReadPulls(), update=update).pull is Pull.UNKNOWN
    assert of_edge_1(ReadPulls(), job, update=update) == NodePull("edge-1", Pull.FAILED, "no")
    assert of_edge_1(ReadPulls(listing(u.FETCHED[1])), job, update=update).pull is Pull.HELD


def facts(store: Any, update: f.Json, read: ReadPulls) -> list[tuple[str, str]]:
    row = store.get(u.id_of(update), update["metadata"].get("namespace", ""), update["metadata"]["name"])
    return [(one.label, one.text) for one in update_pull_facts(store, row, read, f.NOW)]


def test_the_page_counts_the_nodes_and_then_names_each() -> None:
    hosts = [u.host(f"edge-{at}") for at in range(1, 6)]
    lost = f.image_pull(
        "p1", "system-upgrade", image=IMAGE, node="edge-1", owner=u.job("edge-1"), why="no such host"
    )
    waits = f.pod(
        "p2", "system-upgrade", node="edge-2", statuses=[f.waiting("ContainerCreating", image=IMAGE)]
    )
    read = ReadPulls(
        listing(FULL, node="edge-3") | listing("a:1", node="edge-4") | listing("a:1", node="edge-5"),
        events=(pulled("Pulling", f'Pulling image "{IMAGE}"', on="edge-2", about="p2"),),
    )
    done = u.host("edge-9", u.NEW, done=u.HASH)
    store = f.store_of(*hosts, done, RUNNING, u.job("edge-1"), lost, waits)
    told = facts(store, RUNNING, read)
    assert told[:2] == [
        ("image", IMAGE),
        ("images", "1 of 5 nodes has it, 1 cannot pull, 1 pulling, 2 to pull"),
    ]
    assert told[2][0] == "cannot pull"
    assert told[2][1].startswith("edge-1: ImagePullBackOff: ")
    assert told[3:] == [("pulling", "edge-2: for 40s"), ("to pull", "edge-4, edge-5"), ("pulled", "edge-3")]


def test_events_that_may_not_be_read_are_said() -> None:
    store = f.store_of(u.host("edge-1"), RUNNING)
    told = facts(store, RUNNING, ReadPulls(listing(FULL), not_heard="the events cannot be read: no"))
    assert told[-1] == ("", "pulls that are going on are not known: the events cannot be read: no")


def test_an_update_that_is_complete_says_nothing_of_images() -> None:
    complete = u.plan("k3s", *u.whole("True", "Complete"))
    assert facts(f.store_of(u.host("edge-1", u.NEW, done=u.HASH), complete), complete, ReadPulls()) == []


def test_the_page_of_a_pre_pull_names_each_image_and_each_node() -> None:
    job = u.PREPULL[4].objects[0]
    row = row_of("ImagePrePullJob", job)
    kind = KINDS["ImagePrePullJob"]
    assert kind.facts is not None
    assert [(one.label, one.text, one.bad) for one in kind.facts(row, f.NOW)] == [
        ("engine", "KubeEdge", False),
        ("phase", "Failure", True),
        ("image", f"{u.FETCHED[0]}: on 2 of 2 nodes", False),
        ("image", f"{u.FETCHED[1]}: on 1 of 2 nodes, failed on edge-2", True),
        ("images", "1 of 2 nodes has them, 1 cannot pull", True),
        ("cannot pull", f"edge-2: {u.FETCHED[1]}: {u.NO_SUCH}", True),
        ("pulled", "edge-1", False),
    ]
    assert kind.snapshot is not None
    assert u.NO_SUCH not in repr(kind.snapshot(row))


@pytest.mark.parametrize(
    ("image", "wanted", "anew"),
    [
        ("rancher/k3s-upgrade", "rancher/k3s-upgrade:v1", "rancher/k3s-upgrade:v1"),
        ("registry.local:5000/k3s", "registry.local:5000/k3s:v1", "registry.local:5000/k3s:v1"),
        ("registry.local:5000/k3s:v0", "registry.local:5000/k3s:v0", "registry.local:5000/k3s:v1"),
        ("k3s@sha256:" + "a" * 64, "k3s@sha256:" + "a" * 64, "k3s:v1"),
    ],
)
def test_a_version_is_the_tag_of_an_image_that_has_none(image: str, wanted: str, anew: str) -> None:
    assert tagged(image, "v1") == wanted
    assert tagged(image, "v1", anew=True) == anew

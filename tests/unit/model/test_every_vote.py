"""Voters, leases, clocks and budgets at each of their bounds; samples beside a plain list; Jobs and pulls of a Plan."""

from __future__ import annotations

import random
from itertools import product
from typing import Any

import pytest

from edgetui.model.autoscaling.explain import last_scale
from edgetui.model.autoscaling.samples import History, Sample, readings, spark
from edgetui.model.control_plane.budgets import Standing, worst_first
from edgetui.model.control_plane.findings import Finding, Seen, findings
from edgetui.model.control_plane.leases import Held, Leader, Server, host_of, leaders_of, servers_of
from edgetui.model.control_plane.voters import Voter, Voters, is_server, majority
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.plan import PlanRow
from edgetui.model.kinds.pulled import Pull
from edgetui.model.lease import Lease
from edgetui.model.update.plan import job_of
from edgetui.model.update.pulls import ReadPulls, update_pulls
from tests.unit.model import factories as f
from tests.unit.model import updates as u
from tests.unit.model.test_scaling import hpa

NOW = float(f.NOW)


def voters(up: int, down: int, unknown: int = 0, **more: Any) -> Voters:
    found = [Voter(f"up-{at}") for at in range(up)] + [
        Voter(f"down-{at}", False, "why") for at in range(down)
    ]
    return Voters("etcd", tuple([*found, *(Voter(f"x-{at}", None) for at in range(unknown))]), **more)


ALONE = "{} alone holds the state of the cluster: without its disk all of it is lost."
FEW = Finding("Too few voters are up to write: nothing can be changed until one is back.", True)
EVEN = "{} voters survive no more losses than {} would: an odd number is better."


@pytest.mark.parametrize(
    ("found", "numbers", "words", "said"),
    [
        (voters(0, 0, where="elsewhere"), (1, 0, None), "elsewhere", []),
        (voters(1, 0), (1, 1, 0), "1 voter, which is up: its loss stops writes", [Finding(ALONE.format("up-0"))]),
        (voters(0, 1), (1, 0, -1), "0 of 1 voter up, 1 needed: too few to write", [
            Finding("Voter down-0 is down: why.", True), FEW, Finding(ALONE.format("down-0"))
        ]),
        (voters(2, 0), (2, 2, 0), "2 of 2 voters up, 2 needed: one more loss stops writes", [
            Finding("One more loss of a voter stops writes."), Finding(EVEN.format(2, 1))
        ]),
        (voters(3, 0), (2, 3, 1), "3 of 3 voters up, 2 needed: 2 losses stop writes", []),
        (voters(2, 1), (2, 2, 0), "2 of 3 voters up, 2 needed: one more loss stops writes", [
            Finding("Voter down-0 is down: why.", True), Finding("One more loss of a voter stops writes.", True)
        ]),
        (voters(1, 2), (2, 1, -1), "1 of 3 voters up, 2 needed: too few to write", [
            Finding("Voter down-0 is down: why.", True), Finding("Voter down-1 is down: why.", True), FEW
        ]),
        (voters(4, 0), (3, 4, 1), "4 of 4 voters up, 3 needed: 2 losses stop writes", [Finding(EVEN.format(4, 3))]),
        (voters(5, 0), (3, 5, 2), "5 of 5 voters up, 3 needed: 3 losses stop writes", []),
        (voters(2, 0, 1), (2, None, None), "3 voters, 2 needed; which of them are up is not told", []),
        (voters(0, 0, 1), (1, None, None),
        "1 voter, 1 needed; which of them are up is not told", [Finding(ALONE.format("x-0"))]),
        (voters(3, 0, learners=("l",)), (2, 3, 1), "3 of 3 voters up, 2 needed: 2 losses stop writes", [
            Finding("l has no vote yet: still learning what is stored.")
        ]),
        (voters(3, 0, learners=("l", "m")), (2, 3, 1), "3 of 3 voters up, 2 needed: 2 losses stop writes", [
            Finding("l, m have no vote yet: still learning what is stored.")
        ]),
        (voters(0, 0, alone="edge-1"), (1, 0, None), "", [Finding(ALONE.format("edge-1"))]),
    ],
)  # fmt: skip
def test_what_is_said_of_voters(
    found: Voters, numbers: tuple[int, int | None, int | None], words: str, said: list[Finding]
) -> None:
    assert (found.needed, found.healthy, found.spare) == numbers
    assert found.words == words
    assert findings(Seen(at=NOW, voters=found), NOW) == said
    assert [majority(count) for count in range(6)] == [1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize(
    ("more", "serves"),
    [({}, False), ({"roles": ("worker",)}, False), ({"roles": ("control-plane",)}, True),
    ({"roles": ("master",)}, True),
     ({"roles": ("etcd",)}, True), ({"labels": {"node.kubernetes.io/microk8s-controlplane": "x"}}, True)],
)  # fmt: skip
def test_which_nodes_are_servers(more: dict[str, Any], serves: bool) -> None:
    (row,) = f.store_of(f.node("edge-1", **more)).rows("Node")
    assert isinstance(row, NodeRow)
    assert is_server(row) is serves


def held(
    name: str,
    age: float,
    seconds: int | None = 15,
    transitions: int | None = 0,
    made: float = 0.0,
    **more: Any,
) -> Held:
    return Held(
        name, Lease("edge-1_0f5c", NOW - age, seconds, 0.0, transitions), created=made and NOW - made, **more
    )


API: dict[str, Any] = {"identity": "kube-apiserver"}


def test_api_servers_are_alive_for_thirty_seconds() -> None:
    leases = [
        held("b", 30.0, **API),
        held("c", 30.1, **API),
        held("a", 5.0, host="z", **API),
        held("other", 1.0),
    ]
    assert servers_of(leases, NOW) == [
        Server("b", NOW - 30.0, True),
        Server("c", NOW - 30.1, False),
        Server("z", NOW - 5.0, True),
    ]
    twice = [held("x", 90.0, host="edge-1", **API), held("y", 1.0, host="edge-1", **API)]
    assert [one.alive for one in servers_of(twice, NOW)] == [True, False]


DAY = 86400.0


@pytest.mark.parametrize(
    ("transitions", "made", "a_day", "restless"),
    [(None, DAY, None, False), (10, 0.0, None, False), (10, DAY, 10.0, True), (9, DAY, 9.0, False),
    (10, 5 * DAY, 2.0, True),
     (10, 5.01 * DAY, 10 / 5.01, False), (12, 60.0, 12.0, True)],
)  # fmt: skip
def test_which_leaders_are_restless(
    transitions: int | None, made: float, a_day: float | None, restless: bool
) -> None:
    (one,) = leaders_of([held("kube-scheduler", 1.0, 15, transitions, made)], NOW)
    assert one == Leader("kube-scheduler", "edge-1", one.lease, False, one.a_day)
    assert (one.a_day, one.restless) == (a_day if a_day is None else pytest.approx(a_day), restless)
    said = findings(Seen(at=NOW, leases=[held("kube-scheduler", 1.0, 15, transitions, made)]), NOW)
    words = (
        f"kube-scheduler changed its leader {transitions} times, {a_day or 0:.0f} a day: " if restless else ""
    )
    assert said == (
        [Finding(f"{words}mostly that is a slow disk or link of the datastore.")] if restless else []
    )


def test_who_leads_what() -> None:
    names = (
        "rke2",
        "kube-controller-manager",
        "k3s",
        "my-cloud-controller-x",
        "kube-scheduler",
        "vpa",
        "k0s-x",
        "cloud-controller-manager",
    )
    found = leaders_of([*(held(name, 1.0) for name in names), held("k3s-api", 1.0, **API)], NOW)
    assert [one.name for one in found] == [
        "kube-scheduler", "kube-controller-manager", "cloud-controller-manager", "k0s-x", "k3s",
        "my-cloud-controller-x", "rke2"
    ]  # fmt: skip
    assert [one.over for one in leaders_of([held("k3s", age) for age in (15.0, 15.1)], NOW)] == [False, True]
    assert [host_of(holder) for holder in ("edge-1_0f", "edge-1", "")] == ["edge-1", "edge-1", ""]


@pytest.mark.parametrize(
    ("ages", "drift"),
    [([], 0.0), ([30.0], 0.0), ([30.1], 30.1), ([-5.0], 0.0), ([-5.1], -5.1), ([900.0, 60.0], 60.0),
    ([900.0, 10.0], 0.0),
     ([-900.0, 10.0], 0.0), ([-900.0, -60.0], -900.0), ([-900.0, 900.0], -900.0)],
)  # fmt: skip
def test_how_far_clocks_are_apart(ages: list[float], drift: float) -> None:
    seen = Seen(at=NOW, leases=[held(f"l-{at}", age) for at, age in enumerate(ages)])
    assert seen.drift == pytest.approx(drift)
    assert seen.clock(NOW) == pytest.approx(NOW - drift)
    assert Seen(at=NOW).servers(NOW) == []
    assert Seen(at=NOW).leaders(NOW) == []


def test_one_api_server_or_one_address() -> None:
    one = [Finding("One API server: while it is down nothing can be seen or changed; pods go on.")]
    address = [Finding("Service kubernetes has one address: one API server, or a load balancer before more.")]
    for servers, addresses, said in (
        ([1.0], None, one), ([1.0], ["a", "b"], one), ([1.0, 2.0], ["a"], []), ([], ["a"], address),
        ([], ["a", "b"], []), ([], [], []),
    ):  # fmt: skip
        leases = [held(f"s-{at}", age, **API) for at, age in enumerate(servers)]
        assert findings(Seen(at=NOW, leases=leases, addresses=addresses), NOW) == said
    gone = findings(
        Seen(at=NOW, leases=[held("a", 1.0, **API), held("b", 180.0, **API), held("c", 1.0, **API)]), NOW
    )
    assert gone == [Finding("API server b was last heard 3m ago: it is down, or gone.", True)]


@pytest.mark.parametrize(
    ("standing", "blocks", "never", "words"),
    [
        (Standing("d", "a"), False, False, "not counted by its controller yet"),
        (Standing("d", "a", error="no"), True, False, "lets no pod go: its pods cannot be counted (no)"),
        (Standing("d", "a", 0, 0, 1, 0), False, False, "selects no pod: it protects nothing"),
        (Standing("d", "a", 1, 3, 2, 3), False, False, "1 allowed: 3 of 3 pods healthy, 2 needed"),
        (Standing("d", "a", 0, 2, 2, 3), True, False, "0 allowed: 2 of 3 pods healthy, 2 needed"),
        (Standing("d", "a", 0, 1, 1, 1), True, True, "0 allowed: needs its only pod, so no drain can move one"),
        (Standing("d", "a", 0, 2, 3, 2), True, True, "0 allowed: needs all of its 2 pods, so no drain can move one"),
        (Standing("d", "a", 1, 2, 2, 2), False, True, "1 allowed: 2 of 2 pods healthy, 2 needed"),
        (Standing("d", "a", 0), True, False, "0 allowed"),
        (Standing("d", "a", 0, None, 1, 2), True, False, "0 allowed"),
        (Standing("d", "a", 0, 1, None, 2), True, False, "0 allowed"),
        (Standing("d", "a", 1, 1, 1, 1), False, True, "1 allowed: 1 of 1 pod healthy, 1 needed"),
    ],
)  # fmt: skip
def test_what_a_budget_allows(standing: Standing, blocks: bool, never: bool, words: str) -> None:
    assert (standing.blocks, standing.never, standing.words) == (blocks, never, words)
    one = "1 PodDisruptionBudget holds up every drain of a node with its pods."
    two = "2 PodDisruptionBudgets hold up every drain of a node with their pods."
    for count, said in ((1, one), (2, two)):
        found = findings(Seen(at=NOW, budgets=[standing] * count), NOW)
        assert found == ([Finding(said)] if blocks else [])


def test_budgets_the_worst_first() -> None:
    order = [
        Standing("d", "never", 0, 1, 1, 1), Standing("d", "error", error="x"), Standing("d", "now", 0, 2, 2, 3),
        Standing("d", "tight", 1, 2, 2, 2), Standing("c", "unknown"),
        Standing("d", "one", 1, 3, 2, 3), Standing("e", "one", 1, 3, 2, 3),
        Standing("d", "two", 2, 3, 1, 3), Standing("d", "empty", 0, 0, 1, 0),
    ]  # fmt: skip
    for seed in range(5):
        assert worst_first(random.Random(seed).sample(order, len(order))) == order


# -- samples


def key(name: str) -> ObjectKey:
    return ObjectKey("plant", "Node", "", name)


def test_samples_beside_a_plain_list() -> None:
    history, expected, now = History(), list[Sample](), 0.0
    rng = random.Random(2)
    for _ in range(400):
        now += rng.choice([0.5, 2.0, 4.9, 5.0, 7.0])
        value = float(rng.randrange(9))
        history.add(key("a"), "uid", now, [value, None], ("cpu", "memory"))
        if len(expected) > 1 and now - expected[-2].time < 5.0:
            expected.pop()
        expected.append(Sample(now, (value, None), ("cpu", "memory")))
        expected = expected[-150:]
        assert list(history.of(key("a"))) == expected
    history.add(key("a"), "another", now, [1.0])
    assert list(history.of(key("a"))) == [Sample(now, (1.0,))]
    assert history.of(key("b")) == ()


def test_so_many_objects_have_samples() -> None:
    history = History()
    for at in range(100):
        history.add(key(f"n-{at}"), "u", 1.0, [1.0])
    history.add(key("n-0"), "u", 9.0, [1.0])
    history.add(key("n-100"), "u", 9.0, [1.0])
    assert [len(history.of(key(name))) for name in ("n-0", "n-1", "n-2", "n-100")] == [2, 0, 1, 1]
    history.add(key("n-1"), "u", 9.0, [2.0])
    assert [len(history.of(key(name))) for name in ("n-1", "n-2", "n-3")] == [1, 0, 1]


def test_values_by_place_and_by_name() -> None:
    sample = Sample(5.0, (1.0, None), ("cpu", "memory"))
    assert [sample.value(of) for of in (0, 1, 2, "cpu", "memory", "gone")] == [
        1.0,
        None,
        None,
        1.0,
        None,
        None,
    ]
    samples = [Sample(10.0, (1.0,)), Sample(20.0, (2.0,)), Sample(30.0, (3.0,))]
    assert readings(samples, 0, 30.0, 3, 30.0) == [1.0, 2.0, 3.0]
    assert readings(samples, 0, 29.9, 3, 30.0) == [None, 1.0, 2.0]
    assert readings(samples, 0, 40.0, 2, 40.0) == [2.0, 3.0]
    assert spark([0.0, 0.5, 1.0, 2.0, None, -1.0], 1.0) == "▁▅██ ▁"
    assert spark([0.0, 0.07, 0.08, 0.93], 1.0) == "▁▁▂█"


@pytest.mark.parametrize(
    ("scaled", "event", "words"),
    [(0, "New size: 5; reason: x", "never"), (180, "", "3m ago"), (180,
    "New size: 5; reason: cpu above target", "3m ago, to 5: cpu above target"),
     (180, "odd", "3m ago")],
)  # fmt: skip
def test_the_last_scale(scaled: int, event: str, words: str) -> None:
    assert last_scale(hpa(scaled=f.NOW - scaled if scaled else 0), event, NOW) == words


# -- Jobs and pulls of a Plan

WANTED = "docker.io/rancher/k3s-upgrade:v1.34.2-k3s1"


def test_the_job_of_a_plan_on_a_node() -> None:
    plan, mine = u.plan("k3s", *u.whole(*u.SYNC)), u.job("edge-1")
    others = [u.job("edge-2"), u.job("edge-1", plan="other"), u.job("edge-1")]
    others[2]["metadata"] |= {"namespace": "elsewhere", "name": "far"}
    old = u.job("edge-1")
    old["metadata"] |= {
        "name": "old",
        "labels": mine["metadata"]["labels"] | {"plan.upgrade.cattle.io/k3s": "before"},
    }
    store = f.store_of(plan, *others, old)
    (row,) = store.rows("Plan")
    assert isinstance(row, PlanRow)
    assert job_of(store, row, "edge-1") is None
    whole = f.store_of(plan, mine, *others, old)
    found = job_of(whole, row, "edge-1")
    assert found is not None
    assert (found.namespace, found.name) == ("system-upgrade", mine["metadata"]["name"])


def test_a_pod_of_a_job_that_cannot_pull_the_very_image() -> None:
    plan, job = u.plan("k3s", *u.whole(*u.SYNC)), u.job("edge-1")
    for image, reason, message, fails in (
        ("rancher/k3s-upgrade:v1.34.2-k3s1", "ImagePullBackOff", "no", "ImagePullBackOff: no"),
        ("", "ErrImagePull", "", "ErrImagePull"), ("rancher/other:1", "ErrImagePull", "no", ""),
        ("rancher/k3s-upgrade:v1.34.2-k3s1", "CrashLoopBackOff", "no", ""),
    ):  # fmt: skip
        pod = f.pod(
            "a",
            "system-upgrade",
            owner=job,
            statuses=[f.waiting(reason, message, image=image)],
            images=(image,),
        )
        store = f.store_of(plan, job, u.host("edge-1"), pod)
        (row,) = store.rows("Plan")
        assert isinstance(row, PlanRow)
        (found,) = update_pulls(store, row, ReadPulls(not_listed="?"), NOW)
        assert (found.node, found.pull, found.why) == (
            ("edge-1", Pull.FAILED, fails) if fails else ("edge-1", Pull.UNKNOWN, "?")
        )


def test_every_pair_of_ready_voters_and_losses_adds_up() -> None:
    for up, down in product(range(6), range(6)):
        found = voters(up, down)
        if up + down:
            assert found.spare == up - (up + down) // 2 - 1

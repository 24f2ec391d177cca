"""Kubelets, nodes and the scheduler of the demo fleet."""

from __future__ import annotations

import pytest

from edgetui.demo.images import Catalogue, Fate, pull_error, split
from edgetui.demo.resources import LEASES, NODES, PODS
from tests.unit.demo.bench import NAMESPACE, Bench, condition, ready


@pytest.mark.parametrize(
    ("image", "fate"),
    [
        ("r/press:2.0", Fate.GOOD),
        ("r/press:9.9", Fate.MISSING),
        ("r/press", Fate.MISSING),
        ("r/other", Fate.GOOD),
        ("r/other:bad", Fate.MISSING),
        ("r/other:1-timeout", Fate.TIMEOUT),
        ("r/other:crash", Fate.CRASH),
        ("r/other:1-oom", Fate.OUT_OF_MEMORY),
        ("r/other:slow", Fate.SLOW),
    ],
)
def test_an_image_meets_its_fate(image: str, fate: Fate) -> None:
    catalogue = Catalogue()
    catalogue.add("r/press", "1.9", "2.0")
    assert catalogue.fate(image) is fate


def test_only_the_message_tells_a_dead_link_from_a_bad_image() -> None:
    assert pull_error("r:5000/x:1", Fate.MISSING).endswith("r:5000/x:1: not found")
    assert "i/o timeout" in pull_error("r:5000/x:1", Fate.TIMEOUT)
    assert split("r:5000/x") == ("r:5000/x", "latest")


@pytest.mark.parametrize(
    ("image", "code", "reason"), [("r/web:crash", 1, "Error"), ("r/web:oom", 137, "OOMKilled")]
)
def test_a_crashing_container_restarts_with_growing_pauses(
    bench: Bench, image: str, code: int, reason: str
) -> None:
    bench.deploy(replicas=1, image=image)
    bench.run(100)
    status = bench.pods()[0]["status"]
    container = status["containerStatuses"][0]
    assert status["phase"] == "Running"
    assert container["restartCount"] == 3
    assert container["lastState"]["terminated"]["exitCode"] == code
    assert container["lastState"]["terminated"]["reason"] == reason
    assert container["state"]["waiting"]["reason"] == "CrashLoopBackOff"


def test_a_pod_that_fits_nowhere_says_why_and_is_placed_when_there_is_room(bench: Bench) -> None:
    for index in range(3):
        bench.simulation.cordon(f"node-{index}")
    bench.run(1)
    bench.deploy(replicas=1)
    bench.run(2)
    pod = bench.pods()[0]
    assert condition(pod, "PodScheduled") == ("False", "Unschedulable")
    assert (
        pod["status"]["conditions"][0]["message"]
        == "0/3 nodes are available: 3 node(s) had untolerated taint(s)."
    )
    bench.simulation.change(NODES, "", "node-1", lambda node: node["spec"].pop("unschedulable"))
    bench.until(lambda: ready(bench.pods()[0]), 10)
    assert bench.pods()[0]["spec"]["nodeName"] == "node-1"


def test_a_dead_host_is_noticed_then_emptied_and_forgives_when_it_returns(bench: Bench) -> None:
    bench.deploy(replicas=3)
    bench.until(lambda: bench.settled())
    bench.simulation.nodes.fail("node-0")
    bench.run(39)
    node = bench.storage.get(NODES, "", "node-0")
    assert condition(node, "Ready")[0] == "True"
    bench.run(2)
    node = bench.storage.get(NODES, "", "node-0")
    assert condition(node, "Ready") == ("Unknown", "NodeStatusUnknown")
    assert {taint["effect"] for taint in node["spec"]["taints"]} == {"NoSchedule", "NoExecute"}
    lost = next(pod for pod in bench.pods() if pod["spec"]["nodeName"] == "node-0")
    assert not ready(lost)
    assert lost["status"]["containerStatuses"][0]["ready"]
    assert lost["status"]["phase"] == "Running"
    bench.run(310)
    lost = bench.storage.get(PODS, NAMESPACE, lost["metadata"]["name"])
    assert "deletionTimestamp" in lost["metadata"]
    assert condition(lost, "DisruptionTarget") == ("True", "DeletionByTaintManager")
    assert bench.settled()
    bench.simulation.nodes.recover("node-0")
    bench.until(lambda: bench.storage.find(PODS, NAMESPACE, lost["metadata"]["name"]) is None, 5)
    assert not bench.storage.get(NODES, "", "node-0")["spec"].get("taints")


def test_living_nodes_renew_their_leases_and_dead_ones_do_not(bench: Bench) -> None:
    bench.simulation.nodes.start()
    bench.run(30)
    bench.simulation.nodes.fail("node-0")
    first = {lease["metadata"]["name"]: lease["spec"]["renewTime"] for lease in bench.storage.objects(LEASES)}
    bench.run(30)
    second = {
        lease["metadata"]["name"]: lease["spec"]["renewTime"] for lease in bench.storage.objects(LEASES)
    }
    assert first["node-0"] == second["node-0"]
    assert first["node-1"] < second["node-1"]

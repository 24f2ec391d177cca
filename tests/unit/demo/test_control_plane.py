"""The demo fleet's control planes, told by the program's own readers; and a node of the demo that is out of service."""

from __future__ import annotations

from edgetui.demo import templates
from edgetui.demo.control_plane import CHECKS, ControlPlane, readyz
from edgetui.demo.resources import BUDGETS, ENDPOINTSLICES, LEASES, NODES, STATEFULSETS
from edgetui.demo.templates import Container
from edgetui.model.control_plane.budgets import standing_of
from edgetui.model.control_plane.checks import checks_of
from edgetui.model.control_plane.leases import leaders_of, read_leases, servers_of

from .bench import NAMESPACE, Bench, Object, ready

LEADERS = ("kube-scheduler", "kube-controller-manager")
OUT_OF_SERVICE = {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}


def test_its_api_server_and_leaders_renew_their_leases(bench: Bench) -> None:
    ControlPlane(bench.simulation, "node-0", LEADERS).start(bench.now - 3600)
    bench.run(300)
    leases = read_leases(bench.storage.objects(LEASES, "kube-system"))
    assert [(one.name, one.alive) for one in servers_of(leases, bench.now)] == [("node-0", True)]
    assert [(one.name, one.holder, one.over) for one in leaders_of(leases, bench.now)] == [
        (name, "node-0", False) for name in LEADERS
    ]
    (found,) = bench.storage.objects(ENDPOINTSLICES, "default")
    assert found["endpoints"][0]["addresses"] == ["192.0.2.1"]


def test_its_checks_pass_and_are_named() -> None:
    found = checks_of(readyz().decode())
    assert found is not None and (found.made, found.failed) == (len(CHECKS), ())


def test_its_budgets_are_counted_while_pods_come_and_go(bench: Bench) -> None:
    there = ControlPlane(bench.simulation, "node-0")
    there.add_budget(NAMESPACE, "web", 2)
    there.start(bench.now)
    bench.deploy(replicas=3)
    bench.run(20)
    (found,) = map(standing_of, bench.storage.objects(BUDGETS, NAMESPACE))
    assert found.words == "1 allowed: 3 of 3 pods healthy, 2 needed"
    bench.edit(lambda obj: obj["spec"].update(replicas=2))
    bench.run(60)
    (found,) = map(standing_of, bench.storage.objects(BUDGETS, NAMESPACE))
    assert found.words == "0 allowed: needs all of its 2 pods, so no drain can move one"


def test_a_statefulsets_pod_moves_once_its_dead_node_is_out_of_service(bench: Bench) -> None:
    pod = templates.template("store", Container("r/store:1", "10m", "16Mi", wait=0))
    bench.simulation.add(STATEFULSETS, templates.statefulset(NAMESPACE, "store", 1, pod))
    bench.until(lambda: [ready(one) for one in bench.pods("store")] == [True])
    (first,) = bench.pods("store")
    node = first["spec"]["nodeName"]
    bench.simulation.nodes.fail(node)
    bench.run(900)
    assert [one["metadata"]["uid"] for one in bench.pods("store")] == [first["metadata"]["uid"]]

    def taint(obj: Object) -> None:
        obj["spec"]["taints"].append(dict(OUT_OF_SERVICE))

    bench.simulation.change(NODES, "", node, taint)
    bench.until(
        lambda: (
            [(ready(one), one["spec"].get("nodeName") != node) for one in bench.pods("store")]
            == [(True, True)]
        ),
        limit=60,
    )

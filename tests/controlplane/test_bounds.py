"""An autoscaler's bounds on a real control plane: where a number set by hand is fought, bounds hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgetui.actions.messages import Changed, Refusal
from edgetui.actions.scaling import hpa_bounds, scale
from edgetui.cluster.errors import Invalid
from edgetui.model.autoscaling.hpa import bounds_for
from edgetui.model.identity import ObjectKey, ObjectRef

from . import workloads as w
from .acting import Acting, connected, named
from .cluster import ControlPlane
from .commanding import Command
from .test_scale import get, settled
from .waiting import eventually

HPA = "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers/{}"
KIND = "HorizontalPodAutoscaler"


def bounds_of(cluster: ControlPlane, namespace: str, name: str = "press") -> tuple[int, int]:
    spec = cluster.api.get(HPA.format(namespace, name))["spec"]
    return spec["minReplicas"], spec["maxReplicas"]


def owned(cluster: ControlPlane, namespace: str, low: int = 3, high: int = 5) -> None:
    """A Deployment whose number an autoscaler has taken over."""
    cluster.create(namespace, w.deployment("press"), w.autoscaler("press", low=low, high=high))
    settled(cluster, namespace, "press", 3)
    eventually(
        lambda: cluster.api.get(HPA.format(namespace, "press")).get("status", {}).get("currentReplicas") == 3,
        within=30,
        what="the autoscaler has seen its target",
    )


async def test_a_number_that_is_fought_holds_once_the_bounds_are_changed(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    owned(cluster, namespace)
    acting = Acting(tmp_path)
    async with connected(cluster.kubeconfig()) as session:
        view = await scale.prepare(session, named(session, "Deployment", namespace, "press"))
        fought = await scale.perform(acting.gate, session, view, 1, wait=30)
        assert "puts it back to its minimum 3" in acting.plans[0].warnings[0]
        assert "set to 3 by autoscaler press" in fought.lines[0]
        settled(cluster, namespace, "press", 3)

        assert view.hpa is not None
        key = ObjectKey(session.name, KIND, namespace, "press")
        owner = ObjectRef(key, view.hpa.uid, view.hpa.resource_version)
        instead = await hpa_bounds.prepare(session, owner, *bounds_for(view.hpa, view.desired, 1))
        assert (instead.low, instead.high) == (1, 1)
        receipt = await hpa_bounds.perform(acting.gate, session, instead, 1, 1, wait=30)
        assert receipt.ok, receipt.lines
        assert "goes down from 3 to 1 at once" in acting.plans[1].warnings[0]
        assert acting.plans[1].diff == (
            "- minReplicas: 3",
            "+ minReplicas: 1",
            "- maxReplicas: 5",
            "+ maxReplicas: 1",
        )
        settled(cluster, namespace, "press", 1)
        again = await scale.prepare(session, named(session, "Deployment", namespace, "press"))
        held = await scale.perform(acting.gate, session, again, 1, wait=10)
    assert held.ok, held.lines
    assert get(cluster, namespace, "press")["spec"]["replicas"] == 1
    assert bounds_of(cluster, namespace) == (1, 1)
    records = [record for record in acting.audit if record["action"] == "set-hpa"]
    assert [(one["event"], one.get("result")) for one in records] == [
        ("intent", None),
        ("result", "done"),
        ("outcome", "reached"),
    ]
    assert (records[0]["before"]["min"], records[0]["before"]["max"]) == (3, 5)


async def test_bounds_that_somebody_else_changed_are_shown_and_not_written_over(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    owned(cluster, namespace)
    acting = Acting(tmp_path)
    path = HPA.format(namespace, "press")
    acting.meanwhile = lambda: cluster.api.patch(path, {"spec": {"maxReplicas": 7}})
    async with connected(cluster.kubeconfig()) as session:
        view = await hpa_bounds.prepare(session, named(session, KIND, namespace, "press"))
        with pytest.raises(Changed) as changed:
            await hpa_bounds.perform(acting.gate, session, view, 3, 4, wait=30)
        assert (changed.value.view.row.max, changed.value.view.high) == (7, 4)
        assert bounds_of(cluster, namespace) == (3, 7)
        assert acting.writes == ["refused"]
        acting.meanwhile = lambda: cluster.api.patch(path, {"metadata": {"labels": {"shift": "2"}}})
        receipt = await hpa_bounds.perform(acting.gate, session, changed.value.view, 3, 4, wait=30)
    assert receipt.ok, receipt.lines
    assert acting.writes == ["refused", "refused", "done"]
    assert bounds_of(cluster, namespace) == (3, 4)


async def test_what_cannot_be_is_refused_before_or_by_the_server(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    owned(cluster, namespace)
    acting = Acting(tmp_path)
    async with connected(cluster.kubeconfig()) as session:
        view = await hpa_bounds.prepare(session, named(session, KIND, namespace, "press"))
        with pytest.raises(Refusal, match="minimum is above the maximum"):
            await hpa_bounds.perform(acting.gate, session, view, 6, 4, wait=30)
        with pytest.raises(Invalid, match="at least one Object or External metric"):
            await hpa_bounds.perform(acting.gate, session, view, 0, 4, wait=30)
    viewer = cluster.service_account_kubeconfig(namespace, "viewer", role="view")
    async with connected(viewer) as session:
        with pytest.raises(Refusal, match="may not patch horizontalpodautoscalers"):
            await hpa_bounds.perform(Acting(tmp_path).gate, session, view, 3, 4, wait=30)
    assert acting.plans == []
    assert acting.writes == []


def test_the_command(
    cluster: ControlPlane,
    namespace: str,
    command: Command,
) -> None:
    owned(cluster, namespace)

    code, found, _ = command.agreed("set-hpa", "hpa/press", "--max", "9")
    assert (code, found["outcome"], found["data"]["to"]) == (0, "reached", [3, 9])
    assert bounds_of(cluster, namespace) == (3, 9)
    code, found, _ = command.agreed("set-hpa", "deploy/press", "--max", "9")
    assert (code, found["object"]["kind"]) == (0, "HorizontalPodAutoscaler"), "the one that scales it"
    assert found["lines"][0].endswith("nothing was written.")
    with pytest.raises(SystemExit):
        command.agreed("set-hpa", "hpa/press")


async def test_a_raised_maximum_is_reached_when_the_load_has_what_it_asks_for(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    """At the old maximum the target stands between the new bounds from the first moment: that is not the effect."""
    press = w.deployment("press", replicas=2, cpu_request="100m", usage_cpu="90m")
    cluster.create(namespace, press, w.autoscaler("press", low=2, high=2))
    limited = HPA.format(namespace, "press")

    def wants_more() -> bool:
        told = cluster.api.get(limited).get("status", {}).get("conditions") or []
        return any(one.get("reason") == "TooManyReplicas" for one in told)

    eventually(wants_more, within=60, what="the load asks for more than the maximum")
    acting = Acting(tmp_path)
    async with connected(cluster.kubeconfig()) as session:
        view = await hpa_bounds.prepare(session, named(session, KIND, namespace, "press"))
        assert bounds_for(view.row, 2, 3) == (2, 4)
        receipt = await hpa_bounds.perform(acting.gate, session, view, 2, 4, wait=60)
    assert receipt.ok, receipt.lines
    assert "2 to 4, its target runs 4" in receipt.lines[0]
    assert get(cluster, namespace, "press")["spec"]["replicas"] == 4

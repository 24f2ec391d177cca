"""Scaling a kind that edgetui has never heard of: a custom resource with a scale subresource, on a real API server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edgetui.actions.cli.connect import Connection
from edgetui.actions.messages import Changed, Refusal
from edgetui.actions.objects.resource import SCALE, find
from edgetui.actions.scaling import scale
from edgetui.actions.undo import undo
from edgetui.model.identity import ObjectKey, ObjectRef

from . import workloads as w
from .acting import Acting, connected
from .cluster import ControlPlane
from .commanding import Command
from .waiting import eventually

GROUP = "water.example.com"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
PUMPS = f"/apis/{GROUP}/v1/namespaces/{{}}/pumps"


@pytest.fixture(scope="module")
def pumps(cluster: ControlPlane) -> Iterator[ControlPlane]:
    """The cluster with a kind Pump, whose number is in a place of its own."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": schema, "status": schema}}},
        "subresources": {
            "status": {},
            "scale": {"specReplicasPath": ".spec.units", "statusReplicasPath": ".status.running"},
        },
    }
    names = {"plural": "pumps", "singular": "pump", "kind": "Pump", "shortNames": ["pu"]}
    spec = {"group": GROUP, "names": names, "scope": "Namespaced", "versions": [version]}
    cluster.api.create(CRDS, {"metadata": {"name": f"pumps.{GROUP}"}, "spec": spec})
    path = PUMPS.format("default")
    eventually(lambda: cluster.api.request("GET", path).code == 200, within=20, what="pumps are served")
    yield cluster
    cluster.api.delete(f"{CRDS}/pumps.{GROUP}")


def make(cluster: ControlPlane, namespace: str, units: int = 2) -> str:
    """A pump whose controller has caught up; its path."""
    path = PUMPS.format(namespace)
    body = {
        "apiVersion": f"{GROUP}/v1",
        "kind": "Pump",
        "metadata": {"name": "main"},
        "spec": {"units": units},
    }
    cluster.api.create(path, body)
    cluster.api.patch(f"{path}/main/status", {"status": {"running": units}})
    return f"{path}/main"


async def test_it_is_found_by_any_of_its_names_and_scaled_at_its_version(
    pumps: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    path = make(pumps, namespace)
    acting = Acting(tmp_path)
    async with connected(pumps.kubeconfig()) as session:
        found = [await find(session, name, SCALE) for name in ("pump", "pumps", "pu", f"pumps.{GROUP}")]
        assert len(set(found)) == 1
        with pytest.raises(Refusal, match="has no kind “valve” whose objects can be scaled"):
            await find(session, "valve", SCALE)
        with pytest.raises(Refusal, match=r"has no kind “pumps\.other\.io”"):
            await find(session, "pumps.other.io", SCALE)
        assert (await find(session, "rc", SCALE)).kind == "ReplicationController"

        ref = ObjectRef(ObjectKey(session.name, "Pump", namespace, "main"), "", "")
        view = await scale.prepare(session, ref, None, found[0])
        assert (view.desired, view.current) == (2, 2)
        acting.on_step = lambda step: (
            pumps.api.patch(f"{path}/status", {"status": {"running": 4}}) if "accepted" in step.text else None
        )
        receipt = await scale.perform(acting.gate, session, view, 4, wait=20)
        assert receipt.ok, receipt.lines
        assert pumps.api.get(path)["spec"]["units"] == 4

        view = await scale.prepare(session, ref, None, found[0])
        acting.meanwhile = lambda: pumps.api.patch(path, {"spec": {"units": 9}})
        with pytest.raises(Changed, match="it was at 4, now it is at 9"):
            await scale.perform(acting.gate, session, view, 5, wait=20)
    assert pumps.api.get(path)["spec"]["units"] == 9
    assert acting.writes == ["done", "refused"]


async def test_its_autoscaler_is_found_and_what_it_will_do_is_said(
    pumps: ControlPlane, namespace: str
) -> None:
    make(pumps, namespace)
    owner = w.autoscaler("main", low=2, high=5)
    owner["spec"]["scaleTargetRef"] = {"apiVersion": f"{GROUP}/v1", "kind": "Pump", "name": "main"}
    pumps.create(namespace, owner)
    async with connected(pumps.kubeconfig()) as session:
        other = await find(session, "pump", SCALE)
        ref = ObjectRef(ObjectKey(session.name, "Pump", namespace, "main"), "", "")
        view = await scale.prepare(session, ref, None, other)
    assert view.owner == "autoscaler main, 2 to 5"


def test_the_command(
    pumps: ControlPlane,
    namespace: str,
    command: Command,
) -> None:
    path = make(pumps, namespace)

    code, found, _ = command.agreed("scale", f"pumps.{GROUP}/main", "3", "--timeout", "1")
    assert (code, found["outcome"], found["object"]["kind"]) == (3, "pending", "Pump")
    assert pumps.api.get(path)["spec"]["units"] == 3
    code, found, _ = command.agreed("scale", "pump/none", "3", "--timeout", "1")
    assert (code, found["error"]["sentence"]) == (1, f"There is no Pump none in {namespace} on plant.")
    code, found, _ = command.agreed("scale", "deployments.example.com/x", "3", "--timeout", "1")
    assert "has no kind “deployments.example.com”" in found["error"]["sentence"]
    code, found, _ = command.agreed("undo", "pump/main", "--timeout", "1")
    assert (code, found["outcome"], pumps.api.get(path)["spec"]["units"]) == (0, "reached", 2)
    code, found, _ = command.agreed("undo", "pump/main", "--timeout", "1")
    assert (code, "edgetui has done nothing" in found["error"]["sentence"]) == (1, True)


async def test_a_scale_of_it_is_undone_while_nobody_else_changed_its_number(
    pumps: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    path = make(pumps, namespace)
    acting = Acting(tmp_path)

    async def scaled(session: Connection, units: int) -> None:
        view = await scale.prepare(session, ref, None, await find(session, "pump", SCALE))
        assert (await scale.perform(acting.gate, session, view, units, wait=None)).pending

    async with connected(pumps.kubeconfig()) as session:
        ref = ObjectRef(ObjectKey(session.name, "Pump", namespace, "main"), "", "")
        pump = await find(session, "pump", SCALE)
        await scaled(session, 5)
        view = await undo.prepare(session, ref, acting.log, pump)
        assert view.way.diff == ("- replicas: 5", "+ replicas: 2")
        acting.meanwhile = lambda: pumps.api.patch(path, {"spec": {"pressure": 3}})
        receipt = await undo.perform(acting.gate, session, view, acting.log, wait=20)
        assert receipt.lines[0].startswith("Pump main is at 2 replicas again: 2 of 2 running")
        assert pumps.api.get(path)["spec"] == {"units": 2, "pressure": 3}

        await scaled(session, 4)
        view = await undo.prepare(session, ref, acting.log, pump)
        acting.meanwhile = lambda: pumps.api.patch(path, {"spec": {"units": 9}})
        with pytest.raises(Refusal, match="Pump main is no longer as edgetui left it") as said:
            await undo.perform(acting.gate, session, view, acting.log, wait=20)
        assert said.value.diff == ("- replicas: 4", "+ replicas: 9")
    assert pumps.api.get(path)["spec"]["units"] == 9

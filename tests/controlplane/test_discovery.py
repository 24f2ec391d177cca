"""What a real cluster serves: read both ways, and words resolved as the real kubectl resolves them."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from edgetui.cluster.api import discovery
from edgetui.cluster.api.discovery import discover
from edgetui.model.kinds.base import api_path
from edgetui.model.resources.resolve import resolve
from edgetui.model.resources.served import Resource, Served

from .acting import connected
from .assets import Assets
from .cluster import ControlPlane
from .custom import COLLIDING, PUMPS, defined

APISERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
_ASKED = re.compile(r'verb="GET" url="https://[^/]+(/apis?/[^?" ]+)')
_WORDS = """
    po pod pods Pod Pods PODS po.example.com pods.factory.example pods.factory pods.v1. no nodes ds DaemonSet sts svc
    deploy deployments.apps deployments.v1.apps deployment.app ev events events.events.k8s.io ing ingresses.networking
    cm configmaps ConfigMap secret sa pv pvc pdb hpa horizontalpodautoscalers.v1.autoscaling cj jobs job.batch rs rc
    crd crds customresourcedefinition ns csr sc storageclass.storage leases lease.coordination netpol
    pumps pump Pump pumps.example.com pumps.v1.example.com pumps.v1beta1.example.com pumps.v9.example.com pu fp
    pumps.factory.example pumps.factory pumps.example pu.factory.example pu.fact PumpLine pumpline pumplines
    valves va po.example va.example.com Valve.example.com valve.v1.example.com meter FlowMeter flowmeter
    flowmeter.example.com FlowMeter.v1.example.com FLOWMETER gauges gauge meter.factory.example
    boilers boilers.heat.example boilers.heat.example.org boilers.v1alpha1.heat.example boilers.heat
    boilers.v2.heat.example boiler.v1.heat.example.org bo
    bo.heat plumbing all apiservices apiservice.apiregistration nonsense nonsense.example.com pods.nonsense x.y.z
"""


@pytest.fixture(scope="module")
def crowded(cluster: ControlPlane) -> Iterator[ControlPlane]:
    with defined(cluster, PUMPS, *COLLIDING):
        yield cluster


async def served_by(cluster: ControlPlane) -> Served:
    async with connected(cluster.kubeconfig()) as session:
        return (await discover(session.api)).served


@pytest.fixture(scope="module")
def kubectl(
    crowded: ControlPlane, control_plane_assets: Assets, tmp_path_factory: Any
) -> Callable[[str], set[str]]:
    """The paths of the lists that `kubectl get WORD` asks for; none where it knows no such resource."""
    home = tmp_path_factory.mktemp("kubectl")
    file = crowded.kubeconfig()

    def asked(word: str) -> set[str]:
        done = subprocess.run(
            [control_plane_assets["kubectl"], "get", word, "--all-namespaces", "-v=6"],
            env={**os.environ, "KUBECONFIG": str(file), "HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return {path for path in _ASKED.findall(done.stderr) if path.strip("/").count("/") > 1}

    return asked


async def test_words_mean_what_they_mean_to_kubectl(
    crowded: ControlPlane, kubectl: Callable[[str], set[str]]
) -> None:
    served = await served_by(crowded)
    theirs = {word: kubectl(word) for word in _WORDS.split()}
    ours = {word: {path(one) for one in resolve(served, word)} for word in _WORDS.split()}
    assert ours == theirs
    assert sum(bool(paths) for paths in theirs.values()) > 80
    assert theirs["nonsense"] == theirs["pods.nonsense"] == set()


async def test_the_older_way_tells_the_same(crowded: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = await served_by(crowded)
    monkeypatch.setattr(discovery, "ACCEPT", "application/json")
    assert set((await served_by(crowded)).resources) == set(at_once.resources)


async def test_an_unchanged_discovery_is_not_sent_again(crowded: ControlPlane) -> None:
    async with connected(crowded.kubeconfig()) as session:
        known = await discover(session.api)
        before = session.api.transport.counters.bytes_in
        again = await discover(session.api, known)
        assert (again.core, again.groups) == (known.core, known.groups)
        assert again.groups is known.groups
        assert session.api.transport.counters.bytes_in - before < 2000


@pytest.mark.parametrize("accept", [discovery.ACCEPT, "application/json"])
async def test_an_aggregated_api_that_is_down_is_named_and_costs_itself_only(
    crowded: ControlPlane, accept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await served_by(crowded)
    monkeypatch.setattr(discovery, "ACCEPT", accept)
    spec = {
        "group": "broken.example",
        "version": "v1",
        "groupPriorityMinimum": 100,
        "versionPriority": 10,
        "insecureSkipTLSVerify": True,
        "service": {"namespace": "default", "name": "nobody"},
    }
    crowded.api.create(APISERVICES, {"metadata": {"name": "v1.broken.example"}, "spec": spec})
    try:
        async with asyncio.timeout(20):
            while not (served := await served_by(crowded)).broken:
                await asyncio.sleep(0.2)
        assert [one.group_version for one in served.broken] == ["broken.example/v1"]
        assert set(served.resources) == set(whole.resources)
    finally:
        crowded.api.delete(f"{APISERVICES}/v1.broken.example")
        async with asyncio.timeout(20):
            while (await served_by(crowded)).broken:
                await asyncio.sleep(0.2)


def path(resource: Resource) -> str:
    return api_path(resource.group, resource.version, resource.plural)

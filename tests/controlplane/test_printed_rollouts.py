"""Why rollouts are read as objects on every link: the counts of a stuck one are printed as those of a finished one."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from edgetui.cluster.api.probe import PRINTED, PRINTED_QUERY
from edgetui.cluster.session import ClusterSession
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.deployment import DEPLOYMENT, DeploymentRow
from edgetui.model.rollout.status import verdict

from . import workloads as w
from .api import STRATEGIC_MERGE_PATCH
from .cluster import ControlPlane
from .rollout_scenarios import QUICK, image
from .watching import await_live, until, watching

COUNTED = ("Name", "Ready", "Up-to-date", "Available")


async def printed(session: ClusterSession, namespace: str) -> dict[str, Any]:
    """The counts that the server prints of the one Deployment of a namespace."""
    path = KINDS[DEPLOYMENT].path(namespace)
    body = await session.api.get_bytes(path, PRINTED_QUERY, headers={"Accept": PRINTED})
    table = msgspec.json.decode(body)
    (row,) = table["rows"]
    cells = dict(zip([column["name"] for column in table["columnDefinitions"]], row["cells"], strict=True))
    return {name: cells[name] for name in COUNTED}


async def test_the_counts_of_a_stuck_rollout_are_those_of_a_finished_one(
    cluster: ControlPlane, namespace: str
) -> None:
    """Of one replica the old pod serves on while the new one cannot start."""
    made = w.deployment("press", f"{w.REGISTRY}/app:1", replicas=1, spec=QUICK)
    await asyncio.to_thread(cluster.create, namespace, made)

    def said() -> tuple[bool, bool]:
        row = session.store.get(DEPLOYMENT, namespace, "press")
        return (verdict(row).done, verdict(row).failed) if isinstance(row, DeploymentRow) else (False, False)

    async with watching(cluster.kubeconfig(), (DEPLOYMENT,)) as session:
        await await_live(session, (DEPLOYMENT,))
        await until(session, lambda: said() == (True, False), within=30.0, what="a finished rollout")
        finished = await printed(session, namespace)
        path = f"{KINDS[DEPLOYMENT].path(namespace)}/press"
        await asyncio.to_thread(cluster.api.patch, path, {"spec": image("crash")}, STRATEGIC_MERGE_PATCH)
        await until(session, lambda: said() == (False, True), within=40.0, what="a passed deadline")
        assert await printed(session, namespace) == finished

"""NodeUpgradeJobs of KubeEdge (operations.kubeedge.io/v1alpha2): edgecore on edge nodes, which roll back by themselves.

Its types are apis/operations/v1alpha2/types_nodeupgrade.go of KubeEdge's API. What waits for confirmation is confirmed
on the edge host (keadm ctl confirm), not through the API server.
"""

from __future__ import annotations

from edgetui.model.kinds.base import Kind
from edgetui.model.kinds.pulled import tagged
from edgetui.model.kinds.update import MOST_TEXT, Stage, UpdateRow, facts, failures, names, on_disk
from edgetui.model.kinds.wire import Meta, Wire, labelled, shared
from edgetui.model.text import clean

NODE_UPGRADE_JOB = "NodeUpgradeJob"
STAGES = {
    "": Stage.UNSEEN,
    "Init": Stage.WAITING,
    "InProgress": Stage.RUNNING,
    "Completed": Stage.COMPLETE,
    "Complated": Stage.COMPLETE,  # as some releases write it
    "Failure": Stage.FAILED,
}


INSTALLER = "kubeedge/installation-package"
"""The image that brings edgecore where the job names none."""


class WireEdgeSpec(Wire):
    version: str | None = None
    image: str | None = None


class WireAction(Wire):
    action: str | None = None
    status: str | None = None
    reason: str | None = None


class WireEdgeNode(Wire):
    node_name: str | None = None
    phase: str | None = None
    action: str | None = None
    reason: str | None = None
    action_flow: list[WireAction] | None = None


class WireEdgeStatus(Wire):
    phase: str | None = None
    reason: str | None = None
    node_status: list[WireEdgeNode] | None = None


class WireNodeUpgradeJob(Wire):
    """A NodeUpgradeJob as it arrives."""

    metadata: Meta | None = None
    spec: WireEdgeSpec | None = None
    status: WireEdgeStatus | None = None


class NodeUpgradeJobRow(UpdateRow):
    """A NodeUpgradeJob. `images` is the one that brings edgecore; `todo` are the nodes that are not updated yet."""

    engine: str = "KubeEdge"
    images: tuple[str, ...] = ()
    todo: tuple[str, ...] = ()


def project(job: WireNodeUpgradeJob) -> NodeUpgradeJobRow:
    """The row of a NodeUpgradeJob."""
    spec, status = job.spec or WireEdgeSpec(), job.status or WireEdgeStatus()
    nodes = [one for one in status.node_status or () if one.node_name]
    phase, version = clean(status.phase, 40), clean(spec.version, 60)
    asking = [one.node_name or "" for one in nodes if _asks(one)]
    asked = f"{', '.join(asking[:3])}: confirm on the host, with keadm ctl confirm" if asking else ""
    return NodeUpgradeJobRow(
        **labelled(job.metadata),
        target=shared(version),
        stage=STAGES.get(phase, Stage.RUNNING),
        phase=phase,
        message=clean(status.reason or asked, MOST_TEXT),
        done=sum(one.phase == "Successful" for one in nodes) if nodes else None,
        total=len(nodes) or None,
        running=names(one.node_name for one in nodes if one.phase == "InProgress"),
        failed=failures((one.node_name, _why(one)) for one in nodes if one.phase in ("Failure", "Unknown")),
        images=(tagged(clean(spec.image) or INSTALLER, version, anew=True),) if version else (),
        todo=names(one.node_name for one in nodes if one.phase != "Successful"),
    )


def _asks(node: WireEdgeNode) -> bool:
    """Whether it waits for a person at the host."""
    last = (node.action_flow or [WireAction(action=node.action)])[-1]
    return node.phase == "InProgress" and last.action == "WaitingConfirmation" and last.status != "True"


def _why(node: WireEdgeNode) -> str:
    """Why a node has failed, and whether it is back on what it had."""
    flow = node.action_flow or []
    lost = next((one for one in flow if one.status == "False"), WireAction(action=node.action))
    why = node.reason or lost.reason or ("what it does is not known" if node.phase == "Unknown" else "")
    told = f"{lost.action}: {why}" if lost.action and why else why or lost.action or ""
    back = next((one for one in flow if one.action == "RollBack"), None)
    if back is None:
        return told
    return f"{told}; {'rolled back' if back.status == 'True' else 'not rolled back'}"


KIND = Kind(
    name=NODE_UPGRADE_JOB,
    plural="nodeupgradejobs",
    group="operations.kubeedge.io",
    version="v1alpha2",
    namespaced=False,
    wire=WireNodeUpgradeJob,
    row=NodeUpgradeJobRow,
    project=project,
    snapshot=on_disk,
    facts=facts,
)

"""NodeOpUpgrades of Kairos (operator.kairos.io/v1alpha1): a new image on every selected host, and a reboot.

Its types are api/v1alpha1/nodeopupgrade_types.go of kairos-operator. A host whose reboot is pending is not done.
"""

from __future__ import annotations

from edgetui.model.kinds.base import Kind
from edgetui.model.kinds.update import MOST_TEXT, Stage, UpdateRow, facts, failures, names, on_disk
from edgetui.model.kinds.wire import Meta, Wire, labelled, shared
from edgetui.model.text import clean

NODE_OP_UPGRADE = "NodeOpUpgrade"
_STAGES = {
    "": Stage.UNSEEN,
    "Pending": Stage.WAITING,
    "Initializing": Stage.WAITING,
    "Preflight": Stage.RUNNING,
    "Running": Stage.RUNNING,
    "Completed": Stage.COMPLETE,
    "Failed": Stage.FAILED,
}


class WireKairosSpec(Wire):
    image: str | None = None


class WireKairosNode(Wire):
    phase: str | None = None
    message: str | None = None
    reboot_status: str | None = None


class WireKairosStatus(Wire):
    phase: str | None = None
    message: str | None = None
    node_statuses: dict[str, WireKairosNode] | None = None


class WireNodeOpUpgrade(Wire):
    """A NodeOpUpgrade as it arrives."""

    metadata: Meta | None = None
    spec: WireKairosSpec | None = None
    status: WireKairosStatus | None = None


class NodeOpUpgradeRow(UpdateRow):
    """A NodeOpUpgrade."""

    engine: str = "Kairos"


def project(upgrade: WireNodeOpUpgrade) -> NodeOpUpgradeRow:
    """The row of a NodeOpUpgrade."""
    spec, status = upgrade.spec or WireKairosSpec(), upgrade.status or WireKairosStatus()
    nodes = dict(sorted((status.node_statuses or {}).items()))
    phase = clean(status.phase, 40)
    return NodeOpUpgradeRow(
        **labelled(upgrade.metadata),
        target=shared(clean((spec.image or "").rpartition("/")[2], 60)),
        stage=_STAGES.get(phase, Stage.RUNNING),
        phase=phase,
        message=clean(status.message, MOST_TEXT),
        done=sum(_is_done(one) for one in nodes.values()) if nodes else None,
        total=len(nodes) or None,
        running=names(
            name
            for name, one in nodes.items()
            if one.phase == "Running" or (one.phase == "Completed" and not _is_done(one))
        ),
        failed=failures((name, one.message) for name, one in nodes.items() if one.phase == "Failed"),
    )


def _is_done(node: WireKairosNode) -> bool:
    return node.phase == "Completed" and node.reboot_status != "pending"


KIND = Kind(
    name=NODE_OP_UPGRADE,
    plural="nodeopupgrades",
    group="operator.kairos.io",
    version="v1alpha1",
    namespaced=True,
    wire=WireNodeOpUpgrade,
    row=NodeOpUpgradeRow,
    project=project,
    snapshot=on_disk,
    facts=facts,
)

"""Pods of node shells that an earlier start left: whether they are still there, and what to do about them."""

from __future__ import annotations

from edgetui.actions.change.precondition import object_path
from edgetui.actions.commandline import kubectl
from edgetui.actions.gate.gate import Gate
from edgetui.actions.gate.open_runs import GONE, NODE_SHELL, LeftPod
from edgetui.actions.messages import Offer, Receipt
from edgetui.actions.remote.node_shell import DEADLINE, OWNED
from edgetui.actions.session import Session
from edgetui.cluster.errors import NotFound
from edgetui.model.identity import ObjectRef


async def look(gate: Gate, session: Session, one: LeftPod) -> Receipt | None:
    """What to tell of it: None where it is gone, which the record has then. Raises as `Api.get`."""
    key = one.key
    try:
        metadata = (await session.api.get(object_path(key))).get("metadata") or {}
    except NotFound:
        metadata = {}
    labels = metadata.get("labels") or {}
    if any(labels.get(name) != value for name, value in OWNED.items()):
        await gate.found_later(
            session, NODE_SHELL, ObjectRef(key, "", ""), one.run, result=GONE, message="its pod is gone"
        )
        return None
    command = f"Delete it: {kubectl(session.target, key.namespace, 'delete', 'pod', key.name)}"
    ref = ObjectRef(key, str(metadata.get("uid", "")), str(metadata.get("resourceVersion", "")))
    told = (
        f"Pod {key.name} of an earlier node shell is still on node {one.node}.",
        f"Kubernetes ends it {DEADLINE // 3600} h after its start. Another edgetui may have its shell open.",
        command,
    )
    offer = Offer("delete", f"Delete pod {key.name}…", command)
    return Receipt(NODE_SHELL, session.name, ref, False, told, offer=offer)

"""KIND/NAME as kubectl takes it: full names, plurals, groups and short names."""

from __future__ import annotations

from edgetui.actions.messages import Refusal
from edgetui.model.kinds import KINDS

_NAMES = {
    "Deployment": ("deployment", "deployments", "deploy"),
    "StatefulSet": ("statefulset", "statefulsets", "sts"),
    "DaemonSet": ("daemonset", "daemonsets", "ds"),
    "ReplicaSet": ("replicaset", "replicasets", "rs"),
    "HorizontalPodAutoscaler": ("horizontalpodautoscaler", "horizontalpodautoscalers", "hpa"),
    "Pod": ("pod", "pods", "po"),
    "Node": ("node", "nodes", "no"),
    "Service": ("service", "services", "svc"),
}
_KINDS = {name: kind for kind, names in _NAMES.items() for name in names}


def known(kind: str) -> bool:
    """Whether a word names a kind that edgetui watches, and no other group's kind of that name."""
    name, _, rest = kind.lower().partition(".")
    found = _KINDS.get(name)
    return found is not None and rest in (
        "",
        KINDS[found].group,
        f"{KINDS[found].version}.{KINDS[found].group}",
    )


def parse(text: str) -> tuple[str, str]:
    """Kind and name from "deploy/press" or "deployments.apps/press"; raises Refusal when it is neither."""
    kind, slash, name = text.partition("/")
    known = _KINDS.get(kind.lower().partition(".")[0])
    if not slash or not name or "/" in name or known is None:
        raise Refusal(
            f"“{text}” does not name an object."
            if known or not slash
            else f"“{kind}” is not a kind edgetui knows.",
            "Write KIND/NAME, for example deploy/press, sts/camera or ds/agent.",
        )
    return known, name

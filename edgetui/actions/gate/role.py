"""Missing rights as a Role to paste: what whoever runs the cluster would have to write."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from edgetui.actions.catalogue import Access


def role(missing: Sequence[Access], namespace: str, action: str) -> tuple[str, ...]:
    """The lines of a Role with these rights; a ClusterRole where there is no namespace."""
    kind, place = ("Role", [f"  namespace: {namespace}"]) if namespace else ("ClusterRole", [])
    verbs: dict[tuple[str, str], list[str]] = {}
    for one in missing:
        resource = f"{one.resource}/{one.subresource}" if one.subresource else one.resource
        asked = verbs.setdefault((one.group, resource), [])
        if one.verb not in asked:
            asked.append(one.verb)
    rules = [
        text
        for (group, resource), asked in verbs.items()
        for text in (
            f"- apiGroups: {json.dumps([group])}",
            f"  resources: {json.dumps([resource])}",
            f"  verbs: {json.dumps(asked)}",
        )
    ]
    return (
        "apiVersion: rbac.authorization.k8s.io/v1",
        f"kind: {kind}",
        "metadata:",
        f"  name: edgetui-{re.sub('[^a-z0-9-]', '-', action)}",
        *place,
        "rules:",
        *rules,
    )

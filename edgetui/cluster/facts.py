"""What is asked of a server once it answers: its version, which cluster it is, whether it checks rights at all."""

from __future__ import annotations

from typing import Any

import msgspec

from edgetui.cluster.api import Api
from edgetui.cluster.errors import EdgetuiError

RBAC_OFF = "RBAC OFF"


class Facts(msgspec.Struct, frozen=True):
    """Empty where the server did not say. `identity` is the uid of the kube-system namespace."""

    version: str = ""
    identity: str = ""
    badges: tuple[str, ...] = ()


async def learn(api: Api) -> Facts:
    """Ask; what may not be read stays empty."""
    version = await _ask(api, "/version", "gitVersion")
    metadata = await _ask(api, "/api/v1/namespaces/kube-system", "metadata")
    identity = metadata.get("uid", "") if isinstance(metadata, dict) else ""
    return Facts(str(version or ""), identity, (RBAC_OFF,) if await rbac_is_off(api) else ())


async def _ask(api: Api, path: str, field: str) -> Any:
    try:
        answer = await api.get(path)
    except EdgetuiError:
        return ""
    return answer.get(field, "") if isinstance(answer, dict) else ""


async def rbac_is_off(api: Api) -> bool:
    """Whether the server allows everything to everyone (`--authorization-mode=AlwaysAllow`, MicroK8s' default).

    Under RBAC the rules of an admin always include those of system:basic-user beside the one for everything;
    AlwaysAllow lists that one alone.
    """
    try:
        review = await api.review("SelfSubjectRulesReview", {"namespace": "default"})
    except EdgetuiError:
        return False
    rules = review.get("status", {}).get("resourceRules") or []
    everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
    return len(rules) == 1 and {key: rules[0].get(key) for key in everything} == everything

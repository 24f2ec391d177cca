"""Small questions to an API server: is it there, is it still the same one, what is it, who may do what."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import msgspec

from edgetui.cluster.api import Api
from edgetui.cluster.api_errors import no_apis, not_kubernetes
from edgetui.cluster.errors import (
    ApiError,
    EdgetuiError,
    Forbidden,
    LinkError,
    NotFound,
    ServerFailure,
    Throttled,
    Unauthorized,
)

NAMESPACES = "/api/v1/namespaces"
IDENTITY = "kube-system"
MOST_NAMESPACES = 500
MOST_WATCHED = 50
LIVES_WITHIN = 2.0


class Identity(NamedTuple):
    """Which cluster answered. `uid` is that of the namespace kube-system, empty if this user may not see it.

    `behind` is true if the server does not know the version it was asked for: its history went back.
    """

    uid: str
    behind: bool


class _Meta(msgspec.Struct):
    name: str = ""
    uid: str = ""


class _Object(msgspec.Struct):
    metadata: _Meta


class _Objects(msgspec.Struct):
    items: list[_Object] | None = None


class _Version(msgspec.Struct, rename="camel"):
    git_version: str = ""


async def identify(api: Api, version: str, timeout: float) -> Identity:
    """Ask who is there, and whether it knows `version` (empty: do not ask that).

    Raises EdgetuiError if nobody answers, the credentials are refused, the server is not ready, or it is no
    Kubernetes API server. A server that forbids the question has answered.
    """
    query = {"fieldSelector": f"metadata.name={IDENTITY}"}
    known = {"resourceVersion": version, "resourceVersionMatch": "NotOlderThan"} if version else {}
    behind = False
    loop = asyncio.get_running_loop()
    asked = loop.time()
    try:
        body = await api.get_bytes(NAMESPACES, {**query, **known}, timeout=timeout)
    except (Unauthorized, Throttled):
        raise
    except ServerFailure as error:
        if not version or error.cause != "ResourceVersionTooLarge":
            raise
        behind = True
        body = await api.get_bytes(NAMESPACES, query, timeout=timeout)
    except ApiError as error:
        if isinstance(error, NotFound):
            raise no_apis() from error
        if error.code < 400:
            raise not_kubernetes("a redirection") from error
        return Identity("", behind)
    except LinkError as error:
        # A dial that was refused came back at once; only what hung may be the datastore's fault.
        if loop.time() - asked < timeout or not await _lives(api, query):
            raise
        raise ServerFailure(
            "The server answers, but its datastore does not: what is shown is frozen.",
            "Look at etcd or kine on the host of the control plane.",
            code=503,
        ) from error
    try:
        found = msgspec.json.decode(body, type=_Objects).items or []
    except msgspec.MsgspecError:
        raise not_kubernetes("") from None
    return Identity(next((one.metadata.uid for one in found if one.metadata.name == IDENTITY), ""), behind)


async def _lives(api: Api, query: dict[str, str]) -> bool:
    """Whether the server answers from its cache: with a dead datastore only consistent reads hang, for a minute."""
    try:
        await api.get_bytes(NAMESPACES, {**query, "resourceVersion": "0"}, timeout=LIVES_WITHIN)
    except ApiError:
        return True
    except EdgetuiError:
        return False
    return True


async def server_version(api: Api) -> str:
    """gitVersion of the server ("v1.37.2+k3s1"), empty if it does not say."""
    try:
        return msgspec.json.decode(await api.get_bytes("/version", {}), type=_Version).git_version
    except (ApiError, msgspec.MsgspecError):
        return ""


async def rbac_is_off(api: Api, namespace: str) -> bool:
    """Whether the server allows everything to everyone (authorization mode AlwaysAllow).

    Under RBAC the rules of system:basic-user are always listed, even beside those of cluster-admin; with
    AlwaysAllow there is exactly one rule, for everything.
    """
    try:
        answer = await api.review("SelfSubjectRulesReview", {"namespace": namespace or "default"})
    except ApiError:
        return False
    status: dict[str, Any] = answer.get("status") or {}
    rules = status.get("resourceRules") or []
    return not status.get("incomplete") and len(rules) == 1 and _is_everything(rules[0])


def _is_everything(rule: dict[str, Any]) -> bool:
    return all(rule.get(part) == ["*"] for part in ("verbs", "apiGroups", "resources"))


async def readable_namespaces(api: Api, otherwise: list[str]) -> list[str]:
    """Names of all namespaces, or only `otherwise` if this user may not list them. Raises EdgetuiError.

    `otherwise` come first and the rest is cut to 50: each costs a watch per kind, and most may be denied as well.
    """
    try:
        body = await api.get_bytes(NAMESPACES, {"limit": str(MOST_NAMESPACES)})
    except (Forbidden, NotFound):
        return otherwise
    found = msgspec.json.decode(body, type=_Objects).items or []
    names = {one.metadata.name for one in found}
    first = [name for name in otherwise if name in names]
    return [*first, *sorted(names - {*first, ""})][:MOST_WATCHED]

"""Small questions to an API server: is it there, is it still the same one, what is it, who may do what."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from edgetui.cluster.api.client import PRINTED as PRINTED
from edgetui.cluster.api.client import PRINTED_QUERY as PRINTED_QUERY
from edgetui.cluster.api.client import WITHOUT_COLUMNS as WITHOUT_COLUMNS
from edgetui.cluster.api.client import Api
from edgetui.cluster.api.denial import own_namespace
from edgetui.cluster.api.status import FOREIGN, UNDECODABLE, is_foreign, no_apis, not_kubernetes
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
from edgetui.model.cache.store import older

NAMESPACES = "/api/v1/namespaces"
IDENTITY = "kube-system"
NAME_COLUMN = "Name"
"""The first column of every kind that Kubernetes prints."""
MOST_NAMESPACES = 500
MOST_WATCHED = 50
LIVES_WITHIN = 2.0
NOT_ACCEPTABLE = 406
_MINOR = re.compile(r"v?(\d+)\.(\d+)")


class Identity(NamedTuple):
    """Which cluster answered. `uid` is that of the namespace kube-system, empty if this user may not see it.

    `behind` is true if its newest version is older than the one it was asked for: its history went back. `version` is
    the newest one, empty if that is not told.
    """

    uid: str
    behind: bool
    version: str = ""


def reason_to_list_again(known: str, found: Identity) -> str:
    """Why every list is void now that this cluster answered where the one with the uid `known` did; "" if none is."""
    if known and found.uid and found.uid != known:
        return "another cluster answers at this address"
    return "the server's history went back" if found.behind else ""


class _Meta(msgspec.Struct):
    name: str = ""
    uid: str = ""


class _Object(msgspec.Struct):
    metadata: _Meta


class _ListMeta(msgspec.Struct, rename="camel"):
    resource_version: str = ""


class _List(msgspec.Struct):
    metadata: msgspec.Raw = msgspec.Raw(b"{}")
    items: list[msgspec.Raw] | None = None


class _Column(msgspec.Struct):
    name: str = ""


class _Cells(msgspec.Struct):
    cells: list[Any] = []


class _Names(msgspec.Struct, rename="camel"):
    kind: str = ""
    column_definitions: list[_Column] | None = None
    rows: list[_Cells] | None = None


class _Rules(msgspec.Struct, rename="camel"):
    resource_rules: list[dict[str, Any]] | None = None
    incomplete: bool = False


class _Review(msgspec.Struct):
    status: _Rules | None = None


class _Version(msgspec.Struct, rename="camel"):
    git_version: str = ""


async def identify(api: Api, version: str, timeout: float) -> Identity:
    """Ask who is there, and whether its history has reached `version` (empty: do not ask that).

    One consistent list: it passes through the datastore, and its own version is the newest there is. Raises
    EdgetuiError if nobody answers, the credentials are refused, the server or its datastore is not ready, or it is
    no Kubernetes API server. A server that forbids the question has answered.
    """
    query = {"fieldSelector": f"metadata.name={IDENTITY}"}
    loop = asyncio.get_running_loop()
    asked = loop.time()
    try:
        body = await api.get_bytes(NAMESPACES, query, timeout=timeout)
    except (Unauthorized, Throttled, ServerFailure):
        raise
    except ApiError as error:
        if isinstance(error, NotFound):
            raise no_apis() from error
        if error.code < 400:
            raise not_kubernetes("a redirection") from error
        return Identity("", behind=False)
    except LinkError as error:
        # A dial that was refused came back at once; only what hung may be the datastore's fault.
        if loop.time() - asked < timeout or not await _lives(api, query):
            raise
        raise ServerFailure(
            "The server answers, but its datastore does not: what is shown is frozen.",
            "Look at etcd or kine on the host of the control plane.",
            code=503,
        ) from error
    if is_foreign(body):
        raise not_kubernetes(FOREIGN)
    at, listed = _listed(body)
    uid = next((one.uid for one in listed if one.name == IDENTITY), "")
    return Identity(uid, behind=bool(version) and older(at, version), version=at)


def _listed(body: bytes | bytearray) -> tuple[str, list[_Meta]]:
    """Version of a list and what names its objects, as far as each can be read. Raises ProtocolError for no list."""
    try:
        found = msgspec.json.decode(body, type=_List)
    except UNDECODABLE:
        raise not_kubernetes("") from None
    at, named = "", []
    with suppress(*UNDECODABLE):
        at = msgspec.json.decode(found.metadata, type=_ListMeta).resource_version
    for one in found.items or ():
        with suppress(*UNDECODABLE):
            named.append(msgspec.json.decode(one, type=_Object).metadata)
    return at, named


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
    except (ApiError, *UNDECODABLE):
        return ""


def gzips_watches(version: str) -> bool:
    """Whether a server of this version compresses streaming lists: from 1.37 on (WatchListCompression)."""
    match = _MINOR.match(version)
    return match is None or (int(match[1]), int(match[2])) >= (1, 37)


async def rbac_is_off(api: Api, namespace: str) -> bool:
    """Whether the server allows everything to everyone (authorization mode AlwaysAllow).

    Under RBAC the rules of system:basic-user are always listed, even beside those of cluster-admin; with
    AlwaysAllow there is exactly one rule, for everything.
    """
    try:
        answer = await api.review("SelfSubjectRulesReview", {"namespace": namespace or "default"})
    except ApiError:
        return False
    try:
        status = msgspec.convert(answer, _Review).status or _Rules()
    except msgspec.ValidationError:
        return False
    rules = status.resource_rules or []
    return not status.incomplete and len(rules) == 1 and _is_everything(rules[0])


def _is_everything(rule: dict[str, Any]) -> bool:
    return all(rule.get(part) == ["*"] for part in ("verbs", "apiGroups", "resources"))


class Namespaces(NamedTuple):
    """Namespaces worth watching one by one; `whole` is whether there are no others."""

    names: list[str]
    whole: bool


async def _names(api: Api) -> set[str]:
    """Names of all namespaces: from the rows that the server prints, a third of the bytes of the objects."""
    query = {"limit": str(MOST_NAMESPACES)}
    printed = query | PRINTED_QUERY | WITHOUT_COLUMNS
    try:
        body = await api.get_bytes(NAMESPACES, printed, headers={"Accept": PRINTED})
    except ApiError as error:
        if error.code != NOT_ACCEPTABLE:
            raise
        body = await api.get_bytes(NAMESPACES, query)
    try:
        table = msgspec.json.decode(body, type=_Names)
    except UNDECODABLE:
        table = _Names()
    columns = [column.name for column in table.column_definitions or ()] or [NAME_COLUMN]
    if table.kind != "Table" or NAME_COLUMN not in columns:
        return {one.name for one in _listed(body)[1]}
    at = columns.index(NAME_COLUMN)
    cells = [row.cells[at] for row in table.rows or () if len(row.cells) > at]
    return {cell for cell in cells if isinstance(cell, str)}


async def readable_namespaces(api: Api, otherwise: list[str]) -> Namespaces:
    """Names of all namespaces, or only `otherwise` if this user may not list them. Raises EdgetuiError.

    A ServiceAccount's own namespace belongs to the latter: rights are most often given there. `otherwise` come first
    and the rest is cut to 50: each costs a watch per kind, and most may be denied as well.
    """
    try:
        names = await _names(api)
    except (Forbidden, NotFound) as error:
        own = own_namespace(error.sentence)
        return Namespaces([*dict.fromkeys((*otherwise, *([own] if own else [])))], whole=False)
    first = [name for name in otherwise if name in names]
    every = [*first, *sorted(names - {*first, ""})]
    if not every:  # a cluster always has some, so this is no answer to the question
        return Namespaces([*dict.fromkeys(otherwise)], whole=False)
    return Namespaces(every[:MOST_WATCHED], whole=len(every) <= MOST_WATCHED)

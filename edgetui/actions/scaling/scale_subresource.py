"""Kinds that edgetui does not watch but can scale: whatever the API's own lists give a scale subresource."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import msgspec

from edgetui.actions.catalogue import Access
from edgetui.actions.change.watch import Observation, Watched, poll
from edgetui.actions.gate.gate import Run
from edgetui.actions.messages import Json, Refusal
from edgetui.actions.reading import numbers, readable, shaped
from edgetui.actions.session import Session
from edgetui.cluster.api.client import PRINTED, PRINTED_QUERY
from edgetui.cluster.api.status import UNDECODABLE, not_kubernetes
from edgetui.cluster.errors import EdgetuiError, NotFound, ProtocolError
from edgetui.model.kinds.base import api_path

_LISTS = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
"""All groups in one answer from servers since 1.30; older ones name their groups, which are then asked for."""
_PRINTED = {"Accept": f"{PRINTED},application/json"}
"""What a server prints of an object for a person; the object from one that prints nothing."""


class Scalable(msgspec.Struct, frozen=True):
    """One resource with a scale subresource, and the names it goes by."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    names: tuple[str, ...] = ()

    @property
    def needs(self) -> tuple[Access, ...]:
        return (
            Access("update", self.plural, self.group, "scale"),
            Access("get", self.plural, self.group, "scale"),
            Access("get", self.plural, self.group),
        )

    def path(self, namespace: str, name: str = "") -> str:
        """The API path of one object, or of all."""
        return api_path(self.group, self.version, self.plural, namespace if self.namespaced else "", name)

    def called(self, text: str) -> bool:
        """Whether "pump", "pumps", "pu" or "pumps.example.com" means this one."""
        name, _, group = text.lower().partition(".")
        return name in self.names and group in ("", self.group)


async def find(session: Session, text: str) -> Scalable:
    """The resource that a person means. Raises Refusal when the cluster has none that can be scaled."""
    found = [one for one in await _all(session) if one.called(text)]
    if not found:
        raise Refusal(
            f"{session.name} has no kind “{text}” that can be scaled.",
            "kubectl api-resources lists the kinds it has.",
        )
    if len({one.group for one in found}) > 1:
        names = ", ".join(sorted(f"{one.plural}.{one.group}" for one in found))
        raise Refusal(f"“{text}” may be one of {names}.", "Name it with its group.")
    return found[0]


async def _all(session: Session) -> list[Scalable]:
    headers = {"Accept": _LISTS}
    core, body = await asyncio.gather(
        session.api.get("/api/v1"), session.api.get_bytes("/apis", headers=headers)
    )
    none: list[Scalable] = []
    found = list(readable(partial(_in_list, "", "v1", core), none))
    groups = _decoded(body)
    if groups.get("kind") == "APIGroupDiscoveryList":
        for group in groups.get("items") or []:
            for version in (group.get("versions") or [])[:1]:  # the first one is the preferred one
                found += readable(partial(_all_of, group, version), none)
        return found
    preferred = [
        name for one in groups.get("groups") or [] if (name := readable(partial(_preferred, one), ""))
    ]
    for name, listed in zip(
        preferred, await asyncio.gather(*(_listed(session, one) for one in preferred)), strict=True
    ):
        group, _, version = name.rpartition("/")
        found += readable(partial(_in_list, group, version, listed), none)
    return found


def _decoded(body: bytes | bytearray) -> Json:
    try:
        return shaped(msgspec.json.decode(body), dict[str, Any], "list of API groups")
    except UNDECODABLE:
        raise not_kubernetes("") from None


def _preferred(group: Json) -> str:
    return str(group["preferredVersion"]["groupVersion"])


def _in_list(group: str, version: str, listed: Json) -> list[Scalable]:
    return list(_of_list(group, version, listed))


def _all_of(group: Json, version: Json) -> list[Scalable]:
    return list(_of_discovery(group["metadata"]["name"], version))


async def _listed(session: Session, group_version: str) -> Json:
    """One group's list; a group whose own server is down must not hide the others."""
    try:
        found: Json = await session.api.get(f"/apis/{group_version}")
    except EdgetuiError:
        return {}
    return found


def _of_discovery(group: str, version: Json) -> Iterator[Scalable]:
    for one in version.get("resources") or []:
        if any(sub.get("subresource") == "scale" for sub in one.get("subresources") or []):
            kind = one["responseKind"]["kind"]
            names = (
                one["resource"],
                one.get("singularResource") or kind.lower(),
                *(one.get("shortNames") or ()),
            )
            yield Scalable(
                group, version["version"], one["resource"], kind, one["scope"] == "Namespaced", names
            )


def _of_list(group: str, version: str, listed: Json) -> Iterator[Scalable]:
    resources = listed.get("resources") or []
    scaled = {one["name"].partition("/")[0] for one in resources if one["name"].endswith("/scale")}
    for one in resources:
        if one["name"] in scaled:
            names = (
                one["name"],
                one.get("singularName") or one["kind"].lower(),
                *(one.get("shortNames") or ()),
            )
            yield Scalable(group, version, one["name"], one["kind"], one["namespaced"], names)


async def reach(
    run: Run,
    path: str,
    replicas: int,
    wait: float,
    *,
    hold: float = 0.0,
    by: str = "someone else",
    ready: bool = False,
) -> Watched:
    """Look at the scale subresource until as many run as were asked for, for at most `wait` seconds.

    It must still be so `hold` seconds later. `by` is who is blamed for another number. With `ready` the pods must be
    ready too: over a link where bytes count what the server prints of them is followed, and the scale is asked for
    when that has come to the number.
    """
    session = run.session

    async def look(already: int | None = None) -> Observation:
        asked = ready_at(session, path) if ready and already is None else _known(already)
        try:
            scale, found = await asyncio.gather(session.api.get(f"{path}/scale"), asked)
        except NotFound:
            return Observation(False, True, "gone", final=True)
        wanted, running = numbers(scale)
        if wanted != replicas:
            return Observation(False, True, f"set to {wanted} by {by}", final=True)
        if running != replicas or found is None:
            return Observation(running == replicas, False, f"{running} of {replicas} running")
        return Observation(found == replicas, False, f"{found} of {replicas} ready")

    if not ready:
        return await poll(run, look, wait, hold)
    collection, _, name = path.rpartition("/")
    async with session.api.following(collection, name) as followed:
        if followed is None:
            return await poll(run, look, wait, hold)
        seen: tuple[Mapping[str, Any], Observation] | None = None

        async def judge() -> Observation:
            nonlocal seen
            cells = followed.cells
            if not (followed.alive and cells):
                return await look()
            if seen is None or seen[0] is not cells:
                found, wanted = readable(lambda: _numbers(cells), (-1, -1))
                said = f"{found} of {replicas} ready"
                waits = wanted == replicas != found
                told = Observation(False, False, said) if waits else await look(found if found >= 0 else None)
                seen = cells, told
            return seen[1]

        return await poll(run, judge, wait, hold, rest=followed.change)


async def _known(number: int | None) -> int | None:
    return number


async def ready_at(session: Session, path: str) -> int:
    """How many pods of a workload are ready, as the server prints it: a third of the bytes of the object."""
    answer = await session.api.get_bytes(path, PRINTED_QUERY, headers=_PRINTED)
    found = readable(partial(_ready, _decoded(answer)), None)
    if found is None:
        raise ProtocolError("What the server answered does not say how many pods are ready.")
    return found


def _ready(answer: Json) -> int | None:
    if answer.get("kind") != "Table":  # from servers and proxies that print no tables: the object
        return int((answer.get("status") or {}).get("readyReplicas") or 0)
    names = [str(column["name"]) for column in answer["columnDefinitions"]]
    return _numbers(dict(zip(names, answer["rows"][0]["cells"], strict=True)))[0]


def _numbers(cells: Mapping[str, Any]) -> tuple[int, int]:
    """How many pods are ready and how many are desired: "2/3", or two columns as of a ReplicaSet."""
    ready, _, desired = str(cells["Ready"]).partition("/")
    return int(ready), int(desired or cells["Desired"])

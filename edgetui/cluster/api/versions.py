"""Which version of its API a server serves a kind in, where it does not serve the newest that edgetui reads."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from edgetui.cluster.api.client import Api
from edgetui.cluster.api.status import UNDECODABLE, not_kubernetes
from edgetui.cluster.errors import NotFound
from edgetui.model.kinds.base import Kind

T = TypeVar("T")


class _Version(msgspec.Struct):
    version: str


class _Group(msgspec.Struct):
    name: str = ""
    versions: list[msgspec.Raw] | None = None


class _Groups(msgspec.Struct):
    groups: list[msgspec.Raw] | None = None


async def find_version(api: Api, name: str) -> Kind | None:
    """The kind in the best version that the server serves, remembered in `api.served`; None if it serves none.

    Asks the server's discovery, of that one group first. Raises EdgetuiError if it cannot be asked.
    """
    kind = api.kinds[name]
    try:
        served = versions_of(await api.get_bytes(f"/apis/{kind.group}"))
    except NotFound:  # as from proxies and hubs that serve the whole list alone
        served = versions_among(await api.get_bytes("/apis"), kind.group)
    best = next((version for version in kind.versions if version in served), None)
    if best is None:
        return None
    api.served[name] = kind.at(best)
    return api.served[name]


def versions_of(body: bytes | bytearray) -> set[str]:
    """The versions that an APIGroup names; those that cannot be read are left out. Raises ProtocolError."""
    return _versions(_decoded(body, _Group))


def versions_among(body: bytes | bytearray, group: str) -> set[str]:
    """The versions of one group of an APIGroupList; none where it is not among them. Raises ProtocolError."""
    for raw in _decoded(body, _Groups).groups or ():
        with suppress(*UNDECODABLE):
            found = msgspec.json.decode(raw, type=_Group)
            if found.name == group:
                return _versions(found)
    return set()


def _decoded(body: bytes | bytearray, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=shape)
    except UNDECODABLE:
        raise not_kubernetes("") from None


def _versions(group: _Group) -> set[str]:
    found = set()
    for one in group.versions or ():
        with suppress(*UNDECODABLE):
            found.add(msgspec.json.decode(one, type=_Version).version)
    return found


async def get(api: Api, kind: str, namespace: str = "", name: str = "") -> Any:
    """An object of this kind or, without a name, the list of them, in a version of its API that the server serves.

    Raises as `Api.get` does; NotFound where there is no such object, or no version that can be read.
    """
    used = api.kind(kind)
    try:
        return await api.read(used.path(namespace), name)
    except NotFound:
        found = await find_version(api, kind) if used.older else None
        if found is None or found.version == used.version:
            raise
        return await api.read(found.path(namespace), name)

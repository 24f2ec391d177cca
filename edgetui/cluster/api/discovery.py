"""What a cluster serves: aggregated discovery in two requests, or one for each group version of older servers.

A server with aggregated discovery (on since 1.27) answers `/api` and `/apis` with everything, if asked for it by
Accept; any other answers the same request with the names of its groups. Whatever is broken costs itself only: a version
whose aggregated API is down is named as such, an entry that cannot be read is left out.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TypeVar

import msgspec

from edgetui.cluster.api.client import Api
from edgetui.cluster.api.status import UNDECODABLE, not_kubernetes
from edgetui.cluster.errors import ApiError, EdgetuiError, NotFound, ProtocolError, Unreadable
from edgetui.cluster.http.answer_size import check_values
from edgetui.model.resources.served import Broken, Resource, Served
from edgetui.model.text import clean

ACCEPT = ",".join(
    (
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
        "application/json",
    )
)
AT_ONCE = 4
"""Requests to an older server at the same time: it has some thirty group versions, and a thin link one connection."""
MOST_RESOURCES = 20_000
MOST_GROUPS = 5_000
_MOST_WORDS, _MOST_BROKEN = 64, 200
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?")
_KIND = re.compile(r"[A-Za-z][-A-Za-z0-9]{0,62}")
_STALE = "its aggregated API does not answer"

T = TypeVar("T")


class _Wire(msgspec.Struct, rename="camel", gc=False):
    """Base of what servers send: nothing required, unknown fields skipped."""


class _ResponseKind(_Wire):
    kind: str | None = None


class _Subresource(_Wire):
    """`APISubresourceDiscovery`."""

    subresource: str | None = None


class _Discovered(_Wire):
    """`APIResourceDiscovery`."""

    resource: str | None = None
    response_kind: _ResponseKind | None = None
    scope: str | None = None
    singular_resource: str | None = None
    verbs: list[str] | None = None
    short_names: list[str] | None = None
    categories: list[str] | None = None
    subresources: list[msgspec.Raw] | None = None


class _DiscoveredVersion(_Wire):
    version: str | None = None
    resources: list[msgspec.Raw] | None = None
    freshness: str | None = None


class _Meta(_Wire):
    name: str | None = None


class _DiscoveredGroup(_Wire):
    metadata: _Meta | None = None
    versions: list[msgspec.Raw] | None = None


class _Answer(_Wire):
    """`APIGroupDiscoveryList`, `APIGroupList` or `APIVersions`: told apart by `kind`."""

    kind: str | None = None
    items: list[msgspec.Raw] | None = None
    groups: list[msgspec.Raw] | None = None
    versions: list[str] | None = None


class _Version(_Wire):
    version: str | None = None


class _Group(_Wire):
    name: str | None = None
    versions: list[msgspec.Raw] | None = None
    preferred_version: _Version | None = None


class _Listed(_Wire):
    """`APIResource` of meta/v1."""

    name: str | None = None
    singular_name: str | None = None
    namespaced: bool | None = None
    kind: str | None = None
    verbs: list[str] | None = None
    short_names: list[str] | None = None
    categories: list[str] | None = None


class _ResourceList(_Wire):
    kind: str | None = None
    resources: list[msgspec.Raw] | None = None


class Part(msgspec.Struct, frozen=True):
    """What one of the two answers says. `tag` is the answer's ETag, empty where it has to be asked for again."""

    served: Served = Served()
    tag: str = ""


class Discovered(msgspec.Struct, frozen=True):
    """The core group and all others."""

    core: Part = Part()
    groups: Part = Part()

    @property
    def served(self) -> Served:
        """Both together."""
        core, groups = self.core.served, self.groups.served
        return bounded((*core.resources, *groups.resources), (*core.broken, *groups.broken))


async def discover(api: Api, known: Discovered | None = None) -> Discovered:
    """All that the server serves, as far as it says; what is `known` and unchanged is not sent again.

    Raises EdgetuiError if it cannot be asked, ProtocolError if what answers is no API server.
    """
    known = known or Discovered()
    core, groups = await asyncio.gather(
        _part(api, "/api", known.core), _part(api, "/apis", known.groups), return_exceptions=True
    )
    if isinstance(groups, BaseException):
        raise groups
    if isinstance(core, NotFound):  # hubs may serve groups alone
        core = Part()
    if isinstance(core, BaseException):
        raise core
    found = Discovered(core, groups)
    if not found.served.resources:
        raise not_kubernetes("a discovery without resources")
    return found


async def _part(api: Api, path: str, known: Part) -> Part:
    answer = await api.get_tagged(path, known.tag, {"Accept": ACCEPT})
    if answer is None:
        return known
    body, tag = answer
    whole = aggregated(body)
    return Part(whole, tag) if whole is not None else Part(await _one_by_one(api, named_versions(body)))


def aggregated(body: bytes | bytearray) -> Served | None:
    """What an `APIGroupDiscoveryList` says; None for another answer. Raises ProtocolError for what is no answer."""
    answer = _read(body, _Answer)
    if answer.kind != "APIGroupDiscoveryList":
        return None
    resources: list[Resource] = []
    broken: list[Broken] = []
    for group in _each(answer.items, _DiscoveredGroup, MOST_GROUPS):
        name = (group.metadata.name if group.metadata else None) or ""
        for version in _each(group.versions, _DiscoveredVersion):
            if not _possible(name, version.version):
                continue
            if version.freshness == "Stale":
                broken.append(Broken(_group_version(name, version.version or ""), _STALE))
                continue
            found = _each(version.resources, _Discovered, MOST_RESOURCES)
            resources += _resources(
                name, version.version or "", ((_as_listed(one), _scalable(one)) for one in found)
            )
    return bounded(resources, broken)


def named_versions(body: bytes | bytearray) -> list[tuple[str, str]]:
    """Groups and versions of an `APIVersions` or `APIGroupList` in the order of preference. Raises ProtocolError."""
    answer = _read(body, _Answer)
    found = [("", version) for version in answer.versions or ()]
    for group in _each(answer.groups, _Group, MOST_GROUPS):
        versions = [one.version for one in _each(group.versions, _Version)]
        preferred = group.preferred_version.version if group.preferred_version else None
        versions.sort(key=lambda version: version != preferred)
        found += [(group.name or "", version or "") for version in versions]
    return [one for one in dict.fromkeys(found) if _possible(*one)][:MOST_GROUPS]


async def _one_by_one(api: Api, versions: list[tuple[str, str]]) -> Served:
    """Every version asked for by itself; one that fails is broken, unless none can be asked."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def ask(group: str, version: str) -> list[Resource] | ApiError | Unreadable:
        path = f"/apis/{group}/{version}" if group else f"/api/{version}"
        async with turns:
            try:
                return resource_list(group, version, await api.get_bytes(path))
            except (ApiError, Unreadable) as error:
                return error

    answers = await asyncio.gather(*(ask(*one) for one in versions))
    resources: list[Resource] = []
    broken: list[Broken] = []
    for (group, version), answer in zip(versions, answers, strict=True):
        if isinstance(answer, EdgetuiError):
            broken.append(Broken(_group_version(group, version), clean(answer.sentence)))
        else:
            resources += answer
    return Served(tuple(resources), tuple(broken))


def resource_list(group: str, version: str, body: bytes | bytearray) -> list[Resource]:
    """The resources of one version. Raises Unreadable for what is no `APIResourceList`."""
    try:
        answer = _read(body, _ResourceList)
    except ProtocolError:
        answer = _ResourceList()
    if answer.kind != "APIResourceList":
        raise Unreadable("it answers with something else than a list of its resources")
    listed = list(_each(answer.resources, _Listed, MOST_RESOURCES))
    names = {one.name for one in listed}
    return list(_resources(group, version, ((one, f"{one.name}/scale" in names) for one in listed)))


def bounded(resources: Iterable[Resource], broken: Iterable[Broken]) -> Served:
    """So many resources as can be held, each once."""
    return Served(tuple(dict.fromkeys(resources))[:MOST_RESOURCES], tuple(broken)[:_MOST_BROKEN])


def _read(body: bytes | bytearray, shape: type[T]) -> T:
    check_values(body)
    try:
        return msgspec.json.decode(body, type=shape)
    except UNDECODABLE:
        raise not_kubernetes("") from None


def _each(parts: list[msgspec.Raw] | None, shape: type[T], most: int = _MOST_WORDS) -> Iterator[T]:
    """The parts that can be read."""
    for raw in (parts or ())[:most]:
        with suppress(*UNDECODABLE):
            yield msgspec.json.decode(raw, type=shape)


def _as_listed(found: _Discovered) -> _Listed:
    return _Listed(
        name=found.resource,
        singular_name=found.singular_resource,
        namespaced=found.scope == "Namespaced",
        kind=found.response_kind.kind if found.response_kind else None,
        verbs=found.verbs,
        short_names=found.short_names,
        categories=found.categories,
    )


def _scalable(found: _Discovered) -> bool:
    return any(one.subresource == "scale" for one in _each(found.subresources, _Subresource))


def _resources(group: str, version: str, found: Iterable[tuple[_Listed, bool]]) -> Iterator[Resource]:
    """Those with a name and a kind that any server would give, each with whether it can be scaled.

    Subresources are no kinds of their own.
    """
    for one, scalable in found:
        plural, kind = one.name or "", one.kind or ""
        if _NAME.fullmatch(plural) and _KIND.fullmatch(kind):
            yield Resource(
                group=group,
                version=version,
                plural=plural,
                kind=kind,
                namespaced=bool(one.namespaced),
                singular=next(iter(_words([one.singular_name or ""])), ""),
                verbs=_words(one.verbs),
                short_names=_words(one.short_names),
                categories=_words(one.categories),
                scalable=scalable,
            )


def _words(found: list[str] | None) -> tuple[str, ...]:
    return tuple(word for word in (found or ())[:_MOST_WORDS] if _NAME.fullmatch(word))


def _possible(group: str, version: str | None) -> bool:
    return (not group or bool(_NAME.fullmatch(group))) and bool(_NAME.fullmatch(version or ""))


def _group_version(group: str, version: str) -> str:
    return f"{group}/{version}" if group else version

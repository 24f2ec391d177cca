"""Which resources a word means, as kubectl finds it out.

`kubectl get WORD` goes through a category expander, a shortcut expander and a RESTMapper with priorities
(k8s.io/client-go/restmapper, k8s.io/apimachinery/pkg/api/meta, k8s.io/cli-runtime/pkg/resource `mappingFor`). The same
steps stand here under the same names. Left out is what cannot be listed: the kinds "PodList" and "List", which kubectl
makes up for every version.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from edgetui.model.resources.served import Resource, Served

MOST_WORD = 512
"""Characters of a word that may be a resource: a name of 253 with a version and a group."""


class _Sought(NamedTuple):
    """A resource as a word names it; an empty version or group is any."""

    resource: str
    version: str
    group: str


def resolve(served: Served, word: str) -> tuple[Resource, ...]:
    """The resources that a word means: several for a category, none for a word that means nothing here.

    A word is a plural, a singular, a short name or a kind, alone or with its group or the beginning of it
    ("pumps.example.com", "pumps.example"), with version and group ("pumps.v1.example.com"), or a category ("all").
    """
    if not 0 < len(word) <= MOST_WORD:
        return ()
    category = [one for one in served.resources if word in one.categories]
    found = [_mapping(served, name) for name in dict.fromkeys(one.name for one in category)] or [
        _mapping(served, word)
    ]
    return tuple(dict.fromkeys(one for one in found if one is not None))


def _mapping(served: Served, word: str) -> Resource | None:
    """The resource of a word that is no category: by resource, and where there is none by kind."""
    resource, _, rest = word.partition(".")
    version, dot, group = rest.partition(".")
    exact = [_Sought(resource, version, group)] if dot else []
    for sought in (*exact, _Sought(resource, "", rest)):
        if (found := _kind_for(served, _expanded(served, sought))) is not None:
            return found
    for sought in (*exact, _Sought(resource, "", rest)):
        if (found := _by_kind(served, sought)) is not None:
            return found
    return None


def _expanded(served: Served, sought: _Sought) -> _Sought:
    """A short name as the resource it stands for, unless there is a resource of that very name."""
    of_group = [one for one in served.resources if sought.group in ("", one.group)]
    if any(sought.resource in (one.plural, one.singular) for one in of_group):
        return sought
    for one in of_group:
        if sought.resource in one.short_names:
            return _Sought(one.plural, "", one.group)
    for one in served.resources:
        if sought.group and one.group.startswith(sought.group) and sought.resource in one.short_names:
            return _Sought(one.plural, sought.version, one.group)
    return sought


def _kind_for(served: Served, sought: _Sought) -> Resource | None:
    """The resource whose plural or singular it is, in the version and group that come first."""
    name = sought.resource.lower()
    found = [one for one in served.resources if name in (one.plural, one.singulars)]
    if sought.version:
        found = [one for one in found if one.version == sought.version and sought.group in ("", one.group)]
    else:
        found = [one for one in found if one.group.startswith(sought.group)]
    best = [one for one in found if one.group_version == found[0].group_version]
    return _resource_of(served, best[-1]) if best else None


def _resource_of(served: Served, one: Resource) -> Resource:
    """The resource of a kind: where several of a version have the same kind, the last of them."""
    same = (one.group, one.version, one.kind)
    return [other for other in served.resources if (other.group, other.version, other.kind) == same][-1]


def _by_kind(served: Served, sought: _Sought) -> Resource | None:
    """The resource of a kind, written as it is or in lower case, of exactly this group."""
    found = [
        one
        for one in served.resources
        if sought.resource in (one.kind, one.kind.lower())
        and one.group == sought.group
        and sought.version in ("", one.version)
    ]
    return _resource_of(served, found[0]) if found else None


def words(served: Iterable[Served], begun: str) -> list[str]:
    """The words that begin like this one and mean something that can be listed, sorted.

    A plural stands with its group only where the plural alone means another resource, or a group is being typed.
    """
    found: set[str] = set()
    for each in served:
        found.update(word for word in _offered(each, "." in begun) if word.startswith(begun))
    return sorted(found)


def _offered(served: Served, grouped: bool) -> Iterator[str]:
    """The shortest word for each resource that can be listed, and the categories; names with groups if `grouped`."""
    categories = {category for one in served.resources for category in one.categories if one.listed}
    if not grouped:
        yield from categories
    first: dict[str, str] = dict.fromkeys(categories, "")
    for one in served.resources:
        shortest = first.setdefault(one.plural, one.name) == one.name
        if not one.listed:
            continue
        yield one.plural if shortest and not grouped else one.name
        if grouped and one.group:
            yield f"{one.plural}.{one.version}.{one.group}"

"""The resource of an object of any kind: where its objects are, and the rights to change them."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from edgetui.actions.catalogue import Access
from edgetui.actions.messages import Refusal
from edgetui.actions.session import Session
from edgetui.cluster.api.discovery import discover
from edgetui.model.kinds.base import Kind, api_path
from edgetui.model.resources.resolve import resolve
from edgetui.model.resources.served import Resource as Served


class Way(NamedTuple):
    """What is to be done with objects: the verb, of a subresource where one is named, and that as it is said."""

    verb: str
    done: str
    subresource: str = ""

    def serves(self, resource: Served) -> bool:
        """Whether the server does that to objects of this resource."""
        return resource.scalable if self.subresource else self.verb in resource.verbs


DELETE = Way("delete", "deleted")
EDIT = Way("patch", "edited")
SCALE = Way("update", "scaled", "scale")


class Resource(msgspec.Struct, frozen=True):
    """Where objects of a kind are, and what is to be done with one."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    way: Way

    @property
    def needs(self) -> tuple[Access, ...]:
        """The rights that it takes."""
        sub = self.way.subresource
        reads = ("", sub) if sub else ("",)
        return (
            Access(self.way.verb, self.plural, self.group, sub),
            *(Access("get", self.plural, self.group, one) for one in reads),
        )

    def path(self, namespace: str, name: str = "") -> str:
        """The API path of one object, or of all."""
        return api_path(self.group, self.version, self.plural, namespace if self.namespaced else "", name)


async def find(session: Session, word: str, *ways: Way) -> Resource:
    """The resource that a word means to kubectl, to be treated in the first of these ways that it is served for.

    Raises Refusal where there is none, or where the word is a category with several.
    """
    meant = resolve((await discover(session.api)).served, word)
    for way in ways:
        found = [one for one in meant if way.serves(one)]
        if len(found) == 1:
            one = found[0]
            return Resource(one.group, one.version, one.plural, one.kind, one.namespaced, way)
        if found:
            several = ", ".join(sorted(one.name for one in found))
            raise Refusal(f"“{word}” may be one of {several}.", "Name it with its group.")
    raise Refusal(
        f"{session.name} has no kind “{word}” whose objects can be {ways[-1].done}.",
        "kubectl api-resources lists the kinds it has.",
    )


def resource_of(kind: Kind, way: Way) -> Resource:
    """That of a kind that is known."""
    return Resource(kind.group, kind.version, kind.plural, kind.name, kind.namespaced, way)

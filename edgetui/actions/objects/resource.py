"""The resource of an object of any kind: where its objects are, and the rights to change them."""

from __future__ import annotations

import msgspec

from edgetui.actions.catalogue import Access
from edgetui.actions.messages import Refusal
from edgetui.actions.session import Session
from edgetui.cluster.api.discovery import discover
from edgetui.model.kinds.base import Kind, api_path
from edgetui.model.resources.resolve import resolve


class Resource(msgspec.Struct, frozen=True):
    """Where objects of a kind are. `verb` is what is to be done with one."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    verb: str

    @property
    def needs(self) -> tuple[Access, ...]:
        """The rights that it takes."""
        return (Access(self.verb, self.plural, self.group), Access("get", self.plural, self.group))

    def path(self, namespace: str, name: str = "") -> str:
        """The API path of one object, or of all."""
        return api_path(self.group, self.version, self.plural, namespace if self.namespaced else "", name)


DONE = {"delete": "deleted", "patch": "edited"}


async def find(session: Session, word: str, verb: str) -> Resource:
    """The resource that a word means, of all that the cluster serves. Raises Refusal where there is none."""
    found = [one for one in resolve((await discover(session.api)).served, word) if verb in one.verbs]
    if len(found) != 1:
        several = ", ".join(sorted(f"{one.plural}.{one.group}" for one in found))
        raise Refusal(
            f"“{word}” may be one of {several}."
            if found
            else f"{session.name} has no kind “{word}” whose objects can be {DONE[verb]}.",
            "Name it with its group." if found else "kubectl api-resources lists the kinds it has.",
        )
    one = found[0]
    return Resource(one.group, one.version, one.plural, one.kind, one.namespaced, verb)


def resource_of(kind: Kind, verb: str) -> Resource:
    """That of a kind that is known."""
    return Resource(kind.group, kind.version, kind.plural, kind.name, kind.namespaced, verb)

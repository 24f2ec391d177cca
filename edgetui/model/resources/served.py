"""The API resources of one cluster, as its discovery lists them."""

from __future__ import annotations

import msgspec


class Resource(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One resource in one version of its group (`APIResource` of meta/v1), subresources left out.

    `plural` is the name in paths ("pumps"), `singular` that of one object ("pump"), `kind` the type of its objects
    ("Pump"). `verbs` are those that the server serves, whatever this user may do; `scalable` is whether it has a scale
    subresource.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    singular: str = ""
    verbs: tuple[str, ...] = ()
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    scalable: bool = False

    @property
    def name(self) -> str:
        """The resource with its group, as RBAC and CRDs are named: "pumps.example.com", "configmaps"."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def group_version(self) -> str:
        """ "example.com/v1", "v1"."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def singulars(self) -> str:
        """The name of one object; servers that do not say it take the kind in lower case."""
        return self.singular or self.kind.lower()

    @property
    def listed(self) -> bool:
        """Whether its objects can be listed at all: reviews and bindings cannot."""
        return "list" in self.verbs

    @property
    def watched(self) -> bool:
        """Whether the server sends their changes; some aggregated APIs only list."""
        return "watch" in self.verbs


class Broken(msgspec.Struct, frozen=True, gc=False):
    """A group and version that the server names and does not describe, and why: its aggregated API is down."""

    group_version: str
    sentence: str


class Served(msgspec.Struct, frozen=True):
    """Everything that one cluster serves.

    `resources` stand in the order in which kubectl prefers them: the core group first, then the groups in the server's
    order, the preferred version of each first.
    """

    resources: tuple[Resource, ...] = ()
    broken: tuple[Broken, ...] = ()

    def find(self, group: str, plural: str) -> Resource | None:
        """A resource in the preferred version that has it."""
        return next((one for one in self.resources if (one.group, one.plural) == (group, plural)), None)

    def kind(self, group: str, kind: str) -> Resource | None:
        """The resource whose objects are of this kind, as owner references name them, in the preferred version."""
        return next((one for one in self.resources if (one.group, one.kind) == (group, kind)), None)

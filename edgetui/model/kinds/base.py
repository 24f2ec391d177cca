"""What a kind is to edgetui: what to decode, how to make a row of it, what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec
from msgspec.structs import replace


class NotReadable(ValueError):
    """An object that lacks what the API requires of its kind, so that no true row can be made of it."""


IN_A_PART = ":@!$&'()*+,;=~-._"
"""Characters that stand in a part of a path as they are, beside letters and digits."""


class Row(msgspec.Struct, gc=False, kw_only=True):
    """The part every row shares: values, never text.

    `created` and `deleting` are Unix seconds, 0 for none. `resource_version` is opaque. `owner_uid` is the uid
    of the controlling owner reference, `owner_kind` (an id, as `Kind.id`) and `owner_name` what it names, empty for
    none. `labels` are for `model.labels` to read; the kinds without a pane keep none.
    """

    namespace: str
    name: str
    uid: str
    resource_version: str
    created: int = 0
    deleting: int = 0
    owner_uid: str = ""
    owner_kind: str = ""
    owner_name: str = ""
    labels: str = ""


class Fact(NamedTuple):
    """One line of an object's page: what it is about (empty for the same as above), what it says, if it is bad news."""

    label: str
    text: str
    bad: bool = False


def api_path(
    group: str, version: str, plural: str, namespace: str = "", name: str = "", subresource: str = ""
) -> str:
    """The API path of a collection or of one object: every path that holds a name is made here.

    Each part is percent-encoded, so no "/" in a name leads elsewhere.
    """
    parts = [*(("apis", group) if group else ("api",)), version]
    parts += ["namespaces", namespace] if namespace else []
    parts += [part for part in (plural, name, subresource) if part]
    return "".join(f"/{quote(part, safe=IN_A_PART)}" for part in parts)


class Watched(StrEnum):
    """When the objects of a kind are watched. What nobody is shown is never asked for."""

    ALWAYS = "always"  # from the start
    FULL = "full"  # from the start where the link carries everything, else while a screen needs it
    SHOWN = "shown"  # while a screen shows or needs it


class Kind(msgspec.Struct, frozen=True):
    """One resource of the API, with all that edgetui knows about it: every table of kinds is derived from this.

    `name` is the Kubernetes kind ("Pod"), `short_names` are those that kubectl takes ("po"), `said` is its word in a
    sentence where that is not its name in lower case.

    `wire` is the msgspec struct that a JSON object decodes into (unknown fields are skipped); `project` makes
    the `row`. `bookmarks` is false for kinds that the API server does not serve from its watch cache. `printed` makes
    a row of the cells that the server prints, by column, with the namespace, the version and the time (Unix s); None
    for kinds whose cells say too little. It raises LookupError or ValueError for cells of another make.
    `printed_columns` are the columns as Kubernetes prints them, so that their definitions need not be asked for.
    `older` makes the same kind in older versions of its API, by version, the newest first, for servers that do not
    serve `version`.

    `owns` are the ids of the kinds whose objects its controller creates; None where that is not known, as for kinds
    found by API discovery. `watched` says when, `polled` every how many seconds it is listed instead where the link
    does not carry everything (0 watched there, too). `metered` kinds have usage in metrics.k8s.io. `snapshot` gives a
    row as it may lie on this machine's disk: without free text, which may quote a secret; None keeps nothing.

    `facts` says what the page of an object says of it at a time (Unix s), None where `ui/details` has a page of its own
    for it. `good` is the status in which a condition is good news, by type, where that is not "True".
    """

    name: str
    plural: str
    group: str
    version: str
    namespaced: bool
    wire: type[msgspec.Struct]
    row: type[Row]
    project: Callable[[Any], Row]
    short_names: tuple[str, ...] = ()
    said: str = ""
    bookmarks: bool = True
    printed: Callable[[Mapping[str, str], str, str, float], Row] | None = None
    printed_columns: tuple[str, ...] = ()
    older: Mapping[str, Callable[[], Kind]] = {}
    owns: tuple[str, ...] | None = ()
    watched: Watched = Watched.SHOWN
    polled: float = 0.0
    metered: bool = False
    snapshot: Callable[[Any], Row] | None = None
    facts: Callable[[Any, float], Iterable[Fact]] | None = None
    good: Mapping[str, str] = {}
    discovered: bool = False
    """Whether API discovery found it; false for those that have a file here."""
    alias: str = ""
    """Its id where it has a file here and another kind that has one has the same name."""
    lists_only: bool = False
    """Whether the server lists its objects and does not send their changes, as some aggregated APIs do."""

    @property
    def id(self) -> str:
        """What names it among all kinds of a cluster: the kind alone where it has a file here, else with its group.

        Written as kubectl takes it: "Pod", "Pump.example.com". Two groups may serve kinds of one name.
        """
        if self.discovered and self.group:
            return f"{self.name}.{self.group}"
        return self.alias or self.name

    @property
    def word(self) -> str:
        """What an object of it is called in a sentence: "deployment", "autoscaler"."""
        return self.said or (self.name if self.discovered else self.name.lower())

    @property
    def names(self) -> tuple[str, ...]:
        """What kubectl calls it: singular, plural and short names, in lower case."""
        return (self.name.lower(), self.plural, *self.short_names)

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions of its API that can be read, the best first."""
        return (self.version, *self.older)

    def at(self, version: str) -> Kind:
        """The same kind in another version of its API. Raises KeyError for one that cannot be read."""
        return self if version == self.version else replace(self.older[version](), older=self.older)

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The API path of the collection or of one object, without a server's path prefix."""
        space = namespace if self.namespaced else ""
        return api_path(self.group, self.version, self.plural, space, name, subresource)


def unchanged(row: Row) -> Row:
    """The snapshot of a row that holds no free text."""
    return row

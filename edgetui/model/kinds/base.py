"""What a kind is to edgetui: what to decode, how to make a row of it, what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
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
    of the controlling owner reference, empty for none. `labels` are for `model.labels` to read; the kinds without a
    pane keep none.
    """

    namespace: str
    name: str
    uid: str
    resource_version: str
    created: int = 0
    deleting: int = 0
    owner_uid: str = ""
    labels: str = ""


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


class Kind(msgspec.Struct, frozen=True):
    """One resource of the API, with what edgetui keeps of it.

    `wire` is the msgspec struct that a JSON object decodes into (unknown fields are skipped); `project` makes
    the row. `bookmarks` is false for kinds that the API server does not serve from its watch cache. `printed` makes
    a row of the cells that the server prints, by column, with the namespace, the version and the time (Unix s); None
    for kinds whose cells say too little. It raises LookupError or ValueError for cells of another make. `older` makes
    the same kind in older versions of its API, by version, the newest first, for servers that do not serve `version`.
    """

    name: str
    plural: str
    group: str
    version: str
    namespaced: bool
    wire: type[msgspec.Struct]
    project: Callable[[Any], Row]
    bookmarks: bool = True
    printed: Callable[[Mapping[str, str], str, str, float], Row] | None = None
    older: Mapping[str, Callable[[], Kind]] = {}

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

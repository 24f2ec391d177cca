"""The kinds of objects, one file each, and the registry that every cluster has of them.

A kind that is not watched from the start is loaded when it is first asked for; its file is named after it in lower
case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import autoscaler, daemonset, deployment, node, pod, replicaset, statefulset
from edgetui.model.kinds.base import Kind, Row, Watched
from edgetui.model.kinds.wire import from_data, tolerant
from edgetui.model.modules import held, modules

_FIRST: dict[str, Kind] = {
    module.KIND.id: module.KIND
    for module in (node, pod, deployment, statefulset, daemonset, autoscaler, replicaset)
}
FIRST_PAINT = tuple(_FIRST)
"""Ids of the kinds that are watched from the start, in the order in which they are asked for."""


METERED = frozenset(kind.id for kind in _FIRST.values() if kind.metered)
"""Ids of the kinds whose objects have usage in metrics.k8s.io."""


def paint_order(id: str) -> tuple[int, str]:
    """Sorts ids of kinds, the most wanted first."""
    return (FIRST_PAINT.index(id) if id in FIRST_PAINT else len(FIRST_PAINT), id)


class Kinds(Mapping[str, Kind]):
    """The kinds of one cluster by id: those with a file here, and those that were found to be served.

    To iterate loads every file. `get` and `[]` load one.
    """

    def __init__(self) -> None:
        self._discovered: dict[str, Kind] = {}
        self.asked = False
        """Whether it is known what the cluster serves."""

    def __getitem__(self, id: str) -> Kind:
        kind = _built_in(id) or self._discovered.get(id)
        if kind is None:
            raise KeyError(id)
        return kind

    def __iter__(self) -> Iterator[str]:
        yield from _all()
        yield from self._discovered

    def __len__(self) -> int:
        return len(_all()) + len(self._discovered)

    def replace_discovered(self, kinds: Mapping[str, Kind]) -> None:
        """Take what the cluster serves beside the kinds that have a file, by id, the preferred ones first."""
        self._discovered = {id: kind for id, kind in kinds.items() if _built_in(id) is None}
        self.asked = True

    def is_served(self, id: str) -> bool:
        """Whether the cluster was found to serve a kind that another project defines and that has a file here."""
        if not self._discovered:
            return False  # without its file
        kind = self[id]
        return f"{kind.name}.{kind.group}" in self._discovered

    def of(self, group: str, kind: str) -> Kind | None:
        """The kind of an API group, as an owner reference names it; None where it is not known to be served."""
        found = self.get(kind)
        return found if found is not None and found.group == group else self.get(f"{kind}.{group}")

    def find(self, word: str) -> Kind | None:
        """The kind that kubectl would take for this word: "deploy", "deployments.apps", "pumps.v1.example.com"."""
        name, _, rest = word.lower().partition(".")
        for kind in self.values():
            if name in kind.names and rest in ("", kind.group, f"{kind.version}.{kind.group}"):
                return kind
        return None

    def has_pods(self, id: str) -> bool:
        """Whether its objects are pods, or run some."""
        return id == pod.POD or pod.POD in self.chain(id)

    def between(self, id: str) -> frozenset[str]:
        """Ids of the kinds that must be watched to know what its objects own, and are not anyway."""
        return frozenset(one for one in self.chain(id) if self[one].watched is not Watched.ALWAYS)

    def chain(self, id: str) -> frozenset[str]:
        """Ids of all kinds that its objects own, directly or through others; empty where that is not known."""
        found: set[str] = set()
        left = [id]
        while left:
            kind = self.get(left.pop())
            owned = set(kind.owns or ()) - found if kind is not None else set()
            found |= owned
            left += owned
        return frozenset(found)


KINDS = Kinds()
"""The kinds that have a file here, for what is the same on every cluster."""


@lru_cache(maxsize=512)
def _built_in(id: str) -> Kind | None:
    """The kind of this id that has a file here."""
    return _FIRST.get(id) or (_in_file(id.lower(), id) if id.isidentifier() else None)


def _in_file(module: str, id: str) -> Kind | None:
    kind = held(__name__, module, "KIND", Kind)
    return kind if kind is not None and kind.id == id else None


@lru_cache(maxsize=1)
def _all() -> dict[str, Kind]:
    """Every kind that has a file here."""
    found = [held(__name__, name, "KIND", Kind) for name in modules(__path__)]
    return _FIRST | {kind.id: kind for kind in found if kind is not None}


def kind_word(id: str) -> str:
    """What an object of a kind is called in a sentence: "deployment", "autoscaler"; "Pump" for one without a file."""
    kind = _built_in(id)
    return kind.word if kind is not None else id.partition(".")[0]


def short_name(id: str) -> str:
    """A kind in as few letters as kubectl has for it: "deploy"; its name in lower case where there are none."""
    kind = _built_in(id)
    return kind.short_names[0] if kind is not None and kind.short_names else id.partition(".")[0].lower()


def object_words(key: ObjectKey) -> str:
    """An object named in full: "deployment press in line-2 on plant"."""
    where = f" in {key.namespace}" if key.namespace else ""
    return f"{kind_word(key.kind)} {key.name}{where} on {key.cluster}"


def row_of(
    kind: str, obj: Mapping[str, Any], *, kinds: Mapping[str, Kind] = KINDS, strict: bool = False
) -> Row:
    """The row of an object that is at hand as plain JSON data, for single objects read outside the watch.

    `kind` is an id. Its `apiVersion` may be an older one. A field of another type than the API says is taken for
    missing, or with `strict` not put up with. Raises KeyError for an unknown kind, msgspec.ValidationError for what is
    no object, and NotReadable.
    """
    known = kinds[kind]
    version = str(obj.get("apiVersion")).rpartition("/")[2] if isinstance(obj, Mapping) else ""
    known = known.at(version) if version in known.older else known
    return known.project((from_data if strict else tolerant)(obj, known.wire))

"""The panes, one file each.

Those of the first screen are loaded with it. The file of any other is named after the pane, and loaded when that is
first shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from edgetui.model.modules import held, modules
from edgetui.model.panes import autoscalers, nodes, pods, rollouts
from edgetui.model.panes.base import Pane

_FIRST: dict[str, Pane] = {module.PANE.id: module.PANE for module in (nodes, pods, autoscalers, rollouts)}
DASHBOARD = tuple(_FIRST)
"""Ids of the panes that stand side by side where there is room."""
NUMBERED = (*DASHBOARD, "services", "events")
"""Ids of the panes that have a key of their own, from 1 on; to the others leads their name."""


class Panes(Mapping[str, Pane]):
    """The panes by id: those with a key in its order, then the others by name. To iterate loads every file."""

    def __getitem__(self, id: str) -> Pane:
        pane = _FIRST.get(id) or (_in_file(id) if id.isidentifier() else None)
        if pane is None:
            raise KeyError(id)
        return pane

    def __iter__(self) -> Iterator[str]:
        return iter(_all())

    def __len__(self) -> int:
        return len(_all())

    def named(self, word: str) -> Pane | None:
        """The pane that a word means: its own name, or what kubectl calls one of its kinds."""
        word = word.lower()
        return next((pane for pane in self.values() if word == pane.id or word in pane.words), None)

    def of(self, kind: str) -> Pane | None:
        """The pane that has the objects of a kind as its rows; None where no pane has them."""
        return next((pane for pane in self.values() if kind in pane.kinds), None)


PANES = Panes()


@lru_cache(maxsize=64)
def _in_file(id: str) -> Pane | None:
    pane = held(__name__, id, "PANE", Pane)
    return pane if pane is not None and pane.id == id else None


@lru_cache(maxsize=1)
def _all() -> tuple[str, ...]:
    """The ids of all panes."""
    others = [name for name in modules(__path__) if name not in NUMBERED and _in_file(name) is not None]
    return (*NUMBERED, *others)


def number_of(id: str) -> int:
    """The key of a pane, 0 where it has none."""
    return NUMBERED.index(id) + 1 if id in NUMBERED else 0

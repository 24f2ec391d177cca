"""PodDisruptionBudgets as they stand: which of them would hold up a drain now, and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from edgetui.model.text import clean, plural

FAILED = "SyncFailed"
"""The reason of condition DisruptionAllowed where the controller cannot count the pods: nothing may be evicted."""


class Standing(NamedTuple):
    """A budget. `allowed` pods may be evicted now, `healthy` of `expected` are ready, and `wanted` have to be.

    A number is None where the controller has not told it. `error` is why it cannot count the pods.
    """

    namespace: str
    name: str
    allowed: int | None = None
    healthy: int | None = None
    wanted: int | None = None
    expected: int | None = None
    error: str = ""

    @property
    def blocks(self) -> bool:
        """Whether no pod of it can be evicted: a drain waits for it."""
        return bool(self.error) or (self.allowed == 0 and self.expected != 0)

    @property
    def never(self) -> bool:
        """Whether it lets no pod go even with all of them ready."""
        return bool(self.expected) and self.wanted is not None and self.wanted >= (self.expected or 0)

    @property
    def words(self) -> str:
        """What it allows and why: "0 allowed: needs all of its 2 pods, so no drain can move one"."""
        if self.error:
            return f"lets no pod go: its pods cannot be counted ({self.error})"
        if self.allowed is None:
            return "not counted by its controller yet"
        if self.expected == 0:
            return "selects no pod: it protects nothing"
        said = f"{self.allowed} allowed"
        if self.allowed == 0 and self.never:
            pods = "its only pod" if self.expected == 1 else f"all of its {self.expected} pods"
            return f"{said}: needs {pods}, so no drain can move one"
        if self.healthy is None or self.wanted is None or self.expected is None:
            return said
        return f"{said}: {self.healthy} of {plural(self.expected, 'pod')} healthy, {self.wanted} needed"


def standing_of(one: Any) -> Standing:
    """A budget of the API. Raises KeyError, TypeError or AttributeError for what is none."""
    meta, status = one["metadata"], one.get("status") or {}
    conditions = status.get("conditions") or ()
    failed = next((each for each in conditions if each.get("reason") == FAILED), None)
    return Standing(
        clean(meta.get("namespace") or ""),
        clean(meta["name"]),
        _count(status.get("disruptionsAllowed")),
        _count(status.get("currentHealthy")),
        _count(status.get("desiredHealthy")),
        _count(status.get("expectedPods")),
        clean(failed.get("message") or "no reason is told", 120) if failed is not None else "",
    )


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def worst_first(found: Iterable[Standing]) -> list[Standing]:
    """Those that block a drain first, for ever before for now; those that protect nothing last."""
    return sorted(found, key=_rank)


def _rank(one: Standing) -> tuple[bool, bool, bool, int, str, str]:
    allowed = 0 if one.allowed is None else one.allowed
    return (not one.blocks, not one.never, one.expected == 0, allowed, one.namespace, one.name)

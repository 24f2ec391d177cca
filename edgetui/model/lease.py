"""A Lease of coordination.k8s.io: who holds it, and whether that still stands."""

from __future__ import annotations

from typing import Any, NamedTuple

from edgetui.model.text import clean, unix


class Lease(NamedTuple):
    """`renewed` is when its holder last said so (Unix s by the holder's own clock, 0 never), `seconds` for how long.

    `since` is when this holder took it (Unix s, 0 not told), `transitions` how often the holder changed, None where
    that is not told.
    """

    holder: str = ""
    renewed: float = 0.0
    seconds: int | None = None
    since: float = 0.0
    transitions: int | None = None

    def over(self, now: float) -> bool:
        """Whether nobody has renewed it in time."""
        return self.seconds is not None and now - self.renewed > self.seconds


def lease_of(answer: Any) -> Lease:
    """The Lease that a server answered with; what is missing or odd there is not known."""
    spec = answer.get("spec") if isinstance(answer, dict) else None
    found = spec if isinstance(spec, dict) else {}
    holder = found.get("holderIdentity")
    return Lease(
        clean(holder) if isinstance(holder, str) else "",
        _moment(found.get("renewTime")),
        _number(found.get("leaseDurationSeconds")),
        _moment(found.get("acquireTime")),
        _number(found.get("leaseTransitions")),
    )


def _moment(value: Any) -> float:
    return unix(value) if isinstance(value, str) else 0.0


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None

"""Autoscalers explained: why one does what it does, and what a scale by hand would meet.

The reasons are those of the HorizontalPodAutoscaler controller (pkg/controller/podautoscaler/horizontal.go).
"""

from __future__ import annotations

from math import ceil

import msgspec

from edgetui.model.kinds.autoscaler import AutoscalerRow
from edgetui.model.text import clean, duration

SYNC = 15
"""Seconds between two looks of the controller, by default."""

SETTLING = 90
"""Seconds that an autoscaler may be without metrics: new pods of every rollout have none at first."""

TOLERANCE = 0.1
"""How far from its target a metric may be before the controller acts, by default."""

BAD, WATCH, FINE = 0, 1, 3

MISSING = "metrics missing"


def recommended(row: AutoscalerRow) -> int | None:
    """What the metrics ask for without bounds and windows, the highest of all; None while unknown."""
    current = row.current
    if current is None:
        return None
    ratios = [metric.ratio for metric in row.metrics if metric.ratio is not None]
    close = [abs(ratio - 1.0) <= TOLERANCE for ratio in ratios]
    wishes = [
        current if near else ceil(current * ratio - 1e-9) for near, ratio in zip(close, ratios, strict=True)
    ]
    return max(wishes, default=None)


def headline(row: AutoscalerRow, now: float) -> tuple[int, str]:
    """Severity (0 broken, 1 limited or moving, 3 fine) and a few words: "at max, needs 11"."""
    able, active, limited = row.able, row.active, row.limited
    if able is not None and able.status == "False":
        if able.reason == "FailedGetScale":
            return BAD, "target not found"
        return BAD, "cannot scale target"
    if active is None:
        return WATCH, "starting"
    if active.status != "True":
        if active.reason == "ScalingDisabled":
            return WATCH, "off: target is at 0"
        words = _metric_words(active.reason, active.message)
        settling = words == MISSING and now - active.since < SETTLING
        return (WATCH, "waiting for metrics") if settling else (BAD, words)
    wish = recommended(row)
    if limited is not None and limited.status == "True":
        return _limited(row, limited.reason, wish)
    current = row.desired if row.current is None else row.current
    if row.desired > current:
        return WATCH, f"scaling up to {row.desired}"
    if row.desired < current:
        return WATCH, f"scaling down to {row.desired}"
    if wish is not None and wish > current:
        return WATCH, "above target, waiting"
    if able is not None and able.reason == "ScaleDownStabilized":
        return FINE, "stabilizing before scale-down"
    return FINE, "stable"


def _limited(row: AutoscalerRow, why: str, wish: int | None) -> tuple[int, str]:
    if why == "TooManyReplicas":
        above = wish is not None and wish > row.max
        return WATCH, f"at max, needs {wish}" if above else f"at max {row.max}"
    if why == "TooFewReplicas":
        return FINE, f"at min {row.min}"
    if why in ("ScaleUpLimit", "ScaleDownLimit"):
        return WATCH, f"rate-limited, {row.current} to {row.desired}"
    return WATCH, "limited"


def _metric_words(reason: str, message: str) -> str:
    said = message.lower()
    _, found, rest = said.partition("missing request for ")
    if found:
        return f"no {clean(rest.split()[0], 8) if rest.split() else 'resource'} request"
    if "could not find the requested" in said or "metrics.k8s.io) registered" in said:
        return f"no {api}" if (api := api_of(said)) else "no metrics server"
    if "unable to handle" in said:
        return f"{api} down" if (api := api_of(said)) else "metrics API down"
    if reason == "InvalidSelector":
        return "bad selector"
    return MISSING


def api_of(said: str) -> str:
    """Which API of metrics the controller asked in vain, where it is not that of the metrics server."""
    return next((f"{one} metrics" for one in ("custom", "external") if f"{one} metrics api" in said), "")


class Effect(msgspec.Struct, frozen=True, gc=False):
    """What a scale by hand would meet. `undone` is true when the autoscaler will take it back."""

    undone: bool
    text: str


def meets(row: AutoscalerRow | None, current: int, wanted: int) -> Effect | None:
    """What happens to a scale by hand from `current` to `wanted` under this autoscaler; None without one."""
    if row is None or wanted == current:
        return None
    name = f"autoscaler {row.name}"
    if row.able is not None and row.able.reason == "FailedGetScale":
        return Effect(False, f"{name} cannot read its target's number and leaves it")
    if wanted == 0 and row.min > 0:
        return Effect(
            False, f"{name} stops working while the target is at 0; scale to 1 or more to start it again"
        )
    if wanted < row.min or wanted > row.max:
        bound = f"its minimum {row.min}" if wanted < row.min else f"its maximum {row.max}"
        return Effect(True, f"{name} puts it back to {bound} within seconds")
    if current == 0:
        return Effect(False, f"{name} starts working again and decides the number")
    if row.active is None:
        return Effect(False, f"{name} has not looked yet and decides when it does")
    if not row.working:
        return Effect(False, f"{name} has no metrics and leaves it, until they are back")
    return _down(row, name, wanted) if wanted < current else _up(row, name)


def _down(row: AutoscalerRow, name: str, wanted: int) -> Effect:
    """Inside the bounds: the window still holds the higher number, unless there is no window or no way up."""
    if row.up_disabled:
        return Effect(False, f"{name} never grows, so it stays until changed by hand")
    if row.down_window:
        return Effect(True, f"{name} takes it back up within a sync ({SYNC} s by default)")
    wish = recommended(row)
    asks = f", and the load asks for {wish}" if wish is not None and wish > wanted else ""
    return Effect(False, f"{name} decides anew at its next sync{asks}")


def _up(row: AutoscalerRow, name: str) -> Effect:
    if row.down_disabled:
        return Effect(False, f"{name} never shrinks, so it stays until changed by hand")
    when = f"after {duration(row.down_window)}" if row.down_window else "at its next sync"
    return Effect(False, f"{name} may shrink it again {when}, if the metrics stay low")


def needed(row: AutoscalerRow) -> int:
    """The maximum that the present load needs: its own, unless the metrics ask for more."""
    wish = recommended(row) if row.working else None
    return max(row.max, wish or 0)


def bounds_for(row: AutoscalerRow, now: int, wanted: int) -> tuple[int, int]:
    """Minimum and maximum under which `wanted` replicas do not have to be set against the autoscaler.

    Where its maximum keeps it from what the load needs, that is what to raise. Else they are those under which the
    number is reached from `now` at once and holds: going down lowers the maximum to it, going up raises the minimum.
    """
    if wanted < now:
        return min(row.min, wanted), wanted
    if needed(row) > row.max:
        return row.min, max(needed(row), wanted)
    return wanted, max(row.max, wanted)


def goal(row: AutoscalerRow, now: int, low: int, high: int) -> int:
    """How many it would run at the present load with these bounds and a target at `now`, windows left aside."""
    wish = recommended(row) if row.working else None
    return min(max(now if wish is None else wish, low), high) if now else 0


def prospect(row: AutoscalerRow, now: int | None, low: int, high: int) -> str:
    """What it would do at the present load with these bounds and a target at `now` (None unknown), in one clause."""
    if now is None:
        return "what it would do is not known: the current replicas of its target are unknown"
    if row.able is not None and row.able.status == "False":
        return "it does nothing until its target can be scaled"
    if now == 0 and low > 0:
        return "it does nothing while its target is at 0"
    if now > high:
        return f"it goes down from {now} to {high} at once"
    if now < low:
        return f"it goes up from {now} to {low} at once"
    wish = recommended(row) if row.working else None
    if wish is None:
        return f"it stays at {now} while it has no metrics"
    there = goal(row, now, low, high)
    if there == now:
        edge = "most" if wish > there else "least"
        bound = "" if wish == now else f": the load asks for {wish}, {there} is the {edge} allowed"
        return f"it stays at {now}{bound}"
    if (there > now and row.up_disabled) or (there < now and row.down_disabled):
        return f"it stays at {now}: scaling {'up' if there > now else 'down'} is disabled"
    if there > now:
        wait = f" when the load has been high for {duration(row.up_window)}" if row.up_window else ""
        return f"it goes up from {now} to {there}{wait}"
    wait = f" when the load has stayed low for {duration(row.down_window)}" if row.down_window else ""
    return f"it goes down from {now} to {there}{wait}"

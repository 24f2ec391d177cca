"""Why an autoscaler does what it does: its conditions, the window and the present load as sentences."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from edgetui.model.autoscaling.hpa import api_of, prospect, recommended
from edgetui.model.autoscaling.samples import Sample
from edgetui.model.kinds.autoscaler import AutoscalerRow
from edgetui.model.kinds.wire import Condition
from edgetui.model.text import ago, duration

WISH, CURRENT = 0, 1
"""Where a sample of an autoscaler has what the metrics ask for and what runs; its metrics' ratios go by their names."""


class Said(msgspec.Struct, frozen=True):
    """One sentence; `good` is false where it says what is wrong or in the way. `since` is Unix s, 0 for none."""

    good: bool
    text: str
    since: int = 0


def sampled(row: AutoscalerRow) -> tuple[tuple[float | None, ...], tuple[str, ...]]:
    """What is kept of an autoscaler over time: values, and what each is of."""
    wish = recommended(row) if row.working else None
    values = (wish, row.current, *(metric.ratio for metric in row.metrics))
    return values, ("", "", *(metric.id for metric in row.metrics))


def why(row: AutoscalerRow, samples: Sequence[Sample], now: float) -> list[Said]:
    """A sentence for each condition, in the controller's order, and one for what it would do at the present load."""
    said = [one for one in (_condition(row, condition) for condition in row.conditions) if one is not None]
    if not row.conditions:
        said.append(Said(False, "its controller has not looked at it yet"))
    if (held := stabilising(row, samples, now)) is not None:
        left, exact = held
        words = f"about {duration(left)}" if exact else f"at most {duration(left)}"
        said.append(Said(True, f"it may shrink in {words}, if the load stays low"))
    if row.current is not None:
        said.append(Said(True, f"at the present load {prospect(row, row.current, row.min, row.max)}"))
    wish = recommended(row) if row.working else None
    current = row.current
    if wish is not None and current is not None and current < wish <= row.max and row.desired <= current:
        said.append(Said(True, "pods that are new count as idle until they have been measured"))
    return said


def stabilising(row: AutoscalerRow, samples: Sequence[Sample], now: float) -> tuple[float, bool] | None:
    """Seconds until the window lets it shrink, and whether that is known or the most it can be; None when it may.

    The controller keeps the recommendations of the window in its memory and tells nobody when the high one leaves it.
    """
    able, wish = row.able, recommended(row)
    if able is None or able.reason != "ScaleDownStabilized" or wish is None or not samples:
        return None
    high = [one.time for one in samples if (one.values[WISH] or 0) >= row.desired]
    last = high[-1] if high else samples[0].time
    return max(0.0, last + row.down_window - now), bool(high)


def last_scale(row: AutoscalerRow, rescaled: str, now: float) -> str:
    """When it scaled last, with the size and the reason of its event where that is still kept."""
    if not row.last_scale:
        return "never"
    size, _, reason = rescaled.removeprefix("New size: ").partition("; reason: ")
    return f"{ago(row.last_scale, now)} ago" + (f", to {size}: {reason}" if reason else "")


def _condition(row: AutoscalerRow, one: Condition) -> Said | None:
    if one.type == "ScaledToZero":
        return Said(True, "it has taken its target to 0 itself") if one.status == "True" else None
    if one.type == "ScalingLimited" and not row.working:
        return None  # it is left over from when there were metrics
    known = _KNOWN.get(one.reason)
    if one.type == "ScalingActive" and one.status == "False" and known is None:
        return Said(False, _unmeasured(one.message), one.since)
    if known is None:
        good = one.status == ("False" if one.type == "ScalingLimited" else "True")
        return Said(good, f"{one.type} is {one.status}: {one.message or one.reason}", one.since)
    good, words = known
    return Said(good, words.format(row=row, message=one.message, window=duration(row.down_window)), one.since)


def _unmeasured(message: str) -> str:
    said = message.lower()
    if "could not find the requested resource" in said or "metrics.k8s.io) registered" in said:
        cause = (
            f"this cluster has no {api} API"
            if (api := api_of(said))
            else "this cluster has no metrics server"
        )
    elif "unable to handle" in said or "error trying to reach service" in said:
        cause = (
            f"the {api} API does not answer"
            if (api := api_of(said))
            else "the metrics server does not answer"
        )
    elif "missing request for " in said:
        return f"it cannot compute a percentage: {message[said.index('missing request for ') :]}"
    elif "no metrics returned" in said or "did not receive metrics" in said:
        cause = "there are no metrics of its pods yet"
    else:
        cause = message or "it has no metrics"
    return f"ScalingActive: no, {cause}; the replicas stay, min and max still hold"


_KNOWN: dict[str, tuple[bool, str]] = {
    "SucceededGetScale": (True, "AbleToScale: can read and update the target's scale"),
    "ReadyForNewScale": (True, "AbleToScale: the recommended size is the current size"),
    "SucceededRescale": (True, "AbleToScale: has just scaled the target to {row.desired}"),
    "ScaleDownStabilized": (
        True,
        "AbleToScale: stabilizing before scale-down, a higher recommendation of the last {window} counts",
    ),
    "ScaleUpStabilized": (True, "AbleToScale: stabilizing before scale-up, a lower recommendation counts"),
    "FailedGetScale": (False, "AbleToScale: cannot read the target's scale: {message}"),
    "FailedUpdateScale": (False, "AbleToScale: cannot update the target's scale: {message}"),
    "ValidMetricFound": (True, "ScalingActive: can compute the desired replicas from metrics"),
    "ScalingDisabled": (False, "ScalingActive: off while the target is at 0; scale it to 1 or more"),
    "InvalidSelector": (False, "ScalingActive: the target has no usable selector: {message}"),
    "AmbiguousSelector": (
        False,
        "ScalingActive: another autoscaler selects the same pods, so neither scales: {message}",
    ),
    "DesiredWithinRange": (True, "ScalingLimited: no, desired replicas are within min and max"),
    "TooManyReplicas": (False, "ScalingLimited: desired replicas above max {row.max}"),
    "TooFewReplicas": (True, "ScalingLimited: desired replicas below min {row.min}"),
    "ScaleUpLimit": (True, "ScalingLimited: rate-limited by the scale-up policies"),
    "ScaleDownLimit": (True, "ScalingLimited: rate-limited by the scale-down policies"),
}

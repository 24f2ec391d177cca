"""Bundles of Fleet (fleet.cattle.io/v1alpha1): what a GitRepo brings to many clusters. It does not roll back by itself.

Its types are pkg/apis/fleet.cattle.io/v1alpha1/bundle_types.go of Fleet.
"""

from __future__ import annotations

from edgetui.model.kinds.base import Kind
from edgetui.model.kinds.update import MOST_TEXT, Stage, UpdateRow, facts, failures, on_disk
from edgetui.model.kinds.wire import Meta, Wire, WireCondition, labelled, shared
from edgetui.model.labels import read
from edgetui.model.text import clean

BUNDLE = "Bundle"
_COMMIT = "fleet.cattle.io/commit"
_COUNTS = (
    ("err_applied", "not applied"),
    ("modified", "modified by others"),
    ("not_ready", "not ready"),
    ("wait_applied", "waiting"),
    ("out_of_sync", "out of sync"),
    ("pending", "pending"),
)


class WireNonReady(Wire):
    name: str | None = None
    bundle_state: str | None = None
    message: str | None = None


class WireSummary(Wire):
    desired_ready: int | None = None
    ready: int | None = None
    not_ready: int | None = None
    wait_applied: int | None = None
    err_applied: int | None = None
    out_of_sync: int | None = None
    modified: int | None = None
    pending: int | None = None
    non_ready_resources: list[WireNonReady] | None = None


class WireDisplay(Wire):
    state: str | None = None


class WireBundleSpec(Wire):
    paused: bool | None = None


class WireBundleStatus(Wire):
    conditions: list[WireCondition] | None = None
    summary: WireSummary | None = None
    display: WireDisplay | None = None


class WireBundle(Wire):
    """A Bundle as it arrives."""

    metadata: Meta | None = None
    spec: WireBundleSpec | None = None
    status: WireBundleStatus | None = None


class BundleRow(UpdateRow):
    """A Bundle. `target` is the commit that it was made of; what is counted are clusters."""

    engine: str = "Fleet"
    of: str = "cluster"


def project(bundle: WireBundle) -> BundleRow:
    """The row of a Bundle."""
    status = bundle.status or WireBundleStatus()
    told = status.summary
    counts = told or WireSummary()
    commit = read(bundle.metadata.labels).get(_COMMIT) if bundle.metadata else ""
    bad = [one for one in counts.non_ready_resources or () if one.bundle_state == "ErrApplied"]
    said = [f"{count} {words}" for field, words in _COUNTS if (count := getattr(counts, field))]
    return BundleRow(
        **labelled(bundle.metadata),
        target=shared(clean(commit, 12)),
        stage=_stage(bundle, told),
        phase=clean(status.display.state, 40) if status.display else "",
        message=clean("; ".join(said) or _not_ready(status), MOST_TEXT),
        done=told.ready or 0 if told else None,
        total=told.desired_ready or 0 if told else None,
        failed=failures(((one.name or "").rpartition("/")[2], one.message) for one in bad),
    )


def _stage(bundle: WireBundle, told: WireSummary | None) -> Stage:
    if told is None:
        return Stage.UNSEEN
    if told.err_applied:
        return Stage.FAILED
    if (told.ready or 0) >= (told.desired_ready or 0):
        return Stage.COMPLETE
    return Stage.PAUSED if bundle.spec is not None and bundle.spec.paused else Stage.RUNNING


def _not_ready(status: WireBundleStatus) -> str:
    ready = (one for one in status.conditions or () if one.type == "Ready" and one.status != "True")
    return next((one.message or "" for one in ready), "")


KIND = Kind(
    name=BUNDLE,
    plural="bundles",
    group="fleet.cattle.io",
    version="v1alpha1",
    namespaced=True,
    wire=WireBundle,
    row=BundleRow,
    project=project,
    snapshot=on_disk,
    facts=facts,
)

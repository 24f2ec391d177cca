"""TalosUpgrades of tuppr (tuppr.home-operations.com/v1alpha1): Talos on every selected node, a batch at a time.

Its types are api/v1alpha1/talosupgrade_types.go of tuppr. An annotation suspends it, another begins it anew.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from edgetui.model.kinds.base import Fact, Kind, Row
from edgetui.model.kinds.update import (
    MOST_TEXT,
    Stage,
    UpdateRow,
    WireSelector,
    failures,
    names,
    on_disk,
    requirements,
)
from edgetui.model.kinds.update import facts as common
from edgetui.model.kinds.wire import Meta, Wire, labelled, shared
from edgetui.model.text import clean

TALOS_UPGRADE = "TalosUpgrade"
SUSPEND, RESET = "tuppr.home-operations.com/suspend", "tuppr.home-operations.com/reset"
_STAGES = {
    "": Stage.UNSEEN,
    "Pending": Stage.WAITING,
    "MaintenanceWindow": Stage.WAITING,
    "Completed": Stage.COMPLETE,
    "Failed": Stage.FAILED,
}


class TupprAnnotations(Wire):
    suspend: str | None = msgspec.field(name=SUSPEND, default=None)


class TupprMeta(Meta):
    annotations: TupprAnnotations | None = None


class WireTalosVersion(Wire):
    version: str | None = None


class WireTalosSpec(Wire):
    talos: WireTalosVersion | None = None
    node_selector: WireSelector | None = None


class WireTalosFailure(Wire):
    node_name: str | None = None
    last_error: str | None = None


class WireTalosReboot(Wire):
    node_name: str | None = None


class WirePulled(Wire):
    node_name: str | None = None


class WirePullFailure(Wire):
    last_error: str | None = None


class WireTalosStatus(Wire):
    phase: str | None = None
    message: str | None = None
    current_node: str | None = None
    current_nodes: list[str] | None = None
    completed_nodes: list[str] | None = None
    failed_nodes: list[WireTalosFailure] | None = None
    rebooting_nodes: list[WireTalosReboot] | None = None
    pre_pulled_nodes: list[WirePulled | str] | None = None
    pre_pull_failure: WirePullFailure | None = None


class WireTalosUpgrade(Wire):
    """A TalosUpgrade as it arrives."""

    metadata: TupprMeta | None = None
    spec: WireTalosSpec | None = None
    status: WireTalosStatus | None = None


class TalosUpgradeRow(UpdateRow):
    """A TalosUpgrade. It does not say how many nodes it is for: those that its selector takes.

    `pulled` are the nodes that hold the image of their update already; None where nobody tells. `unpulled` is why the
    pull before the update failed last, empty while it has not.
    """

    engine: str = "tuppr"
    pulled: tuple[str, ...] | None = None
    unpulled: str = ""


def project(upgrade: WireTalosUpgrade) -> TalosUpgradeRow:
    """The row of a TalosUpgrade."""
    spec, status = upgrade.spec or WireTalosSpec(), upgrade.status or WireTalosStatus()
    phase = clean(status.phase, 40)
    rebooting = [one.node_name for one in status.rebooting_nodes or ()]
    now = [*(status.current_nodes or ()), status.current_node, *rebooting]
    pulled, lost = status.pre_pulled_nodes, status.pre_pull_failure
    return TalosUpgradeRow(
        **labelled(upgrade.metadata),
        target=shared(clean(spec.talos.version, 60)) if spec.talos else "",
        stage=stage_of(upgrade.metadata, phase),
        phase=phase,
        message=clean(status.message, MOST_TEXT),
        done=len(set(status.completed_nodes or ())) if phase else None,
        selector=requirements(spec.node_selector) if spec.talos is not None else None,
        running=names(dict.fromkeys(now)),
        failed=failures((one.node_name, one.last_error) for one in status.failed_nodes or ()),
        pulled=names(one if isinstance(one, str) else one.node_name for one in pulled) if pulled else None,
        unpulled=clean(lost.last_error or "no reason told", MOST_TEXT) if lost is not None else "",
    )


def facts(row: TalosUpgradeRow, now: float) -> Iterator[Fact]:
    """What its page says of it."""
    yield from common(row, now)
    if row.unpulled:
        yield Fact("pull failed", row.unpulled, bad=True)


def kept(row: TalosUpgradeRow) -> Row:
    """The row without what its engine says in free text."""
    return on_disk(replace(row, unpulled="not told" if row.unpulled else ""))


def stage_of(metadata: TupprMeta | None, phase: str) -> Stage:
    """How far tuppr is with an object of this phase; it does nothing with one that is suspended."""
    notes = metadata.annotations if metadata is not None else None
    stage = _STAGES.get(phase, Stage.RUNNING)
    suspended = notes is not None and notes.suspend is not None
    return Stage.PAUSED if suspended and stage is not Stage.COMPLETE else stage


KIND = Kind(
    name=TALOS_UPGRADE,
    plural="talosupgrades",
    group="tuppr.home-operations.com",
    version="v1alpha1",
    namespaced=False,
    wire=WireTalosUpgrade,
    row=TalosUpgradeRow,
    project=project,
    snapshot=kept,
    facts=facts,
)

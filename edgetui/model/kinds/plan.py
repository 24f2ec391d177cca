"""Plans of system-upgrade-controller (upgrade.cattle.io/v1): a Job on every selected node, a few at a time.

Its types are pkg/apis/upgrade.cattle.io/v1/types.go. "Complete" is also true where no node is selected, and nobody but
the labels of the nodes says how many are done: see `model/update/plan.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from edgetui.model.kinds.base import Fact, Kind
from edgetui.model.kinds.pulled import tagged
from edgetui.model.kinds.update import MOST_TEXT, Stage, UpdateRow, WireSelector, names, on_disk, requirements
from edgetui.model.kinds.update import facts as common
from edgetui.model.kinds.wire import (
    Condition,
    Meta,
    Wire,
    WireCondition,
    condition,
    conditions,
    labelled,
    shared,
)
from edgetui.model.selector import Requirement
from edgetui.model.text import clean

PLAN = "Plan"
_BAD = (("Validated", "not valid"), ("LatestResolved", "no version"))


class WireWindow(Wire):
    days: list[str] | None = None
    start_time: str | None = None
    end_time: str | None = None
    time_zone: str | None = None


class WireContainerSpec(Wire):
    image: str | None = None


class WirePlanSpec(Wire):
    concurrency: int | None = None
    node_selector: WireSelector | None = None
    version: str | None = None
    channel: str | None = None
    exclusive: bool | None = None
    cordon: bool | None = None
    drain: msgspec.Raw | None = None
    window: WireWindow | None = None
    prepare: WireContainerSpec | None = None
    upgrade: WireContainerSpec | None = None


class WirePlanStatus(Wire):
    conditions: list[WireCondition] | None = None
    latest_version: str | None = None
    latest_hash: str | None = None
    applying: list[str] | None = None


class WirePlan(Wire):
    """A Plan as it arrives."""

    metadata: Meta | None = None
    spec: WirePlanSpec | None = None
    status: WirePlanStatus | None = None


class PlanRow(UpdateRow):
    """A Plan.

    `hash` is the value of the label of nodes that are done. `selector` is None where it is not valid. `concurrency` is
    how many nodes may be updated at once. `cordons` is whether it cordons a node first, and uncordons it when its Job
    succeeds and only then. `window` says when Jobs may begin, empty for always. `running` are names of hosts. `images`
    are those of the containers that its Jobs run, none while its version is not known.
    """

    engine: str = "SUC"
    hash: str = ""
    selector: tuple[Requirement, ...] | None = ()
    concurrency: int = 0
    cordons: bool = False
    window: str = ""
    images: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()

    @property
    def refused(self) -> str:
        """Why its controller does nothing with it, in two words; empty where it does."""
        for type_, words in _BAD:
            one = condition(self.conditions, type_)
            if one is not None and (one.status == "False" or one.reason == "Error"):
                return words
        return ""

    @property
    def complete(self) -> Condition | None:
        """What its controller says of the whole."""
        return condition(self.conditions, "Complete")


def project(plan: WirePlan) -> PlanRow:
    """The row of a Plan."""
    spec, status = plan.spec or WirePlanSpec(), plan.status or WirePlanStatus()
    said = conditions(status.conditions)
    row = PlanRow(
        **labelled(plan.metadata),
        target=shared(clean(status.latest_version or spec.version, 60)),
        running=names(status.applying),
        hash=clean(status.latest_hash, 64),
        selector=requirements(spec.node_selector),
        concurrency=spec.concurrency or 0,
        cordons=bool(spec.cordon) or spec.drain not in (None, b"null"),
        window=_window(spec.window),
        images=tuple(_images(spec, status.latest_version or spec.version)),
        conditions=said,
    )
    whole = row.complete
    row.phase = whole.reason if whole is not None else ""
    bad = next((one for one in said if one.type in dict(_BAD) and one.message), None)
    row.message = clean((bad or whole or Condition("", "")).message, MOST_TEXT)
    if said:
        finished = whole is not None and whole.status == "True"
        row.stage = Stage.COMPLETE if finished else Stage.RUNNING if row.running else Stage.WAITING
    return row


def _images(spec: WirePlanSpec, version: str | None) -> Iterator[str]:
    """The images as its Jobs have them (WithLatestTag in pkg/upgrade/container): its version is their tag, in which a
    plus sign may not stand.
    """
    for one in (spec.prepare, spec.upgrade):
        if one is not None and one.image and version:
            yield shared(tagged(clean(one.image), clean(version.replace("+", "-"), 60)))


def _window(window: WireWindow | None) -> str:
    """ "sa,su 02:00-04:00 UTC"."""
    if window is None:
        return ""
    days = ",".join(window.days or ())
    times = f"{window.start_time or '00:00'}-{window.end_time or '24:00'}"
    return clean(f"{days} {times} {window.time_zone or 'UTC'}".strip(), 80)


def facts(row: PlanRow, now: float) -> Iterator[Fact]:
    """What its page says of it, beside its nodes."""
    yield from common(replace(row, running=()), now)
    yield Fact("concurrency", f"{row.concurrency} at a time" if row.concurrency else "0: no node begins")
    if row.cordons:
        yield Fact("cordon", "before each update; uncordoned when its Job succeeds, and only then")
    if row.window:
        yield Fact("window", row.window)
    yield Fact(
        "pause", "there is none: a node labelled disabled is skipped, concurrency 0 starts no new node"
    )


KIND = Kind(
    name=PLAN,
    plural="plans",
    group="upgrade.cattle.io",
    version="v1",
    namespaced=True,
    wire=WirePlan,
    row=PlanRow,
    project=project,
    snapshot=on_disk,
    facts=facts,
)

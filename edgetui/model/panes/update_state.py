"""The state of an update, and of the version of a node, in a few words; how bad it is, and why as a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from edgetui.model.cache.store import Store
from edgetui.model.kinds.base import Fact
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.kinds.plan import PlanRow
from edgetui.model.kinds.talosupgrade import TalosUpgradeRow
from edgetui.model.kinds.update import Failure, Stage, UpdateRow
from edgetui.model.panes.base import BAD, FINE, SETTLING, UNSURE, WATCH
from edgetui.model.text import duration, plural, verb
from edgetui.model.update.plan import Coverage, count, coverage, is_switched_off, job_of, left_cordoned
from edgetui.model.update.version import OLDER_KUBELETS, Version, minors_behind, parse

_SHOWN = 3
_SEVERITY = {Stage.FAILED: BAD, Stage.COMPLETE: FINE}


class UpdateState(NamedTuple):
    """`severity` as in a pane row, `words` for the state cell, `why` a sentence, empty where the words say all.

    `done` of `total` are updated, None where that is not known; `running` are being updated now.
    """

    severity: int
    words: str
    why: str = ""
    done: int | None = None
    total: int | None = None
    running: tuple[str, ...] = ()


def update_state(store: Store, row: UpdateRow, now: float) -> UpdateState:
    """The state of one update."""
    if isinstance(row, PlanRow):
        return plan_state(store, row, now)
    severity, words, why = _told(store, row, now)
    if severity != BAD and row.of == "node" and (full := _full(store, row.running)):
        severity, words, why = BAD, f"no room on {full[0]}", _no_room(full)
    total = row.total
    if total is None and row.selector is not None:
        total = count(store, row.selector)
    return UpdateState(severity, words, why, row.done, total, row.running)


def _told(store: Store, row: UpdateRow, now: float) -> tuple[int, str, str]:
    """What an engine says of an update that counts its own hosts."""
    if row.failed:
        first = row.failed[0]
        words = f"failed on {first.name}" if len(row.failed) == 1 else f"{len(row.failed)} failed"
        return BAD, words, _because(row.failed, first.why or row.message)
    if row.stage is Stage.UNSEEN:
        return _unseen(row, now)
    if isinstance(row, TalosUpgradeRow) and row.unpulled and row.stage is not Stage.PAUSED:
        return (
            BAD,
            "image not pulled",
            f"the pull before the update failed, no node is touched: {row.unpulled}",
        )
    words = row.busy("") if row.stage is Stage.RUNNING else row.stage.value
    off = [name for name in row.running if _is_off(store, name, now)] if row.of == "node" else []
    if off and row.stage is Stage.RUNNING:
        return BAD, f"held by {off[0]}", "NotReady, and the update waits for it"
    if row.stage is Stage.RUNNING and row.running:
        words = row.busy(_some(row.running, 1))
    return _SEVERITY.get(row.stage, WATCH), words, row.message


def _is_off(store: Store, name: str, now: float) -> bool:
    node = store.get(NODE, "", name)
    return isinstance(node, NodeRow) and is_switched_off(node, now)


def _full(store: Store, names: Iterable[str]) -> tuple[str, ...]:
    """Those nodes that report a full disk."""
    nodes = (store.get(NODE, "", name) for name in names)
    return tuple(one.name for one in nodes if isinstance(one, NodeRow) and "DiskPressure" in one.pressures)


def _no_room(names: tuple[str, ...]) -> str:
    """A kubelet under disk pressure takes no new pods, and deletes images."""
    who = f"{_some(names, _SHOWN)}: " if len(names) > 1 else ""
    return f"{who}DiskPressure, no room for images"


def _unseen(row: UpdateRow, now: float) -> tuple[int, str, str]:
    late = now - row.created > SETTLING
    why = f"no controller has looked at it yet: does {row.engine} run here?" if late else ""
    return (BAD if late else WATCH), row.stage.value, why


def plan_state(store: Store, row: PlanRow, now: float) -> UpdateState:
    """The state of a Plan of system-upgrade-controller, by the labels of the nodes."""
    found = coverage(store, row, now)
    if found is None:
        return UpdateState(BAD, "not valid", "its node selector is not valid")
    severity, words, why = _of_plan(store, row, found, now)
    if severity != BAD and row.concurrency and (full := _full(store, found.todo)):
        severity, words, why = BAD, f"no room on {full[0]}", _no_room(full)
    return UpdateState(severity, words, why, len(found.done), found.total, found.running)


def _of_plan(store: Store, row: PlanRow, found: Coverage, now: float) -> tuple[int, str, str]:
    if row.stage is Stage.UNSEEN:
        return _unseen(row, now)
    if row.refused:
        return BAD, row.refused, row.message
    if found.failed:
        first = found.failed[0]
        words = f"failed on {first.name}" if len(found.failed) == 1 else f"{len(found.failed)} failed"
        return BAD, words, _because(found.failed, first.why)
    if found.silent:
        return BAD, f"held by {found.silent[0]}", _held(store, row, found)
    if found.newer:
        runs = parse(row.target)
        who = f"{_some(found.newer, _SHOWN)} {verb(len(found.newer), 'runs', 'run')} a newer version"
        return BAD, "downgrade", f"{who}, and {runs.runs if runs else 'it'} cannot downgrade"
    if not found.total:
        return WATCH, "no node selected", _nobody(row, found)
    return _on_its_way(row, found)


def _on_its_way(row: PlanRow, found: Coverage) -> tuple[int, str, str]:
    if found.running:
        return WATCH, f"updating {_some(found.running, 1)}", ""
    if found.todo:
        left = plural(len(found.todo), "node")
        if not row.concurrency:
            return WATCH, "paused", f"its concurrency is 0, so none of {left} begins"
        if row.window and (row.phase in ("", "Waiting") or row.stage is Stage.WAITING):
            return WATCH, "waiting", f"{left} to go; new Jobs begin only in its window {row.window}"
        return WATCH, "waiting", row.message if row.stage is not Stage.COMPLETE else f"{left} to go"
    if found.unlike:
        who = f"{_some(found.unlike, _SHOWN)} {verb(len(found.unlike), 'is', 'are')}"
        return WATCH, "another version", f"{who} labelled done, and the kubelet says another version"
    return FINE, "complete", f"skips {_some(found.skipped, _SHOWN)} (disabled)" if found.skipped else ""


def _held(store: Store, row: PlanRow, found: Coverage) -> str:
    """Who holds the places of those that could be updated, and for how long at most."""
    name = found.silent[0]
    places = f"one of {plural(row.concurrency, 'place')}" if row.concurrency > 1 else "the only place"
    waiting = len(found.todo) - len(found.running)
    others = f", {plural(waiting, 'node')} {verb(waiting, 'waits', 'wait')}" if waiting else ""
    job = job_of(store, row, name)
    until = f"; its Job fails after {duration(job.deadline)}" if job is not None and job.deadline else ""
    return f"NotReady, holds {places}{others}{until}"


def _left(store: Store, row: PlanRow, node: str, now: float) -> str:
    """When the Job on a node fails if it does not end before; empty where that is not known."""
    job = job_of(store, row, node)
    if job is None or not (job.deadline and job.started):
        return ""
    left = job.started + job.deadline - now
    return f"; its Job fails in {duration(left)}" if left > 0 else "; the deadline of its Job has passed"


def _nobody(row: PlanRow, found: Coverage) -> str:
    said = "; its controller calls that complete" if row.stage is Stage.COMPLETE else ""
    if found.skipped:
        return f"{_some(found.skipped, _SHOWN)}: all that it selects are disabled{said}"
    return f"its selector takes no node{said}"


def _because(failed: tuple[Failure, ...], why: str) -> str:
    """Why the first of them failed; it is named where the state does not name it."""
    return f"{failed[0].name}: {why}" if why and len(failed) > 1 else why


def _some(names: tuple[str, ...], most: int) -> str:
    """ "edge-1, edge-2 and 4 more"."""
    rest = len(names) - most
    return ", ".join(names) if rest <= 0 else f"{', '.join(names[:most])} and {rest} more"


def plan_facts(store: Store, row: PlanRow, now: float) -> Iterator[Fact]:
    """The nodes of a Plan by how far they are."""
    found = coverage(store, row, now)
    if found is None:
        return
    silent, failed = set(found.silent), {one.name for one in found.failed}
    rest = set(found.running) | failed
    yield Fact("updated", f"{len(found.done)} of {plural(found.total, 'node')}")
    for label, names, bad in (
        ("done", found.done, False),
        ("unlike", tuple(f"{name}: labelled done, runs another version" for name in found.unlike), True),
        ("to do", tuple(name for name in found.todo if name not in rest), False),
        ("skipped", found.skipped, False),
    ):
        if names:
            yield Fact(label, ", ".join(names), bad)
    for name in found.running:
        state = ", NotReady" if name in silent else ""
        yield Fact("updating", f"{name}{state}{_left(store, row, name, now)}", name in silent)
    for name, why in found.failed:
        yield Fact("failed", f"{name}: {why}", bad=True)


# -- nodes


def node_state(store: Store, node: NodeRow) -> UpdateState:
    """The version of a node against the API server's, and what of the node stands in the way of an update."""
    found = [_skew(store.version, node.version)]
    if "DiskPressure" in node.pressures:
        found.append((BAD, "disk full", "an update finds no room for its images"))
    if node.cordoned:
        found.append(_cordon(store, node))
    if not node.is_ready:
        found.append((WATCH, "NotReady", "an update of it waits, and may hold up the others"))
    found.sort(key=lambda one: one[0])
    worst = found[0][0]
    said = [one for one in found if one[0] == worst or one[0] < UNSURE]
    return UpdateState(
        worst, ", ".join(words for _, words, _ in said), "; ".join(why for *_, why in said if why)
    )


def _cordon(store: Store, node: NodeRow) -> tuple[int, str, str]:
    left = left_cordoned(store, node)
    if left is None:
        return WATCH, "cordoned", ""
    if left.gone:
        return (
            WATCH,
            "cordoned",
            f"plan {left.plan} has run on it and is gone: if that cordoned it, nothing uncordons it",
        )
    return BAD, "left cordoned", f"plan {left.plan} failed on it: nothing uncordons it but you"


def _skew(server: str, kubelet: str) -> tuple[int, str, str]:
    """The kubelet's version against the API server's (Kubernetes' version skew policy)."""
    behind = minors_behind(kubelet, server)
    if behind is None:
        return UNSURE, "version ?", "the version of the kubelet or of the API server is not known"
    pair = f"kubelet {_minor(parse(kubelet))}, API server {_minor(parse(server))}"
    if behind < 0:
        return BAD, "newer than server", f"{pair}: a kubelet must not be newer; update the servers first"
    words = f"{plural(behind, 'minor')} behind"
    if behind > OLDER_KUBELETS:
        return BAD, words, f"{pair}: no more than {OLDER_KUBELETS} minors are supported"
    if behind == OLDER_KUBELETS:
        return WATCH, words, f"{pair}: update it before the server goes on"
    return FINE, words if behind else "same minor", ""


def _minor(version: Version | None) -> str:
    return f"{version.major}.{version.minor}" if version is not None else "?"

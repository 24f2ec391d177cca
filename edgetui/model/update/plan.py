"""How far a Plan of system-upgrade-controller has come, counted from the labels of nodes, and what holds it up.

The rules are those of its SelectConcurrentNodes (pkg/upgrade/plan/plan.go): a node is selected where it matches the
selector, has the hostname label, and its label for the plan is neither the latest hash nor "disabled"; whether it is
Ready is not asked. What an update cordons is uncordoned only when its Job succeeds (pkg/upgrade/handle_batch.go).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from edgetui.model.cache.store import Store
from edgetui.model.kinds.job import JOB, JobRow
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.kinds.plan import PLAN, PlanRow
from edgetui.model.kinds.update import Failure
from edgetui.model.labels import value_of, values
from edgetui.model.selector import Requirement
from edgetui.model.update.version import differs, is_newer

LABEL = "plan.upgrade.cattle.io/"
"""What the label of a node begins with that says which hash of a Plan it has; the rest is the Plan's name."""
DISABLED = "disabled"
REBOOT = 300.0
"""Seconds that a host may take to restart, or to reboot, while it is updated."""
HOSTNAME = "kubernetes.io/hostname"
"""The label by which a Plan names a node."""
_JOB_PLAN, _JOB_NODE = "upgrade.cattle.io/plan", "upgrade.cattle.io/node"
_FAILED_ON = re.compile(r"failed on Node (\S+): (.*)", re.DOTALL)


class Coverage(msgspec.Struct, frozen=True):
    """The nodes of a Plan.

    `done` have the label of its latest hash and, as far as that can be told, its version; `unlike` have the label and
    run another version. `skipped` are disabled, `todo` are selected and not done. `running` are those of `todo` that it
    is applied on now, `silent` those of them that are not Ready; `failed` are those whose Job has failed. `newer` run a
    version that is newer than the target. All are in the order of their names.
    """

    done: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    todo: tuple[str, ...] = ()
    running: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    failed: tuple[Failure, ...] = ()
    newer: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """How many nodes it is for."""
        return len(self.done) + len(self.unlike) + len(self.todo)


class Cordoned(NamedTuple):
    """A Plan that has left a node cordoned, and whether its Job failed there or the Plan is gone."""

    plan: str
    gone: bool


def coverage(store: Store, plan: PlanRow, now: float) -> Coverage | None:
    """The nodes of a Plan as they are known at a time (Unix s); None where its selector is not valid."""
    if plan.selector is None:
        return None
    found: dict[str, list[str]] = {name: [] for name in Coverage.__struct_fields__}
    hosts, failed = set(plan.running), dict(_failures(store, plan))
    for node in sorted(_nodes(store), key=lambda one: one.name):
        labels = values(node)
        if HOSTNAME not in labels or not all(one.holds(labels) for one in plan.selector):
            continue
        label = labels.get(f"{LABEL}{plan.name}")
        if label == DISABLED:
            found["skipped"].append(node.name)
            continue
        if label and label == plan.hash:
            found["unlike" if differs(node.version, plan.target) else "done"].append(node.name)
            continue
        found["todo"].append(node.name)
        if is_newer(node.version, plan.target):
            found["newer"].append(node.name)
        if labels[HOSTNAME] in hosts and node.name not in failed:
            found["running"].append(node.name)
            job = job_of(store, plan, node.name)
            if is_switched_off(node, now, job.started if job is not None else 0):
                found["silent"].append(node.name)
    todo = set(found["todo"])
    lost = tuple(Failure(name, why) for name, why in sorted(failed.items()) if name in todo)
    lists = {name: tuple(names) for name, names in found.items() if name != "failed"}
    return Coverage(**lists, failed=lost)


def is_switched_off(node: NodeRow, now: float, began: float = 0.0) -> bool:
    """Whether a node that is being updated since `began` (0 unknown) is not just restarting: it was not Ready before,
    or has not been for longer than a reboot takes.
    """
    if node.is_ready:
        return False
    return now - node.since > REBOOT or 0 < node.since < began


def count(store: Store, selector: tuple[Requirement, ...]) -> int:
    """How many nodes a selector takes."""
    return sum(all(one.holds(values(node)) for one in selector) for node in _nodes(store))


def job_of(store: Store, plan: PlanRow, node: str) -> JobRow | None:
    """The Job of the latest hash of a Plan on a node, while there is one."""
    return next((job for job in _jobs(store, plan) if value_of(job, _JOB_NODE) == node), None)


def left_cordoned(store: Store, node: NodeRow) -> Cordoned | None:
    """The Plan that has left a node cordoned, as far as that can be told: nothing uncordons it then."""
    if not node.cordoned:
        return None
    hostname = value_of(node, HOSTNAME) or node.name
    plans = [row for row in store.rows(PLAN) if isinstance(row, PlanRow)]
    for plan in plans:
        if plan.cordons and node.name in dict(_failures(store, plan)):
            return Cordoned(plan.name, gone=False)
    if any(hostname in plan.running for plan in plans):
        return None
    known = {plan.name for plan in plans}
    labelled = [key.removeprefix(LABEL) for key in values(node) if key.startswith(LABEL)]
    return next((Cordoned(name, gone=True) for name in sorted(labelled) if name not in known), None)


def _failures(store: Store, plan: PlanRow) -> Iterator[tuple[str, str]]:
    """The nodes on which the Job of the latest hash has failed, and why; Jobs are deleted after a quarter of an hour,
    so what the Plan's own condition says counts, too.
    """
    whole = plan.complete
    if whole is not None and whole.reason == "JobFailed":
        said = _FAILED_ON.search(whole.message)
        if said is not None:
            yield said[1].rstrip(","), said[2]
    for job in _jobs(store, plan):
        node = value_of(job, _JOB_NODE)
        if node and job.status == "Failed":
            yield node, job.why


def _jobs(store: Store, plan: PlanRow) -> Iterator[JobRow]:
    for job in store.rows(JOB):
        if (
            isinstance(job, JobRow)
            and job.namespace == plan.namespace
            and value_of(job, _JOB_PLAN) == plan.name
            and value_of(job, f"{LABEL}{plan.name}") == plan.hash
        ):
            yield job


def _nodes(store: Store) -> Iterator[NodeRow]:
    return (row for row in store.rows(NODE) if isinstance(row, NodeRow))

"""The revisions of a workload with the pods that run them: what is known live, and what was read of their history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from edgetui.model.cache.store import Store
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.kinds.replicaset import ReplicaSetRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.kinds.workload import RolloutRow
from edgetui.model.rollout.revision import Revision, last_known_good
from edgetui.model.rollout.status import View


class RevisionNode(NamedTuple):
    """One revision: `name` is that of its ReplicaSet or ControllerRevision, `number` 0 when it is not known.

    `mark` says in a word what is known of it: it runs now, it is the last that worked, it worked.
    """

    number: int
    name: str
    mark: str
    images: tuple[str, ...]
    cause: str
    created: int
    pods: tuple[PodRow, ...]

    @property
    def ready(self) -> int:
        """How many of its pods are ready and stay."""
        return sum(pod.is_ready and not pod.deleting for pod in self.pods)

    @property
    def staying(self) -> int:
        """How many pods it has, those that are ending left out."""
        return sum(not pod.deleting for pod in self.pods)


def runs(name: str, pod: PodRow) -> bool:
    """Whether a pod was made from the ReplicaSet or ControllerRevision of that name: its label holds the end of it."""
    return bool(pod.template) and (pod.template == name or name.endswith(f"-{pod.template}"))


def marks(history: Iterable[Revision]) -> dict[str, str]:
    """What is known of each revision in a word, by its name."""
    known = list(history)
    good = last_known_good(known)
    return {one.name: "now" if one.current else "last good" if one is good else _known(one) for one in known}


def _known(one: Revision) -> str:
    return "worked" if one.known_good else "withdrawn" if one.withdrawn else ""


def tree(store: Store, row: RolloutRow, view: View, history: Sequence[Revision]) -> list[RevisionNode]:
    """The revisions, newest first; without a history those of the pods that are there."""
    pods = [pod for pod in view.pods if not pod.ended]
    if isinstance(row, DeploymentRow):
        found = _of_sets(store, row, pods, marks(history))
    else:
        found = [
            RevisionNode(
                one.number, one.name, mark, one.images, one.cause, one.created, _running(one.name, pods)
            )
            for one, mark in zip(history, marks(history).values(), strict=True)
        ]
    told = {pod.uid for branch in found for pod in branch.pods}
    rest = [pod for pod in pods if pod.uid not in told]
    newest = row.update_revision if isinstance(row, StatefulSetRow) else view.template
    for template in sorted({pod.template for pod in rest}, key=lambda one: (one != newest, one)):
        mine = tuple(pod for pod in rest if pod.template == template)
        mark = "now" if template and template == newest else ""
        found.append(RevisionNode(0, template, mark, (), "", min(pod.created for pod in mine), mine))
    return sorted(found, key=lambda one: (one.number or 1 << 62, one.mark == "now"), reverse=True)


def _of_sets(
    store: Store, row: DeploymentRow, pods: list[PodRow], known: dict[str, str]
) -> list[RevisionNode]:
    sets = [one for one in store.owned_by(row.uid) if isinstance(one, ReplicaSetRow)]
    return [
        RevisionNode(
            one.revision,
            one.name,
            known.get(one.name, "now" if row.revision and one.revision == row.revision else ""),
            one.images,
            one.cause,
            one.created,
            tuple(pod for pod in pods if pod.owner_uid == one.uid),
        )
        for one in sets
    ]


def _running(name: str, pods: list[PodRow]) -> tuple[PodRow, ...]:
    return tuple(pod for pod in pods if runs(name, pod))

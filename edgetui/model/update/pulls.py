"""Which nodes have the images of an update already: what kubelets, engines and pods tell of it, put together.

A kubelet pulls for the pods of a Plan's Jobs and says so in Events; edgecore pulls by itself, for an ImagePrePullJob or
as it is updated. What a node lists in its status settles what nobody tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from edgetui.model.cache.store import Store
from edgetui.model.kinds.base import Fact
from edgetui.model.kinds.event import EventRow
from edgetui.model.kinds.imageprepulljob import IMAGE_PRE_PULL_JOB, ImagePrePullJobRow
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.kinds.nodeupgradejob import NodeUpgradeJobRow
from edgetui.model.kinds.plan import PlanRow
from edgetui.model.kinds.pod import POD, PodRow
from edgetui.model.kinds.pulled import ORDER, NodePull, Pull, pull_facts
from edgetui.model.kinds.talosupgrade import TalosUpgradeRow
from edgetui.model.kinds.update import UpdateRow
from edgetui.model.labels import values
from edgetui.model.pod import imageref
from edgetui.model.pod.node_images import NodeImages
from edgetui.model.text import ago, memory
from edgetui.model.update.plan import coverage, job_of

LISTED_AFTER = 360.0
"""Seconds after a pull within which a kubelet may not list the image yet: it tells of itself every five minutes."""
PULL_REASONS = frozenset({"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ErrImageNeverPull"})
_TOLD = {"Pulling": Pull.PULLING, "Pulled": Pull.HELD, "Failed": Pull.FAILED, "BackOff": Pull.FAILED}
"""What the kubelet's events of a pull mean, by reason (pkg/kubelet/events); others with these reasons name no image."""
_IMAGE = re.compile(r'\bimage "([^"]{1,512})"')
_TOOK = re.compile(r'" in ([\d.a-zµ]+) ')
_SIZE = re.compile(r"Image size: (\d{1,15}) bytes")


class ReadPulls(msgspec.Struct, frozen=True):
    """What was read beside what is watched: the images that nodes list, by name, and the kubelets' events.

    `not_listed` and `not_heard` say why there are none, as clauses.
    """

    listed: Mapping[str, NodeImages] = {}
    not_listed: str = ""
    events: tuple[EventRow, ...] = ()
    not_heard: str = ""


def update_pull_facts(store: Store, row: UpdateRow, read: ReadPulls, now: float) -> Iterator[Fact]:
    """What the page of an update says of its images at a time (Unix s): nothing where it tells of none."""
    images = row.images if isinstance(row, PlanRow | NodeUpgradeJobRow) else ()
    pulls = update_pulls(store, row, read, now)
    if not pulls:
        return
    for at, image in enumerate(images):
        yield Fact("" if at else "image", image)
    yield from pull_facts(pulls, max(1, len(images)))
    if isinstance(row, PlanRow) and read.not_heard:
        yield Fact("", f"pulls that are going on are not known: {read.not_heard}")


def update_pulls(store: Store, row: UpdateRow, read: ReadPulls, now: float) -> list[NodePull]:
    """Each node that is not updated yet, and how far it is with the images of the update."""
    if isinstance(row, TalosUpgradeRow):
        return list(_of_talos(store, row))
    if isinstance(row, PlanRow):
        found = coverage(store, row, now)
        nodes = found.todo if found is not None else ()
    elif isinstance(row, NodeUpgradeJobRow):
        nodes = row.todo
    else:
        return []
    told = list(_told_by_kubelets(read.events))
    return [
        min(
            (_of_image(store, row, name, image, told, read, now) for image in row.images),
            key=lambda one: ORDER.index(one.pull),
        )
        for name in nodes
        if row.images
    ]


def _of_talos(store: Store, row: TalosUpgradeRow) -> Iterator[NodePull]:
    """tuppr tells which nodes have pulled, once any has; it names the node that has not in free text alone."""
    if row.pulled is None or row.selector is None:
        return
    why = row.unpulled or "tuppr does not tell"
    for node in sorted(store.rows(NODE), key=lambda one: one.name):
        if isinstance(node, NodeRow) and all(one.holds(values(node)) for one in row.selector):
            held = node.name in row.pulled
            yield NodePull(node.name, Pull.HELD if held else Pull.UNKNOWN, "" if held else why)


def _of_image(
    store: Store,
    row: PlanRow | NodeUpgradeJobRow,
    node: str,
    image: str,
    told: Sequence[tuple[str, EventRow]],
    read: ReadPulls,
    now: float,
) -> NodePull:
    """One image on one node: what goes on now before what was, and what was before what is only listed."""
    wanted = imageref.parse(image)
    full = wanted.full if wanted is not None else image
    if isinstance(row, PlanRow) and (failing := _failing(store, row, node, full)):
        return NodePull(node, Pull.FAILED, failing)
    events = [event for named, event in told if event.host == node and named == full]
    last = max(events, key=lambda one: one.last, default=None)
    listed = read.listed.get(node)
    there = listed.has(image) if listed is not None else None
    if last is not None and (found := _of_event(store, last, node, there, now)):
        return found
    if there is not None:
        return NodePull(node, Pull.HELD if there else Pull.MISSING)
    if (found := _of_jobs(store, node, full)) is not None:
        return found
    why = listed.why_not_known if listed is not None else read.not_listed or "the node lists no images"
    return NodePull(node, Pull.UNKNOWN, why)


def _failing(store: Store, plan: PlanRow, node: str, image: str) -> str:
    """Why a pod of its Job waits for the image; empty where none does."""
    job = job_of(store, plan, node)
    for pod in store.pods_of(job.uid) if job is not None else ():
        problem = pod.problem
        if problem is not None and problem.reason in PULL_REASONS and _full(problem.image) in (image, ""):
            return f"{problem.reason}: {problem.message}" if problem.message else problem.reason
    return ""


def _of_event(store: Store, event: EventRow, node: str, there: bool | None, now: float) -> NodePull | None:
    """What the last event of an image on a node says; None where it is over, or the node's own list knows better."""
    pull = _TOLD[event.reason]
    if pull is Pull.PULLING:
        pod = store.get(POD, event.about_namespace, event.about_name)
        begun = isinstance(pod, PodRow) and not pod.ended and not there
        return NodePull(node, pull, f"for {ago(event.last, now)}") if begun else None
    if pull is Pull.HELD:
        if there is False and now - event.last > LISTED_AFTER:
            return None
        return NodePull(node, pull, _took(event))
    return None if there else NodePull(node, pull, f"{ago(event.last, now)} ago: {event.message}")


def _took(event: EventRow) -> str:
    """How long a pull took and how much it was, as far as the kubelet says."""
    took, size = _TOOK.search(event.message), _SIZE.search(event.message)
    told = [f"in {took[1]}"] if took else []
    return ", ".join([*told, *([memory(int(size[1]))] if size else [])])


def _of_jobs(store: Store, node: str, image: str) -> NodePull | None:
    """What an ImagePrePullJob tells of an image on a node, the newest of them."""
    jobs = [row for row in store.rows(IMAGE_PRE_PULL_JOB) if isinstance(row, ImagePrePullJobRow)]
    told = (
        pull
        for job in sorted(jobs, key=lambda one: -one.created)
        for one in job.images
        if _full(one.image) == image
        for pull in one.nodes
    )
    return next((pull for pull in told if pull.node == node), None)


def _told_by_kubelets(events: Iterable[EventRow]) -> Iterator[tuple[str, EventRow]]:
    """The events that tell of a pull, with the image in full."""
    for event in events:
        named = _IMAGE.search(event.message) if event.reason in _TOLD else None
        if named is not None:
            yield _full(named[1]), event


def _full(image: str) -> str:
    found = imageref.parse(image)
    return found.full if found is not None else image

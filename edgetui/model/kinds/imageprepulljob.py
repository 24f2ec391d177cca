"""ImagePrePullJobs of KubeEdge (operations.kubeedge.io): images that edge nodes pull before anything needs them.

Its types are types_imageprepull.go of apis/operations/v1alpha2 of KubeEdge's API, and imageprepull_types.go of
v1alpha1, whose states are those of apis/fsm/v1alpha1. Both store the same objects, so each may have the other's fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from edgetui.model.kinds.base import Fact, Kind, Row
from edgetui.model.kinds.nodeupgradejob import STAGES
from edgetui.model.kinds.pulled import NodePull, Pull, pull_facts
from edgetui.model.kinds.update import (
    MOST_NODES,
    MOST_TEXT,
    Stage,
    UpdateRow,
    WireSelector,
    failures,
    names,
    on_disk,
    requirements,
)
from edgetui.model.kinds.wire import Meta, Wire, labelled, shared
from edgetui.model.text import clean, plural

IMAGE_PRE_PULL_JOB = "ImagePrePullJob"
_STATES = {
    "Checking": Stage.RUNNING,
    "Pulling": Stage.RUNNING,
    "Pause": Stage.PAUSED,
    "Successful": Stage.COMPLETE,
    "Failed": Stage.FAILED,
}
"""The states of v1alpha1."""
_PULLS = {
    "": Pull.MISSING,
    "Init": Pull.MISSING,
    "Pending": Pull.MISSING,
    "Successful": Pull.HELD,
    "True": Pull.HELD,
    "Failure": Pull.FAILED,
    "Failed": Pull.FAILED,
    "False": Pull.FAILED,
    "Unknown": Pull.UNKNOWN,
}
"""The phases of a node and the states of one image on it; under all others it is pulling."""


class WireTemplate(Wire):
    images: list[str] | None = None
    node_names: list[str] | None = None
    label_selector: WireSelector | None = None


class WirePullSpec(Wire):
    image_pre_pull_template: WireTemplate | None = None


class WireImageStatus(Wire):
    image: str | None = None
    status: str | None = None
    state: str | None = None
    reason: str | None = None


class WireTask(Wire):
    """A node of v1alpha1."""

    node_name: str | None = None
    state: str | None = None
    reason: str | None = None


class WirePullAction(Wire):
    status: str | None = None
    reason: str | None = None


class WirePullNode(Wire):
    """A node and its images; in v1alpha1 the node is a part of its own."""

    node_name: str | None = None
    phase: str | None = None
    reason: str | None = None
    action_flow: list[WirePullAction] | None = None
    image_status: list[WireImageStatus] | None = None
    node_status: WireTask | None = None


class WirePullStatus(Wire):
    phase: str | None = None
    state: str | None = None
    reason: str | None = None
    node_status: list[WirePullNode] | None = None
    status: list[WirePullNode] | None = None


class WireImagePrePullJob(Wire):
    """An ImagePrePullJob as it arrives."""

    metadata: Meta | None = None
    spec: WirePullSpec | None = None
    status: WirePullStatus | None = None


class ImagePull(NamedTuple):
    """One image on the nodes that have told of it."""

    image: str
    nodes: tuple[NodePull, ...]


class ImagePrePullJobRow(UpdateRow):
    """An ImagePrePullJob. `images` are those that it names, with what each node has told; `pulls` are its nodes."""

    engine: str = "KubeEdge"
    images: tuple[ImagePull, ...] = ()
    pulls: tuple[NodePull, ...] = ()

    def busy(self, who: str) -> str:
        """Nothing is updated by it."""
        return f"pulling on {who}" if who else "pulling"


def project(job: WireImagePrePullJob) -> ImagePrePullJobRow:
    """The row of an ImagePrePullJob."""
    spec, status = job.spec or WirePullSpec(), job.status or WirePullStatus()
    template = spec.image_pre_pull_template or WireTemplate()
    nodes = (status.node_status or status.status or [])[:MOST_NODES]
    pulls = tuple(_node(one) for one in nodes if _name(one))
    phase = clean(status.phase or status.state, 40)
    images = names(template.images)
    selector = template.label_selector
    return ImagePrePullJobRow(
        **labelled(job.metadata),
        target=_target(images),
        stage=STAGES.get(phase) or _STATES.get(phase, Stage.RUNNING),
        phase=phase,
        message=clean(status.reason, MOST_TEXT),
        done=sum(one.pull is Pull.HELD for one in pulls) if pulls else None,
        total=len(pulls) or len(template.node_names or ()) or None,
        running=names(one.node for one in pulls if one.pull is Pull.PULLING),
        failed=failures((one.node, one.why) for one in pulls if one.pull in (Pull.FAILED, Pull.UNKNOWN)),
        selector=requirements(selector) if selector is not None else None,
        images=tuple(ImagePull(image, tuple(_of_image(nodes, image))) for image in images),
        pulls=pulls,
    )


def _target(images: tuple[str, ...]) -> str:
    """What stands for its version: the one image, without its registry, or how many there are; "" for none."""
    if len(images) > 1:
        return plural(len(images), "image")
    return clean(images[0].rpartition("/")[2], 60) if images else ""


def _name(node: WirePullNode) -> str:
    return shared(clean(node.node_name or (node.node_status.node_name if node.node_status else "")))


def _node(node: WirePullNode) -> NodePull:
    """How far a node is, and why it is no further: its own reason, else that of the step or of the images."""
    task = node.node_status or WireTask()
    pull = _PULLS.get(node.phase or task.state or "", Pull.PULLING)
    images = node.image_status or ()
    lost = [one for one in images if _pull(one) is Pull.FAILED]
    if pull is Pull.PULLING and images:
        held = sum(_pull(one) is Pull.HELD for one in images)
        return NodePull(_name(node), pull, f"has {held} of {plural(len(images), 'image')}")
    if pull not in (Pull.FAILED, Pull.UNKNOWN):
        return NodePull(_name(node), pull)
    told = "; ".join(f"{one.image}: {one.reason}" if one.reason else str(one.image) for one in lost)
    step = next((one.reason for one in node.action_flow or () if one.status == "False"), "")
    why = told or node.reason or task.reason or step
    if not why and pull is Pull.UNKNOWN:
        why = "what it does is not known"
    return NodePull(_name(node), pull, clean(why, MOST_TEXT))


def _of_image(nodes: list[WirePullNode], image: str) -> Iterator[NodePull]:
    for node in nodes:
        for one in node.image_status or ():
            if one.image == image and _name(node):
                yield NodePull(_name(node), _pull(one), clean(one.reason, MOST_TEXT))


def _pull(image: WireImageStatus) -> Pull:
    return _PULLS.get(image.status or image.state or "", Pull.PULLING)


def facts(row: ImagePrePullJobRow, now: float) -> Iterator[Fact]:
    """What its page says of it: each image, then each node."""
    yield Fact("engine", row.engine)
    if row.phase:
        yield Fact("phase", row.phase, bad=row.stage is Stage.FAILED)
    for one in row.images:
        held = sum(pull.pull is Pull.HELD for pull in one.nodes)
        lost = [pull.node for pull in one.nodes if pull.pull is Pull.FAILED]
        failed = f", failed on {', '.join(lost)}" if lost else ""
        told = f": on {held or 'none'} of {plural(len(row.pulls), 'node')}{failed}" if row.pulls else ""
        yield Fact("image", f"{one.image}{told}", bad=bool(lost))
    yield from pull_facts(row.pulls, len(row.images))
    if row.message:
        yield Fact("message", row.message)


def kept(row: ImagePrePullJobRow) -> Row:
    """The row without what its engine says in free text."""

    def quiet(pulls: tuple[NodePull, ...]) -> tuple[NodePull, ...]:
        return tuple(one._replace(why="") for one in pulls)

    images = tuple(one._replace(nodes=quiet(one.nodes)) for one in row.images)
    return on_disk(replace(row, images=images, pulls=quiet(row.pulls)))


def _v1alpha1() -> Kind:
    return replace(KIND, version="v1alpha1")


KIND: Kind = Kind(
    name=IMAGE_PRE_PULL_JOB,
    plural="imageprepulljobs",
    group="operations.kubeedge.io",
    version="v1alpha2",
    namespaced=False,
    wire=WireImagePrePullJob,
    row=ImagePrePullJobRow,
    project=project,
    older={"v1alpha1": _v1alpha1},
    snapshot=kept,
    facts=facts,
)

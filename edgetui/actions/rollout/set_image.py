"""Set the image of one container of a workload: seen before as a difference, checked as a reference."""

from __future__ import annotations

import msgspec

from edgetui.actions import commandline
from edgetui.actions.catalogue import needs
from edgetui.actions.change import change
from edgetui.actions.change.change import Change
from edgetui.actions.change.ending import Ending
from edgetui.actions.change.precondition import in_words, object_path
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Json, Receipt, Refusal
from edgetui.actions.rollout.follow import Following, follow
from edgetui.actions.rollout.node_images import held_images
from edgetui.actions.rollout.patches import NO_CAUSE
from edgetui.actions.rollout.workload import WorkloadView, facts, look, slow_to_follow
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.pod import imageref
from edgetui.model.pod.node_images import HeldImages
from edgetui.model.redacted import Discreet
from edgetui.model.rollout.status import proven
from edgetui.model.text import clean

_LISTS = {"containers": "container", "initContainers": "init container"}


class Container(msgspec.Struct, frozen=True):
    """One container of a pod template; `list` is the field of the pod spec that it stands in."""

    list: str
    name: str
    image: str

    @property
    def words(self) -> str:
        """As a person says it: "container app"."""
        return f"{_LISTS[self.list]} {self.name}"


class ImageView(Discreet, frozen=True):
    """A workload whose image is to be set, with its containers, and the images its nodes hold."""

    SHOWN = ("seen", "containers")

    seen: WorkloadView
    containers: tuple[Container, ...]
    held: HeldImages

    @property
    def ref(self) -> ObjectRef:
        """The object that was shown."""
        return self.seen.ref

    def container(self, name: str) -> Container:
        """The container of that name, the only one where none is named; raises Refusal when it is not clear."""
        names = ", ".join(one.name for one in self.containers)
        if not name and len(self.containers) == 1:
            return self.containers[0]
        if not name:
            raise Refusal(
                f"{self.seen.words.capitalize()} has several containers: {names}.",
                "Name one of them: CONTAINER=IMAGE.",
            )
        for one in self.containers:
            if one.name == name:
                return one
        raise Refusal(
            f"{self.seen.words.capitalize()} has no container {name}.", f"It has {names}; name one of them."
        )

    def warnings(self, container: Container, image: str) -> tuple[str, ...]:
        """What setting this image would meet."""
        new = imageref.parse(image)
        found = []
        if new is not None and not new.digest and (pinned := imageref.digest_of(container.image)):
            found.append(f"It is pinned now, to {pinned}: a tag can come to mean another image.")
        if new is not None and not new.digest and new.tag == "latest":
            found.append("The tag latest says nothing: nobody can tell later what ran.")
        if isinstance(self.seen.row, DeploymentRow) and self.seen.row.paused:
            found.append("It is paused: the new image waits until it is resumed.")
        return (*found, *slow_to_follow(self.seen.row), *self.seen.notes)


async def prepare(session: Session, ref: ObjectRef) -> ImageView:
    """Look at the workload and its containers."""
    seen = await look(session, "image", ref)
    spec = seen.template.get("spec") or {}
    containers = tuple(
        Container(field, str(one["name"]), clean(one.get("image"), 600))
        for field in _LISTS
        for one in spec.get(field) or ()
    )
    return ImageView(seen, containers, await held_images(session))


async def perform(
    gate: Gate, session: Session, view: ImageView, container: Container, image: str, *, wait: float | None
) -> Receipt:
    """Set the image and, for at most `wait` seconds (None: not at all), see it rolled out.

    Raises Refusal (or Changed, with the new view) when nothing was written, ApiError when the server refused.
    """
    if why := imageref.problem(image):
        raise Refusal(f"Nothing was changed. {why}")
    seen = view.seen

    async def again() -> ImageView:
        return await prepare(session, seen.ref)

    async def then(run: Run) -> Ending:
        if isinstance(seen.row, DeploymentRow) and seen.row.paused:
            command = commandline.edgetui(session.target, "resume", seen.ref.key)
            line = f"{seen.words} has the image {image}, which waits until it is resumed."
            return Ending(True, False, (line, f"To resume it: {command}"), {})
        following = Following(
            seen.ref,
            seen.row.generation + 1,
            seen.selector,
            reached=f"{seen.words} runs {image}",
            accepted=f"{seen.words} is told to run {image}",
            holds=lambda there: image_of(there, container.list, container.name) == image,
        )
        return await follow(run, following, wait)

    wanted = _change(session, view, container, image)
    return await change.perform(gate, session, wanted, again=again, then=then, wait=wait)


def _change(session: Session, view: ImageView, container: Container, image: str) -> Change:
    seen, key = view.seen, view.ref.key
    return Change(
        action="image",
        ref=seen.ref,
        generation=seen.row.generation,
        needs=needs("image", key.kind),
        title=f"Set the image of {container.words} of {seen.where}",
        facts=(
            *facts(session, seen.ref),
            ("now", container.image),
            ("then", image),
            ("image", view.held.words([image])),
        ),
        diff=difference(container, image),
        warnings=view.warnings(container, image),
        says=f"set the image of {container.words} in {key.kind}/{key.name} to {image}",
        doing=f"Setting {container.words} of {seen.words} to {image}",
        accepted=f"The server accepted {image}",
        write=lambda version: image_write(seen.ref, container, image, proven(seen.row), version),
        applied=lambda there: image_of(there, container.list, container.name) == image,
        data={"container": container.name, "from": container.image, "to": image},
        nothing=f"{container.words} of {seen.words} has the image {image} already: nothing was written"
        if container.image == image
        else "",
    )


def difference(container: Container, image: str) -> tuple[str, ...]:
    """What setting the image changes in the pod template; digests in full."""
    path = f"{container.list}[{container.name}].image"
    return (f"- {path}: {container.image}", f"+ {path}: {image}")


def image_write(ref: ObjectRef, container: Container, image: str, worked: bool, version: str) -> Write:
    """The request that sets the image; `worked` is whether all of the workload served with the image it had."""
    path = object_path(ref.key)
    body = {
        "metadata": {"resourceVersion": version, "annotations": NO_CAUSE},
        "spec": {"template": {"spec": {container.list: [{"name": container.name, "image": image}]}}},
    }
    about = {"list": container.list, "container": container.name}
    return Write(
        "PATCH",
        path,
        body,
        f"set the image of {container.words} of {in_words(ref.key)} to {image}",
        content_type="application/strategic-merge-patch+json",
        uid=ref.uid,
        before={**about, "image": container.image, "worked": worked, "resourceVersion": version},
        after={**about, "image": image},
    )


def image_of(there: Json, field: str, name: str) -> str:
    """The image of one container of an object's template, empty when there is no such container."""
    for one in there["spec"]["template"]["spec"].get(field) or ():
        if one.get("name") == name:
            return str(one.get("image", ""))
    return ""

"""Set images of a workload's containers: seen before as a difference, checked as references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from edgetui.actions import commandline
from edgetui.actions.catalogue import needs
from edgetui.actions.change import spec as specs
from edgetui.actions.change.change import Change, facts
from edgetui.actions.change.ending import Ending
from edgetui.actions.change.form import Form, Leads, Part
from edgetui.actions.change.precondition import in_words, object_path
from edgetui.actions.change.spec import Aim, Argument, Given, SetBack, Spec, differences
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Json, Receipt, Refusal
from edgetui.actions.rollout.follow import Following, follow
from edgetui.actions.rollout.node_images import held_images
from edgetui.actions.rollout.patches import NO_CAUSE
from edgetui.actions.rollout.workload import WorkloadView, read_workload, slow_to_follow
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.pod import imageref
from edgetui.model.pod.node_images import HeldImages
from edgetui.model.redacted import Discreet
from edgetui.model.rollout.status import proven
from edgetui.model.text import clean, verb

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

    @property
    def path(self) -> str:
        """Where its image stands in the pod spec."""
        return f"{self.list}[{self.name}{IMAGE}"


Wanted = Mapping[str, str]
"""The answer: the image that each container gets, by the container's name."""
IMAGE = "].image"
"""Ends the path of an image in the pod spec: containers[app].image."""
ALL = "*"
"""Stands for every container, as in kubectl set image."""


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

    def warnings(self, wanted: Wanted) -> tuple[str, ...]:
        """What setting these images would meet."""
        found = []
        for name, image in wanted.items():
            new, pinned = imageref.parse(image), imageref.digest_of(self.container(name).image)
            if new is not None and not new.digest and pinned:
                it = "It" if len(wanted) == 1 else self.container(name).words.capitalize()
                found.append(f"{it} is pinned now, to {pinned}: a tag can come to mean another image.")
            if new is not None and not new.digest and new.tag == "latest":
                found.append("The tag latest says nothing: nobody can tell later what ran.")
        if isinstance(self.seen.row, DeploymentRow) and self.seen.row.paused:
            found.append("It is paused: the new image waits until it is resumed.")
        return (*dict.fromkeys(found), *slow_to_follow(self.seen.row), *self.seen.notes)


async def prepare(session: Session, ref: ObjectRef) -> ImageView:
    """Look at the workload and its containers."""
    seen = await read_workload(session, "image", ref)
    spec = seen.template.get("spec") or {}
    containers = tuple(
        Container(field, str(one["name"]), clean(one.get("image"), 600))
        for field in _LISTS
        for one in spec.get(field) or ()
    )
    return ImageView(seen, containers, HeldImages(()))


async def explain(aim: Aim, view: ImageView) -> ImageView:
    """Which nodes hold which images already."""
    return replace(view, held=await held_images(aim.session))


def change(session: Session, view: ImageView, wanted: Wanted) -> Change:
    """The images of some containers. Raises Refusal for what is no reference of an image, or no container of it."""
    for image in wanted.values():
        if why := imageref.problem(image):
            raise Refusal(f"Nothing was changed. {why}")
    seen, key = view.seen, view.ref.key
    asked = [view.container(name) for name in wanted]
    new = {one: wanted[one.name] for one in asked if one.image != wanted[one.name]}
    whose = _whose(asked)
    images = ", ".join(dict.fromkeys(wanted.values()))
    same = "has the image" if len(asked) == 1 else "have the images"
    return Change(
        action="image",
        ref=seen.ref,
        generation=seen.row.generation,
        needs=needs("image", key.kind),
        title=f"Set {whose} of {seen.where}",
        facts=(
            *facts(session, seen.ref),
            ("current", ", ".join(dict.fromkeys(one.image for one in asked))),
            ("new", images),
            ("image", view.held.words([*dict.fromkeys(wanted.values())])),
        ),
        diff=difference(new),
        warnings=view.warnings(wanted),
        says=f"set {whose} in {key.kind}/{key.name} to {images}",
        doing=f"Setting {', '.join(one.words for one in asked)} of {seen.words} to {images}",
        accepted=f"The server accepted {images}",
        write=lambda version: image_write(seen.ref, new, proven(seen.row), version),
        applied=lambda there: all(image_of(there, one) == image for one, image in new.items()),
        data=_data({one: wanted[one.name] for one in asked}),
        known=seen.there["metadata"],
        nothing=""
        if new
        else f"{', '.join(one.words for one in asked)} of {seen.words} {same} {images} already: nothing was written",
    )


def _whose(containers: Sequence[Container]) -> str:
    return f"the image{'s' * (len(containers) > 1)} of {', '.join(one.words for one in containers)}"


def _data(wanted: Mapping[Container, str]) -> Json:
    """For --json: flat for one container, a list for several."""
    found = [{"container": one.name, "from": one.image, "to": image} for one, image in wanted.items()]
    return found[0] if len(found) == 1 else {"images": found}


def difference(new: Mapping[Container, str]) -> tuple[str, ...]:
    """What setting these images changes in the pod template; digests in full."""
    return differences({one.path: one.image for one in new}, {one.path: image for one, image in new.items()})


def image_write(ref: ObjectRef, new: Mapping[Container, str], worked: bool, version: str) -> Write:
    """The request that sets the images; `worked` is whether all of the workload served with those it had."""
    spec: dict[str, list[dict[str, str]]] = {}
    for one, image in new.items():
        spec.setdefault(one.list, []).append({"name": one.name, "image": image})
    body = {
        "metadata": {"resourceVersion": version, "annotations": NO_CAUSE},
        "spec": {"template": {"spec": spec}},
    }
    return Write(
        "PATCH",
        object_path(ref.key),
        body,
        f"set {_whose([*new])} of {in_words(ref.key)} to {', '.join(dict.fromkeys(new.values()))}",
        content_type="application/strategic-merge-patch+json",
        uid=ref.uid,
        before={**{one.path: one.image for one in new}, "worked": worked, "resourceVersion": version},
        after={one.path: image for one, image in new.items()},
    )


def image_of(there: Json, container: Container) -> str:
    """The image of one container of an object's template, empty when there is no such container."""
    for one in there["spec"]["template"]["spec"].get(container.list) or ():
        if one.get("name") == container.name:
            return str(one.get("image", ""))
    return ""


async def outcome(run: Run, view: ImageView, wanted: Wanted, wait: float | None) -> Ending:
    """Until all of it runs the images; while it is paused that waits."""
    seen, image = view.seen, ", ".join(dict.fromkeys(wanted.values()))
    new = {view.container(name): image for name, image in wanted.items()}
    if isinstance(seen.row, DeploymentRow) and seen.row.paused:
        command = commandline.edgetui(run.session.target, "resume", seen.ref.key)
        waits = verb(len(set(wanted.values())), "waits", "wait")
        line = f"{seen.words} has the image {image}, which {waits} until it is resumed."
        return Ending(True, False, (line, f"To resume it: {command}"), {})
    following = Following(
        seen.ref,
        seen.row.generation + 1,
        seen.selector,
        reached=f"{seen.words} runs {image}",
        accepted=f"{seen.words} is told to run {image}",
        holds=lambda there: all(image_of(there, one) == image for one, image in new.items()),
    )
    return await follow(run, following, wait)


def form(view: ImageView) -> Form:
    """The image of each container."""
    wide = max((len(one.words) for one in view.containers), default=0)
    parts = [
        Part(one.name, f"{one.words:<{wide}}  {one.image}", {"image": one.image}) for one in view.containers
    ]
    return Form(parts=parts, part="container")


def leads(view: ImageView, given: Given) -> Leads:
    """What a typed image changes."""
    container, image = view.container(given["container"]), " ".join(given["image"] or ())
    if image == container.image:
        return Leads(same="that is the image it has; type another one")
    if why := imageref.problem(image):
        return Leads(wrong=why)
    held = f"image: {view.held.words([image])}"
    wanted = {container.name: image}
    return Leads(view.warnings(wanted), diff=difference({container: image}), notes=[held])


def _answer(view: ImageView, given: Given) -> Wanted:
    if given.get("container"):
        return {given["container"]: " ".join(given["image"])}
    found: dict[str, str] = {}
    for word in given["image"]:
        name, _, image = word.rpartition("=")
        chosen = view.containers if name == ALL else (view.container(name),)
        found |= {one.name: image for one in chosen}
    return found


def _now(view: ImageView, after: Json) -> Json:
    there = {one.path: one.image for one in view.containers}
    return {path: there.get(path) for path in after if path.endswith(IMAGE)}


def _before(view: ImageView, before: Json) -> Wanted:
    return {one.name: str(before[one.path]) for one in view.containers if one.path in before}


def _then(view: ImageView, before: Json) -> str:
    return f"at {', '.join(dict.fromkeys(_before(view, before).values()))}"


def _unproven(before: Json) -> str:
    images = [str(image) for path, image in before.items() if path.endswith(IMAGE)]
    return "" if before.get("worked") else f"{', '.join(images)} is not known to have worked."


SPEC: Spec[ImageView, Wanted] = Spec(
    read=lambda aim: prepare(aim.session, aim.ref),
    explain=explain,
    answer=_answer,
    title=lambda view, wanted: (
        f"Set the image of {view.seen.words} to {', '.join(dict.fromkeys(wanted.values()))}"
    ),
    change=change,
    outcome=outcome,
    back=SetBack(now=_now, answer=_before, then=_then, unproven=_unproven),
    arguments=(
        Argument(
            "image",
            "for example app=registry.local/press:2.1, several of them, or *=IMAGE for every container; "
            "the container can be left out where there is only one",
            "[CONTAINER=]IMAGE",
            hint="registry/name:tag, or name@digest",
            edited=True,
            many=True,
            one_more=lambda word: "=" in word,
        ),
    ),
    fields=form,
    leads=leads,
)


async def perform(
    gate: Gate, session: Session, view: ImageView, wanted: Wanted, *, wait: float | None
) -> Receipt:
    """Set the images of what was prepared; see `spec.perform`."""
    aim = Aim("image", session, view.ref, gate.audit)
    return await specs.perform(SPEC, gate, aim, view, wanted, wait=wait)

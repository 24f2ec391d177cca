"""Debug: an ephemeral container beside those of a pod, and a terminal in it, as `kubectl debug -it` does.

It is for containers that have no shell of their own. The write is a patch of pods/ephemeralcontainers at the version
of the pod; nothing takes such a container out of a pod again, which is said before.
"""

from __future__ import annotations

import shlex
from functools import partial

import msgspec

from edgetui.actions.catalogue import needs
from edgetui.actions.change.change import facts
from edgetui.actions.change.ending import Ending, after_write, unknown
from edgetui.actions.change.form import Form, Leads
from edgetui.actions.change.precondition import Intent, PlanOf, carry_out, in_words, object_path, read
from edgetui.actions.change.spec import Aim, Argument, Given, Spec
from edgetui.actions.commandline import edgetui
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Json, Plan, Receipt, Refusal
from edgetui.actions.remote.execute import PodView, pod_view
from edgetui.actions.remote.visit import Container, ending, explained_standard, held, suffix, visit
from edgetui.actions.session import Session
from edgetui.cluster.target import DEBUG_IMAGE
from edgetui.model.identity import ObjectRef
from edgetui.model.pod.debugging import CONTAINER, GENERAL, PROFILES, ephemeral
from edgetui.model.text import clean

FOR_EVER = "Kubernetes removes no ephemeral container: it stays in the pod until the pod is replaced."


class DebugView(msgspec.Struct, frozen=True):
    """A pod as it is now. `name` is what the container is going to be called, `image` what runs in it usually."""

    pod: PodView
    node: str
    name: str
    image: str

    @property
    def ref(self) -> ObjectRef:
        """The pod at the version that was read."""
        return self.pod.ref

    @property
    def target(self) -> str:
        """The container whose processes are looked at usually: the default one, where it runs."""
        one = self.pod.container()
        return one.name if one.state == "running" else ""


class DebugAnswer(msgspec.Struct, frozen=True):
    """What is to run, and beside which container: empty for beside none of them."""

    image: str
    target: str
    argv: tuple[str, ...]
    profile: str


async def prepare(aim: Aim) -> DebugView:
    """Look at the pod. Raises Refusal where nothing can run in it."""
    needs(aim.action, aim.ref.key.kind)
    there = await read(aim.session, aim.ref)
    if there["metadata"].get("deletionTimestamp"):
        raise Refusal(f"{in_words(aim.ref.key)} is ending, so nothing new runs in it.")
    node = str((there.get("spec") or {}).get("nodeName") or "")
    image = aim.session.target.debug_image
    return DebugView(pod_view(aim.ref, there), node, f"{CONTAINER}-{suffix()}", image)


def _answer(view: DebugView, given: Given) -> DebugAnswer:
    """Raises Refusal for a target that is none, and for what is no image."""
    typed = {**given, **_typed(str(given.get("options") or ""))}
    image, target = image_of(typed.get("image") or view.image), str(typed.get("target") or "")
    if target:
        view.pod.container(target)
        if target not in {one.name for one in view.pod.containers}:
            raise Refusal(
                f"The processes of {target} cannot be looked at: it is an init or ephemeral container.",
                f"Name one of {', '.join(one.name for one in view.pod.containers)}.",
            )
    return DebugAnswer(image, target, tuple(typed.get("command") or ()), str(typed.get("profile") or GENERAL))


def image_of(text: object) -> str:
    """What was typed as an image. Raises Refusal for what is the name of none."""
    image = str(text)
    if clean(image) != image or " " in image:
        raise Refusal(f"“{clean(image, 80)}” is not the name of an image.")
    return image


def _typed(text: str) -> Given:
    """The options that were typed behind :debug, as the command has them."""
    try:
        words = _words(text)
    except ValueError as wrong:
        raise Refusal(f"{str(wrong).capitalize()}.") from None
    found: dict[str, object] = {}
    while words and words[0].startswith("--"):
        option, given, value = words.pop(0).removeprefix("--").partition("=")
        if not option and not given:
            break
        if option not in ("image", "target", "profile") or not (given or words):
            raise Refusal(
                f"--{option} is no option of debug with a value.", "There is --image, --target, --profile."
            )
        found[option] = value if given else words.pop(0)
    if str(found.get("profile", GENERAL)) not in PROFILES:
        raise Refusal(f"{found['profile']} is no profile.", f"There is {', '.join(PROFILES)}.")
    return {**found, **({"command": words} if words else {})}


def _words(text: str) -> list[str]:
    """A command as a shell reads it. Raises ValueError for an open quotation mark."""
    try:
        return shlex.split(text)
    except ValueError:
        raise ValueError("a quotation mark in that command is never closed") from None


def write(view: DebugView, answer: DebugAnswer, version: str) -> Write:
    """What is sent to add the container."""
    made = ephemeral(view.name, answer.image, answer.argv, answer.target, answer.profile)
    return Write(
        "PATCH",
        object_path(view.ref.key, "ephemeralcontainers"),
        {"metadata": {"resourceVersion": version}, "spec": {"ephemeralContainers": [made]}},
        f"add container {view.name} to {in_words(view.ref.key)}",
        content_type="application/strategic-merge-patch+json",
        uid=view.ref.uid,
        after={
            "container": view.name,
            "image": answer.image,
            "target": answer.target,
            "command": list(answer.argv),
        },
    )


def has(there: Json, name: str) -> bool:
    """Whether a pod has an ephemeral container of this name."""
    return any(one.get("name") == name for one in (there.get("spec") or {}).get("ephemeralContainers") or ())


def plan(session: Session, view: DebugView, answer: DebugAnswer, image: str, version: str) -> Plan:
    """What a person agrees to; `image` is whether the node has it, in words."""
    words = in_words(view.ref.key)
    return Plan(
        action="debug",
        cluster=session.name,
        target=view.ref,
        title=f"Add a debug container to {words} in {view.ref.key.namespace} on {session.name}",
        facts=(
            *facts(session, view.ref),
            ("container", view.name),
            ("image", f"{answer.image}, {image}"),
            *((("command", shlex.join(answer.argv)),) if answer.argv else ()),
            (
                "target",
                f"the processes of {answer.target}" if answer.target else "none: its own processes only",
            ),
            ("profile", answer.profile),
            *((("node", view.node),) if view.node else ()),
        ),
        warnings=(FOR_EVER, *_notes(view)),
        writes=(
            f"add an ephemeral container to Pod/{view.ref.key.name}, if it is still at version {version}",
        ),
        yes="Add the container",
    )


def _notes(view: DebugView) -> tuple[str, ...]:
    return () if view.node else ("No node has the pod yet: the container starts once one has.",)


async def perform(gate: Gate, aim: Aim, view: DebugView, answer: DebugAnswer, wait: float | None) -> Receipt:
    """Add it, wait until it runs, and give it the terminal."""
    key, session = view.ref.key, aim.session
    again = edgetui(session.target, "attach", key, "-c", view.name)
    container = Container(view.ref, view.name, again)

    async def explained() -> PlanOf:
        image = await held(session, view.node, answer.image) if view.node else "no node has the pod yet"

        async def made(there: Json, version: str) -> Plan:
            return plan(session, view, answer, image, version)

        return made

    async def changed() -> Exception:
        return Refusal(f"{in_words(key)} is ending by now, so nothing new runs in it.")

    intent = Intent(
        view.ref,
        None,
        write=partial(write, view, answer),
        plan=explained,
        doing=f"Adding {container.words}",
        applied=lambda there: has(there, view.name),
        changed=changed,
        same=lambda there: not there["metadata"].get("deletionTimestamp"),
    )
    async with gate.run(session, "debug", view.ref, needs("debug", key.kind), key.namespace, key.name) as run:
        with explained_standard("--profile baseline asks for less, --profile restricted for the least."):
            lost = await carry_out(run, intent, wait)
        if lost:
            return await run.finish(_receipt(view, unknown(f"Add {container.words}", lost)))
        accepted = f"The server accepted {container.words}"
        run.step(accepted, "done")
        run.remains = f"{container.words} was added. {FOR_EVER}"
        return await run.finish(
            _receipt(view, await after_write(_visited(run, aim, container, wait), accepted))
        )


async def _visited(run: Run, aim: Aim, container: Container, wait: float | None) -> Ending:
    return ending(container, await visit(run, container, aim.terminal, wait), FOR_EVER)


def _receipt(view: DebugView, end: Ending) -> Receipt:
    data = {"container": view.name, "unknown": False, **end.data}
    return Receipt("debug", view.ref.key.cluster, view.ref, end.ok, end.lines, data, end.pending)


def _form(view: DebugView) -> Form:
    return Form({"image": view.image, "target": view.target, "profile": GENERAL, "command": ""})


def _leads(view: DebugView, given: Given) -> Leads:
    answer = _answer(view, given)
    notes = [] if answer.target else ["Without a target it sees its own processes only."]
    return Leads((FOR_EVER, *_notes(view)), notes=notes)


IMAGE = Argument(
    "image", f"what runs in it; default: debug.image of config.yaml, or {DEBUG_IMAGE}", "IMAGE", ("--image",)
)
COMMAND = Argument(
    "command", "what it runs; default: what its image runs", "COMMAND", read=_words, default=(), rest=True
)
SPEC: Spec[DebugView, DebugAnswer] = Spec(
    read=prepare,
    answer=_answer,
    title=lambda view, answer: f"Debug {in_words(view.ref.key)} with {answer.image}",
    procedure=perform,
    final="Kubernetes removes no ephemeral container from a pod",
    arguments=(
        IMAGE,
        Argument(
            "target",
            "the container whose processes it sees; default: none",
            "NAME",
            ("--target",),
            default="",
            hint="the container whose processes it sees; empty for none",
        ),
        Argument(
            "profile",
            "what it may: general (as kubectl; ptrace), or what the Pod Security Standard of that name lets through",
            flags=("--profile",),
            default=GENERAL,
            choices=PROFILES,
        ),
        COMMAND,
    ),
    usual="pod",
    example="for example press-7f9c66-x2k4q",
    fields=_form,
    leads=_leads,
)

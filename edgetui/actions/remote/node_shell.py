"""Node shell: a pod on a node that sees its processes, network and files, as `kubectl debug node/NODE` makes it.

Whoever has it is root on the node, so a person's settings have to allow it first. The pod is deleted in every ending:
creating and deleting it is one plan. Where the cluster cannot be asked any more the command that deletes it is said,
the next start of the screen looks for it (`left_pods.py`), and Kubernetes ends it after DEADLINE.
"""

from __future__ import annotations

import asyncio
import shlex

import msgspec

from edgetui.actions.catalogue import needs
from edgetui.actions.change.change import facts
from edgetui.actions.change.ending import Ending, unknown
from edgetui.actions.change.form import Form, Leads
from edgetui.actions.change.precondition import in_words, object_path, read
from edgetui.actions.change.spec import Aim, Given, Spec
from edgetui.actions.commandline import edgetui, kubectl
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Cancelled, Plan, Receipt, Refusal
from edgetui.actions.remote.debug import COMMAND, IMAGE, image_of
from edgetui.actions.remote.visit import (
    Container,
    Visit,
    ending,
    explained_standard,
    held,
    suffix,
    visit,
)
from edgetui.actions.session import Session
from edgetui.cluster.errors import (
    Conflict,
    EdgetuiError,
    LinkError,
    NotFound,
    OutcomeUnknown,
    ServerFailure,
    Throttled,
)
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.pod import POD
from edgetui.model.pod.debugging import CONTAINER, HOST, LONGEST_NAME, MANAGED_BY, SUFFIX, node_pod

DEADLINE = 4 * 3600
"""Seconds after which Kubernetes ends the pod, whatever became of edgetui; a kubelet ends an idle stream as late."""
STARTS = 300.0
"""Seconds in which it has to start where the person named no other."""
REMOVES, AGAIN = 15.0, 0.5
"""Seconds in which it is tried to delete the pod, and between two tries."""
OWNED = {MANAGED_BY: "edgetui"}
NOT_ALLOWED = "A shell on a node is as root there, and your settings do not allow it"
ALLOW = "debug.node_shell: true in config.yaml allows it, for one context too."


class NodeShellView(msgspec.Struct, frozen=True):
    """A node as it is now, and the pod that is to be created on it."""

    ref: ObjectRef
    namespace: str
    pod: str
    image: str

    @property
    def node(self) -> str:
        """The name of the node."""
        return self.ref.key.name


class NodeShellAnswer(msgspec.Struct, frozen=True):
    """What runs in the pod: an image, and a command in place of its own."""

    image: str
    argv: tuple[str, ...]


async def prepare(aim: Aim) -> NodeShellView:
    """Look at the node. Raises Refusal where the settings allow no shell on it."""
    needs(aim.action, aim.ref.key.kind)
    target = aim.session.target
    if not target.node_shell:
        raise Refusal(f"{NOT_ALLOWED} on {aim.session.name}.", ALLOW)
    metadata = (await read(aim.session, aim.ref))["metadata"]
    ref = ObjectRef(aim.ref.key, metadata["uid"], metadata["resourceVersion"])
    return NodeShellView(
        ref, aim.namespace or target.namespace or "default", pod_name(ref.key.name), target.debug_image
    )


def pod_name(node: str) -> str:
    """A name as kubectl gives it, no longer than a label may be."""
    before = f"node-{CONTAINER}-{node}"[: LONGEST_NAME - SUFFIX - 1].rstrip("-.")
    return f"{before}-{suffix()}"


def _answer(view: NodeShellView, given: Given) -> NodeShellAnswer:
    return NodeShellAnswer(image_of(given.get("image") or view.image), tuple(given.get("command") or ()))


def creation(view: NodeShellView, answer: NodeShellAnswer) -> Write:
    """What is sent to create the pod."""
    return Write(
        "POST",
        KINDS[POD].path(view.namespace),
        node_pod(view.pod, view.node, answer.image, answer.argv, DEADLINE, OWNED),
        f"create pod {view.pod} on {in_words(view.ref.key)}",
        after={"pod": view.pod, "namespace": view.namespace, "image": answer.image},
    )


def removal(ref: ObjectRef) -> Write:
    """What is sent to delete it: that very pod."""
    key = ref.key
    return Write(
        "DELETE",
        object_path(key),
        {"preconditions": {"uid": ref.uid}, "gracePeriodSeconds": 1},
        f"delete pod {key.name} in {key.namespace}",
        before={"pod": key.name, "namespace": key.namespace},
    )


def plan(session: Session, view: NodeShellView, answer: NodeShellAnswer, image: str) -> Plan:
    """What a person agrees to; `image` is whether the node has it, in words."""
    return Plan(
        action="node-shell",
        cluster=session.name,
        target=view.ref,
        title=f"Open a shell on {in_words(view.ref.key)} on {session.name}",
        facts=(
            *facts(session, view.ref),
            ("pod", f"{view.pod} in {view.namespace}"),
            ("image", f"{answer.image}, {image}"),
            *((("command", shlex.join(answer.argv)),) if answer.argv else ()),
            ("files", f"those of the node are below {HOST}; chroot {HOST} makes them the root"),
        ),
        warnings=(
            "The pod sees every process, the network and all files of the node, and may change them.",
            f"It is deleted when the shell ends, and Kubernetes ends it after {DEADLINE // 3600} h.",
        ),
        writes=(f"create pod {view.pod} in {view.namespace}", f"delete pod {view.pod} when the shell ends"),
        yes="Open a shell",
    )


async def perform(
    gate: Gate, aim: Aim, view: NodeShellView, answer: NodeShellAnswer, wait: float | None
) -> Receipt:
    """Create the pod, give it the terminal, and delete it, whatever happens in between."""
    session, write = aim.session, creation(view, answer)
    rights = needs("node-shell", view.ref.key.kind)
    async with gate.run(session, "node-shell", view.ref, rights, view.namespace, view.node) as run:
        with explained_standard("Name a namespace that lets privileged pods in: -n kube-system."):
            _, image = await asyncio.gather(run.rehearse(write), held(session, view.node, answer.image))
        await run.confirm(plan(session, view, answer, image))
        if aim.terminal is None:
            raise Refusal("A shell on a node needs a terminal: nothing was changed.")
        run.step(f"Creating pod {view.pod}", "doing")
        try:
            ref = await _created(run, view, write)
        except (OutcomeUnknown, ServerFailure) as lost:
            said = unknown(f"Create pod {view.pod}", lost)
            return await run.finish(_receipt(view, said, _by_hand(session, view)))
        return await run.finish(await _used(run, aim, view, ref, wait))


async def _created(run: Run, view: NodeShellView, write: Write) -> ObjectRef:
    """The pod. Raises OutcomeUnknown or ServerFailure where nobody knows whether there is one."""
    key = ObjectKey(run.session.name, POD, view.namespace, view.pod)
    try:
        made = await run.write(write)
    except (OutcomeUnknown, ServerFailure) as lost:
        try:
            made = await run.session.api.get(object_path(key))
        except EdgetuiError:
            raise lost from None
        await run.found("The write arrived, only its answer was lost")
    metadata = made["metadata"]
    return ObjectRef(key, str(metadata["uid"]), str(metadata.get("resourceVersion", "")))


async def _used(run: Run, aim: Aim, view: NodeShellView, ref: ObjectRef, wait: float | None) -> Receipt:
    """Give it the terminal and delete it."""
    container = Container(ref, CONTAINER, edgetui(run.session.target, "attach", ref.key, "-c", CONTAINER))
    end: Ending | None = None
    run.remains = f"Pod {view.pod} is still on {in_words(view.ref.key)}: {_by_hand(run.session, view)}"
    try:
        visited = await _visited(run, aim, container, wait)
        end = ending(container, visited, stays=False)
    finally:
        left = await _removed(run, ref)
        if not left:
            run.remains = f"Pod {view.pod} is deleted."
    if left:
        return _receipt(view, msgspec.structs.replace(end, ok=False), left, _by_hand(run.session, view))
    return _receipt(view, end, f"Pod {view.pod} is deleted.")


async def _visited(run: Run, aim: Aim, container: Container, wait: float | None) -> Visit:
    try:
        return await visit(run, container, aim.terminal, STARTS if wait is None else wait)
    except Cancelled:
        return Visit.stopped()
    except EdgetuiError as problem:
        return Visit.stopped(str(problem))


async def _removed(run: Run, ref: ObjectRef) -> str:
    """Delete the pod; why that could not be done, empty where it is gone."""
    words = f"pod {ref.key.name}"
    run.step(f"Deleting {words}", "doing")
    why = "there was no answer in time"
    try:
        async with asyncio.timeout(REMOVES):
            while True:
                try:
                    await run.write(removal(ref))
                except (NotFound, Conflict):
                    pass  # somebody else has deleted it
                except (LinkError, OutcomeUnknown, ServerFailure, Throttled) as lost:
                    why = lost.clause
                    await asyncio.sleep(AGAIN)  # whoever stopped the run has not stopped this
                    continue
                run.step(f"Pod {ref.key.name} is deleted", "done")
                return ""
    except TimeoutError:
        said = f"Pod {ref.key.name} could not be deleted: {why}."
    except EdgetuiError as refused:
        said = f"Pod {ref.key.name} could not be deleted: {refused.sentence}"
    run.step(said, "failed")
    return said


def _by_hand(session: Session, view: NodeShellView) -> str:
    return f"Delete it: {kubectl(session.target, view.namespace, 'delete', 'pod', view.pod)}"


def _receipt(view: NodeShellView, end: Ending, *more: str) -> Receipt:
    data = {"pod": view.pod, "namespace": view.namespace, "unknown": False, **end.data}
    key = view.ref.key
    return Receipt("node-shell", key.cluster, view.ref, end.ok, (*end.lines, *more), data, end.pending)


def _leads(view: NodeShellView, given: Given) -> Leads:
    _answer(view, given)
    return Leads(notes=[f"Pod {view.pod} in {view.namespace}; it is deleted when the shell ends."])


SPEC: Spec[NodeShellView, NodeShellAnswer] = Spec(
    read=prepare,
    answer=_answer,
    title=lambda view, answer: f"Shell on {in_words(view.ref.key)}",
    procedure=perform,
    at_exit="Leaving ends the node shell and deletes its pod; what was done on the node stays.",
    final="The pod is deleted when its shell ends; what was done on the node stays",
    arguments=(IMAGE, COMMAND),
    usual="node",
    example="for example plant-press-2",
    fields=lambda view: Form({"image": view.image, "command": ""}),
    leads=_leads,
)

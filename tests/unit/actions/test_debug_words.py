"""What is typed behind debug and node-shell, the plan that comes of it, and what cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.actions.change.form import Form, Leads
from edgetui.actions.messages import Refusal
from edgetui.actions.remote import debug, node_shell
from edgetui.actions.remote.debug import FOR_EVER, DebugAnswer, DebugView, image_of
from edgetui.actions.remote.execute import Container, PodView
from edgetui.actions.remote.visit import suffix
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.pod.debugging import LETTERS

from .scripted import Connected

REF = ObjectRef(ObjectKey("plant", "Pod", "line-2", "press-x"), "u", "7")


def view(node: str = "node-1", state: str = "running") -> DebugView:
    app, side = Container("app", state, False, False), Container("side", "running", False, False)
    first = Container("first", "terminated", False, False)
    return DebugView(PodView(REF, (app, side), (first,), ""), node, "debugger-x", "busybox:1")


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({}, DebugAnswer("busybox:1", "", (), "general")),
        ({"image": "tools:9", "target": "app"}, DebugAnswer("tools:9", "app", (), "general")),
        ({"command": ["sh", "-l"], "profile": "baseline"}, DebugAnswer("busybox:1", "", ("sh", "-l"), "baseline")),
        ({"options": "--image tools:9 --target=side"}, DebugAnswer("tools:9", "side", (), "general")),
        (
            {"options": "--profile restricted sh -c 'a b'"},
            DebugAnswer("busybox:1", "", ("sh", "-c", "a b"), "restricted"),
        ),
        ({"options": "-- --image x"}, DebugAnswer("busybox:1", "", ("--image", "x"), "general")),
        ({"options": "sh --target app"}, DebugAnswer("busybox:1", "", ("sh", "--target", "app"), "general")),
        ({"options": "--image= --target="}, DebugAnswer("busybox:1", "", (), "general")),
        ({"options": "--image tools:9", "image": "other:1"}, DebugAnswer("tools:9", "", (), "general")),
        (
            {"options": None, "target": None, "command": None, "profile": None},
            DebugAnswer("busybox:1", "", (), "general"),
        ),
    ],
)  # fmt: skip
def test_what_is_typed_behind_debug_is_its_answer(given: dict[str, Any], answer: DebugAnswer) -> None:
    assert debug._answer(view(), given) == answer


ONLY = "There is --image, --target, --profile."


@pytest.mark.parametrize(
    ("given", "sentence", "step"),
    [
        ({"options": "echo 'a"}, "A quotation mark in that command is never closed.", ""),
        ({"options": "--what x"}, "--what is no option of debug with a value.", ONLY),
        ({"options": "--image"}, "--image is no option of debug with a value.", ONLY),
        ({"options": "--=x"}, "-- is no option of debug with a value.", ONLY),
        ({"options": "--profile own"}, "own is no profile.", "There is general, baseline, restricted."),
        ({"target": "engine"}, "Pod press-x has no container engine.", "It has app, side, first."),
        (
            {"target": "first"},
            "The processes of first cannot be looked at: it is an init or ephemeral container.",
            "Name one of app, side.",
        ),
        ({"image": "a b"}, "“a b” is not the name of an image.", ""),
        ({"image": "a\x1b[2J"}, "“a [2J” is not the name of an image.", ""),
    ],
)
def test_what_debug_cannot_do_is_a_sentence(given: dict[str, Any], sentence: str, step: str) -> None:
    with pytest.raises(Refusal) as refused_:
        debug._answer(view(), given)
    assert (refused_.value.sentence, refused_.value.next_step) == (sentence, step)


def test_an_image_is_any_word() -> None:
    assert [image_of(text) for text in ("busybox", "registry.local:5000/a/b@sha256:c")] == [
        "busybox",
        "registry.local:5000/a/b@sha256:c",
    ]


NO_NODE = "No node has the pod yet: the container starts once one has."
OWN = "Without a target it sees its own processes only."


@pytest.mark.parametrize(
    ("shown", "given", "form", "leads"),
    [
        (view(), {"target": "app"}, "app", Leads((FOR_EVER,), notes=[])),
        (view(), {"target": ""}, "app", Leads((FOR_EVER,), notes=[OWN])),
        (view(node="", state="waiting"), {"target": ""}, "", Leads((FOR_EVER, NO_NODE), notes=[OWN])),
    ],
)
def test_the_form_of_debug_offers_what_runs(
    shown: DebugView, given: dict[str, Any], form: str, leads: Leads
) -> None:
    spec: Any = debug.SPEC
    fields = {"image": "busybox:1", "target": form, "profile": "general", "command": ""}
    assert spec.fields(shown) == Form(fields)
    assert spec.leads(shown, given) == leads
    answer = spec.answer(shown, given)
    assert spec.title(shown, answer) == "Debug pod press-x with busybox:1"


@pytest.mark.parametrize(
    "answer", [DebugAnswer("i:1", "", (), "general"), DebugAnswer("i:1", "app", ("a b",), "baseline")]
)
async def test_the_plan_and_the_write_of_debug(answer: DebugAnswer) -> None:
    session: Any = Connected("https://plant")
    plan = debug.plan(session, view(), answer, "the node has it", "9")
    facts = dict(plan.facts)
    assert facts["container"] == "debugger-x" and facts["image"] == "i:1, the node has it"
    assert facts.get("command") == ("'a b'" if answer.argv else None)
    assert facts["target"] == ("the processes of app" if answer.target else "none: its own processes only")
    assert (facts["profile"], facts["node"]) == (answer.profile, "node-1")
    assert (plan.title, plan.warnings, plan.writes, plan.yes, plan.action) == (
        "Add a debug container to pod press-x in line-2 on plant",
        (FOR_EVER,),
        ("add an ephemeral container to Pod/press-x, if it is still at version 9",),
        "Add the container",
        "debug",
    )
    none = debug.plan(session, view(node=""), answer, "x", "9")
    assert "node" not in dict(none.facts) and none.warnings == (FOR_EVER, NO_NODE)
    write = debug.write(view(), answer, "9")
    assert (write.words, write.uid, write.versioned) == ("add container debugger-x to pod press-x", "u", True)
    assert write.after == {
        "container": "debugger-x",
        "image": "i:1",
        "target": answer.target,
        "command": list(answer.argv),
    }


@pytest.mark.parametrize(
    ("there", "found"),
    [
        ({}, False),
        ({"spec": {}}, False),
        ({"spec": {"ephemeralContainers": [{"name": "a"}]}}, False),
        ({"spec": {"ephemeralContainers": [{"name": "a"}, {"name": "debugger-x"}]}}, True),
    ],
)
def test_whether_the_container_is_there(there: dict[str, Any], found: bool) -> None:
    assert debug.has(there, "debugger-x") == found


def test_the_form_of_a_node_shell() -> None:
    spec: Any = node_shell.SPEC
    ref = ObjectRef(ObjectKey("plant", "Node", "", "node-1"), "u", "7")
    shown = node_shell.NodeShellView(ref, "line-2", "node-debugger-x", "busybox:1")
    assert spec.fields(shown) == Form({"image": "busybox:1", "command": ""})
    assert spec.leads(shown, {}) == Leads(
        notes=["Pod node-debugger-x in line-2; it is deleted when the shell ends."]
    )
    assert spec.answer(shown, {"image": "", "command": ["a"]}) == node_shell.NodeShellAnswer(
        "busybox:1", ("a",)
    )
    assert spec.title(shown, None) == "Shell on node node-1"
    with pytest.raises(Refusal):
        spec.leads(shown, {"image": "a b"})


@pytest.mark.parametrize(
    ("node_name", "begins"),
    [("a", "node-debugger-a-"), ("a" * 43, f"node-debugger-{'a' * 43}-"), ("a" * 44, f"node-debugger-{'a' * 43}-"),
     ("a" * 42 + ".b", f"node-debugger-{'a' * 42}-"), ("a" * 41 + "-.b", f"node-debugger-{'a' * 41}-")],
)  # fmt: skip
def test_the_pod_of_a_node_shell_is_named_after_its_node(node_name: str, begins: str) -> None:
    name = node_shell.pod_name(node_name)
    assert name[:-5] == begins and len(name) <= 63


def test_a_suffix_is_five_letters_that_make_no_word() -> None:
    made = {suffix() for _ in range(50)}
    assert len(made) > 40
    assert all(len(one) == 5 and set(one) <= set(LETTERS) for one in made)

"""Containers that were made to look around in: the terminal in them, how they end, and what is said of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edgetui import arguments, config
from edgetui.actions.change.desk import Ends
from edgetui.actions.cli import act
from edgetui.actions.messages import Cancelled
from edgetui.actions.remote import visit
from edgetui.actions.remote.debug import FOR_EVER
from edgetui.actions.remote.visit import Container, Visit, ending, explained_standard, suffix
from edgetui.cluster.api.remote_command import Channel, Ended
from edgetui.cluster.errors import Forbidden, LinkError
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.pod.debugging import LETTERS, Seen, Stage
from tests.unit.model import factories as f

from . import test_debug as debugging
from .every_action import POD, one_pod
from .scripted import Answer, Request
from .site import Shell, Site, shell_on
from .streaming import SUCCESS, Kubelet, refused

RUNNING: dict[str, Any] = {"running": {}}
ENDED: dict[str, Any] = {"terminated": {"exitCode": 3, "reason": "Error"}}
REF = ObjectRef(ObjectKey("plant", "Pod", "line-2", "press-x"), "u", "7")
ONE = Container(REF, "debugger-x", "edgetui attach pod/press-x")


class Near:
    """A person at a terminal: types nothing, or leaves."""

    attended = True

    def __init__(self, greetings: list[str], shown: list[bytes], leaves: bool) -> None:
        self.greetings, self.shown, self.leaves = greetings, shown, leaves

    def __call__(self, greeting: str) -> Ends:
        self.greetings.append(greeting)
        return self

    async def input(self) -> AsyncIterator[bytes]:
        if self.leaves:
            raise Cancelled("Left.")
        await asyncio.Event().wait()
        yield b""

    async def write(self, channel: Channel, data: bytes) -> None:
        self.shown.append(data)

    async def sizes(self) -> AsyncIterator[tuple[int, int]]:
        yield 80, 24

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        yield

    async def done(self, ended: Ended) -> None:
        pass


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Near:
    """Whoever sits at the terminal of the commands."""
    near = Near([], [], leaves=False)
    monkeypatch.setattr(act, "_terminal", lambda console, options: near)
    return near


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    with shell_on(one_pod(), tmp_path, monkeypatch, capsys) as found:
        yield found


def name_of(shell: Shell) -> str:
    (made,) = debugging.added(shell)
    return str(made["name"])


def test_the_terminal_is_in_the_container_as_soon_as_it_runs(shell: Shell, person: Near) -> None:
    debugging.Kubelet(shell, None, RUNNING, ENDED)
    shell.site.streams = kubelet = Kubelet(b"\x01# ", SUCCESS)
    told = shell.run("debug", "press-x", "--yes")
    name = name_of(shell)
    assert person.greetings == [
        f"Container {name} of pod press-x on plant. If there is no prompt, press enter."
    ]
    assert person.shown == [b"# "]
    query = [("container", name), ("stdin", "true"), ("stdout", "true"), ("tty", "true")]
    assert kubelet.asked == [(f"{POD}/attach", query)]
    assert told.json["lines"] == [
        f"Container {name} of pod press-x has ended with exit code 3.",
        FOR_EVER,
    ]
    assert (told.code, told.json["data"]) == (0, {"container": name, "unknown": False, "stage": "ended"})
    assert [(one["action"], one["event"]) for one in told.audit] == [
        ("debug", "intent"),
        ("debug", "result"),
        ("attach", "intent"),
        ("attach", "result"),
        ("attach", "outcome"),
        ("debug", "outcome"),
    ]
    assert f"ok container {name} of pod press-x runs\n" in told.err
    assert f"ok The server accepted container {name} of pod press-x\n" in told.err
    assert f".. container {name} of pod press-x waits for the kubelet of node-1\n" in told.err


@pytest.mark.parametrize("leaves", [True, False])
def test_a_container_that_is_left_runs_on_and_can_be_attached_to_again(
    shell: Shell, person: Near, leaves: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "SETTLES", 0.01)
    person.leaves = leaves
    debugging.Kubelet(shell, RUNNING)
    shell.site.streams = Kubelet(*(() if leaves else (SUCCESS,)), stays=leaves)
    told = shell.run("debug", "press-x", "--yes")
    name = name_of(shell)
    first, again, last = told.json["lines"]
    assert (first, last) == (f"Container {name} of pod press-x runs.", FOR_EVER)
    assert again.startswith(f"Attach to it: edgetui attach pod/press-x -c {name} --kubeconfig ")
    assert (told.code, told.json["data"]["stage"]) == (0, "running")


def test_an_attach_that_is_refused_is_said_with_what_remains(shell: Shell, person: Near) -> None:
    debugging.Kubelet(shell, RUNNING)
    shell.site.streams = Kubelet(refusal=refused(500, "no way to the node"))
    told = shell.run("debug", "press-x", "--yes")
    lines = told.json["lines"]
    assert lines[0].endswith(" of pod press-x runs.") and "no way to the node" in lines[1]
    assert lines[2].startswith("Attach to it: ") and lines[3] == FOR_EVER


def test_a_pod_that_is_gone_meanwhile_is_the_end(shell: Shell, person: Near) -> None:
    kubelet = debugging.Kubelet(shell, None)

    def vanishes(request: Request) -> Answer | None:
        if request.path == POD and debugging.added(shell):
            del shell.site.objects[POD]
            return None
        return kubelet.answer(request) if request.path != POD else None

    shell.site.instead = vanishes
    told = shell.run("debug", "press-x", "--yes")
    assert " is not there any more: " in told.json["lines"][0]
    assert told.json["lines"][0].count(".") == 1
    assert (told.code, told.json["data"]["stage"]) == (1, "dead")


def test_who_does_not_wait_is_told_how_to_attach(shell: Shell, person: Near) -> None:
    debugging.Kubelet(shell, None)
    told = shell.run("debug", "press-x", "--yes", "--no-wait")
    name = name_of(shell)
    assert told.json["lines"][0] == f"Container {name} of pod press-x was added and is not waited for."
    assert (told.json["outcome"], person.greetings) == ("pending", [])


def nodes(request: Request, shell: Shell) -> Answer | None:
    """A kubelet that runs what it is given."""
    there = shell.site.objects.get(request.path)
    if there is None or there["kind"] != "Pod":
        return (200, {"metadata": {}, "items": []}) if request.path.endswith("/events") else None
    return 200, {**there, "status": {"containerStatuses": [{"name": "debugger", "state": RUNNING}]}}


@pytest.fixture
def node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("EDGETUI_DEBUG_NODE_SHELL", "true")
    monkeypatch.setattr(arguments.Parser, "defaults", config.parse_words)
    with shell_on(Site(f.node("node-1")), tmp_path, monkeypatch, capsys) as found:
        yield found


@pytest.mark.parametrize("leaves", [True, False])
def test_a_node_shell_that_is_left_takes_its_pod_along(
    node: Shell, person: Near, leaves: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "SETTLES", 0.01)
    person.leaves = leaves
    node.site.instead = lambda request: nodes(request, node)
    node.site.streams = Kubelet(*(() if leaves else (SUCCESS,)), stays=leaves)
    told = node.run("node-shell", "node-1", "--yes")
    name = told.json["data"]["pod"]
    assert told.json["lines"] == ["The shell was left.", f"Pod {name} is deleted."]
    assert (told.code, told.json["outcome"]) == (0, "reached")
    assert person.greetings == [
        f"Container debugger of pod {name} on plant. If there is no prompt, press enter."
    ]
    assert told.json["data"] == {
        "pod": name,
        "namespace": "line-2",
        "unknown": False,
        "container": "debugger",
        "stage": "running",
    }
    steps = [line for line in told.err.splitlines() if line[:3] in (".. ", "ok ")]
    assert steps == [
        f".. Creating pod {name}",
        f"ok container debugger of pod {name} runs",
        f".. Deleting pod {name}",
        f"ok Pod {name} is deleted",
    ]
    assert told.json["plan"] == {
        "title": "Open a shell on node node-1 on plant",
        "facts": {
            **told.json["plan"]["facts"],
            "pod": f"{name} in line-2",
            "files": "those of the node are below /host; chroot /host makes them the root",
        },
        "diff": [],
        "warnings": [
            "The pod sees every process, the network and all files of the node, and may change them.",
            "It is deleted when the shell ends, and Kubernetes ends it after 4 h.",
        ],
        "writes": [f"create pod {name} in line-2", f"delete pod {name} when the shell ends"],
    }


STAGES = {
    Stage.RUNNING: (True, False, True),
    Stage.ENDED: (True, False, False),
    Stage.WAITING: (False, True, True),
    Stage.FAILING: (False, True, True),
    Stage.DEAD: (False, False, False),
}


@pytest.mark.parametrize(("stage", "expected"), STAGES.items())
def test_how_each_stage_ends_and_what_can_be_attached_to_again(
    stage: Stage, expected: tuple[bool, bool, bool]
) -> None:
    ok, pending, again = expected
    visited = Visit(Seen(stage, "is so"), ("Because.",))
    end = ending(ONE, visited, "It stays.")
    lines = ["Container debugger-x of pod press-x is so.", "Because."]
    attach = ["Attach to it: edgetui attach pod/press-x"] if again else []
    assert (end.ok, end.pending, end.lines) == (ok, pending, (*lines, *attach, "It stays."))
    assert end.data == {"container": "debugger-x", "stage": stage.value}
    gone = ending(ONE, visited, stays=False)
    lines[:1] = ["The shell was left."] if stage is Stage.RUNNING else lines[:1]
    assert (gone.ok, gone.pending, gone.lines, gone.data) == (ok, False, tuple(lines), end.data)


def test_what_nobody_watches_any_more_says_why_where_it_is_no_wish() -> None:
    waiting = Seen(Stage.WAITING, "is not watched any more")
    assert Visit.stopped() == Visit(waiting)
    assert Visit.stopped("The link is lost.") == Visit(waiting, ("The link is lost.",))


def test_a_suffix_is_five_letters_that_make_no_word() -> None:
    made = {suffix() for _ in range(50)}
    assert len(made) > 40
    assert all(len(one) == 5 and set(one) <= set(LETTERS) for one in made)


@pytest.mark.parametrize(
    ("problem", "step"),
    [
        (Forbidden('pods "x" is forbidden: violates PodSecurity "baseline"', "Usual."), "Try less."),
        (Forbidden("no such right", "Usual."), "Usual."),
        (LinkError("PodSecurity", "Usual."), "Usual."),
    ],
)
def test_what_a_pod_security_standard_forbids_is_said_with_what_helps(problem: Any, step: str) -> None:
    with pytest.raises(type(problem)) as raised, explained_standard("Try less."):
        raise problem
    assert raised.value is problem and problem.next_step == step

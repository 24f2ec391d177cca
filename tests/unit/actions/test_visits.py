"""Containers that were made to look around in: the terminal in them, how they end, and what is said of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from edgetui import arguments, config
from edgetui.actions.change.desk import Ends
from edgetui.actions.change.watch import FAILED_FOR
from edgetui.actions.cli import act
from edgetui.actions.messages import Cancelled
from edgetui.actions.remote import visit
from edgetui.actions.remote.debug import FOR_EVER
from edgetui.actions.remote.visit import Container, Visit, ending, explained_standard
from edgetui.cluster.api.remote_command import Channel, Ended
from edgetui.cluster.errors import Forbidden, LinkError
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.pod.debugging import Seen, Stage
from edgetui.model.pod.node_images import on_node
from tests.unit.model import factories as f

from . import test_debug as debugging
from .every_action import POD, one_pod
from .scripted import Answer, Request, scripted
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
    facts = told.json["plan"]["facts"]
    assert (facts["node"], facts["profile"]) == ("node-1", "general")
    assert facts["image"].startswith("busybox:1.37, ") and "no node has" not in facts["image"]
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
    assert lines[0].endswith(" of pod press-x runs.")
    assert lines[1] == "The server failed with HTTP 500: no way to the node."
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


def test_an_image_that_is_pulled_after_all_is_waited_for(shell: Shell, person: Near) -> None:
    failing = debugging.NO_IMAGE
    debugging.Kubelet(shell, failing, debugging.CREATING, failing, RUNNING, ENDED)
    shell.site.streams = Kubelet(SUCCESS)
    told = shell.run("debug", "press-x", "--yes")
    assert (told.code, len(person.greetings), told.json["data"]["stage"]) == (0, 1, "ended")


class Looks:
    """Sees these stages one after the other, five seconds apart."""

    def __init__(self, *stages: Stage) -> None:
        self.left, self.now = list(stages), 1000.0

    def time(self) -> float:
        return self.now

    async def look(self, session: Any, container: Container) -> Seen:
        self.now += 5
        return Seen(self.left.pop(0), "is so")

    async def poll(self, run: Any, judge: Any, wait: float) -> Any:
        while not (observed := await judge()).final:
            assert not (observed.done or observed.failed)
            assert observed.text == "container debugger-x of pod press-x is so"
        return SimpleNamespace(failed=False)


WAITS, FAILS = Stage.WAITING, Stage.FAILING


@pytest.mark.parametrize(
    ("stages", "left"),
    [
        ([Stage.RUNNING, WAITS], 1),
        ([Stage.DEAD, WAITS], 1),
        ([Stage.ENDED, WAITS], 1),
        ([WAITS, WAITS, FAILS, Stage.RUNNING], 0),
        ([FAILS, FAILS, FAILS, FAILS, WAITS], 1),
        ([FAILS, FAILS, FAILS, WAITS, FAILS, FAILS, FAILS, FAILS, WAITS], 1),
        ([FAILS, WAITS, FAILS, FAILS, FAILS, Stage.RUNNING], 0),
    ],
)
async def test_what_fails_for_a_while_at_a_stretch_is_given_up(
    stages: list[Stage], left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = Looks(*stages)
    monkeypatch.setattr(visit, "look", looks.look)
    monkeypatch.setattr(visit, "poll", looks.poll)
    monkeypatch.setattr(visit, "asyncio", SimpleNamespace(get_running_loop=lambda: looks))
    found = await visit._started(SimpleNamespace(session=None), ONE, 60.0)  # type: ignore[arg-type]
    assert (found.stage, len(looks.left)) == (stages[len(stages) - left - 1], left)
    assert FAILED_FOR == 15.0


@pytest.mark.parametrize(
    ("looks", "found", "slept"),
    [
        ([ENDED], Stage.ENDED, []),
        ([RUNNING, ENDED], Stage.ENDED, [0.2]),
        ([RUNNING] * 12, Stage.RUNNING, [0.2] * 10),
        ([RUNNING, LinkError("lost"), ENDED], Stage.RUNNING, [0.2]),
        ([LinkError("lost")], Stage.RUNNING, []),
    ],
)
async def test_how_it_ended_is_waited_for_a_little(
    looks: list[Any], found: Stage, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    now, waited = [1000.0], list[float]()

    async def look(session: Any, container: Container) -> Seen:
        one = looks.pop(0)
        if isinstance(one, Exception):
            raise one
        return Seen(Stage.ENDED if one is ENDED else Stage.RUNNING, "is so")

    async def sleep(seconds: float) -> None:
        waited.append(round(seconds, 6))
        now[0] += seconds

    monkeypatch.setattr(visit, "look", look)
    loop = SimpleNamespace(time=lambda: now[0])
    monkeypatch.setattr(visit, "asyncio", SimpleNamespace(get_running_loop=lambda: loop))
    run: Any = SimpleNamespace(session=None, gate=SimpleNamespace(sleep=sleep))
    assert (await visit._afterwards(run, ONE)).stage is found
    assert (waited[: len(slept)], visit.SETTLES) == (slept, 2.0)
    assert all(one == 0.01 for one in waited[len(slept) :]) and len(waited) <= len(slept) + 1


@pytest.mark.parametrize(("node", "events"), [("node-1", True), ("", False)])
async def test_events_are_asked_for_where_a_node_has_the_pod(node: str, events: bool, tmp_path: Path) -> None:
    made = f.pod("press-x", "line-2")
    made["metadata"] |= {"uid": "u", "resourceVersion": "7"}
    made["spec"] |= {"nodeName": node, "ephemeralContainers": [{"name": "debugger-x", "image": "i:1"}]}
    made["status"]["ephemeralContainerStatuses"] = [
        {"name": "debugger-x", "state": {"waiting": {"reason": "ContainerCreating"}}}
    ]
    event = {
        "metadata": {"name": "e"},
        "reason": "Pulling",
        "involvedObject": {"fieldPath": "spec.ephemeralContainers{debugger-x}"},
    }

    def answer(request: Request) -> Answer:
        if request.path.endswith("/events"):
            return (200, {"kind": "EventList", "metadata": {}, "items": [event]}) if answers else (403, {})
        return 200, made

    async with scripted(answer) as (server, session):
        answers = True
        found = await visit.look(cast("Any", session), ONE)
        words = "is pulling the image i:1" if events else "is being created (ContainerCreating)"
        assert found == Seen(Stage.WAITING, words)
        asked = [(one.path, one.query) for one in server.requests[1:]]
        query = {"fieldSelector": "involvedObject.uid=u", "limit": "50"}
        assert asked == ([("/api/v1/namespaces/line-2/events", query)] if events else [])
        answers = False
        assert (await visit.look(cast("Any", session), ONE)).words == "is being created (ContainerCreating)"


@pytest.mark.parametrize("answers", [True, False])
async def test_whether_a_node_has_an_image_is_said_as_far_as_it_can_be_seen(answers: bool) -> None:
    made = f.node("node-1")
    made["status"]["images"] = [{"names": ["docker.io/library/busybox:1.37"]}]
    async with scripted(lambda request: (200, made) if answers else (403, {})) as (server, session):
        said = await visit.held(cast("Any", session), "node-1", "busybox:1.37")
        assert said == on_node(made if answers else {}, "busybox:1.37")
        assert said != on_node({} if answers else made, "busybox:1.37")
        assert server.lines == ["GET /api/v1/nodes/node-1"]


def test_a_pod_that_no_node_has_yet_gets_it_all_the_same(shell: Shell, person: Near) -> None:
    del shell.site.objects[POD]["spec"]["nodeName"]
    debugging.Kubelet(shell, None)
    plan = shell.run("debug", "press-x", "--yes", "--no-wait").json["plan"]
    assert "node" not in plan["facts"]
    assert plan["facts"]["image"] == "busybox:1.37, no node has the pod yet"
    assert plan["warnings"] == [
        FOR_EVER,
        "No node has the pod yet: the container starts once one has.",
    ]


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


def test_the_image_that_is_named_runs_and_a_defect_takes_the_pod_along(
    node: Shell, person: Near, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def defect(*_: Any) -> Visit:
        raise RuntimeError

    node.site.instead = lambda request: nodes(request, node)
    monkeypatch.setattr("edgetui.actions.remote.node_shell.visit", defect)
    with pytest.raises(RuntimeError):
        node.run("node-shell", "node-1", "--image", "own:2", "--yes")
    (made,) = [one.body for one in node.site.requests if one.method == "POST" and not one.query.get("dryRun")]
    assert made["spec"]["containers"][0]["image"] == "own:2"
    lines = (tmp_path / "edgetui" / "audit.jsonl").read_text().splitlines()
    last = json.loads(lines[-1])
    name = made["metadata"]["name"]
    assert (last["result"], last["message"]) == ("aborted", f"RuntimeError Pod {name} is deleted.")
    assert not [path for path in node.site.objects if "/pods/" in path]


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

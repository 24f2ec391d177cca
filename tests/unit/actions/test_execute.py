"""A command through the gate: who may run it, what the record has of it, and what is said where it cannot be run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from edgetui.actions.gate.open_runs import GONE, LeftPod
from edgetui.actions.messages import Cancelled, Offer, Receipt, Refusal
from edgetui.actions.remote import execute as remote
from edgetui.actions.remote.execute import (
    Container,
    Ends,
    PodView,
    Purpose,
    attachment,
    execute,
    pod_view,
    purpose_of,
    read_pod,
    served,
    without_shell,
)
from edgetui.actions.remote.left_pods import look
from edgetui.cluster.api.remote_command import Channel, Command, Ended
from edgetui.cluster.errors import Forbidden, LinkError, NotFound, ProtocolError
from edgetui.model.identity import ObjectKey, ObjectRef
from tests.unit.model import factories as f

from .scripted import Answer, Connected, Request, Server, Watching, scripted
from .streaming import SUCCESS, Kubelet, failure, refused

KEY = ObjectKey("plant", "Pod", "line-2", "press-x")
REF = ObjectRef(KEY, "u", "7")
LS = Command("line-2", "press-x", "app", ("ls", "-l"))
NOTHING = {"kind": "Status", "reason": "NotFound", "message": 'pods "press-x" not found', "code": 404}


class Near:
    """Keeps what is shown, and whether it is held; then it is told how it ended."""

    attended = False

    def __init__(self, *, then: Exception | None = None) -> None:
        self.told: list[Any] = []
        self._then = then

    async def input(self) -> AsyncIterator[bytes]:
        raise AssertionError("nothing is asked for input")
        yield

    async def write(self, channel: Channel, data: bytes) -> None:
        self.told.append((channel, data))
        if self._then is not None:
            raise self._then

    def sizes(self) -> AsyncIterator[tuple[int, int]]:
        raise AssertionError("nothing has a size")

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        self.told.append("held")
        try:
            yield
        finally:
            self.told.append("free")

    async def done(self, ended: Ended) -> None:
        self.told.append(ended)


class Bench:
    """A server that streams, a session on it, and a gate."""

    def __init__(self, server: Server, session: Connected, directory: Path) -> None:
        self.server, self.session = server, session
        self.watching = Watching(directory)

    async def run(self, near: Near, purpose: Purpose | None = None, command: Command = LS) -> Ended:
        session = cast("Any", self.session)
        return await execute(self.watching.gate, session, REF, command, cast("Ends", near), purpose)

    @property
    def record(self) -> list[tuple[str, str]]:
        """What the record has: each event, and its result."""
        return [(one["event"], one.get("result", "")) for one in self.watching.audit]


@asynccontextmanager
async def bench(kubelet: Kubelet, directory: Path, *answers: Answer) -> AsyncIterator[Bench]:
    async with scripted(lambda request: answers[0] if answers else (404, NOTHING)) as (server, session):
        server.streams = kubelet
        yield Bench(server, session, directory)


async def test_it_is_held_while_it_runs_and_told_how_it_ended_when_all_is_recorded(tmp_path: Path) -> None:
    near = Near()
    async with bench(Kubelet(b"\x01out", b"\x02err", failure(3)), tmp_path) as here:
        assert await here.run(near) == Ended(3)
        assert near.told == [
            "held",
            (Channel.STDOUT, b"out"),
            (Channel.STDERR, b"err"),
            Ended(3),
            "free",
        ]
        assert here.record == [("intent", ""), ("result", ""), ("outcome", "ended")]
        rights = [one.body["spec"]["resourceAttributes"] for one in here.server.reviews]
        assert {(one["verb"], one["subresource"]) for one in rights if one.get("subresource")} == {
            ("get", "exec"),
            ("create", "exec"),
        }


async def test_how_long_it_took_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter((10.0, 12.5))
    monkeypatch.setattr(remote, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    async with bench(Kubelet(SUCCESS), tmp_path) as here:
        await here.run(Near())
        assert here.watching.audit[1]["milliseconds"] == 2500


async def test_what_it_is_for_is_what_the_record_has(tmp_path: Path) -> None:
    purpose = Purpose("cp", "copy a to b", {"from": "a", "to": "b"})
    async with bench(Kubelet(SUCCESS), tmp_path) as here:
        await here.run(Near(), purpose)
        intent, result, _ = here.watching.audit
    assert (intent["action"], intent["words"], intent["from"], intent["to"]) == (
        "cp",
        "copy a to b",
        "a",
        "b",
    )
    assert result["words"] == "copy a to b" and "command" not in intent


@pytest.mark.parametrize(
    ("command", "purpose"),
    [
        (
            LS,
            Purpose(
                "exec",
                "run ls in container app of pod/press-x",
                {"container": "app", "command": ["ls", "-l"], "tty": False},
            ),
        ),
        (
            LS._replace(argv=(), tty=True),
            Purpose(
                "attach",
                "attach to container app of pod/press-x",
                {"container": "app", "command": [], "tty": True},
            ),
        ),
    ],
)
def test_the_purpose_of_a_command_by_itself(command: Command, purpose: Purpose) -> None:
    assert purpose_of(command) == purpose


async def test_who_may_not_is_told_which_right_is_missing_and_nothing_is_run(tmp_path: Path) -> None:
    kubelet, near = Kubelet(SUCCESS), Near()
    async with bench(kubelet, tmp_path) as here:
        here.server.denied.add("pods")
        with pytest.raises(Refusal, match="pods/exec"):
            await here.run(near)
    assert (kubelet.asked, near.told, here.record) == ([], [], [("outcome", "refused")])


async def test_what_the_server_forbids_all_the_same_is_asked_about_anew(tmp_path: Path) -> None:
    kubelet = Kubelet(refusal=refused(403, "an admission plugin says no", "Forbidden"))
    async with bench(kubelet, tmp_path) as here:
        with pytest.raises(Forbidden, match="admission plugin"):
            await here.run(Near())
        first = len(here.server.reviews)
        assert len({str(one.body) for one in here.server.reviews}) * 2 == first, "each right twice"
        assert here.record == [("intent", ""), ("outcome", "refused")]

        async def denies(head: str, reader: Any, writer: Any) -> None:
            here.server.denied.add("pods")
            await kubelet(head, reader, writer)

        here.server.streams = denies
        with pytest.raises(Refusal, match="pods/exec"):
            await here.run(Near())


async def test_a_link_that_is_lost_in_the_middle_is_recorded_without_an_exit_code(tmp_path: Path) -> None:
    class Cut(Kubelet):
        async def _serve(self, far: Any) -> None:
            far.say(b"\x01out")
            await far._writer.drain()
            far.cut()

    near = Near()
    async with bench(Cut(), tmp_path) as here:
        with pytest.raises(LinkError) as lost:
            await here.run(near)
        result = here.watching.audit[1]
        assert (result["exit_code"], result["bytes_out"]) == (None, 0)
        assert here.record == [("intent", ""), ("result", ""), ("outcome", "aborted")]
    assert lost.value.next_step == "What was started may still run: look at the pod."
    assert near.told[0] == "held" and near.told[-1] == "free"


async def test_of_a_command_that_has_run_nobody_says_that_nothing_was_changed(tmp_path: Path) -> None:
    async with bench(Kubelet(b"\x01out"), tmp_path) as here:
        with pytest.raises(ProtocolError) as ended:
            await here.run(Near())
    assert str(ended.value) == (
        "The server ended the connection without saying how the command ended. It may still run: look at the pod."
    )


async def test_whoever_leaves_ends_the_connection(tmp_path: Path) -> None:
    kubelet = Kubelet(b"\x01out", stays=True)
    async with bench(kubelet, tmp_path) as here:
        with pytest.raises(Cancelled) as left:
            await here.run(Near(then=Cancelled("Left.")))
        assert str(left.value) == "Left. What runs there goes on."
        assert here.record == [("intent", ""), ("result", ""), ("outcome", "aborted")]


@pytest.mark.parametrize(
    ("said", "subresource", "sentence"),
    [
        ("the server could not find the requested resource", "exec", "plant does not serve pods/exec."),
        (
            "404 page not found",
            "ephemeralcontainers",
            "plant does not serve pods/ephemeralcontainers. Kubernetes has it since 1.25.",
        ),
        ('pods "press-x" not found', "exec", ""),
    ],
)
async def test_a_server_that_lacks_a_subresource_is_told_from_a_pod_that_is_gone(
    said: str, subresource: str, sentence: str
) -> None:
    session: Any = Connected("http://plant")
    with pytest.raises(Refusal if sentence else NotFound) as missing, served(session, subresource):
        raise NotFound(said, code=404)
    if sentence:
        assert missing.value.sentence == sentence
        step = "It may be a simulated or an older cluster: edgetui doctor tells its version."
        assert missing.value.next_step == step


def three() -> dict[str, Any]:
    """A pod with two containers, an init container and an ephemeral one."""
    made = f.pod("press-x", "line-2")
    made["metadata"] |= {"uid": "u", "resourceVersion": "7"}
    made["spec"]["containers"] = [{"name": "app", "tty": True, "stdin": True}, {"name": "side", "tty": "yes"}]
    made["spec"]["initContainers"] = [{"name": "first"}]
    made["spec"]["ephemeralContainers"] = [{"name": "debugger", "stdin": True}]
    made["status"]["containerStatuses"] = [
        {"name": "app", "state": {"running": {}}},
        {"name": "side", "state": {"waiting": {}}},
    ]
    made["status"]["initContainerStatuses"] = [{"name": "first", "state": {"terminated": {}}}]
    made["status"]["ephemeralContainerStatuses"] = [{"name": "debugger", "state": None}]
    return made


VIEW = PodView(
    REF,
    (Container("app", "running", True, True), Container("side", "waiting", False, False)),
    (Container("first", "terminated", False, False), Container("debugger", "", False, True)),
    "",
)


def test_a_pod_is_its_containers_and_the_one_that_is_meant() -> None:
    made = three()
    assert pod_view(REF._replace(uid="", resource_version=""), made) == VIEW
    notes = made["metadata"]["annotations"] = {"kubectl.kubernetes.io/default-container": "side"}
    assert pod_view(REF, made) == VIEW._replace(default="side")
    notes["kubectl.kubernetes.io/default-container"] = "gone"
    assert pod_view(REF, made).default == ""
    del made["spec"]["containers"][1]
    assert pod_view(REF, made).default == "app"
    bare = pod_view(REF, {"metadata": made["metadata"]})
    assert (bare.containers, bare.others, bare.default) == ((), (), "")


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_in_a_pod_that_has_ended_nothing_can_run(phase: str) -> None:
    made = three()
    made["status"]["phase"] = phase
    with pytest.raises(Refusal, match=rf"^Pod press-x has ended \({phase}\), so nothing can run in it\.$"):
        pod_view(REF, made)


@pytest.mark.parametrize(
    ("wanted", "default", "name"),
    [
        ("", "", "app"),
        ("", "side", "side"),
        ("side", "app", "side"),
        ("first", "", "first"),
        ("debugger", "", "debugger"),
    ],
)
def test_the_container_that_is_named_then_the_default_then_the_first(
    wanted: str, default: str, name: str
) -> None:
    assert VIEW._replace(default=default).container(wanted).name == name
    with pytest.raises(Refusal) as none:
        VIEW.container("engine")
    assert (none.value.sentence, none.value.next_step) == (
        "Pod press-x has no container engine.",
        "It has app, side, first, debugger.",
    )


@pytest.mark.parametrize("on_terminal", [True, False])
def test_it_is_attached_to_as_it_was_created(on_terminal: bool) -> None:
    for one in (*VIEW.containers, *VIEW.others):
        assert attachment(VIEW, one, on_terminal) == Command(
            "line-2",
            "press-x",
            one.name,
            stdin=one.stdin and on_terminal,
            tty=one.tty and on_terminal,
        )


async def test_a_pod_is_read_as_it_is_now(tmp_path: Path) -> None:
    async with bench(Kubelet(), tmp_path, (200, three())) as here:
        assert await read_pod(cast("Any", here.session), REF) == VIEW
    async with bench(Kubelet(), tmp_path) as here:
        with pytest.raises(Refusal, match="There is no pod press-x"):
            await read_pod(cast("Any", here.session), REF)


async def test_a_container_without_a_shell_leads_to_one_beside_it() -> None:
    session: Any = Connected("http://plant")
    found = without_shell(session, VIEW, "side")
    step = "A container beside it has one: edgetui debug pod/press-x --target side --context plant -n line-2"
    assert (found.sentence, found.next_step) == ("Container side of pod press-x has no shell.", step)
    assert found.offer == Offer("debug", "Add a debug container…", step, "--target side")


OWN = {"app.kubernetes.io/managed-by": "edgetui"}
LEFT = LeftPod("run-1", KEY, "node-1")


@pytest.mark.parametrize(
    "answer",
    [
        (404, NOTHING),
        (200, {"metadata": {"name": "press-x", "labels": {"app.kubernetes.io/managed-by": "helm"}}}),
        (200, {"metadata": {"name": "press-x"}}),
        (200, {}),
    ],
)
async def test_a_pod_of_an_earlier_node_shell_that_is_gone_is_recorded_so(
    tmp_path: Path, answer: Answer
) -> None:
    async with bench(Kubelet(), tmp_path, answer) as here:
        assert await look(here.watching.gate, cast("Any", here.session), LEFT) is None
        (found,) = here.watching.audit
    assert (found["event"], found["action"], found["run"], found["result"], found["message"]) == (
        "found",
        "node-shell",
        "run-1",
        GONE,
        "its pod is gone",
    )
    assert found["object"] == {"kind": "Pod", "namespace": "line-2", "name": "press-x"}


async def test_one_that_is_still_there_is_told_with_what_deletes_it(tmp_path: Path) -> None:
    made = {"metadata": {"name": "press-x", "uid": "u", "resourceVersion": "7", "labels": {**OWN, "a": "b"}}}
    asked: list[Request] = []
    async with bench(Kubelet(), tmp_path, (200, made)) as here:
        receipt = await look(here.watching.gate, cast("Any", here.session), LEFT)
        asked = here.server.requests
        assert here.watching.audit == []
    command = "Delete it: kubectl --context plant -n line-2 delete pod press-x"
    lines = (
        "Pod press-x of an earlier node shell is still on node node-1.",
        "Kubernetes ends it 4 h after its start. Another edgetui may have its shell open.",
        command,
    )
    offer = Offer("delete", "Delete pod press-x…", command)
    assert receipt == Receipt("node-shell", "plant", REF, False, lines, offer=offer)
    assert [one.line for one in asked] == ["GET /api/v1/namespaces/line-2/pods/press-x"]

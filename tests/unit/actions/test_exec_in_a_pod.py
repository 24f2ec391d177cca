"""`edgetui exec` and `edgetui attach` to their end, on a kubelet that says what a test wants."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.cli import exec as exec_command
from edgetui.actions.cli.running import FAILED, INTERRUPTED, USAGE
from edgetui.actions.remote.execute import SHELL
from edgetui.cluster.api.remote_command import Ended
from tests.unit.model import factories as f

from .descriptors import drained, on_pipes, on_terminal
from .every_action import POD, one_pod
from .site import Shell, Told, shell_on
from .streaming import SUCCESS, Kubelet, failure, refused

OUTPUTS = [("stdout", "true"), ("stderr", "true")]
NO_SH = b'\x03{"status":"Failure","message":"exec: \\"sh\\": executable file not found in $PATH"}'


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    with shell_on(one_pod(), tmp_path, monkeypatch, capsys) as found:
        yield found


def on(shell: Shell, kubelet: Kubelet, *words: str, rest: tuple[str, ...] = ()) -> Told:
    """One command on that kubelet."""
    shell.site.streams = kubelet
    return shell.run(*words, rest=rest, options=())


def piped(
    shell: Shell, kubelet: Kubelet, *words: str, rest: tuple[str, ...] = (), given: bytes = b""
) -> tuple[Told, tuple[bytes, bytes]]:
    with on_pipes() as pipes:
        pipes.type(given)
        return on(shell, kubelet, *words, rest=rest), pipes.outputs


def test_a_command_has_outputs_and_its_exit_code_and_the_record_has_it_all(shell: Shell) -> None:
    kubelet = Kubelet(b"\x01out\n", b"\x02err\n", failure(3))
    told, outputs = piped(shell, kubelet, "exec", "pod/press-x", rest=("--", "ls", "-l a"))
    assert (told.code, told.out, told.err, outputs) == (3, "", "", (b"out\n", b"err\n"))
    asked = [("command", "ls"), ("command", "-l a"), ("container", "app"), *OUTPUTS]
    assert kubelet.asked == [(f"{POD}/exec", asked)]
    intent, result, outcome = told.audit
    assert (intent["event"], intent["action"], intent["words"]) == (
        "intent",
        "exec",
        "run ls in container app of pod/press-x",
    )
    assert (intent["container"], intent["command"]) == ("app", ["ls", "-l a"])
    assert intent["object"] == {"kind": "Pod", "namespace": "line-2", "name": "press-x"}
    assert (result["event"], result["words"], result["exit_code"]) == ("result", intent["words"], 3)
    assert (result["bytes_in"], result["bytes_out"]) == (10 + len(failure(3)), 0)
    assert 0 <= result["milliseconds"] < 60_000
    assert (outcome["event"], outcome["result"], outcome["message"]) == (
        "outcome",
        "ended",
        "It ended with exit code 3.",
    )


def test_input_goes_there_to_its_end(shell: Shell) -> None:
    kubelet = Kubelet(SUCCESS, hears=2)
    told, _ = piped(shell, kubelet, "exec", "-i", "press-x", rest=("--", "cat"), given=b"belt\n")
    assert told.code == 0
    assert kubelet.heard == [b"\x00belt\n", b"\xff\x00"]
    assert kubelet.asked[0][1] == [("command", "cat"), ("container", "app"), ("stdin", "true"), *OUTPUTS]


def test_what_is_said_of_the_end_is_a_line(shell: Shell) -> None:
    kubelet = Kubelet(b'\x03{"status":"Failure","message":"container not found"}')
    told, outputs = piped(shell, kubelet, "exec", "pods/press-x", rest=("--", "ls"))
    assert (told.code, told.err, outputs) == (1, "container not found\n", (b"", b""))


def test_a_reader_that_is_gone_is_a_failure_without_a_word(shell: Shell) -> None:
    with on_pipes() as pipes:
        pipes.type(b"")
        pipes.close(pipes.out)
        told = on(shell, Kubelet(b"\x01out\n", SUCCESS), "exec", "press-x", rest=("--", "ls"))
    assert (told.code, told.out, told.err) == (FAILED, "", "")


@pytest.mark.parametrize(
    ("words", "refusal", "code", "said"),
    [
        (("exec", "none"), b"", FAILED, "There is no pod none"),
        (
            ("exec", "press-x", "-c", "engine"),
            b"",
            FAILED,
            "Pod press-x has no container engine. It has app.",
        ),
        (("exec", "press-x", "--context", "farm"), b"", USAGE, "farm"),
        (("exec", "press-x"), refused(500, "no way to the node"), FAILED, "no way to the node"),
        (("attach", "press-x"), refused(500, "no way to the node"), FAILED, "no way to the node"),
        (
            ("exec", "press-x"),
            refused(404, "the server could not find the requested resource", "NotFound"),
            FAILED,
            "plant does not serve pods/exec.",
        ),
    ],
)
def test_a_refusal_is_a_sentence(
    shell: Shell, words: tuple[str, ...], refusal: bytes, code: int, said: str
) -> None:
    rest = ("--", "ls") if words[0] == "exec" else ()
    told, _ = piped(shell, Kubelet(SUCCESS, refusal=refusal), *words, rest=rest)
    assert told.code == code and told.out == ""
    assert said in told.err and "Traceback" not in told.err


def test_attached_outputs_are_shown_and_without_a_terminal_nothing_is_typed(shell: Shell) -> None:
    kubelet = Kubelet(b"\x01belt\n", SUCCESS)
    told, outputs = piped(shell, kubelet, "attach", "pod/press-x", given=b"typed\n")
    assert (told.code, outputs) == (0, (b"belt\n", b""))
    assert kubelet.asked == [(f"{POD}/attach", [("container", "app"), *OUTPUTS])]
    intent = told.audit[0]
    assert (intent["action"], intent["words"]) == ("attach", "attach to container app of pod/press-x")
    assert intent["command"] == []


@pytest.fixture
def quiet_interrupts(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(work: Any) -> int:
        work.close()
        raise KeyboardInterrupt

    monkeypatch.setattr(asyncio, "run", interrupted)


@pytest.mark.parametrize("words", [("exec", "press-x", "--", "ls"), ("attach", "press-x")])
def test_ctrl_c_is_130(
    shell: Shell, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, quiet_interrupts: None
) -> None:
    told = shell.run(words[0], words[1], rest=words[2:], options=())
    assert (told.code, told.out, told.err) == (INTERRUPTED, "", "")


class Typist:
    """Types on the terminal once something has come there."""

    def __init__(self, master: int, *keys: bytes) -> None:
        self.master, self.keys, self.shown = master, list(keys), b""

    def look(self) -> None:
        data = drained(self.master)
        self.shown += data
        if data and self.keys:
            os.write(self.master, self.keys.pop(0))


def at_the_terminal(
    shell: Shell, kubelet: Kubelet, monkeypatch: pytest.MonkeyPatch, *words: str, keys: tuple[bytes, ...] = ()
) -> tuple[Told, bytes]:
    """One command on a terminal of 101 to 33, where somebody types."""
    before = exec_command._connected

    async def watched(options: Any) -> int:
        typist = asyncio.ensure_future(_types(made))
        try:
            return await before(options)
        finally:
            typist.cancel()

    with on_terminal(101, 33) as master:
        made = Typist(master, *keys)
        monkeypatch.setattr(exec_command, "_connected", watched)
        told = on(shell, kubelet, *words)
        made.look()
        return told, made.shown


async def _types(typist: Typist) -> None:
    while True:
        typist.look()
        await asyncio.sleep(0.002)


def test_a_shell_is_a_terminal_of_this_size_and_what_is_typed_goes_there(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubelet = Kubelet(b"\x01bye\r\n", SUCCESS, hears=1)
    told, shown = at_the_terminal(shell, kubelet, monkeypatch, "exec", "press-x")
    assert (told.code, told.err, shown) == (0, "", b"bye\r\n")
    ((path, query),) = kubelet.asked
    assert path == f"{POD}/exec"
    assert query == [
        *(("command", word) for word in SHELL),
        ("container", "app"),
        ("stdin", "true"),
        ("stdout", "true"),
        ("tty", "true"),
    ]
    assert kubelet.heard == [b'\x04{"Width":101,"Height":33}']


def test_who_leaves_is_told_and_the_exit_code_is_130(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    kubelet = Kubelet(b"\x01$ ", stays=True)
    told, shown = at_the_terminal(shell, kubelet, monkeypatch, "exec", "press-x", keys=(b"\x1dd",))
    assert (told.code, told.err, shown) == (
        INTERRUPTED,
        "Left. What runs there is told that its terminal is gone.\n",
        b"$ ",
    )
    assert told.audit[1]["exit_code"] is None
    assert [one["event"] for one in told.audit] == ["intent", "result", "outcome"]


@pytest.mark.parametrize(("status", "code"), [(failure(127), 127), (failure(126), 126), (NO_SH, 1)])
def test_a_container_without_a_shell_leads_to_one_beside_it(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, status: bytes, code: int
) -> None:
    told, _ = at_the_terminal(shell, Kubelet(status), monkeypatch, "exec", "press-x")
    assert told.err.startswith(
        "Container app of pod press-x has no shell. A container beside it has one: edgetui debug pod/press-x "
        "--target app --kubeconfig "
    )
    assert told.err.endswith(" --context plant -n line-2\n")
    assert told.code == code


def test_a_shell_that_was_typed_into_has_its_own_exit_code_and_no_advice(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Reads(Kubelet):
        async def _serve(self, far: Any) -> None:
            far.say(b"\x01$ ")
            while (message := (await far.hear())[1])[:1] != b"\x00":
                pass
            self.heard.append(message)
            await super()._serve(far)

    kubelet = Reads(failure(127))
    told, _ = at_the_terminal(shell, kubelet, monkeypatch, "exec", "press-x", keys=(b"x",))
    assert (told.code, told.err, kubelet.heard) == (127, "", [b"\x00x"])


def test_a_command_that_is_not_there_is_no_missing_shell(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, _ = piped(shell, Kubelet(failure(127)), "exec", "press-x", rest=("--", "top"))
    assert (told.code, told.err) == (127, "")


@pytest.mark.parametrize(
    ("made_with", "query", "shown"),
    [
        ({"tty": True, "stdin": True}, [("stdin", "true"), ("stdout", "true"), ("tty", "true")], b"a\nb"),
        ({"stdin": True}, [("stdin", "true"), *OUTPUTS], b"a\r\nb"),
        ({"tty": True}, [("stdout", "true"), ("tty", "true")], b"a\nb"),
        ({}, OUTPUTS, b"a\r\nb"),
    ],
)
def test_on_a_terminal_a_container_is_attached_to_as_it_was_made(
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
    made_with: dict[str, bool],
    query: list[tuple[str, str]],
    shown: bytes,
) -> None:
    shell.site.objects[POD]["spec"]["containers"][0] |= made_with
    hears = 2 if made_with.get("tty") else 0
    kubelet = Kubelet(b"\x01a\nb", SUCCESS, hears=hears)
    told, seen = at_the_terminal(shell, kubelet, monkeypatch, "attach", "press-x")
    assert (told.code, told.err, kubelet.asked[0][1]) == (0, "", [("container", "app"), *query])
    assert seen.replace(b"\r\r\n", b"\r\n") == (b"a\r\nb" if hears == 0 else seen)
    assert kubelet.heard == [b'\x04{"Width":102,"Height":34}', b'\x04{"Width":101,"Height":33}'][:hears]


@pytest.mark.parametrize(
    ("words", "of_context", "namespace"),
    [((), "", "default"), ((), "farm", "farm"), (("-n", "line-2"), "farm", "line-2")],
)
def test_the_namespace_is_the_one_that_is_asked_for_then_that_of_the_context(
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    of_context: str,
    namespace: str,
    tmp_path: Path,
) -> None:
    asked: list[Any] = []

    async def ended(gate: Any, session: Any, ref: Any, command: Any, ends: Any) -> Ended:
        asked.append((ref.key.namespace, command.namespace, gate.read_only, gate.patient))
        return Ended(0)

    config = json.loads((tmp_path / "config").read_text())
    config["contexts"][0]["context"]["namespace"] = of_context
    (tmp_path / "config").write_text(json.dumps(config))
    made = f.pod("press-x", namespace)
    shell.site.objects[shell.site.path(made)] = made
    monkeypatch.setattr(exec_command, "execute", ended)
    for command in (exec_command.command, exec_command.attach):
        rest = ["--", "ls"] if command is exec_command.command else []
        assert command(["press-x", "--kubeconfig", str(tmp_path / "config"), *words, *rest]) == 0
    assert asked == [(namespace, namespace, False, False)] * 2

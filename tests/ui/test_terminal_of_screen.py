"""A command in a container in place of the screen: what runs where, what is said before it and after it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.actions.messages import Refusal, Step
from edgetui.actions.remote.execute import SHELL, Container, PodView
from edgetui.cluster.api.remote_command import Command, Ended
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds.pod import POD
from edgetui.ui import terminal_flow
from edgetui.ui.dialogs.pick import PickScreen
from edgetui.ui.terminal_flow import ScreenTerminal, flow

REF = ObjectRef(ObjectKey("plant", POD, "line-1", "press-1"), "u-1", "7")
APP = Container("app", "running", tty=True, stdin=True)
SIDE = Container("side", "running", tty=False, stdin=True)
INIT = Container("init", "terminated", tty=False, stdin=False)
DEBUG = Container("debug", "running", tty=True, stdin=False)
ONE = PodView(REF, (APP,), (INIT,), "app")
TWO = PodView(REF, (APP, SIDE), (INIT, DEBUG), "")


class Screen:
    """What a flow has of the screen. `told` is everything that it says and does, in order."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        view: PodView = ONE,
        *,
        ends: Ended = Ended(0),  # noqa: B008 - it never changes
        picks: int | None = None,
        typed: bool = False,
    ) -> None:
        self.told: list[str] = []
        self.ran: list[tuple[ObjectRef, Command, bool, bool]] = []
        self.asked: list[PickScreen] = []
        self._view, self._ends, self._picks, self._typed = view, ends, picks, typed
        self.lends = True
        app = SimpleNamespace(
            flash=self._flash,
            lend_terminal=self._lend,
            forget_keys=lambda: self.told.append("keys forgotten"),
        )
        self.job: Any = SimpleNamespace(
            app=app, read=self._read, ask=self._ask, in_front=self._in_front, gate=lambda step: step
        )
        transport = SimpleNamespace(websocket_ahead=self._ahead)
        self.session: Any = SimpleNamespace(name="plant", api=SimpleNamespace(transport=transport))
        monkeypatch.setattr(terminal_flow, "read_pod", lambda session, ref: (session.name, ref))
        monkeypatch.setattr(terminal_flow, "execute", self._execute)
        monkeypatch.setattr(terminal_flow, "without_shell", self._without_shell)

    async def run(self, action: str, typed: str | None = None) -> None:
        await flow(self.job, action, self.session, REF, None if typed is None else {"command": typed})

    @contextmanager
    def _ahead(self, timeout: float) -> Iterator[None]:
        assert timeout == 30.0
        self.told.append("dialled")
        yield
        self.told.append("hung up")

    async def _read(self, what: str, view: tuple[str, ObjectRef]) -> PodView:
        assert view == ("plant", REF)
        self.told.append(f"read {what}")
        return self._view

    async def _ask(self, make: Callable[[], PickScreen]) -> int | None:
        self.asked.append(make())
        return self._picks

    async def _in_front(self) -> None:
        self.told.append("in front")

    def _flash(self, text: str, where: str = "") -> None:
        self.told.append(f"{text} [{where}]" if where else text)

    def _lend(self, borrower: ScreenTerminal) -> Any:
        self.told.append("asked for the terminal")
        return self._loan() if self.lends else None

    @contextmanager
    def _loan(self) -> Iterator[None]:
        self.told.append("lent")
        yield
        self.told.append("given back")

    async def _execute(
        self, step: Any, session: Any, ref: ObjectRef, command: Command, ends: ScreenTerminal
    ) -> Ended:
        assert session is self.session
        self.ran.append((ref, command, ends._lines, ends._stays))
        ends.typed = self._typed
        ends.tell = self.told.append  # type: ignore[method-assign, assignment]
        ends.any_key = self._any_key  # type: ignore[method-assign]
        step(Step("Asking the server", "doing"))
        async with ends.held():
            with ends.told_of_sizes():
                self.told.append("ran")
            await ends.done(self._ends)
        return self._ends

    async def _any_key(self) -> None:
        self.told.append("a key")

    @staticmethod
    def _without_shell(session: Any, view: PodView, container: str) -> Refusal:
        return Refusal(f"no shell in {container} of {view.ref.key.name} on {session.name}")


def greeting(words: str) -> str:
    return f"\r\n{words}\r\nctrl+] and then d leaves, also when nothing answers."


LENT = ["Asking the server", "in front", "asked for the terminal", "keys forgotten", "lent"]
BEGUN = ["dialled", "read pod press-1 in line-1 on plant", "opening press-1…  esc cancels [bar]", *LENT]
DEFAULT_SHELL = Command("line-1", "press-1", "app", SHELL, stdin=True, tty=True)


@pytest.mark.parametrize("typed", [None, ""])
async def test_a_shell_has_the_terminal_until_it_ends_and_its_exit_code_is_said(
    monkeypatch: pytest.MonkeyPatch, typed: str | None
) -> None:
    screen = Screen(monkeypatch, ends=Ended(3))
    await screen.run("shell", typed)
    assert screen.ran == [(REF, DEFAULT_SHELL, False, False)]
    assert screen.told == [
        *BEGUN,
        greeting("Shell in container app of pod press-1 on plant."),
        "ran",
        "given back",
        "Exit code 3: shell in press-1",
        "hung up",
    ]


async def test_what_a_command_wrote_stays_until_a_key_is_pressed(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch, TWO, ends=Ended(2))
    await screen.run("shell", "-c side Ls -la")
    command = Command("line-1", "press-1", "side", ("Ls", "-la"), stdin=True, tty=True)
    assert screen.ran == [(REF, command, False, True)]
    assert screen.told == [
        *BEGUN,
        greeting("Ls in container side of pod press-1 on plant."),
        "ran",
        "\r\nIt ended with exit code 2. Press any key to go back to edgetui.",
        "a key",
        "given back",
        "Exit code 2: ls in press-1",
        "hung up",
    ]


@pytest.mark.parametrize(
    ("named", "command", "lines"),
    [
        ("app", Command("line-1", "press-1", "app", stdin=True, tty=True), False),
        ("-c app", Command("line-1", "press-1", "app", stdin=True, tty=True), False),
        ("side", Command("line-1", "press-1", "side", stdin=True, tty=False), True),
        ("debug", Command("line-1", "press-1", "debug", stdin=False, tty=True), False),
        ("init", Command("line-1", "press-1", "init", stdin=False, tty=False), True),
    ],
)
async def test_what_is_attached_to_has_what_it_was_created_with(
    monkeypatch: pytest.MonkeyPatch, named: str, command: Command, lines: bool
) -> None:
    screen = Screen(monkeypatch, TWO)
    await screen.run("attach", named)
    assert screen.ran == [(REF, command, lines, False)]
    words = greeting(f"Attached to container {command.container} of pod press-1 on plant.")
    assert screen.told == [*BEGUN, words, "ran", "given back", "Exit code 0: attached to press-1", "hung up"]


@pytest.mark.parametrize(("picks", "container"), [(0, "app"), (1, "side"), (2, "debug"), (None, None)])
async def test_where_none_is_usual_a_container_is_chosen_among_those_that_something_can_run_in(
    monkeypatch: pytest.MonkeyPatch, picks: int | None, container: str | None
) -> None:
    screen = Screen(monkeypatch, TWO, picks=picks)
    await screen.run("shell")
    (asked,) = screen.asked
    assert asked._title == "In which container of pod press-1 in line-1 on plant?"
    assert asked._choices == (("app", "running"), ("side", "running"), ("debug", "running"))
    assert [command.container for _, command, _, _ in screen.ran] == ([container] if container else [])
    if container is None:
        assert screen.told == ["dialled", "read pod press-1 in line-1 on plant", "hung up"]


async def test_a_container_that_is_not_there_is_refused_with_those_that_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = Screen(monkeypatch)
    with pytest.raises(Refusal) as refused:
        await screen.run("shell", "-c none")
    assert refused.value.sentence == "Pod press-1 has no container none."
    assert refused.value.next_step == "It has app, init."
    assert screen.ran == []


NO_SHELL = Ended(127)
OTHER = Ended(1, "The container is gone.")


@pytest.mark.parametrize(
    ("action", "typed", "ended", "input_sent", "sentence"),
    [
        ("shell", None, NO_SHELL, False, "no shell in app of press-1 on plant"),
        ("shell", None, NO_SHELL, True, ""),
        ("shell", "ls", NO_SHELL, False, ""),
        ("attach", None, NO_SHELL, False, ""),
        ("shell", None, Ended(1), False, ""),
        ("shell", None, OTHER, False, "The container is gone."),
        ("attach", None, OTHER, True, "The container is gone."),
    ],
)
async def test_how_it_ended_is_an_exit_code_or_why_nothing_ran(
    monkeypatch: pytest.MonkeyPatch,
    action: str,
    typed: str | None,
    ended: Ended,
    input_sent: bool,
    sentence: str,
) -> None:
    screen = Screen(monkeypatch, ends=ended, typed=input_sent)
    if sentence:
        with pytest.raises(EdgetuiError) as error:
            await screen.run(action, typed)
        assert error.value.sentence == sentence
    else:
        await screen.run(action, typed)
    assert any(words.startswith("Exit code") for words in screen.told) == (not sentence)


async def test_a_screen_without_a_terminal_refuses_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = Screen(monkeypatch)
    screen.lends = False
    with pytest.raises(Refusal) as refused:
        await screen.run("shell")
    assert refused.value.sentence == "This screen has no terminal that a shell could be given."
    assert screen.told[-2:] == ["in front", "asked for the terminal"]


async def test_characters_that_steer_a_terminal_are_shown_and_not_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = Screen(monkeypatch)
    await screen.run("shell", "'l\x1b[2Js'")
    assert greeting("l [2Js in container app of pod press-1 on plant.") in screen.told


async def test_the_driver_tells_of_sizes_so_no_signal_is_taken_for_it() -> None:
    terminal = ScreenTerminal(SimpleNamespace(), "", lines=False, stays=False)  # type: ignore[arg-type]
    assert terminal.attended
    asyncio.get_running_loop().add_signal_handler = None  # type: ignore[method-assign, assignment]
    with terminal.told_of_sizes():
        pass

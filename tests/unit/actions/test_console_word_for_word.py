"""Everything that a command prints, for every way of calling it: on a terminal, in a pipe, quiet, as JSON, in advance.

`pytest tests/unit/actions/test_console_word_for_word.py --snapshot-update` takes what is printed now; look at what
differs first.
"""

from __future__ import annotations

import asyncio
import io
import itertools
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.cli.console import Console
from edgetui.actions.messages import Cancelled, Receipt, Refusal, Step
from edgetui.cluster.errors import EdgetuiError, LinkError

from .test_console import PLAN, REF

BARE = replace(PLAN, facts=(), diff=(), warnings=(), target=None)
UNPROVEN = replace(PLAN, unproven="Nobody has seen that revision work.")
STARTED, ENDED = Step("Scaling deployment press", "doing"), Step("6 of 6 ready\x1b[2J", "done")


class Typed(io.StringIO):
    """A terminal where these lines have been typed."""

    def __init__(self, *lines: str) -> None:
        super().__init__("".join(f"{line}\n" for line in lines))
        self.ready, written = os.pipe()
        os.write(written, b"x")
        os.close(written)

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.ready

    def close(self) -> None:
        super().close()
        os.close(self.ready)


class Shown(io.StringIO):
    """A terminal to print on, where `terminal`; it counts how often it is flushed."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.terminal, self.flushed = terminal, 0

    def isatty(self) -> bool:
        return self.terminal

    def flush(self) -> None:
        self.flushed += 1


async def reached(console: Console) -> None:
    console.progress(STARTED)
    console.progress(ENDED)
    console.progress(Step("watching", "info"))
    agreed = await console.confirm(PLAN)
    console.say(f"agreed {agreed}")
    console.progress(STARTED)
    console.progress(Step("It is refused", "failed"))
    console.progress(STARTED)
    console.result(Receipt("scale", "plant", REF, True, ("6 of 6 ready.", "a\x1bb"), {"to": 6}), ok=True)


async def pending(console: Console) -> None:
    await console.confirm(BARE)
    receipt = Receipt("scale", "plant", None, False, ("3 of 6 ready.",), pending=True)
    console.result(receipt, ok=True)


async def unknown(console: Console) -> None:
    console.progress(STARTED)
    console.result(Receipt("scale", "plant", REF, False, ("Nobody knows.",), {"unknown": True}), ok=False)


async def failed(console: Console) -> None:
    console.result(Receipt("rotate", "plant", None, False, ("It failed.",)), ok=False)


async def refused(console: Console) -> None:
    console.progress(STARTED)
    problem = Refusal("You may not.", "Ask.", diff=("- a", "+ b"), paste=("kind: Role", "rules: []"))
    console.say(f"rehearsed {console.refused('scale', 'plant', problem)}")


async def lost(console: Console) -> None:
    await console.confirm(PLAN)
    console.say(f"rehearsed {console.refused('scale', '', LinkError('The link is lost.', 'Wait.'))}")


async def cancelled(console: Console) -> None:
    await console.confirm(PLAN)
    await console.confirm(replace(BARE, title="Another of several"))
    console.rehearse("one", "two")
    console.rehearse("one", "three")
    console.say(f"rehearsed {console.refused('scale', 'plant', Cancelled('Cancelled.'))}")


async def unproven(console: Console) -> None:
    console.say(f"agreed {await console.confirm(UNPROVEN)}")


SCENES: dict[str, Callable[[Console], Awaitable[None]]] = {
    one.__name__: one for one in (reached, pending, unknown, failed, refused, lost, cancelled, unproven)
}
WAYS = {
    "asked": {"assume_yes": False, "dry_run": False},
    "agreed in advance": {"assume_yes": True, "dry_run": False},
    "a dry run": {"assume_yes": False, "dry_run": True},
    "a dry run, agreed in advance": {"assume_yes": True, "dry_run": True},
}


def printed(scene: str) -> Iterator[str]:
    for (way, flags), as_json, quiet, terminal in itertools.product(
        WAYS.items(), (False, True), (False, True), (False, True)
    ):
        with closing(Typed("y", "no") if terminal else io.StringIO()) as source:
            out, err = Shown(terminal=False), Shown(terminal=terminal)
            console = Console(source, out, err, as_json=as_json, quiet=quiet, **flags)
            try:
                asyncio.run(SCENES[scene](console))  # type: ignore[arg-type]
                end = ""
            except EdgetuiError as problem:
                end = f"raised {problem}\n"
            form = "as JSON" if as_json else "as text"
            place = "on a terminal" if terminal else "in a pipe"
            yield f"# {way}, {form}, {place}{', quiet' if quiet else ''}, asks {console.can_ask}"
            yield f"{err.getvalue()!a}\n{out.getvalue()!a}\n{end}"


@pytest.mark.parametrize("scene", SCENES)
def test_what_is_printed(scene: str, snapshot: SnapshotAssertion) -> None:
    assert "\n".join(line.replace("\\n", "\\n\n") for line in printed(scene)) == snapshot


@pytest.mark.parametrize(
    ("line", "agreed"),
    [("y", True), ("Y", True), (" yes ", True), ("YES", True), ("n", False), ("", False), ("yess", False)],
)
async def test_only_a_plain_yes_agrees(line: str, agreed: bool) -> None:
    with closing(Typed(line)) as source:
        err = Shown(terminal=True)
        console = Console(source, io.StringIO(), err, as_json=False, assume_yes=False, dry_run=False)
        console.progress(STARTED)
        flushed = err.flushed
        assert flushed == 1
        assert await console.ask("Go on?") is agreed
        assert err.getvalue() == ".. Scaling deployment press\nGo on? [y/N] "
        assert err.flushed == 2
        assert not asyncio.get_running_loop().remove_reader(source.fileno())

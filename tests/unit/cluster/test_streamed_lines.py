"""Lines of a streaming list and of a watch of one object: what each means, when it is over, and how much is held.

`pytest tests/unit/cluster/test_streamed_lines.py --snapshot-update` takes what happens now; look at what differs first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster import errors
from edgetui.cluster.api import streamed_list
from edgetui.cluster.api.followed import Followed
from edgetui.cluster.api.streamed_list import streamed
from edgetui.cluster.http.answer_size import TooLarge
from edgetui.cluster.http.client import Delivery
from tests.unit.cluster.every_value import encoded, variants
from tests.unit.cluster.recorded import moment
from tests.unit.cluster.test_api_client import END, MARK, Answers, thing
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time

MARKS = {"k8s.io/initial-events-end": "true"}


def line(change: str, what: Any) -> bytes:
    return encoded({"type": change, "object": what}) + b"\n"


def table(*cells: list[Any], columns: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "kind": "Table",
        "columnDefinitions": [{"name": name} for name in columns] or None,
        "rows": [{"cells": one} for one in cells],
    }


Story = Callable[[Followed, VirtualLoop], Awaitable[None]]


def followed(story: Story, columns: tuple[str, ...] = ("Name", "Ready")) -> None:
    async def main(loop: VirtualLoop) -> None:
        transport: Any = Answers()
        one = Followed(transport, "/pods", "p0", {"a": "b"}, {"Accept": "x"}, columns)
        try:
            await story(one, loop)
        finally:
            one.close()

    on_virtual_time(main)


LINES: dict[str, bytes] = {
    "a row": line("ADDED", table(["p0", "1/1"])),
    "another": line("MODIFIED", table(["p0", "0/1"])),
    "a row with its columns": line("ADDED", table(["p0", 1, 2], columns=("Name", "A", "B"))),
    "a row with other cells": line("ADDED", table(["p0"])),
    "no row": line("ADDED", table()),
    "two rows": line("ADDED", table(["p0", "1/1"], ["p1", "2/2"])),
    "gone": line("DELETED", table(["p0", "1/1"])),
    "a bookmark": line("BOOKMARK", table(["", "0/0"])),
    "an error": line("ERROR", {"kind": "Status", "code": 410}),
    "an object": line("ADDED", {"kind": "Pod"}),
    "nonsense": b"nonsense\n",
    "an empty line": b"\n",
    "half a line": b'{"type":',
}
HISTORIES: tuple[tuple[str | float, ...], ...] = (
    ("a row", "a bookmark", 60.0, "a bookmark", 74.9, "another", 75.1),
    ("a row", 2.9, "another", 3.1),
    (3.1,),
    ("half a line", 2.9, "an empty line", 1.0),
    ("a row", "a bookmark", "gone", 1.0, "a row with its columns", 1.0),
    ("a row", "a bookmark", "a row with other cells", 1.0),
    ("no row", "a bookmark", "two rows", 1.0),
    ("a row", "an error", "another"),
    ("a row", "a bookmark", "an object"),
    ("nonsense", "a row"),
    ("a bookmark", "a row with its columns", "another"),
    ("a bookmark", "half a line", 80.0, "a bookmark"),
)


def told(one: Followed) -> str:
    first = one.first.result() if one.first.done() else "waits"
    changed = one._changed.is_set()
    one._changed.clear()
    return f"{dict(one.cells)}, first {first}, alive {one.alive}, over {one.over}{', changed' * changed}"


@pytest.mark.parametrize("number", range(len(HISTORIES)))
def test_what_is_told_of_an_object_that_is_followed(number: int, snapshot: SnapshotAssertion) -> None:
    lines: list[str] = []

    async def story(one: Followed, loop: VirtualLoop) -> None:
        one.on_head(200, {})
        for step in HISTORIES[number]:
            if isinstance(step, float):
                await asyncio.sleep(step)
            else:
                one.on_data(LINES[step])
            lines.append(f"{moment(loop.time())} {step}: {told(one)}")
        one.on_end(True)
        lines.append(f"the end: {told(one)}")

    followed(story)
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize("code", [199, 200, 201, 403])
def test_only_200_is_an_answer(code: int) -> None:
    async def story(one: Followed, loop: VirtualLoop) -> None:
        assert one.waits
        one.on_head(code, {})
        assert one.over is (code != 200)
        one.on_error(errors.LinkError("Reset."))
        assert one.over
        assert await one.first is False

    followed(story)


def test_a_change_is_waited_for_no_longer_than_is_said() -> None:
    async def story(one: Followed, loop: VirtualLoop) -> None:
        await one.change(4.0)
        assert loop.time() == 1004.0
        one.on_data(LINES["a row"])
        await one.change(4.0)
        assert loop.time() == 1004.0
        await one.change(1.0)
        assert loop.time() == 1005.0
        loop.call_later(0.5, one.on_data, LINES["another"])
        await one.change(4.0)
        assert loop.time() == 1005.5

    followed(story)


def test_what_a_row_that_is_followed_may_be(snapshot: SnapshotAssertion) -> None:
    lines: dict[str, list[str]] = {}
    document = {"type": "ADDED", "object": table(["p0", "1/1"], columns=("Name", "Ready"))}
    for what, one in [
        ("as it is", document),
        *variants(document, {"null": None, "a text": "x", "a list": []}),
    ]:

        async def story(followed: Followed, loop: VirtualLoop, one: Any = one, what: str = what) -> None:
            followed.on_data(encoded(one) + b"\n")
            lines.setdefault(told(followed), []).append(what)

        followed(story)
    assert "\n".join(f"{words}\n    {'; '.join(what)}" for words, what in lines.items()) == snapshot


# Lists


def gathered(*pieces: bytes | float, most: int = 0, head: dict[str, str] | None = None) -> str:
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        transport: Any = Answers()
        delivery = Delivery()
        asking = asyncio.create_task(streamed(transport, "/pods", {"a": "b"}, delivery, most=most))
        await asyncio.sleep(0.0)
        transport.sink.on_head(200, head or {})
        for piece in pieces:
            if isinstance(piece, float):
                await asyncio.sleep(piece)
            elif not asking.done():
                transport.sink.on_data(piece)
        result = await asking
        heard = moment(delivery.heard)
        found.append(f"{result}, heard {heard}, closed {transport.closed}, {moment(loop.time())}")

    on_virtual_time(main)
    return found[0]


ADDED = line("ADDED", thing("a"))
DONE = line(*END)
CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "whole": ((ADDED, line("ADDED", thing("b")), DONE), {}),
    "in pieces": ((ADDED[:9], ADDED[9:] + DONE[:5], DONE[5:]), {}),
    "compressed": ((ADDED, DONE), {"head": {"content-encoding": "gzip"}}),
    "one at most": ((ADDED, DONE), {"most": 1}),
    "one too many": ((ADDED, ADDED, DONE), {"most": 1}),
    "an earlier bookmark": ((line(*MARK), DONE), {}),
    "silent": ((ADDED, 2.9, ADDED, 3.1), {}),
    "changed": ((ADDED, line("MODIFIED", thing("a")), DONE), {}),
    "nonsense": ((ADDED, b"nonsense\n", DONE), {}),
    "an item of another sort": ((line("ADDED", None), line("ADDED", [1]), DONE), {}),
    "another mark": ((line("BOOKMARK", {"metadata": {"annotations": dict.fromkeys(MARKS, "false")}}), 3.1), {}),
    "a mark without metadata": ((line("BOOKMARK", {}),), {}),
    "a mark without a version": ((line("BOOKMARK", {"metadata": {"annotations": MARKS}}),), {}),
}  # fmt: skip


def test_what_is_gathered(snapshot: SnapshotAssertion) -> None:
    lines = [f"{name}: {gathered(*pieces, **options)}" for name, (pieces, options) in CASES.items()]
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize(("size", "held"), [(100, True), (101, False)])
def test_no_more_is_held_than_a_bound(size: int, held: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed_list, "MOST_BYTES", 100)

    async def story(one: Followed, loop: VirtualLoop) -> None:
        one.on_data(b"x" * 60)
        if held:
            one.on_data(b"x" * (size - 60))
        else:
            with pytest.raises(TooLarge):
                one.on_data(b"x" * (size - 60))

    followed(story)
    lines = b"\n" * 60, b"\n" * (size - 60), 3.1
    if held:
        assert gathered(*lines).startswith("None")
    else:
        with pytest.raises(TooLarge):
            gathered(*lines)

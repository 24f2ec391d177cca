"""What the informers of a cluster ask of its API, request by request, and what they are told of each answer.

`pytest tests/unit/cluster/test_asyncio_io.py --snapshot-update` takes what happens now; look at what differs first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster import errors
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.watch.asyncio_io import AsyncioIO
from edgetui.cluster.watch.reflector.states import Page, Refreshed
from edgetui.cluster.watch.table import Printer
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.autoscaler import AUTOSCALER
from tests.unit.cluster.every_value import encoded, said
from tests.unit.cluster.recorded import moment
from tests.unit.cluster.reflector_samples import Fixed
from tests.unit.cluster.test_table import CELLS, COLUMNS
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time

POD = KINDS["Pod"]
LINK = errors.LinkError("Reset.", "Wait.")


class Scene:
    """An API, its transport and its credentials; each answer takes a second."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop = loop
        self.lines: list[str] = []
        self.answer: Any = {}
        self.is_alive = True
        self.changes = False
        self.kinds, self.served = KINDS, dict[str, Any]()
        self.transport = self.endpoint = self
        self.clock = loop.time() + 5e5
        here: Any = self
        self.io = AsyncioIO(
            here, here, spawn=self.spawn, clock=lambda: self.clock, rng=Fixed(), namespaces=["b", "x"],
            identify=self.identify, steady=loop.time,
        )  # fmt: skip

    def note(self, what: str) -> None:
        self.lines.append(f"{moment(self.loop.time())} {what}")

    def told(self, found: object) -> None:
        if isinstance(found, EdgetuiError):
            found = said(found)
        elif isinstance(found, Page):
            found = f"{[row.name for row in found.rows]} at {found.rv}, token {found.token!r}"
        elif isinstance(found, Refreshed):
            found = f"changed {found.changed}, {found.error and said(found.error)}"
        self.note(f"told {found}")

    def spawn(self, work: Any) -> asyncio.Task[None]:
        return self.loop.create_task(work)

    async def identify(self, api: Any, version: str, timeout: float) -> None:
        await asyncio.sleep(1.0)
        self.note(f"identify at {version!r} within {timeout:g} s, on the same connection {api is self}")
        if isinstance(self.answer, Exception):
            raise self.answer

    async def get_bytes(self, path: str, query: Any = None, **options: Any) -> bytes:
        self.note(f"{path} {query or {}} {dict(sorted(options.items()))}")
        await asyncio.sleep(1.0)
        if isinstance(self.answer, Exception):
            raise self.answer
        return encoded(self.answer)

    def open_stream(self, path: str, query: Any, sink: Any, **options: Any) -> Any:
        assert options.pop("on_sent") == sink.on_sent
        self.note(f"watch {path} {query} {options}")
        return self

    # The transport and the credentials

    async def alive(self) -> bool:
        self.note("is it alive?")
        return self.is_alive

    def on_fresh_connection(self, credentials: Any) -> Any:
        self.note("a fresh connection")
        return SimpleNamespace(close=lambda: self.note("closed"))

    async def headers(self) -> list[tuple[str, str]]:
        await asyncio.sleep(3.0)
        self.note("signed in")
        return []

    async def refresh(self) -> bool:
        await asyncio.sleep(1.0)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.changes

    def explain_refusal(self) -> EdgetuiError:
        return errors.CredentialError("The token is over.", "Sign in.")


def play(*acts: Callable[[Scene], Any]) -> str:
    """What happens when these are done one after another, ten seconds apart."""
    lines: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        scene = Scene(loop)
        for act in acts:
            act(scene)
            await asyncio.sleep(10.0)
        lines.extend(scene.lines)

    on_virtual_time(main)
    return "\n".join(lines)


def answers(answer: Any, **fields: Any) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        scene.answer = answer
        for name, value in fields.items():
            setattr(scene, name, value)

    return act


def page(scene: Scene, printer: Printer | None = None) -> Any:
    return scene.io.open_page(POD, "/pods", {"limit": "2"}, scene.told, printer)


LIST = {
    "kind": "PodList",
    "metadata": {"resourceVersion": "9", "continue": "c"},
    "items": [{"metadata": {"name": "p0"}}],
}
TABLE = {
    "kind": "Table",
    "metadata": {"resourceVersion": "9"},
    "columnDefinitions": [{"name": name} for name in COLUMNS],
    "rows": [{"cells": CELLS}],
}


def test_a_page(snapshot: SnapshotAssertion) -> None:
    def printed(scene: Scene) -> None:
        page(scene, Printer(POD, "a", lambda: 0.0))

    def dropped(scene: Scene) -> None:
        page(scene).close()

    acts = [answers(LIST), page, answers(LINK), page, answers([]), page, answers(TABLE), printed, dropped]
    assert play(*acts) == snapshot


def test_a_watch(snapshot: SnapshotAssertion) -> None:
    sink: Any = SimpleNamespace(on_sent=lambda: None)

    def watch(scene: Scene) -> None:
        scene.io.open_stream("/pods", {"watch": "1"}, sink)

    def printed(scene: Scene) -> None:
        scene.io.open_stream("/pods", {"watch": "1"}, sink, Printer(POD, "a", lambda: 0.0))

    assert play(watch, printed) == snapshot


@pytest.mark.parametrize("alive", [True, False])
@pytest.mark.parametrize("dials", [True, False])
def test_a_probe(dials: bool, alive: bool, snapshot: SnapshotAssertion) -> None:
    def probe(scene: Scene) -> None:
        scene.io.probe(7.0, "50", scene.told, dials=dials)

    def dropped(scene: Scene) -> None:
        scene.io.probe(7.0, "50", scene.told, dials=dials).close()

    refused = errors.Unauthorized("No.", code=401)
    acts = [answers({}, is_alive=alive), probe, answers(LINK), probe, answers(refused), probe, dropped]
    assert play(*acts) == snapshot


def test_other_credentials(snapshot: SnapshotAssertion) -> None:
    def refresh(scene: Scene) -> None:
        scene.io.refresh(scene.told)

    acts = [refresh, answers({}, changes=True), refresh, answers(LINK), refresh]
    assert play(*acts) == snapshot


def test_a_refusal_is_that_of_credentials_and_says_why() -> None:
    why = errors.CredentialError("The token has expired.", "Get a new one.")
    io = SimpleNamespace(_credentials=SimpleNamespace(explain_refusal=lambda: why))
    refused = AsyncioIO._refused(cast(AsyncioIO, io))
    assert (refused.sentence, refused.next_step, refused.code) == (why.sentence, why.next_step, 401)


def test_the_versions_and_the_namespaces_that_are_served(snapshot: SnapshotAssertion) -> None:
    def served(scene: Scene) -> None:
        scene.io.served(AUTOSCALER, lambda kind: scene.told(kind and kind.version))

    def namespaces(scene: Scene) -> None:
        scene.io.namespaces(scene.told)

    group = {"versions": [{"version": "v1"}]}
    names = {"items": [{"metadata": {"name": "b"}}, {"metadata": {"name": "a"}}]}
    denied = errors.Forbidden('User "system:serviceaccount:c:viewer" cannot list', code=403)
    acts = [answers(group), served, answers({}), served, answers(LINK), served]
    acts += [namespaces, answers(names), namespaces, answers(denied), namespaces]
    assert play(*acts) == snapshot


def test_a_defect_is_told_to_who_waits() -> None:
    raised: list[object] = []

    def page_of_a_defect(scene: Scene) -> None:
        scene.loop.set_exception_handler(lambda _, context: raised.append(context["exception"]))
        page(scene)

    found = play(answers(KeyError("x")), page_of_a_defect)
    assert found.endswith("told EdgetuiError: edgetui failed here (KeyError): a defect. Please report it.")


@pytest.mark.parametrize(("jump", "told"), [(2.0, 0), (2.1, 1), (-2.0, 0), (-2.1, 1)])
def test_a_clock_that_jumps_by_more_than_two_seconds_is_told_at_the_next_timer(
    jump: float, told: int
) -> None:
    async def main(loop: VirtualLoop) -> None:
        scene = Scene(loop)
        jumps: list[float] = []
        scene.io.clock_jumped = lambda: jumps.append(scene.io.wall(loop.time()))
        begins = loop.time()
        assert scene.io.wall(begins) == begins + 5e5
        assert scene.io.wall(0.0) == 0.0
        cancelled: list[int] = []
        scene.io.later(1.0, lambda: cancelled.append(1))()
        scene.io.later(2.0, lambda: scene.note("rings"))
        scene.clock += 2.0 + jump
        await asyncio.sleep(3.0)
        assert (scene.lines, cancelled) == (["2 rings"], [])
        assert jumps == [loop.time() - 1.0 + 5e5 + jump] * told
        assert scene.io.wall(begins) == pytest.approx(begins + 5e5 + (jump if told else 0.0))
        scene.io.later(0.0, lambda: None)
        scene.clock += 1.0
        await asyncio.sleep(0.1)
        assert len(jumps) == told, "once"

    on_virtual_time(main)

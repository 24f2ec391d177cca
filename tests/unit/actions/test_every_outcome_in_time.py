"""Every action after its write, on virtual time: how long it looks, what it says meanwhile, and how it ends.

`pytest tests/unit/actions/test_every_outcome_in_time.py --snapshot-update` takes what is said now; look at what differs
first.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.change.ending import Ending
from edgetui.actions.gate.gate import Run
from edgetui.cluster.errors import LinkError
from edgetui.model.autoscaling.vpa_keda import PAUSED
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time
from tests.unit.model import factories as f

from .every_action import HPA, SCALED, Case, bounded, healthy, queued
from .scripted import Request
from .site import Site
from .test_every_ending import edited
from .test_every_field_of_an_action import ASKED, Direct, prepared
from .test_word_for_word import settled

Json = dict[str, Any]
WAIT = 60.0


def never_heard(**notes: str) -> Site:
    """A deployment that KEDA scales, whose operator has never written a word."""
    site = queued(**notes)
    site.objects[SCALED]["status"] = {}
    return site


def loaded() -> Site:
    """An autoscaler that will want twice as many at its next look."""
    return Site(*healthy().objects.values(), f.autoscaler("press", "line-2", bounds=(2, 8), cpu=120))


OTHERS = {
    "set-hpa under load": Case(("set-hpa", "hpa/press", "--max", "6"), loaded, HPA),
    "scale against an autoscaler": Case(("scale", "deploy/press", "1"), bounded),
    "keda-resume without an operator": Case(
        ("keda-resume", "deploy/press"), lambda: never_heard(**{PAUSED: "true"}), SCALED
    ),
    "keda-pause without an operator": Case(
        ("keda-pause", "deploy/press", "--replicas", "5"), never_heard, SCALED
    ),
}
FOLLOWED = {name: case for name, case in ASKED.items() if name != "restore"} | OTHERS
"""Of the table all but the one whose number stands in the record, and what is waited for in a way of its own."""


class Timed(Direct):
    """A session whose site is `down` for a while; `looks` counts what is asked."""

    down = False
    looks = 0

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.api.get_bytes = self._bytes  # type: ignore[method-assign]
        self.api.following = self._following  # type: ignore[method-assign, assignment]

    async def _get(self, path: str, query: Json | None = None, **more: Any) -> Any:
        self.looks += 1
        if self.down:
            raise LinkError("The link is down.")
        return await super()._get(path, query, **more)

    async def _bytes(self, path: str, *more: Any, **options: Any) -> bytes:
        return json.dumps(await self._get(path)).encode()

    @asynccontextmanager
    async def _following(self, *named: str) -> AsyncIterator[None]:
        yield None


class Stepping:
    """What an outcome needs of a run; its steps are told with their seconds."""

    def __init__(self, session: Timed, stored: Json) -> None:
        self.session, self.stored = session, stored
        self.gate = SimpleNamespace(sleep=asyncio.sleep, patient=False)
        self.told: list[str] = []
        self._began = asyncio.get_running_loop().time()

    @property
    def seconds(self) -> float:
        return asyncio.get_running_loop().time() - self._began

    def step(self, text: str, state: str) -> None:
        self.told.append(f"{self.seconds:.2f} s, {state}: {text}")


def carried_out(site: Site, case: Case) -> None:
    site.idle = False
    site.carry_out()


def gone(site: Site, case: Case) -> None:
    site.objects.clear()


def nothing(site: Site, case: Case) -> None:
    """Nobody does anything."""


Happens = tuple[float, Callable[[Site, Case], None]]
MEANWHILE: dict[str, tuple[Happens, tuple[float, float]]] = {
    "nothing happens": ((0, nothing), (0, 0)),
    "it is done after 7 s": ((7, carried_out), (0, 0)),
    "it is done while the link is down": ((2, carried_out), (1, 4)),
    "it is gone after 3 s": ((3, gone), (0, 0)),
    "somebody changes it after 5 s": ((5, edited), (0, 0)),
}
"""What happens after the write, and from when to when nothing can be asked."""


async def ending(
    loop: VirtualLoop,
    case: Case,
    happening: Happens,
    outage: tuple[float, float] = (0, 0),
    wait: float = WAIT,
) -> tuple[Ending, list[str]]:
    """How an action ends whose write is stored, and the lines that tell it."""
    (moment, happens), (lost, back) = happening, outage
    site = case.site()
    session = Timed(site)
    spec, view, answer = await prepared(case, session)
    assert spec.change is not None and spec.outcome is not None
    write = spec.change(session, view, answer).write(site.objects[case.path]["metadata"]["resourceVersion"])
    site.idle = True
    code, stored = site.answer(Request(write.method, write.path, {}, write.body, write.content_type))
    assert code < 300, stored
    loop.call_later(moment, happens, site, case)
    if back:
        loop.call_later(lost, setattr, session, "down", True)
        loop.call_later(back, setattr, session, "down", False)
    session.looks, run = 0, Stepping(session, stored)
    end = await spec.outcome(cast(Run, run), view, answer, wait)
    said = json.dumps(msgspec.to_builtins(end), sort_keys=True)
    return end, [*run.told, f"{run.seconds:.2f} s, {session.looks} requests: {said}"]


@pytest.mark.parametrize("case", FOLLOWED.values(), ids=FOLLOWED)
def test_how_an_action_ends_in_time(case: Case, snapshot: SnapshotAssertion) -> None:
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        for meanwhile, (happening, outage) in MEANWHILE.items():
            if case.again is not None or happening[1] is not edited:
                _, lines = await ending(loop, case, happening, outage)
                found.extend([f"# {meanwhile}", *lines])

    on_virtual_time(main)
    assert "\n".join(map(settled, found)) == snapshot


@pytest.mark.parametrize(("wait", "ends"), [(60.0, "26.83 s"), (20.0, "18.83 s")])
def test_a_number_that_an_autoscaler_may_take_back_is_looked_at_for_longer(wait: float, ends: str) -> None:
    """For as long as an autoscaler may take to look again, or half of the time there is."""

    def by_its_own_controller(site: Site, case: Case) -> None:
        owner = site.objects.pop(HPA)
        carried_out(site, case)
        site.objects[HPA] = owner

    async def main(loop: VirtualLoop) -> None:
        case = OTHERS["scale against an autoscaler"]
        end, lines = await ending(loop, case, (7, by_its_own_controller), wait=wait)
        assert end.ok and lines[-1].startswith(ends), lines

    on_virtual_time(main)

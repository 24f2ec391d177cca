"""What comes of a number, on virtual time: at a scale subresource, at what the server prints, at a workload.

`pytest tests/unit/actions/test_every_end_of_a_scale.py --snapshot-update` takes what is said now;
look at what differs first.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.gate.gate import Run
from edgetui.actions.objects.resource import SCALE, Resource
from edgetui.actions.scaling import scale
from edgetui.actions.scaling.scale import ScaleAnswer, outcome
from edgetui.actions.scaling.scale_subresource import reach, ready_at
from edgetui.actions.scaling.scale_view import ScaleView
from edgetui.cluster.api.client import PREFERRED, PRINTED_QUERY
from edgetui.cluster.errors import LinkError, NotFound, ProtocolError
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey, ObjectRef
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time
from tests.unit.model import factories as f

from .as_text import as_text
from .site import Json, Site
from .test_every_answer_of_a_scale import autoscaler
from .test_every_field_of_an_action import Direct
from .test_every_outcome_in_time import Stepping

PRESS = "/apis/apps/v1/namespaces/line-2/deployments/press"
PUMPS = Resource("water.example.com", "v1", "pumps", "Pump", True, SCALE)


class Printing:
    """What the server prints of a workload, as long as it is watched."""

    def __init__(self, cells: Json) -> None:
        self.cells: Json = cells
        self.alive = True
        self._news = asyncio.Event()

    def prints(self, cells: Json) -> None:
        self.cells = cells
        self._news.set()

    async def change(self, within: float) -> None:
        try:
            async with asyncio.timeout(within):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()


class Scaled(Direct):
    """A session on one workload: its scale, and how many of its pods are ready."""

    def __init__(self, printed: Json | None = None) -> None:
        super().__init__(Site())
        self.wanted, self.running, self.ready, self.lost, self.gone = 3, 1, 1, False, False
        self.asked: list[str] = []
        self.followed = Printing(printed) if printed is not None else None
        self.followed_at: tuple[str, ...] = ()
        self.api.get_bytes = self._bytes  # type: ignore[method-assign]
        self.api.following = self._following  # type: ignore[method-assign, assignment]

    async def _get(self, path: str, query: Json | None = None, **more: Any) -> Any:
        self.asked.append(path)
        if self.lost:
            raise LinkError("The link is down.")
        if self.gone:
            raise NotFound("not here", code=404)
        metadata = {"name": "press", "uid": "uid-1", "resourceVersion": "9"}
        status = {"replicas": self.running}
        return {"metadata": metadata, "spec": {"replicas": self.wanted}, "status": status}

    async def _bytes(self, path: str, *more: Any, **options: Any) -> bytes:
        self.asked.append(f"{path} printed")
        if self.gone:
            raise NotFound("not here", code=404)
        return as_text({"kind": "Deployment", "status": {"readyReplicas": self.ready}}).encode()

    @asynccontextmanager
    async def _following(self, *named: Any) -> AsyncIterator[Any]:
        self.followed_at = named
        yield self.followed

    def prints(self, ready: int | str, desired: int | None = None) -> None:
        assert self.followed is not None
        cells = {"Ready": f"{ready}/{self.wanted}"} if desired is None else {"Ready": ready}
        self.followed.prints(cells | ({} if desired is None else {"Desired": desired}))


Acts = Callable[[Scaled], None]


def now(**values: Any) -> Acts:
    """It is so from then on."""

    def acts(session: Scaled) -> None:
        for name, value in values.items():
            setattr(session, name, value)

    return acts


def printed(told: Any, desired: int | None = None, **values: Any) -> Acts:
    """It is so from then on, and is printed."""

    def acts(session: Scaled) -> None:
        now(**values)(session)
        session.prints(told, desired)

    return acts


def unheard(session: Scaled) -> None:
    """What is printed is no longer followed."""
    assert session.followed is not None
    session.followed.alive = False
    session.followed.prints(session.followed.cells)


def empty(session: Scaled) -> None:
    """No row of the workload is printed."""
    assert session.followed is not None
    session.followed.prints({})


LOOKED: dict[str, list[tuple[float, Acts]]] = {
    "nothing happens": [],
    "all run and are ready": [(3, now(running=3, ready=3))],
    "all run, and are ready later": [(2, now(running=3)), (5, now(ready=2)), (8, now(ready=3))],
    "as many run and fewer again": [(2, now(running=3, ready=3)), (5, now(running=2)), (9, now(running=3))],
    "more run": [(2, now(running=5, ready=3)), (6, now(running=3))],
    "another number": [(2, now(wanted=4))],
    "it is gone": [(2, now(gone=True))],
    "the link is down": [(2, now(lost=True)), (6, now(lost=False, running=3, ready=3))],
}
FOLLOWED: dict[str, list[tuple[float, Acts]]] = {
    "nothing is printed": [],
    "they become ready": [(2, printed(2)), (4, printed(3, running=3, ready=3))],
    "they become ready before the others end": [(2, printed(3, running=4)), (6, printed(3, running=3))],
    "it is printed in two columns": [(2, printed(2, 3)), (4, printed(3, 3, running=3))],
    "another number": [(2, printed(1, wanted=4))],
    "none is ready": [(2, printed(0, wanted=0, running=0))],
    "it is printed in another way": [
        (2, printed("many", running=2)),
        (6, printed("many", running=3, ready=3)),
    ],
    "it is no longer followed": [(2, unheard), (4, now(running=3, ready=3))],
    "nothing is in its row": [
        (2, empty),
        (4, now(running=3, ready=3)),
    ],
    "it is gone": [(2, printed("many", gone=True))],
}


async def followed_to(
    loop: VirtualLoop, session: Scaled, happens: list[tuple[float, Acts]], **options: Any
) -> list[str]:
    """How looking at the number of 3 ends, and the steps that tell it."""
    run = Stepping(session, {})  # type: ignore[arg-type]
    for moment, acts in happens:
        loop.call_later(moment, acts, session)
    seen = await reach(cast(Run, run), PRESS, 3, 30.0, **options)
    end = f"{run.seconds:.2f} s: reached {seen.reached}, failed {seen.failed}, {seen.text}"
    scales = sum(one.endswith("/scale") for one in session.asked)
    return [*run.told, f"{end}; {scales} scales, {len(session.asked) - scales} others {session.followed_at}"]


WAYS: dict[str, Json] = {
    "its scale alone": {},
    "with its pods": {"kind": "Deployment"},
    "held": {"kind": "Deployment", "hold": 5.0, "by": "autoscaler press"},
}


@pytest.mark.parametrize("happens", LOOKED.values(), ids=LOOKED)
def test_what_is_seen_by_looking(happens: list[tuple[float, Acts]], snapshot: SnapshotAssertion) -> None:
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        for way, options in WAYS.items():
            found.extend([f"# {way}", *await followed_to(loop, Scaled(), happens, **options)])

    on_virtual_time(main)
    assert "\n".join(found) == snapshot


@pytest.mark.parametrize("happens", FOLLOWED.values(), ids=FOLLOWED)
def test_what_is_seen_where_it_is_printed(
    happens: list[tuple[float, Acts]], snapshot: SnapshotAssertion
) -> None:
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        for grows in (False, True):
            session = Scaled({"Ready": "1/3"})
            options: Json = {"kind": "Deployment", "grows": grows}
            found.extend([f"# grows {grows}", *await followed_to(loop, session, happens, **options)])
        held: Json = {"kind": "Deployment", "hold": 4.0}
        found.extend(["# held", *await followed_to(loop, Scaled({"Ready": "1/3"}), happens, **held)])

    on_virtual_time(main)
    assert "\n".join(found) == snapshot


# -- the outcome as a whole


def view(generation: int = 0, **more: Any) -> ScaleView:
    kind, other = ("Pump", PUMPS) if more.pop("pump", False) else ("Deployment", None)
    ref = ObjectRef(ObjectKey("plant", kind, "line-2", "press"), "uid-1", "8")
    known = {"hpa": None, "notes": (), "selector": "app=press", "other": other, **more}
    return ScaleView(ref, generation, 1, 1, 1, **known)


VIEWS = {
    "a workload": view(),
    "a workload without a selector": view(selector=""),
    "a workload with an autoscaler that keeps it": view(hpa=autoscaler(2, 6)),
    "a workload with an autoscaler that does not": view(hpa=autoscaler(4, 6)),
    "a pump": view(pump=True),
}


@pytest.mark.parametrize("wait", [None, 12.0])
@pytest.mark.parametrize("one", VIEWS.values(), ids=VIEWS)
def test_how_a_scale_ends(one: ScaleView, wait: float | None, snapshot: SnapshotAssertion) -> None:
    found: list[str] = []

    async def ended(loop: VirtualLoop, ends: Any, *happens: tuple[float, Acts]) -> None:
        session = Scaled()
        run = Stepping(session, {})  # type: ignore[arg-type]
        for moment, acts in happens:
            loop.call_later(moment, acts, session)
        ending = await ends(cast(Run, run), one, ScaleAnswer(3), wait)
        found.extend([*run.told, f"{run.seconds:.2f} s: {as_text(ending)}", *sorted(set(session.asked))])

    async def main(loop: VirtualLoop) -> None:
        for what, ends in (("done", outcome), ("put back", scale.SPEC.back.ends)):  # type: ignore[union-attr]
            found.append(f"# {what}")
            await ended(loop, ends, (2, now(running=3, ready=3)))
            await ended(loop, ends, (2, now(wanted=4)))
            await ended(loop, ends)

    on_virtual_time(main)
    assert "\n".join(found) == snapshot


class Rolling(Direct):
    """A session on a deployment that has a generation, which is read whole."""

    def __init__(self) -> None:
        made = f.deployment("press", "line-2", uid="uid-1", replicas=1, generation=5, observed=4)
        super().__init__(Site(made))
        self.store = Store("plant")
        self.api.following = self._following  # type: ignore[method-assign, assignment]

    @asynccontextmanager
    async def _following(self, *named: Any) -> AsyncIterator[None]:
        yield None

    def becomes(self, status: Json) -> None:
        there = self.site.objects[PRESS]
        there["spec"]["replicas"] = status.get("wanted", there["spec"]["replicas"])
        there["status"] |= status


READY = {
    "observedGeneration": 6,
    "replicas": 3,
    "readyReplicas": 3,
    "updatedReplicas": 3,
    "availableReplicas": 3,
}


@pytest.mark.parametrize("hpa", [None, autoscaler(2, 6), autoscaler(4, 6)], ids=["alone", "kept", "undone"])
@pytest.mark.parametrize("wait", [12.0, 60.0])
def test_how_a_scale_ends_that_is_seen_by_the_generation(
    hpa: Any, wait: float, snapshot: SnapshotAssertion
) -> None:
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        for happens in ([(3, READY)], [(3, READY), (5, {"wanted": 2})], []):
            session = Rolling()
            session.becomes({"wanted": 3})
            session.site.objects[PRESS]["metadata"]["generation"] = 6
            run = Stepping(session, {})  # type: ignore[arg-type]
            for moment, status in happens:
                loop.call_later(moment, session.becomes, status)
            ending = await outcome(cast(Run, run), view(5, hpa=hpa), ScaleAnswer(3), wait)
            found.extend([*run.told, f"{run.seconds:.2f} s: {as_text(ending)}"])

    on_virtual_time(main)
    assert "\n".join(found) == snapshot


class Answering(Direct):
    """A session whose server answers so to a workload."""

    def __init__(self, answer: Json) -> None:
        super().__init__(Site())
        self.answer, self.asked = answer, list[Any]()
        self.api.get_bytes = self._bytes  # type: ignore[method-assign]

    async def _bytes(self, *asked: Any, **options: Any) -> bytes:
        self.asked.append((asked, options))
        return as_text(self.answer).encode()


def table(names: list[str], *rows: list[Any]) -> Json:
    columns = [{"name": name} for name in names]
    return {"kind": "Table", "columnDefinitions": columns, "rows": [{"cells": one} for one in rows]}


@pytest.mark.parametrize(
    ("answer", "ready"),
    [
        ({"kind": "Deployment", "status": {"readyReplicas": 2}}, 2),
        ({"kind": "Deployment", "status": {"readyReplicas": None}}, 0),
        ({"kind": "Deployment", "status": {}}, 0),
        ({"kind": "Deployment", "status": None}, 0),
        ({"kind": "Deployment"}, 0),
        (table(["Name", "Ready"], ["press", "2/3"]), 2),
        (table(["Name", "Ready"], ["press", "0/3"]), 0),
        (table(["Name", "Desired", "Current", "Ready"], ["press", 3, 2, 1]), 1),
        (table(["Name", "Ready"], ["press", "2/3"], ["other", "1/3"]), 2),
        (table(["Name", "Ready"], ["press", "two"]), None),
        (table(["Name", "Ready"], ["press", "2"]), None),
        (table(["Name", "Ready"], ["press"]), None),
        (table(["Name", "Ready"]), None),
        ({"kind": "Deployment", "status": {"readyReplicas": "two"}}, None),
    ],
)
async def test_how_many_are_ready_as_the_server_prints_it(answer: Json, ready: int | None) -> None:
    session = Answering(answer)
    if ready is None:
        with pytest.raises(ProtocolError) as refused:
            await ready_at(session, PRESS)
        assert refused.value.sentence == "What the server answered does not say how many pods are ready."
    else:
        assert await ready_at(session, PRESS) == ready
    assert session.asked == [((PRESS, PRINTED_QUERY), {"headers": PREFERRED})]


@pytest.mark.parametrize(
    ("generation", "watched", "asked"),
    [
        (5, False, {f"{PRESS}/scale", f"{PRESS} printed"}),
        (0, True, {f"{PRESS}/scale", f"{PRESS} printed"}),
        (0, False, {f"{PRESS}/scale", f"{PRESS} printed"}),
        (5, True, {PRESS}),
    ],
)
def test_a_workload_is_read_where_its_generation_is_known_and_something_is_watched(
    generation: int, watched: bool, asked: set[str]
) -> None:
    async def main(loop: VirtualLoop) -> None:
        session = Scaled()
        session.store = Store("plant") if watched else None
        session.running = session.ready = 3
        run = Stepping(session, {})  # type: ignore[arg-type]
        made = f.deployment("press", "line-2", uid="uid-1", replicas=3, generation=6, observed=6)
        whole = session._get

        async def get(path: str, *more: Any, **options: Any) -> Any:
            found = await whole(path)
            return made if path == PRESS else found

        session.api.get = get  # type: ignore[method-assign]
        ending = await outcome(cast(Run, run), view(generation), ScaleAnswer(3), 30.0)
        assert ending.ok, ending.lines
        assert set(session.asked) == asked

    on_virtual_time(main)

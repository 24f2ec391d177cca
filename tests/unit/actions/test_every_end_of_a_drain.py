"""A drain on virtual time: what is tried when, what is said meanwhile, and how it ends.

`pytest tests/unit/actions/test_every_end_of_a_drain.py --snapshot-update` takes what is said now;
look at what differs first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.change.spec import Aim
from edgetui.actions.change.switch import SwitchView
from edgetui.actions.gate.gate import Write
from edgetui.actions.messages import Cancelled
from edgetui.actions.nodes import drain
from edgetui.actions.nodes.drain import DrainView, PodOnNode
from edgetui.cluster.errors import (
    Conflict,
    EdgetuiError,
    Forbidden,
    Invalid,
    LinkError,
    NotFound,
    OutcomeUnknown,
    ServerFailure,
    Throttled,
)
from edgetui.model.cache.wireprofile import Wire, WireState
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import row_of
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time
from tests.unit.model import factories as f

from .as_text import as_text
from .site import Json, Site
from .test_drain import Floor, placed
from .test_every_field_of_an_action import Direct

REF = ObjectRef(ObjectKey("plant", "Node", "", "line-2-a"), "uid-1", "812")
BUSY = "The disruption budget press needs 2 healthy pods."


def ending() -> EdgetuiError:
    """What a namespace that ends answers to every new thing in it."""
    return Forbidden("namespace line-2 is being terminated", code=403)


def busy(times: int = 1) -> list[EdgetuiError]:
    """What a budget answers that has nothing left."""
    return [Throttled(BUSY, code=429) for _ in range(times)]


def pods(*names: str, **more: Any) -> tuple[PodOnNode, ...]:
    return tuple(PodOnNode("line-2", name, f"uid-{name}", {"app": "press"}, **more) for name in names)


def view(*found: PodOnNode, cordoned: bool = False, **more: Any) -> DrainView:
    node = SwitchView(REF, 1, row_of("Node", f.node("line-2-a")), now=cordoned, wanted=True)
    return DrainView(node, found or pods("a", "b", "c"), **more)


class Evicting(Direct):
    """A run whose evictions are answered by `answers`, one after the other for each pod; its words are kept.

    A pod whose eviction is taken is gone `leaves` seconds later.
    """

    def __init__(self, loop: VirtualLoop, answers: dict[str, list[Any]], leaves: float = 0.0) -> None:
        super().__init__(Site())
        self.loop, self.answers, self.leaves = loop, answers, leaves
        self.began = loop.time()
        self.session, self.gate = self, SimpleNamespace(sleep=self._sleep)
        self.there = {"a", "b", "c"}
        self.told: list[str] = []
        self.cancelled_at = 1e9
        self.blind = False
        self.api.read = self._pods  # type: ignore[method-assign, assignment]

    async def _sleep(self, seconds: float) -> None:
        if self.loop.time() - self.began >= self.cancelled_at:
            raise Cancelled("No longer watched.")
        await asyncio.sleep(seconds)

    async def _pods(self, path: str, *, query: Json) -> Json:
        if self.blind:
            raise LinkError("The link is down.")
        assert query == {"fieldSelector": "spec.nodeName=line-2-a"}
        made = [f.pod(name, "line-2", uid=f"uid-{name}") for name in sorted(self.there)]
        return {"items": [*made, {"metadata": {"name": "odd"}}]}

    def say(self, text: str) -> None:
        self.told.append(f"{self.loop.time() - self.began:.2f} s {text}")

    def step(self, text: str, state: str) -> None:
        if not self.told or not self.told[-1].endswith(f"{state}: {text}"):
            self.say(f"{state}: {text}")

    async def write(self, write: Write) -> Json:
        name = write.path.split("/")[-2]
        answers = self.answers.get(name, [])
        answer = answers.pop(0) if answers else None
        self.say(f"{write.words}: {type(answer).__name__ if answer is not None else 'taken'}")
        if isinstance(answer, Exception):
            raise answer
        self.loop.call_later(self.leaves, self.there.discard, name)
        return {}


ENDINGS: dict[str, tuple[Callable[[], dict[str, list[Any]]], float, Json]] = {
    "all are taken": (lambda: {}, 0.0, {}),
    "they end slowly": (lambda: {}, 12.0, {}),
    "they end too slowly": (lambda: {}, 100.0, {}),
    "a budget forbids one twice": (lambda: {"b": busy(2)}, 1.0, {}),
    "a budget forbids one for good": (lambda: {"b": busy(20)}, 1.0, {}),
    "a budget forbids all": (lambda: {one: busy(20) for one in "abc"}, 1.0, {}),
    "one is gone": (lambda: {"a": [NotFound("gone", code=404)]}, 1.0, {}),
    "one is another": (lambda: {"a": [Conflict("another uid", code=409)]}, 1.0, {}),
    "one is in a namespace that ends": (lambda: {"a": [ending()]}, 1.0, {}),
    "one has no answer": (lambda: {"a": [OutcomeUnknown("No answer came.")]}, 1.0, {}),
    "the link is lost": (lambda: {"a": [LinkError("The link is down.")]}, 1.0, {}),
    "the server fails": (lambda: {"a": [ServerFailure("It failed.", code=500)]}, 1.0, {}),
    "one is refused": (lambda: {"a": [Invalid("It is not valid.", code=422)] * 9}, 1.0, {}),
    "nobody can look": (lambda: {}, 1.0, {"blind": True}),
    "it is cancelled at once": (lambda: {}, 1.0, {"cancelled_at": 0.0}),
    "it is cancelled later": (lambda: {"b": busy(2)}, 9.0, {"cancelled_at": 4.0}),
    "one has ended by itself": (lambda: {"b": busy(20)}, 1.0, {"there": {"a", "c"}}),
}


@pytest.mark.parametrize("wait", [None, 11.0])
@pytest.mark.parametrize(("answers", "leaves", "more"), ENDINGS.values(), ids=ENDINGS)
def test_how_evictions_end(
    answers: Callable[[], dict[str, list[Any]]],
    leaves: float,
    more: Json,
    wait: float | None,
    snapshot: SnapshotAssertion,
) -> None:
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        run: Any = Evicting(loop, answers(), leaves)
        for name, value in more.items():
            setattr(run, name, value)
        receipt = await drain._Evictions(run, view()).receipt(wait)
        run.say(as_text(receipt))
        found.extend(run.told)

    on_virtual_time(main)
    assert "\n".join(found) == snapshot


def test_a_right_that_is_missing_ends_the_drain() -> None:
    async def main(loop: VirtualLoop) -> None:
        run: Any = Evicting(loop, {"b": [Forbidden("You may not evict.", code=403)]})
        with pytest.raises(Forbidden):
            await drain._Evictions(run, view()).receipt(5.0)

    on_virtual_time(main)


# -- before it


def budget(name: str, allowed: Any, labels: Json | None, namespace: str = "line-2") -> Json:
    status = {} if allowed is None else {"status": {"disruptionsAllowed": allowed}}
    selector = {} if labels is None else {"selector": {"matchLabels": labels}}
    return {"metadata": {"name": name, "namespace": namespace}, "spec": selector, **status}


PRESS = {"app": "press"}


@pytest.mark.parametrize(
    ("budgets", "waiting"),
    [
        ((), {}),
        ((budget("p", 3, PRESS),), {}),
        ((budget("p", 2, PRESS),), {"c": "budget p allows 2 at a time"}),
        ((budget("p", 1, PRESS),), {one: "budget p allows 1 at a time" for one in "bc"}),
        ((budget("p", 0, PRESS),), {one: "budget p allows 0 at a time" for one in "abc"}),
        ((budget("p", None, PRESS),), {one: "budget p allows 0 at a time" for one in "abc"}),
        ((budget("p", 0, {"app": "oven"}),), {}),
        ((budget("p", 0, PRESS, "line-1"),), {}),
        ((budget("p", 0, None),), {}),
        (({"metadata": {"name": "p", "namespace": "line-2"}},), {}),
        (({"metadata": {"name": "p", "namespace": "line-2"}, "spec": None},), {}),
        (
            (budget("p", 2, PRESS), budget("q", 1, PRESS)),
            {"b": "budget q allows 1 at a time", "c": "budget q allows 1 at a time"},
        ),
        ((budget("p", 3, PRESS), budget("p", 0, PRESS, "line-1")), {}),
    ],
)
def test_which_pods_wait_for_a_budget(budgets: tuple[Json, ...], waiting: dict[str, str]) -> None:
    stays = pods("agent", stays="of daemonset agent")
    found = view(*stays, *pods("a", "b", "c"), budgets=budgets).waiting
    assert found == {f"uid-{name}": why for name, why in waiting.items()}


PLANS: dict[str, tuple[DrainView, dict[str, str]]] = {
    "three pods": (view(), {}),
    "one pod": (view(*pods("a")), {}),
    "one that stays": (view(*pods("agent", stays="of daemonset agent"), *pods("a")), {}),
    "none that leaves": (view(*pods("agent", "proxy", stays="a static pod of the node")), {}),
    "a node that is cordoned": (view(cordoned=True), {}),
    "a budget": (view(budgets=(budget("p", 2, PRESS),)), {}),
    "an eviction that is refused": (view(budgets=(budget("p", 2, PRESS),)), {"uid-a": BUSY, "uid-c": "no"}),
    "pods that are lost": (view(*pods("a", needs="force", why="has no controller"), *pods("b")), {}),
    "a node that holds much": (view(lost=("The datastore: 1 of 3 is left.",)), {}),
}


@pytest.mark.parametrize(("one", "refused"), PLANS.values(), ids=PLANS)
async def test_what_is_asked_before_a_drain(
    one: DrainView, refused: dict[str, str], snapshot: SnapshotAssertion
) -> None:
    plan = drain._plan(Direct(Site()), one, refused)
    assert as_text(plan).replace('", "', '",\n"') == snapshot


REHEARSED: dict[str, tuple[EdgetuiError | None, str]] = {
    "a budget": (Throttled(BUSY, code=429), BUSY),
    "gone": (NotFound("gone", code=404), ""),
    "a namespace that ends": (ending(), ""),
    "taken": (None, ""),
}


@pytest.mark.parametrize(("problem", "said"), REHEARSED.values(), ids=REHEARSED)
async def test_what_a_rehearsal_refuses(problem: EdgetuiError | None, said: str) -> None:
    asked: list[str] = []

    async def rehearse(write: Write) -> Json:
        asked.append(write.path)
        if problem is not None and "/b/" in write.path:
            raise problem
        return {}

    run: Any = SimpleNamespace(rehearse=rehearse)
    assert await drain._rehearsed(run, view()) == ({"uid-b": said} if said else {})
    assert asked == [f"/api/v1/namespaces/line-2/pods/{name}/eviction" for name in "abc"]


@pytest.mark.parametrize(
    "problem", [Forbidden("You may not evict.", code=403), Conflict("no", code=409), LinkError("It is down.")]
)
async def test_what_ends_a_rehearsal(problem: EdgetuiError) -> None:
    async def rehearse(write: Write) -> Json:
        raise problem

    run: Any = SimpleNamespace(rehearse=rehearse)
    with pytest.raises(type(problem)):
        await drain._rehearsed(run, view())


def test_what_is_sent_and_kept_of_an_eviction(snapshot: SnapshotAssertion) -> None:
    for cordoned in (False, True):
        (pod,) = pods("a")
        write = drain._eviction(view(pod, cordoned=cordoned), pod)
        assert as_text(write) == snapshot(name=f"cordoned {cordoned}")


@pytest.mark.parametrize(
    ("needs", "options", "said"),
    [
        ((), {}, ""),
        (("force",), {"force": True}, ""),
        (("delete_emptydir_data",), {"delete_emptydir_data": True}, ""),
        (("force",), {"delete_emptydir_data": True}, "line-2/p-0 is lost. Nothing was changed. --force"),
        (
            ("force", "force"),
            {},
            "line-2/p-0 is lost, and 1 other pod cannot be drained either. Nothing was changed. --force",
        ),
        (
            ("force", "delete_emptydir_data", "force"),
            {},
            "line-2/p-0 is lost, and 2 other pods cannot be drained either. Nothing was changed. "
            "--delete-emptydir-data --force",
        ),
        (
            ("force", "delete_emptydir_data"),
            {"force": True},
            "line-2/p-1 is lost. Nothing was changed. --delete-emptydir-data",
        ),
    ],
)
async def test_pods_that_would_be_lost_are_refused_by_name(
    needs: tuple[str, ...], options: Json, said: str
) -> None:
    made = [pods(f"p-{at}", needs=one, why="is lost")[0] for at, one in enumerate(needs)]
    gate: Any = SimpleNamespace(run=None)
    aim = Aim("drain", Direct(Site()), REF)
    answer = drain.SPEC.answer(view(), options)
    try:
        await drain.carry_out(gate, aim, view(*made, *pods("a", stays="x")), answer, None)
    except EdgetuiError as refused:
        assert str(refused).replace("To evict such pods too: ", "") == said
    except TypeError:
        assert said == ""


# -- what is read


async def test_the_node_and_its_pods_are_read(snapshot: SnapshotAssertion) -> None:
    floor = Floor(placed("agent-x", f.daemon_set("agent", "line-2")), placed("tool", None))
    for at, missing in enumerate(("namespace", "uid")):
        bare = placed(f"bare-{at}", None)
        floor.objects[f"/bare/{at}"] = bare
        del bare["metadata"][missing]
    session = Direct(floor)
    read = await drain.SPEC.read(Aim("drain", session, ObjectRef(REF.key, "", ""), on_screen=True))
    assert read.node.wanted is True
    assert "\n".join(f"{one.words}: {one.stays or one.needs or 'evicted'}" for one in read.pods) == snapshot
    assert (read.budgets, read.lost) == ((), ())
    assert drain.SPEC.explain is None
    del floor.objects["/bare/0"], floor.objects["/bare/1"]
    found = await drain.explain(Aim("drain", session, REF), read)
    assert [one["metadata"]["name"] for one in found.budgets] == ["press"]
    assert found.lost == (
        "line-2/press-0 and 2 more fit nowhere else: there is no other node.",
        "line-2/press-two: every pod is there.",
    )


SLOW = "Over a link as slow as this it is not looked up where its pods fit; :unplug asks for it."


@pytest.mark.parametrize(
    ("wire", "lost"),
    [(None, 2), (Wire.FULL, 2), (Wire.LEAN, 2), (Wire.THIN, (SLOW,))],
)
async def test_over_a_slow_link_it_is_not_looked_up_what_is_lost(wire: Wire | None, lost: Any) -> None:
    session = Direct(Floor())
    if wire is not None:
        session.store = f.store_of()
        session.store.set_wire(WireState(wire))
    found = await drain.explain(Aim("drain", session, REF), view())
    assert found.lost == lost if isinstance(lost, tuple) else len(found.lost) == lost


async def test_a_forecast_that_cannot_be_made_is_said() -> None:
    floor = Floor()
    floor.instead = lambda request: (403, None) if request.path == "/api/v1/nodes" else floor._lists(request)
    found = await drain.explain(Aim("drain", Direct(floor), REF), view())
    assert found.lost == ("Where its pods fit, and which Services stop, is not known: no",)
    other = ObjectRef(ObjectKey("plant", "Node", "", "line-9"), "", "")
    unknown = view()
    node = SwitchView(other, 1, unknown.node.row, now=False, wanted=True)
    found = await drain.explain(Aim("drain", Direct(Floor()), other), DrainView(node, unknown.pods))
    assert found.lost == ()


@pytest.mark.parametrize("force", [None, False, True])
@pytest.mark.parametrize("data", [None, False, True])
def test_what_may_be_lost_is_what_is_given(force: bool | None, data: bool | None) -> None:
    found = drain.SPEC.answer(view(), {"force": force, "delete_emptydir_data": data})
    assert (found.force, found.delete_emptydir_data) == (bool(force), bool(data))
    assert drain.SPEC.answer(view(), {}) == drain.DrainAnswer(False, False)
    assert drain.SPEC.fields is not None
    assert drain.SPEC.fields(view()) == {"force": False, "delete_emptydir_data": False}

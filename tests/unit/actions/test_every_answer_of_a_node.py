"""A node out of service and a node that a plan skips: what is said of every state that it may be in.

`pytest tests/unit/actions/test_every_answer_of_a_node.py --snapshot-update` takes what is said now;
look at what differs first.
"""

from __future__ import annotations

from typing import Any, cast

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.change.spec import Aim
from edgetui.actions.gate.gate import Run
from edgetui.actions.messages import Refusal
from edgetui.actions.nodes import out_of_service, skip_update
from edgetui.actions.nodes.out_of_service import NodeView
from edgetui.actions.nodes.skip_update import SkipView
from edgetui.cluster.errors import LinkError
from edgetui.model.cache.wireprofile import Wire, WireState
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds import row_of
from edgetui.model.node.demand import Demand, demand_of
from edgetui.model.node.loss import After, Prospect
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time
from tests.unit.model import factories as f
from tests.unit.model import updates as u

from .as_text import as_text
from .every_action import NODE
from .site import Json, Site
from .test_every_field_of_an_action import Direct, lines_of
from .test_every_outcome_in_time import Stepping, Timed
from .test_out_of_service import KEY, TAINT, Lost

REF = ObjectRef(KEY, "uid-1", "812")
LOST = {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}
OUT = {"key": TAINT, "value": "nodeshutdown", "effect": "NoExecute"}


def demand(name: str, owner: Json | None = None, *claims: str) -> Demand:
    made = f.pod(name, "line-2", owner=owner, node="line-2-a", uid=f"uid-{name}")
    made["spec"]["volumes"] = [{"name": one, "persistentVolumeClaim": {"claimName": one}} for one in claims]
    return demand_of(made)


SET = f.stateful_set("db", "line-2")
PODS = (demand("db-0", SET, "data-0"), demand("press", f.replica_set(f.deployment("press"), "two")))
MANY = tuple(demand(f"db-{at}", SET, f"data-{at}") for at in range(5))
AFTER = (
    Prospect(PODS[0], After.MOVES, fits=("line-2-b", "line-2-c", "line-2-d")),
    Prospect(PODS[1], After.MOVES, fits=("line-2-b",)),
    Prospect(PODS[1], After.NOWHERE, why="there is no other node"),
    Prospect(PODS[1], After.MOVES, done=True),
    Prospect(PODS[1], After.LOST, why="nothing makes it anew"),
)


def node_view(ready: str = "Unknown", *, now: bool = False, wanted: bool = True, **more: Any) -> NodeView:
    row: Any = row_of("Node", f.node("line-2-a", ready=ready, reason=more.pop("reason", "NodeStatusUnknown")))
    taints = (LOST, OUT) if now else (LOST,)
    known: dict[str, Any] = {"pods": PODS, "after": AFTER, "heard": 300.0, **more}
    return NodeView(REF, 4, row, taints, now=now, wanted=wanted, **known)


STATES = {
    "nothing is heard": node_view(),
    "it said so itself": node_view("False", reason="KubeletNotReady"),
    "it renews its lease": node_view(heard=39.9),
    "its lease has just run out": node_view(heard=40.0),
    "its lease is not told": node_view("False", heard=None),
    "no pods": node_view(pods=(), after=()),
    "one pod": node_view(pods=PODS[1:], after=AFTER[1:2]),
    "many volumes": node_view(pods=MANY, after=None),
    "three volumes": node_view(pods=MANY[:3], after=None),
    "four volumes": node_view(pods=MANY[:4], after=None),
    "it is not known what becomes of them": node_view(after=None, not_known="You may not list nodes."),
    "as many as are listed": node_view(after=AFTER[:1] * 12),
    "one more than are listed": node_view(after=AFTER[:1] * 13),
    "more than are listed": node_view(after=AFTER[:1] * 14),
    "it is out already": node_view(now=True),
    "it comes back": node_view("True", now=True, wanted=False),
    "it comes back too early": node_view(now=True, wanted=False),
    "it is in already": node_view("True", wanted=False),
}


@pytest.mark.parametrize("view", STATES.values(), ids=STATES)
async def test_what_is_asked_of_a_node_out_of_service(view: NodeView, snapshot: SnapshotAssertion) -> None:
    change = out_of_service.change(Direct(Site()), view, view.wanted)
    title = out_of_service.SPEC.title(view, view.wanted)
    assert "\n".join([title, view.state, *lines_of(change), as_text(change.write("7").body)]) == snapshot


@pytest.mark.parametrize("ready", ["True", "", "Unknown", "False"])
@pytest.mark.parametrize("now", [False, True])
@pytest.mark.parametrize("wanted", [False, True])
def test_which_nodes_are_taken_out_of_service(ready: str, now: bool, wanted: bool) -> None:
    view = node_view(ready, now=now, wanted=wanted)
    told = {"True": "is Ready", "": "has not told yet whether it is Ready"}.get(ready)
    back: Any = out_of_service.SPEC.back
    for answer in (
        lambda: out_of_service.SPEC.answer(view, {}),
        lambda: back.answer(view, {"out-of-service": wanted}),
    ):
        if told is None or now or not wanted:
            assert answer() is wanted
        else:
            with pytest.raises(Refusal) as refused:
                answer()
            assert str(refused.value) == (
                f"node line-2-a {told}: the taint is for one that is powered off. "
                "To empty a node that runs, drain it."
            )
    assert back.now(view, {}) == {"out-of-service": now}
    assert back.then(view, {"out-of-service": wanted}) == ("out of service" if wanted else "in service")


@pytest.mark.parametrize(
    ("taints", "applied", "same"),
    [([LOST], False, True), ([LOST, OUT], True, False), ([], False, False), (None, False, False)],
)
async def test_a_taint_has_arrived_and_nothing_else_moved(taints: Any, applied: bool, same: bool) -> None:
    change = out_of_service.change(Direct(Site()), node_view(), True)
    there = {"metadata": {}, "spec": {"taints": taints}}
    assert change.spot is not None
    assert (change.applied(there), change.spot.same(there)) == (applied, same)
    assert change.applied({"metadata": {}}) is False


@pytest.mark.parametrize(
    ("action", "on_screen", "out", "wanted"),
    [
        ("out-of-service", False, False, True),
        ("out-of-service", False, True, True),
        ("in-service", False, True, False),
        ("in-service", False, False, False),
        ("out-of-service", True, False, True),
        ("out-of-service", True, True, False),
    ],
)
async def test_what_is_read_of_a_node(action: str, on_screen: bool, out: bool, wanted: bool) -> None:
    site = Lost(out=out)
    site.after_looks = 99
    site.objects["/api/v1/namespaces/line-2/pods/odd"] = {
        "kind": "Pod",
        "metadata": {"name": "odd", "namespace": "line-2"},
        "spec": {"containers": 7},
    }
    elsewhere = f.pod("elsewhere", "line-2", node="line-2-b")
    site.objects[Site.path(elsewhere)] = elsewhere
    aim = Aim(action, Direct(site), ObjectRef(KEY, "", ""), on_screen=on_screen)
    view = await out_of_service.SPEC.read(aim)
    assert (view.now, view.wanted) == (out, wanted)
    assert [one.name for one in view.pods] == ["press-0", "db-0", "agent-x", "tool"]
    assert [one["key"] for one in view.taints] == [LOST["key"], *([TAINT] if out else [])]
    assert (view.after, view.not_known, view.heard) == (None, "", None)
    explained = await out_of_service.explain(aim, view)
    if not wanted:
        assert explained is view
        return
    assert explained.heard is not None and 299 < explained.heard < 400
    assert explained.not_known == "" and explained.after is not None
    assert [one.pod.name for one in explained.after] == ["press-0", "db-0", "agent-x", "tool"]


@pytest.mark.parametrize(
    ("wire", "says"),
    [(Wire.FULL, ""), (Wire.LEAN, ""), (Wire.THIN, "over a link as slow as this that is not read")],
)
async def test_over_a_slow_link_it_is_not_read_where_the_pods_go(wire: Wire, says: str) -> None:
    session = Direct(Lost())
    session.store = f.store_of()
    session.store.set_wire(WireState(wire))
    aim = Aim("out-of-service", session, ObjectRef(KEY, "", ""))
    view = await out_of_service.explain(aim, node_view(after=None, heard=None))
    assert (view.not_known, view.after is None) == (says, bool(says))
    assert view.heard is not None


async def test_what_cannot_be_read_is_said_and_a_lease_without_a_time_is_not() -> None:
    site = Lost()
    site.instead = lambda request: (
        (200, {"metadata": {"name": "x"}, "spec": {}}) if "leases" in request.path else (403, None)
    )
    aim = Aim("out-of-service", Direct(site), ObjectRef(KEY, "", ""))
    view = await out_of_service.explain(aim, node_view(after=None, heard=None))
    assert (view.after, view.not_known, view.heard) == (None, "no", None)
    site.instead = lambda request: (403, None)
    assert (await out_of_service.explain(aim, node_view(heard=5.0))).heard is None
    ahead = Lost(renewed=-60.0)
    aim = Aim("out-of-service", Direct(ahead), ObjectRef(KEY, "", ""))
    assert (await out_of_service.explain(aim, node_view())).heard == 0.0


class Leaving(Timed):
    """A session on a node whose pods end one after the other."""

    def __init__(self) -> None:
        super().__init__(Site())
        self.there = {"db-0", "press", "other"}

    async def _get(self, path: str, query: Json | None = None, **more: Any) -> Any:
        if self.down:
            raise LinkError("The link is down.")
        return {
            "items": [f.pod(one, "line-2", node="line-2-a", uid=f"uid-{one}") for one in sorted(self.there)]
        }


@pytest.mark.parametrize("wait", [None, 20.0])
@pytest.mark.parametrize(
    "view",
    [node_view(), node_view(pods=()), node_view(now=True, wanted=False)],
    ids=["pods", "no pods", "back in service"],
)
def test_how_it_ends(view: NodeView, wait: float | None, snapshot: SnapshotAssertion) -> None:
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        for gone in (("db-0", "press"), ("db-0",)):
            session = Leaving()
            run = Stepping(session, {})
            for at, name in enumerate(gone):
                loop.call_later(3 + 3 * at, session.there.discard, name)
            ending = await out_of_service.outcome(cast(Run, run), view, view.wanted, wait)
            found.extend([*run.told, f"{run.seconds:.2f} s: {as_text(ending)}"])

    on_virtual_time(main)
    assert "\n".join(found) == snapshot


# -- a plan that skips a node

LABEL = "plan.upgrade.cattle.io/"


def skip_view(*plans: str, cordoned: bool = False, **labels: str) -> SkipView:
    row: Any = row_of("Node", f.node("line-2-a", cordoned=cordoned))
    return SkipView(REF, row, 4, {f"{LABEL}{name}": value for name, value in labels.items()}, plans)


@pytest.mark.parametrize("cordoned", [False, True])
@pytest.mark.parametrize("label", [{}, {"agent": "disabled"}, {"agent": "v1.37"}], ids=str)
async def test_what_skipping_a_node_does(
    cordoned: bool, label: dict[str, str], snapshot: SnapshotAssertion
) -> None:
    view = skip_view("agent", "server", cordoned=cordoned, **label)
    found: list[str] = []
    for wanted in ("disabled", None, "v1.37"):
        change = skip_update.change(Direct(Site()), view, ("agent", wanted))
        found += [skip_update.SPEC.title(view, ("agent", wanted)), *lines_of(change)]
        for labels in (None, {}, {f"{LABEL}agent": "disabled"}, {f"{LABEL}agent": "v1.37"}):
            there = {"metadata": {"labels": labels}}
            assert change.spot is not None
            found.append(f"{labels}: applied {change.applied(there)}, same {change.spot.same(there)}")
        run: Any = None
        for wait in (None, 5.0):
            found.append(as_text(await skip_update.outcome(run, view, ("agent", wanted), wait)))
    back: Any = skip_update.SPEC.back
    found.append(as_text(back.now(view, {"plan": "agent"})))
    found.append(as_text(back.answer(view, {"plan": "agent", "label": None})))
    found.append(back.then(view, {"plan": "agent"}))
    assert "\n".join(found) == snapshot


@pytest.mark.parametrize(
    ("plans", "name", "said"),
    [
        (("agent", "server"), "agent", ""),
        ((), "agent", ""),
        (("agent", "server"), "other", "There is no plan other here. There is agent, server."),
    ],
)
def test_which_plans_can_skip_a_node(plans: tuple[str, ...], name: str, said: str) -> None:
    view = skip_view(*plans)
    assert skip_update.SPEC.fields is not None
    assert skip_update.SPEC.fields(view) == {"plan": plans[0] if plans else ""}
    try:
        assert skip_update.SPEC.answer(view, {"plan": name}) == (name, "disabled")
    except Refusal as refused:
        assert str(refused) == said


@pytest.mark.parametrize(
    ("text", "fine"), [("a", True), ("a" * 63, True), ("a" * 64, False), ("", False), ("a/b", False)]
)
def test_what_is_the_name_of_a_plan(text: str, fine: bool) -> None:
    if fine:
        assert skip_update.plan_name(text) == text
    else:
        with pytest.raises(ValueError, match=f"^“{text}” is not the name of a plan$"):
            skip_update.plan_name(text)


@pytest.mark.parametrize(
    ("labels", "plans"),
    [
        ({}, ["b", "a", "c"]),
        ({f"{LABEL}b": "disabled"}, ["a", "c", "b"]),
        ({f"{LABEL}a": "v1.37"}, ["b", "a", "c"]),
        ({"kubernetes.io/hostname": "host-a"}, ["c", "a", "b"]),
    ],
)
async def test_the_plans_that_hold_a_node_up_come_first(labels: dict[str, str], plans: list[str]) -> None:
    made = f.node("line-2-a", labels=labels, cordoned=True)
    site = Site(made)
    session = Direct(site)
    applied = (
        u.plan("c", u.VALID, applying=("host-a",)),
        u.plan("b", u.VALID, applying=("line-2-a",)),
        u.plan("a"),
    )
    session.store = f.store_of(*applied)
    view = await skip_update.SPEC.read(Aim("skip-update", session, ObjectRef(KEY, "", "")))
    assert (list(view.plans), view.labels, view.row.cordoned) == (plans, labels, True)
    session.store = None
    assert (await skip_update.SPEC.read(Aim("skip-update", session, ObjectRef(KEY, "", "")))).plans == ()
    assert site.paths == [NODE, NODE]

"""Several objects at once: asked once, written one by one, and one that fails stops no other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
import yaml

from edgetui.actions.catalogue import needs
from edgetui.actions.change.batch import Confirm, Item, perform_many, summary, waits_for
from edgetui.actions.gate.gate import Gate
from edgetui.actions.gate.missing import MissingRights
from edgetui.actions.messages import Plan, Receipt
from edgetui.actions.scaling import scale
from edgetui.model.identity import ObjectKey, ObjectRef

from .scripted import Answer, Connected, FakeDeployment, Request, Watching, scripted

NAMES = ("press", "oven", "weld")


class Line:
    """Three Deployments of one line."""

    def __init__(self) -> None:
        self.made = {name: FakeDeployment() for name in NAMES}

    def answer(self, request: Request) -> Answer:
        name = request.path.removesuffix("/scale").rpartition("/")[2]
        known = self.made.get(name)
        if known is None:
            return 200, {"items": []}
        code, document = known.answer(request)
        if request.method == "GET":
            document["metadata"]["name"] = name
        return code, document


class Person:
    """Answers every question the same, and keeps it."""

    def __init__(self, hands: Watching, answer: bool = True) -> None:
        self.hands, self.answer, self.asked = hands, answer, list[Plan]()

    async def confirm(self, plan: Plan) -> bool:
        self.asked.append(plan)
        self.hands.meanwhile()
        return self.answer

    def gate(self, item: Item, confirm: Confirm) -> Gate:
        hands = self.hands
        return Gate(hands.log, False, confirm, hands.steps.append, lambda: hands.now, sleep=hands._briefly)


async def all_of(session: Connected, number: int) -> list[Item]:
    items = []
    for name in NAMES:
        ref = ObjectRef(ObjectKey("plant", "Deployment", "line-2", name), "", "")
        view = await scale.prepare(session, ref)
        perform = partial(scale.perform, session=session, view=view, replicas=number, wait=1)
        items.append(Item("scale", view.ref, perform))
    return items


async def test_one_question_and_a_run_and_receipt_for_each(tmp_path: Path) -> None:
    line, person = Line(), Person(Watching(tmp_path))
    async with scripted(line.answer) as (_, session):
        receipts = await perform_many(person.gate, await all_of(session, 6), person.confirm)
    assert [one.ok for one in receipts] == [True, True, True]
    assert [made.replicas for made in line.made.values()] == [6, 6, 6]
    (asked,) = person.asked
    assert asked.title == "Scale 3 objects on plant"
    assert asked.diff[:3] == ("@ deployment line-2/press", "- replicas: 3", "+ replicas: 6")
    assert len(asked.writes) == 3
    audit = person.hands.audit
    assert len({record["run"] for record in audit}) == 3
    assert [record["event"] for record in audit].count("intent") == 3
    assert summary(receipts).ok


async def test_one_that_changed_meanwhile_is_left_and_the_others_go_on(tmp_path: Path) -> None:
    line, person = Line(), Person(Watching(tmp_path))
    person.hands.meanwhile = lambda: line.made["oven"].apply(4)
    async with scripted(line.answer) as (_, session):
        receipts = await perform_many(person.gate, await all_of(session, 6), person.confirm)
    assert [one.ok for one in receipts] == [True, False, True]
    assert "changed while you looked" in receipts[1].lines[0]
    assert [made.replicas for made in line.made.values()] == [6, 4, 6]
    said = summary(receipts)
    assert said.lines[0] == "2 of 3 done, 1 not done."
    assert said.lines[1].startswith("! deployment line-2/oven on plant: ")
    assert not said.ok and not said.pending


@pytest.mark.parametrize(
    ("ends", "counts", "ok", "pending"),
    [
        ("++", "2 of 2 done.", True, False),
        ("+~", "1 of 2 done, 1 accepted and not there yet.", False, True),
        ("+-", "1 of 2 done, 1 not done.", False, False),
        ("~-", "0 of 2 done, 1 accepted and not there yet, 1 not done.", False, False),
        ("+~-", "1 of 3 done, 1 accepted and not there yet, 1 not done.", False, False),
    ],
)
def test_a_summary_counts_and_begins_with_what_needs_somebody(
    ends: str, counts: str, ok: bool, pending: bool
) -> None:
    receipts = [Receipt("scale", one, None, one == "+", (f"line {one}",), {}, one == "~") for one in ends]
    said = summary(receipts)
    assert (said.lines[0], said.ok, said.pending) == (counts, ok, pending)
    signs = {"-": "!", "~": "~", "+": "ok"}
    assert list(said.lines[1:]) == [
        f"{signs[one]} {one}: line {one}" for one in sorted(ends, key=lambda one: "-~+".index(one))
    ]


async def test_one_that_is_refused_beforehand_stands_in_the_question(tmp_path: Path) -> None:
    line, person = Line(), Person(Watching(tmp_path))
    async with scripted(line.answer) as (_, session):
        items = await all_of(session, 6)
        line.made["weld"].apply(5)
        receipts = await perform_many(person.gate, items, person.confirm)
    assert [one.ok for one in receipts] == [True, True, False]
    assert person.asked[0].warnings[0].startswith("deployment line-2/weld is left out: ")
    assert line.made["weld"].replicas == 5


async def test_a_defect_in_one_stops_no_other(tmp_path: Path) -> None:
    line, person = Line(), Person(Watching(tmp_path))

    async def broken(gate: Gate) -> Receipt:
        raise KeyError("token=abc")

    async with scripted(line.answer) as (_, session):
        items = await all_of(session, 6)
        items[1] = Item("scale", items[1].ref, broken)
        receipts = await perform_many(person.gate, items, person.confirm)
    assert [one.ok for one in receipts] == [True, False, True]
    assert "KeyError" in receipts[1].lines[0]
    assert "abc" not in receipts[1].lines[0]


async def test_a_no_writes_nothing(tmp_path: Path) -> None:
    line, person = Line(), Person(Watching(tmp_path), answer=False)
    async with scripted(line.answer) as (_, session):
        receipts = await perform_many(person.gate, await all_of(session, 6), person.confirm)
    assert [made.replicas for made in line.made.values()] == [3, 3, 3]
    assert {one.lines[0] for one in receipts} == {"Cancelled: nothing was changed."}
    assert person.hands.audit == []


async def test_when_all_are_refused_nobody_is_asked(tmp_path: Path) -> None:
    line, person = Line(), Person(Watching(tmp_path))
    async with scripted(line.answer) as (_, session):
        items = await all_of(session, 6)
        for made in line.made.values():
            made.apply(9)
        receipts = await perform_many(person.gate, items, person.confirm)
    assert person.asked == []
    assert [one.ok for one in receipts] == [False, False, False]


async def test_who_is_waited_for_is_said_until_everybody_is_there(tmp_path: Path) -> None:
    line, person = Line(), Person(Watching(tmp_path))
    said: list[str] = []
    go = asyncio.Event()
    async with scripted(line.answer) as (_, session):
        items = await all_of(session, 6)
        slow = items[2]

        async def later(gate: Gate) -> Receipt:
            await go.wait()
            return await slow.perform(gate)

        items[2] = Item("scale", slow.ref, later)

        def waiting(left: Sequence[Item]) -> None:
            said.append(waits_for(left))
            if len(left) == 1:
                assert not person.asked
                go.set()

        await perform_many(person.gate, items, person.confirm, waiting)
    assert said == ["waiting for 2 objects on plant", "waiting for deployment line-2/weld on plant"]
    assert len(person.asked) == 1


LACKING = {"line-2": ("get", "patch"), "line-3": ("patch",)}
"""What verbs on deployments and their scale are denied, by namespace."""


async def test_where_none_may_be_done_all_missing_rights_are_named_at_once(tmp_path: Path) -> None:
    line, person = Line(), Person(Watching(tmp_path))
    async with scripted(line.answer) as (server, session):
        items = []
        for namespace, name in (("line-2", "press"), ("line-2", "oven"), ("line-3", "weld")):
            ref = ObjectRef(ObjectKey("plant", "Deployment", namespace, name), "uid-1", "812")
            items.append(Item("restart", ref, partial(_asks, session, ref)))
        server.allows = lambda asked: asked["verb"] not in LACKING.get(asked.get("namespace", ""), ())
        with pytest.raises(MissingRights) as raised:
            await perform_many(person.gate, items, person.confirm)
    said = raised.value
    assert said.sentence == (
        "kim may not patch deployments, get deployments in line-2 on plant; "
        "kim may not patch deployments in line-3 on plant."
    )
    assert "these Roles" in said.next_step
    roles = list(yaml.safe_load_all("\n".join(said.paste)))
    assert [one["metadata"]["namespace"] for one in roles] == ["line-2", "line-3"]
    assert [one["rules"][0]["verbs"] for one in roles] == [["patch", "get"], ["patch"]]
    assert person.asked == []
    assert [one["result"] for one in person.hands.audit] == ["refused"] * 3


async def test_where_some_may_be_done_the_others_are_left_out_with_the_rights_that_they_lack(
    tmp_path: Path,
) -> None:
    line, person = Line(), Person(Watching(tmp_path))
    async with scripted(line.answer) as (server, session):
        items = await all_of(session, 6)
        server.allows = lambda asked: asked.get("name") in ("press", "weld")
        receipts = await perform_many(person.gate, items, person.confirm)
    assert [one.ok for one in receipts] == [True, False, True]
    (asked,) = person.asked
    assert any("deployment line-2/oven is left out: kim may not" in one for one in asked.warnings)


async def _asks(session: Connected, ref: ObjectRef, gate: Gate) -> Receipt:
    """A run that ends where it is admitted or not."""
    rights = needs("restart", "Deployment")
    async with gate.run(session, "restart", ref, rights, ref.key.namespace, ref.key.name):
        raise AssertionError("it was admitted")

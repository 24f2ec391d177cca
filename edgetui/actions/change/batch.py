"""One action on several objects: each with its own precondition, its own run in the record and its own receipt.

The person is asked once, when every object has been rehearsed; what refused by then is in the question.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from edgetui import crash
from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.change.precondition import in_words
from edgetui.actions.gate.gate import Gate
from edgetui.actions.gate.missing import MissingRights
from edgetui.actions.gate.missing import together as missing_together
from edgetui.actions.messages import Plan, Receipt, Step
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import kind_word
from edgetui.model.text import plural

Confirm = Callable[[Plan], Awaitable[bool]]


class Item(msgspec.Struct, frozen=True):
    """One object of several, and what to do with it through a gate of its own."""

    action: str
    ref: ObjectRef
    perform: Callable[[Gate], Awaitable[Receipt]]


async def perform_many(
    make_gate: Callable[[Item, Confirm], Gate],
    items: Sequence[Item],
    confirm: Confirm,
    waiting: Callable[[Sequence[Item]], None] = lambda left: None,
) -> list[Receipt]:
    """Carry all out side by side; a receipt for each, in the order of `items`.

    Raises MissingRights where none may be done for want of rights, with all that is missing.

    `make_gate` makes the gate of one item around the confirm function it is given. `confirm` is asked once, with one
    plan for all; until then `waiting` is told which items have none yet. What one object is refused, or the person's
    no, is a receipt that is not ok; it stops no other.
    """
    async with asyncio.TaskGroup() as group:
        together = _Together(items, confirm, group, waiting)
        tasks = [group.create_task(_one(make_gate, item, together)) for item in items]
    if len(together.lacking) == len(items):
        raise missing_together([together.lacking[item.ref.key] for item in items])
    return [task.result() for task in tasks]


async def _one(make_gate: Callable[[Item, Confirm], Gate], item: Item, together: _Together) -> Receipt:
    arrived = False

    async def ask(plan: Plan) -> bool:
        nonlocal arrived
        first, arrived = not arrived, True
        return await (together.ask(item, plan) if first else together.confirm(plan))

    try:
        receipt = await item.perform(make_gate(item, ask))
    except Exception as problem:  # noqa: BLE001 - the edge of the task: what fails for one stops no other
        said = (
            [problem.sentence, problem.advice]
            if isinstance(problem, EdgetuiError)
            else [crash.sentence(problem)]
        )
        if isinstance(problem, MissingRights):
            together.lacking[item.ref.key] = problem
        if not arrived:
            together.left_out(f"{_name(item.ref.key)} is left out: {said[0]}")
        lines = tuple(line for line in said if line)
        receipt = Receipt(item.action, item.ref.key.cluster, item.ref, False, lines, {"refused": True})
    if not arrived:
        together.arrive(item)
    return receipt


def gate_beside(gate: Gate, item: Item, confirm: Confirm) -> Gate:
    """A gate for one of several, with the same record and rights; its steps are told with the object's name."""

    def step(one: Step) -> None:
        gate.progress(Step(f"{item.ref.key.name}: {one.text}", one.state))

    return gate.beside(confirm, step)


def plan_of(plans: Sequence[Plan], refused: Sequence[str] = ()) -> Plan:
    """One plan for several: what changes on each object, and what each has to say."""
    first = plans[0]
    if len(plans) == 1 and not refused:
        return first
    clusters = sorted({plan.cluster for plan in plans})
    where = clusters[0] if len(clusters) == 1 else plural(len(clusters), "cluster")
    facts, diff, warnings, writes = [], [], list(refused), []
    for plan in plans:
        name = _name(plan.target.key) if plan.target else plan.cluster
        told = dict(plan.facts)
        facts.append((name, f"{told.get('now', '')} -> {told.get('then', '')}"))
        diff += [f"@ {name}", *plan.diff]
        warnings += [f"{name}: {warning}" for warning in plan.warnings]
        writes += [f"{write} ({plan.cluster})" for write in plan.writes]
    return Plan(
        action=first.action,
        cluster=where,
        target=None,
        title=f"{ACTIONS[first.action].heading} {plural(len(plans), 'object')} on {where}",
        facts=tuple(facts),
        diff=tuple(diff),
        warnings=tuple(warnings),
        writes=tuple(writes),
    )


def waits_for(items: Sequence[Item]) -> str:
    """Which objects of several are waited for, by their clusters."""
    clusters = sorted({item.ref.key.cluster for item in items})
    first = items[0].ref.key
    what = _name(first) if len(items) == 1 else plural(len(items), "object")
    return f"waiting for {what} on {', '.join(clusters)}"


def summary(receipts: Sequence[Receipt]) -> Receipt:
    """One receipt for all: how many came to what, and those that did not get there first."""
    by_need = sorted(receipts, key=lambda one: (one.ok, one.pending))
    done = sum(one.ok for one in receipts)
    pending = sum(one.pending for one in receipts)
    counts = [f"{done} of {len(receipts)} done"]
    counts += [f"{pending} accepted and not there yet"] if pending else []
    failed = len(receipts) - done - pending
    counts += [f"{failed} not done"] if failed else []
    lines = [", ".join(counts) + "."]
    for one in by_need:
        name = f"{_name(one.target.key)} on {one.cluster}" if one.target else one.cluster
        lines.append(f"{'ok' if one.ok else '~' if one.pending else '!'} {name}: {' '.join(one.lines)}")
    first = receipts[0]
    return Receipt(
        first.action,
        first.cluster,
        None,
        done == len(receipts),
        tuple(lines),
        {},
        bool(pending) and not failed,
    )


class _Together:
    """Waits until every item has a plan or has ended without one, then asks once for all that wait."""

    def __init__(
        self,
        items: Sequence[Item],
        confirm: Confirm,
        group: asyncio.TaskGroup,
        waiting: Callable[[Sequence[Item]], None],
    ) -> None:
        self.confirm = confirm
        self._left = list(items)
        self._group = group
        self._waiting = waiting
        self._plans: list[Plan] = []
        self._left_out: list[str] = []
        self.lacking: dict[ObjectKey, MissingRights] = {}
        self._answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def ask(self, item: Item, plan: Plan) -> bool:
        """The person's one answer, when everybody is there."""
        self._plans.append(plan)
        self.arrive(item)
        return await asyncio.shield(self._answer)

    def left_out(self, sentence: str) -> None:
        """One ended before it had a plan."""
        self._left_out.append(sentence)

    def arrive(self, item: Item) -> None:
        """One more has a plan or has ended without one."""
        self._left.remove(item)
        if self._left:
            self._waiting(self._left)
        elif self._plans:
            self._group.create_task(self._ask())

    async def _ask(self) -> None:
        self._answer.set_result(await self.confirm(plan_of(self._plans, self._left_out)))


def _name(key: ObjectKey) -> str:
    return f"{kind_word(key.kind)} {key.namespace}/{key.name}" if key.namespace else in_words(key)

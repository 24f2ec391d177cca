"""What a person goes through for an action that has a Spec: from the key to the receipt, for one object or several."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.change.batch import Confirm, Item, gate_beside, perform_many, summary, waits_for
from edgetui.actions.change.desk import Ends
from edgetui.actions.change.form import Fact, Form, Leads
from edgetui.actions.change.long_running import Listener
from edgetui.actions.change.spec import Aim, Given, Spec, at_hand, loaded, perform, seen_whole, spec_of
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Cancelled, Changed, Plan, Receipt, Step
from edgetui.model.cells import visible
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds import object_words
from edgetui.model.text import plural
from edgetui.ui.dialogs.form import FormScreen
from edgetui.ui.dialogs.progress import Progress
from edgetui.ui.keymap import kind_word
from edgetui.ui.screen_desk import ScreenDesk

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.ui.background.action import ActionJob
    from edgetui.ui.dialogs.base import Dialog

FILLS_IN = 0.15
"""Seconds that a dialog waits for what only explains; what takes longer is filled in while it is open."""


async def spec_in_time(action: str) -> Spec[Any, Any]:
    """The Spec of an action, loaded in a thread where that takes a while, so that the screen goes on."""
    return spec_of(action) if loaded(action) else await asyncio.to_thread(spec_of, action)


async def flow(
    job: ActionJob, action: str, session: ClusterSession, ref: ObjectRef, given: Given | None = None
) -> None:
    """One action on one object; what is `given` stands in its dialog."""
    spec = await spec_in_time(action)
    beside = [one for one in job.app.sessions.values() if one is not session]
    aim = Aim(
        action,
        session,
        ref,
        job.audit,
        given or {},
        beside=beside,
        on_screen=True,
        terminal=partial(_terminal, job),
    )
    what = f"{kind_word(ref.key.kind)} {ref.key.name}" if not ACTIONS[action].on_cluster else ""
    view = await job.read(f"{spec.reads.format(object=what)} on {session.name}", spec.read(aim))
    note = ""
    while True:
        explained = asyncio.ensure_future(seen_whole(spec, aim, view))
        try:
            answer = await _answer(job, spec, aim, view, note, explained)
            if answer is None and (spec.dialog or spec.fields is not None):
                return
            seen = explained.result() if explained.done() else view
            if spec.starts is not None:
                await _start(job, spec, aim, seen, answer)
                return
            if (other := spec.instead(seen, answer)) is not None:
                await flow(job, other.action, session, other.ref, other.given)
                return
            run = partial(_perform, spec, aim, seen, answer, job.wait, explained)
            title = f"{spec.title(seen, answer)} on {session.name}" if what else spec.title(seen, answer)
            await job.perform(title, run, "" if spec.dialog or spec.fields is not None else note)
            return
        except Changed as changed:
            view, note = changed.view, changed.sentence
        finally:
            explained.cancel()


def _terminal(job: ActionJob, greeting: str) -> Ends:
    """The terminal of the screen, for a container; most actions need none."""
    from edgetui.ui.terminal_flow import ScreenTerminal

    return ScreenTerminal(job, visible(greeting), lines=False, stays=False)


async def _start(job: ActionJob, spec: Spec[Any, Any], aim: Aim, view: Any, answer: Any) -> None:
    """Begin what goes on behind the screen, once the person agreed; the job stands for it until that runs."""
    assert spec.starts is not None
    app = job.app
    progress = Progress(f"{spec.title(view, answer)} on {aim.session.name}", app.monotonic)
    listener = Listener(app.flash, job.flows.jobs.changed, progress.step)
    work = await spec.starts(job.gate(progress.step), aim, view, answer, listener)
    job.flows.keep_running(aim.action, work, progress)


async def _perform(
    spec: Spec[Any, Any],
    aim: Aim,
    view: Any,
    answer: Any,
    wait: float,
    explained: asyncio.Future[Any],
    gate: Gate,
) -> Receipt:
    return await perform(spec, gate, aim, view, answer, wait=wait, explained=lambda: explained)


async def _answer(
    job: ActionJob, spec: Spec[Any, Any], aim: Aim, view: Any, note: str, explained: asyncio.Future[Any]
) -> Any:
    """The answer of the dialog, None for none; of an action that asks nothing, the one that follows from the view."""
    if spec.fields is not None:
        if ACTIONS[aim.action].text in aim.given:
            return spec.answer(view, {**_defaults(spec), **aim.given})  # typed with the command
        make = partial(form_of, spec, aim)
    elif spec.types is not None:
        with ScreenDesk(job) as desk:
            return await spec.types(job.gate(lambda step: None), aim, view, desk)
    elif spec.dialog:
        make = await asyncio.to_thread(_named, spec.dialog)
    else:
        return spec.answer(view, aim.given)
    await asyncio.wait({explained}, timeout=FILLS_IN)
    seen = explained.result() if explained.done() else view
    dialog: Dialog[Any] = make(seen, note)
    explained.add_done_callback(partial(_fill, dialog))
    answer = await job.ask(lambda: dialog)
    if explained.done() and not explained.cancelled():
        if (problem := explained.exception()) is not None:
            raise problem
        seen = explained.result()
    return answer if spec.dialog or answer is None else spec.answer(seen, {**_defaults(spec), **answer})


def form_of(spec: Spec[Any, Any], aim: Aim, view: Any, note: str) -> FormScreen:
    """The form of an action on one object."""

    def made(view: Any) -> Form:
        assert spec.fields is not None
        fields = spec.fields(view)
        return fields if isinstance(fields, Form) else Form(fields)

    def leads(view: Any, typed: Given) -> Leads:
        given = {**_defaults(spec), **typed}
        if spec.leads is not None:
            return spec.leads(view, given)
        answer = spec.answer(view, given)
        return Leads(spec.change(aim.session, view, answer).warnings if spec.change is not None else ())

    title = f"{ACTIONS[aim.action].heading} {object_words(aim.ref.key)}"
    return FormScreen(title, note, spec.arguments, view, made, leads)


def form_for_several(
    spec: Spec[Any, Any], action: str, refs: Sequence[ObjectRef], given: Given
) -> FormScreen:
    """The form that asks once for all of them."""
    stands = {name: given.get(name, value) for name, value in spec.several.items()}
    form = Form(stands, [Fact("", object_words(ref.key)) for ref in refs])

    def leads(_: Any, typed: Given) -> Leads:
        return Leads(wrong="every field needs a value" if None in typed.values() else "")

    title = f"{ACTIONS[action].heading} {plural(len(refs), 'object')}"
    return FormScreen(title, "", spec.arguments, None, lambda _: form, leads)


def _defaults(spec: Spec[Any, Any]) -> Given:
    return {one.name: one.default for one in spec.arguments}


def _fill(dialog: Dialog[Any], explained: asyncio.Future[Any]) -> None:
    """What has been read stands in the open dialog; where it says that there is nothing to ask, it closes."""
    if explained.cancelled() or not dialog.is_current:
        return
    if explained.exception() is None:
        dialog.fill(explained.result())
    else:
        dialog.dismiss(None)


def _named(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


async def flow_of_several(
    job: ActionJob, action: str, refs: Sequence[ObjectRef], given: Given | None = None
) -> None:
    """One action on several objects: asked once, each written under its own precondition, a receipt for all."""
    spec = await spec_in_time(action)
    answers: Given | None = given or {}
    if spec.several:
        answers = await job.ask(lambda: form_for_several(spec, action, refs, given or {}))
        if answers is None:
            return
    sessions = job.app.sessions
    aims = [Aim(action, sessions[ref.key.cluster], ref, job.audit, answers or {}) for ref in refs]
    items = [Item(action, aim.ref, partial(_one, spec, aim, job.wait)) for aim in aims]

    async def run(gate: Gate) -> Receipt:
        agreed = True

        async def confirm(plan: Plan) -> bool:
            nonlocal agreed
            agreed = await gate.confirm(plan)
            return agreed

        def beside(item: Item, ask: Confirm) -> Gate:
            return gate_beside(gate, item, ask)

        def waiting(left: Sequence[Item]) -> None:
            gate.progress(Step(f"{len(items) - len(left)} of {len(items)} ready, {waits_for(left)}", "doing"))

        receipts = await perform_many(beside, items, confirm, waiting)
        if not agreed:
            raise Cancelled("Cancelled: nothing was changed.")
        return summary(receipts)

    label = ACTIONS[action].heading
    to = "".join(f" to {value}" for value in (answers or {}).values())
    await job.perform(f"{label} {plural(len(refs), 'object')}{to}", run)


async def _one(spec: Spec[Any, Any], aim: Aim, wait: float, gate: Gate) -> Receipt:
    refused = partial(gate.refused, aim.session, aim.action, aim.ref)
    async with gate.permissions.explaining(aim.session, ACTIONS[aim.action], aim.ref.key, refused):
        view = await spec.read(aim)
        whole = await seen_whole(spec, aim, view)
        answer = spec.answer(whole, aim.given)
        return await perform(
            spec, gate, replace(aim, log=gate.audit), whole, answer, wait=wait, explained=at_hand(whole)
        )

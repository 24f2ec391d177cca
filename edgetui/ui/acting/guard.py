"""Guard a rollout from the screen: ask for the times, show the plan, then watch until it ends.

The same key cancels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgetui import crash
from edgetui.actions.guard.guard import Ending, Guard
from edgetui.actions.guard.plan import prepare
from edgetui.actions.messages import Receipt
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.rollout.guard import Phase, Terms
from edgetui.model.text import duration
from edgetui.ui.dialogs.guard import GuardScreen
from edgetui.ui.dialogs.progress import Progress
from edgetui.ui.dialogs.question import AskScreen
from edgetui.ui.keymap import kind_word
from edgetui.ui.spans import Span, line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edgetui.cluster.session import ClusterSession
    from edgetui.model.identity import ObjectRef
    from edgetui.ui.flows import Flows
    from edgetui.ui.job import Job


async def flow(job: Job, session: ClusterSession, ref: ObjectRef) -> None:
    """Set a guard, or cancel the one there is. The job stands for the guard until that is registered."""
    flows = job.flows
    running = flows.guards.get(ref.key)
    if running is not None:
        await _ask_to_cancel(job, running)
        return
    what = f"{kind_word(ref.key.kind)} {ref.key.name} on {session.name}"
    terms = await job.ask(lambda: GuardScreen(ref, Terms()))
    if terms is None:
        return
    view = await job.read(
        f"the revisions of {what}", prepare(session, ref, terms, flows.audit, on_screen=True)
    )
    progress = Progress(f"The guard of {what}", flows.app.monotonic)
    guard = Guard(
        session,
        job.gate(progress.step),
        view,
        keep=False,
        patient=True,
        told=flows.app.flash,
        changed=flows.app.main.update_header,
        progress=progress.step,
    )
    await guard.agree()
    flows.guards[ref.key] = guard
    flows.app.main.update_footer()
    flows.app.flash(f"Guarding {what}; it stands in the header, and g cancels it.")
    flows.app.run_worker(_watch(flows, guard, progress), group="guard", exit_on_error=False)


async def _watch(flows: Flows, guard: Guard, progress: Progress) -> None:
    """Until it ends, however it ends."""
    try:
        ending = await guard.run()
    except EdgetuiError as error:
        progress.fail(error)
    except Exception as error:  # noqa: BLE001 - the edge of the task: a defect is told, never hidden
        told = "The guard has ended. What it wrote is in the audit record."
        progress.fail(EdgetuiError(crash.sentence(error), told))
    else:
        _end(flows, guard, ending, progress)
    finally:
        flows.guards.pop(guard.ref.key, None)
        flows.app.main.update_header()
        flows.app.main.update_footer()
    if progress.ended:
        flows.show_later(progress)


def _end(flows: Flows, guard: Guard, ending: Ending, progress: Progress) -> None:
    """What was asked for just now is said in the footer; what happened by itself waits to be read."""
    if ending.cancelled:
        flows.app.flash(ending.sentence)
        return
    session, ref = guard.session.name, guard.ref
    progress.finish(ending.receipt or Receipt("guard", session, ref, ending.good, (ending.sentence,)))


async def _ask_to_cancel(job: Job, guard: Guard) -> None:
    text = [
        line(Span(f"Cancel the guard of {guard.words} on {guard.session.name}?", "title")),
        line(),
        line(
            f"It is {guard.says}." if guard.state.phase is Phase.WATCHING else f"{guard.words}: {guard.says}"
        ),
        line(),
    ]
    if await job.ask(lambda: AskScreen(text, "Keep guarding", "Cancel the guard")):
        guard.cancel()


def badges(guards: Iterable[Guard]) -> list[str]:
    """For the header: the guards that count down with the time they leave, then how many only watch."""
    counting = [guard for guard in guards if guard.counting]
    watching = [guard for guard in guards if not guard.counting]
    told = [f"GUARD {guard.ref.key.name} {_left(guard)}" for guard in counting]
    if len(watching) == 1:
        blind = "?" if watching[0].state.phase is Phase.BLIND else ""
        told.append(f"GUARD {watching[0].ref.key.name}{blind}")
    elif watching:
        told.append(f"GUARD {len(watching)}")
    return told


def _left(guard: Guard) -> str:
    left = guard.state.left(guard.terms)
    return duration(left) if left >= 1 else "NOW" if not guard.note else "HELD"

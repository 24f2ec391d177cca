"""What an earlier start left: writes without an answer, and pods of node shells.

They are looked for once the link of their cluster is up, and said.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from edgetui.actions.gate.audit import AuditLog, default_path
from edgetui.actions.gate.open_runs import LeftPod, OpenRun, left_behind
from edgetui.actions.messages import Plan, Receipt, Refusal, Step
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cache.freshness import Link

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from edgetui.actions.gate.gate import Gate
    from edgetui.cluster.session import ClusterSession
    from edgetui.ui.flows import Flows
    from edgetui.ui.shell import Shell

Left = TypeVar("Left", LeftPod, OpenRun)

AGAIN = 1.0
"""Seconds between two looks at a link that is not up."""


async def look_back(app: Shell, jobs: Callable[[], Flows], started: float) -> None:
    """Look up all that runs from before `started` (Unix s) left open; each cluster in its own time."""
    log = AuditLog(app.options.audit or default_path())
    try:
        left, there = await left_behind(log, started)
    except Refusal:
        return  # an action says so, and is refused
    runs: dict[str, list[OpenRun]] = {}
    for one in left:
        runs.setdefault(one.ref.key.cluster, []).append(one)
    pods: dict[str, list[LeftPod]] = {}
    for pod in there:
        pods.setdefault(pod.key.cluster, []).append(pod)
    await asyncio.gather(
        *(_told(app, jobs, cluster, some, _of_run) for cluster, some in runs.items()),
        *(_told(app, jobs, cluster, some, _of_pod) for cluster, some in pods.items()),
    )


async def _gate(app: Shell, flows: Flows, session: ClusterSession) -> Gate:
    """A gate that writes nothing but its record, once the link is up."""
    from edgetui.actions.gate.gate import Gate

    async def nobody(plan: Plan) -> bool:
        return False

    def told(step: Step) -> None:
        app.flash(step.text)

    while session.store.link.link is not Link.LIVE:  # noqa: ASYNC110 - a store tells the screen alone
        await asyncio.sleep(AGAIN)
    return Gate(flows.audit, True, nobody, told, app.now, permissions=flows.permissions)


Told = tuple[str, Receipt] | None
"""A heading, and what there is to say under it; None for nothing."""


async def _told(
    app: Shell,
    jobs: Callable[[], Flows],
    cluster: str,
    left: Sequence[Left],
    look: Callable[[Gate, ClusterSession, Left], Awaitable[Told]],
) -> None:
    """Look for each of them, and show later what there is to say."""
    session = app.sessions.get(cluster)
    if session is None:
        return
    from edgetui.ui.dialogs.progress import Progress

    flows = jobs()
    gate = await _gate(app, flows, session)
    for one in left:
        try:
            told = await look(gate, session, one)
        except EdgetuiError:
            continue  # it stays open, and is looked for at the next start
        if told is not None:
            heading, receipt = told
            progress = Progress(heading, app.monotonic)
            progress.finish(receipt)
            flows.jobs.show_later(progress)


async def _of_pod(gate: Gate, session: ClusterSession, one: LeftPod) -> Told:
    from edgetui.actions.remote.left_pods import look

    receipt = await look(gate, session, one)
    return (f"Node shell on {one.node}", receipt) if receipt is not None else None


async def _of_run(gate: Gate, session: ClusterSession, one: OpenRun) -> Told:
    from edgetui.actions.undo.unanswered import look_up

    said = await look_up(gate, session, one)
    if not said:
        return None
    return one.done.words, Receipt(one.done.action, one.ref.key.cluster, one.ref, True, (said,))

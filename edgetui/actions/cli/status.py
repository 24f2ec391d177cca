"""`edgetui rollout status`: a rollout to its end, with the lines and exit codes of kubectl (rollout_status.go, 1.37).

kubectl repeats its line at every event; here it is printed when it changes.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from edgetui.actions.change.watch import FIRST_PAUSE, SLOW, longer
from edgetui.actions.cli import rollouts
from edgetui.actions.cli.connect import Connection
from edgetui.actions.cli.rollouts import Told
from edgetui.actions.messages import Json
from edgetui.arguments import number, patience
from edgetui.cluster.errors import LinkError, ServerFailure, Throttled
from edgetui.model.cells import visible
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds import row_of
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.workload import RolloutRow
from edgetui.model.rollout.status import verdict

_MOST = 2**31 - 1


def command(argv: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = rollouts.parser("rollout status", "Follow a rollout to its end, in the words of kubectl.")
    add = parser.add_argument
    add(
        "-w",
        "--watch",
        nargs="?",
        const="true",
        default="true",
        choices=("true", "false"),
        help="wait for the end, which is the default; --watch=false looks once",
    )
    add(
        "--revision",
        type=number(0, _MOST),
        default=0,
        metavar="R",
        help="fail where another revision rolls out",
    )
    add("--timeout", type=patience, default=0.0, metavar="TIME", help="how long to wait (0: without end)")
    options = parser.parse_words(argv)

    async def follow(session: Connection, ref: ObjectRef) -> None:
        try:
            async with asyncio.timeout(options.timeout or None):
                await _follow(session, ref, options.revision, once=options.watch == "false")
        except TimeoutError:
            raise Told("timed out waiting for the condition") from None

    return rollouts.for_each(options, parser, follow, "No resources found in {} namespace.\n")


async def _follow(session: Connection, ref: ObjectRef, revision: int, *, once: bool) -> None:
    loop, said, pause, uid = asyncio.get_running_loop(), "", FIRST_PAUSE, ""
    there: Json = await rollouts.read(session, ref)
    while True:
        uid = uid or there["metadata"]["uid"]
        if there["metadata"]["uid"] != uid:
            raise Told("object has been deleted")
        text, done = _status(ref.key.kind, there, revision)
        if text != said:
            sys.stdout.write(f"{visible(text)}\n")
            sys.stdout.flush()
        if done or once:
            return
        said = text
        while True:
            await asyncio.sleep(pause)
            asked = loop.time()
            try:
                there = await rollouts.read(session, ref)
                break
            except (LinkError, ServerFailure, Throttled):
                pause = SLOW
        pause = longer(pause, loop.time() - asked)


def _status(kind: str, there: Json, revision: int) -> tuple[str, bool]:
    """kubectl's line, and whether that is the end. Raises Told for what it ends with an error for."""
    row = row_of(kind, there)
    assert isinstance(row, RolloutRow)
    if revision and isinstance(row, DeploymentRow) and row.revision != revision:
        raise Told(f"desired revision ({revision}) is different from the running revision ({row.revision})")
    found = verdict(row)
    if found.failed or (not isinstance(row, DeploymentRow) and row.strategy != "RollingUpdate"):
        raise Told(found.text)
    return found.text, found.done

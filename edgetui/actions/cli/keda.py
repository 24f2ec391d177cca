"""`edgetui keda-pause KIND/NAME [--replicas N]` and `edgetui keda-unpause KIND/NAME`."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.actions.cli.connect import Connection
from edgetui.actions.cli.console import Console
from edgetui.actions.cli.running import Job, carry_out, new_parser, patience, ref_of, until_agreed, whole
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Receipt
from edgetui.actions.scaling import keda
from edgetui.actions.scaling.keda import KedaView

_EXAMPLE = "what KEDA scales, for example deploy/press"


def pause(argv: Sequence[str]) -> int:
    """Run `keda-pause`; returns the exit code."""
    parser = new_parser(keda.PAUSE, "Hold the number of replicas that KEDA owns, until it is to go on.")
    parser.add_argument("object", metavar="KIND/NAME", help=_EXAMPLE)
    parser.add_argument(
        "--replicas", metavar="N", type=whole, help="at which number; default: the one there is"
    )
    options = parser.parse_args(argv)

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        async def perform(now: KedaView) -> Receipt:
            return await keda.perform(gate, session, now, wait=patience(options))

        view = await keda.prepare_pause(session, ref_of(session, options), options.replicas)
        return await until_agreed(console, view, perform)

    return carry_out(Job(keda.PAUSE, options, act))


def unpause(argv: Sequence[str]) -> int:
    """Run `keda-unpause`; returns the exit code."""
    parser = new_parser(keda.UNPAUSE, "Let KEDA scale again what is paused.")
    parser.add_argument("object", metavar="KIND/NAME", help=_EXAMPLE)
    options = parser.parse_args(argv)

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        async def perform(now: KedaView) -> Receipt:
            return await keda.perform(gate, session, now, wait=patience(options))

        view = await keda.prepare_unpause(session, ref_of(session, options))
        return await until_agreed(console, view, perform)

    return carry_out(Job(keda.UNPAUSE, options, act))

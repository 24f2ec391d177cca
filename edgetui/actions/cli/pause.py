"""`edgetui pause KIND/NAME` and `edgetui resume KIND/NAME`."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.actions.cli.connect import Connection
from edgetui.actions.cli.console import Console
from edgetui.actions.cli.running import Job, carry_out, new_parser, patience, ref_of, until_agreed
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Receipt
from edgetui.actions.rollout import pause


def command(argv: Sequence[str]) -> int:
    """Run `edgetui pause`; returns the exit code."""
    return _run("pause", "Pause a Deployment: a new template waits until it is resumed.", argv)


def resume_command(argv: Sequence[str]) -> int:
    """Run `edgetui resume`; returns the exit code."""
    return _run("resume", "Resume a paused Deployment: what waited rolls out.", argv)


def _run(which: pause.Which, description: str, argv: Sequence[str]) -> int:
    parser = new_parser(which, description)
    parser.add_argument("object", metavar="KIND/NAME", help="a Deployment, for example deploy/press")
    options = parser.parse_args(argv)

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        view = await pause.prepare(session, ref_of(session, options), which)
        wait = patience(options)
        return await until_agreed(console, view, lambda now: pause.perform(gate, session, now, wait=wait))

    return carry_out(Job(which, options, act))

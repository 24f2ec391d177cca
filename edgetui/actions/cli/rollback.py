"""`edgetui rollback KIND/NAME [--to-revision R]`."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.actions.cli.connect import Connection
from edgetui.actions.cli.console import Console
from edgetui.actions.cli.running import Job, again, carry_out, new_parser, patience, ref_of
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Changed, Receipt
from edgetui.actions.rollout import rollback


def command(argv: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = new_parser("rollback", "Put an earlier revision of a Deployment, StatefulSet or DaemonSet back.")
    parser.add_argument(
        "object", metavar="KIND/NAME", help="for example deploy/press, sts/camera or ds/agent"
    )
    parser.add_argument(
        "--to-revision", metavar="R", type=int, help="default: the last revision that is known to have worked"
    )
    options = parser.parse_args(argv)

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        view = await rollback.prepare(session, ref_of(session, options), gate.audit)
        while True:
            _list(console, view, options.to_revision)
            chosen = view.default() if options.to_revision is None else view.revision(options.to_revision)
            try:
                return await rollback.perform(gate, session, view, chosen, wait=patience(options))
            except Changed as changed:
                view = await again(console, changed)

    return carry_out(Job("rollback", options, act))


def _list(console: Console, view: rollback.RollbackView, named: int | None) -> None:
    chosen = view.suggested.number if named is None and view.suggested is not None else named
    for one in view.revisions:
        mark = ">" if one.number == chosen else " "
        words = "now" if one.current else "worked" if one.known_good else "withdrawn" if one.withdrawn else ""
        cause = f"  {one.cause}" if one.cause else ""
        console.say(f"{mark} revision {one.number:<4} {', '.join(one.images)}  {words}{cause}".rstrip())

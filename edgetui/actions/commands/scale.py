"""`edgetui scale KIND/NAME N`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from edgetui.actions import kindnames, scalable, scale
from edgetui.actions.connect import Connection
from edgetui.actions.console import Console
from edgetui.actions.gate import Gate
from edgetui.actions.plan import Changed, Receipt
from edgetui.model.identity import ObjectKey, ObjectRef

from .running import Job, again, carry_out, new_parser, patience, ref_of, whole


def command(argv: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = new_parser("scale", "Set how many replicas a workload runs: any kind with a scale subresource.")
    parser.add_argument(
        "object", metavar="KIND/NAME", help="for example deploy/press, sts/camera or pumps.example.com/main"
    )
    parser.add_argument("replicas", metavar="N", type=whole, help="how many replicas")
    options = parser.parse_args(argv)

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        view = await _look(session, options)
        while True:
            try:
                return await scale.perform(gate, session, view, options.replicas, wait=patience(options))
            except Changed as changed:
                view = await again(console, changed)

    return carry_out(Job("scale", options, act))


async def _look(session: Connection, options: argparse.Namespace) -> scale.ScaleView:
    """The object as it is now; a kind that edgetui does not watch is looked for in the API's own lists."""
    kind, _, name = options.object.partition("/")
    if not name or "/" in name or kindnames.known(kind):
        return await scale.prepare(session, ref_of(session, options), options.replicas)
    other = await scalable.find(session, kind)
    namespace = (options.namespace or session.target.namespace or "default") if other.namespaced else ""
    ref = ObjectRef(ObjectKey(session.name, other.kind, namespace, name), "", "")
    return await scale.prepare_other(session, ref, other, options.replicas)

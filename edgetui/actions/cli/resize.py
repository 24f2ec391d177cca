"""`edgetui resize pod/NAME --cpu-request 200m --memory-limit 256Mi`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from edgetui.actions.cli.connect import Connection
from edgetui.actions.cli.console import Console
from edgetui.actions.cli.running import Job, again, carry_out, new_parser, patience, ref_of
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Changed, Receipt
from edgetui.actions.scaling import resize_pod
from edgetui.model.pod.resize import FIELDS, wrong


def command(argv: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = new_parser("resize", "Give a container of a running pod another cpu and memory, in place.")
    parser.add_argument("object", metavar="pod/NAME", help="for example pod/press-7f9c66-x2k4q")
    parser.add_argument("-c", "--container", default="", metavar="NAME", help="default: the first")
    for field in FIELDS:
        kind, _, name = field.partition(".")
        option = f"--{name}-{kind.removesuffix('s')}"
        parser.add_argument(option, dest=field, metavar="AMOUNT", type=_amount, help="default: as it is")
    options = parser.parse_args(argv)
    wanted = {field: value for field in FIELDS if (value := getattr(options, field))}
    if not wanted:
        parser.error("give at least one amount")

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        view = await resize_pod.prepare(session, ref_of(session, options))
        while True:
            box = view.box(options.container)
            try:
                return await resize_pod.perform(gate, session, view, box, wanted, wait=patience(options))
            except Changed as changed:
                view = await again(console, changed)

    return carry_out(Job("resize", options, act))


def _amount(text: str) -> str:
    if wrong(text):
        raise argparse.ArgumentTypeError(f"“{text}” is not an amount such as 200m or 256Mi")
    return text

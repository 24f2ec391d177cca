"""`edgetui resize pod/NAME --cpu-request 200m --memory-limit 256Mi`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from edgetui.actions import resize
from edgetui.actions.connect import Connection
from edgetui.actions.console import Console
from edgetui.actions.gate import Gate
from edgetui.actions.plan import Changed, Receipt
from edgetui.model.resizing import FIELDS, wrong

from .running import Job, again, carry_out, new_parser, patience, ref_of


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
        view = await resize.prepare(session, ref_of(session, options))
        while True:
            box = view.box(options.container)
            try:
                return await resize.perform(gate, session, view, box, wanted, wait=patience(options))
            except Changed as changed:
                view = await again(console, changed)

    return carry_out(Job("resize", options, act))


def _amount(text: str) -> str:
    if wrong(text):
        raise argparse.ArgumentTypeError(f"“{text}” is not an amount such as 200m or 256Mi")
    return text

"""`edgetui scale KIND/NAME N`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from edgetui.actions.cli.connect import Connection
from edgetui.actions.cli.console import Console
from edgetui.actions.cli.running import Job, carry_out, looked_up, new_parser, patience, until_agreed, whole
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Receipt
from edgetui.actions.scaling import scale
from edgetui.actions.scaling.scale import ScaleView


def command(argv: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = new_parser("scale", "Set how many replicas a workload runs: any kind with a scale subresource.")
    parser.add_argument(
        "object", metavar="KIND/NAME", help="for example deploy/press, sts/camera or pumps.example.com/main"
    )
    parser.add_argument("replicas", metavar="N", type=whole, help="how many replicas; also as --replicas N")
    options = parser.parse_args(_number_last(argv))

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        async def perform(now: ScaleView) -> Receipt:
            return await scale.perform(gate, session, now, options.replicas, wait=patience(options))

        return await until_agreed(console, await _look(session, options), perform)

    return carry_out(Job("scale", options, act))


async def _look(session: Connection, options: argparse.Namespace) -> ScaleView:
    ref, other = await looked_up(session, options)
    if other is None:
        return await scale.prepare(session, ref, options.replicas)
    return await scale.prepare_other(session, ref, other, options.replicas)


def _number_last(argv: Sequence[str]) -> list[str]:
    """The words with N in its place, wherever `--replicas N` of kubectl scale stood."""
    words: list[str] = []
    numbers: list[str] = []
    given = iter(argv)
    for word in given:
        option, equals, value = word.partition("=")
        if option == "--replicas":
            numbers.append(value if equals else next(given, ""))
        else:
            words.append(word)
    return [*words, *numbers]

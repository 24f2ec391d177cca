"""`edgetui doctor FILE...`: what it prints, and its exit code."""

from __future__ import annotations

import asyncio
import shutil
import sys
import textwrap
import time
from collections.abc import Sequence
from typing import Any

from edgetui import arguments
from edgetui.cluster.target import ClusterTarget
from edgetui.doctor.examine import examine
from edgetui.doctor.step import State, Step, completed, exit_code
from edgetui.output import document

AT_ONCE = 8
"""Clusters that are examined at the same time."""
_NAME, _TIME = 15, 9
WORDS = (
    "Try each cluster step by step and say what is wrong. "
    "Exit code 0: all well, 3: something to look at, 2: it cannot be used."
)


def command(argv: Sequence[str]) -> int:
    """Examines what was selected and prints it; the worst of the exit codes.

    Raises KubeconfigError where there is no kubeconfig at all.
    """
    parser = arguments.Parser("doctor", WORDS)
    arguments.add_selection(parser)
    arguments.add_verbosity(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument(
        "--timeout", type=arguments.seconds, default=10.0, metavar="TIME", help="for each step (10s)"
    )
    options = parser.parse_words(argv)
    begun = time.monotonic()
    targets = arguments.targets(options)
    loaded = time.monotonic() - begun
    found = asyncio.run(_examine_all(targets, options.timeout, loaded))
    code = max((exit_code(steps) for steps in found), key=(0, 3, 2).index)
    if options.json:
        clusters = [_plain(target, steps) for target, steps in zip(targets, found, strict=True)]
        sys.stdout.write(document({"schema": 1, "exit": code, "clusters": clusters}, sys.stdout, 1))
        return code
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 100
    for target, steps in zip(targets, found, strict=True):
        sys.stdout.write("\n".join([heading(target), *lines(steps, width), ""]) + "\n")
    return code


async def _examine_all(targets: Sequence[ClusterTarget], timeout: float, loaded: float) -> list[list[Step]]:
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(target: ClusterTarget) -> list[Step]:
        async with turns:
            return completed(await examine(target, timeout, loaded))

    return await asyncio.gather(*(one(target) for target in targets))


def heading(target: ClusterTarget) -> str:
    """Which cluster, and the file that it comes from."""
    return f"{target.name}  {target.context_file or ''}".rstrip()


def lines(steps: Sequence[Step], width: int) -> list[str]:
    """The steps as lines of at most `width` cells, what to do below what is wrong."""
    found = []
    indent = " " * (8 + _NAME + _TIME)
    for step in steps:
        took = f"{step.seconds * 1000:,.0f} ms" if step.state is not State.SKIPPED else ""
        head = f"  {step.state.value:<6}{step.name:<{_NAME}}{took:>{_TIME - 2}}  "
        text = textwrap.wrap(step.text, max(width - len(indent), 24)) or [""]
        found.append(f"{head}{text[0]}".rstrip())
        rest = text[1:] + textwrap.wrap(step.next_step, max(width - len(indent), 24))
        found.extend(indent + line for line in rest)
    return found


def _plain(target: ClusterTarget, steps: Sequence[Step]) -> dict[str, Any]:
    return {
        "name": target.name,
        "file": str(target.context_file or ""),
        "exit": exit_code(steps),
        "steps": [
            {
                "name": step.name,
                "state": {"-": "skipped", "look": "notice"}.get(step.state.value, step.state.value),
                "text": step.text,
                "next_step": step.next_step,
                "ms": round(step.seconds * 1000, 1),
            }
            for step in steps
        ],
    }

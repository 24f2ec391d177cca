"""`edgetui cp POD:PATH LOCAL` and `edgetui cp LOCAL POD:PATH`: files of containers, as kubectl cp copies them.

Exit codes: 0 everything was copied; 1 something was left out, refused or cut off; 2 wrong usage, or no usable cluster;
130 interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import sys
import time
from collections.abc import Sequence

from edgetui.actions.cli.connect import Connection
from edgetui.actions.cli.console import Console
from edgetui.actions.cli.running import FAILED, INTERRUPTED, REACHED, UNUSABLE, USAGE, bare_parser, chosen
from edgetui.actions.files.copying import Result, Task, copy
from edgetui.actions.files.meter import Pace, Progress, size
from edgetui.actions.files.place import Copy, copy_of
from edgetui.actions.gate.audit import AuditLog, default_path
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Refusal
from edgetui.actions.remote.execute import Ends, Purpose, execute, read_pod
from edgetui.actions.remote.local_terminal import say
from edgetui.arguments import Parser, bytes_per_second
from edgetui.cluster.api.remote_command import Command, Ended
from edgetui.cluster.backoff import delay
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds.pod import POD
from edgetui.model.text import NO_RATE, duration, plural, rate

CODES = "0 everything was copied; 1 something was left out, refused or cut off; 2 wrong usage or no usable cluster"
FIRST_WAIT = 3
"""Failures that a first wait counts as: about a second, which a link needs at the least."""


def command(argv: Sequence[str]) -> int:
    """Copy; returns the exit code."""
    parser = _parser()
    options = parser.parse_words(argv)
    try:
        options.copy = copy_of(options.source, options.target)
    except Refusal as wrong:
        parser.error(str(wrong))
    try:
        return asyncio.run(_connected(options))
    except KeyboardInterrupt:
        say("Interrupted: the file that was not complete was removed.")
        return INTERRUPTED


def _parser() -> Parser:
    made = bare_parser(
        "cp",
        "Copy a file, or a directory by its content, from a container or into one. Links out of a directory, and "
        "special files, are left out; a file has its name once it is complete.",
        CODES,
    )
    add = made.add_argument
    add("source", metavar="SOURCE", help="[NAMESPACE/]POD:PATH in a container, or PATH on this machine")
    add("target", metavar="TARGET", help="the same of the other side")
    add("-c", "--container", metavar="NAME", default="", help="default: the pod's default container")
    add("--no-preserve", action="store_true", help="keep neither owner nor permissions")
    add(
        "--retries",
        metavar="N",
        type=int,
        default=0,
        help="go on so many times after a lost link, for ever below 0 (0)",
    )
    add("--limit", metavar="RATE", type=bytes_per_second, default=None, help="copy no faster, as 20KiB/s")
    return made


async def _connected(options: argparse.Namespace) -> int:
    console = Console(sys.stdin, sys.stdout, sys.stderr, as_json=False, assume_yes=True, dry_run=False)
    main = asyncio.current_task()
    assert main is not None
    for number in (signal.SIGTERM, signal.SIGHUP):  # what is not complete is removed then, too
        asyncio.get_running_loop().add_signal_handler(number, main.cancel)
    progress = Progress(sys.stderr, options.copy.source.path, time.monotonic, quiet=options.quiet)
    began = time.monotonic()
    try:
        session = Connection(chosen(options))
        try:
            result = await _copied(session, options, console, progress)
        finally:
            session.close()
            progress.end()
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    except EdgetuiError as problem:
        console.refused("cp", "", problem)
        return USAGE if isinstance(problem, UNUSABLE) else FAILED
    for line in (*result.tally.told, *result.said):
        say(line)
    if (untold := result.tally.left_out - len(result.tally.told)) > 0:
        say(f"Left out {untold} more.")
    if not options.quiet:
        say(_summary(result, time.monotonic() - began))
    return REACHED if result.well else FAILED


def _summary(result: Result, seconds: float) -> str:
    tally = result.tally
    links = f" and {plural(tally.links, 'link')}" if tally.links else ""
    out = f"; {plural(tally.left_out, 'was', 'were')} left out" if tally.left_out else ""
    took = "less than a second"
    if seconds >= 1:
        speed = rate(tally.bytes / seconds)
        took = duration(seconds) + (f", {speed}" if speed != NO_RATE else "")
    return f"Copied {plural(tally.files, 'file')}{links}, {size(tally.bytes)} in {took}{out}."


async def _copied(
    session: Connection, options: argparse.Namespace, console: Console, progress: Progress
) -> Result:
    wanted: Copy = options.copy
    namespace = wanted.there.namespace or options.namespace or session.target.namespace or "default"
    pod = wanted.there.pod
    view = await read_pod(session, ObjectRef(ObjectKey(session.name, POD, namespace, pod), "", ""))
    container = view.container(options.container).name
    gate = Gate(AuditLog(default_path()), False, console.confirm, console.progress, patient=False)
    purpose = _purpose(wanted, container)

    async def run(far: Command, ends: Ends) -> Ended:
        return await execute(gate, session, view.ref, far, ends, purpose)

    async def wait(tries: int) -> None:
        await asyncio.sleep(delay(tries + FIRST_WAIT, random))

    def again(text: str) -> None:
        progress.end()
        say(text)

    pace = Pace(options.limit, time.monotonic)
    preserve = not options.no_preserve
    task = Task(wanted, session.target, namespace, container, preserve, pace, progress.tell)
    return await copy(task, run, options.retries, again, wait)


def _purpose(wanted: Copy, container: str) -> Purpose:
    source, target = wanted.source.path, wanted.target.path
    where = f"of container {container} of pod/{wanted.there.pod}"
    words = f"copy {source} {where} to {target}" if wanted.download else f"copy {source} to {target} {where}"
    return Purpose("cp", words, {"container": container, "from": source, "to": target})

"""`edgetui guard KIND/NAME [--for T] [--after T] [--once]`: runs until it is stopped, in tmux or as a service.

A hangup of the terminal does not end it. A roll-back is written through the same gate as everything else; a guard that
is killed and started again takes up from the audit record what it had done.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TextIO

from edgetui.actions.cli.connect import choose
from edgetui.actions.cli.console import Console
from edgetui.actions.cli.running import FAILED, INTERRUPTED, REACHED, UNUSABLE, USAGE, bare_parser, ref_of
from edgetui.actions.gate.audit import AuditLog, default_path
from edgetui.actions.gate.gate import Gate
from edgetui.actions.guard.guard import Ending, Guard
from edgetui.actions.guard.plan import prepare
from edgetui.actions.messages import Step
from edgetui.cluster.errors import CredentialError, EdgetuiError, KubeconfigError
from edgetui.cluster.session import ClusterSession
from edgetui.model.cache.freshness import Link
from edgetui.model.cells import elided, visible
from edgetui.model.rollout.guard import Phase, Terms
from edgetui.model.text import seconds_of

ROLLED_BACK = 3
SAY_AGAIN = 60.0  # seconds between two lines that say the same, where no line can be written anew
_TURNS = frozenset({Phase.SUSPECT, Phase.BLIND})
PATIENT = 30.0


def command(argv: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = bare_parser(
        "guard",
        "Watch a rollout and roll it back to the last revision that worked when it proves to be bad.",
        "0 stopped, or with --once: the release is good; 1 refused, failed or the object is gone; "
        "2 wrong usage or no usable cluster; 3 with --once: rolled back",
    )
    add = parser.add_argument
    add("object", metavar="KIND/NAME", help="for example deploy/press, sts/camera or ds/agent")
    add(
        "--for",
        dest="patience",
        metavar="T",
        type=_span,
        default=120.0,
        help="how long it must fail before it is rolled back, as 90s or 5m (2m)",
    )
    add(
        "--after",
        metavar="T",
        type=_span,
        default=600.0,
        help="how long a complete release is watched on (10m)",
    )
    add("--once", action="store_true", help="end when the present release is good or was rolled back")
    options = parser.parse_args(argv)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    log = Log(sys.stdout, stamped="JOURNAL_STREAM" not in os.environ)
    try:
        return asyncio.run(_run(options, log))
    except KeyboardInterrupt:
        log.line("Cancelled: nothing is rolled back any more.")
        return INTERRUPTED


class Log:
    """Lines with their time, and on a terminal one that is written anew. A terminal that is gone is not written to.

    `stamped` is false where something else notes the time of every line.
    """

    def __init__(self, out: TextIO, *, stamped: bool) -> None:
        self._out = out
        self._stamped = stamped
        self._rewrites = out.isatty()
        self._gone = False
        self._shown = ""

    def line(self, text: str) -> None:
        """A line that stays."""
        stamp = time.strftime("%H:%M:%S ") if self._stamped else ""
        self._write(self._clear(), f"{stamp}{visible(text)}\n")

    def step(self, step: Step) -> None:
        """A step of a roll-back."""
        if step.state != "doing" or not self._rewrites:
            self.line(f"  {step.text}")

    def status(self, text: str) -> bool:
        """What is so now, where it can be written anew; false where it cannot."""
        if self._rewrites and text != self._shown:
            self._write(self._clear(), _fitting(visible(text), self._width()))
            self._shown = text
        return self._rewrites

    def _clear(self) -> str:
        shown, self._shown = self._shown, ""
        return "\r\x1b[K" if shown else ""

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self._out.fileno()).columns
        except OSError:
            return 80

    def _write(self, *texts: str) -> None:
        if self._gone:
            return
        try:
            self._out.write("".join(texts))
            self._out.flush()
        except OSError:
            self._gone, self._rewrites = True, False
            with suppress(OSError):  # so that what is still in its buffer fails nothing at the end
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._out.fileno())


class Voice:
    """Says what a guard does: on a terminal all the time, else at every turn and now and then in a countdown."""

    def __init__(self, log: Log) -> None:
        self.guard: Guard | None = None
        self._log = log
        self._said: dict[tuple[str, str, str], float] = {}

    def changed(self) -> None:
        """After every look."""
        guard = self.guard
        if guard is None or self._log.status(f"ctrl+c cancels · {guard.words}: {guard.says}"):
            return
        turn = (guard.state.phase.value, guard.state.template, guard.state.why)
        now = time.monotonic()
        if now >= self._said.get(turn, 0.0):
            self._said[turn] = now + SAY_AGAIN if guard.state.phase in _TURNS else math.inf
            self._log.line(f"{guard.words}: {guard.says}")


async def _run(options: argparse.Namespace, log: Log) -> int:
    console = Console(sys.stdin, sys.stdout, sys.stderr, as_json=False, assume_yes=options.yes, dry_run=False)
    main = asyncio.current_task()
    assert main is not None
    stopped = asyncio.Event()

    def stop() -> None:
        stopped.set()
        main.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    try:
        ending = await _guard(options, console, log)
    except asyncio.CancelledError:
        if not stopped.is_set():
            raise
        log.line("Stopped: nothing is rolled back any more.")
        return REACHED
    except EdgetuiError as problem:
        console.refused("guard", "", problem)
        return USAGE if isinstance(problem, UNUSABLE) else FAILED
    for text in (ending.sentence, *(ending.receipt.lines if ending.receipt else ())):
        log.line(text)
    return ROLLED_BACK if ending.receipt else REACHED if ending.good else FAILED


async def _guard(options: argparse.Namespace, console: Console, log: Log) -> Ending:
    target = choose(options.kubeconfig, options.context)
    session = ClusterSession(target)
    gate = Gate(AuditLog(default_path()), False, console.confirm, log.step)
    voice = Voice(log)
    try:
        ref = ref_of(session, options)
        await session.start(("Node",))
        await _connected(session, log)
        terms = Terms(options.patience, options.after)
        view = await prepare(session, ref, terms, gate.audit, on_screen=False)
        guard = Guard(
            session,
            gate,
            view,
            keep=not options.once,
            told=log.line,
            changed=voice.changed,
            progress=log.step,
        )
        await guard.agree()
        log.line(f"Guarding {guard.words} in {ref.key.namespace} on {session.name}.")
        voice.guard = guard
        return await guard.run()
    finally:
        await session.close()


async def _connected(session: ClusterSession, log: Log) -> None:
    """Wait until the cluster answers, however long; raises where waiting is vain."""
    told = ""
    while not await session.settled(PATIENT) or session.store.link.link is not Link.LIVE:
        link = session.store.link
        if link.link in (Link.BROKEN, Link.REFUSED):
            kind = KubeconfigError if link.link is Link.BROKEN else CredentialError
            raise kind(link.sentence, link.next_step)
        if link.sentence != told:
            told = link.sentence
            log.line(f"Waiting for {session.name}: {told}")


def _fitting(text: str, width: int) -> str:
    """As much as fits on one line of so many columns, with the cursor behind it."""
    return elided(text, width - 1)


def _span(text: str) -> float:
    """Seconds of "90", "90s", "5m", "1h30m"."""
    seconds = seconds_of(text)
    if seconds is None:
        raise argparse.ArgumentTypeError(f"“{text}” is not a span of time such as 90s, 5m or 1h30m")
    return seconds

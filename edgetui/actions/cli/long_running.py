"""The command of an action that goes on once it was agreed to: it runs until it ends by itself or is stopped.

A hangup of the terminal does not end it: it is for tmux, or for a service. What it writes passes the same gate as
everything else.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import signal
import sys
import time
from contextlib import suppress
from typing import Any, TextIO

from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.change.long_running import Ended, Listener, LongRunning
from edgetui.actions.change.spec import Aim, Given, Spec
from edgetui.actions.cli import objects
from edgetui.actions.cli.console import Console
from edgetui.actions.cli.running import FAILED, INTERRUPTED, REACHED, UNUSABLE, USAGE, chosen
from edgetui.actions.gate.audit import AuditLog, default_path
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Step
from edgetui.cluster.errors import CredentialError, EdgetuiError, KubeconfigError
from edgetui.cluster.session import ClusterSession
from edgetui.model.cache.freshness import Link
from edgetui.model.cells import elided, visible

WROTE = 3
"""It wrote something by itself, and ended with that."""
SAY_AGAIN = 60.0
"""Seconds between two lines that say the same, where no line can be written anew."""
PATIENT = 30.0
"""Seconds between two looks at whether the cluster answers."""


def run(
    action: str, spec: Spec[Any, Any], options: argparse.Namespace, named: objects.Named, given: Given
) -> int:
    """Carry it out on the one object that is named; returns the exit code."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    log = Log(sys.stdout, stamped="JOURNAL_STREAM" not in os.environ)
    try:
        return asyncio.run(_run(action, spec, options, named, given, log))
    except KeyboardInterrupt:
        log.line(f"Cancelled: the {ACTIONS[action].label} has ended.")
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
        """A step of what it carries out."""
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
    """Says what it does: on a terminal all the time, else at every turn and now and then in between."""

    def __init__(self, log: Log) -> None:
        self.work: LongRunning | None = None
        self._log = log
        self._said: dict[tuple[str, ...], float] = {}

    def changed(self) -> None:
        """It says something else, or nothing new."""
        work = self.work
        if work is None:
            return
        line = f"{work.title}: {work.says}"
        if self._log.status(f"ctrl+c cancels · {line}"):
            return
        now = time.monotonic()
        if now >= self._said.get(work.turn, 0.0):
            self._said[work.turn] = now + SAY_AGAIN if work.repeats else math.inf
            self._log.line(line)


async def _run(
    action: str,
    spec: Spec[Any, Any],
    options: argparse.Namespace,
    named: objects.Named,
    given: Given,
    log: Log,
) -> int:
    console = Console(sys.stdin, sys.stdout, sys.stderr, as_json=False, assume_yes=options.yes, dry_run=False)
    main = asyncio.current_task()
    assert main is not None
    stopped = asyncio.Event()

    def stop() -> None:
        stopped.set()
        main.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    try:
        ended = await _until_it_ends(action, spec, options, named, given, console, log)
    except asyncio.CancelledError:
        if not stopped.is_set():
            raise
        log.line(f"Stopped: the {ACTIONS[action].label} has ended.")
        return REACHED
    except EdgetuiError as problem:
        console.refused(action, "", problem)
        return USAGE if isinstance(problem, UNUSABLE) else FAILED
    for text in (ended.sentence, *(ended.receipt.lines if ended.receipt else ())):
        log.line(text)
    return WROTE if ended.receipt else REACHED if ended.good else FAILED


async def _until_it_ends(
    action: str,
    spec: Spec[Any, Any],
    options: argparse.Namespace,
    named: objects.Named,
    given: Given,
    console: Console,
    log: Log,
) -> Ended:
    assert spec.starts is not None
    session = ClusterSession(chosen(options))
    gate = Gate(AuditLog(default_path()), False, console.confirm, log.step)
    voice = Voice(log)
    try:
        ref = objects.place(session, *objects.only(named), options.namespace or "")
        await session.start(spec.watches)
        await _connected(session, log)
        aim = Aim(action, session, ref, gate.audit, given)
        view = await spec.read(aim)
        answer = spec.answer(view, given)
        work = await spec.starts(gate, aim, view, answer, Listener(log.line, voice.changed, log.step))
        voice.work = work
        log.line(f"{work.title} in {ref.key.namespace} on {session.name} has begun.")
        return await work.run()
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

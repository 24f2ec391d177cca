"""What all commands share: their options, the run on one cluster, and how it ends.

Exit codes: 0 the cluster reached the state asked for (or --no-wait, or --dry-run); 1 failed, refused or not agreed to;
2 wrong usage, or no usable cluster; 3 accepted, but not reached within --timeout; 130 interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.cli import objects
from edgetui.actions.cli.connect import Connection, choose
from edgetui.actions.cli.console import Console
from edgetui.actions.gate.audit import AuditLog, default_path
from edgetui.actions.gate.gate import PROTECTED_BADGE, Gate
from edgetui.actions.messages import Cancelled, Changed, Receipt, Refusal
from edgetui.actions.session import Session
from edgetui.arguments import Parser, acting_as, add_acting_as, add_verbosity, name_requests, with_settings
from edgetui.arguments import patience as longest
from edgetui.cluster.errors import (
    CredentialError,
    EdgetuiError,
    KubeconfigError,
    LinkError,
    ProtocolError,
    TlsError,
    Unauthorized,
)
from edgetui.cluster.target import ClusterTarget
from edgetui.model.identity import ObjectKey, ObjectRef

REACHED, FAILED, USAGE, NOT_YET, INTERRUPTED = 0, 1, 2, 3, 130

UNUSABLE = (KubeconfigError, LinkError, TlsError, CredentialError, ProtocolError, Unauthorized)


class Job(msgspec.Struct, frozen=True):
    """One command line, understood. `act` does the work on the cluster that was chosen; `named` are its objects."""

    action: str
    options: argparse.Namespace
    named: objects.Named
    act: Callable[[Gate, Connection, Console], Awaitable[Receipt]]


def cluster_parser(command: str, description: str, codes: str) -> Parser:
    """A parser with the options that name one cluster; `codes` are the exit codes in words."""
    made = Parser(command, description, f"Exit codes: {codes}.")
    add = made.add_argument
    add(
        "--kubeconfig",
        metavar="FILE",
        action="append",
        type=Path,
        default=[],
        help="a kubeconfig file, repeatable",
    )
    add(
        "--context",
        metavar="NAME",
        action="append",
        default=[],
        help="which cluster; default: the current context",
    )
    add("-n", "--namespace", metavar="NS", help="default: the context's namespace")
    add_acting_as(made)
    add_verbosity(made)
    return made


def bare_parser(command: str, description: str, codes: str) -> Parser:
    """The same with the option that agrees in advance."""
    made = cluster_parser(command, description, codes)
    made.add_argument("-y", "--yes", action="store_true", help="skip the confirmation")
    return made


def new_parser(command: str, description: str) -> Parser:
    """A parser with the options of a command that does one thing and ends."""
    made = bare_parser(
        command,
        description,
        "0 reached, 1 failed or refused, 2 wrong usage or no usable cluster, 3 accepted but not reached in time",
    )
    add = made.add_argument
    add("--dry-run", action="store_true", help="server-side dry run: show the plan, change nothing")
    add("--json", action="store_true", help="print one JSON object on stdout")
    add("--no-wait", action="store_true", help="return as soon as the server has accepted the change")
    add(
        "--timeout",
        metavar="TIME",
        type=longest,
        default=300.0,
        help="how long to wait, as 90, 90s or 5m (5m)",
    )
    return made


def carry_out(job: Job) -> int:
    """Run a command to its end; returns the exit code."""
    options = job.options
    console = Console(
        sys.stdin,
        sys.stdout,
        sys.stderr,
        as_json=options.json,
        assume_yes=options.yes,
        dry_run=options.dry_run,
        quiet=options.quiet,
    )
    try:
        return asyncio.run(_run(job, console))
    except KeyboardInterrupt:
        console.say("Interrupted. What was written before that stands in the audit record.")
        return INTERRUPTED


async def _run(job: Job, console: Console) -> int:
    options, cluster = job.options, ""
    try:
        target = chosen(options)
        cluster = target.name
        session = Connection(target)
        log = AuditLog(default_path())
        gate = Gate(log, False, console.confirm, console.progress, patient=False)
        try:
            named, action = _named(session, job), ACTIONS.get(job.action)
            refused = partial(gate.refused, session, job.action, ObjectRef(named, "", ""))
            async with gate.permissions.explaining(session, action, named, refused):
                receipt = await job.act(gate, session, console)
        finally:
            session.close()
    except EdgetuiError as problem:
        if console.refused(job.action, cluster, problem):
            return REACHED
        return USAGE if isinstance(problem, UNUSABLE) else FAILED
    well = receipt.ok or (receipt.pending and options.no_wait)
    console.result(receipt, ok=well)
    return REACHED if well else NOT_YET if receipt.pending else FAILED


def chosen(options: argparse.Namespace) -> ClusterTarget:
    """The one cluster of a command line, as whom it says.

    Raises KubeconfigError when it is none or not clear which, Refusal for a protected one that only --yes agrees to.
    """
    name_requests(options)
    target = choose([Path(file) for file in options.kubeconfig], options.context, acting_as(options))
    named = bool(options.context) and "context" in getattr(options, "given", {"context"})
    (target,) = with_settings([target], options)
    if PROTECTED_BADGE in target.badges and getattr(options, "yes", False) and not named:
        raise Refusal(
            f"{target.name} is protected, and the command line does not name it: nothing was changed.",
            f"Add --context {target.context}, or leave out --yes and agree on a terminal.",
        )
    return target


def _named(session: Session, job: Job) -> ObjectKey:
    """The object, for saying which rights on it are missing; empty where the command line names none or several."""
    words = job.named.objects
    if len(words) == 1 and (kind := objects.known(words[0][0])):
        return objects.place(session, kind, words[0][1], job.options.namespace or "").key
    return ObjectKey(session.name, "", "", "")


async def again(console: Console, changed: Changed) -> Any:
    """After a change in between: the new view when a person wants to go on with it, else the same problem again."""
    console.say(changed.sentence)
    if console.can_ask and await console.ask("Go on with what is there now?"):
        return changed.view
    raise changed


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """While SIGTERM and SIGHUP end a command as a person does: what it has to put right, it does. Raises Cancelled."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    ended: list[signal.Signals] = []

    def end(number: signal.Signals) -> None:
        ended.append(number)
        task.cancel()

    numbers = (signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, end, number)
    try:
        yield
    except asyncio.CancelledError:
        if not ended:
            raise
        raise Cancelled(f"Ended by {ended[0].name}.") from None
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def patience(options: argparse.Namespace) -> float | None:
    """Seconds to wait for the outcome; None for not at all."""
    return None if options.no_wait else options.timeout

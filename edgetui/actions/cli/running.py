"""What all commands share: their options, the run on one cluster, and how it ends.

Exit codes: 0 the cluster reached the state asked for (or --no-wait, or --dry-run); 1 failed, refused or not agreed to;
2 wrong usage, or no usable cluster; 3 accepted, but not reached within --timeout; 130 interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.cli import kindnames
from edgetui.actions.cli.connect import Connection, choose
from edgetui.actions.cli.console import Console
from edgetui.actions.gate.audit import AuditLog, default_path
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Changed, Receipt
from edgetui.actions.scaling import scale_subresource
from edgetui.actions.scaling.scale_subresource import Scalable
from edgetui.actions.session import Session
from edgetui.cluster.errors import (
    CredentialError,
    EdgetuiError,
    KubeconfigError,
    LinkError,
    ProtocolError,
    TlsError,
    Unauthorized,
)
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.text import seconds_of

V = TypeVar("V")

REACHED, FAILED, USAGE, NOT_YET, INTERRUPTED = 0, 1, 2, 3, 130

UNUSABLE = (KubeconfigError, LinkError, TlsError, CredentialError, ProtocolError, Unauthorized)


class _Parser(argparse.ArgumentParser):
    """Takes `--dry-run=server` as kubectl does; a dry run is always the server's."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if "--dry-run=client" in args:
            self.error("--dry-run=client: a dry run is checked by the server; write --dry-run")
        plain = [
            "--dry-run" if word == "--dry-run=server" else word for word in args if word != "--dry-run=none"
        ]
        return super().parse_known_args(plain, namespace)


_IS = {"park": "scale", "unpark": "scale"}
"""Commands that are another action, by its id."""


class Job(msgspec.Struct, frozen=True):
    """One command line, understood. `act` does the work on the cluster that was chosen."""

    action: str
    options: argparse.Namespace
    act: Callable[[Gate, Connection, Console], Awaitable[Receipt]]


def bare_parser(command: str, description: str, codes: str) -> argparse.ArgumentParser:
    """A parser with the options that name a cluster and agree in advance; `codes` are the exit codes in words."""
    made = _Parser(
        prog=f"edgetui {command}",
        description=description,
        epilog=f"Exit codes: {codes}.",
        allow_abbrev=False,
    )
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
    add("-y", "--yes", action="store_true", help="skip the confirmation")
    return made


def new_parser(command: str, description: str) -> argparse.ArgumentParser:
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
        type=_seconds,
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
    )
    try:
        return asyncio.run(_run(job, console))
    except KeyboardInterrupt:
        console.say("Interrupted. What was written before that stands in the audit record.")
        return INTERRUPTED


async def _run(job: Job, console: Console) -> int:
    options, cluster = job.options, ""
    try:
        target = choose(options.kubeconfig, options.context)
        cluster = target.name
        session = Connection(target)
        log = AuditLog(default_path())
        gate = Gate(log, False, console.confirm, console.progress, patient=False)
        try:
            named, action = _named(session, options), ACTIONS.get(_IS.get(job.action, job.action))
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


def _named(session: Session, options: argparse.Namespace) -> ObjectKey:
    """The object of the command line, for saying which rights on it are missing; empty where it names none."""
    try:
        return ref_of(session, options).key
    except (EdgetuiError, AttributeError):
        return ObjectKey(session.name, "", "", "")


async def again(console: Console, changed: Changed) -> Any:
    """After a change in between: the new view when a person wants to go on with it, else the same problem again."""
    console.say(changed.sentence)
    if console.can_ask and await console.ask("Go on with what is there now?"):
        return changed.view
    raise changed


async def until_agreed(console: Console, view: V, perform: Callable[[V], Awaitable[Receipt]]) -> Receipt:
    """Perform; where the object changed meanwhile, ask whether to go on with what is there now."""
    while True:
        try:
            return await perform(view)
        except Changed as changed:
            view = await again(console, changed)


def ref_of(session: Session, options: argparse.Namespace) -> ObjectRef:
    """The object that a command line names; it has not been shown, so it has no uid and no version."""
    kind, name = kindnames.parse(options.object)
    namespace = options.namespace or session.target.namespace or "default"
    return ObjectRef(ObjectKey(session.name, kind, namespace, name), "", "")


async def looked_up(session: Session, options: argparse.Namespace) -> tuple[ObjectRef, Scalable | None]:
    """The same, of any kind with a scale subresource: those that edgetui does not watch stand in the API's lists."""
    kind, _, name = options.object.partition("/")
    if not name or "/" in name or kindnames.known(kind):
        return ref_of(session, options), None
    other = await scale_subresource.find(session, kind)
    namespace = (options.namespace or session.target.namespace or "default") if other.namespaced else ""
    return ObjectRef(ObjectKey(session.name, other.kind, namespace, name), "", ""), other


def patience(options: argparse.Namespace) -> float | None:
    """Seconds to wait for the outcome; None for not at all."""
    return None if options.no_wait else options.timeout


def whole(text: str) -> int:
    """A number of replicas on a command line."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"“{text}” is not a whole number from 0 up")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = seconds_of(text) or -1.0
    if not 0 <= seconds < 1e9:
        raise argparse.ArgumentTypeError(f"“{text}” is not a time such as 90, 90s or 5m")
    return seconds

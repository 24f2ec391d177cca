"""The three keys as commands for scripts: `edgetui scale`, `edgetui rollback`, `edgetui rotate`, through the same gate.

Exit codes: 0 the cluster reached the state asked for (or --no-wait, or --dry-run); 1 failed, refused or not agreed to;
2 wrong usage, or no usable cluster; 3 accepted, but not reached within --timeout; 130 interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from edgetui.actions import kindnames, rollback, rotate, scale
from edgetui.actions.audit import AuditLog, default_path
from edgetui.actions.connect import Connection, choose
from edgetui.actions.console import Console
from edgetui.actions.gate import Gate
from edgetui.actions.plan import Changed, Receipt
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

REACHED, FAILED, USAGE, NOT_YET, INTERRUPTED = 0, 1, 2, 3, 130

_UNUSABLE = (KubeconfigError, LinkError, TlsError, CredentialError, ProtocolError, Unauthorized)


class _Job(msgspec.Struct, frozen=True):
    """One command line, understood. `act` does the work on the cluster that was chosen."""

    action: str
    options: argparse.Namespace
    act: Callable[[Gate, Connection, Console], Awaitable[Receipt]]


def main(argv: Sequence[str]) -> int:
    """Run `scale`, `rollback` or `rotate` with its arguments; returns the exit code."""
    commands = {"scale": scale_command, "rollback": rollback_command, "rotate": rotate_command}
    if not argv or argv[0] not in commands:
        sys.stderr.write(f"Name one of {', '.join(commands)}.\n")
        return USAGE
    return commands[argv[0]](argv[1:])


def scale_command(argv: Sequence[str]) -> int:
    """`edgetui scale KIND/NAME N`."""
    parser = _parser("scale", "Set how many replicas a Deployment, StatefulSet or ReplicaSet runs.")
    parser.add_argument("object", metavar="KIND/NAME", help="for example deploy/press or sts/camera")
    parser.add_argument("replicas", metavar="N", type=_replicas, help="how many replicas")
    options = parser.parse_args(argv)

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        view = await scale.prepare(session, _ref(session, options), options.replicas)
        while True:
            try:
                return await scale.perform(gate, session, view, options.replicas, wait=_wait(options))
            except Changed as changed:
                view = await _again(console, changed)

    return _carry_out(_Job("scale", options, act))


def rollback_command(argv: Sequence[str]) -> int:
    """`edgetui rollback KIND/NAME [--to-revision R]`."""
    parser = _parser("rollback", "Put an earlier revision of a Deployment, StatefulSet or DaemonSet back.")
    parser.add_argument(
        "object", metavar="KIND/NAME", help="for example deploy/press, sts/camera or ds/agent"
    )
    parser.add_argument(
        "--to-revision", metavar="R", type=int, help="default: the last revision that is known to have worked"
    )
    options = parser.parse_args(argv)

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        view = await rollback.prepare(session, _ref(session, options))
        while True:
            chosen = view.suggested if options.to_revision is None else view.revision(options.to_revision)
            _list(console, view, chosen.number)
            try:
                return await rollback.perform(gate, session, view, chosen, wait=_wait(options))
            except Changed as changed:
                view = await _again(console, changed)

    return _carry_out(_Job("rollback", options, act))


def rotate_command(argv: Sequence[str]) -> int:
    """`edgetui rotate`."""
    parser = _parser("rotate", "Replace the service-account token of the kubeconfig user by a new one.")
    options = parser.parse_args(argv)

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        return await rotate.perform(gate, session, await rotate.prepare(session))

    return _carry_out(_Job("rotate", options, act))


def _parser(command: str, description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"edgetui {command}",
        description=description,
        epilog="Exit codes: 0 reached, 1 failed or refused, 2 wrong usage or no usable cluster, "
        "3 accepted but not reached in time.",
    )
    add = parser.add_argument
    add("--kubeconfig", metavar="FILE", action="append", type=Path, default=[], help="may be given again")
    add("--context", metavar="NAME", help="which cluster; default: the current context")
    add("-n", "--namespace", metavar="NS", help="default: the context's namespace")
    add("--dry-run", action="store_true", help="show the plan, let the server check it, change nothing")
    add("-y", "--yes", action="store_true", help="agree to the plan without being asked")
    add("--json", action="store_true", help="print one JSON object on stdout")
    add("--no-wait", action="store_true", help="return as soon as the server has accepted the change")
    add("--timeout", metavar="SECONDS", type=_seconds, default=300.0, help="how long to wait (default 300)")
    return parser


def _carry_out(job: _Job) -> int:
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


async def _run(job: _Job, console: Console) -> int:
    options, cluster = job.options, ""
    try:
        target = choose(options.kubeconfig, options.context)
        cluster = target.name
        session = Connection(target)
        gate = Gate(AuditLog(default_path()), False, console.confirm, console.progress)
        try:
            receipt = await job.act(gate, session, console)
        finally:
            session.close()
    except EdgetuiError as problem:
        if console.refused(job.action, cluster, problem):
            return REACHED
        return USAGE if isinstance(problem, _UNUSABLE) else FAILED
    console.result(receipt)
    if receipt.ok or (receipt.pending and options.no_wait):
        return REACHED
    return NOT_YET if receipt.pending else FAILED


async def _again(console: Console, changed: Changed) -> Any:
    """After a change in between: the new view when a person wants to go on with it, else the same problem again."""
    console.say(changed.sentence)
    if console.can_ask and await console.ask("Go on with what is there now?"):
        return changed.view
    raise changed


def _list(console: Console, view: rollback.RollbackView, chosen: int) -> None:
    for one in view.revisions:
        mark = ">" if one.number == chosen else " "
        words = "now" if one.current else "worked" if one.known_good else ""
        cause = f"  {one.cause}" if one.cause else ""
        console.say(f"{mark} revision {one.number:<4} {', '.join(one.images)}  {words}{cause}".rstrip())


def _ref(session: Connection, options: argparse.Namespace) -> ObjectRef:
    kind, name = kindnames.parse(options.object)
    namespace = options.namespace or session.target.namespace or "default"
    return ObjectRef(ObjectKey(session.name, kind, namespace, name), "", "")


def _wait(options: argparse.Namespace) -> float | None:
    return None if options.no_wait else options.timeout


def _replicas(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"“{text}” is not a whole number from 0 up")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e9:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number of seconds")
    return seconds

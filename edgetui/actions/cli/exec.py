"""`edgetui exec POD -- COMMAND`: a command, or a shell, in a container of a pod; `edgetui attach POD`: what it runs.

Exit codes: that of the command; 1 refused, or the link was lost; 2 wrong usage, or no usable cluster.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from edgetui.actions.cli.connect import Connection
from edgetui.actions.cli.console import Console
from edgetui.actions.cli.running import FAILED, INTERRUPTED, UNUSABLE, USAGE, bare_parser, chosen
from edgetui.actions.gate.audit import AuditLog, default_path
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Cancelled
from edgetui.actions.remote.execute import (
    SHELL,
    attachment,
    execute,
    has_no_shell,
    read_pod,
    without_shell,
)
from edgetui.actions.remote.local_terminal import LocalTerminal, say
from edgetui.arguments import Parser
from edgetui.cluster.api.remote_command import Command, Ended
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds.pod import POD

CODES = "that of the command; 1 refused or the link was lost; 2 wrong usage or no usable cluster"


def command(argv: Sequence[str]) -> int:
    """Run a command, or a shell; returns the exit code."""
    words = list(argv)
    at = words.index("--") if "--" in words else len(words)
    options = _parser().parse_words(words[:at])
    options.argv = tuple(words[at + 1 :]) or SHELL
    if options.argv is SHELL:
        if not LocalTerminal.is_terminal() and not options.tty:
            say("edgetui exec: Name a command after --: a shell needs a terminal.")
            return USAGE
        options.tty = options.stdin = True
    options.tty = options.tty and LocalTerminal.is_terminal()  # as kubectl: else there is none to be had here
    return _run(options)


def attach(argv: Sequence[str]) -> int:
    """Attach to what a container runs; returns the exit code."""
    options = _attaching().parse_words(argv)
    options.argv = ()
    return _run(options)


def _parser() -> Parser:
    made = bare_parser(
        "exec",
        "Run a command in a container of a pod, without one a shell. On a terminal ctrl+] and then d leaves.",
        CODES,
    )
    made.add_argument("pod", metavar="POD", help="a pod, as NAME or pod/NAME; the command follows behind --")
    _add_container(made)
    made.add_argument("-i", "--stdin", action="store_true", help="pass this command's input on")
    made.add_argument("-t", "--tty", action="store_true", help="on a terminal of its own")
    return made


def _attaching() -> Parser:
    made = bare_parser(
        "attach",
        "Show what a container of a pod writes, and on a terminal type to it; ctrl+] and then d leaves.",
        CODES,
    )
    made.add_argument("pod", metavar="POD", help="a pod, as NAME or pod/NAME")
    _add_container(made)
    return made


def _add_container(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-c", "--container", metavar="NAME", default="", help="default: the pod's default container"
    )


def _run(options: argparse.Namespace) -> int:
    try:
        return asyncio.run(_connected(options))
    except KeyboardInterrupt:
        return INTERRUPTED


async def _connected(options: argparse.Namespace) -> int:
    console = Console(sys.stdin, sys.stdout, sys.stderr, as_json=False, assume_yes=True, dry_run=False)
    try:
        target = chosen(options)
        session = Connection(target)
        try:
            ended = await _in_pod(session, options, console)
        finally:
            session.close()
    except BrokenPipeError:
        return FAILED
    except Cancelled as left:
        say(left.sentence)
        return INTERRUPTED
    except EdgetuiError as problem:
        console.refused("exec" if options.argv else "attach", "", problem)
        return USAGE if isinstance(problem, UNUSABLE) else FAILED
    if ended.sentence:
        say(ended.sentence)
    return ended.code


async def _in_pod(session: Connection, options: argparse.Namespace, console: Console) -> Ended:
    namespace = options.namespace or session.target.namespace or "default"
    pod = options.pod.removeprefix("pod/").removeprefix("pods/")
    view = await read_pod(session, ObjectRef(ObjectKey(session.name, POD, namespace, pod), "", ""))
    container = view.container(options.container)
    if options.argv:
        wanted = Command(namespace, pod, container.name, options.argv, stdin=options.stdin, tty=options.tty)
        terminal = LocalTerminal(wanted.stdin and wanted.tty)
    else:
        wanted = attachment(view, container, LocalTerminal.is_terminal())
        terminal = LocalTerminal(LocalTerminal.is_terminal(), lines=not wanted.tty)
    gate = Gate(AuditLog(default_path()), False, console.confirm, console.progress, patient=False)
    ended = await execute(gate, session, view.ref, wanted, terminal)
    if options.argv is SHELL and not terminal.typed and has_no_shell(ended):
        return Ended(ended.code, str(without_shell(session, view, container.name)))
    return ended

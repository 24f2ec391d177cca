"""What `rollout status` and `rollout history` share: the workloads of a command line, read and never written."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable

from edgetui.actions.cli import objects
from edgetui.actions.cli.connect import Connection
from edgetui.actions.cli.running import FAILED, INTERRUPTED, REACHED, UNUSABLE, USAGE, chosen, cluster_parser
from edgetui.actions.messages import Json, Refusal
from edgetui.actions.reading import an_object
from edgetui.arguments import Parser
from edgetui.cluster.errors import EdgetuiError, NotFound
from edgetui.model.cells import visible
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds import KINDS, kind_word
from edgetui.model.panes import PANES

WORKLOADS = PANES["rollouts"].kinds


class Told(Exception):
    """What kubectl prints behind "error: " and ends with 1 for."""


def parser(command: str, description: str) -> Parser:
    """A parser with the words that name workloads, and a selector."""
    made = cluster_parser(
        command, description, "as of kubectl: 0 done, 1 failed; 2 wrong usage or no usable cluster"
    )
    made.usage = "%(prog)s KIND/NAME... [options]"
    made.add_argument("words", nargs="*", metavar="KIND/NAME", help=objects.EXAMPLE)
    made.add_argument(
        "-l", "--selector", default="", metavar="LABELS", help="those of a kind with these labels"
    )
    return made


def for_each(
    options: argparse.Namespace,
    made: Parser,
    act: Callable[[Connection, ObjectRef], Awaitable[None]],
    empty: str = "",
) -> int:
    """Do something for each workload that is named, in turn; returns the exit code, which is kubectl's.

    `empty` is said where a selector chooses nothing, with the namespace in its braces.
    """
    try:
        named = objects.read(options.words, options.selector)
    except Refusal as nothing:
        made.error(str(nothing))
    try:
        return asyncio.run(_each(options, named, act, empty))
    except KeyboardInterrupt:
        return INTERRUPTED


async def _each(
    options: argparse.Namespace,
    named: objects.Named,
    act: Callable[[Connection, ObjectRef], Awaitable[None]],
    empty: str,
) -> int:
    try:
        session = Connection(chosen(options))
        try:
            for ref, _ in await objects.found(session, named, options.namespace or "", None):
                if ref.key.kind not in WORKLOADS:
                    raise Told(f"a {kind_word(ref.key.kind)} has no rollout")
                await act(session, ref)
        finally:
            session.close()
    except Told as told:
        return _fail(f"error: {told}")
    except objects.NoneSelected as none:
        sys.stderr.write(empty.format(visible(none.namespace)))
        return REACHED
    except EdgetuiError as problem:
        _fail(str(problem))
        return USAGE if isinstance(problem, UNUSABLE) else FAILED
    return REACHED


def _fail(text: str) -> int:
    sys.stderr.write(f"{visible(text)}\n")
    return FAILED


async def read(session: Connection, ref: ObjectRef) -> Json:
    """The object as it is now. Raises EdgetuiError with kubectl's words where it is not there."""
    kind = KINDS[ref.key.kind]
    try:
        there = await session.api.get(kind.path(ref.key.namespace, ref.key.name))
    except NotFound:
        missing = f'{kind.plural}.{kind.group} "{ref.key.name}" not found'
        raise EdgetuiError(f"Error from server (NotFound): {missing}") from None
    return an_object(ref.key.kind, there)

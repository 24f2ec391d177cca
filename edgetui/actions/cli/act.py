"""The command of an action, made of its Spec: one object or several, in every order of words that kubectl takes."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.change.batch import Confirm, Item, gate_beside, perform_many, summary
from edgetui.actions.change.desk import Desk, Ends, Terminal
from edgetui.actions.change.spec import Aim, Argument, Given, Spec, perform, spec_of
from edgetui.actions.cli import objects
from edgetui.actions.cli.connect import Connection
from edgetui.actions.cli.console import Console
from edgetui.actions.cli.running import (
    Job,
    again,
    bare_parser,
    carry_out,
    ended_by_signals,
    new_parser,
    patience,
)
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Cancelled, Changed, Plan, Receipt, Refusal
from edgetui.arguments import Parser
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.identity import ObjectKey, ObjectRef


def command_of(name: str) -> Callable[[Sequence[str]], int]:
    """What runs an action with the arguments of a command line and returns the exit code."""

    def run(argv: Sequence[str]) -> int:
        asked = spec_of(name)
        parser = parser_of(name, asked)
        words, rest = _split(asked, argv)
        options = parser.parse_words(words)
        named, given = understood(name, asked, parser, options)
        given = {**given, **rest}
        action = meant(name, named)
        spec = spec_of(action)

        if spec.starts is not None:
            from edgetui.actions.cli import long_running  # with all that watches a cluster

            return long_running.run(action, spec, options, named, given)

        async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
            aims = await _aims(action, spec, session, named, options, given, gate)
            place, terminal = options.namespace or "", _terminal(console, options)
            aims = [replace(aim, terminal=terminal, namespace=place) for aim in aims]
            with ended_by_signals() if terminal is not None else contextlib.nullcontext():
                return await _act(spec, gate, aims, options, console)

        return carry_out(Job(action, options, named, act))

    return run


def meant(action: str, named: objects.Named) -> str:
    """The action that a command means where all the objects that it names are of a kind with one of its own."""
    words = {*named.kinds, *(kind for kind, _ in named.objects)}
    others = {ACTIONS[action].instead.get(objects.known(word), action) for word in words}
    return others.pop() if len(others) == 1 else action


def parser_of(action: str, spec: Spec[Any, Any]) -> Parser:
    """The parser of its command."""
    row = ACTIONS[action]
    parser = (
        new_parser(action, row.help) if spec.starts is None else bare_parser(action, row.help, spec.exits)
    )
    words = [one for one in spec.arguments if not one.flags and not one.rest]
    if not row.on_cluster:
        named = (f"{one.metavar}{'...' if one.many else ''}" for one in words)
        rest = [one for one in spec.arguments if one.rest]
        behind = (f"[-- {one.metavar}]" for one in rest)
        parser.usage = " ".join(("%(prog)s KIND/NAME...", *named, "[options]", *behind))
        told = "; ".join((spec.example, *(f"{one.metavar}: {one.help}" for one in (*words, *rest))))
        parser.add_argument("words", nargs="*", metavar="KIND/NAME", help=told)
        parser.add_argument(
            "-l", "--selector", default="", metavar="LABELS", help="the objects of a kind with these labels"
        )
    for one in spec.arguments:
        _add(parser, one)
    return parser


def _split(spec: Spec[Any, Any], argv: Sequence[str]) -> tuple[Sequence[str], Given]:
    """The words up to --, and what stands behind it as the answer that it is."""
    rest = next((one.name for one in spec.arguments if one.rest), "")
    at = list(argv).index("--") if rest and "--" in argv else len(argv)
    return argv[:at], ({rest: list(argv[at + 1 :])} if rest else {})


def _add(parser: argparse.ArgumentParser, one: Argument) -> None:
    names = one.flags or ((one.option,) if one.option else ())
    if one.switch:
        parser.add_argument(*names, dest=one.name, action="store_true", help=one.help)
    elif names:
        parser.add_argument(
            *names,
            dest=one.name,
            metavar=one.metavar or None,
            type=partial(_value, one),
            default=one.default,
            choices=one.choices or None,
            help=one.help,
        )


def _value(one: Argument, text: str) -> Any:
    try:
        return one.read(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(str(wrong)) from None


def understood(
    action: str, spec: Spec[Any, Any], parser: Parser, options: argparse.Namespace
) -> tuple[objects.Named, Given]:
    """The objects of a command line and the answers in it; leaves with exit code 2 for a mistake.

    The words of the action's own stand last: "scale deploy press 3", unless an option gives them.
    """
    row, words = ACTIONS[action], list(getattr(options, "words", ()))
    given = {one.name: getattr(options, one.name, None) for one in spec.arguments}
    for one in reversed([one for one in spec.arguments if not one.flags and not one.rest]):
        if given[one.name] is not None:
            continue
        least = 1 if options.selector else 2
        if len(words) < least:
            parser.error(f"{one.metavar} is missing: {one.help}")
        try:
            given[one.name] = one.read(words.pop())
        except ValueError as wrong:
            parser.error(str(wrong))
        if one.many:
            given[one.name] = [*_more(one, words, least), given[one.name]]
    if wrong_together := spec.check(given):
        parser.error(wrong_together)
    if row.on_cluster:
        return objects.Named(), given
    if spec.usual and len(words) == 1 and "/" not in words[0] and not options.selector:
        words = [spec.usual, *words]
    try:
        return objects.read(words, options.selector, row.kinds), given
    except Refusal as nothing:
        parser.error(str(nothing))


def _more(one: Argument, words: list[str], least: int) -> list[Any]:
    """What stands before the last word and is such a word, too; taken off the end of `words`."""
    found: list[Any] = []
    with contextlib.suppress(ValueError):
        while len(words) >= least and one.one_more(words[-1]):
            found.insert(0, one.read(words[-1]))
            words.pop()
    return found


async def _aims(
    action: str,
    spec: Spec[Any, Any],
    session: Connection,
    named: objects.Named,
    options: argparse.Namespace,
    given: Given,
    gate: Gate,
) -> list[Aim]:
    """What the action is pointed at: each object that is named, or the cluster itself."""
    if ACTIONS[action].on_cluster:
        return [
            Aim(action, session, ObjectRef(ObjectKey(session.name, "", "", ""), "", ""), gate.audit, given)
        ]
    aims = []
    for ref, other in await objects.found(session, named, options.namespace or "", spec.resolve):
        meant = ref
        if spec.stands_for is not None and other is None and ref.key.kind not in ACTIONS[action].kinds:
            meant = await spec.stands_for(session, ref)
        aims.append(Aim(action, session, meant, gate.audit, given, other))
    return aims


async def _act(
    spec: Spec[Any, Any], gate: Gate, aims: Sequence[Aim], options: argparse.Namespace, console: Console
) -> Receipt:
    """One object alone; several at once where the action asks once for all of them, else one after the other."""
    wait = patience(options)
    if len(aims) == 1:
        return await _one(spec, gate, aims[0], wait, console, partial(again, console))
    if ACTIONS[aims[0].action].at_once:
        receipts = await _together(spec, gate, aims, wait, console)
    else:
        receipts = [await _in_turn(spec, gate, aim, wait, console) for aim in aims]
    if console.dry_run and all(one.ok or one.data.get("cancelled") for one in receipts):
        console.rehearse(*(line for one in receipts if one.ok for line in one.lines))
        raise Cancelled("Nothing was changed.")
    return replace(summary(receipts), data={"objects": [_plain(one) for one in receipts]})


async def _together(
    spec: Spec[Any, Any], gate: Gate, aims: Sequence[Aim], wait: float | None, console: Console
) -> list[Receipt]:
    def item(aim: Aim) -> Item:
        async def perform_one(beside: Gate) -> Receipt:
            return await _in_turn(spec, beside, aim, wait, console)

        return Item(aim.action, aim.ref, perform_one)

    def beside(one: Item, confirm: Confirm) -> Gate:
        async def told(plan: Plan) -> bool:
            console.rehearse(plan.title)
            return await confirm(plan)

        return gate_beside(gate, one, told)

    return await perform_many(beside, [item(aim) for aim in aims], console.confirm)


async def _in_turn(
    spec: Spec[Any, Any], gate: Gate, aim: Aim, wait: float | None, console: Console
) -> Receipt:
    """One of several: what it is refused stops no other."""
    try:
        return await _one(spec, gate, aim, wait, console, None)
    except EdgetuiError as problem:
        if not isinstance(problem, Cancelled) and ACTIONS[aim.action].at_once:
            raise  # told in the one question
        lines = tuple(filter(None, (problem.sentence, problem.advice)))
        data = {"refused": True, "cancelled": isinstance(problem, Cancelled)}
        return Receipt(aim.action, aim.ref.key.cluster, aim.ref, False, lines, data)


def _plain(receipt: Receipt) -> dict[str, Any]:
    key = receipt.target.key if receipt.target else None
    where = {"kind": key.kind, "namespace": key.namespace, "name": key.name} if key else None
    return {
        "object": where,
        "ok": receipt.ok,
        "pending": receipt.pending,
        "lines": list(receipt.lines),
        "data": receipt.data,
    }


async def _one(
    spec: Spec[Any, Any],
    gate: Gate,
    aim: Aim,
    wait: float | None,
    console: Console,
    ask_again: Callable[[Changed], Awaitable[Any]] | None,
) -> Receipt:
    """Look, and carry out what the command line says; where the object changed meanwhile, ask whether to go on."""
    key = aim.ref.key
    rights = None
    if spec.procedure is not None:  # what the gate will ask, in the flight of the first look
        rights = asyncio.ensure_future(
            gate.permissions.check(aim.session, aim.needs, key.namespace, key.name)
        )
    try:
        view = await spec.read(aim)
        while True:
            for line in spec.lists(view, aim.given) if spec.lists is not None else ():
                console.say(line)
            if spec.types is not None:
                desk = _desk(console)
                answer, ask_again = await spec.types(gate, aim, view, desk), partial(_typed_again, desk)
            else:
                answer = spec.answer(view, aim.given)
            try:
                return await perform(spec, gate, aim, view, answer, wait=wait)
            except Changed as changed:
                if ask_again is None:
                    raise
                view = await ask_again(changed)
    finally:
        if rights is not None:
            rights.cancel()


def _desk(console: Console) -> Desk:
    """The terminal of this command, where there is one."""
    from edgetui.actions.objects.editor import OwnTerminal  # most actions need no editor

    return OwnTerminal(console.ask, attended=sys.stdin.isatty() and sys.stdout.isatty())


def _terminal(console: Console, options: argparse.Namespace) -> Terminal | None:
    """What gives this command's terminal to a container, where it has one that nothing else is printed on."""

    def given(greeting: str) -> Ends:
        from edgetui.actions.remote.local_terminal import LocalTerminal

        console.say(f"{greeting} ctrl+] and then d leaves.")
        return LocalTerminal(True)

    attended = sys.stdin.isatty() and sys.stdout.isatty()
    return given if attended and not options.json else None


async def _typed_again(desk: Desk, changed: Changed) -> Any:
    """The view to type anew, where a person can; else what was wrong."""
    if not desk.attended:
        raise changed.__cause__ or changed from None
    return changed.view

"""What may come next on a command line.

Nothing is said on stderr, whatever is wrong, and no cluster is asked for longer than LIMIT.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import os
import sys
from collections.abc import Coroutine, Iterable, Sequence
from pathlib import Path

import msgspec

from edgetui import arguments
from edgetui.cluster.errors import EdgetuiError
from edgetui.commands import FAMILIES, Command, family, find, table
from edgetui.completion import live
from edgetui.config import load
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.pod import POD
from edgetui.model.panes import PANES
from edgetui.verbs import Place, place_of

LIMIT = 0.3
"""Seconds that a cluster is asked for names; then those of the kept rows do."""


class _Parsed(Exception):
    """The parser of a command, which was asked for it in place of running."""

    def __init__(self, parser: arguments.Parser) -> None:
        super().__init__()
        self.parser = parser


def command(argv: Sequence[str]) -> int:
    """`edgetui __complete WORD...`: one candidate a line."""
    with contextlib.suppress(Exception):  # a completion never disturbs the line that is being typed
        words = joined(argv)
        begun = words[-1] if words else ""
        found = [
            one for one in dict.fromkeys(candidates(words)) if one.startswith(begun) and one.isprintable()
        ]
        sys.stdout.write("".join(f"{one}\n" for one in found))
    return 0


def kubectl() -> int:
    """`kubectl_complete-edge`: the same for kubectl, which asks the plugins of this name (kubectl/pkg/cmd/plugin)."""
    command(sys.argv[1:])
    sys.stdout.write(":0\n")
    return 0


def joined(words: Sequence[str]) -> list[str]:
    """The words as the command gets them: bash takes "--context=plant" for three."""
    found: list[str] = []
    for at, word in enumerate(words):
        if found and found[-1].startswith("--") and (word == "=" or (at and words[at - 1] == "=")):
            found[-1] += word
        else:
            found.append(word)
    if found and "=" in found[-1] and found[-1].startswith("--"):
        option, _, value = found[-1].partition("=")
        found[-1:] = [option, value]
    return found


def candidates(words: Sequence[str]) -> Iterable[str]:
    """What the last of these words may become."""
    before, begun = list(words[:-1]), words[-1] if words else ""
    if not before and not begun.startswith("-"):
        return dict.fromkeys(name.partition(" ")[0] for name in table())
    if before and before[0] in FAMILIES and len(before) == 1 and not begun.startswith("-"):
        return family(before[0])
    if before and before[0] == "help":
        return (
            family(before[1])
            if len(before) > 1
            else dict.fromkeys(name.partition(" ")[0] for name in table())
        )
    found = find(before) if before else None
    parser = parser_of(found[0] if found else None)
    rest = found[1] if found else before
    option = parser._option_string_actions.get(rest[-1]) if rest else None
    if option is not None and option.nargs != 0:
        return _values(option, place_of(words))
    if begun.startswith("-"):
        shown = [action for action in parser._actions if action.help is not argparse.SUPPRESS]
        return sorted(
            option for action in shown for option in action.option_strings if option.startswith("--")
        )
    if found is None:
        return ()
    return _words(found[0], parser, _positional(parser, rest), begun, place_of(words))


def parser_of(command_: Command | None) -> arguments.Parser:
    """The parser of a command, or of the screen, as it makes it itself."""

    def caught(parser: arguments.Parser, words: Sequence[str]) -> argparse.Namespace:
        raise _Parsed(parser)

    earlier, arguments.Parser.defaults = arguments.Parser.defaults, caught
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            _begin(command_)
    except _Parsed as made:
        return made.parser
    finally:
        arguments.Parser.defaults = earlier
    return arguments.Parser("", "")  # what takes no options


def _begin(command_: Command | None) -> None:
    if command_ is not None:
        command_.start([])
    raise _Parsed(arguments.screen_parser())


def _positional(parser: arguments.Parser, rest: Sequence[str]) -> list[str]:
    """The words among these that are neither options nor their values."""
    found, skip = [], False
    for word in rest:
        action = parser._option_string_actions.get(word)
        if not skip and not word.startswith("-"):
            found.append(word)
        skip = not skip and action is not None and action.nargs != 0
    return found


def _values(option: argparse.Action, place: Place) -> Iterable[str]:
    """The values of an option: its choices, contexts or namespaces; none where files are meant, or anything."""
    if option.choices is not None:
        return [str(one) for one in option.choices]
    if option.dest == "context":
        return [*place.contexts, *load(os.environ).names]
    if option.dest == "namespace":
        return _limited(live.names(place, live.NAMESPACES)) or live.kept_namespaces(place)
    return sorted(_themes()) if option.dest == "theme" else ()


def _themes() -> Iterable[str]:
    from edgetui.ui.themes import directories

    return {path.stem for folder in directories() for path in Path(folder).glob("*.yaml")}


def _words(
    command_: Command, parser: arguments.Parser, typed: Sequence[str], begun: str, place: Place
) -> Iterable[str]:
    """Kinds, then the names of objects; commands for help."""
    places = [action for action in parser._actions if not action.option_strings]
    if not places or places[0].dest in ("files", "directory"):
        return ()
    if all(action.nargs is None for action in places) and len(typed) >= len(places):
        return ()
    if places[0].choices is not None:
        return [str(one) for one in places[0].choices]
    if command_.name == "cp":
        return _sides(typed, begun, place)
    if command_.name != "get":  # which shows every namespace; the others act in one
        place = place._replace(namespace=place.namespace or "default")
    only = _kinds_of(command_)
    if (named := _argument_kind(command_, typed)) is not None:
        kind_ = KINDS[named]
        return _names(place._replace(namespace=""), f"{kind_.plural}.{kind_.group}")
    kind, slash, _ = begun.partition("/")
    if slash:
        return [f"{kind}/{name}" for name in _names(place, kind)]
    if len(only) == 1:
        return _names(place, only[0])
    if not typed:
        panes = list(PANES) if command_.name == "get" else []
        kinds = [KINDS[id].plural for id in only] or [one.plural for one in KINDS.values()]
        more = _limited(live.kinds(place)) if not only else []
        return [*panes, *kinds, *more]
    if "/" in typed[0]:
        return [f"{one}/" for one in dict.fromkeys(word.partition("/")[0] for word in typed)]
    return _names(place, typed[0])


def _sides(typed: Sequence[str], begun: str, place: Place) -> Iterable[str]:
    """What `cp` copies from and to: pods, as kubectl offers them; paths are left to the shell."""
    if any(":" in word for word in typed) or ":" in begun or begun.startswith((".", "/", "~")):
        return ()
    namespace, slash, _ = begun.partition("/")
    if slash:
        return [f"{namespace}/{pod}:" for pod in _names(place._replace(namespace=namespace), POD)]
    place = place._replace(namespace=place.namespace or "default")

    async def offered() -> list[str]:
        pods, spaces = await asyncio.gather(live.names(place, POD), live.names(place, live.NAMESPACES))
        return [*(f"{pod}:" for pod in pods), *(f"{space}/" for space in spaces)]

    return _limited(offered()) or [
        *(f"{pod}:" for pod in live.kept_names(place, POD)),
        *(f"{space}/" for space in live.kept_namespaces(place)),
    ]


def _kinds_of(command_: Command) -> list[str]:
    """The kinds that a command works on; none for any."""
    from edgetui.actions.catalogue import ACTIONS

    if command_.run in ACTIONS:
        return sorted(ACTIONS[command_.run].kinds)
    own = {"exec": [POD], "status": [*live.WORKLOADS], "history": [*live.WORKLOADS]}
    return own.get(command_.run, [])


def _argument_kind(command_: Command, typed: Sequence[str]) -> str | None:
    """The kind that the word behind an object names; None where it is another object, or no name."""
    from edgetui.actions.catalogue import ACTIONS
    from edgetui.actions.change.spec import spec_of

    action = ACTIONS.get(command_.run)
    if not typed or action is None or not action.module:
        return None
    words = [one for one in spec_of(action.id).arguments if not one.flags and not one.rest]
    behind = len(typed) - (1 if "/" in typed[0] or KINDS.find(typed[0]) is None else 2)
    return words[behind].kind or None if 0 <= behind < len(words) else None


def _names(place: Place, word: str) -> Iterable[str]:
    return _limited(live.names(place, word)) or live.kept_names(place, word)


def _limited(work: Coroutine[None, None, list[str]]) -> list[str]:
    """What a cluster answers in time; nothing where it does not."""

    async def within() -> list[str]:
        async with asyncio.timeout(LIMIT):
            return await work

    with contextlib.suppress(EdgetuiError, TimeoutError, msgspec.MsgspecError):
        return asyncio.run(within())
    return []

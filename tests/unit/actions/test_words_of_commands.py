"""Which words each command of an action takes behind the object, as its usage has them, and how many of them."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.change.spec import spec_of
from edgetui.actions.cli.act import parser_of, understood
from edgetui.actions.cli.objects import Named
from edgetui.actions.remote.forward_plan import Ports

NAMED = [name for name, row in ACTIONS.items() if row.module and not row.on_cluster]
WORDS = {
    "scale": " N",
    "image": " [CONTAINER=]IMAGE...",
    "forward": " PORTS...",
    "skip-update": " PLAN",
}
"""What stands between the object and the options; nothing for the others."""
BEHIND = {"debug": " [-- COMMAND]", "node-shell": " [-- COMMAND]"}
"""What stands behind -- at the end."""


@pytest.mark.parametrize("name", NAMED)
def test_the_usage_of_every_command(name: str) -> None:
    parser = parser_of(name, spec_of(name))
    assert parser.usage == f"%(prog)s KIND/NAME...{WORDS.get(name, '')} [options]{BEHIND.get(name, '')}"


@pytest.mark.parametrize("name", NAMED)
def test_the_help_of_the_words_explains_each_of_them_and_no_option(name: str) -> None:
    spec = spec_of(name)
    (words,) = [one for one in parser_of(name, spec)._actions if one.dest == "words"]
    assert words.help is not None
    example, *told = words.help.split("; ")
    assert example == spec.example.split("; ")[0]
    for argument in spec.arguments:
        stands = f"{argument.metavar}: {argument.help}" in words.help
        assert stands is (not argument.flags), argument.name
    assert bool(told) is any(not argument.flags for argument in spec.arguments) or "; " in spec.example


@pytest.mark.parametrize(
    ("name", "typed", "missing"),
    [
        ("scale", "deploy/press", "N is missing"),
        ("scale", "-l app=press", "N is missing"),
        ("image", "deploy/press", "[CONTAINER=]IMAGE is missing"),
    ],
)
def test_a_word_that_is_missing_is_named(
    name: str, typed: str, missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = spec_of(name)
    parser = parser_of(name, spec)
    with pytest.raises(SystemExit) as caught:
        understood(name, spec, parser, parser.parse_words(typed.split()))
    assert caught.value.code == 2
    assert missing in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "named", "given"),
    [
        ("scale deploy press 3", Named((("deploy", "press"),)), {"replicas": 3}),
        ("scale deploy/press --replicas 3", Named((("deploy", "press"),)), {"replicas": 3}),
        ("scale -l a=b deploy 3", Named((), ("deploy",), "a=b"), {"replicas": 3}),
        ("image deploy/press a=b c", Named((("deploy", "press"),)), {"image": ["a=b", "c"]}),
        ("image deploy press a:1", Named((("deploy", "press"),)), {"image": ["a:1"]}),
        ("forward press 80 81", Named((("pod", "press"),)), {"ports": [Ports(80, 80), Ports(81, 81)]}),
        ("forward svc/press 80", Named((("svc", "press"),)), {"ports": [Ports(80, 80)]}),
        ("cordon a b", Named((("Node", "a"), ("Node", "b"))), {}),
        ("rotate", Named(), {}),
    ],
)
def test_what_words_mean(words: str, named: Named, given: dict[str, Any]) -> None:
    name, *rest = words.split()
    spec = spec_of(name)
    parser = parser_of(name, spec)
    assert understood(name, spec, parser, parser.parse_words(rest)) == (named, given)


NONE = "Write KIND/NAME or KIND NAME, for example deploy/press, sts/camera or ds/agent."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("scale deploy/press x", "“x” is not a whole number from 0 up."),
        ("scale deploy/press -1", "“-1” is not a whole number from 0 up."),
        ("scale deploy/press", "N is missing: how many replicas."),
        ("scale 3", "N is missing: how many replicas."),
        ("scale deploy 3", f"“deploy” does not name an object. {NONE}"),
        ("scale -l a=b 3", "No kind is named. Write KIND -l KEY=VALUE, for example deploy -l app=press."),
        ("set-hpa press", "give --min, --max or both."),
        ("forward press x", "“x” is no pair of ports such as 8080:80, :80 or 8080:http."),
        ("resources deploy/press", "give at least one amount."),
        ("undo press", f"“press” does not name an object. {NONE}"),
    ],
)
def test_what_words_do_not_mean_is_said_with_where_help_is(
    words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name, *rest = words.split()
    spec = spec_of(name)
    parser = parser_of(name, spec)
    with pytest.raises(SystemExit) as left:
        understood(name, spec, parser, parser.parse_words(rest))
    assert left.value.code == 2
    assert capsys.readouterr().err == f"edgetui {name}: {said} edgetui {name} --help says what it takes.\n"

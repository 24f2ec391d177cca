"""Which words each command of an action takes behind the object, as its usage has them, and how many of them."""

from __future__ import annotations

import pytest

from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.change.spec import spec_of
from edgetui.actions.cli.act import parser_of, understood

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

"""The names of keys are those that Unicode gives, without its tables."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from collections.abc import Callable

import pytest
from textual.keys import KEY_NAME_REPLACEMENTS, KEY_TO_UNICODE_NAME, Keys

from edgetui.terminal import key_names
from edgetui.terminal.key_names import KeyNames

KEYS = [*(key.value for key in Keys), *KEY_NAME_REPLACEMENTS.values()]
NAMES = KeyNames(KEYS)


def found(look: Callable[[str], str], what: str) -> str | None:
    try:
        return look(what)
    except (KeyError, ValueError):
        return None


@pytest.mark.parametrize("number", range(0x180))
def test_a_character_has_the_name_that_unicode_gives_it(number: int) -> None:
    assert found(NAMES.name, chr(number)) == found(unicodedata.name, chr(number))


@pytest.mark.parametrize(
    "name",
    sorted(
        {key.upper().replace("_", " ") for key in KEYS}
        | {key.upper() for key in KEYS}
        | set(KEY_TO_UNICODE_NAME.values())
        | set(key_names._NAMELESS)
        | {"SOLIDUS", "COMMA", "POUND SIGN", "LATIN SMALL LETTER A", "NO SUCH NAME"}
    ),
)
def test_a_name_leads_to_its_character(name: str) -> None:
    assert found(NAMES.lookup, name) == found(unicodedata.lookup, name)


def test_a_keyboard_needs_no_tables() -> None:
    """In the program's own Textual: every key of a keyboard, both ways."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import edgetui.terminal.textual_seam\n"
            "from edgetui.terminal import key_names\n"
            "from textual import keys\n"
            "key_names.unicodedata = None\n"
            "named = [keys._character_to_key(chr(n)) for n in range(0x20, 0x7f)]\n"
            "found = [keys.key_to_character(key) for key in [*named, *(key.value for key in keys.Keys)]]\n"
            "print(found[0], found[1], found[65], None in found)",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == ["!", "a", "True"]

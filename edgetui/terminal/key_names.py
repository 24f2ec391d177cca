"""What the keys of a keyboard are called, without Unicode's tables: looking up one name there costs 0.8 MB."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_CHARACTERS = {
    "SPACE": " ",
    "EXCLAMATION MARK": "!",
    "QUOTATION MARK": '"',
    "NUMBER SIGN": "#",
    "DOLLAR SIGN": "$",
    "PERCENT SIGN": "%",
    "AMPERSAND": "&",
    "APOSTROPHE": "'",
    "LEFT PARENTHESIS": "(",
    "RIGHT PARENTHESIS": ")",
    "ASTERISK": "*",
    "PLUS SIGN": "+",
    "COMMA": ",",
    "HYPHEN-MINUS": "-",
    "FULL STOP": ".",
    "SOLIDUS": "/",
    "COLON": ":",
    "SEMICOLON": ";",
    "LESS-THAN SIGN": "<",
    "EQUALS SIGN": "=",
    "GREATER-THAN SIGN": ">",
    "QUESTION MARK": "?",
    "COMMERCIAL AT": "@",
    "LEFT SQUARE BRACKET": "[",
    "REVERSE SOLIDUS": "\\",
    "RIGHT SQUARE BRACKET": "]",
    "CIRCUMFLEX ACCENT": "^",
    "LOW LINE": "_",
    "GRAVE ACCENT": "`",
    "LEFT CURLY BRACKET": "{",
    "VERTICAL LINE": "|",
    "RIGHT CURLY BRACKET": "}",
    "TILDE": "~",
}
_NAMES = {character: name for name, character in _CHARACTERS.items()}
_NAMELESS = {"TAB": "\t", "ESCAPE": "\x1b", "DELETE": "\x7f", "BACKSPACE": "\b"}
"""Found by an alias; Unicode gives them no name."""


class KeyNames:
    """Answers what `unicodedata` would; `keys` are names of keys, most of which are no characters."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._characters = _CHARACTERS | _NAMELESS
        self._no_characters = {key.upper() for key in keys} - self._characters.keys()

    def name(self, character: str) -> str:
        """The name of a character. Raises ValueError where it has none."""
        return _NAMES.get(character) or unicodedata.name(character)

    def lookup(self, name: str) -> str:
        """The character with that name. Raises KeyError where there is none."""
        if name in self._no_characters:
            raise KeyError(name)
        return self._characters.get(name) or unicodedata.lookup(name)

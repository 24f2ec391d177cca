"""An object as YAML, the way kubectl prints it: to be read, without secrets, or to be edited, with all that it has."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from edgetui.model.redaction import without_secrets

# What YAML 1.1 reads as text when it stands alone (yaml.org/type): no number, no boolean, no null, no indicator.
_PLAIN = re.compile(r"[A-Za-z/(](?:[ -~]*[!-9;-~])?")
_OTHERWISE = re.compile(r": | #")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


class Line(NamedTuple):
    """One line: what stands up to the value (indentation, dash, key and colon), and the value."""

    head: str
    value: str


def manifest(obj: Mapping[str, Any]) -> list[Line]:
    """The lines of an object that came from the API; joined they are YAML of it, "(hidden)" for secrets."""
    tidy = without_secrets(obj)
    if isinstance(metadata := tidy.get("metadata"), dict):
        metadata.pop("managedFields", None)
    out = _Lines()
    _mapping(tidy, "", "", out)
    return out


def text_of(obj: Mapping[str, Any]) -> str:
    """JSON data as it is, as block YAML that reads back as the same data."""
    out = _Lines()
    out.tabs = True
    _mapping(obj, "", "", out)
    return "".join(f"{head}{value}\n" for head, value in out)


class _Lines(list[Line]):
    """`tabs` is true where they may stand in a text of several lines: an editor shows them, a screen does not."""

    tabs = False


def _mapping(value: Mapping[str, Any], first: str, pad: str, out: _Lines) -> None:
    for number, (key, one) in enumerate(value.items()):
        _entry(f"{pad if number else first}{_scalar(str(key))}:", one, pad, out)


def _entry(head: str, value: Any, pad: str, out: _Lines) -> None:
    if isinstance(value, Mapping) and value:
        out.append(Line(head, ""))
        _mapping(value, f"{pad}  ", f"{pad}  ", out)
    elif isinstance(value, list) and value:
        out.append(Line(head, ""))
        _items(value, pad, out)
    else:
        _leaf(f"{head} ", value, pad, out)


def _items(items: list[Any], pad: str, out: _Lines) -> None:
    for one in items:
        if isinstance(one, Mapping) and one:
            _mapping(one, f"{pad}- ", f"{pad}  ", out)
        elif isinstance(one, list) and one:
            out.append(Line(f"{pad}-", ""))
            _items(one, f"{pad}  ", out)
        else:
            _leaf(f"{pad}- ", one, pad, out)


def _leaf(head: str, value: Any, pad: str, out: _Lines) -> None:
    if not isinstance(value, str):
        out.append(Line(head, json.dumps(value)))
    elif _fits_block(value, out.tabs):
        lines = value.split("\n")
        ends = lines[-1] == ""
        out.append(Line(head, "|" if ends else "|-"))
        out += [Line(f"{pad}  " if one else "", one) for one in (lines[:-1] if ends else lines)]
    else:
        out.append(Line(head, _scalar(value)))


def _fits_block(text: str, tabs: bool) -> bool:
    """Whether several lines can stand as they are; blank lines at the ends would need indicators of their own."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 2 or not lines[-1].strip() or not lines[0].strip():
        return False
    if lines[0].startswith((" ", "\t")):
        return False
    return all((one.replace("\t", "") if tabs else one).isprintable() for one in lines)


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text) and not _OTHERWISE.search(text) and text.lower() not in _WORDS:
        return text
    return '"' + "".join(_escaped(one) for one in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    return {"\n": "\\n", "\t": "\\t"}.get(character, f"\\U{ord(character):08x}")

"""What changes from one state of an object to another, as lines of its YAML; no secret stands in them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from edgetui.model.manifest import text_of
from edgetui.model.redaction import HIDDEN, item_label, without_secrets

MAX_LINES = 200
_MAX_LINE = 160
_AROUND = 1
"""Lines beside what changed."""


def manifest_diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """Lines that start with "-", "+" and " ", each piece below an "@" and where it is: "@ spec.template.spec".

    A value that may be a secret is "(hidden)", and "(hidden, changed)" where it is another one.
    """
    new = _in_order(old, new)
    before, after = without_secrets(old), without_secrets(new)
    was, now = _lines(before), _lines(_marked(before, after, old, new))
    lines: list[str] = []
    for group in difflib.SequenceMatcher(None, was, now).get_grouped_opcodes(_AROUND):
        if where := _where(now, group[0][3]):
            lines.append(f"@ {where}")
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                lines += [f"  {line}" for line in was[i1:i2]]
            else:
                lines += [f"- {line}" for line in was[i1:i2]]
                lines += [f"+ {line}" for line in now[j1:j2]]
    shown = tuple(line if len(line) <= _MAX_LINE else f"{line[:_MAX_LINE]}…" for line in lines[:MAX_LINES])
    return (*shown, f"… {len(lines) - MAX_LINES} more lines") if len(lines) > MAX_LINES else shown


def _lines(obj: Mapping[str, Any]) -> list[str]:
    return text_of(obj).replace("\t", "    ").splitlines()


def _in_order(old: Any, new: Any) -> Any:
    """`new` with its keys in the order of `old`: where they stand means nothing."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = (*(key for key in old if key in new), *(key for key in new if key not in old))
        return {key: _in_order(old.get(key), new[key]) for key in keys}
    if isinstance(old, list) and isinstance(new, list):
        named = {item_label(one, at): one for at, one in enumerate(old)}
        return [_in_order(named.get(item_label(one, at)), one) for at, one in enumerate(new)]
    return new


def _marked(before: Any, after: Any, old: Any, new: Any) -> Any:
    """`after`, with a word where a hidden value is another one than `before`."""
    if isinstance(after, str) and after.startswith(HIDDEN[:-1]) and after == before and old != new:
        return f"{HIDDEN[:-1]}, changed)"
    if isinstance(after, Mapping) and isinstance(before, Mapping) and isinstance(old, Mapping):
        return {
            key: _marked(before[key], value, old.get(key), new.get(key)) if key in before else value
            for key, value in after.items()
        }
    if isinstance(after, list) and isinstance(before, list) and len(after) == len(before):
        return [_marked(*each) for each in zip(before, after, old, new, strict=True)]
    return after


def _where(lines: Sequence[str], at: int) -> str:
    """The keys that the line at this place is below."""
    found: list[str] = []
    depth = _depth(lines[at]) if at < len(lines) else 0
    for line in reversed(lines[:at]):
        if _depth(line) < depth and line.strip():
            depth = _depth(line)
            key = line.strip().removeprefix("- ").partition(":")[0]
            if line.rstrip().endswith(":"):
                found.insert(0, key)
        if not depth:
            break
    return ".".join(found)


def _depth(line: str) -> int:
    """Columns before the text; those of a list's dash are one more than its parent's, so that it is below that."""
    text = line.lstrip(" ")
    return len(line) - len(text) + text.startswith("- ")

"""What differs between two pod templates, line by line, with anything that may be a secret hidden."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgetui.model.redaction import (
    HIDDEN,
    MOST_DEPTH,
    TOO_DEEP,
    below,
    is_secret,
    item_label,
    password_arguments,
)
from edgetui.model.text import clean

MAX_LINES = 200
_MAX_LINE = 160
_LOOKED_THROUGH = 1024
"""Characters of a value that are looked through for secrets: many times of what is shown of it."""


def template_diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The differences from `old` to `new` as "- path: value" and "+ path: value" lines, sorted by path.

    Values of environment variables and arguments that look like secrets are replaced by "(hidden)"; that one
    changed is still told. The pod-template-hash label is ignored. Longer results end in a line that says how
    much is left out.
    """
    before, after = _flat(old), _flat(new)
    changed = [
        (sign, path, leaves[path])
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
        for sign, leaves in (("-", before), ("+", after))
        if path in leaves
    ]
    lines = [_line(*one) for one in changed[:MAX_LINES]]
    return [*lines, f"… {len(changed) - MAX_LINES} more lines"] if len(changed) > MAX_LINES else lines


def _line(sign: str, path: str, value: Any) -> str:
    value = value[:_LOOKED_THROUGH] if isinstance(value, str) and not isinstance(value, _Secret) else value
    text = (
        HIDDEN
        if isinstance(value, _Secret) or is_secret(path, value)
        else ("true" if value is True else "false" if value is False else str(value))
    )
    return clean(f"{sign} {path}: {text}", _MAX_LINE)


class _Secret(str):
    """A value that is secret because of what stands in front of it."""

    __slots__ = ()


def _flat(template: Mapping[str, Any]) -> dict[str, Any]:
    """Leaves of a template by path: "spec." is left out, list items go by their name if they have one."""
    leaves: dict[str, Any] = {}
    _walk(template, "", leaves)
    return leaves


def _walk(value: Any, path: str, leaves: dict[str, Any], depth: int = 0) -> None:
    if isinstance(value, Mapping | list) and depth > MOST_DEPTH:
        leaves[path] = TOO_DEEP
    elif isinstance(value, Mapping):
        for key, one in value.items():
            if key == "$patch" or (path == "metadata.labels" and key == "pod-template-hash"):
                continue
            inside = below(path, str(key))
            _walk(one, "" if inside == "spec" else inside, leaves, depth + 1)
    elif isinstance(value, list):
        passwords = password_arguments(value)
        for at, one in enumerate(value):
            inside = f"{path}[{item_label(one, at)}]"
            if at in passwords:
                leaves[inside] = _Secret(one)
            else:
                _walk(one, inside, leaves, depth + 1)
    elif value is not None and path:
        leaves[path] = value

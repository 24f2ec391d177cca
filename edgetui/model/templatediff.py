"""What differs between two pod templates, line by line, with anything that may be a secret hidden."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from edgetui.model.text import clean

MAX_LINES = 200
_MAX_LINE = 160
HIDDEN = "(hidden)"

_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?|pwd|secret|token|api_?key|access_?key|private|credential|auth|cert|cookie|salt|\bdsn\b"
    r"|connection_?string|_key\b|^key$",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"eyJ[\w-]+\.[\w-]+\.|-----BEGIN|://[^/\s:@]+:[^/\s@]+@|\b(?:ghp|gho|glpat|xox[bp]|AKIA|sk)[-_A-Za-z0-9]{12,}"
    r"|\b[0-9a-f]{32,}\b"
    r"|(?:^|[\s=:\"'])(?=[A-Za-z0-9+/_-]*[0-9])(?=[A-Za-z0-9+/_-]*[A-Z])(?=[A-Za-z0-9+/_-]*[a-z])[A-Za-z0-9+/_-]{32,}"
)
_KEYS = ("name", "mountPath", "containerPort", "key", "ip")


def template_diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The differences from `old` to `new` as "- path: value" and "+ path: value" lines, sorted by path.

    Values of environment variables and arguments that look like secrets are replaced by "(hidden)"; that one
    changed is still told. The pod-template-hash label is ignored. Longer results end in a line that says how
    much is left out.
    """
    before, after = _flat(old), _flat(new)
    lines: list[str] = []
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) == after.get(path):
            continue
        if path in before:
            lines.append(_line("-", path, before[path]))
        if path in after:
            lines.append(_line("+", path, after[path]))
    if len(lines) > MAX_LINES:
        return [*lines[:MAX_LINES], f"… {len(lines) - MAX_LINES} more lines"]
    return lines


def _line(sign: str, path: str, value: Any) -> str:
    text = (
        HIDDEN
        if _is_secret(path, value)
        else ("true" if value is True else "false" if value is False else str(value))
    )
    return clean(f"{sign} {path}: {text}", _MAX_LINE)


class _Secret(str):
    """A value that is secret because of what stands in front of it."""

    __slots__ = ()


def _asks_for_secret(argument: Any) -> bool:
    """Whether an argument is a flag whose value follows it: "--password"."""
    return (
        isinstance(argument, str)
        and argument.startswith("-")
        and "=" not in argument
        and bool(_SECRET_NAME.search(argument))
    )


def _is_secret(path: str, value: Any) -> bool:
    """Whether a value must not be shown: by the name of its variable or flag, or by its look."""
    if not isinstance(value, str) or isinstance(value, _Secret):
        return isinstance(value, _Secret)
    name = ""
    variable = re.search(r"env\[([^\]]*)\]\.value$", path)
    if variable:
        name = variable[1]
    elif re.search(r"(args|command)\[\d+\]$", path):
        name = value.partition("=")[0] if value.startswith("-") and "=" in value else ""
        if not value.startswith("-") or " " in value:
            return bool(_SECRET_NAME.search(value) or _SECRET_VALUE.search(value))
    elif "annotations[" in path:
        name = path.rpartition("[")[2].rstrip("]")
    elif re.search(r"\.(image|imageID|digest)$", path):
        return False
    return bool((name and _SECRET_NAME.search(name)) or _SECRET_VALUE.search(value))


def _flat(template: Mapping[str, Any]) -> dict[str, Any]:
    """Leaves of a template by path: "spec." is left out, list items go by their name if they have one."""
    leaves: dict[str, Any] = {}
    _walk(template, "", leaves)
    return leaves


def _walk(value: Any, path: str, leaves: dict[str, Any]) -> None:
    if isinstance(value, Mapping):
        for key, one in value.items():
            if key == "$patch" or (path == "metadata.labels" and key == "pod-template-hash"):
                continue
            dotted = path in ("metadata.labels", "metadata.annotations") or "." in str(key)
            below = f"{path}[{key}]" if dotted else f"{path}.{key}".lstrip(".")
            _walk(one, "" if below == "spec" else below, leaves)
    elif isinstance(value, list):
        for at, one in enumerate(value):
            below = f"{path}[{_label(one, at)}]"
            if isinstance(one, str) and at and _asks_for_secret(value[at - 1]):
                leaves[below] = _Secret(one)
            else:
                _walk(one, below, leaves)
    elif value is not None and path:
        leaves[path] = value


def _label(item: Any, at: int) -> str:
    if isinstance(item, Mapping):
        for key in _KEYS:
            if item.get(key):
                return str(item[key])
    return str(at)

"""Which values of an object may be secrets: by the name of their variable, flag or annotation, or by their look."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

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
_VARIABLE = re.compile(r"env\[([^\]]*)\]\.value$")
_ARGUMENT = re.compile(r"(args|command)\[\d+\]$")
_DIGEST = re.compile(r"\.(image|imageID|containerID|digest)$|\bimages\[\d+\]\.names\[\d+\]$")
_WHOLE_OBJECT = "last-applied-configuration"
_KEYS = ("name", "mountPath", "containerPort", "key", "ip")


def is_secret(path: str, value: Any) -> bool:
    """Whether the value at `path` ("containers[app].env[TOKEN].value") must not be shown."""
    if not isinstance(value, str):
        return False
    name = ""
    if variable := _VARIABLE.search(path):
        name = variable[1]
    elif _ARGUMENT.search(path):
        name = value.partition("=")[0] if value.startswith("-") and "=" in value else ""
        if not value.startswith("-") or " " in value:
            return bool(_SECRET_NAME.search(value) or _SECRET_VALUE.search(value))
    elif "annotations[" in path:
        name = path.rpartition("[")[2].rstrip("]")
        if name.endswith(_WHOLE_OBJECT):
            return True
    elif _DIGEST.search(path):
        return False
    return bool((name and _SECRET_NAME.search(name)) or _SECRET_VALUE.search(value))


def follows_secret_flag(items: list[Any], at: int) -> bool:
    """Whether the argument before item `at` is a flag whose secret value it is: "--password", "hunter2"."""
    before = items[at - 1] if at else None
    return (
        isinstance(before, str)
        and before.startswith("-")
        and "=" not in before
        and bool(_SECRET_NAME.search(before))
    )


def item_label(item: Any, at: int) -> str:
    """What a list item is called in a path: by its name if it has one, else by its place."""
    if isinstance(item, Mapping):
        for key in _KEYS:
            if item.get(key):
                return str(item[key])
    return str(at)


def below(path: str, key: str) -> str:
    """The path of a mapping's value: names that may hold dots stand in brackets."""
    dotted = path.endswith(("labels", "annotations")) or "." in key
    return f"{path}[{key}]" if dotted else f"{path}.{key}".lstrip(".")


def without_secrets(value: Any, path: str = "") -> Any:
    """A copy of an object as the API gives it, with "(hidden)" for every value that may be a secret."""
    if isinstance(value, Mapping):
        return {key: without_secrets(one, below(path, str(key))) for key, one in value.items()}
    if isinstance(value, list):
        return [
            HIDDEN
            if isinstance(one, str) and follows_secret_flag(value, at)
            else without_secrets(one, f"{path}[{item_label(one, at)}]")
            for at, one in enumerate(value)
        ]
    return HIDDEN if is_secret(path, value) else value

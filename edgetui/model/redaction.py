"""Which values of an object may be secrets: by the name of their variable, flag or annotation, or by their look.

Everybody who may create a pod chooses these texts, so every pattern takes time in proportion to the text: a run of
characters is begun once and never given back (possessive), and gaps are bounded. A look ahead at one letter makes most
texts ten times as fast.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

HIDDEN = "(hidden)"
MOST_CHARACTERS = 64 * 1024
"""A longer value is not looked through: it is hidden as a whole, in words."""
MOST_DEPTH = 64
TOO_DEEP = "(nested too deep to show)"

# A JSON Web Token anywhere in a text: base64url parts, the first of which encodes '{"'.
TOKEN = re.compile(r"(?<![\w-])(?=[\w-]*eyJ)[\w-]++(?:\.[\w-]*+){1,4}", re.ASCII)
# A PEM block, to the end of the text where it has none of its own.
PEM = re.compile(r"-----BEGIN [^-]++-----.*?(?:-----END [^-]++-----|\Z)", re.DOTALL)
# `password=...`, `"api-key": "..."`, `?token=...` within a text; what the value is called stands in the first group.
# A service may be called "token" or "auth": a port behind such a name is no secret.
_REST_OF_NAME = r"[\w.-]{0,32}+[\\\"']{0,4}+"
PAIR = re.compile(
    rf"((?=[acdpst?&;])(?:(?:pass(?:word|wd|phrase|key|code|(?![a-z]))|pwd|(?:api|access|account|private|encryption)[_-]?key|credentials?|\bdsn"
    rf"|connection_?string){_REST_OF_NAME}[=:]"
    rf"|(?:secret|token|auth(?:orization|entication)?(?![a-z])|cookie|signature){_REST_OF_NAME}"
    r"(?:=|:(?!\d{2,5}(?:[/,\s]|$)))"
    r"|[?&;](?:key|sig|code)=)"
    r"(?:(?<=:)[ \t]{0,8}+)?[\\\"']{0,4}+)(?!\(hidden\))(?:(?:bearer|basic|digest|token)[ \t]++)?[^\s\"'\\,;}&]++"
    r"(?:(?<=:)[ \t]{1,8}+[^\s\"'\\,;}&]++){0,3}",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(\bbearer[ \t]++)(?=[^\s\"',]{0,256}[0-9])[^\s\"',]{6,}+", re.IGNORECASE)
_BEFORE_AT = re.compile(r"(://[^/\s:@]{0,256}+:)[^/\s@]{1,1024}+@")
_SECRET_NAME = re.compile(
    r"(?=[acdkpst_-])(?:pass|pwd|secret|token|api[_-]?key|access[_-]?key|private|credential|auth|cert|cookie|salt"
    r"|\bdsn\b|connection[_-]?string|[_-]key\b|^key$|signature)",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"\b(?:ghp|gho|glpat|xox[bp]|AKIA|sk)[-_A-Za-z0-9]{12,}|\b[0-9a-f]{32,}+\b"
    r"|(?:^|[\s=:\"'])(?=[A-Za-z0-9+/_-]*[0-9])(?=[A-Za-z0-9+/_-]*[A-Z])(?=[A-Za-z0-9+/_-]*[a-z])[A-Za-z0-9+/_-]{32,}"
)
_LOOKS = (TOKEN, re.compile("-----BEGIN"), PAIR, _BEARER, _BEFORE_AT, _SECRET_VALUE)
# Programs whose one-letter flags take a password, joined to it or in front of it.
_PASSWORD_FLAGS = (
    (re.compile(r"\b(?:mysql|mariadb|mongo|sshpass|cqlsh|clickhouse|influx)"), "-p"),
    (re.compile(r"\b(?:redis|valkey|keydb)"), "-a"),
    (re.compile(r"\bldap"), "-w"),
    (re.compile(r"\bmosquitto"), "-P"),
)
_USER_FLAGS = ("-u", "--user", "--proxy-user")
_USER_AND_PASSWORD = re.compile(r"[^\s:=]{1,256}+:(?!\d+['\"]*$)\S")
# "-pHunter2", whatever program it is for; "-port=80", "-p8080:80" and "-pretty" are something else.
_JOINED = re.compile(r"['\"]?-p(?![\d:]+$)(?=[^=]*[^a-z=.-])[^\s=]+$")
_NAMED = ("env[", "httpHeaders[")
_ARGUMENT = re.compile(r"(args|command)\[\d+\]$")
_DIGEST = re.compile(r"\.(image|imageID|containerID|digest)$|\bimages\[\d+\]\.names\[\d+\]$")
_OF_SECRETS = frozenset({"data", "stringData"})
_WHOLE_OBJECT = "last-applied-configuration"
_KEYS = ("name", "mountPath", "containerPort", "key", "ip")
_LONGEST_LABEL = 100


def is_secret(path: str, value: Any) -> bool:
    """Whether the value at `path` ("containers[app].env[TOKEN].value") must not be shown."""
    if not isinstance(value, str):
        return False
    if len(value) > MOST_CHARACTERS:
        return True
    name = ""
    if path.endswith("].value"):
        name = max(
            (path[path.rfind(one) + len(one) : -7] for one in _NAMED if one in path), key=len, default=""
        )
    elif _ARGUMENT.search(path):
        name = value.partition("=")[0] if value.startswith("-") and "=" in value else ""
        if (not value.startswith("-") or " " in value) and _SECRET_NAME.search(value):
            return True
        if password_arguments(value.split()):
            return True
    elif "annotations[" in path:
        name = path.rpartition("[")[2].rstrip("]")
        if name.endswith(_WHOLE_OBJECT):
            return True
    elif _DIGEST.search(path):
        return False
    return bool(name and _SECRET_NAME.search(name)) or any(look.search(value) for look in _LOOKS)


def redacted(text: str) -> str:
    """A sentence of a program with "(hidden)" for what looks like a credential in it."""
    text = PEM.sub(HIDDEN, TOKEN.sub(HIDDEN, text))
    text = _BEARER.sub(rf"\1{HIDDEN}", _BEFORE_AT.sub(rf"\1{HIDDEN}@", text))
    return PAIR.sub(rf"\1{HIDDEN}", text)


def password_arguments(words: Sequence[Any]) -> set[int]:
    """Which arguments of one command are passwords by the flag before them or joined to them."""
    texts = [word if isinstance(word, str) else "" for word in words]
    command = " ".join(text[:_LONGEST_LABEL] for text in texts)
    flags = [flag for program, flag in _PASSWORD_FLAGS if program.search(command)]
    found = set()
    for at, word in enumerate(texts):
        before = texts[at - 1] if at else ""
        bare = word.lstrip("'\"")
        named = before.startswith("-") and "=" not in before and bool(_SECRET_NAME.search(before))
        joined = any(bare.startswith(flag) and len(bare) > len(flag) for flag in flags)
        user = next((bare[len(flag) :].lstrip("=") for flag in _USER_FLAGS if bare.startswith(flag)), "")
        user = user or (word if before in _USER_FLAGS else "")
        if named or joined or before in flags or _JOINED.match(word) or _USER_AND_PASSWORD.match(user):
            found.add(at)
    return found


def item_label(item: Any, at: int) -> str:
    """What a list item is called in a path: by its name if it has one, else by its place."""
    if isinstance(item, Mapping):
        for key in _KEYS:
            if item.get(key):
                return _short(str(item[key]))
    return str(at)


def below(path: str, key: str) -> str:
    """The path of a mapping's value: names that may hold dots stand in brackets."""
    key = _short(key)
    dotted = path.endswith(("labels", "annotations")) or "." in key
    return f"{path}[{key}]" if dotted else f"{path}.{key}".lstrip(".")


def _short(name: str) -> str:
    half = _LONGEST_LABEL // 2
    return name if len(name) <= _LONGEST_LABEL else f"{name[:half]}…{name[-half:]}"


def without_secrets(value: Any, path: str = "", depth: int = 0) -> Any:
    """A copy of an object as the API gives it, with "(hidden)" for every value that may be a secret."""
    if isinstance(value, Mapping | list) and depth > MOST_DEPTH:
        return TOO_DEEP
    if isinstance(value, Mapping):
        if value.get("kind") == "Secret":
            value = {key: _keys_alone(one) if key in _OF_SECRETS else one for key, one in value.items()}
        return {key: without_secrets(one, below(path, str(key)), depth + 1) for key, one in value.items()}
    if isinstance(value, list):
        passwords = password_arguments(value)
        return [
            HIDDEN if at in passwords else without_secrets(one, f"{path}[{item_label(one, at)}]", depth + 1)
            for at, one in enumerate(value)
        ]
    if path.endswith(".message") and isinstance(value, str) and len(value) <= MOST_CHARACTERS:
        value = redacted(value)
    return hidden(value) if is_secret(path, value) else value


def _keys_alone(data: Any) -> Any:
    """What a Secret holds, by its keys."""
    return dict.fromkeys(data, HIDDEN) if isinstance(data, Mapping) else HIDDEN


def hidden(value: Any) -> str:
    """What stands in the place of a secret."""
    if isinstance(value, str) and len(value) > MOST_CHARACTERS:
        return f"(hidden: {len(value):,} characters are too many to look for secrets in)"
    return HIDDEN

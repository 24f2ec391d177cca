"""Kubeconfigs with every sort of value in one field, and what comes of them in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.kubeconfig.context import build
from edgetui.cluster.kubeconfig.document import read
from tests.unit.cluster.kubeconfigs import CA, KEY, b64, put

V1 = "client.authentication.k8s.io/v1"
ABSENT = object()
ODD: tuple[Any, ...] = (
    ABSENT,
    None,
    "",
    " ",
    "text",
    " https://h ",
    5,
    True,
    False,
    [],
    ["a", "b"],
    ["a", 1],
)
MAPPINGS: tuple[Any, ...] = ({}, {"k": "v"}, {"k": None}, {"k": 5}, {"k": ["v", "w"]}, {"k": "v", "l": "w"})
DATA: tuple[Any, ...] = (
    "not base64",
    b64(b"no PEM"),
    b64(CA),
    b64(CA)[:20] + "\n  " + b64(CA)[20:],
    b64(KEY),
)
ENCRYPTED = b64(KEY.replace(b"PRIVATE", b"ENCRYPTED PRIVATE"))
PAIR = {"client-certificate-data": b64(CA), "client-key-data": b64(KEY)}
EXEC = {"command": "login", "apiVersion": V1, "interactiveMode": "Never", "provideClusterInfo": True}
BASES: dict[str, dict[str, dict[str, Any]]] = {
    "a token": {"user": {"token": "t"}},
    "nothing": {"user": {}},
    "a pair": {"user": PAIR},
    "a pair and a token": {"user": {**PAIR, "token": "t"}},
    "a password": {"user": {"username": "u", "password": "p"}},
    "a plugin": {"user": {"exec": EXEC}},
    "a provider": {"user": {"auth-provider": {"name": "oidc", "config": {"a": "b"}}}},
    "no TLS": {"user": {"token": "t"}, "cluster": {"server": "http://h"}},
    "insecure": {"user": {"token": "t"}, "cluster": {"insecure-skip-tls-verify": True}},
}
IN_CLUSTER = ("server", "certificate", "insecure", "tls-", "proxy-", "disable-", "extensions")


def kubeconfig(base: str, field: str, value: Any) -> dict[str, Any]:
    """One context of one cluster and one user, with this value in one field."""
    cluster = {"server": "https://h", **BASES[base].get("cluster", {})}
    user, context = json.loads(json.dumps(BASES[base]["user"])), {"cluster": "c", "user": "u"}
    part, _, key = field.rpartition(".")
    place: dict[str, Any] = user[part] if part else user
    if not part and field.startswith(IN_CLUSTER):
        place = cluster
    elif field in ("namespace", "cluster", "user"):
        place = context
    place.pop(key, None)
    if value is not ABSENT:
        place[key] = value
    return {
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": context}],
    }


def plain(value: Any) -> Any:
    """Structs as what differs from their defaults."""
    if isinstance(value, msgspec.Struct):
        names = value.__struct_fields__
        required = len(names) - len(value.__struct_defaults__)
        default = type(value)(*[None] * required)
        found = {
            name: plain(getattr(value, name))
            for name in names
            if getattr(value, name) != getattr(default, name)
        }
        return found or None
    if isinstance(value, KubeconfigError):
        return f"{value} ({value.about})"
    return value


def made(directory: Path, content: dict[str, Any]) -> str:
    file = put(directory / "config", content)
    try:
        target = build(read(file), "x", {}, owned=False)
    except KubeconfigError as error:
        return str(plain(error))
    found: dict[str, Any] = plain(target)
    for field in ("name", "context", "file", "context_file", "sources", "cluster_name", "user_name"):
        usual = {"name": "x", "context": "x", "cluster_name": "c", "user_name": "u", "sources": (file,)}
        if found.get(field) == usual.get(field, file):
            del found[field]
    return str(found).replace(str(directory), "/d").replace(str(CA), "CA").replace(str(KEY), "KEY")


def table(directory: Path, field: str, bases: tuple[str, ...], values: tuple[Any, ...]) -> str:
    """A line for each of these values in this field, beside ca.pem and key.pem."""
    (directory / "ca.pem").write_bytes(CA)
    (directory / "key.pem").write_bytes(KEY)
    lines = []
    for base in bases:
        for value in values:
            shown = "-" if value is ABSENT else json.dumps(value)
            lines.append(f"{base}, {shown[:70]}: {made(directory, kubeconfig(base, field, value))}")
    return "\n".join(lines)

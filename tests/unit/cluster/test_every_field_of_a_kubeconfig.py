"""Every field of a kubeconfig with every sort of value: the target that comes of it, or the sentence.

`pytest tests/unit/cluster/test_every_field_of_a_kubeconfig.py --snapshot-update` takes what is made now; look at what
differs first.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.kubeconfig.context import build
from edgetui.cluster.kubeconfig.document import read
from edgetui.cluster.target import ClusterTarget
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
CASES: dict[str, tuple[tuple[str, ...], tuple[Any, ...]]] = {
    "server": (
        ("a token", "insecure"),
        (
            *ODD,
            "h:1",
            "https://h:1/a/?b#c",
            "https://u:p@h",
            "https://u@h",
            "https://:p@h",
            "http://u:p@h",
            "ftp://h",
            "https://",
            "https://h:0",
        ),
    ),
    "certificate-authority-data": (("a token", "insecure", "no TLS"), (*ODD, *DATA)),
    "certificate-authority": (("a token", "insecure"), (*ODD, "ca.pem", "gone", "key.pem")),
    "insecure-skip-tls-verify": (("a token", "no TLS"), ODD),
    "tls-server-name": (("a token", "a plugin"), ODD),
    "proxy-url": (("a token", "a plugin", "no TLS"), (*ODD, "http://p:1", "ftp://p", "p:1")),
    "disable-compression": (("a token", "a plugin"), ODD),
    "extensions": (
        ("a plugin",),
        (
            *ODD,
            [{"name": "edgetui", "extension": {"badge": "A", "badges": ["B", "A", "", 5, " "]}}],
            [{"name": "edgetui", "extension": {"badges": "B"}}],
            [{"name": "edgetui", "extension": ["B"]}],
            [5, {"name": "x"}, {"name": f"{V1.rpartition('/')[0]}/exec", "extension": [1]}],
        ),
    ),
    "token": (tuple(BASES), (*ODD, "a\nb", "a\rb", "a\0b", "\n t \n")),
    "tokenFile": (tuple(BASES), (*ODD, "./x/../t")),
    "username": (tuple(BASES), ODD),
    "password": (tuple(BASES), ODD),
    "client-certificate-data": (("a token", "a pair"), (*ODD, *DATA)),
    "client-certificate": (("a token", "nothing", "a pair", "a plugin"), (*ODD, "ca.pem", "gone", "key.pem")),
    "client-key-data": (("a token", "a pair"), (*ODD, *DATA, ENCRYPTED)),
    "client-key": (("a token", "a pair"), (*ODD, "ca.pem", "key.pem", "gone")),
    "as": (("a token", "no TLS"), ODD),
    "as-uid": (("a token",), ODD),
    "as-groups": (("a token",), ODD),
    "as-user-extra": (("a token",), (*ODD, *MAPPINGS)),
    "exec": (tuple(BASES), (None, "", 5, [], {}, EXEC)),
    "auth-provider": (tuple(BASES), (None, "", 5, [], {}, {"name": "oidc"})),
    "namespace": (("a token",), (*ODD, ".", "..", "...", "a/b", "a%b", "a?b", "a#b", "a b", "a\x7f", "a.b")),
    "cluster": (("a token",), (*ODD, "c", "cc")),
    "user": (("a token",), (*ODD, "u", "uu")),
    "exec.command": (("a plugin",), (*ODD, "./login", "a/../b", "/opt/login", " login ")),
    "exec.apiVersion": (("a plugin",), (*ODD, V1, V1 + "beta1", V1 + "alpha1")),
    "exec.interactiveMode": (("a plugin",), (*ODD, "Never", "IfAvailable", "Always", "never")),
    "exec.args": (("a plugin",), ODD),
    "exec.installHint": (("a plugin",), (*ODD, "two\nlines")),
    "exec.provideClusterInfo": (("a plugin",), ODD),
    "exec.env": (
        ("a plugin",),
        (
            *ODD,
            {},
            {"name": "A"},
            [{}],
            [{"name": ""}],
            [{"name": 5}],
            [{"name": "A"}],
            [{"name": "A", "value": None}, {"name": "B", "value": "b"}],
            [{"name": "A", "value": 5}],
            [None],
        ),
    ),
    "auth-provider.name": (("a provider",), ODD),
    "auth-provider.config": (("a provider",), (*ODD, *MAPPINGS)),
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


@pytest.mark.parametrize("field", CASES)
def test_what_each_value_of_a_field_makes(field: str, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    (tmp_path / "ca.pem").write_bytes(CA)
    (tmp_path / "key.pem").write_bytes(KEY)
    bases, values = CASES[field]
    lines = []
    for base in bases:
        for value in values:
            shown = "-" if value is ABSENT else json.dumps(value)
            lines.append(f"{base}, {shown[:70]}: {made(tmp_path, kubeconfig(base, field, value))}")
    assert "\n".join(lines) == snapshot


def test_a_context_that_is_not_there_is_its_own_error(tmp_path: Path) -> None:
    file = put(tmp_path / "config", kubeconfig("a token", "as", ABSENT))
    target = build(read(file), "y", {}, owned=True)
    assert target == ClusterTarget(
        name="y",
        context="y",
        file=file,
        context_file=file,
        owned_by_distribution=True,
        sources=(file,),
        error=target.error,
    )
    assert str(target.error) == "There is no context y in config. There is x."

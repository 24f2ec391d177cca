"""Whatever stands in a kubeconfig, it is a target or a sentence: never a traceback."""

from __future__ import annotations

import asyncio
import copy
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.errors import EdgetuiError, KubeconfigError
from edgetui.cluster.kubeconfig.loader import Selection, load_fleet
from edgetui.cluster.kubeconfig.write import rewrite_user_token
from tests.unit.cluster.kubeconfigs import CA, KEY, b64, config

NOW = 1_760_000_000.0
FULL = config(
    cluster={
        "tls-server-name": "n",
        "insecure-skip-tls-verify": False,
        "certificate-authority-data": b64(CA),
        "proxy-url": "http://p:1",
        "disable-compression": True,
        "extensions": [{"name": "edgetui", "extension": {"badge": "DEMO", "badges": ["X"]}}],
    },
    user={
        "token": "t0ken",
        "client-certificate-data": b64(CA),
        "client-key-data": b64(KEY),
        "as": "a",
        "as-uid": "1",
        "as-groups": ["g"],
        "as-user-extra": {"k": ["v"]},
        "exec": {
            "command": "x",
            "apiVersion": "client.authentication.k8s.io/v1",
            "interactiveMode": "Never",
            "args": ["a"],
            "env": [{"name": "N", "value": "V"}],
        },
    },
    namespace="n",
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["https://", "https://h:x", "http://[", "//", "*", "%", "\r\n", "\x00", "null", "../..", "~"]
    )
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(SCALARS.filter(lambda k: k == k), inner, max_size=3)
    ),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inside:
        yield from places(below, (*path, key))


PLACES = [path for path in places(FULL) if path]


def check(content: bytes) -> None:
    """Load, use and rewrite it; only our own errors may come of it."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "config"
        file.write_bytes(content)
        for selection in (Selection([file]), Selection([file], all_contexts=True), Selection([file], ["p*"])):
            try:
                targets = load_fleet(selection, {}, Path(name), Path(name))
            except KubeconfigError as error:
                assert error.sentence
                continue
            for target in targets:
                assert target.name
                assert str(target.error) and repr(target)
                if target.error is None and target.auth.exec is None and target.auth.auth_provider is None:
                    use(Credentials(target))
        try:
            rewrite_user_token(file, "u", "new", now=NOW)
        except KubeconfigError:
            assert file.read_bytes() == content


def use(credentials: Credentials) -> None:
    for action in (
        lambda: asyncio.run(credentials.headers()),
        credentials.ssl_context,
        credentials.explain_refusal,
    ):
        try:
            action()
        except EdgetuiError as error:
            assert error.sentence


@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), ANYTHING), min_size=1, max_size=2))
@settings(max_examples=150)
@example(changes=[(("contexts", 0, "name"), " ")])
@example(changes=[(("users",), True)])
@example(changes=[(("contexts", 0), 5)])
@example(changes=[(("users", 0, "user", "as-user-extra"), {5: ["x"]})])
def test_any_value_in_any_place(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    import yaml

    whole = copy.deepcopy(FULL)
    for path, value in changes:
        below: Any = whole
        try:
            for key in path[:-1]:
                below = below[key]
            below[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # the first change took that place away
    check(yaml.safe_dump(whole, allow_unicode=True).encode("utf-8", "surrogatepass"))


@given(cut=st.integers(0, 2000), put=st.binary(max_size=6), gone=st.integers(0, 6))
@settings(max_examples=100)
@example(cut=0, put=b"\x00", gone=0)
@example(cut=5, put=b"\xff", gone=0)
def test_any_bytes_in_any_place(cut: int, put: bytes, gone: int) -> None:
    text = json.dumps(FULL).encode()
    check(text[:cut] + put + text[cut + gone :])


@given(
    content=st.binary(max_size=60) | st.text(max_size=60).map(lambda t: t.encode("utf-8", "surrogatepass"))
)
@settings(max_examples=150)
def test_any_file(content: bytes) -> None:
    check(content)

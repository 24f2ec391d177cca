"""Objects as YAML: what a YAML reader makes of the lines is the object, and no secret stands in them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from edgetui.model.manifest import manifest
from edgetui.model.redaction import without_secrets
from tests.unit.model import factories
from tests.unit.model.test_templatediff import PLAIN, SECRETS

WORDS = st.sampled_from(
    [
        "",
        "true",
        "No",
        "null",
        "~",
        "1e3",
        "0x1f",
        "2026-11-24",
        "a: b",
        "a #b",
        "- x",
        "x:",
        "a\nb",
        "a\n",
        "\na",
        " a",
    ]
)
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12) | WORDS
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)


def text(obj: dict[str, Any]) -> str:
    return "\n".join(head + value for head, value in manifest(obj)) + "\n"


@given(st.dictionaries(TEXT, VALUES, min_size=1, max_size=4))
def test_a_yaml_reader_gets_the_object_back(spec: dict[str, Any]) -> None:
    obj = {"kind": "Pod", "spec": spec}
    assert yaml.safe_load(text(obj)) == without_secrets(obj)


@given(st.recursive(WORDS, lambda inner: st.lists(inner, min_size=1, max_size=3), max_leaves=8))
def test_words_that_yaml_reads_otherwise_come_back_as_they_are(value: Any) -> None:
    assert yaml.safe_load(text({"spec": {"command": value}})) == {"spec": {"command": value}}


def test_it_reads_like_kubectl() -> None:
    obj = {
        "apiVersion": "v1",
        "metadata": {"name": "press", "labels": {}, "managedFields": [{"manager": "kubectl"}]},
        "spec": {
            "containers": [
                {"name": "press", "image": "registry.local/press:2.1", "args": ["-v", "--port=80"]}
            ],
            "script": "set -e\nrun\n",
            "on": True,
        },
    }
    assert text(obj).splitlines() == [
        "apiVersion: v1",
        "metadata:",
        "  name: press",
        "  labels: {}",
        "spec:",
        "  containers:",
        "  - name: press",
        "    image: registry.local/press:2.1",
        "    args:",
        '    - "-v"',
        '    - "--port=80"',
        "  script: |",
        "    set -e",
        "    run",
        '  "on": true',
    ]


@pytest.mark.parametrize(("container", "secret"), SECRETS)
@pytest.mark.parametrize("kind", ["Pod", "Deployment"])
def test_no_secret_is_shown(kind: str, container: dict[str, Any], secret: str) -> None:
    pod = {"containers": [{"name": "app", "image": "app:1", **container}]}
    spec = pod if kind == "Pod" else {"template": {"spec": pod}}
    said = text({"kind": kind, "spec": spec})
    assert secret not in said
    assert "(hidden)" in said


@pytest.mark.parametrize("container", PLAIN)
def test_ordinary_values_are_shown(container: dict[str, Any]) -> None:
    assert "(hidden)" not in text({"spec": {"containers": [{"name": "app", "image": "app:1", **container}]}})


def test_kubectls_copy_of_the_object_is_hidden_as_a_whole() -> None:
    copy = '{"spec":{"containers":[{"env":[{"name":"PIN","value":"4711"}]}]}}'
    said = text({"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": copy}}})
    assert "4711" not in said


def test_an_object_of_a_real_server_hides_nothing_but_secrets() -> None:
    said = text(factories.pod("press-1"))
    assert "press-1" in said
    assert "(hidden)" not in said


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ({"code": "cGx1Z2g=", "pin": ""}, ["  code: (hidden)", "  pin: (hidden)"]),
        ({"deep": {"code": "cGx1Z2g="}}, ["  deep: (hidden)"]),
        ("cGx1Z2g=", []),
        (["cGx1Z2g="], []),
    ],
)
@pytest.mark.parametrize("field", ["data", "stringData"])
def test_a_secret_shows_its_type_and_keys_and_nothing_that_it_holds(
    field: str, data: Any, shown: list[str]
) -> None:
    said = text({"kind": "Secret", "metadata": {"name": "door"}, field: data, "type": "Opaque"})
    assert "cGx1Z2g" not in said
    assert set(shown) <= set(said.splitlines())
    assert {"  name: door", "type: Opaque"} <= set(said.splitlines())

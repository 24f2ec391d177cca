"""YAML line by line, as an object is shown and as it is edited; kinds by their ids, words and paths."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import (
    KINDS,
    METERED,
    Kinds,
    kind_word,
    object_words,
    paint_order,
    row_of,
    short_name,
)
from edgetui.model.kinds.base import unchanged
from edgetui.model.kinds.discovered import kind_of
from edgetui.model.manifest import manifest, text_of
from edgetui.model.resources.served import Resource
from tests.unit.model import factories as f

PLAIN = ("press", "press-7f9c66", "a.b/c", "line_2", "v1.34.2+k3s1", "a\\b", "a b", 'a"b')
QUOTED = (
    "", "true", "No", "null", "~", "yes", "on", "1", "1.5", "0x10", "1e3", "-1", ".5", "-", "- a", "a: b",
    "a:", "a #b", "#a", "&a", "*a",
    "!a", "%a", "@a", "`a", "[a", "{a", "'a'", '"a"', " a", "a ", "\ta", "10.0.0.1", "=", "<<", "2026-09-21",
    "1_000", "0o7", "?", "? a", "|", ">",
)  # fmt: skip


@pytest.mark.parametrize("text", [*PLAIN, *QUOTED])
def test_a_word_reads_back_as_it_is(text: str) -> None:
    key = text or "x"
    for data in ({"a": text}, {"a": [text]}, {"k": {key: text}}):
        assert yaml.safe_load(text_of(data)) == data
    assert (text_of({"a": text}) == f"a: {text}\n") is (text in PLAIN)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('"b', '"\\"b"'), ("a\\b:", '"a\\\\b:"'), ("\x07", '"\\U00000007"'), ("a\tb", '"a\\tb"'),
        ("a\u202eb", '"a\\U0000202eb"'),
        ("a\n", '"a\\n"'), ("\na", '"\\na"'), (" a\nb", '" a\\nb"'), ("a\n\n", '"a\\n\\n"'),
        ("a\nb\x07", '"a\\nb\\U00000007"'),
        ("ü", '"ü"'), ("日本", '"日本"'),
    ],
)  # fmt: skip
def test_a_word_in_quotes(text: str, shown: str) -> None:
    assert text_of({"a": text}) == f"a: {shown}\n"
    assert yaml.safe_load(text_of({"a": text})) == {"a": text}


LINES: list[tuple[Any, str]] = [
    ({}, ""), ({"a": None, "b": True, "c": 1.5, "d": 7}, "a: null\nb: true\nc: 1.5\nd: 7\n"), ({"a": {},
    "b": []}, "a: {}\nb: []\n"),
    ({"a": {"b": {"c": "d"}}}, "a:\n  b:\n    c: d\n"), ({"a": ["b", 7, {}, []]}, "a:\n- b\n- 7\n- {}\n- []\n"),
    ({"a": [{"b": "c", "d": ["e"]}]}, "a:\n- b: c\n  d:\n  - e\n"), ({"a": [["b", ["c"]]]},
    "a:\n-\n  - b\n  -\n    - c\n"),
    ({"a": "b\nc"}, "a: |-\n  b\n  c\n"), ({"a": "b\n\nc\n"}, "a: |\n  b\n\n  c\n"), ({"a": ["b\nc\n"]},
    "a:\n- |\n  b\n  c\n"),
    ({"a": {"b": "c\n d\n"}}, "a:\n  b: |\n    c\n     d\n"), ({"a": "b\n\tc"}, "a: |-\n  b\n  \tc\n"),
    ({"a b": {"c: d": 1}}, 'a b:\n  "c: d": 1\n'),
]  # fmt: skip


@pytest.mark.parametrize(("obj", "text"), LINES)
def test_every_shape_of_data(obj: Any, text: str) -> None:
    assert text_of(obj) == text
    assert (yaml.safe_load(text) or {}) == obj
    if "\t" not in text:
        assert "".join(f"{one.head}{one.value}\n" for one in manifest(obj)) == text


def test_what_is_shown_of_an_object() -> None:
    obj: dict[str, Any] = {"metadata": {"name": "a", "managedFields": [1]}, "spec": {"x": "a\n\tb"}}
    assert [tuple(one) for one in manifest(obj)] == [
        ("metadata:", ""), ("  name: ", "a"), ("spec:", ""), ("  x: ", '"a\\n\\tb"')
    ]  # fmt: skip
    assert obj["metadata"]["managedFields"] == [1]
    assert [tuple(one) for one in manifest({"metadata": "odd"})] == [("metadata: ", "odd")]


# -- kinds

PUMP = Resource(
    group="example.com", version="v1", plural="pumps", kind="Pump", namespaced=True, short_names=("pu",)
)
CORE = Resource(group="", version="v1", plural="configmaps", kind="ConfigMap", namespaced=True)
ROLLOUTS = Resource(
    group="argoproj.io", version="v1alpha1", plural="rollouts", kind="Rollout", namespaced=True
)


def served(*resources: Resource) -> Kinds:
    made = Kinds()
    made.replace_discovered({kind_of(one).id: kind_of(one) for one in resources})
    return made


def test_kinds_with_a_file_and_kinds_that_were_found() -> None:
    empty, kinds = Kinds(), served(PUMP, CORE, ROLLOUTS)
    assert (empty.asked, kinds.asked) == (False, True)
    assert len(kinds) == len(list(kinds)) == len(empty) + 3
    assert [id for id in kinds if id not in set(empty)] == [
        "Pump.example.com",
        "ConfigMap",
        "Rollout.argoproj.io",
    ]
    assert [kinds.is_served(id) for id in ("Rollout", "Canary")] == [True, False]
    assert not empty.is_served("Rollout")
    assert [kinds.of(*one) and kinds.of(*one).id for one in (  # type: ignore[union-attr]
        ("apps", "Deployment"), ("example.com", "Pump"), ("", "ConfigMap"), ("example.com", "Deployment"),
        ("", "Pod"), ("x", "Pump")
    )] == ["Deployment", "Pump.example.com", "ConfigMap", None, "Pod", None]  # fmt: skip
    for id in ("Pump", "no such", "pod", "../Pod", ""):
        assert id not in kinds
        with pytest.raises(KeyError):
            kinds[id]
    assert {"Node", "Pod"} == METERED


@pytest.mark.parametrize(
    ("word", "id"),
    [("po", "Pod"), ("PODS", "Pod"), ("pod", "Pod"), ("deploy.apps", "Deployment"), ("deployments.v1.apps",
    "Deployment"), ("deploy.x", None),
     ("pu", "Pump.example.com"), ("pumps.example.com", "Pump.example.com"), ("pumps.v1.example.com",
     "Pump.example.com"), ("pumps.v2.example.com", None),
     ("x", None), ("", None), ("pods.", "Pod")],
)  # fmt: skip
def test_a_kind_by_a_word(word: str, id: str | None) -> None:
    found = served(PUMP).find(word)
    assert (found.id if found else None) == id


@pytest.mark.parametrize(
    ("id", "chain", "between", "pods"),
    [
        ("Pod", set(), set(), True), ("Deployment", {"ReplicaSet", "Pod"}, {"ReplicaSet"}, True),
        ("ReplicaSet", {"Pod"}, set(), True),
        ("StatefulSet", {"Pod"}, set(), True), ("CronJob", {"Job", "Pod"}, {"Job"}, True),
        ("Node", set(), set(), False), ("Event", set(), set(), False),
        ("Pump.example.com", set(), set(), False), ("unknown", set(), set(), False),
    ],
)  # fmt: skip
def test_what_objects_of_a_kind_own(id: str, chain: set[str], between: set[str], pods: bool) -> None:
    kinds = served(PUMP)
    assert kinds.chain(id) == chain
    assert kinds.has_pods(id) is pods
    assert kinds.between(id) == {one for one in between if kinds[one].watched.value != "always"}


def test_kinds_in_words() -> None:
    ids = ("Deployment", "HorizontalPodAutoscaler", "Pump.example.com", "Pump", "Job", "AutopilotPlan")
    assert [kind_word(id) for id in ids] == ["deployment", "autoscaler", "Pump", "Pump", "job", "plan"]
    assert [short_name(id) for id in ids] == ["deploy", "hpa", "pump", "pump", "job", "autopilotplan"]
    assert (
        object_words(ObjectKey("plant", "Deployment", "line-2", "press"))
        == "deployment press in line-2 on plant"
    )
    assert object_words(ObjectKey("plant", "Node", "", "edge-1")) == "node edge-1 on plant"
    first = sorted(("Zebra", "Event", "Pod", "Node", "Apple"), key=paint_order)
    assert first.index("Node") < first.index("Apple")
    assert first.index("Pod") < first.index("Apple") < first.index("Zebra")


def test_what_a_kind_is_called_and_where_it_is_served() -> None:
    deployment, node, pump = KINDS["Deployment"], KINDS["Node"], kind_of(PUMP)
    assert deployment.names == ("deployment", "deployments", "deploy")
    assert pump.names == ("pump", "pumps", "pu")
    assert (deployment.word, KINDS["HorizontalPodAutoscaler"].word, pump.word) == (
        "deployment",
        "autoscaler",
        "Pump",
    )
    assert (deployment.id, pump.id, kind_of(CORE).id, KINDS["AutopilotPlan"].id) == (
        "Deployment", "Pump.example.com", "ConfigMap", "AutopilotPlan"
    )  # fmt: skip
    assert deployment.path("d", "press", "scale") == "/apis/apps/v1/namespaces/d/deployments/press/scale"
    assert (deployment.path(), node.path("d", "a")) == ("/apis/apps/v1/deployments", "/api/v1/nodes/a")
    scaler = KINDS["HorizontalPodAutoscaler"]
    assert scaler.versions == ("v2", "v2beta2", "v1")
    assert scaler.at("v2") is scaler
    assert (scaler.at("v1").version, scaler.at("v1").versions[0], scaler.at("v1").older) == (
        "v1",
        "v1",
        scaler.older,
    )
    with pytest.raises(KeyError):
        scaler.at("v9")
    row = row_of("Pod", f.pod("a"))
    assert unchanged(row) is row

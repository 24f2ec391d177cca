"""Patches by RFC 7386, and what comes of two people's changes of one object."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetui.model.merging import ABSENT, Clash, carries, merged, patch_between, patched, paths, words_of

Json = dict[str, Any]
LEAVES = st.booleans() | st.integers(0, 2) | st.sampled_from(["a", "b", ""])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from("xyz"), VALUES, max_size=3)


def exact(value: Any) -> str:
    """JSON in which true is not 1."""
    return repr(value) if not isinstance(value, dict) else repr({k: exact(value[k]) for k in sorted(value)})


@given(OBJECTS, OBJECTS)
def test_a_patch_leads_from_one_object_to_the_other(old: Json, new: Json) -> None:
    before = copy.deepcopy(old)
    patch = patch_between(old, new)
    assert exact(patched(old, patch)) == exact(new)
    assert old == before
    assert carries(new, patch)
    assert bool(patch) == (exact(old) != exact(new))


@given(OBJECTS, OBJECTS)
def test_one_who_changed_nothing_does_not_count(base: Json, changed: Json) -> None:
    assert exact(merged(base, base, changed).value) == exact(changed)
    assert exact(merged(base, changed, base).value) == exact(changed)
    assert merged(base, changed, changed).clashes == ()


def test_the_examples_of_rfc_7386() -> None:
    for old, patch, new in (
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ):
        assert patched(old, patch) == new


def test_a_null_is_no_value() -> None:
    assert patch_between({"a": None}, {}) == {}
    assert patch_between({}, {"a": None}) == {}
    assert patch_between({"a": 1}, {"a": None}) == {"a": None}
    assert patch_between({"a": 1}, {"a": True}) == {"a": True}


def test_paths_name_what_a_patch_touches() -> None:
    patch = {"metadata": {"labels": {"a.b/c": "1"}}, "spec": {"replicas": 3, "strategy": None, "empty": {}}}
    assert paths(patch) == ["metadata.labels[a.b/c]", "spec.replicas", "spec.strategy", "spec.empty"]


def containers(**images: str) -> list[Json]:
    return [{"name": name, "image": image} for name, image in images.items()]


SCENARIOS: dict[str, tuple[Any, Any, Any, Any, list[str]]] = {
    # what: (base, mine, theirs, in the editor, paths of clashes)
    "different fields": ({"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 1, "b": 2}, {"a": 2, "b": 2}, []),
    "the same field": ({"a": 1}, {"a": 2}, {"a": 3}, {"a": 2}, ["a"]),
    "the same field to the same value": ({"a": 1}, {"a": 2}, {"a": 2}, {"a": 2}, []),
    "mine changed, theirs removed": ({"a": 1}, {"a": 2}, {}, {"a": 2}, ["a"]),
    "mine removed, theirs changed": ({"a": 1}, {}, {"a": 2}, {}, ["a"]),
    "both removed": ({"a": 1, "b": 1}, {"b": 1}, {"b": 1}, {"b": 1}, []),
    "both added, another name each": ({}, {"a": 1}, {"b": 2}, {"b": 2, "a": 1}, []),
    "both added, the same name": ({}, {"a": 1}, {"a": 2}, {"a": 1}, ["a"]),
    "both added a mapping": ({}, {"a": {"x": 1}}, {"a": {"y": 2}}, {"a": {"y": 2, "x": 1}}, []),
    "mine removed a mapping, theirs changed in it": (
        {"a": {"x": 1}},
        {},
        {"a": {"x": 2}},
        {},
        ["a"],
    ),
    "another type": ({"a": {"x": 1}}, {"a": "text"}, {"a": {"x": 2}}, {"a": "text"}, ["a"]),
    "true and 1": ({"a": 0}, {"a": True}, {"a": 1}, {"a": True}, ["a"]),
    "two containers": (
        containers(app="1", side="1"),
        containers(app="2", side="1"),
        containers(app="1", side="2"),
        containers(app="2", side="2"),
        [],
    ),
    "one container": (
        containers(app="1"),
        containers(app="2"),
        containers(app="3"),
        containers(app="2"),
        ["[app].image"],
    ),
    "theirs added a container": (
        containers(app="1"),
        containers(app="2"),
        containers(app="1", side="1"),
        containers(app="2", side="1"),
        [],
    ),
    "theirs put one before": (
        containers(app="1"),
        containers(app="2"),
        containers(side="1", app="1"),
        containers(side="1", app="2"),
        [],
    ),
    "mine removed one, theirs changed the other": (
        containers(app="1", side="1"),
        containers(app="1"),
        containers(app="2", side="1"),
        containers(app="2"),
        [],
    ),
    "mine removed what theirs changed": (
        containers(app="1", side="1"),
        containers(app="1"),
        containers(app="1", side="2"),
        containers(app="1"),
        ["[side]"],
    ),
    "plain list, different places": (["a", "b"], ["x", "b"], ["a", "y"], ["x", "y"], []),
    "plain list, the same place": (["a"], ["x"], ["y"], ["x"], ["[0]"]),
    "plain list of another length": (["a"], ["a", "x"], ["a", "y"], ["a", "x"], [""]),
    "items with names twice": (
        [{"name": "a", "v": 1}, {"name": "a", "v": 2}],
        [{"name": "a", "v": 3}, {"name": "a", "v": 2}],
        [{"name": "a", "v": 1}, {"name": "a", "v": 4}],
        [{"name": "a", "v": 3}, {"name": "a", "v": 4}],
        [],
    ),
    "ports have no name": (
        [{"port": 80}, {"port": 443}],
        [{"port": 80, "nodePort": 1}, {"port": 443}],
        [{"port": 80}, {"port": 443, "nodePort": 2}],
        [{"port": 80, "nodePort": 1}, {"port": 443, "nodePort": 2}],
        [],
    ),
    "finalizers: theirs took the last one": ({"f": ["a"]}, {"f": ["a", "b"]}, {}, {"f": ["a", "b"]}, ["f"]),
}


@pytest.mark.parametrize("what", SCENARIOS)
def test_two_people(what: str) -> None:
    base, mine, theirs, made, clashing = SCENARIOS[what]
    found = merged(base, mine, theirs)
    assert exact(found.value) == exact(made)
    assert [clash.path for clash in found.clashes] == clashing
    # Both did the same work: the other one gets the same, but for what clashes.
    other = merged(base, theirs, mine)
    assert [clash.path for clash in other.clashes] == clashing


def test_a_clash_in_words() -> None:
    clash = Clash("spec.replicas", 3, 5, ABSENT)
    assert words_of(clash, hide=False) == "spec.replicas: yours 5, theirs not set, before 3"
    assert "5" not in words_of(clash, hide=True)

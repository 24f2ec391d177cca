"""Patches against the examples of their standards, and strategic merge where kubectl depends on it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from edgetui.demo.patches import json_patch, merge_patch, strategic_merge
from edgetui.demo.status import StatusError

# RFC 7386, appendix A.
MERGES: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("target", "patch", "result"), MERGES)
def test_merge_patch_does_what_its_standard_shows(target: Any, patch: Any, result: Any) -> None:
    before = copy.deepcopy(target)
    assert merge_patch(target, patch) == result
    assert target == before


@pytest.mark.parametrize(
    ("target", "operations", "result"),
    [
        ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"foo": "bar", "baz": "qux"}),
        ({"foo": ["a", "c"]}, [{"op": "add", "path": "/foo/1", "value": "b"}], {"foo": ["a", "b", "c"]}),
        ({"foo": ["a"]}, [{"op": "add", "path": "/foo/-", "value": "b"}], {"foo": ["a", "b"]}),
        ({"a": 1, "b": 2}, [{"op": "remove", "path": "/a"}], {"b": 2}),
        ({"a": [1, 2]}, [{"op": "replace", "path": "/a/0", "value": 9}], {"a": [9, 2]}),
        (
            {"a": {"x": 1}, "b": {}},
            [{"op": "move", "from": "/a/x", "path": "/b/y"}],
            {"a": {}, "b": {"y": 1}},
        ),
        ({"a": {"x": 1}}, [{"op": "copy", "from": "/a", "path": "/b"}], {"a": {"x": 1}, "b": {"x": 1}}),
        ({"a/b": 1, "m~n": 2}, [{"op": "test", "path": "/a~1b", "value": 1}], {"a/b": 1, "m~n": 2}),
        ({"m~n": 2}, [{"op": "replace", "path": "/m~0n", "value": 3}], {"m~n": 3}),
        ({"a": 1}, [{"op": "replace", "path": "", "value": {"b": 2}}], {"b": 2}),
    ],
)
def test_json_patch_applies_its_operations(target: Any, operations: Any, result: Any) -> None:
    before = copy.deepcopy(target)
    assert json_patch(target, operations) == result
    assert target == before


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "test", "path": "/a", "value": 2}],
        [{"op": "replace", "path": "/nothing", "value": 2}],
        [{"op": "remove", "path": "/nothing"}],
        [{"op": "add", "path": "/list/7", "value": 2}],
        [{"op": "add", "path": "a", "value": 2}],
        [{"op": "grow", "path": "/a", "value": 2}],
        [{"path": "/a"}],
        {"op": "add"},
    ],
)
def test_a_json_patch_that_cannot_be_applied_is_one_answer_for_all(operations: Any) -> None:
    with pytest.raises(StatusError) as caught:
        json_patch({"a": 1, "list": []}, operations)
    assert caught.value.code == 422
    assert caught.value.message == "the server rejected our request due to an error in our request"


def test_strategic_merge_finds_containers_by_name() -> None:
    old = {"containers": [{"name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}]}, {"name": "b"}]}
    change = {
        "containers": [{"name": "a", "image": "a:2", "env": [{"name": "Y", "value": "2"}]}, {"name": "c"}]
    }
    new = strategic_merge(old, change)
    assert new["containers"] == [
        {"name": "a", "image": "a:2", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]},
        {"name": "b"},
        {"name": "c"},
    ]


def test_strategic_directives_replace_delete_and_retain() -> None:
    template = {"labels": {"a": "1"}, "spec": {"containers": [{"name": "a"}, {"name": "b"}], "x": 1}}
    replaced = strategic_merge({"template": template}, {"template": {"$patch": "replace", "spec": {"y": 2}}})
    assert replaced == {"template": {"spec": {"y": 2}}}
    less = strategic_merge(template, {"spec": {"containers": [{"name": "a", "$patch": "delete"}]}})
    assert less["spec"]["containers"] == [{"name": "b"}]
    retained = strategic_merge({"s": {"a": 1, "b": 2}}, {"s": {"$retainKeys": ["b"]}})
    assert retained == {"s": {"b": 2}}
    assert strategic_merge({"finalizers": ["a"]}, {"finalizers": ["b"]}) == {"finalizers": ["a", "b"]}
    assert strategic_merge({"finalizers": ["a", "b"]}, {"$deleteFromPrimitiveList/finalizers": ["a"]}) == {
        "finalizers": ["b"]
    }
    assert strategic_merge({"args": ["a"]}, {"args": ["b"]}) == {"args": ["b"]}
    ports = {"ports": [{"containerPort": 80, "name": "http"}]}
    assert strategic_merge(ports, {"ports": [{"containerPort": 80, "name": "web"}]}) == {
        "ports": [{"containerPort": 80, "name": "web"}]
    }

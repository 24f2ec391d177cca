"""Answers to small questions that have a value of another type somewhere: typed errors, and the rest is read."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from edgetui.cluster.api.client import Api
from edgetui.cluster.api.metrics import decode
from edgetui.cluster.api.probe import identify, rbac_is_off, readable_namespaces, server_version
from edgetui.cluster.api.versions import find_version
from edgetui.cluster.errors import EdgetuiError
from tests.unit.actions.scripted import Answer, Request, scripted

from .odd_objects import DEEP, ODD, changed, paths

Json = dict[str, Any]


def namespace(name: str) -> Json:
    return {
        "metadata": {"name": name, "uid": f"uid-{name}", "labels": {"a": "b"}},
        "status": {"phase": "Active"},
    }


NAMESPACES: Json = {
    "kind": "NamespaceList",
    "apiVersion": "v1",
    "metadata": {"resourceVersion": "7", "continue": ""},
    "items": [namespace("kube-system"), namespace("line-1")],
}
RULE = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
QUESTIONS: list[tuple[str, Json, Callable[[Api], Awaitable[Any]]]] = [
    ("identity", NAMESPACES, lambda api: identify(api, "5", 5.0)),
    ("namespaces", NAMESPACES, lambda api: readable_namespaces(api, ["line-1"])),
    ("version", {"major": "1", "gitVersion": "v1.37.2"}, server_version),
    (
        "rules",
        {"status": {"resourceRules": [RULE], "nonResourceRules": [], "incomplete": False}},
        lambda api: rbac_is_off(api, ""),
    ),
    (
        "group",
        {"kind": "APIGroup", "versions": [{"version": "v1"}, {"version": "v2"}]},
        lambda api: find_version(api, "HorizontalPodAutoscaler"),
    ),
]


@pytest.mark.parametrize(("document", "ask"), [q[1:] for q in QUESTIONS], ids=[q[0] for q in QUESTIONS])
async def test_an_answer_with_an_odd_value_raises_nothing_but_typed_errors(
    document: Json, ask: Callable[[Api], Awaitable[Any]]
) -> None:
    answer: list[Any] = [None]

    def respond(request: Request) -> Answer:
        return 200, answer[0]

    async with scripted(respond) as (_, session):
        for path in paths(document):
            for odd in ODD:
                if odd == DEEP:
                    continue
                answer[0] = json.loads(changed(document, path, odd))
                try:
                    await ask(session.api)
                except EdgetuiError:
                    continue


@pytest.mark.parametrize(
    "odd", [None, 7, [], {}, {"metadata": None}, {"metadata": {"name": 7}}, {"metadata": {"uid": []}}]
)
async def test_one_odd_namespace_hides_no_other_and_no_identity(odd: Any) -> None:
    document = {**NAMESPACES, "items": [odd, *NAMESPACES["items"]], "metadata": {"resourceVersion": 7}}
    async with scripted(lambda request: (200, document)) as (_, session):
        assert (await identify(session.api, "5", 5.0)).uid == "uid-kube-system"
        found = await readable_namespaces(session.api, ["line-1"])
        assert found.names == ["line-1", "kube-system"]


def test_one_odd_figure_hides_no_other() -> None:
    good = {
        "metadata": {"name": "a", "namespace": "ns"},
        "containers": [{"usage": {"cpu": "1m", "memory": "1Mi"}}],
    }
    for odd in (
        None,
        7,
        [],
        {},
        {"metadata": {"name": 7}},
        {**good, "containers": 7},
        {**good, "containers": [7]},
    ):
        found = decode(json.dumps({"items": [odd, good]}).encode())
        assert found["ns", "a"].cpu_milli == 1

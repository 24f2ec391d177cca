"""The objects of a command line, in every way that kubectl takes them."""

from __future__ import annotations

import pytest

from edgetui.actions.cli.objects import Named, one, read
from edgetui.actions.messages import Refusal


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("deploy/press", "Deployment"),
        ("Deployment/press", "Deployment"),
        ("deployments.apps/press", "Deployment"),
        ("sts/press", "StatefulSet"),
        ("ds/press", "DaemonSet"),
        ("rs/press", "ReplicaSet"),
        ("hpa/press", "HorizontalPodAutoscaler"),
    ],
)
def test_every_way_to_write_a_kind(text: str, kind: str) -> None:
    assert one([text]) == (kind, "press")
    assert one([text.partition("/")[0], "press"]) == (kind, "press")


@pytest.mark.parametrize("text", ["press", "deploy/", "/press", "pvc/press", "deploy/a/b", ""])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        one([text])
    assert "deploy/press" in refused.value.next_step


@pytest.mark.parametrize(
    ("words", "objects"),
    [
        ("deploy/a sts/b", [("deploy", "a"), ("sts", "b")]),
        ("deploy a b", [("deploy", "a"), ("deploy", "b")]),
        ("deploy,sts a", [("deploy", "a"), ("sts", "a")]),
        ("pumps.example.com main", [("pumps.example.com", "main")]),
    ],
)
def test_several_objects_are_named_as_in_kubectl(words: str, objects: list[tuple[str, str]]) -> None:
    assert read(words.split()) == Named(tuple(objects))


@pytest.mark.parametrize(
    ("words", "objects"),
    [
        ("edge-1 edge-2", [("Node", "edge-1"), ("Node", "edge-2")]),
        ("node", [("Node", "node")]),
        ("node edge-1", [("node", "edge-1")]),
        ("no/edge-1", [("no", "edge-1")]),
    ],
)
def test_names_stand_alone_where_a_command_has_one_kind(words: str, objects: list[tuple[str, str]]) -> None:
    assert read(words.split(), alone=frozenset({"Node"})) == Named(tuple(objects))


def test_a_selector_goes_with_kinds_alone() -> None:
    assert read(["deploy,sts"], "app=press") == Named((), ("deploy", "sts"), "app=press")
    assert read([], "zone=a", frozenset({"Node"})) == Named((), ("Node",), "zone=a")
    for words in (["deploy", "press"], ["deploy/press"], ["deploy,"], []):
        with pytest.raises(Refusal):
            read(words, "app=press")


@pytest.mark.parametrize("words", [[], ["deploy"], ["deploy/a", "b"], ["deploy/a/b", "sts/c"]])
def test_words_that_name_nothing_are_refused(words: list[str]) -> None:
    with pytest.raises(Refusal) as refused:
        read(words)
    assert "deploy/press" in refused.value.next_step

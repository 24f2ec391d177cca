"""Whatever shape an answer has, an action ends in a sentence and writes nothing; one odd object costs itself only."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions import reading
from edgetui.cluster.errors import ProtocolError
from tests.unit.model import factories as f

from .every_action import CAMERA, CASES, PRESS, Case
from .scripted import Answer, Request
from .site import Shell, shell_on

EACH = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@pytest.fixture
def shell(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    with shell_on(case.site(), tmp_path, monkeypatch, capsys) as found:
        yield found


def read_first(case: Case) -> str:
    """The object that an action looks at, where that is not the one that it writes to."""
    return {"keda-pause": PRESS, "keda-resume": PRESS, "delete-stuck-pod": CAMERA}.get(
        case.words[0], case.path
    )


WHOLE: list[Any] = [
    {},
    [],
    None,
    "x",
    3,
    True,
    [{}],
    {"kind": "Status", "status": "Success"},
    {"metadata": None},
]
ODD: list[Any] = [None, [], "x", 7, {"a": 1}]
PLACES = ("metadata", "spec", "status", "metadata.uid", "metadata.resourceVersion", "metadata.annotations")
PARTS: list[tuple[str, Any]] = [(place, value) for place in PLACES for value in ODD]
PARTS += [
    ("spec.replicas", "x"),
    ("spec.replicas", -1),
    ("spec.replicas", []),
    ("spec.template", None),
    ("spec.template", []),
    ("spec.template", {}),
    ("spec.template.spec", None),
    ("spec.template.spec.containers", None),
    ("spec.template.spec.containers", "x"),
    ("spec.template.spec.containers", [None]),
    ("spec.template.spec.containers", [{}]),
    ("spec.template.metadata", "x"),
    ("spec.containers", [3]),
    ("spec.selector", []),
    ("spec.selector", {"matchExpressions": [{}]}),
    ("spec.paused", "yes"),
    ("spec.minReplicas", "x"),
    ("spec.maxReplicas", None),
    ("metadata.generation", "x"),
    ("metadata.ownerReferences", "x"),
    ("metadata.ownerReferences", [{}]),
    ("metadata.labels", []),
    ("status.conditions", "x"),
    ("status.replicas", "x"),
]
LISTS: list[Any] = [
    {},
    [],
    None,
    {"items": None},
    {"items": "x"},
    {"items": [None, 3, [], {}, {"metadata": None}, {"metadata": {"name": "a"}, "spec": []}]},
    {"metadata": None, "items": [{"metadata": {"name": "a", "ownerReferences": {}}}]},
    {"items": [{"metadata": {"name": "a"}, "spec": {"x": 1, "selector": 3}, "status": {"conditions": 3}}]},
]


def changed(there: dict[str, Any], part: str, value: Any) -> dict[str, Any]:
    """The object with another value in one place."""
    made = copy.deepcopy(there)
    *way, last = part.split(".")
    at = made
    for name in way:
        at = at.setdefault(name, {})
    at[last] = value
    return made


def answering(shape: Any, where: Callable[[Request], bool]) -> Callable[[Request], Answer | None]:
    """This shape, where that holds."""
    return lambda request: (200, shape) if where(request) else None


@EACH
def test_an_object_of_a_wrong_shape_ends_every_action_in_a_sentence(case: Case, shell: Shell) -> None:
    path = read_first(case)
    right = shell.site.objects[path]
    for shape in [*WHOLE, *(changed(right, *one) for one in PARTS)]:
        shell.site.instead = answering(shape, lambda request: request.path == path)
        told = shell.run(*case.words, "--dry-run")
        assert told.json["outcome"] in ("refused", "dry-run"), (shape, told.out)
        assert "unexpected" not in told.err
        assert shell.site.writes == []
        if shape in WHOLE:
            assert (told.code, told.json["outcome"]) == (2, "refused")
            assert "What the server answered is no " in told.json["error"]["sentence"]


@EACH
def test_a_list_of_a_wrong_shape_ends_no_action_in_a_defect(case: Case, shell: Shell) -> None:
    for shape in LISTS:
        shell.site.instead = answering(shape, lambda request: request.path not in shell.site.objects)
        told = shell.run(*case.words, "--dry-run")
        assert told.json["outcome"] in ("refused", "dry-run"), (shape, told.out)
        assert shell.site.writes == []


@EACH
def test_an_object_that_turns_odd_after_the_write_does_not_hide_that_it_was_accepted(
    case: Case, shell: Shell
) -> None:
    shell.site.instead = lambda request: (200, []) if shell.site.writes else None
    told = shell.run(*case.words, "--yes", "--timeout", "0.05")
    assert len(shell.site.writes) == 1
    assert told.json["outcome"] in ("pending", "reached"), told.out
    assert told.results == ["done"]


@pytest.mark.parametrize(
    "case", [CASES["scale"], CASES["image"], CASES["set-hpa"]], ids=["scale", "image", "set-hpa"]
)
def test_an_undo_of_an_object_of_a_wrong_shape_is_a_sentence_too(case: Case, shell: Shell) -> None:
    assert shell.run(*case.words, "--yes").code == 0
    right = shell.site.objects[case.path]
    for shape in [*WHOLE, *(changed(right, *one) for one in PARTS)]:
        shell.site.instead = answering(shape, lambda request: request.path == case.path)
        told = shell.run("undo", case.words[1], "--dry-run")
        assert told.json["outcome"] in ("refused", "dry-run"), (shape, told.out)
        assert shell.site.writes == []


@pytest.mark.parametrize("scale", [{}, {"spec": None, "status": {"replicas": None}}])
def test_numbers_left_out_of_a_scale_are_0(scale: Any) -> None:
    assert reading.numbers(scale) == (0, 0)


@pytest.mark.parametrize(
    "scale", [[], None, "x", {"spec": 3}, {"spec": {"replicas": "x"}}, {"status": {"replicas": -1}}]
)
def test_a_scale_of_another_shape_is_refused(scale: Any) -> None:
    with pytest.raises(ProtocolError, match="no Scale"):
        reading.numbers(scale)


def test_nulls_mean_the_same_as_absent_fields() -> None:
    there = f.deployment("press", "line-2")
    there["spec"]["paused"] = None
    there["metadata"]["annotations"] = None
    found = reading.an_object("Deployment", there)
    assert "annotations" not in found["metadata"] and "paused" not in found["spec"]

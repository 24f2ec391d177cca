"""Commands on several objects: asked once or one after the other, what one of them meets, and what is told of all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.cli import act
from edgetui.actions.messages import Receipt
from edgetui.model.identity import ObjectKey, ObjectRef
from tests.unit.model import factories as f

from .every_action import PRESS, healthy
from .site import Shell, Site, shell_on


@pytest.fixture
def nodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    site = Site(f.node("line-2-a"), f.node("line-2-b"), f.node("line-2-c", cordoned=True))
    with shell_on(site, tmp_path, monkeypatch, capsys) as found:
        yield found


@pytest.fixture
def press(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    site = healthy()
    made = f.deployment("oven", "line-2", generation=4, observed=4, revision=2, image="oven:2")
    made["spec"]["paused"] = False
    site.objects[site.path(made)] = made
    with shell_on(site, tmp_path, monkeypatch, capsys) as found:
        yield found


def test_all_are_in_one_question_and_one_that_is_not_there_is_told_in_it(nodes: Shell) -> None:
    told = nodes.run("cordon", "line-2-a", "none", "line-2-b", "--yes", options=())
    assert told.code == 1
    assert sorted(nodes.site.writes) == ["PATCH /api/v1/nodes/line-2-a", "PATCH /api/v1/nodes/line-2-b"]
    assert told.err.count("This will:") == 1
    assert "There is no node none" in told.err + told.out


def test_a_dry_run_in_turn_says_each_and_writes_none(press: Shell) -> None:
    told = press.run("pause", "deploy/press", "deploy/oven", "--dry-run", options=())
    assert (told.code, press.site.writes) == (0, [])
    assert told.out.splitlines() == [
        "Pause deployment press in line-2 on plant (server dry run)",
        "Pause deployment oven in line-2 on plant (server dry run)",
    ]
    assert told.err.endswith("Dry run: nothing was changed.\n")


def test_a_dry_run_with_one_that_is_refused_is_a_failure(press: Shell) -> None:
    told = press.run("pause", "deploy/press", "deploy/none", "--dry-run", options=())
    assert (told.code, press.site.writes) == (1, [])
    assert "There is no deployment none" in told.out


def changes(shell: Shell) -> None:
    """Somebody else changes the press while the plan is read."""

    def touched() -> None:
        shell.site.touch(PRESS, spec=True)
        shell.site.objects[PRESS]["spec"]["paused"] = True

    shell.site.before_write = touched


def test_one_that_changed_meanwhile_stops_no_other(press: Shell) -> None:
    changes(press)
    told = press.run("pause", "deploy/press", "deploy/oven", "--yes")
    first, second = told.json["data"]["objects"]
    assert (told.code, first["ok"], second["ok"]) == (1, False, True)
    assert first["data"] == {"refused": True, "cancelled": False}
    assert [one for one in press.site.writes if "oven" in one]


def test_alone_it_is_asked_about_and_without_a_person_refused(press: Shell) -> None:
    changes(press)
    told = press.run("pause", "deploy/press", "--yes")
    assert told.code == 1
    sentence = told.json["error"]["sentence"]
    assert told.err.count(sentence) == 1, "said when it was seen, and in the JSON at the end"


@pytest.mark.parametrize(
    ("target", "where"),
    [
        (
            ObjectRef(ObjectKey("plant", "Pod", "line-2", "press-x"), "u", "7"),
            {"kind": "Pod", "namespace": "line-2", "name": "press-x"},
        ),
        (None, None),
    ],
)
@pytest.mark.parametrize(("ok", "pending"), [(True, False), (False, True)])
def test_a_receipt_of_several_is_plain(target: ObjectRef | None, where: Any, ok: bool, pending: bool) -> None:
    receipt = Receipt("scale", "plant", target, ok, ("a", "b"), {"to": 6}, pending)
    assert act._plain(receipt) == {
        "object": where,
        "ok": ok,
        "pending": pending,
        "lines": ["a", "b"],
        "data": {"to": 6},
    }

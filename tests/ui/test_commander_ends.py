"""Lines behind `:` that are about marks, nodes and rollouts, or lead out of the screen; all of it is noted."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import row_of
from edgetui.ui.background.followed_rollout import FollowedRollout
from edgetui.ui.command_line import commander as module
from edgetui.ui.screens import control_plane, unplug
from tests.unit.model import factories as f

from .test_commander import EDGE, OVEN, POD, PRESS, Desk, flash


def row(key: ObjectKey) -> Any:
    return SimpleNamespace(key=key, uid=f"uid-{key.name}", resource_version="7")


def test_an_action_on_marked_objects_begins_where_all_of_them_are_seen() -> None:
    desk = Desk()
    desk.table.marks = SimpleNamespace(rows=lambda: [row(POD), row(OVEN)], hidden=0)
    desk.line.act_on_marked("restart", "x")
    refs = [ObjectRef(key, f"uid-{key.name}", "7") for key in (POD, OVEN)]
    assert desk.asked() == [("act_in_turn", "restart", refs, "x")]
    for hidden, marks in ((1, "1 mark was"), (2, "2 marks were")):
        desk.table.marks.hidden = hidden
        desk.line.act_on_marked("restart")
        said = f"{marks} hidden by the filter and taken away. Look, then press the key again."
        assert desk.asked() == [flash(said)]


@pytest.mark.parametrize(
    ("bare", "names", "asked"),
    [
        ("", ["press"], [("copy_to_clipboard", "press"), flash("press: sent to the terminal's clipboard.")]),
        (
            "",
            ["a", "b"],
            [("copy_to_clipboard", "a\nb"), flash("2 names: sent to the terminal's clipboard.")],
        ),
        ("", [], []),
        ("The console", ["press"], [flash("The console has no clipboard.")]),
        ("", ["a", "b\x07"], [flash("b  holds characters that cannot be seen: it is not copied.")]),
    ],
)
def test_names_are_copied_where_there_is_a_clipboard(bare: str, names: list[str], asked: list[Any]) -> None:
    desk = Desk(profile=SimpleNamespace(bare=bare))
    desk.line.copy(names)
    assert desk.asked() == asked


# -- nodes and clusters


def test_unplug_is_about_the_named_nodes_the_marked_ones_or_the_one_in_front() -> None:
    desk = Desk()
    with patch.object(unplug, "UnplugScreen", lambda *given: given):
        assert desk.run("unplug edge-1") == [("push_screen", ("plant", ("edge-1",)))]
        assert desk.run("unplug edge-9") == [flash("No node edge-9 is known.")]
        none = "That is no node; :unplug NODE names one, or mark some in the nodes pane."
        assert desk.run("unplug") == [flash(none)]
        desk.table.cursor = EDGE
        assert desk.run("unplug") == [("push_screen", ("plant", ("edge-1",)))]
        other = EDGE._replace(name="edge-2")
        desk.table.marks = SimpleNamespace(rows=lambda: [row(other), row(EDGE)], hidden=0)
        assert desk.run("unplug") == [("push_screen", ("plant", ("edge-2", "edge-1")))]
        desk.open(OVEN)
        assert desk.run("unplug") == [flash(none)], "the marks are not in front"
        desk.open(EDGE)
        assert desk.run("unplug") == [("push_screen", ("plant", ("edge-1",)))]


def test_the_control_plane_is_that_of_the_named_cluster_or_of_the_one_under_the_cursor() -> None:
    desk = Desk()
    with patch.object(control_plane, "ControlPlaneScreen", lambda cluster: cluster):
        assert desk.run("control-plane") == [("push_screen", "plant")]
        assert desk.run("control-plane van") == [("push_screen", "van")]
        assert desk.run("control-plane x") == [flash("No cluster x is shown; :clusters lists them.")]
        desk.table.cursor = EDGE._replace(cluster="van")
        assert desk.run("control-plane") == [("push_screen", "van")]
        desk.open(EDGE)
        assert desk.run("control-plane") == [("push_screen", "plant")]
        desk.app.stores = []
        assert desk.run("control-plane") == [flash("No cluster is shown; :clusters lists them.")]


# -- out of the screen


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (None, "The screen is in /there/x, readable by you alone."),
        (FileExistsError(), "x is there already; name another file."),
        (PermissionError(13, "Permission denied"), "x could not be written: Permission denied."),
        (ValueError("embedded null byte"), "x is not the name of a file."),
    ],
)
def test_the_screen_goes_to_a_file_or_it_is_said_why_not(
    problem: Exception | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[tuple[str, bytes]] = []

    def create(file: Any, data: bytes) -> None:
        if problem is not None:
            raise problem
        written.append((str(file), data))

    monkeypatch.setattr("edgetui.cluster.atomic_file.create_file", create)
    monkeypatch.setattr(module, "screen_text", lambda app: ["first", "sec\x1bond"])
    monkeypatch.setattr(Path, "absolute", lambda self: Path("/there") / self)
    desk = Desk()
    assert desk.run("dump x") == [flash(said)]
    if problem is None:
        ((file, data),) = written
        lines = data.decode().split("\n")
        assert (file, lines[0], lines[2:]) == ("/there/x", "first", [""])
        assert "\x1b" not in lines[1]
        assert desk.run("dump")[0][1].startswith("The screen is in /there/edgetui-2")


# -- the end of a rollout


def changed(desk: Desk, **more: Any) -> None:
    made = f.deployment("press", "line-2", replicas=2, **more)
    desk.stores[0].apply("Deployment", row_of("Deployment", made))
    desk.views["rollouts"].rebuild(float(f.NOW))


NOT_ONE = flash("That is no rollout; :rollouts shows them.")


def test_a_rollout_under_way_is_followed_once_to_its_end() -> None:
    desk = Desk()
    assert desk.run("notify") == [NOT_ONE]
    desk.table.cursor = POD
    assert desk.run("notify") == [NOT_ONE]
    desk.table.cursor = OVEN
    assert desk.run("notify") == [flash("Deployment oven is not rolling out.")]
    desk.table.cursor = PRESS
    for _ in range(2):
        assert desk.run("notify") == [flash("The terminal rings when deployment press has ended.")]
    (job,) = desk.jobs
    assert isinstance(job, FollowedRollout)
    assert (job.key, job.began, job.title) == (PRESS, 50.0, "Rollout of deployment press in line-2 on plant")
    desk.jobs.append(SimpleNamespace(over=True))
    desk.line.look_for_endings()
    assert desk.asked() == []
    changed(desk)
    desk.line.look_for_endings()
    said = "deployment press on plant: complete"
    assert desk.asked() == [("ring", said), flash(said)]
    assert len(desk.jobs) == 1, "only the other one is left"
    desk.line.look_for_endings()
    assert desk.asked() == []


def test_the_rollout_that_is_open_is_followed() -> None:
    desk = Desk()
    desk.open(PRESS)
    assert desk.run("notify") == [flash("The terminal rings when deployment press has ended.")]
    desk.open(POD)
    assert desk.run("notify") == [NOT_ONE]


@pytest.mark.parametrize(
    ("started", "now", "over", "says"),
    [
        ("moving", "moving", False, "1 of 2 updated"),
        ("moving", "complete", True, "complete"),
        ("moving", "stuck", True, "stuck"),
        ("moving", "gone", True, "is gone"),
        ("moving", "another", True, "is gone"),
        ("stuck", "stuck", False, "stuck"),
        ("stuck", "moving", False, "1 of 2 updated"),
        ("stuck", "complete", True, "complete"),
    ],
)
def test_a_rollout_has_ended_when_it_is_complete_has_failed_or_is_gone(
    started: str, now: str, over: bool, says: str
) -> None:
    states: dict[str, dict[str, Any]] = {
        "moving": {"updated": 1, "progressing": ("True", "ReplicaSetUpdated")},
        "complete": {},
        "stuck": {"updated": 1, "progressing": ("False", "ProgressDeadlineExceeded")},
        "another": {"updated": 1, "progressing": ("True", "ReplicaSetUpdated"), "uid": "another"},
    }
    desk = Desk()
    changed(desk, **states[started])
    desk.table.cursor = PRESS
    desk.run("notify")
    (job,) = desk.jobs
    if now == "gone":
        desk.stores[0].delete("Deployment", "line-2", "press", "")
        desk.views["rollouts"].rebuild(float(f.NOW))
    else:
        changed(desk, **states[now])
    assert (job.over, says in job.says) == (over, True), job.says
    assert (job.note, job.stops) == ("the terminal rings when its rollout has ended", "Ring no more")
    shown: list[ObjectKey] = []
    job._show = shown.append
    job.attend()
    assert shown == [PRESS]

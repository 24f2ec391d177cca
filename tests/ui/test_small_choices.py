"""What stands in a dialog at first, whose rights are asked for, and how a few clusters are named."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.actions.change.spec import spec_of
from edgetui.cluster.target import ClusterTarget
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.ui.action_flow import form_for_several
from edgetui.ui.run import _names

from .driving import running
from .fleet import plant

PRESS = ObjectKey("plant", "Deployment", "line-2", "press")


@pytest.mark.parametrize(("given", "number"), [({}, 1), ({"replicas": 0}, 0), ({"replicas": 7}, 7)])
async def test_one_number_for_several_begins_with_what_is_given(given: dict[str, int], number: int) -> None:
    async with running([plant()]) as screen:
        answers: list[Any] = []
        refs = [ObjectRef(PRESS, "", "")] * 2
        screen.app.push_screen(form_for_several(spec_of("scale"), "scale", refs, given), answers.append)
        await screen.pilot.pause()
        assert "Scale 2 objects" in screen.text()
        assert screen.text().count("deployment press in line-2 on plant") == 2
        await screen.press("enter")
        assert answers == [{"replicas": number}]


async def test_one_number_for_several_is_typed_or_stepped_to_and_given_by_enter_alone() -> None:
    async with running([plant()]) as screen:
        answers: list[Any] = []
        for keys in (("up", "up", "down", "enter"), ("backspace", "enter", "7", "enter"), ("5", "escape")):
            form = form_for_several(spec_of("scale"), "scale", [ObjectRef(PRESS, "", "")], {"replicas": 3})
            screen.app.push_screen(form, answers.append)
            await screen.pilot.pause()
            await screen.press(*keys)
        assert answers == [{"replicas": 4}, {"replicas": 7}, None]


@pytest.mark.parametrize(
    ("number", "said"), [(1, "a"), (2, "a, b"), (3, "a, b, c"), (4, "4 clusters"), (0, "")]
)
def test_up_to_three_clusters_are_named(number: int, said: str) -> None:
    assert _names([ClusterTarget(name=name, context=name) for name in "abcd"[:number]]) == said


async def test_rights_are_asked_for_the_object_on_which_the_cursor_rests_and_for_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running([plant()]) as screen:
        await screen.press("4")
        target = screen.app.main.target
        assert target is not None
        asked: list[str] = []
        monkeypatch.setattr(screen.app, "run_worker", lambda work, **more: asked.append(more["group"]))
        screen.app.flows._ask_rights(target.key._replace(name="another"))
        assert asked == []
        screen.app.flows._ask_rights(target.key)
        assert asked == ["rights"]


@pytest.mark.parametrize(
    ("size", "pane", "kinds"),
    [
        ((80, 24), "2", {"Pod"}),
        ((80, 24), "1", {"Node"}),
        ((80, 24), "3", set()),
        ((200, 50), "3", {"Pod", "Node"}),
    ],
)
async def test_the_kinds_on_the_screen_are_those_of_the_panes_that_it_has_room_for(
    size: tuple[int, int], pane: str, kinds: set[str]
) -> None:
    async with running([plant()], size=size) as screen:
        await screen.press(pane)
        assert screen.app.main.kinds_in_view & {"Node", "Pod"} == kinds

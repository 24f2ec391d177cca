"""Pause and resume: which of both is meant, what waits, what is warned of, and who else may resume it meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.actions.change.spec import Aim
from edgetui.actions.rollout import pause
from edgetui.model.identity import ObjectKey, ObjectRef
from tests.unit.model import factories as f

from .at_once import AtOnce
from .every_action import PRESS, healthy
from .site import Site

Json = dict[str, Any]
REF = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "", "")


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("action", ["pause", "resume"])
async def test_a_command_means_what_it_says_and_a_key_what_changes_something(
    action: str, paused: bool
) -> None:
    session = AtOnce(healthy(paused=paused))
    assert (await pause.read(Aim(action, session, REF))).which == action
    other = "resume" if paused else "pause"
    assert (await pause.read(Aim(action, session, REF, on_screen=True))).which == other
    assert (await pause.prepare(session, REF)).which == other
    assert (await pause.prepare(session, REF, "resume" if action == "resume" else "pause")).which == action


def waiting(*sets: tuple[str, int, int]) -> Site:
    """A paused deployment whose template is press:9, and ReplicaSets: their image, how many, how many available."""
    site = healthy(paused=True)
    made = site.objects[PRESS]
    made["spec"]["template"] = f.template("press:9")
    return Site(
        made,
        *(
            f.replica_set(
                made, image.replace(":", "-"), revision=at, replicas=number, available=up, image=image
            )
            for at, (image, number, up) in enumerate(sets, 1)
        ),
    )


@pytest.mark.parametrize(
    ("sets", "old"),
    [
        ([("press:1", 3, 3)], "press:1"),
        ([("press:1", 3, 1), ("press:2", 3, 2)], "press:2"),
        ([("press:1", 3, 2), ("press:2", 3, 1)], "press:1"),
        ([("press:1", 3, 0)], ""),
        ([], ""),
    ],
)
async def test_what_waits_is_the_difference_to_what_serves_most(
    sets: list[tuple[str, int, int]], old: str
) -> None:
    session = AtOnce(waiting(*sets))
    view = await pause.explain(Aim("resume", session, REF), await pause.read(Aim("resume", session, REF)))
    lines = (f"- containers[app].image: {old}", "+ containers[app].image: press:9") if old else ()
    assert view.waiting == lines
    nothing = ("Nothing waits: its template is the one that runs.",)
    assert pause.change(session, view, False).warnings == (() if old else nothing)
    again = await pause.read(Aim("pause", session, REF))
    assert (await pause.explain(Aim("pause", session, REF), again)).waiting == ()


HOLDS = "While it is paused a new template does not roll out, and no deadline is judged."


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({}, (HOLDS,)),
        ({"updatedReplicas": 1, "replicas": 3},
         (HOLDS, "Its rollout stays half done: 1 new pod beside 2 old ones.")),
        ({"updatedReplicas": 2, "replicas": 3},
         (HOLDS, "Its rollout stays half done: 2 new pods beside 1 old one.")),
        ({"updatedReplicas": 3, "replicas": 3, "availableReplicas": 2}, (HOLDS,)),
        ({"updatedReplicas": 3, "replicas": 4},
         (HOLDS, "Its rollout stays half done: 3 new pods beside 1 old one.")),
    ],
)  # fmt: skip
async def test_what_a_pause_leaves_half_done(status: Json, said: tuple[str, ...]) -> None:
    site = healthy()
    site.objects[PRESS]["status"] |= status
    session = AtOnce(site)
    view = await pause.read(Aim("pause", session, REF))
    change = pause.change(session, view, True)
    assert change.warnings == said
    assert change.applied({"spec": {"paused": True}}) and not change.applied({"spec": {}})

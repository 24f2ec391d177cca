"""The key that pauses also resumes: it does what changes something, and says what has waited."""

from __future__ import annotations

import pytest

from edgetui.actions.rollout import pause
from edgetui.model.identity import ObjectKey, ObjectRef

from .every_action import PRESS, healthy
from .scripted import scripted

REF = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "", "")


@pytest.mark.parametrize(("paused", "which"), [(False, "pause"), (True, "resume")])
async def test_it_is_whichever_the_deployment_is_not(paused: bool, which: str) -> None:
    async with scripted(healthy(paused=paused).answer) as (_, session):
        assert (await pause.prepare(session, REF)).which == which


async def test_a_resume_shows_what_has_waited_as_a_difference_to_what_serves() -> None:
    site = healthy(paused=True)
    site.objects[PRESS]["spec"]["template"]["spec"]["containers"][0]["image"] = "press:9"
    async with scripted(site.answer) as (_, session):
        view = await pause.prepare(session, REF)
    assert view.waiting == ("- containers[app].image: press:2", "+ containers[app].image: press:9")

"""A workload as actions on its template see it: who else writes it, what follows, and who refuses it."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.actions.messages import Refusal
from edgetui.actions.rollout.pods import readable, selected, why_not_ready
from edgetui.actions.rollout.workload import (
    LAST_APPLIED,
    others,
    read_workload,
    refuse_paused,
    slow_to_follow,
)
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import row_of
from tests.unit.model import factories as f

from .at_once import AtOnce, told
from .every_action import PRESS, controlled, healthy
from .site import Site

Json = dict[str, Any]
REF = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "", "")
PRESS_LINE = {"kind": "Press", "name": "line", "uid": "u", "controller": True}
BELONGS = "It belongs to Press line, whose controller may bring its own version back."
APPLIED = "It was made with kubectl apply: applying the same file again undoes this."


@pytest.mark.parametrize(
    ("metadata", "notes"),
    [
        ({}, ()),
        ({"annotations": None, "ownerReferences": None}, ()),
        ({"ownerReferences": [PRESS_LINE]}, (BELONGS,)),
        ({"ownerReferences": [{**PRESS_LINE, "controller": False}]}, ()),
        ({"ownerReferences": [{"kind": "Press", "name": "line"}]}, ()),
        ({"annotations": {LAST_APPLIED: "{}"}}, (APPLIED,)),
        ({"annotations": {"other": "{}"}}, ()),
        ({"annotations": {LAST_APPLIED: ""}, "ownerReferences": [PRESS_LINE]}, (BELONGS, APPLIED)),
    ],
)
def test_who_else_writes_it(metadata: Json, notes: tuple[str, ...]) -> None:
    assert others({"metadata": metadata}) == notes


ON_DELETE = "Its update strategy is OnDelete: each pod keeps what it runs until you delete it."
YURT = {"apps.openyurt.io/update-strategy": "ota"}


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (f.deployment("press"), ()),
        (f.stateful_set("press"), ()),
        (f.stateful_set("press", strategy="OnDelete"), (ON_DELETE,)),
        (f.stateful_set("press", partition=None), ()),
        (
            f.stateful_set("press", partition=1),
            ("Its partition is 1: pods below ordinal 1 keep what they run.",),
        ),
        (f.daemon_set("press"), ()),
        (f.daemon_set("press", strategy="OnDelete"), (ON_DELETE,)),
        (
            f.daemon_set("press", strategy="OnDelete", annotations=YURT),
            ("OpenYurt updates it over the air: each pod keeps what it runs until its site asks for it.",),
        ),
        (
            f.daemon_set(
                "press", strategy="OnDelete", annotations={next(iter(YURT)): "AdvancedRollingUpdate"}
            ),
            (),
        ),
    ],
)
def test_which_pods_a_new_template_does_not_reach(made: Json, said: tuple[str, ...]) -> None:
    row: Any = row_of(made["kind"], made)
    assert slow_to_follow(row) == said


async def test_what_is_read_of_it() -> None:
    site = healthy(annotations={LAST_APPLIED: "{}"})
    there = site.objects[PRESS]
    view = await read_workload(AtOnce(site), "restart", REF)
    metadata = there["metadata"]
    assert view.ref == ObjectRef(REF.key, metadata["uid"], metadata["resourceVersion"])
    assert (view.selector, view.notes) == ("app=press", (APPLIED,))
    assert view.there["spec"] == there["spec"]
    assert view.template == there["spec"]["template"]
    assert (view.words, view.where) == ("deployment press", "deployment press in line-2 on plant")
    set_ref = ObjectRef(ObjectKey("plant", "StatefulSet", "line-2", "camera"), "", "")
    assert (await read_workload(AtOnce(controlled("StatefulSet")), "restart", set_ref)).selector == ""


async def test_what_an_action_refuses() -> None:
    session = AtOnce(healthy(paused=True))
    view = await read_workload(session, "restart", REF)
    with pytest.raises(Refusal) as refused:
        refuse_paused(session, view, "it would wait")
    assert told(refused.value) == (
        "Refusal: Deployment press is paused: it would wait. "
        "Resume it first: edgetui resume deployment/press --context plant -n line-2"
    )
    running = await read_workload(AtOnce(healthy()), "restart", REF)
    assert refuse_paused(session, running, "it would wait") is None  # type: ignore[func-returns-value]
    for action, ref, words in (
        (
            "restart",
            ObjectRef(ObjectKey("plant", "Pod", "line-2", "press"), "", ""),
            "Restart does not work on a Pod",
        ),
        (
            "restart",
            ObjectRef(REF.key._replace(name="weld"), "", ""),
            "There is no deployment weld in line-2",
        ),
        ("restart", ObjectRef(REF.key, "another", ""), "that was shown is gone"),
    ):
        with pytest.raises(Refusal, match=words):
            await read_workload(session, action, ref)


async def test_the_pods_that_only_explain() -> None:
    owner = f.replica_set(f.deployment("press", "line-2"), "new")
    bad, good = f.image_pull("press-1", "line-2", owner=owner), f.pod("press-2", "line-2", owner=owner)
    site = Site(bad, good)
    session = AtOnce(site)
    assert [one.name for one in await selected(session, "line-2", "app=press")] == ["press-1", "press-2"]
    assert [one.query for one in site.requests] == [{"labelSelector": "app=press"}]
    assert await why_not_ready(session, "line-2", "app=press") == "Image press:2 not found (1 pod)."
    assert await why_not_ready(AtOnce(Site(good)), "line-2", "app=press") == ""
    site.hidden = frozenset({"pods"})
    site.objects.clear()
    assert await readable(session, "line-2", "app=press") == []
    assert await why_not_ready(session, "line-2", "app=press") == ""
    with pytest.raises(EdgetuiError):
        await selected(session, "line-2", "app=press")

"""Which action works on what, in which words; and what a job says of itself where nobody has said anything.

`pytest tests/ui/test_what_works_where.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

from typing import Any

from syrupy.assertion import SnapshotAssertion

from edgetui.actions.catalogue import ACTIONS
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.ui.action_keys import ActionKeys
from edgetui.ui.background.job import BackgroundJob
from tests.unit.model import factories as f

from .driving import Screen, running
from .test_dialogs import REF

OUT = "node.kubernetes.io/out-of-service"


def site() -> Store:
    """One object of every sort, and each state in which a key means something else."""
    paused = f.deployment("paused")
    paused["spec"]["paused"] = True
    lost = f.node("lost", ready="Unknown")
    out = f.node("out", ready="Unknown")
    out["spec"]["taints"] = [{"key": OUT, "effect": "NoExecute"}]
    return f.store_of(
        f.deployment("press"), paused, f.stateful_set("data"), f.daemon_set("agent"), f.pod("alone"),
        f.service("press"), f.autoscaler("press"), f.node("ready"), f.node("cordoned", cordoned=True), lost, out,
    )  # fmt: skip


def keys_on(screen: Screen) -> ActionKeys:
    keys = screen.app.action_keys
    assert isinstance(keys, ActionKeys)
    return keys


def told(keys: ActionKeys, key: ObjectKey | None) -> str:
    """The actions that work on an object, each by its label, and why others do not where that is not their kind."""
    found = []
    for action in ACTIONS.values():
        meant, why = keys.meant(action, key), keys.why_not(action, key)
        name = action.id if meant is action else f"{action.id} -> {meant.id}"
        if why is None:
            found.append(f"{name} “{keys.label(action, key)}”")
        elif not why.short.startswith("not on a"):
            found.append(f"{name} ({why.short}: {why.sentence})")
    return "\n  ".join(found)


async def test_which_action_works_on_what(snapshot: SnapshotAssertion) -> None:
    store = site()
    keys_of = [
        ObjectKey("plant", kind, row.namespace, row.name)
        for kind in (
            "Deployment",
            "StatefulSet",
            "DaemonSet",
            "Pod",
            "Service",
            "HorizontalPodAutoscaler",
            "Node",
        )
        for row in sorted(store.rows(kind), key=lambda one: one.name)
    ]
    async with running([store]) as screen:
        keys = keys_on(screen)
        found = [f"{key.kind} {key.name}\n  {told(keys, key)}" for key in keys_of]
    assert "\n".join(found) == snapshot(name="usual")
    async with running([store], read_only=True) as screen:
        for key in (*keys_of, None):
            assert {why.short for one in ACTIONS.values() if (why := keys_on(screen).why_not(one, key))} == {
                "read-only"
            }
    async with running([store]) as screen:
        assert {one.short for act in ACTIONS.values() if (one := keys_on(screen).why_not(act, None))} == {
            "no row"
        }


def test_a_job_of_which_nothing_is_said_claims_nothing() -> None:
    job = BackgroundJob("A job", 5.0)
    said: tuple[Any, ...] = (job.says, job.ended, job.badge, job.urgent, job.note, job.stops, job.at_exit)
    assert said == ("", False, None, False, "", "", "")
    assert not job.toggled_by("guard")
    assert not job.stands_for("guard")
    assert (job.title, job.began, job.waits, job.about) == ("A job", 5.0, "", frozenset())


async def test_only_of_a_read_that_runs_it_is_said_how_long() -> None:
    async with running([f.store_of(f.pod("alone"))]) as screen:
        job = screen.app.flows.job("scale", REF)
        job._asked_at -= 60
        job.tick()
        assert screen.app.main.footer.message == ""
        job.reading = "press"
        job.left = True
        job.tick()
        assert screen.app.main.footer.message == ""
        job.left = False
        job.tick()
        assert screen.app.main.footer.message == "reading press… 60 s  esc cancels"

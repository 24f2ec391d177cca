"""Promotions of an Argo Rollout where `kubectl argo rollouts promote` has a rule of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.actions.rollout import argo as argo_actions
from edgetui.actions.rollout.argo_undo import ArgoRevision
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import row_of
from edgetui.model.kinds.rollout import ArgoRolloutRow
from tests.unit.model.test_rollout_kind import rollout

from .every_action import ROLLOUT, argo
from .site import shell_on

INCONCLUSIVE = {
    "pauseConditions": [{"reason": "InconclusiveAnalysisRun", "startTime": "2026-11-28T10:00:00Z"}],
    "message": "InconclusiveAnalysisRun",
    "canary": {"currentStepAnalysisRunStatus": {"name": "press-7f-2-1", "status": "Inconclusive"}},
}


def test_what_an_inconclusive_analysis_holds_goes_on_to_the_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """The cleared pause alone would run the same analysis again."""
    site = argo(INCONCLUSIVE)
    with shell_on(site, tmp_path, monkeypatch, capsys) as shell:
        assert shell.run("promote", "ro/press", "--yes").code == 0
        (write,) = [
            one
            for one in site.requests
            if one.line == f"PATCH {ROLLOUT}/status" and "dryRun" not in one.query
        ]
    assert write.body["status"] == {
        "pauseConditions": None,
        "controllerPause": False,
        "currentStepIndex": 2,
    }


HEALTHY_AT_LAST = {"phase": "Healthy", "stable": "7f", "newest": "7f", "step": 5}
HALF = {"phase": "Progressing", "stable": "6d", "newest": "7f", "step": 1}
PAUSED = HALF | {"phase": "Paused", "pauses": ("CanaryPauseStep",)}
NO_STEPS = {"phase": "Progressing", "stable": "6d", "newest": "7f", "step": None}


@pytest.mark.parametrize(
    ("action", "before", "now", "done", "failed"),
    [
        ("promote", PAUSED, PAUSED, False, False),
        ("promote", PAUSED, HALF, False, False),
        ("promote", PAUSED, HALF | {"step": 2}, True, False),
        ("promote", PAUSED, HALF | {"step": 2, "message": "waiting for rollout to unpause"}, False, False),
        ("promote", HEALTHY_AT_LAST, HEALTHY_AT_LAST, True, False),
        ("promote", NO_STEPS | {"pauses": ("BlueGreenPause",)}, NO_STEPS, True, False),
        ("promote", NO_STEPS, NO_STEPS | {"pauses": ("BlueGreenPause",)}, False, False),
        ("promote", PAUSED, HALF | {"aborted": True}, False, True),
        ("promote", PAUSED, HALF | {"phase": "Degraded"}, False, True),
        ("promote-full", PAUSED, HALF | {"step": 5}, False, False),
        ("promote-full", PAUSED, HEALTHY_AT_LAST | {"phase": "Progressing"}, False, False),
        ("promote-full", PAUSED, HALF | {"phase": "Healthy"}, False, False),
        ("promote-full", PAUSED, HEALTHY_AT_LAST, True, False),
        ("abort", HALF, HALF | {"aborted": True}, False, False),
        ("abort", HALF, HALF | {"phase": "Degraded"}, False, False),
        ("abort", HALF, HALF | {"phase": "Degraded", "aborted": True}, True, False),
        ("rollout-retry", HALF, HALF | {"aborted": True}, False, False),
        ("rollout-retry", HALF, HALF | {"phase": "Degraded"}, False, False),
        ("rollout-retry", HALF, HALF, True, False),
    ],
)
def test_how_far_its_controller_is(action: str, before: Any, now: Any, done: bool, failed: bool) -> None:
    ref = ObjectRef(ObjectKey("plant", "Rollout", "line-2", "press"), "uid-1", "7")
    row = row_of("Rollout", rollout())
    assert isinstance(row, ArgoRolloutRow)
    row = replace(row, message="", pauses=(), aborted=False)
    view = argo_actions.ArgoView(ref, action, replace(row, **before), {})
    seen = argo_actions._observed(view, replace(row, **now))
    assert (seen.done, seen.failed, seen.final) == (done, failed, False)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, "no image"),
        ({"containers": []}, "no image"),
        ({"containers": [{"image": "press:2"}, {"name": "log"}]}, "press:2, "),
        ({"containers": [{"image": "press:2"}, {"image": "log:1"}]}, "press:2, log:1"),
    ],
)
def test_the_images_of_a_revision_in_words(spec: Any, words: str) -> None:
    assert ArgoRevision(2, "press-7f", "uid", "7f", {"spec": spec}, True, True).images == words


@pytest.mark.parametrize("action", ["promote", "promote-full"])
def test_what_is_paused_by_hand_is_resumed_first(
    action: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    site = argo(paused=True)
    with shell_on(site, tmp_path, monkeypatch, capsys) as shell:
        told = shell.run(action, "ro/press", "--yes")
    assert told.code == 1 and site.writes == []
    assert "edgetui rollout-resume" in told.out

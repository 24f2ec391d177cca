"""Promotions of an Argo Rollout where `kubectl argo rollouts promote` has a rule of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

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


@pytest.mark.parametrize("action", ["promote", "promote-full"])
def test_what_is_paused_by_hand_is_resumed_first(
    action: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    site = argo(paused=True)
    with shell_on(site, tmp_path, monkeypatch, capsys) as shell:
        told = shell.run(action, "ro/press", "--yes")
    assert told.code == 1 and site.writes == []
    assert "edgetui rollout-resume" in told.out

"""The commands for Argo Rollouts on its real controller, beside `kubectl argo rollouts` on a twin; guards on it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgetui.model.kinds import row_of
from edgetui.model.kinds.rollout import ROLLOUT, ArgoRolloutRow
from edgetui.model.rollout.guard import Phase, Terms

from . import workloads as w
from .acting import until, watched
from .argo import Json, Press, controller, plugin
from .assets import Assets
from .cluster import ControlPlane
from .commanding import Command
from .conftest import Boot
from .guarding import BRIEFLY, TERMS, Trial
from .waiting import eventually

UNDO = Terms(TERMS.patience, TERMS.after, undo=True)
KINDS = (ROLLOUT, "ReplicaSet", "Pod", "Node")
GOOD = f"{w.REGISTRY}/app:1.0"


@pytest.fixture(scope="module")
def site(boot: Boot, control_plane_assets: Assets) -> Iterator[ControlPlane]:
    """A cluster with that controller."""
    cluster = boot("argo", nodes=2)
    with controller(cluster, control_plane_assets):
        yield cluster


@pytest.fixture
def space(site: ControlPlane) -> Iterator[str]:
    with site.namespace("ours") as name:
        yield name


@pytest.fixture
def on(
    site: ControlPlane,
    space: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    """Commands on that namespace."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return Command(capsys, "--kubeconfig", str(site.kubeconfig()), "-n", space)


PENDING = 3


class Twins:
    """A Rollout that edgetui's commands work on, and one with the same history that the plugin works on."""

    def __init__(
        self, site: ControlPlane, assets: Assets, on: Command, ours: str, theirs: str, **made: Any
    ) -> None:
        self._site, self._assets, self._on = site, assets, on
        self.ours, self.theirs = Press(site, ours, **made), Press(site, theirs, **made)

    def release(self, image: str) -> None:
        """The same release for both."""
        self.ours.release(image)
        self.theirs.release(image)

    def do(self, command: str, plugin_words: str, *more: str, code: int = 0) -> None:
        """One action on each; ours ends with this exit code."""
        plugin(self._site, self._assets, self.theirs.namespace, *plugin_words.split())
        said = self._on.agreed(*command.split(), "ro/press", *more)
        assert said.code == code, said

    def agree(self, phase: str, **more: Any) -> Json:
        """Wait until both are there; everything else is the same, and so is what is said of it."""
        self.theirs.reaches(phase, **more)
        found = self.ours.reaches(phase, **more)
        eventually(
            lambda: (found := self.ours.state) == self.theirs.state and found["observed"],
            within=30,
            what=f"twins in the same state, {self.ours.state} and {self.theirs.state}",
        )
        row = row_of(ROLLOUT, self.ours.there)
        assert isinstance(row, ArgoRolloutRow)
        said = plugin(
            self._site, self._assets, self.theirs.namespace, "status", "press", "--watch=false"
        ).strip()
        assert said == (row.phase if row.phase in ("Healthy", "Degraded") else row.kubectl)
        return found


@pytest.fixture
def twins(site: ControlPlane, control_plane_assets: Assets, on: Command, space: str) -> Iterator[Twins]:
    with site.namespace("theirs") as theirs:
        yield Twins(site, control_plane_assets, on, space, theirs)


def test_steps_promotions_a_pause_an_abort_a_retry_and_undo_are_those_of_the_plugin(twins: Twins) -> None:
    twins.release("app:2.0")
    twins.agree("Paused", currentStepIndex=1, pauses=["CanaryPauseStep"])
    twins.do("promote", "promote press")
    twins.agree("Paused", currentStepIndex=3, pauses=["CanaryPauseStep"])
    twins.do("rollout-pause", "pause press")
    twins.agree("Paused", currentStepIndex=3, paused=True)
    twins.theirs.cluster.api.patch(twins.theirs.path, {"spec": {"paused": False}})
    assert twins._on.agreed("rollout-resume", "ro/press").code == 0
    twins.agree("Paused", currentStepIndex=3, paused=False)
    twins.do("abort", "abort press")
    found = twins.agree("Degraded", abort=True, currentStepIndex=0)
    assert found["message"].startswith("RolloutAborted")
    twins.do("rollout-retry", "retry rollout press")
    twins.agree("Paused", currentStepIndex=1, abort=False)
    twins.do("promote-full", "promote press --full")
    twins.agree("Healthy", currentStepIndex=6, image=f"{w.REGISTRY}/app:2.0")
    twins.do("rollout-undo", "undo press", "--timeout", "20s", code=PENDING)
    twins.agree("Paused", currentStepIndex=1, image=GOOD)
    twins.do("rollout-undo", "undo press --to-revision=2", "--to-revision", "2")
    twins.agree("Healthy", image=f"{w.REGISTRY}/app:2.0", ready=4)


def test_a_step_that_does_not_pause_is_skipped_as_the_plugin_does(
    site: ControlPlane, control_plane_assets: Assets, on: Command, space: str
) -> None:
    """A canary that cannot start holds its step up."""
    with site.namespace("theirs") as theirs:
        steps = [{"setWeight": 25}, {"setWeight": 50}, {"pause": {}}]
        twins = Twins(site, control_plane_assets, on, space, theirs, steps=steps)
        twins.release("bad:2.0")
        twins.agree("Progressing", currentStepIndex=0, updated=1)
        twins.do("promote", "promote press")
        twins.agree("Progressing", currentStepIndex=1, updated=2)


async def guarded(
    site: ControlPlane, space: str, image: str, directory: Path, terms: Terms
) -> tuple[Trial, Press]:
    """Guard a Rollout, release an image, and wait for the end."""
    press = await asyncio.to_thread(Press, site, space)
    async with watched(site.kubeconfig(), *KINDS) as session:
        trial = await Trial.begin(session, ROLLOUT, space, "press", directory / "audit", terms=terms)
        await trial.reach(Phase.WATCHING)
        await asyncio.to_thread(press.release, image)
        await trial.end()
    return trial, press


@pytest.mark.parametrize(
    ("terms", "action", "phase", "image"),
    [
        (TERMS, "abort", "Degraded", f"{w.REGISTRY}/bad:2.0"),
        (UNDO, "rollout-undo", "Healthy", GOOD),
    ],
)
async def test_a_guard_aborts_a_bad_canary_or_puts_its_template_back(
    site: ControlPlane, space: str, tmp_path: Path, terms: Terms, action: str, phase: str, image: str
) -> None:
    trial, press = await guarded(site, space, "bad:2.0", tmp_path, terms)
    (write,) = trial.writes
    assert write["action"] == action
    assert "image registry.local/bad:2.0 not found" in write["guard"]["evidence"][0]
    ending = await trial.end()
    assert ending.receipt is not None and ending.receipt.ok, ending
    found = await asyncio.to_thread(press.reaches, phase, ready=4)
    assert (found["image"], found["abort"]) == (image, action == "abort")


async def test_what_an_analysis_aborts_gets_its_template_back_only_where_that_was_agreed(
    site: ControlPlane, space: str, tmp_path: Path
) -> None:
    metric = {
        "name": "reachable",
        "consecutiveErrorLimit": 0,
        "provider": {"web": {"url": "http://127.0.0.1:1/", "timeoutSeconds": 1}},
    }
    template = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": {"name": "reachable"},
        "spec": {"metrics": [metric]},
    }
    path = f"/apis/argoproj.io/v1alpha1/namespaces/{space}/analysistemplates"
    site.api.create(path, template)
    steps = [{"setWeight": 25}, {"analysis": {"templates": [{"templateName": "reachable"}]}}]
    press = await asyncio.to_thread(Press, site, space, steps=steps)
    async with watched(site.kubeconfig(), *KINDS) as session:
        left = await Trial.begin(session, ROLLOUT, space, "press", tmp_path / "left")
        back = await Trial.begin(session, ROLLOUT, space, "press", tmp_path / "back", terms=UNDO)
        await until(lambda: left.states and back.states, within=BRIEFLY, what="both look")
        await asyncio.to_thread(press.release, "app:2.0")
        ended = await left.end()
        assert "its update is aborted, the stable revision serves" in ended.sentence
        assert left.writes == []
        ending = await back.end()
    assert ending.receipt is not None and ending.receipt.ok, ending
    (write,) = back.writes
    assert write["guard"]["evidence"][0].startswith("RolloutAborted: ")
    await asyncio.to_thread(press.reaches, "Healthy", image=GOOD)

"""What an action says of itself in each state that it can be in."""

from __future__ import annotations

from itertools import product

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.messages import Step
from edgetui.cluster.errors import LinkError
from edgetui.ui.background.action import HOLD, ActionJob
from edgetui.ui.dialogs.progress import Progress

from .driving import running
from .fleet import plant
from .test_dialogs import REF

PROGRESS = ("", "started", "stepped", "failed")


def said(job: ActionJob) -> str:
    badge = " ".join(job.badge) if job.badge is not None else ""
    return (
        f"says {job.says!r}, badge {badge!r}, stops {job.stops!r}, {job.at_exit[:7]!r} at exit; "
        f"running {job.running}, ended {job.ended}, holds keys {job.holds_keys}, "
        f"stands for {job.stands_for(job.action_id)}"
    )


async def test_an_action_in_each_state(snapshot: SnapshotAssertion) -> None:
    async with running([plant()]) as screen:
        for action in ("scale", "guard", "rotate"):
            job = screen.app.flows.job(action, REF)
            found = []
            for state in product(
                (False, True), (False, True), ("", "waits for you"), ("", "press"), PROGRESS
            ):
                job.confirmed, job.left, job.waits, job.reading, progress = state
                job.progress = Progress("Scale", screen.app.monotonic) if progress else None
                if job.progress is not None and progress != "started":
                    job.progress.step(Step("Setting it", "doing"))
                if job.progress is not None and progress == "failed":
                    job.progress.fail(LinkError("The link is down."))
                names = ("confirmed", "left", "waits", "reads")
                are = [name for name, value in zip(names, state[:4], strict=True) if value]
                found.append(f"{' '.join([*are, progress]).strip() or 'new'}: {said(job)}")
            assert "\n".join(found) == snapshot(name=action)


@pytest.mark.parametrize("since", ["the key", "a read"])
async def test_keys_are_held_for_a_moment_for_the_dialog_that_opens(
    since: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running([plant()]) as screen:
        clock = [100.0]
        monkeypatch.setattr(ActionJob, "_now", staticmethod(lambda: clock[0]))
        job = screen.app.flows.job("scale", REF)
        if since == "a read":
            clock[0] += 30
            held: list[bool] = []

            async def read() -> None:
                for at in (0.0, HOLD - 0.01, HOLD):
                    clock[0] = 130 + at
                    held.append(job.holds_keys)

            await job.read("press", read())
            assert held == [True, True, False]
            return
        for at, holds in ((0.0, True), (HOLD - 0.01, True), (HOLD, False)):
            clock[0] = 100 + at
            assert job.holds_keys is holds
        clock[0] = 100.0
        job.opening = False
        assert not job.holds_keys

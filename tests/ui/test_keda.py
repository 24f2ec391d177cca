"""KEDA on the screen: paused from the scale dialog at the typed number, let go on again, and said so after that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgetui.model.autoscaling.vpa_keda import PAUSED, PAUSED_AT
from edgetui.model.kinds import row_of
from tests.unit.actions.scripted import Answer, Request, scripted
from tests.unit.model import factories as f

from .driving import Screen, running
from .fleet import plant
from .test_guarding import Site, until_shown


class Queue:
    """The press of the plant and the ScaledObject that scales it; its operator answers at once."""

    def __init__(self) -> None:
        self.press = f.deployment("press", "line-2", replicas=6, revision=8, generation=9)
        self.notes: dict[str, str] = {}

    @property
    def scaled(self) -> dict[str, Any]:
        paused = {"type": "Paused", "status": str(bool(self.notes))}
        return {
            "metadata": {
                "name": "by-queue",
                "uid": "uid-q",
                "resourceVersion": "5",
                "annotations": self.notes,
            },
            "spec": {"scaleTargetRef": {"name": "press"}, "minReplicaCount": 1, "maxReplicaCount": 8},
            "status": {"conditions": [{"type": "Ready", "status": "True"}, paused]},
        }

    def answer(self, request: Request) -> Answer:
        if request.method == "PATCH" and "dryRun" not in request.query:
            changed = request.body["metadata"]["annotations"]
            self.notes = {k: v for k, v in (self.notes | changed).items() if v is not None}
            if number := self.notes.get(PAUSED_AT):
                self.press["spec"]["replicas"] = int(number)
        if request.path.endswith("scaledobjects"):
            return 200, {"items": [self.scaled]}
        if request.path.endswith("scaledobjects/by-queue"):
            return 200, self.scaled
        if request.path.endswith("/press"):
            return 200, self.press
        return 200, {"items": []}


async def agree(screen: Screen, question: str) -> None:
    """Answer yes to a plan, and wait for its receipt."""
    await until_shown(screen, question)
    await screen.press("right", "enter")
    await until_shown(screen, "KEDA answered")
    await screen.press("escape")


async def test_it_is_paused_at_a_number_and_goes_on_from_the_scale_dialog(tmp_path: Path) -> None:
    store, queue = plant(), Queue()
    async with scripted(queue.answer) as (_, there):
        session = Site(there.target.server, store)
        async with running([store], sessions={"plant": session}, audit=tmp_path / "audit.jsonl") as screen:
            await screen.press("4", "slash", *"press", "enter", "s")
            await until_shown(screen, "k pause KEDA at 6")
            await screen.press("3", "k")
            await agree(screen, "Pause KEDA at 3 for deployment press in line-2 on plant")
            assert queue.notes == {PAUSED_AT: "3"}
            version = int(queue.press["metadata"]["resourceVersion"]) + 1
            queue.press["metadata"]["resourceVersion"] = str(version)
            store.apply("Deployment", row_of("Deployment", queue.press))
            await screen.press("enter")
            await until_shown(screen, "paused by KEDA at 3 (ScaledObject by-queue)")
            await screen.press("escape")

            await screen.press("s")
            await until_shown(screen, "paused by KEDA at 3 (ScaledObject by-queue)")
            await screen.press("k")
            await agree(screen, "Resume KEDA for deployment press in line-2 on plant")
            assert queue.notes == {}

            await screen.press("s")
            await until_shown(screen, "k pause KEDA at 3")
            await screen.press("k")
            await agree(screen, "paused by KEDA at the 3 it has")
            assert queue.notes == {PAUSED: "true"}
        session.api.close()

"""Bounds on servers whose autoscalers carry no generation: a concurrent edit is still seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.messages import Changed
from edgetui.actions.scaling import hpa_bounds
from edgetui.model.identity import ObjectKey, ObjectRef
from tests.unit.model import factories as f

from .scripted import Answer, Request, Watching, scripted

REF = ObjectRef(ObjectKey("plant", "HorizontalPodAutoscaler", "line-2", "press"), "", "")


class Autoscaler:
    """An autoscaler of an older server, and its target."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = f.autoscaler("press", "line-2", bounds=(2, 6), current=3)
        self.document["metadata"] |= {"uid": "uid-1", "resourceVersion": "1"}
        self.document["metadata"].pop("generation", None)

    def edit(self, **spec: Any) -> None:
        self.document["spec"] |= spec
        self.document["metadata"]["resourceVersion"] += "1"

    def answer(self, request: Request) -> Answer:
        if "deployments" in request.path:
            return 404, {"kind": "Status", "reason": "NotFound", "code": 404}
        if request.method == "PATCH":
            if request.body["metadata"]["resourceVersion"] != self.document["metadata"]["resourceVersion"]:
                return 409, {"kind": "Status", "reason": "Conflict", "message": "modified", "code": 409}
            if "dryRun" not in request.query:
                self.edit(**request.body["spec"])
        return 200, self.document


async def test_a_concurrent_edit_is_shown_although_no_generation_tells_it(tmp_path: Path) -> None:
    scaler, hands = Autoscaler(), Watching(tmp_path)
    hands.meanwhile = lambda: scaler.edit(maxReplicas=9)
    async with scripted(scaler.answer) as (_, session):
        view = await hpa_bounds.prepare(session, REF)
        with pytest.raises(Changed, match="2 to 6, now it is at 2 to 9"):
            await hpa_bounds.perform(hands.gate, session, view, 2, 4, wait=1)
    assert scaler.document["spec"]["maxReplicas"] == 9


async def test_a_status_that_moved_is_no_obstacle_and_one_write_counts(tmp_path: Path) -> None:
    scaler, hands = Autoscaler(), Watching(tmp_path)
    hands.meanwhile = scaler.edit
    async with scripted(scaler.answer) as (server, session):
        view = await hpa_bounds.prepare(session, REF)
        receipt = await hpa_bounds.perform(hands.gate, session, view, 2, 4, wait=1)
    assert receipt.ok, receipt.lines
    sent = [
        one.body["spec"] for one in server.requests if one.method == "PATCH" and not one.query.get("dryRun")
    ]
    assert sent == [{"minReplicas": 2, "maxReplicas": 4}] * 2
    assert [one["result"] for one in hands.audit if one["event"] == "result"] == ["refused", "done"]

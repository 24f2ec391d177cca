"""Which pods can be resized, and what is said of those that have an owner."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.actions.messages import Refusal
from edgetui.actions.scaling.resize_pod import prepare
from edgetui.model.identity import ObjectKey, ObjectRef
from tests.unit.model import factories as f

from .scripted import scripted

REF = ObjectRef(ObjectKey("plant", "Pod", "default", "press"), "", "")
SET: f.Json = {"kind": "ReplicaSet", "metadata": f.meta("ReplicaSet", "press-7f", "default")}
STAYS = "The template of ReplicaSet press-7f stays as it is: a new pod has its values again."


@pytest.mark.parametrize(
    ("pod", "notes"),
    [
        (f.pod("press"), ()),
        (f.pod("press", owner=SET), (STAYS,)),
        (f.pod("press", phase="Succeeded"), None),
        (f.pod("press", phase="Failed"), None),
        (f.pod("press", deleting=f.NOW), None),
    ],
)
async def test_a_pod_that_has_ended_or_is_ending_cannot_be_resized(pod: f.Json, notes: Any) -> None:
    async with scripted(lambda request: (200, pod)) as (_, session):
        if notes is None:
            with pytest.raises(Refusal, match="has ended or is ending"):
                await prepare(session, REF)
        else:
            found = await prepare(session, REF)
            assert found.notes == notes
            metadata = pod["metadata"]
            assert (found.ref.uid, found.ref.resource_version) == (
                metadata["uid"],
                metadata["resourceVersion"],
            )
            assert [box.name for box in found.container_resources] == ["app"]

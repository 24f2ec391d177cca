"""Autoscalers of servers without autoscaling/v2: their owner is told and their bounds are set, or nobody is denied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.scaling import hpa_bounds, scale
from edgetui.actions.scaling.hpa_owner import autoscaler_of
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey, ObjectRef
from tests.unit.model import factories as f

from .scripted import Answer, Request, Watching, scripted

PRESS = ObjectKey("plant", "Deployment", "line-2", "press")
HPA = ObjectRef(ObjectKey("plant", "HorizontalPodAutoscaler", "line-2", "press"), "", "")
NOT_FOUND: Answer = (404, {"kind": "Status", "reason": "NotFound", "code": 404})
OLDER = ("v2beta2", "v1")


class OldServer:
    """A server that serves autoscaling in these versions only, with one autoscaler of press."""

    def __init__(self, *versions: str) -> None:
        self.versions = versions
        self.spec: dict[str, Any] = {
            "scaleTargetRef": {"kind": "Deployment", "name": "press", "apiVersion": "apps/v1"},
            "minReplicas": 2,
            "maxReplicas": 6,
        }
        self.odd: list[Any] = []
        self.whole_list = False

    def answer(self, request: Request) -> Answer:
        listed = [{"groupVersion": f"autoscaling/{one}", "version": one} for one in self.versions]
        if request.path == "/apis":
            groups = [None, {"name": "apps", "versions": [{"version": "v1"}]}]
            return 200, {
                "kind": "APIGroupList",
                "groups": [*groups, {"name": "autoscaling", "versions": listed}],
            }
        if request.path == "/apis/autoscaling":
            group = {"kind": "APIGroup", "name": "autoscaling", "versions": listed}
            return (200, group) if listed and not self.whole_list else NOT_FOUND
        if request.path.startswith("/apis/autoscaling/"):
            version = request.path.split("/")[3]
            return self._autoscalers(request, version) if version in self.versions else NOT_FOUND
        if request.path.endswith("/deployments/press/scale"):
            metadata = f.deployment("press", "line-2", replicas=3)["metadata"]
            return 200, {"metadata": metadata, "spec": {"replicas": 3}, "status": {"replicas": 3}}
        if request.path.endswith("/deployments/press"):
            return 200, f.deployment("press", "line-2", replicas=3)
        return 200, {"kind": "List", "items": []}

    def _autoscalers(self, request: Request, version: str) -> Answer:
        if request.method == "PATCH":
            if "dryRun" not in request.query:
                self.spec |= request.body["spec"]
            return 200, self._object(version)
        if request.path.endswith("/press"):
            return 200, self._object(version)
        item = self._object(version)
        del item["apiVersion"], item["kind"]
        return 200, {
            "kind": "HorizontalPodAutoscalerList",
            "apiVersion": f"autoscaling/{version}",
            "items": [item, *self.odd],
        }

    def _object(self, version: str) -> dict[str, Any]:
        meta = {"name": "press", "namespace": "line-2", "uid": "u", "resourceVersion": "7"}
        status = {"currentReplicas": 3, "desiredReplicas": 3}
        kind = {"apiVersion": f"autoscaling/{version}", "kind": "HorizontalPodAutoscaler"}
        return {**kind, "metadata": meta, "spec": dict(self.spec), "status": status}


@pytest.mark.parametrize("version", OLDER)
async def test_the_owner_of_a_number_is_found_in_the_version_that_is_served(version: str) -> None:
    async with scripted(OldServer(version).answer) as (_, session):
        view = await scale.prepare(session, ObjectRef(PRESS, "", ""))
        assert view.owner == "autoscaler press, 2 to 6"
        assert view.notes == ()
        assert any("puts it back to its maximum 6" in one for one in view.warnings(9))


@pytest.mark.parametrize("version", OLDER)
async def test_a_server_that_lists_all_groups_alone_is_understood(version: str) -> None:
    old = OldServer(version)
    old.whole_list = True
    async with scripted(old.answer) as (_, session):
        owner, _ = await autoscaler_of(session, PRESS)
        assert owner is not None


@pytest.mark.parametrize("version", OLDER)
async def test_bounds_are_read_and_written_in_the_version_that_is_served(
    version: str, tmp_path: Path
) -> None:
    old = OldServer(version)
    async with scripted(old.answer) as (server, session):
        view = await hpa_bounds.prepare(session, HPA)
        assert (view.row.min, view.row.max) == (2, 6)
        await hpa_bounds.perform(Watching(tmp_path).gate, session, view, 2, 9, wait=None)
    assert old.spec["maxReplicas"] == 9
    written = [one.path for one in server.requests if one.method == "PATCH"]
    assert {path.split("/")[3] for path in written} == {version}
    discoveries = [one for one in server.requests if one.path == "/apis/autoscaling"]
    assert len(discoveries) == 1


@pytest.mark.parametrize("versions", [(), ("v9",), ("v2alpha1", "v2beta1")])
async def test_autoscalers_that_cannot_be_read_are_never_told_as_none(versions: tuple[str, ...]) -> None:
    async with scripted(OldServer(*versions).answer) as (_, session):
        view = await scale.prepare(session, ObjectRef(PRESS, "", ""))
        assert view.owner == "not known: autoscalers cannot be read"
        assert any("could not be found out" in note for note in view.notes)


@pytest.mark.parametrize(
    "odd", [None, 7, {"metadata": {"name": "x"}, "spec": {}}, {"spec": {"maxReplicas": 3}}]
)
async def test_an_odd_autoscaler_hides_no_owner_and_may_be_one(odd: Any) -> None:
    old = OldServer("v2")
    old.odd = [odd]
    async with scripted(old.answer) as (_, session):
        owner, note = await autoscaler_of(session, PRESS)
        assert owner is not None and note == ""
        owner, note = await autoscaler_of(session, PRESS._replace(name="oven"))
        assert owner is None and "1 of them cannot be read" in note


async def test_a_watched_list_with_an_unreadable_object_is_not_the_whole_truth() -> None:
    store = Store("plant")
    store.set_freshness("HorizontalPodAutoscaler", Freshness(Sync.LIVE, 1.0, unreadable=1))
    async with scripted(OldServer("v2").answer) as (server, session):
        session.store = store
        owner, _ = await autoscaler_of(session, PRESS)
        assert owner is not None
        assert server.requests


async def test_a_server_of_today_is_asked_for_one_version_only() -> None:
    async with scripted(OldServer("v1", "v2").answer) as (server, session):
        await autoscaler_of(session, PRESS)
        assert [one.path for one in server.requests] == [
            "/apis/autoscaling/v2/namespaces/line-2/horizontalpodautoscalers"
        ]

"""What applies a workload from elsewhere: each place where that is known from, and each offer that is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.change import owners
from edgetui.actions.change.owners import Owned, owners_of
from edgetui.actions.messages import Offer
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.deployment import DEPLOYMENT
from edgetui.model.kinds.service import SERVICE
from tests.unit.model import factories as f

from .scripted import Answer, Request, Watching, scripted

Json = dict[str, Any]
KEY = ObjectKey("plant", DEPLOYMENT, "line-2", "press")
TRACKED = {"argocd.argoproj.io/tracking-id": "plant:apps/Deployment:line-2/press"}
FLUX = {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
INSTANCE = {"app.kubernetes.io/instance": "plant"}


def application(namespace: str, listed: bool = True) -> Json:
    resource = {"group": "apps", "kind": "Deployment", "namespace": "line-2", "name": "press"}
    return {
        "metadata": f.meta("Application", "plant", namespace),
        "spec": {"syncPolicy": {"automated": {"selfHeal": True}}},
        "status": {"resources": [resource] if listed else []},
    }


@pytest.mark.parametrize(
    ("metadata", "tools"),
    [
        ({}, []),
        ({"labels": INSTANCE}, ["Argo CD Application"]),
        ({"labels": FLUX}, ["Flux Kustomization"]),
        # Where a mark says it the label that only may is not followed.
        ({"labels": FLUX | INSTANCE}, ["Flux Kustomization"]),
        ({"annotations": TRACKED, "labels": FLUX}, ["Argo CD Application", "Flux Kustomization"]),
    ],
)
async def test_each_tool_has_a_line(metadata: Json, tools: list[str]) -> None:
    def answer(request: Request) -> Answer:
        if "applications" in request.path:
            return 200, application("argocd") if request.path.endswith("/plant") else {
                "items": [application("argocd")]
            }
        return 200, {"metadata": {"name": "apps"}, "spec": {"interval": "10m"}}

    async with scripted(answer) as (_, session):
        found = await owners.owners(session, KEY, {"name": "press", **metadata})
    assert sorted(one.line.manager.tool for one in found) == tools
    assert all(one.path and one.there for one in found)


@pytest.mark.parametrize(
    ("spaces", "asked"),
    [
        (["tools"], "tools"),
        (["argocd", "tools"], "argocd"),
        (["one", "two"], "argocd"),
        ([], "argocd"),
        (403, "argocd"),
        (404, "argocd"),
    ],
)
async def test_an_application_without_a_namespace_is_the_only_one_or_that_of_argo_cd(
    spaces: list[str] | int, asked: str
) -> None:
    got: list[str] = []

    def answer(request: Request) -> Answer:
        if request.path == "/apis/argoproj.io/v1alpha1/applications":
            assert request.query == {"fieldSelector": "metadata.name=plant"}
            if isinstance(spaces, int):
                return spaces, {"kind": "Status", "code": spaces, "message": "no"}
            return 200, {"items": [application(one) for one in spaces]}
        got.append(request.path)
        return 200, application(request.path.split("/")[5])

    async with scripted(answer) as (_, session):
        (found,) = await owners.owners(session, KEY, {"name": "press", "annotations": TRACKED})
    assert got == [f"/apis/argoproj.io/v1alpha1/namespaces/{asked}/applications/plant"]
    assert found.path == got[0]
    assert found.line.reverts is True


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ((404, 200), ""),
        ((404, 404), " (it is not on this cluster)"),
        ((404, 403), " (you may not read it)"),
        ((500, 200), " ("),
        ((200, 500), ""),
    ],
)
async def test_the_versions_of_a_tools_api_are_tried_from_the_newest(
    codes: tuple[int, int], said: str
) -> None:
    tried: list[str] = []

    def answer(request: Request) -> Answer:
        tried.append(request.path.split("/")[3])
        code = codes[len(tried) - 1]
        if code == 200:
            return 200, {"metadata": {"name": "apps"}, "spec": {"interval": "10m"}}
        return code, {"kind": "Status", "code": code, "message": "the server is at lunch"}

    async with scripted(answer) as (_, session):
        (found,) = await owners.owners(session, KEY, {"name": "press", "labels": FLUX})
    assert tried == ["v1", "v1beta2"][: 2 if codes[0] == 404 else 1]
    words = "Flux Kustomization flux-system/apps will bring its own version back"
    if said:
        assert found.line.text.startswith(f"{words}; when, or whether it is suspended, is not known{said}")
        assert (found.path, found.there) == ("", {})
    else:
        assert found.line.text == f"{words} within 10m."


@pytest.mark.parametrize(
    ("spec", "other", "allowed", "offered"),
    [
        ({"interval": "10m"}, False, True, True),
        ({"interval": "10m", "suspend": True}, False, True, False),
        ({"interval": "10m"}, True, True, False),
        ({"interval": "10m"}, False, False, False),
    ],
    ids=["it reverts", "suspended", "an action about another object", "it may not be paused"],
)
async def test_a_pause_is_offered_where_it_would_help_and_is_permitted(
    spec: Json, other: bool, allowed: bool, offered: bool, tmp_path: Path
) -> None:
    about = ObjectKey("plant", SERVICE, "line-2", "press") if other else KEY
    async with scripted(lambda request: (200, {"spec": spec})) as (server, session):
        server.allows = lambda asked: allowed
        made = await owners_of(
            Watching(tmp_path).gate, session, KEY, about, {"name": "press", "labels": FLUX}
        )
    assert len(made.sentences) == 1
    assert (made.offer is not None) is offered
    if made.offer is not None:
        assert made.offer.label == "Pause Flux Kustomization flux-system/apps"
        assert made.offer.command.startswith(
            "To keep it, pause Flux Kustomization flux-system/apps: edgetui owner-pause deployment/press"
        )


@pytest.mark.parametrize(
    ("spec", "offered"),
    [
        ({}, False),
        ({"driftDetection": {"mode": "enabled"}}, True),
        ({"driftDetection": {"mode": "enabled"}, "suspend": True}, False),
        ({"driftDetection": {"mode": "warn"}}, False),
    ],
)
async def test_a_helm_release_is_offered_to_be_paused_only_where_it_corrects_drift(
    spec: Json, offered: bool, tmp_path: Path
) -> None:
    labels = {"helm.toolkit.fluxcd.io/name": "press", "helm.toolkit.fluxcd.io/namespace": "flux-system"}
    async with scripted(lambda request: (200, {"spec": spec})) as (_, session):
        made = await owners_of(
            Watching(tmp_path).gate, session, KEY, KEY, {"name": "press", "labels": labels}
        )
    assert (made.offer is not None) is offered


def test_a_plan_and_a_receipt_say_what_can_be_done() -> None:
    offer = Offer("owner-pause", "Pause it", "To keep it: edgetui owner-pause deploy/press")
    assert Owned(("A.",)).before == Owned(("A.",)).after == ("A.",)
    assert Owned(("A.",), offer).before == ("A.", "To keep it, pause that first (owner-pause).")
    assert Owned(("A.",), offer).after == ("A.", "To keep it: edgetui owner-pause deploy/press")

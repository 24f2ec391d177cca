"""What can be scaled, on servers that tell all their resources at once and on those that tell each group alone."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.actions.messages import Refusal
from edgetui.actions.scaling.scale_subresource import Scalable, find

from .scripted import Answer, Connected, Request, scripted

Json = dict[str, Any]


def listed(*resources: Json) -> Json:
    return {"kind": "APIResourceList", "resources": list(resources)}


def resource(name: str, kind: str, **more: Any) -> Json:
    return {"name": name, "kind": kind, "namespaced": True, **more}


def group(name: str, version: str = "v1") -> Json:
    return {"name": name, "preferredVersion": {"groupVersion": f"{name}/{version}"}}


PUMPS = [resource("pumps", "Pump", singularName="pump", shortNames=["pu"]), resource("pumps/scale", "Scale")]
CORE = listed(
    resource("replicationcontrollers", "ReplicationController", shortNames=["rc"]),
    resource("replicationcontrollers/scale", "Scale"),
    resource("pods", "Pod"),
)
OLD: dict[str, Json] = {
    "/api/v1": CORE,
    "/apis": {
        "kind": "APIGroupList",
        "groups": [
            group("water.example.com", "v2"),
            group("down.example.com"),
            {"name": "odd"},
            group("air.io"),
        ],
    },
    "/apis/water.example.com/v2": listed(*PUMPS, resource("tanks", "Tank")),
    "/apis/air.io/v1": listed(
        resource("fans", "Fan", namespaced=False, singularName=""), resource("fans/scale", "Scale")
    ),
}


def old_server(request: Request) -> Answer:
    found = OLD.get(request.path)
    return (200, found) if found is not None else (503, {})


async def found(session: Connected, text: str) -> Scalable:
    return await find(session, text)


@pytest.mark.parametrize(
    ("text", "group", "version", "plural", "kind", "namespaced"),
    [
        ("pumps", "water.example.com", "v2", "pumps", "Pump", True),
        ("Pump", "water.example.com", "v2", "pumps", "Pump", True),
        ("pu", "water.example.com", "v2", "pumps", "Pump", True),
        ("pumps.water.example.com", "water.example.com", "v2", "pumps", "Pump", True),
        ("rc", "", "v1", "replicationcontrollers", "ReplicationController", True),
        ("fan", "air.io", "v1", "fans", "Fan", False),
    ],
)
async def test_an_older_server_is_asked_group_by_group(
    text: str, group: str, version: str, plural: str, kind: str, namespaced: bool
) -> None:
    async with scripted(old_server) as (_, session):
        one = await found(session, text)
    assert (one.group, one.version, one.plural, one.kind, one.namespaced) == (
        group,
        version,
        plural,
        kind,
        namespaced,
    )
    assert one.path("line-2", "main").endswith(
        f"/namespaces/line-2/{plural}/main" if namespaced else f"/{version}/{plural}/main"
    )


@pytest.mark.parametrize("text", ["tanks", "pods", "pumps.air.io", "scale", "pumps/scale", ""])
async def test_what_has_no_scale_is_not_found(text: str) -> None:
    async with scripted(old_server) as (_, session):
        with pytest.raises(Refusal, match="that can be scaled"):
            await found(session, text)


async def test_a_name_that_two_groups_have_is_asked_for_with_its_group(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(OLD, "/apis/air.io/v1", listed(*PUMPS))
    async with scripted(old_server) as (_, session):
        with pytest.raises(Refusal, match=r"may be one of pumps.air.io, pumps.water.example.com"):
            await found(session, "pu")
        assert (await found(session, "pu.air.io")).group == "air.io"

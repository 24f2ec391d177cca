"""The resource that a word means and what can be done with it, on servers of both kinds of discovery."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edgetui.actions.messages import Refusal
from edgetui.actions.objects.resource import EDIT, SCALE, Resource, find

from .scripted import Answer, Connected, Request, scripted

Json = dict[str, Any]
Server = Callable[[Request], Answer]


def listed(*resources: Json) -> Json:
    return {"kind": "APIResourceList", "resources": list(resources)}


def resource(name: str, kind: str, **more: Any) -> Json:
    return {"name": name, "kind": kind, "namespaced": True, **more}


def group(name: str, version: str = "v1") -> Json:
    return {"name": name, "versions": [{"version": version}], "preferredVersion": {"version": version}}


PUMPS = [resource("pumps", "Pump", singularName="pump", shortNames=["pu"]), resource("pumps/scale", "Scale")]
CORE = listed(
    resource("replicationcontrollers", "ReplicationController", shortNames=["rc"]),
    resource("replicationcontrollers/scale", "Scale"),
    resource("pods", "Pod"),
)
OLD: dict[str, Json] = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
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
    "/apis/water.example.com/v2": listed(*PUMPS, resource("tanks", "Tank", verbs=["get", "patch"])),
    "/apis/air.io/v1": listed(
        resource("fans", "Fan", namespaced=False, singularName=""), resource("fans/scale", "Scale")
    ),
}


def old_server(request: Request) -> Answer:
    found = OLD.get(request.path)
    return (200, found) if found is not None else (503, {})


def aggregated(request: Request) -> Answer:
    """The same from a server that tells all at once."""
    if request.path not in ("/api", "/apis"):
        return 503, {}
    groups = [name for name in OLD if name.startswith("/apis/")] if request.path == "/apis" else ["/api/v1"]
    return 200, {"kind": "APIGroupDiscoveryList", "items": [as_one(name) for name in groups]}


def as_one(path: str) -> Json:
    *_, name, version = path.split("/")
    resources = OLD[path]["resources"]
    scaled = {one["name"].partition("/")[0] for one in resources if one["name"].endswith("/scale")}
    return {
        "metadata": {"name": "" if name == "api" else name},
        "versions": [
            {
                "version": version,
                "resources": [
                    {
                        "resource": one["name"],
                        "responseKind": {"kind": one["kind"]},
                        "scope": "Namespaced" if one["namespaced"] else "Cluster",
                        "singularResource": one.get("singularName"),
                        "verbs": one.get("verbs"),
                        "shortNames": one.get("shortNames"),
                        "subresources": [{"subresource": "status"}, {"subresource": "scale"}]
                        if one["name"] in scaled
                        else None,
                    }
                    for one in resources
                    if "/" not in one["name"]
                ],
            }
        ],
    }


SERVERS = pytest.mark.parametrize("server", [old_server, aggregated])


async def found(session: Connected, text: str) -> Resource:
    return await find(session, text, SCALE)


@SERVERS
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
async def test_it_is_found_by_the_names_that_kubectl_takes(
    server: Server, text: str, group: str, version: str, plural: str, kind: str, namespaced: bool
) -> None:
    async with scripted(server) as (_, session):
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


@SERVERS
@pytest.mark.parametrize("text", ["tanks", "pods", "pumps.air.io", "scale", "pumps/scale", ""])
async def test_what_has_no_scale_is_not_found(server: Server, text: str) -> None:
    async with scripted(server) as (_, session):
        with pytest.raises(Refusal, match="whose objects can be scaled"):
            await found(session, text)


@SERVERS
async def test_of_two_groups_the_first_is_meant_as_to_kubectl(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(OLD, "/apis/air.io/v1", listed(*PUMPS))
    async with scripted(server) as (_, session):
        assert (await found(session, "pu")).group == "water.example.com"
        assert (await found(session, "pu.air.io")).group == "air.io"


@SERVERS
async def test_the_first_way_that_is_served_is_taken(server: Server) -> None:
    async with scripted(server) as (_, session):
        assert (await find(session, "pump", SCALE, EDIT)).way == SCALE
        tank = await find(session, "tank", SCALE, EDIT)
        assert tank.way == EDIT
        assert [(one.verb, one.resource, one.subresource) for one in tank.needs] == [
            ("patch", "tanks", ""),
            ("get", "tanks", ""),
        ]
        assert [(one.verb, one.resource, one.subresource) for one in (await found(session, "rc")).needs] == [
            ("update", "replicationcontrollers", "scale"),
            ("get", "replicationcontrollers", ""),
            ("get", "replicationcontrollers", "scale"),
        ]

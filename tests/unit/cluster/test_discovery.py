"""What API servers say they serve: aggregated or one version at a time, whole, broken or odd."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from edgetui.cluster.api import discovery
from edgetui.cluster.api.discovery import ACCEPT, aggregated, discover, named_versions, resource_list
from edgetui.cluster.errors import (
    EdgetuiError,
    Forbidden,
    LinkError,
    NotFound,
    ProtocolError,
    ServerFailure,
    Unreadable,
)
from edgetui.model.resources.served import Broken, Resource

READ = ["get", "list", "watch"]


def discovered(name: str, kind: str, scope: str = "Namespaced", **more: Any) -> dict[str, Any]:
    """One `APIResourceDiscovery`."""
    return {
        "resource": name,
        "responseKind": {"group": "", "version": "", "kind": kind},
        "scope": scope,
        "singularResource": kind.lower(),
        "verbs": READ,
        **more,
    }


def version(name: str, *resources: Any, freshness: str = "Current") -> dict[str, Any]:
    return {"version": name, "freshness": freshness, "resources": list(resources)}


def group(name: str, *versions: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "creationTimestamp": None}, "versions": list(versions)}


def body(kind: str, **parts: Any) -> bytes:
    return json.dumps({"kind": kind, **parts}).encode()


CORE = body(
    "APIGroupDiscoveryList",
    items=[
        {
            "versions": [
                version(
                    "v1",
                    discovered("nodes", "Node", "Cluster", shortNames=["no"]),
                    discovered(
                        "pods",
                        "Pod",
                        shortNames=["po"],
                        categories=["all"],
                        subresources=[{"subresource": "log", "verbs": ["get"]}],
                    ),
                )
            ]
        }
    ],
)
GROUPS = body(
    "APIGroupDiscoveryList",
    items=[
        group(
            "example.com",
            version("v2", discovered("pumps", "Pump")),
            version("v1", discovered("pumps", "Pump")),
        ),
        group("metrics.k8s.io", version("v1beta1", freshness="Stale")),
    ],
)
PODS = Resource(
    group="",
    version="v1",
    plural="pods",
    kind="Pod",
    namespaced=True,
    singular="pod",
    verbs=("get", "list", "watch"),
    short_names=("po",),
    categories=("all",),
)


class Site:
    """An API server: answers by path, errors are raised."""

    def __init__(self, answers: Mapping[str, bytes | EdgetuiError]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def get_tagged(self, path: str, tag: str, headers: Mapping[str, str]) -> tuple[bytes, str] | None:
        assert headers == {"Accept": ACCEPT}
        body = await self.get_bytes(path)
        now = f'"{hash(body)}"'
        return None if tag == now else (body, now)

    async def get_bytes(self, path: str) -> bytes:
        self.asked.append(path)
        answer = self.answers.get(path, NotFound("the server could not find it", code=404))
        if isinstance(answer, EdgetuiError):
            raise answer
        return answer


def old(**more: bytes | EdgetuiError) -> Site:
    """A server without aggregated discovery."""

    def listed(*resources: dict[str, Any]) -> bytes:
        return body("APIResourceList", groupVersion="x", resources=list(resources))

    pump = {"name": "pumps", "singularName": "pump", "namespaced": True, "kind": "Pump", "verbs": READ}
    answers: dict[str, bytes | EdgetuiError] = {
        "/api": body("APIVersions", versions=["v1"]),
        "/api/v1": listed(
            {
                "name": "pods",
                "singularName": "pod",
                "namespaced": True,
                "kind": "Pod",
                "verbs": READ,
                "shortNames": ["po"],
                "categories": ["all"],
            },
            {"name": "pods/log", "singularName": "", "namespaced": True, "kind": "Pod", "verbs": ["get"]},
        ),
        "/apis": body(
            "APIGroupList",
            groups=[
                {
                    "name": "example.com",
                    "versions": [{"version": "v1"}, {"version": "v2"}],
                    "preferredVersion": {"version": "v2"},
                },
                {"name": "metrics.k8s.io", "versions": [{"version": "v1beta1"}]},
            ],
        ),
        "/apis/example.com/v1": listed(pump),
        "/apis/example.com/v2": listed(pump),
        "/apis/metrics.k8s.io/v1beta1": ServerFailure(
            "the server is currently unable to handle it", code=503
        ),
    }
    return Site({**answers, **more})


async def test_aggregated_discovery_takes_two_requests() -> None:
    site = Site({"/api": CORE, "/apis": GROUPS})
    served = (await discover(site)).served  # type: ignore[arg-type]
    assert site.asked == ["/api", "/apis"]
    assert [one.name for one in served.resources] == [
        "nodes",
        "pods",
        "pumps.example.com",
        "pumps.example.com",
    ]
    assert [one.version for one in served.resources] == ["v1", "v1", "v2", "v1"]
    assert served.resources[1] == PODS
    assert not served.resources[0].namespaced


async def test_what_is_unchanged_is_not_sent_again() -> None:
    known = await discover(Site({"/api": CORE, "/apis": GROUPS}))  # type: ignore[arg-type]
    less = body("APIGroupDiscoveryList", items=[])
    again = await discover(Site({"/api": CORE, "/apis": less}), known)  # type: ignore[arg-type]
    assert again.core is known.core
    assert [one.name for one in again.served.resources] == ["nodes", "pods"]


async def test_an_aggregated_api_that_is_down_is_named_and_costs_itself_only() -> None:
    served = (await discover(Site({"/api": CORE, "/apis": GROUPS}))).served  # type: ignore[arg-type]
    assert served.broken == (Broken("metrics.k8s.io/v1beta1", "its aggregated API does not answer"),)


async def test_an_older_server_is_asked_for_each_version_the_preferred_first() -> None:
    site = old()
    served = (await discover(site)).served  # type: ignore[arg-type]
    assert [(one.name, one.version) for one in served.resources] == [
        ("pods", "v1"),
        ("pumps.example.com", "v2"),
        ("pumps.example.com", "v1"),
    ]
    assert served.resources[0] == PODS
    assert served.broken == (Broken("metrics.k8s.io/v1beta1", "the server is currently unable to handle it"),)


async def test_what_is_not_a_list_of_resources_costs_its_version_only() -> None:
    served = (await discover(old(**{"/apis/example.com/v2": b"<html>"}))).served  # type: ignore[arg-type]
    assert [(one.name, one.version) for one in served.resources] == [
        ("pods", "v1"),
        ("pumps.example.com", "v1"),
    ]
    assert [one.group_version for one in served.broken] == ["example.com/v2", "metrics.k8s.io/v1beta1"]


async def test_a_link_that_breaks_under_way_is_no_answer() -> None:
    with pytest.raises(LinkError):
        await discover(old(**{"/apis/example.com/v2": LinkError("it broke")}))  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [Forbidden("no", code=403), LinkError("gone")])
async def test_a_server_that_may_not_be_asked_raises(error: EdgetuiError) -> None:
    with pytest.raises(type(error)):
        await discover(Site({"/api": CORE, "/apis": error}))  # type: ignore[arg-type]
    with pytest.raises(type(error)):
        await discover(Site({"/api": error, "/apis": GROUPS}))  # type: ignore[arg-type]


async def test_a_hub_without_the_core_group_serves_its_groups() -> None:
    served = (await discover(Site({"/apis": GROUPS}))).served  # type: ignore[arg-type]
    assert {one.group for one in served.resources} == {"example.com"}


@pytest.mark.parametrize("answer", [b"", b"[]", b'"x"', b"{", b"\xff", b'{"kind":7}', b'{"items":[]}', b"{}"])
async def test_what_is_no_api_server_is_told_apart(answer: bytes) -> None:
    with pytest.raises(ProtocolError):
        await discover(Site({"/api": answer, "/apis": answer}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "odd",
    [
        discovered("pumps/scale", "Scale"),
        discovered("Pumps", "Pump"),
        discovered("pu\x1bmps", "Pump"),
        discovered("pumps", "Pu mp"),
        discovered("pumps", "\u202ePump"),
        discovered("p" * 300, "Pump"),
        discovered("", "Pump"),
        {"resource": 7},
        {"resource": "pumps"},
        {"resource": "pumps", "responseKind": []},
        7,
        None,
        [],
    ],
)
def test_an_entry_that_no_server_would_give_is_left_out(odd: Any) -> None:
    found = aggregated(
        body(
            "APIGroupDiscoveryList",
            items=[group("example.com", version("v1", odd, discovered("valves", "Valve")))],
        )
    )
    assert found is not None
    assert [one.plural for one in found.resources] == ["valves"]


def test_odd_names_beside_a_resource_are_left_out() -> None:
    made = discovered("pumps", "Pump", shortNames=["pu", "\x1b[2J", ""], categories=["a b", "plumbing"])
    found = aggregated(body("APIGroupDiscoveryList", items=[group("example.com", version("v1", made))]))
    assert found is not None
    assert found.resources[0].short_names == ("pu",)
    assert found.resources[0].categories == ("plumbing",)


@pytest.mark.parametrize("odd", [7, {"metadata": 7}, {"versions": {}}, None])
def test_a_group_that_cannot_be_read_costs_itself(odd: Any) -> None:
    found = aggregated(
        body(
            "APIGroupDiscoveryList",
            items=[odd, group("example.com", version("v1", discovered("pumps", "Pump")))],
        )
    )
    assert found is not None
    assert [one.plural for one in found.resources] == ["pumps"]


def test_paths_are_asked_for_by_plain_names_only() -> None:
    odd = {"name": "../api", "versions": [{"version": "v1"}]}
    twice = {"name": "example.com", "versions": [{"version": "v1"}, {"version": "v1"}, {"version": "v1/x"}]}
    assert named_versions(body("APIGroupList", groups=[odd, twice])) == [("example.com", "v1")]


def test_more_resources_than_can_be_held_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "MOST_RESOURCES", 3)
    many = [discovered(f"kind{n}", "Kind") for n in range(9)]
    found = aggregated(body("APIGroupDiscoveryList", items=[group("example.com", version("v1", *many))]))
    assert found is not None
    assert len(found.resources) == 3


def test_a_list_of_another_kind_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        resource_list("", "v1", b'{"kind":"Status"}')

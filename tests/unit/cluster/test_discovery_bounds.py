"""Of what a server says that it serves, as much is kept as is told here, and not one more."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.cluster.api.discovery import aggregated, bounded, named_versions, resource_list
from edgetui.model.resources.served import Broken, Resource
from tests.unit.cluster.test_discovery import body, discovered, group, version


def served(*resources: Any) -> tuple[Resource, ...]:
    found = aggregated(body("APIGroupDiscoveryList", items=[group("example.com", version("v1", *resources))]))
    assert found is not None
    return found.resources


@pytest.mark.parametrize("count", [63, 64, 65])
@pytest.mark.parametrize(
    ("field", "kept"), [("shortNames", "short_names"), ("categories", "categories"), ("verbs", "verbs")]
)
def test_64_words_of_a_kind(count: int, field: str, kept: str) -> None:
    words = [f"w{number}" for number in range(count)]
    (one,) = served(discovered("pumps", "Pump", **{field: words}))
    assert getattr(one, kept) == tuple(words[:64])


@pytest.mark.parametrize(("at", "scalable"), [(0, True), (63, True), (64, False)])
def test_64_subresources_of_a_kind(at: int, scalable: bool) -> None:
    names = [f"s{number}" for number in range(at)] + ["scale"]
    (one,) = served(discovered("pumps", "Pump", subresources=[{"subresource": name} for name in names]))
    assert one.scalable is scalable


@pytest.mark.parametrize("count", [64, 65])
def test_64_versions_of_a_group(count: int) -> None:
    versions = [version(f"v{number}", discovered("pumps", "Pump")) for number in range(count)]
    found = aggregated(body("APIGroupDiscoveryList", items=[group("example.com", *versions)]))
    assert found is not None
    assert len(found.resources) == 64
    groups = [{"name": "example.com", "versions": [{"version": f"v{number}"} for number in range(count)]}]
    assert len(named_versions(body("APIGroupList", groups=groups))) == 64


@pytest.mark.parametrize("count", [199, 200, 201])
def test_200_that_are_broken(count: int) -> None:
    broken = [Broken(f"g{number}/v1", "no") for number in range(count)]
    assert bounded((), broken).broken == tuple(broken[:200])


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a" * 253, True),
        ("a" * 254, False),
        ("pumps.v1", True),
        ("Pumps", False),
        ("-a", False),
        ("a-", False),
        ("", False),
    ],
)
def test_names_are_those_that_a_server_would_give(name: str, kept: bool) -> None:
    assert bool(served(discovered(name, "Pump"))) is kept


@pytest.mark.parametrize(
    ("kind", "kept"),
    [("P" * 63, True), ("P" * 64, False), ("P-1", True), ("1P", False), ("", False), (None, False)],
)
def test_kinds_are_those_that_a_server_would_give(kind: Any, kept: bool) -> None:
    one = discovered("pumps", "Pump") | {"responseKind": {"kind": kind}}
    assert bool(served(one)) is kept


@pytest.mark.parametrize(
    ("names", "scalable"), [(["pumps/scale"], True), (["pumps/status"], False), ([], False)]
)
def test_an_older_server_names_what_can_be_scaled(names: list[str], scalable: bool) -> None:
    listed = [
        {"name": name, "kind": "Pump", "namespaced": True, "verbs": ["list"]} for name in ("pumps", *names)
    ]
    (one,) = resource_list("example.com", "v1", body("APIResourceList", resources=listed))
    assert (one.plural, one.scalable, one.namespaced) == ("pumps", scalable, True)

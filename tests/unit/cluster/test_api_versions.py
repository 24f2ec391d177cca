"""A kind is read in the best version of its API that the server serves; none to read is never told as nothing there."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from edgetui.cluster.api.versions import versions_of
from edgetui.cluster.errors import ProtocolError
from edgetui.model.cache.freshness import Sync
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.autoscaler import AutoscalerRow
from edgetui.model.kinds.base import Kind
from tests.unit.cluster.simulated_server import KINDS as SIMULATED
from tests.unit.cluster.simulation import Cluster

NEW = replace(SIMULATED["Pod"], group="g", version="v2")
OLDER = {version: (lambda version=version: replace(NEW, version=version)) for version in ("v2beta2", "v1")}
PATHS = {version: f"/apis/g/{version}/{NEW.plural}" for version in ("v2", "v2beta2", "v1")}


def serving(*versions: str) -> Cluster:
    c = Cluster(kinds={"Pod": replace(NEW, older=OLDER)})
    c.server.denied = lambda kind, namespace: 0 if kind.version in versions else 404
    for n in range(3):
        c.server.put("Pod", "a", f"p{n}", n)
    return c


def asked(c: Cluster) -> list[str]:
    return list(dict.fromkeys(path for _, path, _ in c.server.requests))


@pytest.mark.parametrize(
    ("versions", "found"),
    [
        (("v2", "v1"), "v2"),
        (("v2beta2", "v1"), "v2beta2"),
        (("v1",), "v1"),
    ],
)
def test_the_best_version_that_is_served_is_watched(versions: tuple[str, ...], found: str) -> None:
    c = serving(*versions).start("Pod")
    c.world.until(c.live, 2.0)
    assert c.equal()
    assert asked(c) == list(dict.fromkeys([PATHS["v2"], PATHS[found]]))
    assert c.discoveries == (found != "v2")
    c.server.put("Pod", "a", "late", 9)
    assert c.equal()


def test_what_is_served_in_no_version_is_absent_and_asked_for_again() -> None:
    c = serving().start("Pod")
    c.world.run(5)
    assert c.store.freshness("Pod").sync is Sync.ABSENT
    assert asked(c) == [PATHS["v2"]]
    c.server.denied = lambda kind, namespace: 0 if kind.version == "v1" else 404
    c.world.until(c.live, 700.0)
    assert c.equal()


def test_a_server_that_is_upgraded_is_read_in_its_new_version() -> None:
    c = serving("v1").start("Pod")
    c.world.until(c.live, 2.0)
    c.server.denied = lambda kind, namespace: 404 if kind.version == "v1" else 0
    c.server.compact()
    c.server.reset()
    c.server.put("Pod", "a", "late", 9)
    c.world.until(lambda: c.live() and c.equal(), 700.0)
    assert c.supervisor._informers["Pod"].kind.version == "v2"


def test_nothing_is_settled_while_a_version_is_looked_for() -> None:
    c = serving("v1")
    c.server.latency = 1.0
    c.start("Pod")
    while not c.discoveries:
        c.world.run(0.1)
    assert not c.supervisor.settled()
    c.world.until(c.live, 10.0)
    assert c.equal()


def test_a_kind_that_is_hidden_meanwhile_stays_so() -> None:
    c = serving("v1")
    c.server.latency = 1.0
    c.start("Pod")
    while not c.discoveries:
        c.world.run(0.1)
    c.supervisor.hide("Pod")
    c.world.run(20)
    assert c.store.freshness("Pod").sync is Sync.HIDDEN
    assert not [stream for stream in c.server.streams if stream.open]


def test_every_version_of_a_kind_can_be_reached_from_every_other() -> None:
    for kind in KINDS.values():
        for version in kind.versions:
            made = kind.at(version)
            assert (made.name, made.plural, made.version, made.older) == (
                kind.name,
                kind.plural,
                version,
                kind.older,
            )


def test_an_object_is_read_by_the_version_that_it_names() -> None:
    spec = {"maxReplicas": 3, "targetCPUUtilizationPercentage": 70}
    obj = {"apiVersion": "autoscaling/v1", "metadata": {"name": "a"}, "spec": spec}
    first = row_of("HorizontalPodAutoscaler", obj)
    second = row_of("HorizontalPodAutoscaler", {**obj, "apiVersion": "autoscaling/v2"})
    assert isinstance(first, AutoscalerRow) and isinstance(second, AutoscalerRow)
    assert [one.target for one in first.metrics] == ["70%"]
    assert second.metrics == ()


def test_an_odd_version_of_a_group_costs_itself_only() -> None:
    group = {
        "kind": "APIGroup",
        "versions": [{"version": "v1"}, None, {"version": 7}, 7, {}, {"version": "v2"}],
    }
    assert versions_of(json.dumps(group).encode()) == {"v1", "v2"}
    assert versions_of(b'{"versions":null}') == set()
    for body in (b"[]", b"{", b'{"versions":7}', b"<html>"):
        with pytest.raises(ProtocolError):
            versions_of(body)


def test_kinds_with_older_versions_are_of_a_group() -> None:
    older: list[Kind] = [kind for kind in KINDS.values() if kind.older]
    assert all(kind.group for kind in older)

"""A kind that was found by discovery beside the others, on virtual time: its API may be another server's."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edgetui.cluster.watch.informer import Informer
from edgetui.cluster.watch.object_table import LISTED_EVERY, OBJECT_TABLES
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.resumption import newest
from edgetui.model.cache.store import Store
from edgetui.model.kinds.discovered import kind_of
from edgetui.model.resources.served import Resource
from tests.unit.cluster.simulation import Cluster

PODS = Resource(group="", version="v1", plural="pods", kind="Pod", namespaced=True, verbs=("list", "watch"))


@pytest.fixture
def cluster() -> Cluster:
    """Pods and nodes are shown; the simulated server prints no Tables with metadata, so they come as objects."""
    c = Cluster()
    c.server.put("Node", "", "n0", 0)
    for n in range(3):
        c.server.put("Pod", "a", f"p{n}", n)
    c.start("Node")
    return c


def shown(c: Cluster, resource: Resource = PODS) -> Informer:
    """Pods as if they had been found by discovery."""
    informer = Informer(c.supervisor, Store("plant"), kind_of(resource), OBJECT_TABLES)
    c.supervisor.watch_beside(informer)
    return informer


@pytest.mark.parametrize("effect", [r.NoWatchList(), r.NoBookmarks(), r.Rewound("it went back")])
def test_what_its_server_lacks_is_not_learned_of_the_cluster(cluster: Cluster, effect: r.Effect) -> None:
    informer = shown(cluster)
    cluster.world.run(5.0)
    (node,) = cluster.supervisor._informers["Node"].watchers
    informer.told("", effect)
    assert cluster.supervisor.can.streaming.there
    assert cluster.supervisor.can.bookmarks.there
    assert node.state.phase is r.Phase.WATCHING
    assert not node.state.forked


def test_its_versions_say_nothing_of_the_history_of_the_cluster(cluster: Cluster) -> None:
    informer = shown(cluster)
    cluster.world.run(5.0)
    (node,) = cluster.supervisor._informers["Node"].watchers
    (watcher,) = informer.watchers
    watcher.state = replace(watcher.state, rv="9" * 12)
    assert newest([node, watcher]) == node.state.rv


def test_a_kind_that_the_server_only_lists_is_listed_from_the_start_whatever_the_pace(
    cluster: Cluster,
) -> None:
    informer = shown(cluster, replace(PODS, verbs=("list",)))
    (watcher,) = informer.watchers
    assert (watcher.state.every, watcher.state.unwatched) == (LISTED_EVERY, True)
    informer.pace(True, 0.0)
    assert (watcher.state.every, watcher.state.unwatched) == (LISTED_EVERY, True)
    cluster.world.run(5.0)
    assert {query.get("watch") for _, path, query in cluster.server.requests if path.endswith("pods")} == {
        None
    }


def test_what_may_not_be_watched_is_listed_and_what_may_not_be_listed_is_asked_for_by_namespace(
    cluster: Cluster,
) -> None:
    informer = shown(cluster)
    (watcher,) = informer.watchers
    informer.told("", r.Denied("no watch"))
    assert (watcher.state.every, watcher.state.unwatched) == (LISTED_EVERY, True)
    cluster.server.requests.clear()
    cluster.world.run(LISTED_EVERY * 2)
    assert {query.get("watch") for _, path, query in cluster.server.requests if path.endswith("pods")} == {
        None
    }
    asked: list[object] = []
    cluster.supervisor.namespaces = asked.append  # type: ignore[assignment]
    informer.told("", r.Denied("no list"))
    assert len(asked) == 1

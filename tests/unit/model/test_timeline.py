"""What turned bad, or good again: from the changes of a view to the happenings that are told."""

from __future__ import annotations

from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.kinds import row_of
from edgetui.model.panes.base import BAD, FINE
from edgetui.model.panes.pods import Pods
from edgetui.model.panes.rollouts import Rollouts
from edgetui.model.view.fleet import FleetView
from edgetui.model.view.timeline import MOST, TOGETHER, Timeline
from tests.unit.model import factories as f


class Told:
    """A pods pane over one cluster, and the timeline that its changes make."""

    def __init__(self) -> None:
        self.store = Store("plant")
        self.store.set_freshness("Pod", Freshness(Sync.LIVE, f.NOW))
        self.view = FleetView(Pods(), [self.store])
        self.timeline = Timeline(f.NOW)
        self.now = float(f.NOW)
        self.version = 10

    def take(self, *objects: f.Json) -> None:
        for one in objects:
            self.version += 1
            one["metadata"]["resourceVersion"] = str(self.version)
            self.store.apply("Pod", row_of("Pod", one))
        self.look()

    def look(self) -> None:
        change = self.view.absorb({"plant": self.store.drain()}, self.now)
        self.timeline.add(self.view.pane, change.turned, self.now)

    def words(self) -> list[tuple[str, str, int, int]]:
        return [(one.name, one.words, one.severity, one.count) for one in self.timeline.newest_first()]


def bad(name: str) -> f.Json:
    return f.image_pull(name)


def test_the_first_list_is_no_news_and_a_turn_for_the_worse_and_the_better_is() -> None:
    told = Told()
    told.take(f.pod("press"), bad("oven"))
    assert told.words() == []
    told.take(bad("press"))
    told.now += 60
    told.take(f.pod("press"))
    assert told.words() == [("press", "Running", FINE, 1), ("press", "image not found", BAD, 1)]
    told.store.delete("Pod", "default", "oven", "")
    told.look()
    assert told.words()[0] == ("oven", "gone, was image not found", FINE, 1)


def test_what_becomes_of_many_at_about_the_same_time_is_told_once() -> None:
    told = Told()
    told.take(*(f.pod(f"job-{number}") for number in range(5)))
    for number in range(4):
        told.now += 2
        told.take(bad(f"job-{number}"))
    assert told.words() == [("job-0", "image not found", BAD, 4)]
    told.now += TOGETHER + 1
    told.take(bad("job-4"))
    assert [count for *_, count in told.words()] == [1, 4]


def test_a_lost_link_turns_nothing_and_what_broke_meanwhile_is_told() -> None:
    told = Told()
    told.take(f.pod("press"), f.pod("oven"))
    told.store.set_freshness("Pod", Freshness(Sync.STALE, f.NOW))
    told.look()
    assert told.words() == []
    told.now += 300
    told.store.set_freshness("Pod", Freshness(Sync.LIVE, f.NOW + 300))
    told.take(bad("press"))
    assert told.words() == [("press", "image not found", BAD, 1)]


def test_links_are_told_one_by_one_and_the_oldest_go_first() -> None:
    timeline = Timeline(f.NOW)
    for number in range(MOST + 5):
        timeline.link("plant", "stale" if number % 2 else "live", not number % 2, f.NOW + number)
    newest = timeline.newest_first()
    assert len(newest) == MOST
    assert (newest[0].words, newest[0].severity) == ("live", FINE)
    assert (newest[1].words, newest[1].severity) == ("stale", BAD)


def test_a_rollout_that_completes_is_news_and_a_pod_that_merely_starts_is_none() -> None:
    told = Told()
    told.take(f.pod("press", statuses=[f.running(ready=False)], created=f.NOW - 5))
    told.take(f.pod("press"))
    assert told.words() == []
    store = Store("plant")
    store.set_freshness("Deployment", Freshness(Sync.LIVE, f.NOW))
    view = FleetView(Rollouts(), [store])
    for updated, version in ((1, 21), (3, 22)):
        made = f.deployment("weld", replicas=3, updated=updated, version=version)
        store.apply("Deployment", row_of("Deployment", made))
        told.timeline.add(view.pane, view.absorb({"plant": store.drain()}, f.NOW).turned, f.NOW)
    assert told.words() == [("weld", "complete", FINE, 1)]

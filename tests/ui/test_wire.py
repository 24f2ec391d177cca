"""What the screen says about the links: profiles, meters, and what is asked for because it is on screen."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

from edgetui.cluster.http.traffic import Counters
from edgetui.cluster.link.meter import LinkWatch
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.wireprofile import Wire, WireState
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.pod import PodRow, printed
from edgetui.model.panes import DASHBOARD, PANES
from edgetui.terminal.profile import Profile
from edgetui.ui.terminal_meter import AGAIN, TerminalMeter
from tests.unit.model.factories import pod

from .driving import NobodyAnswers, running
from .fleet import NOW, plant, vehicle

LEAN = WireState(Wire.LEAN, why="310 ms round trip")
SSH = Profile("ssh", "truecolor", False, False, 0.1, 500)


class Session:
    """As much of a session with a cluster that is away as the screen asks without a key being pressed."""

    identity = ""
    store = None

    def __init__(self, name: str) -> None:
        self.name = name
        self.target = SimpleNamespace(server=f"https://{name}:6443", context=name)
        self.credentials = SimpleNamespace(notice="")
        self.counters = Counters(bytes_in=300_000, bytes_out=9_000, requests=12)
        self.api: Any = NobodyAnswers()
        self.keeper = None
        self.link_watch = LinkWatch()
        self.in_view: list[set[str]] = []
        self.needed: list[tuple[str, bool]] = []

    def look_at_kinds(self, kinds: Any, beside: str = "") -> None:
        self.in_view.append(set(kinds))

    def need(self, kind: str, needed: bool) -> None:
        self.needed.append((kind, needed))


async def test_a_profile_below_full_stands_in_the_header_and_is_said_once() -> None:
    stores = [plant(), vehicle()]
    async with running(stores) as screen:
        assert "LEAN" not in screen.text()
        stores[0].set_wire(LEAN)
        await screen.changed()
        assert "REDUCED TRAFFIC plant" in screen.text().splitlines()[0]
        assert (
            "plant traffic reduced (310 ms round trip): ReplicaSets only for what is opened" in screen.text()
        )
        stores[1].set_wire(WireState(Wire.LEAN))
        await screen.changed()
        assert screen.text().splitlines()[0].endswith("  REDUCED TRAFFIC")


async def test_the_clusters_screen_says_what_each_costs_and_why_less_is_asked_for() -> None:
    store = plant()
    store.set_wire(LEAN)
    async with running([store], sessions={"plant": Session("plant")}, size=(120, 30)) as screen:
        await screen.press("c")
        assert "api 0, since the start 293KiB in, 8.8KiB out, 12 requests" in screen.text()
        assert "traffic reduced (310 ms round trip)" in screen.text()


async def test_a_cluster_is_told_what_is_on_the_screen_and_nothing_else() -> None:
    session = Session("plant")
    async with running([plant()], sessions={"plant": session}) as screen:
        assert session.in_view == [{"Node"}]
        await screen.press("2")
        assert session.in_view[-1] == {"Pod"}
        await screen.press("3")
        assert session.in_view[-1] == {"HorizontalPodAutoscaler"}
        await screen.press("2", "enter")
        screen.app._tick()
        assert session.in_view[-1] == {"Pod"}
        await screen.press("escape", "c")
        screen.app._tick()
        assert session.in_view[-1] == set()


async def test_with_all_panes_on_the_screen_the_kinds_of_all_are_told() -> None:
    session = Session("plant")
    async with running([plant()], sessions={"plant": session}, size=(120, 36)) as screen:
        assert session.in_view[-1] == {kind for id in DASHBOARD for kind in PANES[id].kinds}
        await screen.press("4", "z")
        screen.app._tick()
        assert session.in_view[-1] == set(PANES["rollouts"].kinds)


async def test_an_open_deployment_needs_its_replica_sets_and_says_when_they_are_not_there() -> None:
    session, store = Session("plant"), plant()
    store.set_freshness("ReplicaSet", Freshness(Sync.HIDDEN))
    store.replace("ReplicaSet", ())
    async with running([store], sessions={"plant": session}) as screen:
        screen.app.open_detail(ObjectKey("plant", "Deployment", "line-2", "press"))
        await screen.pilot.pause()
        assert session.needed == [("ReplicaSet", True)]
        assert "not known here: with reduced API traffic they are read now" in screen.text()
        assert "pods 0" not in screen.text()
        await screen.press("escape")
        assert session.needed == [("ReplicaSet", True), ("ReplicaSet", False)]


async def test_the_header_names_the_terminal_and_what_it_is_sent_where_that_is_much() -> None:
    async with running([plant()], profile=SSH) as screen:
        assert screen.text().splitlines()[0].rstrip().endswith("ssh")
        screen.app.terminal_meter.words = "0.3 KiB/s"
        screen.app.main.update_header()
        await screen.pilot.pause()
        assert screen.text().splitlines()[0].rstrip().endswith("ssh 0.3 KiB/s")


async def test_a_thin_wire_and_a_thin_terminal_are_told_apart() -> None:
    store = plant()
    store.set_wire(WireState(Wire.THIN))
    async with running([store], profile=Profile("thin", "16", False, False, 0.5, 500)) as screen:
        assert " ".join(screen.text().splitlines()[0].split()).endswith("MINIMAL TRAFFIC thin")


def test_the_terminal_meter_is_silent_about_little_and_slow_to_change_its_words() -> None:
    sent = 0
    meter = TerminalMeter(lambda: sent)
    said: list[tuple[float, str]] = [(0.0, "")]

    def run(began: int, seconds: int, rate: int) -> None:
        nonlocal sent
        for second in range(began, began + seconds):
            sent += rate
            meter.read(float(second))
            if meter.words != said[-1][1]:
                said.append((float(second), meter.words))
                sent += 16  # what it costs to say it

    sent = 2700
    run(0, 60, 0)
    assert said == [(0.0, "")], "starting and then doing nothing is not worth a word"
    run(60, 300, 300)
    assert said[-1][1] == "0.3 KiB/s"
    assert all(later[0] - before[0] >= AGAIN for before, later in itertools.pairwise(said))
    run(360, 60, 0)
    assert said[-1][1] == ""
    changes = len(said)
    run(420, 600, 0)
    assert len(said) == changes


class Reads(NobodyAnswers):
    """An API that has one pod, and no events."""

    def __init__(self, pod: dict[str, Any]) -> None:
        self.pod = pod
        self.asked: list[str] = []

    async def get(self, path: str, query: Any = None) -> dict[str, Any]:
        self.asked.append(path)
        return self.pod if "/pods/" in path else {"items": []}

    async def read(self, collection: str, name: str = "", query: Any = None, *, most: int = 0) -> Any:
        return await self.get(f"{collection}/{name}", query)


def brief(status: str, ready: str, version: str) -> PodRow:
    cells = {
        "Name": "web-x",
        "Ready": ready,
        "Status": status,
        "Restarts": "0",
        "Age": "3d",
        "Node": "edge-1",
    }
    return printed(cells, "line-2", version, NOW)


async def test_a_printed_pod_is_read_in_full_when_it_is_opened_and_again_when_it_changed() -> None:
    session, store = Session("plant"), plant()
    session.api = Reads(pod("web-x", "line-2", created=NOW - 3 * 86400, node="edge-1"))
    store.replace("Pod", [brief("Running", "1/1", "500")])
    async with running([store], sessions={"plant": session}) as screen:
        screen.app.open_detail(ObjectKey("plant", "Pod", "line-2", "web-x"))
        await screen.settled()
        assert "ready       yes" in screen.text()
        assert "the rest is being read" not in screen.text()
        store.apply("Pod", brief("Error", "0/1", "501"))
        await screen.changed()
        assert "Error, 0 of 1" in screen.text()
        assert "the rest is being read" in screen.text()
        asked = len(session.api.asked)
        screen.clock.advance(11.0)
        screen.app._tick()
        await screen.settled()
        assert len(session.api.asked) > asked

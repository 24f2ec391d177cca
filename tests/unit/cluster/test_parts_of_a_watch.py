"""The small parts of a watch: selectors, lists on their way, questions for namespaces, renewals, versions, a pulse.

`pytest tests/unit/cluster/test_parts_of_a_watch.py --snapshot-update` takes what happens now; look at what differs
first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.api.probe import Namespaces
from edgetui.cluster.errors import NotFound
from edgetui.cluster.watch.list_buffer import ListBuffer
from edgetui.cluster.watch.namespace_search import NamespaceSearch
from edgetui.cluster.watch.partition import Collections, Selector, outside_of
from edgetui.cluster.watch.pulse import Pulse
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.renewal import Renewal
from edgetui.cluster.watch.version_choice import VersionChoice
from tests.unit.cluster.reflector_samples import row
from tests.unit.cluster.virtual_time import World


def test_the_rest_has_no_name() -> None:
    assert Collections(("a", "b")).names == ("a", "b")
    assert Collections(("a", "b"), rest=True).names == ("a", "b", "")


@pytest.mark.parametrize(
    ("selector", "query"),
    [
        (Selector("a"), {}),
        (Selector("a", labels="x=y"), {"labelSelector": "x=y"}),
        (Selector("a", name="p0"), {"fieldSelector": "metadata.name=p0"}),
        (Selector("a", "x=y", "p0"), {"labelSelector": "x=y", "fieldSelector": "metadata.name=p0"}),
        (outside_of(("a", "b")), {"fieldSelector": "metadata.namespace!=a,metadata.namespace!=b"}),
        (outside_of(()), {}),
    ],
)
def test_what_a_selector_asks_for(selector: Selector, query: dict[str, str]) -> None:
    assert selector.query == query


# A list on its way


def test_what_has_come_of_a_list(snapshot: SnapshotAssertion) -> None:
    buffer, lines = ListBuffer(5.0), [f"{ListBuffer().progress()}"]
    for now, changes in enumerate(
        (
            [("ADDED", "a")], [("UNREADABLE", "b"), ("UNREADABLE", ""), ("UNREADABLE", "")], [("MODIFIED", "b")],
            [("DELETED", "a")], [("UNREADABLE", "b")], [("DELETED", "b")], [("DELETED", "none")], [],
        )
    ):  # fmt: skip
        items = [(change, row(name)) for change, name in changes]
        buffer.collect(items, now or None, 10.0 + now)
        names, odd = sorted(name for _, name in buffer.rows), sorted(buffer.unreadable)
        lines.append(f"{changes}: {names} {odd} {len(buffer)} {buffer.progress()}")
    assert "\n".join(lines) == snapshot


def test_objects_without_a_name_are_counted_each_whatever_becomes_of_others() -> None:
    buffer = ListBuffer()
    for change, name in (("UNREADABLE", "b"), ("UNREADABLE", ""), ("ADDED", "b"), ("UNREADABLE", "")):
        buffer.collect([(change, row(name))], None, 1.0)
    assert (len(buffer.rows), len(buffer.unreadable)) == (1, 2)


# Questions


class Owner:
    """A cluster that is asked for its namespaces, and answers when it is told to."""

    def __init__(self) -> None:
        self.world = World()
        self.later = self.world.later
        self.now = lambda: self.world.time
        self.in_view: list[str] = []
        self.lines: list[str] = []
        self.asked: list[Callable[[Namespaces], None]] = []

    def namespaces(self, done: Callable[[Namespaces], None]) -> None:
        self.note("asked")
        self.asked.append(done)

    def found(self, found: Namespaces, first: bool) -> None:
        self.note(f"found {found.names} whole {found.whole}, first {first}")

    def note(self, what: str) -> None:
        self.lines.append(f"{self.world.time - 1000:g} {what}")


SEARCHES: dict[str, tuple[str, ...]] = {
    "at once": ("begin", "begin", "answer", "begin", "ask", "answer", "wait 700"),
    "later": ("later", "wait 29", "wait 1", "answer", "later"),
    "in view": ("view", "later", "begin", "ask", "no view", "ask", "answer"),
    "again": ("begin", "answer", "again", "wait 599", "wait 1", "answer", "again some", "wait 119", "wait 1"),
    "soon": ("begin", "answer", "soon", "wait 29", "wait 1", "soon", "quiet", "wait 99"),
    "void": ("begin", "void", "answer", "begin", "answer", "void", "void", "begin", "answer"),
    "reset": ("begin", "answer", "again", "reset", "wait 700", "begin", "reset", "answer", "begin", "answer"),
    "dropped for another": ("begin", "ask", "answer", "answer", "again", "ask", "wait 700", "answer"),
    "the view while it is asked": ("begin", "view", "ask", "answer", "soon", "no view", "wait 30"),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_when_namespaces_are_asked_for(name: str, snapshot: SnapshotAssertion) -> None:
    owner: Any = Owner()
    search = NamespaceSearch(owner, owner.found)
    acts: dict[str, Callable[[], object]] = {
        "begin": search.begin,
        "later": lambda: search.begin(soon=False),
        "ask": search.ask,
        "void": search.void,
        "reset": search.reset,
        "quiet": search.quiet,
        "again": lambda: search.again(Namespaces(["a"], True), soon=False),
        "again some": lambda: search.again(Namespaces(["a"], False), soon=False),
        "soon": lambda: search.again(Namespaces(["s"], True), soon=True),
        "answer": lambda: owner.asked.pop(0)(Namespaces(["a", "b"], True)),
        "view": lambda: owner.in_view.append("v"),
        "no view": owner.in_view.clear,
    }
    for act in SEARCHES[name]:
        if act.startswith("wait "):
            owner.world.run(float(act[5:]))
        elif act != "answer" or owner.asked:
            acts[act]()
        owner.note(f"{act}: asking {search.asking}, listed {search.listed}")
    assert "\n".join(owner.lines) == snapshot


class Asking:
    """A watcher that has asked at a time, and keeps what it hears."""

    def __init__(self, asked: float = 0.0, version: str = "v2", older: tuple[str, ...] = ("v1",)) -> None:
        self.asked = asked
        self.heard: list[Any] = []
        self.kind: Any = type("Kind", (), {"id": "Pod", "version": version, "older": older})

    def feed(self, happened: r.Input) -> None:
        self.heard.append(happened)


def test_credentials_are_renewed_once_for_all_that_were_refused_with_those_before() -> None:
    asked: list[Callable[[r.Refreshed], None]] = []
    now = [100.0]
    renewal = Renewal(asked.append, lambda: now[0])
    first, second, late, same, early = (Asking(at) for at in (90.0, 99.0, 101.0, 100.0, 99.9))
    for one in (first, second):
        renewal.ask(one)  # type: ignore[arg-type]
    assert len(asked) == 1
    changed, unchanged = r.Refreshed(changed=True), r.Refreshed(changed=False)
    asked.pop()(changed)
    assert (first.heard, second.heard) == ([changed], [changed])
    for one in (early, same):
        renewal.ask(one)  # type: ignore[arg-type]
    assert (early.heard, same.heard, len(asked)) == ([changed], [], 1)
    now[0] = 500.0
    asked.pop()(unchanged)
    assert same.heard == [unchanged]
    renewal.ask(late)  # type: ignore[arg-type]
    assert (late.heard, len(asked)) == ([], 1), "nothing was renewed at 500"


@pytest.mark.parametrize("version", ["v1", "v2", None])
def test_one_question_finds_the_version_for_all_watchers_of_a_kind(version: str | None) -> None:
    asked: list[Any] = []
    adopted: list[Any] = []
    choice = VersionChoice(lambda kind, done: asked.append((kind, done)), adopted.append)
    error = NotFound("Not here.", code=404)
    first, second, newest = Asking(), Asking(), Asking(older=())
    told = [choice.unserved(one, error) for one in (first, second, newest)]  # type: ignore[arg-type]
    assert told == [True, True, False]
    assert [kind for kind, _ in asked] == ["Pod"]
    found = None if version is None else type("Kind", (), {"version": version})
    asked[0][1](found)
    assert adopted == ([found] if version == "v1" else [])
    heard = [] if version == "v1" else [r.Failed(error)]
    assert (first.heard, second.heard, newest.heard) == (heard, heard, [])
    choice.unserved(first, error)  # type: ignore[arg-type]
    assert len(asked) == 2


def test_a_pulse_beats_every_five_seconds_and_tells_how_late_it_is() -> None:
    owner: Any = Owner()
    beats: list[tuple[float, float]] = []
    pulse = Pulse(owner, lambda late: beats.append((owner.world.time - 1000, late)))
    pulse.stop()
    pulse.start()
    owner.world.run(10.0)
    owner.world.sleep(100.0)
    owner.world.run(6.0)
    assert beats == [(5.0, 0.0), (10.0, 0.0), (115.0, 100.0)]
    pulse.stop()
    owner.world.run(20.0)
    assert len(beats) == 3
    pulse.start()
    owner.world.run(5.0)
    assert beats[3:] == [(141.0, 0.0)]

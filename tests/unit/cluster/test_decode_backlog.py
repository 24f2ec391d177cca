"""Under a backlog only the newest line of an object is decoded, and the store ends as if every line had been."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgetui.cluster.backoff import Features
from edgetui.cluster.errors import LinkError
from edgetui.cluster.watch import events, runner
from edgetui.cluster.watch.events import EventDecoder
from edgetui.cluster.watch.informer import Informer
from edgetui.cluster.watch.reflector import states as r
from edgetui.model.cache.store import Store, older
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.base import Row

POD = KINDS["Pod"]


class Host:
    """What an informer needs; requests and timers are left to the test."""

    def __init__(self) -> None:
        self.rng = random.Random(1)
        self.can = Features(self.now)
        self.sink: Any = None
        self.soon: list[Callable[[], None]] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None

    def now(self) -> float:
        return 1.0

    def wall(self, steady: float) -> float:
        return steady

    def later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        if seconds == runner.KEPT_FOR:
            self.soon.append(call)
        return lambda: None

    def open_stream(self, path: str, query: dict[str, str], sink: Any, printer: Any = None) -> Host:
        self.sink = sink
        return self

    def close(self) -> None:
        """The stream was given up."""


class Client:
    """A store that follows one stream of pods, from the first byte of its streaming list."""

    def __init__(self) -> None:
        self.host = Host()
        self.store = Store("test")
        informer = Informer(self.host, self.store, POD)  # type: ignore[arg-type]
        informer.show()
        self.watcher = informer.watchers[0]
        informer.feed(r.LinkUp())
        self.sink = self.host.sink
        self.sink.on_head(200, {})

    def wait(self) -> None:
        """Let the moment pass for which lines are kept back."""
        calls, self.host.soon = self.host.soon, []
        for call in calls:
            call()

    def end(self, how: str) -> None:
        if how == "clean":
            self.sink.on_end(True)
        elif how == "broken":
            self.sink.on_error(LinkError("The connection was reset."))
        else:
            self.wait()

    @property
    def rows(self) -> dict[tuple[str, str], Row]:
        return {(row.namespace, row.name): row for row in self.store.rows("Pod")}


def pod(name: str, uid: str, version: str, value: int = 0, **meta: Any) -> dict[str, Any]:
    metadata = {
        "name": name,
        "generateName": "p-",
        "namespace": "ns",
        "uid": uid,
        "resourceVersion": version,
        **meta,
    }
    return {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": {"nodeName": f"n{value}"}}


def line(change: str, thing: dict[str, Any]) -> bytes:
    return (
        json.dumps({"type": change, "object": thing}, separators=(",", ":"), ensure_ascii=False).encode()
        + b"\n"
    )


def turned(data: bytes) -> bytes:
    """The same event with its fields in another order."""
    event = json.loads(data)
    meta = event["object"]["metadata"]
    event["object"]["metadata"] = dict(reversed(meta.items()))
    return json.dumps(dict(reversed(event.items())), ensure_ascii=False).encode() + b"\n"


def bookmark(version: str, *, end: bool = False) -> bytes:
    notes = {"annotations": {"k8s.io/initial-events-end": "true"}} if end else {}
    return line("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": version, **notes}})


EXPIRED = line("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"})
TEXT = '{"type":"MODIFIED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"b","uid":"b1"}}}\n"name":"'


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[bytes], bool]:
    """Lines of a stream with its end bookmark somewhere, and whether their versions only rise, as a server's do."""
    lines, version, rising = [], 100, draw(st.booleans())
    synced = draw(st.integers(0, 30))
    for number in range(draw(st.integers(1, 60))):
        if number == synced:
            lines.append(bookmark(str(version), end=True))
        version += draw(st.integers(1, 3))
        name, life = draw(st.sampled_from("aabc")), draw(st.sampled_from("1112"))
        said = str(version if rising else draw(st.sampled_from((version, version - 4, "x7"))))
        notes = draw(st.sampled_from(({}, {"annotations": {"name": "b", "uid": "b1", "text": TEXT}})))
        change = draw(st.sampled_from(("MODIFIED",) * 6 + ("ADDED", "DELETED")))
        data = line(change, pod(name, name + life, said, number, **notes))
        other = draw(st.integers(0, 40))
        if other == 0:
            data = bookmark(str(version))
        elif other == 1:
            data = EXPIRED
        elif other <= 4:
            data = turned(data)
        elif other == 5 and draw(st.integers(0, 3)) == 0:
            data = data[:-20] + b"\n"
        lines.append(data)
    return lines, rising


@given(
    histories(),
    st.lists(st.integers(1, 4000), max_size=12),
    st.sampled_from(("quiet", "clean", "broken")),
    st.data(),
)
@settings(max_examples=150)
def test_any_history_in_any_pieces_ends_as_if_every_line_had_been_decoded(
    history: tuple[list[bytes], bool], cuts: list[int], ending: str, data: st.DataObject
) -> None:
    lines, rising = history
    plain, hurried = Client(), Client()
    with pytest.MonkeyPatch.context() as patch:
        for each in lines:
            plain.sink.on_data(each)
        plain.end(ending)
        patch.setattr(runner, "BACKLOG", 700)
        patch.setattr(events, "WORTH_A_LOOK", 3)
        patch.setattr(events, "PASSED", 1)
        patch.setattr(events, "MOST_KEPT", 3000)
        stream, start = b"".join(lines), 0
        for cut in sorted({cut % len(stream) for cut in cuts} | {len(stream)}):
            hurried.sink.on_data(stream[start:cut])
            start = cut
            if data.draw(st.booleans()):
                hurried.wait()
        hurried.end(ending)
    assert hurried.rows == plain.rows
    assert hurried.watcher.state.phase == plain.watcher.state.phase
    if rising:
        assert hurried.watcher.state.rv == plain.watcher.state.rv
    else:
        assert not older(plain.watcher.state.rv, hurried.watcher.state.rv)


BEFORE = {"annotations": {"name": "b", "namespace": "x", "uid": "b1", "resourceVersion": "999"}}


def first(data: bytes, fields: dict[str, Any]) -> bytes:
    """The event with these fields of `metadata` before its name."""
    event = json.loads(data)
    event["object"]["metadata"] = {**fields, **event["object"]["metadata"]}
    return json.dumps(event, separators=(",", ":")).encode() + b"\n"


def m(name: str = "a", uid: str = "a1", version: str = "5", value: int = 0) -> bytes:
    return line("MODIFIED", pod(name, uid, version, value))


ODD = {
    "annotations before the name": [
        m(version="5"),
        first(m("a", "a1", "6", 1), BEFORE),
        m("b", "b1", "7", 2),
    ],
    "managed fields before the name": [
        m(),
        first(m(version="6", value=1), {"managedFields": [{"fieldsV1": {'k:{"name":"b","uid":"b1"}': {}}}]}),
    ],
    "escaped quotes": [
        m('a","uid":"b1', version="5"),
        m('a","uid":"b1', version="6", value=1),
        m("b", "b1", "7"),
    ],
    "letters as escapes": [m("a").replace(b'"name":"a"', b'"name":"\\u0061"'), m(version="6", value=1)],
    "letters of other scripts": [m("ä"), m("ä", version="6", value=1)],
    "fields in another order": [m(), turned(m(version="6", value=1)), m(version="7", value=2)],
    "text that looks like an event": [
        line("MODIFIED", pod("a", "a1", "5", annotations={"note": TEXT})),
        line("MODIFIED", pod("a", "a1", "6", 1, annotations={"note": TEXT})),
    ],
    "deleted and made again": [
        m(),
        line("DELETED", pod("a", "a1", "6")),
        line("ADDED", pod("a", "a2", "7", 2)),
        m("a", "a2", "8", 3),
    ],
    "another life without a deletion": [m("a", "a1", "5"), m("a", "a2", "6", 1), m("a", "a1", "7", 2)],
    "a deletion of an earlier life": [
        m("a", "a2", "6"),
        line("DELETED", pod("a", "a1", "5")),
        m("a", "a2", "7", 1),
    ],
    "an older event": [m(version="9", value=1), m(version="5", value=2)],
    "the same version twice": [m(version="9", value=1), m(version="9", value=2)],
    "versions that are no numbers": [m(version="x9", value=1), m(version="x5", value=2)],
    "a version that is too long": [m(version="9" * 5000, value=1), m(version="9" * 5001, value=2)],
    "a bookmark between": [m(), bookmark("6"), m(version="7", value=1)],
    "an error between": [m(), EXPIRED, m(version="7", value=1)],
    "a line that was cut off": [m(), m(version="6")[:-30] + b"\n", m(version="7", value=1)],
    "an object without a namespace": [m().replace(b'"namespace":"ns",', b""), m(version="6", value=1)],
    "an object without a uid": [m(version="6").replace(b'"uid":"a1",', b""), m(version="7", value=1)],
    "a field of an odd type": [m(), m(version="6").replace(b'"n0"', b"7"), m("b", version="7")],
}


@pytest.mark.parametrize("lines", ODD.values(), ids=ODD)
@pytest.mark.parametrize("initial", [True, False], ids=["in the first list", "after it"])
def test_odd_lines_end_as_if_each_had_been_decoded(
    lines: list[bytes], initial: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = bookmark("4", end=True)
    stream = b"".join([*lines, end] if initial else [end, *lines])
    clients = []
    for worth in (10**6, 1):
        monkeypatch.setattr(events, "WORTH_A_LOOK", worth)
        client = Client()
        client.sink.on_data(stream)
        clients.append(client)
    plain, hurried = clients
    assert hurried.rows == plain.rows
    assert hurried.watcher.state.phase == plain.watcher.state.phase
    assert hurried.watcher.state.rv == plain.watcher.state.rv


def storm(lines: int, pods: int) -> bytes:
    return b"".join(m(f"p{n % pods}", f"u{n % pods}", str(100 + n), n) for n in range(lines))


def test_many_lines_at_once_are_decoded_once_for_each_object() -> None:
    (changes,) = EventDecoder(POD).feed(storm(200, 4))
    assert isinstance(changes, r.Changes)
    assert [row.resource_version for _, row in changes.items] == ["296", "297", "298", "299"]


def test_a_few_lines_are_not_looked_into() -> None:
    (changes,) = EventDecoder(POD).feed(storm(events.WORTH_A_LOOK - 1, 1))
    assert isinstance(changes, r.Changes)
    assert len(changes.items) == events.WORTH_A_LOOK - 1


def test_a_backlog_is_kept_for_a_moment_and_told_in_the_end() -> None:
    client = Client()
    client.sink.on_data(bookmark("50", end=True))
    filled = storm(1, 1) * (runner.BACKLOG // len(storm(1, 1)) + 1)
    client.sink.on_data(filled)
    assert client.rows == {}
    client.sink.on_data(m("p0", "u0", "200", 7))  # no backlog any more: everything is told
    assert client.rows["ns", "p0"].resource_version == "200"


def test_no_more_is_kept_than_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST_KEPT", 10_000)
    decoder, most = EventDecoder(POD), 0
    for number in range(40):
        decoder.feed(b"".join(m(f"p{number}-{n % 9}", "u", str(1000 + n)) for n in range(99)), keep=True)
        most = max(most, sum(len(each) for each in decoder._batch.lines))
    assert 0 < most < 10_000


def test_where_looking_finds_nothing_it_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    looked, add = [], events._Batch.add

    def counted(batch: events._Batch, lines: list[bytes]) -> bool:
        looked.append(len(lines))
        return add(batch, lines)

    monkeypatch.setattr(events._Batch, "add", counted)
    decoder = EventDecoder(POD)
    for _ in range(events.PASSED + 1):
        decoder.feed(storm(20, 20))
    assert looked == [20]


def test_events_of_the_first_list_are_not_kept_back() -> None:
    decoder = EventDecoder(POD)
    lines = b"".join(line("ADDED", pod(f"p{n}", f"u{n}", str(n + 1))) for n in range(50))
    (changes,) = decoder.feed(lines, keep=True)
    assert isinstance(changes, r.Changes)
    assert len(changes.items) == 50
    assert not decoder.keeping

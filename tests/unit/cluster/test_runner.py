"""What a watcher makes of every answer, and what it tells its host and its target, call by call.

`pytest tests/unit/cluster/test_runner.py --snapshot-update` takes what happens now; look at what differs first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from msgspec.structs import asdict, replace
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster import errors
from edgetui.cluster.api.status import map_status
from edgetui.cluster.http.exchange import WatchSink
from edgetui.cluster.watch import runner
from edgetui.cluster.watch.object_table import ObjectPrinter
from edgetui.cluster.watch.partition import Selector
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.runner import Watcher
from edgetui.cluster.watch.table import Printer
from edgetui.model.kinds.base import Row
from tests.unit.cluster.reflector_samples import INPUTS, Fixed
from tests.unit.cluster.simulated_server import KINDS
from tests.unit.cluster.test_printed import PRINTED

CORE = KINDS["Pod"]
GROUPED = replace(CORE, group="apps", name="Deployment", plural="deployments")


def row_of(row: Row) -> str:
    return f"{row.namespace}/{row.name}" + (f" uid {row.uid}" if row.uid else "")


def change_of(items: list[r.Change]) -> str:
    return ", ".join(f"{change} {row_of(row)}" for change, row in items) or "nothing"


class Site:
    """The host and the target of one watcher; `calls` has what it was told."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.rng = Fixed()
        self.time = 1000.0
        self.timers: dict[int, tuple[float, Callable[[], None]]] = {}
        self.set = 0
        self.sink: WatchSink | None = None
        self.done: Callable[[r.Page | errors.EdgetuiError], None] | None = None
        self.has_room, self.rooms, self.other_version = True, 50_000, False
        self.changes = True

    def __getattr__(self, name: str) -> Callable[..., None]:
        """What only has to be noted."""
        if name not in ("answered", "refused", "sent", "heard", "not_printed", "publish", "listing"):
            raise AttributeError(name)
        return lambda: self.calls.append(name.replace("_", " "))

    # The host

    def now(self) -> float:
        return self.time

    def wall(self, steady: float) -> float:
        return steady + 1e6

    def later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        self.set += 1
        number = self.set
        self.timers[number] = self.time + seconds, call
        return lambda: self.timers.pop(number, None) and None

    def ring(self) -> None:
        """Let the time come of all that was to be called later."""
        timers, self.timers = self.timers, {}
        for at, call in sorted(timers.values(), key=lambda one: one[0]):
            self.time = max(self.time, at)
            call()

    def open_stream(
        self, path: str, query: dict[str, str], sink: WatchSink, printer: Printer | None = None
    ) -> Site:
        self.calls.append(f"watch {path} {sorted(query)}{' printed' * (printer is not None)}")
        self.sink = sink
        return self

    def open_page(
        self, kind: Any, path: str, query: dict[str, str], done: Any, printer: Printer | None = None
    ) -> Site:
        self.calls.append(f"list {path} {query}{' printed' * (printer is not None)}")
        self.done = done
        return self

    def close(self) -> None:
        self.calls.append("close")

    def compresses(self, packed: bool) -> None:
        self.calls.append(f"compressed {packed}")

    def link_failed(self, error: errors.EdgetuiError) -> None:
        self.calls.append(f"link failed: {error}")

    def moved(self, watcher: Watcher) -> None:
        self.calls.append(f"moved to {watcher.state.phase}{', answered' * watcher.state.head}")

    # The target

    def replaced(self, namespace: str, rows: list[Row]) -> bool:
        self.calls.append(f"replaced {namespace!r} {[row_of(row) for row in rows]}")
        return self.changes

    def came(self, namespace: str, items: list[r.Change]) -> None:
        self.calls.append(f"came {namespace!r} {change_of(items)}")

    def applied(self, items: list[r.Change]) -> bool:
        self.calls.append(f"applied {change_of(items)}")
        return self.has_room

    def room(self, namespace: str) -> int:
        return self.rooms

    def cleared(self, namespace: str) -> None:
        self.calls.append(f"cleared {namespace!r}")

    def told(self, namespace: str, effect: r.Effect) -> None:
        words = ", ".join(f"{value}" for value in asdict(effect).values() if value != "")
        self.calls.append(f"told {namespace!r} {type(effect).__name__} {words}".rstrip())

    def unserved(self, watcher: Watcher, error: errors.NotFound) -> bool:
        self.calls.append("not served")
        return self.other_version

    def taken(self) -> str:
        """What it was told since this was last asked."""
        calls, self.calls = self.calls, []
        return "; ".join(calls) or "nothing"


def watcher(site: Any, kind: Any = CORE, namespace: str = "", **options: Any) -> Watcher:
    """A watcher whose first request is out."""
    made = Watcher(site, site, kind, namespace, **options)
    made.feed(r.Shown())
    made.feed(r.LinkUp())
    site.taken()
    return made


STATUS = json.dumps({"kind": "Status", "message": "told so", "reason": "Some"}).encode()
PAGE = b"<html><body>sign in</body></html>"
HEADERS: dict[str, dict[str, str]] = {
    "no type": {},
    "JSON": {"content-type": "application/json"},
    "JSON as a Table": {"content-type": "application/json;as=Table"},
    "a page": {"content-type": "text/html; charset=utf-8"},
    "text": {"content-type": "text/plain"},
    "JSON, compressed": {"content-type": "application/json", "content-encoding": "gzip"},
    "JSON, not compressed": {"content-encoding": "identity"},
}
CODES = (200, 204, 299, 300, 301, 399, 400, 401, 403, 404, 406, 409, 410, 429, 499, 500, 502, 503)
ENDS: dict[str, Callable[[WatchSink], None]] = {
    "ends": lambda sink: sink.on_end(True),
    "breaks off": lambda sink: sink.on_end(False),
    "fails": lambda sink: sink.on_error(errors.LinkError("Reset.", "Wait.")),
}


def answered(code: int, headers: str, ends: str, **options: Any) -> str:
    site = Site()
    other = options.pop("other_version", False)
    one = watcher(site, **options)
    site.other_version = other
    assert site.sink is not None
    site.sink.on_sent()
    site.sink.on_head(code, HEADERS[headers])
    site.sink.on_data(PAGE if headers == "a page" else STATUS)
    ENDS[ends](site.sink)
    return f"{site.taken()} => {one.state.phase}: {one.state.reason}"


@pytest.mark.parametrize("ends", ENDS)
def test_what_follows_from_every_answer_to_a_watch(ends: str, snapshot: SnapshotAssertion) -> None:
    found: dict[str, list[str]] = {}
    for code, headers in product(CODES, HEADERS):
        found.setdefault(answered(code, headers, ends), []).append(f"{code} {headers}")
    assert "\n".join(f"{', '.join(what)}\n  {words}" for words, what in found.items()) == snapshot


def test_what_follows_from_an_answer_to_a_watch_of_another_sort(snapshot: SnapshotAssertion) -> None:
    sorts: dict[str, dict[str, Any]] = {
        "core": {},
        "a group": {"kind": GROUPED},
        "a group in another version": {"kind": GROUPED, "other_version": True},
        "rows of a namespace": {"kind": PRINTED["Pod"], "printer": Printer, "namespace": "a"},
        "rows of any kind": {"kind": GROUPED, "printer": ObjectPrinter},
        "a part": {"selector": Selector("b", labels="app=x", name="y"), "namespace": "b"},
    }
    lines = []
    for sort, options in sorts.items():
        lines += [
            f"{sort}, {code}: {answered(code, 'JSON', 'ends', **options)}"
            for code in (200, 401, 403, 404, 406, 422, 500)
        ]
    assert "\n".join(lines) == snapshot


ERRORS: dict[str, errors.EdgetuiError] = {
    **{str(code): map_status(code, {}, STATUS) for code in CODES if code >= 300},
    "404 without a reason": errors.NotFound("Not here.", code=404),
    "link": errors.LinkError("Reset.", "Wait."),
    "certificate": errors.TlsError("Not trusted.", "Check."),
    "protocol": errors.ProtocolError("Garbage.", "Look."),
    "credentials": errors.CredentialError("No token.", "Sign in."),
    "unreadable": errors.Unreadable("Odd."),
    "not printed": errors.NotPrinted("No Tables."),
}


@pytest.mark.parametrize("sort", ["objects", "optional rows", "rows"])
def test_what_follows_from_every_answer_to_a_list(sort: str, snapshot: SnapshotAssertion) -> None:
    printer = {"objects": None, "optional rows": Printer, "rows": ObjectPrinter}[sort]
    lines = []
    for name, error in ERRORS.items():
        for kind in (CORE, GROUPED):
            site = Site()
            one = watcher(site, kind, streaming=False, printer=printer)
            assert site.done is not None
            site.done(error)
            words = f"{site.taken()} => {one.state.phase}: {one.state.reason}"
            lines.append(f"{name}, {kind.plural}: {words}")
            site.done(error)
            assert site.taken() in ("nothing", "not printed"), "it was answered before"
    assert "\n".join(lines) == snapshot


def event(change: str, name: str = "p0", version: str = "20", **more: Any) -> bytes:
    meta = {"name": name, "namespace": "a", "uid": f"u-{name}", "resourceVersion": version, **more}
    return (
        json.dumps({"type": change, "object": {"kind": "Pod", "apiVersion": "v1", "metadata": meta}}).encode()
        + b"\n"
    )


END = event("BOOKMARK", "", "19", annotations={"k8s.io/initial-events-end": "true"})
ODD = b'{"type":"MODIFIED","object":{"metadata":{"name":"odd","namespace":"a","uid":7}}}\n'
NAMELESS = b'{"type":"MODIFIED","object":{"metadata":{"uid":"7"}}}\n'
STEPS: dict[str, Callable[[Site, Watcher], object]] = {
    "head": lambda s, w: _sink(s).on_head(200, {}),
    "rows": lambda s, w: _sink(s).on_data(event("ADDED") + event("ADDED", "p1")),
    "end of the list": lambda s, w: _sink(s).on_data(END),
    "another": lambda s, w: _sink(s).on_data(event("MODIFIED", version="30")),
    "gone": lambda s, w: _sink(s).on_data(event("DELETED", "p1", "31")),
    "half a line": lambda s, w: _sink(s).on_data(event("ADDED", "p2", "32")[:40]),
    "the other half": lambda s, w: _sink(s).on_data(event("ADDED", "p2", "32")[40:]),
    "odd": lambda s, w: _sink(s).on_data(ODD),
    "nameless": lambda s, w: _sink(s).on_data(NAMELESS),
    "nonsense": lambda s, w: _sink(s).on_data(b"nonsense\n"),
    "no room": lambda s, w: setattr(s, "has_room", False),
    "room for one": lambda s, w: setattr(s, "rooms", 1),
    "room for none": lambda s, w: setattr(s, "rooms", -5),
    "room": lambda s, w: s.__dict__.update(rooms=50_000, has_room=True),
    "nothing is another": lambda s, w: setattr(s, "changes", False),
    "broken": lambda s, w: _sink(s).on_end(False),
    "ended": lambda s, w: _sink(s).on_end(True),
    "time": lambda s, w: s.ring(),
    "stop": lambda s, w: w.stop(),
    **{
        name: lambda s, w, name=name: w.feed(INPUTS[name])  # type: ignore[misc]
        for name in ("LinkDown", "LinkUp late", "Reinit", "Woke", "CredentialsChanged", "403", "Pace lists")
    },
}


def _sink(site: Site) -> WatchSink:
    assert site.sink is not None
    return site.sink


LIVE = ("head", "rows", "end of the list")
HISTORIES: tuple[tuple[str, ...], ...] = (
    (*LIVE, "another", "gone", "half a line", "the other half", "time", "time"),
    ("rows", "head", "odd", "rows", "nameless", "end of the list", "odd", "another", "gone"),
    (*LIVE, "odd", "odd", "nameless", "another", "room for one", "odd", "nameless", "time"),
    (*LIVE, "no room", "another", "another", "room", "time", "head", "rows", "end of the list"),
    ("head", "room for one", "rows", "rows", "end of the list", "time", "room", "head", "rows", "end of the list"),
    ("head", "rows", "room for none", "end of the list", "time", "time"),
    (*LIVE, "Reinit", "another", "head", "rows", "end of the list"),
    (*LIVE, "403", "another", "time", "time", "head", "403"),
    (*LIVE, "LinkDown", "broken", "another", "LinkUp late", "head", "time", "nothing is another", "time"),
    (*LIVE, "Woke", "time", "time", "LinkUp late", "head", "time", "Pace lists", "time", "head"),
    (*LIVE, "stop", "another", "ended", "time", "LinkUp late", "CredentialsChanged"),
    (*LIVE, "ended", "time", "head", "time", "CredentialsChanged", "head", "another", "time"),
    ("head", "rows", "ended", "time", "head", "nonsense", "time", "ended"),
    ("head", "rows", "odd", "stop", "end of the list"),
    (*LIVE, "nothing is another", "time", "time", "time", "LinkUp late", "head", "rows", "end of the list"),
)  # fmt: skip


def told(history: tuple[str, ...], namespace: str) -> Iterator[str]:
    site = Site()
    one = watcher(site, namespace=namespace)
    for step in history:
        STEPS[step](site, one)
        state = f"{one.state.phase} {len(one.odd)} odd, listed {one.listed}, {len(site.timers)} timers"
        yield f"{step}: {site.taken()} => {state}, {one.progress}"


@pytest.mark.parametrize("number", range(len(HISTORIES)))
@pytest.mark.parametrize("namespace", ["", "a"])
def test_what_is_told_step_by_step(namespace: str, number: int, snapshot: SnapshotAssertion) -> None:
    assert "\n".join(told(HISTORIES[number], namespace)) == snapshot


@pytest.mark.parametrize(
    ("first", "after"), [((), r.Phase.WATCHING), (("Pace lists",), r.Phase.RESTING)], ids=["watch", "lists"]
)
@pytest.mark.parametrize(("rooms", "shown"), [(2, 2), (1, 1), (0, 0), (-3, 0)])
def test_a_list_for_which_others_have_left_no_room_is_cut_and_not_called_complete(
    rooms: int, shown: int, first: tuple[str, ...], after: r.Phase
) -> None:
    site = Site()
    one = watcher(site)
    for step in (*first, "head", "rows"):
        STEPS[step](site, one)
    site.rooms = rooms
    site.taken()
    STEPS["end of the list"](site, one)
    rows = ["a/p0 uid u-p0", "a/p1 uid u-p1"][:shown]
    assert f"replaced '' {rows}" in site.taken()
    if shown == 2:
        assert (one.state.phase, one.state.reason) == (after, "")
    else:
        assert (one.state.phase, one.state.reason) == (r.Phase.BACKOFF, errors.TooManyRows.SENTENCE)
        assert one.state.wake_at - site.time == pytest.approx(900.0)


def test_an_error_body_is_kept_up_to_64_kib_and_no_more() -> None:
    site = Site()
    one = watcher(site)
    sink = _sink(site)
    sink.on_head(500, {})
    for _ in range(5):
        sink.on_data(b" " * 16 * 1024)
    assert len(sink._error_body) == 64 * 1024  # type: ignore[attr-defined]
    sink.on_data(STATUS)
    sink.on_end(True)
    assert one.state.reason == "The server answered with HTTP 500."


@pytest.mark.parametrize("size", [48 * 1024 - 1, 48 * 1024])
def test_much_at_once_is_kept_back_for_two_hundredths_of_a_second(size: int) -> None:
    site = Site()
    one = watcher(site)
    sink = _sink(site)
    for step in LIVE:
        STEPS[step](site, one)
    site.taken()
    lines = b"".join(
        event("MODIFIED", version=str(version)).replace(b" ", b"") for version in range(100, 800)
    )
    some = lines[: lines.rindex(b"\n", 0, size) + 1]
    sink.on_data(some + b" " * (size - len(some)))
    kept = size >= runner.BACKLOG
    assert (site.taken().count("applied") == 0) is kept
    waits = [at - site.time for at, _ in site.timers.values()]
    assert any(wait == pytest.approx(0.02) for wait in waits) is kept
    site.ring()
    assert site.taken().count("applied MODIFIED a/p0 uid u-p0") == kept

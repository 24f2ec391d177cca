"""What a simulated cluster is asked for and what it makes known, moment by moment, in words.

Times are seconds since the simulation began; 1.5 behind "heard" is when something was heard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby

from edgetui.cluster.api.probe import Namespaces
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.http.exchange import Closeable, WatchSink
from edgetui.cluster.watch.informers import Supervisor
from edgetui.cluster.watch.io import Listener
from edgetui.cluster.watch.reflector.states import Page, Refreshed
from edgetui.cluster.watch.table import Printer
from edgetui.model.cache.freshness import Freshness, LinkState
from edgetui.model.cache.list_progress import ListProgress
from edgetui.model.kinds.base import Kind
from tests.unit.cluster.simulated_server import KINDS, ThingRow
from tests.unit.cluster.simulation import Cluster

BEGAN, OFFSET, CLOCK = 1000.0, 1_000_000.0, 1_790_000_000.0
USUAL = {
    "watch": "1",
    "allowWatchBookmarks": "true",
    "resourceVersionMatch": "NotOlderThan",
    "includeObject": "None",
}
MOST_NAMED = 4
"""Rows that are named when they come or go together; of more only the number is told."""


def moment(steady: float) -> str:
    return f"{steady - BEGAN:.3f}".rstrip("0").rstrip(".")


def wall_moment(wall: float) -> str:
    """Of a cluster that is simulated whole, or of a session on virtual time."""
    return moment(wall - (CLOCK if wall > CLOCK else OFFSET)) if wall else "never"


def query_of(query: dict[str, str]) -> str:
    """What is asked for, besides what is in every request of its sort."""
    short = {"sendInitialEvents": "initial", "resourceVersion": "from", "timeoutSeconds": "for"}
    words = [
        short.get(name, name) if value == "true" else f"{short.get(name, name)} {value}"
        for name, value in sorted(query.items())
        if USUAL.get(name) != value
    ]
    if "watch" in query and "allowWatchBookmarks" not in query:
        words.append("without bookmarks")
    return ", ".join(words)


def link_of(state: LinkState) -> str:
    said = " ".join(filter(None, (state.sentence, state.next_step)))
    again = f", again {wall_moment(state.retry_at)}" if state.retry_at else ""
    return (
        f"link {state.link} since {wall_moment(state.since)}, heard {wall_moment(state.heard)}{again}: {said}"
    ).rstrip(": ")


def freshness_of(found: Freshness) -> str:
    words = [f"{found.sync} heard {wall_moment(found.heard)}"]
    words += [name for name in ("partial", "kept") if getattr(found, name)]
    words += [f"{found.unreadable} unreadable"] * bool(found.unreadable)
    words += [f"every {found.polled:g} s"] * bool(found.polled)
    return ", ".join(words) + (f": {found.reason}" if found.reason else "")


def listing_of(found: ListProgress | None) -> str:
    if found is None:
        return "no list on its way"
    rest = "" if found.remaining is None else f", {found.remaining} more"
    return f"list began {wall_moment(found.began)}, heard {wall_moment(found.heard)}, {found.rows} rows{rest}"


class _Asked:
    """What was asked for; `note` is told when it is given up before its answer."""

    def __init__(self, note: Callable[[], None]) -> None:
        self.waits = True
        self.handle: Closeable | None = None
        self._note = note

    def answered(self) -> None:
        self.waits = False

    def close(self) -> None:
        if self.waits:
            self._note()
        self.waits = False
        if self.handle is not None:
            self.handle.close()


class Recorded(Cluster):
    """A simulated cluster that keeps a record in `lines`."""

    def __init__(self, seed: int = 0, kinds: dict[str, Kind] = KINDS) -> None:
        super().__init__(seed, kinds)
        self.lines: list[str] = []
        self.supervisor = Supervisor(
            self,
            self.store,
            kinds,
            Listener(
                up=lambda: self.note("the link is up"),
                down=lambda: self.note("the link is down"),
                slept=lambda: self.note("slept"),
                connected=lambda: self.note("connected"),
            ),
            waiting_for=("Nobody has answered yet.", "Wait."),
        )
        self._seen: dict[str, str] = {}
        self._rows: dict[str, dict[str, str]] = {}
        later = self.world.later
        self.world.later = lambda seconds, call: later(seconds, lambda: self.do(call))  # type: ignore[method-assign]

    def note(self, what: str) -> None:
        self.lines.append(f"{moment(self.now())} {what}")

    def do(self, what: Callable[[], object], name: str = "") -> None:
        """Do something, and record what it changes."""
        if name:
            self.note(f"-- {name}")
        what()
        self.look()

    def look(self) -> None:
        """Record what is another than at the last look."""
        found = {"link": link_of(self.store.link), "can": self._can()}
        for kind in self.kinds:
            found[kind] = f"{kind} {freshness_of(self.store.freshness(kind))}"
            found[f"{kind} list"] = f"{kind} {listing_of(self.store.listing.get(kind))}"
        for name, words in found.items():
            if self._seen.setdefault(name, "") != words:
                if self._seen[name] or name == "link":
                    self.note(words)
                self._seen[name] = words
        for kind in self.kinds:
            for words in self._changes(kind):
                self.note(words)

    def _can(self) -> str:
        can = self.supervisor.can
        has = {"streaming lists": can.streaming.there, "bookmarks": can.bookmarks.there}
        has |= {"tables": can.tables.there, "compression": can.gzips}
        return "the server has " + ", ".join(name for name, there in has.items() if there)

    def _changes(self, kind: str) -> Iterator[str]:
        before = self._rows.get(kind, {})
        now = {
            f"{row.namespace}/{row.name}": f"{row.value} at {row.resource_version}"
            for row in self.store.rows(kind)
            if isinstance(row, ThingRow)
        }
        self._rows[kind] = now
        came = [f"{name} {now[name]}" for name in sorted(now) if before.get(name) != now[name]]
        gone = sorted(before.keys() - now.keys())
        for what, names in (("has", came), ("loses", gone)):
            if names:
                told = ", ".join(names) if len(names) <= MOST_NAMED else f"{len(names)} rows"
                yield f"{kind} {what} {told}"

    # What it is asked for

    def open_stream(  # type: ignore[override]
        self, path: str, query: dict[str, str], sink: WatchSink, printer: Printer | None = None
    ) -> Closeable:
        asked = query if printer is None else query | printer.query
        self.note(f"{'watch' if printer is None else 'watch rows'} {path}: {query_of(asked)}")
        stream = super().open_stream(path, query, sink, printer)
        asked_for = _Asked(lambda: self.note(f"close {path}") if stream.open else None)
        asked_for.handle = stream
        return asked_for

    def open_page(  # type: ignore[override]
        self,
        kind: Kind,
        path: str,
        query: dict[str, str],
        done: Callable[[Page | EdgetuiError], None],
        printer: Printer | None = None,
    ) -> Closeable:
        asked = query if printer is None else query | printer.query
        self.note(f"{'list' if printer is None else 'list rows'} {path}: {query_of(asked)}")
        asked_for = _Asked(lambda: self.note(f"give up {path}"))

        def answered(result: Page | EdgetuiError) -> None:
            asked_for.answered()
            done(result)

        asked_for.handle = super().open_page(kind, path, query, answered, printer)
        return asked_for

    def probe(  # type: ignore[override]
        self, timeout: float, version: str, done: Callable[[EdgetuiError | None], None], *, dials: bool = True
    ) -> Closeable:
        at = f" whether it is at {version}" if version else ""
        self.note(f"ask{at} within {timeout:g} s{'' if dials else ', without a new connection'}")
        asked_for = _Asked(lambda: self.note("ask no more"))

        def answered(error: EdgetuiError | None) -> None:
            asked_for.answered()
            done(error)

        asked_for.handle = super().probe(timeout, version, answered, dials=dials)
        return asked_for

    def refresh(self, done: Callable[[Refreshed], None]) -> None:
        self.note("renew the credentials")
        super().refresh(done)

    def served(self, kind: str, done: Callable[[Kind | None], None]) -> None:
        self.note(f"find a version of {kind}")
        super().served(kind, done)

    def namespaces(self, done: Callable[[Namespaces], None]) -> None:
        self.note("ask for the namespaces")
        super().namespaces(done)


def record(c: Recorded) -> str:
    """All lines; what is closed together is told in the order of its names."""
    told: list[str] = []
    for closing, found in groupby(c.lines, lambda line: line.partition(" ")[2].startswith("close ")):
        lines = list(found)
        told += sorted(lines) if closing else lines
    return "\n".join([*told, f"{len(c.timers)} timers are set"])

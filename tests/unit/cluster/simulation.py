"""A supervisor and its store, wired to a simulated server on virtual time."""

from __future__ import annotations

import json
from collections.abc import Callable

from edgetui.cluster.api.probe import Identity, Namespaces, reason_to_list_again
from edgetui.cluster.api.status import map_status
from edgetui.cluster.errors import EdgetuiError, LinkError, ServerFailure, Unreadable
from edgetui.cluster.http.exchange import WatchSink
from edgetui.cluster.watch.informers import Supervisor
from edgetui.cluster.watch.io import Listener
from edgetui.cluster.watch.reflector.states import Page, Refreshed
from edgetui.cluster.watch.table import Printer
from edgetui.model.cache.store import Store, older
from edgetui.model.kinds.base import Kind
from tests.unit.cluster.simulated_server import KINDS, Server, Stream, ThingRow
from tests.unit.cluster.virtual_time import World


class _Open:
    def __init__(self) -> None:
        self.open = True

    def close(self) -> None:
        self.open = False


class Cluster:
    """A supervisor and its store, wired to a simulated server."""

    def __init__(self, seed: int = 0, kinds: dict[str, Kind] = KINDS) -> None:
        self.world = World(seed)
        self.server = Server(self.world)
        self.kinds = kinds
        self.rng = self.world.rng
        self.offset = 1_000_000.0
        self.refreshes = 0
        self.discoveries = 0
        self.whole = True
        self.past: Server | None = None
        self.refresh_changes = False
        self.store = Store("sim")
        self.identity = self.server.uid
        self.came_up: list[float] = []
        self.timers: set[object] = set()
        listener = Listener(up=lambda: self.came_up.append(self.world.time))
        self.supervisor = Supervisor(self, self.store, kinds, listener)

    def now(self) -> float:
        return self.world.time

    def wall(self, steady: float) -> float:
        return steady + self.offset if steady else 0.0

    def later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        """A timer; those that are set stand in `timers`."""
        one = object()
        self.timers.add(one)

        def fire() -> None:
            self.timers.discard(one)
            call()

        cancel = self.world.later(seconds, fire)

        def forget() -> None:
            self.timers.discard(one)
            cancel()

        return forget

    def open_stream(
        self, path: str, query: dict[str, str], sink: WatchSink, printer: Printer | None = None
    ) -> Stream:
        asked = query | printer.query if printer is not None else query
        return self.server.open(self.kinds, path, asked, sink, printed=printer is not None)

    def open_page(
        self,
        kind: Kind,
        path: str,
        query: dict[str, str],
        done: Callable[[Page | EdgetuiError], None],
        printer: Printer | None = None,
    ) -> _Open:
        handle = _Open()

        def answer() -> None:
            if handle.open:
                try:
                    result = self.server.page(self.kinds, path, query, printer)
                except Unreadable as error:
                    result = error
                if result is not None:
                    done(result)

        self.world.later(60.0 if self.server.frozen else self.server.latency, answer)
        return handle

    def probe(
        self, timeout: float, version: str, done: Callable[[EdgetuiError | None], None], *, dials: bool = True
    ) -> _Open:
        handle = _Open()
        self._probe(timeout, version, lambda error: done(error) if handle.open else None)
        return handle

    def _probe(self, timeout: float, version: str, done: Callable[[EdgetuiError | None], None]) -> None:
        server = self.server
        server.dials += 1
        server.connections += 1
        server.requests.append((self.world.time, "probe", {}))
        if server.black_hole:
            self.world.later(timeout, lambda: done(LinkError("The server did not answer.")))
        elif server.frozen:
            dead = ServerFailure("The server answers, but its datastore does not.", code=503)
            self.world.later(timeout + server.latency, lambda: done(dead))
        elif server.dial_fails:
            error = server.dial_fails
            self.world.later(server.latency, lambda: done(error))
        elif server.refuses >= 429 or server.refuses == 401:
            body = json.dumps({"kind": "Status", "details": {"retryAfterSeconds": server.retry_after}})
            answer = map_status(server.refuses, {}, body.encode())
            self.world.later(server.latency, lambda: done(answer))
        elif not server.tokens_valid:
            refused = map_status(401, {}, b'{"code":401,"message":"Unauthorized"}')
            self.world.later(server.latency, lambda: done(refused))
        else:
            self.world.later(server.latency, lambda: self._identified(version, done))

    def _identified(self, version: str, done: Callable[[EdgetuiError | None], None]) -> None:
        if self.server.dial_fails:
            done(self.server.dial_fails)
            return
        behind = bool(version) and older(str(self.server.rv), version)
        void = reason_to_list_again(self.identity, Identity(self.server.uid, behind))
        self.identity = self.server.uid
        if void:
            self.supervisor.list_again(void)
        self.supervisor.identified(str(self.server.rv))
        done(None)

    def refresh(self, done: Callable[[Refreshed], None]) -> None:
        self.refreshes += 1
        changed = self.refresh_changes
        self.refresh_changes = False
        if changed:
            self.server.tokens_valid = True
        self.world.later(0.01, lambda: done(Refreshed(changed)))

    def served(self, kind: str, done: Callable[[Kind | None], None]) -> None:
        """Discovery: the first version of the kind that the server serves."""
        known = self.kinds[kind]

        def answer() -> None:
            served = (one for one in known.versions if not self.server.denied(known.at(one), ""))
            version = next(served, None)
            done(None if version is None else known.at(version))

        self.discoveries += 1
        self.world.later(self.server.latency, answer)

    def namespaces(self, done: Callable[[Namespaces], None]) -> None:
        found = Namespaces(list(self.server.namespaces_listed), self.whole)
        self.world.later(self.server.latency, lambda: done(found))

    # What tests look at

    def start(self, *kinds: str) -> Cluster:
        self.supervisor.start(kinds or ("Node", "Pod"))
        return self

    def live(self) -> bool:
        return self.store.link.link == "live" and all(
            self.store.freshness(k).sync in ("live", "hidden") for k in self.kinds
        )

    def rows(self, kind: str) -> dict[tuple[str, str], tuple[str, int]]:
        return {
            (row.namespace, row.name): (row.uid, row.value)
            for row in self.store.rows(kind)
            if isinstance(row, ThingRow)
        }

    def truth(self, kind: str) -> dict[tuple[str, str], tuple[str, int]]:
        return {
            key[1:]: (thing["metadata"]["uid"], thing["value"])
            for key, thing in self.server.objects.items()
            if key[0] == kind
        }

    def equal(self) -> bool:
        return all(self.rows(k) == self.truth(k) for k in ("Node", "Pod"))

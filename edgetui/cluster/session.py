"""One cluster, alive: its credentials, its connections, its watches and the store they keep."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from edgetui.cluster.api import Api
from edgetui.cluster.credentials import Credentials
from edgetui.cluster.decode import decode_page
from edgetui.cluster.errors import EdgetuiError, ServerFailure, Throttled, Unauthorized
from edgetui.cluster.facts import Facts, learn
from edgetui.cluster.metrics import MetricsPoller
from edgetui.cluster.reflector import states as r
from edgetui.cluster.supervisor import Supervisor
from edgetui.cluster.target import ClusterTarget
from edgetui.cluster.transport import Transport
from edgetui.cluster.watcher import Closeable, Sink
from edgetui.model.freshness import Link, LinkState
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.base import Kind
from edgetui.model.store import Store

PAGE_TIMEOUT = 60.0


class ClusterSession:
    """Everything edgetui has of one cluster. A session whose target is unusable only says so in its store.

    `identity` is the uid of the kube-system namespace, empty while unknown.
    """

    def __init__(
        self,
        target: ClusterTarget,
        *,
        clock: Callable[[], float] = time.time,
        rng: random.Random | None = None,
        store: Store | None = None,
    ) -> None:
        self.name = target.name
        self.target = target
        self.store = store or Store(target.name)
        self.store.set_badges(target.badges)
        self.rng = rng or random.Random()
        self.identity = ""
        self.credentials = Credentials(target, clock)
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: Transport | None = None
        self._api: Api | None = None
        self._supervisor: Supervisor | None = None
        self._metrics: MetricsPoller | None = None
        self._changed = asyncio.Event()

    # -- what others use

    @property
    def api(self) -> Api:
        """Requests to this cluster. Raises the target's error when there can be none."""
        if self._api is None:
            raise self.target.error or EdgetuiError(f"{self.name} is not connected.")
        return self._api

    @property
    def transport(self) -> Transport:
        """Its connections and counters. Raises the target's error when there can be none."""
        return self.api.transport

    async def start(self, kinds: Iterable[str]) -> None:
        """Begin to connect and to keep these kinds, in this order of first paint. Never raises for a bad cluster."""
        try:
            if self.target.error is not None:
                raise self.target.error
            self._transport = Transport(self.target, self.credentials)
        except EdgetuiError as error:
            broken = LinkState(
                Link.BROKEN, since=self._clock(), sentence=error.sentence, next_step=error.next_step
            )
            self.store.set_link(broken)
            self._changed.set()
            return
        self._api = Api(self._transport, self.credentials)
        self._metrics = MetricsPoller(self._api, self.store)
        self._supervisor = Supervisor(self, self.store, KINDS)
        self._supervisor.on_change = self._changed.set
        self._supervisor.on_up = self._came_up
        self._supervisor.start(kinds)

    def show(self, kind: str) -> None:
        """Keep this kind too, as long as a pane shows it."""
        if self._supervisor is not None:
            self._supervisor.show(kind)

    def hide(self, kind: str) -> None:
        """Stop keeping this kind."""
        if self._supervisor is not None:
            self._supervisor.hide(kind)

    def show_metrics(self, shown: bool) -> None:
        """Ask the metrics API from time to time, or no more."""
        if self._metrics is not None:
            self._metrics.show(shown)

    async def settled(self, timeout: float) -> bool:
        """Whether every kept kind is live, forbidden or absent within `timeout` seconds; at once if it never will."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while not self._is_settled():
                    self._changed.clear()
                    await self._changed.wait()
        return self._is_settled() and self.store.link.link is Link.LIVE

    def _is_settled(self) -> bool:
        if self._supervisor is None or self.store.link.link in (Link.BROKEN, Link.REFUSED):
            return True
        return self._supervisor.settled()

    async def reconnect(self, credentials_changed: bool = False) -> None:
        """Try at once; with changed credentials every stream moves to a connection made with the new ones."""
        if self._transport is None or self._supervisor is None:
            return
        if credentials_changed:
            self._transport.drop_idle()
            self._supervisor.credentials_changed()
        else:
            self._supervisor.try_now()

    async def close(self) -> None:
        """Close every connection and end every task."""
        if self._supervisor is not None:
            self._supervisor.stop()
        if self._metrics is not None:
            self._metrics.show(False)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._transport is not None:
            self._transport.close()

    # -- Ports of the supervisor

    def now(self) -> float:
        """Seconds of a clock that never goes back."""
        return asyncio.get_running_loop().time()

    def wall(self, steady: float) -> float:
        """Unix time of a steady time; 0.0 stays 0.0."""
        return self._clock() - (self.now() - steady) if steady else 0.0

    def later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        """Call once after `seconds`; returns what cancels it."""
        return asyncio.get_running_loop().call_later(seconds, call).cancel

    def open_stream(self, path: str, query: dict[str, str], sink: Sink) -> Closeable:
        """A GET whose answer comes piece by piece."""
        return self.transport.open_stream(path, query, sink)

    def open_page(
        self, kind: Kind, path: str, query: dict[str, str], done: Callable[[r.Page | EdgetuiError], None]
    ) -> Closeable:
        """One page of a list, decoded."""

        async def ask() -> None:
            try:
                body = await self.api.get_bytes(path, query, timeout=PAGE_TIMEOUT)
                page = decode_page(kind, body)
            except EdgetuiError as error:
                done(error)
            else:
                done(page)

        return _Cancellable(self._run(ask()))

    def probe(self, timeout: float, version: str, done: Callable[[EdgetuiError | None], None]) -> None:
        """Ask for the server's version on a new connection; any answer but 401, 429 and 5xx proves the link."""

        async def ask() -> None:
            api = self.api.on_fresh_connection(self.credentials)
            try:
                await api.get("/version", timeout=timeout)
            except (Unauthorized, Throttled, ServerFailure) as error:
                done(error)
            except EdgetuiError as error:
                done(None if getattr(error, "code", 0) else error)
            else:
                done(None)
            finally:
                api.close()

        self._run(ask())

    def refresh(self, done: Callable[[bool], None]) -> None:
        """Renew the credentials."""

        async def ask() -> None:
            try:
                changed = await self.credentials.refresh()
            except EdgetuiError:
                changed = False
            done(changed)

        self._run(ask())

    def namespaces(self, done: Callable[[list[str]], None]) -> None:
        """The namespaces that may be listed, else the one that is configured."""

        async def ask() -> None:
            try:
                listed = await self.api.get("/api/v1/namespaces", {"limit": "500"})
                names = [item["metadata"]["name"] for item in listed["items"]]
            except EdgetuiError:
                names = [self.target.namespace or "default"]
            done(names)

        self._run(ask())

    # -- what is learned whenever the link comes up

    def _came_up(self) -> None:
        self._run(self._learn())

    async def _learn(self) -> None:
        facts: Facts = await learn(self.api)
        if facts.version:
            self.store.set_version(facts.version)
        self.store.set_badges((*self.target.badges, *facts.badges))
        if facts.identity and self.identity and facts.identity != self.identity and self._supervisor:
            self._supervisor.list_again("another cluster answers at this address now")
        self.identity = facts.identity or self.identity

    def _run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class _Cancellable:
    """A task that can be closed."""

    def __init__(self, task: asyncio.Task[None]) -> None:
        self._task = task

    def close(self) -> None:
        """End it, unless it is what closes itself."""
        if self._task is not asyncio.current_task():
            self._task.cancel()

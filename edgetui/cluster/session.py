"""One cluster, live: from a kubeconfig target to rows in a store.

A session never raises for a bad cluster: `store.link` says what is wrong and what to do, and every kind has its
own freshness. Many sessions share one event loop; none delays another.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from edgetui.cluster import backoff
from edgetui.cluster.api.client import Api
from edgetui.cluster.api.metrics import PERIOD, SLOW_PERIOD, MetricsPoller
from edgetui.cluster.api.probe import (
    gzips_watches,
    identify,
    rbac_is_off,
    reason_to_list_again,
    server_version,
)
from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.errors import EdgetuiError, ProtocolError
from edgetui.cluster.http.client import Transport
from edgetui.cluster.http.traffic import Counters
from edgetui.cluster.link.meter import LinkWatch
from edgetui.cluster.link.state import Phase
from edgetui.cluster.link.summary import worn
from edgetui.cluster.profileloop import ProfileLoop
from edgetui.cluster.target import ClusterTarget
from edgetui.cluster.watch.asyncio_io import LoopPorts, steady_clock
from edgetui.cluster.watch.informers import Supervisor
from edgetui.model.cache.freshness import Link, LinkState
from edgetui.model.cache.store import Store
from edgetui.model.kinds import KINDS

if TYPE_CHECKING:
    from edgetui.cluster.api.cache_audit import CacheAuditor
    from edgetui.cluster.snapshot.keeper import Keeper
    from edgetui.cluster.watch.scoped_informer import Aside, Selector

FIRST_PAINT = (
    "Node",
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "HorizontalPodAutoscaler",
    "ReplicaSet",
)
"""The kinds that every screen needs, in the order in which they are asked for."""
FOLLOW_AFTER = 5.0
HIDE_AFTER = 30.0
"""Seconds that a kind is still kept after nobody looks at it, so that a quick change of tabs costs nothing."""
LEARN_AGAIN = 60.0
AUDIT_EVERY = 600.0
"""Seconds between two audits of the server's watch cache on a full wire, on average."""


class ClusterSession:
    """Keeps one cluster's kinds in `store` from `start` to `close`.

    `clock` gives Unix seconds, `steady` those of a clock that never jumps; `connect` makes the transport.
    `namespaces` are tried, besides the context's own and a ServiceAccount's, where the cluster as a whole may not be
    listed; `in_view` are the only ones that are watched where each costs a watch. `link_watch` meters the link and
    chooses what it can bear; without one everything is asked for. `identity` is the uid of kube-system, empty while
    unknown. `keeper` is what keeps its rows from one run to the next, None while nothing does.
    """

    def __init__(
        self,
        target: ClusterTarget,
        *,
        clock: Callable[[], float] = time.time,
        rng: backoff.Random | None = None,
        store: Store | None = None,
        namespaces: Sequence[str] = (),
        in_view: Sequence[str] = (),
        link_watch: LinkWatch | None = None,
        steady: Callable[[], float] = steady_clock,
        connect: Callable[[ClusterTarget, Credentials], Transport] = Transport,
    ) -> None:
        self.name = target.name
        self.target = target
        self.store = store or Store(target.name)
        self.identity = ""
        self.keeper: Keeper | None = None
        self.credentials = Credentials(target, clock, steady)
        self._clock = clock
        self._steady = steady
        self._connect = connect
        self._rng = rng or random.Random()
        self._namespaces = list(dict.fromkeys((*namespaces, target.namespace or "default")))
        self._in_view = in_view
        self._api: Api | None = None
        self._supervisor: Supervisor | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._hiding: dict[str, asyncio.TimerHandle] = {}
        self.link_watch = link_watch
        self._profile: ProfileLoop | None = None
        self._generation = 0
        self._looking: asyncio.TimerHandle | None = None
        self._poller: MetricsPoller | None = None
        self._metrics_shown: frozenset[str] = frozenset()
        self._auditor: CacheAuditor | None = None
        self._rbac_off = False
        self._learning = False
        self._learned = 0.0
        self._closed = False

    @property
    def api(self) -> Api:
        """Requests to this cluster, once it is started. Raises the target's error when there can be none."""
        if self._api is None:
            raise self.target.error or EdgetuiError(f"{self.name} is not connected.")
        return self._api

    @property
    def transport(self) -> Transport:
        """The connections and counters of this cluster. Raises as `api` does."""
        return self.api.transport

    @property
    def counters(self) -> Counters | None:
        """What this cluster has cost, None if it was never connected."""
        return self._api.transport.counters if self._api is not None else None

    async def start(self, kinds: Iterable[str] = FIRST_PAINT) -> None:
        """Begin to keep these kinds; returns at once, and never raises for a bad cluster."""
        self.store.set_badges(self.target.badges)
        if not self._tasks and self.target.sources:
            self._spawn(self._follow_kubeconfig(kinds))
        try:
            if self.target.error is not None:
                raise self.target.error
            self._api = Api(self._connect(self.target, self.credentials), self.credentials)
        except EdgetuiError as error:
            self._say(Link.BROKEN, error.sentence, error.next_step)
            return
        ports = LoopPorts(
            self._api,
            self.credentials,
            spawn=self._spawn,
            clock=self._clock,
            rng=self._rng,
            namespaces=self._namespaces,
            identify=self._identify,
            steady=self._steady,
        )
        self._supervisor = Supervisor(ports, self.store, KINDS)
        self._supervisor.in_view = self._in_view
        self._supervisor.waiting_for = self.credentials.waiting_for
        self._supervisor.on_change = self._say_badges
        self._supervisor.on_up = self._up
        self._supervisor.on_down = self._api.transport.drop_idle
        self._supervisor.on_slept = self._api.transport.distrust
        self._supervisor.on_beat = self._follow_credentials
        ports.clock_jumped = self._supervisor.republish
        self._poller = MetricsPoller(self._api, self.store, self._supervisor.namespaces_of)
        self._profile = ProfileLoop(
            self._supervisor,
            self.store,
            self.link_watch,
            keep=lambda kind, kept: self.show(kind) if kept else self.hide(kind),
            on_change=self._poll_what_is_shown,
        )
        self._supervisor.start(sorted(self._profile.begin(kinds), key=_paint_order))
        self._look()
        self._spawn(self._audit_now_and_then())

    def keep(self, keeper: Keeper) -> None:
        """After `start`: show the rows of an earlier run until the cluster tells its own, and keep these."""
        self.keeper = keeper
        if self._supervisor is not None:
            self._spawn(keeper.run(self.store, self._supervisor))

    def look_at(self, namespaces: Sequence[str]) -> None:
        """Only these namespaces are looked at, empty for all; the others are let go where each costs a watch.

        Where the cluster may not be listed as a whole, the server is asked for them, and they are tried from now on.
        """
        self._in_view = namespaces
        self._namespaces.extend(name for name in namespaces if name not in self._namespaces)
        if self._supervisor is not None:
            self._supervisor.look_at(namespaces)

    def show(self, kind: str) -> None:
        """Keep this kind, too."""
        hiding = self._hiding.pop(kind, None)
        if hiding is not None:
            hiding.cancel()
        if self._supervisor is not None:
            self._supervisor.show(kind)
            if self.keeper is not None:
                self._spawn(self.keeper.recall(kind))

    def hide(self, kind: str) -> None:
        """Nobody looks at this kind any more; it is dropped after half a minute."""
        if self._supervisor is not None and kind not in self._hiding:
            loop = asyncio.get_running_loop()
            self._hiding[kind] = loop.call_later(HIDE_AFTER, self._hide_now, kind)

    def _hide_now(self, kind: str) -> None:
        self._hiding.pop(kind, None)
        if self._supervisor is not None:
            self._supervisor.hide(kind)

    def need(self, kind: str, needed: bool) -> None:
        """Somebody looks at what cannot be told without this kind, or no longer does."""
        if self._profile is not None:
            self._profile.need(kind, needed)

    def aside(self, parts: Mapping[str, Selector]) -> Aside:
        """Keep these parts of kinds in a store of their own, as objects whatever the wire, until that is ended."""
        from edgetui.cluster.watch.scoped_informer import open_aside

        return open_aside(self.name, self._supervisor, parts)

    def show_metrics(self, kinds: Iterable[str]) -> None:
        """Poll the usage of these kinds, "Node" and "Pod", and of no others."""
        self._metrics_shown = frozenset(kinds)
        self._poll_what_is_shown()

    async def audit_cache(self, *, asked: bool = True) -> None:
        """Hold the server's watch cache against its datastore; the verdict is `store.cache`.

        Nothing is asked for while the link is down, and of very large collections only when a person asked.
        """
        if self._supervisor is None or self._supervisor.link.phase is not Phase.UP:
            return
        if self._auditor is None:
            from edgetui.cluster.api.cache_audit import CacheAuditor, Watched

            complete = self._supervisor.complete
            self._auditor = CacheAuditor(
                self.api, self.store, lambda: [Watched(*one) for one in complete()], self._clock
            )
        await self._auditor.audit(asked=asked)
        self._say_badges()

    async def _audit_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(AUDIT_EVERY * self._rng.uniform(0.8, 1.2))
            await self.until_up()
            if self._profile is not None and self._profile.full:
                await self.audit_cache(asked=False)

    async def reconnect(self, credentials_changed: bool = False, because: EdgetuiError | None = None) -> None:
        """Move every stream to the credentials now in force, or just try again without waiting.

        The latter asks again for what was refused or not there, too. `because` voids all that is known.
        """
        if self._supervisor is None or self._closed:
            return
        if because is not None:
            self._supervisor.list_again(because.sentence)
            self._supervisor.link_failed(because)
        if credentials_changed:
            self._generation = self.credentials.generation
            self.transport.drop_idle()
            self._supervisor.credentials_changed()
        self._supervisor.try_now()

    async def _follow_kubeconfig(self, kinds: Iterable[str]) -> None:
        await asyncio.sleep(FOLLOW_AFTER)  # the first rows need the time for themselves
        from edgetui.cluster.kubeconfig_watch import follow

        await follow(self, kinds)

    def _follow_credentials(self) -> None:
        """Watches outlive the credentials that they were opened with: move them when those were renewed."""
        if self.credentials.has_files:
            self._spawn(self.credentials.look())  # they may have been replaced
        if self.credentials.generation != self._generation and self._is_up and self._supervisor is not None:
            self._generation = self.credentials.generation
            self.transport.drop_idle()
            self._supervisor.credentials_changed()

    async def settled(self, timeout: float) -> bool:
        """Wait until every kind that is shown is live, forbidden or absent.

        False after `timeout` seconds, or at once where waiting is vain: a broken kubeconfig, refused
        credentials, a certificate that is not trusted.
        """
        try:
            async with asyncio.timeout(timeout):
                while True:
                    self._changed.clear()
                    if self._supervisor is not None and self._supervisor.settled():
                        return True
                    if self.store.link.link in (Link.BROKEN, Link.REFUSED):
                        return False
                    await self._changed.wait()
        except TimeoutError:
            return False

    async def introduced(self, timeout: float) -> bool:
        """Wait until the server's version and badges are known; false after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                while self._learning:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return bool(self._learned)

    async def until_up(self) -> None:
        """Wait until the link is up."""
        while not self._is_up:
            self._changed.clear()
            await self._changed.wait()

    async def until_down(self) -> None:
        """Wait until the link is down."""
        while self._is_up:
            self._changed.clear()
            await self._changed.wait()

    async def close(self) -> None:
        """Close every stream, request and task of this cluster; harmless when repeated."""
        self._closed = True
        for hiding in self._hiding.values():
            hiding.cancel()
        self._hiding.clear()
        if self._looking is not None:
            self._looking.cancel()
        if self._supervisor is not None:
            self._supervisor.stop()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.credentials.close()
        if self._api is not None:
            self._api.close()
        if self.keeper is not None:
            await self.keeper.finish(self.store)

    # What the link can bear

    def _look(self) -> None:
        """Sample the meter, and follow the profile that the link calls for."""
        if self._profile is None or self.link_watch is None or self._closed:
            return
        again = self._profile.look(self._steady(), self.transport.counters)
        self._looking = asyncio.get_running_loop().call_later(again, self._look)

    def _poll_what_is_shown(self) -> None:
        if self._poller is None or self._closed:
            return
        full = self._profile is None or self._profile.full
        self._poller.period = PERIOD if full else SLOW_PERIOD
        shown = self._metrics_shown & self.store.wire.metered
        if shown and not self._poller.running:
            self._spawn(self._poller.run(self.until_up))
        self._poller.forget(self._metrics_shown - shown)
        self._poller.show(shown)

    # Inside

    @property
    def _is_up(self) -> bool:
        return self._supervisor is not None and self._supervisor.link.phase is Phase.UP

    def _up(self) -> None:
        now = self._steady()
        known = self.identity and now - self._learned < LEARN_AGAIN
        if not known and not self._learning and not self._closed:
            self._learning = True
            self._spawn(self._learn())

    async def _learn(self) -> None:
        """What the header says about the server; it can wait until the rows are there."""
        try:
            if self.keeper is None:
                await self.settled(2.0)
            if not self.identity:  # with a keeper at once: it may show the rows of another cluster
                self._answers((await identify(self.api, "", 10.0)).uid)
            await self.settled(2.0)
            self.store.set_version(await server_version(self.api))
            if self._supervisor is not None and self.store.version:
                self._supervisor.gzips = gzips_watches(self.store.version)
            self._rbac_off = await rbac_is_off(self.api, self.target.namespace)
            self._say_badges()
            self._learned = self._steady()
        except ProtocolError as error:
            if self._supervisor is not None:
                self._supervisor.link_failed(error)  # it speaks HTTP and TLS, but is no Kubernetes
        except EdgetuiError:
            pass  # the link's own state says it, and the next time it comes up this is asked again
        finally:
            self._learning = False
            self._changed.set()

    async def _identify(self, api: Api, version: str, timeout: float) -> None:
        """The probe: who answers? Another cluster, or an older history, means that every list is void."""
        found = await identify(api, version, timeout)
        void = reason_to_list_again(self.identity, found)
        self._answers(found.uid)
        if self._supervisor is not None and void:
            self._supervisor.list_again(void)

    def _answers(self, uid: str) -> None:
        """The cluster of this uid answers; empty if it does not say."""
        self.identity = uid or self.identity
        if self.keeper is not None:
            self.keeper.learned(uid)

    def _say_badges(self) -> None:
        self._changed.set()
        self.store.set_badges((*self.target.badges, *worn(self.store, self._rbac_off)))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        what = f"A defect of edgetui stopped part of this cluster: {type(error).__name__}: {error}"
        self._say(Link.STALE, what[:256], "Please report it.")

    def _say(self, link: Link, sentence: str, next_step: str) -> None:
        self.store.set_link(LinkState(link, since=self._clock(), sentence=sentence, next_step=next_step))
        self._changed.set()


def _paint_order(kind: str) -> int:
    return FIRST_PAINT.index(kind) if kind in FIRST_PAINT else len(FIRST_PAINT)

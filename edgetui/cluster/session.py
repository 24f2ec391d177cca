"""One cluster, live: from a kubeconfig target to rows in a store.

A session never raises for a bad cluster: `store.link` says what is wrong and what to do, and every kind has its
own freshness. Many sessions share one event loop; none delays another.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from edgetui.cluster import backoff
from edgetui.cluster.api.client import Api
from edgetui.cluster.api.metrics import MetricsPoller
from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.http.client import Transport
from edgetui.cluster.http.traffic import Counters
from edgetui.cluster.introduction import Introduction
from edgetui.cluster.link.meter import LinkWatch
from edgetui.cluster.link.state import Phase
from edgetui.cluster.link.summary import worn
from edgetui.cluster.profile_loop import ProfileLoop
from edgetui.cluster.target import ClusterTarget
from edgetui.cluster.watch.asyncio_io import AsyncioIO, steady_clock
from edgetui.cluster.watch.informers import Supervisor
from edgetui.cluster.watch.io import Listener
from edgetui.cluster.watch.resumption import unproven
from edgetui.model.cache.freshness import Link, LinkState
from edgetui.model.cache.store import Store
from edgetui.model.kinds import FIRST_PAINT as FIRST_PAINT
from edgetui.model.kinds import Kinds, paint_order

if TYPE_CHECKING:
    from edgetui.cluster.api.cache_audit import CacheAuditor
    from edgetui.cluster.snapshot.keeper import Keeper
    from edgetui.cluster.watch.partition import Selector
    from edgetui.cluster.watch.scoped_informer import ScopedStore

FOLLOW_AFTER = 5.0
HIDE_AFTER = 30.0
"""Seconds that a kind is still kept after nobody looks at it, so that a quick change of tabs costs nothing."""
FIRST_ROWS_WITHIN = 20.0
"""Seconds that usage waits for the first rows, on a link that has room for no more."""
AUDIT_EVERY = 600.0
"""Seconds between two audits of the server's watch cache on a full wire, on average."""
_VAIN = (Link.BROKEN, Link.REFUSED)  # no waiting helps


class ClusterSession:
    """Keeps one cluster's kinds in `store` from `start` to `close`.

    `clock` gives Unix seconds, `steady` those of a clock that never jumps; `connect` makes the transport.
    `namespaces` are tried, besides the context's own and a ServiceAccount's, where the cluster as a whole may not be
    listed; `in_view` are the only ones that are watched where each costs a watch. `link_watch` meters the link and
    chooses what it can bear; without one everything is asked for. `patient` is whether other clusters start over the
    same link. `keeper`, set before `start`, shows the rows of an earlier run until the cluster tells its own, and keeps
    these.
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
        patient: bool = False,
        steady: Callable[[], float] = steady_clock,
        connect: Callable[[ClusterTarget, Credentials], Transport] = Transport,
    ) -> None:
        self.name = target.name
        self.target = target
        self.store = store or Store(target.name)
        self.keeper: Keeper | None = None
        self.credentials = Credentials(target, clock, steady)
        self._clock = clock
        self._steady = steady
        self._connect = connect
        self._rng = rng or random
        self._namespaces = list(dict.fromkeys((*namespaces, target.namespace or "default")))
        self._in_view = in_view
        self._api: Api | None = None
        self._supervisor: Supervisor | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._hiding: dict[str, asyncio.TimerHandle] = {}
        self.link_watch = link_watch
        self._patient = patient
        self._profile: ProfileLoop | None = None
        self._generation = 0
        self._looking: asyncio.TimerHandle | None = None
        self._poller: MetricsPoller | None = None
        self._in_front, self._beside = frozenset[str](), ""
        self._auditor: CacheAuditor | None = None
        self._introduction: Introduction | None = None
        self._closed = False

    @property
    def api(self) -> Api:
        """Requests to this cluster, once it is started. Raises the target's error when there can be none."""
        if self._api is None:
            raise self.target.error or EdgetuiError(f"{self.name} is not connected.")
        return self._api

    @property
    def kinds(self) -> Kinds:
        """The kinds of this cluster."""
        return self.store.kinds

    @property
    def transport(self) -> Transport:
        """The connections and counters of this cluster. Raises as `api` does."""
        return self.api.transport

    @property
    def identity(self) -> str:
        """The uid of kube-system, empty while unknown."""
        return self._introduction.identity if self._introduction is not None else ""

    @property
    def counters(self) -> Counters | None:
        """What this cluster has cost, None if it was never connected."""
        return None if self._api is None else self._api.transport.counters

    async def start(self, kinds: Iterable[str] = FIRST_PAINT) -> None:
        """Begin to keep these kinds; returns at once, and never raises for a bad cluster."""
        self.store.set_badges(self.target.badges)
        if not self._tasks and self.target.sources:
            self._spawn(self._follow_kubeconfig(kinds))
        try:
            if self.target.error is not None:
                raise self.target.error
            self._api = Api(self._connect(self.target, self.credentials), self.credentials, self.kinds)
        except EdgetuiError as error:
            self._say(Link.BROKEN, error.sentence, error.next_step)
        else:
            self._begin(self._api, kinds)

    def _begin(self, api: Api, kinds: Iterable[str]) -> None:
        io = AsyncioIO(
            api,
            self.credentials,
            spawn=self._spawn,
            clock=self._clock,
            rng=self._rng,
            namespaces=self._namespaces,
            identify=lambda api, version, timeout: introduction.identify(api, version, timeout),
            steady=self._steady,
        )
        self._supervisor = Supervisor(
            io,
            self.store,
            self.kinds,
            Listener(
                changed=self._said,
                up=lambda: introduction.begin(self._spawn),
                down=self._down,
                slept=api.transport.distrust,
                beat=self._follow_credentials,
                connected=self._connected,
            ),
            in_view=self._in_view,
            waiting_for=self.credentials.waiting_for,
        )
        self._poller = MetricsPoller(api, self.store, self._supervisor.namespaces_of, lambda: self._in_view)
        self._introduction = introduction = Introduction(
            api,
            self.store,
            self._supervisor,
            self.target.namespace,
            keeper=self.keeper,
            settled=self.settled,
            on_change=self._say_badges,
            on_another=self._poller.void,
            steady=self._steady,
        )
        io.clock_jumped = self._supervisor.republish
        self._profile = ProfileLoop(
            self._supervisor,
            self.store,
            self.link_watch,
            keep=lambda kind, kept: self.show(kind) if kept else self.hide(kind),
            on_change=self._poll_what_is_shown,
        )
        if self.keeper is None:
            self._supervisor.start(sorted(self._profile.begin(kinds), key=paint_order), patient=self._patient)
            self._look()
        else:
            self._spawn(self._go_on(self.keeper, introduction, kinds))
        self._spawn(self._poller.run(self._until_rows))
        self._poll_what_is_shown()  # somebody may look already, at a kubeconfig that was broken until now
        self._spawn(self._audit_now_and_then())

    async def _go_on(self, keeper: Keeper, introduction: Introduction, kinds: Iterable[str]) -> None:
        """Begin where the earlier run ended, if there was one, and keep rows for the next."""
        supervisor, profile = self._supervisor, self._profile
        assert supervisor is not None
        assert profile is not None
        kept = await keeper.open(self.store, supervisor)
        introduction.recall(kept.version, kept.rbac_off)
        if (watch := self.link_watch) is not None:
            watch.begin(kept.wire, kept.speed)
            keeper.link = lambda: watch.found
        first = sorted(profile.begin(kinds), key=paint_order)
        for kind in first:
            supervisor.show(kind)
            await keeper.recall(kind)
        supervisor.start(first, patient=self._patient)
        self._look()
        if unproven(supervisor.watchers):
            introduction.prove(self._spawn)
        await keeper.run(self.store, supervisor)

    def look_at(self, namespaces: Sequence[str]) -> None:
        """Only these namespaces are looked at, empty for all; the others are let go where each costs a watch.

        Where the cluster may not be listed as a whole, the server is asked for them, and they are tried from now on.
        """
        self._in_view = namespaces
        self._namespaces.extend(name for name in namespaces if name not in self._namespaces)
        if self._supervisor is not None:
            self._supervisor.look_at(namespaces)
        self._poll_what_is_shown()

    def show(self, kind: str) -> None:
        """Keep this kind, too."""
        if (hiding := self._hiding.pop(kind, None)) is not None:
            hiding.cancel()
        if self._supervisor is not None:
            self._supervisor.show(kind)
            if self.keeper is not None:
                self._spawn(self.keeper.recall(kind))

    def hide(self, kind: str) -> None:
        """Nobody looks at this kind any more; it is dropped after half a minute."""
        if self._supervisor is not None and kind not in self._hiding:
            self._hiding[kind] = asyncio.get_running_loop().call_later(HIDE_AFTER, self._hide_now, kind)

    def _hide_now(self, kind: str) -> None:
        self._hiding.pop(kind, None)
        if self._supervisor is not None:
            self._supervisor.hide(kind)

    def need(self, kind: str, needed: bool) -> None:
        """Somebody looks at what cannot be told without this kind, or no longer does."""
        if self._profile is not None:
            self._profile.need(kind, needed)

    def scoped_store(self, parts: Mapping[str, Selector]) -> ScopedStore:
        """Keep these parts of kinds in a store of their own, as objects whatever the wire, until that is ended."""
        from edgetui.cluster.watch.scoped_informer import open_scoped_store

        return open_scoped_store(self.name, self.kinds, self._supervisor, parts)

    def look_at_kinds(self, kinds: Iterable[str], beside: str = "") -> None:
        """These kinds are on the screen, and no others; `beside` is the namespace of an open object."""
        self._in_front, self._beside = frozenset(kinds), beside
        self._poll_what_is_shown()
        if self._profile is not None:
            self._profile.in_front(self._in_front)

    async def audit_cache(self, *, asked: bool = True) -> None:
        """Hold the server's watch cache against its datastore; the verdict is `store.cache`.

        Nothing is asked for while the link is down, and of very large collections only when a person asked.
        """
        if self._supervisor is None or self._supervisor.link.phase is not Phase.UP:
            return
        if self._auditor is None:
            from edgetui.cluster.api.cache_audit import CacheAuditor

            self._auditor = CacheAuditor(self.api, self.store, self._supervisor.complete, self._clock)
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

        The latter asks again for what was refused or not there, too. `because` does both, and voids all that is known.
        """
        if self._supervisor is None or self._introduction is None or self._closed:
            return
        if because is not None:
            self._supervisor.link_failed(because)  # first, so that one probe asks before any stream
            self._supervisor.list_again(because.sentence)
            self._introduction.void()
        if because is not None or credentials_changed:
            self._renew(self._supervisor)
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
            self._renew(self._supervisor)

    def _renew(self, supervisor: Supervisor) -> None:
        self._generation = self.credentials.generation
        self.transport.drop_idle()
        supervisor.credentials_changed()

    async def settled(self, timeout: float) -> bool:
        """Wait until every kind that is shown is live, forbidden or absent.

        False after `timeout` seconds, or at once where waiting is vain: a broken kubeconfig, refused
        credentials, a certificate that is not trusted.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._until(lambda: self._is_settled or self.store.link.link in _VAIN)
                return self._is_settled
        return False

    async def introduced(self, timeout: float) -> bool:
        """Wait until the server's version and badges are known; false after `timeout` seconds."""
        if (introduction := self._introduction) is None:
            return False
        introduction.hurry()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._until(lambda: not introduction.under_way)
                return introduction.known
        return False

    async def until_up(self) -> None:
        """Wait until the link is up."""
        await self._until(lambda: self._is_up)

    async def until_down(self) -> None:
        """Wait until the link is down."""
        await self._until(lambda: not self._is_up)

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
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
            if self.keeper is not None:
                self.keeper.take_versions(self.store)
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

    async def _until_rows(self) -> None:
        await self.until_up()
        await self.settled(FIRST_ROWS_WITHIN)

    # What the link can bear

    def _look(self) -> None:
        """Sample the meter, and follow the profile that the link calls for."""
        if self._profile is None or self.link_watch is None or self._closed:
            return
        if self._looking is not None:
            self._looking.cancel()
        again = self._profile.look(self._steady(), self.transport.counters)
        if self._is_up and self.link_watch.due:
            self._spawn(self._profile.measure(self.api))
        self._looking = asyncio.get_running_loop().call_later(again, self._look)

    def _connected(self) -> None:
        if self._profile is not None and not self._closed:
            self._profile.connected(self._steady(), self.transport.counters)

    def _poll_what_is_shown(self) -> None:
        if self._poller is not None and not self._closed:
            self._poller.look_at(self._in_front, self._beside)

    # Inside

    @property
    def _is_settled(self) -> bool:
        return self._supervisor is not None and self._supervisor.settled()

    @property
    def _is_up(self) -> bool:
        return self._supervisor is not None and self._supervisor.link.phase is Phase.UP

    def _down(self) -> None:
        self.transport.drop_idle()
        if self._introduction is not None and self._poller is not None:
            self._introduction.give_up()
            self._poller.give_up()

    def _said(self) -> None:
        """Another state of the link, or of a kind."""
        self._say_badges()
        if self._profile is not None and self._is_up and self._profile.decidable:
            self._look()

    def _say_badges(self) -> None:
        self._changed.set()
        rbac_off = self._introduction is not None and self._introduction.rbac_off
        self.store.set_badges((*self.target.badges, *worn(self.store, rbac_off)))

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

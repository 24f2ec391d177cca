"""Who answers for one cluster: the uid of its kube-system, the version of its server, what its badges say.

None of it is needed for a row, so it is asked once rows are there; what an earlier run knew is good until then. Only
where rows of an earlier run are resumed is the first question part of the first flight: they count once it is answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from edgetui.cluster.api.client import Api
from edgetui.cluster.api.probe import (
    identify,
    rbac_is_off,
    reason_to_list_again,
    server_version,
)
from edgetui.cluster.errors import EdgetuiError, ProtocolError
from edgetui.cluster.watch.informers import Supervisor
from edgetui.cluster.watch.resumption import newest
from edgetui.model.cache.store import Store

if TYPE_CHECKING:
    from edgetui.cluster.snapshot.keeper import Keeper
    from edgetui.cluster.watch.asyncio_io import Spawn

LEARN_AGAIN = 60.0
LEARN_LATER = 30.0
"""Seconds for which the version and badges of an earlier run are good enough."""
ROWS_FIRST = 20.0
"""Seconds that it waits for the first rows, on a link that has room for no more."""
ANSWERED_WITHIN = 10.0


class Introduction:
    """Asks one cluster who it is, and tells its supervisor, its store and the keeper of its rows.

    `identity` is the uid of kube-system, empty while unknown. `namespace` is asked for the rights in it; `settled`
    waits some seconds for the rows; `on_change` is called when anything was learned, `on_another` when what was learned
    of this server is void; `steady` is a clock that never jumps.
    """

    def __init__(
        self,
        api: Api,
        store: Store,
        supervisor: Supervisor,
        namespace: str,
        *,
        keeper: Keeper | None,
        settled: Callable[[float], Awaitable[bool]],
        on_change: Callable[[], None],
        on_another: Callable[[], None],
        steady: Callable[[], float],
    ) -> None:
        self.identity = ""
        self.rbac_off = False
        self._api = api
        self._store = store
        self._supervisor = supervisor
        self._namespace = namespace
        self._keeper = keeper
        self._settled = settled
        self._on_change = on_change
        self._on_another = on_another
        self._steady = steady
        self._proving: asyncio.Task[None] | None = None
        self._learning: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()
        self._learned = 0.0

    @property
    def known(self) -> bool:
        """Whether this server was asked for its version and badges."""
        return bool(self._learned)

    @property
    def under_way(self) -> bool:
        """Whether it is being asked now."""
        return self._learning is not None and not self._learning.done()

    @property
    def due(self) -> bool:
        """Whether it is time to ask, or to ask again."""
        fresh = self.identity and self.known and self._steady() - self._learned < LEARN_AGAIN
        return not fresh and not self.under_way

    def hurry(self) -> None:
        """Somebody waits for the version and the badges."""
        self._wanted.set()

    def recall(self, version: str, rbac_off: bool) -> None:
        """What an earlier run knew."""
        if version:
            self._is(version, rbac_off)

    def prove(self, spawn: Spawn) -> None:
        """Ask who answers while the first watches are on their way, so that what they say counts at once."""
        self._proving = spawn(self._prove())

    async def _prove(self) -> None:
        with suppress(EdgetuiError):  # the link's own state says it, and a prober asks again
            await self.identify(self._api, newest(self._supervisor.watchers), ANSWERED_WITHIN)

    async def identify(self, api: Api, version: str, timeout: float) -> None:
        """Who answers? Another cluster, or a history that has not reached `version`, means that every list is void.

        Raises as `probe.identify` does.
        """
        found = await identify(api, version, timeout)
        void = reason_to_list_again(self.identity, found)
        self._answers(found.uid)
        if void:
            self._supervisor.list_again(void)
        self._supervisor.identified(found.version if found.uid else "")

    def begin(self, spawn: Spawn) -> None:
        """The link is up: learn everything, once the rows are there, if it is time to."""
        if self.due:
            self._learning = spawn(self._learn())
            self._learning.add_done_callback(lambda _: self._on_change())

    def give_up(self) -> None:
        """The link is down: what is under way would be answered late, or by another server; it is asked anew."""
        for asking in (self._proving, self._learning):
            if asking is not None:
                asking.cancel()

    def void(self) -> None:
        """From now on another server is asked: nothing that was learned counts for it."""
        self.identity = ""
        self._forget()

    async def _learn(self) -> None:
        try:
            await self._ask()
        except ProtocolError as error:
            self._supervisor.link_failed(error)  # it speaks HTTP and TLS, but is no Kubernetes
        except EdgetuiError:
            pass  # the link's own state says it, and the next time it comes up this is asked again

    async def _ask(self) -> None:
        if self._keeper is None or not await self._keeper.remembers():
            await self._settled(ROWS_FIRST)
        if self._proving is not None:
            await asyncio.wait({self._proving})
        if not self.identity:  # where rows are kept at once: they may be those of another cluster
            self._answers((await identify(self._api, "", ANSWERED_WITHIN)).uid)
        await self._settled(ROWS_FIRST)
        if self._keeper is not None and self._keeper.version and not self._learned:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), LEARN_LATER)
        version = await server_version(self._api)
        self._is(version, self.rbac_off)
        self._is(version, await rbac_is_off(self._api, self._namespace))
        self._learned = self._steady()

    def _answers(self, uid: str) -> None:
        """The cluster of this uid answers; empty if it does not say."""
        another = bool(self.identity and uid and uid != self.identity)
        self.identity = uid or self.identity
        if self._keeper is not None:
            self._keeper.learned(uid)
        if another:
            self._forget()

    def _forget(self) -> None:
        """Version, badges and usage were those of the cluster before."""
        self._learned = 0.0
        self._is("", False)
        self._on_another()

    def _is(self, version: str, rbac_off: bool) -> None:
        self._store.set_version(version)
        self.rbac_off = rbac_off
        if self._keeper is not None:
            self._keeper.rbac_off = rbac_off
        self._on_change()

"""What one cluster keeps, and how often, as its link can bear it: the decisions, without clock, timer or socket."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from edgetui.cluster.api.client import Api
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.http.traffic import Counters
from edgetui.cluster.link.meter import LinkWatch
from edgetui.cluster.link.state import Phase
from edgetui.cluster.watch.informers import Supervisor
from edgetui.model.cache.store import Store
from edgetui.model.cache.wireprofile import Wire, WireState
from edgetui.model.kinds import FIRST_PAINT, KINDS
from edgetui.model.kinds.base import Watched

SPARED = frozenset(id for id in FIRST_PAINT if KINDS[id].watched is Watched.FULL)
"""Kinds watched permanently under `full`, on demand otherwise."""
LISTED_EVERY = {id: KINDS[id].polled for id in FIRST_PAINT if KINDS[id].polled}
"""Seconds between two lists of the kinds that anything but a full wire lists now and then."""
RARER = 3.0
"""How many times as rarely a thin wire lists them: autoscalers change all the time, and each list is a few KB.

What is on the screen is listed so many times as often: four lists that come compressed cost less than their changes.
"""
MEASURED = "/api/v1/nodes"
"""Objects of 4 KB and more, and so few bytes in all that they are never compressed."""
LEAST_MEASURED, MEASURED_WITHIN = 3000, 60.0
LOOK_LOADING, LOOK = 0.5, 5.0


class ProfileLoop:
    """Makes one cluster follow the profile that its link calls for.

    `watch` meters the link, None to ask for everything. `keep` begins to keep a kind or lets it go; `on_change` is
    called after another profile was adopted.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        store: Store,
        watch: LinkWatch | None,
        *,
        keep: Callable[[str, bool], None],
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._supervisor = supervisor
        self._store = store
        self._watch = watch
        self._keep = keep
        self._on_change = on_change
        self._permanent: frozenset[str] = frozenset()
        self._needed: Counter[str] = Counter()
        self._in_front: frozenset[str] = frozenset()
        self._begun = False
        self._measuring = False

    @property
    def full(self) -> bool:
        """Whether everything is asked for."""
        return self._store.wire.wire is Wire.FULL

    def begin(self, kinds: Iterable[str]) -> frozenset[str]:
        """These kinds are to be kept for everybody; which of them to keep from the start."""
        self._permanent = frozenset(kinds)
        if self._watch is not None:
            self._store.set_wire(self._watch.state)
        self._pace()
        return self._permanent if self.full else self._permanent - SPARED

    def need(self, kind: str, needed: bool) -> None:
        """Somebody looks at what cannot be told without this kind, or no longer does."""
        self._needed[kind] += 1 if needed else -1
        self._spare(kind)

    def in_front(self, kinds: frozenset[str]) -> None:
        """These kinds are on the screen, and no others."""
        self._supervisor.front = kinds
        self._in_front = kinds & LISTED_EVERY.keys()
        self._space()

    @property
    def _decided(self) -> bool:
        """Whether anything is known of the link."""
        return self._begun or self._watch is None or not self._watch.open

    @property
    def decidable(self) -> bool:
        """Whether the first lists are there that were to show what the link bears."""
        return self._watch is not None and self._watch.open and self._supervisor.settled()

    def connected(self, now: float, counters: Counters) -> None:
        """The first connection is there: if it says enough, follow that before anything else is asked for."""
        if self._watch is not None:
            self._begun = True
            self._follow(self._watch.connected(now, counters))
            self._pace()

    def look(self, now: float, counters: Counters) -> float:
        """Read the meter at a steady time and follow what it calls for; seconds until the next look."""
        if self._watch is None:
            return LOOK
        supervisor = self._supervisor
        listing = supervisor.listing
        wire = self._watch.look(
            now,
            counters,
            listing=listing,
            first=supervisor.first_listing,
            up=supervisor.link.phase is Phase.UP,
            starting=not supervisor.settled(),
        )
        self._follow(wire)
        return LOOK_LOADING if listing else LOOK

    def _follow(self, wire: WireState) -> None:
        if wire.wire is Wire.THIN and not self._supervisor.can.tables.there:
            wire = replace(wire, wire=Wire.LEAN, why=f"{wire.why}; the server prints no tables")
        if wire != self._store.wire:
            self.adopt(wire)

    async def measure(self, api: Api) -> None:
        """Measure the speed of the link again where it is time: by an answer of a few KB, now and then."""
        if self._watch is None or self._measuring or not self._watch.due:
            return
        self._measuring = True
        try:
            began = self._supervisor.now()
            body = await api.get_bytes(MEASURED, {"limit": "3"}, timeout=MEASURED_WITHIN)
            if len(body) >= LEAST_MEASURED:
                counters = api.transport.counters
                self._watch.measured(len(body), self._supervisor.now() - began, counters)
            else:
                self._watch.unmeasured()
        except EdgetuiError:
            self._watch.unmeasured()
        finally:
            self._measuring = False

    def adopt(self, wire: WireState) -> None:
        """Follow this profile from now on."""
        self._store.set_wire(wire)
        self._pace()
        for kind in SPARED:
            self._spare(kind)
        self._on_change()

    def _pace(self) -> None:
        self._space()
        # What is not known before the first connection need not be loaded for it.
        self._supervisor.use_tables(self._store.wire.wire is Wire.THIN and self._decided)

    def _space(self) -> None:
        rarer = RARER if self._store.wire.wire is Wire.THIN else 1.0
        every = {
            kind: each * rarer / (RARER if kind in self._in_front else 1.0)
            for kind, each in LISTED_EVERY.items()
        }
        self._supervisor.pace(not self.full, {} if self.full else every)

    def _spare(self, kind: str) -> None:
        """Keep a kind while it is needed, or for everybody; one that is costly for everybody only on a full wire."""
        if self._needed[kind] > 0 or (kind in self._permanent and (self.full or kind not in SPARED)):
            self._keep(kind, True)
        elif self._supervisor.wanted(kind):
            self._keep(kind, False)

"""What one cluster keeps, and how often, as its link can bear it: the decisions, without clock, timer or socket."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from edgetui.cluster.http.traffic import Counters
from edgetui.cluster.link.meter import LinkWatch
from edgetui.cluster.link.state import Phase
from edgetui.cluster.watch.informers import Supervisor
from edgetui.model.cache.store import Store
from edgetui.model.cache.wireprofile import Wire, WireState

SPARED = frozenset({"ReplicaSet"})
"""Kinds watched permanently under `full`, on demand otherwise."""
LISTED_EVERY = {"HorizontalPodAutoscaler": 60.0}
"""Kinds that anything but a full wire lists now and then: their metrics change them four times a minute."""
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
        )
        if wire.wire is Wire.THIN and not supervisor.tables:
            wire = replace(wire, wire=Wire.LEAN, why=f"{wire.why}; the server prints no tables")
        if wire != self._store.wire:
            self.adopt(wire)
        return LOOK_LOADING if listing else LOOK

    def adopt(self, wire: WireState) -> None:
        """Follow this profile from now on."""
        self._store.set_wire(wire)
        self._pace()
        for kind in SPARED:
            self._spare(kind)
        self._on_change()

    def _pace(self) -> None:
        self._supervisor.pace(not self.full, {} if self.full else LISTED_EVERY)
        self._supervisor.use_tables(self._store.wire.wire is Wire.THIN)

    def _spare(self, kind: str) -> None:
        """Keep a kind that is costly and seldom read only where the wire is full, or while it is needed."""
        if (self.full and kind in self._permanent) or self._needed[kind] > 0:
            self._keep(kind, True)
        elif self._supervisor.wanted(kind):
            self._keep(kind, False)

"""One cluster without its I/O: the link, the informers, and who may open what when.

No event loop and no socket in here: `ClusterIO` hands in the clock, the timer and the requests, so a whole cluster
with its faults runs in a simulation on virtual time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from edgetui.cluster.backoff import Features
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.http.exchange import Closeable
from edgetui.cluster.link import state as link
from edgetui.cluster.link.summary import told
from edgetui.cluster.watch.changeover import Changeover, partition_of
from edgetui.cluster.watch.informer import Informer
from edgetui.cluster.watch.io import ClusterIO, Listener
from edgetui.cluster.watch.opening_queue import Opener, OpeningQueue
from edgetui.cluster.watch.partition import Partition
from edgetui.cluster.watch.pulse import Pulse
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.renewal import Renewal
from edgetui.cluster.watch.resumption import Kept, current, newest, unproven, versions
from edgetui.cluster.watch.runner import Watcher
from edgetui.model.cache.freshness import LinkState, Sync
from edgetui.model.cache.store import Store
from edgetui.model.kinds.base import Kind, Row

HEARD_STEP = 5.0
PILOT_WITHIN = 10.0
FIRST = 2  # kinds that have the link for themselves at the start
SLEPT = 15.0  # s: a beat that is so late means that this machine or this program slept


class Supervisor:
    """Keeps the shown kinds of one cluster in its store, and the link's state with them.

    `listener` hears of it. `in_view` are the namespaces to watch where each costs a watch, empty for all; `waiting_for`
    is a sentence and a next step to show until the first answer or failure.
    """

    def __init__(
        self,
        io: ClusterIO,
        store: Store,
        kinds: Mapping[str, Kind],
        listener: Listener,
        *,
        in_view: Sequence[str] = (),
        waiting_for: tuple[str, str] = ("", ""),
    ) -> None:
        self.rng = io.rng
        self.now = io.now
        self.wall = io.wall
        self.later = io.later
        self.open_stream = io.open_stream
        self.open_page = io.open_page
        self.namespaces = io.namespaces
        self.served = io.served
        self.in_view = in_view
        self.front: frozenset[str] = frozenset()
        """The kinds on the screen, which open before all others."""
        self.long = False
        self.link = link.State()
        self._listener = listener
        self._waiting_for = waiting_for
        self._io = io
        self._store = store
        self._kinds = kinds
        self.can = Features(io.now)
        self._every: dict[str, float] = {}
        self._as_tables = False
        self._informers: dict[str, Informer] = {}
        self._pilot: Informer | None = None
        self._connected = False
        self._opening_queue = OpeningQueue(io.later)
        self._changeover = Changeover(self.watch_beside)
        self._probe: Closeable | None = None
        self._cancel_tick: Callable[[], None] | None = None
        self._pulse = Pulse(io, self._beat)
        self._renewal = Renewal(io.refresh, io.now)
        self._since = 0.0
        self._shown_link = LinkState()
        self._stopped = False

    # For the session

    def start(self, kinds: Iterable[str], *, patient: bool = False) -> None:
        """Keep these kinds, in this order of first paint; `patient` where other clusters start over the same link."""
        self._opening_queue.patient = patient
        for place, kind in enumerate(kinds):
            self.show(kind)
            self._informers[kind].alone = place < FIRST
        self._since = self.now()
        self._pulse.start()
        self._link(link.Start())

    def show(self, kind: str) -> None:
        """Keep this kind from now on."""
        if self._stopped:
            return
        informer = self._informers.get(kind)
        if informer is None:
            informer = Informer(self, self._store, self._kinds[kind], self._partition(kind))
            informer.pace(self.long, self._every.get(kind, 0.0))
            self._informers[kind] = informer
        if not informer.wanted:
            informer.show()
            self._open(informer)

    def watch_beside(self, informer: Informer) -> Callable[[], None]:
        """Keep what this one keeps, which has a store of its own, too; returns what ends that."""
        if self._stopped:
            return lambda: None
        informer.pace(self.long, 0.0)
        name = f"{informer.kind.id} {id(informer)}"
        self._informers[name] = informer
        informer.show()
        self._open(informer)

        def end() -> None:
            if self._informers.pop(name, None) is not None:
                informer.hide()
                informer.stop()
                self._send_pilot()

        return end

    def _open(self, informer: Informer) -> None:
        """Let what this one has begun to keep open, as the link allows."""
        if self.link.phase is link.Phase.UP:
            informer.link_up()
            self.released(informer, informer.watchers)
        self._send_pilot()

    def hide(self, kind: str) -> None:
        """Stop keeping this kind and forget its rows."""
        self._changeover.drop(kind)
        if kind in self._informers:
            self._informers[kind].hide()
            self._send_pilot()

    def look_at(self, namespaces: Sequence[str]) -> None:
        """Where each namespace costs a watch, watch these and no others from now on; empty for all."""
        self.in_view = namespaces
        if self.link.phase is link.Phase.UP:
            for informer in self._informers.values():
                informer.look_again()

    def recall(self, kind: str, rows: list[Row], kept: Kept) -> bool:
        """Show rows of an earlier run until the cluster tells its own; False if nobody waits for them."""
        return kind in self._informers and self._informers[kind].recall(rows, kept)

    @property
    def watchers(self) -> list[Watcher]:
        """All that keep a collection of this cluster."""
        return [watcher for informer in self._informers.values() for watcher in informer.watchers]

    def versions(self, kind: str) -> tuple[bool, dict[str, str]]:
        """Whether the server prints the rows of a kind; and the versions of its collections, see `resumption`."""
        if (informer := self._informers.get(kind)) is None:
            return False, {}
        return informer.partition.tables is not None, versions(informer.watchers)

    def identified(self, version: str) -> None:
        """The cluster of the earlier run answers, and this is its newest version; empty if that is not certain."""
        for informer in self._informers.values():
            informer.feed(r.Identified(version))

    def forget(self) -> None:
        """Another cluster answers than the one that rows of an earlier run are of: drop them."""
        for informer in self._informers.values():
            if informer.forget():
                self._open(informer)

    def wanted(self, kind: str) -> bool:
        """Whether this kind is kept."""
        return kind in self._informers and self._informers[kind].wanted

    def namespaces_of(self, kind: str) -> list[str]:
        """The namespaces in which this kind is watched one by one; empty where the cluster is read as a whole."""
        return self._informers[kind].namespaces if kind in self._informers else []

    def pace(self, long: bool, every: Mapping[str, float]) -> None:
        """Watches of an hour from now on, or of minutes; some kinds listed `every` so many seconds instead."""
        self.long, self._every = long, dict(every)
        for kind, informer in self._informers.items():
            informer.pace(long, self._every.get(kind, 0.0))

    def use_tables(self, tables: bool) -> None:
        """From now on have the server print what it can print well enough, or send objects again."""
        self._as_tables = tables
        for kind, informer in [one for one in self._informers.items() if one[0] in self._kinds]:
            partition = self._partition(kind)
            self._changeover.drop(kind)
            if informer.freshness.sync is Sync.LIVE and partition != informer.partition:
                fresh = Informer(self, Store(self._store.cluster), informer.kind, partition)
                self._changeover.begin(kind, fresh)
            elif informer.divide(partition) and informer.wanted:
                if informer is self._pilot:
                    self._pilot = None
                self._open(informer)

    def _take_over(self) -> None:
        """Put what has become complete in the place of what it replaces."""
        for kind, informer in self._changeover.complete():
            self._informers = {k: one for k, one in self._informers.items() if one is not informer}
            self._informers[kind].stop()
            self._informers[kind] = informer
            informer.move(self._store, self.long, self._every.get(kind, 0.0))

    def _partition(self, kind: str) -> Partition:
        return partition_of(self._kinds[kind], printed=self._as_tables and self.can.tables.there)

    # What the server can do, as far as is known

    def not_printed(self) -> None:
        """It gave no Table: take objects, as on a lean wire."""
        if self.can.tables.there:
            self.can.tables.lacking()
            self.later(0.0, lambda: self.use_tables(self._as_tables))

    def compresses(self, packed: bool) -> None:
        self.can.gzips = packed
        self._tell_features()

    def _tell_features(self) -> None:
        if self.can.changed():
            for informer in self._informers.values():
                informer.learn()

    @property
    def listing(self) -> bool:
        """Whether a list is on its way that is not one of those that take the place of a watch."""
        return any(w.state.phase in r.LISTS and not w.state.every for w in self.watchers)

    @property
    def first_listing(self) -> bool:
        """Whether the first list of a collection is on its way."""
        return any(w.state.phase in r.LISTS and not w.listed for w in self.watchers)

    def credentials_changed(self) -> None:
        """Move every stream to the credentials now in force."""
        for informer in self._informers.values():
            informer.feed(r.CredentialsChanged())
        self._link(link.TryNow(anew=True))

    def try_now(self) -> None:
        """Do not wait for the next attempt, nor with what was refused or not there."""
        for informer in self._informers.values():
            informer.feed(r.AskAgain())
        self._link(link.TryNow())

    def list_again(self, reason: str) -> None:
        """What is known may belong to another history: list every kind again."""
        for informer in self._informers.values():
            informer.feed(r.Reinit(reason))

    def settled(self) -> bool:
        """Whether every kind that is shown is live, forbidden or absent."""
        return self.link.phase is not link.Phase.IDLE and all(i.settled for i in self._informers.values())

    def complete(self) -> Iterator[tuple[Kind, str, str]]:
        """Kind, namespace (empty for all) and version of every collection that is the server's at that version."""
        known = [one for kind, one in self._informers.items() if kind in self._kinds]
        return current(watcher for informer in known for watcher in informer.watchers)

    def republish(self) -> None:
        """The wall clock jumped: tell all times again."""
        for informer in self._informers.values():
            informer.publish()
        self._publish_link()

    def stop(self) -> None:
        """Close everything for good; the rows stay as they are."""
        self._stopped = True
        for informer in self._informers.values():
            informer.stop()
        self._pulse.stop()
        if self._cancel_tick is not None:
            self._cancel_tick()
        if self._probe is not None:
            self._probe.close()
        self._opening_queue.clear()

    # For the watchers and informers

    def answered(self) -> None:
        self._link(link.Answered())

    def refused(self) -> None:
        self._link(link.Refused())

    def sent(self) -> None:
        """What the first connection has shown decides what is asked for next, and the first question need not wait."""
        if self._connected:
            return
        self._connected = True
        self._listener.connected()
        if self.link.phase is link.Phase.FIRST:
            for informer in self._informers.values():
                informer.link_up()

    def heard(self) -> None:
        if self.link.phase is not link.Phase.UP or self.now() - self.link.heard >= 1.0:
            self._link(link.Heard())

    def link_failed(self, error: EdgetuiError) -> None:
        self._link(link.Failed(error))

    def changed(self) -> None:
        if self._changeover.ready:
            self.later(0.0, self._take_over)
        self._publish_link()
        self._listener.changed()

    def moved(self, watcher: Watcher) -> None:
        if watcher.state.phase in (r.Phase.WATCHING, r.Phase.RESTING):
            self._link(link.Progress())
            if watcher.denied:
                self._granted(watcher)
        watcher.denied = watcher.denied or watcher.state.phase is r.Phase.FORBIDDEN
        self._opening_queue.moved(watcher)

    def _granted(self, watcher: Watcher) -> None:
        """Rights seldom come alone: ask at once for the other kinds that were refused where this one was."""
        watcher.denied = False
        for informer in self._informers.values():
            for other in informer.watchers:
                if other.namespace == watcher.namespace and other.state.phase is r.Phase.FORBIDDEN:
                    other.feed(r.AskAgain())

    def concerns_all(self, watcher: Watcher, effect: r.Effect) -> None:
        match effect:
            case r.RefreshCredentials():
                self._renewal.ask(watcher)
            case r.AuthNeeded(error):
                self._link(link.Failed(error))
            case r.Suspect():
                self._link(link.Suspected())
            case r.Rewound(reason):
                self.list_again(reason)
            case r.NoWatchList():
                self.can.streaming.lacking()
                self._tell_features()
            case r.NoBookmarks():
                self.can.bookmarks.lacking()
                self._tell_features()

    def released(self, opener: Opener, watchers: Iterable[Watcher], down_since: float = r.NEVER) -> None:
        """Let these open, one kind after another; while the link is down they wait for it."""
        if self.link.phase is link.Phase.UP:
            self._opening_queue.admit(opener, watchers, down_since)

    # The link

    def _hold(self, reason: str) -> None:
        self._listener.down()
        self._opening_queue.clear()
        for informer in self._informers.values():
            informer.link_down(reason)

    def _link(self, happened: link.Input) -> None:
        if self._stopped:
            return
        was_up = self.link.phase is link.Phase.UP
        self.link, effects = link.step(self.link, happened, self.now(), self.rng)
        for effect in effects:
            match effect:
                case link.Pilot():
                    self._send_pilot()
                case link.Hold(reason):
                    self._hold(reason)
                case link.Probe():
                    self._send_probe(effect)
                case link.Release(down_since):
                    for informer in self._informers.values():
                        informer.link_up()
                    if not was_up:
                        self._listener.up()
                    for informer in sorted(
                        self._informers.values(), key=lambda i: i.kind.id not in self.front
                    ):
                        informer.alone |= informer.kind.id in self.front
                        self.released(informer, informer.watchers, down_since)
        self._set_tick()
        self._publish_link()

    def _send_probe(self, probe: link.Probe) -> None:
        if self._probe is not None:
            self._probe.close()  # what it would find out is older than what is asked now
        self._probe = self._io.probe(
            probe.timeout,
            newest(self.watchers),
            lambda error: self._link(link.Probed(error, probe.ticket)),
            dials=probe.dials,
        )

    def _send_pilot(self) -> None:
        """Before anything is known of the link, one stream dials and the others wait for what it finds."""
        if self.link.phase is not link.Phase.FIRST or (self._pilot is not None and self._pilot.wanted):
            return
        wanted = [informer for informer in self._informers.values() if informer.wanted]
        self._pilot = next((one for one in wanted if one.watchers), wanted[0] if wanted else None)
        if resumed := unproven(self.watchers):  # they cost little, so all go out with the first handshake
            for watcher in resumed:
                watcher.feed(r.LinkUp())
            for informer in wanted:
                informer.link_up()
        elif self._pilot is not None and self._pilot.watchers:
            self._pilot.feed(r.LinkUp())
        elif self._pilot is not None:
            self._io.probe(PILOT_WITHIN, "", self._piloted)  # its namespaces are not known before that

    def _piloted(self, error: EdgetuiError | None) -> None:
        self._link(link.Answered() if error is None else link.Failed(error))

    def _set_tick(self) -> None:
        if self._cancel_tick is not None:
            self._cancel_tick()
            self._cancel_tick = None
        if self.link.wake_at != link.NEVER:
            wait = max(0.0, self.link.wake_at - self.now())
            self._cancel_tick = self.later(wait, lambda: self._link(link.Tick()))

    def _beat(self, late: float) -> None:
        self._tell_features()
        self._listener.beat()
        if late >= SLEPT:
            self._listener.slept()
            for informer in self._informers.values():
                informer.feed(r.Woke(late))
            self._link(link.TryNow(anew=True))
            self._link(link.Suspected())

    def _publish_link(self) -> None:
        kinds = [informer.freshness for informer in self._informers.values()]
        state = told(self.link, kinds, self._waiting_for, self.wall)
        before = self._shown_link
        if state.link is not before.link:
            self._since = self.now()
        state = replace(state, since=self.wall(self._since))
        same = (state.link, state.retry_at, state.sentence) == (before.link, before.retry_at, before.sentence)
        if not same or abs(state.heard - before.heard) >= HEARD_STEP:
            self._shown_link = state
            self._store.set_link(state)
            self._listener.changed()

"""One cluster without its I/O: the link, the informers, and who may open what when.

No event loop and no socket in here: `Ports` hands in the clock, the timer and the requests, so a whole cluster
with its faults runs in a simulation on virtual time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from edgetui.cluster.backoff import Feature
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.http.exchange import Closeable
from edgetui.cluster.link import state as link
from edgetui.cluster.link.summary import told
from edgetui.cluster.watch.informer import TABLES, WHOLE, Informer, Kept, Partition
from edgetui.cluster.watch.io import Ports
from edgetui.cluster.watch.opening_queue import Turns
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.runner import Watcher
from edgetui.model.cache.freshness import LinkState
from edgetui.model.cache.store import Store, older
from edgetui.model.kinds.base import Kind, Row

HEARD_STEP = 5.0
PILOT_WITHIN = 10.0
BEAT, SLEPT = 5.0, 15.0  # s: a beat that is so late means that this machine or this program slept


class Supervisor:
    """Keeps the shown kinds of one cluster in its store, and the link's state with them."""

    def __init__(self, ports: Ports, store: Store, kinds: Mapping[str, Kind]) -> None:
        self.rng = ports.rng
        self.now = ports.now
        self.wall = ports.wall
        self.later = ports.later
        self.open_stream = ports.open_stream
        self.open_page = ports.open_page
        self.namespaces = ports.namespaces
        self.served = ports.served
        self.gzips = True
        """Whether the server compresses streaming lists, as far as is known."""
        self.in_view: Sequence[str] = ()
        """The namespaces to watch where each costs a watch; empty for all."""
        self.long = False
        self.link = link.State()
        self.waiting_for = ("", "")
        """A sentence and a next step to show until the first answer or failure."""
        self.on_change: Callable[[], None] = lambda: None
        """Called after any change of the link or of a freshness."""
        self.on_up: Callable[[], None] = lambda: None
        """Called whenever the link comes up."""
        self.on_down: Callable[[], None] = lambda: None
        self.on_slept: Callable[[], None] = lambda: None
        """Called whenever it goes down."""
        self.on_beat: Callable[[], None] = lambda: None
        """Called every five seconds."""
        self._ports = ports
        self._store = store
        self._kinds = kinds
        self._streaming, self._bookmarks, self._tables = (Feature(ports.now) for _ in range(3))
        self._told_features = (True, True)
        self._every: dict[str, float] = {}
        self._as_tables = False
        self._informers: dict[str, Informer] = {}
        self._pilot: Informer | None = None
        self._turns = Turns(ports.later)
        self._probe: Closeable | None = None
        self._cancel_tick: Callable[[], None] | None = None
        self._cancel_beat: Callable[[], None] | None = None
        self._beat_due = 0.0
        self._refreshing: list[Watcher] = []
        self._refreshed_at = 0.0
        self._since = 0.0
        self._shown_link = LinkState()
        self._stopped = False

    # For the session

    def start(self, kinds: Iterable[str]) -> None:
        """Keep these kinds, in this order of first paint."""
        for kind in kinds:
            self.show(kind)
        self._since = self.now()
        self._beat_later()
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

    def aside(self, informer: Informer) -> Callable[[], None]:
        """Keep what this one keeps, which has a store of its own, too; returns what ends that."""
        if self._stopped:
            return lambda: None
        informer.pace(self.long, 0.0)
        name = f"{informer.kind.name} {id(informer)}"
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
            self.released(informer.watchers)
        self._send_pilot()

    def hide(self, kind: str) -> None:
        """Stop keeping this kind and forget its rows."""
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
        for kind, informer in list(self._informers.items()):
            if kind in self._kinds and informer.divide(self._partition(kind)) and informer.wanted:
                if informer is self._pilot:
                    self._pilot = None
                self._open(informer)

    def _partition(self, kind: str) -> Partition:
        tables = self._as_tables and self.tables and self._kinds[kind].printed is not None
        return TABLES if tables else WHOLE

    # What the server can do, as far as is known

    @property
    def streaming(self) -> bool:
        """Whether it has streaming lists."""
        return self._streaming.there

    @property
    def bookmarks(self) -> bool:
        """Whether it sends bookmarks."""
        return self._bookmarks.there

    @property
    def tables(self) -> bool:
        """Whether it prints Tables."""
        return self._tables.there

    def not_printed(self) -> None:
        """It gave no Table: take objects, as on a lean wire."""
        if self.tables:
            self._tables.lacking()
            self.later(0.0, lambda: self.use_tables(self._as_tables))

    def _tell_features(self) -> None:
        features = (self.streaming, self.bookmarks)
        if features != self._told_features:
            self._told_features = features
            for informer in self._informers.values():
                informer.feed(r.Learned(self.streaming, self.bookmarks and informer.kind.bookmarks))

    @property
    def listing(self) -> bool:
        """Whether a list is on its way that is not one of those that take the place of a watch."""
        watchers = [w for informer in self._informers.values() for w in informer.watchers]
        return any(w.state.phase in _LISTING and not w.state.every for w in watchers)

    @property
    def first_listing(self) -> bool:
        """Whether the first list of a collection is on its way."""
        watchers = [w for informer in self._informers.values() for w in informer.watchers]
        return any(w.state.phase in _LISTING and not w.listed for w in watchers)

    def credentials_changed(self) -> None:
        """Move every stream to the credentials now in force."""
        for informer in self._informers.values():
            informer.feed(r.CredentialsChanged())
        self._link(link.TryNow())

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
        return all(informer.settled for informer in self._informers.values())

    def complete(self) -> Iterator[tuple[Kind, str, str]]:
        """Kind, namespace (empty for all) and version of every collection that is the server's at that version."""
        for informer in (one for kind, one in self._informers.items() if kind in self._kinds):
            for watcher in informer.watchers:
                state = watcher.state
                whole = not (state.lapsed or state.forked or watcher.odd)
                if state.phase is r.Phase.WATCHING and state.rv and whole:
                    yield informer.kind, watcher.namespace, state.rv

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
        for cancel in (self._cancel_tick, self._cancel_beat):
            if cancel is not None:
                cancel()
        if self._probe is not None:
            self._probe.close()
        self._turns.clear()

    # For the watchers and informers

    def answered(self) -> None:
        self._link(link.Answered())

    def refused(self) -> None:
        self._link(link.Refused())

    def heard(self) -> None:
        if self.link.phase is not link.Phase.UP or self.now() - self.link.heard >= 1.0:
            self._link(link.Heard())

    def link_failed(self, error: EdgetuiError) -> None:
        self._link(link.Failed(error))

    def changed(self) -> None:
        self._publish_link()
        self.on_change()

    def moved(self, watcher: Watcher) -> None:
        if watcher.state.phase in (r.Phase.WATCHING, r.Phase.RESTING):
            self._link(link.Progress())
            if watcher.denied:
                self._granted(watcher)
        watcher.denied = watcher.denied or watcher.state.phase is r.Phase.FORBIDDEN
        self._turns.moved(watcher)

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
                self._refresh(watcher)
            case r.AuthNeeded(error):
                self._link(link.Failed(error))
            case r.Suspect():
                self._link(link.Suspected())
            case r.Rewound(reason):
                self.list_again(reason)
            case r.NoWatchList():
                self._streaming.lacking()
                self._tell_features()
            case r.NoBookmarks():
                self._bookmarks.lacking()
                self._tell_features()

    def _refresh(self, watcher: Watcher) -> None:
        if watcher.asked < self._refreshed_at:
            watcher.feed(r.Refreshed(changed=True))
            return
        self._refreshing.append(watcher)
        if len(self._refreshing) == 1:
            self._ports.refresh(self._refreshed)

    def _refreshed(self, result: r.Refreshed) -> None:
        waiting, self._refreshing = self._refreshing, []
        if result.changed:
            self._refreshed_at = self.now()
        for watcher in waiting:
            watcher.feed(result)

    def released(self, watchers: Iterable[Watcher], down_since: float = r.NEVER) -> None:
        """Let these open, one after another; while the link is down they wait for it."""
        if self.link.phase is link.Phase.UP:
            self._turns.admit(watchers, down_since)

    # The link

    def _hold(self, reason: str) -> None:
        self.on_down()
        self._turns.clear()
        for informer in self._informers.values():
            informer.feed(r.LinkDown(reason))

    def _link(self, happened: link.Input) -> None:
        if self._stopped:
            return
        self.link, effects = link.step(self.link, happened, self.now(), self.rng)
        for effect in effects:
            match effect:
                case link.Pilot():
                    self._send_pilot()
                case link.Hold(reason):
                    self._hold(reason)
                case link.Probe(timeout, ticket):
                    self._send_probe(timeout, ticket)
                case link.Release(down_since):
                    for informer in self._informers.values():
                        informer.link_up()
                    watchers = [w for informer in self._informers.values() for w in informer.watchers]
                    self.on_up()
                    self.released(watchers, down_since)
        self._set_tick()
        self._publish_link()

    def _send_probe(self, timeout: float, ticket: int) -> None:
        if self._probe is not None:
            self._probe.close()  # what it would find out is older than what is asked now
        self._probe = self._ports.probe(
            timeout, self._newest(), lambda error: self._link(link.Probed(error, ticket))
        )

    def _send_pilot(self) -> None:
        """Before anything is known of the link, one stream dials and the others wait for what it finds."""
        if self.link.phase is not link.Phase.FIRST or (self._pilot is not None and self._pilot.wanted):
            return
        wanted = [informer for informer in self._informers.values() if informer.wanted]
        self._pilot = next((one for one in wanted if one.watchers), wanted[0] if wanted else None)
        if self._pilot is not None and self._pilot.watchers:
            self._pilot.feed(r.LinkUp())
        elif self._pilot is not None:
            self._ports.probe(PILOT_WITHIN, "", self._piloted)  # its namespaces are not known before that

    def _piloted(self, error: EdgetuiError | None) -> None:
        self._link(link.Answered() if error is None else link.Failed(error))

    def _newest(self) -> str:
        """The newest version that any collection holds; empty if versions cannot be compared."""
        newest = ""
        for informer in self._informers.values():
            for watcher in informer.watchers:
                version = watcher.state.rv
                if informer.kind.bookmarks and version and (not newest or older(newest, version)):
                    newest = version
        return newest

    def _set_tick(self) -> None:
        if self._cancel_tick is not None:
            self._cancel_tick()
            self._cancel_tick = None
        if self.link.wake_at != link.NEVER:
            self._cancel_tick = self.later(max(0.0, self.link.wake_at - self.now()), self._tick)

    def _tick(self) -> None:
        self._cancel_tick = None
        self._link(link.Tick())

    def _beat_later(self) -> None:
        self._beat_due = self.now() + BEAT
        self._cancel_beat = self.later(BEAT, self._beat)

    def _beat(self) -> None:
        """Timers stand still while the machine sleeps and the steady clock does not: so a sleep is noticed."""
        late = self.now() - self._beat_due
        self._beat_later()
        self._tell_features()
        self.on_beat()
        if late >= SLEPT:
            self.on_slept()
            for informer in self._informers.values():
                informer.feed(r.Woke(late))
            self._link(link.TryNow())
            self._link(link.Suspected())

    def _publish_link(self) -> None:
        kinds = [informer.freshness for informer in self._informers.values()]
        state = told(self.link, kinds, self.waiting_for, self.wall)
        before = self._shown_link
        if state.link is not before.link:
            self._since = self.now()
        state = replace(state, since=self.wall(self._since))
        same = (state.link, state.retry_at, state.sentence) == (before.link, before.retry_at, before.sentence)
        if not same or abs(state.heard - before.heard) >= HEARD_STEP:
            self._shown_link = state
            self._store.set_link(state)
            self.on_change()


_LISTING = frozenset({r.Phase.STREAMING, r.Phase.LISTING})

"""One collection kept equal to the server, as a pure function: `step(state, input, now, rng)`.

The rules, and where they come from (client-go tools/cache/reflector.go, KEP-3157, KEP-5504, apiserver
cacher.go; the rest was measured on a real API server):

1. A streaming list is tried first. Its initial ADDED events come in key order, so no version is taken from
   them; they are collected until the bookmark annotated k8s.io/initial-events-end and then swapped in.
2. A server without streaming lists answers 422 on the field sendInitialEvents. That, any other 4xx that is not
   about rights, or 10 s of silence before the end bookmark, lead to LIST in pages and a plain watch. The first is
   known for the whole cluster at once, the others when they have come twice in a row.
3. 410, as a status or inside the stream, leads to a new list, which reaches the store as a difference.
4. A stream that ends in good order is resumed at the last version without a list, and nothing turns stale.
   One that ends within a second, or before its time and without an event, counts as a failure. On a thin link it
   begins anew with a list where that costs fewer bytes, since only a streaming list is ever compressed.
5. Back-off grows with every failure and shrinks only after real progress.
6. 403 and 404 count at once only if nothing was ever seen and there was no outage; otherwise they must last a few
   seconds, because a starting API server answers 403 until its RBAC caches are filled.
7. Bookmarks are the heartbeat: silence for longer than one allows is suspect. If the server proves that it has
   reached our version, the watch is resumed there, which costs a tenth of a list; if nothing comes on that one
   either, or without that proof, the collection is listed again, since a watch at a version from the future is silent
   for ever. A server that never sent one, and twice had nothing new to tell then, has none (an API server without
   watch cache, some proxies).
8. A bookmark behind our version means that the server's history was rewound. A list that is on its way then, or when
   another cluster answers, may be of the history before, and is asked for again.
9. While the link is down nothing is opened here; open streams live on, since a draining server keeps them.
10. After an outage of two minutes nothing is resumed: the history may have forked while nobody looked.
11. A refused credential (401) is renewed once.
12. Rows of an earlier run count as a complete list that is not current: they spare a starting server's first 403
    (rule 6). Where their version is known, a watch from it is opened at once; they count as current when it was
    accepted and the same cluster has told a newest version that is not behind it, since a watch at a version from
    the future is silent for ever. Where that is not known the first list replaces every one of them.
13. Where a list now and then is cheaper than a watch, it takes its place; a streaming list, because a LIST of less
    than 128 KiB is never compressed, which is given up at its end bookmark.
14. After a sleep of this machine no open stream is believed until the link has its verdict.
15. A bookmark in a watch of Tables is a Table with a row of nothing, 0.4 KB, and 3.4 KB with the columns of pods where
    the server defines them in the first event. So one that is resumed asks for no bookmarks until something has
    changed; it lasts two to three minutes, and its end in good order, 0.2 KB, is the sign of life.

states.py holds the vocabulary and the legal moves; opening.py, initial.py, watching.py, pacing.py and failing.py the
rules; cost.py what resuming costs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from edgetui.cluster import backoff
from edgetui.cluster.watch.reflector import failing, initial, opening, pacing, watching
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.reflector.states import Effects, Input, Phase, State
from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.store import reached

STANDING = frozenset({Phase.WATCHING, Phase.RESTING})
"""Where rows are kept current, unless a gap is known."""
HEARD_STEP = 5.0  # s: a `heard` that moves by less is not worth telling

Rule = Callable[[State, Any, float, backoff.Random], tuple[State, Effects]]


class IllegalMove(Exception):
    """A rule tried a move that is not in MOVES: a defect of edgetui."""


def step(state: State, happened: Input, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """What follows from one input: the next state, and what the caller has to do, in order.

    An input that means nothing in the present phase (an answer to a request that was given up) changes
    nothing. Raises IllegalMove, with the state as it was, if a rule is broken.
    """
    rule = RULES[state.phase].get(type(happened))
    if rule is None:
        return state, ()
    after, effects = rule(state, happened, now, rng)
    if after.phase is not state.phase and after.phase not in r.MOVES[state.phase]:
        raise IllegalMove(f"{state.phase} -> {after.phase} on {type(happened).__name__}")
    if _current(state) and not _current(after):
        after = replace(after, proven=max(after.proven, state.heard))
    shown = freshness(after)
    if _worth_telling(after.shown, shown):
        return replace(after, shown=shown), (*effects, shown)
    return after, effects


def _current(s: State) -> bool:
    return s.phase in STANDING and s.synced and not s.lapsed


def freshness(s: State) -> r.SetFreshness:
    """What the state means for whoever looks at the rows."""
    if s.phase is Phase.IDLE:
        return r.SetFreshness(Sync.HIDDEN, 0.0, "")
    if s.verdict is not None:
        return r.SetFreshness(s.verdict, 0.0, s.reason)
    if not s.synced:
        under_way = s.phase is Phase.STREAMING or s.phase is Phase.LISTING
        return r.SetFreshness(Sync.SYNCING if under_way else Sync.NEVER, 0.0, s.reason)
    heard = s.heard if _current(s) else s.proven
    if s.lapsed or s.silent:
        return r.SetFreshness(Sync.STALE, heard, s.reason)
    return r.SetFreshness(Sync.LIVE, heard, "")


def _worth_telling(before: r.SetFreshness | None, after: r.SetFreshness) -> bool:
    if before is None or before.sync is not after.sync or before.reason != after.reason:
        return True
    return after.heard - before.heard >= HEARD_STEP


def _shown(s: State, _: r.Shown, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    return opening.open_request(s, now, rng)


def _credentials_changed(
    s: State, _: r.CredentialsChanged, now: float, rng: backoff.Random
) -> tuple[State, Effects]:
    # A version that is known stays good, so nothing is lost on the way.
    return opening.reopen(replace(s, refreshed=False, failures=0, denials=0), now, rng)


def _reinit_open(s: State, happened: r.Reinit, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    return opening.list_again(replace(s, forked=True), happened.reason, now, rng)


def _reinit_later(s: State, happened: r.Reinit, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    s = replace(s, rv="", forked=True, lapsed=True)
    return (s if s.verdict else replace(s, reason=happened.reason)), ()


def _open_when_due(s: State, _: r.Tick, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    return opening.open_request(s, now, rng) if now >= s.wake_at else (s, ())


def _ask_again(s: State, _: r.AskAgain, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    return opening.open_request(s, now, rng)


def _learned(s: State, happened: r.Learned, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    known = replace(s, streaming=happened.streaming, bookmarks=happened.bookmarks or s.marked)
    if happened.streaming and not s.streaming:
        known = replace(known, stalls=0)
    if happened.bookmarks and not s.bookmarks:
        known = replace(known, vain=0)
    return known, ()


def _recalled(s: State, happened: r.Recalled, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    if s.synced or s.verdict:
        return s, ()
    rv = happened.rv if s.phase is Phase.WAITING else ""
    recalled = replace(s, synced=True, lapsed=True, rv=rv or s.rv, unproven=bool(rv))
    return (replace(recalled, rows=happened.rows, thin=happened.thin) if rv else recalled), ()


def _identified_shut(s: State, happened: r.Identified, _: float, __: backoff.Random) -> tuple[State, Effects]:
    if not s.unproven:
        return s, ()
    if reached(happened.rv, s.rv):
        return replace(s, unproven=False), ()
    return replace(s, unproven=False, rv="", forked=True), ()


_LINK: dict[type, Rule] = {
    r.LinkUp: watching.link_up,
    r.LinkDown: watching.link_down,
    r.Pace: pacing.pace,
    r.Woke: watching.woke,
    r.Learned: _learned,
}
_WANTED: dict[type, Rule] = {
    **_LINK,
    r.CredentialsChanged: _credentials_changed,
    r.Recalled: _recalled,
    r.Identified: _identified_shut,
}
_OPEN: dict[type, Rule] = {**_WANTED, r.Failed: failing.failed, r.Reinit: _reinit_open}
_WATCH: dict[type, Rule] = {
    **_OPEN,
    r.Changes: watching.apply,
    r.Bookmark: watching.bookmark,
    r.Heard: watching.more_bytes,
    r.StreamEnded: watching.ended,
    r.Replaced: watching.replaced,
}
_SHUT: dict[type, Rule] = {**_WANTED, r.Reinit: _reinit_later}

RULES: dict[Phase, dict[type, Rule]] = {
    Phase.IDLE: {**_LINK, r.Shown: _shown},
    Phase.WAITING: _SHUT,
    Phase.STREAMING: {
        **_OPEN,
        r.Sent: opening.sent,
        r.Head: initial.head,
        r.Changes: initial.collect,
        r.Heard: initial.more_bytes,
        r.Bookmark: initial.bookmark,
        r.StreamEnded: initial.ended,
        r.Tick: initial.tick,
    },
    Phase.LISTING: {**_OPEN, r.Page: initial.page},
    Phase.RESUMING: {
        **_WATCH,
        r.Sent: opening.sent,
        r.Head: watching.head,
        r.Tick: watching.resume_tick,
        r.Identified: watching.identified,
    },
    Phase.WATCHING: {**_WATCH, r.Tick: watching.watch_tick, r.Identified: watching.reaches},
    Phase.RESTING: {
        **_SHUT,
        r.Failed: failing.failed_at_rest,
        r.LinkDown: pacing.link_down,
        r.Woke: pacing.woke,
        r.Reinit: pacing.reinit,
        r.Replaced: watching.replaced,
        r.Tick: _open_when_due,
    },
    Phase.BACKOFF: {**_SHUT, r.Tick: _open_when_due, r.AskAgain: _ask_again},
    Phase.REFRESHING: {**_SHUT, r.Refreshed: failing.refreshed},
    Phase.FORBIDDEN: {**_SHUT, r.Tick: _open_when_due, r.AskAgain: _ask_again},
    Phase.ABSENT: {**_SHUT, r.Tick: _open_when_due, r.AskAgain: _ask_again},
}
"""Which rule meets which input in which phase; a pair that is missing means nothing."""

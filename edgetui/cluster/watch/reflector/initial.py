"""The first complete list: a streaming list up to its end bookmark, or a LIST page by page."""

from __future__ import annotations

from msgspec.structs import replace

from edgetui.cluster import backoff
from edgetui.cluster.watch.reflector import cost
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.reflector.opening import PAGE_SIZE, STEADY_LINK, back_off, open_request, reopen
from edgetui.cluster.watch.reflector.pacing import rest
from edgetui.cluster.watch.reflector.states import NEVER, Effects, State
from edgetui.cluster.watch.reflector.watching import current

INITIAL_SILENCE = 10.0
MOST_STALLS = 2
"""Streaming lists in a row that came to nothing, after which a server is taken not to have them."""


def head(s: State, happened: r.Head, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """The server accepted the streaming list; its first event may take a while."""
    after = replace(s, head=True, packed=happened.packed, heard=now, refreshed=False)
    return replace(after, wake_at=now + INITIAL_SILENCE), ()


def collect(s: State, happened: r.Changes, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """Initial events come in key order: they are kept aside, and no version is taken from them."""
    after = replace(s, heard=now, wake_at=now + INITIAL_SILENCE, events=s.events + len(happened.items))
    return after, (r.Collect(happened.items),)


def more_bytes(s: State, _: r.Heard, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """A long object on a slow line is not silence."""
    return replace(s, heard=now, wake_at=now + INITIAL_SILENCE), ()


def bookmark(s: State, happened: r.Bookmark, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """Only the end bookmark counts here: the list is complete at its version."""
    if not happened.initial_end:
        return replace(s, heard=now), ()
    thin = s.packed and cost.thin(s.events, now - s.opened)
    complete = replace(_complete(s, happened.rv, now), rows=s.events, events=1, thin=thin, stalls=0)
    if complete.every:
        return rest(complete, now), (r.Replace(s.forked), r.Close())
    return current(complete, now), (r.Replace(s.forked),)


def ended(s: State, happened: r.StreamEnded, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """The stream ended before its end bookmark. If it did so in good order, LIST is worth a trial."""
    if not happened.clean:
        return back_off(s, "the connection broke off", now, rng, steady=STEADY_LINK)
    after, effects = back_off(s, "the server ended the first list early", now, rng)
    return replace(after, trial=s.streaming), effects


def tick(s: State, _: r.Tick, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """No answer at all is a failure; silence after an answer leads to LIST, on trial."""
    if now < s.wake_at:
        return s, ()
    if not s.head:
        return back_off(s, "no answer came", now, rng, steady=STEADY_LINK)
    return reopen(replace(s, trial=True), now, rng)


def page(s: State, happened: r.Page, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """Collect a page; after the last one swap the list in and watch from the version of its first page.

    What a streaming list failed at once, it may do the next time; only what it fails in a row is learned.
    """
    items = [("ADDED", row) for row in happened.rows] + [("UNREADABLE", row) for row in happened.odd]
    collected = r.Collect(items, happened.remaining)
    if happened.token:
        query = {"limit": str(PAGE_SIZE), "continue": happened.token}
        return replace(s, heard=now, list_rv=s.list_rv or happened.rv), (collected, r.OpenList(query))
    stalls = s.stalls + s.trial
    learned: Effects = (r.NoWatchList(),) if s.trial and stalls >= MOST_STALLS else ()
    complete = _complete(s, s.list_rv or happened.rv, now)
    complete = replace(
        complete, streaming=s.streaming and not learned, stalls=stalls, trial=False, paged=True
    )
    if complete.every:
        return rest(complete, now), (collected, r.Replace(s.forked), *learned)
    after, effects = open_request(complete, now, rng)
    return after, (collected, r.Replace(s.forked), *learned, *effects)


def _complete(s: State, rv: str, now: float) -> State:
    return replace(
        s,
        rv=rv,
        synced=True,
        lapsed=False,
        forked=False,
        verdict=None,
        heard=now,
        proven=now,
        denials=0,
        denied_since=NEVER,
        refreshed=False,
        reason="",
    )

"""A watch: catching up after a resumption, living on, falling silent, ending; and what the link does to it."""

from __future__ import annotations

from msgspec.structs import replace

from edgetui.cluster import backoff
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.reflector.failing import FORBIDDEN_AGAIN
from edgetui.cluster.watch.reflector.opening import (
    ANSWER_WITHIN,
    OVERDUE,
    STEADY_LINK,
    back_off,
    begins_anew,
    list_again,
    open_request,
    reopen,
)
from edgetui.cluster.watch.reflector.states import NEVER, OPEN, Effects, Phase, State
from edgetui.model.cache.store import older, reached

CATCH_UP_QUIET, CATCH_UP_MOST = 0.3, 2.0
PROVEN_QUIET = 0.05
"""The question who answers goes out last, so what a watch had to say at once came before its answer."""
BOOKMARK_LATE, BOOKMARK_SILENCE = 65.0, 75.0
"""Seconds after which a bookmark is late, and after which that is a reason to ask: they come 60 to 61 s apart."""
VERDICT_WITHIN = 15.0
QUIET_WHILE_DOWN = 20.0
UNPROVEN = "listing again: the server does not prove that it is the one of the last run"
MOST_VAIN = 2
"""Openings in a row that a silence asked for and that changed nothing, after which bookmarks are not expected."""
SHORT_LIFE = 1.0
SETTLES_WITHIN = 5.0
"""A starting API server answers 403 to users with rights by RBAC for up to 1.6 s, and 5xx before that."""
LONG_OUTAGE = 120.0
"""After so long a server may have been restored and have moved past our version since: resuming would not notice.
It has most likely forgotten that version anyway."""


def current(s: State, now: float, quiet: float = NEVER) -> State:
    """The rows are complete and current: from here on bookmarks are expected.

    `quiet` is since when nothing was said, where that is longer ago.
    """
    return replace(
        s,
        phase=Phase.WATCHING,
        lapsed=False,
        silent=False,
        suspect=False,
        reason="",
        denied_since=NEVER,
        steady_since=min(s.steady_since, now),
        heard=min(s.heard, quiet),
        quiet_since=NEVER,
        wake_at=_next_look(s, min(now, quiet)),
    )


def _expects(s: State) -> bool:
    """Whether bookmarks are due about once a minute."""
    return s.bookmarks and not s.bare


def _next_look(s: State, heard: float) -> float:
    look = min(s.expires, heard + BOOKMARK_SILENCE) if _expects(s) else s.expires
    return look if s.link_up else min(look, heard + QUIET_WHILE_DOWN)


def _heard(s: State, now: float) -> State:
    if s.phase is Phase.RESUMING:
        most = s.opened + (ANSWER_WITHIN if s.unproven else CATCH_UP_MOST)
        return replace(s, heard=now, quiet_since=NEVER, wake_at=min(now + CATCH_UP_QUIET, most))
    look = _next_look(s, now)
    return replace(s, heard=now, quiet_since=NEVER, silent=False, suspect=False, resumed=False, wake_at=look)


def head(s: State, _: r.Head, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """A resumed watch was accepted; what was missed follows at once, or a 410 inside the stream."""
    return replace(s, head=True, heard=now, refreshed=False, wake_at=now + CATCH_UP_QUIET), ()


def apply(s: State, happened: r.Changes, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """Events of a watch come in the order of their versions: the last one is where to resume."""
    last = happened.items[-1][1].resource_version
    rv = (
        s.rv if not last or older(last, s.rv) else last
    )  # an object that cannot be read may not tell its version
    count = len(happened.items)
    after = replace(_heard(s, now), rv=rv, events=s.events + count, changes=s.changes + count)
    applied = r.Apply(happened.items)
    if s.phase is Phase.WATCHING and not s.packed and s.link_up and begins_anew(after):
        after, effects = open_request(after, now, rng)
        return after, (applied, r.Close(), *effects)
    return after, (applied,)


def more_bytes(s: State, _: r.Heard, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """Part of an event is a sign of life as well."""
    return _heard(s, now), ()


def bookmark(s: State, happened: r.Bookmark, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """A heartbeat with a version to resume from; behind ours it can only be another history."""
    if older(happened.rv, s.rv):
        reason = "the server's history went back; it may have been restored from a backup"
        after, effects = back_off(replace(s, rv="", forked=True), reason, now, rng)
        return after, (*effects, r.Rewound(reason))
    marked = s.marked or not happened.initial_end
    after = replace(_heard(s, now), rv=happened.rv, events=s.events + 1, marked=marked, vain=0)
    if after.phase is Phase.RESUMING and not s.unproven:
        return replace(current(after, now), doubted=False, resumed=False), ()
    return after, ()


def resume_tick(s: State, _: r.Tick, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """Quiet after the answer: the watch has caught up.

    Behind one that ended in good order its answer is no sign of life: with a frozen datastore it is given too.
    """
    if now < s.wake_at:
        return s, ()
    if not s.head:
        return back_off(s, "no answer came", now, rng, steady=STEADY_LINK)
    if not s.unproven:
        after = current(s, now, NEVER if s.lapsed else s.quiet_since)
        return _had_to_tell(after, now, changed=bool(s.changes))
    proof_due = s.opened + ANSWER_WITHIN
    if now < proof_due:
        return replace(s, wake_at=proof_due), ()
    return list_again(replace(s, unproven=False, forked=True), UNPROVEN, now, rng)


def identified(s: State, happened: r.Identified, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """Whether the version of an earlier run is one of this server's past, or may be one of another history."""
    if not s.unproven:
        return s, ()
    if not reached(happened.rv, s.rv):
        return list_again(replace(s, unproven=False, forked=True), UNPROVEN, now, rng)
    proven = replace(s, unproven=False)
    return (replace(proven, wake_at=max(now, s.heard + PROVEN_QUIET)) if s.head else proven), ()


def reaches(s: State, happened: r.Identified, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """The server is there, and where its history stands: a watch that is silent is resumed if that is proof enough.

    One that will be doubted in a moment is spared the question.
    """
    silent = s.suspect or (_expects(s) and now - s.heard >= BOOKMARK_LATE)
    if not silent or s.resumed or not reached(happened.rv, s.rv):
        return s, ()
    return reopen(replace(s, resumed=True, doubted=True, lapsed=True), now, rng)


def watch_tick(s: State, _: r.Tick, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """Silence: stale while the link is down, suspect without a bookmark, dead after the stream's own timeout."""
    if now < s.wake_at:
        return s, ()
    if now >= s.expires:
        return back_off(s, "the stream outlived its own timeout", now, rng, steady=STEADY_LINK)
    if s.suspect:
        return list_again(s, s.reason, now, rng) if s.link_up else (replace(s, wake_at=s.expires), ())
    if _expects(s) and now >= s.heard + BOOKMARK_SILENCE:
        reason = f"no sign of life for {round(now - s.heard)} s"
        after = replace(
            s, silent=True, suspect=True, reason=reason, wake_at=min(s.expires, now + VERDICT_WITHIN)
        )
        return after, (r.Suspect(reason),)
    if not s.link_up and now >= s.heard + QUIET_WHILE_DOWN:
        look = s.heard + BOOKMARK_SILENCE if _expects(s) else s.expires
        return replace(s, silent=True, wake_at=min(s.expires, look)), ()
    return replace(s, wake_at=_next_look(s, s.heard)), ()


def ended(s: State, happened: r.StreamEnded, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """A stream that ended in good order is resumed at once; one that hardly lived has failed."""
    if not happened.clean:
        return back_off(s, "the connection broke off", now, rng, steady=STEADY_LINK)
    early = not s.events and now < s.expires - OVERDUE - SHORT_LIFE
    if early or now - s.opened < SHORT_LIFE:
        return back_off(s, "the server ends the watch early", now, rng)
    # The server says something 2 s before it ends a watch (cache_watcher.go), so a silence goes on from the last word.
    return reopen(replace(s, quiet_since=min(s.quiet_since, s.heard)) if _expects(s) else s, now, rng)


def link_up(s: State, happened: r.LinkUp, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """The server answers: open what waits, and distrust what was silent meanwhile."""
    long = now - happened.down_since >= LONG_OUTAGE
    settling = now + SETTLES_WITHIN if happened.down_since != NEVER else s.settling_until
    s = replace(s, link_up=True, forked=s.forked or long, settling_until=settling)
    if long and s.phase not in OPEN:
        s = replace(s, rv="")
    if s.phase is Phase.WAITING:
        return open_request(s, now, rng)
    if s.phase in (Phase.FORBIDDEN, Phase.ABSENT):
        return replace(s, wake_at=min(s.wake_at, now + FORBIDDEN_AGAIN[0])), ()
    if s.phase is not Phase.WATCHING:
        return s, ()
    if s.suspect:
        return list_again(replace(s, doubted=True), s.reason, now, rng)
    if s.silent or s.heard < happened.down_since < now - SHORT_LIFE:
        # It said nothing during the outage: the connection may be dead without knowing it.
        s = replace(s, lapsed=True, rv="" if long else s.rv, reason="catching up after an outage")
        return reopen(s, now, rng)
    return replace(s, reason="", wake_at=_next_look(s, s.heard)), ()


def link_down(s: State, happened: r.LinkDown, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """Open streams live on (a draining server keeps them for a minute); they turn stale when they fall quiet."""
    s = replace(s, link_up=False)
    if s.phase is Phase.WATCHING and not s.silent:
        look = min(s.wake_at, max(s.heard + QUIET_WHILE_DOWN, now))
        return replace(s, reason=happened.reason, wake_at=look), ()
    if s.phase in (Phase.WAITING, Phase.BACKOFF):
        return replace(s, reason=happened.reason), ()
    return s, ()


def woke(s: State, happened: r.Woke, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """Call nothing current that was last heard before a sleep; after the verdict on the link it is opened again."""
    if happened.slept >= LONG_OUTAGE:
        s = replace(s, rv="", forked=True)
    if s.phase is not Phase.WATCHING:
        return s, ()
    return replace(s, silent=True, reason=f"this machine slept for {round(happened.slept)} s"), ()


def replaced(s: State, happened: r.Replaced, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """A list was swapped in."""
    return _had_to_tell(s, now, changed=happened.changed)


def _had_to_tell(s: State, now: float, *, changed: bool) -> tuple[State, Effects]:
    """What a silence asked for is there: if there was nothing new again and again, silence means nothing."""
    if not s.doubted:
        return s, ()
    vain = 0 if changed or s.marked else s.vain + 1
    s = replace(s, doubted=False, vain=vain)
    if vain < MOST_VAIN:
        return s, ()
    s = replace(s, bookmarks=False)
    look = _next_look(s, now) if s.phase is Phase.WATCHING else s.wake_at
    return replace(s, wake_at=look), (r.NoBookmarks(),)

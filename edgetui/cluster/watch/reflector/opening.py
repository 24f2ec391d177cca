"""What to open: resume from a known version, else a streaming list, else a LIST in pages; and when to wait."""

from __future__ import annotations

from msgspec.structs import replace

from edgetui.cluster import backoff
from edgetui.cluster.watch.reflector import cost
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.reflector.states import NEVER, Effects, Phase, State

PAGE_SIZE = 250  # a page is held whole, as text and as objects, while it is decoded
WATCH_LASTS = (300.0, 600.0)
LONG_WATCH_LASTS = (3000.0, 3600.0)
BARE_WATCH_LASTS = (120.0, 180.0)  # its end proves the server, as a bookmark does, and costs as much
OVERDUE = 20.0  # a stream that is still open so long after its own timeout is dead
ANSWER_WITHIN = 20.0
STEADY_LINK, STEADY_SERVER = 2.0, 30.0


def open_request(s: State, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """Open what the state calls for, or wait for the link."""
    if not s.link_up:
        return replace(s, phase=Phase.WAITING, lapsed=True, steady_since=NEVER, wake_at=NEVER), ()
    bare = s.dear and bool(s.rv) and not (s.every or s.changes)
    # Without bookmarks nothing but its end tells that a watch is dead.
    lasts = BARE_WATCH_LASTS if bare else LONG_WATCH_LASTS if s.long and s.bookmarks else WATCH_LASTS
    seconds = int(rng.uniform(*lasts))
    if begins_anew(s):
        # The next watch may bring as much as the last did. While the list comes, no event does.
        s = replace(s, rv="", lapsed=True, reason="listing again, which costs less than to resume")
    s = replace(
        s,
        opened=now,
        expires=now + seconds + OVERDUE,
        head=False,
        packed=False,
        events=0,
        changes=0,
        silent=False,
        suspect=False,
        bare=bare,
        unproven=s.unproven and bool(s.rv),
        wake_at=NEVER,  # until it is sent: a person may have to sign in before that
    )
    watch = {"watch": "1", "timeoutSeconds": str(seconds)}
    if not bare:
        watch["allowWatchBookmarks"] = "true"
    if s.rv and not s.every:
        watch["resourceVersion"] = s.rv
        return replace(s, phase=Phase.RESUMING), (r.OpenWatch(watch),)
    if s.streaming and not (s.trial or s.unwatched):
        watch |= {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
        return replace(s, phase=Phase.STREAMING), (r.Begin(), r.OpenWatch(watch))
    query = {"limit": str(PAGE_SIZE)} if s.paged else {}
    return replace(s, phase=Phase.LISTING, list_rv=""), (r.Begin(), r.OpenList(query))


def begins_anew(s: State) -> bool:
    """Whether a compressed list costs less than the plain events that a resumed watch may bring."""
    return bool(s.rv) and s.thin and s.streaming and cost.anew_is_cheaper(s.rows, s.changes)


def sent(s: State, _: r.Sent, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """From here on the server's own clocks run, and an answer is due."""
    if s.head:
        return s, ()
    later = now - s.opened
    return replace(s, opened=now, expires=s.expires + later, wake_at=now + ANSWER_WITHIN), ()


def reopen(s: State, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """Close what is open and open again."""
    after, effects = open_request(s, now, rng)
    return after, (r.Close(), *effects)


def list_again(s: State, reason: str, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """Distrust the version that is known: list again. The rows stay, marked stale, until the new list is there."""
    return reopen(replace(s, rv="", lapsed=True, steady_since=NEVER, reason=reason), now, rng)


def back_off(
    s: State,
    reason: str,
    now: float,
    rng: backoff.Random,
    *,
    least: float = 0.0,
    steady: float = STEADY_SERVER,
) -> tuple[State, Effects]:
    """Wait, at least `least` seconds, before the next attempt.

    Earlier failures are forgotten only if the rows were current for `steady` seconds before this one: a list
    that succeeds is no progress if the watch after it fails at once.
    """
    failures = 1 if now - s.steady_since >= steady else s.failures + 1
    after = replace(
        s,
        phase=Phase.BACKOFF,
        failures=failures,
        wake_at=now + max(least, backoff.delay(failures, rng)),
        lapsed=True,
        silent=False,
        suspect=False,
        reason=reason,
        steady_since=NEVER,
        trial=False,
    )
    return after, (r.Close(),)


def continued(s: State, before: State, *, resume: bool) -> State:
    """The state of a collection whose rows another one has kept until now; `resume` where its version is good here."""
    current = before.phase is Phase.WATCHING and not before.lapsed
    proven = before.heard if current else before.proven
    known = replace(s, synced=True, lapsed=before.lapsed, forked=before.forked, proven=proven, heard=proven)
    known = replace(known, link_up=before.link_up)
    return replace(known, rv=before.rv) if resume else known

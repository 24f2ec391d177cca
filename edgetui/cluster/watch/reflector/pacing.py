"""How often a collection costs anything: watches of an hour on a thin link, or a list now and then instead of one."""

from __future__ import annotations

from msgspec.structs import replace

from edgetui.cluster import backoff
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.reflector.opening import open_request
from edgetui.cluster.watch.reflector.states import NEVER, Effects, Phase, State


def pace(s: State, happened: r.Pace, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """Another pace. A watch that is open lives on until its own end, unless lists are to take its place."""
    listed = s.wake_at - s.every
    s = replace(s, long=happened.long, every=happened.every, unwatched=happened.unwatched)
    if s.phase is Phase.WATCHING and s.every:
        return rest(s, now), (r.Close(),)
    if s.phase is Phase.RESTING:
        return (replace(s, wake_at=max(now, listed + s.every)), ()) if s.every else open_request(s, now, rng)
    return s, ()


def rest(s: State, now: float) -> State:
    """The rows are complete, and that is enough for a while."""
    return replace(
        s,
        phase=Phase.RESTING,
        rv="",
        failures=0,
        reason="",
        steady_since=min(s.steady_since, now),
        wake_at=now + s.every,
    )


def link_down(s: State, happened: r.LinkDown, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """Rows of a list are as old as the list; without a link nothing will renew them."""
    return replace(
        s,
        phase=Phase.WAITING,
        link_up=False,
        lapsed=True,
        steady_since=NEVER,
        reason=happened.reason,
        wake_at=NEVER,
    ), ()


def reinit(s: State, happened: r.Reinit, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """The rows may belong to another history: do not wait for the next list."""
    return open_request(replace(s, forked=True, lapsed=True, reason=happened.reason), now, rng)


def woke(s: State, happened: r.Woke, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """This machine slept: the list is older than it was meant to become."""
    reason = f"this machine slept for {round(happened.slept)} s"
    return open_request(replace(s, lapsed=True, reason=reason), now, rng)

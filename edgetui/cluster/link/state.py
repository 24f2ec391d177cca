"""Is this cluster reachable, since when, and who may find out: a pure state machine, `step`.

Three things are told apart: a stream is alive (bytes come), the server is reachable (it answers a new
connection), the rows are fresh (the reflectors know). A draining API server keeps old streams alive for a
minute while it refuses every new connection.

When a dial fails, exactly one prober dials, and every stream waits for it:

    IDLE -> FIRST (one stream dials as the pilot) -> UP -> DOWN <-> PROBING -> UP

Attempts in an outage: at once, after half a second, then about every 2.1 s for the first half minute, growing to
30 s: at most 15 attempts in 30 s and 150 in an hour, and a link that returns soon is noticed within 2.2 s. What
waiting will not mend (credentials, certificates, something that is not Kubernetes) is asked every half minute.
A server that answers nothing but 429 and 5xx counts as down as well, once the prober is told the same: else every
stream would ask on its own.
Times are seconds of a steady clock.
"""

from __future__ import annotations

import math
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from edgetui.cluster import backoff
from edgetui.cluster.errors import (
    ApiError,
    CredentialError,
    EdgetuiError,
    ProtocolError,
    ServerFailure,
    Throttled,
    TlsError,
    Unauthorized,
)
from edgetui.model.cache.freshness import Link

NEVER = math.inf
LADDER = (0.05, 0.45)
STEP = 2.12
STEPS = 15
GROWTH = 1.5
CAP = 30.0
SHORTEST_PROBE, LONGEST_PROBE = 3.0, 12.0
STEADY = 120.0
LASTING = 2.0
"""Seconds that a link must have been up for the progress on it to count: one may break again and again at the first
long answer, and carry the short ones before it."""
MOST_REFUSALS = 3
IN_FLIGHT = 0.5  # bytes this late may still have been on their way when the link broke


class Phase(StrEnum):
    IDLE = "idle"
    FIRST = "first"  # one stream dials; nothing is known yet
    UP = "up"
    DOWN = "down"  # nothing dials; the next probe has its time
    PROBING = "probing"  # exactly one request is out


MOVES: dict[Phase, frozenset[Phase]] = {
    Phase.IDLE: frozenset({Phase.FIRST}),
    Phase.FIRST: frozenset({Phase.UP, Phase.DOWN}),
    Phase.UP: frozenset({Phase.DOWN}),
    Phase.DOWN: frozenset({Phase.PROBING}),
    Phase.PROBING: frozenset({Phase.UP, Phase.DOWN}),
}
"""Every legal move besides staying."""


class State(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Everything the supervisor of one link remembers."""

    phase: Phase = Phase.IDLE
    error: EdgetuiError | None = None
    attempts: int = 0
    """Probes that failed since the last progress."""
    down_since: float = NEVER
    up_since: float = NEVER
    heard: float = 0.0
    """When the server last sent anything."""
    progress: bool = False
    """Whether there was any since the link came up."""
    refusals: int = 0
    """Requests that were answered with 429 or 5xx since the last progress."""
    probe_from: float = 0.0
    ticket: int = 0
    """The number of the last probe; the result of any other is void."""
    suspicion: bool = False
    """A probe is out although the link counts as up, because a stream is silent."""
    wake_at: float = NEVER


# Inputs


class Start(msgspec.Struct, frozen=True):
    """Begin: let one stream dial."""


class Answered(msgspec.Struct, frozen=True):
    """The server answered a new request with any status."""


class Refused(msgspec.Struct, frozen=True):
    """The server answered a new request with 429 or 5xx."""


class Heard(msgspec.Struct, frozen=True):
    """Bytes came on an open stream."""


class Progress(msgspec.Struct, frozen=True):
    """A collection is complete and current."""


class Failed(msgspec.Struct, frozen=True):
    """A dial or an open stream failed, or the credentials are refused even after they were renewed."""

    error: EdgetuiError


class Suspected(msgspec.Struct, frozen=True):
    """A stream is silent for longer than it should be, or this machine slept."""


class Probed(msgspec.Struct, frozen=True):
    """A probe's result; None when the server answered."""

    error: EdgetuiError | None
    ticket: int


class TryNow(msgspec.Struct, frozen=True):
    """Do not wait for the next attempt: the person asks, or it would be made otherwise from now on.

    `anew` is the latter: other credentials or another address. What a probe finds out that was sent before is void.
    """

    anew: bool = False


class Tick(msgspec.Struct, frozen=True):
    """`wake_at` has come, or not yet."""


Input = Start | Answered | Refused | Heard | Progress | Failed | Suspected | Probed | TryNow | Tick

# Effects


class Pilot(msgspec.Struct, frozen=True):
    """Let the first stream dial, and no other."""


class Release(msgspec.Struct, frozen=True):
    """Tell all streams that the server answers; `down_since` is NEVER if there was no outage."""

    down_since: float


class Hold(msgspec.Struct, frozen=True):
    """Tell all streams to open nothing."""

    reason: str


class Probe(msgspec.Struct, frozen=True):
    """Ask the server for something small, and answer with Probed. A probe that is out is given up for this one.

    `dials` is whether it must show that a new connection can be made.
    """

    timeout: float
    ticket: int
    dials: bool


Effects = tuple[Pilot | Release | Hold | Probe, ...]


class IllegalMove(Exception):
    """A rule tried a move that is not in MOVES: a defect of edgetui."""


def step(s: State, happened: Input, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """What follows from one input. Inputs that mean nothing in the present phase change nothing."""
    after, effects = _decide(s, happened, now, rng)
    if after.phase is not s.phase and after.phase not in MOVES[s.phase]:
        raise IllegalMove(f"{s.phase} -> {after.phase} on {type(happened).__name__}")
    return after, effects


def _decide(s: State, happened: Input, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    match happened:
        case Start() if s.phase is Phase.IDLE:
            return replace(s, phase=Phase.FIRST), (Pilot(),)
        case Heard():
            return replace(s, heard=now), ()
        case Progress() if s.phase is Phase.UP:
            return replace(s, heard=now, progress=True, refusals=0), ()
        case Answered():
            return _answered(s, now)
        case Refused() if s.phase in (Phase.FIRST, Phase.UP):
            return _refused(s, now)
        case Failed(error):
            return _failed(s, error, now, rng)
        case Suspected() if s.phase is Phase.UP and not s.suspicion:
            return _ask(replace(s, suspicion=True))
        case Probed(error, ticket) if ticket == s.ticket:
            return _probed(s, error, now, rng)
        case TryNow(anew) if s.phase is Phase.DOWN or (anew and s.phase is Phase.PROBING):
            return _probe(s, now)
        case Tick() if s.phase is Phase.DOWN and now >= s.wake_at:
            return _probe(s, now)
    return s, ()


def _answered(s: State, now: float) -> tuple[State, Effects]:
    s = replace(s, heard=now)
    if s.phase is Phase.FIRST:
        return replace(s, phase=Phase.UP, up_since=now), (Release(NEVER),)
    if s.phase is Phase.DOWN and not waiting_is_vain(s.error):
        return replace(s, wake_at=min(s.wake_at, now)), ()  # someone got through: the prober should look
    return s, ()


def _refused(s: State, now: float) -> tuple[State, Effects]:
    """One request may meet what concerns its collection alone; several in a row are a reason to ask."""
    after, effects = _answered(replace(s, refusals=s.refusals + 1), now)
    if after.refusals < MOST_REFUSALS or after.suspicion:
        return after, effects
    after, probe = _ask(replace(after, suspicion=True))
    return after, (*effects, *probe)


def _failed(
    s: State, error: EdgetuiError, now: float, rng: backoff.Random, probed: int = 0
) -> tuple[State, Effects]:
    if s.phase is Phase.UP:
        hopeful = now - s.up_since >= (LASTING if s.progress else STEADY)
        down = replace(
            s,
            phase=Phase.DOWN,
            error=error,
            attempts=max(probed, 0 if hopeful else s.attempts),
            progress=False,
            down_since=now,
            suspicion=False,
            refusals=0,
            wake_at=NEVER,
        )
        return replace(down, wake_at=now + max(wait(down, rng), _asked_for(error))), (Hold(error.sentence),)
    if s.phase is Phase.FIRST:
        down = replace(s, phase=Phase.DOWN, error=error, attempts=1, down_since=now)
        return replace(down, wake_at=now + wait(down, rng)), (Hold(error.sentence),)
    if s.phase is Phase.DOWN and waiting_is_vain(error) and not waiting_is_vain(s.error):
        later = replace(s, error=error)
        return replace(later, wake_at=max(s.wake_at, now + wait(later, rng))), ()
    return s, ()


def _probe(s: State, now: float) -> tuple[State, Effects]:
    return _ask(replace(s, phase=Phase.PROBING, probe_from=now, wake_at=NEVER))


def _ask(s: State) -> tuple[State, Effects]:
    s = replace(s, ticket=s.ticket + 1)
    return s, (Probe(_patience(s), s.ticket, dials=s.phase is not Phase.UP),)


def _patience(s: State) -> float:
    return min(LONGEST_PROBE, SHORTEST_PROBE * 2.0 ** (s.attempts // 5))


def _probed(s: State, error: EdgetuiError | None, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    if s.phase is Phase.UP and s.suspicion:
        s = replace(s, suspicion=False, refusals=0)
        if error is None:
            return replace(s, heard=now), (Release(NEVER),)
        return _failed(s, error, now, rng, probed=1)
    if s.phase is not Phase.PROBING:
        return s, ()
    if error is None:
        up = replace(
            s, phase=Phase.UP, error=None, up_since=now, down_since=NEVER, heard=now, attempts=s.attempts + 1
        )
        return up, (Release(s.down_since),)
    down = replace(s, phase=Phase.DOWN, error=error, attempts=s.attempts + 1)
    return replace(down, wake_at=max(s.probe_from + wait(down, rng), now + max(0.05, _asked_for(error)))), ()


def _asked_for(error: EdgetuiError) -> float:
    return backoff.asked_for(error.retry_after) if isinstance(error, (Throttled, ServerFailure)) else 0.0


def waiting_is_vain(error: EdgetuiError | None) -> bool:
    """Whether this is nothing that time alone will mend."""
    return isinstance(error, (TlsError, ProtocolError, CredentialError, Unauthorized))


def wait(s: State, rng: backoff.Random) -> float:
    """Seconds from the start of one attempt to the next."""
    if waiting_is_vain(s.error) and s.attempts:
        return rng.uniform(CAP, CAP * 1.2)
    if s.attempts < len(LADDER):
        return LADDER[s.attempts] * rng.uniform(0.8, 1.2)
    grown = STEP * GROWTH ** min(max(0, s.attempts - STEPS), 32)
    return min(CAP, grown) * rng.uniform(1.0, 1.03)


def verdict(s: State) -> Link:
    """The one word for the header."""
    if s.phase is Phase.UP:
        return Link.LIVE
    if waiting_is_vain(s.error):
        return Link.REFUSED
    if draining(s):
        return Link.LIVE
    return Link.STALE if s.heard else Link.CONNECTING


def draining(s: State) -> bool:
    """New connections fail while an open stream has delivered since: the server is going away, or coming back."""
    return s.phase in (Phase.DOWN, Phase.PROBING) and s.heard > s.down_since + IN_FLIGHT


def sentence(s: State) -> tuple[str, str]:
    """What is wrong and what to do, both empty while nothing is."""
    if s.error is None:
        return "", ""
    if draining(s) and not waiting_is_vain(s.error) and not isinstance(s.error, ApiError):
        return (
            "New connections fail while open streams still deliver: the server is restarting or draining.",
            "Wait a moment; changes cannot be made until it answers again.",
        )
    return s.error.sentence, s.error.next_step

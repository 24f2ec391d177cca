"""What a failure means: wait, list again, renew the credentials, or accept that it may not or cannot be seen."""

from __future__ import annotations

from msgspec.structs import replace

from edgetui.cluster import backoff
from edgetui.cluster.errors import (
    ApiError,
    EdgetuiError,
    Forbidden,
    Gone,
    NotFound,
    ProtocolError,
    ServerFailure,
    Throttled,
    TooManyRows,
    Unauthorized,
)
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.reflector.opening import STEADY_LINK, back_off, open_request, reopen
from edgetui.cluster.watch.reflector.states import NEVER, Effects, Phase, State
from edgetui.model.cache.freshness import Sync

DENIAL_LASTS = 5.0
DENIAL_RETRY = 0.7
FORBIDDEN_AGAIN = (3.0, 30.0, 120.0)
"""Kinds that were denied together drift apart, so that one of them soon meets a grant and wakes the others."""
MANY_AGAIN = 600.0
ABSENT_AGAIN = 300.0
UNREADABLE_MOST = 3
FULL_AGAIN = 900.0


def failed(s: State, happened: r.Failed, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """Choose by the type of the error. Everything but a status the server sent is taken for the link's fault."""
    error = happened.error
    if isinstance(error, Unauthorized):
        return _unauthorized(s, error)
    if isinstance(error, Forbidden):
        return _denied(s, error, Sync.FORBIDDEN, now, rng)
    if isinstance(error, NotFound):
        return _denied(s, error, Sync.ABSENT, now, rng)
    if isinstance(error, Gone):
        # A continue token that expired cannot be replaced: what follows it is no longer the same list.
        paged = s.paged and not (s.phase is Phase.LISTING and s.list_rv)
        return back_off(replace(s, rv="", paged=paged), "the server's history has moved on", now, rng)
    if isinstance(error, Throttled):
        return back_off(s, error.sentence, now, rng, least=backoff.asked_for(error.retry_after))
    if isinstance(error, ServerFailure):
        rv = "" if error.cause == "ResourceVersionTooLarge" else s.rv
        least = backoff.asked_for(error.retry_after)
        return back_off(replace(s, rv=rv), error.sentence, now, rng, least=least)
    if isinstance(error, TooManyRows):
        return _full(s, error, now, rng)
    if isinstance(error, ApiError):
        return _refused(s, error, now, rng)
    if isinstance(error, ProtocolError) and s.failures >= UNREADABLE_MOST:
        s = replace(s, rv="", paged=True)  # a list in one answer may have been too large
    return back_off(s, error.sentence, now, rng, steady=STEADY_LINK)


def _full(s: State, error: EdgetuiError, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """There is no room for all rows: what there is stays, and it is looked again in a while if there is room now."""
    lists = s.phase in (Phase.STREAMING, Phase.LISTING)
    after, effects = back_off(replace(s, rv=""), error.sentence, now, rng, least=FULL_AGAIN)
    if not lists:
        return after, effects
    return replace(after, synced=True, verdict=None, proven=now), (*effects, r.Replace(s.forked))


def failed_at_rest(s: State, happened: r.Failed, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """Nothing is asked for that could fail, but other kinds may have taken the room of the last rows of the list."""
    return _full(s, happened.error, now, rng) if isinstance(happened.error, TooManyRows) else (s, ())


def _refused(s: State, error: ApiError, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """Another 4xx. If it met a streaming list, a LIST may do better; if it met a resumption, a new list may."""
    if s.phase is not Phase.STREAMING:
        return back_off(replace(s, rv=""), error.sentence, now, rng)
    unknown = error.field.endswith("sendInitialEvents")
    after, effects = reopen(replace(s, streaming=s.streaming and not unknown, trial=not unknown), now, rng)
    return after, (r.NoWatchList(), *effects) if unknown else effects


def _unauthorized(s: State, error: EdgetuiError) -> tuple[State, Effects]:
    if s.refreshed:
        return _auth_needed(s, error)
    after = replace(
        s, phase=Phase.REFRESHING, lapsed=True, steady_since=NEVER, reason=error.sentence, wake_at=NEVER
    )
    return after, (r.Close(), r.RefreshCredentials())


def _auth_needed(s: State, error: EdgetuiError) -> tuple[State, Effects]:
    """Wait for LinkUp or new credentials: the link supervisor is told, and asks again now and then."""
    after = replace(
        s,
        phase=Phase.WAITING,
        link_up=False,
        lapsed=True,
        steady_since=NEVER,
        refreshed=False,
        reason=error.sentence,
        wake_at=NEVER,
    )
    return after, (r.Close(), r.AuthNeeded(error))


def refreshed(s: State, happened: r.Refreshed, now: float, rng: backoff.Random) -> tuple[State, Effects]:
    """The credentials were renewed, or turned out to be the same that were refused."""
    if happened.changed:
        return open_request(replace(s, refreshed=True), now, rng)
    refused = Unauthorized(s.reason, "Check the credentials of this kubeconfig user.", code=401)
    return _auth_needed(s, happened.error or refused)


def _denied(
    s: State, error: ApiError, verdict: Sync, now: float, rng: backoff.Random
) -> tuple[State, Effects]:
    since = min(s.denied_since, now)
    settling = s.verdict is None and now < s.settling_until
    if settling or (s.synced and now - since < DENIAL_LASTS):
        return back_off(replace(s, denied_since=since), error.sentence, now, rng, least=DENIAL_RETRY)
    forbidden = verdict is Sync.FORBIDDEN
    again = ABSENT_AGAIN
    if forbidden:
        soon = FORBIDDEN_AGAIN[min(s.denials, len(FORBIDDEN_AGAIN) - 1)]
        again = MANY_AGAIN if s.one_of_many else soon
    after = replace(
        s,
        phase=Phase.FORBIDDEN if forbidden else Phase.ABSENT,
        verdict=verdict,
        reason=error.sentence,
        rv="",
        synced=False,
        steady_since=NEVER,
        denied_since=since,
        denials=s.denials + 1,
        failures=0,
        wake_at=now + rng.uniform(again * 0.7, again * 1.2),
    )
    return after, (r.Close(), r.Clear(), r.Denied(error.sentence)) if forbidden else (r.Close(), r.Clear())

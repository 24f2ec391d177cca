"""One state per phase and one input per kind of event, for tests that walk all pairs."""

from __future__ import annotations

from msgspec.structs import replace

from edgetui.cluster import errors
from edgetui.cluster.watch.reflector import freshness, step
from edgetui.cluster.watch.reflector import states as r
from edgetui.model.cache.freshness import Sync
from edgetui.model.kinds.base import Row

NOW = 10_000.0


class Fixed:
    """A random source that always gives the middle."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


def row(name: str = "x", rv: str = "120") -> Row:
    return Row(namespace="ns", name=name, uid=f"uid-{name}", resource_version=rv)


def status(kind: type[errors.ApiError], code: int, **more: object) -> r.Failed:
    return r.Failed(kind(f"status {code}", code=code, **more))  # type: ignore[arg-type]


INPUTS: dict[str, r.Input] = {
    "Shown": r.Shown(),
    "Sent": r.Sent(),
    "Head": r.Head(),
    "Heard": r.Heard(),
    "Changes": r.Changes([("ADDED", row())]),
    "Bookmark": r.Bookmark("130"),
    "Bookmark behind": r.Bookmark("90"),
    "Bookmark end": r.Bookmark("130", initial_end=True),
    "Page more": r.Page([row()], "130", "token"),
    "Page last": r.Page([row()], "130"),
    "Ended clean": r.StreamEnded(clean=True),
    "Ended broken": r.StreamEnded(clean=False),
    "Tick": r.Tick(),
    "Refreshed": r.Refreshed(changed=True),
    "Refreshed same": r.Refreshed(changed=False),
    "CredentialsChanged": r.CredentialsChanged(),
    "LinkUp": r.LinkUp(),
    "LinkUp late": r.LinkUp(NOW - 10.0),
    "LinkDown": r.LinkDown("the link is down"),
    "Reinit": r.Reinit("another history"),
    "Pace": r.Pace(),
    "Pace lists": r.Pace(every=60.0),
    "Woke": r.Woke(600.0),
    "Learned": r.Learned(streaming=False, bookmarks=False),
    "Replaced": r.Replaced(changed=False),
    "AskAgain": r.AskAgain(),
    "Recalled": r.Recalled(),
    "Recalled version": r.Recalled("90"),
    "Identified": r.Identified("130"),
    "Identified behind": r.Identified("90"),
    "Link": r.Failed(errors.LinkError("connection reset")),
    "Tls": r.Failed(errors.TlsError("bad certificate")),
    "Protocol": r.Failed(errors.ProtocolError("garbage")),
    "400": status(errors.Invalid, 400),
    "401": status(errors.Unauthorized, 401),
    "403": status(errors.Forbidden, 403),
    "404": status(errors.NotFound, 404),
    "410": status(errors.Gone, 410),
    "422": status(errors.Invalid, 422, field="sendInitialEvents"),
    "429": status(errors.Throttled, 429, retry_after=7.0),
    "500": status(errors.ServerFailure, 500),
    "504 too large": status(errors.ServerFailure, 504, cause="ResourceVersionTooLarge", retry_after=1.0),
}


def sample(phase: r.Phase) -> r.State:
    """A plausible state in this phase: synced at version 100 unless that contradicts it; its timer is due."""
    fresh = phase in (r.Phase.IDLE, r.Phase.STREAMING, r.Phase.LISTING, r.Phase.RESTING)
    state = r.State(
        phase=phase,
        link_up=phase not in (r.Phase.IDLE, r.Phase.WAITING),
        rv="" if fresh or phase in (r.Phase.FORBIDDEN, r.Phase.ABSENT) else "100",
        synced=phase
        in (
            r.Phase.RESUMING,
            r.Phase.WATCHING,
            r.Phase.RESTING,
            r.Phase.BACKOFF,
            r.Phase.WAITING,
            r.Phase.REFRESHING,
        ),
        every=60.0 if phase is r.Phase.RESTING else 0.0,
        lapsed=phase in (r.Phase.BACKOFF, r.Phase.WAITING, r.Phase.REFRESHING),
        verdict={r.Phase.FORBIDDEN: Sync.FORBIDDEN, r.Phase.ABSENT: Sync.ABSENT}.get(phase),
        heard=NOW - 30.0,
        opened=NOW - 60.0,
        expires=NOW + 400.0,
        head=phase in r.OPEN,
        events=3,
        wake_at=NOW,
        steady_since=NOW - 60.0 if phase is r.Phase.WATCHING else r.NEVER,
    )
    return replace(state, shown=freshness(state))


__all__ = ["INPUTS", "NOW", "Fixed", "r", "row", "sample", "step"]

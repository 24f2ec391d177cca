"""How an action ended, in the words of a receipt."""

from __future__ import annotations

from collections.abc import Awaitable

import msgspec

from edgetui.actions.change.watch import Watched
from edgetui.actions.messages import Cancelled, Json, Offer, Refusal
from edgetui.cluster.errors import EdgetuiError


class Ending(msgspec.Struct, frozen=True):
    """How it ended, as a receipt has it."""

    ok: bool
    pending: bool
    lines: tuple[str, ...]
    data: Json = msgspec.field(default_factory=dict)
    offer: Offer | None = None


def not_waited(what: str) -> Ending:
    """The server accepted it, and nobody looks further."""
    return Ending(False, True, (f"{what} accepted; not waited for.",))


def ending_of(seen: Watched, words: str, *why: str) -> Ending:
    """What the watch of an object came to; `why` says more where it is not there."""
    after, data = f"after {seen.seconds:.1f} s", {"seconds": round(seen.seconds, 1)}
    if seen.reached:
        return Ending(True, False, (f"{words}: {seen.text} {after}.",), data)
    if seen.failed:
        return Ending(False, False, (f"{words}: {seen.text} {after}.", *why), data)
    return Ending(False, True, (f"{words}: accepted, but {after} still {seen.text}.", *why), data)


async def after_write(looking: Awaitable[Ending], accepted: str) -> Ending:
    """What `looking` comes to, where the write is on the server: no failure to look may hide that."""
    try:
        return await looking
    except Cancelled:
        return Ending(False, True, (f"{accepted}; no longer watched.",))
    except Refusal as gone:
        return Ending(False, False, (f"{accepted}. {gone.sentence}",))
    except EdgetuiError as problem:
        return Ending(False, True, (f"{accepted}; what came of it could not be seen: {problem}",))


def unknown(title: str, lost: EdgetuiError) -> Ending:
    """An answer was lost and nobody could see whether the write arrived."""
    return Ending(
        False, False, (f"It may have arrived: {title}. {lost.sentence}", lost.advice), {"unknown": True}
    )

"""How an action ended, in the words of a receipt."""

from __future__ import annotations

import msgspec

from edgetui.actions.plan import Json, Offer
from edgetui.actions.watching import Watched


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

"""How the token in use can be ended: by deleting the Secret it is bound to, if that is there for nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from edgetui.actions.commandline import kubectl
from edgetui.actions.reading import shaped
from edgetui.actions.session import Session
from edgetui.cluster.errors import EdgetuiError, NotFound, ProtocolError
from edgetui.model.expiry import TokenFacts
from edgetui.model.kinds.base import api_path
from edgetui.model.redacted import Discreet

OURS = "edgetui-"  # how every Secret that edgetui makes begins


class OldToken(msgspec.Struct, frozen=True):
    """Whether the old token can be ended by itself, and what will be true of it afterwards.

    `secret` and `uid` name the Secret it is bound to (empty when it is bound to none). `consequence` is one or two
    plain sentences; `notes` more of them, where something may take longer.
    """

    revocable: bool
    secret: str
    uid: str
    consequence: str
    notes: tuple[str, ...] = ()


class _Metadata(msgspec.Struct, frozen=True):
    uid: str
    finalizers: list[str] | None = None


class _Secret(Discreet, frozen=True):
    """The Secret of a token; its data is never kept."""

    SHOWN = ("metadata", "type")

    metadata: _Metadata
    type: str = ""
    data: dict[str, Any] | None = None


async def old_token(session: Session, facts: TokenFacts) -> OldToken:
    """Find out how the token with these facts can be ended."""
    if facts.bound_kind != "Secret" or not facts.jti:
        return OldToken(False, "", "", _unbound(facts))
    try:
        path = api_path("", "v1", "secrets", facts.namespace, facts.bound_name)
        there = shaped(await session.api.get(path), _Secret, "Secret")
    except NotFound:
        return OldToken(
            False, facts.bound_name, facts.bound_uid, "The Secret of the old token is gone: it has ended."
        )
    except ProtocolError:
        return OldToken(False, facts.bound_name, facts.bound_uid, _shared(session, facts))
    except EdgetuiError:
        there = None
    held = () if there is None else tuple(there.metadata.finalizers or ())
    if not _there_for_nothing_else(facts, there):
        return OldToken(False, facts.bound_name, facts.bound_uid, _shared(session, facts))
    notes = (
        (f"Its Secret waits on {', '.join(held)}: the old token may work a minute longer.",) if held else ()
    )
    consequence = "The old token ends: copies of it on other machines stop working."
    return OldToken(True, facts.bound_name, facts.bound_uid, consequence, notes)


def _there_for_nothing_else(facts: TokenFacts, secret: _Secret | None) -> bool:
    """A Secret that edgetui made, or one that is empty; of one that cannot be read only the name tells."""
    if secret is None:
        return facts.bound_name.startswith(OURS)
    return secret.metadata.uid == facts.bound_uid and secret.type == "Opaque" and not secret.data


def _shared(session: Session, facts: TokenFacts) -> str:
    command = kubectl(session.target, facts.namespace, "delete", "secret", facts.bound_name)
    return (
        f"The old token is bound to Secret {facts.bound_name}, which may be there for something else, so edgetui keeps "
        f"it and the old token works until {_until(facts)}. To end it sooner: {command}"
    )


def _unbound(facts: TokenFacts) -> str:
    account = f"{facts.namespace}/{facts.service_account}"
    if not facts.expires:
        named = f"Secret {facts.bound_name}" if facts.bound_name else "it"
        return (
            f"The old token has no end and is stored in a Secret: delete {named} when nothing else uses it, "
            "and never make one of the same name again, because that brings the same token back."
        )
    if facts.bound_kind:
        return (
            f"The old token is bound to {facts.bound_kind.lower()} {facts.bound_name}: it works until that is deleted, "
            f"or until {_until(facts)}."
        )
    return (
        f"The old token is bound to nothing, so it cannot be ended by itself: it works until {_until(facts)}. "
        f"Deleting service account {account} and making it again ends every token of it, the new one too."
    )


def _until(facts: TokenFacts) -> str:
    if not facts.expires:
        return "somebody ends it"
    return datetime.fromtimestamp(facts.expires, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

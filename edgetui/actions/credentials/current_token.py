"""The token in use, as it is put before a person who is about to rotate it."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from edgetui.actions.commandline import kubectl
from edgetui.actions.credentials.eligible import (
    bearer,
    require_token_of_its_own,
    service_account_token,
    token_in_file,
)
from edgetui.actions.credentials.leftovers import left_secrets
from edgetui.actions.credentials.old_token import OldToken, old_token
from edgetui.actions.credentials.verify import identity
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.messages import Refusal
from edgetui.actions.session import Session
from edgetui.cluster.kubeconfig.write import refuse_second_name
from edgetui.cluster.target import ClusterTarget
from edgetui.model.expiry import TokenFacts
from edgetui.model.text import plural

SHORTEST = 600  # seconds; the API server refuses less (TokenRequest spec.expirationSeconds)
_SHOWN = 5
LEGACY_LIFETIME = 365 * 86400  # seconds; for a token that had no end


class RotateView(msgspec.Struct, frozen=True):
    """The token in use and what rotating it will do: what a person decides on. It never holds a token.

    `lifetime` is what will be asked for, in seconds. `old` says whether and how the old token can be ended.
    """

    cluster: str
    user: str
    file: Path
    namespace: str
    account: str
    username: str
    facts: TokenFacts
    old: OldToken
    lifetime: int
    warnings: tuple[str, ...]


async def prepare(session: Session, log: AuditLog | None = None) -> RotateView:
    """Look at the credential in use. Raises Refusal, saying why not and what to do, when it is not a token of ours.

    `log` is the record of earlier rotations, for naming what one that was killed has left.
    """
    target = session.target
    require_token_of_its_own(target)
    token = bearer(await session.credentials.headers())
    facts = service_account_token(target, token)
    assert target.file is not None
    require_token_in_file(target, token)
    refuse_second_name(target.file)
    there = await identity(session.api)
    if there.username != facts.subject:
        raise Refusal(
            f"The server knows {target.user_name} as {there.username}, not by its token: a client certificate in the "
            "same kubeconfig user comes first.",
            "Remove the certificate from that user, or use a user that has the token alone.",
        )
    old = await old_token(session, facts)
    lifetime = max(SHORTEST, facts.expires - facts.issued) if facts.expires else LEGACY_LIFETIME
    return RotateView(
        cluster=session.name,
        user=target.user_name,
        file=target.file,
        namespace=facts.namespace,
        account=facts.service_account,
        username=facts.subject,
        facts=facts,
        old=old,
        lifetime=lifetime,
        warnings=(old.consequence, *old.notes, *await _left(session, facts, log)),
    )


async def _left(session: Session, facts: TokenFacts, log: AuditLog | None) -> tuple[str, ...]:
    """What earlier rotations left behind, as a sentence with the way to end it."""
    names = await left_secrets(session, facts, log)
    if not names:
        return ()
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    command = kubectl(session.target, facts.namespace, "delete", "secret", *names)
    return (
        f"{plural(len(names), 'Secret')} in {facts.namespace} that edgetui made here and this file does not use: "
        f"{shown}. A token bound to one may still work. To end them: {command}",
    )


def require_token_in_file(target: ClusterTarget, token: str) -> None:
    """Raise Refusal when the file's token is not the one in use: somebody else has changed it meanwhile."""
    if not hmac.compare_digest(token_in_file(target).encode(), token.encode()):
        raise Refusal(
            f"The token of {target.user_name} in {target.file} is not the one in use: something else has changed it.",
            "Start edgetui again to use the file as it is now.",
        )


def short(jti: str) -> str:
    """Enough of a token's id to tell two apart."""
    return f"{jti[:8]}…" if jti else "(without id)"


def when(moment: int) -> str:
    """A Unix time in words."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

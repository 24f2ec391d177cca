"""Proofs about a token, on connections of their own and without a client certificate, which would beat the token."""

from __future__ import annotations

import asyncio

import msgspec

from edgetui.actions.catalogue import Access
from edgetui.actions.gate.gate import Run
from edgetui.actions.gate.permissions import ask
from edgetui.actions.reading import shaped
from edgetui.actions.session import Session
from edgetui.cluster.api.client import Api
from edgetui.cluster.errors import EdgetuiError, Unauthorized

CREDENTIAL_ID = "authentication.kubernetes.io/credential-id"

# What a person at this screen needs: whatever of it the old token may do, the new one must be able to do.
VITAL = (
    Access("list", "nodes"),
    Access("list", "pods"),
    Access("list", "deployments", "apps"),
    Access("update", "deployments", "apps", "scale"),
    Access("patch", "deployments", "apps"),
)


class Unproven(EdgetuiError):
    """The new token is not, or cannot be shown to be, what it should be."""


class Identity(msgspec.Struct, frozen=True):
    """Who the server says we are; `jti` is empty when it does not tell credential ids (before Kubernetes 1.30)."""

    username: str
    jti: str


class _UserInfo(msgspec.Struct, frozen=True):
    username: str = ""
    extra: dict[str, list[str]] | None = None


class _Status(msgspec.Struct, frozen=True, rename="camel"):
    user_info: _UserInfo


class _Review(msgspec.Struct, frozen=True):
    status: _Status


async def identity(api: Api) -> Identity:
    """Ask the server who this connection is. Raises Unauthorized when the credential is not accepted."""
    review = await api.review("SelfSubjectReview", {})
    info = shaped(review, _Review, "SelfSubjectReview").status.user_info
    ids = (info.extra or {}).get(CREDENTIAL_ID) or [""]
    return Identity(info.username, ids[0].removeprefix("JTI="))


async def prove(session: Session, token: str, username: str, jti: str) -> None:
    """Show that `token` alone signs in as `username`, and that it is the one whose id is `jti`; else Unproven."""
    fresh = _alone(session, token)
    try:
        found = await identity(fresh)
    except Unauthorized:
        raise Unproven("The server does not accept the new token.") from None
    finally:
        fresh.close()
    if found.username != username:
        raise Unproven(f"The new token signs in as {found.username}, not as {username}.")
    if found.jti and found.jti != jti:
        raise Unproven("The server saw another credential than the new token.")


async def lost_rights(
    session: Session, token: str, needed: tuple[Access, ...], namespace: str, account: str
) -> tuple[str, ...]:
    """Rights that the session has and `token` has not, in words; `needed` are asked in `namespace`."""
    fresh = _alone(session, token)
    try:
        asked = [(need, session.target.namespace, "") for need in VITAL]
        asked += [(need, namespace, account if need.named else "") for need in needed]
        have = await asyncio.gather(*(ask(session.api, *one) for one in asked))
        keep = await asyncio.gather(*(ask(fresh, *one) for one in asked))
    finally:
        fresh.close()
    return tuple(
        one[0].words for one, before, after in zip(asked, have, keep, strict=True) if before and not after
    )


async def seconds_until_refused(run: Run, token: str, patience: float) -> float | None:
    """How long until two fresh connections in a row get 401 for `token`; None when that takes over `patience` seconds.

    The server keeps an accepted token for up to 10 s, and 60 s longer while its Secret waits on a finalizer.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    first: float | None = None
    while True:
        try:
            fresh = _alone(run.session, token)
            try:
                await identity(fresh)
            finally:
                fresh.close()
            first = None
        except Unauthorized:
            if first is not None:
                return first
            first = loop.time() - began
            continue
        except EdgetuiError as problem:
            run.step(f"Asking with the old token: {problem.sentence}", "info")
        if loop.time() - began >= patience:
            return None
        await run.gate.sleep(1.0)


def _alone(session: Session, token: str) -> Api:
    return session.api.on_fresh_connection(session.credentials.without_client_certificate(token))

"""A kubeconfig that changes while edgetui runs: another server, authority or user is taken by itself.

A person puts a fresh file in the place of one that no longer works, or another program renews it. So its files are
looked at every few seconds while the link is down, and now and then while it is up; one look is a few `stat`s, in a
thread, because a mount may hang.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Protocol

from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.blocking import in_thread
from edgetui.cluster.errors import EdgetuiError, KubeconfigError, LinkError
from edgetui.cluster.http.client import Transport
from edgetui.cluster.kubeconfig.yaml_file import Stamp, stamp
from edgetui.cluster.target import ClusterTarget
from edgetui.model.cache.freshness import Link
from edgetui.model.cache.store import Store

WHILE_DOWN, WHILE_UP = 2.0, 30.0
"""Seconds between two looks."""
JUST_WRITTEN = 60.0


class Session(Protocol):
    """What follows its kubeconfig."""

    target: ClusterTarget
    credentials: Credentials
    store: Store

    @property
    def transport(self) -> Transport:
        """Its connections."""

    async def start(self, kinds: Iterable[str]) -> None:
        """Connect for the first time."""

    async def reconnect(self, credentials_changed: bool = False, because: EdgetuiError | None = None) -> None:
        """Connect anew."""


async def follow(session: Session, kinds: Iterable[str]) -> None:
    """Look at the session's kubeconfig until it is closed; take what has changed in it."""
    if not session.target.sources:
        return

    credentials = session.credentials
    credentials.on_other_target = partial(_adopt, session)
    wrong = before = ""
    seen = await _stamps(session.target.sources)
    if any(one is not None and time.time() - one[0] / 1e9 < JUST_WRITTEN for one in seen):
        seen = []  # it may have been written after it was read
    while True:
        up = session.store.link.link is Link.LIVE
        await asyncio.sleep(WHILE_UP if up else WHILE_DOWN)
        now = await _stamps(session.target.sources)
        if now == seen:
            continue
        seen = now
        try:
            fresh = await credentials.reread()
        except EdgetuiError as error:
            before = before if credentials.said == wrong else credentials.said
            wrong = credentials.said = f"{_changed_at()}, and is not used as it is now: {error}"
            continue
        if fresh is None:
            if credentials.said == wrong:  # what was taken before, or between two looks, stays said
                credentials.said = before
            continue
        broken = session.target.error is not None
        await credentials.adopt(fresh)
        why = _adopt(session, fresh)
        if broken:
            await session.start(kinds)
        else:
            await session.reconnect(because=why)


async def _stamps(files: Iterable[Path]) -> list[Stamp]:
    """What changes when any of the files does."""
    return await in_thread(lambda: [stamp(file) for file in files], "kubeconfig")


def _adopt(session: Session, fresh: ClusterTarget) -> EdgetuiError:
    """Use what the file says now, and say so; why the present link is not in force any more."""
    before, session.target = session.target, fresh
    ours = [badge for badge in session.store.badges if badge not in before.badges]
    session.store.set_badges((*fresh.badges, *ours))
    what = _words(before, fresh)
    session.credentials.said = f"{_changed_at()}: {what} since then."
    try:
        if before.error is None:
            session.transport.retarget(fresh)
    except KubeconfigError as error:
        return error
    return LinkError(f"The kubeconfig was changed: {what} from now on.", "edgetui connects anew.")


def _changed_at() -> str:
    return f"The kubeconfig was changed at {time.strftime('%H:%M')}"


def _words(before: ClusterTarget, after: ClusterTarget) -> str:
    """What of a cluster is another one now: "another server, another user"."""
    parts = (
        ("server", (before.server, before.proxy_url) != (after.server, after.proxy_url)),
        ("certificate authority", before.tls != after.tls),
        ("user", (before.auth, before.impersonate) != (after.auth, after.impersonate)),
    )
    return ", ".join(f"another {word}" for word, other in parts if other) or "another entry"

"""The sessions of the soak in a process of their own, without a screen: what they know, on request.

``python -m tests.controlplane.soak_sessions KUBECONFIG…`` answers each line on its standard input with one line of
JSON: for each cluster whether it is live, and by kind what it holds (namespace, name, uid, resourceVersion).
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from edgetui.cluster.session import FIRST_PAINT, ClusterSession

from .watching import known, live, make_session

DRAIN_EVERY = 0.1
"""A screen takes the changes out of the store about so often."""


def _keep_drained(session: ClusterSession) -> None:
    loop, store = asyncio.get_running_loop(), session.store
    store.on_dirty = lambda: loop.call_later(DRAIN_EVERY, store.drain)


def _what_is_known(session: ClusterSession) -> dict[str, Any]:
    rows = {
        kind: sorted((*name, *version) for name, version in known(session, kind).items())
        for kind in FIRST_PAINT
    }
    return {"live": live(session), "link": session.store.link.sentence, "rows": rows}


async def main(files: list[str]) -> None:
    """Watch until the standard input ends."""
    sessions = [make_session(Path(file)) for file in files]
    for session in sessions:
        _keep_drained(session)
        await session.start()
    asked = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(asked), sys.stdin)
    while await asked.readline():
        sys.stdout.write(json.dumps([_what_is_known(session) for session in sessions]) + "\n")
        sys.stdout.flush()
    for session in sessions:
        await session.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))

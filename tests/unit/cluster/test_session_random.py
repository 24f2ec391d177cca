"""Whatever happens to the link, the credentials, the rights and the view, a session ends equal to its server."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgetui.cluster.auth import subprocess
from edgetui.cluster.link.meter import LinkWatch
from edgetui.model.cache.freshness import Sync
from tests.unit.cluster.test_session import EXEC, Plugin, Scenery
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time

Move = Callable[[Scenery], object]


def _revoke(s: Scenery) -> None:
    """Tokens that were issued until now are taken no longer."""
    s.site.tokens = {f"token-{n}" for n in range(len(s.plugin.ended) + 1, 400)}


def _tables(s: Scenery, tables: bool) -> None:
    assert s.session is not None
    assert s.session._supervisor is not None
    s.session._supervisor.use_tables(tables)


def _view(s: Scenery, *names: str) -> None:
    assert s.session is not None
    s.session.look_at(names)


def _allow(s: Scenery, *, whole: bool) -> None:
    s.server.denied = lambda kind, namespace: 0 if whole or namespace or kind.name == "Node" else 403


MOVES: dict[str, Move] = {
    "cut": lambda s: s.server.cut(),
    "vanish": lambda s: s.server.vanish(),
    "mend": lambda s: s.server.mend(),
    "reset": lambda s: s.server.reset(),
    "end": lambda s: s.server.end(),
    "restart": lambda s: s.server.restart(),
    "revoke": _revoke,
    "slow plugin": lambda s: setattr(s.plugin, "takes", 40.0),
    "quick plugin": lambda s: setattr(s.plugin, "takes", 0.0),
    "short tokens": lambda s: setattr(s.plugin, "lasts", 60.0),
    "slow server": lambda s: setattr(s.server, "latency", 1.0),
    "quick server": lambda s: setattr(s.server, "latency", 0.01),
    "tables": lambda s: _tables(s, True),
    "objects": lambda s: _tables(s, False),
    "view a": lambda s: _view(s, "a"),
    "view all": lambda s: _view(s),
    "rights in namespaces": lambda s: _allow(s, whole=False),
    "rights in all": lambda s: _allow(s, whole=True),
    "no bookmarks": lambda s: setattr(s.server, "bookmarks", False),
    "put": lambda s: s.server.put("Pod", "a", "p0", int(s.loop.time())),
    "add": lambda s: s.server.put("Pod", "b", f"x{int(s.loop.time())}", 1),
    "remove": lambda s: s.server.remove("Pod", "b", "p1"),
}
histories = st.lists(
    st.tuples(st.sampled_from(sorted(MOVES)), st.sampled_from([0.0, 0.05, 1.0, 7.0, 45.0, 200.0])),
    max_size=15,
)


@pytest.fixture(scope="module", autouse=True)
def plugin_in_this_process() -> object:
    """A plugin that runs on virtual time; each scene has one of its own."""
    patch = pytest.MonkeyPatch()
    yield patch
    patch.undo()


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), moves=histories)
def test_a_session_ends_equal_to_its_server(
    plugin_in_this_process: pytest.MonkeyPatch, seed: int, moves: list[tuple[str, float]]
) -> None:
    plugin = Plugin()
    plugin_in_this_process.setattr(subprocess, "run", plugin.run)

    async def main(loop: VirtualLoop) -> None:
        with tempfile.TemporaryDirectory() as folder:
            s = Scenery(loop, Path(folder), plugin)
            s.site.tokens = {f"token-{n}" for n in range(1, 400)}
            session = s.open(EXEC, rng=random.Random(seed), link_watch=LinkWatch())
            await session.start(("Node", "Pod"))
            for name, wait in moves:
                MOVES[name](s)
                await asyncio.sleep(wait)
            for name in ("mend", "quick plugin", "quick server", "rights in all", "view all"):
                MOVES[name](s)
            s.server.bookmarks = True
            await asyncio.sleep(1500.0)
            rows = {(row.namespace, row.name) for row in session.store.rows("Pod")}
            assert rows == {key[1:] for key in s.server.objects if key[0] == "Pod"}
            assert s.sync() is Sync.LIVE, session.store.link
            await session.close()
            assert s.site.streams() == []

    on_virtual_time(main)

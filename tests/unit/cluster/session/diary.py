"""A site whose session keeps a diary: all that it asks for and makes known, moment by moment, in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgetui.cluster.session import ClusterSession
from tests.unit.cluster.recorded import freshness_of, link_of, moment, wall_moment
from tests.unit.cluster.test_session import Plugin, Scenery
from tests.unit.cluster.virtual_loop import VirtualLoop

METRICS = "/apis/metrics.k8s.io/v1"
USAGE = {"cpu": "250m", "memory": "64Mi"}


class Diary(Scenery):
    """A site whose session keeps a record in `lines`."""

    def __init__(self, loop: VirtualLoop, folder: Path, plugin: Plugin) -> None:
        super().__init__(loop, folder, plugin)
        self.lines: list[str] = []
        self.metered = False
        self._seen: dict[str, str] = {}
        self.handshake = 0.0
        handle, other, dial = self.site.handle, self.site._other, self.site.dial

        async def dialled(connections: Any, context: object, timeout: float) -> Any:
            found = await dial(connections, context, timeout)
            connections.counters.handshake = self.handshake
            return found

        def handled(wire: Any, data: bytes) -> None:
            verb, address = data.decode().split(" ")[:2]
            self.note(f"{verb} {address}")
            handle(wire, data)

        def answered(path: str, query: dict[str, str]) -> tuple[int, Any]:
            if not (self.metered and path.startswith(METRICS)):
                return other(path, query)
            if path.endswith("nodes"):
                return 200, {
                    "kind": "NodeMetricsList",
                    "items": [{"metadata": {"name": "n0"}, "usage": USAGE}],
                }
            pod = {"metadata": {"name": "p0", "namespace": "a"}, "containers": [{"usage": USAGE}]}
            return 200, {"kind": "PodMetricsList", "items": [pod]}

        self.site.dial = dialled  # type: ignore[method-assign]
        self.site.handle = handled  # type: ignore[method-assign]
        self.site._other = answered  # type: ignore[method-assign]

    def note(self, what: str) -> None:
        self.lines.append(f"{moment(self.loop.time())} {what}")

    def begin(self, user: dict[str, Any] | None = None, **options: Any) -> ClusterSession:
        """A session that is recorded from now on."""
        session = self.open(user, **options)
        session.store.on_dirty = self.on_dirty
        return session

    def on_dirty(self) -> None:
        self.loop.call_soon(self.look)

    def look(self) -> None:
        """Record what is another than at the last look."""
        assert self.session is not None
        store = self.session.store
        store.drain()
        found = {
            "link": link_of(store.link),
            "wire": store.wire.sentence,
            "badges": f"badges {' '.join(store.badges)}",
            "version": f"version {store.version}",
            "cache": f"{store.cache.rows} rows compared at {wall_moment(store.cache.checked)} {store.cache.sentence}",
        }
        for kind in store.heard():
            found[kind] = f"{kind} {freshness_of(store.freshness(kind))}"
            found[f"{kind} rows"] = f"{store.count(kind)} of {kind}"
        for kind, place in (("Node", ("", "n0")), ("Pod", ("a", "p0"))):
            found[f"{kind} usage"] = (
                f"usage of {kind} {store.metrics_available(kind)} {store.usage(kind, *place)}"
            )
        for name, words in found.items():
            if self._seen.get(name) != words:
                self._seen[name] = words
                self.note(words)

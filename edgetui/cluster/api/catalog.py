"""What one cluster serves, remembered: in memory, and on this machine's disk by the uid of the cluster.

A word that means nothing is asked for again, because a CRD may have come meanwhile; what is remembered for long is
asked for again when it is next used. An unchanged answer of a server with aggregated discovery costs a few hundred
bytes (ETag).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec
import platformdirs

from edgetui.cluster import own_file
from edgetui.cluster.api.client import Api
from edgetui.cluster.api.discovery import Discovered, discover
from edgetui.cluster.api.probe import identify
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.kinds import Kinds
from edgetui.model.kinds.base import Kind
from edgetui.model.kinds.discovered import kind_of
from edgetui.model.resources.resolve import resolve
from edgetui.model.resources.served import Resource, Served

FORMAT = 1
OLD = 600.0
"""Seconds after which the server is asked whether what it served then is what it serves."""
AGAIN = 5.0
"""Seconds between two questions because of words that mean nothing."""
MOST_BYTES = 8 << 20
MOST_FILES = 64


class _Kept(msgspec.Struct):
    """The file of one cluster; `asked` is in Unix seconds."""

    format: int
    uid: str
    asked: float
    found: Discovered


def default_directory() -> Path:
    """Where it is remembered: `discovery` in the user's cache directory (XDG_CACHE_HOME on Linux)."""
    return Path(platformdirs.user_cache_dir("edgetui", appauthor=False)) / "discovery"


class Connected(Protocol):
    """The session of a cluster, as far as it is asked here."""

    @property
    def api(self) -> Api:
        """Its connection. Raises EdgetuiError where there can be none."""

    @property
    def identity(self) -> str:
        """The uid of its kube-system namespace, empty while that is not known."""


class Introduced(NamedTuple):
    """A cluster that has said who it is, so that what it serves is remembered from one run to the next."""

    api: Api
    identity: str


async def catalog_of(api: Api, timeout: float) -> Catalog:
    """What this cluster serves, for a command that ends: it is asked within `timeout` seconds who it is.

    Raises as `probe.identify` does.
    """
    who = await identify(api, "", timeout)
    return Catalog(Introduced(api, who.uid), api.kinds, time.time, default_directory())


class Catalog:
    """What one cluster serves, and the kinds of its registry that come of it.

    While the identity of the cluster is not known nothing is read from disk or written there, and nothing ever without
    a `directory`. `clock` gives Unix seconds.
    """

    def __init__(
        self,
        cluster: Connected,
        kinds: Kinds,
        clock: Callable[[], float],
        directory: Path | None = None,
    ) -> None:
        self._cluster, self._kinds, self._clock = cluster, kinds, clock
        self._directory = directory
        self._kept = _Kept(FORMAT, "", 0.0, Discovered())
        self._chosen: dict[str, Kind] = {}
        self._asking: asyncio.Task[None] | None = None
        self.problem: EdgetuiError | None = None
        """Why it could not be asked the last time; None while it could."""

    @property
    def served(self) -> Served:
        """What is known; nothing before `known` was awaited."""
        return self._kept.found.served

    async def known(self) -> Served:
        """What is remembered, from the server where nothing is or it is old. A server that cannot be asked is one that
        serves what it did; `problem` says why.
        """
        await self.recall()
        if self._clock() - self._kept.asked >= OLD or self._clock() < self._kept.asked:
            await self._ask()
        return self.served

    async def find(self, word: str) -> tuple[Resource, ...]:
        """The resources that a word means here, after the server was asked again if it means nothing."""
        found = resolve(await self.known(), word)
        if not found and self._clock() - self._kept.asked >= AGAIN:
            await self._ask()
            found = resolve(self.served, word)
        return found

    def doubt(self) -> None:
        """A kind was found not to be served, or a CRD changed: ask again when it is next used."""
        self._kept.asked = 0.0

    def adopt(self, resources: Iterable[Resource]) -> dict[str, Resource]:
        """These resources by the ids of their kinds, which are in the registry in just these versions from now on."""
        made = [(kind_of(resource), resource) for resource in resources]
        self._chosen |= {kind.id: kind for kind, _ in made}
        self._register()
        return {kind.id: resource for kind, resource in made}

    def _register(self) -> None:
        """All that is served, the preferred version first, but for what was asked for in another one."""
        found = {kind.id: kind for kind in map(kind_of, reversed(self.served.resources))}
        self._kinds.replace_discovered(found | self._chosen)

    async def recall(self) -> None:
        """Take what an earlier run remembered, once the cluster has said who it is."""
        uid = self._cluster.identity
        if self._kept.uid and uid and self._kept.uid != uid:
            self._kept = _Kept(FORMAT, "", 0.0, Discovered())  # another cluster answers there
        if self._kept.asked or not uid or self._directory is None:
            return
        kept = await asyncio.to_thread(self._read, uid)
        if kept is not None and not self._kept.asked:
            self._kept = kept
            self._register()

    async def _ask(self) -> None:
        """Ask the server, once for all who wait; it is remembered whoever of them goes away."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._ask_now())
        await asyncio.shield(self._asking)

    async def _ask_now(self) -> None:
        try:
            found = await discover(self._cluster.api, self._kept.found)
        except EdgetuiError as error:
            self.problem = error
            return
        self.problem = None
        changed = found != self._kept.found
        self._kept = _Kept(FORMAT, self._cluster.identity, self._clock(), found)
        if changed:
            self._register()
        if self._kept.uid and self._directory is not None:
            with contextlib.suppress(OSError):  # then it is asked for at the next start
                await asyncio.to_thread(self._write, self._kept)

    def _file(self, uid: str) -> Path:
        assert self._directory is not None
        return self._directory / f"{hashlib.sha256(uid.encode()).hexdigest()[:32]}.json"

    def _read(self, uid: str) -> _Kept | None:
        """What an earlier run remembered of the cluster of this uid; None if it cannot be used."""
        data = own_file.read(self._file(uid), MOST_BYTES)
        try:
            kept = msgspec.json.decode(data, type=_Kept)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        return kept if (kept.format, kept.uid) == (FORMAT, uid) else None

    def _write(self, kept: _Kept) -> None:
        file = self._file(kept.uid)
        own_file.write(file, msgspec.json.encode(kept))
        _prune(file.parent)


def _prune(directory: Path) -> None:
    """Remove the files of clusters that have not been asked for longest."""
    files = sorted(directory.glob("*.json"), key=lambda file: file.lstat().st_mtime)
    for file in files[:-MOST_FILES]:
        file.unlink(missing_ok=True)

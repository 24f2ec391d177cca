"""The rows of one cluster across runs: shown at the start as what they are, old, and written now and then.

Packing, reading and writing happen in a thread, a few hundred rows at a time, so that a large cluster or a slow disk
does not hold the loop. Whatever goes wrong with the disk is one sentence in `problem`, and nothing else.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from edgetui.cluster import backoff
from edgetui.cluster.snapshot.file import MOST_BYTES, RowFile, default_directory, file_name
from edgetui.cluster.target import ClusterTarget
from edgetui.cluster.watch.informer import Kept
from edgetui.model.cache.freshness import UNHEARD, Freshness, Sync
from edgetui.model.cache.snapshot import KEPT, KeptRows, Packed, from_bytes, pack, to_bytes, unpack
from edgetui.model.cache.store import Store
from edgetui.model.kinds.base import Row
from edgetui.model.text import clean

HEAD_START = 0.1
"""Seconds in which a cluster that answers at once spares the work; no screen is drawn any sooner."""
FIRST_SAVE = 20.0
SAVE_EVERY = 300.0
"""Seconds between two writes while rows are heard: the disk of a gateway wears."""
YOUNG = 60.0
"""Seconds during which a file is new enough to be left alone at the end of a run."""
ENVELOPE = 4096

_COMPLETE = (Sync.LIVE, Sync.STALE)
_NOT_SHOWN = (Sync.FORBIDDEN, Sync.ABSENT)


class Shown(Protocol):
    """Where rows of an earlier run are shown."""

    def recall(self, kind: str, rows: list[Row], kept: Kept) -> bool:
        """Show rows of an earlier run until the cluster tells its own; False if nobody waits for them."""

    def forget(self) -> None:
        """Another cluster answers than the one that rows of an earlier run are of: drop them."""


class Keeper:
    """Keeps the rows of one cluster on this machine.

    `identity` is the uid of the cluster that answers, empty while unknown. `loaded` is true once all that an earlier
    run kept has been shown. `clock` gives Unix seconds.
    """

    def __init__(
        self,
        target: ClusterTarget,
        directory: Path | None = None,
        *,
        clock: Callable[[], float] = time.time,
        rng: backoff.Random | None = None,
    ) -> None:
        self.problem = ""
        self.identity = ""
        self.loaded = False
        self._file = RowFile((directory or default_directory()) / file_name(target))
        self._clock = clock
        self._rng = rng or random.Random()
        self._kept = KeptRows(0.0, "", "", {})
        self._read = False
        self._store: Store | None = None
        self._shown: Shown | None = None
        self._asked = False
        self._swapped = False
        self._saving = asyncio.Lock()

    async def run(self, store: Store, shown: Shown) -> None:
        """Show what there is, then write now and then until cancelled."""
        self._store, self._shown = store, shown
        await self._load()
        await asyncio.sleep(HEAD_START)
        for kind in KEPT:
            await self.recall(kind)
        if self._kept.version and not store.version:
            store.set_version(self._kept.version)
        self.loaded = True
        wait = FIRST_SAVE
        while True:
            await asyncio.sleep(wait * self._rng.uniform(0.8, 1.2))
            await self.save(store)
            wait = SAVE_EVERY

    async def recall(self, kind: str) -> None:
        """Show the rows of one kind as an earlier run heard them, if there are any and the cluster told none yet."""
        packed = self._kept.kinds.get(kind)
        if packed is None or self._shown is None or self._store is None:
            return
        if self._store.freshness(kind).sync not in UNHEARD:
            return
        rows = await asyncio.to_thread(unpack, kind, packed)
        if rows and self._kept.kinds.get(kind) is packed:
            self._shown.recall(kind, rows, Kept(packed.heard, packed.partial))

    def learned(self, identity: str) -> None:
        """The cluster that answers is this one, or does not say who it is; rows of another are dropped."""
        self._swapped = self._swapped or bool(self.identity and identity and identity != self.identity)
        self.identity = identity or self.identity
        self._asked = True
        self._compare()

    def _compare(self) -> None:
        if self.identity and self._kept.identity and self.identity != self._kept.identity:
            self._kept = KeptRows(0.0, "", "", {})
            if self._shown is not None:
                self._shown.forget()

    async def finish(self, store: Store) -> None:
        """Write once more, unless the file is new."""
        if not 0.0 <= self._clock() - self._kept.saved < YOUNG:
            await self.save(store)

    async def save(self, store: Store) -> None:
        """Write what the cluster has told; kinds that it has not told in this run stay as they were.

        Nothing is written while rows of an earlier run are there and nobody knows yet if they are of this cluster.
        """
        await self._load()
        if self._kept.identity and not self._asked:
            return
        async with self._saving:
            told: dict[str, tuple[list[Row], Freshness]] = {}
            old = dict(self._kept.kinds) if self.identity == self._kept.identity else {}
            for kind in KEPT:
                freshness = store.freshness(kind)
                if self._swapped and freshness.sync is Sync.STALE:
                    continue  # these may still be the rows of the cluster before
                if freshness.sync in _COMPLETE and not freshness.kept:
                    told[kind] = (list(store.rows(kind)), freshness)
                elif freshness.sync in _NOT_SHOWN:
                    old.pop(kind, None)
            if not told:
                return
            head = KeptRows(self._clock(), self.identity, store.version or self._kept.version, old)
            try:
                self._kept = await asyncio.to_thread(self._write, head, told)
                self.problem = ""
            except OSError as error:
                why = clean(error.strerror or str(error))
                place = clean(str(self._file.path.parent))
                self.problem = f"Rows for a start without a link cannot be kept in {place}: {why}."

    async def _load(self) -> None:
        """Read the file, once."""
        kept = None if self._read else from_bytes(await asyncio.to_thread(self._file.read))
        if not self._read:
            self._read = True
            self._kept = kept or self._kept
            self._compare()

    def _write(self, head: KeptRows, told: dict[str, tuple[list[Row], Freshness]]) -> KeptRows:
        """Pack and write, the most wanted kinds first; one that no longer fits is left out."""
        kinds: dict[str, Packed] = {}
        room = MOST_BYTES - ENVELOPE
        for kind in KEPT:
            packed = head.kinds.get(kind)
            if kind in told:
                rows, freshness = told[kind]
                packed = pack(kind, rows, freshness.heard, freshness.partial)
            if packed is not None and packed.size <= room:
                kinds[kind] = packed
                room -= packed.size
        whole = KeptRows(head.saved, head.identity, head.version, kinds)
        self._file.write(to_bytes(whole))
        return whole

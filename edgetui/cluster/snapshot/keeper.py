"""The rows of one cluster across runs: shown at the start as what they are, old, and written now and then.

Packing, reading and writing happen in a thread, a few hundred rows at a time, so that a large cluster or a slow disk
does not hold the loop. Whatever goes wrong with the disk is one sentence in `problem`, and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from edgetui import __version__
from edgetui.cluster import backoff
from edgetui.cluster.snapshot.file import MOST_BYTES, RowFile, default_directory, file_name
from edgetui.cluster.target import ClusterTarget
from edgetui.cluster.watch.resumption import Kept
from edgetui.model.cache.freshness import UNHEARD, Freshness, Sync
from edgetui.model.cache.snapshot import KeptRows, Packed, from_bytes, pack, to_bytes, unpack
from edgetui.model.cache.store import Store
from edgetui.model.kinds import paint_order
from edgetui.model.kinds.base import Kind, Row
from edgetui.model.text import clean

READ_WITHIN = 0.5
"""Seconds for which the first request waits for the file; a disk that takes longer holds up nothing."""
RESUMED_FOR = 3600.0
"""Seconds after which rows are not resumed. A server that was restored meanwhile may have moved past their version
again, which nothing would tell; and it has most likely forgotten it."""
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

    def versions(self, kind: str) -> tuple[bool, dict[str, str]]:
        """Whether the server prints the rows of a kind, and the version of each collection by namespace."""

    def forget(self) -> None:
        """Another cluster answers than the one that rows of an earlier run are of: drop them."""


class Told(NamedTuple):
    """What the cluster has told of one kind, taken at one moment."""

    rows: list[Row]
    freshness: Freshness
    versions: dict[str, str]
    tables: bool


class Keeper:
    """Keeps the rows of one cluster on this machine.

    `identity` is the uid of the cluster that answers, empty while unknown. `loaded` is true once all that an earlier
    run kept has been shown. `rbac_off` is whether the server allows everything to everyone. `link` tells the profile
    and the speed that were found of the link. `clock` gives Unix seconds.
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
        self.rbac_off = False
        self.link: Callable[[], tuple[str, float]] = lambda: ("", 0.0)
        self.loaded = False
        self._file = RowFile((directory or default_directory()) / file_name(target))
        self._clock = clock
        self._rng = rng or random
        self._kept = KeptRows(0.0, "", "", {})
        self._read = False
        self._store: Store | None = None
        self._shown: Shown | None = None
        self._last: dict[str, tuple[bool, dict[str, str]]] | None = None
        self._asked = False
        self._swapped = False
        self._saving = asyncio.Lock()

    @property
    def version(self) -> str:
        """The version of the server in the earlier run, empty if unknown or if another cluster answers."""
        return self._kept.version

    async def open(self, store: Store, shown: Shown) -> KeptRows:
        """Read what an earlier run kept, unless the disk takes too long; rows are shown by `recall`."""
        self._store, self._shown = store, shown
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._load(), READ_WITHIN)
        return self._kept

    async def run(self, store: Store, shown: Shown) -> None:
        """Show what there is, then write now and then until cancelled."""
        self._store, self._shown = store, shown
        await self._load()
        if self._kept.version and not store.version:
            store.set_version(self._kept.version)
        for kind in sorted(self._kept.kinds, key=paint_order):
            await self.recall(kind)
        self.loaded = True
        wait = FIRST_SAVE
        while True:
            await asyncio.sleep(wait * self._rng.uniform(0.8, 1.2))
            await self.save(store)
            wait = SAVE_EVERY

    async def remembers(self) -> bool:
        """Whether an earlier run kept rows, which must not be shown beside another cluster."""
        await self._load()
        return bool(self._kept.kinds)

    async def recall(self, kind: str) -> None:
        """Show the rows of one kind as an earlier run heard them, if there are any and the cluster told none yet."""
        packed = self._kept.kinds.get(kind)
        if packed is None or self._shown is None or self._store is None:
            return
        known = self._store.kinds.get(kind)
        if known is None or self._store.freshness(kind).sync not in UNHEARD:
            return
        rows = await asyncio.to_thread(unpack, known, packed)
        old = not 0.0 <= self._clock() - packed.heard <= RESUMED_FOR
        versions = packed.versions if self._kept.identity and not old else {}
        if rows is not None and (rows or versions) and self._kept.kinds.get(kind) is packed:
            self._shown.recall(kind, rows, Kept(packed.heard, packed.partial, versions, packed.tables))

    def learned(self, identity: str) -> None:
        """The cluster that answers is this one, or does not say who it is; rows of another are dropped."""
        self._swapped = self._swapped or bool(self.identity and identity and identity != self.identity)
        self.identity = identity or self.identity
        self._asked = True
        self._compare()

    def _compare(self) -> None:
        if self.identity and self._kept.identity and self.identity != self._kept.identity:
            self._kept, self.rbac_off = KeptRows(0.0, "", "", {}), False
            if self._shown is not None:
                self._shown.forget()

    def take_versions(self, store: Store) -> None:
        """The streams are about to be closed: from now on the rows stand still at the versions of this moment."""
        self._last = {kind: self._versions_of(kind) for kind in store.heard()}

    def _versions_of(self, kind: str) -> tuple[bool, dict[str, str]]:
        if self._last is not None:
            return self._last.get(kind, (False, {}))
        return self._shown.versions(kind) if self._shown is not None else (False, {})

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
            told: dict[str, Told] = {}
            old = dict(self._kept.kinds) if self.identity == self._kept.identity else {}
            for kind in store.heard():
                freshness = store.freshness(kind)
                if (known := store.kinds.get(kind)) is None or known.snapshot is None:
                    continue
                if self._swapped and freshness.sync is Sync.STALE:
                    continue  # these may still be the rows of the cluster before
                if freshness.sync in _COMPLETE and not freshness.kept:
                    tables, versions = self._versions_of(kind)
                    told[kind] = Told(list(store.rows(kind)), freshness, versions, tables)
                elif freshness.sync in _NOT_SHOWN:
                    old.pop(kind, None)
            if not told:
                return
            head = KeptRows(
                self._clock(),
                self.identity,
                store.version or self._kept.version,
                old,
                __version__,
                self.rbac_off,
                *self.link(),
            )
            try:
                self._kept = await asyncio.to_thread(self._write, store.kinds, head, told)
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
            self._kept = _of_this_program(kept) if kept else self._kept
            self.rbac_off = self._kept.rbac_off
            self._compare()

    def _write(self, known: Mapping[str, Kind], head: KeptRows, told: Mapping[str, Told]) -> KeptRows:
        """Pack and write, the most wanted kinds first; one that no longer fits is left out."""
        kinds: dict[str, Packed] = {}
        room = MOST_BYTES - ENVELOPE
        for kind in sorted({*head.kinds, *told}, key=paint_order):
            packed = head.kinds.get(kind)
            if kind in told:
                rows, freshness, versions, tables = told[kind]
                packed = pack(known[kind], rows, freshness.heard, freshness.partial, versions, tables)
            if packed is not None and packed.size <= room:
                kinds[kind] = packed
                room -= packed.size
        whole = replace(head, kinds=kinds)
        self._file.write(to_bytes(whole))
        return whole


def _of_this_program(kept: KeptRows) -> KeptRows:
    """Rows that another version of edgetui made may be shown, but not resumed: it may have made them otherwise."""
    if kept.program == __version__:
        return kept
    return replace(kept, kinds={kind: replace(packed, versions={}) for kind, packed in kept.kinds.items()})

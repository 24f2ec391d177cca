"""What a pane is: which objects it shows, its columns, and how one object becomes one row of values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.store import ChangeSet, Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.base import Fact, Row, Watched
from edgetui.model.text import age

BAD, WATCH, UNSURE, FINE = 0, 1, 2, 3
"""Severities, worst first: broken; on its way or limited; not known; fine."""

SEVERITY_WORDS = ("bad", "watch", "unsure", "fine")

SETTLING = 120.0
"""Seconds a pod or node may take to become ready before that counts as broken."""


RECENT = 600.0
"""Seconds during which a restart is news."""


class State(msgspec.Struct, frozen=True, gc=False):
    """What the state cell says: the last known words, and how old they are once nobody keeps them.

    `heard` is Unix s of the last proof, 0 while the words are current, -1 when there never was one.
    """

    words: str
    heard: float = 0.0


class PaneRow(msgspec.Struct, gc=False):
    """One row of a pane: values parallel to the pane's columns, never text.

    `severity` is 0 (worst) to 3 (fine); `sign` is "!" broken, "~" stale, "?" not known, " " otherwise. `of` is the
    object it was made of.
    """

    key: ObjectKey
    of: Row
    severity: int
    sign: str

    @property
    def values(self) -> tuple[Any, ...]:
        """One value for each column of the pane."""
        raise NotImplementedError

    def value(self, at: int) -> Any:
        """The value of one column, by its place."""
        return self.values[at]

    @property
    def uid(self) -> str:
        return self.of.uid

    @property
    def resource_version(self) -> str:
        return self.of.resource_version


class BuiltRow(PaneRow, gc=False):
    """A row whose values are kept: they were judged, and what they were judged by changes."""

    values: tuple[Any, ...]


shared_state = lru_cache(512)(State)
"""The one State of many rows: most say the same."""


def plain(value: Any, _now: float) -> str:
    """The text of a value that is text already, or a number."""
    return str(value)


def itself(value: Any) -> Any:
    """Sort by the value itself."""
    return value


def as_data(value: Any, _now: float) -> Any:
    """The value as JSON data."""
    return msgspec.to_builtins(value)


class Column(msgspec.Struct, frozen=True):
    """One column. Widths are in terminal cells, without the gap to the next column.

    `width` is the design width for 80 columns, `min_width` the least that makes sense; columns with the
    highest `priority` number are dropped first, those with 1 never; `flex` columns take what is left. `text`
    and `json` get the value and the time; `sort` must give values that compare with each other. `moves` says
    that the text changes with time alone. `identity` columns say which object a row is: they are never left out, and
    what is cut of them is what they have in common. `wide` ones are shown only where all columns are.
    """

    id: str
    title: str
    width: int
    min_width: int
    align: str = "left"
    priority: int = 1
    flex: bool = False
    text: Callable[[Any, float], str] = plain
    sort: Callable[[Any], Any] = itself
    json: Callable[[Any, float], Any] = as_data
    moves: bool = False
    identity: bool = False
    wide: bool = False


def state_text(value: State, now: float) -> str:
    """The words, with their age once they are no longer current."""
    if not value.heard:
        return value.words
    return f"{value.words} ({age(now - value.heard)} ago)" if value.heard > 0 else f"{value.words} (?)"


def age_text(value: int, now: float) -> str:
    return age(now - value) if value else "-"


def age_json(value: int, now: float) -> int | None:
    """Age in whole seconds; null when unknown."""
    return max(0, int(now) - value) if value else None


def pair_text(value: tuple[int | None, int | None], _now: float) -> str:
    """ "1/3", with "?" for what is not known."""
    return "/".join("?" if one is None else str(one) for one in value)


def pair_sort(value: tuple[int | None, int | None]) -> tuple[float, int]:
    done, of = value
    return (-1.0 if done is None or of is None else done / of if of else 1.0, of or 0)


Pair = tuple[int | None, int | None] | None
"""How many of how many; None for what has none."""


def some_pair_text(value: Pair, now: float) -> str:
    """The same, "-" for none."""
    return "-" if value is None else pair_text(value, now)


def some_pair_sort(value: Pair) -> tuple[float, int]:
    return (-1.0, 0) if value is None else pair_sort(value)


def some_pair_json(value: Pair, now: float) -> str | None:
    return None if value is None else pair_text(value, now)


def known_text(value: Any, _now: float) -> str:
    """A value that may be unknown: "-" then."""
    return "-" if value is None else str(value)


def known_sort(value: Any) -> Any:
    """Unknown numbers before all others."""
    return -1 if value is None else value


CLUSTER = Column("cluster", "CLUSTER", 8, 6, priority=2, identity=True)
NAMESPACE = Column("namespace", "NAMESPACE", 11, 6, priority=3, identity=True)


def name_column(width: int) -> Column:
    return Column("name", "NAME", width, 10, flex=True, identity=True)


def state_column(width: int, title: str = "STATE", *, flex: bool = False) -> Column:
    return Column(
        "state",
        title,
        width,
        10,
        flex=flex,
        text=state_text,
        sort=lambda value: value.words,
        json=lambda value, _now: value.words,
        moves=True,
    )


def age_column(priority: int = 4, title: str = "AGE", id: str = "age") -> Column:
    return Column(
        id,
        title,
        4,
        4,
        "right",
        priority,
        text=age_text,
        sort=lambda value: -value,
        json=age_json,
        moves=True,
    )


def iso(moment: float) -> str | None:
    """A Unix time as RFC 3339 in UTC, whole seconds; None for 0."""
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment > 0 else None


class Pane:
    """One kind of table over any number of clusters; all it says comes from the store."""

    id: str
    title: str
    kinds: tuple[str, ...]
    """The kinds whose objects are rows."""
    needs: tuple[str, ...]
    """All kinds that are read to build them."""
    misses: tuple[str, ...] = ()
    """Those among them without which its rows say little: a cluster that does not show them says so."""
    optional: tuple[str, ...] = ()
    """Those among them that few clusters serve: each is read only where discovery has found it to be served."""
    optional_said = ""
    """What those are called together, where the pane is about them: "update engine"."""
    reads_version = False
    """Whether its rows depend on the version of the API server."""
    columns: tuple[Column, ...]
    news: frozenset[int] = frozenset()
    """Severities that are worth telling of when a row comes to them, beside broken."""
    bad_word: str = "failing"
    watch_word: str = ""
    other_words: tuple[str, ...] = ()
    """What else people call it, beside its id and the names of its kinds."""
    index: dict[str, int]
    """Position of every column by id."""

    def __init_subclass__(cls) -> None:
        cls.index = {column.id: at for at, column in enumerate(cls.columns)}

    @property
    def words(self) -> tuple[str, ...]:
        """The words that mean it, beside its id: those that kubectl takes for its kinds, and its own."""
        return (*(name for kind in self.kinds for name in KINDS[kind].names), *self.other_words)

    @property
    def on_demand(self) -> bool:
        """Whether its rows are watched only while it is shown."""
        known = [KINDS.get(kind) for kind in self.kinds]
        return any(kind is None or kind.watched is Watched.SHOWN for kind in known)

    def kinds_in(self, store: Store) -> Sequence[str]:
        """The kinds whose objects are rows of one cluster."""
        return [kind for kind in self.kinds if self._is_read(store, kind)] if self.optional else self.kinds

    def plural(self, kind: str) -> str:
        """What the objects of one of its kinds are called."""
        return f"{kind}s"

    def grow(self) -> bool:
        """Take in columns that were found while rows were built; whether there are any, so that rows lack them."""
        return False

    def needs_in(self, store: Store) -> Sequence[str]:
        """The kinds that are read to build the rows of one cluster."""
        return [kind for kind in self.needs if self._is_read(store, kind)] if self.optional else self.needs

    def without(self, store: Store) -> str:
        """Why a cluster has none of the kinds that few serve, as a sentence without its end; empty where it has one."""
        if not self.optional_said:
            return ""
        if not store.kinds.asked:
            return f"not known yet which {self.optional_said}s it serves"
        if any(map(store.kinds.is_served, self.optional)):
            return ""
        return f"no {self.optional_said} that edgetui knows is installed"

    def _is_read(self, store: Store, kind: str) -> bool:
        return kind not in self.optional or store.kinds.is_served(kind)

    def judge(self, store: Store, kind: str, row: Row, now: float) -> tuple[int, str, tuple[Any, ...]]:
        """Severity, state words, and the values after the cluster, with `STATE` where the state goes."""
        raise NotImplementedError

    def build(self, store: Store, kind: str, row: Row, now: float) -> PaneRow:
        """The row of one object as the store knows it now."""
        severity, words, values = self.judge(store, kind, row, now)
        freshness = store.freshness(kind)
        sign, heard = "!" if severity == BAD else " ", 0.0
        if freshness.sync not in CURRENT:
            sign = "?" if freshness.sync is Sync.FORBIDDEN else "~"
            heard = freshness.heard or -1.0
            severity = min(severity, UNSURE)
        elif severity == UNSURE:
            sign = "?"
        state = shared_state(words, heard)
        return BuiltRow(
            key=ObjectKey(store.cluster, kind, row.namespace, row.name),
            of=row,
            severity=severity,
            sign=sign,
            values=(store.cluster, *(state if value is STATE else value for value in values)),
        )

    def facts(self, store: Store, row: Row, now: float) -> Iterable[Fact]:
        """What the page of an object says of it beside what its kind says, from what else is known."""
        return ()

    def affected(self, store: Store, change: ChangeSet) -> Iterator[tuple[str, str, str]]:
        """Kind, namespace and name of the rows to build again after a change; some may be gone."""
        for kind in self.kinds:
            for namespace, name in change.changed.get(kind, ()):
                yield (kind, namespace, name)

    def order(self, row: PaneRow) -> tuple[Any, ...]:
        """The default order: worst first, then cluster, namespace, name."""
        return (row.severity, row.key)

    def tally(self, bad: int, watch: int) -> str:
        """What the tab says about its rows: "3 failing", "1 stuck · 2 moving", "" when all is well."""
        parts = [f"{bad} {self.bad_word}"] if bad else []
        if watch and self.watch_word:
            parts.append(f"{watch} {self.watch_word}")
        return " · ".join(parts)

    def summary(self, rows: Iterable[PaneRow]) -> str:
        """`tally` of these rows."""
        severities = [row.severity for row in rows]
        return self.tally(severities.count(BAD), severities.count(WATCH))

    def value(self, row: PaneRow, column_id: str) -> Any:
        """The value of one column by its id; raises KeyError for a column that the pane does not have."""
        return row.values[self.index[column_id]]

    def json(self, row: PaneRow, now: float) -> dict[str, Any]:
        """The row for scripts: identity, `state` (last known words), `severity`, `stale`, `heard`, columns.

        Field names are those of the columns and do not change between releases.
        """
        state: State = self.value(row, "state")
        data: dict[str, Any] = {
            "cluster": row.key.cluster,
            "kind": row.key.kind,
            "namespace": row.key.namespace,
            "name": row.key.name,
            "uid": row.uid,
            "state": state.words,
            "severity": SEVERITY_WORDS[row.severity],
            "stale": bool(state.heard),
            "heard": iso(state.heard),
        }
        for column, value in zip(self.columns, row.values, strict=True):
            if column.id not in data:
                data[column.id] = column.json(value, now)
        return data


class _Mark:
    """Stands in `judge`'s values where the state cell goes."""


STATE: Any = _Mark()

CURRENT = frozenset({Sync.LIVE, Sync.SYNCING})
"""Freshness in which rows are shown as they are."""

"""What is said about clusters and about missing rows, in plain words. Pure: stores and a time in, text out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from types import MappingProxyType

from edgetui.model.cache.freshness import Freshness, Link, LinkState, Sync
from edgetui.model.cache.list_progress import ListProgress, together
from edgetui.model.cache.store import MOST_ROWS, Store
from edgetui.model.panes.base import Pane
from edgetui.model.text import age, plural
from edgetui.ui.spans import Span, Spans, line, width_of

LINK_ROLE = {
    Link.LIVE: "ok",
    Link.CONNECTING: "quiet",
    Link.STALE: "warn",
    Link.REFUSED: "bad",
    Link.BROKEN: "bad",
}
LINK_WORD = {
    Link.LIVE: "live",
    Link.CONNECTING: "connecting",
    Link.STALE: "stale",
    Link.REFUSED: "refused",
    Link.BROKEN: "unusable",
}
_ORDER = (Link.LIVE, Link.CONNECTING, Link.STALE, Link.REFUSED, Link.BROKEN)


SLOW_LIST = 1.5
"""Seconds from which a list that is on its way is told of; a quick one is there before that could be read."""
LIST_BAR = 20
"""Cells of its bar."""
SILENT = 5.0
"""Seconds from which a request without an answer is said of a cluster that is live by all its streams."""


def is_silent(link: LinkState, silence: float) -> bool:
    """Whether a live cluster leaves a request of ours without an answer; `silence` is for how many seconds."""
    return link.link is Link.LIVE and silence >= SILENT


def link_words(link: LinkState, now: float, silence: float = 0.0) -> str:
    """The state of one link with its age: "live", "stale 4m", "refused 12s", "connecting 8s", "not answering 8s".

    "live, not answering" is a server whose open streams deliver while it takes no new requests.
    """
    word = LINK_WORD[link.link]
    if is_silent(link, silence):
        return f"not answering {age(silence)}"
    if link.link is Link.LIVE and link.sentence:
        return f"{word}, not answering"
    if link.link is Link.LIVE or link.link is Link.BROKEN:
        return word
    since = link.heard if link.link is Link.STALE and link.heard else link.since
    if not since or (link.link is Link.CONNECTING and now - since < 3):
        return word
    return f"{word} {age(now - since)}"


def link_role(link: LinkState, silence: float = 0.0) -> str:
    doubtful = link.link is Link.LIVE and (link.sentence or is_silent(link, silence))
    return LINK_ROLE[Link.STALE if doubtful else link.link]


def header(
    stores: Sequence[Store],
    now: float,
    width: int,
    right: Spans,
    silences: Mapping[str, float] = MappingProxyType({}),
    key: str = "c",
) -> Spans:
    """The header line in `width` cells: each cluster's state if they fit, else counts; `right` at the end.

    `silences` are the seconds for which clusters have left a request without an answer, `key` shows why.
    """
    brand = line(" ", Span("edgetui", "brand"), "  ")
    room = width - width_of(brand) - width_of(right) - 1
    middle = _each(stores, now, silences, key)
    if width_of(middle) > room:
        middle = _counts(stores, now, silences, key, named=True)
        if width_of(middle) > room:
            middle = _counts(stores, now, silences, key, named=False)
    pad = max(width - width_of(brand) - width_of(middle) - width_of(right), 1)
    return _on_bar((*brand, *middle, Span(" " * pad), *right))


def _on_bar(spans: Spans) -> Spans:
    return tuple(Span(span.text, "bar") if span.role == "row" else span for span in spans)


def _each(stores: Sequence[Store], now: float, silences: Mapping[str, float], key: str) -> Spans:
    spans: list[Span] = []
    for store in stores:
        if spans:
            spans.append(Span(" · "))
        spans.append(Span(f"{store.cluster} "))
        silence = silences.get(store.cluster, 0.0)
        spans.append(Span(link_words(store.link, now, silence), link_role(store.link, silence)))
    if any(store.link.sentence for store in stores):
        spans += [Span("  "), Span(key, "key"), Span(" why")]
    return tuple(spans)


def _counts(
    stores: Sequence[Store], now: float, silences: Mapping[str, float], key: str, *, named: bool
) -> Spans:
    """How many clusters are in each state; `named` says which one it is where a state in trouble has only one."""
    silent = [store for store in stores if is_silent(store.link, silences.get(store.cluster, 0.0))]
    spans: list[Span] = []
    if silent:
        words = link_words(silent[0].link, now, max(silences[store.cluster] for store in silent))
        spans.append(Span(f"{silent[0].cluster if named and len(silent) == 1 else len(silent)} "))
        spans.append(Span(words, LINK_ROLE[Link.STALE]))
    for state in _ORDER:
        some = [store for store in stores if store.link.link is state and store not in silent]
        if not some:
            continue
        if spans:
            spans.append(Span(" · "))
        words = (
            max((link_words(store.link, now) for store in some), key=len)
            if len(some) == 1
            else LINK_WORD[state]
        )
        alone = named and len(some) == 1 and state not in (Link.LIVE, Link.CONNECTING)
        spans.append(Span(f"{some[0].cluster if alone else len(some)} "))
        spans.append(Span(words, LINK_ROLE[state]))
    spans += [Span("  "), Span(key, "key"), Span(" clusters")]
    return tuple(spans)


def notes(pane: Pane, stores: Sequence[Store], total: int, now: float) -> tuple[str, ...]:
    """Why rows may be missing from a pane, one sentence per reason, the clusters named when there are several.

    A cluster that refuses everything stands in the header; panes that have rows of others do not repeat it. First
    comes how far the slow lists are that are on their way.
    """
    found: dict[tuple[str, str], list[str]] = {}
    lists = {store.cluster: slow for store in stores if (slow := _slow_lists(pane, store, now))}
    for store in stores:
        reason = _missing(pane, store, store.cluster in lists)
        if reason is not None and not (total and reason[0] == "!"):
            found.setdefault(reason, []).append(store.cluster)
    lines = []
    if lists:
        where = "" if len(stores) == 1 else f"{_some(list(lists))}: "
        lines.append(f"~ {where}{_come_so_far(pane, together([*chain(*lists.values())]), now)}")
    for (sign, sentence), names in found.items():
        where = "" if len(stores) == 1 else f"{_some(names)}: "
        lines.append(f"{sign} {where}{sentence}")
    return tuple(lines)


def is_listing(pane: Pane, stores: Sequence[Store]) -> bool:
    """Whether a list of this pane's rows is on its way."""
    return any(kind in store.listing for store in stores if store.listing for kind in pane.kinds)


def _slow_lists(pane: Pane, store: Store, now: float) -> list[ListProgress]:
    """The lists of this pane's rows that are on their way and not quick."""
    lists = [store.listing[kind] for kind in pane.kinds if kind in store.listing] if store.listing else []
    return [one for one in lists if now - one.began >= SLOW_LIST]


def _come_so_far(pane: Pane, progress: ListProgress, now: float) -> str:
    """ "listing pods: 250 of 680 [####......] about 12s left"; without a total from the server "214 so far, 12/s"."""
    said = f"listing {pane.title.lower()}: {progress.rows:,}"
    if progress.remaining is None:
        return f"{said} so far, {progress.rate:.{0 if progress.rate >= 1 else 1}f}/s"
    total = progress.rows + progress.remaining
    done = progress.rows * LIST_BAR // total
    left = progress.seconds_left(now)
    return f"{said} of {total:,} [{'#' * done}{'.' * (LIST_BAR - done)}]" + (
        f" about {age(left)} left" if left else ""
    )


def _missing(pane: Pane, store: Store, listed: bool) -> tuple[str, str] | None:
    """Sign and sentence for what one cluster does not show in this pane, None when all is there.

    `listed` is whether it is told of already how far the list is.
    """
    kinds = pane.kinds_in(store)
    if not kinds:
        return None
    if store.link.link in (Link.REFUSED, Link.BROKEN) and not any(store.count(kind) for kind in kinds):
        return "!", f"{LINK_WORD[store.link.link]}, so nothing is known of it (:clusters says why)"
    if store.full:
        return (
            "!",
            f"more than {MOST_ROWS:,} objects: edgetui holds no more of one cluster, so some are missing",
        )
    states = [store.freshness(kind) for kind in kinds]
    forbidden = [kind for kind, state in zip(kinds, states, strict=True) if state.sync is Sync.FORBIDDEN]
    if forbidden:
        every = len(forbidden) == len(kinds)
        what = pane.title.lower() if every else " and ".join(pane.plural(kind) for kind in forbidden)
        return "?", f"not allowed to see {what}"
    absent = [state for state in states if state.sync is Sync.ABSENT]
    if len(absent) == len(states):
        return "?", f"{pane.title.lower()} cannot be read: this cluster does not serve them"
    if unreadable := sum(state.unreadable for state in states):
        return "?", f"{unreadable} unreadable: not among these {pane.title.lower()}, but in the cluster"
    for kind in pane.misses:
        if store.freshness(kind).sync is Sync.FORBIDDEN:
            return "?", f"not allowed to see {kind.lower()}s, so these rows say little"
        if store.freshness(kind).sync is Sync.ABSENT:
            return "?", f"{kind.lower()}s cannot be read: this cluster does not serve them"
    partial = [state for state in states if state.partial]
    if partial:
        live = next((state.reason for state in partial if state.sync is Sync.LIVE), "")
        return "?", live or "only some namespaces may be seen"
    waiting = None if listed or any(map(store.count, kinds)) else _waiting(pane, store, states)
    return waiting or ((" ", note) if (note := pane.without(store)) else None)


def _waiting(pane: Pane, store: Store, states: Sequence[Freshness]) -> tuple[str, str] | None:
    """What an empty pane waits for, and why it has to."""
    title = pane.title.lower()
    waiting = [state for state in states if state.sync in (Sync.NEVER, Sync.SYNCING)]
    if waiting and store.link.link is Link.STALE:
        return "~", f"never answered: {_first(store.link.sentence) or 'no link'}"
    if store.link.link is Link.LIVE:
        old = [state for state in states if state.sync is Sync.STALE]
        if reason := next((state.reason for state in [*waiting, *old] if state.reason), ""):
            return "~", f"no current list of {title}: {_first(reason)}"
    return ("~", f"waiting for the first list of {title}") if waiting else None


def empty(pane: Pane, total: int, filter_text: str, namespace: str = "") -> str:
    """What an empty pane says when nothing explains it better."""
    if namespace and total and not filter_text:
        return f"  none of {plural(total, 'row')} is in namespace {namespace}; :ns NAME shows another"
    if filter_text and total:
        return f"  none of {plural(total, 'row')} matches {filter_text!r}; esc shows all again"
    return f"  no {pane.title.lower()} here"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{len(names)} clusters ({', '.join(names[:2])}, …)"


def _first(sentence: str) -> str:
    return sentence.rstrip(".")

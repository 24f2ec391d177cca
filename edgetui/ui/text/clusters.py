"""What is said about clusters and about missing rows, in plain words. Pure: stores and a time in, text out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from edgetui.model.cache.freshness import CacheState, Freshness, Link, LinkState, Sync
from edgetui.model.cache.store import MOST_ROWS, Store
from edgetui.model.cache.wireprofile import Wire
from edgetui.model.panes.base import Pane
from edgetui.model.text import age, memory, plural, rate
from edgetui.model.view.notices import kept_words
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


def _link_role(link: LinkState, silence: float = 0.0) -> str:
    doubtful = link.link is Link.LIVE and (link.sentence or is_silent(link, silence))
    return LINK_ROLE[Link.STALE if doubtful else link.link]


def header(
    stores: Sequence[Store],
    now: float,
    width: int,
    right: Spans,
    silences: Mapping[str, float] = MappingProxyType({}),
) -> Spans:
    """The header line in `width` cells: each cluster's state if they fit, else counts; `right` at the end.

    `silences` are the seconds for which clusters have left a request without an answer.
    """
    brand = line(" ", Span("edgetui", "brand"), "  ")
    room = width - width_of(brand) - width_of(right) - 1
    middle = _each(stores, now, silences)
    if width_of(middle) > room:
        middle = _counts(stores, now, silences, named=True)
        if width_of(middle) > room:
            middle = _counts(stores, now, silences, named=False)
    pad = max(width - width_of(brand) - width_of(middle) - width_of(right), 1)
    return _on_bar((*brand, *middle, Span(" " * pad), *right))


def _on_bar(spans: Spans) -> Spans:
    return tuple(Span(span.text, "bar") if span.role == "row" else span for span in spans)


def _each(stores: Sequence[Store], now: float, silences: Mapping[str, float]) -> Spans:
    spans: list[Span] = []
    for store in stores:
        if spans:
            spans.append(Span(" · "))
        spans.append(Span(f"{store.cluster} "))
        silence = silences.get(store.cluster, 0.0)
        spans.append(Span(link_words(store.link, now, silence), _link_role(store.link, silence)))
    if any(store.link.sentence for store in stores):
        spans += [Span("  "), Span("c", "key"), Span(" why")]
    return tuple(spans)


def _counts(stores: Sequence[Store], now: float, silences: Mapping[str, float], *, named: bool) -> Spans:
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
    spans += [Span("  "), Span("c", "key"), Span(" clusters")]
    return tuple(spans)


def notes(pane: Pane, stores: Sequence[Store], total: int) -> tuple[str, ...]:
    """Why rows may be missing from a pane, one sentence per reason, the clusters named when there are several.

    A cluster that refuses everything stands in the header; panes that have rows of others do not repeat it.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for store in stores:
        reason = _missing(pane, store)
        if reason is not None and not (total and reason[0] == "!"):
            found.setdefault(reason, []).append(store.cluster)
    lines = []
    for (sign, sentence), names in found.items():
        where = "" if len(stores) == 1 else f"{_some(names)}: "
        lines.append(f"{sign} {where}{sentence}")
    return tuple(lines)


def _missing(pane: Pane, store: Store) -> tuple[str, str] | None:
    """Sign and sentence for what one cluster does not show in this pane, None when all is there."""
    if store.link.link in (Link.REFUSED, Link.BROKEN) and not any(store.count(kind) for kind in pane.kinds):
        return "!", f"{LINK_WORD[store.link.link]}, so nothing is known of it (c says why)"
    if store.full:
        return (
            "!",
            f"more than {MOST_ROWS:,} objects: edgetui holds no more of one cluster, so some are missing",
        )
    states = [store.freshness(kind) for kind in pane.kinds]
    forbidden = [kind for kind, state in zip(pane.kinds, states, strict=True) if state.sync is Sync.FORBIDDEN]
    if forbidden:
        every = len(forbidden) == len(pane.kinds)
        what = pane.title.lower() if every else " and ".join(f"{kind}s" for kind in forbidden)
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
    return None if any(store.count(kind) for kind in pane.kinds) else _waiting(pane, store, states)


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
        return f"  none of {plural(total, 'row')} is in namespace {namespace}; n chooses another"
    if filter_text and total:
        return f"  none of {plural(total, 'row')} matches {filter_text!r}; esc shows all again"
    return f"  no {pane.title.lower()} here"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{len(names)} clusters ({', '.join(names[:2])}, …)"


def _first(sentence: str) -> str:
    return sentence.rstrip(".")


def traffic(per_second: float, bytes_in: int, bytes_out: int, requests: int) -> str:
    """What one cluster costs: the mean of the last minute, and the sums since the start."""
    return (
        f"api {rate(per_second)}, since the start {memory(bytes_in)}B in, {memory(bytes_out)}B out, "
        f"{plural(requests, 'request')}"
    )


def cluster_lines(
    store: Store, now: float, server: str = "", context: str = "", notice: str = "", traffic: str = ""
) -> list[Spans]:
    """Everything about one cluster's link, for the list of clusters: state, versions, what is wrong, what to do.

    `notice` is what a person should know although the link works, `traffic` what the cluster costs on the wire.
    """
    link = store.link
    sign = {Link.LIVE: " ", Link.CONNECTING: " ", Link.STALE: "~"}.get(link.link, "!")
    head = [Span(f"{sign} ", LINK_ROLE[link.link]), Span(store.cluster, "title"), Span("  ")]
    head.append(Span(link_words(link, now), _link_role(link)))
    facts = [
        fact
        for fact in (store.version, server, f"context {context}" if context else "", *store.badges)
        if fact
    ]
    lines: list[Spans] = [tuple(head)]
    if facts:
        lines.append(line("    ", Span("  ".join(facts), "quiet")))
    if link.sentence:
        lines.append(line("    ", Span(link.sentence, _link_role(link))))
    if link.next_step:
        lines.append(line("    ", link.next_step))
    if notice:
        lines.append(line("    ", Span(notice, "warn")))
    if traffic:
        lines.append(line("    ", Span(traffic, "quiet")))
        lines.append(
            line(
                "    ",
                Span(f"wire {store.wire.sentence}", "quiet" if store.wire.wire is Wire.FULL else "warn"),
            )
        )
    if link.link in (Link.STALE, Link.CONNECTING) and link.retry_at > now:
        lines.append(line("    ", Span(f"next try in {age(link.retry_at - now)}", "quiet")))
    if kept := kept_words(store, now):
        lines.append(line("    ", f"{kept}; edgetui keeps trying."))
    return lines + _cache_lines(store.cache, now)


def _cache_lines(cache: CacheState, now: float) -> list[Spans]:
    """What the last audit of the server's watch cache found, and when."""
    when = f"{age(now - cache.checked)} ago"
    if cache.sentence:
        found = line("    ", Span(cache.sentence, "bad"), Span(f"  checked {when}", "quiet"))
        return [found, line("    ", cache.next_step)]
    if not cache.checked:
        return []
    equal = f"server cache equal to its datastore: {plural(cache.rows, 'row')} compared {when}"
    return [line("    ", Span(equal, "quiet"))]

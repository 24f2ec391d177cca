"""Everything about one cluster's link, for the list of clusters. Pure: a store and a time in, text out."""

from __future__ import annotations

from edgetui.model.cache.freshness import CacheState, Link
from edgetui.model.cache.store import Store
from edgetui.model.cache.wireprofile import Wire
from edgetui.model.text import age, memory, plural, rate
from edgetui.model.view.notices import kept_words
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.text.clusters import LINK_ROLE, link_role, link_words


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
    head.append(Span(link_words(link, now), link_role(link)))
    facts = [
        fact
        for fact in (store.version, server, f"context {context}" if context else "", *store.badges)
        if fact
    ]
    lines: list[Spans] = [tuple(head)]
    if facts:
        lines.append(line("    ", Span("  ".join(facts), "quiet")))
    if link.sentence:
        lines.append(line("    ", Span(link.sentence, link_role(link))))
    if link.next_step:
        lines.append(line("    ", link.next_step))
    if notice:
        lines.append(line("    ", Span(notice, "warn")))
    if traffic:
        lines.append(line("    ", Span(traffic, "quiet")))
        lines.append(
            line(
                "    ",
                Span(store.wire.sentence, "quiet" if store.wire.wire is Wire.FULL else "warn"),
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

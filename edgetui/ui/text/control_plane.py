"""The control plane of a cluster as lines of text: findings first, then each of its parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgetui.model.control_plane.budgets import Standing
from edgetui.model.control_plane.findings import Seen, findings
from edgetui.model.control_plane.leases import CONTROLLERS, SCHEDULER, Leader, Server
from edgetui.model.control_plane.voters import Voter, Voters
from edgetui.model.text import ago, plural, verb
from edgetui.ui.details.common import fact
from edgetui.ui.spans import Span, Spans, line

MOST_BUDGETS, MOST_CHECKS = 30, 10
ELECTED = (SCHEDULER, CONTROLLERS)
"""The Leases that are looked for in every cluster."""


def control_plane_lines(seen: Seen, now: float) -> list[Spans]:
    """All of it; `now` is this machine's time in Unix s."""
    found = findings(seen, now)
    out = [_finding(one.words, one.bad) for one in found]
    return [
        *out,
        *([line()] if out else []),
        *_servers(seen, now),
        *_addresses(seen),
        *_checks(seen),
        *_leaders(seen, now),
        *_datastore(seen),
        line(),
        *_budgets(seen),
    ]


def summary(seen: Seen, now: float) -> Spans:
    """The worst that a look found, as of then, how many more, and how long ago it was."""
    found = findings(seen, seen.at)
    when = f"{ago(seen.at, now)} ago"
    if not found:
        return line("    ", Span(f"control plane: nothing wrong or weak, {when}", "quiet"))
    more = f", {len(found) - 1} more" if len(found) > 1 else ""
    worst = Span(found[0].words, "bad" if found[0].bad else "warn")
    return line("    ", worst, Span(f"  control plane {when}{more}", "quiet"))


def _finding(words: str, bad: bool) -> Spans:
    return line(Span("! " if bad else "  ", "bad" if bad else "warn"), Span(words, "bad" if bad else "warn"))


def _not_known(label: str, why: str) -> Spans:
    return fact(label, Span(f"not known: {why}", "quiet"))


def _servers(seen: Seen, now: float) -> Iterator[Spans]:
    if seen.leases is None:
        yield _not_known("API servers", seen.no_leases)
        return
    servers = seen.servers(now)
    if not servers:
        yield _not_known("API servers", "none keeps a Lease, as they do since 1.26")
        return
    alive = sum(one.alive for one in servers)
    role = "row" if alive == len(servers) else "bad"
    there = seen.clock(now)
    yield fact("API servers", Span(f"{alive} of {len(servers)} alive: ", role), *_heard(servers, there))


def _heard(servers: Sequence[Server], now: float) -> Iterator[Span]:
    for at, one in enumerate(servers):
        comma = ", " if at + 1 < len(servers) else ""
        yield Span(f"{one.name} heard {ago(one.renewed, now)} ago{comma}", "row" if one.alive else "bad")


def _addresses(seen: Seen) -> Iterator[Spans]:
    if seen.addresses is None:
        yield _not_known("addresses", seen.no_addresses)
    elif seen.addresses:
        yield fact("addresses", ", ".join(seen.addresses), Span("  of Service default/kubernetes", "quiet"))
    else:
        yield fact("addresses", Span("Service default/kubernetes leads nowhere", "warn"))


def _checks(seen: Seen) -> Iterator[Spans]:
    if seen.checks is None:
        yield _not_known("readyz", seen.no_checks or "the answer names no checks")
        return
    failed = seen.checks.failed
    if not failed:
        yield fact(
            "readyz",
            f"{'the' if seen.checks.made == 1 else 'all'} {plural(seen.checks.made, 'check')} "
            f"{verb(seen.checks.made, 'passes', 'pass')}",
            Span("  of the API server that answers", "quiet"),
        )
        return
    said = f"{len(failed)} of {plural(seen.checks.made, 'check')} {verb(len(failed), 'fails', 'fail')}"
    yield fact("readyz", Span(said, "bad"))
    for name, why in failed[:MOST_CHECKS]:
        yield fact("", Span(f"{name}{f': {why}' if why else ''}", "bad"))


def _leaders(seen: Seen, now: float) -> Iterator[Spans]:
    if seen.leases is None:
        yield _not_known("leaders", seen.no_leases)
        return
    leaders, there = seen.leaders(now), seen.clock(now)
    lacking = [name for name in ELECTED if all(one.name != name for one in leaders)]
    width = max([len(one.name) for one in leaders] + [len(name) for name in lacking], default=0)
    label = "leaders"
    for one in leaders:
        yield fact(label, f"{one.name:<{width}}  ", *_leads(one, there))
        label = ""
    for name in lacking:
        yield fact(label, f"{name:<{width}}  ", Span("no Lease: no election here", "quiet"))
        label = ""


def _leads(one: Leader, now: float) -> Iterator[Span]:
    lease = one.lease
    if one.over or not one.holder:
        last = f", last {one.holder} {ago(lease.renewed, now)} ago" if one.holder else ""
        yield Span(f"nobody{last}", "bad")
    else:
        yield Span(one.holder)
        if lease.since:
            yield Span(f"  for {ago(lease.since, now)}", "quiet")
    if lease.transitions is not None:
        role = "warn" if one.restless else "quiet"
        yield Span(f", {plural(lease.transitions, 'change')} of leader", role)


def _datastore(seen: Seen) -> Iterator[Spans]:
    found = seen.voters
    if found is None:
        yield _not_known("datastore", seen.no_voters)
        return
    yield fact("datastore", f"{found.what}: ", Span(found.words, _weight(found)))
    for one in found.voters:
        yield fact("", *_voter(one))
    for name in found.learners:
        yield fact("", f"{name}  ", Span("learner, no vote yet", "quiet"))


def _weight(found: Voters) -> str:
    spare = found.spare
    if spare is None:
        return "row"
    return "bad" if spare < 0 else "warn" if spare == 0 else "row"


def _voter(one: Voter) -> Iterator[Span]:
    yield Span(f"{one.name}  ")
    if one.healthy is None:
        yield Span("not told", "quiet")
    else:
        yield Span("up" if one.healthy else f"down: {one.why}", "quiet" if one.healthy else "bad")


def _budgets(seen: Seen) -> Iterator[Spans]:
    if seen.budgets is None:
        yield _not_known("budgets", seen.no_budgets)
        return
    count = len(seen.budgets)
    yield line(
        Span(f"disruption budgets {count}", "title"), Span("   those that hold up a drain first", "quiet")
    )
    if not count:
        yield line("  ", Span("none: a drain takes pods away without waiting", "quiet"))
    for one in seen.budgets[:MOST_BUDGETS]:
        yield _budget(one)
    if count > MOST_BUDGETS:
        yield line("  ", Span(f"and {count - MOST_BUDGETS} more", "quiet"))


def _budget(one: Standing) -> Spans:
    role = "warn" if one.blocks else "row"
    return line(
        Span("! " if one.blocks else "  ", role), f"{one.namespace}/{one.name}  ", Span(one.words, role)
    )

"""What is wrong or weak in a control plane, in plain sentences, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from edgetui.model.control_plane.budgets import Standing
from edgetui.model.control_plane.checks import Checks
from edgetui.model.control_plane.leases import (
    CONTROLLERS,
    SCHEDULER,
    STALLED,
    Held,
    Leader,
    Server,
    leaders_of,
    servers_of,
)
from edgetui.model.control_plane.voters import Voters
from edgetui.model.text import ago, duration, plural, verb

BEHIND = 5.0
"""Seconds by which a renewal may lie in the future of this machine's clock without a word."""
_STOPS = {
    SCHEDULER: "new pods are not placed",
    CONTROLLERS: "nothing is replaced, scaled or evicted",
}


class Seen(msgspec.Struct, frozen=True):
    """What one look found, each part with why it is not known where it is None. `at` is when (Unix s, this machine's).

    `addresses` are those of the endpoints of Service default/kubernetes.
    """

    at: float
    leases: Sequence[Held] | None = None
    no_leases: str = ""
    addresses: Sequence[str] | None = None
    no_addresses: str = ""
    checks: Checks | None = None
    no_checks: str = ""
    voters: Voters | None = None
    no_voters: str = ""
    budgets: Sequence[Standing] | None = None
    no_budgets: str = ""

    def clock(self, now: float) -> float:
        """`now` by the clocks of the control plane, as far as they differ from this machine's."""
        return now - self.drift

    @property
    def drift(self) -> float:
        """Seconds between the newest renewal and this machine's time at the look; 0 where any renewal fits that time.

        One host whose clock is wrong makes no other look dead.
        """
        gaps = [self.at - one.lease.renewed for one in self.leases or () if one.lease.renewed]
        if not gaps or any(-BEHIND <= gap <= STALLED for gap in gaps):
            return 0.0
        return min(gaps)

    def servers(self, now: float) -> list[Server]:
        """The API servers; none where their Leases are not known."""
        return servers_of(self.leases or (), self.clock(now))

    def leaders(self, now: float) -> list[Leader]:
        """Who leads; none where the Leases are not known."""
        return leaders_of(self.leases or (), self.clock(now))


class Finding(NamedTuple):
    """One sentence. `bad` is whether something is down, not only weak."""

    words: str
    bad: bool = False


def findings(seen: Seen, now: float) -> list[Finding]:
    """All of them; `now` is this machine's time."""
    found = [
        *_clock(seen),
        *_voters(seen.voters),
        *_checks(seen.checks),
        *_servers(seen, now),
        *_leaders(seen, now),
        *_budgets(seen.budgets or ()),
    ]
    return sorted(found, key=lambda one: not one.bad)


def _clock(seen: Seen) -> Iterator[Finding]:
    if seen.drift > 0:
        span = duration(seen.drift)
        yield Finding(
            f"Nothing was renewed for {span}: either nothing can be written any more, "
            f"or the clock of this machine is {span} ahead.",
            bad=True,
        )
    elif seen.drift < 0:
        yield Finding(
            f"The clock of this machine is {duration(-seen.drift)} behind that of the control plane; "
            "ages are told by the latter."
        )


def _voters(found: Voters | None) -> Iterator[Finding]:
    if found is None:
        return
    down = [one for one in found.voters if one.healthy is False]
    for one in down:
        yield Finding(f"Voter {one.name} is down: {one.why}.", bad=True)
    spare, count = found.spare, len(found.voters)
    alone = found.alone or (found.voters[0].name if count == 1 else "")
    if alone:
        yield Finding(f"{alone} alone holds the state of the cluster: without its disk all of it is lost.")
    if spare is not None and spare < 0:
        yield Finding("Too few voters are up to write: nothing can be changed until one is back.", bad=True)
    elif spare == 0 and count > 1:
        yield Finding("One more loss of a voter stops writes.", bad=bool(down))
    if count and count % 2 == 0:
        yield Finding(
            f"{count} voters survive no more losses than {count - 1} would: an odd number is better."
        )
    if found.learners:
        have = verb(len(found.learners), "has", "have")
        yield Finding(f"{', '.join(found.learners)} {have} no vote yet: still learning what is stored.")


def _checks(found: Checks | None) -> Iterator[Finding]:
    if found is not None and found.failed:
        names = ", ".join(name for name, _ in found.failed)
        verb = "fails" if len(found.failed) == 1 else "fail"
        yield Finding(f"The API server that answers is not ready: {names} {verb}.", bad=True)


def _servers(seen: Seen, now: float) -> Iterator[Finding]:
    servers = seen.servers(now)
    for one in servers:
        if not one.alive:
            since = ago(one.renewed, seen.clock(now))
            yield Finding(f"API server {one.name} was last heard {since} ago: it is down, or gone.", bad=True)
    alive = [one for one in servers if one.alive]
    if len(alive) == 1:
        yield Finding("One API server: while it is down nothing can be seen or changed; pods go on.")
    elif not servers and len(seen.addresses or ()) == 1:
        yield Finding("Service kubernetes has one address: one API server, or a load balancer before more.")


def _leaders(seen: Seen, now: float) -> Iterator[Finding]:
    for one in seen.leaders(now):
        if one.over or not one.holder:
            last = (
                f": {one.holder} renewed it {ago(one.lease.renewed, seen.clock(now))} ago"
                if one.holder
                else ""
            )
            stops = _STOPS.get(one.name)
            yield Finding(f"Nobody leads {one.name}{last}{f'; {stops}' if stops else ''}.", bad=True)
        elif one.restless:
            yield Finding(
                f"{one.name} changed its leader {one.lease.transitions} times, {one.a_day:.0f} a day: "
                "mostly that is a slow disk or link of the datastore."
            )


def _budgets(found: Sequence[Standing]) -> Iterator[Finding]:
    blocking = [one for one in found if one.blocks]
    if blocking:
        verb, whose = ("holds", "its") if len(blocking) == 1 else ("hold", "their")
        what = plural(len(blocking), "PodDisruptionBudget")
        yield Finding(f"{what} {verb} up every drain of a node with {whose} pods.")

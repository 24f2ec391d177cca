"""The texts of whole screens, with their roles, over grids of what they are made of.

`pytest tests/ui/test_text_grids.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.model.cache.freshness import CacheState, Freshness, Link, LinkState, Sync
from edgetui.model.cache.list_progress import ListProgress
from edgetui.model.cache.store import Store
from edgetui.model.control_plane.budgets import Standing, standing_of, worst_first
from edgetui.model.control_plane.checks import Checks, checks_of
from edgetui.model.control_plane.findings import Seen
from edgetui.model.control_plane.leases import read_leases
from edgetui.model.control_plane.voters import Voters, hidden, of_members, of_nodes
from edgetui.model.node.unplug import Known, answer
from edgetui.model.panes import PANES
from edgetui.ui.spans import Span, Spans, plain
from edgetui.ui.text.cluster_details import cluster_lines
from edgetui.ui.text.clusters import empty, header, is_listing, link_role, link_words, notes
from edgetui.ui.text.control_plane import control_plane_lines, summary
from edgetui.ui.text.unplug import answer_lines
from tests.unit.model import factories as f
from tests.unit.model.test_control_plane import (
    READY,
    budget,
    counted,
    etcd_node,
    identity,
    leader,
    member,
    of_three,
)
from tests.unit.model.test_every_field_of_a_cluster import SCENES, cluster_of

NOW = float(f.NOW)


def marked(spans: Iterable[Span]) -> str:
    """A line with the roles of its pieces."""
    return "".join(span.text if span.role == "row" else f"<{span.role}>{span.text}</>" for span in spans)


def page(lines: Sequence[Spans]) -> str:
    return "\n".join(marked(one).rstrip() for one in lines)


# -- the control plane

LEASES = read_leases(
    [
        identity("edge-1", 4),
        identity("edge-2", 31),
        leader("kube-scheduler", "edge-1_0f5c", 1, transitions=40, age=86400.0),
        leader("kube-controller-manager", "edge-2_1f5c", 20, transitions=4),
        leader("k3s", "", 2, transitions=1),
    ]
)
BUDGETS = worst_first(
    standing_of(one)
    for one in (
        counted("fine", 1, 3, 2, 3),
        counted("ever", 0, 2, 2, 2),
        budget("new"),
        counted("none", 0, 0, 1, 0),
    )
)
MANY = [Standing("line-1", f"b-{at:02}", 1, 2, 1, 3) for at in range(31)]
FAILING = Checks(30, tuple((f"check-{at:02}", "reason withheld" if at % 2 else "") for at in range(11)))
LEARNING = of_nodes(
    [etcd_node("a"), etcd_node("b", "False", "MemberIsLearner"), etcd_node("c", "False", "Unhealthy", "no")],
    {"a": True, "c": True},
    "RKE2",
)
LOOKS: dict[str, Seen] = {
    "nothing is known": Seen(
        at=NOW,
        no_leases="needs list on leases",
        no_addresses="needs get on endpoints",
        no_checks="needs get on /readyz",
        no_voters="needs list on nodes",
        no_budgets="needs list on poddisruptionbudgets",
    ),
    "nothing at all": Seen(at=NOW),
    "nothing there": Seen(at=NOW, leases=[], addresses=(), budgets=[], voters=hidden("")),
    "all of it": Seen(
        at=NOW, leases=LEASES, addresses=("10.0.0.1", "10.0.0.2"), checks=checks_of(READY), voters=LEARNING,
        budgets=BUDGETS,
    ),
    "all is well": Seen(
        at=NOW,
        leases=read_leases([identity("edge-1", 4), identity("edge-2", 4), leader("kube-scheduler", "edge-1", 1)]),
        addresses=("10.0.0.1", "10.0.0.2"),
        checks=Checks(5),
        voters=of_three(True, True, True),
        budgets=[standing_of(counted("fine", 1, 3, 2, 3))],
    ),
    "as much as is shown": Seen(at=NOW, checks=FAILING._replace(failed=FAILING.failed[:10]), budgets=MANY[:30]),
    "more than is shown": Seen(at=NOW, checks=FAILING, budgets=MANY),
    "one check": Seen(at=NOW, checks=Checks(1, (("etcd", ""),)), voters=of_three(True, True, False)),
    "votes that are not told": Seen(at=NOW, voters=of_members([member("c0"), member("c1")], {"c0": True})),
    "too few votes": Seen(at=NOW, voters=of_three(True, False, False)),
    "a datastore elsewhere": Seen(at=NOW, voters=hidden("MicroK8s")),
    "a clock that is behind": Seen(at=NOW, leases=read_leases([identity("a", -300), leader("k3s", "a", -299)])),
}  # fmt: skip


@pytest.mark.parametrize("look", LOOKS)
def test_a_control_plane(look: str, snapshot: SnapshotAssertion) -> None:
    seen = LOOKS[look]
    assert f"{page(control_plane_lines(seen, NOW + 5))}\n--\n{marked(summary(seen, NOW + 90))}" == snapshot


def test_no_voters_are_no_datastore() -> None:
    assert Voters("x").words == ""


# -- what a node takes along

ASKED = ("a cable", "a drain under a budget", "a pod that asks for everything", "a node that is lost")


@pytest.mark.parametrize("scene", ASKED)
@pytest.mark.parametrize("nodes", [("edge-1",), ("edge-2",), ("edge-1", "edge-2")], ids=" ".join)
def test_the_answer_before_nodes_are_cut_off(
    scene: str, nodes: tuple[str, ...], snapshot: SnapshotAssertion
) -> None:
    objects = SCENES[scene][1]
    store = f.store_of(*(one for one in objects if one["kind"] != "PodDisruptionBudget"))
    for unseen in ((), ("leases were not looked at", "volumes were not looked at")):
        found = answer(Known(cluster_of(objects), store, unseen), nodes)
        assert page(answer_lines(found)) == snapshot(name=" and ".join(unseen) or "all was seen")


# -- links and headers

LINKS = {
    link.value: [
        LinkState(link, since, heard, sentence=sentence, retry_at=retry)
        for since, heard, sentence, retry in product(
            (0.0, NOW - 2, NOW - 3, NOW - 240), (0.0, NOW - 60), ("", "No answer."), (0.0, NOW + 30)
        )
    ]
    for link in Link
}


@pytest.mark.parametrize("link", LINKS)
def test_a_link(link: str, snapshot: SnapshotAssertion) -> None:
    found = []
    for state, silence in product(LINKS[link], (0.0, 4.9, 5.0, 90.0)):
        store = Store("plant")
        store.set_link(state)
        found.append(
            f"{state.since and NOW - state.since:g} {state.heard and NOW - state.heard:g} {state.sentence!r} "
            f"{state.retry_at and 'retry'} silent {silence:g}: {link_words(state, NOW, silence)} "
            f"({link_role(state, silence)}); {' / '.join(plain(one).strip() for one in cluster_lines(store, NOW)[1:])}"
        )
    assert "\n".join(dict.fromkeys(found)) == snapshot


def stores(*links: Link, sentence: str = "") -> list[Store]:
    made = []
    for at, link in enumerate(links):
        store = Store(f"site-{at}")
        store.set_link(
            LinkState(link, NOW - 100, NOW - 60, sentence=sentence if link is not Link.LIVE else "")
        )
        made.append(store)
    return made


FLEETS: dict[str, list[Store]] = {
    "one": stores(Link.LIVE),
    "two": stores(Link.LIVE, Link.STALE, sentence="No answer."),
    "many": stores(*[Link.LIVE] * 5, Link.STALE, Link.REFUSED, Link.REFUSED, Link.BROKEN, Link.CONNECTING),
    "none": [],
}


@pytest.mark.parametrize("fleet", FLEETS)
def test_a_header(fleet: str, snapshot: SnapshotAssertion) -> None:
    right = (Span("12:00", "quiet"),)
    found = []
    for width, silences in product(
        (30, 48, 80, 120, 200), ({}, {"site-0": 8.0}, {"site-0": 8.0, "site-1": 60.0})
    ):
        found.append(
            f"{width:>3} {len(silences)} {marked(header(FLEETS[fleet], NOW, width, right, silences))}"
        )
    assert "\n".join(found) == snapshot


def test_what_a_cluster_is_told_with(snapshot: SnapshotAssertion) -> None:
    store = Store("plant")
    found = []
    for cache in (
        CacheState(),
        CacheState(NOW - 60, 1),
        CacheState(NOW - 60, 5),
        CacheState(NOW - 60, 5, "2 rows differ.", "Restart it."),
    ):
        store.set_cache(cache)
        found.append(page(cluster_lines(store, NOW)))
    store.set_version("v1.37.2")
    store.set_badges(("K3s", "thin"))
    store.set_link(LinkState(Link.STALE, NOW - 60, NOW - 60, NOW + 9, "No answer.", "Wait."))
    found.append(page(cluster_lines(store, NOW, "https://a:6443", "plant", "a notice", "api 1 KB/s")))
    assert "\n--\n".join(found) == snapshot


# -- why rows are missing


@pytest.mark.parametrize("pane", ["pods", "nodes", "rollouts", "services", "autoscalers", "jobs"])
def test_why_rows_may_be_missing(pane: str, snapshot: SnapshotAssertion) -> None:
    shown = PANES[pane]
    found = []
    for link, sync, reason, partial, rows in product(
        (Link.LIVE, Link.STALE, Link.REFUSED), Sync, ("", "The list was cut off."), (False, True), (0, 1)
    ):
        store = Store("plant")
        kind = shown.kinds[0]
        if rows:
            made: Any = {"pods": f.pod, "nodes": f.node, "rollouts": f.deployment}.get(pane)
            if made is None or sync is Sync.HIDDEN:
                continue
            one = made("press")
            store = f.store_of(one)
        store.set_link(LinkState(link, NOW - 60, NOW - 60, sentence="No answer."))
        for each in shown.needs:
            store.set_freshness(each, Freshness(Sync.LIVE, NOW))
        store.set_freshness(kind, Freshness(sync, NOW, reason, partial))
        said = notes(shown, [store], rows, NOW)
        found.append(f"{link.value} {sync.value} {reason!r} {partial} {rows}: {' / '.join(said)}".rstrip())
    for each in shown.needs[1:]:
        store = Store("plant")
        store.set_link(LinkState(Link.LIVE))
        for other in shown.needs:
            store.set_freshness(other, Freshness(Sync.FORBIDDEN if other == each else Sync.LIVE, NOW))
        found.append(f"no {each}: {' / '.join(notes(shown, [store], 0, NOW))}".rstrip())
    assert "\n".join(found) == snapshot


def test_how_far_lists_are(snapshot: SnapshotAssertion) -> None:
    found = []
    for began, rows, remaining in product((1.4, 1.5, 10.0, 300.0), (0, 3, 1250), (None, 0, 1, 3000)):
        if rows == remaining == 0:
            continue
        fleet = stores(Link.LIVE, Link.LIVE)
        made = ListProgress(began=NOW - began, heard=NOW - 1, rows=rows, remaining=remaining)
        fleet[0].set_listing("Pod", made)
        assert is_listing(PANES["pods"], fleet)
        assert not is_listing(PANES["nodes"], fleet)
        for some in (fleet[:1], fleet):
            found.append(
                f"{began:g} {rows} {remaining}: {' / '.join(notes(PANES['pods'], some, 0, NOW))}".rstrip()
            )
    assert "\n".join(found) == snapshot


@pytest.mark.parametrize(
    ("total", "typed", "namespace", "said"),
    [
        (0, "", "", "  no pods here"),
        (0, "x", "line-2", "  no pods here"),
        (1, "", "", "  no pods here"),
        (1, "x", "", "  none of 1 row matches 'x'; esc shows all again"),
        (5, "x", "line-2", "  none of 5 rows matches 'x'; esc shows all again"),
        (5, "", "line-2", "  none of 5 rows is in namespace line-2; :ns NAME shows another"),
    ],
)
def test_an_empty_pane(total: int, typed: str, namespace: str, said: str) -> None:
    assert empty(PANES["pods"], total, typed, namespace) == said

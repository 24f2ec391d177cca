"""What the screen says about a cluster."""

from __future__ import annotations

import pytest

from edgetui.model.cache.freshness import Freshness, Link, LinkState, Sync
from edgetui.model.cache.store import Store
from edgetui.ui.spans import plain
from edgetui.ui.text import clusters
from edgetui.ui.text.cluster_details import cluster_lines
from edgetui.ui.text.clusters import header

NOW = 1_000.0


def test_a_live_cluster_whose_new_tokens_could_not_be_kept_says_so() -> None:
    store = Store("plant")
    store.set_link(LinkState(Link.LIVE, heard=100.0))
    said = [
        plain(one)
        for one in cluster_lines(store, 101.0, "https://plant:6443", "admin", "Not kept: disk full.")
    ]
    assert said[0].split() == ["plant", "live"]
    assert said[-1].strip() == "Not kept: disk full."


def test_a_cluster_that_shows_rows_of_an_earlier_run_says_how_old_they_are() -> None:
    store = Store("van")
    store.set_link(LinkState(Link.STALE, heard=1000.0, sentence="10.0.0.1 refuses connections."))
    store.set_freshness("Node", Freshness(Sync.STALE, 900.0, kept=True))
    store.set_freshness("Pod", Freshness(Sync.STALE, 1000.0, kept=True))
    said = [plain(one).strip() for one in cluster_lines(store, 1000.0 + 3 * 3600)]
    assert said[-1] == "Rows are from 3h ago (kept on this machine); edgetui keeps trying."
    for kind in ("Node", "Pod"):
        store.set_freshness(kind, Freshness(Sync.STALE, 0.0, kept=True))
    said = [plain(one).strip() for one in cluster_lines(store, 1000.0)]
    assert said[-1] == "Rows are from an earlier run (kept on this machine); edgetui keeps trying."
    for kind in ("Node", "Pod"):
        store.set_freshness(kind, Freshness(Sync.STALE, 1000.0))
    assert not any("kept" in plain(one) for one in cluster_lines(store, 1000.0))


@pytest.mark.parametrize(
    ("state", "words", "role"),
    [
        (LinkState(Link.LIVE), "plant live ", "ok"),
        (
            LinkState(Link.LIVE, sentence="New connections fail while open streams still deliver."),
            "plant live, not answering  c why",
            "warn",
        ),
        (
            LinkState(Link.STALE, heard=NOW - 240.0, sentence="It refuses connections."),
            "plant stale 4m  c why",
            "warn",
        ),
    ],
)
def test_a_server_that_still_delivers_but_does_not_answer_has_words_of_its_own(
    state: LinkState, words: str, role: str
) -> None:
    store = Store("plant")
    store.set_link(state)
    spans = header([store], NOW, 80, ())
    assert words in plain(spans)
    assert {span.role for span in spans if span.text.startswith(("live", "stale"))} == {role}
    said = "\n".join(map(plain, cluster_lines(store, NOW)))
    assert state.sentence in said


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (80, "plant not answering 8s · walk2 live · walk3 live"),
        (56, "plant not answering 8s · 2 live"),
        (51, "1 not answering 8s · 2 live"),
    ],
)
def test_a_live_cluster_that_owes_an_answer_is_said_not_to_answer(width: int, said: str) -> None:
    stores = [Store("plant"), Store("walk2"), Store("walk3")]
    for store in stores:
        store.set_link(LinkState(Link.LIVE, since=NOW, heard=NOW))
    assert said in plain(header(stores, NOW, width, (), {"plant": 8.4, "walk2": 4.9}))
    assert "not answering" not in plain(header(stores, NOW, width, (), {"plant": 4.9}))


def test_a_cluster_that_is_not_live_says_that_instead() -> None:
    store = Store("plant")
    store.set_link(LinkState(Link.STALE, since=NOW - 60, heard=NOW - 60))
    assert "plant stale 1m" in plain(header([store], NOW, 80, (), {"plant": 9.0}))


@pytest.mark.parametrize(
    ("link", "silence", "silent"),
    [
        (Link.LIVE, 4.9, False),
        (Link.LIVE, 5.0, True),
        (Link.LIVE, 60.0, True),
        (Link.STALE, 60.0, False),
        (Link.CONNECTING, 60.0, False),
    ],
)
def test_a_live_cluster_is_silent_after_five_seconds(link: Link, silence: float, silent: bool) -> None:
    assert clusters.is_silent(LinkState(link), silence) is silent

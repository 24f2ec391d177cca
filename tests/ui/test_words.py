"""What the screen says about a cluster."""

from __future__ import annotations

from edgetui.model.freshness import Link, LinkState
from edgetui.model.store import Store
from edgetui.ui.spans import plain
from edgetui.ui.words import cluster_lines


def test_a_live_cluster_whose_new_tokens_could_not_be_kept_says_so() -> None:
    store = Store("plant")
    store.set_link(LinkState(Link.LIVE, heard=100.0))
    said = [
        plain(one)
        for one in cluster_lines(store, 101.0, "https://plant:6443", "admin", "Not kept: disk full.")
    ]
    assert said[0].split() == ["plant", "live"]
    assert said[-1].strip() == "Not kept: disk full."

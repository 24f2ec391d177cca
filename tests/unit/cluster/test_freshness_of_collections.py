"""How fresh a kind is that is read in several collections: a grid of what is told of each and how they were chosen.

`pytest tests/unit/cluster/test_freshness_of_collections.py --snapshot-update` takes what is told now; look at what
differs first.
"""

from __future__ import annotations

from itertools import product

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.watch.partition import of_collections
from edgetui.model.cache.freshness import Freshness, Sync

LIVE = Freshness(Sync.LIVE, 90.0)
STALE = Freshness(Sync.STALE, 40.0, "it broke off")
DENIED = Freshness(Sync.FORBIDDEN, 10.0, "no right")
NEVER = Freshness(Sync.NEVER)
TOLD: dict[str, dict[str, Freshness]] = {
    "nothing": {},
    "all live": {"": LIVE},
    "all denied": {"": DENIED},
    "all denied, one live": {"": DENIED, "a": LIVE},
    "all denied, one too": {"": DENIED, "a": DENIED},
    "all live, one live": {"": LIVE, "a": LIVE},
    "all stale, one live": {"": STALE, "a": LIVE},
    "one live": {"a": LIVE},
    "one live, one stale": {"a": LIVE, "b": STALE},
    "one live, one denied": {"a": LIVE, "b": DENIED},
    "one live, one never": {"a": LIVE, "b": NEVER},
}
WAYS = ("each", "chosen", "whole", "asking", "listed", "read_once")


@pytest.mark.parametrize("told", TOLD)
def test_what_is_told_of_a_kind(told: str, snapshot: SnapshotAssertion) -> None:
    found: dict[str, list[str]] = {}
    for values in product((False, True), repeat=len(WAYS)):
        ways = dict(zip(WAYS, values, strict=True))
        one = of_collections(TOLD[told], **ways)
        words = f"{one.sync} {one.heard:g} {one.reason}{', partial' if one.partial else ''}".strip()
        found.setdefault(words, []).append("+".join(name for name, way in ways.items() if way) or "none")
    assert "\n".join(f"{words}: {' '.join(ways)}" for words, ways in found.items()) == snapshot

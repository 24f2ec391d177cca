"""What `:unplug` foretells of a node is what a real drain of it then does: who moves, who waits, who is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgetui.actions.nodes import drain

from .conftest import Boot
from .random_sites import NODES, SIDE_BY_SIDE, Outcome, rounds, wrong

SEEDS = [2, 5, 11, 13]


async def test_what_is_foretold_of_random_sites_is_what_a_drain_does(
    boot: Boot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "RETRY", 0.3)
    monkeypatch.setattr(drain, "LOOK", 0.3)
    cluster = boot("sites", nodes=NODES * SIDE_BY_SIDE)
    found = await rounds(cluster, SEEDS, tmp_path)
    assert not list(wrong(found))
    assert len(found) == len(SEEDS)
    happened = {
        field for _, _, done in found for field, value in zip(Outcome._fields, done, strict=True) if value
    }
    assert {"stay", "moved"} <= happened

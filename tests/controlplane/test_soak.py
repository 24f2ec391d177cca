"""Two minutes of churn and bad links on three clusters; twenty with ``make soak``."""

from __future__ import annotations

from .cluster import ControlPlane
from .conftest import Boot
from .soak import MOST_GROWTH_KIB, soak


def test_two_minutes_of_churn_end_equal_and_memory_stays_flat(
    two_clusters: tuple[ControlPlane, ControlPlane], boot: Boot
) -> None:
    figures = soak([*two_clusters, boot("farm", nodes=2)], minutes=2.0, say=print)
    assert figures.checkpoints >= 3
    assert figures.changes >= 100
    assert figures.faults >= 20
    assert figures.growth_kib <= MOST_GROWTH_KIB

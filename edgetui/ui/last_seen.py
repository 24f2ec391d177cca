"""What a screen has read of a cluster beside what is watched, for the next that shows it; it goes with its session."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.model.control_plane.findings import Seen
    from edgetui.model.traffic.spread import Spread

control_planes: WeakKeyDictionary[ClusterSession, Seen] = WeakKeyDictionary()
"""What the last look at each control plane found."""
spreads: WeakKeyDictionary[ClusterSession, tuple[float, Spread]] = WeakKeyDictionary()
"""How each cluster spreads connections, after the monotonic time until which that counts."""

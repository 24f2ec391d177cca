"""One simulated cluster: its objects, its clock, who may use it, and what its API server can do."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from edgetui.demo.auth import Authenticator, Authorizer, Rule
from edgetui.demo.metrics import Metrics
from edgetui.demo.reading import Lister
from edgetui.demo.storage import Storage
from edgetui.demo.timeline import Timeline
from edgetui.demo.tokens import TokenSigner


@dataclass(frozen=True)
class Profile:
    """What tells one distribution's API server from another.

    `version` is the gitVersion; `watch_list` and `watch_gzip` are the feature gates; `rbac` False means
    AlwaysAllow; `metrics` says whether metrics.k8s.io is served.
    """

    version: str
    rules: tuple[Rule, ...]
    watch_list: bool = True
    watch_gzip: bool = True
    rbac: bool = True
    metrics: bool = True


@dataclass
class Cluster:
    """Everything behind one port."""

    name: str
    profile: Profile
    timeline: Timeline
    storage: Storage
    rng: random.Random
    signer: TokenSigner = field(default_factory=TokenSigner)

    def __post_init__(self) -> None:
        self.authenticator = Authenticator(self.storage, self.signer, self.timeline.now)
        self.authorizer = Authorizer(self.profile.rules, self.profile.rbac)
        self.lister = Lister(self.storage)
        self.metrics = Metrics(self.storage, self.timeline.now)


def new_cluster(name: str, profile: Profile, now: float, seed: int) -> Cluster:
    """An empty cluster whose clock starts at `now` (Unix s)."""
    timeline = Timeline(now)
    rng = random.Random(f"{name}/{seed}")
    return Cluster(name, profile, timeline, Storage(timeline.now, rng), rng)

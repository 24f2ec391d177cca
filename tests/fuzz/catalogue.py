"""Every target by its name."""

from __future__ import annotations

from . import login_targets, targets
from .targets import Target

TARGETS: dict[str, Target] = targets.TARGETS | {target.name: target for target in login_targets.TARGETS}

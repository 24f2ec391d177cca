"""Every target by its name."""

from __future__ import annotations

from . import frames, hostile, login_targets, objects, targets
from .targets import Target

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        *targets.TARGETS.values(),
        *login_targets.TARGETS,
        *objects.TARGETS,
        *hostile.TARGETS,
        *frames.TARGETS,
    )
}

"""Every target by its name."""

from __future__ import annotations

from . import any_kind, frames, hostile, login_targets, objects, targets
from .targets import Target

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        *targets.TARGETS.values(),
        *login_targets.TARGETS,
        *objects.TARGETS,
        *hostile.TARGETS,
        *frames.TARGETS,
        *any_kind.TARGETS,
    )
}

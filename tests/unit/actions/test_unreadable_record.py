"""A record that cannot be read back costs what it remembers, and never ends an action in a defect."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.guard.record import past
from edgetui.actions.messages import Refusal
from edgetui.actions.rollout import rollback
from edgetui.actions.scaling import scale
from edgetui.actions.scaling.before_zero import recall
from edgetui.actions.undo import undo
from edgetui.model.identity import ObjectKey, ObjectRef

from .every_action import half_done, healthy
from .scripted import scripted

REF = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "", "")


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    """A record whose place is taken by a directory, as unreadable to root as one of another user is to others."""
    path = tmp_path / "audit.jsonl"
    path.mkdir()
    return AuditLog(path)


async def test_an_object_at_0_is_offered_the_number_of_an_earlier_revision(log: AuditLog) -> None:
    site = healthy(replicas=0)
    async with scripted(site.answer) as (_, session):
        view = await scale.prepare(session, REF)
        recalled = await recall(log, session, view.ref)
        assert (recalled.replicas, recalled.said) == (3, "as an earlier revision had")


async def test_revisions_are_judged_by_the_word_of_the_server_alone(log: AuditLog) -> None:
    async with scripted(half_done().answer) as (_, session):
        assert (await rollback.prepare(session, REF, log)).suggested is not None


async def test_undo_says_that_it_cannot_be_read(log: AuditLog) -> None:
    async with scripted(healthy().answer) as (_, session):
        with pytest.raises(Refusal, match=r"The audit record .* cannot be read"):
            await undo.prepare(session, REF, log)


def test_a_guard_does_not_begin_without_knowing_what_it_did_before(log: AuditLog) -> None:
    with pytest.raises(Refusal, match="cannot be read"):
        past(log.path, "uid-1")

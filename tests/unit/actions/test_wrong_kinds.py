"""An action that is pointed at a kind which it does not work on refuses, before anything is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgetui.actions.catalogue import ACTIONS, Access
from edgetui.actions.change.spec import Aim, spec_of
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.messages import Refusal
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import KINDS

from .every_action import healthy
from .site import Site, shell_on
from .test_every_field_of_an_action import Direct

POINTED = {
    id: action
    for id, action in ACTIONS.items()
    if action.module
    and action.kinds
    and not action.any_kind
    and not action.on_cluster
    and not action.on_terminal
}


@pytest.mark.parametrize("id", POINTED)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_kind_that_it_does_not_work_on_is_refused_unread(id: str, kind: str, tmp_path: Path) -> None:
    action = POINTED[id]
    if action.works_on(kind):
        return
    session = Direct(Site())
    ref = ObjectRef(ObjectKey("plant", kind, "line-2", "press"), "", "")
    with pytest.raises(Refusal) as refused:
        await spec_of(id).read(Aim(id, session, ref, AuditLog(tmp_path / "audit.jsonl"), {}))
    assert refused.value.sentence.endswith(f" does not work on a {kind}.")
    assert session.site.requests == []


@pytest.mark.parametrize("id", ACTIONS)
@pytest.mark.parametrize("kind", [*KINDS, "Pump"])
def test_what_an_action_works_on_and_which_rights_that_needs(id: str, kind: str) -> None:
    action = ACTIONS[id]
    assert action.works_on(kind) == (bool(action.any_kind) or action.on_cluster or kind in action.kinds)
    rights = action.rights(kind, "water.example.com", "pumps")
    if action.any_kind:
        assert rights[0] == Access(action.any_kind, "pumps", "water.example.com")
        assert {one.verb for one in rights} == {action.any_kind, "get"}
        assert len(rights) == len({one.verb for one in rights})
    elif action.works_on(kind):
        assert rights == action.needs.get(kind, action.needs.get("", ()))


def test_a_label_for_a_plan_is_set_on_nodes_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with shell_on(healthy(), tmp_path, monkeypatch, capsys) as shell:
        told = shell.run("skip-update", "deploy/press", "k3s-agent", "--yes")
        assert shell.site.writes == []
    assert told.code == 1
    assert told.json["error"]["sentence"] == "Skip update does not work on a Deployment."

"""The action registry: help, footer and greyed keys are made of it."""

from __future__ import annotations

import pytest

from edgetui.actions.catalogue import ACTIONS, needs
from edgetui.actions.messages import Refusal
from edgetui.model.kinds import KINDS


def test_keys_and_ids_are_unique() -> None:
    keys = [action.key for action in ACTIONS.values() if action.key]
    assert len(set(keys)) == len(keys)
    assert [action.id for action in ACTIONS.values()] == list(ACTIONS)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("scale", {"Deployment", "StatefulSet", "ReplicaSet"}),
        ("rollback", {"Deployment", "StatefulSet", "DaemonSet"}),
        ("restart", {"Deployment", "StatefulSet", "DaemonSet"}),
    ],
)
def test_an_action_works_on_exactly_these_kinds(name: str, kinds: set[str]) -> None:
    assert ACTIONS[name].kinds == kinds


@pytest.mark.parametrize("name", ["scale", "rollback", "pause", "restart", "image", "cancel", "undo"])
def test_rights_name_the_resource_of_their_kind(name: str) -> None:
    for kind, rights in ACTIONS[name].needs.items():
        assert rights[0].resource == KINDS[kind].plural
        assert {right.group for right in rights} == {KINDS[kind].group}


def test_rights_in_words() -> None:
    assert ACTIONS["scale"].verbs[0] == "update deployments/scale"
    assert ACTIONS["rotate"].verbs == ("create serviceaccounts/token", "create secrets", "delete secrets")


def test_a_kind_it_does_not_work_on_is_refused_with_those_it_does() -> None:
    with pytest.raises(Refusal) as refused:
        needs("rollback", "Pod")
    assert "Pod" in refused.value.sentence
    assert "DaemonSet, Deployment, StatefulSet" in refused.value.next_step


def test_what_another_action_does_on_a_kind_works_on_that_kind() -> None:
    found = [(action, kind, other) for action in ACTIONS.values() for kind, other in action.instead.items()]
    assert found
    for action, kind, other in found:
        assert not action.works_on(kind)
        assert ACTIONS[other].works_on(kind)

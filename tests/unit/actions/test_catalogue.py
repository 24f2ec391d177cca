"""Every action as the catalogue, its rights and its Spec have it: what keys, menu, help and commands are made of.

`pytest tests/unit/actions/test_catalogue.py --snapshot-update` takes what they say now; look at what
differs first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.action import Action
from edgetui.actions.catalogue import ACTIONS, OLD_NAMES, needs, present_name, words_of
from edgetui.actions.change.spec import Argument, Spec, spec_of
from edgetui.actions.messages import Refusal
from edgetui.actions.rights import Access

CALLED = ("read", "one_more")
"""Fields of an argument that are functions."""


def access(right: Access) -> str:
    name = "" if right.named else ", of any name"
    return f"{right.words} in {right.group or 'core'}{name}"


def row_of(action: Action) -> Iterator[str]:
    """What its row says, and what is made of it."""
    for name in Action.__struct_fields__:
        if name != "needs" and (value := getattr(action, name)):
            yield f"{name}: {json.dumps(value)}"
    assert (words_of(action.id), present_name(action.id)) == (action.label, action.id)
    for kind, rights in action.needs.items():
        assert needs(action.id, kind) == rights
        yield f"needs on {kind or 'the cluster'}: {'; '.join(map(access, rights))}"
        assert (action.rights(kind) == rights) != bool(action.any_kind)
    assert all(action.works_on(kind) for kind in action.kinds)
    assert action.works_on("Nothing") == (bool(action.any_kind) or action.on_cluster)
    yield f"on any kind: {'; '.join(map(access, action.rights('Pump', 'water.example.com', 'pumps')))}"
    yield f"{action.heading}, on the cluster {action.on_cluster}: {', '.join(action.verbs)}"


def argument_of(argument: Argument) -> str:
    fields = {
        name: value
        for name in Argument.__struct_fields__
        if name not in CALLED and (value := getattr(argument, name)) not in ("", False, ())
    }
    return f"{json.dumps(fields, default=str)} counts {argument.counts}, one more {argument.one_more('word')}"


def spec_in_words(spec: Spec[Any, Any]) -> Iterator[str]:
    """What is no function, and which functions there are."""
    for name in Spec.__struct_fields__:
        value = getattr(spec, name)
        if name == "arguments":
            yield from map(argument_of, value)
        elif callable(value) or isinstance(value, msgspec.Struct):
            yield f"{name}: given"
        elif value:
            yield f"{name}: {json.dumps(value)}"


@pytest.mark.parametrize("name", ACTIONS)
def test_what_the_catalogue_says_of_an_action(name: str, snapshot: SnapshotAssertion) -> None:
    action = ACTIONS[name]
    spec = () if action.on_terminal else spec_in_words(spec_of(name))
    assert "\n".join([*row_of(action), "-- spec", *spec]) == snapshot


def test_a_name_of_no_action_is_its_own_word() -> None:
    assert (words_of("explode"), present_name("explode")) == ("explode", "explode")
    assert {old: present_name(old) for old in OLD_NAMES} == OLD_NAMES
    assert set(OLD_NAMES.values()) <= set(ACTIONS)


@pytest.mark.parametrize("kind", ["", "Deployment", "Rollout", "Canary", "Pump"])
def test_what_works_on_a_kind_and_why_the_others_do_not(kind: str, snapshot: SnapshotAssertion) -> None:
    lines = []
    for name in ACTIONS:
        try:
            found = "; ".join(map(access, needs(name, kind))) or "no right of its own"
        except Refusal as problem:
            found = str(problem)
        lines.append(f"{name}: {found}")
    assert "\n".join(lines) == snapshot

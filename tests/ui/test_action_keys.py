"""The keys that act: what pressing one begins or is told, in which menu it stands, and when its code is loaded."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from edgetui.actions.catalogue import ACTIONS
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.view.fleet import Fleet
from edgetui.ui.action_keys import LOAD_AFTER, ActionKeys, Why
from edgetui.ui.dialogs import action_menu
from edgetui.ui.widgets.bars import KeyHint
from tests.unit.model import factories as f

from .noting import Noting

PRESS = ObjectKey("plant", "Deployment", "default", "press")
STILL = ObjectKey("plant", "Deployment", "default", "still")
EDGE = ObjectKey("plant", "Node", "", "edge-1")
GONE = ObjectKey("van", "Deployment", "default", "press")


def ref(key: ObjectKey, uid: str = "u") -> ObjectRef:
    return ObjectRef(key, uid, "7")


class Screen(Noting):
    """An app with one connected cluster; `missing` are the rights that are known to be missing."""

    def __init__(
        self, *, flows: bool = False, read_only: bool = False, allowed: bool = False, missing: str = ""
    ) -> None:
        noted: list[Any] = []
        begins = Noting(noted, missing=lambda action, key: missing)
        still = f.deployment("still")
        still["spec"]["paused"] = True
        store = f.store_of(f.deployment("press"), still, f.node("edge-1"))
        names = {field for action in ACTIONS.values() for field, _ in [action.allowed] if field}
        session = SimpleNamespace(target=SimpleNamespace(**dict.fromkeys(names, allowed)))
        super().__init__(
            noted, fleet=Fleet([store]), jobs=[], sessions={"plant": session}, loaded_flows=begins if flows else None,
            flows=begins, options=SimpleNamespace(read_only=read_only), front=SimpleNamespace(target=ref(PRESS)),
            timers=[], shown=[],
        )  # fmt: skip

    def key_of(self, name: str, default: str) -> str:
        return {"scale": "f5", "actions": ","}.get(name, default)

    def set_timer(self, seconds: float, work: Any) -> str:
        self.__dict__["timers"].append((seconds, work))
        return "a timer"

    def push_screen(self, screen: Any, answered: Any) -> None:
        self.__dict__["shown"].append((screen, answered))


def an_app(*, flows: bool = False, read_only: bool = False, allowed: bool = False, missing: str = "") -> Any:
    return Screen(flows=flows, read_only=read_only, allowed=allowed, missing=missing)


def keys_of(app: Any) -> ActionKeys:
    return ActionKeys(app)


def said(app: Any) -> list[str]:
    return [text for what, text in app.noted if what == "flash"]


# -- the footer


def test_the_footer_has_the_most_used_actions_of_a_kind_with_why_one_does_not_work() -> None:
    app = an_app()
    looks = [KeyHint("l", "logs")]
    shown = [(one.key, one.label, one.off) for one in keys_of(app).hints(PRESS, ["Pod"], looks)]
    assert shown[0] == ("f5", "scale", "")
    assert shown[-2:] == [(",", "actions", ""), ("l", "logs", "")]
    assert [label for _, label, _ in shown[:-2]] == [
        one.label for one in ACTIONS.values() if one.key and one.front and one.works_on("Deployment")
    ]
    still = {one.label for one in keys_of(app).hints(STILL, ["Pod"])}
    assert still - {label for _, label, _ in shown} == {"resume"}, (
        "what takes something back has its key here too"
    )
    assert {one.off for one in keys_of(an_app(read_only=True)).hints(PRESS, ())[:-1]} == {"read-only"}
    lacking = keys_of(an_app(flows=True, missing="may not patch")).hints(PRESS, ())
    assert {one.off for one in lacking[:-1]} == {"may not patch"}


@pytest.mark.parametrize("kinds", [(), ("Deployment",), ("Pod", "Deployment")])
def test_without_a_row_the_footer_has_the_keys_of_the_first_kind(kinds: Sequence[str]) -> None:
    keys = keys_of(an_app())
    labels = [one.label for one in keys.hints(None, kinds)]
    kind = kinds[0] if kinds else ""
    assert labels[:-1] == [
        one.label for one in ACTIONS.values()
        if one.key and one.front and (one.works_on(kind) or kind in one.instead)
    ]  # fmt: skip
    assert {one.off for one in keys.hints(None, kinds)[:-1]} <= {"no row"}


# -- why not


def test_what_the_configuration_has_to_allow_is_refused_with_the_setting() -> None:
    guarded = [one for one in ACTIONS.values() if one.allowed[0]]
    assert guarded
    for action in guarded:
        key = next(one for one in (EDGE, PRESS) if action.works_on(one.kind))
        field, setting = action.allowed
        refused = Why(
            "not allowed by config.yaml",
            f"{action.heading} is not allowed on plant; {setting} in config.yaml allows it.",
        )
        assert keys_of(an_app()).why_not(action, key) == refused, field
        assert keys_of(an_app(allowed=True)).why_not(action, key) != refused
        assert keys_of(an_app()).why_not(action, key._replace(cluster="van")) != refused, (
            "nothing is known there"
        )


# -- beginning


def test_nothing_begins_without_an_object_or_on_one_that_just_changed_by_itself() -> None:
    app = an_app()
    keys_of(app).act("scale", None, True)
    keys_of(app).act("scale", ref(PRESS), False)
    assert app.noted == [
        ("flash", "There is nothing under the cursor."),
        ("flash", "The row just changed by itself. Look, then press the key again."),
    ]


def test_what_was_meant_begins_on_every_object() -> None:
    app = an_app()
    keys_of(app).act("scale", ref(PRESS), True, "3")
    keys_of(app).act("pause", ref(STILL), True)
    keys_of(app).act_in_turn("restart", [ref(PRESS), ref(STILL)])
    assert app.noted == [
        ("begin", "scale", ref(PRESS), "3"),
        ("begin", "resume", ref(STILL), ""),
        ("begin", "restart", ref(PRESS), ref(STILL), ""),
    ]


def test_an_action_that_is_another_one_on_a_kind_begins_as_that() -> None:
    for action in ACTIONS.values():
        for kind, other in action.instead.items():
            app = an_app(allowed=True)
            keys_of(app).act_in_turn(action.id, [ref(PRESS._replace(kind=kind))])
            assert app.noted == [("begin", other, ref(PRESS._replace(kind=kind)), "")], (action.id, kind)


def test_one_that_refuses_is_said_and_nothing_begins_on_any() -> None:
    app = an_app()
    keys_of(app).act_in_turn("scale", [ref(PRESS), ref(EDGE)])
    assert app.noted == [
        ("flash", "Scale does not work on node edge-1 on plant. ? lists what works where."),
        ("look_up_rights", EDGE),
    ]
    app.noted.clear()
    keys_of(app).act("scale", ref(GONE), True)
    assert app.noted == [("flash", "van is not connected.")], "of what is not connected no rights are asked"


def test_a_missing_right_is_told_by_the_action_itself_which_asks_for_it_again() -> None:
    app = an_app(flows=True, missing="may not patch")
    keys_of(app).act("scale", ref(PRESS), True)
    assert app.noted == [("begin", "scale", ref(PRESS), "")]
    app = an_app(flows=True, missing="may not patch")
    keys_of(app).act("scale", ref(GONE), True)
    assert said(app) == ["van is not connected."]


# -- the menu


def test_the_menu_has_every_action_on_an_object_with_its_letter_and_why_it_does_not_work() -> None:
    app, begun = an_app(), list[str]()
    keys = keys_of(app)
    keys.menu(None, begun.append)
    assert said(app) == ["There is nothing under the cursor."]
    with patch.object(action_menu, "ActionMenu", lambda title, entries: (title, entries)):
        keys.menu(ref(STILL), begun.append)
    (((title, entries), chosen),) = app.shown
    assert title == "deployment still in default on plant"
    turned = {action.turns[1] for action in ACTIONS.values()}
    assert [one.action for one in entries] == [
        {"pause": "resume"}.get(one.id, one.id)
        for one in ACTIONS.values()
        if one.works_on("Deployment") and one.id not in turned
    ]
    by_action = {one.action: one for one in entries}
    assert (by_action["scale"].letter, by_action["scale"].label) == ("f5", "scale")
    assert (by_action["resume"].letter, by_action["resume"].help) == ("p", ACTIONS["resume"].help)
    letters = {one.action: one.letter for one in entries}
    assert all(
        letters[one.id] == one.letter
        for one in ACTIONS.values()
        if one.id in letters.keys() - turned and not one.key
    )
    app.noted.clear()
    chosen(None)
    assert (begun, app.noted) == ([], [])
    for target in (None, ref(PRESS), ref(STILL, "another")):
        app.front.target = target
        chosen("scale")
        gone = "The cursor is no longer on deployment still in default on plant: nothing was begun."
        assert (begun, said(app)) == ([], [gone])
        app.noted.clear()
    app.front.target = ref(STILL)
    chosen("scale")
    assert (begun, app.noted) == (["scale"], [])


def test_the_menu_says_in_few_words_why_nothing_works() -> None:
    app = an_app(read_only=True)
    with patch.object(action_menu, "ActionMenu", lambda title, entries: entries):
        keys_of(app).menu(ref(PRESS), lambda action: None)
    ((entries, _),) = app.shown
    assert {one.off for one in entries} == {"read-only"}


# -- loading


def test_the_code_of_actions_is_loaded_once_after_the_cursor_first_rested() -> None:
    app = an_app()
    keys = keys_of(app)
    keys.rests(None)
    assert app.timers == []
    keys.rests(PRESS)
    keys.rests(EDGE)
    assert [seconds for seconds, _ in app.timers] == [LOAD_AFTER]
    app.__dict__["loaded_flows"] = app.flows
    keys.rests(EDGE)
    assert (len(app.timers), app.noted) == (1, [("look_up_rights", EDGE)])
    app = an_app()
    app.__dict__["sessions"] = {}
    keys_of(app).rests(PRESS)
    assert (app.timers, app.noted) == ([], [])


@pytest.mark.parametrize("target", [None, ref(PRESS)])
async def test_once_it_is_loaded_the_rights_of_what_is_in_front_are_looked_up(
    target: ObjectRef | None,
) -> None:
    app = an_app()
    app.front.target = target
    keys = keys_of(app)
    keys.rests(PRESS)
    ((_, load),) = app.timers
    await load()
    assert "edgetui.ui.flows" in sys.modules
    assert app.noted == [("samples", None), *([("look_up_rights", PRESS)] if target else [])]

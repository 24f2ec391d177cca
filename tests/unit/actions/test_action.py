"""One action of the catalogue: what it is where nothing is said of it, and what is made of its fields."""

from __future__ import annotations

import pytest

from edgetui.actions.action import Action
from edgetui.actions.guard.action import SPEC, seconds
from edgetui.actions.rights import Access

GET, PATCH = Access("get", "pumps", "water"), Access("patch", "pumps", "water", "status")
PLAIN = Action("open", "o", "open it", "Opens it.", {"Pump": (GET, PATCH), "Valve": (GET,)})
ANYWHERE = Action("edit", "", "edit", "Edits.", {}, any_kind="patch")
CLUSTER = Action("rotate", "t", "rotate", "Rotates.", {"": (PATCH,)})


def test_what_an_action_is_where_nothing_is_said_of_it() -> None:
    assert {name: getattr(PLAIN, name) for name in Action.__struct_fields__} == {
        "id": "open",
        "key": "o",
        "label": "open it",
        "help": "Opens it.",
        "needs": {"Pump": (GET, PATCH), "Valve": (GET,)},
        "danger": False,
        "front": False,
        "module": "",
        "undone": False,
        "at_once": False,
        "number": "",
        "text": "",
        "turns": ("", ""),
        "unless": ("", ""),
        "allowed": ("", ""),
        "letter": "",
        "any_kind": "",
        "only_once": False,
        "to_its_end": False,
        "on_terminal": False,
        "group": "pods",
        "forms": (),
        "example": "",
        "instead": {},
        "left": {},
    }


@pytest.mark.parametrize(
    ("action", "on_cluster", "kinds", "works"),
    [
        (PLAIN, False, {"Pump", "Valve"}, {"Pump": True, "Valve": True, "Pod": False, "": False}),
        (ANYWHERE, False, set(), {"Pump": True, "Pod": True, "": True}),
        (CLUSTER, True, set(), {"Pump": True, "": True}),
    ],
    ids=["of two kinds", "of any kind", "of the cluster"],
)
def test_what_it_works_on(action: Action, on_cluster: bool, kinds: set[str], works: dict[str, bool]) -> None:
    assert action.on_cluster is on_cluster
    assert action.kinds == kinds
    assert {kind: action.works_on(kind) for kind in works} == works


def test_the_rights_that_it_needs() -> None:
    assert PLAIN.rights("Pump") == (GET, PATCH)
    assert PLAIN.rights("Valve", "x", "y") == (GET,)
    assert PLAIN.rights("Pod") == ()
    assert CLUSTER.rights("Pod") == (PATCH,)
    assert ANYWHERE.rights("Pump", "water", "pumps") == (
        Access("patch", "pumps", "water"),
        Access("get", "pumps", "water"),
    )
    reads = Action("undo", "u", "undo", "Undoes.", {"Pod": (GET,)}, any_kind="get")
    assert reads.rights("Pod", "", "pods") == (Access("get", "pods"),)


def test_its_words() -> None:
    assert (PLAIN.heading, Action("a", "", "", "", {}).heading) == ("Open it", "")
    assert PLAIN.verbs == ("get pumps", "patch pumps/status")
    assert CLUSTER.verbs == ("patch pumps/status",)
    assert ANYWHERE.verbs == ()


def test_a_right_is_about_the_object_that_is_aimed_at_unless_it_says_otherwise() -> None:
    assert (GET.named, GET.subresource, Access("get", "pods").group) == (True, "", "")
    assert not Access("list", "pods", named=False).named


def test_what_a_guard_asks_for() -> None:
    asked = [
        (one.name, one.flags, one.metavar, one.label, one.switch, one.default, one.read)
        for one in SPEC.arguments
    ]
    assert asked == [
        ("patience", ("--for",), "T", "failure window", False, 120.0, seconds),
        ("after", ("--after",), "T", "observe after success", False, 600.0, seconds),
        ("undo", ("--undo",), "", "template back", True, False, str),
        ("once", ("--once",), "", "", True, False, str),
    ]
    assert (seconds("1s"), seconds("1.5m")) == (1.0, 90.0)
    assert SPEC.watches == ("Node",)

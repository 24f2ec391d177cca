"""Fields of a form, what keys do in them, and what a form says of its answer: nothing is drawn."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.actions.change.form import AnswerKey, Fact, Form, Leads, Part
from edgetui.actions.change.spec import Argument, whole_number
from edgetui.actions.messages import Refusal
from edgetui.ui.dialogs.base import Dialog
from edgetui.ui.dialogs.form import NO, YES, Field, FormScreen, _label

from .noting import Noting
from .test_action_flow import an_app as an_app
from .test_text_grids import marked, page

COUNT = Argument("count", "how many", "N", read=whole_number)
SWITCH = Argument("force", "whatever is the matter", flags=("--force",), switch=True, default=False)
CHOICE = Argument("cascade", "what becomes of its pods", choices=("background", "foreground", "orphan"))
TEXT = Argument("image", "the image", default="none", hint="as it is pulled")
MANY = Argument("ports", "which", many=True, read=whole_number)


@pytest.mark.parametrize(
    ("argument", "value", "text", "given"),
    [
        (COUNT, 3, "3", 3),
        (COUNT, None, "", None),
        (SWITCH, True, YES, True),
        (SWITCH, False, NO, False),
        (CHOICE, "orphan", "orphan", "orphan"),
        (TEXT, "press:2", "press:2", "press:2"),
        (TEXT, None, "", "none"),
        (TEXT, "  ", "  ", "none"),
        (MANY, "80 443", "80 443", [80, 443]),
    ],
)
def test_a_value_stands_in_its_field_and_comes_back(
    argument: Argument, value: Any, text: str, given: Any
) -> None:
    field = Field(argument, value)
    assert (field.value, field.given) == (text, given)
    assert field.select_on_focus == (not argument.edited)


def test_what_is_no_number_is_told() -> None:
    field = Field(Argument("ports", "which", read=whole_number, many=True), "80 x")
    with pytest.raises(ValueError, match="not a whole number"):
        _ = field.given


@pytest.mark.parametrize(
    ("argument", "value", "steps"),
    [
        (COUNT, 3, [(1, "4"), (1, "5"), (-1, "4")]),
        (COUNT, 1, [(-1, "0"), (-1, "0"), (1, "1")]),
        (COUNT, None, [(1, "1")]),
        (COUNT, None, [(-1, "0")]),
        (SWITCH, False, [(1, YES), (1, NO), (-1, YES)]),
        (CHOICE, "background", [(-1, "foreground"), (-1, "orphan"), (-1, "background"), (1, "orphan")]),
        (TEXT, "x", [(1, "x"), (-1, "x")]),
    ],
)
def test_up_and_down_count_and_choose(argument: Argument, value: Any, steps: list[tuple[int, str]]) -> None:
    field = Field(argument, value)
    for step, text in steps:
        field.turn(step)
        assert field.value == text
    words = {"count": "increase, decrease", "force": "choice", "cascade": "choice"}
    assert field.turns == words.get(argument.name, "")


@pytest.mark.parametrize(
    ("argument", "takes"),
    [(COUNT, "0123456789"), (SWITCH, ""), (CHOICE, ""), (TEXT, "0123456789ay /")],
)
def test_which_keys_are_text_in_a_field(argument: Argument, takes: str) -> None:
    field = Field(argument, None)
    for character in ("0", "9", "a", "y", " ", "/", "\x1b", None):
        taken = field.check_consume_key("key", character)
        assert taken == (character is not None and character in takes), character


@pytest.mark.parametrize(
    ("argument", "label"),
    [
        (COUNT, "count"),
        (Argument("x", "", flags=("-c", "--cpu-limit", "--cpu")), "cpu limit"),
        (Argument("x", "", flags=("--cpu-limit",), label="limit of cpu"), "limit of cpu"),
        (Argument("some-name", ""), "some name"),
    ],
)
def test_a_field_is_called_as_its_argument_is_read(argument: Argument, label: str) -> None:
    assert _label(Field(argument, None)) == label


# -- forms


def form(made: Form, *arguments: Argument, leads: Any = None, note: str = "") -> Any:
    """A form that is not on a screen; its first field has the cursor."""
    screen: Any = FormScreen.__new__(FormScreen)
    noted: list[Any] = []
    screen.__dict__.update(
        _title="Scale press", _note=note, _view="view", _make=lambda view: made, _form=made, _at=0, _typed={},
        _leads=leads or (lambda view, given: Leads()), noted=noted,
    )  # fmt: skip
    stands = screen._stands()
    screen.__dict__["_fields"] = [Field(one, stands[one.name]) for one in arguments if one.name in stands]
    return screen


PARTS = (
    Part("app", "app press:1", {"count": 3}),
    Part("side", "side side:1", {"count": 5}),
    Part("log", "log log:1", {"count": 7}),
)


def test_a_form_gives_what_is_typed_under_its_names() -> None:
    one = form(Form({"count": 3, "force": True, "other": 1}), COUNT, SWITCH, TEXT)
    assert one._values() == {"count": 3, "force": True}
    several = form(Form(parts=PARTS, part="container"), COUNT)
    assert several._values() == {"container": "app", "count": 3}
    several.__dict__["_at"] = 2
    assert (several._values(), several._stands()) == ({"container": "log", "count": 3}, {"count": 7})


def wrong(problem: Exception) -> Any:
    def leads(view: Any, given: Any) -> Leads:
        raise problem

    return leads


def test_what_cannot_be_answered_is_said() -> None:
    made = Form({"count": 3})
    assert form(made, COUNT, leads=wrong(Refusal("Not now.", "Wait.")))._led() == Leads(wrong="Not now.")
    assert form(made, COUNT, leads=wrong(ValueError("no number")))._led() == Leads(wrong="no number")
    seen: list[Any] = []
    led = Leads(notes=("x",))

    def leads(view: Any, given: Any) -> Leads:
        seen.append((view, given))
        return led

    assert form(made, COUNT, leads=leads)._led() is led
    assert seen == [("view", {"count": 3})]


LEADS = {
    "nothing": Leads(),
    "wrong": Leads(wrong="too many", warnings=("w",), same="same", diff=("- a",), notes=("n",)),
    "same": Leads(same="nothing changes"),
    "all": Leads(
        ("first", "second"), diff=("- replicas: 3", "+ replicas: 6"), notes=("a note",),
        keys=(AnswerKey("z", "scale to 0", {"count": 0}),),
    ),
}  # fmt: skip
WORDS = {
    "nothing": [],
    "wrong": ["<bad>! too many</>"],
    "same": ["<quiet>nothing changes</>"],
    "all": [
        "<warn>! first</>", "<warn>! second</>", "<title>what changes</>", "<remove>  - replicas: 3</>",
        "<add>  + replicas: 6</>", "<quiet>  a note</>", "  <key>z</> scale to 0",
    ],
}  # fmt: skip


@pytest.mark.parametrize("leads", LEADS)
@pytest.mark.parametrize("note", ["", "It was changed."])
def test_a_form_says_what_it_is_about_and_what_its_answer_leads_to(
    leads: str, note: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FormScreen, "app", SimpleNamespace(now=lambda: 1000.0))
    facts = (Fact("now", "3 replicas"), Fact("last scale", "by hpa", 940))
    made = form(Form({"count": 3}, facts), COUNT, leads=lambda view, given: LEADS[leads], note=note)
    assert page(made.lines()).split("\n") == [
        "<title>Scale press</>",
        *(["<warn>! It was changed.</>"] if note else []),
        "",
        "<quiet>now         </>3 replicas",
        "<quiet>last scale  </>by hpa, 1m ago",
        "<quiet>how many</>",
        *WORDS[leads],
    ]


def test_the_parts_of_a_form_and_what_its_field_means(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FormScreen, "app", SimpleNamespace(now=lambda: 1000.0))
    several = form(Form(parts=PARTS, part="container"), COUNT)
    several.__dict__["_at"] = 1
    assert [marked(one) for one in several._parts()] == [
        "  app press:1", "<cursor>> side side:1</>", "  log log:1"
    ]  # fmt: skip
    one = form(Form(parts=PARTS[:1], part="container"), COUNT)
    assert [marked(line) for line in one._parts()] == ["  app press:1"]
    none = form(Form({"image": "x"}), TEXT)
    assert none._parts() == []
    assert page(none.lines()).split("\n")[-1] == "<quiet>as it is pulled</>"


@pytest.mark.parametrize(
    ("made", "arguments", "said"),
    [
        (Form({"count": 3}), (COUNT,), "enter continue  ↑↓ increase, decrease  esc cancel  "),
        (Form({"image": "x"}), (TEXT,), "enter continue  esc cancel  "),
        (Form({"image": "x", "count": 3}), (TEXT, COUNT), "enter continue  tab next field  esc cancel  "),
        (Form(parts=PARTS, part="container"), (COUNT,), "enter continue  ↑↓ container  esc cancel  "),
        (
            Form(parts=PARTS[:1], part="container"),
            (COUNT,),
            "enter continue  ↑↓ increase, decrease  esc cancel  ",
        ),
    ],
)
def test_a_form_says_which_keys_do_something(made: Form, arguments: tuple[Argument, ...], said: str) -> None:
    hints = form(made, *arguments)._hints()
    assert all(one.priority for one in FormScreen.BINDINGS), "before the field has them"  # type: ignore[union-attr]
    assert "".join(one.text for one in hints) == said
    assert [one.role for one in hints] == ["key", "row"] * (len(hints) // 2)


def test_what_was_typed_for_each_part_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FormScreen, "show_lines", lambda self: self.noted.append("shown"))
    several = form(Form(parts=PARTS, part="container"), COUNT)
    (field,) = several._fields
    for step, typed, stands in ((-1, "4", "5"), (-1, "6", "7"), (-1, "8", "4"), (1, "9", "8"), (1, "1", "6")):
        field.value = typed
        several.action_turn(step)
        assert (field.value, field.cursor_position) == (stands, len(stands))
    assert several.noted == ["shown"] * 5
    one = form(Form({"count": 3}), COUNT)
    one.action_turn(1)
    assert (one._fields[0].value, one.noted) == ("4", [])


def test_what_is_read_later_stands_where_nothing_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FormScreen, "show_lines", lambda self: self.noted.append("shown"))
    made = form(Form({"count": 3, "image": "a"}), COUNT, TEXT)
    made.__dict__["_keys"] = Noting(made.noted)
    made.__dict__["_make"] = lambda view: Form({"count": 5, "image": "b"})
    made._fields[1].value = "typed"
    made.fill("whole")
    assert [field.value for field in made._fields] == ["5", "typed"]
    assert (made._view, made.noted) == ("whole", ["shown", ("say", made._hints())])


@pytest.mark.parametrize("current", [True, False])
@pytest.mark.parametrize("leads", LEADS)
def test_an_answer_is_given_where_it_changes_something(
    leads: str, current: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FormScreen, "is_current", current)
    monkeypatch.setattr(FormScreen, "dismiss", lambda self, answer: self.noted.append(answer))
    made = form(Form({"count": 3}), COUNT, leads=lambda view, given: LEADS[leads])
    made.action_submit()
    assert made.noted == ([{"count": 3}] if current and leads in ("nothing", "all") else [])
    made.noted.clear()
    event = Noting(made.noted, character="z")
    made.on_key(event)
    given = [{"count": 0}] if current else []
    assert made.noted == ([("stop",), *given] if leads == "all" else [])
    made.noted.clear()
    event.__dict__["character"] = "y"
    made.on_key(event)
    made.action_dismiss_harmless()
    assert made.noted == [None]


@pytest.mark.parametrize(("first", "focused"), [("", 0), ("image", 1), ("nothing", 0)])
def test_a_form_says_its_keys_and_has_the_cursor_in_its_first_field(
    first: str, focused: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = form(Form({"count": 3, "image": "a"}, first=first), COUNT, TEXT)
    monkeypatch.setattr(Dialog, "on_mount", lambda self: self.noted.append("mounted"))
    monkeypatch.setattr(FormScreen, "show_lines", lambda self: self.noted.append("shown"))
    monkeypatch.setattr(Field, "focus", lambda self: made.noted.append(("focus", self.argument.name)))
    made.__dict__["_keys"] = Noting(made.noted)
    made.on_mount()
    said = ("say", made._hints())
    assert made.noted == ["mounted", said, ("focus", ("count", "image")[focused])]
    made.noted.clear()
    made.on_descendant_focus()
    assert made.noted == [said, "shown"]
    made.noted.clear()
    made.on_input_changed(Noting(made.noted))
    assert made.noted == [("stop",), "shown"]
    for step, name in ((1, "image"), (-1, "image"), (2, "count")):
        made.noted.clear()
        made.action_field(step)
        assert made.noted == [("focus", name)]


def test_the_fields_of_a_form_stand_below_it_with_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgetui.ui.dialogs.form.LabelledField", lambda *given: given)
    made = form(Form({"count": 3, "force": False}), COUNT, SWITCH)
    made.__dict__["_keys"] = "the keys"
    count, force = made._fields
    assert made.below() == [("count", count, 8), ("force", force, 8), "the keys"]

"""What every action shares: its arguments, its way back, and how it is carried out."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.actions.catalogue import needs
from edgetui.actions.change import spec as specs
from edgetui.actions.change.change import Change, Spot
from edgetui.actions.change.ending import Ending
from edgetui.actions.change.long_running import Ended, Listener
from edgetui.actions.change.spec import (
    Aim,
    Argument,
    Next,
    SetBack,
    Spec,
    State,
    differences,
    loaded,
    no_answer,
    seen_whole,
    spec_of,
    way_back,
    whole_number,
)
from edgetui.actions.gate.done import Done
from edgetui.actions.messages import Changed, Json, Receipt
from edgetui.model.identity import ObjectKey, ObjectRef
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time

from .at_once import AtOnce, without_threads
from .every_action import PRESS, healthy
from .scripted import Watching
from .site import Site
from .test_change import change, set_up

REF = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "uid-1", "7")


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("7", 7), ("007", 7), ("2147483647", 2147483647)])
def test_a_whole_number(text: str, number: int) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.5", "x", "٣", "²", " 1"])
def test_what_is_no_whole_number(text: str) -> None:
    with pytest.raises(ValueError) as problem:
        whole_number(text)
    assert str(problem.value) == f"“{text}” is not a whole number from 0 up"


def test_an_argument_and_its_value() -> None:
    plain = Argument("image", "the image")
    assert {name: getattr(plain, name) for name in Argument.__struct_fields__ if name != "one_more"} == {
        "name": "image",
        "help": "the image",
        "metavar": "",
        "flags": (),
        "read": str,
        "default": None,
        "choices": (),
        "switch": False,
        "option": "",
        "label": "",
        "hint": "",
        "edited": False,
        "many": False,
        "rest": False,
        "kind": "",
    }
    assert (plain.one_more("x"), plain.counts, plain.value("a b")) == (True, False, "a b")
    assert replace(plain, many=True).value("a  b") == ["a", "b"]
    number = Argument("replicas", "how many", read=whole_number)
    assert (number.counts, number.value("3")) == (True, 3)
    assert replace(number, many=True).value("3 4") == [3, 4]


def test_the_lines_of_a_difference() -> None:
    old = {"paused": True, "min": None, "max": 4, "same": 1, "image": "a:1", "gone": 2}
    new = {"paused": False, "min": 2, "max": 4, "same": 1, "image": "a:2", "more": 3}
    assert differences(old, new) == (
        "- paused: true",
        "+ paused: false",
        "- min: not set",
        "+ min: 2",
        "- image: a:1",
        "+ image: a:2",
        "- gone: 2",
        "+ gone: not set",
    )
    assert differences({}, {"a": 1}) == ()


def test_no_answer_is_none() -> None:
    assert no_answer(object(), {}) is None  # type: ignore[func-returns-value]
    assert Next("scale", REF) == Next("scale", REF, {})
    assert Ended("It ended.") == Ended("It ended.", False, False, None)
    listener = Listener(print)
    assert listener.changed() is None  # type: ignore[func-returns-value]
    assert listener.step(None) is None  # type: ignore[func-returns-value, arg-type]


def test_a_spec_is_found_by_its_module_and_name() -> None:
    assert spec_of("restart").title is not spec_of("pause").title
    assert spec_of("promote") is not spec_of("abort")
    assert loaded("restart") and loaded("promote")


async def test_the_rights_of_an_aim() -> None:
    session = AtOnce(healthy())
    assert Aim("pause", session, REF).needs == needs("pause", "Deployment")
    anything = Aim("edit", session, REF)
    assert [one.words for one in anything.needs] == ["patch deployments", "get deployments"]
    assert {one.group for one in anything.needs} == {"apps"}
    pump = ObjectRef(ObjectKey("plant", "Pump", "line-2", "main"), "", "")
    assert [one.resource for one in Aim("edit", session, pump).needs] == ["", ""]
    other = SimpleNamespace(needs=needs("restart", "Deployment"))
    assert Aim("edit", session, REF, other=other).needs == needs("restart", "Deployment")
    assert anything.words == "deployment press"


class Pages:
    """An action that sets `spec.pages`."""

    def __init__(self, **more: Any) -> None:
        self.looked: list[str] = []
        self.spec: Spec[Json, int] = Spec(
            read=self.read,
            answer=lambda view, given: int(given["pages"]),
            title=lambda view, answer: f"Set {answer} pages",
            change=self.change,
            outcome=self.outcome,
            explain=self.explain,
            back=SetBack(
                now=lambda view, after: {"pages": view.get("pages"), "font": view.get("font")},
                answer=lambda view, before: int(before["pages"]),
                then=lambda view, before: f"at {before['pages']} pages",
                **more,
            ),
        )

    async def read(self, aim: Aim) -> Json:
        self.looked.append(f"read {aim.action} of {aim.ref.key.name}, on the screen {aim.on_screen}")
        return dict((await aim.session.api.get(PRESS))["spec"])

    async def explain(self, aim: Aim, view: Json) -> Json:
        self.looked.append(f"explain {aim.action}")
        return {**view, "explained": True}

    def change(self, session: Any, view: Json, answer: int) -> Change:
        more = ("It is explained.",) if view.get("explained") else ()
        return change(
            warnings=("It takes long.", "It takes long.", *more),
            spot=Spot(REF, 4),
            data={"pages": answer},
            applied=lambda there: there["spec"].get("pages") == answer,
        )

    async def outcome(self, run: Any, view: Json, answer: int, wait: float | None) -> Ending:
        return Ending(True, False, (f"{answer} pages, explained {view.get('explained')}, {wait} s",))


def done(before: Json, after: Json) -> Done:
    return Done("r1", "pause", "", "kim", "set pages", before, after, True)


@pytest.mark.parametrize(
    ("now", "before", "after", "state", "diff"),
    [
        ({"pages": 5}, {"pages": 3}, {"pages": 5}, State.LEFT, ("- pages: 5", "+ pages: 3")),
        ({"pages": 3}, {"pages": 3}, {"pages": 5}, State.BEFORE, ("- pages: 5", "+ pages: 3")),
        ({"pages": 9}, {"pages": 3}, {"pages": 5}, State.OTHER, ("- pages: 5", "+ pages: 9")),
        ({"pages": 5}, {"pages": 5}, {"pages": 5}, State.SAME, ()),
        ({"pages": 5, "font": 1}, {"pages": 3}, {"pages": 5, "font": 1}, State.LEFT,
         ("- pages: 5", "+ pages: 3", "- font: 1", "+ font: not set")),
        ({"pages": 5}, {"pages": 3, "else": 1}, {"pages": 5, "else": 2}, State.LEFT,
         ("- pages: 5", "+ pages: 3")),
    ],
)  # fmt: skip
async def test_how_an_object_is_by_now(
    now: Json, before: Json, after: Json, state: State, diff: tuple[str, ...]
) -> None:
    site = healthy()
    site.objects[PRESS]["spec"] |= now
    pages = Pages(
        unproven=lambda recorded: f"{recorded['pages']} pages never worked." if "else" in recorded else ""
    )
    way = await way_back(pages.spec, Aim("pause", AtOnce(site), REF), {}, done(before, after))
    unproven = "3 pages never worked." if "else" in before else ""
    assert (way.state, way.diff, way.then) == (state, diff, f"at {before['pages']} pages")
    assert way.warnings == (*((unproven,) if unproven else ()), "It takes long.", "It is explained.")
    assert (way.unproven, way.ends, way.spot) == (unproven, None, Spot(REF, 4, same=way.spot.same))  # type: ignore[union-attr]
    assert [one.words for one in way.needs] == ["patch deployments"]
    assert way.applied({"spec": {"pages": before["pages"]}}) and not way.applied({"spec": {}})
    assert way.write("7").words == "mark deployment press"
    assert pages.looked == ["read pause of press, on the screen False", "explain pause"]


async def test_a_way_back_words_its_difference_and_sees_its_own_end() -> None:
    async def ends(run: Any, view: Json, answer: int, wait: float | None) -> Ending:
        return Ending(True, False, (f"{answer} of {view['explained']} in {wait}",))

    site = healthy()
    site.objects[PRESS]["spec"]["pages"] = 5
    pages = Pages(lines=lambda old, new: (f"{old['pages']} to {new['pages']}",), ends=ends)
    way = await way_back(pages.spec, Aim("pause", AtOnce(site), REF), {}, done({"pages": 3}, {"pages": 5}))
    assert way.diff == ("5 to 3",)
    assert way.ends is not None
    assert await way.ends(None, 7.0) == Ending(True, False, ("3 of True in 7.0",))  # type: ignore[arg-type]


async def test_a_way_back_of_another_make_is_asked() -> None:
    async def back(aim: Aim, there: Json, of: Done) -> Any:
        return aim.action, there, of.run

    spec = replace(Pages().spec, back=back)
    aim = Aim("pause", AtOnce(healthy()), REF)
    found: Any = await way_back(spec, aim, {"a": 1}, done({}, {}))
    assert found == ("pause", {"a": 1}, "r1")


async def test_what_explains_nothing_is_whole() -> None:
    spec, view = replace(Pages().spec, explain=None), {"pages": 1}
    assert await seen_whole(spec, Aim("pause", AtOnce(healthy()), REF), view) is view


def performed(tmp_path: Path, site: Site, spec: Spec[Json, int], **more: Any) -> tuple[Receipt, Watching]:
    found: list[Receipt] = []
    hands = Watching(tmp_path)

    async def main(loop: VirtualLoop) -> None:
        without_threads(loop)
        set_up(site)
        hands.gate.sleep = asyncio.sleep
        aim = Aim("pause", AtOnce(site), REF, on_screen=True)
        found.append(await specs.perform(spec, hands.gate, aim, {"pages": 1}, 4, **more))

    on_virtual_time(main)
    return found[0], hands


def test_the_plan_has_what_explains_and_the_outcome_sees_it(tmp_path: Path) -> None:
    pages = Pages()
    receipt, hands = performed(tmp_path, healthy(), pages.spec, wait=7.0, about={"why": "a test"})
    assert receipt.lines == ("4 pages, explained True, 7.0 s",)
    assert receipt.data == {"pages": 4, "unknown": False}
    assert hands.plans[0].warnings == ("It takes long.", "It takes long.", "It is explained.")
    assert pages.looked == ["explain pause"]
    assert {one["why"] for one in hands.audit} == {"a test"}


def test_what_is_being_explained_already_is_waited_for(tmp_path: Path) -> None:
    async def explained() -> Json:
        return {"pages": 1, "explained": "elsewhere"}

    pages = Pages()
    receipt, _ = performed(tmp_path, healthy(), pages.spec, wait=None, explained=explained)
    assert receipt.lines == ("4 pages, explained elsewhere, None s",)
    assert pages.looked == []


def test_after_a_change_in_between_it_is_read_anew_as_the_command_that_it_was(tmp_path: Path) -> None:
    site, pages = healthy(), Pages()
    site.before_write = lambda: site.touch(PRESS, spec=True)
    spec = replace(
        pages.spec, merges=lambda view, answer, now: {"was": view, "answer": answer, "now": now["replicas"]}
    )
    with pytest.raises(Changed) as changed:
        performed(tmp_path, site, spec, wait=7.0)
    assert changed.value.view == {"was": {"pages": 1}, "answer": 4, "now": 3}
    assert pages.looked == ["explain pause", "read pause of press, on the screen False"]


def test_what_is_more_than_one_patch_has_a_procedure_of_its_own(tmp_path: Path) -> None:
    async def procedure(gate: Any, aim: Aim, view: Json, answer: int, wait: float | None) -> Receipt:
        return Receipt(aim.action, "plant", aim.ref, True, (f"{view} {answer} {wait}",))

    receipt, hands = performed(tmp_path, healthy(), replace(Pages().spec, procedure=procedure), wait=3.0)
    assert receipt.lines == ("{'pages': 1} 4 3.0",)
    assert hands.plans == []

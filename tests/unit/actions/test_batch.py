"""Several objects at once, in words: one plan and one receipt for all, and a gate for each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.actions.change.batch import Item, gate_beside, perform_many, plan_of, summary, waits_for
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Offer, Plan, Receipt, Refusal, Step
from edgetui.model.identity import ObjectKey, ObjectRef

from .scripted import Watching


def ref(name: str, cluster: str = "plant", kind: str = "Deployment", space: str = "line-2") -> ObjectRef:
    return ObjectRef(ObjectKey(cluster, kind, space, name), f"uid-{name}", "7")


def plan(name: str, cluster: str = "plant", **more: Any) -> Plan:
    made = Plan(
        "scale",
        cluster,
        ref(name, cluster),
        f"Scale {name}",
        (("now", "3"), ("then", "5"), ("object", name)),
        ("- replicas: 3", "+ replicas: 5"),
        (f"{name} is watched.",),
        (f"set {name}",),
    )
    return replace(made, **more)


def test_the_plan_of_one_is_its_own() -> None:
    one = plan("press")
    assert plan_of([one]) is one
    assert plan_of([one], ["oven is left out"]).warnings == (
        "oven is left out",
        "deployment line-2/press: press is watched.",
    )


def test_the_plan_of_several() -> None:
    node = plan("edge-1", target=ref("edge-1", kind="Node", space=""), facts=(("now", "up"),))
    bare = plan("x", "van", target=None, facts=(), diff=(), warnings=(), writes=())
    assert plan_of([plan("press"), node], ["oven is left out."]) == Plan(
        "scale",
        "plant",
        None,
        "Scale 2 objects on plant",
        (("deployment line-2/press", "3 -> 5"), ("node edge-1", "up -> ")),
        (
            "@ deployment line-2/press", "- replicas: 3", "+ replicas: 5",
            "@ node edge-1", "- replicas: 3", "+ replicas: 5",
        ),
        ("oven is left out.", "deployment line-2/press: press is watched.", "node edge-1: edge-1 is watched."),
        ("set press (plant)", "set edge-1 (plant)"),
    )  # fmt: skip
    both = plan_of([plan("press"), bare])
    assert (both.cluster, both.title) == ("2 clusters", "Scale 2 objects on 2 clusters")
    assert (both.facts[1], both.diff[-1], both.writes) == (("van", " -> "), "@ van", ("set press (plant)",))


def receipt(name: str, *, ok: bool = False, pending: bool = False, target: bool = True) -> Receipt:
    made = ref(name, "van" if name == "weld" else "plant") if target else None
    return Receipt(
        "scale", made.key.cluster if made else "plant", made, ok, (f"{name}.", "So."), {"a": 1}, pending
    )


GOOD, WAITS, BAD = receipt("press", ok=True), receipt("weld", pending=True), receipt("oven")
LINES = {
    "press": "ok deployment line-2/press on plant: press. So.",
    "weld": "~ deployment line-2/weld on van: weld. So.",
    "oven": "! deployment line-2/oven on plant: oven. So.",
}


@pytest.mark.parametrize(
    ("receipts", "first", "names", "ok", "pending"),
    [
        ([GOOD, GOOD], "2 of 2 done.", ["press", "press"], True, False),
        ([GOOD, WAITS], "1 of 2 done, 1 accepted and not there yet.", ["weld", "press"], False, True),
        ([WAITS, WAITS], "0 of 2 done, 2 accepted and not there yet.", ["weld", "weld"], False, True),
        ([GOOD, BAD], "1 of 2 done, 1 not done.", ["oven", "press"], False, False),
        ([GOOD, WAITS, BAD], "1 of 3 done, 1 accepted and not there yet, 1 not done.", ["oven", "weld", "press"],
         False, False),
        ([BAD], "0 of 1 done, 1 not done.", ["oven"], False, False),
    ],
)  # fmt: skip
def test_the_receipt_of_several(
    receipts: list[Receipt], first: str, names: list[str], ok: bool, pending: bool
) -> None:
    lines = (first, *(LINES[name] for name in names))
    assert summary(receipts) == Receipt("scale", receipts[0].cluster, None, ok, lines, {}, pending, None)


def test_a_receipt_of_a_cluster_itself() -> None:
    assert summary([receipt("x", ok=True, target=False)]).lines == ("1 of 1 done.", "ok plant: x. So.")


async def never(gate: Gate) -> Receipt:
    raise AssertionError


def item(name: str, cluster: str = "plant", kind: str = "Deployment", space: str = "line-2") -> Item:
    return Item("scale", ref(name, cluster, kind, space), never)


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([item("press")], "waiting for deployment line-2/press on plant"),
        ([item("edge-1", kind="Node", space="")], "waiting for node edge-1 on plant"),
        ([item("press"), item("oven")], "waiting for 2 objects on plant"),
        ([item("press", "van"), item("oven"), item("weld")], "waiting for 3 objects on plant, van"),
    ],
)
def test_who_is_waited_for(items: list[Item], said: str) -> None:
    assert waits_for(items) == said


def test_a_gate_of_one_of_several_tells_its_steps_with_its_name(tmp_path: Path) -> None:
    hands = Watching(tmp_path)
    beside = gate_beside(hands.gate, item("press"), hands.gate.confirm)
    beside.progress(Step("Scaling", "doing"))
    assert hands.steps == [Step("press: Scaling", "doing")]
    assert (beside.audit, beside.permissions) == (hands.log, hands.gate.permissions)


async def test_each_item_asks_once_with_the_others_and_later_alone(tmp_path: Path) -> None:
    hands, asked, waited = Watching(tmp_path), list[Plan](), list[list[str]]()

    def asking(name: str, *plans: Plan, problem: Exception | None = None) -> Item:
        async def perform(gate: Gate) -> Receipt:
            said = [await gate.confirm(one) for one in plans]
            if problem is not None:
                raise problem
            return Receipt(
                "scale", "plant", ref(name), all(said), (f"{name} {said}",), offer=Offer("undo", "Undo")
            )

        return Item("scale", ref(name), perform)

    async def confirm(shown: Plan) -> bool:
        asked.append(shown)
        return shown.title != "Again"

    found = await perform_many(
        lambda one, ask: gate_beside(hands.gate, one, ask),
        [
            asking("press", plan("press")),
            asking("oven", problem=Refusal("It is paused.", "Resume it.")),
            asking("weld", plan("weld"), plan("weld", title="Again")),
            asking("saw"),
            asking("mill", plan("mill"), problem=ValueError("odd")),
            asking("drill", problem=ValueError("odd")),
        ],
        confirm,
        lambda left: waited.append([one.ref.key.name for one in left]),
    )
    assert [one.title for one in asked] == ["Scale 3 objects on plant", "Again"]
    assert asked[0].warnings[0] == "deployment line-2/oven is left out: It is paused."
    assert asked[0].warnings[1].startswith("deployment line-2/drill is left out: ")
    assert [(one.target and one.target.key.name, one.ok, one.data) for one in found] == [
        ("press", True, {}),
        ("oven", False, {"refused": True}),
        ("weld", False, {}),
        ("saw", True, {}),
        ("mill", False, {"refused": True}),
        ("drill", False, {"refused": True}),
    ]
    assert found[1].lines == ("It is paused.", "Resume it.")
    assert (found[1].action, found[1].cluster, found[1].target) == ("scale", "plant", ref("oven"))
    assert len(found[4].lines) == 1 and "ValueError" in found[4].lines[0]
    assert [len(left) for left in waited] == [5, 4, 3, 2, 1]

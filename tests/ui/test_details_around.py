"""What stands around an object, as its page says it: conditions, owners, what it controls, what refers to it."""

from __future__ import annotations

import pytest

from edgetui.actions.objects.describe import Description, Referrer, naming
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.discovered import bare_row
from edgetui.model.kinds.wire import Condition, Meta
from edgetui.model.view.ownership import Owner
from edgetui.ui.details import around, detail
from edgetui.ui.details.common import STANDARD, condition_lines
from edgetui.ui.spans import Spans, plain
from tests.unit.model import factories as f

PUMP = "Pump.example.com"


def text(lines: list[Spans]) -> list[str]:
    return [plain(line).rstrip() for line in lines]


def condition(type_: str, status: str, **more: object) -> Condition:
    return Condition(type_, status, **more)  # type: ignore[arg-type]


def test_conditions_are_a_table() -> None:
    made = [
        condition("Ready", "False", reason="Worn", message="a bearing", since=f.NOW - 7200),
        condition("Synced", "True", since=f.NOW - 60),
        condition("Paused", ""),
    ]
    assert text(condition_lines(made, STANDARD, f.NOW, usual="")) == [
        "",
        "conditions    status   since  reason",
        "! Ready       False       2h  Worn",
        "      a bearing",
        "  Synced      True        1m",
        "  Paused      ?            -",
    ]


@pytest.mark.parametrize(
    ("type_", "status", "usual", "fine"),
    [
        ("Ready", "True", "", True),
        ("Ready", "Unknown", "", False),
        ("Stalled", "True", "", False),
        ("Stalled", "False", "", True),
        ("Whatever", "False", "", True),
        ("Whatever", "False", "True", False),
        ("Whatever", "True", "True", True),
    ],
)
def test_only_a_status_that_is_known_to_be_bad_is_marked(
    type_: str, status: str, usual: str, fine: bool
) -> None:
    (*_, row) = text(condition_lines([condition(type_, status)], STANDARD, f.NOW, usual=usual))
    assert row.startswith("  " if fine else "! ")


def test_a_long_type_is_cut_and_no_condition_is_no_section() -> None:
    (*_, row) = text(condition_lines([condition("T" * 90, "True")], {}, f.NOW))
    assert len(row) < 60 and "…" in row
    assert condition_lines([], {}, f.NOW) == []


def test_owners_stand_above_one_another_with_what_is_not_known() -> None:
    store = f.store_of()
    read = Description(
        owners=(
            Owner(PUMP, "main", f.NOW - 60),
            Owner("Fleet.factory.example", "north", 0, "it cannot be read: no right"),
        )
    )
    row = bare_row(Meta(name="inlet", namespace="line-2", uid="u"))
    assert text(around.owner_lines(store, row, f.NOW, read)) == [
        "",
        "owned by",
        "  Fleet north  factory.example  it cannot be read: no right",
        "    Pump main  example.com  1m",
    ]
    assert around.owner_lines(store, row, f.NOW, None) == []


def test_what_a_custom_object_controls_is_a_tree_and_says_what_was_not_asked_for() -> None:
    press = f.deployment("press")
    press["metadata"]["ownerReferences"] = [
        {"apiVersion": "example.com/v1", "kind": "Pump", "name": "main", "uid": "pump", "controller": True}
    ]
    replica_set = f.replica_set(press, "7f9c")
    pods = f.pods_of(replica_set, 1)
    store = f.store_of(press, replica_set, *pods)
    row = bare_row(Meta(name="main", namespace="default", uid="pump"))
    lines = text(around.owned_lines(store, PUMP, row, f.NOW))
    assert lines[1] == "controls"
    assert [line.split()[:2] for line in lines[2:5]] == [
        ["deployment", "press"],
        ["replicaset", replica_set["metadata"]["name"]],
        [pods[0]["metadata"]["name"], "1/1"],
    ]
    assert [len(line) - len(line.lstrip()) for line in lines[2:5]] == [2, 4, 6]
    assert lines[5] == "  (of kinds that are watched here; others were not asked for)"
    alone = bare_row(Meta(name="other", namespace="default", uid="other"))
    assert text(around.owned_lines(store, PUMP, alone, f.NOW))[2:] == [
        "  (nothing of the kinds that are watched here; others were not asked for)"
    ]
    assert around.owned_lines(store, "ConfigMap", alone, f.NOW) == []


def test_what_refers_to_it_is_listed_with_how() -> None:
    read = Description(
        referrers=(Referrer("Deployment", "press", "volume etc"), Referrer("PodDisruptionBudget", "p", "x")),
        notes=("pods cannot be read: no right",),
    )
    assert text(around.referrer_lines(read, "")) == [
        "",
        "referred to by",
        "  deploy press  volume etc",
        "  pdb p         x",
        "  (pods cannot be read: no right)",
    ]
    assert (
        text(around.referrer_lines(Description(notes=("x",)), ""))[2] == "  nothing that was looked through"
    )
    assert around.referrer_lines(Description(), "") == []
    assert text(around.referrer_lines(None, "The link is down."))[2] == "  The link is down."


def test_the_page_of_a_built_in_and_of_a_custom_object_have_the_same_parts() -> None:
    press = f.deployment("press")
    store = f.store_of(press)
    read = Description(
        conditions=(condition("Ready", "True"),),
        owners=(Owner(PUMP, "main"),),
        referrers=(Referrer("Service", "press", "selects its pods"),),
    )
    custom = bare_row(Meta(name="inlet", namespace="default", uid="u"))
    for kind, row in (("Deployment", next(store.rows("Deployment"))), ("Valve.example.com", custom)):
        key = ObjectKey("plant", kind, "default", row.name)
        lines = text(detail(store, key, row, f.NOW, 80, (), "", read=read))
        parts = [one for one in ("owned by", "referred to by", "events") if one in lines]
        assert parts == ["owned by", "referred to by", "events"]
        assert any(line.startswith("conditions ") for line in lines)


def test_a_page_that_is_not_current_says_so_of_its_row_alone() -> None:
    press = f.deployment("press")
    store = f.store_of(press)
    store.set_freshness("Deployment", Freshness(Sync.STALE, heard=f.NOW - 60))
    key, row = ObjectKey("plant", "Deployment", "default", "press"), next(store.rows("Deployment"))
    lines = text(detail(store, key, row, f.NOW, 80, (), ""))
    assert "~ last heard 1m ago: what stands here may have changed since" in lines
    assert "referred to by" not in lines


def test_where_an_object_names_another_is_said_once() -> None:
    volumes = [{"name": "a", "configMap": {"name": "conf"}}, {"name": "a", "configMap": {"name": "conf"}}]
    key = ObjectKey("plant", "ConfigMap", "default", "conf")
    assert naming("Pod", {"spec": {"volumes": volumes}}, key) == ("volume a",)
    assert naming("Pod", {"spec": {"volumes": volumes}}, key._replace(name="other")) == ()


@pytest.mark.parametrize(
    ("kind", "told"),
    [(PUMP, True), ("VolumeSnapshot.snapshot.storage.k8s.io", False), ("ConfigMap", False)],
)
def test_only_of_a_custom_kind_it_is_said_that_not_all_it_controls_is_known(kind: str, told: bool) -> None:
    store, row = f.store_of(), bare_row(Meta(name="main", uid="u"))
    words = "  (nothing of the kinds that are watched here; others were not asked for)"
    assert text(around.owned_lines(store, kind, row, f.NOW)) == (["", "controls", words] if told else [])
    typed = next(f.store_of(f.deployment("press")).rows("Deployment"))
    assert around.owned_lines(store, PUMP, typed, f.NOW) == []

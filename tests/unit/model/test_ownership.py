"""What owns an object and what it owns, of the rows that a cluster has."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.kinds.wire import conditions_of, owners_of
from edgetui.model.view.ownership import MOST_CHILDREN, Owned, owned_known, owners_known
from tests.unit.model import factories as f

PRESS = f.deployment("press")
SET = f.replica_set(PRESS, "7f9c")
PODS = f.pods_of(SET, 2)


def words(owned: tuple[Owned, ...]) -> list[Any]:
    return [(one.kind, one.row.name, words(one.children)) for one in owned]


def test_the_chain_of_owners_is_told_from_the_nearest() -> None:
    store = f.store_of(PRESS, SET, *PODS)
    pod = next(store.rows("Pod"))
    assert [(one.kind, one.name, one.note) for one in owners_known(store, pod)] == [
        ("ReplicaSet", SET["metadata"]["name"], ""),
        ("Deployment", "press", ""),
    ]


def test_an_owner_without_a_row_is_named_and_says_so() -> None:
    store = f.store_of(*PODS)
    pod = next(store.rows("Pod"))
    (only,) = owners_known(store, pod)
    assert (only.kind, only.name) == ("ReplicaSet", SET["metadata"]["name"])
    assert only.note == "not seen here"


def test_an_object_that_owns_itself_has_no_end() -> None:
    turned = f.deployment("press")
    turned["metadata"]["ownerReferences"] = [
        {"apiVersion": "apps/v1", "kind": "Deployment", "name": "press", "controller": True}
        | {"uid": turned["metadata"]["uid"]}
    ]
    store = f.store_of(turned)
    row = next(store.rows("Deployment"))
    assert owners_known(store, row) == ()
    assert owned_known(store, row.uid) == ((), 0)


def test_what_an_object_controls_is_a_tree() -> None:
    store = f.store_of(PRESS, SET, *PODS)
    owned, more = owned_known(store, PRESS["metadata"]["uid"])
    pods = sorted(pod["metadata"]["name"] for pod in PODS)
    assert words(owned) == [("ReplicaSet", SET["metadata"]["name"], [("Pod", name, []) for name in pods])]
    assert more == 0


def test_many_are_counted() -> None:
    many = f.pods_of(SET, MOST_CHILDREN + 3)
    store = f.store_of(PRESS, SET, *many)
    owned, more = owned_known(store, SET["metadata"]["uid"])
    assert (len(owned), more) == (MOST_CHILDREN, 3)


ODD: list[Any] = [None, 7, "x", [], {}, [None], [7], {"conditions": None}, {"conditions": [None, 7, "x", {}]}]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_an_object_without_readable_conditions_has_none(odd: Any) -> None:
    assert conditions_of(odd) == ()
    assert conditions_of({"status": odd}) == ()


@pytest.mark.parametrize("field", ["status", "reason", "message", "lastTransitionTime"])
@pytest.mark.parametrize("odd", [None, 7, [], {}, "\x1b[31m"], ids=repr)
def test_an_odd_field_of_a_condition_costs_itself_only(field: str, odd: Any) -> None:
    fine = {
        "type": "Synced",
        "status": "True",
        "reason": "Done",
        "message": "all",
        "lastTransitionTime": f.stamp(f.NOW),
    }
    first, second = conditions_of({"status": {"conditions": [{**fine, "type": "Ready", field: odd}, fine]}})
    assert (first.type, second.type) == ("Ready", "Synced")
    assert (second.status, second.reason, second.message, second.since) == ("True", "Done", "all", f.NOW)
    told = {"status": first.status, "reason": first.reason, "message": first.message}
    assert all(value == fine[name] for name, value in told.items() if name != field)


@pytest.mark.parametrize(
    "odd", [None, 7, "x", {}, [None], [7], [{}], [{"kind": "Pump"}], [{"name": "x"}]], ids=repr
)
def test_an_object_without_readable_owners_has_none(odd: Any) -> None:
    assert owners_of({"metadata": {"ownerReferences": odd}}) == ()
    assert owners_of({"metadata": odd}) == ()


def test_the_controller_comes_first() -> None:
    listed = [{"kind": "Pump", "name": "a"}, {"kind": "Pump", "name": "b", "controller": True}]
    assert [one.name for one in owners_of({"metadata": {"ownerReferences": listed}})] == ["b", "a"]

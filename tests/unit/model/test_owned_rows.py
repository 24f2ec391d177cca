"""What an owner has, through any history of rows that come, go, change hands and are made anew."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetui.model.cache.store import Store
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.pod import PodRow

OWNERS = st.sampled_from(["", "set-a", "set-b"])
STEP = st.tuples(st.sampled_from("pqrs"), OWNERS, st.sampled_from(["apply", "apply", "delete", "anew"]))


@given(steps=st.lists(STEP, max_size=60), crowd=st.sampled_from([0, 40]))
def test_each_row_is_with_the_owner_it_has_now_and_with_no_other(
    steps: list[tuple[str, str, str]], crowd: int
) -> None:
    store, known = Store("plant"), {}
    for at in range(crowd):  # so many that the owner keeps them by name
        known[f"c{at}"] = PodRow(
            namespace="d", name=f"c{at}", uid=f"c{at}", resource_version="1", owner_uid="set-a"
        )
        store.apply("Pod", known[f"c{at}"])
    for version, (name, owner, what) in enumerate(steps, 2):
        before = known.get(name)
        if what == "delete":
            if before is not None:
                assert store.delete("Pod", "d", name, before.uid)
                del known[name]
            continue
        uid = f"{name}{version}" if what == "anew" or before is None else before.uid
        known[name] = PodRow(
            namespace="d", name=name, uid=uid, resource_version=str(version), owner_uid=owner
        )
        assert store.apply("Pod", known[name])
    for uid in ("set-a", "set-b"):
        found = list(store.owned_by(uid))
        theirs = [row for row in known.values() if row.owner_uid == uid]
        assert sorted(row.name for row in found) == sorted(row.name for row in theirs)
        assert {id(row) for row in found} == {id(row) for row in theirs}
    assert list(store.owned_by("nobody")) == []


def test_both_owners_of_a_row_that_changes_hands_are_told() -> None:
    store = Store("plant")
    row = PodRow(namespace="d", name="p", uid="p", resource_version="1", owner_uid="set-a")
    store.apply("Pod", row)
    assert store.drain().owners == {"set-a"}
    store.apply("Pod", PodRow(namespace="d", name="p", uid="p", resource_version="2", owner_uid="set-b"))
    assert store.drain().owners == {"set-a", "set-b"}
    store.delete("Pod", "d", "p", "p")
    assert store.drain().owners == {"set-b"}


@pytest.mark.parametrize("kind", KINDS)
def test_only_rows_of_kinds_that_own_others_are_found_as_owners(kind: str) -> None:
    store = Store("plant")
    spec = {"spec": {"maxReplicas": 3}} if kind == "HorizontalPodAutoscaler" else {}
    metadata = {"name": "x", "namespace": "d", "uid": "u", "resourceVersion": "1"}
    row = row_of(kind, {"metadata": metadata, **spec})
    store.apply(kind, row)
    assert store.owner("u") == ((kind, row) if KINDS[kind].owns else None)
    store.delete(kind, "d", "x", "u")
    assert store.owner("u") is None


def test_a_row_of_a_kind_that_nobody_knows_is_no_owner() -> None:
    store = Store("plant")
    row = Row(namespace="d", name="x", uid="u", resource_version="1")
    store.apply("Dance", row)
    assert store.owner("u") is None

"""Who owns what, whatever comes and goes and in whatever order: the indexes of a store against a plain search."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgetui.model.cache.store import MOST_OWNERS, Store
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.pod import PodRow

KINDS = ("Deployment", "ReplicaSet", "Pod", "Node")
NAMES = st.sampled_from("abcde")
STEPS = st.lists(
    st.tuples(st.sampled_from(KINDS), NAMES, st.sampled_from(["", *"abcdex"]), st.booleans()), max_size=60
)


def row(kind: str, name: str, owner: str, version: int = 1) -> Row:
    make = PodRow if kind == "Pod" else Row
    return make(
        namespace="d", name=name, uid=f"{kind}/{name}", resource_version=str(version), owner_uid=owner
    )


def chain(*links: tuple[str, str, str]) -> Store:
    store = Store("plant")
    for kind, name, owner in links:
        store.apply(kind, row(kind, name, owner))
    return store


def test_the_root_owner_is_the_last_of_the_chain_that_is_known() -> None:
    store = chain(
        ("Deployment", "d", "crd"), ("ReplicaSet", "r", "Deployment/d"), ("Pod", "p", "ReplicaSet/r")
    )
    assert [kind for kind, _ in store.owners("ReplicaSet/r")] == ["ReplicaSet", "Deployment"]
    assert list(store.owners("crd")) == []
    assert [pod.name for pod in store.pods_of("Deployment/d")] == ["p"]


def test_a_chain_that_leads_back_to_itself_ends() -> None:
    store = chain(
        ("ReplicaSet", "r", "Deployment/d"), ("Deployment", "d", "ReplicaSet/r"), ("Pod", "p", "ReplicaSet/r")
    )
    assert len(list(store.owners("ReplicaSet/r"))) == MOST_OWNERS
    assert [pod.name for pod in store.pods_of("Deployment/d")] == ["p"]


def test_what_owns_itself_ends() -> None:
    store = chain(("ReplicaSet", "r", "ReplicaSet/r"))
    assert list(store.owners("ReplicaSet/r"))
    assert list(store.pods_of("ReplicaSet/r")) == []


@given(STEPS)
def test_the_indexes_are_what_a_search_of_all_rows_finds(steps: list[tuple[str, str, str, bool]]) -> None:
    store = Store("plant")
    for version, (kind, name, owner, gone) in enumerate(steps, 1):
        if gone:
            store.delete(kind, "d", name, "")
        else:
            store.apply(kind, row(kind, name, f"ReplicaSet/{owner}" if owner else "", version))
    rows = [(kind, one) for kind in KINDS for one in store.rows(kind)]
    for uid in {one.owner_uid for _, one in rows} | {one.uid for _, one in rows} | {"ReplicaSet/x"}:
        owned = sorted((one.uid for _, one in rows if one.owner_uid == uid)) if uid else []
        assert sorted(one.uid for one in store.owned_by(uid)) == owned
        owner = [(kind, one) for kind, one in rows if one.uid == uid and kind in ("Deployment", "ReplicaSet")]
        assert ([found] if (found := store.owner(uid)) else []) == owner

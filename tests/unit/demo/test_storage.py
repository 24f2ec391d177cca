"""Versions, histories and selectors of the demo storage; the timeline that drives it."""

from __future__ import annotations

import asyncio
import random
import time

import pytest

from edgetui.demo.resources import CONFIGMAPS, DEPLOYMENTS, SECRETS
from edgetui.demo.selectors import fields_match, labels_match
from edgetui.demo.status import StatusError
from edgetui.demo.storage import Object, Storage
from edgetui.demo.timeline import Timeline
from edgetui.demo.times import micro_stamp, seconds, stamp


def storage(history: int = 100) -> Storage:
    return Storage(lambda: 1_800_000_000.0, random.Random(1), history)


def made(name: str, **meta: object) -> Object:
    return {"metadata": {"name": name, "namespace": "n", **meta}, "data": {}}


def test_every_write_of_a_cluster_takes_the_next_version() -> None:
    store = storage()
    first = store.create(CONFIGMAPS, made("a"))
    second = store.create(SECRETS, made("b"))
    first["data"] = {"x": "1"}
    third = store.update(CONFIGMAPS, first)
    store.remove(SECRETS, "n", "b")
    assert [second["metadata"]["resourceVersion"], third["metadata"]["resourceVersion"]] == ["2", "3"]
    assert store.version == 4
    (gone,) = [change for change in store.collections[SECRETS].since(2) if change.type == "DELETED"]
    assert b'"resourceVersion":"4"' in gone.raw


def test_readers_cannot_change_what_is_stored() -> None:
    store = storage()
    store.create(CONFIGMAPS, made("a"))
    store.get(CONFIGMAPS, "n", "a")["data"]["x"] = "1"
    assert store.get(CONFIGMAPS, "n", "a")["data"] == {}


def test_a_stale_version_or_uid_is_a_conflict_and_no_version_is_none() -> None:
    store = storage()
    store.create(CONFIGMAPS, made("a"))
    for meta, code in (
        ({"resourceVersion": "7"}, 409),
        ({"uid": "other"}, 409),
        ({"resourceVersion": "x"}, 500),
    ):
        with pytest.raises(StatusError) as caught:
            store.update(CONFIGMAPS, made("a", **meta))
        assert caught.value.code == code
    for version in ("", "0", "1"):
        same = store.get(CONFIGMAPS, "n", "a")
        same["metadata"]["resourceVersion"] = version
        store.update(CONFIGMAPS, same)
    assert store.version == 1


def test_a_forgotten_history_is_too_old() -> None:
    store = storage(history=2)
    for name in "abcd":
        store.create(CONFIGMAPS, made(name))
    collection = store.collections[CONFIGMAPS]
    assert [change.name for change in collection.since(2)] == ["c", "d"]
    with pytest.raises(StatusError) as caught:
        collection.since(1)
    assert (caught.value.code, caught.value.reason) == (410, "Expired")
    store.forget()
    assert collection.since(4) == []
    with pytest.raises(StatusError):
        collection.since(3)


def test_objects_are_found_by_their_owner_as_long_as_they_live() -> None:
    store = storage()
    owner = [{"uid": "u1", "controller": True, "kind": "X", "name": "x"}]
    for name in "ba":
        store.create(CONFIGMAPS, made(name, ownerReferences=owner))
    assert [obj["metadata"]["name"] for obj in store.owned(CONFIGMAPS, "u1")] == ["a", "b"]
    store.remove(CONFIGMAPS, "n", "a")
    assert len(store.owned(CONFIGMAPS, "u1")) == 1
    store.remove(CONFIGMAPS, "n", "b")
    assert not store.collections[CONFIGMAPS].owned


def test_the_last_finalizer_lets_a_deleted_object_go() -> None:
    store = storage()
    obj = store.create(SECRETS, made("a", finalizers=["x"]))
    obj = store.mark_deleting(SECRETS, obj, 0)
    obj["metadata"]["finalizers"] = []
    store.update(SECRETS, obj)
    assert store.find(SECRETS, "n", "a") is None


def test_a_status_write_keeps_the_generation() -> None:
    store = storage()
    obj = store.create(DEPLOYMENTS, {**made("a"), "spec": {"replicas": 1}})
    obj["metadata"]["annotations"] = {"x": "1"}
    assert store.update(DEPLOYMENTS, obj, keep_generation=True)["metadata"]["generation"] == 1
    obj["spec"]["replicas"] = 2
    assert store.update(DEPLOYMENTS, obj)["metadata"]["generation"] == 2


@pytest.mark.parametrize(
    ("selector", "chosen"),
    [
        ("", "abc"),
        ("app=x", "a"),
        ("app==x", "a"),
        ("app!=x", "bc"),
        ("app", "ab"),
        ("!app", "c"),
        ("app in (x, y)", "ab"),
        ("app notin (x)", "bc"),
        ("app in (x,y),tier=1", "b"),
    ],
)
def test_label_selectors(selector: str, chosen: str) -> None:
    labels = {"a": {"app": "x"}, "b": {"app": "y", "tier": "1"}, "c": {}}
    test = labels_match(selector)
    assert "".join(name for name, found in labels.items() if test(found)) == chosen


def test_selectors_that_cannot_be_read_are_bad_requests() -> None:
    for broken in (lambda: labels_match("a b"), lambda: fields_match("spec.colour=x", "pods")):
        with pytest.raises(StatusError) as caught:
            broken()
        assert caught.value.code == 400


def test_times_go_both_ways() -> None:
    assert stamp(1_800_000_000.9) == "2027-01-15T08:00:00Z"
    assert micro_stamp(1_800_000_000.25) == "2027-01-15T08:00:00.250000Z"
    assert seconds("2027-01-15T08:00:00.250000Z") == 1_800_000_000.0


def test_the_timeline_runs_things_at_their_own_time_and_in_order() -> None:
    timeline, seen = Timeline(100.0), list[tuple[str, float]]()

    def again() -> None:
        seen.append(("again", timeline.now()))
        timeline.after(2.0, lambda: seen.append(("later", timeline.now())))

    timeline.after(5.0, again)
    timeline.after(5.0, lambda: seen.append(("same", timeline.now())))
    timeline.advance(106.0)
    assert seen == [("again", 105.0), ("same", 105.0)]
    timeline.advance(110.0)
    assert seen[2:] == [("later", 107.0)]
    assert timeline.now() == 110.0


async def test_what_is_left_of_the_past_runs_on_the_wall_clock() -> None:
    timeline, done = Timeline(time.time()), asyncio.Event()
    timeline.after(0.02, done.set)
    timeline.go_live(asyncio.get_running_loop())
    await asyncio.wait_for(done.wait(), 60)
    timeline.stop()

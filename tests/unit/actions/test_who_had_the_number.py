"""The number that an object at 0 had, and the autoscaler that owns a number: who tells, and who is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.messages import Refusal
from edgetui.actions.scaling import before_zero, hpa_owner
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey, ObjectRef
from tests.unit.model import factories as f

from .site import Json, Site
from .test_park import run
from .test_what_a_scale_reads import Reading


def set_(name: str, revision: Any, desired: Any, uid: str = "uid-1", **more: Any) -> Json:
    made = f.replica_set(f.deployment("press", "line-2", uid=uid), name)
    made["metadata"]["annotations"] = {
        "deployment.kubernetes.io/revision": revision,
        "deployment.kubernetes.io/desired-replicas": desired,
    } | more
    return made


BARE = f.replica_set(f.deployment("oven", "line-2"), "bare")
del BARE["metadata"]["ownerReferences"]
UNNOTED = f.replica_set(f.deployment("press", "line-2", uid="uid-1"), "unnoted")
UNNOTED["metadata"].pop("annotations", None)


@pytest.mark.parametrize(
    ("kind", "there", "replicas"),
    [
        ("Deployment", (), 0),
        ("Deployment", (set_("a", "1", "4"), set_("b", "2", "0")), 4),
        ("Deployment", (set_("a", "9", "4"), set_("b", "10", "5")), 5),
        ("Deployment", (set_("a", "1", "4"), set_("b", "2", "5", uid="uid-2")), 4),
        ("Deployment", (set_("a", "1", "0"), set_("b", "2", "x")), 0),
        ("Deployment", (set_("a", "1", "4"), BARE, UNNOTED), 4),
        ("StatefulSet", (set_("a", "1", "4"),), 0),
    ],
)
async def test_the_newest_set_of_it_that_says_a_number_is_what_it_had(
    kind: str, there: tuple[Json, ...], replicas: int, tmp_path: Path
) -> None:
    ref = ObjectRef(ObjectKey("plant", kind, "line-2", "press"), "uid-1", "")
    found = await before_zero.recall(AuditLog(tmp_path / "audit.jsonl"), Reading(Site(*there)), ref)
    said = "as an earlier revision had" if replicas else ""
    assert found == before_zero.BeforeZero(replicas, said, 0)


async def test_what_edgetui_did_itself_goes_before_what_the_cluster_says(tmp_path: Path) -> None:
    log, site = AuditLog(tmp_path / "audit.jsonl"), Site(set_("a", "1", "4"))
    ref = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "uid-1", "")
    for record in run("a", 6, 0):
        log.append(record)
    found = await before_zero.recall(log, Reading(site), ref)
    said = "as before edgetui scaled it to 0 on this machine"
    assert (found, site.paths) == (before_zero.BeforeZero(6, said, 1795514400), [])


async def test_a_record_that_cannot_be_read_remembers_nothing(tmp_path: Path) -> None:
    class Unreadable(AuditLog):
        def about(self, uid: str) -> list[Json]:
            raise Refusal("The record cannot be read.")

    site = Site(set_("a", "1", "4"))
    site.hidden = frozenset({"replicasets"})
    ref = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "uid-1", "")
    log = Unreadable(tmp_path / "audit.jsonl")
    assert (await before_zero.recall(log, Reading(site), ref)).replicas == 0
    site.hidden = frozenset()
    assert (await before_zero.recall(log, Reading(site), ref)).replicas == 4


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ({}, (3, 1795514400)),
        ({"before": {"replicas": 1}}, (1, 1795514400)),
        ({"before": {"replicas": 0}}, (0, 0)),
        ({"before": {"replicas": -1}}, (0, 0)),
        ({"before": {"replicas": "3"}}, (0, 0)),
        ({"before": None}, (0, 0)),
        ({"after": {"replicas": 1}}, (0, 0)),
        ({"after": None}, (0, 0)),
        ({"event": "result"}, (0, 0)),
        ({"run": "b"}, (0, 0)),
    ],
)
def test_which_records_tell_the_number(record: Json, found: tuple[int, int]) -> None:
    intent, result = run("a", 3, 0)
    assert before_zero.replicas_before_zero([intent | record, result]) == found


@pytest.mark.parametrize(
    ("result", "found"),
    [("done", 3), ("unknown", 3), ("refused", 0), ("failed", 0)],
)
def test_which_results_tell_the_number(result: str, found: int) -> None:
    assert before_zero.replicas_before_zero(run("a", 3, 0, result))[0] == found
    intent, told_ = run("a", 3, 0, result)
    assert before_zero.replicas_before_zero([intent, told_ | {"event": "outcome"}]) == (0, 0)


def scaler(name: str, *, namespace: str = "line-2", kind: str = "Deployment", of: str = "press") -> Json:
    return f.autoscaler(name, namespace, target=(kind, of))


FOREIGN = scaler("foreign")
FOREIGN["spec"]["scaleTargetRef"]["apiVersion"] = "example.com/v1"
BARE_API = scaler("bare")
del BARE_API["spec"]["scaleTargetRef"]["apiVersion"]
UNKNOWN = "Whether an autoscaler owns the number could not be found out"
OF_PRESS = ObjectKey("plant", "Deployment", "line-2", "press")


@pytest.mark.parametrize("watched", [True, False], ids=["watched", "listed"])
@pytest.mark.parametrize(
    ("there", "group", "owner"),
    [
        ((), None, ""),
        ((scaler("ours"),), None, "ours"),
        ((scaler("far", namespace="line-1"),), None, ""),
        ((scaler("set", kind="StatefulSet"),), None, ""),
        ((scaler("oven", of="oven"), scaler("ours")), None, "ours"),
        ((FOREIGN,), None, ""),
        ((FOREIGN,), "example.com", "foreign"),
        ((scaler("ours"),), "example.com", ""),
        ((BARE_API,), None, ""),
        ((BARE_API,), "", "bare"),
    ],
)
async def test_who_owns_the_number_of_a_workload(
    watched: bool, there: tuple[Json, ...], group: str | None, owner: str
) -> None:
    site = Site(*there)
    session = Reading(site, f.store_of(*there) if watched else None)
    found, note = await hpa_owner.autoscaler_of(session, OF_PRESS, group)
    assert ((found.name if found else ""), note) == (owner, "")
    assert len(site.requests) == (0 if watched else 1)


@pytest.mark.parametrize(
    ("freshness", "asks"),
    [
        (Freshness(Sync.LIVE, 1.0), False),
        (Freshness(Sync.LIVE, 1.0, partial=True), True),
        (Freshness(Sync.LIVE, 1.0, unreadable=1), True),
        (Freshness(Sync.FORBIDDEN), True),
    ],
)
async def test_only_a_whole_live_list_saves_the_question(freshness: Freshness, asks: bool) -> None:
    site, store = Site(scaler("ours")), Store("plant")
    store.set_freshness("HorizontalPodAutoscaler", freshness)
    found, _ = await hpa_owner.autoscaler_of(Reading(site, store), OF_PRESS)
    assert ((found is not None), bool(site.requests)) == (asks, asks)


LISTED = "/apis/autoscaling/v2/namespaces/line-2/horizontalpodautoscalers"


@pytest.mark.parametrize(
    ("among", "there", "owner", "asked"),
    [
        ((), (scaler("ours"),), "", []),
        (("ours",), (scaler("ours"),), "ours", [f"{LISTED}/ours"]),
        (("ours",), (scaler("ours", of="oven"),), "", [f"{LISTED}/ours"]),
        (("ours", "other"), (scaler("ours"), scaler("other", of="oven")), "ours", [LISTED]),
        (None, (scaler("ours"),), "ours", [LISTED]),
    ],
)
async def test_only_those_that_it_may_be_are_read(
    among: tuple[str, ...] | None, there: tuple[Json, ...], owner: str, asked: list[str]
) -> None:
    site = Site(*there)
    found, note = await hpa_owner.autoscaler_of(Reading(site), OF_PRESS, None, among)
    assert ((found.name if found else ""), note, site.paths) == (owner, "", asked)


@pytest.mark.parametrize(
    ("code", "among", "note"),
    [
        (404, None, f"{UNKNOWN}: this cluster serves autoscalers in no version that edgetui reads."),
        (404, ("ours",), ""),
        (403, None, f"{UNKNOWN}: no"),
        (403, ("ours",), f"{UNKNOWN}: no"),
        (500, None, f"{UNKNOWN}: no"),
    ],
)
async def test_why_it_is_not_known_who_owns_the_number(
    code: int, among: tuple[str, ...] | None, note: str
) -> None:
    site = Site()
    site.instead = lambda request: (code, None)
    found = await hpa_owner.autoscaler_of(Reading(site), OF_PRESS, None, among)
    assert found == (None, note)


ODD: Json = {"metadata": {"name": "odd"}, "spec": {}}


@pytest.mark.parametrize(
    ("there", "owner", "note"),
    [
        (None, "", ""),
        ([], "", ""),
        ([ODD], "", f"{UNKNOWN}: 1 of them cannot be read."),
        ([ODD, scaler("oven", of="oven"), ODD], "", f"{UNKNOWN}: 2 of them cannot be read."),
        ([ODD, scaler("ours")], "ours", ""),
    ],
)
async def test_one_that_cannot_be_read_may_own_the_number(there: Any, owner: str, note: str) -> None:
    site = Site()
    site.instead = lambda request: (200, {"metadata": {}, "items": there})
    found, said = await hpa_owner.autoscaler_of(Reading(site), OF_PRESS)
    assert ((found.name if found else ""), said) == (owner, note)

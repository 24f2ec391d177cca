"""A deletion and a triggered Job: what is read, what is said of every state, what is sent, and how it ends.

`pytest tests/unit/actions/test_every_answer_of_a_deletion.py --snapshot-update` takes what is said
now; look at what differs first.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.change.spec import Aim
from edgetui.actions.gate.gate import Run
from edgetui.actions.messages import Refusal
from edgetui.actions.objects import delete, trigger
from edgetui.actions.objects.delete import WAYS, DeleteView
from edgetui.actions.objects.resource import DELETE, Resource, find, resource_of
from edgetui.cluster.errors import EdgetuiError, LinkError, NotFound, OutcomeUnknown, ServerFailure
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import KINDS
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time
from tests.unit.model import factories as f
from tests.unit.model.test_cronjob import cron_job

from .as_text import as_text
from .every_action import batch
from .site import Json, Site
from .test_every_field_of_an_action import Direct, lines_of
from .test_every_outcome_in_time import Stepping, Timed

PODS = Resource("", "v1", "pods", "Pod", True, DELETE)
NODES = Resource("", "v1", "nodes", "Node", False, DELETE)


def view(kind: str = "Pod", **more: Any) -> DeleteView:
    namespaced = kind not in ("Node", "Namespace")
    ref = ObjectRef(ObjectKey("plant", kind, "line-2" if namespaced else "", "press"), "uid-1", "812")
    known = {"owner": "", "finalizers": (), "deleting": False, "grace": None, **more}
    return DeleteView(ref, 3, PODS if namespaced else NODES, **known)


VIEWS = {
    "a pod": view(),
    "a pod with a grace": view(grace=30),
    "a pod with a grace of 1": view(grace=1),
    "a pod without a grace": view(grace=0),
    "a pod with a controller": view(owner="ReplicaSet press-7f"),
    "a pod of a custom controller": view(owner="Pump main"),
    "a pod of a kind that owns nothing": view(owner="Service web"),
    "a static pod": view(owner="Node edge-1"),
    "what owns others": view("Deployment", owned="2 replicasets"),
    "what is held": view("ConfigMap", finalizers=("a/b", "c/d")),
    "what is deleted already": view("ConfigMap", deleting=True),
    "a namespace": view("Namespace"),
    "a node": view("Node"),
}


@pytest.mark.parametrize("one", VIEWS.values(), ids=VIEWS)
async def test_what_every_deletion_says(one: DeleteView, snapshot: SnapshotAssertion) -> None:
    found: list[str] = []
    for way in WAYS:
        change = delete.change(Direct(Site()), one, way)
        found += lines_of(change) if way == "background" else (dict(change.facts)["what it owns"],)
        assert (change.data["propagation"], change.gone) == (way, True)
        assert change.write("7").body["propagationPolicy"] == way.capitalize()
    for metadata, applied in (({}, False), ({"deletionTimestamp": "2026-01-01T00:00:00Z"}, True)):
        assert change.applied({"metadata": metadata}) is applied
    assert "\n".join(found) == snapshot


@pytest.mark.parametrize(
    ("given", "way"),
    [
        ({}, "background"),
        ({"cascade": None}, "background"),
        ({"cascade": ""}, "background"),
        *(({"cascade": way}, way) for way in WAYS),
    ],
)
def test_which_way_it_goes(given: Json, way: str) -> None:
    assert delete.SPEC.answer(view(), given) == way


def many() -> Site:
    """A deployment with sets, one of which is another's."""
    press = f.deployment("press", "line-2", uid="uid-1", generation=4)
    sets = [f.replica_set(press, name) for name in ("one", "two")]
    other = f.replica_set(f.deployment("oven", "line-2"), "three")
    bare = f.replica_set(press, "bare")
    del bare["metadata"]["ownerReferences"]
    return Site(press, *sets, other, bare)


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({}, "owner", ""),
        ({}, "finalizers", ()),
        ({}, "deleting", False),
        ({}, "grace", 30),
        ({}, "generation", 0),
        ({"finalizers": ["a/b"]}, "finalizers", ("a/b",)),
        ({"deletionTimestamp": "2026-01-01T00:00:00Z"}, "deleting", True),
        ({"generation": 4}, "generation", 4),
        (
            {"ownerReferences": [{"kind": "Pump", "name": "main", "uid": "u", "controller": True}]},
            "owner",
            "Pump main",
        ),
        ({"ownerReferences": [{"kind": "Pump", "name": "main", "uid": "u"}]}, "owner", ""),
        ({"grace": "many"}, "grace", None),
        ({"grace": 0}, "grace", 0),
        ({"spec": None}, "grace", None),
    ],
)
async def test_what_is_read_before_a_deletion(change: Json, field: str, value: Any) -> None:
    made = f.pod("press-x", "line-2")
    made["spec"] = {} if "spec" in change else {"terminationGracePeriodSeconds": change.get("grace", 30)}
    made["metadata"] |= {name: one for name, one in change.items() if name not in ("grace", "spec")}
    site = Site(made)
    ref = ObjectRef(ObjectKey("plant", "Pod", "line-2", "press-x"), "", "")
    found = await delete.SPEC.read(Aim("delete", Direct(site), ref))
    assert getattr(found, field) == value
    assert found.resource == PODS and found.metadata["name"] == "press-x"


@pytest.mark.parametrize(
    ("site", "kind", "name", "owned", "asked"),
    [
        (many, "Deployment", "press", "2 replicasets", 1),
        (lambda: Site(f.pod("press", "line-2")), "Pod", "press", "", 0),
        (lambda: Site(f.deployment("press", "line-2")), "Deployment", "press", "", 1),
    ],
)
async def test_what_it_owns_is_counted(site: Any, kind: str, name: str, owned: str, asked: int) -> None:
    made: Site = site()
    ref = ObjectRef(ObjectKey("plant", kind, "line-2", name), "", "")
    aim = Aim("delete", Direct(made), ref)
    seen = await delete.SPEC.read(aim)
    made.requests.clear()
    assert delete.SPEC.explain is not None
    assert (await delete.SPEC.explain(aim, seen)).owned == owned
    assert len(made.requests) == asked


async def test_what_is_not_watched_owns_what_nobody_counts() -> None:
    other = view("Pump")
    aim = Aim("delete", Direct(Site()), other.ref)
    assert (await delete.explain(aim, other)).owned == ""


class Going(Timed):
    """A session on a pod that ends."""

    def __init__(self) -> None:
        super().__init__(Site())
        self.metadata: Json | None = {"name": "press", "uid": "uid-1", "resourceVersion": "9"}

    async def _get(self, path: str, query: Json | None = None, **more: Any) -> Any:
        if self.down:
            raise LinkError("The link is down.")
        if self.metadata is None:
            raise NotFound("not here", code=404)
        return {"kind": "Pod", "metadata": self.metadata}


def gone(session: Going) -> None:
    session.metadata = None


def another(session: Going) -> None:
    assert session.metadata is not None
    session.metadata["uid"] = "uid-2"


def held(session: Going) -> None:
    assert session.metadata is not None
    session.metadata["finalizers"] = ["a/b", "c/d"]


@pytest.mark.parametrize("wait", [None, 20.0])
@pytest.mark.parametrize("happens", [gone, another, held, lambda session: None])
def test_how_a_deletion_ends(wait: float | None, happens: Any, snapshot: SnapshotAssertion) -> None:
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        session = Going()
        run = Stepping(session, {})
        loop.call_later(3, happens, session)
        ending = await delete.outcome(cast(Run, run), view(), "background", wait)
        found.extend([*run.told, f"{run.seconds:.2f} s: {as_text(ending)}"])

    on_virtual_time(main)
    assert "\n".join(found) == snapshot


# -- a resource by a word


@pytest.mark.parametrize(
    ("way", "needs"),
    [
        (DELETE, [("delete", ""), ("get", "")]),
        (resource_of(KINDS["Pod"], DELETE).way._replace(subresource="scale"), None),
    ],
)
def test_which_rights_an_object_takes(way: Any, needs: Any) -> None:
    found = resource_of(KINDS["Deployment"], way)
    told = [(one.verb, one.subresource) for one in found.needs]
    assert told == (needs or [("delete", "scale"), ("get", ""), ("get", "scale")])
    assert {(one.resource, one.group) for one in found.needs} == {("deployments", "apps")}
    assert found.path("line-2", "press") == "/apis/apps/v1/namespaces/line-2/deployments/press"
    assert NODES.path("line-2", "a") == "/api/v1/nodes/a"


async def test_a_word_that_means_several_kinds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    served = [
        SimpleNamespace(name=name, verbs=("delete",), scalable=False) for name in ("pumps.b.io", "pumps.a.io")
    ]

    async def discover(api: Any) -> Any:
        return SimpleNamespace(served=served)

    monkeypatch.setattr("edgetui.actions.objects.resource.discover", discover)
    monkeypatch.setattr("edgetui.actions.objects.resource.resolve", lambda served, word: served)
    with pytest.raises(Refusal) as refused:
        await find(Direct(Site()), "pumps", DELETE)
    assert str(refused.value) == "“pumps” may be one of pumps.a.io, pumps.b.io. Name it with its group."
    served.clear()
    with pytest.raises(Refusal) as refused:
        await find(Direct(Site()), "pumps", DELETE)
    assert str(refused.value) == (
        "plant has no kind “pumps” whose objects can be deleted. "
        "kubectl api-resources lists the kinds it has."
    )


# -- a Job by hand


async def triggered(made: Json) -> trigger.TriggerView:
    name = made["metadata"]["name"]
    ref = ObjectRef(ObjectKey("plant", "CronJob", "line-2", name), "", "")
    return await trigger.SPEC.read(Aim("trigger", Direct(batch(made)), ref))


ACTIVE = {"kind": "Job", "name": "night-1"}
CRON_JOBS: dict[str, Json] = {
    "as it is": {},
    "with an active Job": {"active": [ACTIVE]},
    "with two, that are forbidden": {"active": [ACTIVE, ACTIVE], "concurrencyPolicy": "Forbid"},
    "suspended": {"suspend": True},
    "with labels": {
        "jobTemplate": {
            "metadata": {"labels": {"app": "night"}, "annotations": {"note": "x"}},
            "spec": {"template": {"spec": {"containers": [{"name": "a", "image": "night:2"}]}}},
        }
    },
}


@pytest.mark.parametrize("spec", CRON_JOBS.values(), ids=CRON_JOBS)
async def test_what_a_job_by_hand_is_made_of(spec: Json, snapshot: SnapshotAssertion) -> None:
    seen = await triggered(cron_job(**spec))
    found = trigger.TriggerView(seen.ref, seen.row, seen.there, "night-manual-1")
    plan = trigger.plan(Direct(Site()), found)
    assert "\n".join([as_text(trigger.job_of(found)), as_text(plan), found.path, found.words]) == snapshot


@pytest.mark.parametrize(("length", "kept"), [(5, 5), (48, 48), (49, 49), (50, 49), (63, 49)])
async def test_the_name_of_a_job_by_hand_fits(length: int, kept: int) -> None:
    found = await triggered(cron_job("n" * length))
    name, manual, suffix = found.job.rpartition("-manual-")
    assert (name, manual, len(suffix)) == ("n" * kept, "-manual-", 6)
    assert len(found.job) <= trigger.LONGEST_NAME


@pytest.mark.parametrize("lost", [OutcomeUnknown("No answer came."), ServerFailure("It failed.", code=500)])
@pytest.mark.parametrize(
    "then",
    [None, NotFound("not here", code=404), LinkError("The link is down.")],
    ids=["there", "not", "down"],
)
async def test_a_lost_answer_to_a_job_by_hand(
    lost: EdgetuiError, then: EdgetuiError | None, snapshot: SnapshotAssertion
) -> None:
    said: list[str] = []

    async def write(one: Any) -> Json:
        raise lost

    async def look(path: str) -> Json:
        said.append(path)
        if then is not None:
            raise then
        return {}

    async def found(text: str) -> None:
        said.append(text)

    seen = await triggered(cron_job())
    seen = trigger.TriggerView(seen.ref, seen.row, seen.there, "night-manual-1")
    run: Any = SimpleNamespace(
        write=write, session=SimpleNamespace(api=SimpleNamespace(get=look)), found=found
    )
    ending = await trigger._created(run, seen, cast(Any, None))
    assert "\n".join([as_text(ending), *said]) == snapshot

"""What a scale reads before it asks, and what it makes of that: every field of it, and every request.

`pytest tests/unit/actions/test_what_a_scale_reads.py --snapshot-update` takes what is so now; look
at what differs first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.change.spec import Aim
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.objects.resource import SCALE, Resource
from edgetui.actions.scaling import scale, scale_view
from edgetui.actions.scaling.scale_to_zero import read_parked
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import KINDS
from tests.unit.model import factories as f

from .as_text import as_text
from .every_action import at_zero, bounded, healthy, pumping, queued
from .site import Json, Site
from .test_every_field_of_an_action import Direct

PUMPS = Resource("water.example.com", "v1", "pumps", "Pump", True, SCALE)
LINE = "/apis/{}/namespaces/line-2/{}"


class Reading(Direct):
    """A session of which `compressed` says whether its server compresses what is read."""

    def __init__(self, site: Site, store: Store | None = None, *, compressed: bool = False) -> None:
        super().__init__(site)
        self.store, self.compressed = store, compressed
        self.api.compresses = self._compresses  # type: ignore[method-assign]
        self.api.read = self._read  # type: ignore[method-assign, assignment]
        self.api.get_bytes = self._bytes  # type: ignore[method-assign]

    async def _compresses(self) -> bool:
        return self.compressed

    async def _bytes(self, path: str, *more: Any, **options: Any) -> bytes:
        return json.dumps(await self._get(path)).encode()

    async def _read(self, collection: str, name: str = "", query: Json | None = None) -> Any:
        return await self._get(f"{collection}/{name}" if name else collection, query)


@dataclass
class World:
    """A cluster, what is watched of it, and who asks for what."""

    site: Site
    kind: str = "Deployment"
    name: str = "press"
    uid: str = ""
    asked: int | None = None
    watched: bool = False
    compressed: bool = False
    on_screen: bool = False
    remembers: bool = False
    other: Resource | None = None
    hidden: tuple[str, ...] = ()
    silent: frozenset[str] = field(default_factory=frozenset)

    def aim(self, log: AuditLog | None) -> Aim:
        self.site.hidden = frozenset(self.hidden)
        store = (
            f.store_of(*(one for one in self.site.objects.values() if one.get("kind", "") in KINDS))
            if self.watched
            else None
        )
        ref = ObjectRef(ObjectKey("plant", self.kind, "line-2", self.name), self.uid, "")
        return Aim(
            "scale",
            Reading(self.site, store, compressed=self.compressed),
            ref,
            log if self.remembers else None,
            {"replicas": self.asked},
            self.other,
            on_screen=self.on_screen,
        )


def limited(**more: Any) -> Site:
    """A deployment whose pods a budget selects, in a namespace with a quota."""
    site = healthy(**more)
    budget: Json = {"metadata": {"name": "press"}, "spec": {"selector": {"matchLabels": {"app": "press"}}}}
    budget["spec"] |= {"minAvailable": 3}
    other: Json = {"metadata": {"name": "oven"}, "spec": {"selector": {"matchLabels": {"app": "oven"}}}}
    quota: Json = {"metadata": {"name": "line"}, "spec": {}, "status": {"hard": {"pods": "4"}}}
    quota["status"]["used"] = {"pods": "3"}
    for one in (budget, other):
        site.objects[f"{LINE.format('policy/v1', 'poddisruptionbudgets')}/{one['metadata']['name']}"] = one
    site.objects["/api/v1/namespaces/line-2/resourcequotas/line"] = quota
    return site


def owned(site: Site, path: str, **reference: Any) -> Site:
    """The same, of an object that belongs to others."""
    operator = {"apiVersion": "oven.io/v1", "kind": "Oven", "name": "big", "uid": "u", "controller": True}
    beside = {"apiVersion": "v1", "kind": "Note", "name": "x", "uid": "v"}
    site.objects[path]["metadata"]["ownerReferences"] = [beside, operator | reference]
    return site


PRESS = LINE.format("apps/v1", "deployments") + "/press"


def selecting(selector: Any, told: str | None) -> Site:
    """A deployment with this selector, whose scale tells another; no status at all where it tells none."""
    site = healthy()
    site.objects[PRESS]["spec"]["selector"] = selector
    scale_ = {"metadata": site.objects[PRESS]["metadata"], "spec": {"replicas": 3}}
    scale_["status"] = {"replicas": 3, "selector": told} if told is not None else None
    site.instead = lambda request: (200, scale_) if request.path.endswith("/scale") else None
    return site


PUMP = LINE.format("water.example.com/v1", "pumps") + "/main"


def sets(owner: bool) -> Site:
    """A ReplicaSet, of a Deployment or alone."""
    made = f.deployment("press", "line-2")
    return Site(made, f.replica_set(made if owner else f.service("x", "line-2"), "two", replicas=3))


def of_v1(version: str) -> Site:
    site = bounded()
    for one in site.objects.values():
        if one["kind"] == "HorizontalPodAutoscaler":
            one["spec"]["scaleTargetRef"]["apiVersion"] = version
    return site


AT_0: dict[str, Any] = {"on_screen": True, "remembers": True}
WORLDS = {
    "nothing is known": lambda: World(healthy()),
    "nothing is known, 5 are asked for": lambda: World(limited(), asked=5),
    "nothing is known, 1 is asked for": lambda: World(limited(), asked=1),
    "nothing is known, 3 are asked for": lambda: World(limited(), asked=3),
    "a form of what has limits": lambda: World(limited(), asked=3, on_screen=True),
    "limits that may not be read": lambda: World(
        limited(), hidden=("poddisruptionbudgets", "resourcequotas", "scaledobjects")
    ),
    "a server that compresses": lambda: World(healthy(), compressed=True),
    "a server that compresses, and a pump": lambda: World(
        pumping(), "Pump", "main", compressed=True, other=PUMPS
    ),
    "a live row": lambda: World(healthy(), watched=True),
    "a live row, and limits": lambda: World(limited(), watched=True),
    "a live row, and 5 are asked for": lambda: World(limited(), watched=True, asked=5),
    "a live row, and 1 is asked for": lambda: World(limited(), watched=True, asked=1),
    "a scale that tells its selector": lambda: World(selecting({"matchLabels": {"app": "a"}}, "app=b")),
    "a scale that tells an empty selector": lambda: World(selecting({"matchLabels": {"app": "a"}}, "")),
    "a scale without a status": lambda: World(selecting(None, None)),
    "a live row of an object with an owner": lambda: World(owned(healthy(), PRESS), watched=True),
    "a live row of what Helm manages": lambda: World(
        healthy(labels={"app.kubernetes.io/managed-by": "Helm"}), watched=True
    ),
    "a live row of another object of its name": lambda: World(healthy(), watched=True, uid="other"),
    "an object with an owner": lambda: World(owned(healthy(), PRESS)),
    "an owner that is no controller": lambda: World(owned(healthy(), PRESS, controller=False)),
    "an autoscaler": lambda: World(bounded()),
    "an autoscaler that is watched": lambda: World(bounded(), watched=True),
    "an autoscaler of another group": lambda: World(of_v1("oven.io/v1")),
    "an autoscaler that may not be read": lambda: World(bounded(), hidden=("horizontalpodautoscalers",)),
    "KEDA": lambda: World(queued()),
    "KEDA, paused": lambda: World(queued(**{"autoscaling.keda.sh/paused-replicas": "3"})),
    "a pump": lambda: World(pumping(), "Pump", "main", other=PUMPS),
    "a pump with an owner": lambda: World(owned(pumping(), PUMP), "Pump", "main", asked=1, other=PUMPS),
    "a ReplicaSet of a Deployment": lambda: World(sets(True), "ReplicaSet", "press-two"),
    "a ReplicaSet that is watched": lambda: World(sets(True), "ReplicaSet", "press-two", watched=True),
    "a ReplicaSet of its own": lambda: World(sets(False), "ReplicaSet", "x-two"),
    "at 0, on the screen": lambda: World(at_zero(), **AT_0),
    "at 0, in a command": lambda: World(at_zero(), remembers=True),
    "at 0, without a record": lambda: World(at_zero(), on_screen=True),
    "at 0, watched": lambda: World(at_zero(), watched=True, **AT_0),
    "not at 0, with a record": lambda: World(healthy(), **AT_0),
    "it is gone": lambda: World(Site(), uid="uid-1"),
    "another object has its name": lambda: World(healthy(), uid="other"),
    "no kind that scales": lambda: World(healthy(), "DaemonSet", "press"),
}


def told(what: str, view: scale_view.ScaleView, site: Site) -> Iterator[str]:
    """All of a view but the object itself, and what was asked for it."""
    fields = json.loads(as_text(view))
    there, metadata = fields.pop("there"), fields.pop("metadata")
    yield f"# {what}"
    yield as_text({name: one for name, one in fields.items() if one not in (None, [], {}, "", 0)})
    yield f"object read {there is not None}, metadata of {metadata.get('name')}"
    yield from (f"GET {one.path}" for one in site.requests)
    site.requests.clear()


@pytest.mark.parametrize("name", WORLDS)
async def test_what_is_read_and_what_is_made_of_it(
    name: str, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    world, lines = WORLDS[name](), list[str]()
    aim = world.aim(AuditLog(tmp_path / "audit.jsonl"))
    try:
        view = await scale.SPEC.read(aim)
        lines += told("read", view, world.site)
        assert scale.SPEC.explain is not None
        view = await scale.SPEC.explain(aim, view)
        lines += told("explained", view, world.site)
        lines += [f"{number}: {warning}" for number in (0, 1, 3, 5) for warning in view.warnings(number)]
    except EdgetuiError as problem:
        lines += [f"{type(problem).__name__}: {problem}"]
    assert "\n".join(lines) == snapshot


async def test_what_is_prepared_is_read_and_explained() -> None:
    ref = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "", "")
    view = await scale.prepare(Reading(bounded()), ref, 5)
    assert (view.whole, view.replicas, view.owner) == (True, 5, "autoscaler press, 2 to 8")
    ref = ObjectRef(ObjectKey("plant", "Pump", "line-2", "main"), "", "")
    assert (await scale.prepare(Reading(pumping()), ref, other=PUMPS)).path == PUMP


@pytest.mark.parametrize(
    ("site", "logged", "before"),
    [
        (at_zero, True, (3, "as an earlier revision had", 0)),
        (at_zero, False, (0, "", 0)),
        (healthy, True, (0, "", 0)),
    ],
)
async def test_what_is_remembered_is_read_for_what_is_at_0(
    site: Any, logged: bool, before: tuple[int, str, int], tmp_path: Path
) -> None:
    world = World(site(), remembers=logged)
    view = await read_parked(world.aim(AuditLog(tmp_path / "audit.jsonl")))
    assert (view.before, view.before_said, view.before_at) == before

"""What is read for the page of an object: who refers to it, what owns it, and what is said where that is not known."""

from __future__ import annotations

import asyncio
import gc
import json
from functools import partial
from typing import Any

import pytest

from edgetui.actions.objects.describe import Description, Referrer, describe, read_object
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import row_of
from edgetui.model.view.ownership import Owner
from tests.unit.model import factories as f

from .site import Json, Site
from .test_every_field_of_an_action import Direct

PDBS = "/apis/policy/v1/namespaces/line-2/poddisruptionbudgets"
OTHERS = "kinds that are not built in were not looked through"
CREATED = {"creationTimestamp": "2026-11-28T10:00:00Z"}
CREATED_AT = 1795860000
PUMPS = {"kind": "APIResourceList", "groupVersion": "water.example.com/v1"}
PUMP = {"name": "pumps", "singularName": "pump", "namespaced": True, "kind": "Pump", "verbs": ["get", "list"]}


class Reading(Direct):
    """A session whose lists come in pages of `most`, and whose discovery knows pumps."""

    def __init__(self, site: Site, store: Store) -> None:
        super().__init__(site)
        self.store = store
        self.api.read = self._read  # type: ignore[method-assign, assignment]
        self.api.get_bytes = self._bytes  # type: ignore[method-assign]

    async def _read(self, path: str, *, most: int) -> Json:
        listed = (await self._get(path))["items"]
        return {"metadata": {"continue": "more" if len(listed) > most else ""}, "items": listed[:most]}

    async def _bytes(self, path: str, *more: Any, **options: Any) -> bytes:
        await self._get("/apis")
        served = [PUMP] if "water" in path else []
        return json.dumps({**PUMPS, "resources": served}).encode()


def stored(*objects: Json) -> Store:
    """What is watched, all of it live."""
    store = Store("plant")
    for kind in {one["kind"] for one in objects}:
        store.set_freshness(kind, Freshness(sync=Sync.LIVE, heard=1.0))
        store.replace(kind, [row_of(kind, one) for one in objects if one["kind"] == kind])
    return store


async def described(
    site: Site, store: Store, kind: str, name: str, *, thin: bool = False
) -> tuple[Description, list[str]]:
    session, key = Reading(site, store), ObjectKey("plant", kind, "line-2", name)
    found = await describe(session, store, key, partial(read_object, session, store, key), thin=thin)
    return found, site.paths


PRESS = f.deployment("press", "line-2", image="press:2")
SET = f.replica_set(PRESS, "one", image="press:2")
POD = f.pod("press-x", "line-2", owner=SET, labels={"app": "press", "tier": "front"})


def budget(name: str, labels: Json | None, status: Json) -> Json:
    selector = {} if labels is None else {"selector": {"matchLabels": labels}}
    return {"metadata": {"name": name, "namespace": "line-2"}, "spec": selector, "status": status}


def around() -> Site:
    """Services and disruption budgets, some of which take the pod."""
    site = Site(PRESS, SET, POD)
    for name, selector in {
        "web": {"app": "press"},
        "old": {"app": "press", "tier": "back"},
        "none": {},
    }.items():
        made = f.service(name, "line-2")
        made["spec"]["selector"] = selector
        site.objects[Site.path(made)] = made
    for made in (
        budget("loose", {"app": "press"}, {"disruptionsAllowed": 2}),
        budget("early", {"tier": "front"}, {}),
        budget("other", {"app": "weld"}, {"disruptionsAllowed": 1}),
        budget("odd", {"app": 3}, {"disruptionsAllowed": 1}),
        budget("empty", None, {"disruptionsAllowed": 1}),
    ):
        site.objects[f"{PDBS}/{made['metadata']['name']}"] = made
    return site


SELECTED = (
    Referrer("Service", "web", "selects its pods"),
    Referrer("PodDisruptionBudget", "early", "its controller has not looked yet"),
    Referrer("PodDisruptionBudget", "loose", "2 may be evicted now"),
)


@pytest.mark.parametrize(
    ("kind", "name"), [("Deployment", "press"), ("ReplicaSet", "press-one"), ("Pod", "press-x")]
)
@pytest.mark.parametrize("watched", [True, False])
async def test_services_and_budgets_that_take_its_pods_refer_to_it(
    kind: str, name: str, watched: bool
) -> None:
    site = around()
    services = [one for path, one in site.objects.items() if "/services/" in path] if watched else []
    found, paths = await described(site, stored(PRESS, SET, POD, *services), kind, name)
    assert found.referrers == SELECTED
    assert found.notes == ()
    assert paths == [*([] if watched else ["/api/v1/namespaces/line-2/services"]), PDBS]


@pytest.mark.parametrize("steps", range(6))
async def test_a_page_that_is_left_at_once_asks_for_nothing_and_warns_of_nothing(
    steps: int, recwarn: pytest.WarningsRecorder
) -> None:
    reading = asyncio.create_task(described(around(), stored(PRESS, SET, POD), "Deployment", "press"))
    for _ in range(steps):
        await asyncio.sleep(0)
    reading.cancel()
    await asyncio.wait({reading})
    del reading
    gc.collect()
    assert [str(one.message) for one in recwarn] == []


async def test_the_autoscaler_of_its_own_name_kind_group_and_namespace_scales_it() -> None:
    ours = f.autoscaler("ours", "line-2", bounds=(2, 8))
    far = f.autoscaler("far", "line-1")
    other = f.autoscaler("other", "line-2", target=("Deployment", "weld"))
    kind = f.autoscaler("kind", "line-2", target=("StatefulSet", "press"))
    group = f.autoscaler("group", "line-2")
    group["spec"]["scaleTargetRef"]["apiVersion"] = "example.com/v1"
    store = stored(PRESS, ours, far, other, kind, group)
    found, paths = await described(Site(PRESS), store, "Deployment", "press")
    assert found.referrers == (Referrer("HorizontalPodAutoscaler", "ours", "scales it: 2 to 8"),)
    assert paths == [], "without pods nothing selects it"


async def test_over_a_slow_link_no_list_is_asked_for_and_that_is_said() -> None:
    found, paths = await described(around(), stored(PRESS, SET, POD), "Deployment", "press", thin=True)
    assert (found.referrers, paths) == ((), [])
    assert found.notes == ("Services and disruption budgets were not asked for over a link as slow as this",)
    found, paths = await described(around(), stored(), "ConfigMap", "conf", thin=True)
    assert (found.referrers, paths) == ((), [])
    assert found.notes == ("what names it was not asked for over a link as slow as this",)


async def test_what_may_not_be_listed_is_said_and_what_is_not_served_is_not() -> None:
    site = around()
    site.hidden = frozenset({"services"})
    for path in [path for path in site.objects if path.startswith(PDBS)]:
        del site.objects[path]
    found, _ = await described(site, stored(PRESS, SET, POD), "Deployment", "press")
    assert (found.referrers, found.notes) == ((), ("Services cannot be read: no",))


def mounting(made: Json, name: str = "conf") -> Json:
    template = made["spec"].get("template", made)
    template["spec"]["volumes"] = [{"name": "v", "configMap": {"name": name}}]
    return made


async def test_what_names_a_config_map_is_told_without_what_that_controls() -> None:
    deployed = mounting(f.deployment("press", "line-2"))
    replicas = f.replica_set(deployed, "one")
    owned = mounting(f.pod("press-x", "line-2", owner=replicas))
    alone = mounting(f.pod("alone", "line-2"))
    other = mounting(f.pod("other", "line-2"), "else")
    site = Site(deployed, replicas, owned, alone, other)
    site.hidden = frozenset({"jobs"})
    found, _ = await described(site, stored(deployed, replicas, owned), "ConfigMap", "conf")
    assert found.referrers == (
        Referrer("Deployment", "press", "volume v"),
        Referrer("Pod", "alone", "volume v"),
    )
    assert found.notes == ("jobs cannot be read: no", OTHERS)


@pytest.mark.parametrize(("count", "said"), [(500, ()), (501, ("only 500 pods were looked through",))])
async def test_500_of_a_kind_are_looked_through(count: int, said: tuple[str, ...]) -> None:
    site = Site(*(mounting(f.pod(f"p-{at:03}", "line-2")) for at in range(count)))
    found, _ = await described(site, stored(), "ConfigMap", "conf")
    assert len(found.referrers) == 500
    assert found.notes == (*said, OTHERS)


def owned_by(made: Json, *owners: Json) -> Json:
    made["metadata"]["ownerReferences"] = list(owners)
    return made


def reference(kind: str, name: str, uid: str, version: str = "apps/v1", **more: Any) -> Json:
    return {"apiVersion": version, "kind": kind, "name": name, "uid": uid, **more}


def pump(uid: str) -> Json:
    return {"kind": "Pump", "metadata": {"name": "main", "namespace": "line-2", "uid": uid, **CREATED}}


PUMP_REF = reference("Pump", "main", "uid-pump", "water.example.com/v1", controller=True)
PUMP_ID = "Pump.water.example.com"


@pytest.mark.parametrize(
    ("there", "owner"),
    [
        ((pump("uid-pump"),), Owner(PUMP_ID, "main", CREATED_AT)),
        ((pump("another"),), Owner(PUMP_ID, "main", note="it is gone, and another object has its name")),
        ((), Owner(PUMP_ID, "main", note="it is gone")),
    ],
    ids=["there", "another", "gone"],
)
async def test_an_owner_that_is_not_watched_is_asked_for(there: tuple[Json, ...], owner: Owner) -> None:
    made = owned_by(
        f.pod("press-x", "line-2"), PUMP_REF, reference("Lease", "beside", "uid-l", "coordination.k8s.io/v1")
    )
    found, _ = await described(Site(made, *there), stored(made), "Pod", "press-x")
    assert found.owners == (owner, Owner("Lease", "beside", note="an owner beside its controller"))


async def test_an_owner_of_a_kind_that_is_not_served_is_named() -> None:
    made = owned_by(
        f.pod("press-x", "line-2"), reference("Tank", "main", "u", "oil.example.com/v1", controller=True)
    )
    found, _ = await described(Site(made), stored(made), "Pod", "press-x")
    assert found.owners == (Owner("Tank.oil.example.com", "main", note="its kind is not served here"),)


async def test_owners_that_are_watched_cost_no_request() -> None:
    found, paths = await described(
        Site(PRESS, SET, POD), stored(PRESS, SET, POD), "Pod", "press-x", thin=True
    )
    assert [(one.kind, one.name, one.note) for one in found.owners] == [
        ("ReplicaSet", SET["metadata"]["name"], ""),
        ("Deployment", "press", ""),
    ]
    assert paths == []

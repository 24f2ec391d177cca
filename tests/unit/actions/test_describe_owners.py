"""The owners, the conditions and the referrers of an object: every way in which each is told or is not.

`pytest tests/unit/actions/test_describe_owners.py --snapshot-update` takes what is said now; look at
what differs first.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.objects.describe import Description, Referrer, describe, naming, read_object
from edgetui.cluster.api.discovery import resource_list
from edgetui.model.cache.store import MOST_OWNERS, Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.discovered import bare_row, kind_of
from edgetui.model.kinds.wire import Condition, Meta
from edgetui.model.view.ownership import Owner
from tests.unit.model import factories as f

from .as_text import as_text
from .site import Json, Site
from .test_describe import (
    CREATED_AT,
    OTHERS,
    PDBS,
    PUMP,
    PUMP_ID,
    PUMPS,
    Reading,
    budget,
    mounting,
    owned_by,
    pump,
    reference,
    stored,
)

PRESS = f.deployment("press", "line-2", created=CREATED_AT - 60)
SET = f.replica_set(PRESS, "one", created=CREATED_AT)
POD = f.pod("press-x", "line-2", owner=SET)
ROW_OF_SET = Owner("ReplicaSet", "press-one", CREATED_AT)
PRESS_PATH, SET_PATH = Site.path(PRESS), Site.path(SET)


class Describing(Reading):
    """A session on a site that reads one object as well."""

    def __init__(self, site: Site, store: Store) -> None:
        super().__init__(site, store)
        self.api.read = self._one_or_all  # type: ignore[method-assign, assignment]
        self.api.get_bytes = self._bytes  # type: ignore[method-assign]

    async def _bytes(self, path: str, *more: Any, **options: Any) -> bytes:
        valve = PUMP | {"name": "valves", "kind": "Valve"}
        served = [valve, PUMP] if "water" in path else []
        return as_text({**PUMPS, "resources": served}).encode()

    async def _one_or_all(self, path: str, name: str = "", *, most: int = 0) -> Json:
        if name:
            found: Json = await self._get(f"{path}/{name}")
            return found
        return await self._read(path, most=most or 500)


async def described(
    site: Site, store: Store, kind: str, name: str, *, thin: bool = False, namespace: str = "line-2"
) -> tuple[Description, list[str]]:
    session, key = Describing(site, store), ObjectKey("plant", kind, namespace, name)
    session.api.kinds = store.kinds
    found = await describe(session, store, key, partial(read_object, session, store, key), thin=thin)
    return found, site.paths


def served(store: Store) -> Store:
    """The same, of a cluster that was found to serve pumps."""
    answer = as_text({**PUMPS, "resources": [PUMP]}).encode()
    kinds = [kind_of(one) for one in resource_list("water.example.com", "v1", answer)]
    store.kinds.replace_discovered({one.id: one for one in kinds})
    return store


def set_row(**metadata: Any) -> Json:
    made = f.replica_set(PRESS, "one", created=CREATED_AT)
    made["metadata"] |= metadata
    return made


@pytest.mark.parametrize(
    ("site", "owners", "asked"),
    [
        (
            Site(PRESS, SET, POD),
            (ROW_OF_SET, Owner("Deployment", "press", CREATED_AT - 60)),
            [SET_PATH, PRESS_PATH],
        ),
        (
            Site(SET, POD),
            (ROW_OF_SET, Owner("Deployment", "press", note="it is gone")),
            [SET_PATH, PRESS_PATH],
        ),
        (
            Site(set_row(ownerReferences=[]), POD),
            (ROW_OF_SET, Owner("Deployment", "press", note="not seen here")),
            [SET_PATH],
        ),
    ],
    ids=["there", "gone", "no longer owned"],
)
async def test_the_owner_of_an_owner_that_is_not_watched_is_asked_for(
    site: Site, owners: tuple[Owner, ...], asked: list[str]
) -> None:
    found, paths = await described(site, stored(SET, POD), "Pod", "press-x", thin=True)
    assert (found.owners, paths) == (owners, asked)


async def test_a_pod_that_its_owner_has_let_go_names_the_one_of_its_row() -> None:
    alone = f.pod("press-x", "line-2")
    found, paths = await described(Site(alone), stored(POD), "Pod", "press-x", thin=True)
    assert found.owners == (Owner("ReplicaSet", "press-one", note="not seen here"),)
    assert paths == [Site.path(POD)]


@pytest.mark.parametrize(
    ("code", "note"),
    [(403, "it cannot be read: no"), (404, "it is gone"), (500, "it cannot be read: no")],
)
async def test_an_owner_that_cannot_be_read_says_why(code: int, note: str) -> None:
    site = Site(POD)
    site.instead = lambda request: (code, None) if "replicasets" in request.path else None
    found, _ = await described(site, stored(POD), "Pod", "press-x", thin=True)
    assert found.owners == (Owner("ReplicaSet", "press-one", note=note),)


@pytest.mark.parametrize(
    ("made", "owner", "asked"),
    [
        (
            owned_by(f.pod("press-x", "line-2"), reference("Node", "edge-1", "", "v1", controller=True)),
            Owner("Node", "edge-1", f.NOW - 3600),
            "/api/v1/nodes/edge-1",
        ),
        (
            owned_by(f.pod("press-x", "line-2"), reference("Node", "edge-1", "u", "v1", controller=True)),
            Owner("Node", "edge-1", note="it is gone, and another object has its name"),
            "/api/v1/nodes/edge-1",
        ),
        (
            owned_by(
                f.pod("press-x", "line-2"),
                reference("Pump", "main", "uid-pump", "water.example.com/v1", controller=True),
            ),
            Owner(PUMP_ID, "main", 0),
            "/apis/water.example.com/v1/namespaces/line-2/pumps/main",
        ),
    ],
    ids=["of the cluster, without a uid", "of another uid", "without a time"],
)
async def test_an_owner_is_asked_for_where_it_is(made: Json, owner: Owner, asked: str) -> None:
    timeless = pump("uid-pump")
    timeless["metadata"]["creationTimestamp"] = 7
    site = Site(made, f.node("edge-1"), timeless)
    known = owned_by(f.pod("press-x", "line-2"), reference("Node", "edge-1", "u", "v1", controller=True))
    found, paths = await described(site, stored(known), "Pod", "press-x", thin=True)
    assert found.owners == (owner,)
    assert paths[-1] == asked


async def test_a_chain_of_owners_has_an_end() -> None:
    chain = []
    for at in range(MOST_OWNERS + 4):
        made = pump(f"uid-{at}")
        made["metadata"]["name"] = f"p{at}"
        above = reference("Pump", f"p{at + 1}", f"uid-{at + 1}", "water.example.com/v1", controller=True)
        chain.append(owned_by(made, above, reference("Note", "beside", "u", "v1")))
    first = reference("Pump", "p0", "uid-0", "water.example.com/v1", controller=True)
    made = owned_by(f.pod("press-x", "line-2"), first, reference("Note", "own", "u", "v1"))
    found, _ = await described(Site(made, *chain), stored(made), "Pod", "press-x", thin=True)
    assert [one.name for one in found.owners] == [*(f"p{at}" for at in range(MOST_OWNERS)), "own"]
    assert found.owners[-1].note == "an owner beside its controller"


async def test_a_name_is_cut_where_the_longest_name_ends() -> None:
    long = "p" * 260
    made = owned_by(
        f.pod("press-x", "line-2"), reference("Pump", long, "u", "example.com/v1", controller=True)
    )
    found, _ = await described(Site(made), stored(made), "Pod", "press-x", thin=True)
    assert len(found.owners[0].name) == 253


TRUE: Json = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-28T10:00:00Z"}
SECRET = {"type": "Synced", "status": "False", "message": "password=hunter2 is wrong"}


async def test_conditions_of_a_kind_without_a_file_are_read_without_secrets() -> None:
    made = pump("uid-pump") | {"status": {"conditions": [TRUE, SECRET]}}
    store = served(stored())
    store.apply(PUMP_ID, bare_row(Meta(name="main", namespace="line-2", uid="uid-pump")))
    found, paths = await described(Site(made), store, PUMP_ID, "main", thin=True)
    assert found.conditions == (
        Condition("Ready", "True", since=CREATED_AT),
        Condition("Synced", "False", message="password=(hidden) is wrong"),
    )
    assert (found.owners, found.referrers, found.notes) == ((), (), ())
    assert paths == ["/apis/water.example.com/v1/namespaces/line-2/pumps/main"]


async def test_of_a_built_in_kind_only_the_metadata_is_read() -> None:
    session = Describing(Site(POD), stored(POD))
    key = ObjectKey("plant", "Pod", "line-2", "press-x")
    found = await read_object(session, session.store or stored(), key)
    assert set(found) == {"metadata"}
    store = served(stored())
    session = Describing(Site(pump("uid-pump")), store)
    session.api.kinds = store.kinds
    whole = await read_object(session, store, ObjectKey("plant", PUMP_ID, "line-2", "main"))
    assert set(whole) == {"kind", "metadata"}


async def test_what_refers_to_an_object_without_a_row_is_not_asked_for() -> None:
    found, paths = await described(Site(), stored(), "Deployment", "press")
    assert (found, paths) == (Description(), [])
    gone, _ = await described(Site(), stored(), "Unknown", "press")
    assert gone == Description()


async def test_a_budget_of_which_nothing_can_be_said_takes_no_pod() -> None:
    labelled = f.pod("press-x", "line-2", labels={"app": "press"})
    site = Site(labelled)
    odd = budget("odd", {"app": "press"}, {"disruptionsAllowed": 1})
    odd["spec"]["selector"] = {"matchExpressions": [{"key": "app"}]}
    all_ = budget("all", {}, {"disruptionsAllowed": 0})
    text = budget("text", {"app": "press"}, {"disruptionsAllowed": "2"})
    for one in (odd, all_, text):
        site.objects[f"{PDBS}/{one['metadata']['name']}"] = one
    found, _ = await described(site, stored(labelled), "Pod", "press-x")
    assert found.referrers == (
        Referrer("PodDisruptionBudget", "all", "0 may be evicted now"),
        Referrer("PodDisruptionBudget", "text", "its controller has not looked yet"),
    )


async def test_what_cannot_be_listed_is_said_once_for_each() -> None:
    labelled = f.pod("press-x", "line-2", labels={"app": "press"})
    site = Site(labelled)
    site.hidden = frozenset({"services", "poddisruptionbudgets"})
    found, _ = await described(site, stored(labelled), "Pod", "press-x")
    assert found.notes == ("Services cannot be read: no", "disruption budgets cannot be read: no")


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret", "PersistentVolumeClaim", "ServiceAccount"])
async def test_what_names_an_object_of_each_kind_that_pods_name(
    kind: str, snapshot: SnapshotAssertion
) -> None:
    def naming_all(made: Json) -> Json:
        spec = made["spec"].get("template", made)["spec"]
        spec["volumes"] = [
            {"name": "v", "configMap": {"name": "conf"}},
            {"name": "s", "secret": {"secretName": "conf"}},
            {"name": "d", "persistentVolumeClaim": {"claimName": "conf"}},
        ]
        spec["serviceAccountName"] = "conf"
        return made

    deployed = naming_all(f.deployment("press", "line-2"))
    other = naming_all(f.deployment("anvil", "line-2"))
    set_ = f.stateful_set("camera", "line-2")
    agent = naming_all(f.daemon_set("agent", "line-2"))
    alone = naming_all(f.pod("alone", "line-2"))
    owned = naming_all(f.pod("press-x", "line-2", owner=deployed))
    site = Site(deployed, other, set_, agent, alone, owned)
    site.hidden = frozenset({"jobs", "cronjobs"})
    found, paths = await described(site, stored(), kind, "conf")
    assert "\n".join([*(as_text(one) for one in found.referrers), *found.notes, *sorted(paths)]) == snapshot


async def test_a_pod_of_something_known_between_is_not_told_twice() -> None:
    deployed = mounting(f.deployment("press", "line-2"))
    between = f.replica_set(deployed, "one")
    pod = mounting(f.pod("press-x", "line-2", owner=between))
    known, _ = await described(Site(deployed, pod), stored(between), "ConfigMap", "conf")
    assert [one.name for one in known.referrers] == ["press"]
    unknown, _ = await described(Site(deployed, pod), stored(), "ConfigMap", "conf")
    assert [one.name for one in unknown.referrers] == ["press", "press-x"]
    assert unknown.notes == (OTHERS,)


def test_a_place_is_named_once_and_only_for_the_object_that_is_meant() -> None:
    made = mounting(f.pod("press-x", "line-2"))
    made["spec"]["containers"][0]["envFrom"] = [{"configMapRef": {"name": "conf"}}] * 2
    key = ObjectKey("plant", "ConfigMap", "line-2", "conf")
    assert naming("Pod", made, key) == ("volume v", "envFrom of app")
    assert naming("Pod", made, key._replace(name="other")) == ()
    assert naming("Pod", made, key._replace(kind="Secret")) == ()


async def test_an_owner_that_is_named_without_its_version_is_of_the_core() -> None:
    named = {"kind": "Node", "name": "edge-1", "uid": "", "controller": True}
    known = owned_by(f.pod("press-x", "line-2"), named | {"uid": "u"})
    site = Site(owned_by(f.pod("press-x", "line-2"), named), f.node("edge-1"))
    found, _ = await described(site, stored(known), "Pod", "press-x", thin=True)
    assert found.owners == (Owner("Node", "edge-1", f.NOW - 3600),)


async def test_an_owner_without_metadata_is_another() -> None:
    site, store = Site(POD), stored(POD)
    session, key = Describing(site, store), ObjectKey("plant", "Pod", "line-2", "press-x")

    async def metadata(path: str) -> Json:
        return {"metadata": POD["metadata"]} if "/pods/" in path else {}

    session.api.get_metadata = metadata  # type: ignore[method-assign]
    found = await describe(session, store, key, partial(read_object, session, store, key), thin=True)
    note = "it is gone, and another object has its name"
    assert found.owners == (Owner("ReplicaSet", "press-one", note=note),)


async def test_of_a_secret_the_metadata_alone_is_read() -> None:
    store, secret = stored(), ObjectKey("plant", "Secret", "line-2", "tls")
    served_secret = {"name": "secrets", "singularName": "secret", "namespaced": True, "kind": "Secret"}
    answer = {"kind": "APIResourceList", "groupVersion": "v1"}
    answer |= {"resources": [served_secret | {"verbs": ["get", "list"]}]}  # type: ignore[dict-item]
    kinds = [kind_of(one) for one in resource_list("", "v1", as_text(answer).encode())]
    store.kinds.replace_discovered({one.id: one for one in kinds})
    assert store.kinds["Secret"].discovered
    made = {"kind": "Secret", "metadata": {"name": "tls", "namespace": "line-2"}, "data": {"key": "aGk="}}
    site = Site()
    site.objects["/api/v1/namespaces/line-2/secrets/tls"] = made
    session = Describing(site, store)
    session.api.kinds = store.kinds
    assert await read_object(session, store, secret) == {"metadata": made["metadata"]}


async def test_rows_that_tell_too_little_refer_to_nothing() -> None:
    labelled = f.pod("press-x", "line-2", labels={"app": "press"})
    store = stored(labelled, f.service("web", "line-2"), f.autoscaler("press", "line-2"))
    for kind in ("Service", "HorizontalPodAutoscaler"):
        store.apply(kind, bare_row(Meta(name="bare", namespace="line-2", uid=f"uid-of-{kind}")))
    found, _ = await described(Site(labelled), store, "Pod", "press-x")
    assert (found.referrers, found.notes) == ((), ())


async def test_long_names_are_cut_and_what_is_left_out_is_nothing() -> None:
    long = "n" * 260
    labelled = f.pod("press-x", "line-2", labels={"app": "press"})
    site = Site(labelled)
    bare: Json = {"metadata": {"name": "bare", "namespace": "line-2"}}
    for one in (budget(long, {}, {}), bare, bare | {"spec": None, "status": None}):
        site.objects[f"{PDBS}/{one['metadata']['name']}"] = one
    found, _ = await described(site, stored(labelled), "Pod", "press-x")
    assert [len(one.name) for one in found.referrers] == [253]
    named = [mounting(f.pod(name, "line-2")) for name in (long, "one", "two")]
    for one in named:
        del one["metadata"]["uid"]
    other = Site(*named)
    session, key = Describing(other, stored()), ObjectKey("plant", "ConfigMap", "line-2", "conf")

    async def read(path: str, name: str = "", *, most: int = 0) -> Json:
        return {"items": named if path.endswith("/pods") else []}

    session.api.read = read  # type: ignore[method-assign, assignment]
    told = await describe(session, stored(), key, partial(read_object, session, stored(), key), thin=False)
    assert [len(one.name) for one in told.referrers] == [253, 3, 3]
    assert told.notes == (OTHERS,)

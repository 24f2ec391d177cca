"""Random sites side by side on one control plane: four nodes each, with workloads of every sort, and a drain of one.

``python -m tests.controlplane.random_sites 50`` drains that many and says where the forecast was wrong.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple

from edgetui.actions.change.spec import Aim
from edgetui.actions.nodes import drain
from edgetui.actions.nodes.foresee import read
from edgetui.model.kinds.node import NODE
from edgetui.model.node.forecast import Fate
from edgetui.model.node.unplug import answer

from . import build
from . import workloads as w
from .acting import Acting, connected, named
from .cluster import ControlPlane
from .waiting import eventually

Json = dict[str, Any]
SITE, CAMERA = "example.com/site", "example.com/camera"
NODES, SIDE_BY_SIDE = 4, 4
SETTLED, ENDED = 60.0, 60.0
HOSTNAME = "kubernetes.io/hostname"


class Outcome(NamedTuple):
    """What became of the pods of one node: by uid who is still there, and by owner who got or got no other place."""

    stay: frozenset[str]
    stuck: frozenset[str]
    lost: frozenset[str]
    moved: Mapping[str, int]
    nowhere: Mapping[str, int]


class RandomSite:
    """One site: `number` chooses its nodes, `seed` its workloads."""

    def __init__(self, cluster: ControlPlane, namespace: str, number: int, seed: int) -> None:
        self.cluster, self.namespace, self.seed = cluster, namespace, seed
        self.label = f"s{number}"
        self.nodes = [f"node-{number * NODES + at}" for at in range(NODES)]
        self._rng = random.Random(seed)
        self.drained = self._rng.choice(self.nodes)
        self.wanted: dict[str, int] = {}

    def build(self) -> None:
        """Label the nodes and create the workloads."""
        for name in self.nodes:
            has = {SITE: self.label, CAMERA: "yes" if self._rng.random() < 0.4 else None}
            self.cluster.api.patch(f"/api/v1/nodes/{name}", {"metadata": {"labels": has}})
        self._create(w.daemonset("agent", pod_spec=self._spec()))
        big = self._rng.randrange(5)
        for at in range(5):
            self._app(f"app-{at}", "2500m" if at == big else "10m")
        if self._rng.random() < 0.7:
            bare = w.pod_template("tool", f"{w.REGISTRY}/tool:1", pod_spec=self._spec())
            self._post("pods", {"metadata": {"name": "tool", **bare["metadata"]}, "spec": bare["spec"]})
        if self._rng.random() < 0.7:
            self._on_a_disk("db")

    def _app(self, name: str, cpu: str) -> None:
        replicas = self._rng.randrange(1, 5)
        spec = self._spec(camera=self._rng.random() < 0.3, apart=self._rng.random() < 0.3 and name)
        if self._rng.random() < 0.2:
            spec["volumes"] = [{"name": "scratch", "emptyDir": {}}]
        stateful = self._rng.random() < 0.3
        make = w.statefulset if stateful else w.deployment
        more = {"podManagementPolicy": "Parallel"} if stateful else {}
        self._create(make(name, replicas=replicas, spec=more, cpu_request=cpu, pod_spec=spec))
        self.wanted[name] = replicas
        if self._rng.random() < 0.5:
            limit = self._rng.choice(
                ({"maxUnavailable": 1}, {"minAvailable": replicas}, {"maxUnavailable": "50%"})
            )
            self._budget(name, limit)

    def _on_a_disk(self, name: str) -> None:
        """A pod whose volume is on the disk of one node."""
        home, claim = self._rng.choice(self.nodes), f"{self.namespace}-{name}"
        term = {"matchExpressions": [{"key": HOSTNAME, "operator": "In", "values": [home]}]}
        shared = {"accessModes": ["ReadWriteOnce"], "storageClassName": ""}
        volume = {
            "metadata": {"name": claim},
            "spec": {
                **shared,
                "capacity": {"storage": "1Gi"},
                "local": {"path": "/data"},
                "nodeAffinity": {"required": {"nodeSelectorTerms": [term]}},
                "claimRef": {"namespace": self.namespace, "name": name},
            },
        }
        self.cluster.api.create("/api/v1/persistentvolumes", volume)
        wants = {**shared, "volumeName": claim, "resources": {"requests": {"storage": "1Gi"}}}
        self._post("persistentvolumeclaims", {"metadata": {"name": name}, "spec": wants})
        path = f"/api/v1/namespaces/{self.namespace}/persistentvolumeclaims/{name}"
        eventually(
            lambda: self.cluster.api.get(path)["status"].get("phase") == "Bound",
            within=SETTLED,
            what=f"{name} bound",
        )
        spec = self._spec() | {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": name}}]}
        self._create(w.deployment(name, replicas=1, pod_spec=spec))
        self.wanted[name] = 1

    def _spec(self, *, camera: bool = False, apart: str | bool = False) -> Json:
        spec: Json = {"nodeSelector": {SITE: self.label} | ({CAMERA: "yes"} if camera else {})}
        if apart:
            rule = {"labelSelector": {"matchLabels": {"app": apart}}, "topologyKey": HOSTNAME}
            required = {"requiredDuringSchedulingIgnoredDuringExecution": [rule]}
            spec["affinity"] = {"podAntiAffinity": required}
        return spec

    def _budget(self, name: str, limit: Json) -> None:
        path = f"/apis/policy/v1/namespaces/{self.namespace}/poddisruptionbudgets"
        spec = {"selector": {"matchLabels": {"app": name}}, **limit}
        self.cluster.api.create(path, {"metadata": {"name": name}, "spec": spec})

    def _create(self, made: Json) -> None:
        self.cluster.create(self.namespace, made)

    def _post(self, plural: str, made: Json) -> None:
        self.cluster.api.create(f"/api/v1/namespaces/{self.namespace}/{plural}", made)

    # What is there

    def pods(self) -> list[Json]:
        """The pods of the site."""
        return _pods_in(self.cluster, self.namespace)

    def settled(self) -> bool:
        """Whether every pod that is wanted is there, and either ready or told to fit nowhere; budgets have counted."""
        pods = self.pods()
        if any(
            one["metadata"].get("deletionTimestamp") or not (_ready(one) or _unplaced(one)) for one in pods
        ):
            return False
        counted = Counter(one["metadata"]["labels"]["app"] for one in pods)
        if (
            any(counted[name] != replicas for name, replicas in self.wanted.items())
            or counted["agent"] != NODES
        ):
            return False
        ready = Counter(one["metadata"]["labels"]["app"] for one in pods if _ready(one))
        budgets = self.cluster.api.get(f"/apis/policy/v1/namespaces/{self.namespace}/poddisruptionbudgets")[
            "items"
        ]
        return all(
            (one.get("status") or {}).get("currentHealthy") == ready[one["metadata"]["name"]]
            for one in budgets
        )

    def uids(self) -> set[str]:
        """Those of all its pods."""
        return {one["metadata"]["uid"] for one in self.pods()}

    def words(self) -> str:
        """The state of everything, for whoever looks for a difference."""
        pods = [
            (
                one["metadata"]["name"],
                one["spec"].get("nodeName"),
                _ready(one),
                one["metadata"].get("deletionTimestamp"),
            )
            for one in self.pods()
        ]
        budgets = self.cluster.api.get(f"/apis/policy/v1/namespaces/{self.namespace}/poddisruptionbudgets")[
            "items"
        ]
        counts = [(one["metadata"]["name"], one["spec"], one["status"]) for one in budgets]
        held = [one["metadata"]["name"] for one in self.there().values() if self.held(one)]
        return f"{self.drained} is drained; pods {pods}; budgets {counts}; held {held}; wanted {self.wanted}"

    def placed(self) -> Counter[str]:
        """By owner, how many pods have a place on a node that is not drained."""
        return Counter(
            _owner(one) for one in self.pods() if one["spec"].get("nodeName") not in (None, self.drained)
        )

    def unplaced(self) -> Counter[str]:
        """By owner, how many pods have no place."""
        return Counter(_owner(one) for one in self.pods() if not one["spec"].get("nodeName"))

    def there(self) -> dict[str, Json]:
        """The pods on the node that is drained, by uid, those that are going left out."""
        pods = (one for one in self.pods() if one["spec"].get("nodeName") == self.drained)
        return {one["metadata"]["uid"]: one for one in pods if not one["metadata"].get("deletionTimestamp")}

    def held(self, pod: Json) -> bool:
        """Whether the server itself refuses to evict a pod now."""
        name = pod["metadata"]["name"]
        path = f"/api/v1/namespaces/{self.namespace}/pods/{name}/eviction"
        body = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": name, "namespace": self.namespace},
        }
        return (
            self.cluster.api.request(
                "POST", f"{path}?dryRun=All", {**body, "deleteOptions": {"dryRun": ["All"]}}
            ).code
            >= 400
        )


def _ready(pod: Json) -> bool:
    conditions = pod["status"].get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _unplaced(pod: Json) -> bool:
    return any(
        one["type"] == "PodScheduled" and one.get("reason") == "Unschedulable"
        for one in pod["status"].get("conditions", [])
    )


def _owner(pod: Json) -> str:
    return next((one["uid"] for one in pod["metadata"].get("ownerReferences", [])), "")


async def foretold_and_done(site: RandomSite, directory: Path) -> tuple[Outcome, Outcome]:
    """What is foretold of a drain of the site's node, and what a real one then does."""
    await asyncio.to_thread(site.build)
    await _until(site.settled, SETTLED, f"site {site.seed} to settle")
    before, placed, unplaced = site.there(), site.placed(), site.unplaced()
    async with connected(site.cluster.kubeconfig()) as session:
        found = answer(await read(session), {site.drained}).drained
        mine = [one for one in found.pods if one.pod.namespace == site.namespace]

        def uids(fate: Fate) -> frozenset[str]:
            return frozenset(one.pod.uid for one in mine if one.fate is fate)

        def counted(fate: Fate) -> Counter[str]:
            return Counter(one.pod.owner_uid for one in mine if one.fate is fate)

        foretold = Outcome(
            uids(Fate.STAYS), uids(Fate.WAITS), uids(Fate.LOST), counted(Fate.MOVES), counted(Fate.NOWHERE)
        )
        aim = Aim("drain", session, named(session, NODE, "", site.drained))
        view = await drain.read(aim)
        acting = Acting(directory)
        going = asyncio.create_task(
            drain.carry_out(acting.gate, aim, view, drain.DrainAnswer(True, True), wait=ENDED)
        )
        try:

            def over() -> bool:
                """Whether nothing goes on: the server refuses all that is left, and no pod came or went meanwhile."""
                first = site.uids()
                left = [one for uid, one in site.there().items() if uid not in foretold.stay]
                return (
                    site.settled() and all(map(site.held, left)) and site.uids() == first and site.settled()
                )

            try:
                await _until(over, ENDED, f"the drain of site {site.seed}")
            except AssertionError as late:
                raise AssertionError(
                    f"{late}: foretold {mine}; {await asyncio.to_thread(site.words)}"
                ) from None
        finally:
            going.cancel()
            with suppress(asyncio.CancelledError):
                await going
    after = site.there()
    bare = {uid for uid, one in before.items() if not _owner(one)}
    stay = frozenset(uid for uid in after if uid in foretold.stay)
    done = Outcome(
        stay,
        frozenset(after) - stay,
        frozenset(bare - set(after)),
        site.placed() - placed,
        site.unplaced() - unplaced,
    )
    return foretold, done


def _pods_in(cluster: ControlPlane, namespace: str) -> list[Json]:
    found: list[Json] = cluster.api.get(f"/api/v1/namespaces/{namespace}/pods")["items"]
    return found


async def _until(fact: Any, within: float, what: str) -> None:
    deadline = asyncio.get_running_loop().time() + within
    while not await asyncio.to_thread(fact):
        assert asyncio.get_running_loop().time() < deadline, f"{what}: not within {within:g} s"
        await asyncio.sleep(0.1)


async def rounds(
    cluster: ControlPlane, seeds: list[int], directory: Path
) -> list[tuple[int, Outcome, Outcome]]:
    """Every seed's site drained, some side by side; the seeds with what was foretold and what was done."""
    found: list[tuple[int, Outcome, Outcome]] = []
    names: list[str] = []
    for first in range(0, len(seeds), SIDE_BY_SIDE):
        left = names
        await _until(
            lambda left=left: not any(_pods_in(cluster, name) for name in left), ENDED, "room for more"
        )
        some = seeds[first : first + SIDE_BY_SIDE]
        with ExitStack() as spaces:
            names = [spaces.enter_context(cluster.namespace("site")) for _ in some]
            spaces.callback(_uncordon, cluster)
            sites = [RandomSite(cluster, names[at], at, seed) for at, seed in enumerate(some)]
            drains = (foretold_and_done(site, directory / str(site.seed)) for site in sites)
            outcomes = await asyncio.gather(*drains)
        found += [(seed, *each) for seed, each in zip(some, outcomes, strict=True)]
    return found


def _uncordon(cluster: ControlPlane) -> None:
    for node in cluster.api.get("/api/v1/nodes")["items"]:
        cluster.api.patch(f"/api/v1/nodes/{node['metadata']['name']}", {"spec": {"unschedulable": None}})


def wrong(found: list[tuple[int, Outcome, Outcome]]) -> Iterator[str]:
    """Where a forecast was wrong, in lines."""
    for seed, foretold, done in found:
        for field, one, other in zip(Outcome._fields, foretold, done, strict=True):
            if one != other:
                yield f"site {seed}, {field}: foretold {one}, done {other}"


def main() -> int:
    """Drain many sites."""
    drain.RETRY = drain.LOOK = 0.3
    seeds = list(range(int(sys.argv[1])))
    with tempfile.TemporaryDirectory() as directory:
        assets = build.ensure(build.say)
        with ControlPlane("sites", assets=assets, nodes=NODES * SIDE_BY_SIDE) as cluster:
            found = asyncio.run(rounds(cluster, seeds, Path(directory)))
    bad = list(wrong(found))
    kinds = Counter(
        field for _, _, done in found for field, value in zip(Outcome._fields, done, strict=True) if value
    )
    print(
        f"{len(found)} sites, {len({line.split(',')[0] for line in bad})} wrong; sites with each outcome: {dict(kinds)}"
    )
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

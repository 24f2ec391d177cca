"""What is said of rollouts, at every event of every way in which they go: beside kubectl's own code, and in words."""

from __future__ import annotations

import copy
import json
import queue
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from edgetui.model.cache.store import Store
from edgetui.model.kinds import row_of
from edgetui.model.kinds.daemonset import DaemonSetRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.kinds.workload import RolloutRow
from edgetui.model.panes import PANES
from edgetui.model.panes.rollout_state import rollout_state
from edgetui.model.rollout.status import Verdict, look, verdict

from .api import STRATEGIC_MERGE_PATCH
from .assets import Assets
from .cluster import ControlPlane
from .conftest import Boot
from .recording import Events, recording
from .rollout_scenarios import KINDS, SCENARIOS, SITE, Scenario, Step
from .waiting import BUSY, eventually
from .workloads import PATHS

Json = dict[str, Any]
WATCHED = (*KINDS, "ReplicaSet", "Pod", "Node")
PANE = PANES["rollouts"]
PATIENCE = 60.0 * BUSY


class Said(NamedTuple):
    """What is said of a rollout at one moment."""

    kubectl: str
    state: str
    reason: str

    def fits(self, step: Step) -> bool:
        return all(
            pattern is None or re.search(pattern, text) for pattern, text in zip(step, self, strict=True)
        )


class Board:
    """Hears everything, keeps the objects of every event, and notes what is said of each rollout when it changes."""

    def __init__(self, events: Events) -> None:
        self.objects: list[Json] = []
        self.said: dict[str, list[Said]] = {one.id: [] for one in SCENARIOS}
        self.begun: dict[str, int] = {}
        self._events = events
        self._store = Store("plant")

    def listen(self, done: Callable[[], bool]) -> None:
        """Take events until a fact about what was said is true, or patience ends: then the scenarios' tests say why."""
        deadline = time.monotonic() + PATIENCE
        while not done():
            try:
                event = self._events.get(timeout=max(0.0, deadline - time.monotonic()))
            except (queue.Empty, ValueError):
                return
            row = row_of(event.kind, event.object)
            if event.type == "DELETED":
                self._store.delete(event.kind, row.namespace, row.name, row.uid)
            else:
                self._store.apply(event.kind, row)
            if event.kind in KINDS:
                self.objects.append(event.object)
            for kind, namespace, name in PANE.affected(self._store, self._store.drain()):
                self._note(kind, namespace, name)

    def begin(self, scenario: Scenario) -> None:
        """What is said from now on counts."""
        self.begun[scenario.id] = len(self.said[scenario.id])

    def steps(self, scenario: Scenario) -> int:
        """How many of a scenario's steps have been told, in their order."""
        if scenario.id not in self.begun:
            return 0
        steps = iter(scenario.told)
        step, told = next(steps), 0
        for said in self.said[scenario.id][self.begun[scenario.id] :]:
            if said.fits(step):
                told += 1
                step = next(steps, None)
                if step is None:
                    break
        return told

    def _note(self, kind: str, namespace: str, name: str) -> None:
        row = self._store.get(kind, namespace, name)
        if not isinstance(row, DeploymentRow | StatefulSetRow | DaemonSetRow):
            return
        found = rollout_state(self._store, row, look(self._store, row), time.time())
        now = Said(verdict(row).text, found.words, found.sentence)
        if not self.said[name] or self.said[name][-1] != now:
            self.said[name].append(now)


def change(cluster: ControlPlane, namespace: str, scenario: Scenario) -> None:
    path = f"{PATHS[scenario.kind].format(namespace)}/{scenario.id}"
    cluster.api.patch(path, {"spec": scenario.change}, STRATEGIC_MERGE_PATCH)


def limit(cluster: ControlPlane, namespace: str) -> None:
    """A quota that is used up already."""
    path = f"/api/v1/namespaces/{namespace}/resourcequotas"
    cluster.api.create(path, {"metadata": {"name": "small"}, "spec": {"hard": {"pods": "4"}}})
    eventually(
        lambda: "used" in cluster.api.get(f"{path}/small").get("status", {}),
        within=20,
        what="a counted quota",
    )


@pytest.fixture(scope="module")
def board(boot: Boot) -> Iterator[Board]:
    """All scenarios side by side on one cluster of six nodes, played to their ends."""
    cluster = boot("verdicts", nodes=6, node_monitor_grace=6, lease_duration=8, toleration=4)
    for number in range(6):
        site = "plant" if number < 3 else "vehicle"
        cluster.api.patch(f"/api/v1/nodes/node-{number}", {"metadata": {"labels": {SITE: site}}})
    with (
        cluster.namespace() as space,
        cluster.namespace() as limited,
        recording(cluster, WATCHED, (space, limited)) as events,
    ):
        where = {one.id: limited if one.name == "quota" else space for one in SCENARIOS}
        for one in SCENARIOS:
            cluster.create(where[one.id], one.object())
        heard = Board(events)
        plant = [one for one in SCENARIOS if one.site == "plant"]
        vehicle = [one for one in SCENARIOS if one.site != "plant"]

        heard.listen(lambda: all(said and said[-1].state == "complete" for said in heard.said.values()))
        limit(cluster, limited)
        for one in SCENARIOS:
            heard.begin(one)
        cluster.kill_node("node-5")
        for one in plant:
            change(cluster, where[one.id], one)
        heard.listen(lambda: all(heard.steps(one) for one in vehicle))
        for one in vehicle:
            change(cluster, where[one.id], one)
        heard.listen(lambda: all(heard.steps(one) == len(one.told) for one in SCENARIOS))
        yield heard
    cluster.stop()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[one.id for one in SCENARIOS])
def test_a_rollout_is_told_as_it_goes(board: Board, scenario: Scenario) -> None:
    told = board.said[scenario.id][board.begun[scenario.id] :]
    steps = board.steps(scenario)
    assert scenario.told[steps:] == (), "\n".join(map(str, told))


# -- kubectl's own code


def kubectl_says(assets: Assets, objects: list[Json]) -> list[Json]:
    """The answer of kubectl's status viewer to each object."""
    lines = "".join(f"{json.dumps(one)}\n" for one in objects)
    answer = subprocess.run(
        [assets["verdicts"]], input=lines, capture_output=True, text=True, timeout=60, check=True
    )
    return [json.loads(line) for line in answer.stdout.splitlines()]


def in_our_words(answer: Json) -> Verdict:
    """kubectl's answer as we give it: asking about another strategy is an error there, and nothing to wait for here."""
    failed = bool(answer["error"])
    return Verdict(answer["done"], failed and not answer["done"], (answer["error"] or answer["text"]).strip())


def row(object_: Json) -> RolloutRow:
    made = row_of(object_["kind"], object_)
    assert isinstance(made, DeploymentRow | StatefulSetRow | DaemonSetRow)
    return made


def without_parts(object_: Json) -> Iterator[Json]:
    """The object with each part of its status, and the block of its strategy or a part of it, left out or null."""
    parts = [(object_["status"], part) for part in object_["status"]]
    strategy = object_["spec"].get("updateStrategy", {})
    block = strategy.get("rollingUpdate") or {}
    for holder, part in [*parts, *((block, part) for part in block), (strategy, "rollingUpdate")]:
        if part in holder:
            kept = holder[part]
            holder[part] = None
            yield copy.deepcopy(object_)
            del holder[part]
            yield copy.deepcopy(object_)
            holder[part] = kept


def updating(object_: Json) -> bool:
    """Whether a StatefulSet has all its pods ready while some are of an older revision."""
    if object_["kind"] != "StatefulSet":
        return False
    ready, updated = (object_["status"].get(part) or 0 for part in ("readyReplicas", "updatedReplicas"))
    return bool(ready == object_["spec"]["replicas"] > updated)


def unset(object_: Json) -> bool:
    """Whether the block of a rolling update is there, and says no partition."""
    block = object_["spec"]["updateStrategy"].get("rollingUpdate")
    return block is not None and block.get("partition") is None


def test_the_verdict_is_that_of_kubectl_at_every_event(board: Board, control_plane_assets: Assets) -> None:
    answers = kubectl_says(control_plane_assets, board.objects)
    for object_, answer in zip(board.objects, answers, strict=True):
        assert verdict(row(object_)) == in_our_words(answer), json.dumps(object_)
    counted = Counter(one["kind"] for one in board.objects)
    assert min(counted[kind] for kind in KINDS) > 100
    assert sum(answer["error"].endswith("its progress deadline") for answer in answers) > 5


def test_and_of_objects_that_lack_what_other_servers_do_not_send(
    board: Board, control_plane_assets: Assets
) -> None:
    last = {one["metadata"]["uid"]: one for one in board.objects}
    halfway = {one["metadata"]["uid"]: one for one in board.objects if updating(one)}
    objects = [other for one in (*last.values(), *halfway.values()) for other in without_parts(one)]
    answers = kubectl_says(control_plane_assets, objects)
    for object_, answer in zip(objects, answers, strict=True):
        assert verdict(row(object_)) == in_our_words(answer), json.dumps(object_)
    assert len(objects) > 300
    assert any(updating(one) and unset(one) for one in objects)

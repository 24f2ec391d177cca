"""A drain on the scripted server: kubectl's filters, budgets counted one after the other, 429 tried again, and undo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.change.spec import Aim, perform, seen_whole
from edgetui.actions.change.switch import SwitchView
from edgetui.actions.messages import Cancelled
from edgetui.actions.nodes import drain
from edgetui.actions.nodes.cordon import CORDON
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import row_of
from tests.unit.model import factories as f

from .every_action import NODE
from .scripted import Answer, Connected, Request, Watching, scripted
from .site import Shell, Site, refusal, shell_on

Json = dict[str, Any]
PODS = "/api/v1/namespaces/line-2/pods"


def placed(name: str, owner: Json | None, **more: Any) -> Json:
    """A pod on the node."""
    made = f.pod(name, "line-2", owner=owner, **more)
    made["spec"] |= {"nodeName": "line-2-a", "volumes": []}
    made["metadata"]["labels"] = {"app": "press"}
    return made


class Floor(Site):
    """A node with pods of a deployment, and what else stands there; `allowed` is what the budget lets go at a time."""

    def __init__(self, *others: Json, allowed: int = 9) -> None:
        self.sets = f.replica_set(f.deployment("press", "line-2"), "two", revision=2, image="press:2")
        mine = [placed(f"press-{n}", self.sets) for n in range(3)]
        super().__init__(f.node("line-2-a"), *mine, *others)
        self.allowed, self.recovers = allowed, True
        self.instead = self._lists
        self.tries: list[str] = []

    def _lists(self, request: Request) -> Answer | None:
        if request.path == "/api/v1/nodes":
            return 200, {"items": [one for one in self.objects.values() if one["kind"] == "Node"]}
        if request.path == "/api/v1/pods":
            assert request.query in ({"fieldSelector": "spec.nodeName=line-2-a"}, {"limit": "200"})
            return 200, {"items": [one for one in self.objects.values() if one["kind"] == "Pod"]}
        if request.path.endswith("/poddisruptionbudgets"):
            budget = {
                "metadata": {"name": "press", "namespace": "line-2"},
                "spec": {"selector": {"matchLabels": {"app": "press"}}},
                "status": {"disruptionsAllowed": self.allowed},
            }
            return 200, {"items": [budget]}
        return None

    def answer(self, request: Request) -> Answer:
        if not request.path.endswith("/eviction"):
            return super().answer(request)
        self.requests.append(request)
        path = request.path.removesuffix("/eviction")
        if path not in self.objects:
            return refusal(404)
        if request.query.get("dryRun"):
            return (201, {}) if self.allowed else self._no()
        assert request.body["deleteOptions"]["preconditions"]["uid"] == self.objects[path]["metadata"]["uid"]
        self.tries.append(path.rpartition("/")[2])
        if not self.allowed:
            self.allowed += self.recovers  # another pod of it has become ready meanwhile
            return self._no()
        self.allowed -= 1
        del self.objects[path]
        return 201, {"kind": "Status", "status": "Success"}

    @staticmethod
    def _no() -> Answer:
        cause = {"reason": "DisruptionBudget", "message": "The disruption budget press needs 2 healthy pods"}
        body = {"kind": "Status", "status": "Failure", "reason": "TooManyRequests", "code": 429}
        message = "Cannot evict pod as it would violate the pod's disruption budget."
        return 429, {**body, "message": message, "details": {"causes": [cause]}}

    @property
    def pods(self) -> list[str]:
        return [one["metadata"]["name"] for one in self.objects.values() if one["kind"] == "Pod"]


@pytest.fixture
def floor() -> Floor:
    return Floor()


@pytest.fixture
def shell(
    floor: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    monkeypatch.setattr("edgetui.actions.nodes.drain.RETRY", 0.01)
    with shell_on(floor, tmp_path, monkeypatch, capsys) as found:
        yield found


def test_the_node_is_cordoned_first_and_every_pod_evicted_with_a_record_of_its_own(
    floor: Floor, shell: Shell
) -> None:
    told = shell.run("drain", "node/line-2-a", "--yes")
    assert (told.code, told.json["outcome"]) == (0, "reached"), told.err
    assert told.json["lines"] == ["node line-2-a is drained: 3 of 3 pods are gone."]
    assert shell.site.writes[0] == f"PATCH {NODE}"
    assert [line.split()[0] for line in shell.site.writes] == ["PATCH", "POST", "POST", "POST"]
    assert (floor.pods, floor.objects[NODE]["spec"]["unschedulable"]) == ([], True)
    assert told.results == ["done"] * 4


def test_a_dry_run_writes_nothing_and_says_who_has_to_wait(floor: Floor, shell: Shell) -> None:
    floor.allowed = 2
    told = shell.run("drain", "node/line-2-a", "--dry-run")
    assert (told.code, shell.site.writes, len(floor.pods)) == (0, [], 3)
    plan = told.json["plan"]
    assert plan["warnings"] == [
        "line-2/press-0 and 1 more fit nowhere else: there is no other node.",
        "line-2/press-two: every pod is there.",
        "line-2/press-2 waits: budget press allows 2 at a time",
    ]
    assert plan["facts"]["pods"] == "3 are evicted, 0 stay"


def test_an_eviction_that_a_budget_forbids_is_tried_again_and_its_reason_is_said(
    floor: Floor, shell: Shell
) -> None:
    floor.allowed = 1
    told = shell.run("drain", "node/line-2-a", "--yes")
    assert (told.code, floor.pods) == (0, []), told.err
    assert floor.tries.count("press-1") > 1
    assert "line-2/press-1 waits: " in told.err and "disruption budget" in told.err


def test_what_is_left_when_the_time_is_up_is_named_with_its_reason(floor: Floor, shell: Shell) -> None:
    floor.allowed, floor.recovers = 0, False
    told = shell.run("drain", "node/line-2-a", "--yes", "--timeout", "0.2")
    assert (told.code, told.json["outcome"]) == (3, "pending"), told.out
    assert told.json["lines"][0] == "node line-2-a is cordoned, 0 of 3 pods are gone; the time is up."
    assert all("was not evicted: " in line and "disruption budget" in line for line in told.json["lines"][1:])
    assert len(told.json["data"]["left"]) == 3


@pytest.mark.parametrize(
    ("pod", "option", "why"),
    [
        (placed("alone", None), "--force", "has no controller that makes it anew"),
        (
            {**placed("cache", f.stateful_set("cache", "line-2")), "volumes": True},
            "--delete-emptydir-data",
            "has data in an emptyDir volume",
        ),
    ],
    ids=["without a controller", "with an emptyDir"],
)
def test_pods_that_would_be_lost_are_evicted_only_where_that_is_asked_for(
    floor: Floor, shell: Shell, pod: Json, option: str, why: str
) -> None:
    if pod.pop("volumes", None):
        pod["spec"]["volumes"] = [{"name": "scratch", "emptyDir": {}}]
    floor.objects[f"{PODS}/{pod['metadata']['name']}"] = pod
    refused = shell.run("drain", "node/line-2-a", "--yes")
    assert (refused.code, shell.site.writes) == (1, [])
    assert why in refused.json["error"]["sentence"] and option in refused.json["error"]["next_step"]
    assert shell.run("drain", "node/line-2-a", option, "--yes").code == 0
    assert floor.pods == []


def test_pods_of_a_daemonset_and_static_pods_stay(floor: Floor, shell: Shell) -> None:
    agent = placed("agent-x", f.daemon_set("agent", "line-2"))
    static = placed("kube-proxy-x", None)
    static["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "1"}
    for pod in (agent, static):
        floor.objects[f"{PODS}/{pod['metadata']['name']}"] = pod
    told = shell.run("drain", "node/line-2-a", "--yes")
    assert (told.code, floor.pods) == (0, ["agent-x", "kube-proxy-x"])
    diff = told.json["plan"]["diff"]
    assert "  line-2/agent-x stays: of daemonset agent" in diff
    assert "  line-2/kube-proxy-x stays: a static pod of the node" in diff


def test_undo_uncordons_the_node_once(floor: Floor, shell: Shell) -> None:
    assert shell.run("drain", "node/line-2-a", "--yes").code == 0
    told = shell.run("undo", "node/line-2-a", "--yes")
    assert (told.code, told.json["outcome"]) == (0, "reached"), told.out
    assert not floor.objects[NODE]["spec"].get("unschedulable")
    assert shell.run("undo", "node/line-2-a", "--yes").code == 1


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ([], "No other node takes new pods: what ends is not made anew anywhere."),
        (
            [f.node("b"), f.node("c", cordoned=True), f.node("d", ready="Unknown")],
            "1 other node takes new pods then.",
        ),
        ([f.node("b"), f.node("c")], "2 other nodes take new pods then."),
    ],
)
async def test_a_cordon_says_how_many_other_nodes_take_new_pods(others: list[Json], words: str) -> None:
    session = Connected("http://127.0.0.1:1", f.store_of(f.node("line-2-a"), *others))
    ref = ObjectRef(ObjectKey("plant", "Node", "", "line-2-a"), "uid", "1")
    view = SwitchView(ref, 1, row_of("Node", f.node("line-2-a")), now=False, wanted=True)
    assert words in CORDON.change(session, view, True).warnings
    silent = Connected("http://127.0.0.1:1", Store("plant"))
    assert len(CORDON.change(silent, view, True).warnings) == 1


@pytest.mark.parametrize("evicted", [0, 1, 2])
async def test_a_cancelled_drain_evicts_no_more_and_says_what_is_left(evicted: int, tmp_path: Path) -> None:
    floor, hands = Floor(), Watching(tmp_path)

    async def sleep(seconds: float) -> None:
        if len(floor.tries) == evicted:
            raise Cancelled("No longer watched.")

    hands.gate.sleep = sleep
    async with scripted(floor.answer) as (_, session):
        ref = ObjectRef(ObjectKey("plant", "Node", "", "line-2-a"), "", "")
        given = {"force": False, "delete_emptydir_data": False, "ignore_daemonsets": False}
        aim = Aim("drain", session, ref, hands.log, given)
        view = await seen_whole(drain.SPEC, aim, await drain.SPEC.read(aim))
        answer = drain.SPEC.answer(view, given)
        receipt = await perform(drain.SPEC, hands.gate, aim, view, answer, wait=30)
    assert (receipt.ok, receipt.pending) == (False, True)
    assert len(floor.tries) == evicted
    assert len(floor.pods) == 3 - evicted
    assert floor.objects[NODE]["spec"]["unschedulable"] is True
    assert receipt.lines[0].endswith("cancelled, no more is evicted.")
    assert sum("was not evicted" in line for line in receipt.lines) == 3 - evicted

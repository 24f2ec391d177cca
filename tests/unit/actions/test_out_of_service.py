"""Out of service on the scripted server: whom it is refused for, what its plan says, and what it waits for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.change.spec import Aim, seen_whole
from edgetui.actions.messages import Plan, Refusal
from edgetui.actions.nodes import out_of_service
from edgetui.model.identity import ObjectKey, ObjectRef
from tests.unit.model import factories as f

from .every_action import NODE, silent_node
from .scripted import Answer, Request, scripted
from .site import Shell, Site, shell_on

Json = dict[str, Any]
KEY = ObjectKey("plant", "Node", "", "line-2-a")
TAINT = "node.kubernetes.io/out-of-service"


def placed(name: str, owner: Json | None, *, claim: str = "", tolerates: bool = False) -> Json:
    """A pod on the silent node."""
    made = f.pod(name, "line-2", owner=owner)
    made["spec"]["nodeName"] = "line-2-a"
    made["spec"]["volumes"] = (
        [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}] if claim else []
    )
    made["spec"]["tolerations"] = [{"operator": "Exists"}] if tolerates else []
    return made


class Lost(Site):
    """A node that is silent, another one that is there, and pods of every sort on the first."""

    def __init__(self, *, out: bool = False, ready: str = "Unknown", renewed: float = 300.0) -> None:
        sets = f.replica_set(f.deployment("press", "line-2"), "two", revision=2, image="press:2")
        first = silent_node(out).objects[NODE]
        next(one for one in first["status"]["conditions"] if one["type"] == "Ready")["status"] = ready
        super().__init__(
            first,
            f.node("line-2-b"),
            placed("press-0", sets),
            placed("db-0", f.stateful_set("db", "line-2"), claim="data-db-0"),
            placed("agent-x", f.daemon_set("agent", "line-2")),
            placed("tool", None),
            placed("guard", f.daemon_set("guard", "line-2"), tolerates=True),
        )
        self.instead, self.renewed = self._lists, renewed
        self.after_looks = 2

    def _lists(self, request: Request) -> Answer | None:
        kinds = {"/api/v1/nodes": "Node", "/api/v1/pods": "Pod"}
        if kind := kinds.get(request.path):
            if kind == "Pod" and TAINT in str(self.objects[NODE]["spec"]["taints"]):
                self._collect()
            return 200, {"items": [one for one in self.objects.values() if one["kind"] == kind]}
        if request.path.endswith("kube-node-lease/leases/line-2-a"):
            spec = {"renewTime": f.stamp(time.time() - self.renewed), "leaseDurationSeconds": 40}
            return 200, {"metadata": {"name": "line-2-a"}, "spec": spec}
        return None

    def _collect(self) -> None:
        """What the garbage collector of pods does, some looks later."""
        self.after_looks -= 1
        if self.after_looks <= 0:
            for name in ("press-0", "db-0", "agent-x", "tool"):
                self.objects.pop(f"/api/v1/namespaces/line-2/pods/{name}", None)


@pytest.fixture
def lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shell]:
    with shell_on(Lost(), tmp_path, monkeypatch, capsys) as shell:
        yield shell


async def planned(site: Lost) -> Plan:
    """What a person is asked."""
    async with scripted(site.answer) as (_, session):
        aim = Aim("out-of-service", session, ObjectRef(KEY, "", ""))
        view = await seen_whole(out_of_service.SPEC, aim, await out_of_service.SPEC.read(aim))
        made = out_of_service.change(session, view, out_of_service.answer(view, {}))
        session.api.close()
        return made.plan("7")


async def test_the_plan_says_that_it_has_to_be_off_and_what_pods_and_volumes_move() -> None:
    plan = await planned(Lost())
    facts = dict(plan.facts)
    assert plan.title == "Take node line-2-a out of service on plant"
    assert plan.warnings[0].startswith("It has to be powered off: what still runs there then runs twice")
    assert not any("seems to run" in one for one in plan.warnings)
    assert plan.yes == "Take out of service"
    assert facts["pods"] == "4 pods deleted by force, 1 of a StatefulSet"
    assert facts["volumes"] == "detached by force: line-2/data-db-0"
    assert facts["last lease"].startswith("5m")
    assert plan.diff == (
        f"+ taint {TAINT}=nodeshutdown:NoExecute",
        "- line-2/press-0 moves to line-2-b",
        "- line-2/db-0 moves to line-2-b",
        "- line-2/agent-x comes again with the node: of daemonset agent",
        "- line-2/tool is not made anew: nothing makes it anew",
    )


async def test_a_node_that_still_renews_its_lease_is_said_to_run() -> None:
    plan = await planned(Lost(ready="False", renewed=4.0))
    assert any(
        one.startswith("Its kubelet renewed its Lease ") and one.endswith("it seems to run.")
        for one in plan.warnings
    )


async def test_a_node_that_only_said_not_ready_itself_is_told_of() -> None:
    plan = await planned(Lost(ready="False"))
    assert "Its kubelet itself said that it is not Ready: it ran then." in plan.warnings


@pytest.mark.parametrize(("ready", "words"), [("True", "is Ready"), ("", "has not told yet")])
async def test_it_is_refused_for_a_node_of_which_nothing_says_that_it_is_off(ready: str, words: str) -> None:
    with pytest.raises(Refusal) as refused:
        await planned(Lost(ready=ready))
    assert words in refused.value.sentence
    assert "drain" in refused.value.next_step


def test_it_waits_until_the_pods_are_gone_and_keeps_the_other_taints(lost: Shell) -> None:
    told = lost.run("out-of-service", "line-2-a", "--yes", "--timeout", "20")
    assert (told.code, told.json["outcome"]) == (0, "reached"), told.out
    assert "4 of 4 pods gone" in told.json["lines"][0]
    taints = lost.site.objects[NODE]["spec"]["taints"]
    assert [one["key"] for one in taints] == ["node.kubernetes.io/unreachable", TAINT]
    assert taints[1] == {"key": TAINT, "value": "nodeshutdown", "effect": "NoExecute"}
    assert lost.site.writes == [f"PATCH {NODE}"]


def test_undo_takes_the_taint_off_and_leaves_the_others(lost: Shell) -> None:
    assert lost.run("out-of-service", "line-2-a", "--yes", "--timeout", "20").code == 0
    ready = next(one for one in lost.site.objects[NODE]["status"]["conditions"] if one["type"] == "Ready")
    ready["status"] = "True"
    told = lost.run("undo", "node/line-2-a", "--yes")
    assert (told.code, told.json["outcome"]) == (0, "reached"), told.out
    assert [one["key"] for one in lost.site.objects[NODE]["spec"]["taints"]] == [
        "node.kubernetes.io/unreachable"
    ]
    again = lost.run("undo", "node/line-2-a", "--yes")
    assert "nothing to node line-2-a on plant that could be undone" in again.out


def test_undo_taints_no_node_that_is_ready_again(lost: Shell) -> None:
    assert lost.run("out-of-service", "line-2-a", "--yes", "--timeout", "20").code == 0
    assert lost.run("in-service", "line-2-a", "--yes").code == 0
    ready = next(one for one in lost.site.objects[NODE]["status"]["conditions"] if one["type"] == "Ready")
    ready["status"] = "True"
    told = lost.run("undo", "node/line-2-a", "--yes")
    assert told.code == 1 and "is Ready" in told.out, told.out


def test_a_taint_that_came_meanwhile_is_never_taken_away(lost: Shell) -> None:
    def evicts() -> None:
        lost.site.objects[NODE]["spec"]["taints"].append({"key": "maintenance", "effect": "NoSchedule"})
        lost.site.touch(NODE, spec=False)

    lost.site.before_write = evicts
    told = lost.run("out-of-service", "line-2-a", "--yes", "--timeout", "20")
    assert (told.code, told.json["outcome"]) == (1, "refused"), told.out
    assert [one["key"] for one in lost.site.objects[NODE]["spec"]["taints"]][-1] == "maintenance"
    assert told.results == ["refused"]

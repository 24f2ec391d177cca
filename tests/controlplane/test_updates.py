"""Recorded sequences of update engines, replayed through the real API server: the pane says what it says of them pure.

The engines need real hosts, so what they write is written by the test: each object with its status through the
subresource, at the version that the server has, with times moved to now. Jobs are managed by another than the
controller of the control plane (spec.managedBy), and their status is validated as any.
"""

from __future__ import annotations

import copy
import http
import json
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.nodes.image_pulls import read_pulls
from edgetui.cluster.api.catalog import Catalog
from edgetui.cluster.session import ClusterSession
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.pulled import Pull
from edgetui.model.kinds.update import UpdateRow
from edgetui.model.panes import PANES
from edgetui.model.update.pulls import update_pulls
from tests.unit.model import factories as f
from tests.unit.model import updates as u

from .api import ApiError
from .cluster import ControlPlane
from .commanding import Command
from .conftest import Boot
from .custom import defined
from .running import edgetui
from .update_engines import DEFINITIONS
from .watching import await_live, until, watching

Json = dict[str, Any]
PANE = PANES["updates"]
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_SERVER_SIDE = ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation")


@pytest.fixture(scope="module")
def site(boot: Boot) -> ControlPlane:
    """A control plane without hosts, whose lifecycle controller leaves nodes as they are."""
    made = boot("updates", nodes=0, node_monitor_grace=3600)
    made.api.create("/api/v1/namespaces", {"metadata": {"name": "system-upgrade"}})
    made.api.create("/api/v1/namespaces", {"metadata": {"name": "fleet-default"}})
    return made


def moved(thing: Json, seconds: float) -> Json:
    """The object with all its times moved."""

    def later(match: re.Match[str]) -> str:
        then = datetime.strptime(match[0], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return f.stamp(then.timestamp() + seconds)

    made: Json = json.loads(_STAMP.sub(later, json.dumps(thing)))
    return made


def written(cluster: ControlPlane, thing: Json) -> None:
    """Write an object and its status as its controller does: at the version that the server has."""
    made, id = copy.deepcopy(thing), u.id_of(thing)
    for name in _SERVER_SIDE:
        made["metadata"].pop(name, None)
    if id == "Job":
        made["spec"]["managedBy"] = "example.com/replay"
        failed = [one for one in made["status"]["conditions"] if one["type"] == "Failed"]
        made["status"]["conditions"] += [{**one, "type": "FailureTarget"} for one in failed]
    kind = KINDS[id].at(made["apiVersion"].rpartition("/")[2])
    collection = kind.path(made["metadata"].get("namespace", ""))
    path = f"{collection}/{made['metadata']['name']}"
    try:
        cluster.api.create(collection, made)
    except ApiError as error:
        if error.code != http.HTTPStatus.CONFLICT:
            raise
        if id != "Job":  # of which nothing changes but its status
            put(cluster, path, made)
    put(cluster, f"{path}/status", made)


def put(cluster: ControlPlane, path: str, thing: Json) -> None:
    """Replace an object or its status, whoever else writes it."""
    for _ in range(20):
        there = cluster.api.get(path)
        if path.endswith("/status"):
            there["status"] = thing.get("status", {})
        else:
            there |= {key: value for key, value in thing.items() if key not in ("metadata", "status")}
            there["metadata"]["labels"] = thing["metadata"].get("labels", {})
            there["metadata"]["annotations"] = thing["metadata"].get("annotations", {})
        answer = cluster.api.request("PUT", path, there)
        if answer.code != http.HTTPStatus.CONFLICT:
            assert answer.code == http.HTTPStatus.OK, answer.body
            return
    raise AssertionError(f"{path} changes all the time")


def said(session: ClusterSession, id: str, now: float) -> list[tuple[str, str, str | None, str]]:
    """What the pane says of the objects of a kind at a time (Unix s)."""
    rows = [PANE.json(PANE.build(session.store, id, row, now), now) for row in session.store.rows(id)]
    return [(one["severity"], one["state"], one["done"], one["reason"]) for one in rows]


@contextmanager
def removed_again(cluster: ControlPlane, steps: Iterable[u.Step]) -> Iterator[None]:
    """Nothing of these steps stays behind."""
    try:
        yield
    finally:
        for one in {
            u.id_of(one) + one["metadata"]["name"]: one for step in steps for one in step.objects
        }.values():
            kind = KINDS[u.id_of(one)].at(one["apiVersion"].rpartition("/")[2])
            path = kind.path(one["metadata"].get("namespace", ""), one["metadata"]["name"])
            cluster.api.request("DELETE", path, {"propagationPolicy": "Background"})


@pytest.mark.parametrize("engine", u.SEQUENCES)
async def test_a_recorded_sequence_is_told_as_it_comes_through_the_real_server(
    site: ControlPlane, engine: str
) -> None:
    steps = u.SEQUENCES[engine]
    id = next(name for step in steps for one in step.objects if (name := u.id_of(one)) in PANE.optional)
    now = int(time.time())
    with defined(site, DEFINITIONS[engine]), removed_again(site, steps):
        async with watching(site.kubeconfig(), ()) as session:
            catalog = Catalog(session, session.kinds, time.time)
            await catalog.known()
            assert set(PANE.needs_in(session.store)) == {"Node", id} | ({"Job"} if id == "Plan" else set())
            for kind in PANE.needs_in(session.store):
                session.need(kind, True)
            for at, step in enumerate(steps):
                for one in step.objects:
                    written(site, moved(one, now - f.NOW))
                for kind, namespace, name in step.gone:
                    site.api.delete(KINDS[kind].path(namespace, name), {"propagationPolicy": "Background"})
                try:
                    await until(
                        session,
                        lambda step=step: said(session, id, now) == [step.says],
                        within=30,
                        what=f"step {at}",
                    )
                except AssertionError:
                    assert said(session, id, now) == [step.says], f"step {at}"
                    raise


async def test_the_images_of_a_plan_are_told_by_what_the_server_has(site: ControlPlane) -> None:
    now = int(time.time())
    image = f"rancher/k3s-upgrade:{u.TARGET}"
    hosts = [u.host(f"edge-{at}") for at in (1, 2, 3, 4)]
    hosts[2]["status"]["images"] = [{"names": [f"docker.io/{image}"], "sizeBytes": 85_000_000}]
    plan = u.plan("k3s", *u.whole(*u.SYNC), applying=("edge-1", "edge-2"), concurrency=2)
    steps = [u.Step((*hosts, plan, *map(u.job, ("edge-1", "edge-2"))), u.SUC[0].says)]
    with defined(site, DEFINITIONS["SUC"]), removed_again(site, steps):
        for one in steps[0].objects:
            written(site, moved(one, now - f.NOW))
        jobs = KINDS["Job"].path("system-upgrade")
        for at, name in enumerate(("edge-1", "edge-2")):
            job = site.api.get(f"{jobs}/{u.job(name)['metadata']['name']}")
            pod = (
                f.pod(
                    f"apply-{name}",
                    "system-upgrade",
                    node=name,
                    owner=job,
                    statuses=[f.waiting("ContainerCreating")],
                )
                if at
                else f.image_pull(
                    f"apply-{name}", "system-upgrade", node=name, owner=job, image=image, why="no such host"
                )
            )
            written(site, pod)
            told = f.event(pod, "Pulling", f'Pulling image "{image}"', last=now - 30)
            told["source"]["host"] = name
            for part in ("uid", "resourceVersion"):
                del told["metadata"][part]
            site.api.create(KINDS["Event"].path("system-upgrade"), told)
        kinds = ("Node", "Pod", "Job", "Plan")
        async with watching(site.kubeconfig(), ()) as session:
            await Catalog(session, session.kinds, time.time).known()
            for kind in kinds:
                session.need(kind, True)
            await await_live(session, kinds)
            row = session.store.get("Plan", "system-upgrade", "k3s")
            assert isinstance(row, UpdateRow)
            read = await read_pulls(session, "system-upgrade")
            found = {one.node: one for one in update_pulls(session.store, row, read, now)}
            assert {name: one.pull for name, one in found.items()} == {
                "edge-1": Pull.FAILED,
                "edge-2": Pull.PULLING,
                "edge-3": Pull.HELD,
                "edge-4": Pull.MISSING,
            }
            assert "no such host" in found["edge-1"].why


async def test_a_cluster_without_any_engine_is_asked_what_it_serves_and_for_nothing_more(
    site: ControlPlane,
) -> None:
    async with watching(site.kubeconfig(), ()) as session:
        await Catalog(session, session.kinds, time.time).known()
        assert list(PANE.needs_in(session.store)) == ["Node"]
        assert PANE.without(session.store) == "no update engine that edgetui knows is installed"


def test_the_command_prints_the_rows_and_each_nodes_version(site: ControlPlane, tmp_path: Path) -> None:
    shift = time.time() - f.NOW
    with defined(site, DEFINITIONS["SUC"]), removed_again(site, u.SUC[:1]):
        for one in u.SUC[0].objects:
            written(site, moved(one, shift))
        ran = edgetui(
            "get", "updates", "-o", "json", "--kubeconfig", site.kubeconfig(), "--no-cache", home=tmp_path
        )
        found = ran.document
        rows = {one["name"]: one for one in found["panes"]["updates"]}
        assert (rows["k3s"]["engine"], rows["k3s"]["done"]) == ("SUC", "0/3")
        assert rows["edge-1"]["state"] == "4 minors behind"
        assert set(found["clusters"][0]["lists"]) == {"Plan", "Node", "Job"}


def test_a_host_that_is_switched_off_is_skipped_and_an_update_is_suspended_and_both_are_undone(
    site: ControlPlane, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    command = Command(capsys, "--kubeconfig", str(site.kubeconfig()))
    label, note = "plan.upgrade.cattle.io/k3s", "tuppr.home-operations.com/suspend"
    node, talos = KINDS["Node"].path(name="edge-2"), KINDS["TalosUpgrade"].path(name="talos")
    steps = [u.Step((u.host("edge-2"), u.talos("Draining")), u.SUC[0].says)]
    with defined(site, DEFINITIONS["tuppr, Talos"]), removed_again(site, steps):
        for one in steps[0].objects:
            written(site, one)
        for words, path, part, key, value in (
            (("skip-update", "node/edge-2", "k3s"), node, "labels", label, "disabled"),
            (("suspend-update", "talosupgrade/talos"), talos, "annotations", note, "true"),
        ):
            for asked, there in ((words, value), (("undo", words[1]), None)):
                code, found, said = command.agreed(*asked)
                assert (code, found["outcome"]) == (0, "reached"), (found, said)
                assert site.api.get(path)["metadata"].get(part, {}).get(key) == there


def test_a_failed_update_is_told_to_begin_again(
    site: ControlPlane, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    command = Command(capsys, "--kubeconfig", str(site.kubeconfig()))
    reset, talos = "tuppr.home-operations.com/reset", KINDS["TalosUpgrade"].path(name="talos")
    steps = [u.Step((u.talos("Failed", failedNodes=[{"nodeName": "edge-2"}]),), u.SUC[0].says)]
    with defined(site, DEFINITIONS["tuppr, Talos"]), removed_again(site, steps):
        for one in steps[0].objects:
            written(site, one)
        code, found, said = command.agreed("retry-update", "talosupgrade/talos", "--no-wait")
        assert code == 0, (found, said)
        assert site.api.get(talos)["metadata"]["annotations"] == {reset: "true"}
        again = command.agreed("retry-update", "talosupgrade/talos")
        assert "told to begin again already" in again.found["lines"][0]
        site.api.patch(talos, {"metadata": {"annotations": {reset: None}}})
        site.api.patch(f"{talos}/status", {"status": {"phase": "Pending", "failedNodes": None}})
        over = command.agreed("retry-update", "talosupgrade/talos")
        assert "has not failed (Pending)" in over.found["lines"][0]

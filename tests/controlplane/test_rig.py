"""The rig itself: what the other tests take for granted about their clusters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from . import workloads
from .api import Api, ApiError
from .assets import KUBERNETES_VERSION, Assets
from .cluster import BootError, ControlPlane
from .conftest import Boot
from .proxy import FaultProxy
from .waiting import eventually

_WATCH_LIST = "/api/v1/pods?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1"


def _pods(cluster: ControlPlane, namespace: str, app: str) -> list[dict[str, Any]]:
    items = cluster.api.get(f"/api/v1/namespaces/{namespace}/pods?labelSelector=app={app}")["items"]
    return [item["status"] for item in items]


def _container(cluster: ControlPlane, namespace: str, app: str) -> dict[str, Any]:
    """The container status of the first pod, or nothing yet."""
    for status in _pods(cluster, namespace, app):
        for container in status.get("containerStatuses", []):
            return dict(container)
    return {}


def _ready_pods(cluster: ControlPlane, namespace: str, app: str) -> int:
    conditions = [
        condition for status in _pods(cluster, namespace, app) for condition in status.get("conditions", [])
    ]
    return sum(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _as_user(cluster: ControlPlane, kubeconfig: Path) -> Api:
    """Requests with the token in a kubeconfig and no client certificate."""
    user = yaml.safe_load(kubeconfig.read_text())["users"][0]["user"]
    return Api(cluster.server, cluster.layout.trust(), user["token"])


def _runs(pid: int) -> bool:
    """Whether a process is there and not just waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_boots_with_ready_nodes_and_its_version(
    cluster: ControlPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\nbooted in {cluster.boot_seconds:.1f} s ")
    version = cluster.api.get("/version")
    assert version["gitVersion"] == KUBERNETES_VERSION
    assert f"v{version['major']}.{version['minor']}." in KUBERNETES_VERSION
    nodes = cluster.kubectl("get", "nodes", "--no-headers").splitlines()
    assert [line.split()[:2] for line in nodes] == [[f"node-{n}", "Ready"] for n in range(3)]


def test_a_deployment_becomes_ready(cluster: ControlPlane, namespace: str) -> None:
    cluster.create(namespace, workloads.deployment("web", replicas=3))
    eventually(lambda: _ready_pods(cluster, namespace, "web") == 3, within=20, what="3 pods ready")
    cluster.kubectl("rollout", "status", "deployment/web", "-n", namespace, "--timeout=80s")
    cluster.kubectl("scale", "deployment/web", "--replicas=1", "-n", namespace)
    eventually(lambda: len(_pods(cluster, namespace, "web")) == 1, within=20, what="1 pod left")


def test_the_image_name_chooses_the_failure(cluster: ControlPlane, namespace: str) -> None:
    for word in ("bad", "timeout", "crash", "oom", "flap", "slow"):
        image = f"{workloads.REGISTRY}/{word}:1.0"
        cluster.create(namespace, workloads.deployment(word, image, replicas=1))

    def container(word: str) -> dict[str, Any]:
        return _container(cluster, namespace, word)

    def waits(word: str, reason: str) -> dict[str, Any]:
        waiting: dict[str, Any] = container(word).get("state", {}).get("waiting", {})
        return waiting if waiting.get("reason") == reason else {}

    eventually(lambda: container("flap").get("ready"), within=10, what="flap is ready at first")
    bad = eventually(lambda: waits("bad", "ImagePullBackOff"), within=10, what="bad cannot be pulled")
    assert bad["message"].endswith(": not found")
    timeout = eventually(lambda: waits("timeout", "ImagePullBackOff"), within=10, what="timeout")
    assert timeout["message"].endswith(": i/o timeout")
    assert _ready_pods(cluster, namespace, "slow") == 0
    for word, code, reason in (("crash", 1, "Error"), ("oom", 137, "OOMKilled")):
        eventually(lambda word=word: waits(word, "CrashLoopBackOff"), within=10, what=word)  # type: ignore[misc]
        ended = container(word)["lastState"]["terminated"]
        assert (ended["exitCode"], ended["reason"]) == (code, reason)
    eventually(lambda: container("crash")["restartCount"] >= 2, within=10, what="crash starts again")
    eventually(lambda: container("flap")["restartCount"] >= 1, within=10, what="flap crashes")
    eventually(lambda: container("flap")["ready"], within=10, what="flap is ready again")
    eventually(lambda: _ready_pods(cluster, namespace, "slow") == 1, within=15, what="slow is ready")


def test_a_bad_image_can_be_rolled_back(cluster: ControlPlane, namespace: str) -> None:
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"

    def complete() -> bool:
        found = cluster.api.get(path)
        status, wanted = found["status"], found["spec"]["replicas"]
        counts = [status.get(count) for count in ("replicas", "updatedReplicas", "availableReplicas")]
        return counts == [wanted] * 3 and status["observedGeneration"] == found["metadata"]["generation"]

    def gave_up() -> bool:
        conditions = cluster.api.get(path)["status"]["conditions"]
        return any(each.get("reason") == "ProgressDeadlineExceeded" for each in conditions)

    # With so short a deadline kubectl gives up on a busy machine where the rollout goes on.
    cluster.create(namespace, workloads.deployment("web", spec={"progressDeadlineSeconds": 1}))
    eventually(complete, within=20, what="the first rollout")
    cluster.kubectl("set", "image", "deployment/web", f"app={workloads.REGISTRY}/bad:2.0", "-n", namespace)
    eventually(gave_up, within=20, what="the deadline passes")
    assert not complete()
    cluster.kubectl("rollout", "undo", "deployment/web", "-n", namespace)
    eventually(complete, within=20, what="the roll back")


def test_an_autoscaler_follows_real_metrics(cluster: ControlPlane, namespace: str) -> None:
    press = workloads.deployment("press", replicas=1, cpu_request="100m", usage_cpu="90m")
    cluster.create(namespace, press, workloads.autoscaler("press", high=4))
    path = f"/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers/press"

    def scaled() -> bool:
        status = cluster.api.get(path)["status"]
        return bool(status.get("currentMetrics")) and status.get("desiredReplicas", 0) >= 2

    eventually(scaled, within=90, what="the autoscaler asks for more pods")
    eventually(lambda: _ready_pods(cluster, namespace, "press") >= 2, within=20, what="it gets them")


def test_a_host_dies_and_returns(cluster: ControlPlane, namespace: str) -> None:
    cluster.create(namespace, workloads.daemonset("agent"))
    eventually(lambda: _ready_pods(cluster, namespace, "agent") == 3, within=20, what="a pod on each host")
    cluster.kill_node("node-2")
    try:
        cluster.await_node("node-2", ready=False)
        eventually(lambda: _ready_pods(cluster, namespace, "agent") == 2, within=10, what="its pod is lost")
    finally:
        cluster.revive_node("node-2")
        cluster.await_node("node-2", ready=True)
    eventually(lambda: _ready_pods(cluster, namespace, "agent") == 3, within=20, what="its pod is back")


def test_a_service_account_may_rotate_its_token(cluster: ControlPlane, namespace: str) -> None:
    old = _as_user(cluster, cluster.service_account_kubeconfig(namespace, "robot"))
    assert old.get("/api/v1/pods?limit=1")["kind"] == "PodList"
    with pytest.raises(ApiError, match="cannot list resource"):
        old.get("/api/v1/secrets")
    secrets = f"/api/v1/namespaces/{namespace}/secrets"
    [bound] = cluster.api.get(secrets)["items"]
    fresh = old.create(secrets, {"metadata": {"name": "fresh"}, "type": "Opaque"})
    reference = {"apiVersion": "v1", "kind": "Secret", "name": "fresh", "uid": fresh["metadata"]["uid"]}
    request = {"spec": {"expirationSeconds": 600, "boundObjectRef": reference}}
    answer = old.create(f"/api/v1/namespaces/{namespace}/serviceaccounts/robot/token", request)
    new = Api(cluster.server, cluster.layout.trust(), answer["status"]["token"])
    new.delete(f"{secrets}/{bound['metadata']['name']}")

    def refused() -> bool:
        return old.request("GET", "/api/v1/pods?limit=1").code == 401

    eventually(refused, within=15, what="the old token is refused")
    assert new.get("/api/v1/pods?limit=1")["kind"] == "PodList"


def test_two_clusters_are_two(two_clusters: tuple[ControlPlane, ControlPlane]) -> None:
    identities = {
        cluster.api.get("/api/v1/namespaces/kube-system")["metadata"]["uid"] for cluster in two_clusters
    }
    assert len(identities) == 2
    assert len({cluster.server for cluster in two_clusters}) == 2


def test_rights_are_checked_unless_they_are_off(
    cluster: ControlPlane, cluster_rbac_off: ControlPlane
) -> None:
    def secrets(chosen: ControlPlane) -> int:
        context = chosen.layout.context_of("somebody")
        return Api(chosen.server, context).request("GET", "/api/v1/secrets").code

    assert secrets(cluster) == 403
    assert secrets(cluster_rbac_off) == 200


def test_kine_serves(cluster_kine: ControlPlane) -> None:
    assert (cluster_kine.directory / "kine.db").stat().st_size > 0
    with cluster_kine.namespace() as name:
        cluster_kine.create(name, workloads.deployment("web", replicas=2))
        eventually(lambda: _ready_pods(cluster_kine, name, "web") == 2, within=20, what="pods on kine")


def test_streaming_lists_are_off_where_they_should_be(
    cluster: ControlPlane, cluster_no_watchlist: ControlPlane
) -> None:
    assert cluster.api.request("GET", _WATCH_LIST).code == 200
    answer = cluster_no_watchlist.api.request("GET", _WATCH_LIST)
    assert answer.code == 422
    assert answer.json()["details"]["causes"][0]["field"] == "sendInitialEvents"


def test_the_apiserver_restarts_on_its_port(cluster_no_watchlist: ControlPlane) -> None:
    before = cluster_no_watchlist.api.get("/api/v1/namespaces/kube-system")["metadata"]["uid"]
    cluster_no_watchlist.stop_apiserver()
    with pytest.raises(ConnectionRefusedError):
        cluster_no_watchlist.api.get("/version")
    cluster_no_watchlist.start_apiserver()
    assert cluster_no_watchlist.api.get("/api/v1/namespaces/kube-system")["metadata"]["uid"] == before


def test_a_proxy_stands_in_front(cluster: ControlPlane) -> None:
    with FaultProxy.in_front_of(cluster) as proxy:
        through = str(cluster.kubeconfig(server=proxy.url))
        assert "node-0" in cluster.kubectl("get", "nodes", f"--kubeconfig={through}")
        assert proxy.stats.accepted >= 1
        assert proxy.bytes_down > proxy.bytes_up > 1_000


def test_a_failed_boot_says_why_and_leaves_nothing(control_plane_assets: Assets) -> None:
    cluster = ControlPlane("broken", assets=control_plane_assets, apiserver_args=["--no-such-flag"], nodes=1)
    with pytest.raises(BootError, match="unknown flag: --no-such-flag"):
        cluster.start()
    assert not cluster.processes


def test_stop_ends_every_process_and_removes_the_directory(boot: Boot) -> None:
    cluster = boot("short-lived", nodes=1)
    pids = [process.pid for process in cluster.processes.values()]
    directory = cluster.directory
    cluster.stop()
    assert len(pids) == 5
    assert not any(_runs(pid) for pid in pids)
    assert not directory.exists()


@pytest.mark.skipif(
    sys.platform != "linux", reason="only the Linux kernel ends the children of a killed process"
)
def test_a_killed_run_leaves_no_process(control_plane_assets: Assets, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.controlplane.serve", "--nodes=1", "--no-metrics"]
    run = subprocess.Popen(
        [*command, f"--kubeconfig={tmp_path / 'config'}"],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        text=True,
    )
    with run:
        assert run.stdout is not None
        assert run.stdout.readline().startswith("ready ")
        tasks = Path(f"/proc/{run.pid}/task").iterdir()
        pids = [int(pid) for task in tasks for pid in (task / "children").read_text().split()]
        run.kill()
    assert len(pids) == 5
    eventually(lambda: not any(_runs(pid) for pid in pids), within=10, what="its processes end")

"""The main job as a person does it: two real clusters, a real terminal, real keys, the real controllers' answers."""

from __future__ import annotations

import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.terminal.ptyapp import PtyApp
from tests.terminal.walking import (
    act,
    close_receipt,
    confirm,
    go_to,
    narrow,
    open_screen,
    row,
    scale,
    wait_row,
)

from . import workloads
from .cluster import ControlPlane
from .proxy import FaultProxy
from .waiting import eventually


@pytest.fixture
def screen(two_clusters: tuple[ControlPlane, ControlPlane], tmp_path: Path) -> Iterator[PtyApp]:
    """edgetui on both clusters at 80x24."""
    first, second = two_clusters
    with open_screen(str(first.kubeconfig()), str(second.kubeconfig()), home=tmp_path) as app:
        app.wait_for(f"{first.name} live", f"{second.name} live")
        yield app


def wanted(cluster: ControlPlane, namespace: str, name: str) -> dict[str, int]:
    """What the Deployment's controller says of it."""
    found = cluster.api.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
    return {"spec": found["spec"]["replicas"], "ready": found["status"].get("readyReplicas", 0)}


def test_both_clusters_appear(screen: PtyApp, two_clusters: tuple[ControlPlane, ControlPlane]) -> None:
    for cluster in two_clusters:
        wait_row(screen, cluster.name, "node-0", "Ready")
    go_to(screen, "pods")
    for cluster in two_clusters:
        with cluster.namespace() as namespace:
            cluster.create(namespace, workloads.deployment("oven", replicas=1))
            narrow(screen, namespace)
            wait_row(screen, cluster.name, "oven-", "Running")


def test_a_change_from_outside_comes_on_the_screen(
    screen: PtyApp, cluster: ControlPlane, namespace: str
) -> None:
    cluster.create(namespace, workloads.deployment("oven", replicas=1))
    go_to(screen, "rollouts")
    narrow(screen, namespace)
    wait_row(screen, "oven", "1/1")
    cluster.kubectl("scale", "deployment/oven", "--replicas=3", "-n", namespace)
    wait_row(screen, "oven", "/3")


def test_scale_to_six(screen: PtyApp, cluster: ControlPlane, namespace: str) -> None:
    cluster.create(namespace, workloads.deployment("oven", replicas=2))
    go_to(screen, "rollouts")
    narrow(screen, namespace)
    wait_row(screen, "oven", "2/2")
    scale(screen, 6, cluster.name)
    close_receipt(screen)
    wait_row(screen, "oven", "6/6")
    assert wanted(cluster, namespace, "oven") == {"spec": 6, "ready": 6}


def test_a_bad_image_is_named_and_rolled_back(screen: PtyApp, cluster: ControlPlane, namespace: str) -> None:
    cluster.create(namespace, workloads.deployment("oven", replicas=3))
    go_to(screen, "rollouts")
    narrow(screen, namespace)
    wait_row(screen, "oven", "complete", "3/3")
    container = cluster.kubectl(
        "get", "deployment/oven", "-n", namespace, "-o", "jsonpath={.spec.template.spec.containers[0].name}"
    )
    good = cluster.kubectl(
        "get", "deployment/oven", "-n", namespace, "-o", "jsonpath={.spec.template.spec.containers[0].image}"
    )
    cluster.kubectl("set", "image", "deployment/oven", f"{container}=registry.local/bad:2.1", "-n", namespace)
    wait_row(screen, "oven", "image not found")
    act(screen, "b", "last good")
    screen.keys("enter")
    confirm(screen, f"Roll back on {cluster.name}")
    close_receipt(screen)
    wait_row(screen, "oven", "[==========]", "complete")
    screen.keys("enter")
    screen.wait_for("3 desired, 3 current, 3 ready, 3 available")
    image = cluster.kubectl(
        "get", "deployment/oven", "-n", namespace, "-o", "jsonpath={.spec.template.spec.containers[0].image}"
    )
    assert image == good


def test_the_autoscaler_scales_and_the_pane_says_why(
    screen: PtyApp, cluster: ControlPlane, namespace: str
) -> None:
    cluster.create(
        namespace,
        workloads.deployment("press", replicas=2, cpu_request="100m", usage_cpu="90m"),
        workloads.autoscaler("press", low=2, high=4),
    )
    go_to(screen, "autoscalers")
    narrow(screen, namespace)
    # 90 of 100 millicores against a target of 50 % wants twice the pods, and more than the four allowed later.
    shown = wait_row(screen, "press", "at max", timeout=120)
    assert re.search(r"cpu 9[0-2]%/50%", shown)  # the meter rounds
    eventually(lambda: wanted(cluster, namespace, "press")["spec"] == 4, within=30, what="four replicas")
    screen.keys("enter")
    screen.wait_for("max")


def test_rotating_the_token_ends_the_old_one(cluster: ControlPlane, namespace: str, tmp_path: Path) -> None:
    file = cluster.service_account_kubeconfig(namespace, "edgetui", tmp_path / "plant.yaml")
    before = file.read_text()
    old = yaml.safe_load(before)["users"][0]["user"]["token"]
    with open_screen(str(file), home=tmp_path) as app:
        app.wait_for("live", "node-0")
        act(app, "t", "> Cancel")
        confirm(app, f"Rotate token on {cluster.name}")
        said = close_receipt(app)
        assert "401" in said
        app.wait_for("live", "node-0")
        screen_text = bytes(app.raw).decode(errors="replace")
    after = file.read_text()
    new = yaml.safe_load(after)["users"][0]["user"]["token"]
    assert new != old
    assert after.replace(new, old) == before
    assert status_with(cluster, old) == 401
    assert status_with(cluster, new) == 200
    record = (tmp_path / "state" / "edgetui" / "audit.jsonl").read_text()
    for secret in (old, new):
        signature = secret.rpartition(".")[2]
        assert signature not in record
        assert signature not in screen_text


def status_with(cluster: ControlPlane, token: str) -> int:
    """The HTTP status of a request with nothing but this token, on a connection of its own."""
    request = urllib.request.Request(
        f"{cluster.server}/api/v1/nodes?limit=1", headers={"Authorization": f"Bearer {token}"}
    )
    context = ssl.create_default_context(cafile=str(cluster.ca_file))
    try:
        with urllib.request.urlopen(request, context=context, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_a_cut_link_is_stale_while_the_other_moves_on(
    two_clusters: tuple[ControlPlane, ControlPlane], tmp_path: Path
) -> None:
    first, second = two_clusters
    with FaultProxy.in_front_of(second) as proxy, first.namespace() as namespace:
        first.create(namespace, workloads.deployment("oven", replicas=1))
        files = str(first.kubeconfig()), str(second.kubeconfig(server=proxy.url))
        with open_screen(*files, home=tmp_path) as app:
            app.wait_for(f"{first.name} live", f"{second.name} live")
            wait_row(app, second.name, "node-0", "Ready")
            proxy.cut()
            app.wait_for(f"{second.name} stale")
            wait_row(app, "~", second.name, "node-0")
            go_to(app, "rollouts")
            narrow(app, namespace)
            first.kubectl("scale", "deployment/oven", "--replicas=2", "-n", namespace)
            wait_row(app, first.name, "oven", "2/2")
            proxy.restore()
            app.wait_for(f"{second.name} live")
            go_to(app, "nodes")
            app.until(lambda _: not row(app, second.name, "node-0").startswith("~"), what="fresh rows")


def test_leaving_gives_the_terminal_back(screen: PtyApp) -> None:
    screen.keys("q")
    assert screen.wait_exit() == 0
    assert 1049 not in screen.modes
    assert 1000 not in screen.modes
    assert 25 in screen.modes

"""The story: a plant, a vehicle and a wind farm, each with a past of days and something going on now."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from edgetui.demo import templates
from edgetui.demo.auth import Rule
from edgetui.demo.backups import add_backups
from edgetui.demo.cluster import Profile, new_cluster
from edgetui.demo.control_plane import ControlPlane
from edgetui.demo.resources import (
    AUTOSCALERS,
    CLUSTERROLES,
    DAEMONSETS,
    DEPLOYMENTS,
    NAMESPACES,
    NODES,
    SECRETS,
    SERVICEACCOUNTS,
    SERVICES,
    STATEFULSETS,
)
from edgetui.demo.simulation import Simulation
from edgetui.demo.templates import Container, Host
from edgetui.demo.upgrades import Upgrades

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
OPERATOR = "edgetui-operator"
OPERATOR_NAMESPACE = "kube-system"
TOKEN_SECRET = "edgetui-operator-token-1"
REGISTRY = "registry.local"
CONTAINERD = "containerd://2.1.4"
FILLER_SIZE = 20

_RULES = (
    Rule(("get", "list", "watch"), ("*",), ("*",)),
    Rule(("create", "delete", "patch", "update"), ("", "apps", "autoscaling"), ("*", "*/scale", "*/status")),
    Rule(("create",), ("",), ("serviceaccounts/token",)),
)


@dataclass(frozen=True)
class Outage:
    """When the link of a site is down: `down` s from `first` s after the start on, again every `period` s."""

    first: float
    down: float
    period: float


@dataclass
class Site:
    """A simulation ready to be served, and how its link behaves."""

    simulation: Simulation
    outage: Outage | None = None

    @property
    def name(self) -> str:
        return self.simulation.cluster.name


def fleet(clusters: int, pods: int, now: float, seed: int = 7) -> list[Site]:
    """`clusters` sites by turns of the three stories; filler brings the fleet to about `pods` pods."""
    stories: tuple[tuple[str, Callable[[str, float, int, int], Site]], ...] = (
        ("plant", plant),
        ("van", van),
        ("farm", farm),
    )
    own = (31, 7, 25)
    planned = sum(own[index % 3] for index in range(clusters))
    filler = max(pods - planned, 0)
    sites = []
    for index in range(clusters):
        kind, story = stories[index % 3]
        turn = index // 3
        name = f"van-{17 + turn}" if kind == "van" else kind + (f"-{turn + 1}" if turn else "")
        share = filler // clusters + (index < filler % clusters)
        sites.append(story(name, now, seed + index, share))
    return sites


def plant(name: str, now: float, seed: int, filler: int) -> Site:
    """K3s on five boxes: a rollout under way, two bad releases of `press` after a good one, a crash loop."""
    site = _begin(name, Profile("v1.37.2+k3s1", _RULES), now, seed, ("line-1", "line-2", "messaging"))
    hosts = [
        Host(f"{name}-cp", "control-plane", memory=7936),
        *(Host(f"{name}-line-{n}") for n in range(1, 5)),
    ]
    _nodes(site, hosts, "v1.37.2+k3s1", now - 40 * DAY)
    for repository, tags in (
        ("press", ("1.9", "2.0")),
        ("weld", ("2.4", "2.5", "2.6")),
        ("oven", ("3.2", "3.3")),
    ):
        site.catalogue.add(f"{REGISTRY}/{repository}", *tags)

    site.at(now - 12 * DAY, fast=True)
    _agent(site, "node-agent")
    _deploy(site, "line-1", "oven", 4, Container(f"{REGISTRY}/oven:3.2", "150m", "192Mi"), cause="oven 3.2")
    weld = Container(f"{REGISTRY}/weld:2.4", "100m", "128Mi", wait=6)
    _deploy(site, "line-1", "weld", 6, weld, cause="weld 2.4", surge=1)
    press = Container(f"{REGISTRY}/press:1.9", "100m", "256Mi")
    _deploy(site, "line-2", "press", 6, press, cause="press 1.9", deadline=180)
    _deploy(site, "line-2", "label-printer", 1, Container(f"{REGISTRY}/label-printer:0.8", "50m", "64Mi"))
    _deploy(site, "messaging", "broker", 2, Container(f"{REGISTRY}/broker:5.0", "100m", "256Mi", 1883))
    _deploy(
        site, "line-2", "vision", 2, Container(f"{REGISTRY}/vision:1.4", "200m", "512Mi"), cause="vision 1.4"
    )
    historian = templates.template("historian", Container(f"{REGISTRY}/historian:4.1", "100m", "512Mi"))
    site.add(
        STATEFULSETS, templates.statefulset("messaging", "historian", 3, historian, cause="historian 4.1")
    )
    site.add(AUTOSCALERS, templates.autoscaler("line-2", "vision", 1, 4, 60))
    _filler(site, filler)
    add_backups(site, "messaging", f"{REGISTRY}/backup:1.2", now)
    site.at(now - 3 * DAY, fast=True)
    site.release(DEPLOYMENTS, "line-2", "press", f"{REGISTRY}/press:2.0", "press 2.0")

    site.at(now - 25 * MINUTE)
    printer = f"{REGISTRY}/label-printer:0.9-oom"
    site.release(DEPLOYMENTS, "line-2", "label-printer", printer, "label-printer 0.9: larger labels")
    site.at(now - 11 * MINUTE)
    site.release(DEPLOYMENTS, "line-2", "press", f"{REGISTRY}/press:2.1", "press 2.1: new force curve")
    site.at(now - 5 * MINUTE)
    site.release(DEPLOYMENTS, "line-2", "press", f"{REGISTRY}/press:2.1.1", "press 2.1.1: second try")
    site.cordon(f"{name}-line-4")
    site.cluster.metrics.curves["line-2", "vision"] = _wave(now, 230, 170, 300)
    _settle(site, now)
    site.at(now - 9)
    site.release(DEPLOYMENTS, "line-1", "weld", f"{REGISTRY}/weld:2.5", "weld 2.5")
    site.at(now)
    _keep_releasing(site, now)
    budgets = {("line-2", "press"): 4, ("messaging", "historian"): 2, ("messaging", "broker"): 2}
    _control_plane(site, f"{name}-cp", now - 40 * DAY, budgets)
    return Site(site)


def van(name: str, now: float, seed: int, filler: int) -> Site:
    """MicroK8s on one box in a vehicle, RBAC off, no streaming lists, and a link that comes and goes."""
    profile = Profile("v1.33.6", (), watch_list=False, watch_gzip=False, rbac=False)
    site = _begin(name, profile, now, seed, ("vehicle",))
    labels = (
        ("microk8s.io/cluster", "true"),
        ("node.kubernetes.io/microk8s-controlplane", "microk8s-controlplane"),
    )
    _nodes(site, [Host(name, cpu=4, memory=3904, labels=labels)], "v1.33.6", now - 90 * DAY)
    site.at(now - 9 * DAY, fast=True)
    _deploy(
        site, "vehicle", "camera", 2, Container(f"{REGISTRY}/camera:1.7", "200m", "256Mi"), cause="camera 1.7"
    )
    _deploy(site, "vehicle", "gps", 1, Container(f"{REGISTRY}/gps:2.2", "50m", "64Mi"), cause="gps 2.2")
    _deploy(
        site, "vehicle", "uplink", 1, Container(f"{REGISTRY}/uplink:0.9", "100m", "128Mi"), cause="uplink 0.9"
    )
    buffer = templates.template("buffer", Container(f"{REGISTRY}/buffer:1.1", "50m", "128Mi"))
    site.add(STATEFULSETS, templates.statefulset("vehicle", "buffer", 1, buffer))
    _agent(site, "can-bridge")
    _filler(site, filler)
    site.at(now - 2 * DAY, fast=True)
    site.release(DEPLOYMENTS, "vehicle", "camera", f"{REGISTRY}/camera:1.8", "camera 1.8")
    _settle(site, now)
    site.at(now)
    _control_plane(site, name, now - 90 * DAY, {}, ("kube-scheduler", "kube-controller-manager"))
    return Site(site, Outage(first=20, down=25, period=90))


def farm(name: str, now: float, seed: int, filler: int) -> Site:
    """K3s on a wind farm: an autoscaler at its limit, one without a request to measure, and a dead tower that holds an
    update up.
    """
    site = _begin(name, Profile("v1.36.4+k3s1", _RULES, watch_gzip=False), now, seed, ("turbines", "grid"))
    hosts = [Host(f"{name}-cp", "control-plane"), *(Host(f"{name}-tower-{n}", cpu=2) for n in range(1, 5))]
    _nodes(site, hosts, "v1.36.4+k3s1", now - 200 * DAY)
    site.at(now - 30 * DAY, fast=True)
    _agent(site, "sensor-bridge")
    telemetry = Container(f"{REGISTRY}/telemetry:5.2", "200m", "128Mi")
    _deploy(site, "turbines", "telemetry", 4, telemetry, cause="telemetry 5.2")
    _deploy(site, "turbines", "blade-vision", 2, Container(f"{REGISTRY}/blade-vision:0.6", "200m", "384Mi"))
    _deploy(
        site, "grid", "forecast", 2, Container(f"{REGISTRY}/forecast:2.0", "", "256Mi"), cause="forecast 2.0"
    )
    pitch = templates.template("pitch-control", Container(f"{REGISTRY}/pitch-control:7.3", "100m", "64Mi"))
    site.add(
        STATEFULSETS, templates.statefulset("turbines", "pitch-control", 2, pitch, cause="pitch-control 7.3")
    )
    site.add(AUTOSCALERS, templates.autoscaler("turbines", "telemetry", 2, 6, 60))
    site.add(AUTOSCALERS, templates.autoscaler("turbines", "blade-vision", 1, 4, 70))
    site.add(AUTOSCALERS, templates.autoscaler("grid", "forecast", 1, 3, 50))
    site.at(now - 2 * HOUR)
    site.nodes.fail(f"{name}-tower-4")
    site.at(now - HOUR, fast=True)
    upgrades = _half_updated(site, name)
    _filler(site, filler)
    site.at(now - 50 * MINUTE)
    site.cluster.metrics.curves["turbines", "telemetry"] = _wave(now, 700, 500, 240)
    site.cluster.metrics.curves["turbines", "blade-vision"] = _wave(now + 60, 320, 160, 420)
    site.at(now - 4 * MINUTE)
    upgrades.begin("k3s-agent", f"{name}-tower-4")
    _settle(site, now)
    site.at(now)
    upgrades.start()
    _control_plane(site, f"{name}-cp", now - 200 * DAY, {("turbines", "telemetry"): 2})
    return Site(site)


def _half_updated(site: Simulation, name: str) -> Upgrades:
    """K3s 1.36 on the server and two towers; two have the version of before."""
    for number in (3, 4):
        site.change(
            NODES,
            "",
            f"{name}-tower-{number}",
            lambda one: one["status"]["nodeInfo"].update(kubeletVersion="v1.35.7+k3s1"),
        )
    upgrades = Upgrades(site)
    upgrades.add_plan("k3s-server", "v1.36.4+k3s1", "control-plane")
    upgrades.add_plan("k3s-agent", "v1.36.4+k3s1", None)
    upgrades.done("k3s-server", [f"{name}-cp"])
    upgrades.done("k3s-agent", [f"{name}-tower-1", f"{name}-tower-2"])
    return upgrades


def _begin(name: str, profile: Profile, now: float, seed: int, namespaces: tuple[str, ...]) -> Simulation:
    site = Simulation(new_cluster(name, profile, now - 200 * DAY, seed))
    site.manager.fast = True
    for text in ("default", "kube-system", "kube-node-lease", *namespaces):
        site.add(NAMESPACES, templates.namespace(text))
        site.add(SERVICEACCOUNTS, {"metadata": {"name": "default", "namespace": text}})
    meta = {"name": OPERATOR, "namespace": OPERATOR_NAMESPACE}
    site.add(SERVICEACCOUNTS, {"metadata": dict(meta)})
    owner = {"app.kubernetes.io/managed-by": "edgetui", "edgetui/service-account": OPERATOR}
    secret = {"name": TOKEN_SECRET, "namespace": OPERATOR_NAMESPACE, "labels": owner}
    site.add(SECRETS, {"metadata": secret, "type": "Opaque"})
    if profile.rbac:
        rules = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
        site.add(CLUSTERROLES, {"metadata": {"name": "cluster-admin"}, "rules": rules})
        own = [rule.document() for rule in _RULES]
        site.add(CLUSTERROLES, {"metadata": {"name": OPERATOR}, "rules": own})
    return site


def _nodes(site: Simulation, hosts: list[Host], version: str, since: float) -> None:
    site.at(since, fast=True)
    for index, host in enumerate(hosts):
        site.add(NODES, templates.node(host, index, version, CONTAINERD, since))


def _deploy(
    site: Simulation,
    namespace: str,
    name: str,
    replicas: int,
    container: Container,
    *,
    cause: str = "",
    deadline: int = 600,
    surge: int | str = "25%",
) -> None:
    pod = templates.template(name, container)
    made = templates.deployment(namespace, name, replicas, pod, cause=cause, deadline=deadline, surge=surge)
    site.add(DEPLOYMENTS, made)
    site.add(SERVICES, templates.service(namespace, name, container.port))


def _agent(site: Simulation, name: str) -> None:
    pod = templates.template(name, Container(f"{REGISTRY}/{name}:1.3", "50m", "64Mi"))
    site.add(DAEMONSETS, templates.daemonset("kube-system", name, pod, cause=f"{name} 1.3"))


def _filler(site: Simulation, pods: int) -> None:
    """Quiet deployments, so that a fleet has the size to try."""
    if not pods:
        return
    namespace = "batch"
    site.add(NAMESPACES, templates.namespace(namespace))
    for index in range(-(-pods // FILLER_SIZE)):
        size = min(FILLER_SIZE, pods - index * FILLER_SIZE)
        container = Container(f"{REGISTRY}/worker:1.{index % 7}", "1m", "4Mi")
        _deploy(site, namespace, f"worker-{index + 1:03d}", size, container)


def _settle(site: Simulation, now: float) -> None:
    """The last minutes before the start: autoscalers have synced, nodes have reported."""
    site.at(now - 80)
    site.autoscalers.start()
    site.at(now - 15)
    site.nodes.start()


def _control_plane(
    site: Simulation,
    host: str,
    since: float,
    budgets: dict[tuple[str, str], int],
    leaders: tuple[str, ...] = (),
) -> None:
    found = ControlPlane(site, host, leaders)
    for (namespace, name), least in budgets.items():
        found.add_budget(namespace, name, least)
    found.start(since)


def _keep_releasing(site: Simulation, now: float) -> None:
    """`weld` gets another release every few minutes, so that there is always a rollout to look at."""
    tags = ("2.6", "2.4", "2.5")

    def release(turn: int) -> None:
        tag = tags[turn % len(tags)]
        site.release(DEPLOYMENTS, "line-1", "weld", f"{REGISTRY}/weld:{tag}", f"weld {tag}")
        site.cluster.timeline.after(4 * MINUTE, lambda: release(turn + 1))

    site.cluster.timeline.after(4 * MINUTE, lambda: release(0))


def _wave(start: float, middle: float, swing: float, period: float) -> Callable[[float], float]:
    """Millicores over time: rises first, peaks a quarter period after `start`."""
    return lambda now: middle + swing * math.sin(2 * math.pi * (now - start) / period)

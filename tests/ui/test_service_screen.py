"""The page of a Service: who holds its address by kube-vip's Leases, and how the cluster spreads connections."""

from __future__ import annotations

import pytest

from edgetui.model.identity import ObjectKey
from tests.unit.model import factories as f

from .hosts import Hosts, shown

KEY = ObjectKey("plant", "Service", "default", "web")


def site(*more: f.Json, type_: str = "LoadBalancer") -> Hosts:
    return Hosts(f.node("edge-1"), f.service("web", type_=type_, ips=["192.0.2.7"]), *more)


async def page(hosts: Hosts, words: str) -> str:
    """The page once it says these words, as one line."""
    async with shown(hosts) as screen:
        screen.app.open_detail(KEY)
        await screen.wait_for(lambda: words in screen.text(), words)
        return " ".join(screen.text().split())


@pytest.mark.parametrize("name", ["kubevip-web", "plndr-svcs-lock"])
async def test_the_holder_is_the_one_of_the_lease_while_that_is_renewed(name: str) -> None:
    hosts = site()
    hosts.leases[name] = f.NOW - 3
    assert f"{name} (kube-vip), renewed 3s ago" in await page(hosts, "renewed")


async def test_a_lease_that_is_over_holds_nothing() -> None:
    hosts = site()
    hosts.leases["plndr-svcs-lock"] = f.NOW - 40
    assert "plndr-svcs-lock (kube-vip): not renewed for 40s, so nobody holds it" in await page(
        hosts, "renewed"
    )


async def test_without_a_lease_or_the_right_to_it_the_page_says_what_else_is_known() -> None:
    hosts = site()
    await page(hosts, "not visible here")
    hosts.hidden = {"leases"}
    await page(hosts, "not visible here")


async def test_where_another_holds_the_address_no_lease_is_read() -> None:
    for hosts in (site(type_="ClusterIP"), site(*f.service_lb("web", "edge-1"))):
        await page(hosts, "port")
        assert not [one for one in hosts.asked if "/leases/" in one.path]


PAIR = {
    "endpoints": [
        {"addresses": [f"10.42.0.{number}"], "nodeName": "edge-1", "conditions": {"ready": True}}
        for number in (1, 2)
    ]
}
IPVS = {"config.conf": "kind: KubeProxyConfiguration\nmode: ipvs\nipvs:\n  scheduler: lc\n"}


def served(*more: f.Json) -> Hosts:
    return Hosts(f.node("edge-1", version="v1.37.2"), f.service("web"), f.endpoint_slice("web") | PAIR, *more)


def asked_for_spread(hosts: Hosts) -> list[str]:
    """What was asked to find out."""
    return [one.path for one in hosts.asked if "/configmaps/" in one.path]


async def spread(hosts: Hosts) -> str:
    """What the page says of how connections are spread, and what follows it."""
    said = await page(hosts, "spread")
    return said[said.index("in cluster") :]


async def test_the_page_says_how_connections_are_spread_and_what_says_so() -> None:
    hosts = served(f.daemon_set("kube-proxy", "kube-system"))
    hosts.configs["kube-system/kube-proxy"] = IPVS
    said = await spread(hosts)
    assert "in cluster from pods on any node: 2 endpoints spread to the endpoint that has the fewest" in said
    assert "(kube-proxy in IPVS mode lc, from ConfigMap kube-system/kube-proxy)" in said


async def test_what_nodes_bear_costs_no_request() -> None:
    hosts = served(f.node("edge-2", annotations={"k3s.io/node-args": '["server"]'}))
    assert (
        "one in 2 spread at random for each connection (kube-proxy in iptables mode, from the nodes' k3s node-args"
        in await spread(hosts)
    )
    assert not asked_for_spread(hosts)


async def test_cilium_is_asked_before_settings_that_kube_proxy_left_behind() -> None:
    hosts = served(f.daemon_set("cilium", "kube-system"), f.daemon_set("kube-proxy", "kube-system"))
    hosts.configs["kube-system/kube-proxy"] = IPVS
    hosts.configs["kube-system/cilium-config"] = {"kube-proxy-replacement": "true"}
    assert "at random for each connection (Cilium in place of kube-proxy" in await spread(hosts)
    hosts.configs["kube-system/cilium-config"] = {"kube-proxy-replacement": "false"}
    assert "kube-proxy in IPVS mode lc" in await spread(hosts)


async def test_settings_of_a_kube_proxy_that_runs_nowhere_say_nothing() -> None:
    hosts = served(f.daemon_set("kube-proxy", "kube-system", desired=0))
    hosts.configs["kube-system/kube-proxy"] = IPVS
    assert "spread not known: nothing in the API tells" in await spread(hosts)


async def test_a_missing_right_is_named() -> None:
    hosts = served(f.daemon_set("kube-proxy", "kube-system"))
    hosts.hidden = {"kube-proxy"}
    assert "spread not known: needs get on configmaps in kube-system" in await spread(hosts)


async def test_one_answer_serves_every_service_of_a_cluster() -> None:
    hosts = served(f.daemon_set("kube-proxy", "kube-system"), f.service("api"))
    hosts.configs["kube-system/kube-proxy"] = IPVS
    async with shown(hosts) as screen:
        for name in ("web", "api", "web"):
            screen.app.open_detail(KEY._replace(name=name))
            await screen.wait_for(lambda: "fewest" in screen.text(), "spread")
            await screen.press("escape")
    assert len(asked_for_spread(hosts)) == 1


async def test_headless_services_have_nothing_spread() -> None:
    headless = f.service("web")
    headless["spec"]["clusterIP"] = "None"
    hosts = Hosts(f.node("edge-1"), headless, f.endpoint_slice("web") | PAIR)
    assert "spread" not in await page(hosts, "headless")
    assert not asked_for_spread(hosts)

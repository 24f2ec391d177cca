"""The page of a Service whose address kube-vip holds: by its Lease, its own or the one of all Services."""

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

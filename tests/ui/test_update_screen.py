"""The page of an update: which nodes have its images, and what is asked of the server to know it."""

from __future__ import annotations

import pytest

from edgetui.model.cache.wireprofile import Wire, WireState
from edgetui.model.identity import ObjectKey
from tests.unit.model import factories as f
from tests.unit.model import updates as u

from .hosts import Hosts, shown

KEY = ObjectKey("plant", "Plan", "system-upgrade", "k3s")
IMAGE = f"rancher/k3s-upgrade:{u.TARGET}"


def site() -> Hosts:
    """A Plan for two hosts, of which the second has the image."""
    hosts = [u.host("edge-1"), u.host("edge-2")]
    hosts[1]["status"]["images"] = [{"names": [f"docker.io/{IMAGE}"], "sizeBytes": 85_000_000}]
    plan = u.plan("k3s", *u.whole(*u.SYNC), applying=("edge-1",))
    lost = f.image_pull(
        "apply", "system-upgrade", node="edge-1", owner=u.job("edge-1"), image=IMAGE, why="refused"
    )
    return Hosts(*hosts, plan, u.job("edge-1"), lost)


async def page(hosts: Hosts, words: str, key: ObjectKey = KEY) -> str:
    """The page once it says these words, as one line."""
    async with shown(hosts) as screen:
        screen.app.open_detail(key)
        await screen.wait_for(lambda: words in " ".join(screen.text().split()), words)
        return " ".join(screen.text().split())


def asked(hosts: Hosts, plural: str) -> list[str]:
    return [one.path for one in hosts.asked if one.path.endswith(f"/{plural}")]


async def test_the_page_of_a_plan_names_who_has_the_image_and_who_cannot_pull_it() -> None:
    hosts = site()
    said = await page(hosts, "1 of 2 nodes has it, 1 cannot pull")
    assert f"image {IMAGE}" in said
    assert "cannot pull edge-1: ImagePullBackOff: Back-off pulling image" in said
    assert "pulled edge-2" in said
    assert len(asked(hosts, "nodes")) == 1


@pytest.mark.parametrize(
    ("hidden", "words"),
    [
        ("nodes", "not known edge-2: the nodes cannot be read: "),
        ("events", "pulls that are going on are not known: the events cannot be read: "),
    ],
)
async def test_what_may_not_be_read_is_not_known(hidden: str, words: str) -> None:
    hosts = site()
    hosts.hidden = {hidden}
    assert words in await page(hosts, words)


async def test_over_a_thin_link_neither_is_asked_for() -> None:
    hosts = site()
    hosts.store.set_wire(WireState(Wire.THIN))
    await page(hosts, "not known edge-2: not asked for over a link as slow as this")
    assert not asked(hosts, "nodes")


async def test_an_update_whose_engine_tells_of_images_itself_asks_for_none() -> None:
    pulled = [{"nodeName": "edge-1", "nodeUID": "u", "image": "installer:v1.12.1"}]
    hosts = Hosts(*u.BOTH, u.talos("Pending", prePulledNodes=pulled))
    said = await page(
        hosts, "1 of 2 nodes has it, 1 not known", ObjectKey("plant", "TalosUpgrade", "", "talos")
    )
    assert "not known edge-2: tuppr does not tell" in said
    assert not asked(hosts, "nodes")

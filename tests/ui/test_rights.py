"""Rights on the screen: the footer, the key and the gate give the same answer."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from edgetui.cluster.target import ClusterTarget
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.ui import flows as flows_module
from edgetui.ui.flows import LISTS_FIRST, Flows
from tests.unit.actions.scripted import FakeDeployment, scripted

from .driving import running
from .fleet import plant
from .test_guarding import Site, until_shown

PRESS = ObjectKey("plant", "Deployment", "line-2", "press")


@pytest.fixture(autouse=True)
def rights() -> None:
    """Here stand-ins are asked for rights."""


async def test_a_role_with_resource_names_counts_for_the_object_that_it_names(tmp_path: Path) -> None:
    async with scripted(FakeDeployment().answer) as (server, session):
        server.allows = lambda asked: asked.get("name") == "press" or asked["verb"] != "patch"
        store = plant()
        here = Site(session.target.server, store)
        async with running([store], sessions={"plant": here}, audit=tmp_path / "audit.jsonl") as screen:
            flows = screen.app.flows
            for name in ("press", "weld"):
                await flows._fetch_rights(PRESS._replace(name=name))
            assert flows.missing("restart", PRESS) == ""
            assert flows.missing("restart", PRESS._replace(name="weld")) == "may not patch deployments"


@pytest.mark.defect
async def test_a_defect_while_rights_are_read_is_told(tmp_path: Path) -> None:
    store = plant()
    broken = SimpleNamespace(name="plant", api=None, target=ClusterTarget("plant", "plant"), store=store)
    broken.look_at_kinds = lambda *shown: None
    async with running([store], sessions={"plant": broken}, audit=tmp_path / "audit.jsonl") as screen:
        await screen.app.flows._fetch_rights(PRESS)
        assert "AttributeError" in screen.app.main.footer.message


async def test_the_screen_looks_for_a_lost_answer_until_the_link_is_back() -> None:
    async with running([plant()]) as screen:
        job = screen.app.flows.job("scale", ObjectRef(PRESS, "", ""))
        assert job.gate(lambda step: None).patient


async def test_a_key_that_was_denied_asks_again_and_says_all_that_is_missing(tmp_path: Path) -> None:
    async with scripted(FakeDeployment().answer) as (server, session):
        server.allows = lambda asked: False
        store = plant()
        here = Site(session.target.server, store)
        async with running([store], sessions={"plant": here}, audit=tmp_path / "audit.jsonl") as screen:
            await screen.press("4", "slash", *"press", "enter")
            target = screen.app.main.target
            assert target is not None
            await screen.app.flows._fetch_rights(target.key)
            assert screen.app.flows.missing("restart", target.key)
            server.reviews.clear()
            await screen.press("r")
            await until_shown(screen, "apiVersion")
            text = screen.text()
            assert "may not patch deployments, get deployments" in text
            assert "kind: Role" in text
            assert server.reviews
            (record,) = screen.app.flows.audit.recent()
            assert (record["action"], record["result"], record["object"]["name"]) == (
                "restart",
                "refused",
                "press",
            )


async def test_rights_are_looked_up_once_the_first_lists_have_come_or_took_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def told(flows: Flows, key: ObjectKey) -> None:
        asked.append(key.kind)

    monkeypatch.setattr(Flows, "_fetch_rights", told)
    monkeypatch.setattr(flows_module, "REST", 0.02)
    store = plant()
    async with scripted(FakeDeployment().answer) as (_, session):
        here = Site(session.target.server, store)
        async with running([store], sessions={"plant": here}, audit=tmp_path / "audit.jsonl") as screen:
            await screen.press("2")
            assert screen.app.main.target is not None
            key = screen.app.main.target.key
            live = store.freshness("Deployment")
            store.set_freshness("Deployment", Freshness(Sync.SYNCING, 0.0))
            asked.clear()
            screen.app.flows._ask_rights(key)
            await screen.pilot.pause(0.1)
            assert asked == [], "their answer would come between the rows"
            store.set_freshness("Deployment", live)
            await screen.wait_for(lambda: asked == ["Pod"])
            store.set_freshness("Deployment", Freshness(Sync.SYNCING, 0.0))
            screen.app.flows._ask_rights(key, LISTS_FIRST)
            await screen.wait_for(lambda: asked == ["Pod", "Pod"])

"""Rights on the screen: the footer, the key and the gate give the same answer."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from edgetui.cluster.target import ClusterTarget
from edgetui.model.identity import ObjectKey, ObjectRef
from tests.unit.actions.scripted import FakeDeployment, scripted

from .driving import running
from .fleet import plant
from .test_guarding import Site, until_shown

PRESS = ObjectKey("plant", "Deployment", "line-2", "press")


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


async def test_a_defect_while_rights_are_read_is_told(tmp_path: Path) -> None:
    store = plant()
    broken = SimpleNamespace(name="plant", api=None, target=ClusterTarget("plant", "plant"), store=store)
    broken.look_at_kinds = lambda kinds: None
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

"""The page of an object of a kind without a file reads the object once, for all that it says of it."""

from __future__ import annotations

import pytest

from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.discovered import bare_row, kind_of
from edgetui.model.kinds.wire import Meta
from edgetui.model.resources.served import Resource
from tests.unit.actions.scripted import Answer, Request
from tests.unit.model import factories as f

from .hosts import Hosts, shown

FLUX = {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
WORN = {"type": "Ready", "status": "False", "reason": "Worn", "message": "a bearing"}


class Custom(Hosts):
    """A site with one object of a kind that discovery found; `broken` answers for it are no object."""

    def __init__(self, group: str, kind: str, plural: str) -> None:
        super().__init__(f.node("edge-1"))
        found = kind_of(Resource(group=group, version="v1", plural=plural, kind=kind, namespaced=True))
        self.key = ObjectKey("plant", found.id, "line", "one")
        self.path = found.path("line", "one")
        self.broken = False
        self.store.kinds.replace_discovered({found.id: found})
        self.store.set_freshness(found.id, Freshness(Sync.LIVE, heard=f.NOW))
        self.row("7")

    def row(self, version: str) -> None:
        """Its row, as it was printed at a version."""
        meta = Meta(name="one", namespace="line", uid="u1", resource_version=version)
        self.store.apply(self.key.kind, bare_row(meta))

    def answer(self, request: Request) -> Answer:
        if request.path != self.path:
            return super().answer(request)
        self.asked.append(request)
        if self.broken:
            return 403, {"kind": "Status", "reason": "Forbidden", "code": 403, "message": "no"}
        meta = {"name": "one", "namespace": "line", "uid": "u1", "resourceVersion": "7", "labels": FLUX}
        return 200, {"metadata": meta, "status": {"conditions": [WORN]}}

    @property
    def reads(self) -> int:
        return sum(one.path == self.path for one in self.asked)


@pytest.mark.parametrize(
    ("of", "words"),
    [(("example.com", "Pump", "pumps"), "Worn"), (("", "Secret", "secrets"), "Flux Kustomization")],
)
async def test_its_conditions_and_who_applies_it_come_of_one_read(
    of: tuple[str, str, str], words: str
) -> None:
    site = Custom(*of)
    async with shown(site) as screen:
        screen.app.open_detail(site.key)
        await screen.wait_for(lambda: words in screen.text() and "flux-system/apps" in screen.text(), words)
        await screen.wait_for(lambda: "asking" not in screen.text(), "all that is asked for")
        assert site.reads == 1


async def test_a_read_that_failed_is_made_anew() -> None:
    site = Custom("example.com", "Pump", "pumps")
    site.broken = True
    async with shown(site) as screen:
        screen.app.open_detail(site.key)
        await screen.wait_for(lambda: "asking" not in screen.text() and site.reads, "the refusal")
        site.broken = False
        screen.clock.advance(60)
        site.row("8")
        await screen.changed()
        await screen.wait_for(lambda: "Worn" in screen.text(), "its conditions")

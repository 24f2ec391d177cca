"""A list that a cluster may lack, or this user the right to."""

from __future__ import annotations

from edgetui.actions.change.listing import items_at

from .at_once import AtOnce
from .every_action import healthy


async def test_what_may_not_be_listed_is_empty() -> None:
    site = healthy()
    session = AtOnce(site)
    path = "/apis/apps/v1/namespaces/line-2/replicasets"
    assert [one["metadata"]["name"] for one in await items_at(session, path)] == ["press-two"]
    assert await items_at(session, "/apis/none/v1/things") == []
    site.hidden = frozenset({"replicasets"})
    assert await items_at(session, path) == []

"""What drives a workload in its stead: looked for where it can be, and only of what has any."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.actions.change.drivers import drivers_of
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.canary import CANARY
from edgetui.model.kinds.daemonset import DAEMON_SET
from edgetui.model.kinds.deployment import DEPLOYMENT
from edgetui.model.kinds.service import SERVICE
from edgetui.model.kinds.statefulset import STATEFUL_SET
from tests.unit.model.test_canary import canary, serving

from .scripted import Answer, Request, scripted

Json = dict[str, Any]
KEY = ObjectKey("plant", DEPLOYMENT, "line-2", "press")
DRIVES = "Flagger Canary press drives it"


def elsewhere(namespace: str) -> Json:
    made = canary()
    made["metadata"] |= {"namespace": namespace, "uid": f"uid-{namespace}"}
    return made


@pytest.mark.parametrize("kind", [DEPLOYMENT, DAEMON_SET, STATEFUL_SET, SERVICE])
@pytest.mark.parametrize("known", ["watched", "not watched", "not served", "not asked", "no store"])
async def test_drivers_are_looked_for_where_they_can_be_and_only_of_what_has_any(
    kind: str, known: str
) -> None:
    mine, theirs = elsewhere("line-2"), elsewhere("line-3")
    for one in (mine, theirs):
        one["spec"]["targetRef"]["kind"] = kind
    asked: list[str] = []

    def answer(request: Request) -> Answer:
        asked.append(request.path)
        found = [mine, "no object", {**mine, "spec": 3}] if "canaries" in request.path else []
        return 200, {"items": found}

    store = None if known == "no store" else serving(mine, theirs) if known == "watched" else Store("plant")
    if known == "not watched":
        assert store is not None
        store.kinds.replace_discovered(serving().kinds._discovered)
    if known == "not served":
        assert store is not None
        store.kinds.replace_discovered({})
    async with scripted(answer) as (_, session):
        session.store = store
        found = await drivers_of(session, ObjectKey("plant", kind, "line-2", "press"))
    if kind in (STATEFUL_SET, SERVICE) or known == "not served":
        assert (found, asked) == ((), [])
        return
    assert [one.startswith(DRIVES) for one in found] == [True]
    listed = [] if known == "watched" else [KINDS[CANARY].path("line-2")]
    assert [path for path in asked if "canaries" in path] == listed

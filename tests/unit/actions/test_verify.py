"""A new token is proven by signing in with it alone; a live row is taken only for the object that is meant."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.actions.change.watch import live_row
from edgetui.actions.credentials.verify import CREDENTIAL_ID, Unproven, prove
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.identity import ObjectKey, ObjectRef
from tests.unit.model import factories as f

from .scripted import Answer, Request, scripted

REFUSED = (401, {"kind": "Status", "reason": "Unauthorized", "message": "no", "code": 401})


def review(name: str, jti: str = "") -> Answer:
    extra = {CREDENTIAL_ID: [f"JTI={jti}"]} if jti else {}
    return 201, {"status": {"userInfo": {"username": name, "extra": extra}}}


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (review("kim", "j1"), ""),
        (review("kim"), ""),
        (REFUSED, "The server does not accept the new token."),
        (review("eve", "j1"), "The new token signs in as eve, not as kim."),
        (review("kim", "j2"), "The server saw another credential than the new token."),
    ],
)
async def test_a_token_is_proven_by_who_it_signs_in_as(answer: Answer, wrong: str) -> None:
    asked: list[Request] = []

    def handler(request: Request) -> Answer:
        asked.append(request)
        return answer

    async with scripted(handler) as (_, session):
        if wrong:
            with pytest.raises(Unproven) as unproven:
                await prove(session, "fresh", "kim", "j1")  # type: ignore[arg-type]
            assert unproven.value.sentence == wrong
        else:
            await prove(session, "fresh", "kim", "j1")  # type: ignore[arg-type]
    assert [request.path.rpartition("/")[2] for request in asked] == ["selfsubjectreviews"]


PRESS = f.deployment("press", generation=4)
UID = PRESS["metadata"]["uid"]


@pytest.mark.parametrize(
    ("uid", "sync", "there", "taken"),
    [
        (UID, Sync.LIVE, PRESS, True),
        ("", Sync.LIVE, PRESS, True),
        ("of one that is gone", Sync.LIVE, PRESS, False),
        (UID, Sync.STALE, PRESS, False),
        (UID, Sync.LIVE, f.deployment("press", generation=0), False),
        (UID, Sync.LIVE, f.deployment("oven", generation=4), False),
    ],
)
def test_a_live_row_is_taken_for_the_object_that_is_meant_alone(
    uid: str, sync: Sync, there: f.Json, taken: bool
) -> None:
    store = f.store_of(there)
    store.set_freshness("Deployment", Freshness(sync, heard=f.NOW))
    ref = ObjectRef(ObjectKey("plant", "Deployment", "default", "press"), uid, "")
    session: Any = SimpleNamespace(store=store)
    assert (live_row(session, ref) is not None) is taken
    session.store = None
    assert live_row(session, ref) is None


def test_a_row_of_another_kind_is_no_workload() -> None:
    ref = ObjectRef(ObjectKey("plant", "Pod", "default", "press"), "", "")
    session: Any = SimpleNamespace(store=f.store_of(f.pod("press", generation=3)))
    assert live_row(session, ref) is None

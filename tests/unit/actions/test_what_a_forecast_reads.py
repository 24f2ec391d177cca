"""What is read to foretell a loss of nodes: every kind, page by page, and what is left out of it and said.

`pytest tests/unit/actions/test_what_a_forecast_reads.py --snapshot-update` takes what is so now;
look at what differs first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.nodes.foresee import AS_ROWS, PAGE, read
from edgetui.cluster.errors import ApiError, EdgetuiError, Forbidden, LinkError, NotFound
from edgetui.model.kinds import KINDS
from tests.unit.model import factories as f

from .as_text import as_text
from .site import Json, Site
from .test_every_field_of_an_action import Direct

CLAIMS, VOLUMES = "/api/v1/persistentvolumeclaims", "/api/v1/persistentvolumes"
BUDGETS = "/apis/policy/v1/poddisruptionbudgets"
TERM = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["a"]}]}


def bound(name: str, volume: Any) -> Json:
    return {"metadata": {"namespace": "line-2", "name": name}, "spec": {"volumeName": volume}}


def volume(name: str, affinity: Any) -> Json:
    return {"metadata": {"name": name}, "spec": {"nodeAffinity": affinity}}


def budget(name: str) -> Json:
    return {
        "metadata": {"namespace": "line-2", "name": name},
        "spec": {"selector": {"matchLabels": {"app": "press"}}},
        "status": {"disruptionsAllowed": 1},
    }


ANSWERS: dict[str, list[Any]] = {
    KINDS["Node"].path(): [f.node("a"), f.node("b")],
    KINDS["Pod"].path(): [f.pod("press-x", "line-2", node="a"), f.pod("press-y", "line-2", node="b")],
    KINDS["Service"].path(): [f.service("web", "line-2")],
    KINDS["EndpointSlice"].path(): [f.endpoint_slice("web", "line-2", ready=1)],
    KINDS["DaemonSet"].path(): [f.daemon_set("agent", "line-2")],
    CLAIMS: [
        bound("data", "v-1"),
        bound("near", "v-2"),
        bound("lost", "v-9"),
        bound("new", ""),
        {"metadata": {"namespace": "line-2", "name": "bare"}},
    ],
    VOLUMES: [
        volume("v-1", {"required": {"nodeSelectorTerms": [TERM, {"matchFields": []}]}}),
        volume("v-2", {"required": {"nodeSelectorTerms": [TERM]}}),
        volume("v-3", {}),
        volume("v-4", None),
        volume("v-5", {"required": None}),
        {"metadata": {"name": "v-6"}},
        {"metadata": {"name": "v-7"}, "spec": None},
    ],
    BUDGETS: [budget("press"), budget("other")],
}


class Plant(Direct):
    """A session whose lists come `page` at a time; what is asked is kept, with its query."""

    def __init__(self, page: int = PAGE, answers: Mapping[str, Any] | None = None) -> None:
        super().__init__(Site())
        self.page, self.answers, self.asked = page, {**ANSWERS, **(answers or {})}, list[str]()

    async def _get(self, path: str, query: Json | None = None, **more: Any) -> Any:
        await asyncio.sleep(0)
        query = dict(query or {})
        self.asked.append(f"{path} {query}")
        answer = self.answers.get(path, NotFound("not here", code=404))
        if isinstance(answer, Exception):
            raise answer
        began = int(query.get("continue", 0))
        ended = began + self.page
        if path == BUDGETS:
            return {"items": answer}
        return {
            "metadata": {"continue": str(ended)} if ended < len(answer) else None,
            "items": answer[began:ended],
        }


async def told(plant: Plant) -> str:
    """All that is known then, and what was asked for it."""
    known = await read(plant)
    kept = {kind: sorted(row.name for row in known.store.rows(kind)) for kind in AS_ROWS}
    fresh = {kind: known.store.freshness(kind).sync.name for kind in AS_ROWS}
    parts = [
        f"unseen {known.unseen}",
        f"offers {as_text(known.cluster.offers)}",
        f"pods {as_text([(one.name, one.node) for one in known.cluster.pods])}",
        f"budgets {as_text(known.cluster.budgets)}",
        *(f"{claim}: {as_text(terms)}" for claim, terms in sorted(known.cluster.volumes.items())),
        f"rows {kept}",
        f"fresh {fresh}",
    ]
    return "\n".join([*parts, *sorted(plant.asked)])


async def test_everything_that_a_forecast_needs_is_read(snapshot: SnapshotAssertion) -> None:
    assert await told(Plant()) == snapshot


async def test_a_list_is_read_page_by_page_to_its_end(snapshot: SnapshotAssertion) -> None:
    whole, paged = await read(Plant()), Plant(page=2)
    known = await read(paged)
    assert known.cluster == whole.cluster
    assert sorted(one for one in paged.asked if VOLUMES in one) == snapshot
    assert PAGE == 200


PARTS = {kind: KINDS[kind].path() for kind in AS_ROWS} | {
    "claims": CLAIMS,
    "volumes": VOLUMES,
    "budgets": BUDGETS,
}


@pytest.mark.parametrize(
    "problem",
    [
        Forbidden("You may not list it.", code=403),
        NotFound("not here", code=404),
        ApiError("It is odd", code=400),
        LinkError("The link is down."),
    ],
    ids=["forbidden", "not served", "an error", "no answer"],
)
@pytest.mark.parametrize("path", PARTS.values(), ids=PARTS)
async def test_what_cannot_be_read_is_said_where_a_forecast_is_possible_without_it(
    path: str, problem: EdgetuiError, snapshot: SnapshotAssertion
) -> None:
    try:
        lines = (await told(Plant(answers={path: problem}))).splitlines()
    except EdgetuiError as raised:
        assert raised is problem and path in (PARTS["Node"], PARTS["Pod"])
    else:
        assert [line for line in lines if line.startswith(("unseen", "fresh"))] == snapshot


NOWHERE: Json = {"metadata": {"name": "nowhere"}, "spec": {"volumeName": "v-1"}}
ODD_POD: Json = {"metadata": {"name": "odd", "namespace": "line-2"}, "spec": {"containers": 7}}


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ({CLAIMS: [NOWHERE]}, "1 object cannot be understood and is left out"),
        ({CLAIMS: [NOWHERE, NOWHERE]}, "2 objects cannot be understood and are left out"),
        (
            {PARTS["Pod"]: [ODD_POD, f.pod("press-x", "line-2")], CLAIMS: [NOWHERE]},
            "2 objects cannot be understood and are left out",
        ),
    ],
)
async def test_an_object_of_another_shape_costs_itself_only(odd: dict[str, Any], said: str) -> None:
    known = await read(Plant(answers=odd))
    assert known.unseen == (said,)
    assert [one.name for one in known.cluster.offers] == ["a", "b"]
    if PARTS["Pod"] in odd:
        assert [one.name for one in known.cluster.pods] == ["press-x"]

"""Over a slow link rights come from the rules of a namespace, in one answer; what these leave open is asked."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.gate.permissions import Permissions
from edgetui.actions.gate.rules import Rules
from edgetui.actions.rights import Access
from edgetui.cluster.api.client import Api
from edgetui.model.identity import ObjectKey

from .scripted import Answer, FakeDeployment, Request, scripted

KEY = ObjectKey("plant", "Deployment", "line-2", "press")
PATCH = Access("patch", "deployments", "apps")
SCALE = Access("update", "deployments", "apps", "scale")
EVICT = Access("create", "pods", "", "eviction")


def rule(verbs: str, groups: str, resources: str, *names: str) -> dict[str, Any]:
    made = {"verbs": verbs.split(), "apiGroups": groups.split(","), "resources": resources.split()}
    return made | ({"resourceNames": list(names)} if names else {})


EVERYTHING = rule("*", "*", "*")


@pytest.mark.parametrize(
    ("given", "need", "name", "allowed"),
    [
        (EVERYTHING, SCALE, "", True),
        (rule("get patch", "apps", "deployments"), PATCH, "", True),
        (rule("get", "apps", "deployments"), PATCH, "", False),
        (rule("patch", "batch", "deployments"), PATCH, "", False),
        (rule("update", "apps", "deployments"), SCALE, "", False),
        (rule("update", "apps", "deployments/scale"), SCALE, "", True),
        (rule("update", "*", "*/scale"), SCALE, "", True),
        (rule("update", "apps", "*/status"), SCALE, "", False),
        (rule("create", "", "pods/eviction"), EVICT, "", True),
        (rule("patch", "apps", "deployments", "press"), PATCH, "", False),
        (rule("patch", "apps", "deployments", "press"), PATCH, "press", True),
        (rule("patch", "apps", "deployments", "press"), PATCH, "weld", False),
        ({"verbs": None}, PATCH, "", False),
        ({"verbs": ["*"]}, PATCH, "", False),
        ({"verbs": ["*"], "apiGroups": ["*"]}, PATCH, "", False),
        ({"verbs": ["*"], "resources": ["*"]}, PATCH, "", False),
        ({"apiGroups": ["*"], "resources": ["*"]}, PATCH, "", False),
    ],
)
def test_a_rule_allows_what_rbac_lets_it(
    given: dict[str, Any], need: Access, name: str, allowed: bool
) -> None:
    rules = msgspec.convert({"resourceRules": [given]}, Rules)
    assert rules.allow(need, name) is allowed


class Told:
    """A server that tells these rules."""

    def __init__(self, *rules: dict[str, Any], incomplete: bool = False, code: int = 201) -> None:
        self.status = {"resourceRules": list(rules), "nonResourceRules": [], "incomplete": incomplete}
        self.code = code
        self.asked = 0

    def __call__(self, request: Request) -> Answer:
        if request.path.endswith("/selfsubjectrulesreviews"):
            assert request.body["spec"] == {"namespace": "line-2"}
            self.asked += 1
            return self.code, {"status": self.status}
        return FakeDeployment().answer(request)


async def seen(
    told: Told, monkeypatch: pytest.MonkeyPatch, *, far: bool = True
) -> tuple[dict[str, str], int]:
    """What is known of two actions, and how many rights were asked about one by one."""

    async def is_far(api: Api) -> bool:
        return far

    monkeypatch.setattr(Api, "is_far", is_far)
    async with scripted(told) as (server, session):
        server.allows = lambda asked: asked["verb"] == "get"
        permissions, wanted = Permissions(lambda: 1000.0), [ACTIONS["scale"], ACTIONS["restart"]]
        for _ in range(2):
            await permissions.foresee(session, wanted, KEY)
        known = {one.id: permissions.known("plant", one, KEY) for one in wanted}
        assert all(one.known for one in known.values())
        return {name: one.words for name, one in known.items()}, len(server.reviews)


async def test_one_answer_tells_all_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(rule("get patch", "apps", "deployments", "press"))
    assert await seen(told, monkeypatch) == ({"scale": "update deployments/scale", "restart": ""}, 0)
    assert told.asked == 1, "it is remembered"


@pytest.mark.parametrize(
    "told",
    [Told(incomplete=True), Told(code=403), Told(code=404)],
    ids=["incomplete", "forbidden", "not served"],
)
async def test_what_the_rules_leave_open_is_asked(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    words, asked = await seen(told, monkeypatch)
    assert words == {"scale": "update deployments/scale", "restart": "patch deployments"}
    assert asked == 5, "three rights, and the two that are denied of the object itself"


async def test_over_a_quick_link_only_the_rights_themselves_are_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = Told(EVERYTHING)
    words, asked = await seen(told, monkeypatch, far=False)
    assert (told.asked, asked) == (0, 5)
    assert words["scale"] == "update deployments/scale"

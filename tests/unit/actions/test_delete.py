"""What deleting an object leads to, and how its end is seen."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.actions.messages import Refusal
from edgetui.actions.objects.delete import DeleteView, outcome
from edgetui.actions.objects.resource import DELETE, Resource, find
from edgetui.model.identity import ObjectKey, ObjectRef

from .scripted import Answer, Request, scripted

PODS = Resource("", "v1", "pods", "Pod", True, DELETE)
GONE = (404, {"kind": "Status", "reason": "NotFound", "message": "none", "code": 404})


def view(kind: str = "Pod", owner: str = "", finalizers: tuple[str, ...] = ()) -> DeleteView:
    ref = ObjectRef(ObjectKey("plant", kind, "line-2", "press"), "uid-1", "812")
    return DeleteView(ref, 0, PODS, owner, finalizers, False, None)


FIRST = "A deleted object does not come back."


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (view(), ()),
        (
            view(owner="ReplicaSet press-7f"),
            ("It belongs to ReplicaSet press-7f, whose controller makes a new one at once.",),
        ),
        (
            view(owner="Node edge-1"),
            ("It is a static pod of node edge-1: its kubelet makes it anew while its file is there.",),
        ),
        (
            view(owner="Pump main"),
            ("It belongs to Pump main, whose controller may make a new one.",),
        ),
        (
            view(finalizers=("a/b", "c/d")),
            ("It stays until these have let it go: a/b, c/d.",),
        ),
        (view("Namespace"), ("Everything in the namespace is deleted with it.",)),
        (
            view("Node"),
            ("Its pods are deleted with it; a kubelet that still runs registers it again.",),
        ),
    ],
)
def test_what_deleting_it_leads_to(one: DeleteView, said: tuple[str, ...]) -> None:
    assert one.meets == (FIRST, *said)


def there(uid: str = "uid-1", finalizers: tuple[str, ...] = ()) -> Answer:
    return 200, {
        "kind": "Pod",
        "metadata": {
            "name": "press",
            "namespace": "line-2",
            "uid": uid,
            "resourceVersion": "9",
            "finalizers": list(finalizers),
        },
    }


@pytest.mark.parametrize(
    ("answers", "reached", "steps"),
    [
        ([GONE], True, ["it is gone"]),
        ([there(), GONE], True, ["terminating", "it is gone"]),
        (
            [there(finalizers=("a/b", "c/d")), there("uid-2")],
            True,
            ["terminating, held by a/b, c/d", "it is gone, and a new one has its name"],
        ),
        ([there()], False, ["terminating"]),
    ],
)
async def test_it_is_watched_until_it_is_gone_or_another_has_its_name(
    answers: list[Answer], reached: bool, steps: list[str]
) -> None:
    left = list(answers)
    said: list[tuple[str, str]] = []

    def answer(request: Request) -> Answer:
        return left.pop(0) if len(left) > 1 else left[0]

    async with scripted(answer) as (_, session):
        run: Any = SimpleNamespace(
            session=session,
            step=lambda text, how: said.append((text, how)),
            gate=SimpleNamespace(sleep=lambda seconds: asyncio.sleep(0)),
        )
        ending = await outcome(run, view(), "background", 60.0 if reached else 0.0)
    assert list(dict.fromkeys(text for text, _ in said)) == steps
    assert said[-1][1] == ("done" if reached else "failed")
    assert ending.ok is reached
    assert not (await outcome(run, view(), "background", None)).ok


SERVED = {
    "/api/v1": ("v1", [("pods", "Pod", ["delete", "get"]), ("bindings", "Binding", ["create"])]),
    "/apis/apps/v1": ("apps/v1", [("pumps", "Pump", ["delete"])]),
    "/apis/example.com/v1": ("example.com/v1", [("pumps", "Pump", ["delete"])]),
}


def discovery(request: Request) -> Answer:
    if request.path == "/apis":
        groups = [
            {"name": name, "versions": [{"groupVersion": f"{name}/v1", "version": "v1"}],
             "preferredVersion": {"groupVersion": f"{name}/v1", "version": "v1"}}
            for name in ("apps", "example.com")
        ]  # fmt: skip
        return 200, {"kind": "APIGroupList", "groups": groups}
    if request.path == "/api":
        return 200, {"kind": "APIVersions", "versions": ["v1"]}
    if request.path not in SERVED:
        return GONE
    version, served = SERVED[request.path]
    resources = [
        {"name": plural, "singularName": "", "kind": kind, "namespaced": True, "verbs": verbs}
        for plural, kind, verbs in served
    ]
    return 200, {"kind": "APIResourceList", "groupVersion": version, "resources": resources}


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("pods", ("", "pods")),
        ("pumps.example.com", ("example.com", "pumps")),
        (
            "bindings",
            "plant has no kind “bindings” whose objects can be deleted. kubectl api-resources lists",
        ),
        ("nothing", "plant has no kind “nothing” whose objects can be deleted."),
    ],
)
async def test_the_kind_is_one_that_the_cluster_serves_and_deletes(word: str, found: Any) -> None:
    async with scripted(discovery) as (_, session):
        if isinstance(found, str):
            with pytest.raises(Refusal) as refused:
                await find(session, word, DELETE)
            assert str(refused.value).startswith(found)
        else:
            resource = await find(session, word, DELETE)
            assert (resource.group, resource.plural, resource.namespaced) == (*found, True)

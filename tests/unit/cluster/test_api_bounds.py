"""How much is asked for at once, how long is waited and how much is taken: both sides of each bound."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edgetui.cluster.api import cache_audit, discovery
from edgetui.cluster.api.cache_audit import CacheAuditor
from edgetui.cluster.api.denial import own_namespace
from edgetui.cluster.api.discovery import aggregated, discover, resource_list
from edgetui.cluster.api.probe import Identity, Namespaces, identify, readable_namespaces
from edgetui.cluster.api.status import map_status
from edgetui.cluster.errors import EdgetuiError, Forbidden, LinkError, NotFound, ServerFailure
from edgetui.model.cache.store import Store
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.base import Row
from tests.unit.cluster.every_value import encoded
from tests.unit.cluster.test_discovery import READ
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time

SYSTEM = {
    "kind": "NamespaceList",
    "metadata": {"resourceVersion": "9"},
    "items": [{"metadata": {"name": "kube-system", "uid": "u1"}}],
}


class Slow:
    """An API whose answers take a second each; `most` is how many were under way together."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.under_way = self.most = 0
        self.asked: list[str] = []

    async def get_tagged(self, path: str, tag: str, headers: Any) -> tuple[bytes, str]:
        return await self.get_bytes(path), ""

    async def get_bytes(self, path: str, query: Any = None, **options: Any) -> bytes:
        self.asked.append(f"{path} {dict(query or {})} {dict(sorted(options.items()))}")
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(1.0)
        self.under_way -= 1
        found = self.answers.get(path, NotFound("not here", code=404))
        if isinstance(found, EdgetuiError):
            raise found
        return encoded(found)


def listed(count: int) -> dict[str, Any]:
    one = {"namespaced": True, "kind": "Pump", "verbs": READ}
    return {"kind": "APIResourceList", "resources": [{"name": f"pumps{n}", **one} for n in range(count)]}


def test_an_older_server_is_asked_for_four_versions_at_a_time() -> None:
    versions = [{"version": f"v{n}"} for n in range(10)]
    api: Any = Slow(
        {
            "/api": {"kind": "APIVersions", "versions": ["v1"]},
            "/apis": {"kind": "APIGroupList", "groups": [{"name": "x.io", "versions": versions}]},
            "/api/v1": listed(1),
            **{f"/apis/x.io/v{n}": listed(1) for n in range(9)},
        }
    )

    async def main(loop: VirtualLoop) -> None:
        found = await discover(api)
        assert [one.version for one in found.groups.served.resources] == [f"v{n}" for n in range(9)]
        assert [one.group_version for one in found.groups.served.broken] == ["x.io/v9"]
        assert loop.time() == 1004.0, "one question, then three rounds of four"

    on_virtual_time(main)
    assert api.most == 5, "the version of the core group beside four others"


def test_no_more_words_resources_and_groups_are_taken_than_can_be_held() -> None:
    (one,) = resource_list(
        "", "v1", encoded({"kind": "APIResourceList", "resources": [
            {"name": "pumps", "kind": "Pump", "verbs": [f"v{n}" for n in range(65)], "shortNames": ["s"] * 70}
        ]}),
    )  # fmt: skip
    assert (len(one.verbs), len(one.short_names)) == (64, 64)
    assert (discovery.MOST_RESOURCES, discovery.MOST_GROUPS) == (20_000, 5_000)
    stale = [{"version": f"v{n}", "freshness": "Stale"} for n in range(60)]
    groups = [{"metadata": {"name": f"g{n}"}, "versions": stale} for n in range(4)]
    found = aggregated(encoded({"kind": "APIGroupDiscoveryList", "items": groups}))
    assert found is not None
    assert len(found.broken) == 200


# Who is there


@pytest.mark.parametrize(
    ("answers", "takes", "found"),
    [
        ((LinkError("No answer."),), 6.9, LinkError),
        ((LinkError("No answer."), SYSTEM), 7.0, ServerFailure),
        ((LinkError("No answer."), LinkError("No answer.")), 7.0, LinkError),
        ((LinkError("No answer."), Forbidden("no", code=403)), 7.0, ServerFailure),
    ],
)
def test_a_question_that_hung_is_asked_once_more_of_the_cache_for_two_seconds(
    answers: tuple[Any, ...], takes: float, found: type[EdgetuiError]
) -> None:
    left = list(answers)
    asked: list[tuple[Any, float]] = []

    class Hanging:
        async def get_bytes(self, path: str, query: dict[str, str], timeout: float) -> bytes:
            asked.append((query.get("resourceVersion"), timeout))
            await asyncio.sleep(takes if len(asked) == 1 else 0.1)
            answer = left.pop(0)
            if isinstance(answer, EdgetuiError):
                raise answer
            return encoded(answer)

    async def main(loop: VirtualLoop) -> None:
        api: Any = Hanging()
        with pytest.raises(found):
            await identify(api, "", 7.0)

    on_virtual_time(main)
    assert asked == [(None, 7.0), ("0", 2.0)][: len(answers)]


@pytest.mark.parametrize(("code", "answered"), [(399, False), (400, True), (409, True), (422, True)])
async def test_only_a_refusal_is_an_answer_to_who_is_there(code: int, answered: bool) -> None:
    class Refusing:
        async def get_bytes(self, path: str, query: Any, timeout: float) -> bytes:
            raise map_status(code, {}, b"")

    api: Any = Refusing()
    if answered:
        assert await identify(api, "5", 7.0) == Identity("", behind=False)
    else:
        with pytest.raises(EdgetuiError, match="a redirection"):
            await identify(api, "5", 7.0)


@pytest.mark.parametrize("count", [49, 50, 51])
async def test_fifty_namespaces_are_watched_one_by_one_at_most(count: int) -> None:
    names = [f"n{n:02}" for n in range(count)]

    class Listing:
        async def get_bytes(self, path: str, query: Any, headers: Any = None) -> bytes:
            assert query["limit"] == "500"
            return encoded({"items": [{"metadata": {"name": name}} for name in [*names, ""]]})

    api: Any = Listing()
    first = [names[-1], "elsewhere"]
    found = await readable_namespaces(api, first)
    assert found == Namespaces([names[-1], *names[:-1]][:50], whole=count <= 50)


@pytest.mark.parametrize(
    ("message", "namespace"),
    [
        ('User "system:serviceaccount:a:viewer" cannot list', "a"),
        ('User "system:serviceaccount:a" cannot list', "a"),
        ('User "kim" cannot list', ""),
        ("nobody", ""),
        (f'User "system:serviceaccount:{"a" * 63}:x" no', "a" * 63),
    ],
)
def test_the_namespace_of_the_user_that_a_refusal_names(message: str, namespace: str) -> None:
    assert own_namespace(message) == namespace


# The audit


@pytest.mark.parametrize(
    ("count", "asked", "compared"), [(2000, False, 2000), (2001, False, 0), (2001, True, 2001)]
)
async def test_a_collection_of_more_than_2000_rows_is_audited_only_when_a_person_asks(
    count: int, asked: bool, compared: int
) -> None:
    store = Store("plant")
    store.replace(
        "Pod", [Row(namespace="a", name=f"p{n}", uid=f"u{n}", resource_version="5") for n in range(count)]
    )
    requests: list[Any] = []

    class Datastore:
        async def get_bytes(self, path: str, query: Any, **options: Any) -> bytes:
            requests.append((path, query, options))
            return encoded(
                {"kind": "PodList", "items": [{"metadata": {"name": f"p{n}"}} for n in range(count)]}
            )

    api: Any = Datastore()
    auditor = CacheAuditor(api, store, lambda: [(KINDS["Pod"], "", "77")], lambda: 5.0)
    await auditor.audit(asked=asked)
    assert (store.cache.rows, store.cache.sentence) == (compared, "")
    query = {"resourceVersion": "77", "resourceVersionMatch": "Exact", "includeObject": "None"}
    options = {"timeout": 30.0, "headers": {"Accept": cache_audit.ACCEPT}}
    assert requests == ([("/api/v1/pods", query, options)] if compared else [])


@pytest.mark.parametrize("ended", [True, False])
async def test_what_differs_is_looked_at_again_after_five_seconds(ended: bool) -> None:
    store, pauses = Store("plant"), list[float]()
    store.replace("Pod", [Row(namespace="a", name="p0", uid="u", resource_version="5")])
    places: list[Any] = [(KINDS["Pod"], "", "77")]

    class Datastore:
        async def get_bytes(self, path: str, query: Any, **options: Any) -> bytes:
            return encoded({"kind": "PodList", "items": [{"metadata": {"name": "other"}}]})

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if ended:
            places.clear()

    api: Any = Datastore()
    auditor = CacheAuditor(api, store, lambda: places, lambda: 5.0, pause)
    await auditor.audit()
    assert pauses == [5.0]
    assert bool(store.cache.sentence) is not ended
    await auditor.audit()
    assert pauses == [5.0] * (1 if ended else 2)


@pytest.mark.parametrize("length", [64, 65])
def test_a_reason_is_cut_to_64_characters(length: int) -> None:
    cause = {"reason": "c" * length, "field": "f" * length}
    error = map_status(
        422, {}, encoded({"kind": "Status", "reason": "r" * length, "details": {"causes": [cause]}})
    )
    for text, sign in ((error.reason, "r"), (error.cause, "c"), (error.field, "f")):
        assert len(text) == 64
        assert (text == sign * 64) is (length == 64)

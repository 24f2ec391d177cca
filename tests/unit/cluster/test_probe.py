"""Small questions to an API server: what its answers mean, and when every list is void."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edgetui.cluster.api.probe import (
    Identity,
    Namespaces,
    gzips_watches,
    identify,
    rbac_is_off,
    readable_namespaces,
    reason_to_list_again,
    server_version,
)
from edgetui.cluster.errors import (
    ApiError,
    Forbidden,
    LinkError,
    NotFound,
    ProtocolError,
    ServerFailure,
    Unauthorized,
)

ANOTHER = "another cluster answers at this address"
BACK = "the server's history went back"


@pytest.mark.parametrize(
    ("known", "uid", "behind", "why"),
    [
        ("one", "one", False, ""),
        ("one", "two", False, ANOTHER),
        ("one", "two", True, ANOTHER),
        ("one", "one", True, BACK),
        ("", "one", False, ""),
        ("", "one", True, BACK),
        ("one", "", False, ""),
        ("one", "", True, BACK),
    ],
)
def test_why_every_list_is_void(known: str, uid: str, behind: bool, why: str) -> None:
    assert reason_to_list_again(known, Identity(uid, behind)) == why


class Answers:
    """An API that gives these, one after another; errors are raised."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, str]] = []

    async def get_bytes(
        self, path: str, query: dict[str, str], timeout: float = 0.0, headers: Any = None
    ) -> bytes:
        self.asked.append(query)
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, bytes) else json.dumps(found).encode()

    async def review(self, kind: str, spec: dict[str, Any]) -> Any:
        self.asked.append(spec)
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


def api(*answers: Any) -> Any:
    return Answers(*answers)


def listed(*names: str, version: str = "100") -> dict[str, Any]:
    items = [{"metadata": {"name": name, "uid": f"uid of {name}"}} for name in names]
    return {"kind": "NamespaceList", "metadata": {"resourceVersion": version}, "items": items}


@pytest.mark.parametrize(
    ("answer", "version", "found"),
    [
        (listed("kube-system"), "99", Identity("uid of kube-system", False, "100")),
        (listed("kube-system"), "100", Identity("uid of kube-system", False, "100")),
        (listed("kube-system"), "101", Identity("uid of kube-system", True, "100")),
        (listed("kube-system"), "", Identity("uid of kube-system", False, "100")),
        (listed("other"), "", Identity("", False, "100")),
        ({"kind": "NamespaceList", "items": None}, "7", Identity("", False)),
        (
            {
                "kind": "NamespaceList",
                "metadata": 5,
                "items": [3, {"metadata": 4}, {"metadata": {"name": "kube-system", "uid": "u"}}],
            },
            "7",
            Identity("u", False),
        ),
        (Forbidden("no", "", code=403), "7", Identity("", False)),
    ],
)
async def test_who_is_there(answer: Any, version: str, found: Identity) -> None:
    assert await identify(api(answer), version, 5.0) == found


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Unauthorized("no", "", code=401), Unauthorized),
        (ServerFailure("no", "", code=500), ServerFailure),
        (NotFound("no", "", code=404), ProtocolError),
        (Forbidden("moved", "", code=302), ProtocolError),
        (b"<html>", ProtocolError),
        ({"version": 3}, ProtocolError),
        ({"items": [{"metadata": {"name": "kube-system"}}]}, ProtocolError),
        ([], ProtocolError),
        (LinkError("refused", ""), LinkError),
    ],
)
async def test_what_is_no_answer_of_an_api_server_is_raised(answer: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        await identify(api(answer), "", 5.0)


@pytest.mark.parametrize(
    ("second", "frozen"),
    [(listed(), True), (Forbidden("no", "", code=403), True), (LinkError("silent", ""), False)],
)
async def test_a_question_that_hangs_is_put_to_the_cache(second: Any, frozen: bool) -> None:
    asked = api(LinkError("silent", ""), second)
    with pytest.raises(LinkError if not frozen else ServerFailure) as raised:
        await identify(asked, "", 0.0)  # nothing is quicker than that
    assert asked.asked[1]["resourceVersion"] == "0"
    assert ("datastore" in raised.value.sentence) == frozen


@pytest.mark.parametrize(
    ("version", "gzips"),
    [
        ("v1.36.9", False),
        ("v1.37.0", True),
        ("1.37", True),
        ("v1.38.2+k3s1", True),
        ("v2.0", True),
        ("v0.99", False),
        ("", True),
        ("odd", True),
    ],
)
def test_servers_compress_watches_from_1_37_on(version: str, gzips: bool) -> None:
    assert gzips_watches(version) is gzips


@pytest.mark.parametrize(
    ("answer", "version"),
    [({"gitVersion": "v1.37.2"}, "v1.37.2"), ({}, ""), (b"odd", ""), (Forbidden("no", "", code=403), "")],
)
async def test_the_version_of_a_server(answer: Any, version: str) -> None:
    assert await server_version(api(answer)) == version


ALL = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}


@pytest.mark.parametrize(
    ("status", "off"),
    [
        ({"resourceRules": [ALL]}, True),
        ({"resourceRules": [ALL], "incomplete": True}, False),
        ({"resourceRules": [ALL, ALL]}, False),
        ({"resourceRules": [{**ALL, "verbs": ["get"]}]}, False),
        ({"resourceRules": [{**ALL, "apiGroups": [""]}]}, False),
        ({"resourceRules": [{**ALL, "resources": ["pods"]}]}, False),
        ({"resourceRules": []}, False),
        ({}, False),
        (None, False),
    ],
)
async def test_a_server_that_allows_everything_has_one_rule_for_it(status: Any, off: bool) -> None:
    asked = api({"status": status})
    assert await rbac_is_off(asked, "") is off
    assert asked.asked == [{"namespace": "default"}]


@pytest.mark.parametrize("answer", [Forbidden("no", "", code=403), {"status": 7}, []])
async def test_who_cannot_be_asked_does_not_allow_everything(answer: Any) -> None:
    assert await rbac_is_off(api(answer), "line-2") is False


@pytest.mark.parametrize("first", [(), (ApiError("no tables", "", code=406),)])
async def test_namespaces_are_read_from_rows_that_the_server_prints_or_else_from_objects(first: Any) -> None:
    printed = {
        "kind": "Table",
        "metadata": {"resourceVersion": "7"},
        "columnDefinitions": [{"name": "Status"}, {"name": "Name"}],
        "rows": [{"cells": ["Active", "a"]}, {"cells": ["Active"]}, {"cells": ["Active", 7]}],
    }
    asked = api(*first, listed("a") if first else printed)
    assert await readable_namespaces(asked, []) == Namespaces(["a"], True)
    assert asked.asked[0].items() >= {"includeObject": "None", "-": "true"}.items()
    assert len(asked.asked) == 1 + len(first)


async def test_names_of_namespaces_stand_first_where_the_columns_are_not_told() -> None:
    printed = {"kind": "Table", "columnDefinitions": None, "rows": [{"cells": ["a", "Active", "5d"]}]}
    assert await readable_namespaces(api(printed), []) == Namespaces(["a"], True)


async def test_all_namespaces_are_read_with_those_asked_for_first() -> None:
    found = await readable_namespaces(api(listed("b", "a", "c", "")), ["c", "gone"])
    assert found == Namespaces(["c", "a", "b"], True)


@pytest.mark.parametrize(("number", "whole"), [(50, True), (51, False)])
async def test_no_more_than_fifty_are_watched_one_by_one(number: int, whole: bool) -> None:
    found = await readable_namespaces(api(listed(*(f"n{at:03}" for at in range(number)))), [])
    assert (len(found.names), found.whole) == (50, whole)


async def test_who_may_not_list_them_gets_those_it_has_and_its_own() -> None:
    sentence = 'User "system:serviceaccount:farm:ops" cannot list resource "namespaces"'
    found = await readable_namespaces(api(Forbidden(sentence, "", code=403)), ["a", "a"])
    assert found == Namespaces(["a", "farm"], False)
    nobody = await readable_namespaces(api(Forbidden("no", "", code=403)), ["a"])
    assert nobody == Namespaces(["a"], False)


@pytest.mark.parametrize("answer", [{}, listed(), listed(""), {"kind": "Table", "rows": []}])
async def test_an_answer_without_a_namespace_is_none(answer: Any) -> None:
    assert await readable_namespaces(api(answer), ["a", "a"]) == Namespaces(["a"], False)

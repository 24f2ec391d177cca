"""Tokens, reviews and rights of the demo server: the ground a rotation stands on."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from edgetui.demo.launcher import Fleet
from tests.unit.demo.wire import Stream, Wire

ACCOUNT = "/api/v1/namespaces/kube-system/serviceaccounts/edgetui-operator"
SECRETS = "/api/v1/namespaces/kube-system/secrets"


def claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return found


def make_secret(wire: Wire) -> dict[str, Any]:
    body = {"metadata": {"generateName": "edgetui-operator-token-"}, "type": "Opaque"}
    found: dict[str, Any] = wire.call("POST", SECRETS, body).body["metadata"]
    return found


def mint(wire: Wire, secret: dict[str, Any] | None = None, **spec: Any) -> Any:
    if secret is not None:
        spec["boundObjectRef"] = {
            "kind": "Secret",
            "apiVersion": "v1",
            "name": secret["name"],
            "uid": secret["uid"],
        }
    return wire.call("POST", f"{ACCOUNT}/token", {"spec": {"expirationSeconds": 3600, **spec}})


def wait_refused(wire: Wire, limit: float = 60.0) -> float:
    begin = time.monotonic()
    while wire.get("/version").code != 401:
        assert time.monotonic() - begin < limit
        time.sleep(0.1)
    return time.monotonic() - begin


def test_no_token_or_a_wrong_one_is_401_everywhere(plant: Wire) -> None:
    good = plant.token
    for token in ("", "garbage", good[:-4] + "AAAA", good.rpartition(".")[0] + "."):
        plant.token = token
        for path in ("/version", "/api/v1/pods", "/readyz"):
            answer = plant.get(path)
            assert (answer.code, answer.body["reason"], answer.body["message"]) == (
                401,
                "Unauthorized",
                "Unauthorized",
            )


def test_a_token_says_who_it_is_and_what_it_is_bound_to(plant: Wire) -> None:
    found = claims(plant.token)
    assert found["sub"] == "system:serviceaccount:kube-system:edgetui-operator"
    assert found["kubernetes.io"]["secret"]["name"] == "edgetui-operator-token-1"
    review = plant.call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {})
    info = review.body["status"]["userInfo"]
    assert review.code == 201
    assert info["username"] == found["sub"]
    assert info["extra"]["authentication.kubernetes.io/credential-id"] == [f"JTI={found['jti']}"]


@pytest.fixture
def fresh() -> Iterator[Wire]:
    """A plant of its own, whose first token may be revoked."""
    with Fleet(1, 0, outages=False) as fleet:
        yield Wire(fleet.ready(), "plant")


def test_a_rotation_works_from_end_to_end(fresh: Wire) -> None:
    old = fresh.token
    secret = make_secret(fresh)
    granted = mint(fresh, secret)
    assert granted.code == 201
    new = granted.body["status"]["token"]
    assert claims(new)["jti"] != claims(old)["jti"]
    assert fresh.get("/version").code == 200
    with Stream(fresh, "/apis/apps/v1/namespaces/line-1/deployments", timeoutSeconds="30") as stream:
        fresh.token = new
        assert fresh.call("DELETE", f"{SECRETS}/edgetui-operator-token-1").code == 200
        fresh.token = old
        assert wait_refused(fresh) < 5
        fresh.token = new
        path = "/apis/apps/v1/namespaces/line-1/deployments/oven"
        fresh.patch(path, {"metadata": {"annotations": {"rotated": "yes"}}})
        assert any(e["object"]["metadata"].get("annotations", {}).get("rotated") for e in stream)
    assert fresh.get("/api/v1/nodes").code == 200


def test_a_token_never_used_is_refused_as_soon_as_its_secret_is_gone(plant: Wire) -> None:
    secret = make_secret(plant)
    token = mint(plant, secret).body["status"]["token"]
    plant.call("DELETE", f"{SECRETS}/{secret['name']}")
    plant.token = token
    assert plant.get("/version").code == 401


def test_a_finalizer_on_the_secret_keeps_its_token_alive(plant: Wire) -> None:
    secret = make_secret(plant)
    path = f"{SECRETS}/{secret['name']}"
    plant.patch(path, {"metadata": {"finalizers": ["example.com/hold"]}})
    token, own = mint(plant, secret).body["status"]["token"], plant.token
    assert plant.call("DELETE", path).body["metadata"]["deletionTimestamp"]
    plant.token = token
    assert plant.get("/version").code == 200
    plant.token = own
    plant.patch(path, {"metadata": {"finalizers": []}})
    assert plant.get(path).code == 404
    plant.token = token
    assert wait_refused(plant) < 5


@pytest.mark.parametrize(
    ("spec", "code", "text"),
    [
        ({"expirationSeconds": 599}, 422, "may not specify a duration less than 10 minutes"),
        ({"boundObjectRef": {"kind": "Secret", "name": "none"}}, 404, 'secrets "none" not found'),
        (
            {"boundObjectRef": {"kind": "Secret", "name": "edgetui-operator-token-1", "uid": "x"}},
            409,
            "the UID in the bound object reference (x) does not match the UID in record",
        ),
    ],
)
def test_token_requests_are_refused_in_the_servers_words(
    plant: Wire, spec: Any, code: int, text: str
) -> None:
    answer = mint(plant, **spec)
    assert answer.code == code
    assert text in answer.body["message"]


def test_even_a_dry_run_mints_a_working_token(plant: Wire) -> None:
    answer = plant.call("POST", f"{ACCOUNT}/token", {"spec": {}}, {"dryRun": "All"})
    plant.token = answer.body["status"]["token"]
    assert plant.get("/version").code == 200


def test_rights_are_answered_as_they_are_enforced(plant: Wire) -> None:
    def may(verb: str, group: str, resource: str, sub: str = "") -> bool:
        wanted = {
            "verb": verb,
            "group": group,
            "resource": resource,
            "namespace": "line-2",
            "subresource": sub,
        }
        body = {"spec": {"resourceAttributes": wanted}}
        answer = plant.call("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)
        assert answer.code == 201
        return bool(answer.body["status"]["allowed"])

    assert may("patch", "apps", "deployments")
    assert may("update", "apps", "deployments", "scale")
    assert may("create", "", "serviceaccounts", "token")
    assert not may("delete", "rbac.authorization.k8s.io", "clusterroles")


def test_rbac_on_and_off_can_be_told_apart(plant: Wire, van: Wire) -> None:
    path, body = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", {"spec": {"namespace": "default"}}
    on, off = (wire.call("POST", path, body).body["status"] for wire in (plant, van))
    assert any("selfsubjectaccessreviews" in rule["resources"] for rule in on["resourceRules"])
    assert off["resourceRules"] == [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
    assert plant.call("POST", path, {}).code == 400
    cluster_admin = "/apis/rbac.authorization.k8s.io/v1/clusterroles/cluster-admin"
    assert (plant.get(cluster_admin).code, van.get(cluster_admin).code) == (200, 404)
    review = {"spec": {"user": "nobody", "resourceAttributes": {"verb": "delete", "resource": "nodes"}}}
    sar = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    assert plant.call("POST", sar, review).code == 403
    assert van.call("POST", sar, review).body["status"]["allowed"] is True


def test_only_a_token_review_says_why(van: Wire) -> None:
    path = "/apis/authentication.k8s.io/v1/tokenreviews"
    good = van.call("POST", path, {"spec": {"token": van.token}}).body["status"]
    assert good["authenticated"] is True
    secret = make_secret(van)
    token = mint(van, secret).body["status"]["token"]
    van.call("DELETE", f"{SECRETS}/{secret['name']}")
    bad = van.call("POST", path, {"spec": {"token": token}}).body["status"]
    assert "invalidated" in bad["error"]

"""The review kinds: questions about identity and rights, answered and not stored."""

from __future__ import annotations

from edgetui.demo import status
from edgetui.demo.auth import ISSUER, Authenticator, Authorizer, User
from edgetui.demo.storage import Object


def self_subject(request: Object, user: User) -> Object:
    return _answer("SelfSubjectReview", "authentication.k8s.io/v1", {}, {"userInfo": user.info()})


def token_review(request: Object, authenticator: Authenticator) -> Object:
    """The only API that says why a token is refused."""
    spec = request.get("spec") or {}
    user, why = authenticator.check(spec.get("token", ""))
    result: Object = (
        {"authenticated": True, "user": user.info(), "audiences": [ISSUER]} if user else {"user": {}}
    )
    if why:
        result["error"] = why
    return _answer("TokenReview", "authentication.k8s.io/v1", spec, result)


def self_access(request: Object, user: User, authorizer: Authorizer) -> Object:
    spec = request.get("spec") or {}
    return _answer(
        "SelfSubjectAccessReview", "authorization.k8s.io/v1", spec, _decide(spec, authorizer, user.name)
    )


def access(request: Object, authorizer: Authorizer) -> Object:
    """About any subject. Only where RBAC is off may the operator ask this, and there everything is allowed."""
    spec = request.get("spec") or {}
    result = _decide(spec, authorizer, spec.get("user", ""))
    return _answer("SubjectAccessReview", "authorization.k8s.io/v1", spec, result)


def self_rules(request: Object, authorizer: Authorizer) -> Object:
    """Raises StatusError 400 without a namespace."""
    spec = request.get("spec") or {}
    namespace = spec.get("namespace", "")
    if not namespace:
        raise status.StatusError(400, "no namespace on request")
    rules = [rule for rule in authorizer.rules if rule.namespace in ("", namespace)]
    result = {
        "resourceRules": [rule.document() for rule in rules if not rule.paths],
        "nonResourceRules": [rule.document() for rule in rules if rule.paths],
        "incomplete": False,
    }
    return _answer("SelfSubjectRulesReview", "authorization.k8s.io/v1", spec, result)


def _decide(spec: Object, authorizer: Authorizer, name: str) -> Object:
    wanted = spec.get("resourceAttributes")
    if not wanted:
        return {"allowed": True}
    resource = wanted.get("resource", "")
    if wanted.get("subresource"):
        resource += f"/{wanted['subresource']}"
    allowed = authorizer.allowed(
        wanted.get("verb", ""), wanted.get("group", ""), resource, wanted.get("namespace", "")
    )
    result: Object = {"allowed": allowed}
    if allowed and authorizer.rbac:
        account = name.rpartition(":")[2]
        result["reason"] = (
            f'RBAC: allowed by ClusterRoleBinding "{account}" of ClusterRole "{account}" to ServiceAccount "{account}"'
        )
    return result


def _answer(kind: str, api_version: str, spec: Object, result: Object) -> Object:
    body: Object = {"kind": kind, "apiVersion": api_version, "metadata": {"creationTimestamp": None}}
    if kind != "SelfSubjectReview":
        body["spec"] = spec
    return body | {"status": result}

"""Who is asking and what they may do: token authentication with the server's success cache, and RBAC-like rules."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edgetui.demo import status
from edgetui.demo.resources import SECRETS, SERVICEACCOUNTS
from edgetui.demo.storage import Object, Storage
from edgetui.demo.times import seconds as unix_seconds
from edgetui.demo.times import stamp
from edgetui.demo.tokens import TokenSigner

CACHE_SECONDS = 3.0
"""How long a checked token is believed without looking again; a real server takes 10 s."""
LEEWAY = 60.0
DEFAULT_SECONDS = 3600
ISSUER = "https://kubernetes.default.svc.cluster.local"


@dataclass(frozen=True)
class User:
    """The result of authentication, as SelfSubjectReview shows it."""

    name: str
    uid: str
    groups: tuple[str, ...]
    extra: dict[str, list[str]]

    def info(self) -> Object:
        return {"username": self.name, "uid": self.uid, "groups": list(self.groups), "extra": self.extra}


@dataclass(frozen=True)
class Rule:
    """One RBAC policy rule; "*" matches all. `namespace` "" holds everywhere."""

    verbs: tuple[str, ...]
    groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    namespace: str = ""

    def allows(self, verb: str, group: str, resource: str, namespace: str) -> bool:
        return (
            _in(verb, self.verbs)
            and _in(group, self.groups)
            and _in(resource, self.resources)
            and self.namespace in ("", namespace)
        )

    def document(self) -> Object:
        if self.paths:
            return {"verbs": list(self.verbs), "nonResourceURLs": list(self.paths)}
        return {"verbs": list(self.verbs), "apiGroups": list(self.groups), "resources": list(self.resources)}


ALLOW_ALL = (Rule(("*",), ("*",), ("*",)), Rule(("*",), paths=("*",)))
"""What AlwaysAllow answers to every question."""
BASIC_USER = (
    Rule(("create",), ("authorization.k8s.io",), ("selfsubjectaccessreviews", "selfsubjectrulesreviews")),
    Rule(("create",), ("authentication.k8s.io",), ("selfsubjectreviews",)),
    Rule(
        ("get",),
        paths=("/healthz", "/livez", "/readyz", "/version", "/version/", "/api", "/api/*", "/apis/*"),
    ),
)


class Authenticator:
    """Checks bearer tokens against live objects and remembers a success for a few seconds."""

    def __init__(self, storage: Storage, signer: TokenSigner, clock: Callable[[], float]) -> None:
        self._storage = storage
        self._signer = signer
        self._clock = clock
        self._cache: dict[bytes, tuple[float, User]] = {}

    def user(self, authorization: str) -> User:
        """Raises StatusError 401; a token is believed until its cache entry ends, use does not extend it."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise status.unauthorized()
        key = hashlib.sha256(token.encode()).digest()
        until, user = self._cache.get(key, (0.0, None))
        if user is not None and self._clock() < until:
            return user
        self._cache.pop(key, None)
        user, why = self.check(token.strip())
        if user is None:
            raise status.unauthorized() from ValueError(why)
        self._cache[key] = (self._clock() + CACHE_SECONDS, user)
        return user

    def check(self, token: str) -> tuple[User | None, str]:
        """The user of a token, or None and the reason that only TokenReview tells."""
        claims = self._signer.claims(token)
        if claims is None:
            return None, "invalid bearer token"
        now = self._clock()
        if now >= claims["exp"] + LEEWAY:
            return None, "[invalid bearer token, service account token has expired]"
        private = claims["kubernetes.io"]
        namespace, account = private["namespace"], private["serviceaccount"]
        found = self._storage.find(SERVICEACCOUNTS, namespace, account["name"])
        if found is None or found["metadata"]["uid"] != account["uid"]:
            return None, "[invalid bearer token, service account token has been invalidated]"
        if "secret" in private and not self._secret_lives(namespace, private["secret"], now):
            return None, "[invalid bearer token, service account token has been invalidated]"
        name = f"system:serviceaccount:{namespace}:{account['name']}"
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
        extra = {"authentication.kubernetes.io/credential-id": [f"JTI={claims['jti']}"]}
        return User(name, account["uid"], groups, extra), ""

    def _secret_lives(self, namespace: str, bound: Object, now: float) -> bool:
        secret = self._storage.find(SECRETS, namespace, bound["name"])
        if secret is None or secret["metadata"]["uid"] != bound["uid"]:
            return False
        deleting = secret["metadata"].get("deletionTimestamp")
        return deleting is None or now < unix_seconds(deleting) + LEEWAY


class Authorizer:
    """Answers from a fixed list of rules; `rules` is ALLOW_ALL where RBAC is off."""

    def __init__(self, rules: tuple[Rule, ...], rbac: bool) -> None:
        self.rules = (*rules, *BASIC_USER) if rbac else ALLOW_ALL
        self.rbac = rbac

    def allowed(self, verb: str, group: str, resource: str, namespace: str) -> bool:
        return any(rule.allows(verb, group, resource, namespace) for rule in self.rules)

    def demand(self, user: User, verb: str, group: str, resource: str, namespace: str, name: str) -> None:
        """Raises StatusError 403 in the words of the RBAC authorizer."""
        if self.allowed(verb, group, resource, namespace):
            return
        plural = resource.partition("/")[0]
        head = f"{status.qualified(group, plural)}"
        if name:
            head += f' "{name}"'
        scope = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
        message = (
            f'{head} is forbidden: User "{user.name}" cannot {verb} resource "{resource}" '
            f'in API group "{group}" {scope}'
        )
        details: dict[str, Any] = {"group": group, "kind": plural}
        if name:
            details["name"] = name
        if not group:
            del details["group"]
        raise status.StatusError(403, message, details=details)


def issue_token(storage: Storage, signer: TokenSigner, namespace: str, name: str, request: Object) -> Object:
    """Answers a TokenRequest: the request with its status. Raises StatusError 404, 409 or 422."""
    account = storage.get(SERVICEACCOUNTS, namespace, name)
    spec = dict(request.get("spec") or {})
    seconds = spec.get("expirationSeconds") or DEFAULT_SECONDS
    _check_lifetime(seconds)
    private: Object = {"namespace": namespace}
    bound = spec.get("boundObjectRef")
    if bound:
        private["secret"] = _bound_secret(storage, namespace, bound)
    private["serviceaccount"] = {"name": name, "uid": account["metadata"]["uid"]}
    now = int(storage.clock())
    audiences = spec.get("audiences") or [ISSUER]
    claims = {
        "aud": audiences,
        "exp": now + seconds,
        "iat": now,
        "iss": ISSUER,
        "jti": storage.uid(),
        "kubernetes.io": private,
        "nbf": now,
        "sub": f"system:serviceaccount:{namespace}:{name}",
    }
    spec |= {"audiences": audiences, "expirationSeconds": seconds}
    granted = {"token": signer.sign(claims), "expirationTimestamp": stamp(now + seconds)}
    meta = {"name": name, "namespace": namespace, "creationTimestamp": stamp(now)}
    return {
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": meta,
        "spec": spec,
        "status": granted,
    }


def _check_lifetime(seconds: int) -> None:
    text = ""
    if seconds < 600:
        text = f"Invalid value: {seconds}: may not specify a duration less than 10 minutes"
    elif seconds > 1 << 32:
        text = f"Invalid value: {seconds}: may not specify a duration larger than 2^32 seconds"
    if text:
        raise status.invalid("authentication.k8s.io", "TokenRequest", "", "spec.expirationSeconds", text)


def _bound_secret(storage: Storage, namespace: str, bound: Object) -> Object:
    if bound.get("kind") != "Secret":
        text = f'Unsupported value: "{bound.get("kind")}": supported values: "Node", "Pod", "Secret"'
        raise status.invalid("authentication.k8s.io", "TokenRequest", "", "spec.boundObjectRef.kind", text)
    secret = storage.get(SECRETS, namespace, bound["name"])
    uid = secret["metadata"]["uid"]
    if bound.get("uid") and bound["uid"] != uid:
        why = (
            f"the UID in the bound object reference ({bound['uid']}) does not match the UID in record. "
            "The object might have been deleted and then recreated"
        )
        raise status.modified("", "secrets", bound["name"], why)
    return {"name": bound["name"], "uid": uid}


def _in(wanted: str, listed: tuple[str, ...]) -> bool:
    if "*" in listed or wanted in listed:
        return True
    return "/" in wanted and f"*/{wanted.partition('/')[2]}" in listed

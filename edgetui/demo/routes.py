"""From a request to the part that answers it: discovery, health, resources, subresources and reviews."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from edgetui.demo import resources, reviews, status, writing
from edgetui.demo.auth import User, issue_token
from edgetui.demo.cluster import Cluster
from edgetui.demo.control_plane import readyz
from edgetui.demo.http import Reply, Request, json_reply
from edgetui.demo.logs import log_reply
from edgetui.demo.reading import list_reply, selection
from edgetui.demo.resources import NODE_METRICS, POD_METRICS, RESOURCES, REVIEWS, Resource
from edgetui.demo.watching import watch_reply

_HEALTH = ("/healthz", "/livez", "/readyz")


class Target(NamedTuple):
    """What a path names. `resource` is looked up in RESOURCES; empty `name` is the collection."""

    resource: Resource
    namespace: str
    name: str
    subresource: str


class Api:
    """The API server of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.address = ""

    async def handle(self, request: Request) -> Reply:
        """Never raises for a bad request: errors become Status replies, as do our own mistakes (500)."""
        try:
            user = self._cluster.authenticator.user(request.headers.get("authorization", ""))
            reply = self._general(request) or self._resource(request, user)
        except status.StatusError as error:
            reply = json_reply(error.body(), error.code)
            if error.retry_after:
                reply.headers.append(("Retry-After", str(error.retry_after)))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            fault = status.StatusError(500, f"Internal error occurred: {type(error).__name__}: {error}")
            reply = json_reply(fault.body(), 500)
        reply.headers += [
            ("Audit-Id", self._cluster.storage.uid()),
            ("Cache-Control", "no-cache, private"),
        ]
        return reply

    def _general(self, request: Request) -> Reply | None:
        """Everything that is not a resource, None for what may be one."""
        path = request.path.rstrip("/") or "/"
        parts = path.strip("/").split("/")
        document: Any = None
        if path == "/version":
            document = _version(self._cluster.profile.version)
        elif path in _HEALTH:
            body = readyz() if "verbose" in request.query else b"ok"
            return Reply(body=body, content_type="text/plain; charset=utf-8")
        elif path == "/api":
            document = resources.api_versions(self.address)
        elif path == "/apis":
            document = resources.api_groups(self._cluster.profile.metrics)
        elif path == "/api/v1":
            document = resources.api_resources("", "v1")
        elif len(parts) == 2 and parts[0] == "apis":
            document = resources.api_group(parts[1])
        elif len(parts) == 3 and parts[0] == "apis":
            document = resources.api_resources(parts[1], parts[2])
        if document is not None:
            return json_reply(document)
        return None

    def _resource(self, request: Request, user: User) -> Reply:
        target = parse(request.path)
        if target is None or (
            target.resource.group == NODE_METRICS.group and not self._cluster.profile.metrics
        ):
            return Reply(404, b"404 page not found\n", content_type="text/plain; charset=utf-8")
        verb = _verb(request, target)
        resource = target.resource
        named = f"{resource.plural}/{target.subresource}" if target.subresource else resource.plural
        self._cluster.authorizer.demand(user, verb, resource.group, named, target.namespace, target.name)
        if resource in REVIEWS:
            return self._review(request, resource, user)
        if target.subresource:
            return self._subresource(request, target, verb)
        if verb not in resource.verbs or (verb == "create" and target.name):
            raise status.StatusError(405, "the server does not allow this method on the requested resource")
        if resource in (NODE_METRICS, POD_METRICS):
            return self._metrics(request, target)
        return self._plain(request, target, verb)

    def _plain(self, request: Request, target: Target, verb: str) -> Reply:
        storage, (resource, namespace, name, _) = self._cluster.storage, target
        if verb == "get":
            entry = storage.collections[resource].entries.get((namespace, name))
            if entry is None:
                raise status.not_found(resource.group, resource.plural, name)
            return Reply(body=entry.raw)
        if verb == "list":
            return self._cluster.lister.reply(request, resource, namespace)
        if verb == "watch":
            profile = self._cluster.profile
            return watch_reply(
                request, storage, resource, namespace, watch_list=profile.watch_list, gzip=profile.watch_gzip
            )
        if verb == "create":
            return writing.create(request, storage, resource, namespace)
        if verb == "delete":
            return writing.delete(request, storage, resource, namespace, name)
        write = writing.patch if verb == "patch" else writing.update
        return write(request, storage, resource, namespace, name, "")

    def _subresource(self, request: Request, target: Target, verb: str) -> Reply:
        storage, (resource, namespace, name, sub) = self._cluster.storage, target
        if sub not in resource.subresources:
            raise status.StatusError(404, "the server could not find the requested resource")
        if sub == "token" and verb == "create":
            body = writing.body_of(request)
            return json_reply(issue_token(storage, self._cluster.signer, namespace, name, body), 201)
        if sub == "scale" and verb in ("get", "update", "patch"):
            return writing.scale(request, storage, resource, namespace, name)
        if sub == "status" and verb == "get":
            return json_reply(storage.get(resource, namespace, name))
        if sub == "status" and verb in ("update", "patch"):
            write = writing.patch if verb == "patch" else writing.update
            return write(request, storage, resource, namespace, name, sub)
        if sub == "resize" and verb == "patch":
            return writing.resize(request, storage, resource, namespace, name)
        if sub == "log" and verb == "get":
            return log_reply(request, storage, namespace, name, self._cluster.timeline.now)
        raise status.StatusError(405, "the server does not allow this method on the requested resource")

    def _review(self, request: Request, resource: Resource, user: User) -> Reply:
        body, cluster = writing.body_of(request), self._cluster
        answers = {
            "SelfSubjectReview": lambda: reviews.self_subject(body, user),
            "TokenReview": lambda: reviews.token_review(body, cluster.authenticator),
            "SelfSubjectAccessReview": lambda: reviews.self_access(body, user, cluster.authorizer),
            "SelfSubjectRulesReview": lambda: reviews.self_rules(body, cluster.authorizer),
            "SubjectAccessReview": lambda: reviews.access(body, cluster.authorizer),
        }
        return json_reply(answers[resource.kind](), 201)

    def _metrics(self, request: Request, target: Target) -> Reply:
        metrics, resource = self._cluster.metrics, target.resource
        items = metrics.node_items() if resource is NODE_METRICS else metrics.pod_items()
        if target.name:
            for namespace, name, _, raw in items:
                if (namespace, name) == (target.namespace, target.name):
                    return Reply(body=_typed(resource, raw))
            raise status.not_found(resource.group, resource.plural, target.name)
        keeps = selection(request, resource, target.namespace).keeps
        parts = [raw for namespace, name, labels, raw in items if keeps(namespace, name, labels, raw)]
        return list_reply(request, resource.list_kind, resource.api_version, {}, parts)


def parse(path: str) -> Target | None:
    """The resource that a path names, None for a path that is no resource."""
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) > 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and (group, version, rest[2]) in RESOURCES:
        namespace, rest = rest[1], rest[2:]
    resource = RESOURCES.get((group, version, rest[0]))
    if resource is None or len(rest) > 3:
        return None
    return Target(resource, namespace, *[*rest[1:], "", ""][:2])


def _verb(request: Request, target: Target) -> str:
    verbs = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
    if request.method in ("GET", "HEAD"):
        if target.name:
            return "get"
        return "watch" if request.flag("watch") else "list"
    if request.method not in verbs:
        raise status.StatusError(405, "the server does not allow this method on the requested resource")
    verb = verbs[request.method]
    return "deletecollection" if verb == "delete" and not target.name else verb


def _typed(resource: Resource, raw: bytes) -> bytes:
    return json.dumps({"kind": resource.kind, "apiVersion": resource.api_version, **json.loads(raw)}).encode()


def _version(git: str) -> dict[str, str]:
    major, minor = git.lstrip("v").split(".")[:2]
    return {
        "major": major,
        "minor": minor,
        "gitVersion": git,
        "gitCommit": "0123456789abcdef0123456789abcdef01234567",
        "gitTreeState": "clean",
        "buildDate": "2026-10-01T00:00:00Z",
        "goVersion": "go1.26.1",
        "compiler": "gc",
        "platform": "linux/arm64",
    }

"""Transport and API client against a real kube-apiserver."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from msgspec.structs import replace

from edgetui.cluster.api.client import Api, WritePermit
from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.errors import (
    Conflict,
    EdgetuiError,
    Forbidden,
    Gone,
    Invalid,
    LinkError,
    NotFound,
    OutcomeUnknown,
    ProtocolError,
    ServerFailure,
    TlsError,
    Unauthorized,
)
from edgetui.cluster.http.client import Transport
from edgetui.cluster.kubeconfig.loader import Selection, load_fleet
from edgetui.cluster.target import AuthSettings, ClusterTarget, Impersonation

from . import workloads as w
from .cluster import ControlPlane
from .proxy import FaultProxy

WATCH_LIST = {
    "watch": "1",
    "sendInitialEvents": "true",
    "resourceVersionMatch": "NotOlderThan",
    "allowWatchBookmarks": "true",
}


def target_of(kubeconfig: Path, **changes: Any) -> ClusterTarget:
    (target,) = load_fleet(Selection(files=[kubeconfig]), {}, kubeconfig.parent)
    assert target.error is None, target.error
    return replace(target, **changes)


@asynccontextmanager
async def client(target: ClusterTarget) -> AsyncIterator[Api]:
    credentials = Credentials(target)
    api = Api(Transport(target, credentials), credentials)
    try:
        yield api
    finally:
        api.close()


@pytest.fixture
async def api(cluster: ControlPlane) -> AsyncIterator[Api]:
    """A client as admin, with a client certificate."""
    async with client(target_of(cluster.kubeconfig())) as made:
        yield made


class Lines:
    """A sink that keeps the events of a watch."""

    def __init__(self) -> None:
        self.head: dict[str, str] = {}
        self.status = 0
        self.pieces = 0
        self.events: list[dict[str, Any]] = []
        self.ended: bool | None = None
        self.error: EdgetuiError | None = None
        self._rest = b""
        self._changed = asyncio.Event()

    def on_head(self, status: int, headers: dict[str, str]) -> None:
        self.status, self.head = status, headers
        self._changed.set()

    def on_data(self, data: bytes) -> None:
        self.pieces += 1
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.events += [json.loads(line) for line in lines]
        self._changed.set()

    def on_end(self, clean: bool) -> None:
        self.ended = clean
        self._changed.set()

    def on_error(self, error: EdgetuiError) -> None:
        self.error = error
        self._changed.set()

    def named(self, kind: str) -> list[str]:
        return [event["object"]["metadata"]["name"] for event in self.events if event["type"] == kind]

    @property
    def initial_events_end(self) -> bool:
        return any(
            "k8s.io/initial-events-end" in event["object"]["metadata"].get("annotations", {})
            for event in self.events
            if event["type"] == "BOOKMARK"
        )

    async def until(self, fact: Callable[[Lines], bool], within: float = 60) -> None:
        async with asyncio.timeout(within):
            while not fact(self):
                self._changed.clear()
                await self._changed.wait()


async def error_of(api: Api, path: str, query: dict[str, str] | None = None) -> EdgetuiError:
    with pytest.raises(EdgetuiError) as caught:
        await api.get(path, query)
    assert caught.value.sentence.endswith((".", "…"))
    return caught.value


# Reading


async def test_lists_and_one_connection(api: Api, cluster: ControlPlane) -> None:
    assert (await api.get("/version"))["gitVersion"].startswith("v1.")
    nodes = await api.get("/api/v1/nodes", {"limit": "500"})
    assert len(nodes["items"]) >= cluster.options.nodes
    for _ in range(5):
        await api.get("/api/v1/pods", {"resourceVersion": "0"})
    counters = api.transport.counters
    assert (counters.connections, counters.handshakes, counters.requests) == (1, 1, 7)


async def test_a_large_list_is_compressed_on_the_way(api: Api, namespace: str, cluster: ControlPlane) -> None:
    big = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "big"}, "data": {"a": "x" * 300_000}}
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    await asyncio.to_thread(cluster.api.create, path, big)
    answer = await api.transport.request("GET", path, timeout=15)
    assert answer.headers["content-encoding"] == "gzip"
    assert api.transport.counters.bytes_in < 50_000
    items = json.loads(answer.body)["items"]
    assert next(each for each in items if each["metadata"]["name"] == "big")["data"]["a"] == "x" * 300_000


async def test_a_second_connection_resumes_the_session(api: Api) -> None:
    await api.get("/version")
    await api.get("/version", fresh=True)
    probe = api.on_fresh_connection(api.credentials)
    await probe.get("/version")
    probe.close()
    counters = api.transport.counters
    assert (counters.handshakes, counters.resumed) == (3, 2)


async def test_reviews(api: Api, cluster: ControlPlane, namespace: str) -> None:
    who = (await api.review("SelfSubjectReview", {}))["status"]["userInfo"]
    assert who["username"] == "admin"
    access = {
        "resourceAttributes": {
            "verb": "patch",
            "group": "apps",
            "resource": "deployments",
            "namespace": namespace,
        }
    }
    assert (await api.review("SelfSubjectAccessReview", access))["status"]["allowed"] is True
    rules = await api.review("SelfSubjectRulesReview", {}, namespace)
    assert rules["status"]["resourceRules"]


async def test_impersonation_with_several_groups(cluster: ControlPlane) -> None:
    whom = Impersonation("jürgen", groups=("ops", "night shift", "plant"), extra=(("site/line", ("2",)),))
    async with client(target_of(cluster.kubeconfig(), impersonate=whom)) as api:
        who = (await api.review("SelfSubjectReview", {}))["status"]["userInfo"]
    assert who["username"] == "jürgen"
    assert {"ops", "night shift", "plant"} <= set(who["groups"])
    assert who["extra"]["site/line"] == ["2"]


# Watching


async def test_a_streaming_list_in_many_gzip_members(api: Api, cluster: ControlPlane, namespace: str) -> None:
    await asyncio.to_thread(cluster.create, namespace, w.deployment("web", replicas=5))
    sink, before = Lines(), api.transport.counters.bytes_in
    handle = api.transport.open_stream(f"/api/v1/namespaces/{namespace}/pods", WATCH_LIST, sink)
    await sink.until(lambda s: s.initial_events_end)
    assert sink.status == 200
    assert sink.head["content-encoding"] == "gzip"
    await asyncio.to_thread(cluster.kubectl, "scale", "deployment/web", "--replicas=9", "-n", namespace)
    await sink.until(lambda s: len(set(s.named("ADDED"))) == 9)
    await asyncio.to_thread(cluster.kubectl, "scale", "deployment/web", "--replicas=0", "-n", namespace)
    await sink.until(lambda s: len(set(s.named("DELETED"))) == 9)
    assert sink.ended is None and sink.error is None
    decoded = sum(len(json.dumps(event)) for event in sink.events)
    assert api.transport.counters.bytes_in - before < decoded / 2
    handle.close()


async def test_a_watch_ends_on_time_and_the_next_uses_its_connection(api: Api, namespace: str) -> None:
    version = (await api.get(f"/api/v1/namespaces/{namespace}/pods"))["metadata"]["resourceVersion"]
    for _ in range(3):
        sink = Lines()
        query = {"watch": "1", "resourceVersion": version, "timeoutSeconds": "1"}
        api.transport.open_stream(f"/api/v1/namespaces/{namespace}/pods", query, sink)
        await sink.until(lambda s: s.ended is not None or s.error is not None)
        assert sink.ended is True
    assert api.transport.counters.connections == 1


async def test_a_version_of_the_future_is_an_error_event(api: Api) -> None:
    sink = Lines()
    handle = api.transport.open_stream("/api/v1/pods", {**WATCH_LIST, "resourceVersion": "999999999"}, sink)
    await sink.until(lambda s: bool(s.events))
    assert sink.events[0]["type"] == "ERROR"
    assert sink.events[0]["object"]["code"] == 504
    handle.close()
    error = await error_of(
        api, "/api/v1/pods", {"resourceVersion": "999999999", "resourceVersionMatch": "NotOlderThan"}
    )
    assert isinstance(error, ServerFailure)
    assert (error.code, error.cause, error.retry_after) == (504, "ResourceVersionTooLarge", 1.0)


async def test_a_hundred_streams(api: Api) -> None:
    sinks = [Lines() for _ in range(100)]
    handles = [api.transport.open_stream("/api/v1/nodes", WATCH_LIST, sink) for sink in sinks]
    await asyncio.gather(*(sink.until(lambda s: s.initial_events_end, 60) for sink in sinks))
    assert not any(sink.error for sink in sinks)
    for handle in handles:
        handle.close()


# Refusals


async def test_401(cluster: ControlPlane) -> None:
    for token in ("garbage", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"):
        alone = target_of(cluster.kubeconfig(), sources=(), auth=AuthSettings(token=token))
        async with client(alone) as api:
            error = await error_of(api, "/api/v1/nodes")
        assert isinstance(error, Unauthorized)
        assert error.sentence == "The server does not accept these credentials."


async def test_403(cluster: ControlPlane) -> None:
    async with client(target_of(cluster.kubeconfig("bob"))) as api:
        error = await error_of(api, "/api/v1/nodes")
        assert isinstance(error, Forbidden)
        assert error.sentence.startswith(
            'The server says: nodes is forbidden: User "bob" cannot list resource "nodes"'
        )
        sink = Lines()
        api.transport.open_stream("/api/v1/nodes", WATCH_LIST, sink)
        await sink.until(lambda s: s.ended is not None)
        assert sink.status == 403


async def test_404_of_an_object_and_of_an_api(api: Api) -> None:
    missing = await error_of(api, "/api/v1/nodes/no-such-node")
    assert isinstance(missing, NotFound)
    assert (missing.reason, missing.sentence) == (
        "NotFound",
        'The server says: nodes "no-such-node" not found.',
    )
    absent = await error_of(api, "/apis/absent.example/v1/things")
    assert isinstance(absent, NotFound)
    assert (absent.reason, absent.sentence) == ("", "The server says: 404 page not found.")


async def test_410_and_422_and_400(api: Api) -> None:
    gone = await error_of(api, "/api/v1/pods", {"limit": "1", "continue": "bm90IGEgdG9rZW4"})
    assert isinstance(gone, Invalid | Gone)
    invalid = await error_of(api, "/api/v1/pods", {"watch": "1", "sendInitialEvents": "true"})
    assert isinstance(invalid, Invalid)
    assert (invalid.code, invalid.reason, invalid.field) == (422, "Invalid", "resourceVersionMatch")
    failure = await error_of(api, "/api/v1/pods", {"watch": "1", "resourceVersion": "abc"})
    assert isinstance(failure, ServerFailure | Invalid)


# Writing


def permit(cluster: ControlPlane) -> WritePermit:
    return WritePermit("scale", cluster.name)


async def test_a_write_and_its_conflict(api: Api, cluster: ControlPlane, namespace: str) -> None:
    await asyncio.to_thread(cluster.create, namespace, w.deployment("web", replicas=1))
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web/scale"
    scale = await api.get(path)
    merge = "application/merge-patch+json"
    body = {"metadata": {"resourceVersion": scale["metadata"]["resourceVersion"]}, "spec": {"replicas": 2}}
    stale = {"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 3}}
    with pytest.raises(Conflict, match="the object has been modified") as caught:
        await api.write(permit(cluster), "PATCH", path, stale, content_type=merge)
    assert caught.value.reason == "Conflict"
    body["metadata"] = {}
    written = await api.write(
        permit(cluster), "PATCH", path, body, query={"dryRun": "All"}, content_type=merge
    )
    assert (written["kind"], written["metadata"]["name"]) == ("PartialObjectMetadata", "web")
    assert (await api.get(path))["spec"]["replicas"] == 1
    await api.write(permit(cluster), "PATCH", path, body, content_type=merge)
    assert (await api.get(path))["spec"]["replicas"] == 2


async def test_what_a_server_refuses_to_store(api: Api, cluster: ControlPlane, namespace: str) -> None:
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    wrong = w.deployment("web", replicas=1)
    wrong["spec"]["replicsa"] = 2
    with pytest.raises(Invalid) as caught:
        await api.write(permit(cluster), "POST", path, wrong, query={"fieldValidation": "Strict"})
    assert caught.value.sentence == 'The server says: strict decoding error: unknown field "spec.replicsa".'
    negative = w.deployment("web", replicas=-1)
    with pytest.raises(Invalid) as caught:
        await api.write(permit(cluster), "POST", path, negative)
    assert (caught.value.code, caught.value.reason, caught.value.field) == (422, "Invalid", "spec.replicas")


async def test_a_write_into_a_frozen_datastore_has_an_unknown_outcome(
    api: Api, cluster: ControlPlane, namespace: str
) -> None:
    await asyncio.to_thread(cluster.create, namespace, w.deployment("web", replicas=1))
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web/scale"
    merge = "application/merge-patch+json"
    await api.get("/version")
    storage = cluster.process("storage")
    storage.signal(signal.SIGSTOP)
    try:
        with pytest.raises(OutcomeUnknown):
            await api.write(
                permit(cluster), "PATCH", path, {"spec": {"replicas": 2}}, content_type=merge, timeout=1
            )
    finally:
        storage.signal(signal.SIGCONT)
    async with asyncio.timeout(60):
        # Cancelled or applied: both happen, so only the object itself tells.
        while (await readable_again(api, path)) is None:
            await asyncio.sleep(0.2)


async def readable_again(api: Api, path: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = await api.get(path)
    except EdgetuiError:
        return None
    return found


# The way there


async def test_a_wrong_authority_and_a_wrong_name(cluster: ControlPlane) -> None:
    target = target_of(cluster.kubeconfig())
    wrong = replace(
        target.tls, ca_pem=trustme.CA(key_type=trustme.KeyType.ECDSA).cert_pem.bytes(), ca_file=None
    )
    async with client(replace(target, tls=wrong)) as api:
        error = await error_of(api, "/version")
        assert isinstance(error, TlsError)
        assert "not signed by a CA" in error.sentence
    async with client(replace(target, tls=replace(target.tls, server_name="hub.example"))) as api:
        error = await error_of(api, "/version")
        assert isinstance(error, TlsError)
        assert "another name" in error.sentence


async def test_plain_http_to_the_secure_port(cluster: ControlPlane) -> None:
    target = target_of(cluster.kubeconfig())
    async with client(replace(target, server=target.server.replace("https://", "http://"))) as api:
        error = await error_of(api, "/version")
        assert isinstance(error, ProtocolError)
        assert "speaks HTTPS, but its address says http" in error.sentence
        sink = Lines()
        api.transport.open_stream("/api/v1/nodes", WATCH_LIST, sink)
        await sink.until(lambda s: s.error is not None)
        assert isinstance(sink.error, ProtocolError)


async def test_a_slow_link_is_no_failure_and_a_dead_one_is(cluster: ControlPlane, namespace: str) -> None:
    big = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "big"}, "data": {"a": "x" * 400_000}}
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    await asyncio.to_thread(cluster.api.create, path, big)
    with FaultProxy.in_front_of(cluster) as proxy:
        target = target_of(cluster.kubeconfig(server=proxy.url), disable_compression=True)
        async with client(target) as api:
            await api.get("/version")
            proxy.rate = 100_000
            loop = asyncio.get_running_loop()
            began = loop.time()
            assert await api.get(f"{path}/big", timeout=1.5)
            assert loop.time() - began > 1.5
            proxy.rate = None
            proxy.stall()
            with pytest.raises(LinkError, match="did not answer within"):
                await api.get("/version", timeout=0.5)
            proxy.restore()
            assert await api.get("/version")
            proxy.cut()
            with pytest.raises(LinkError):
                await api.get("/version", timeout=2)
            proxy.restore()
            assert await api.get("/version")

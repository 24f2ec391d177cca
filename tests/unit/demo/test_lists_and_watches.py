"""Lists and watches of the demo server, byte for byte where clients depend on it."""

from __future__ import annotations

import time
import zlib
from collections.abc import AsyncIterator

import pytest

from edgetui.demo.watching import _members
from tests.unit.demo.wire import Stream, Wire

PODS = "/api/v1/pods"
STREAMING = {
    "sendInitialEvents": "true",
    "resourceVersionMatch": "NotOlderThan",
    "allowWatchBookmarks": "true",
}


def note(wire: Wire, namespace: str, name: str, text: str) -> None:
    """Changes one annotation of a deployment that nothing else touches."""
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}"
    assert wire.patch(path, {"metadata": {"annotations": {"note": text}}}).code == 200


def names(items: list[dict[str, dict[str, str]]]) -> list[str]:
    return [item["metadata"]["name"] for item in items]


def test_pages_of_one_list_are_of_one_version_and_complete(plant: Wire) -> None:
    first = plant.get(PODS, limit="10").body
    note(plant, "line-1", "oven", str(time.time_ns()))
    pages, meta = [first["items"]], first["metadata"]
    assert meta["remainingItemCount"] > 10
    while meta.get("continue"):
        page = plant.get(PODS, **{"limit": "10", "continue": meta["continue"]}).body
        assert page["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
        pages.append(page["items"])
        meta = page["metadata"]
    assert "remainingItemCount" not in meta
    whole = [pod["metadata"]["uid"] for page in pages for pod in page]
    assert len(whole) == len(set(whole)) == len(first["items"]) + first["metadata"]["remainingItemCount"]
    assert len(plant.get(PODS, limit="10", resourceVersion="0").body["items"]) > 10


def test_selectors_narrow_a_list(plant: Wire) -> None:
    by_label = plant.get(PODS, labelSelector="app in (oven,broker),app!=broker").body["items"]
    assert {pod["metadata"]["labels"]["app"] for pod in by_label} == {"oven"}
    name = names(by_label)[0]
    assert names(plant.get(PODS, fieldSelector=f"metadata.name={name}").body["items"]) == [name]
    events = plant.get(
        "/api/v1/events", fieldSelector="involvedObject.kind=Deployment,involvedObject.name=press"
    ).body
    assert events["items"]
    assert {event["involvedObject"]["name"] for event in events["items"]} == {"press"}
    by_source = plant.get("/api/v1/events", fieldSelector="source=kubelet").body["items"]
    assert {event["source"]["component"] for event in by_source} == {"kubelet"}
    refused = plant.get(PODS, fieldSelector="spec.colour=red")
    assert (refused.code, refused.body["reason"]) == (400, "BadRequest")


def test_errors_are_status_objects_in_the_servers_words(plant: Wire) -> None:
    missing = plant.get("/apis/apps/v1/namespaces/line-1/deployments/nothing")
    assert missing.code == 404
    assert missing.body["message"] == 'deployments.apps "nothing" not found'
    assert missing.body["details"] == {"name": "nothing", "group": "apps", "kind": "deployments"}
    unknown = plant.get("/apis/example.com/v1/things")
    assert (unknown.code, unknown.body) == (404, "404 page not found\n")
    future = plant.get(PODS, resourceVersion="99999999")
    assert (future.code, future.headers["retry-after"]) == (504, "1")
    assert future.body["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"
    assert plant.get(PODS, resourceVersion="abc").code == 500
    forbidden = plant.call("DELETE", "/apis/rbac.authorization.k8s.io/v1/clusterroles/cluster-admin")
    assert (forbidden.code, forbidden.body["reason"]) == (403, "Forbidden")
    assert forbidden.body["message"].startswith(
        'clusterroles.rbac.authorization.k8s.io "cluster-admin" is forbidden: '
        'User "system:serviceaccount:kube-system:edgetui-operator" cannot delete resource "clusterroles"'
    )


@pytest.mark.parametrize("gzip", [False, True])
def test_a_streaming_list_ends_in_its_bookmark_and_goes_on(plant: Wire, gzip: bool) -> None:
    with Stream(plant, "/apis/apps/v1/namespaces/line-1/deployments", gzip, **STREAMING) as stream:
        assert stream.headers.get("content-encoding") == ("gzip" if gzip else None)
        events = stream.take(3)
        assert [event["type"] for event in events] == ["ADDED", "ADDED", "BOOKMARK"]
        assert names([event["object"] for event in events[:2]]) == ["oven", "weld"]
        meta = events[2]["object"]["metadata"]
        assert meta["annotations"] == {"k8s.io/initial-events-end": "true"}
        note(plant, "line-1", "oven", f"streaming {gzip} {time.time_ns()}")
        change = next(event for event in stream if event["object"]["metadata"]["name"] == "oven")
        assert change["type"] == "MODIFIED"
        assert int(change["object"]["metadata"]["resourceVersion"]) > int(meta["resourceVersion"])


async def test_no_event_sits_in_the_last_block_of_a_gzip_member() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"type":"ADDED"}\n' * 20

    (member,) = [member async for member in _members(pieces())]
    empty_block_and_trailer = 2 + 8
    assert zlib.decompressobj(31).decompress(member[:-empty_block_and_trailer]) == b'{"type":"ADDED"}\n' * 20
    assert zlib.decompress(member, 31)


def test_a_resumed_watch_misses_nothing_and_is_never_gzipped(plant: Wire) -> None:
    listed = plant.get("/apis/apps/v1/deployments").body["metadata"]["resourceVersion"]
    marks = [f"{number} {time.time_ns()}" for number in range(3)]
    for mark in marks:
        note(plant, "messaging", "broker", mark)
    path = "/apis/apps/v1/namespaces/messaging/deployments"
    with Stream(plant, path, True, resourceVersion=listed, allowWatchBookmarks="true") as stream:
        assert "content-encoding" not in stream.headers
        seen: list[str] = []
        for event in stream:
            text = event["object"]["metadata"]["annotations"].get("note")
            if not seen or seen[-1] != text:
                seen.append(text)
            if text == marks[-1]:
                break
    assert seen == marks


def test_a_timeout_ends_streams_cleanly_and_only_cached_kinds_get_bookmarks(plant: Wire) -> None:
    version = plant.get("/api/v1/services").body["metadata"]["resourceVersion"]
    begin = time.monotonic()
    query = {"resourceVersion": version, "allowWatchBookmarks": "true", "timeoutSeconds": "6"}
    with (
        Stream(plant, "/api/v1/services", **query) as services,
        Stream(plant, "/api/v1/events", timeoutSeconds="6", **STREAMING) as noted,
    ):
        bookmarks = list(services)
        kinds = [event["type"] for event in noted]
    assert time.monotonic() - begin >= 5.9
    assert 1 <= len(bookmarks) <= 3
    assert {event["type"] for event in bookmarks} == {"BOOKMARK"}
    assert kinds.count("BOOKMARK") == 1


def test_a_version_from_before_the_start_is_too_old_in_the_stream(plant: Wire) -> None:
    with Stream(plant, PODS, resourceVersion="1", allowWatchBookmarks="true") as stream:
        assert stream.code == 200
        (event,) = list(stream)
    assert event["type"] == "ERROR"
    assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")
    assert event["object"]["message"].startswith("too old resource version: 1 (")


def test_a_future_version_is_silent_in_a_plain_watch_and_an_error_in_a_streaming_list(plant: Wire) -> None:
    with Stream(
        plant, PODS, resourceVersion="99999999", allowWatchBookmarks="true", timeoutSeconds="1"
    ) as stream:
        assert list(stream) == []
    with Stream(plant, PODS, resourceVersion="99999999", **STREAMING) as stream:
        (event,) = list(stream)
    assert (event["type"], event["object"]["code"]) == ("ERROR", 504)


def test_without_the_gate_a_streaming_list_is_refused_with_422(van: Wire, plant: Wire) -> None:
    with Stream(van, PODS, **STREAMING) as stream:
        assert stream.code == 422
        body = stream.body()
    assert body["reason"] == "Invalid"
    assert body["details"]["causes"][0]["reason"] == "FieldValueForbidden"
    assert body["details"]["causes"][0]["field"] == "sendInitialEvents"
    with Stream(plant, PODS, sendInitialEvents="true") as stream:
        assert stream.code == 422


def test_an_object_that_leaves_the_selection_is_deleted_from_it(plant: Wire) -> None:
    path = "/api/v1/namespaces/line-1/configmaps"
    made = {"metadata": {"name": f"colour-{time.time_ns()}", "labels": {"colour": "red"}}}
    name = plant.call("POST", path, made).body["metadata"]["name"]
    with Stream(plant, path, labelSelector="colour=red", **STREAMING) as stream:
        assert [event["type"] for event in stream.take(2)] == ["ADDED", "BOOKMARK"]
        plant.patch(f"{path}/{name}", {"metadata": {"labels": {"colour": "blue"}}})
        plant.patch(f"{path}/{name}", {"metadata": {"labels": {"colour": "red"}}})
        plant.call("DELETE", f"{path}/{name}")
        assert [event["type"] for event in stream.take(3)] == ["DELETED", "ADDED", "DELETED"]


def test_metrics_are_listed_by_the_same_rules(plant: Wire) -> None:
    nodes = plant.get("/apis/metrics.k8s.io/v1beta1/nodes").body
    assert nodes["kind"] == "NodeMetricsList"
    assert all(node["usage"]["cpu"].endswith("n") for node in nodes["items"])
    pods = plant.get("/apis/metrics.k8s.io/v1beta1/namespaces/line-1/pods", labelSelector="app=oven").body[
        "items"
    ]
    assert len(pods) == 4
    one = plant.get(f"/apis/metrics.k8s.io/v1beta1/namespaces/line-1/pods/{pods[0]['metadata']['name']}").body
    assert one["containers"][0]["name"] == "oven"


def test_the_official_client_reads_and_watches_it(fleet_kubeconfig: object) -> None:
    from kubernetes import client, config, watch

    for context in ("plant", "van-17", "farm"):
        api = config.new_client_from_config(str(fleet_kubeconfig), context=context)
        core, apps = client.CoreV1Api(api), client.AppsV1Api(api)
        pods = core.list_pod_for_all_namespaces().items
        assert all(pod.spec.containers[0].image for pod in pods)
        assert all(
            item.status.observed_generation for item in apps.list_deployment_for_all_namespaces().items
        )
        assert len(
            client.AutoscalingV2Api(api).list_horizontal_pod_autoscaler_for_all_namespaces().items
        ) in (0, 1, 3)
        wanted = {node.metadata.name for node in core.list_node().items}
        for event in watch.Watch().stream(core.list_node, timeout_seconds=20):
            wanted.discard(event["object"].metadata.name)
            if not wanted:
                break
        assert not wanted

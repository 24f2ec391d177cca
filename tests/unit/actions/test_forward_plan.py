"""Which ports and which pod a forward leads to."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.actions.messages import Refusal
from edgetui.actions.remote.forward_plan import (
    ForwardView,
    Ports,
    chosen,
    pairs_of,
    port_named,
    ports_of,
    view_of,
)
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds.pod import PodRow

META = {"name": "press", "uid": "u", "resourceVersion": "7"}
TEMPLATE = {"containers": [{"name": "app", "ports": [{"containerPort": 8080, "name": "http"}]}]}


def ref(kind: str) -> ObjectRef:
    return ObjectRef(ObjectKey("plant", kind, "line-2", "press"), "", "")


def service(**spec: Any) -> ForwardView:
    return view_of(ref("Service"), {"metadata": META, "spec": {"selector": {"app": "press"}, **spec}})


@pytest.mark.parametrize(
    ("word", "ports"),
    [
        ("8080:80", Ports(8080, 80)),
        ("80", Ports(80, 80)),
        (":80", Ports(0, 80)),
        ("8080:http", Ports(8080, "http")),
        (":http", Ports(0, "http")),
        ("1", Ports(1, 1)),
        ("65535", Ports(65535, 65535)),
        ("65535:65535", Ports(65535, 65535)),
        ("0:80", Ports(0, 80)),
        (":1", Ports(0, 1)),
        (":a-very-long-one", Ports(0, "a-very-long-one")),
    ],
)
def test_a_word_is_a_pair_of_ports(word: str, ports: Ports) -> None:
    assert ports_of(word) == ports
    assert ports_of(ports.words) == ports


def test_a_pair_of_ports_is_said_as_it_is_typed() -> None:
    assert [one.words for one in (Ports(8080, 80), Ports(0, 80), Ports(80, "http"))] == [
        "8080:80",
        ":80",
        "80:http",
    ]


@pytest.mark.parametrize(
    "word",
    [
        *("", ":", "80:", "0", "8080:0", "65536", "70000:80", "8080:8O80!", "-1:80", "a:b", "http"),
        *(":65536", "65536:80", ":0", ":a-very-long-name", "8080:80:80", "8080:Http"),
    ],
)
def test_any_other_word_is_none(word: str) -> None:
    with pytest.raises(ValueError, match="no pair of ports"):
        ports_of(word)


def test_several_pairs_come_as_words_or_as_a_line() -> None:
    wanted = (Ports(8080, 80), Ports(0, 90))
    assert pairs_of("8080:80 :90") == pairs_of("8080:80,:90") == pairs_of(wanted) == wanted
    for wrong in ("", "8080:80 8080:90", "8080:80 x:"):
        with pytest.raises(Refusal):
            pairs_of(wrong)


def test_a_service_has_its_own_numbers_and_names() -> None:
    view = service(ports=[{"port": 80, "name": "web", "targetPort": "http"}, {"port": 9000}])
    assert [view.in_pod(one) for one in (80, "web", 9000)] == ["http", "http", 9000]
    assert view.offered == "8080:80 9000:9000"
    with pytest.raises(Refusal) as refused:
        view.in_pod(81)
    assert (refused.value.sentence, refused.value.next_step) == (
        "Service press has no port 81.",
        "It has 80 web, 9000.",
    )


def test_a_service_without_ports_says_so_and_offers_none() -> None:
    view = service()
    assert (view.ports, view.offered) == ((), "")
    with pytest.raises(Refusal) as refused:
        view.in_pod("http")
    assert (refused.value.sentence, refused.value.next_step) == (
        "Service press has no port http.",
        "It has none.",
    )


def test_a_view_is_the_object_at_the_version_that_was_read() -> None:
    view = service(ports=[{"port": 80, "targetPort": 8080, "protocol": "TCP"}])
    key = ObjectKey("plant", "Service", "line-2", "press")
    assert view == ForwardView(ObjectRef(key, "u", "7"), {"matchLabels": {"app": "press"}}, ((80, "", 8080),))
    pod = view_of(ref("Pod"), {"metadata": META, "spec": TEMPLATE, "status": {"phase": "Running"}})
    assert (pod.selector, pod.ports, pod.in_pod(9), pod.words) == (
        None,
        ((8080, "http", 8080),),
        9,
        "pod press",
    )
    bare = view_of(ref("Pod"), {"metadata": META})
    assert (bare.ports, bare.offered) == ((), "")
    none = view_of(ref("Deployment"), {"metadata": META})
    assert (none.selector, none.ports) == (None, ())


def test_a_service_without_a_selector_has_no_pods() -> None:
    with pytest.raises(Refusal, match="selects no pods"):
        service(selector=None)


def test_udp_is_not_forwarded() -> None:
    assert service(ports=[{"port": 53, "protocol": "UDP"}]).ports == ()


def test_a_workload_offers_what_its_template_names_and_takes_any_number() -> None:
    spec = {"selector": {"matchLabels": {"app": "press"}}, "template": {"spec": TEMPLATE}}
    view = view_of(ref("Deployment"), {"metadata": META, "spec": spec})
    assert (view.offered, view.selector) == ("8080:8080", spec["selector"])
    assert (view.in_pod("http"), view.in_pod(4711)) == (8080, 4711)


def test_a_pod_that_has_ended_takes_none() -> None:
    with pytest.raises(Refusal, match="has ended"):
        view_of(ref("Pod"), {"metadata": META, "spec": TEMPLATE, "status": {"phase": "Failed"}})


def test_a_named_port_is_that_of_the_pod() -> None:
    pod = {"metadata": META, "spec": TEMPLATE}
    assert port_named(pod, "http") == 8080
    with pytest.raises(Refusal, match="no port metrics") as refused:
        port_named(pod, "metrics")
    assert (refused.value.sentence, refused.value.next_step) == (
        "Pod press has no port metrics.",
        "It has 8080 http.",
    )
    with pytest.raises(Refusal) as refused:
        port_named({"metadata": META}, "http")
    assert refused.value.next_step == "It has none."


def row(name: str, created: int = 1, **fields: Any) -> PodRow:
    usual = {"namespace": "line-2", "condition": "True", "status": "Running", "labels": "\x1fapp=press\x1f"}
    return PodRow(name=name, uid=name, resource_version="1", created=created, **{**usual, **fields})


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        ([row("a", 1), row("b", 2)], "b"),
        ([row("a", 1), row("b", 2, status="Terminating")], "a"),
        ([row("a", 1), row("b", 2, condition="False")], "a"),
        ([row("a", 1), row("b", 2, labels="\x1fapp=weld\x1f")], "a"),
        ([row("a", 1), row("b", 2, namespace="line-3")], "a"),
        ([row("a", 2), row("b", 2)], "b"),
        ([row("b", 2), row("a", 2)], "b"),
        ([row("a", condition="summary", ready=1, containers=1)], "a"),
        ([row("a", condition="summary", ready=1, containers=2)], ""),
        ([row("a", condition="summary", ready=0, containers=0)], ""),
        ([row("a", condition="summary", ready=0, containers=1)], ""),
        ([row("a", condition="Unknown")], ""),
        ([], ""),
    ],
)
def test_the_newest_pod_that_is_ready_takes_the_connections(rows: list[PodRow], name: str) -> None:
    found = chosen(service(), rows)
    assert (found.name if found is not None else "") == name

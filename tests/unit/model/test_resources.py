"""Which resources a word means, by the rules of kubectl's mappers; a real kubectl is asked in tests/controlplane."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edgetui.model.resources.resolve import MOST_WORD, resolve, words
from edgetui.model.resources.served import Resource, Served

READ = ("get", "list", "watch")


def resource(plural: str, kind: str, group: str = "", version: str = "v1", **more: object) -> Resource:
    base = Resource(
        group=group,
        version=version,
        plural=plural,
        kind=kind,
        namespaced=True,
        singular=kind.lower(),
        verbs=READ,
    )
    return replace(base, **more)


PODS = resource("pods", "Pod", short_names=("po",), categories=("all",))
MAPS = resource("configmaps", "ConfigMap", short_names=("cm",))
BINDINGS = resource("bindings", "Binding", verbs=("create",))
JOBS = resource("jobs", "Job", "batch", categories=("all",))
V2 = resource("pumps", "Pump", "example.com", "v2", short_names=("pu",), categories=("plumbing",))
V1 = replace(V2, version="v1")
ONLY_V1 = resource("filters", "Filter", "example.com", singular="")
FACTORY = resource("pumps", "Pump", "factory.example", short_names=("pu", "fp"), namespaced=False)
VALVES = resource("valves", "Valve", "factory.example", short_names=("po",), categories=("plumbing", "jobs"))
FLOW = resource("flowmeters", "FlowMeter", "factory.example", singular="meter")
OTHER_PODS = resource("pods", "Pod", "factory.example", version="v1beta1")
SERVED = Served((PODS, MAPS, BINDINGS, JOBS, V2, V1, ONLY_V1, FACTORY, VALVES, FLOW, OTHER_PODS))


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("pods", [PODS]),
        ("pod", [PODS]),
        ("POD", [PODS]),
        ("po", [PODS]),
        ("cm", [MAPS]),
        ("pumps", [V2]),
        ("Pump", [V2]),
        ("pu", [V2]),
        ("fp", [FACTORY]),
        ("filter", [ONLY_V1]),
        ("pumps.example.com", [V2]),
        ("pumps.v1.example.com", [V1]),
        ("pumps.v7.example.com", []),
        ("pumps.factory.example", [FACTORY]),
        ("pumps.fact", [FACTORY]),
        ("pu.fact", [FACTORY]),
        ("po.factory.example", [VALVES]),
        ("pods.factory.example", [OTHER_PODS]),
        ("pods.v1.", [PODS]),
        ("meter", [FLOW]),
        ("FlowMeter", []),  # by its kind only with the group, where the singular is another word
        ("flowmeter.factory.example", [FLOW]),
        ("FLOWMETER", []),
        ("FlowMeter.factory.example", [FLOW]),
        ("FlowMeter.v1.factory.example", [FLOW]),
        ("FlowMeter.fact", []),
        ("plumbing", [V2, VALVES]),
        ("all", [PODS, JOBS]),
        ("jobs", [VALVES]),  # a category goes before a resource, as kubectl replaces aliases first
        ("jobs.batch", [JOBS]),
        ("", []),
        (".", []),
        ("pumps.", [V2]),
        ("nonsense.example.com", []),
        ("p" * (MOST_WORD + 1), []),
    ],
)
def test_a_word_means_what_it_means_to_kubectl(word: str, found: list[Resource]) -> None:
    assert list(resolve(SERVED, word)) == found


def test_the_name_of_a_resource_hides_a_short_name_of_another() -> None:
    hiding = resource("po", "Potentiometer", "example.com")
    assert resolve(Served((*SERVED.resources, hiding)), "po") == (hiding,)


def test_a_resource_that_a_preferred_version_lacks_is_found_in_another() -> None:
    assert resolve(Served((V2, ONLY_V1)), "filters.example.com") == (ONLY_V1,)


def test_completion_offers_what_can_be_listed_by_the_shortest_name_that_means_it() -> None:
    assert words([SERVED], "pu") == ["pumps", "pumps.factory.example"]
    assert words([SERVED], "p") == [
        "plumbing",
        "pods",
        "pods.factory.example",
        "pumps",
        "pumps.factory.example",
    ]
    assert words([SERVED], "bind") == []


def test_completion_goes_on_with_groups_and_versions_once_a_dot_is_typed() -> None:
    assert words([SERVED], "pumps.") == [
        "pumps.example.com",
        "pumps.factory.example",
        "pumps.v1.example.com",
        "pumps.v1.factory.example",
        "pumps.v2.example.com",
    ]


def test_completion_offers_what_any_cluster_serves() -> None:
    assert words([Served((PODS,)), Served((FACTORY,))], "p") == ["pods", "pumps"]


def test_every_word_that_completion_offers_means_something() -> None:
    for begun in ("", "p", "pumps.", "va"):
        for word in words([SERVED], begun):
            assert resolve(SERVED, word), word


def test_an_owner_is_found_by_group_and_kind() -> None:
    assert SERVED.kind("batch", "Job") == JOBS
    assert SERVED.kind("example.com", "Pump") == V2
    assert SERVED.kind("", "Job") is None

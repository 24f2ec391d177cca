"""Leases, meters, selectors and the words that mean resources, each case compared whole."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.lease import Lease, lease_of
from edgetui.model.meter import Meter
from edgetui.model.resources.resolve import resolve, words
from edgetui.model.resources.served import Resource, Served
from edgetui.model.selector import Requirement, holds, parse


@pytest.mark.parametrize(
    ("answer", "lease"),
    [
        ({"spec": {"holderIdentity": "a\nb", "leaseDurationSeconds": 40,
        "leaseTransitions": 3}}, Lease("a b", 0.0, 40, 0.0, 3)),
        ({"spec": {"renewTime": "1970-01-01T00:00:09Z",
        "acquireTime": "1970-01-01T00:00:05Z"}}, Lease("", 9.0, None, 5.0)),
        ({"spec": {"holderIdentity": 7, "leaseDurationSeconds": True, "leaseTransitions": "3",
        "renewTime": 9}}, Lease()),
        ({"spec": 7}, Lease()), ({}, Lease()), (None, Lease()), ([], Lease()),
    ],
)  # fmt: skip
def test_what_a_lease_says(answer: Any, lease: Lease) -> None:
    assert lease_of(answer) == lease
    assert (Lease().renewed, Lease().since, Lease().seconds, Lease().transitions, Lease().holder) == (
        0.0,
        0.0,
        None,
        None,
        "",
    )
    assert [Lease("a", 100.0, 40).over(now) for now in (139.0, 140.0, 140.1)] == [False, False, True]
    assert not Lease("a", 100.0).over(9999.0)


def test_a_rate_over_a_window() -> None:
    meter = Meter(10.0)
    assert (meter.span, meter.rate) == (0.0, 0.0)
    for now, total, span, rate in (
        (0.0, 0, 0.0, 0.0), (5.0, 50, 5.0, 10.0), (10.0, 150, 10.0, 15.0), (15.0, 150, 10.0, 10.0),
        (15.5, 150, 10.5, 100 / 10.5),
        (40.0, 400, 24.5, 250 / 24.5), (60.0, 400, 20.0, 0.0), (60.0, 500, 20.0, 5.0),
    ):  # fmt: skip
        meter.read(now, total)
        assert meter.span == span
        assert meter.rate == pytest.approx(rate)
    meter.restart()
    assert (meter.span, meter.rate) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a", [("a", None, False)]), ("!a", [("a", None, True)]), ("a=b", [("a", {"b"}, False)]),
        ("a==b", [("a", {"b"}, False)]),
        ("a!=b", [("a", {"b"}, True)]), ("a in (b, c)", [("a", {"b", "c"}, False)]),
        ("a notin (b)", [("a", {"b"}, True)]),
        ("x.y/a=b,!c , d", [("x.y/a", {"b"}, False), ("c", None, True), ("d", None, False)]),
        ("a=", [("a", {""}, False)]),
        ("a in ()", [("a", {""}, False)]), ("", None), ("a,", None), (",a", None), ("a=b c", None),
        ("a in b", None), ("=b", None),
    ],
)  # fmt: skip
def test_what_a_selector_requires(text: str, found: list[Any] | None) -> None:
    if found is None:
        with pytest.raises(ValueError, match="is not a selector such as"):
            parse(text)
        return
    assert [tuple(one) for one in parse(text)] == found


def test_what_passes_a_requirement() -> None:
    for values, negated, of, passes in (
        (None, False, "b", True), (None, False, None, False), (None, True, "b", False), (None, True, None, True),
        (frozenset({"b"}), False, "b", True), (frozenset({"b"}), False, "c", False),
        (frozenset({"b"}), False, None, False),
        (frozenset({"b"}), True, "b", False), (frozenset({"b"}), True, "c", True),
        (frozenset({"b"}), True, None, True),
    ):  # fmt: skip
        one = Requirement("a", values, negated)
        has = {} if of is None else {"a": of}
        assert one.holds(has) is passes
        assert holds((one, Requirement("z", None, True)), has) is passes
        assert not holds((one, Requirement("z", None, False)), has)


def test_the_versions_and_groups_that_a_word_names() -> None:
    def of(plural: str, kind: str, group: str, version: str, *short: str, **more: Any) -> Resource:
        given: dict[str, Any] = {
            "singular": kind.lower(),
            "verbs": ("list",),
            "short_names": short,
            "namespaced": True,
            **more,
        }
        return Resource(group=group, version=version, plural=plural, kind=kind, **given)

    v2, v1 = of("pumps", "Pump", "example.com", "v2", "pu"), of("pumps", "Pump", "example.com", "v1", "pu")
    other, twin = (
        of("pumps", "Pump", "example.org", "v1", "pu", "px"),
        of("pompes", "Pump", "example.com", "v2"),
    )
    valve = of("valves", "Valve", "plain.org", "v1", "pu", "va", verbs=("create",))
    served = Served((v2, v1, other, valve))
    for word, found in (
        ("pumps", v2), ("pump.example.org", other), ("pumps.v1.example.com", v1), ("pump.v1.example.com", v1),
        ("pumps.v1.example.org", other), ("pumps.v2.example.org", None), ("pu.plain", valve), ("pu.example.o", other),
        ("px", other), ("va", valve), ("va.plain.org", valve), ("Pump.example.org", other),
        ("Pump.v1.example.org", other),
        ("Pump.v2.example.org", None), ("PUMPS", v2), ("Valve.plain.org", valve), ("valve.plain", valve),
        ("pumps.org", None),
    ):  # fmt: skip
        assert resolve(served, word) == (() if found is None else (found,)), word
    both = Served((v2, twin))
    assert resolve(both, "pumps") == resolve(both, "Pump.example.com") == (twin,)
    assert words([served], "") == ["pumps", "pumps.example.org"]
    assert words([served], "pumps.") == [
        "pumps.example.com", "pumps.example.org", "pumps.v1.example.com", "pumps.v1.example.org",
        "pumps.v2.example.com"
    ]  # fmt: skip

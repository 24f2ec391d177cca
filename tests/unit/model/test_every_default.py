"""What is taken where nothing is said: the defaults of what the model makes, beside what works with them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from edgetui.model.autoscaling.explain import Said, why
from edgetui.model.autoscaling.limits import Limits, limits
from edgetui.model.autoscaling.vpa_keda import ScaledObject, one_scaled_object
from edgetui.model.cache.freshness import CacheState, Freshness, LinkState, in_words, merge
from edgetui.model.cache.store import ChangeSet
from edgetui.model.control_plane.findings import Finding, Seen, findings
from edgetui.model.control_plane.leases import Held, read_leases
from edgetui.model.control_plane.voters import Voter, hidden
from edgetui.model.expiry import TokenFacts, parse_jwt
from edgetui.model.kinds.base import Fact, Kind
from edgetui.model.kinds.discovered import TableColumn, head_of, kind_of
from edgetui.model.kinds.endpointslice import Endpoint
from edgetui.model.kinds.service import Port
from edgetui.model.node.demand import Demand, Offer, Taint, demand_of, offer_of
from edgetui.model.node.failure import Step, summary
from edgetui.model.node.forecast import Budget, budget_of
from edgetui.model.node.loss import Prospect, prospects
from edgetui.model.node.zones import Evictions
from edgetui.model.panes.base import Column, State, age_column, iso, state_column
from edgetui.model.pod.diagnosis import Diagnosis, diagnose
from edgetui.model.resources.served import Resource
from edgetui.model.rollout.evidence import Look
from edgetui.model.rollout.guard import State as GuardState
from edgetui.model.rollout.guard import Terms
from edgetui.model.rollout.revision import last_known_good
from edgetui.model.rollout.status import Segments
from edgetui.model.traffic.spread import Rule, rule_of
from edgetui.model.update.version import Version, parse
from edgetui.model.view.filters import Filter, Term
from edgetui.model.view.log_targets import Container, End
from edgetui.model.view.ownership import Owned, Owner, owned_known
from edgetui.model.view.pane_view import ViewChange
from edgetui.model.view.timeline import Timeline, TimelineEntry
from tests.unit.model import factories as f
from tests.unit.model.test_every_guard_step import revision
from tests.unit.model.test_expiry import token
from tests.unit.model.test_scaling import hpa

RESOURCE = Resource(
    group="example.com", version="v1", plural="pumps", kind="Pump", namespaced=True, verbs=("list", "watch")
)


def said(made: Any) -> dict[str, Any]:
    """The fields of something with numbers and switches in them."""
    found = msgspec.structs.asdict(made) if isinstance(made, msgspec.Struct) else made._asdict()
    return {name: one for name, one in found.items() if isinstance(one, int | float)}


def test_what_is_known_of_a_cluster_before_anything_is() -> None:
    assert said(Freshness()) == {
        "heard": 0.0,
        "partial": False,
        "kept": False,
        "unreadable": 0,
        "polled": 0.0,
    }
    assert said(CacheState()) == {"checked": 0.0, "rows": 0}
    assert said(LinkState()) == {"since": 0.0, "heard": 0.0, "retry_at": 0.0}
    merged = merge({"a": Freshness()}, whole=True, read_once=False, only="")
    assert said(merged) == {"heard": 0.0, "partial": True, "kept": False, "unreadable": 0, "polled": 0.0}
    assert in_words(["a"]) == "namespace a"
    assert ChangeSet().status is False
    assert not ChangeSet()


def test_autoscalers_and_what_bounds_them() -> None:
    assert said(Said(True, "x")) == {"good": True, "since": 0}
    assert why(hpa(), (), f.NOW)
    assert said(Limits()) == said(limits([], [], {})) == {"unreadable": 0}
    empty = {"low": 0, "high": 100, "generation": 0, "silent": True}
    assert said(ScaledObject("x", 0, 100)) == said(one_scaled_object({})) == empty


def test_the_control_plane() -> None:
    assert said(Finding("x")) == {"bad": False}
    assert list(findings(Seen(at=5.0), 5.0)) == []
    assert said(Held("x", read_leases([{"metadata": {"name": "x"}}])[0].lease)) == {"created": 0.0}
    assert Voter("x").healthy is True
    assert hidden("K3s").voters == ()
    nothing = {"issued": 0, "not_before": 0, "expires": 0, "legacy": False}
    assert said(TokenFacts()) == said(parse_jwt(token({}))) == nothing


def test_kinds_and_parts_of_their_rows() -> None:
    assert said(Fact("a", "b")) == {"bad": False}
    usual = {
        "namespaced": True,
        "bookmarks": True,
        "polled": 0.0,
        "metered": False,
        "discovered": True,
        "lists_only": False,
    }
    assert said(kind_of(RESOURCE)) == usual
    plain = Kind(**{name: getattr(kind_of(RESOURCE), name) for name in (
        "name", "plural", "group", "version", "namespaced", "wire", "row", "project"
    )})  # fmt: skip
    assert said(plain) == usual | {"discovered": False}
    assert RESOURCE.scalable is False
    assert said(TableColumn("x")) == said(head_of([("x", "string", "", 0)]).columns[0]) == {
        "wide": False, "is_age": False, "is_number": False
    }  # fmt: skip
    endpoint = Endpoint(address="10.0.0.1")
    assert said(endpoint) == {"ready": True, "serving": True, "terminating": False}
    assert (endpoint.usable, endpoint.draining) == (True, False)
    port = Port(80)
    assert (port.node_port, port.words) == (0, "80/TCP")


def test_nodes_and_their_pods() -> None:
    nothing = {"ready": False, "deleting": 0, "evicted": 0, "static": False, "scratch": False}
    assert said(Demand("d", "a", "u")) == said(demand_of({"metadata": {"name": "a"}})) == nothing
    assert said(Taint("a", "NoExecute")) == {"since": 0}
    assert said(Offer("a")) == {"cordoned": False, "ready": True}
    assert said(offer_of({"metadata": {"name": "a"}})) == {"cordoned": False, "ready": False}
    none = {"allowed": 0, "healthy": 0, "wanted": 0, "unready": False}
    assert said(Budget("d", "a", None)) == said(budget_of({"metadata": {"name": "a"}})) == none
    assert said(Step("x")) == {"at": 0.0, "due": False, "bad": False}
    assert Prospect(Demand("d", "a", "u"), None).done is False  # type: ignore[arg-type]
    assert said(Evictions(1, 2, 0.1)) == {"silent": 1, "nodes": 2, "rate": 0.1, "everywhere": False}
    assert not Evictions(1, 2, 0.1).suspended


def test_panes_and_views() -> None:
    bare = {
        "priority": 1,
        "flex": False,
        "moves": False,
        "identity": False,
        "wide": False,
        "width": 9,
        "min_width": 4,
    }
    assert said(Column("a", "A", 9, 4)) == bare
    assert said(state_column(9)) == bare | {"min_width": 10, "moves": True}
    assert said(age_column()) == bare | {"width": 4, "priority": 4, "moves": True}
    assert (State("x").heard, iso(0.0)) == (0.0, None)
    assert said(ViewChange()) == {"order": False}
    assert not ViewChange()
    assert said(TimelineEntry(5.0, "plant", "x", 3)) == {"time": 5.0, "severity": 3, "count": 1}
    assert Timeline(5.0).newest_first() == []
    assert said(Term("a", -1, False)) == {"place": -1, "negate": False, "whole": False, "loose": False}
    from edgetui.model.panes import PANES

    assert Filter("a", PANES["pods"]).terms == (Term("a", -1, False, False, False),)
    assert (Owner("Pod", "a").created, Owned("Pod", None).more) == (0, 0)  # type: ignore[arg-type]
    assert owned_known(f.store_of(), "x") == ((), 0)
    assert said(Container("app")) == {"init": False, "running": False}
    assert (End(0).at, End(0).words(5.0)) == (0, "ended, exit 0")


def test_rollouts_and_their_guard() -> None:
    assert said(Terms()) == {"patience": 120.0, "after": 600.0, "undo": False}
    assert said(GuardState()) == {
        "at": 0.0, "seeing": False, "steady": 0.0, "bad": 0.0, "calm": 0.0, "complete": 0.0, "still": 0.0, "most": 0,
        "not_before": 0.0,
    }  # fmt: skip
    assert GuardState().left(Terms()) == 120.0
    assert (Look().ready_for, Look().newest, Look().complete) == (0.0, [], False)
    assert set(said(Segments()).values()) == {0}
    assert Segments().total == 0
    assert revision(1, "a").withdrawn is False
    assert last_known_good([revision(1, "a")]) is None


def test_small_ones() -> None:
    assert Diagnosis("a", "b", "c").hard is True
    assert diagnose(f.store_of(f.pod("a")).get("Pod", "default", "a")) is None  # type: ignore[arg-type]
    assert (Rule("a", "b").even, rule_of("x")) == (True, None)
    assert (Version(1, 2, 3).build, parse("v1.2.3")) == (0, Version(1, 2, 3, 0, ""))


@pytest.mark.parametrize("suspended", [False, True])
def test_a_node_of_which_nothing_is_known_loses_nothing(suspended: bool) -> None:
    from edgetui.model.kinds.node import NodeRow
    from edgetui.model.node.forecast import Cluster

    assert prospects(Cluster((), ()), "edge-1", suspended=suspended) == []
    row = NodeRow(namespace="", name="edge-1", uid="u", resource_version="1", ready="True")
    assert summary(f.store_of(), row, f.NOW) == ""

"""What is read off the wire: fitted types, printed cells, owners, conditions, selectors,
kept rows and how far a list is."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from edgetui.model.kinds.cells import name, pair, restarts, when
from edgetui.model.kinds.discovered import (
    Moment,
    OwnerName,
    TableColumn,
    cell_text,
    head_of,
    kind_of,
    row_of_cells,
)
from edgetui.model.kinds.fitting import fit
from edgetui.model.kinds.pulled import tagged
from edgetui.model.kinds.update import (
    MOST_NODES,
    Failure,
    UpdateRow,
    WireExpression,
    WireSelector,
    failures,
    names,
    requirements,
)
from edgetui.model.kinds.wire import (
    Condition,
    ImageTemplate,
    Manager,
    Meta,
    OwnerReference,
    Wire,
    condition,
    conditions_of,
    controller_of,
    images,
    labelled,
    number,
    owners_of,
)
from edgetui.model.pod.imageref import ImageRef, digest_of, parse, problem
from edgetui.model.resources.served import Resource
from edgetui.model.update.version import Version, comparable, differs, is_newer, minors_behind
from edgetui.model.update.version import parse as version
from tests.unit.model import factories as f

NOW = float(f.NOW)


# -- values of wrong types


class Inner(Wire):
    count: int | None = None
    word: str | None = None


class Outer(Wire):
    inner: Inner | None = None
    many: list[Inner] | None = None
    words: dict[str, str] | None = None
    on: bool | None = None
    any_thing: Any = None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({}, {}), (None, None), ([], None), ("x", None), ({"inner": {"count": 1, "other": 2}},
        {"inner": {"count": 1}}),
        ({"inner": {"count": "1", "word": "a"}}, {"inner": {"word": "a"}}), ({"inner": 7, "on": True}, {"on": True}),
        ({"inner": None}, {"inner": None}), ({"many": [{"count": 1}, 7, {"word": 2}]}, {"many": [{"count": 1}, {}]}),
        ({"many": {"count": 1}}, {}), ({"many": None}, {"many": None}), ({"words": {"a": "b", "c": 1}},
        {"words": {"a": "b"}}),
        ({"words": []}, {}), ({"on": "true"}, {}), ({"on": 1}, {}), ({"anyThing": [1, "x"]}, {"anyThing": [1, "x"]}),
        ({"inner": {"count": True}}, {"inner": {}}), ({"inner": {"count": 1.5}}, {"inner": {}}),
    ],
)  # fmt: skip
def test_what_is_left_of_values_of_wrong_types(value: Any, found: Any) -> None:
    assert fit(value, Outer) == found


# -- printed cells


@pytest.mark.parametrize(
    ("text", "ago"),
    [("3d4h", 3 * 86400 + 4 * 3600), ("5s", 5), ("2m", 120), ("1y2d", 367 * 86400), ("0s", 0),
    ("<unknown>", None), ("", None),
     ("5", None), ("5x", None), ("5m ago", None)],
)  # fmt: skip
def test_the_moment_of_a_printed_age(text: str, ago: int | None) -> None:
    assert when(text, NOW + 0.9) == (0 if ago is None else f.NOW - ago)


def test_printed_counts_and_names() -> None:
    assert restarts("3", NOW) == (3, 0)
    assert restarts("14 (5m ago)", NOW) == (14, f.NOW - 300)
    assert restarts("1 (soon ago)", NOW) == (1, 0)
    for odd in ("", "x", "3 (5m", "3 5m ago", "-1"):
        with pytest.raises(ValueError, match="is no number of restarts"):
            restarts(odd, NOW)
    assert (pair("1/3"), name("edge-1"), name("<none>"), name("")) == ((1, 3), "edge-1", "", "")
    for odd in ("1", "a/b", "1/", ""):
        with pytest.raises(ValueError, match="int"):
            pair(odd)


def test_the_head_of_a_printed_table() -> None:
    head = head_of([
        ("Name", "string", "name", 0), ("Phase", "string", "", 0), ("Count", "integer", "", 1), ("Share",
        "number", "", 0),
        ("Since", "date", "", 0), ("Age", "string", "", 0), ("Name", "string", "", 0), ("Last Seen", "string", "", 0),
    ])  # fmt: skip
    assert head.width == 8
    assert head.columns == (
        TableColumn("Phase"), TableColumn("Count", wide=True, is_number=True), TableColumn("Share", is_number=True),
        TableColumn("Since", is_age=True), TableColumn("Name"), TableColumn("Last Seen", is_age=True),
    )  # fmt: skip
    assert head.places == (1, 2, 3, 4, 6, 7)
    assert head_of([("Name", "string", "", 0)]).columns == ()
    assert [one.title for one in head_of([("N" * 40, "string", "", 0)]).columns] == ["N" * 31 + "…"]
    many = head_of([(f"c{at}", "string", "", 0) for at in range(60)])
    assert (len(many.columns), many.places[-1], many.width) == (48, 47, 60)


def test_the_row_of_printed_cells() -> None:
    head = head_of(
        [
            ("Phase", "string", "", 0),
            ("Count", "integer", "", 0),
            ("Since", "date", "", 0),
            ("Odd", "string", "", 0),
        ]
    )
    meta = Meta(name="a", namespace="d", uid="u", resource_version="1", owner_references=[
        OwnerReference(api_version="v1", kind="Node", name="n", uid="o"),
        OwnerReference(api_version="example.com/v1", kind="Pump", name="p", uid="q", controller=True),
    ])  # fmt: skip
    row = row_of_cells(head, ["Run\nning", 3, "5m", {"a": [1]}], meta, NOW)
    assert row.cells == ("Run ning", 3, Moment(f.NOW - 300), '{"a":[1]}')
    assert row.owner == OwnerName("example.com", "Pump", "p")
    assert (row.name, row.namespace, row.uid, row.owner_uid, row.owner_name) == ("a", "d", "u", "q", "p")
    assert row_of_cells(head, [True, None, "soon", 1.5], Meta(), NOW).cells == ("true", None, "soon", 1.5)
    with pytest.raises(ValueError, match=r"^3 cells in 4 columns$"):
        row_of_cells(head, ["a", 1, "5m"], meta, NOW)
    assert [cell_text(one, NOW) for one in (None, 3, "a", Moment(f.NOW - 300), Moment(0))] == [
        "<none>",
        "3",
        "a",
        "5m",
        "-",
    ]
    long = row_of_cells(head_of([("x", "string", "", 0)]), ["x" * 200], Meta(), NOW).cells
    assert long == ("x" * 159 + "…",)


def test_the_kind_of_what_was_found_to_be_served() -> None:
    pump = Resource(
        group="example.com",
        version="v1",
        plural="pumps",
        kind="Pump",
        namespaced=True,
        short_names=("pu",),
        verbs=("list",),
    )
    made = kind_of(pump)
    assert (made.id, made.namespaced, made.bookmarks, made.owns, made.discovered, made.lists_only) == (
        "Pump.example.com", True, True, None, True, True
    )  # fmt: skip
    assert not kind_of(replace(pump, verbs=("list", "watch"))).lists_only
    assert not kind_of(replace(pump, plural="events")).bookmarks


# -- owners, conditions, selectors, numbers


def test_what_metadata_says() -> None:
    meta = Meta(
        name="a", namespace="d", uid="u", resource_version="7", creation_timestamp="1970-01-01T00:00:05Z",
        deletion_timestamp="1970-01-01T00:00:09Z", labels=msgspec.Raw(b'{"app":"press"}'),
        owner_references=[OwnerReference(api_version="apps/v1", kind="ReplicaSet", name="r", uid="o", controller=True)],
    )  # fmt: skip
    said = {
        "namespace": "d", "name": "a", "uid": "u", "resource_version": "7", "created": 5, "deleting": 9,
        "owner_uid": "o",
        "owner_kind": "ReplicaSet", "owner_name": "r", "labels": "\x1fapp=press\x1f",
    }  # fmt: skip
    nothing = said | dict.fromkeys(said, "") | {"created": 0, "deleting": 0}
    for repeated in (False, True):
        assert labelled(meta, repeated=repeated) == said
        assert labelled(Meta(), repeated=repeated) == labelled(None, repeated=repeated) == nothing


def reference(kind: Any, name: Any = "x", **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "name": name, "uid": "u", **more}


def test_owners_and_conditions_of_any_object() -> None:
    obj = {"metadata": {"ownerReferences": [
        reference("A"), 7, reference(7), reference("B", controller=True), reference("C", ""),
        reference("D", controller="x"),
    ]}}  # fmt: skip
    assert [one.kind for one in owners_of(obj)] == ["B", "A", "D"]
    found = controller_of(obj)
    assert found is not None
    assert found.kind == "B"
    assert controller_of({"metadata": {"ownerReferences": [reference("A")]}}) is None
    without_owners: list[Any] = [{}, None, {"metadata": 7}, {"metadata": {"ownerReferences": {}}}]
    for odd in without_owners:
        assert (owners_of(odd), controller_of(odd)) == ((), None)
    told = {"status": {"conditions": [
        {"type": "Ready", "status": "True", "reason": "R", "message": "m" * 400,
        "lastTransitionTime": "1970-01-01T00:00:05Z",
         "lastUpdateTime": "1970-01-01T00:00:06Z"}, {"status": "True"}, 7, {"type": "Odd", "status": 7},
    ]}}  # fmt: skip
    first, second = conditions_of(told)
    assert first == Condition("Ready", "True", "R", "m" * 100 + "…" + "m" * 199, 5, 6)
    assert second == Condition("Odd", "")
    assert (condition((first, second), "Odd"), condition((first,), "Odd"), condition((), "Odd")) == (
        second,
        None,
        None,
    )
    without_conditions: list[Any] = [{}, None, {"status": 7}, {"status": {"conditions": {}}}]
    for odd in without_conditions:
        assert conditions_of(odd) == ()
    assert [number(text) for text in ("7", "", None, "x", "9" * 20)] == [7, 0, 0, 0, 0]
    assert images(None) == images(ImageTemplate()) == ()
    assert [Manager("T", "n", space).words for space in ("", "d")] == ["T n", "T d/n"]


def expression(operator: str | None, *values: str, key: str | None = "a") -> WireSelector:
    return WireSelector(
        match_expressions=[WireExpression(key=key, operator=operator, values=list(values) or None)]
    )


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        (None, []), (WireSelector(), []), (WireSelector(match_labels={"a": "b"}), [("a", {"b"}, False)]),
        (expression("In", "b", "c"), [("a", {"b", "c"}, False)]), (expression("NotIn", "b"), [("a", {"b"}, True)]),
        (expression("Exists"), [("a", None, False)]), (expression("DoesNotExist"), [("a", None, True)]),
        (expression("In"), None), (expression("NotIn"), None), (expression("Gt", "1"), None),
        (expression(None), None),
        (expression("Exists", key=None), [("", None, False)]),
    ],
)  # fmt: skip
def test_what_a_label_selector_asks_for(selector: WireSelector | None, found: list[Any] | None) -> None:
    made = requirements(selector)
    assert (made if made is None else [tuple(one) for one in made]) == found


def test_names_and_failures_as_a_row_keeps_them() -> None:
    assert names(["a", None, "", "b\n"]) == ("a", "b")
    assert names(None) == ()
    assert len(names(["a"] * (MOST_NODES + 5))) == MOST_NODES == 1000
    assert failures([("a", "no"), (None, "x"), ("b", None)]) == (Failure("a", "no"), Failure("b", ""))
    assert len(failures([("a", "no")] * 1005)) == 1000
    row = UpdateRow(namespace="", name="x", uid="u", resource_version="1")
    assert [row.busy(who) for who in ("", "edge-1")] == ["updating", "updating edge-1"]


# -- images and versions


DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("press", ImageRef("docker.io", "library/press", "latest", "")), ("press:1", ImageRef("docker.io",
        "library/press", "1", "")),
        ("team/press", ImageRef("docker.io", "team/press", "latest", "")),
        ("docker.io/press", ImageRef("docker.io", "library/press", "latest", "")),
        ("quay.io/press:1", ImageRef("quay.io", "press", "1", "")), ("localhost/press", ImageRef("localhost",
        "press", "latest", "")),
        ("host:5000/press", ImageRef("host:5000", "press", "latest", "")),
        ("[::1]:5000/a/b:c", ImageRef("[::1]:5000", "a/b", "c", "")),
        (f"press@{DIGEST}", ImageRef("docker.io", "library/press", "", DIGEST)),
        (f"press:1@{DIGEST}", ImageRef("docker.io", "library/press", "1", DIGEST)),
        (f"press@{DIGEST}0", None), (f"press@{DIGEST[:-1]}", None), ("Press", None), ("Team/press", None),
        ("", None), ("a b", None),
        ("press:", None), ("press@sha256:1", None), ("a" * 247, None), ("x" * 513, None),
        ("a.b/" + "c" * 251, ImageRef("a.b", "c" * 251, "latest", "")),
        ("a.b/" + "c" * 252, None),
    ],
)  # fmt: skip
def test_every_image_reference(text: str, found: ImageRef | None) -> None:
    assert parse(text) == found
    assert digest_of(text) == (found.digest if found else "")
    if found is not None:
        name_ = f"{found.registry}/{found.repository}"
        assert found.full == (f"{name_}@{found.digest}" if found.digest else f"{name_}:{found.tag}")
        assert problem(text) == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Type an image, for example registry.local/press:2.1."), ("a b", "An image has no spaces in it."),
        ("press@sha256:1", "A digest is sha256: and 64 characters from 0-9 and a-f."), ("Press:1",
        "The name of an image has no capitals."),
        ("a/Press:1", "The name of an image has no capitals."),
        ("press:", "“press:” is not an image: it is written REGISTRY/NAME:TAG or REGISTRY/NAME@DIGEST."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_image(text: str, words: str) -> None:
    assert problem(text) == words


@pytest.mark.parametrize(
    ("text", "tag", "plain", "anew"),
    [("press", "2", "press:2", "press:2"), ("press:1", "2", "press:1", "press:2"), ("a:5000/press", "2",
    "a:5000/press:2", "a:5000/press:2"),
     (f"press@{DIGEST}", "2", f"press@{DIGEST}", "press:2"), ("a:5000/press:1", "2", "a:5000/press:1",
     "a:5000/press:2")],
)  # fmt: skip
def test_an_image_with_a_tag(text: str, tag: str, plain: str, anew: str) -> None:
    assert (tagged(text, tag), tagged(text, tag, anew=True)) == (plain, anew)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("v1.34.2", Version(1, 34, 2)), ("1.34", Version(1, 34, 0)), ("v1.34.2+k3s1", Version(1, 34, 2, 1, "K3s")),
        ("v1.34.2-k3s1", Version(1, 34, 2, 1, "K3s")), ("v1.34.2+rke2r3", Version(1, 34, 2, 3, "RKE2")),
        ("v1.34.2+k0s.0", Version(1, 34, 2, 0, "k0s")), ("v1.34.2-rc.1+k3s2", Version(1, 34, 2, 2, "K3s")),
        ("v1.34.2-eks-1", Version(1, 34, 2)),
        ("stable", None), ("", None), ("v1", None), ("v1.34.2x", None), ("v1.34.2+other", Version(1, 34, 2)),
    ],
)  # fmt: skip
def test_every_version(text: str, found: Version | None) -> None:
    assert version(text) == found


@pytest.mark.parametrize(
    ("one", "other", "newer", "unlike", "behind"),
    [
        ("v1.34.2+k3s1", "v1.34.2+k3s1", False, False, 0), ("v1.34.2+k3s2", "v1.34.2+k3s1", True, True, 0),
        ("v1.33.9+k3s1", "v1.34.2+k3s1", False, True, 1), ("v1.35.0+k3s1", "v1.34.2+k3s1", True, True, -1),
        ("v1.34.2+k3s1", "v1.34.2+rke2r1", False, False, 0), ("v1.34.2", "v1.33.0", False, False, -1), ("x",
        "v1.33.0", False, False, None),
        ("v1.33.0", "x", False, False, None), ("v2.0.0", "v1.33.0", False, False, None), ("v1.34.2",
        "v1.34.2+k3s1", False, False, 0),
    ],
)  # fmt: skip
def test_how_versions_compare(one: str, other: str, newer: bool, unlike: bool, behind: int | None) -> None:
    assert (is_newer(one, other), differs(one, other), minors_behind(one, other)) == (newer, unlike, behind)
    assert (comparable(one, other) is None) == (comparable(other, one) is None)
    assert (comparable(one, other) is not None) == ("+k3s" in one and "+k3s" in other)

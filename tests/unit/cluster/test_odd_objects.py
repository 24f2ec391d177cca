"""One odd object or field costs itself only: in a list, in a watch, and read alone."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from edgetui.cluster.watch.events import EventDecoder, Unreadable, decode_page
from edgetui.cluster.watch.flatjson import elements, members
from edgetui.cluster.watch.reflector import states as r
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.base import Kind, NotReadable, Row
from edgetui.model.kinds.pod import PodRow

from .odd_objects import DEEP, OBJECTS, ODD, changed, paths

POD = KINDS["Pod"]


def listed(kind: Kind, *items: bytes) -> bytes:
    head = json.dumps({"kind": f"{kind.name}List", "metadata": {"resourceVersion": "5"}}).encode()
    return b'%s,"items":[%s]}' % (head[:-1], b",".join(items))


def named(kind: str, name: str) -> bytes:
    obj = OBJECTS[kind]
    return json.dumps({**obj, "metadata": {**obj["metadata"], "name": name, "uid": f"uid-{name}"}}).encode()


def test_every_kind_is_among_the_objects() -> None:
    assert set(OBJECTS) >= set(KINDS)
    for id, thing in OBJECTS.items():
        assert thing.get("kind", KINDS[id].name) == KINDS[id].name


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_of_another_type_loses_no_other_object(kind: str) -> None:
    known, first, last = KINDS[kind], named(kind, "first"), named(kind, "last")
    whole_first, whole_last = decode_page(known, listed(known, first, last)).rows
    for path in paths(OBJECTS[kind]):
        for odd in ODD:
            strange = changed(OBJECTS[kind], path, odd)
            page = decode_page(known, listed(known, first, strange, last))
            assert page.rows[0] == whole_first, path
            assert page.rows[-1] == whole_last, path
            assert len(page.rows) + len(page.odd) == 3, path


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_of_another_type_ends_no_watch(kind: str) -> None:
    known, after = KINDS[kind], b'{"type":"ADDED","object":%s}\n' % named(kind, "last")
    for path in paths(OBJECTS[kind]):
        for odd in ODD:
            strange = changed(OBJECTS[kind], path, odd)
            (changes,) = EventDecoder(known).feed(b'{"type":"MODIFIED","object":%s}\n' % strange + after)
            assert isinstance(changes, r.Changes), path
            (how, row), (_, last) = changes.items
            assert last.name == "last"
            assert how in ("MODIFIED", "UNREADABLE")
            assert (how == "MODIFIED") == (type(row) is not Row)


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_of_another_type_is_left_out_of_an_object_read_alone(kind: str) -> None:
    for path in paths(OBJECTS[kind]):
        for odd in ODD:
            if odd != DEEP:
                _one(kind, json.loads(changed(OBJECTS[kind], path, odd)))


def _one(kind: str, obj: Any) -> Row | None:
    try:
        return row_of(kind, obj)
    except (msgspec.ValidationError, NotReadable):
        return None


@pytest.mark.parametrize("kind", KINDS)
def test_an_odd_field_beside_the_name_keeps_the_object(kind: str) -> None:
    """Whatever is wrong with one field, the object is there: only its name, and a maximum, cannot be done without."""
    needed = {("metadata",), ("metadata", "name"), ("spec",), ("spec", "maxReplicas")}
    for path in paths(OBJECTS[kind]):
        if not path or (path in needed and (path[0] == "metadata" or kind == "HorizontalPodAutoscaler")):
            continue
        for odd in (7, "x", ["x"], {"x": 1}, None):
            row = _one(kind, json.loads(changed(OBJECTS[kind], path, odd)))
            assert row is not None and row.name == OBJECTS[kind]["metadata"]["name"], path


def test_any_number_of_odd_fields_is_left_out() -> None:
    statuses: list[Any] = [{"name": f"c{n}", "restartCount": "3", "ready": 7} for n in range(100)]
    statuses[50:50] = [None, {"name": "good", "restartCount": 4}, 7]
    item = json.dumps(
        {"metadata": {"name": "odd"}, "status": {"phase": 7, "containerStatuses": statuses}}
    ).encode()
    (row,) = decode_page(POD, listed(POD, item)).rows
    assert isinstance(row, PodRow)
    assert (row.name, row.phase, row.restarts) == ("odd", "", 4)


@pytest.mark.parametrize(
    "odd",
    [
        b"null",
        b"7",
        b"[]",
        b"{}",
        b'{"metadata":{"name":""}}',
        b'{"metadata":{"name":7}}',
        b'{"metadata":{"name":"\xff"}}',
        b'{"metadata":{"name":"\\ud800"}}',
        b'{"metadata":{"name":"x"},"spec":tru}',
        b'{"metadata":{"name":"x"},"spec":%s}' % (b"[" * 5000 + b"]" * 5000),
    ],
)
def test_an_object_that_cannot_be_read_is_counted_and_the_others_stay(odd: bytes) -> None:
    good = b'{"metadata":{"name":"good","namespace":"ns"}}'
    page = decode_page(POD, listed(POD, good, odd, good.replace(b"good", b"better")))
    assert ([row.name for row in page.rows], len(page.odd)) == (["good", "better"], 1)
    (changes,) = EventDecoder(POD).feed(
        b'{"type":"ADDED","object":%s}\n{"type":"ADDED","object":%s}\n' % (odd, good)
    )
    assert isinstance(changes, r.Changes)
    assert [how for how, _ in changes.items] == ["UNREADABLE", "ADDED"]


def test_an_object_that_cannot_be_read_still_has_its_name_and_can_go() -> None:
    deep = b'{"metadata":{"name":"x","namespace":"ns","uid":"u","resourceVersion":"9"},"spec":%s}' % (
        b"[" * 5000 + b"]" * 5000
    )
    lines = b"".join(b'{"type":"%s","object":%s}\n' % (how, deep) for how in (b"MODIFIED", b"DELETED"))
    (changes,) = EventDecoder(POD).feed(lines)
    assert isinstance(changes, r.Changes)
    assert [(how, row.namespace, row.name, row.uid, row.resource_version) for how, row in changes.items] == [
        ("UNREADABLE", "ns", "x", "u", "9"),
        ("DELETED", "ns", "x", "u", "9"),
    ]


DEFECTS = (
    ZeroDivisionError,
    OverflowError,
    AttributeError,
    KeyError,
    IndexError,
    TypeError,
    ValueError,
    NotReadable,
)


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_kind_that_fails_on_one_object_costs_that_object(defect: type[Exception]) -> None:
    def project(pod: Any) -> Row:
        if pod.metadata.name == "bad":
            raise defect("x")
        return POD.project(pod)

    kind = msgspec.structs.replace(POD, project=project)
    good, bad = (b'{"metadata":{"name":"%s","resourceVersion":"3"}}' % name for name in (b"good", b"bad"))
    page = decode_page(kind, listed(kind, bad, good))
    assert ([row.name for row in page.rows], [row.name for row in page.odd]) == (["good"], ["bad"])
    (changes,) = EventDecoder(kind).feed(
        b'{"type":"ADDED","object":%s}\n{"type":"ADDED","object":%s}\n' % (bad, good)
    )
    assert isinstance(changes, r.Changes)
    assert [(how, row.name) for how, row in changes.items] == [("UNREADABLE", "bad"), ("ADDED", "good")]


@pytest.mark.parametrize("cut", [b"", b"]", b"]}", b"]}}"])
def test_a_list_cut_short_is_no_list_of_what_came_before(cut: bytes) -> None:
    whole = listed(POD, b'{"metadata":{"name":"a"}}', b'{"metadata":{"name":"b"},"spec":tru}')
    with pytest.raises(Unreadable):
        decode_page(POD, whole[:-2] + cut if cut != b"]}" else whole[:-9])


def test_nothing_follows_a_failure() -> None:
    error = b'{"type":"ERROR","object":{"kind":"Status","code":410}}\n'
    good = b'{"type":"ADDED","object":{"metadata":{"name":"good"}}}\n'
    inputs = EventDecoder(POD).feed(good + error + good + error)
    assert [type(one) for one in inputs] == [r.Changes, r.Failed]


def test_json_is_cut_where_its_parts_end() -> None:
    assert elements(b' [ 1 , "a,]\\"," ,{"b":[2,3]}, null ] ') == [
        b"1",
        b'"a,]\\","',
        b'{"b":[2,3]}',
        b"null",
    ]
    assert members(b'{"a" : [1,{"x":2}], "b,}":"c:d" }') == {b'"a"': b'[1,{"x":2}]', b'"b,}"': b'"c:d"'}
    assert (elements(b"[]"), members(b"{}"), elements(b"{}"), members(b"[1]")) == ([], {}, [], {})
    assert (elements(b"[1,2"), members(b'{"a":1}}'), elements(b"")) == ([], {}, [])

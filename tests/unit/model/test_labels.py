"""Labels: one text for many rows, and every label still answered as the server has it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from edgetui.model import labels
from edgetui.model.cache.snapshot import pack, unpack
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.pod import PodRow
from edgetui.model.panes import PANES
from edgetui.model.view.filters import Filter
from edgetui.model.view.fleet import FleetView
from tests.unit.model import factories as f


def pod(name: str, **more: Any) -> PodRow:
    row = row_of("Pod", f.pod(name, **more))
    assert isinstance(row, PodRow)
    return row


def asked(row: Row, text: str) -> bool:
    return Filter(text, PANES["pods"]).matches("", row)


def member(number: int) -> dict[str, str]:
    return {
        "app": "db",
        "apps.kubernetes.io/pod-index": str(number),
        "controller-revision-hash": "db-7f9c66",
        "statefulset.kubernetes.io/pod-name": f"db-{number}",
    }


def test_the_pods_of_a_stateful_set_share_one_text_and_answer_for_their_own() -> None:
    first, second = (pod(f"db-{n}", labels=member(n)) for n in (0, 11))
    assert first.labels is second.labels
    assert labels.values(second) == member(11)
    assert asked(second, "apps.kubernetes.io/pod-index=11")
    assert asked(second, "statefulset.kubernetes.io/pod-name=db-11")
    assert asked(second, "controller-revision-hash=db-7f9c66 app=db")
    assert not asked(second, "apps.kubernetes.io/pod-index=0")
    assert not asked(second, "statefulset.kubernetes.io/pod-name!=db-11")


def test_the_pods_of_jobs_share_one_text() -> None:
    def run(number: int) -> PodRow:
        job = {"name": f"sweep-{number}", "uid": f"uid-{number}", "kind": "Job", "controller": True}
        made = f.pod(
            f"sweep-{number}-x2k4q",
            labels={"app": "sweep", "job-name": job["name"], "controller-uid": job["uid"]},
        )
        made["metadata"]["ownerReferences"] = [job]
        row = row_of("Pod", made)
        assert isinstance(row, PodRow)
        return row

    assert run(1).labels is run(2).labels
    assert asked(run(2), "job-name=sweep-2,controller-uid=uid-2")
    assert not asked(run(2), "job-name=sweep-1")


def test_labels_that_were_copied_to_another_pod_are_that_pods_own() -> None:
    pod("db-0", labels=member(0))
    copy = pod("db-debug", labels=member(0))
    assert labels.values(copy) == member(0)
    assert asked(copy, "statefulset.kubernetes.io/pod-name=db-0")
    assert not asked(copy, "statefulset.kubernetes.io/pod-name=db-debug")


def test_case_does_not_count_and_a_value_is_meant_whole() -> None:
    row = pod("a", labels={"App": "Press", "note": ""})
    assert asked(row, "app=press") and asked(row, "APP==PRESS")
    assert not asked(row, "app=pres") and not asked(row, "ap=press") and not asked(row, "pp=press")
    assert asked(row, "note!=x")


def test_a_label_that_is_called_like_a_column() -> None:
    row = pod("a", labels={"name": "press"})
    assert asked(row, "label:name=press") and not asked(row, "!label:name=press")


def test_of_a_row_without_known_labels_nothing_is_said() -> None:
    row = pod("a")
    row.labels = labels.UNKNOWN
    assert not asked(row, "app=press") and not asked(row, "app!=press")
    assert asked(row, "")


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"", {}),
        (b"null", {}),
        (b"{}", {}),
        (b'{"a":"b","c/d.e":"","f":"G_-."}', {"a": "b", "c/d.e": "", "f": "G_-."}),
        (b'{ "a": "b", "c\\u002fd": "e" }', {"a": "b", "c/d": "e"}),
        (b"[1]", {}),
        (b'{"a":"b"', {}),
        (b"[" * 5000, {}),
        (b'{"a":1,"b":null,"c":"d","e":["f"]}', {"c": "d"}),
        (b'{"a=b":"c","d":"e"}', {"d": "e"}),
        (b'{"a":"b\\u001fapp=press","c":"\\u001e","":"d"}', {}),
        (b'{"a":"%b","b":"c"}' % (b"x" * 64), {"b": "c"}),
    ],
)
def test_labels_are_taken_however_they_are_written_and_nothing_else_is(
    raw: bytes, found: dict[str, str]
) -> None:
    assert labels.read(msgspec.Raw(raw)).values() == found


def test_the_table_of_texts_is_bounded() -> None:
    for number in range(3 * labels._MOST_SHARED):
        labels.share(f"text {number}")
    assert len(labels._shared) <= labels._MOST_SHARED


def test_rows_that_were_kept_share_their_text_again() -> None:
    rows = [pod(f"db-{n}", labels=member(n)) for n in (0, 1)]
    back = unpack(KINDS["Pod"], pack(KINDS["Pod"], rows, 1.0, False))
    assert back == rows
    assert back is not None and back[0].labels is back[1].labels


def test_a_mark_that_another_version_kept_is_an_empty_value() -> None:
    row = pod("a")
    row.labels = "\x1fapp=press\x1fplace=\x1e\x1f"
    assert labels.values(row) == {"app": "press", "place": ""}
    assert asked(row, "app=press place!=north")


@pytest.mark.parametrize(
    "made",
    [
        f.node("node-1", labels={"site": "north"}),
        f.deployment("press", labels={"site": "north"}),
        f.stateful_set("db", labels={"site": "north"}),
        f.daemon_set("ag", labels={"site": "north"}),
        f.autoscaler("press", labels={"site": "north"}),
        f.service("press", labels={"site": "north"}),
    ],
    ids=lambda made: made["kind"],
)
def test_every_kind_of_a_pane_has_its_labels(made: dict[str, Any]) -> None:
    assert labels.values(row_of(made["kind"], made))["site"] == "north"


def test_a_change_of_labels_alone_moves_a_row_into_the_filter_and_out_of_it() -> None:
    store = f.store_of(f.pod("press-1", labels={"app": "press"}, version=1))
    view = FleetView(PANES["pods"], [store])
    view.rebuild(f.NOW)
    view.set_filter("app=press")
    seen = []
    for version, app in ((2, "oven"), (3, "press")):
        store.drain()
        store.apply("Pod", row_of("Pod", f.pod("press-1", labels={"app": app}, version=version)))
        view.absorb({store.cluster: store.drain()}, f.NOW)
        seen.append(view.shown)
    assert seen == [0, 1]

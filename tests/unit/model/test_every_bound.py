"""The bounds of what is kept of logs, labels, nodes and pods: the last that is kept whole,
and the first that is not."""

from __future__ import annotations

import json
import random
from typing import Any

import msgspec
import pytest

from edgetui.model import labels
from edgetui.model.autoscaling.limits import limits
from edgetui.model.autoscaling.samples import KEPT, OBJECTS, SPACING
from edgetui.model.kinds import row_of
from edgetui.model.kinds.base import NotReadable, Row
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.node.demand import demand_of
from edgetui.model.pod.logbuffer import (
    LONGEST_LINE,
    MOST_BYTES,
    MOST_LINES,
    Lines,
    LogBuffer,
    Resume,
    Search,
    moment,
    plain,
    split,
)
from edgetui.model.rollout.templatediff import template_diff
from tests.unit.model import factories as f
from tests.unit.model import updates as u

# -- logs


@pytest.mark.parametrize(("length", "lost"), [(16383, 0), (16384, 0), (16385, 1), (40000, 23616)])
def test_a_long_line_is_cut_and_says_so(length: int, lost: int) -> None:
    line = b"x" * length
    shown = line if not lost else b"x" * 16384 + f" [{lost} bytes cut]".encode()
    assert LONGEST_LINE == 16384
    whole = Lines()
    assert whole.feed(b"a\n" + line + b"\nb\n") == [b"a", shown, b"b"]
    assert whole.rest() == b""
    pieces = Lines()
    assert [one for at in range(0, length, 1000) for one in pieces.feed(line[at : at + 1000])] == []
    assert pieces.feed(b"\nrest") == [shown]
    assert (pieces.rest(), pieces.rest()) == (b"rest", b"")


@pytest.mark.parametrize("seed", range(4))
def test_the_newest_lines_are_kept_beside_a_plain_list(seed: int) -> None:
    rng = random.Random(seed)
    buffer, every = LogBuffer(10, 60), list[bytes]()
    search = Search("AB")
    for _ in range(60):
        lines = [
            rng.choice([b"ab", b"c", b"", b"x" * 30, b"y" * 70, b"2026-09-21T14:13:20Z Ab"])
            for _ in range(rng.randrange(4))
        ]
        buffer.extend(lines)
        every += lines
        kept = every[buffer.first :]
        assert len(buffer) == len(kept) <= 10
        assert buffer.size == sum(map(len, kept))
        assert buffer.size <= 60 or len(kept) == 1
        dropped = every[buffer.first - 1 : buffer.first] if buffer.first else []
        assert not dropped or len(kept) == 10 or buffer.size + len(dropped[0]) > 60 or len(lines) > 1
        assert buffer.end == len(every)
        assert [buffer.raw(number) for number in range(buffer.first, buffer.end)] == kept
        for number in (0, buffer.first, buffer.first + 2, buffer.end, buffer.end + 1):
            assert list(buffer.since(number)) == every[max(number, buffer.first) :]
        search.update(buffer)
        found = [number for number in range(buffer.first, buffer.end) if b"ab" in every[number].lower()]
        assert search.found == found
        for number in (buffer.first - 1, *found[:2], buffer.end):
            assert search.before(number) == next(
                (one for one in reversed(found) if one < number), found[-1] if found else None
            )
            assert search.after(number) == next(
                (one for one in found if one > number), found[0] if found else None
            )


def test_a_buffer_keeps_ten_thousand_lines_and_four_megabytes() -> None:
    assert (MOST_LINES, MOST_BYTES) == (10_000, 4_194_304)
    buffer = LogBuffer()
    buffer.extend([b"x"] * 10_001)
    assert (len(buffer), buffer.first, buffer.end) == (10_000, 1, 10_001)
    large = LogBuffer()
    large.extend([b"x" * 2_097_152] * 2)
    assert (len(large), large.first) == (2, 0)
    large.extend([b"x"])
    assert (len(large), large.first, large.size) == (2, 1, 2_097_153)


@pytest.mark.parametrize(
    ("raw", "stamp", "text"),
    [
        (b"2026-09-21T14:13:20Z one", b"2026-09-21T14:13:20Z", b"one"),
        (b"2026-09-21T14:13:20.5+02:00 one", b"2026-09-21T14:13:20.5+02:00", b"one"),
        (b"2026-09-21T14:13:20Z", b"", b"2026-09-21T14:13:20Z"), (b"one", b"", b"one"), (b"", b"", b""),
        (b"2026-09-21 14:13:20 x", b"", b"2026-09-21 14:13:20 x"),
    ],
)  # fmt: skip
def test_a_line_and_its_timestamp(raw: bytes, stamp: bytes, text: bytes) -> None:
    assert split(raw) == (stamp, text)
    buffer = LogBuffer()
    buffer.extend([b"first", raw])
    assert (buffer.stamp(1), buffer.text(1)) == (stamp.decode(), text.decode())
    assert moment(b"2026-09-21T14:13:20Z") == f.NOW
    assert moment(b"") == 0


@pytest.mark.parametrize(
    ("raw", "text"),
    [(b"plain", "plain"), (b"a\r", "a"), (b"a\rb", "a b"), (b"a\tb", "a       b"), (b"\x1b[31mred\x1b[0m", "red"),
     (b"\x1b]0;title\x07x", "x"), (b"\xff", "\ufffd"), ("ü".encode(), "ü"), (b"a\x00b", "a b")],
)  # fmt: skip
def test_what_a_program_wrote(raw: bytes, text: str) -> None:
    assert plain(raw) == text


def stamped(second: int, text: str) -> bytes:
    return f"{f.stamp(f.NOW + second)} {text}".encode()


def test_a_stream_goes_on_where_it_was_cut() -> None:
    resume = Resume()
    assert resume.since == ""
    first = [stamped(0, "a"), stamped(1, "b"), stamped(1, "b"), stamped(2, "c")]
    assert resume.new(first) == first
    assert resume.since == f.stamp(f.NOW + 1)
    resume.begin()
    assert resume.new(
        [stamped(-1, "older"), stamped(1, "b"), stamped(1, "b"), stamped(1, "b"), stamped(2, "c")]
    ) == [stamped(1, "b")]
    assert resume.new([stamped(2, "d")]) == [stamped(2, "d")]
    assert resume.new([stamped(4, "e")]) == [stamped(4, "e")]
    assert resume.since == f.stamp(f.NOW + 3)
    resume.begin()
    assert resume.new([stamped(4, "e"), stamped(2, "d"), b"no stamp"]) == [stamped(2, "d"), b"no stamp"]
    assert resume.new([]) == []


# -- labels


def of(**values: str) -> labels.Labels:
    return labels.read(msgspec.Raw(json.dumps(values).encode()))


@pytest.mark.parametrize(
    ("pairs", "kept"),
    [
        ({"a": "b"}, True), ({"k" * 317: "b"}, True), ({"k" * 318: "b"}, False), ({"a": "v" * 63}, True),
        ({"a": "v" * 64}, False),
        ({"": "b"}, False), ({"a=c": "b"}, False), ({"a\n": "b"}, False), ({"a": "b\n"}, False),
        ({"a": "ü"}, True), ({"a": ""}, True),
    ],
)  # fmt: skip
def test_which_labels_are_kept(pairs: dict[str, str], kept: bool) -> None:
    for beside in ({}, {"odd": "ü"}):
        found = of(**pairs, **beside)
        assert found.values() == ((pairs if kept else {}) | beside)
        ((key, value),) = pairs.items()
        assert found.get(key) == (value if kept else "")


@pytest.mark.parametrize(("count", "kept"), [(255, 255), (256, 256), (257, 256), (300, 256)])
def test_so_many_labels_are_kept(count: int, kept: int) -> None:
    assert len(of(**{f"k{at}": "v" for at in range(count)}).values()) == kept
    assert len(of(**{f"k{at}": "ü" for at in range(count)}).values()) == kept


def test_what_a_row_says_of_its_labels() -> None:
    said = of(
        **{
            "app": "Press",
            "statefulset.kubernetes.io/pod-name": "db-0",
            "apps.kubernetes.io/pod-index": "0",
            "pod-template-hash": "7f",
        }
    )
    assert said.template == "7f"
    row = PodRow(namespace="d", name="db-0", uid="u", resource_version="1", template="7f")
    row.labels = labels.kept(said, row)
    assert row.labels == said.short != said.text
    assert labels.values(row) == said.values()
    told = {key: labels.value_of(row, key) for key in (*said.values(), "gone")}
    assert told == {**said.values(), "gone": None}
    for key, value, has in (("app", "press", True), ("app", "weld", False), ("gone", "", False)):
        assert labels.has(row, key, value) is has
    assert labels.has(row, "pod-template-hash", "7f")
    assert not labels.has(row, "pod-template-hash", "66")
    other = PodRow(namespace="d", name="db-1", uid="u", resource_version="1", template="7f")
    assert labels.kept(said, other) == said.text
    bare = Row(namespace="d", name="a", uid="u", resource_version="1")
    assert (labels.known(bare), labels.values(bare), labels.value_of(bare, "a")) == (True, {}, None)
    bare.labels = labels.UNKNOWN
    assert not labels.known(bare)
    for raw in (b"null", b"[]", b"7", b"{", b'{"a":7}', b'{"a":null}', b"{}"):
        assert labels.read(msgspec.Raw(raw)) == labels.Labels()


# -- nodes


def node(**more: Any) -> NodeRow:
    row = row_of("Node", f.node("edge-1", **more))
    assert isinstance(row, NodeRow)
    return row


@pytest.mark.parametrize(
    ("more", "runs"),
    [
        ({}, "K3s"), ({"version": "v1.30.0"}, ""), ({"version": "v1.30.0+rke2r1"}, "RKE2"),
        ({"version": "v1.30.0+k0s"}, "k0s"),
        ({"version": "v1.30.0-kubeedge-v1.22.1"}, "KubeEdge"), ({"version": "v1.30.0",
        "labels": {"openyurt.io/is-edge-worker": "true"}}, "OpenYurt"),
        ({"version": "v1.30.0", "os_image": "Talos (v1.9.0)"}, "Talos"), ({"version": "v1.30.0",
        "labels": {"microk8s.io/cluster": "true"}}, "MicroK8s"),
        ({"version": "v1.30.0", "provider": "kind://docker/kind/a"}, "kind"),
        ({"version": "v1.30.0", "labels": {"superedge.io/node-edge": ""}}, "SuperEdge"),
        ({"version": "v1.30.0", "labels": {"node.k0sproject.io/role": "x"}}, "k0s"),
        ({"version": "v1.30.0", "labels": {"node.kubernetes.io/microk8s-controlplane": "x"}}, "MicroK8s"),
        ({"version": "v1.30.0", "annotations": {"k3s.io/node-args": "[]"}}, "K3s"),
        ({"version": "v1.30.0", "annotations": {"rke2.io/node-args": "[]"}}, "RKE2"),
    ],
)  # fmt: skip
def test_what_a_node_runs(more: dict[str, Any], runs: str) -> None:
    assert node(**more).distribution == runs


def test_what_is_kept_of_a_node() -> None:
    row = node(
        version="v" * 50,
        os_image="o" * 90,
        roles=("worker", "etcd", "r" * 50),
        labels={"kubernetes.io/role": "old"},
    )
    assert row.version == "v" * 39 + "…"
    assert row.os_image == "o" * 79 + "…"
    assert row.roles == ("etcd", "old", "r" * 39 + "…", "worker")
    assert node(version="v" * 40).version == "v" * 40
    assert (
        node(taints=[{"key": "a", "value": "x" * 41, "effect": "NoSchedule"}]).taints[0].value
        == "x" * 39 + "…"
    )


@pytest.mark.parametrize(
    ("arguments", "proxy"),
    [
        (["server"], "iptables"), (["server", "--disable-kube-proxy"], "off"), (["server",
        "--disable-kube-proxy=false"], "iptables"),
        (["server", "--kube-proxy-arg=proxy-mode=nftables"], "nftables"), (["agent", "--kube-proxy-arg",
        "proxy-mode=ipvs"], "ipvs rr"),
        (["agent", "--kube-proxy-arg", "proxy-mode=ipvs,ipvs-scheduler=lc"], "ipvs lc"), (["agent",
        "--kube-proxy-arg=config=/a.yaml"], "file"),
        (["agent", "--kube-proxy-arg=proxy-mode=" + "m" * 50], "m" * 39 + "…"),
    ],
)  # fmt: skip
def test_what_the_arguments_of_a_node_say_of_its_proxy(arguments: list[str], proxy: str) -> None:
    assert node(annotations={"k3s.io/node-args": json.dumps(arguments)}).proxy == proxy
    assert node(annotations={"rke2.io/node-args": json.dumps(arguments)}).proxy == proxy
    assert node().proxy == ""


# -- others


@pytest.mark.parametrize(
    ("spec", "ports"),
    [
        ({"containers": [{"ports": [{"containerPort": 80}]}]}, ()),
        ({"containers": [{"ports": [{"containerPort": 80, "hostPort": 8080}]}]}, ((8080, "TCP"),)),
        ({"hostNetwork": True, "containers": [{"ports": [{"containerPort": 80, "protocol": "UDP"}]}]}, ((80,
        "UDP"),)),
        ({"hostNetwork": True, "containers": [{"ports": [{"containerPort": 80, "hostPort": 81}, {}]},
        {}]}, ((81, "TCP"),)),
        ({"hostNetwork": False, "containers": [{"ports": [{"containerPort": 80}]}]}, ()),
        ({"containers": None}, ()), ({}, ()),
    ],
)  # fmt: skip
def test_the_ports_that_a_pod_takes_of_its_node(spec: f.Json, ports: tuple[tuple[int, str], ...]) -> None:
    assert demand_of({"metadata": {"name": "a"}, "spec": spec}).ports == ports


def test_a_template_without_labels_is_in_no_budget_and_in_every_empty_one() -> None:
    budgets: list[f.Json] = [
        {"metadata": {"name": name}, "spec": {"selector": selector, "minAvailable": 1}}
        for name, selector in (("press", {"matchLabels": {"app": "press"}}), ("all", {}), ("none", None))
    ]
    templates: list[f.Json] = [
        {},
        {"metadata": None},
        {"metadata": {"labels": None}},
        {"metadata": {}, "spec": None},
    ]
    for template in templates:
        found = limits(budgets, [], template)
        assert ([one["metadata"]["name"] for one in found.budgets], found.unreadable) == (["all"], 0)


def test_an_autoscaler_without_a_spec_cannot_be_read() -> None:
    for spec in (None, {}, {"minReplicas": 2}):
        with pytest.raises(NotReadable, match=r"^it has no maxReplicas$"):
            row_of("HorizontalPodAutoscaler", {"metadata": {"name": "a"}, "spec": spec})


def test_why_a_bundle_is_not_ready() -> None:
    def message(*conditions: f.Json) -> str:
        made = u.bundle(desiredReady=2, ready=1)
        made["status"]["conditions"] = list(conditions)
        row: Any = row_of("Bundle", made)
        return str(row.message)

    not_ready = {"type": "Ready", "status": "False", "message": "NotReady(1) [b]"}
    assert message(not_ready) == "NotReady(1) [b]"
    assert message({"type": "Other", "status": "False", "message": "x"}, not_ready) == "NotReady(1) [b]"
    assert message({"type": "Ready", "status": "True", "message": "x"}) == ""
    assert message({"type": "Ready", "status": "False"}) == ""


def test_samples_are_bounded() -> None:
    assert (KEPT, OBJECTS, SPACING) == (150, 100, 5.0)


@pytest.mark.parametrize(("depth", "line"), [(64, "x"), (65, "x"), (66, "(nested too deep to show)")])
def test_a_template_is_compared_to_a_depth_of_sixty_four(depth: int, line: str) -> None:
    new: Any = "x"
    for _ in range(depth):
        new = {"a": new}
    (told,) = template_diff({}, new)
    assert told.partition(": ")[2] in (line, line[: len(told.partition(": ")[2]) - 1] + "…")


@pytest.mark.parametrize(
    ("told", "observed"),
    [("7", 7), (7, 7), ("9" * 19, int("9" * 19)), ("9" * 20, 0), ("x", 0), ("", 0), ("²", 0)],
)
def test_the_generation_that_a_rollout_was_seen_at(told: Any, observed: int) -> None:
    row: Any = row_of("Rollout", {"metadata": {"name": "a"}, "status": {"observedGeneration": told}})
    assert row.observed == observed

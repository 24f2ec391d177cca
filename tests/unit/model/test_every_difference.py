"""Merges, patches, diffs and what is hidden in them, over every combination of small values.

`pytest tests/unit/model/test_every_difference.py --snapshot-update` takes what is made now; look at what differs first.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.model.cache.audit import Difference, compare, lasting, sentence
from edgetui.model.cache.freshness import Freshness, Sync, in_words, merge
from edgetui.model.manifest_diff import manifest_diff
from edgetui.model.merging import ABSENT, Clash, carries, merged, patch_between, patched, paths, words_of
from edgetui.model.pod.node_images import HeldImages, NodeImages, held_images, on_node
from edgetui.model.pod.references import Reference, pod_spec, references
from edgetui.model.redaction import (
    MOST_CHARACTERS,
    MOST_DEPTH,
    TOO_DEEP,
    below,
    hidden,
    is_secret,
    item_label,
    password_arguments,
    redacted,
    without_secrets,
)
from edgetui.model.rollout.templatediff import template_diff

Json = dict[str, Any]


def named(*names: str, **more: Any) -> list[Json]:
    return [{"name": name, **more} for name in names]


VALUES: dict[str, Any] = {
    "absent": ABSENT, "1": 1, "2": 2, "true": True, "{}": {}, "{a: 1}": {"a": 1}, "{a: 2, b: 1}": {"a": 2, "b": 1},
    "[1, 2]": [1, 2], "[1, 3]": [1, 3], "[2]": [2], "x, y": named("x", "y"), "y, x, z": [*named("y",
    "x"), {"name": "z", "n": 1}],
    "x changed": [{"name": "x", "n": 1}, *named("y")], "x": named("x"), "x twice": named("x", "x"),
    "keyed": [{"key": "k", "n": 1}],
}  # fmt: skip
SIMPLE = ("absent", "1", "2", "true", "{}", "{a: 1}", "{a: 2, b: 1}", "[1, 2]")
LISTS = ("{a: 1}", "[1, 2]", "[1, 3]", "[2]", "x, y", "y, x, z", "x changed", "x", "x twice", "keyed")


@pytest.mark.parametrize("base", VALUES)
def test_every_merge(base: str, snapshot: SnapshotAssertion) -> None:
    lines = []
    some = LISTS if base in LISTS and base not in SIMPLE else SIMPLE
    for mine, theirs in product(some, some):
        found = merged(VALUES[base], VALUES[mine], VALUES[theirs])
        clashes = ", ".join(words_of(one, hide=False) for one in found.clashes)
        if theirs not in (base, mine) and mine != base:
            lines.append(f"{mine} and {theirs}: {found.value!r}{f' [{clashes}]' if clashes else ''}")
        inside = merged({"k": VALUES[base]}, {"k": VALUES[mine]}, {"k": VALUES[theirs]})
        wrapped = {} if found.value is ABSENT else {"k": found.value}
        if ABSENT not in (VALUES[base], VALUES[mine], VALUES[theirs]):
            assert inside.value == wrapped
            assert [one.path for one in inside.clashes] == [f"k{_dotted(one.path)}" for one in found.clashes]
    assert "\n".join(lines) == snapshot


def _dotted(path: str) -> str:
    return path if not path or path.startswith("[") else f".{path}"


@pytest.mark.parametrize(
    ("value", "word"),
    [(ABSENT, "not set"), (None, "None"), (True, "true"), (False, "false"), (7, "7"), ("Word", "Word"), ({}, "empty"),
     ({"a": 1}, "1 field"), ({"a": 1, "b": 2}, "2 fields"), ([], ""), ([1, "b"], "1, b"),
     ([{"name": "x"}, {"n": 1}], "x, 1")],
)  # fmt: skip
def test_a_clash_in_words(value: Any, word: str) -> None:
    assert words_of(Clash("spec.a", value, 1, 2), hide=False) == f"spec.a: yours 1, theirs 2, before {word}"
    assert words_of(Clash("spec.a", 1, value, 2), hide=False) == f"spec.a: yours {word}, theirs 2, before 1"
    assert words_of(Clash("spec.a", 1, 2, value), hide=False) == f"spec.a: yours 2, theirs {word}, before 1"
    assert words_of(Clash("spec.a", 1, 2, value), hide=True) == "spec.a: both of you changed it (hidden)"
    assert repr(ABSENT) == "(not there)"


def test_every_patch(snapshot: SnapshotAssertion) -> None:
    lines = []
    for old, new in product(VALUES, VALUES):
        before = {} if VALUES[old] is ABSENT else {"k": VALUES[old], "same": 1}
        after = {"same": 1} if VALUES[new] is ABSENT else {"k": VALUES[new], "same": 1}
        patch = patch_between(before, after)
        assert patched(before, patch) == after
        assert carries(after, patch)
        if old in SIMPLE and new in SIMPLE:
            lines.append(f"{old} to {new}: {patch} {paths(patch)}")
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize(
    ("obj", "patch", "is_carried"),
    [({"a": 1}, {"a": 1}, True), ({"a": 1}, {"a": 2}, False), ({"a": 1}, {"a": True}, False), ({"a": 1}, {}, True),
     ({}, {"a": None}, True), ({"a": 1}, {"a": None}, False), ({"a": {"b": 1}}, {"a": {"b": 1}}, True),
     ({"a": {"b": 1}}, {"a": {"c": 1}}, False), ({"a": None}, {"a": {}}, False)],
)  # fmt: skip
def test_whether_an_object_carries_a_patch(obj: Json, patch: Json, is_carried: bool) -> None:
    assert carries(obj, patch) is is_carried


@pytest.mark.parametrize(
    ("patch", "found"),
    [({}, []), ({"a": None}, ["a"]), ({"a": {}}, ["a"]), ({"a": {"b": 1, "c": {"d": None}}}, ["a.b", "a.c.d"]),
     ({"metadata": {"labels": {"x": 1}}}, ["metadata.labels[x]"]), ({"a": [1]}, ["a"])],
)  # fmt: skip
def test_where_a_patch_sets_something(patch: Json, found: list[str]) -> None:
    assert paths(patch) == found


# -- diffs


def workload(image: str = "press:1", **env: str) -> Json:
    variables = [{"name": name, "value": value} for name, value in env.items()]
    container = {"name": "app", "image": image, "args": ["--level=info"], "env": variables}
    return {
        "metadata": {"labels": {"app": "press", "pod-template-hash": image}},
        "spec": {"containers": [container]},
    }


CHANGES: dict[str, tuple[Json, Json]] = {
    "image": (workload(), workload("press:2")),
    "variable added": (workload(A="1"), workload(A="1", B="2")),
    "variable removed": (workload(A="1", B="2"), workload(B="2")),
    "secret changed": (workload(PASSWORD="hunter2"), workload(PASSWORD="hunter3")),
    "secret moved": (workload(PASSWORD="hunter2", A="1"), workload(A="1", PASSWORD="hunter2")),
    "argument": (
        workload(),
        workload() | {"spec": {"containers": [{"name": "app", "args": ["--password", "x"]}]}},
    ),
    "types": ({"spec": {"a": 1, "b": True, "c": None}}, {"spec": {"a": "1", "b": False, "c": "x"}}),
    "lists": ({"spec": {"a": [1, 2, 3]}}, {"spec": {"a": [1, 3]}}),
    "named": ({"spec": {"a": named("x", "y")}}, {"spec": {"a": named("y", "z")}}),
    "text": ({"data": {"c": "one\ntwo\nthree\n"}}, {"data": {"c": "one\n2\nthree\n"}}),
    "long": ({"spec": {"a": "x" * 300}}, {"spec": {"a": "y" * 300}}),
    "patch": ({"spec": {"$patch": "replace", "a": 1}}, {"spec": {"a": 1}}),
    "kinds": ({"spec": {"a": {"b": 1}}}, {"spec": {"a": [1]}}),
    "nothing": (workload(), workload()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_diff(change: str, snapshot: SnapshotAssertion) -> None:
    old, new = CHANGES[change]
    lines = ["# manifest", *manifest_diff(old, new), "# template", *template_diff(old, new)]
    back = ["# manifest back", *manifest_diff(new, old), "# template back", *template_diff(new, old)]
    assert "\n".join([*lines, *back]) == snapshot


@pytest.mark.parametrize(("count", "more"), [(199, 0), (200, 0), (201, 1), (300, 100)])
def test_long_diffs_are_bounded(count: int, more: int) -> None:
    old: Json = {"spec": {}}
    new: Json = {"spec": {f"k{at:03d}": at for at in range(count)}}
    found = template_diff(old, new)
    assert len(found) == min(count, 200) + bool(more)
    assert found[-1] == (f"… {more} more lines" if more else f"+ k{count - 1:03d}: {count - 1}")
    assert len(template_diff({}, {"a": "x" * 3000})[0]) == 160


# -- what is hidden


SECRETS: list[tuple[str, Any, bool]] = [
    ("containers[app].env[TOKEN].value", "abc", True), ("containers[app].env[MODE].value", "abc", False),
    ("containers[app].env[MODE].value", 7, False), ("containers[app].env[TOKEN].name", "abc", False),
    ("livenessProbe.httpGet.httpHeaders[Authorization].value", "abc", True), ("args[0]", "--password=x", True),
    ("args[0]", "--level=x", False), ("args[1]", "get the token", True), ("args[1]", "--flag the token", True),
    ("command[0]", "mysql -pHunter2", True), ("command[0]", "curl -u bob:pw1x http://a", True), ("command[0]",
    "run -p 80:80", False),
    ("metadata.annotations[x/token]", "abc", True), ("metadata.annotations[x/note]", "abc", False),
    ("metadata.annotations[kubectl.kubernetes.io/last-applied-configuration]", "{}", True),
    ("containers[app].image", f"a@sha256:{'0' * 64}", False),
    ("status.images[0].names[0]", f"a@sha256:{'0' * 64}", False),
    ("spec.note", "0" * 32, True), ("spec.note", "0" * 31, False), ("spec.note", "ghp_" + "a" * 12, True),
    ("spec.note", "AKIA" + "A" * 12, True), ("spec.note", "-----BEGIN KEY-----", True), ("spec.note",
    "password=x", True),
    ("spec.note", "http://bob:pw@host", True), ("spec.note", "http://host:80", False), ("spec.note",
    "Bearer abcdef1", True),
    ("spec.note", "plain words", False), ("spec.note", "x" * MOST_CHARACTERS, False), ("spec.note",
    "x" * (MOST_CHARACTERS + 1), True),
    ("spec.note", None, False),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "secret"), SECRETS, ids=[one[0] for one in SECRETS])
def test_what_is_taken_for_a_secret(path: str, value: Any, secret: bool) -> None:
    assert is_secret(path, value) is secret


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["mysql", "-pHunter2"], {1}), (["mysql", "-p", "Hunter2"], {2}), (["mysql", "-p"], set()),
        (["redis-cli", "-a", "x"], {2}),
        (["ldapsearch", "-w", "x"], {2}), (["mosquitto_pub", "-P", "x"], {2}), (["app", "-w", "x"], set()),
        (["app", "--password", "x"], {2}), (["app", "--password=x"], set()), (["app", "--token", "x", "y"], {2}),
        (["curl", "-u", "bob:pw"], {2}), (["curl", "--user=bob:pw"], {1}), (["curl", "-ubob:pw"], {1}),
        (["curl", "-u", "bob:80"], set()),
        (["curl", "-u", "bob"], set()), (["run", "-p8080:80"], set()), (["run", "-pretty"], set()), (["run",
        "-port=80"], set()),
        (["run", "-pHunter2"], {1}), ([7, "--password", 8], {2}), ([], set()), (["'-pHunter2'"], {0}),
    ],
)  # fmt: skip
def test_which_arguments_are_passwords(words: list[Any], found: set[int]) -> None:
    assert password_arguments(words) == found


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words", "plain words"), ("password=hunter2 ok", "password=(hidden) ok"),
        ('{"token": "abc"}', '{"token": "(hidden)"}'),
        ("Authorization: Bearer abcdef1", "Authorization: (hidden)"), ("http://bob:pw@host/x",
        "http://bob:(hidden)@host/x"),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.sig rest", "(hidden) rest"), ("token:8080 is a port", "token:8080 is a port"),
        ("-----BEGIN KEY-----\nabc\n-----END KEY----- rest", "(hidden) rest"), ("-----BEGIN KEY-----\nabc",
        "(hidden)"),
        ("?key=abc&x=1", "?key=(hidden)&x=1"), ("a bearer token1234", "a bearer (hidden)"),
        ("a bearer of news", "a bearer of news"),
    ],
)  # fmt: skip
def test_what_is_left_of_a_sentence(text: str, shown: str) -> None:
    assert redacted(text) == shown


@pytest.mark.parametrize(
    ("item", "label"),
    [({"name": "x"}, "x"), ({"mountPath": "/a"}, "/a"), ({"containerPort": 80}, "80"), ({"key": "k"}, "k"),
    ({"ip": "10.0.0.1"}, "10.0.0.1"),
     ({"name": "", "key": "k"}, "k"), ({"other": 1}, "7"), ("text", "7"), ({"name": "n" * 100}, "n" * 100),
     ({"name": "n" * 101}, f"{'n' * 50}…{'n' * 50}")],
)  # fmt: skip
def test_what_an_item_is_called(item: Any, label: str) -> None:
    assert item_label(item, 7) == label


@pytest.mark.parametrize(
    ("path", "key", "found"),
    [("", "spec", "spec"), ("spec", "a", "spec.a"), ("metadata.labels", "a", "metadata.labels[a]"),
     ("metadata.annotations", "a", "metadata.annotations[a]"), ("data", "a.b", "data[a.b]"), ("", "a.b", "[a.b]")],
)  # fmt: skip
def test_the_path_of_a_value(path: str, key: str, found: str) -> None:
    assert below(path, key) == found


def test_a_copy_without_secrets() -> None:
    obj = {
        "kind": "Pod", "spec": {"containers": [{
            "name": "app", "image": "press:1", "args": ["--password", "hunter2"], "env": [{"name": "TOKEN",
            "value": "x"}],
        }]}, "status": {"message": "password=hunter2 failed", "n": 7},
    }  # fmt: skip
    shown = without_secrets(obj)
    assert shown["spec"]["containers"][0]["args"] == ["--password", "(hidden)"]
    assert shown["spec"]["containers"][0]["env"] == [{"name": "TOKEN", "value": "(hidden)"}]
    assert shown["status"] == {"message": "password=(hidden) failed", "n": 7}
    secret = {"kind": "Secret", "data": {"a": "b"}, "stringData": "odd", "type": "Opaque"}
    assert without_secrets(secret) == {
        "kind": "Secret",
        "data": {"a": "(hidden)"},
        "stringData": "(hidden)",
        "type": "Opaque",
    }
    deep: Any = "x"
    for _ in range(MOST_DEPTH + 2):
        deep = {"a": deep}
    deep_shown = without_secrets(deep)
    for _ in range(MOST_DEPTH + 1):
        deep_shown = deep_shown["a"]
    assert deep_shown == TOO_DEEP
    assert (
        hidden("x" * (MOST_CHARACTERS + 1))
        == "(hidden: 65,537 characters are too many to look for secrets in)"
    )
    assert (hidden("x" * MOST_CHARACTERS), hidden(7)) == ("(hidden)", "(hidden)")


# -- what pods name, and which images nodes have


def test_everything_that_a_pod_names() -> None:
    spec = {
        "volumes": [
            {"name": "conf", "configMap": {"name": "a"}}, {"name": "data",
            "persistentVolumeClaim": {"claimName": "b"}},
            {"name": "all", "projected": {"sources": [{"configMap": {"name": "c"}}, {"secret": {"name": "d"}}, "x"]}},
            {"secret": {"secretName": "e"}}, {"name": "csi", "csi": {"nodePublishSecretRef": {"name": "f"}}},
            {"name": "rbd", "rbd": {"secretRef": {"name": "g"}}}, {"name": "odd", "configMap": {"name": 7}},
        ],
        "initContainers": [{"envFrom": [{"configMapRef": {"name": "h"}}, {"secretRef": {"name": "i"}}]}],
        "containers": [{"name": "app", "env": [
            {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "j"}}},
            {"valueFrom": {"secretKeyRef": {"name": "k"}}},
            {"name": "B", "value": "x"},
        ]}],
        "ephemeralContainers": [{"name": "debugger", "envFrom": [{"secretRef": {"name": "l"}}]}],
        "imagePullSecrets": [{"name": "m"}], "serviceAccount": "n",
    }  # fmt: skip
    assert [tuple(one) for one in references(spec)] == [
        ("ConfigMap", "a", "volume conf"), ("PersistentVolumeClaim", "b", "volume data"), ("ConfigMap", "c",
        "volume all"),
        ("Secret", "d", "volume all"), ("Secret", "e", "volume"), ("Secret", "f", "volume csi"), ("Secret",
        "g", "volume rbd"),
        ("ConfigMap", "h", "envFrom of ?"), ("Secret", "i", "envFrom of ?"), ("ConfigMap", "j", "env A of app"),
        ("Secret", "k", "env ? of app"), ("Secret", "l", "envFrom of debugger"), ("Secret", "m", "imagePullSecrets"),
        ("ServiceAccount", "n", "serviceAccountName"),
    ]  # fmt: skip
    assert list(references({})) == [Reference("ServiceAccount", "default", "by default")]
    assert list(references({"serviceAccountName": "o", "serviceAccount": "n"})) == [
        Reference("ServiceAccount", "o", "serviceAccountName")
    ]


@pytest.mark.parametrize(
    ("kind", "obj", "found"),
    [("Pod", {"spec": {"a": 1}}, {"a": 1}), ("Deployment", {"spec": {"template": {"spec": {"a": 1}}}}, {"a": 1}),
     ("CronJob", {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"a": 1}}}}}}, {"a": 1}), ("Pod", {},
     {}), ("Pod", None, {}),
     ("Job", {"spec": {"template": 1}}, {}), ("Deployment", {"spec": {"a": 1}}, {})],
)  # fmt: skip
def test_the_pods_that_an_object_makes(kind: str, obj: Any, found: Json) -> None:
    assert pod_spec(kind, obj) == found


def node(*images: Any, name: Any = "edge-1") -> Json:
    return {"metadata": {"name": name}, "status": {"images": [{"names": one} for one in images]}}


PRESS, WELD = "docker.io/library/press:1", "docker.io/library/weld:1"


@pytest.mark.parametrize(
    ("one", "found"),
    [
        (node(["press:1"]), NodeImages(frozenset({PRESS}), True, "edge-1")),
        (node(["press:1", "weld:1", "a b"], None), NodeImages(frozenset({PRESS, WELD}), False, "edge-1")),
        (node(["press:1"], name=7), NodeImages(frozenset({PRESS}), True)),
        (node(), NodeImages(frozenset(), False, "edge-1")),
        ({}, NodeImages(frozenset(), False)),
        ({"status": {"images": ["x"]}}, NodeImages(frozenset(), False)),
        (node(*[["press:1"]] * 49), NodeImages(frozenset({PRESS}), True, "edge-1")),
        (node(*[["press:1"]] * 50), NodeImages(frozenset({PRESS}), False, "edge-1")),
    ],
)
def test_what_a_node_says_of_images(one: Json, found: NodeImages) -> None:
    assert held_images([one]) == HeldImages((found,))
    has = found.has("press:1")
    assert has is (True if PRESS in found.names else False if found.complete else None)
    words = {
        True: "the node has it",
        False: "the node must pull it",
        None: "not known whether the node has it",
    }
    assert on_node(one, "press:1") == words[has]
    assert found.has("a b") is None
    assert found.has("weld:1") is (True if WELD in found.names else False if found.complete else None)
    why = "a kubelet names at most 50 images" if found.names else "the kubelet names no images"
    assert found.why_not_known == why


@pytest.mark.parametrize(
    ("nodes", "images", "words"),
    [
        ([], ["press:1"], "not known whether nodes have it"),
        ([node(["press:1"])], [], "not known whether nodes have it"),
        ([node(["press:1"])], ["press:1", "a b"], "not known whether nodes have it"),
        ([node(["press:1"])], ["press:1"], "on 1 of 1 node"),
        ([node(["press:1"]), node(["weld:1"])], ["press:1"], "on 1 of 2 nodes, 1 must pull it"),
        (
            [node(["press:1"]), node(["weld:1"])],
            ["press:1", "weld:1"],
            "on none of 2 nodes, 2 must pull them",
        ),
        ([node(["press:1", "weld:1"])], ["press:1", "weld:1"], "on 1 of 1 node"),
        ([node(), node()], ["press:1"], "not known whether nodes have it: the kubelets name no images"),
        (
            [node(["press:1"]), node()],
            ["press:1"],
            "on 1 of 2 nodes, not known of 1: the kubelets name no images",
        ),
        (
            [node(["weld:1"]), node(*[["x:1"]] * 50)],
            ["press:1"],
            "on none of 2 nodes, 1 must pull it, not known of 1: a kubelet names at most 50 images",
        ),
    ],
)
def test_on_how_many_nodes_images_are(nodes: list[Json], images: list[str], words: str) -> None:
    assert held_images(nodes).words(images) == words


# -- what is known of a kind from its namespaces


def test_every_pair_of_namespaces(snapshot: SnapshotAssertion) -> None:
    lines = []
    for one, other in product(Sync, Sync):
        for whole, read_once in product((False, True), (False, True)):
            parts = {
                "a": Freshness(one, 5.0, f"{one} a"), "b": Freshness(other, 3.0, f"{other} b"),
                "c": Freshness(Sync.LIVE, 9.0)
            }  # fmt: skip
            if one is other is Sync.FORBIDDEN:
                del parts["c"]
            found = merge(parts, whole=whole, read_once=read_once, only="only {}")
            lines.append(
                f"{one} {other}{' whole' if whole else ''}{' once' if read_once else ''}: {found.sync} {found.heard:g} "
                f"{found.reason!r}{' partial' if found.partial else ''}"
            )
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize(
    ("names", "words"),
    [(["a"], "namespace a"), (["a", "b"], "namespaces a, b"), (["a", "b", "c"], "namespaces a, b, c"),
     (["a", "b", "c", "d"], "namespaces a, b, c and 1 more"), (list("abcdef"), "namespaces a, b, c and 3 more")],
)  # fmt: skip
def test_namespaces_in_words(names: list[str], words: str) -> None:
    assert in_words(names) == words


def test_what_two_looks_at_a_cache_both_found() -> None:
    first = compare("pod", ["a", "a", "b", "d"], ["a", "c", "d"])
    assert first == Difference("pod", ("a", "b"), ("c",))
    second = compare("pod", ["b", "e"], ["c", "f"])
    assert lasting(first, second) == Difference("pod", ("b",), ("c",))
    assert not compare("pod", ["a"], ["a"])
    assert bool(Difference("pod", ("a",))) and bool(Difference("pod", (), ("a",)))
    many = Difference("node", ("d", "c", "b", "a"), ("z",))
    assert sentence([first, many]) == (
        "Server cache suspect: 2 pods (a, b), 4 nodes (a, b, c, …) shown here that the datastore does not have; "
        "1 pod (c), 1 node (z) in the datastore that the server's watch does not tell of."
    )
    assert sentence([Difference("pod"), first, Difference("pod", ("x",))]).startswith(
        "Server cache suspect: 3 pods (a, b, x) shown"
    )
    assert sentence([Difference("pod", (), ("a",))]) == (
        "Server cache suspect: 1 pod (a) in the datastore that the server's watch does not tell of."
    )
    assert sentence([Difference("pod")]) == sentence([]) == ""

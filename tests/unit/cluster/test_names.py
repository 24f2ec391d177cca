"""What clusters are called, each rule in a table: the own name, what tells equals apart, and numbers at
last.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from edgetui.cluster.kubeconfig.names import (
    MAX_NAME,
    _chosen,
    _differences,
    _number,
    _path_endings,
    _without_shared_end,
    name_fleet,
    own_name,
)
from edgetui.cluster.target import ClusterTarget


def target(
    context: str, file: str | None = "/x/config", cluster: str = "", server: str = ""
) -> ClusterTarget:
    return ClusterTarget(
        name="?",
        context=context,
        context_file=Path(file) if file else None,
        cluster_name=cluster,
        server=server,
    )


@pytest.mark.parametrize(
    ("one", "name"),
    [
        (target("plant"), "plant"),
        (target(" pl\x1bant "), "pl ant"),
        (target("default", "/x/line-1.yaml"), "line-1"),
        (target("default", "/x/line.1.yaml"), "line"),
        (target("default", "/x/.hidden", "c"), ".hidden"),
        (target("default", "/x/config", "c"), "c"),
        (target("default", "/x/Admin.conf", "gke_p_z_line"), "line"),
        (target("default", "/x/config", "default", "https://hub.example:6443/x"), "hub.example"),
        (target("default", "/x/config", "", "https://10.0.0.7"), "10.0.0.7"),
        *[
            (target("default", "/x/config", "", f"https://{host}"), "default")
            for host in ("127.0.0.1:1", "0.0.0.0", "[::1]", "localhost", "localhost.x")
        ],
        (target("", "/x/config"), "config"),
        (target("", "/x/config", "kubernetes", "https://h"), "h"),
        (target("", None), "cluster"),
        (target("default", None, "c"), "default"),
        (target("arn:aws:eks:r:a:cluster/line/1"), "line/1"),
        (target("gke_a_b_"), "gke_a_b_"),
        (target("p/api-h-x:6443/"), "h-x"),
        (target("p/api-h-x:6443"), "h-x"),
        (target("p/api-h-x:x"), "p/api-h-x:x"),
        (target("kim@line.region.eksctl.io"), "line"),
        (target("kim@line.region.eksctl.ioo"), "kim@line.region.eksctl.ioo"),
    ],
)
def test_what_one_is_called_by_itself(one: ClusterTarget, name: str) -> None:
    assert own_name(one) == name
    assert [found.name for found in name_fleet([one])] == [name]


@pytest.mark.parametrize("name", ["plant", "a/b", "gke_a_b", "arn:aws:eks:::cluster"])
def test_what_no_tool_composed_is_taken_as_it_is(name: str) -> None:
    assert _chosen(name) == name


FLEETS: list[tuple[list[ClusterTarget], list[str]]] = [
    ([target("a"), target("b")], ["a", "b"]),
    ([target("a", "/n/k3s.yaml"), target("a", "/n/rke.yaml")], ["a (k3s.yaml)", "a (rke.yaml)"]),
    ([target("a", "/n/k.yaml"), target("a", "/s/k.yaml")], ["a (n/k.yaml)", "a (s/k.yaml)"]),
    (
        [target("a", "/n/k.yaml"), target("a", "/s/k.yaml"), target("b")],
        ["a (n/k.yaml)", "a (s/k.yaml)", "b"],
    ),
    (
        [target("p/api-h:1/kim"), target("q/api-h:1/kim"), target("h", "/y")],
        ["h (p/api-h:1/kim)", "h (q/api-h:1/kim)", "h (y)"],
    ),
    ([target("p/api-h:1/kim"), target("p/api-h:1")], ["h (p/api-h:1/kim)", "h (p/api-h:1)"]),
    ([target("a"), target("a")], ["a (a)", "a (a) (2)"]),
    (
        [target("a"), target("a"), target("a (a) (2)"), target("a")],
        ["a (a)", "a (a) (2)", "a (a) (2) (2)", "a (a) (3)"],
    ),
    (
        [target("default", f"/f/{name}/config", "", "https://127.0.0.1") for name in ("n", "s")],
        ["n", "s"],
    ),
    (
        [target("default", f"/f/{name}", "", "https://127.0.0.1") for name in ("admin/config", "s/config")],
        ["default (admin)", "s"],
    ),
    ([target("", None), target("", None)], ["cluster", "cluster (2)"]),
    ([target("gke_a_b_x", None), target("x", None)], ["x (gke_a_b_x)", "x (x)"]),
]


@pytest.mark.parametrize(("fleet", "names"), FLEETS, ids=range(len(FLEETS)))
def test_what_tells_equals_apart(fleet: list[ClusterTarget], names: list[str]) -> None:
    found = name_fleet(fleet)
    assert [one.name for one in found] == names
    assert [one.context for one in found] == [one.context for one in fleet]


def test_a_name_has_48_cells_at_the_most() -> None:
    assert MAX_NAME == 48
    assert name_fleet([target("x" * 48)])[0].name == "x" * 48
    assert len(name_fleet([target("x" * 49)])[0].name) == 48


@pytest.mark.parametrize(
    ("contexts", "parts"),
    [
        (["a:b:c", "a:x:c"], ["b", "x"]),
        (["a:b:c", "d:b:e"], ["a/c", "d/e"]),
        (["a b", "a,c"], ["b", "c"]),
        (["a", "a:b"], ["a", "a:b"]),
        (["a/b", "a/b"], ["a/b", "a/b"]),
        (["a@b_c", "a@b_d", "a@x_c"], ["b/c", "b/d", "x/c"]),
    ],
)
def test_the_parts_in_which_contexts_differ(contexts: list[str], parts: list[str]) -> None:
    assert _differences(contexts) == parts


@pytest.mark.parametrize(
    ("paths", "left"),
    [
        (["a/k", "b/k"], ["a", "b"]),
        (["a/b/k", "c/b/k"], ["a", "c"]),
        (["a/k", "b/l"], ["a/k", "b/l"]),
        (["k", "k"], ["k", "k"]),
        (["a/k", "k"], ["a/k", "k"]),
        (["x/k", "x/k"], ["x", "x"]),
    ],
)
def test_what_all_paths_have_at_their_end_is_left_out(paths: list[str], left: list[str]) -> None:
    assert _without_shared_end(paths) == left


@pytest.mark.parametrize(
    ("files", "ends"),
    [
        (["/a/k"], ["k"]),
        (["/a/k", "/b/l"], ["k", "l"]),
        (["/a/k", "/b/k"], ["a/k", "b/k"]),
        (["/a/x/k", "/b/x/k", "/c/y/l"], ["a/x/k", "b/x/k", "c/y/l"]),
        (["/k", "/a/k"], ["//k", "a/k"]),
        (["/a/k", "/a/k"], ["k", "k"]),
    ],
)
def test_the_shortest_end_that_no_other_file_has(files: list[str], ends: list[str]) -> None:
    assert [one.replace("///", "//") for one in _path_endings([Path(file) for file in files])] == ends


@pytest.mark.parametrize(
    ("names", "numbered"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "a", "a"], ["a", "a (2)", "a (3)"]),
        (["a (2)", "a", "a"], ["a (2)", "a", "a (3)"]),
        (["a", "a", "a (2)"], ["a", "a (2)", "a (2) (2)"]),
    ],
)
def test_what_is_still_taken_gets_a_number(names: list[str], numbered: list[str]) -> None:
    _number(names)
    assert names == numbered

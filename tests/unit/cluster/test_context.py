"""Every field of a cluster or a context with every sort of value: the target that comes of it, or the
sentence.

`pytest tests/unit/cluster/test_context.py --snapshot-update` takes what is made now; look at what differs
first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.kubeconfig.context import build, nearest
from edgetui.cluster.kubeconfig.document import read
from edgetui.cluster.target import ClusterTarget
from tests.unit.cluster.kubeconfig_fields import ABSENT, DATA, ODD, V1, kubeconfig, table
from tests.unit.cluster.kubeconfigs import put

CASES: dict[str, tuple[tuple[str, ...], tuple[Any, ...]]] = {
    "server": (
        ("a token", "insecure"),
        (
            *ODD,
            "h:1",
            "https://h:1/a/?b#c",
            "https://u:p@h",
            "https://u@h",
            "https://:p@h",
            "http://u:p@h",
            "ftp://h",
            "https://",
            "https://h:0",
        ),
    ),
    "certificate-authority-data": (("a token", "insecure", "no TLS"), (*ODD, *DATA)),
    "certificate-authority": (("a token", "insecure"), (*ODD, "ca.pem", "gone", "key.pem")),
    "insecure-skip-tls-verify": (("a token", "a plugin", "no TLS"), ODD),
    "tls-server-name": (("a token", "a plugin"), ODD),
    "proxy-url": (("a token", "a plugin", "no TLS"), (*ODD, "http://p:1", "ftp://p", "p:1")),
    "disable-compression": (("a token", "a plugin"), ODD),
    "extensions": (
        ("a plugin",),
        (
            *ODD,
            [{"name": "edgetui", "extension": {"badge": "A", "badges": ["B", "A", "", 5, " "]}}],
            [{"name": "edgetui", "extension": {"badges": "B"}}],
            [{"name": "edgetui", "extension": ["B"]}],
            [5, {"name": "x"}, {"name": f"{V1.rpartition('/')[0]}/exec", "extension": [1]}],
        ),
    ),
    "namespace": (("a token",), (*ODD, ".", "..", "...", "a/b", "a%b", "a?b", "a#b", "a b", "a\x7f", "a.b")),
    "cluster": (("a token",), (*ODD, "c", "cc")),
    "user": (("a token",), (*ODD, "u", "uu")),
}


@pytest.mark.parametrize("field", CASES)
def test_what_each_value_of_a_field_makes(field: str, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    assert table(tmp_path, field, *CASES[field]) == snapshot


def test_a_context_that_is_not_there_is_its_own_error(tmp_path: Path) -> None:
    file = put(tmp_path / "config", kubeconfig("a token", "as", ABSENT))
    target = build(read(file), "y", {}, owned=True)
    assert target == ClusterTarget(
        name="y",
        context="y",
        file=file,
        context_file=file,
        owned_by_distribution=True,
        sources=(file,),
        error=target.error,
    )
    assert str(target.error) == "There is no context y in config. There is x."


@pytest.mark.parametrize(
    ("name", "names", "step"),
    [
        ("x", (), ""),
        ("x", ("b", "a"), "There is a, b."),
        ("x", ("e", "d", "c", "b", "a"), "There is a, b, c, d, e."),
        ("x", ("f", "e", "d", "c", "b", "a"), "There is a, b, c, d, e and more."),
        ("plant", ("plamt", "oven"), "Did you mean plamt?"),
        ("line", ("line-1", "line-2", "line-3", "line-4"), "Did you mean line-4 or line-3 or line-2?"),
        ("ab", ("cdb",), "There is cdb."),
        ("ab", ("cb",), "Did you mean cb?"),
        ("p" * 100, ("p" * 99,), f"Did you mean {'p' * 79}…?"),
        ("x", ("p" * 81,), f"There is {'p' * 79}…."),
    ],
    ids=range(10),
)
def test_the_names_most_like_one_are_offered(name: str, names: tuple[str, ...], step: str) -> None:
    assert nearest(name, names) == step

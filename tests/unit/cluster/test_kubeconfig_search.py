"""Where kubeconfigs are looked for: what is named, what $KUBECONFIG lists, what lies at home and on the host."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgetui.cluster.kubeconfig.search import (
    DISTRIBUTION_FILES,
    Source,
    alternatives,
    owned_by_distribution,
    searched,
)
from tests.unit.cluster.kubeconfigs import put


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home beside a root directory; the current directory is the one above both."""
    (tmp_path / "home" / ".kube").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def found(home: Path, *named: str, kubeconfig: str | None = None) -> list[list[Source]]:
    env = {} if kubeconfig is None else {"KUBECONFIG": kubeconfig}
    return alternatives([Path(one) for one in named], env, home, home.parent / "root")


@pytest.mark.parametrize(
    ("named", "path"),
    [
        ("~", "home"),
        ("~/x", "home/x"),
        ("~/", "home"),
        ("~x", "~x"),
        ("a/~", "a/~"),
        ("x", "x"),
        ("./a/../x", "x"),
    ],
)
def test_a_name_is_absolute_and_begins_at_home_behind_a_tilde(home: Path, named: str, path: str) -> None:
    expected = home.parent / path
    assert found(home, named) == [[Source((expected,))]]
    assert found(home, kubeconfig=named) == [[Source((expected,), must_exist=False)]]


@pytest.mark.parametrize(
    ("listed", "files"),
    [
        ("a:b", ["a", "b"]),
        (":a::b:", ["a", "b"]),
        ("a:b:a:./b", ["a", "b"]),
    ],
)
def test_a_list_is_one_kubeconfig_in_which_each_file_stands_once(
    home: Path, listed: str, files: list[str]
) -> None:
    put(home / ".kube" / "config", "")
    expected = tuple(home.parent / file for file in files)
    assert found(home, kubeconfig=listed) == [[Source(expected, must_exist=False)]]


@pytest.mark.parametrize("listed", [None, "", ":", "::"])
def test_without_a_list_it_is_the_one_at_home_and_else_those_of_the_host(
    home: Path, listed: str | None
) -> None:
    root = home.parent / "root"
    assert found(home, kubeconfig=listed) == [[], []]
    k3s, k0s = put(root / DISTRIBUTION_FILES[0], ""), put(root / DISTRIBUTION_FILES[3], "")
    assert found(home, kubeconfig=listed) == [[], [Source((k3s,)), Source((k0s,))]]
    own = put(home / ".kube" / "config", "")
    assert found(home, kubeconfig=listed) == [[Source((own,))], [Source((k3s,)), Source((k0s,))]]
    assert searched(home, root)[0] == own
    assert [file.relative_to(root).as_posix() for file in searched(home, root)[1:]] == [*DISTRIBUTION_FILES]


def test_what_is_named_comes_alone_and_once_however_it_is_named(home: Path) -> None:
    file = put(home / "x", "")
    (home / "link").symlink_to(file)
    put(home / ".kube" / "config", "")
    assert found(home, "~/x", "home/x", "~/link", kubeconfig="other") == [[Source((file,))]]


def test_a_directory_stands_for_the_kubeconfigs_in_it(home: Path) -> None:
    directory = home / "fleet"
    for name in (
        "b.yaml",
        "a.yml",
        "c.conf",
        "d.config",
        "e.kubeconfig",
        "config",
        "kubeconfig",
        "notes.txt",
        "none",
    ):
        put(directory / name, "")
    put(directory / "below" / "f.yaml", "")
    (directory / "dir.yaml").mkdir()
    (directory / "lost.yaml").symlink_to(directory / "gone")
    (found_there,) = found(home, "~/fleet")
    assert [one.files[0].name for one in found_there] == [
        "a.yml",
        "b.yaml",
        "c.conf",
        "config",
        "d.config",
        "e.kubeconfig",
        "kubeconfig",
        "lost.yaml",
    ]
    assert all(one.beside_others and one.must_exist for one in found_there)
    (home / "empty").mkdir()
    assert found(home, "~/empty") == [[Source((home / "empty",))]]


@pytest.mark.parametrize(
    ("file", "owned"),
    [
        *((name, True) for name in DISTRIBUTION_FILES),
        ("etc/rancher/k3s/other.yaml", True),
        ("etc/rancher/k3s/a/b.yaml", False),
        ("var/lib/rancher/k3s/server/cred/admin.kubeconfig", True),
        ("var/lib/rancher/rke2/server/cred/admin.kubeconfig", True),
        ("var/snap/microk8s/7000/credentials/client.config", True),
        ("var/lib/microshift/resources/kubeadmin/site/kubeconfig", True),
        ("etc/kubernetes/admin.conf", False),
        ("home/kim/.kube/config", False),
    ],
)
def test_what_a_distribution_writes_itself_is_its_own(tmp_path: Path, file: str, owned: bool) -> None:
    root = tmp_path / "root"
    path = put(root / file, "")
    assert owned_by_distribution(path, root) is owned
    (tmp_path / "link").symlink_to(path)
    assert owned_by_distribution(tmp_path / "link", root) is owned
    (tmp_path / "other").symlink_to(root)
    assert owned_by_distribution(tmp_path / "other" / file, tmp_path / "other") is owned
    assert not owned_by_distribution(tmp_path / file, root)

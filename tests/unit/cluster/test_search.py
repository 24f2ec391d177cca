"""What of a directory is a kubeconfig, which file is meant, and that each is taken once."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgetui.cluster.kubeconfig.search import Source, _absolute, _distinct, _inside


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("a.yaml", True),
        ("a.yml", True),
        ("a.conf", True),
        ("a.config", True),
        ("a.kubeconfig", True),
        ("config", True),
        ("kubeconfig", True),
        ("a.yaml.bak", False),
        ("Config", False),
        ("a", False),
        (".yaml", False),
    ],
)
def test_which_names_may_be_kubeconfigs(tmp_path: Path, name: str, counts: bool) -> None:
    (tmp_path / name).write_text("")
    assert _inside(tmp_path) == ([tmp_path / name] if counts else [])
    assert _inside(tmp_path / name) == []
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    assert _inside(tmp_path) == []
    (tmp_path / name).rmdir()
    (tmp_path / name).symlink_to(tmp_path / "gone")
    assert _inside(tmp_path) == ([tmp_path / name] if counts else [])
    (tmp_path / "gone").mkdir()
    assert _inside(tmp_path) == []


def test_a_file_is_taken_once_however_it_is_named(tmp_path: Path) -> None:
    file, link = tmp_path / "a", tmp_path / "b"
    file.write_text("")
    link.symlink_to(file)
    first, second, third = Source((file,)), Source((link,)), Source((tmp_path / "c",))
    assert _distinct([first, second, third, first]) == [first, third]
    assert _distinct([second, first]) == [second]


def test_only_a_tilde_by_itself_is_home() -> None:
    home = Path("/home/kim")
    assert _absolute(Path("~"), home) == home
    assert _absolute(Path("~/a/../b"), home) == home / "b"
    assert _absolute(Path("~kim/a"), home) == Path.cwd() / "~kim/a"
    assert _absolute(Path("/a/./b"), home) == Path("/a/b")

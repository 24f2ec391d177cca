"""What of a directory is a kubeconfig, who owns a file, and the fields of a document that are read as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.kubeconfig.document import Entry, _a
from edgetui.cluster.kubeconfig.search import Source, _absolute, _distinct, _inside

FILE = Path("/x/plant.yaml")


def entry(**fields: Any) -> Entry:
    return Entry("user", "kim", FILE, {key.replace("_", "-"): value for key, value in fields.items()})


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


@pytest.mark.parametrize(
    ("read", "value", "found"),
    [
        ("text", None, ""),
        ("text", "a", "a"),
        ("text", "", ""),
        ("text", 5, "a token that is not text. Put quotes around it in /x/plant.yaml."),
        ("flag", None, False),
        ("flag", True, True),
        ("flag", False, False),
        ("flag", "true", "a token that is neither true nor false. Correct it in /x/plant.yaml."),
        ("flag", 1, "a token that is neither true nor false. Correct it in /x/plant.yaml."),
        ("decoded", None, None),
        ("decoded", " \n", None),
        ("decoded", "b2\n l\tk", b"oid"),
        ("decoded", "b2l", "a token that is not valid base64. Correct it in /x/plant.yaml."),
        ("decoded", "b2l$", "a token that is not valid base64. Correct it in /x/plant.yaml."),
        ("decoded", "é", "a token that is not valid base64. Correct it in /x/plant.yaml."),
        ("path", None, None),
        ("path", "", None),
        ("path", "../k", Path("/k")),
        ("texts", None, ()),
        ("texts", [], ()),
        ("texts", ["a", "b"], ("a", "b")),
        ("texts", ["a", 1], "a token that is not a list of texts. Correct it in /x/plant.yaml."),
        ("texts", "a", "a token that is not a list of texts. Correct it in /x/plant.yaml."),
        ("part", None, None),
        ("part", {"a": 1}, Entry("user", "kim", FILE, {"a": 1})),
        ("part", {1: 1}, "a token that is not a mapping of names. Correct it in /x/plant.yaml."),
        ("part", [], "a token that is not a mapping of names. Correct it in /x/plant.yaml."),
    ],
)
def test_what_a_field_is_read_as(read: str, value: Any, found: Any) -> None:
    one = entry(token=value)
    if isinstance(found, str) and " " in found:
        with pytest.raises(KubeconfigError) as caught:
            getattr(one, read)("token")
        assert str(caught.value) == f"The user kim in plant.yaml has {found}"
        assert caught.value.about == "user"
    else:
        assert getattr(one, read)("token") == found
    if value is None:
        assert getattr(entry(), read)("token") == found


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        (None, None),
        ("x", None),
        ([5, {"name": "y", "extension": 1}], None),
        ([{"name": "x"}], None),
        ([{"name": "x", "extension": {"a": 1}}, {"name": "x", "extension": 2}], {"a": 1}),
    ],
)
def test_what_an_extension_holds(listed: Any, found: Any) -> None:
    assert entry(extensions=listed).extension("x") == found


def test_an_entry_is_called_by_its_kind_its_name_and_its_file() -> None:
    one = Entry("context", "a\x1bb" + "x" * 100, Path("/x/y.yaml"), {"token": "secret"})
    assert one.title == f"context a b{'x' * 76}… in y.yaml"
    assert str(one.wrong("is odd", "Look.")) == f"The {one.title} is odd. Look."
    assert str(one.wrong("is odd")) == f"The {one.title} is odd. Correct it in /x/y.yaml."
    assert "secret" not in repr(one)


@pytest.mark.parametrize(
    ("key", "named"),
    [
        ("as", "an as"),
        ("exec", "an exec"),
        ("insecure", "an insecure"),
        ("user", "a user"),
        ("token", "a token"),
    ],
)
def test_a_field_has_the_article_that_it_needs(key: str, named: str) -> None:
    assert _a(key) == named

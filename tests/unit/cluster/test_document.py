"""The entries of a kubeconfig: what each field is read as, how an entry is called, what an extension holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.kubeconfig.document import Document, Entry, NotAKubeconfig, _a, merge, read
from tests.unit.cluster.kubeconfigs import put

FILE = Path("/x/plant.yaml")


def entry(**fields: Any) -> Entry:
    return Entry("user", "kim", FILE, {key.replace("_", "-"): value for key, value in fields.items()})


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


CHECK = "Check that this is the file you mean."
NONE = "no name that is text. Give it one, in quotes if it is a number."
FILES: list[tuple[str, str]] = [
    ("", ""),
    ("kind: Config", ""),
    ("kind: ''\nusers: []", ""),
    ("users:", ""),
    ("users: [null]", ""),
    ("preferences: {}", ""),
    ("- a", f"/d is not a kubeconfig: it holds no mapping. {CHECK}"),
    ("text", f"/d is not a kubeconfig: it holds no mapping. {CHECK}"),
    ("kind: Secret", f"/d is not a kubeconfig: it holds a Secret. {CHECK}"),
    ("kind: [a]", f"/d is not a kubeconfig: it holds a ['a']. {CHECK}"),
    (f"kind: {'k' * 61}", f"/d is not a kubeconfig: it holds a {'k' * 59}…. {CHECK}"),
    ("colour: blue", f"/d is not a kubeconfig: it has no clusters, users or contexts. {CHECK}"),
    ("users: {}", "/d: users is not a list. Correct it in /d."),
    ("clusters: text", "/d: clusters is not a list. Correct it in /d."),
    (
        "contexts: [{name: a}, 5]",
        f"/d: context number 2 has {NONE}",
    ),
    (
        "users: [{name: 5}]",
        f"/d: user number 1 has {NONE}",
    ),
    ("users: [{name: a, user: text}]", "/d: user a is not a mapping. Correct it in /d."),
]


@pytest.mark.parametrize(("text", "said"), FILES, ids=range(len(FILES)))
def test_what_a_file_holds_or_why_it_is_no_kubeconfig(text: str, said: str, tmp_path: Path) -> None:
    file = put(tmp_path / "d", text)
    if not said:
        assert read(file) == Document((file,))
        assert read(file).empty
        return
    with pytest.raises(KubeconfigError) as caught:
        read(file)
    assert str(caught.value).replace(str(file), "/d") == said
    assert isinstance(caught.value, NotAKubeconfig) is ("not a kubeconfig" in said)


def test_every_entry_of_a_file_is_known_by_its_name(tmp_path: Path) -> None:
    file = put(
        tmp_path / "d",
        "clusters: [{name: c, cluster: {server: s}}, {cluster: {}}]\n"
        "users: [{name: u, user: {a: b}}, {name: u, user: }, {name: v}]\n"
        "contexts: [{name: x, context: {cluster: c}}]\ncurrent-context: x\n",
    )
    found = read(file)
    assert found == Document(
        (file,),
        clusters={"c": Entry("cluster", "c", file, {"server": "s"}), "": Entry("cluster", "", file, {})},
        users={"u": Entry("user", "u", file, {}, twice=True), "v": Entry("user", "v", file, {})},
        contexts={"x": Entry("context", "x", file, {"cluster": "c"})},
        current_context="x",
    )
    assert not found.empty
    other = put(tmp_path / "e", "users: [{name: v, user: {c: d}}, {name: w}]\ncurrent-context: z\n")
    both = merge([found, read(other)])
    assert both.files == (file, other)
    assert list(both.users) == ["u", "v", "w"]
    assert (both.users["v"].file, both.current_context) == (file, "x")
    assert merge([read(other), found]).current_context == "z"
    assert merge([]) == Document(())

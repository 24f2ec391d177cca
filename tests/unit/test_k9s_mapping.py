"""Each shortcut, command, alias and view of k9s, and what it becomes here or why it does not."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.k9s.mapping import ALIASES, HOTKEYS, VIEWS, Mapped, mapped
from edgetui.model.kinds import KINDS

NO_TELLING = "a terminal cannot tell {} here"
SHORTCUTS: list[tuple[Any, str, str]] = [
    ("a", "a", ""),
    ("A", "a", ""),
    ("Shift-a", "A", ""),
    ("shift+A", "A", ""),
    (" Shift-B ", "B", ""),
    *((f"Shift-{digit}", sent, "") for digit, sent in zip("0123456789", ")!@#$%^&*(", strict=True)),
    ("7", "7", ""),
    ("Ctrl-Z", "ctrl+z", ""),
    ("F1", "f1", ""),
    ("f12", "f12", ""),
    ("Shift-F3", "shift+f3", ""),
    ("Ctrl-F3", "ctrl+f3", ""),
    ("Ctrl-7", "", NO_TELLING.format("Ctrl-7")),
    ("Alt-A", "", NO_TELLING.format("Alt-A")),
    ("Ctrl-Shift-A", "", NO_TELLING.format("Ctrl-Shift-A")),
    ("Fn", "", NO_TELLING.format("Fn")),
    ("Enter", "", NO_TELLING.format("Enter")),
    ("Shift-", "", NO_TELLING.format("Shift-")),
    ("ü", "", NO_TELLING.format("ü")),
    ("Shift-ü", "", NO_TELLING.format("Shift-ü")),
    ("F٣", "", NO_TELLING.format("F٣")),
    (".", "", NO_TELLING.format(".")),
    ("", "", "it has no shortCut"),
    ("  ", "", "it has no shortCut"),
    (None, "", "it has no shortCut"),
    (7, "", "it has no shortCut"),
]


def one(found: Mapped) -> tuple[str, str]:
    """The key or line that came of one entry, and why none did."""
    made = [*found.commands.values(), *found.keys.values()]
    why = [told.why for told in found.not_mapped]
    assert len(made) + len(why) == 1
    return (made or [""])[0], (why or [""])[0]


@pytest.mark.parametrize(("shortcut", "key", "why"), SHORTCUTS)
def test_a_shortcut(shortcut: Any, key: str, why: str) -> None:
    found = mapped({HOTKEYS: {"hotKeys": {"one": {"shortCut": shortcut, "command": "pods"}}}})
    assert one(found) == (key, why)
    assert list(found.keys) == ([":pods"] if key else [])


COMMANDS: list[tuple[Any, str, str]] = [
    ("pods", "pods", ""),
    ("PODS", "pods", ""),
    ("po kube-system", "po -n kube-system", ""),
    ("po kube-system app=a", "po -n kube-system app=a", ""),
    ("po /press", "po /press", ""),
    ("po @plant", "po @plant", ""),
    ("po -n line-2", "po -n line-2", ""),
    ("po app=press", "po app=press", ""),
    ("po app=press line-2", "po app=press line-2", ""),
    ("scale 3", "scale 3", ""),
    ("v1/pods", "pods", ""),
    ("apps/v1/deployments", "deployments", ""),
    ("apps/v1/deployments line-2", "deployments -n line-2", ""),
    ("water.example.com/v1/pumps", "pumps.v1.water.example.com", ""),
    ("v1/pumps", "pumps", ""),
    ("/pods", "", "it names a part of an object"),
    ("a/b/c/d", "", "it names a part of an object"),
    ("apps//deployments", "", "it names a part of an object"),
    ("apps/v1/", "", "it names a part of an object"),
    ("pulses", "", "edgetui has no pulses"),
    ("popeye", "", "edgetui has no popeye"),
    ("xray deploy", "", "edgetui has no xray"),
    ("pods $NAME", "", "it takes in what is under the cursor"),
    ("pods\x07", "", "it holds what cannot be shown"),
    ("p" * 500, "p" * 500, ""),
    ("p" * 501, "", "it holds what cannot be shown"),
    ("", "", "it stands for no text"),
    ("  ", "", "it stands for no text"),
    (None, "", "it stands for no text"),
    (7, "", "it stands for no text"),
    (["pods"], "", "it stands for no text"),
]


@pytest.mark.parametrize(("command", "line", "why"), COMMANDS)
def test_a_command(command: Any, line: str, why: str) -> None:
    found = mapped({ALIASES: {"aliases": {"mine": command}}})
    assert one(found) == (line, why)
    bound = mapped({HOTKEYS: {"hotKeys": {"one": {"shortCut": "f5", "command": command}}}})
    assert bound.keys == ({f":{line}": "f5"} if line else {})


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.group])
def test_each_kind_by_its_group_is_the_kind(kind: Any) -> None:
    found = mapped({ALIASES: {"aliases": {"mine": f"{kind.group}/{kind.version}/{kind.plural}"}}})
    assert found.commands == {"mine": kind.plural}
    other = mapped({ALIASES: {"aliases": {"mine": f"other.example.com/v1/{kind.plural}"}}})
    assert other.commands == {"mine": f"{kind.plural}.v1.other.example.com"}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("two words", "it is not one word"),
        ("bell\x07", "it is not one word"),
        ("logs", ":logs is a command of edgetui already"),
        ("dp", "edgetui knows it already, as deployments"),
        (" mine ", ""),
        *((letter, "") for letter in "fgly"),  # they are the beginnings of commands, and their names are free
        (3, "its name is no text"),
        ("", "its name is no text"),
        ("  ", "its name is no text"),
    ],
)
def test_the_name_of_an_alias(name: Any, why: str) -> None:
    found = mapped({ALIASES: {"aliases": {name: "deployments"}}})
    assert one(found) == ("" if why else "deployments", why)
    assert list(found.commands) == ([] if why else [name.strip()])


def test_a_word_of_k9s_that_stands_for_something_else_here_is_an_alias() -> None:
    assert mapped({ALIASES: {"aliases": {"dp": "pods"}}}).commands == {"dp": "pods"}


@pytest.mark.parametrize(
    ("view", "why"),
    [
        ({"columns": ["AGE"]}, "a pane chooses its columns by the width of the screen"),
        ({"sortColumn": "AGE:asc"}, "o in a pane chooses its order, which the next start remembers"),
        ({"columns": None, "sortColumn": None}, "it says neither columns nor sortColumn"),
        ({}, "it says neither columns nor sortColumn"),
        (["AGE"], "it is no table"),
    ],
)
def test_a_view(view: Any, why: str) -> None:
    for table in ({"views": {"v1/pods": view}}, {"k9s": {"views": {"v1/pods": view}}}):
        (told,) = mapped({VIEWS: table}).not_mapped
        assert told == (VIEWS, "v1/pods", why)


@pytest.mark.parametrize(
    ("file", "root"), [(ALIASES, "alias"), (ALIASES, "aliases"), (HOTKEYS, "hotKey"), (HOTKEYS, "hotKeys")]
)
def test_each_file_begins_with_one_of_its_names(file: str, root: str) -> None:
    entry = "pods" if file == ALIASES else {"shortCut": "f5", "command": "pods"}
    found = mapped({file: {root: {"mine": entry}}})
    assert (found.commands or found.keys) and not found.not_mapped
    assert mapped({file: {"other": {"mine": entry}}}) == ({}, {}, [])
    assert mapped({file: {root: None}}) == ({}, {}, [])
    (told,) = mapped({file: {root: ["mine"]}}).not_mapped
    assert told == (file, "aliases" if file == ALIASES else "hotKeys", "it is no table of names")
    (told,) = mapped({file: ["mine"]}).not_mapped
    assert told.why == "it is no table of names"


def test_a_second_hotkey_for_the_same_is_told_the_first() -> None:
    keys = {name: {"shortCut": key, "command": "pods"} for name, key in (("one", "f5"), ("two", "f6"))}
    found = mapped({HOTKEYS: {"hotKeys": keys}})
    assert found.keys == {":pods": "f5"}
    assert found.not_mapped == [(HOTKEYS, "two", ":pods has the key f5 already")]


@pytest.mark.parametrize("entry", [None, "pods", ["f5"], 7])
def test_a_hotkey_that_is_no_table(entry: Any) -> None:
    (told,) = mapped({HOTKEYS: {"hotKeys": {"one": entry}}}).not_mapped
    assert told == (HOTKEYS, "one", "it has no shortCut and no command")


@pytest.mark.parametrize("file", [ALIASES, HOTKEYS])
def test_only_views_may_stand_below_the_name_of_k9s(file: str) -> None:
    inside = {
        "k9s": {
            "aliases": {"dp": "deployments"},
            "hotKeys": {"x": {"shortCut": "Shift-1", "command": "pods"}},
        }
    }
    assert mapped({file: inside}) == Mapped({}, {}, [])
    assert mapped({VIEWS: {"k9s": {"views": {"v1/pods": 1}}}}) == mapped({VIEWS: {"views": {"v1/pods": 1}}})

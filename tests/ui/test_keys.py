"""Keys of a person's own, and the key table of the README."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgetui.actions.catalogue import ACTIONS, OLD_NAMES
from edgetui.ui.keyfile import ALWAYS, NEVER_WRITES, Unusable, load, parse
from edgetui.ui.keymap import LOOKING
from tests.keytable import README, written

from .driving import running
from .fleet import plant


def test_the_readme_has_every_key_as_it_is() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == written(text), "make keys writes it"
    assert all(f"`{action.key}`" in text for action in ACTIONS.values() if action.key)


def test_no_two_keys_are_the_same_and_none_that_writes_can_come_from_a_broken_arrow() -> None:
    assert parse("") == {}
    names = [key.name for key in LOOKING if key.action] + list(ACTIONS)
    assert len(names) == len(set(names))
    with pytest.raises(Unusable, match="nothing called 'leave'"):
        parse("leave: x")
    for action in ACTIONS.values():
        assert action.key not in NEVER_WRITES | ALWAYS
        assert not action.key.isupper()


@pytest.mark.parametrize(("old", "present"), OLD_NAMES.items())
def test_a_key_file_may_hold_the_name_that_an_action_had(old: str, present: str) -> None:
    if ACTIONS[present].key:
        assert parse(f"{old}: f5") == {present: "f5"}
        return
    with pytest.raises(Unusable, match=f"nothing called '{old}'"):
        parse(f"{old}: f5")


def test_keys_are_read_by_the_name_of_what_they_do() -> None:
    changed = parse("zoom: f6\nsort: '%'\nplace before: ','\nscale: f5\n")
    assert changed == {"zoom": "f6", "sort": "percent_sign", "place before": "comma", "scale": "f5"}
    assert parse("zoom: o\nsort: z\n") == {"zoom": "o", "sort": "z"}, "two that change places"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("- zoom", "no list of names"),
        ("fly: x", "nothing called 'fly'"),
        ("zoom: [x, y]", "zoom needs one key"),
        ("zoom: x,y", "zoom needs one key"),
        ("zoom: true", "zoom needs one key"),
        ("zoom: o", "would have the same key"),
        ("zoom: enter", "zoom cannot have enter"),
        ("scale: S", "scale cannot have S"),
        ("scale: '['", "scale cannot have ["),
        ("scale: O", "scale cannot have O"),
        ("':': f7", "a colon needs a command"),
        ("':scale 3': f7", "':scale 3' is an action; write scale and its key"),
        ("':pods': o", "would have the same key"),
    ],
)
def test_a_file_that_does_not_hold_is_told_in_one_sentence(text: str, why: str) -> None:
    with pytest.raises(Unusable) as raised:
        parse(text)
    assert why in str(raised.value)


def test_a_file_that_is_no_yaml_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "keys.yaml"
    assert load(file) == ({}, "")
    file.write_text("zoom: [")
    assert load(file)[0] == {}
    assert "cannot be read as YAML" in load(file)[1]
    file.write_bytes(b"\xff\xfe")
    assert "cannot be read as YAML" in load(file)[1]


async def test_own_keys_work_and_are_what_footer_and_help_say(tmp_path: Path) -> None:
    await _with_keys(tmp_path, "scale: f5\nfilter: f3\n")
    async with running([plant()], size=(100, 100)) as screen:
        await screen.press("4")
        assert "f5 scale" in screen.text() and "f3 filter" in screen.text()
        await screen.press("s")
        assert "not connected" not in screen.text()
        await screen.press("f5")
        assert "plant is not connected" in screen.text()
        await screen.press("f3", *"weld", "enter")
        assert screen.app.main.current.filter_text == "weld"
        await screen.press("question_mark")
        assert screen.line("scale:").split()[0] == "f5"
        assert screen.line("filter: words").split()[0] == "f3"


async def test_a_broken_key_file_is_told_and_the_keys_stay(tmp_path: Path) -> None:
    await _with_keys(tmp_path, "scale: S\n")
    async with running([plant()], size=(80, 24)) as screen:
        assert "The usual keys hold" in screen.text()
        await screen.press("4", "s")
        assert "plant is not connected" in screen.text()


async def _with_keys(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "config" / "edgetui"
    folder.mkdir(parents=True)
    (folder / "keys.yaml").write_text(text)


async def test_a_key_may_stand_for_a_line(tmp_path: Path) -> None:
    await _with_keys(tmp_path, "':po line-2': ')'\n':rollouts': f7\n")
    async with running([plant()]) as screen:
        main = screen.app.main
        await screen.press("right_parenthesis")
        assert (main.current.pane.id, main.namespace) == ("pods", "line-2")
        await screen.press("f7")
        assert main.current.pane.id == "rollouts"
        await screen.press("question_mark", "right_parenthesis", "escape")
        assert main.current.pane.id == "rollouts"

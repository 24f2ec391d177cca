"""A key file against each rule that it has to keep, with the whole sentence that is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgetui.actions.catalogue import ACTIONS
from edgetui.ui.keyfile import ALWAYS, NEVER_WRITES, Unusable, load, parse
from edgetui.ui.keymap import LOOKING

DEFAULTS = {key.name: key.keys for key in LOOKING if key.action and not ALWAYS & set(key.keys.split(","))}


def said(text: str) -> str:
    with pytest.raises(Unusable) as raised:
        parse(text)
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("- zoom", "it is no list of names with a key each"),
        ("zoom", "it is no list of names with a key each"),
        ("fly: x", "there is nothing called 'fly'"),
        ("3: x", "there is nothing called '3'"),
        (f"{'x' * 60}: f5", f"there is nothing called {'x' * 40!r}"),
        ("leave: x", "there is nothing called 'leave'"),
        ("zoom: ''", "zoom needs one key"),
        ("zoom: ' '", "zoom needs one key"),
        ("zoom:", "zoom needs one key"),
        ("zoom: false", "zoom needs one key"),
        ("zoom: 1.5", "zoom needs one key"),
        ("zoom: 'f5,f6'", "zoom needs one key"),
        ("zoom: 1", "zoom cannot have 1, which keeps its meaning"),
        ("zoom: ctrl+c", "zoom cannot have ctrl+c, which keeps its meaning"),
        ("scale: S", "scale cannot have S, a bad line can type it"),
        ("scale: O", "scale cannot have O, a bad line can type it"),
        ("scale: '['", "scale cannot have [, a bad line can type it"),
        ("':': f7", "a colon needs a command behind it"),
        ("':  ': f7", "a colon needs a command behind it"),
        ("':scale 3': f7", "':scale 3' is an action; write scale and its key"),
        ("':sca': f7", "':sca' is an action; write scale and its key"),
        ("zoom: f5\nsort: f5", "sort and zoom would have the same key"),
    ],
)
def test_what_a_file_may_not_hold(text: str, sentence: str) -> None:
    found = said(text)
    if "would have the same key" in sentence:
        assert set(found.split(" would")[0].split(" and ")) == {"sort", "zoom"}
    else:
        assert found == sentence


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("", {}),
        ("{}", {}),
        ("zoom: f6", {"zoom": "f6"}),
        ("zoom: 0", {"zoom": "0"}),
        ("zoom: ' f6 '", {"zoom": "f6"}),
        ("zoom: S", {"zoom": "S"}),
        ("zoom: ','", {"zoom": "comma"}),
        ("scale: f11", {"scale": "f11"}),
        ("scale: shift+s", {"scale": "shift+s"}),
        ("':pods': f7", {":pods": "f7"}),
        ("':nonsense x': f7", {":nonsense x": "f7"}),
    ],
)
def test_what_a_file_may_hold(text: str, changed: dict[str, str]) -> None:
    assert parse(text) == changed


def test_every_looking_key_and_every_action_with_a_key_may_have_another() -> None:
    for name in (*DEFAULTS, *(one.id for one in ACTIONS.values() if one.key)):
        assert parse(f"{name}: f12") == {name: "f12"}, name
    for action in ACTIONS.values():
        if not action.key:
            assert said(f"{action.id}: f12") == f"there is nothing called {action.id!r}"


def test_no_key_may_be_that_of_another() -> None:
    for name, keys in DEFAULTS.items():
        for key in keys.split(","):
            if name != "zoom":
                assert set(said(f"zoom: {key!r}").split(" would")[0].split(" and ")) == {name, "zoom"}
    assert {"O", "left_square_bracket", "right_square_bracket"} == NEVER_WRITES


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    file = tmp_path / "keys.yaml"
    file.write_text("zoom: f6")
    assert load(file) == ({"zoom": "f6"}, "")
    file.write_text("fly: x")
    assert load(file) == ({}, "keys.yaml: there is nothing called 'fly'. The usual keys hold.")
    file.write_text("zoom: [")
    unread: tuple[dict[str, str], str] = ({}, "keys.yaml cannot be read as YAML. The usual keys hold.")
    assert load(file) == unread
    file.unlink()
    file.mkdir()
    assert load(file) == unread

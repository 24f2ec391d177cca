"""Themes: contrast, words beside colour, and files that are broken."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.color import Color
from rich.style import Style
from textual.color import Color as Shade

from edgetui.ui import themes

REPO = Path(__file__).resolve().parents[2] / "themes"
LOOKS = themes.load([REPO]).looks


ON_THE_BAR = ("bar", "brand", "key", "key-off", "ok", "warn", "bad", "quiet", "note")


def luminance(colour: Shade) -> float:
    """Relative luminance (WCAG 2.1)."""
    parts = [part / 255 for part in (colour.r, colour.g, colour.b)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(look: themes.Look, style: Style, ground: Style | None = None) -> float:
    """WCAG contrast of a style on its own ground, that of another role, or that of the theme."""
    behind = shade((ground or style).bgcolor, Shade.parse(look.theme.background or "#000000"))
    light, dark = sorted(
        (luminance(shade(style.color, Shade.parse(look.theme.foreground or "#ffffff"))), luminance(behind)),
        reverse=True,
    )
    return (light + 0.05) / (dark + 0.05)


def shade(colour: Color | None, default: Shade) -> Shade:
    return default if colour is None or colour.is_default else Shade.from_rich_color(colour)


@pytest.mark.parametrize(("name", "least"), [("dark", 4.5), ("light", 4.5), ("high-contrast", 7.0)])
def test_every_role_can_be_read(name: str, least: float) -> None:
    look = LOOKS[name]
    low = {
        role: round(ratio(look, style), 2)
        for role, style in look.styles.items()
        if ratio(look, style) < least
    }
    assert not low
    bar = look.styles["bar"]
    low = {
        role: ratio(look, look.styles[role], bar)
        for role in ON_THE_BAR
        if ratio(look, look.styles[role], bar) < least
    }
    assert not low


def test_all_shipped_themes_load_without_a_complaint() -> None:
    loaded = themes.load([REPO])
    assert loaded.failures == ()
    assert {"ansi", "dark", "light", "high-contrast", "mono"} <= set(loaded.looks)


def test_mono_uses_no_colour() -> None:
    for style in LOOKS["mono"].styles.values():
        assert style.color is None
        assert style.bgcolor is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name: x\nabout: ]", "not valid YAML at line 2"),
        ("colours: {}", "has no name"),
        ("name: x\ncolours: {primry: red}", "does not exist: primry"),
        ("name: x\ncolours: {primary: reddish}", "'reddish' is not a colour"),
        ("name: x\nstyles: {bad: blod red}", "'blod red' is not a style"),
        ("name: x\nstyles: {worse: red}", "role that does not exist: worse"),
        ("name: x\nstyles: 3", "styles must be"),
    ],
)
def test_a_broken_theme_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    loaded = themes.load([REPO, tmp_path])
    assert len(loaded.failures) == 1
    assert sentence in loaded.failures[0]
    assert "ansi" in loaded.looks


def test_an_unknown_theme_falls_back_and_says_so() -> None:
    look, sentence = themes.load([REPO]).choose("blue")
    assert look.name == "ansi"
    assert "no theme 'blue'" in sentence


def test_without_any_file_there_is_still_a_theme(tmp_path: Path) -> None:
    look, _ = themes.load([tmp_path]).choose("ansi")
    assert look is themes.PLAIN


@pytest.mark.parametrize("home", ["~nosuch", "~", "", "/nonexistent"])
def test_a_home_that_is_none_keeps_no_screen_from_opening(home: str) -> None:
    assert themes.configuration({"HOME": home}).name == "edgetui"


FULL = """
name: mine
about: of my own
dark: false
colours:
  primary: "#112233"
  background: "#ffffff"
  foreground: "#000000"
styles:
  row: "#222222"
  bad: "bold red"
  bar: "on blue"
"""


def test_a_theme_is_what_its_file_says_and_the_rest_is_the_minimum() -> None:
    look = themes.parse(FULL)
    assert (look.name, look.about) == ("mine", "of my own")
    theme = look.theme
    assert (theme.name, theme.primary, theme.background, theme.foreground) == (
        "mine", "#112233", "#ffffff", "#000000",
    )  # fmt: skip
    assert (theme.dark, theme.ansi, theme.variables) == (False, False, {})
    base = Style.parse("#222222 on #ffffff")
    assert look["row"] == base
    assert look["bad"] == base + Style.parse("bold red")
    assert look["bar"] == base + Style.parse("on blue")
    assert look["title"] == base + Style.parse("bold")
    assert look["cursor"] == base + Style.parse("reverse")
    assert set(look.styles) == themes.ROLES


def test_a_theme_that_says_little_is_dark_on_black_and_one_of_the_terminal_has_no_ground() -> None:
    little = themes.parse("name: x")
    assert (little.about, little.theme.primary, little.theme.dark) == ("", "ansi_blue", True)
    assert little["row"] == Style.parse("on #000000")
    ansi = themes.parse(
        "name: x\nansi: true\ncolours: {background: ansi_default}\nstyles: {title: bold green}"
    )
    assert (ansi.theme.ansi, ansi.theme.background) == (True, "ansi_default")
    assert ansi.theme.variables == themes.PLAIN.theme.variables != {}
    assert ansi["row"] == Style()
    assert ansi["title"] == Style.parse("bold green")


def test_themes_of_later_directories_take_the_place_of_earlier_ones(tmp_path: Path) -> None:
    for folder, about in (("a", "first"), ("b", "second")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.yaml").write_text(f"name: x\nabout: {about}")
    (tmp_path / "b" / "notes.txt").write_text("name: y")
    (tmp_path / "b" / "broken.yaml").write_bytes(b"\xff\xfe\xff")
    (tmp_path / "b" / "nameless.yaml").write_text("about: x")
    loaded = themes.load([tmp_path / "a", tmp_path / "none", tmp_path / "b"])
    assert loaded.looks.keys() == {"plain", "x"}
    assert loaded.looks["x"].about == "second"
    unread, nameless = loaded.failures
    assert unread.startswith(f"Theme file {tmp_path}/b/broken.yaml cannot be read: 'utf-8' codec")
    assert nameless == f"Theme file {tmp_path}/b/nameless.yaml is left out: it has no name."


def test_a_theme_is_chosen_by_its_name_and_another_has_the_usual_one() -> None:
    mine, usual = themes.parse("name: mine"), themes.parse("name: ansi")
    both = themes.Themes({"mine": mine, "ansi": usual}, ())
    assert both.choose("mine") == (mine, "")
    assert both.choose("x") == (usual, "There is no theme 'x'. Themes here: ansi, mine.")
    assert themes.Themes({"mine": mine}, ()).choose("x")[0] is themes.PLAIN


def test_where_themes_and_keys_are_looked_for() -> None:
    assert themes.configuration({"HOME": "/srv/kim"}) == Path("/srv/kim/.config/edgetui")
    assert themes.configuration({"HOME": "/srv/kim", "XDG_CONFIG_HOME": "/etc/kim"}) == Path(
        "/etc/kim/edgetui"
    )
    package = Path(themes.__file__).resolve().parent.parent
    assert themes.directories({"HOME": "/srv/kim"}) == [
        package / "themes",
        package.parent / "themes",
        Path("/srv/kim/.config/edgetui/themes"),
    ]

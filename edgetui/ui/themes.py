"""Themes: YAML files that name a colour for every role on the screen.

A theme file holds `name`, `about`, `dark`, `ansi`, `colours` (what Textual's own widgets use) and `styles`: one
style per role ("bold red on black", "#ff7b72", "reverse"; "none" for nothing). Roles that a file leaves out are
taken from the built-in minimum, so an older file keeps working.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml
from rich.errors import StyleSyntaxError
from rich.style import Style
from textual.color import Color, ColorParseError
from textual.theme import Theme

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEFAULT = "ansi"
_MINIMUM = {
    "row": "none",
    "head": "dim",
    "title": "bold",
    "title-focus": "bold reverse",
    "bar": "none",
    "brand": "bold",
    "key": "bold",
    "key-off": "dim",
    "bad": "bold",
    "warn": "bold",
    "ok": "none",
    "stale": "dim",
    "unknown": "none",
    "note": "none",
    "quiet": "dim",
    "cursor": "reverse",
    "badge": "bold reverse",
    "add": "none",
    "remove": "none",
    "field": "underline",
}
ROLES = frozenset(_MINIMUM)
_ANSI_VARIABLES = {
    "ansi-background": "ansi_default",
    "ansi-foreground": "ansi_default",
    "border-blurred": "ansi_default",
    "block-cursor-foreground": "ansi_black",
    "block-cursor-background": "ansi_white",
    "input-cursor-background": "ansi_white",
    "input-cursor-foreground": "ansi_black",
    "input-selection-background": "ansi_white",
    "input-selection-foreground": "ansi_black",
    "screen-selection-background": "ansi_white",
    "screen-selection-foreground": "ansi_black",
}
"""What Textual's own style sheet wants of a theme in the terminal's colours."""

_COLOURS = frozenset(
    {
        "primary",
        "secondary",
        "foreground",
        "background",
        "surface",
        "panel",
        "boost",
        "error",
        "warning",
        "success",
        "accent",
    }
)


class ThemeError(ValueError):
    """A theme file that cannot be used; the message is one sentence."""


class Look(msgspec.Struct, frozen=True):
    """One theme: what Textual's widgets use and the style of each role."""

    name: str
    about: str
    theme: Theme
    styles: Mapping[str, Style]

    def __getitem__(self, role: str) -> Style:
        return self.styles[role]


class Themes(msgspec.Struct, frozen=True):
    """All themes that could be read, by name, and one sentence for each file that could not."""

    looks: Mapping[str, Look]
    failures: tuple[str, ...]

    def choose(self, name: str) -> tuple[Look, str]:
        """The theme of that name, or the default with a sentence saying why."""
        if name in self.looks:
            return self.looks[name], ""
        known = ", ".join(sorted(self.looks))
        return self.looks.get(DEFAULT, PLAIN), f"There is no theme {name!r}. Themes here: {known}."


def directories(env: Mapping[str, str] = os.environ) -> list[Path]:
    """Where theme files are looked for; a later directory overrides an earlier one."""
    package = Path(__file__).resolve().parent.parent
    return [package / "themes", package.parent / "themes", configuration(env) / "themes"]


def configuration(env: Mapping[str, str] = os.environ) -> Path:
    """Where a person keeps what is set once: themes and keys."""
    # Not Path.expanduser, which raises where nobody knows a home.
    home = Path(os.path.expanduser(env.get("HOME", "~")))  # noqa: PTH111
    config = Path(env.get("XDG_CONFIG_HOME") or home / ".config")
    return config / "edgetui"


def load(folders: Iterable[Path]) -> Themes:
    """Read every theme file; a broken one becomes a sentence, never an exception."""
    looks: dict[str, Look] = {PLAIN.name: PLAIN}
    failures: list[str] = []
    for folder in folders:
        for path in sorted(folder.glob("*.yaml")):
            try:
                look = parse(path.read_text(encoding="utf-8"))
            except (OSError, UnicodeError) as error:
                failures.append(f"Theme file {path} cannot be read: {error}.")
            except ThemeError as error:
                failures.append(f"Theme file {path} is left out: {error}")
            else:
                looks[look.name] = look
    return Themes(looks, tuple(failures))


def parse(text: str) -> Look:
    """One theme from YAML text. Raises ThemeError with one sentence."""
    try:
        data = yaml.load(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark is not None else ""
        raise ThemeError(f"it is not valid YAML{where}.") from error
    if not isinstance(data, dict) or not isinstance(data.get("name"), str):
        raise ThemeError("it has no name.")
    colours = _mapping(data, "colours")
    styles = _mapping(data, "styles")
    if unknown := sorted(set(colours) - _COLOURS):
        raise ThemeError(f"it names a colour that does not exist: {unknown[0]}.")
    if unknown := sorted(set(styles) - ROLES):
        raise ThemeError(f"it names a role that does not exist: {unknown[0]}.")
    for value in colours.values():
        try:
            Color.parse(value)
        except ColorParseError as error:
            raise ThemeError(f"{value!r} is not a colour.") from error
    ansi = bool(data.get("ansi", False))
    colours_ground = colours.get("background", "#000000")
    theme = Theme(
        name=data["name"],
        primary=colours.pop("primary", "ansi_blue"),
        dark=bool(data.get("dark", True)),
        ansi=ansi,
        variables=dict(_ANSI_VARIABLES) if ansi else {},
        **colours,  # type: ignore[arg-type]
    )
    ground = "none" if ansi else f"on {colours_ground}"
    return Look(data["name"], str(data.get("about", "")), theme, _styles(styles, ground))


def _mapping(data: Mapping[str, Any], name: str) -> dict[str, str]:
    value = data.get(name, {})
    if not isinstance(value, dict):
        raise ThemeError(f"{name} must be a list of names and values.")
    return {str(key): str(item) for key, item in value.items()}


def _styles(wanted: Mapping[str, str], ground: str) -> dict[str, Style]:
    """The style of every role on the theme's own ground."""
    styles: dict[str, Style] = {}
    for role, minimum in _MINIMUM.items():
        text = wanted.get(role, minimum)
        try:
            styles[role] = Style.parse(text)
        except StyleSyntaxError as error:
            raise ThemeError(f"{text!r} is not a style.") from error
    base = Style.parse(ground) + styles["row"]
    return {role: base + style for role, style in styles.items()}


PLAIN = Look(
    "plain",
    "what is left when no theme file can be read",
    Theme(
        name="plain",
        primary="ansi_default",
        foreground="ansi_default",
        background="ansi_default",
        ansi=True,
        variables=dict(_ANSI_VARIABLES),
    ),
    _styles({}, "none"),
)
"""Needs no file, so there is always a theme."""

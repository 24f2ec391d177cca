"""What the terminal at the other end can take: chosen from the environment, or forced by name.

A profile is decided before Textual is imported, because Textual reads its frame rate, escape delay and
colour depth from the environment at import.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

COLOUR_DEPTHS = ("mono", "16", "256", "truecolor")
NAMES = ("local", "ssh", "thin", "serial")

_FLUSH = {"local": 0.1, "ssh": 0.1, "thin": 0.5, "serial": 0.5}
_SIXTEEN_COLOUR_TERMS = ("linux", "vt", "screen", "ansi", "xterm-color", "cons25", "unknown")


SLOW, QUICK = 0.25, 0.15
"""Round trips (s) from which a link is drawn on as a thin one, and below which no longer."""


class Profile(msgspec.Struct, frozen=True):
    """How to draw on one terminal.

    `flush` is the shortest time (s) between two data updates on screen, `escape_delay` (ms) how long a lone ESC
    waits for the rest of a key sequence, `mouse` whether the mouse is asked for, `ascii` whether only ASCII may
    be sent. `colours` is one of COLOUR_DEPTHS. A `forced` profile stays whatever the link turns out to be. `console` is
    true on the text console of a Linux machine.
    """

    name: str
    colours: str
    ascii: bool
    mouse: bool
    flush: float
    escape_delay: int
    forced: bool = False
    console: bool = False

    @property
    def label(self) -> str:
        """What the status line shows, empty on a plain local terminal."""
        return "" if self.name == "local" else self.name

    @property
    def bare(self) -> str:
        """What it is when it has neither a clipboard nor notices; empty where it may have them."""
        if self.name == "serial":
            return "A serial terminal"
        return "The Linux console" if self.console else ""

    @property
    def rate(self) -> float:
        """Bytes a second that a terminal gets which never says whether it keeps up."""
        return {"local": 1e6, "ssh": 16e3, "thin": 4e3}.get(self.name, 960.0)


def choose(env: Mapping[str, str], forced: str = "") -> Profile:
    """The profile for this environment; `forced` is one of NAMES, or empty to choose.

    The environment does not show how slow a link is: `fitting` goes on from here with what is measured.
    """
    term = env.get("TERM", "").lower()
    name = forced or _name(env, term)
    ascii_only = name == "serial" or not _speaks_utf8(env)
    colours = _colours(env, term)
    if name in ("serial", "thin") and colours != "mono":
        colours = "16"
    return Profile(
        name=name,
        colours=colours,
        ascii=ascii_only,
        mouse=name == "local" and term not in ("linux", ""),
        flush=_FLUSH[name],
        escape_delay=100 if name == "local" else 500,
        forced=bool(forced),
        console=term == "linux",
    )


def fitting(chosen: Profile, now: Profile, round_trip: float) -> Profile:
    """The profile for a link with this round trip, where `chosen` came from the environment and `now` is in use.

    Colours stay as they are: another depth would draw the whole screen again, just where that is dear.
    """
    if chosen.forced or chosen.name not in ("local", "ssh"):
        return chosen
    if round_trip >= SLOW:
        return replace(chosen, name="thin", flush=_FLUSH["thin"])
    return chosen if round_trip < QUICK else now


def unusable(env: Mapping[str, str], stdin_tty: bool, stdout_tty: bool) -> str:
    """One sentence saying why no screen can be drawn here, empty when it can."""
    if not stdin_tty or not stdout_tty:
        what = "input" if not stdin_tty else "output"
        return f"The {what} is not a terminal. For scripts use `edgetui once`; over SSH use `ssh -t`."
    if env.get("TERM", "").lower() == "dumb":
        return "This terminal (TERM=dumb) cannot move its cursor. Use `edgetui once` here, or set TERM."
    return ""


def environment(profile: Profile) -> dict[str, str]:
    """What Textual must find in the environment before it is imported."""
    return {
        "TEXTUAL_FPS": {"thin": "20", "serial": "10"}.get(profile.name, "240"),
        "TEXTUAL_ANIMATIONS": "none",
        "TEXTUAL_SMOOTH_SCROLL": "0",
        "ESCDELAY": str(profile.escape_delay),
        "TEXTUAL_COLOR_SYSTEM": {"truecolor": "truecolor", "256": "256"}.get(profile.colours, "standard"),
    }


def _name(env: Mapping[str, str], term: str) -> str:
    if term.startswith("vt"):
        return "serial"
    return "ssh" if env.get("SSH_TTY") or env.get("SSH_CONNECTION") else "local"


def _colours(env: Mapping[str, str], term: str) -> str:
    if env.get("NO_COLOR") or term in ("vt100", "vt102", "vt220", "vt320"):
        return "mono"
    if env.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "truecolor"
    if "256color" in term or term.startswith(("xterm-kitty", "alacritty", "foot")):
        return "256"
    if not term or term.startswith(_SIXTEEN_COLOUR_TERMS):
        return "16"
    return "16" if term == "xterm" else "256"


def _speaks_utf8(env: Mapping[str, str]) -> bool:
    locale = env.get("LC_ALL") or env.get("LC_CTYPE") or env.get("LANG") or ""
    return "utf-8" in locale.lower().replace("utf8", "utf-8")

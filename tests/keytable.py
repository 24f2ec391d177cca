"""The key table of the README, made from the tables that the keys themselves are made of.

`python -m tests.keytable` writes it; a test holds that it is as written.
"""

from __future__ import annotations

from pathlib import Path

from edgetui.actions.catalogue import ACTIONS
from edgetui.ui.command_line.commands import COMMANDS
from edgetui.ui.keymap import LOG_KEYS, LOOKING

README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- keys: made by `make keys` -->\n", "<!-- end of keys -->\n"


def table() -> str:
    """The table, line by line."""
    taken_back = {action.turns[1] for action in ACTIONS.values()}
    rows = [
        (f"`{action.key}`", f"**{action.label}**: {action.help}") for action in ACTIONS.values() if action.key
    ]
    rows += [
        (f"`.` `{action.letter}`", f"**{action.label}**: {action.help}")
        for action in ACTIONS.values()
        if action.letter and action.id not in taken_back
    ]
    rows += [(_keys(key.shown), key.words) for key in LOOKING if key.words]
    rows += [(_keys(key.shown), f"in the logs: {key.words}") for key in LOG_KEYS if key.words]
    rows += [
        (f"`:{one.shown}`", one.words)
        for one in COMMANDS.values()
        if one.argument and one.name not in ACTIONS
    ]
    return "".join(f"| {key} | {words} |\n" for key, words in [("key", "does"), ("---", "---"), *rows])


def _keys(shown: str) -> str:
    return " ".join(f"`{key}`" for key in shown.split())


def written(text: str) -> str:
    """A text with the table in its place."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table() + END + after


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")

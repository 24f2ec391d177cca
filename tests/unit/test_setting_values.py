"""Every setting with every sort of value, every table of settings with odd entries, and panes as text at every width.

`pytest tests/unit/test_setting_values.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui import arguments, config
from edgetui.cluster.errors import EdgetuiError
from edgetui.table import Layout, rows_as_text

from .test_config import home as home
from .test_config import screen, write
from .test_table import Sample, row

VALUES = (
    "",
    "x",
    "a b",
    "\x07",
    "true",
    "No",
    "1",
    "5",
    "90s",
    "20KiB/s",
    "json",
    "thin",
    "full",
    "dark",
    "a/b:1",
)
ENTRIES = (
    "x", "''", "[]", "[x, y]", "{x: y}", "{}", "{x: [y]}", "{x: [y, z]}", "{x: []}", "{x: {y: z}}", "{'a b': x}",
    "{x: ''}", r'{x: "\a"}', r'{"\a": x}', "{plant: {theme: dark}}", "{plant: {as: x}}",
    "{plant: {debug: {image: x}}}", "{plant: dark}",
)  # fmt: skip


def read(home: Path, text: str) -> str:
    """What is set by a file, or what is said of it."""
    write(home, text)
    try:
        found = config.load({"XDG_CONFIG_HOME": str(home)})
    except EdgetuiError as wrong:
        return str(wrong).replace(str(home), "")
    tables = {name: {key: one.value for key, one in own.items()} for name, own in found.contexts.items()}
    told = ({key: one.value for key, one in found.file.items()}, found.names, found.commands, tables)
    return " ".join(str(one) for one in told if one)


@pytest.mark.parametrize("key", config.SETTINGS)
def test_every_sort_of_value(key: str, home: Path, snapshot: SnapshotAssertion) -> None:
    section, dot, name = key.partition(".")
    found = []
    for value in (*map(json.dumps, VALUES), '["x", "y"]', "[]", "{x: y}"):
        text = f"{section}: {{{name}: {value}}}" if dot else f"{key}: {value}"
        found.append(f"{value}: {read(home, text)}")
    assert "\n".join(found) == snapshot


@pytest.mark.parametrize("table", ["aliases", "groups", "contexts", "commands"])
def test_every_sort_of_entry(table: str, home: Path, snapshot: SnapshotAssertion) -> None:
    assert "\n".join(f"{one}: {read(home, f'{table}: {one}')}" for one in ENTRIES) == snapshot


@pytest.mark.parametrize(
    ("given", "links"), [((), ("minimal", 4096.0)), (("--api-traffic", "full"), ("", 4096.0))]
)
def test_what_is_set_for_a_cluster_is_used_where_the_line_says_nothing(
    given: tuple[str, ...], links: tuple[str, float | None], home: Path
) -> None:
    write(
        home, "contexts: {plant: {api-traffic: minimal, budget: 4KiB/s, debug: {image: x, node_shell: on}}}"
    )
    options = screen(str(home / "plant.yaml"), *given)
    (target,) = arguments.targets(options)
    assert options.links == {"plant": links}
    assert (target.debug_image, target.node_shell, target.badges) == ("x", True, ())


def test_panes_as_text(snapshot: SnapshotAssertion) -> None:
    rows = [row("a", 12, "!"), row("a-name-of-some-length-x2k4q", 1_000_000), row("漢字-press", 3, "~")]
    found, before = [], ""
    for width in range(12, 90):
        now = "\n".join(
            f"{one}|" for one in rows_as_text(Sample(), rows, 0.0, width, with_cluster=width % 2 == 0)
        )
        if now != before:
            found.append(f"{width}\n{now}")
        before = now
    assert rows_as_text(Sample(), [], 0.0, 80, with_cluster=True) == []
    assert "\n".join(found) == snapshot


def test_what_moves_with_time_alone_is_not_what_a_row_says() -> None:
    pane = Sample()
    pane.columns = tuple(replace(one, moves=one.id == "age") for one in Sample.columns)
    layout = Layout(pane, [row("a")], 0.0, 80, with_cluster=True)
    said = layout.steady(row("a", 1, "!"), 0.0)
    assert said == ("!", "plant", "a", "1", "a long note")
    older = replace(row("a", 1, "!"), values=("plant", "a", 1, "a long note", "9d"))
    assert layout.steady(older, 0.0) == said
    assert layout.lines([row("a")], 0.0, "?")[0][0] == "?"

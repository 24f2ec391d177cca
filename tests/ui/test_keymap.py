"""Every binding of the keys, as Textual is given it, and which actions have a key on which kind.

`pytest tests/ui/test_keymap.py --snapshot-update` takes what they are now; look at what differs first.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.binding import Binding, BindingType

from edgetui.model.kinds import KINDS
from edgetui.ui import keymap
from edgetui.ui.dialogs.action_menu import ActionMenu
from edgetui.ui.dialogs.base import Dialog
from edgetui.ui.dialogs.form import FormScreen
from edgetui.ui.dialogs.pick import PickScreen
from edgetui.ui.dialogs.running import RunningScreen
from edgetui.ui.shell import EdgetuiScreen
from edgetui.ui.widgets.choice import Choice
from edgetui.ui.widgets.command_bar import CommandBar
from edgetui.ui.widgets.filter_bar import FilterBar
from edgetui.ui.widgets.live_table import LiveTable
from edgetui.ui.widgets.log_view import LogView
from edgetui.ui.widgets.scrolling import Scrolling
from edgetui.ui.widgets.text_view import TextView

MADE: dict[str, Callable[[], list[BindingType]]] = {
    "looking": keymap.looking_bindings,
    "around": keymap.around_bindings,
    "object": keymap.object_bindings,
    "acting": keymap.acting_bindings,
}
HELD = (
    ActionMenu, Choice, CommandBar, Dialog, EdgetuiScreen, FilterBar, FormScreen, LiveTable, LogView, PickScreen,
    RunningScreen, Scrolling, TextView,
)  # fmt: skip


def told(bindings: list[BindingType]) -> str:
    found = []
    for one in bindings:
        assert isinstance(one, Binding)
        marks = f"{' shown' * one.show}{' first' * one.priority}"
        found.append(f"{one.key} -> {one.action} [{one.id or ''}] {one.description}{marks}")
    return "\n".join(found)


@pytest.mark.parametrize("made", MADE)
def test_the_bindings_of_a_screen(made: str, snapshot: SnapshotAssertion) -> None:
    assert told(MADE[made]()) == snapshot


def test_the_bindings_of_widgets_and_dialogs(snapshot: SnapshotAssertion) -> None:
    assert {one.__name__: told(list(one.BINDINGS)) for one in HELD} == snapshot


def test_the_actions_that_have_a_key_on_a_kind(snapshot: SnapshotAssertion) -> None:
    kinds = [*KINDS, "Pump.example.com", ""]
    found = {kind: " ".join(one.id for one in keymap.actions_for(kind)) for kind in kinds}
    assert found == snapshot


def test_a_key_is_called_as_the_key_file_calls_it() -> None:
    found = {key.keys: key.name for key in (*keymap.LOOKING, *keymap.LOG_KEYS) if key.keys}
    assert found["tab"] == "pod(1)", "of a log; on the dashboard it is next pane"
    assert found["o"] == "sort"
    assert found["O"] == "reverse sort"
    assert found["h"] == "timeline"
    assert found["ctrl+z"] == "suspend process"
    assert found["full_stop"] == "actions"
    assert [key.name for key in keymap.LOOKING if not key.action] == [""] * 10

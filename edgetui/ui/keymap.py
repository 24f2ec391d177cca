"""The keys: one table for bindings, footer and help. Keys that write come from the action registry alone."""

from __future__ import annotations

from typing import NamedTuple

from textual.binding import Binding, BindingType

from edgetui.actions.catalogue import ACTIONS, Action
from edgetui.model.kinds import kind_word as kind_word
from edgetui.model.panes import NUMBERED

AROUND = frozenset({"command", "went(-1)", "went(1)", "copy", "app.help", "app.running"})
"""Bindings that work on every screen about one object as they do in a pane."""

OBJECT_VIEWS = frozenset({"logs", "manifest", "jump", "menu"})
"""Bindings that lead to other views of one object, or to others around it, from its own screen."""


class Key(NamedTuple):
    """One key that only looks: what it is called in help, and the Textual binding behind it (empty for none)."""

    shown: str
    words: str
    keys: str = ""
    action: str = ""
    own_name: str = ""

    @property
    def name(self) -> str:
        """What it is called in a key file; empty for keys that are always the same."""
        return self.own_name or self.action.removeprefix("app.").replace("_", " ")


LOOKING = (
    Key("1 2 3 4", "nodes, pods, autoscalers, rollouts"),
    Key("5 6", "services, events: watched only while they are shown"),
    Key("tab", "next pane", "tab", "next_pane(1)", "next pane"),
    Key("shift+tab", "previous pane", "shift+tab", "next_pane(-1)", "pane before"),
    Key("↑ ↓ k j", "move the cursor; it stays on its object when rows move"),
    Key("pgup pgdn", "one screenful"),
    Key("home end", "first and last row"),
    Key("enter", "open the object under the cursor"),
    Key(
        ".",
        "every action on the object under the cursor or open, each with its letter",
        "full_stop",
        "menu",
        "actions",
    ),
    Key("y", "the object as YAML, as the server has it; secrets stay hidden", "y", "manifest"),
    Key("l", "the logs of a pod, or of the worst pod of a rollout", "l", "logs"),
    Key("esc", "back; in a pane: clear the filter", "escape", "back"),
    Key(
        "/",
        "filter: words, node=NAME, namespace=NAME, the label app=press, !not, ~letters of a name in order",
        "slash",
        "filter",
    ),
    Key(
        ":",
        "a command about what is under the cursor or open, or any kind of objects by a name that kubectl takes"
        " (cm, ing, pumps.example.com): tab completes, up brings back the last",
        "colon",
        "command",
    ),
    Key("n", "show only one namespace, or all", "n", "namespace"),
    Key("f", "go to the owner of the object, or to what it owns", "f", "jump"),
    Key(
        "[ ]",
        "back and forward among the panes and objects that were open",
        "left_square_bracket",
        "went(-1)",
        "place before",
    ),
    Key("]", "", "right_square_bracket", "went(1)", "place after"),
    Key("ctrl+y", "the object's name to the terminal's clipboard", "ctrl+y", "copy"),
    Key("o", "sort by the next column, then worst first again", "o", "sort"),
    Key("O", "reverse sort", "O", "reverse_sort"),
    Key("← →", "columns further to the left or right; the name stays"),
    Key("w", "full column width, and back", "w", "wide"),
    Key("m", "mark the object and move to the next; M takes all marks away", "m", "mark"),
    Key("M", "", "M", "clear_marks"),
    Key("z", "maximize the pane, and back", "z", "zoom"),
    Key("space", "freeze the rows, and unfreeze", "space", "app.freeze"),
    Key("c", "the clusters: state, what is wrong, what to do", "c", "app.clusters"),
    Key(
        "h",
        "timeline: lost nodes, status changes since the start, and what edgetui itself did",
        "h",
        "app.timeline",
    ),
    Key("R", "what waits for you, what runs and what has ended", "R", "app.running"),
    Key(
        "p", "in the list of clusters: the control plane of one: what is alive, who leads, what a loss stops"
    ),
    Key("v", "in the list of clusters: compare every server's watch cache with its datastore"),
    Key("d", "on a rollout's own screen: the diff of two revisions"),
    Key("T", "the next theme", "T", "app.next_theme"),
    Key("?", "this help", "question_mark", "app.help"),
    Key("ctrl+z", "back to the shell; fg returns", "ctrl+z", "app.suspend_process"),
    Key("q", "quit", "q,ctrl+c,ctrl+q", "app.leave"),
)

LOG_KEYS = (
    Key("end f", "follow: the last line and those that come; scrolling up stops it"),
    Key("/", "search; n the next line found, N the one before", "slash", "search"),
    Key("n", "", "n", "found(1)"),
    Key("N", "", "N", "found(-1)"),
    Key("p", "the previous container instance, and back", "p", "previous"),
    Key("c", "the next container, init containers too", "c", "container"),
    Key("tab", "the next pod of the rollout; shift+tab the one before", "tab", "pod(1)"),
    Key("shift+tab", "", "shift+tab", "pod(-1)"),
    Key("w", "wrap long lines, or cut them", "w", "wrap"),
    Key("i", "timestamps", "i", "times"),
)
"""Keys of the logs; one without words is told with the one before it."""


def looking_bindings() -> list[BindingType]:
    """Bindings of the main screen that only look."""
    bindings: list[BindingType] = [
        Binding(key.keys, key.action, key.words, show=False, id=key.name) for key in LOOKING if key.action
    ]
    for number, pane in enumerate(NUMBERED, 1):
        bindings.append(Binding(str(number), f"pane('{pane}')", pane, show=False))
    return bindings


def around_bindings() -> list[BindingType]:
    """Bindings of every screen about one object."""
    return _of(AROUND)


def object_bindings() -> list[BindingType]:
    """Bindings of the screen that tells all about one object: what is around it, and the actions."""
    return [*_of(OBJECT_VIEWS), *acting_bindings()]


def _of(actions: frozenset[str]) -> list[BindingType]:
    return [
        Binding(key.keys, key.action, key.words, show=False, id=key.name)
        for key in LOOKING
        if key.action in actions
    ]


def acting_bindings() -> list[BindingType]:
    """Bindings of the actions, the same on every screen that has an object."""
    return [
        Binding(action.key, f"act('{action.id}')", action.label, show=False, id=action.id)
        for action in ACTIONS.values()
        if action.key
    ]


def actions_for(kind: str) -> list[Action]:
    """The actions whose key means something on a kind, and those that work on the cluster itself."""
    keyed = [action for action in ACTIONS.values() if action.key]
    return [action for action in keyed if action.works_on(kind) or kind in action.instead]

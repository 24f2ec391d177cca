"""Help, made from the same tables as the keys themselves."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.actions.catalogue import ACTIONS
from edgetui.model.identity import ObjectKey
from edgetui.ui.command_line.commands import COMMANDS
from edgetui.ui.keymap import AROUND, LOG_KEYS, LOOKING, OBJECT_VIEWS
from edgetui.ui.screens.text_screen import TextScreen
from edgetui.ui.spans import Span, Spans, line

_SIGNS = (
    ("!", "broken: needs a person"),
    ("~", "stale: the last known state, with its age; nothing was heard since"),
    ("?", "not known, or not allowed to see"),
)
_BAR = (
    ("=", "new and available"),
    ("+", "new and ready"),
    (".", "new, not ready"),
    ("o", "old, still serving"),
    ("x", "terminating"),
)


class HelpScreen(TextScreen):
    """The keys, the signs and the rollout bar. `key` is what was under the cursor or open, None for nothing."""

    def __init__(self, key: ObjectKey | None = None) -> None:
        super().__init__()
        self.key = key

    def lines(self) -> Sequence[Spans]:
        """One line per key; what the actions work on and which rights they need comes last."""
        out: list[Spans] = [line(Span("actions (each asks for confirmation)", "title"))]
        keyed = [action for action in ACTIONS.values() if action.key]
        shown = {action.id: self.app.key_of(action.id, action.key) for action in keyed}
        wide = max(map(len, shown.values())) + 2
        for action in keyed:
            words = (
                f"{self.app.action_keys.label(action, self.key)}: {action.help[0].lower()}{action.help[1:]}"
            )
            out.append(line(Span(f"  {shown[action.id]:<{wide}}", "title"), words))
        out += [line(), line(Span("navigation", "title"))]
        for key in LOOKING:
            if key.words:
                held = key.action == "app.freeze" and self.app.frozen
                words = "unfreeze the rows" if held else key.words
                out.append(line(Span(f"  {self.app.key_of(key.name, key.shown):<11}", "title"), words))
        around = [key for key in LOOKING if key.words and key.action in AROUND | OBJECT_VIEWS]
        too = "  ".join(self.app.key_of(key.name, key.shown) for key in around)
        out.append(line(Span("  also on an open object  ", "quiet"), Span(too, "title")))
        out += [line(), line(Span("commands behind :, a unique prefix is enough", "title"))]
        typed = [one for one in COMMANDS.values() if one.name not in ACTIONS]
        width = max(len(one.shown) for one in typed) + 2
        out += [line(Span(f"  {one.shown:<{width}}", "title"), one.words) for one in typed]
        out += [line(), line(Span("keys in the logs", "title"))]
        out += [line(Span(f"  {key.shown:<11}", "title"), key.words) for key in LOG_KEYS if key.words]
        out += [line(), line(Span("signs", "title"))]
        out += [line(Span(f"  {sign:<11}", "title"), words) for sign, words in _SIGNS]
        out += [line(), line(Span("rollout bar", "title"))]
        out += [line(Span(f"  {mark:<11}", "title"), words) for mark, words in _BAR]
        out += [
            line(),
            line(Span("what the actions work on, and the permissions they need", "title")),
        ]
        for action in keyed:
            on = ", ".join(sorted(kind.lower() for kind in action.kinds)) or "the cluster of the row"
            out.append(
                line(Span(f"  {shown[action.id]:<{wide}}", "title"), f"{on}; ", ", ".join(action.verbs))
            )
        return out

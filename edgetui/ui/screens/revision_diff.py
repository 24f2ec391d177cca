"""What differs between two revisions of a workload, with anything that may be a secret hidden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from edgetui.model.identity import ObjectKey
from edgetui.model.panes.rollouts import short_image
from edgetui.model.rollout.history import marks
from edgetui.model.rollout.revision import Revision
from edgetui.model.rollout.templatediff import template_diff
from edgetui.model.text import ago
from edgetui.ui.details.common import title
from edgetui.ui.dialogs.confirm import diff_lines
from edgetui.ui.screens.text_screen import BACK
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.widgets.bars import KeyHint

from .revisions import RevisionsScreen


class RevisionDiffScreen(RevisionsScreen[None]):
    """Two revisions of one list, "from" and "to": at first the last that worked and the present one."""

    DEFAULT_CSS = """
    RevisionDiffScreen #revisions { max-height: 50%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,shift+tab", "other", "the other one", show=False, priority=True),
        Binding("escape,q,d", "back", "back", show=False),
    ]

    def __init__(self, key: ObjectKey, revisions: Sequence[Revision]) -> None:
        super().__init__()
        self.key = key
        self.revisions = revisions
        self._marks = marks(revisions)
        self._at = list(first_pair(revisions))
        self._side = 0

    @property
    def chosen(self) -> tuple[Revision, Revision]:
        """From which revision, and to which."""
        return self.revisions[self._at[0]], self.revisions[self._at[1]]

    def action_move(self, step: int) -> None:
        """A newer or an older revision on this side."""
        self._at[self._side] = max(0, min(self._at[self._side] + step, len(self.revisions) - 1))
        self.draw()

    def action_other(self) -> None:
        """Move the other side from now on."""
        self._side = 1 - self._side
        self.draw()

    def action_back(self) -> None:
        """Leave this screen."""
        self.dismiss(None)

    def draw(self) -> None:
        """The revisions, and the difference below them."""
        app = self.app
        self.header.show(app.stores, app.now(), app.badges, app.link_label)
        self.list.show(self._lines())
        old, new = self.chosen
        self.about.say(
            line(Span(f"what differs from revision {old.number} to revision {new.number}", "title"))
        )
        same = [line(Span("  nothing: the templates are the same", "quiet"))]
        self.diff.show(diff_lines(template_diff(old.template, new.template)) or same)
        self.footer.set_hints(
            [KeyHint("↑↓", "revision"), KeyHint("tab", "from or to"), KeyHint("pgdn", "scroll")],
            [BACK],
        )

    def _lines(self) -> list[Spans]:
        out = [title(self.key), line()]
        now = self.app.now()
        all_images = [", ".join(short_image(image) for image in one.images) for one in self.revisions]
        widest = max(map(len, all_images))
        for index, (one, images) in enumerate(zip(self.revisions, all_images, strict=True)):
            sides = "from" if index == self._at[0] else "", "to" if index == self._at[1] else ""
            text = (
                f"{one.number:>5}  {self._marks[one.name]:<9}  {ago(one.created, now):>4}  {images:<{widest}}"
            )
            spans = [
                Span(f"{word:<4}", "cursor" if word and side == self._side else "title")
                for side, word in enumerate(sides)
            ]
            cause = f"  {one.cause}" if one.cause else ""
            out.append(line(" ", spans[0], " ", spans[1], text, Span(cause, "quiet")))
        return out


def first_pair(revisions: Sequence[Revision]) -> tuple[int, int]:
    """From the last that worked, or the one before, to the present one."""
    known = list(marks(revisions).values())
    new = known.index("now") if "now" in known else 0
    old = known.index("last good") if "last good" in known else min(new + 1, len(known) - 1)
    return (old, new) if old != new else (0, new)

"""Which revision: the list of them, and below it what going there would change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from edgetui.model.text import ago, plural
from edgetui.ui.dialogs.confirm import diff_lines
from edgetui.ui.keymap import kind_word
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.widgets.bars import KeyHint

from .revisions import RevisionsScreen

if TYPE_CHECKING:
    from edgetui.actions.rollout.rollback import RollbackView
    from edgetui.model.rollout.revision import Revision


class RollbackScreen(RevisionsScreen["Revision | None"]):
    """Gives the revision, or None. Nothing is written here: the plan is shown and asked about next."""

    DEFAULT_CSS = """
    RollbackScreen #revisions { max-height: 40%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "choose", show=False, priority=True),
        Binding("escape,q", "cancel", "cancel", show=False),
    ]

    def __init__(self, view: RollbackView, note: str = "") -> None:
        super().__init__()
        self.view = view
        self._note = note
        first = view.suggested or view.current
        self._at = view.revisions.index(first) if first is not None else 0

    def fill(self, view: RollbackView) -> None:
        """Where its images are is known now."""
        self.view = view
        self.draw()

    @property
    def chosen(self) -> Revision:
        """The revision under the cursor."""
        return self.view.revisions[self._at]

    def action_move(self, step: int) -> None:
        """A newer or an older revision."""
        self._at = max(0, min(self._at + step, len(self.view.revisions) - 1))
        self.draw()

    def action_choose(self) -> None:
        """Go on with the revision under the cursor, unless it is the one that runs."""
        if self.chosen.current:
            self.footer.flash(f"Revision {self.chosen.number} is the one that runs now.")
        else:
            self.dismiss(self.chosen)

    def action_cancel(self) -> None:
        """Leave without doing anything."""
        self.dismiss(None)

    def draw(self) -> None:
        """The revisions, and the difference below them."""
        from edgetui.actions.rollout.rollback import diff

        app = self.app
        self.header.show(app.stores, app.now(), app.badges, app.link_label)
        self.list.show(self._revisions())
        chosen = self.chosen
        if chosen.current:
            self.about.say(line(Span(f"revision {chosen.number} is the one that runs now", "quiet")))
            self.diff.show([])
        else:
            self.about.say(
                line(
                    Span(f"what going back to revision {chosen.number} changes", "title"),
                    Span(f"  image: {self.view.held_on(chosen)}", "quiet"),
                )
            )
            lines = diff_lines(diff(self.view, chosen)) or [
                line(Span("  nothing: the template is the same", "quiet"))
            ]
            self.diff.show([*(line(Span(f"! {one}", "warn")) for one in self.view.warnings(chosen)), *lines])
        self.footer.set_hints(
            [KeyHint("enter", "continue"), KeyHint("↑↓", "revision"), KeyHint("pgdn", "scroll")],
            [KeyHint("esc", "cancel")],
        )

    def _revisions(self) -> Sequence[Spans]:
        view = self.view
        key = view.ref.key
        out = [
            line(
                Span(f"Roll back {kind_word(key.kind)} {key.name}", "title"),
                f"  in {key.namespace} on {key.cluster}",
            )
        ]
        if self._note:
            out.append(line(Span(f"! {self._note}", "warn")))
        if view.suggested is None:
            out += [line(Span(f"! {view.why}: choose one yourself", "warn")), line()]
        else:
            out += [line(Span(f"suggested: revision {view.suggested.number}, {view.why}", "quiet")), line()]
        now = self.app.now()
        images = [", ".join(one.images) for one in view.revisions]
        widest = max(map(len, images))
        for index, one in enumerate(view.revisions):
            mark = (
                "now"
                if one.current
                else "last good"
                if one == view.suggested
                else "worked"
                if one.known_good
                else "withdrawn"
                if one.withdrawn
                else ""
            )
            text = f" {one.number:>4}  {mark:<10}{ago(one.created, now):>4}  {images[index]:<{widest}}"
            pods = f"  ({plural(one.available, 'pod')})" if one.available else ""
            text = f"{text}  {one.cause}{pods}".rstrip()
            out.append(
                line(
                    Span(
                        f"{'>' if index == self._at else ' '}{text} ",
                        "cursor" if index == self._at else "row",
                    )
                )
            )
        return out

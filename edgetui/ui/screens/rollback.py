"""Which revision: the list of them, and below it what going there would change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from edgetui.model.text import ago, plural
from edgetui.ui.keymap import kind_word
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.widgets.bars import KeyHint
from edgetui.ui.widgets.base import LineBar
from edgetui.ui.widgets.footer import FooterBar
from edgetui.ui.widgets.header import HeaderBar
from edgetui.ui.widgets.text_view import TextView

from .confirm import diff_lines

if TYPE_CHECKING:
    from edgetui.actions.rollback import RollbackView
    from edgetui.model.revision import Revision
    from edgetui.ui.app import EdgetuiApp


class RollbackScreen(Screen["Revision | None"]):
    """Gives the revision, or None. Nothing is written here: the plan is shown and asked about next."""

    app: EdgetuiApp
    asks = True
    """A question stands here: nothing may cover it."""
    DEFAULT_CSS = """
    RollbackScreen #revisions { height: auto; max-height: 40%; }
    RollbackScreen #about { margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "newer", show=False, priority=True),
        Binding("down,j", "move(1)", "older", show=False, priority=True),
        Binding("pageup", "page(-1)", "page up", show=False, priority=True),
        Binding("pagedown,space", "page(1)", "page down", show=False, priority=True),
        Binding("enter", "choose", "choose", show=False, priority=True),
        Binding("escape,q", "cancel", "cancel", show=False),
        Binding("ctrl+c,ctrl+q", "app.leave", "quit", show=False),
        Binding("ctrl+z", "app.suspend_process", "suspend", show=False),
    ]

    def __init__(self, view: RollbackView, note: str = "") -> None:
        super().__init__()
        self.view = view
        self._note = note
        self._at = view.revisions.index(view.suggested)
        self.header = HeaderBar(id="header")
        self.list = TextView(id="revisions")
        self.list.can_focus = False
        self.about = LineBar(id="about")
        self.diff = TextView(id="diff")
        self.footer = FooterBar(id="footer")

    def compose(self) -> ComposeResult:
        """Header, revisions, the difference, footer."""
        yield self.header
        yield self.list
        yield self.about
        yield self.diff
        yield self.footer

    def on_mount(self) -> None:
        """The suggested revision is under the cursor."""
        self.diff.focus()
        self._draw()

    def on_resize(self) -> None:
        """Other texts fit."""
        self._draw()

    def tick(self) -> None:
        """Ages and links move on."""
        self._draw()

    @property
    def chosen(self) -> Revision:
        """The revision under the cursor."""
        return self.view.revisions[self._at]

    def action_move(self, step: int) -> None:
        """A newer or an older revision."""
        self._at = max(0, min(self._at + step, len(self.view.revisions) - 1))
        self._draw()

    def action_page(self, direction: int) -> None:
        """Scroll the difference."""
        self.diff.action_scroll_page(direction)

    def action_choose(self) -> None:
        """Go on with the revision under the cursor, unless it is the one that runs."""
        if self.chosen.current:
            self.footer.flash(f"Revision {self.chosen.number} is the one that runs now.")
        else:
            self.dismiss(self.chosen)

    def action_cancel(self) -> None:
        """Leave without doing anything."""
        self.dismiss(None)

    def _draw(self) -> None:
        from edgetui.actions.rollback import diff

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
            [KeyHint("enter", "go on"), KeyHint("↑↓", "revision"), KeyHint("pgdn", "scroll")],
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
        out += [line(Span(f"suggested: revision {view.suggested.number}, {view.why}", "quiet")), line()]
        now = self.app.now()
        images = [", ".join(one.images) for one in view.revisions]
        widest = max(map(len, images))
        for index, one in enumerate(view.revisions):
            mark = (
                "now"
                if one.current
                else "last good"
                if one == view.last_good
                else "worked"
                if one.known_good
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

"""A list of revisions, and below it what one of them is otherwise: shared by choosing one and by comparing two."""

from __future__ import annotations

from typing import ClassVar, Generic

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from edgetui.ui.shell import EdgetuiScreen, Result
from edgetui.ui.widgets.base import LineBar
from edgetui.ui.widgets.footer import FooterBar
from edgetui.ui.widgets.header import HeaderBar
from edgetui.ui.widgets.text_view import TextView


class RevisionsScreen(EdgetuiScreen[Result], Generic[Result]):
    """Subclasses give `draw`, which fills header, `list`, `about`, `diff` and footer, and `action_move`."""

    footer: FooterBar
    DEFAULT_CSS = """
    RevisionsScreen #revisions { height: auto; }
    RevisionsScreen #about { margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "newer", show=False, priority=True),
        Binding("down,j", "move(1)", "older", show=False, priority=True),
        Binding("pageup", "page(-1)", "page up", show=False, priority=True),
        Binding("pagedown,space", "page(1)", "page down", show=False, priority=True),
    ]

    def __init__(self) -> None:
        super().__init__()
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
        """What is shown first is chosen already."""
        self.diff.focus()
        self.draw()

    def on_resize(self) -> None:
        """Other texts fit."""
        self.draw()

    def tick(self) -> None:
        """Ages and links move on."""
        self.draw()

    def on_status_changed(self) -> None:
        """Header and footer have something else to say."""
        self.draw()

    def draw(self) -> None:
        """Say everything again."""
        raise NotImplementedError

    def action_move(self, step: int) -> None:
        """A newer or an older revision."""
        raise NotImplementedError

    def action_page(self, direction: int) -> None:
        """Scroll the difference."""
        self.diff.action_scroll_page(direction)

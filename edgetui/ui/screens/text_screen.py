"""What screens over the dashboard share: a title line, a text, a footer, and Escape to go back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from edgetui.ui.shell import EdgetuiScreen
from edgetui.ui.spans import Spans
from edgetui.ui.widgets.bars import KeyHint
from edgetui.ui.widgets.footer import FooterBar
from edgetui.ui.widgets.header import HeaderBar
from edgetui.ui.widgets.text_view import TextView

BACK = KeyHint("esc", "back")
HELP = KeyHint("?", "help", name="help")


class TextScreen(EdgetuiScreen[None]):
    """A full screen of text under the header. Subclasses give `lines` and `hints`."""

    footer: FooterBar
    last_hints = (KeyHint("↑↓", "scroll"), BACK)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "back", "back", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.header = HeaderBar(id="header")
        self.body = TextView()
        self.footer = FooterBar(id="footer")

    def compose(self) -> ComposeResult:
        """Header, text, footer."""
        yield self.header
        yield self.body
        yield self.footer

    def on_mount(self) -> None:
        """Fill the screen before it is painted the first time."""
        self.body.focus()
        self.show_again()

    def on_resize(self) -> None:
        """The header fits another width."""
        self.show_again()

    def lines(self) -> Sequence[Spans]:
        """What the screen says."""
        raise NotImplementedError

    def hints(self) -> list[KeyHint]:
        """Keys that work here, beside Escape."""
        return []

    def show_again(self) -> None:
        """Say everything again; only what differs is painted."""
        app = self.app
        self.header.show(app.stores, app.now(), app.badges, app.link_label)
        self.body.show(self.lines())
        self.footer.set_hints(self.hints(), self.last_hints)

    def tick(self) -> None:
        """A second passed."""
        self.show_again()

    def on_status_changed(self) -> None:
        """Header and footer have something else to say."""
        self.show_again()

    def action_back(self) -> None:
        """Leave this screen."""
        self.dismiss()

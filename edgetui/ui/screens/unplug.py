"""`:unplug`: what is lost without some nodes, before they are drained, rebooted or cut off. Nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from edgetui.actions.nodes.foresee import read
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.node.unplug import Answer, answer
from edgetui.model.text import age
from edgetui.ui.later import attempt, later
from edgetui.ui.screens.text_screen import TextScreen
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.text.unplug import answer_lines
from edgetui.ui.widgets.bars import KeyHint


class UnplugScreen(TextScreen):
    """The answer for nodes of one cluster; it is read once, and again with a key."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("r", "again", "again", show=False)]

    def __init__(self, cluster: str, nodes: Sequence[str]) -> None:
        super().__init__()
        self._cluster = cluster
        self._names = tuple(nodes)
        self._answer: Answer | None = None
        self._said = "reading nodes, pods and what they need…"
        self._read_at = 0.0

    def on_mount(self) -> None:
        """Read at once; Textual lets the base class do its part."""
        self.action_again()

    def action_again(self) -> None:
        """Read everything again."""
        self.run_worker(later(self._read), group="unplug", exclusive=True, exit_on_error=False)

    def hints(self) -> list[KeyHint]:
        """Read it again."""
        return [KeyHint("r", "again")]

    def lines(self) -> Sequence[Spans]:
        """The answer, and how old it is."""
        nodes = f"{'node' if len(self._names) == 1 else 'nodes'} {', '.join(self._names)}"
        old = f"   {age(self.app.now() - self._read_at)} old" if self._answer else ""
        title = line(
            Span(f"without {nodes}", "title"), Span(f"   {self._cluster}{old}; nothing is changed", "quiet")
        )
        said = [line(Span(self._said, "warn" if self._answer else "row")), line()] if self._said else []
        return [title, line(), *said, *(answer_lines(self._answer) if self._answer else ())]

    async def _read(self) -> None:
        session = self.app.sessions.get(self._cluster)
        if session is None:
            self._said = "not connected"
        else:
            known = await attempt(read(session))
            if isinstance(known, EdgetuiError):
                self._said = str(known)
            else:
                there = {one.name for one in known.cluster.offers}
                if lacking := [name for name in self._names if name not in there]:
                    self._answer, self._said = None, f"There is no node {lacking[0]} any more."
                else:
                    self._answer, self._said = answer(known, self._names), ""
                    self._read_at = self.app.now()
        self.show_again()

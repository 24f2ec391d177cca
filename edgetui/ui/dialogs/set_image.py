"""Which image: the container is chosen, the reference is typed, and what it changes stands below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input

from edgetui.model.cells import cells, pad
from edgetui.model.pod import imageref
from edgetui.ui.dialogs.base import Dialog
from edgetui.ui.dialogs.confirm import diff_lines
from edgetui.ui.keymap import kind_word
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.widgets.base import LineBar

if TYPE_CHECKING:
    from edgetui.actions.rollout.set_image import Container, ImageView


class Wanted(NamedTuple):
    """The answer: which container gets which image."""

    container: str
    image: str


class ImageScreen(Dialog[Wanted | None]):
    """Gives the container and its image, or None. Nothing is written here: the plan is shown and asked about next."""

    DEFAULT_CSS = """
    ImageScreen Horizontal { height: 1; }
    ImageScreen Horizontal > LineBar { width: 8; }
    ImageScreen Input { width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "container(-1)", "container before", show=False, priority=True),
        Binding("down", "container(1)", "next container", show=False, priority=True),
    ]
    OVERHEAD = 8

    def __init__(self, view: ImageView, note: str = "") -> None:
        self.view = view
        self._note = note
        self._at = 0
        self._typed = {one.name: one.image for one in view.containers}
        self.field = Input(self.container.image, compact=True, max_length=512)
        super().__init__()

    @property
    def container(self) -> Container:
        """The container under the cursor."""
        return self.view.containers[self._at]

    def lines(self) -> Sequence[Spans]:
        """The containers, and what the typed image would change."""
        view, key = self.view, self.view.ref.key
        out: list[Spans] = [
            line(
                Span(f"Set image of {kind_word(key.kind)} {key.name}", "title"),
                f"  in {key.namespace} on {key.cluster}",
            )
        ]
        if self._note:
            out.append(line(Span(f"! {self._note}", "warn")))
        out.append(line())
        widest = max(cells(one.words) for one in view.containers)
        for index, one in enumerate(view.containers):
            here = index == self._at and len(view.containers) > 1
            text = f"{'>' if here else ' '} {pad(one.words, widest)}  {one.image} "
            out.append(line(Span(text, "cursor" if here else "row")))
        return [*out, line(), *self._told()]

    def _told(self) -> list[Spans]:
        from edgetui.actions.rollout.set_image import difference

        typed = self.field.value.strip()
        if typed == self.container.image:
            return [line(Span("that is the image it has; type another one", "quiet"))]
        if why := imageref.problem(typed):
            return [line(Span(why, "warn"))]
        warnings = self.view.warnings(self.container, typed)
        return [
            *(line(Span(f"! {one}", "warn")) for one in warnings),
            line(Span("what changes", "title")),
            *diff_lines(difference(self.container, typed)),
            line(Span(f"  image: {self.view.held.words([typed])}", "quiet")),
        ]

    def below(self) -> Sequence[Widget]:
        """The field and what the keys do."""
        more = len(self.view.containers) > 1
        choose = (Span("↑↓", "key"), " container  ") if more else ()
        keys = line(Span("enter", "key"), " go on  ", *choose, Span("esc", "key"), " cancel")
        return [Horizontal(LineBar(line(Span("image", "title"))), self.field), LineBar(), LineBar(keys)]

    def on_mount(self) -> None:
        """Type at once, at the end: most often it is the tag that changes."""
        super().on_mount()
        self.field.focus()
        self.field.cursor_position = len(self.field.value)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another image meets other things."""
        event.stop()
        self._typed[self.container.name] = event.value
        self.show_lines()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter gives the image, once it is another one and can be one."""
        event.stop()
        typed = self.field.value.strip()
        if typed != self.container.image and not imageref.problem(typed):
            self.dismiss(Wanted(self.container.name, typed))

    def action_container(self, step: int) -> None:
        """Another container; what was typed for each is kept."""
        self._at = (self._at + step) % len(self.view.containers)
        self.field.value = self._typed[self.container.name]
        self.field.cursor_position = len(self.field.value)
        self.show_lines()

    def action_dismiss_harmless(self) -> None:
        """Escape: no image."""
        self.dismiss(None)

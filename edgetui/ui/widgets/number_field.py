"""A line where a number is typed; letters are left to the keys of the dialog."""

from __future__ import annotations

from textual.widgets import Input


class NumberField(Input):
    """At most nine digits. What is there is replaced by the first digit typed."""

    def __init__(self, number: int) -> None:
        super().__init__(str(number), compact=True, restrict=r"[0-9]{0,9}", select_on_focus=True)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether a key is text here, and so no key of the dialog."""
        return character is not None and character.isdigit()

    @property
    def number(self) -> int | None:
        """What is typed, None while it is no number."""
        return int(self.value) if self.value else None

    def put(self, number: int) -> None:
        """Set the number, never below 0."""
        self.value = str(max(number, 0))
        self.cursor_position = len(self.value)

"""A small app on the real driver, for the life-cycle tests: shows its size, counts key presses."""

from __future__ import annotations

import os
import sys
from typing import ClassVar

from edgetui.terminal.profile import choose, environment

profile = choose(os.environ)
os.environ.update(environment(profile))

from textual.app import ComposeResult  # noqa: E402
from textual.binding import BindingType  # noqa: E402
from textual.events import Key, Resize  # noqa: E402
from textual.widgets import Static  # noqa: E402

from edgetui.terminal.driver import driver_for  # noqa: E402
from edgetui.terminal.textual_seam import DrawnApp  # noqa: E402


class Probe(DrawnApp):
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [("q", "quit", "quit"), ("ctrl+z", "suspend_process", "suspend")]
    presses = 0

    def compose(self) -> ComposeResult:
        yield Static("ready to probe", id="line")
        yield Static("-", id="key")

    def on_resize(self, event: Resize) -> None:
        self.query_one("#line", Static).update(f"ready to probe {event.size.width} by {event.size.height}")

    def on_key(self, event: Key) -> None:
        self.presses += 1
        self.query_one("#key", Static).update(
            f"{self.presses} {event.key} {self.size.width}x{self.size.height}"
        )
        if event.key == "b":
            while True:
                pass


if __name__ == "__main__":
    app = Probe(driver_class=driver_for(profile))
    app.run()
    sys.exit(app.return_code or 0)

"""A small app on the real driver, for the life-cycle tests: shows its size, counts key presses, lends the terminal."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any, ClassVar

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
    raw = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._returned = asyncio.Event()

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
        if event.key == "l":
            self.run_worker(self._lend())

    async def _lend(self) -> None:
        loan = self.lend_terminal(self)
        assert loan is not None
        with loan:
            self.resized()
            self._returned.clear()
            asyncio.get_running_loop().add_reader(0, self._returned.set)
            await self._returned.wait()
            asyncio.get_running_loop().remove_reader(0)

    def resized(self) -> None:
        size = os.get_terminal_size()
        os.write(1, f"lent at {size.columns} by {size.lines}\r\n".encode())

    def put_back(self) -> None:
        os.write(1, b"given back\r\n")


if __name__ == "__main__":
    app = Probe(driver_class=driver_for(profile))
    app.run()
    sys.exit(app.return_code or 0)

"""Programs with a steady stream of changes: `python -m tests.bench.tables edgetui|stock PER_SECOND PODS FLUSH`.

`stock` is Textual's own DataTable on Textual's own driver, as someone writes it who knows what it costs: the changes
of FLUSH seconds are painted together, the newest of each row, and nothing that Textual does for looks is left on.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import sys
import time
from collections.abc import Callable

VISIBLE = 18
STARTED = 3.0
"""Seconds after which a start is over."""


async def keep_changing(per_second: int, change: Callable[[int, int], None]) -> None:
    """Change one of the visible rows, `per_second` times a second: `change(row, value)`."""
    chosen, number = random.Random(1), 0
    began = time.monotonic()
    while per_second:
        await asyncio.sleep(0.01)
        while number < (time.monotonic() - began) * per_second:
            number += 1
            change(chosen.randrange(VISIBLE), number % 1000)


def put_start_aside() -> None:
    """What the start has made is not garbage and need not be looked through again and again."""
    gc.freeze()
    gc.enable()


async def edgetui(per_second: int, pods: int, _flush: float) -> None:
    """This project's screen, as it is."""
    from edgetui.terminal.profile import choose, environment

    profile = choose(os.environ, os.environ.get("EDGETUI_PROFILE", ""))
    os.environ.update(environment(profile))

    from edgetui.model.kinds import row_of
    from edgetui.terminal.driver import driver_for
    from edgetui.ui.app import EdgetuiApp
    from edgetui.ui.options import ScreenOptions
    from tests.ui.fleet import NOW, many_pods
    from tests.unit.model.factories import pod

    store = many_pods(pods)
    options = ScreenOptions(profile=profile)
    app = EdgetuiApp([store], {}, options, driver_class=driver_for(profile), now=lambda: float(NOW))

    def change(row: int, value: int) -> None:
        name = f"job-{row * 7:05}-x2k4q"
        changed = pod(
            name, "ns-0", created=NOW - 3 * 86400 - 7 * row, version=10_000_000 + time.monotonic_ns()
        )
        changed["status"]["containerStatuses"][0]["restartCount"] = value
        store.apply("Pod", row_of("Pod", changed))

    task = asyncio.create_task(keep_changing(per_second, change))
    await app.run_async(mouse=False)
    task.cancel()


async def stock(per_second: int, pods: int, flush: float) -> None:
    """Textual as it comes, in the terminal's own colours, the cheapest of its themes."""
    os.environ["TEXTUAL_THEME"] = "ansi-dark"
    os.environ["TEXTUAL_COLOR_SYSTEM"] = "standard"
    os.environ["TEXTUAL_ANIMATIONS"] = "none"
    os.environ["TEXTUAL_SMOOTH_SCROLL"] = "0"

    from textual.app import App, ComposeResult
    from textual.widgets import DataTable

    class Stock(App[None]):
        def compose(self) -> ComposeResult:
            yield DataTable(cursor_type="row")

        def on_mount(self) -> None:
            table = self.query_one(DataTable)
            for head in ("NAMESPACE", "NAME", "STATUS", "READY", "RST", "AGE", "NODE"):
                table.add_column(head, key=head)
            for n in range(pods):
                table.add_row("ns-0", f"job-{n:05}-x2k4q", "Running", "1/1", "0", "3d", "node-1", key=str(n))

    app = Stock()
    waiting: dict[int, int] = {}

    async def paint() -> None:
        while True:
            await asyncio.sleep(flush)
            tables = app.query(DataTable)
            if waiting and tables and tables.first().row_count:
                with app.batch_update():
                    for row, value in waiting.items():
                        tables.first().update_cell(str(row), "RST", str(value))
                waiting.clear()

    tasks = [
        asyncio.create_task(keep_changing(per_second, waiting.__setitem__)),
        asyncio.create_task(paint()),
    ]
    await app.run_async(mouse=False)
    for task in tasks:
        task.cancel()


async def main(program: str, per_second: int, pods: int, flush: float) -> None:
    """Run one of them, with the garbage collector as edgetui has it."""
    gc.disable()
    asyncio.get_running_loop().call_later(STARTED, put_start_aside)
    await {"edgetui": edgetui, "stock": stock}[program](per_second, pods, flush)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))

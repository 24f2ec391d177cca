"""The real screen on stores without a network, for tests that count bytes: `python -m tests.terminal.app_fleet [pods]`.

SIGUSR1 changes one cell of a visible row, as a watch event would: its restarts grow by two. SIGRTMIN does so in ten
rows, each time ten others of the first twenty. SIGUSR2 makes the event loop write to the descriptor in
TEST_EDGETUI_PIPE how many bytes wait for the terminal. With TEST_EDGETUI_SPEED the clock goes so many times faster.
SIGRTMIN+1 lets a second pass in which more of a first list of pods came, of which the server says how long it is;
SIGRTMIN+2 the same of a list of which it does not.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
import time

from edgetui.terminal.profile import choose, environment

profile = choose(os.environ, os.environ.get("EDGETUI_PROFILE", ""))
os.environ.update(environment(profile))

from edgetui.model.cache.freshness import Freshness, Sync  # noqa: E402
from edgetui.model.cache.list_progress import ListProgress  # noqa: E402
from edgetui.model.kinds import row_of  # noqa: E402
from edgetui.terminal.driver import driver_for  # noqa: E402
from edgetui.ui.app import EdgetuiApp  # noqa: E402
from edgetui.ui.options import ScreenOptions  # noqa: E402
from tests.ui.fleet import NOW, fleet, many_pods  # noqa: E402
from tests.unit.model.factories import pod  # noqa: E402


async def main() -> int:
    began = time.monotonic()
    speed = float(os.environ.get("TEST_EDGETUI_SPEED", "1"))
    stopped = 0.0
    stores = [many_pods(int(sys.argv[1]))] if len(sys.argv) > 1 else fleet()
    app = EdgetuiApp(
        stores,
        {},
        ScreenOptions(profile=profile, theme=os.environ.get("EDGETUI_THEME", "")),
        driver_class=driver_for(profile),
        now=lambda: stopped or NOW + speed * (time.monotonic() - began),
    )
    restarts = iter(range(1, 1000))

    def change(at: int = 7) -> None:
        name, namespace = f"job-{at:05d}-x2k4q", f"ns-{at % 7}"
        created = NOW - 3 * 86400 - at * 7
        changed = pod(name, namespace, created=created, version=9_000_000 + next(restarts))
        changed["status"]["containerStatuses"][0]["restartCount"] = next(restarts)
        stores[0].apply("Pod", row_of("Pod", changed))

    tens = itertools.cycle((range(0, 140, 14), range(7, 147, 14)))

    def change_ten() -> None:
        for at in next(tens):
            change(at)

    listed = itertools.accumulate(itertools.cycle((37, 0, 61, 12, 40)))

    def list_on(total: int | None) -> None:
        nonlocal stopped
        stopped = (stopped or NOW) + 1
        rows = next(listed)
        left = None if total is None else total - rows
        stores[0].set_freshness("Pod", Freshness(Sync.SYNCING))
        stores[0].set_listing("Pod", ListProgress(NOW, stopped, rows, left))
        app._tick()

    def report() -> None:
        pending = app._driver._output.pending
        os.write(int(os.environ["TEST_EDGETUI_PIPE"]), f"{pending}\n".encode())

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, change)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, report)
    asyncio.get_running_loop().add_signal_handler(signal.SIGRTMIN, change_ten)
    asyncio.get_running_loop().add_signal_handler(signal.SIGRTMIN + 1, list_on, 1900)
    asyncio.get_running_loop().add_signal_handler(signal.SIGRTMIN + 2, list_on, None)
    await app.run_async(mouse=profile.mouse)
    if app.failure is not None:
        raise app.failure
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

"""Opening the screen: the clusters connect while Textual is still being loaded."""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgetui import heap
from edgetui.terminal import no_palette
from edgetui.terminal.profile import unusable
from edgetui.ui.first_rows import FirstRows, affordable
from edgetui.ui.options import ScreenOptions

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.cluster.target import ClusterTarget
    from edgetui.ui.layout import Remembered

USAGE = 2

STARTED = 3.0
"""Seconds after which a start is over, so that garbage is looked for again."""

GIVE_BACK_EVERY = 20.0
"""Seconds between two times that free memory is given back to the system, a few milliseconds of work."""

CLOSE_LIMIT = 1.0
"""Seconds that leaving waits for connections to close."""


def run_screen(targets: Sequence[ClusterTarget], options: ScreenOptions) -> int:
    """Show the clusters until the person quits; returns the exit code.

    2 with one sentence where no screen can be drawn. Raises what the screen itself failed of.
    """
    problem = unusable(os.environ, sys.stdin.isatty(), sys.stdout.isatty())
    if problem:
        sys.stderr.write(f"edgetui: {problem}\n")
        return USAGE
    return asyncio.run(_show(targets, options))


async def _show(targets: Sequence[ClusterTarget], options: ScreenOptions) -> int:
    from edgetui.cluster.link.meter import LinkWatch
    from edgetui.cluster.session import ClusterSession

    _splash(f" edgetui  connecting to {_names(targets)}")
    in_view = [options.namespace] if options.namespace else []
    sessions = [
        ClusterSession(
            target,
            in_view=in_view,
            link_watch=LinkWatch(*options.link_of(target.name)),
            patient=len(targets) > 1,
        )
        for target in targets
    ]
    try:
        if options.keep_rows:
            _keep_rows(sessions)
        for session in sessions:
            await session.start()
        heap.give_back_blocks()
        options, remembered = _as_left(sessions, options)
        rows = FirstRows(
            [session.store for session in sessions],
            remembered.layout,
            namespace=options.namespace,
            size=_size(),
            write=_write,
        )
        if affordable(options.profile):
            rows.start()
        no_palette.leave_out()
        # In a thread, so that the loop goes on with handshakes and first lists meanwhile.
        await asyncio.to_thread(importlib.import_module, "edgetui.ui.app")
        return await _run_app(sessions, options, rows, remembered)
    finally:
        closing = asyncio.gather(*(session.close() for session in sessions), return_exceptions=True)
        await asyncio.wait([closing], timeout=CLOSE_LIMIT)


def _keep_rows(sessions: Sequence[ClusterSession]) -> None:
    from edgetui.cluster.snapshot.keeper import Keeper

    for session in sessions:
        session.keeper = Keeper(session.target)


def _as_left(sessions: Sequence[ClusterSession], options: ScreenOptions) -> tuple[ScreenOptions, Remembered]:
    """The layout of the last run, and the options with it. Loaded after the first dials have gone out, too."""
    from edgetui.ui import layout

    if not options.remember:
        return options, layout.Remembered()
    remembered = layout.read(layout.default_file())
    fitted = layout.applied(options, remembered.layout, [session.name for session in sessions])
    if fitted.namespace != options.namespace:
        for session in sessions:
            session.look_at([fitted.namespace])
    return fitted, remembered


async def _run_app(
    sessions: Sequence[ClusterSession], options: ScreenOptions, rows: FirstRows, remembered: Remembered
) -> int:
    from edgetui.terminal.driver import driver_for
    from edgetui.ui.app import EdgetuiApp

    app = EdgetuiApp(
        [session.store for session in sessions],
        {session.name: session for session in sessions},
        options,
        driver_class=driver_for(options.profile),
        remembered=remembered,
    )
    rows.clear()
    asyncio.get_running_loop().call_later(STARTED, _look_for_garbage)
    await app.run_async(mouse=options.profile.mouse)
    if app.loaded_flows is not None:
        await app.loaded_flows.finish()
    if app.layout_keeper is not None:
        await app.layout_keeper.finish()
    if app.failure is not None:
        raise app.failure
    return app.return_code or 0


def _look_for_garbage() -> None:
    """From now on, and only among what is new: what the start has made stays, and is large."""
    gc.freeze()
    gc.enable()
    _give_back_pages()


def _give_back_pages() -> None:
    """Now and then: the first lists of many clusters end long after a start, and a storm leaves holes too."""
    heap.give_back_pages()
    asyncio.get_running_loop().call_later(GIVE_BACK_EVERY, _give_back_pages)


def _splash(text: str) -> None:
    """The first pixels, long before Textual can draw."""
    _write(f"\r\x1b[K{text[: max(_size().columns - 1, 0)]}")


def _size() -> os.terminal_size:
    return os.get_terminal_size(sys.stdout.fileno())


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _names(targets: Sequence[ClusterTarget]) -> str:
    names = [target.name for target in targets]
    return ", ".join(names) if len(names) <= 3 else f"{len(names)} clusters"

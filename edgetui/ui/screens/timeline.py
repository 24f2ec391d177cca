"""What happened: every status change for the worse and the better since the start, and what edgetui itself did."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cells import cells, pad, told_apart
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.node.failure import summary
from edgetui.model.panes.base import BAD, FINE
from edgetui.model.text import age
from edgetui.model.view.timeline import TimelineEntry
from edgetui.ui.keymap import kind_word
from edgetui.ui.later import later
from edgetui.ui.screens.text_screen import TextScreen
from edgetui.ui.spans import Span, Spans, line

if TYPE_CHECKING:
    from edgetui.actions.gate.handover import Act

WIDEST = 18
"""Cells for the name of a cluster."""

_ROLES = {BAD: "bad", FINE: "ok"}
BACK_TO = 24 * 3600.0
"""Seconds that own actions are shown: a shift may be longer than this run of edgetui."""


class TimelineScreen(TextScreen):
    """The timeline of the fleet."""

    def __init__(self) -> None:
        super().__init__()
        self._acts: list[Act] = []
        self._problem = ""
        self._read_of: tuple[int, int] | None = None

    def on_mount(self) -> None:
        """Read what edgetui did beside what the timeline has."""
        super().on_mount()
        self._read()

    def tick(self) -> None:
        """A second passed: another action may have been recorded, by this program or another one."""
        super().tick()
        self._read()

    def lines(self) -> Sequence[Spans]:
        """A line for each happening, and for each action one more that says what came of it."""
        app = self.app
        now, timeline = app.now(), app.timeline
        told, mine = timeline.newest_first(), {store.cluster for store in app.stores}
        done = [one for one in self._acts if one.cluster in mine]
        began = f"   since {age(now - timeline.began)} ago, times in UTC"
        head = [line(Span("what happened", "title"), Span(began, "quiet"))]
        if self._problem:
            head.append(line(Span(self._problem, "warn")))
        head += self._lost_nodes(now)
        if not told and not done:
            return [*head, line(), line("  nothing: status changes and what edgetui does will stand here")]
        clusters = list({one.cluster for one in told} | {one.cluster for one in done})
        short = dict(zip(clusters, told_apart(clusters, WIDEST), strict=True))
        wide = max(map(cells, short.values()))
        where = {cluster: pad(name, wide) for cluster, name in short.items()}
        entries = [(one.time, [_line(one, now, where[one.cluster])]) for one in told]
        entries += [(one.time, list(self._act(one, now, where[one.cluster]))) for one in done]
        entries.sort(key=lambda entry: -entry[0])
        return [*head, line(), *(text for _, lines in entries for text in lines)]

    def _lost_nodes(self, now: float) -> Iterator[Spans]:
        """Each node that is not Ready, with where it stands on its way and what comes next."""
        for store in self.app.stores:
            rows = (row for row in store.rows(NODE) if isinstance(row, NodeRow))
            for row in sorted(rows, key=lambda one: one.name):
                if row.ready not in ("", "True"):
                    where = f"! node {row.name} on {store.cluster}: "
                    yield line(Span(where, "bad"), summary(store, row, now))

    def _act(self, one: Act, now: float, cluster: str) -> Iterator[Spans]:
        where = f" in {one.namespace}" if one.namespace else ""
        when = _when(">", one.time, now, cluster)
        yield line(Span(when, "row"), f"{one.who}: {one.words}{where}")
        undo = f"; {self.app.key_of('undo', 'u')} takes it back" if one.undoable else ""
        change = f"; {one.change}" if one.change else ""
        role = "ok" if one.outcome == "reached" else "row" if one.well else "bad"
        yield line(" " * cells(when), Span(one.said, role), f"{change}{undo}")

    def _read(self) -> None:
        self.run_worker(later(self._fetch), group="record", exclusive=True, exit_on_error=False)

    async def _fetch(self) -> None:
        from edgetui.actions.gate import (
            handover,  # with the actions' own code, which a look at rows does not need
        )
        from edgetui.actions.gate.audit import AuditLog, default_path

        log = AuditLog(self.app.options.audit or default_path())
        since = self.app.now() - BACK_TO
        try:
            stamp = await asyncio.to_thread(_stamp, log.path)
            if stamp == self._read_of:
                return
            self._acts = await asyncio.to_thread(lambda: handover.acts(log.recent(since=since)))
            self._read_of, self._problem = stamp, ""
        except EdgetuiError as problem:
            self._problem = problem.sentence
        self.show_again()


def _stamp(path: Path) -> tuple[int, int] | None:
    """What changes when something is added to the record; None while there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _when(sign: str, time: float, now: float, cluster: str) -> str:
    clock = datetime.fromtimestamp(time, UTC).strftime("%H:%M")
    return f"{sign}{clock} {age(now - time):>4}  {cluster}  "


def _line(one: TimelineEntry, now: float, cluster: str) -> Spans:
    sign = "!" if one.severity == BAD else " "
    role = _ROLES.get(one.severity, "warn")
    when = _when(sign, one.time, now, cluster)
    if not one.kind:
        return line(Span(when, role if sign == "!" else "row"), "link is ", Span(one.words, role))
    where = f" in {one.namespace}" if one.namespace else ""
    more = f" and {one.count - 1} more" if one.count > 1 else ""
    what = f"{kind_word(one.kind)} {one.name}{more}"
    return line(
        Span(when, role if sign == "!" else "row"), what, Span(f"{where}: ", "quiet"), Span(one.words, role)
    )

"""The log of a pod, or of the worst pod of a workload, as it is written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer

from edgetui import crash
from edgetui.cluster.logs import Hearing, LogState, PodLog
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.pod import PodRow
from edgetui.model.logbuffer import LogBuffer, Search
from edgetui.model.podlogs import pods_to_log
from edgetui.model.text import plural
from edgetui.model.trouble import diagnose
from edgetui.ui.feed import Changes
from edgetui.ui.keymap import LOG_KEYS, kind_word
from edgetui.ui.spans import Span, Spans, line, width_of
from edgetui.ui.widgets.bars import KeyHint
from edgetui.ui.widgets.base import LineBar
from edgetui.ui.widgets.filter_bar import FilterBar
from edgetui.ui.widgets.footer import FooterBar
from edgetui.ui.widgets.header import HeaderBar
from edgetui.ui.widgets.log_view import LogView

from .base import BACK

if TYPE_CHECKING:
    from edgetui.ui.app import EdgetuiApp


class LogScreen(Screen[None]):
    """The log of `key`, which is a pod or owns pods. It is painted at most as often as the profile allows."""

    app: EdgetuiApp
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key.keys, key.action, key.words, show=False) for key in LOG_KEYS if key.action),
        Binding("escape,q", "back", "back", show=False),
        Binding("ctrl+c,ctrl+q", "app.leave", "quit", show=False),
        Binding("ctrl+z", "app.suspend_process", "suspend", show=False),
    ]

    def __init__(self, key: ObjectKey) -> None:
        super().__init__()
        self.key = key
        self.header = HeaderBar(id="header")
        self.heading = LineBar(id="heading")
        self.view = LogView(self._say)
        self.state_bar = LineBar(id="state")
        self.search_bar = FilterBar(self._search, label="search")
        self.footer = FooterBar(id="footer")
        self.tail: PodLog | None = None
        self._pods: list[str] = []
        self._pod = ""
        self._seen: tuple[object, ...] = ()
        self._found: Search | None = None
        self._at: int | None = None
        self._due: Timer | None = None
        self._painted = 0.0

    def compose(self) -> ComposeResult:
        """Header, title, lines, state, search, footer."""
        yield self.header
        yield self.heading
        yield self.view
        yield self.state_bar
        yield self.search_bar
        yield self.footer

    def on_mount(self) -> None:
        """Begin with the worst pod."""
        self.view.focus()
        self._pods = pods_to_log(self.app.fleet.stores[self.key.cluster], self.key)
        self._listen(self._pods[0] if self._pods else "")

    def on_resize(self) -> None:
        """The bars fit another width."""
        self._say()

    # -- what comes

    def changes_arrived(self, changes: Changes, now: float) -> None:
        """The pod may have changed, and with it what its log can say."""
        change = changes.get(self.key.cluster)
        if change is None:
            return
        self._pods = pods_to_log(self.app.fleet.stores[self.key.cluster], self.key)
        if not self._pod and self._pods:
            self._listen(self._pods[0])
        row = self._row
        seen = (row.uid, row.status, row.restarts, row.ready, row.condition) if row is not None else ()
        if self.tail is not None and seen != self._seen:
            self._seen = seen
            self.tail.look_again()
        self._say()

    def tick(self) -> None:
        """A second passed."""
        self._say()

    def _listen(self, pod: str, container: str = "", previous: bool | None = None) -> None:
        """Read another log."""
        self._pod, self._at = pod, None
        row = self._row
        self._seen = (row.uid, row.status, row.restarts, row.ready, row.condition) if row is not None else ()
        session = self.app.sessions.get(self.key.cluster)
        self.tail = None
        if session is not None and pod:
            self.tail = PodLog(session, self.key.namespace, pod, container, previous, changed=self._changed)
            self.run_worker(self._run(self.tail), exclusive=True, group="log", exit_on_error=False)
        if self._found is not None:
            self._found = Search(self._found.words)
        self._say()
        self.view.show(self.tail.buffer if self.tail is not None else LogBuffer())

    async def _run(self, tail: PodLog) -> None:
        try:
            await tail.run()
        except Exception as error:  # noqa: BLE001 - the edge of the task: a defect is told, never hidden
            tail.state = LogState(Hearing.OVER, crash.sentence(error))
            self._changed()

    def _changed(self) -> None:
        """Something came: paint it now, or as soon as it is time."""
        if self._due is None:
            wait = self._painted + self.app.options.profile.flush - asyncio.get_running_loop().time()
            self._due = self.set_timer(max(wait, 0.001), self._paint)

    def _paint(self) -> None:
        self._due = None
        self._painted = asyncio.get_running_loop().time()
        if self._found is not None:
            self._found.update(self.view.buffer)
        self._say()
        self.view.sync()

    # -- what is said

    @property
    def _row(self) -> PodRow | None:
        key = self.key._replace(kind="Pod", name=self._pod)
        row = self.app.fleet.find(key)
        return row if isinstance(row, PodRow) else None

    def _say(self) -> None:
        app = self.app
        self.header.show(app.stores, app.now(), app.badges, app.options.profile.label)
        self.heading.say(self._title())
        state = self._state()
        before, self.view.notice = self.view.notice, self._notice(state)
        if not len(self.view.buffer) and before != self.view.notice:
            self.view.sync()
        self.state_bar.say(self._state_line(state))
        self.footer.set_hints(self._hints(), (BACK,))

    def _title(self) -> Spans:
        where = f"{self.key.namespace} · {self.key.cluster}"
        if not self._pod:
            return line(Span(f"logs {kind_word(self.key.kind)} {self.key.name}", "title"), f" · {where}")
        tail = self.tail
        parts = []
        if tail is not None and tail.container:
            init = "init container" if tail.current is not None and tail.current.init else "container"
            parts.append(f"{init} {tail.container}")
        if tail is not None and tail.previous:
            parts.append("previous instance")
        if self.key.kind != "Pod" and self._pod in self._pods:
            parts.append(f"pod {self._pods.index(self._pod) + 1} of {len(self._pods)}")
        return line(Span(f"logs {self._pod}", "title"), "".join(f" · {part}" for part in [*parts, where]))

    def _state(self) -> Sequence[Spans]:
        """What is the matter with this log: sentences, the first one for a single line."""
        if not self._pod:
            return [line(f"no pods of {kind_word(self.key.kind)} {self.key.name} are known")]
        if self.tail is None:
            return [line(f"{self.key.cluster} is not connected")]
        state, now = self.tail.state, self.app.now()
        said: list[Spans] = []
        if state.end is not None:
            instance = "this instance" if self.tail.previous else "the container"
            said.append(line(Span(f"{instance} {state.end.words(now)}", "warn")))
        if state.sentence:
            role = "bad" if state.hearing is Hearing.OVER else "warn"
            said.append(line(Span(state.sentence, role)))
        if state.hearing is Hearing.ASKING or (state.hearing is Hearing.LIVE and not len(self.tail.buffer)):
            link = self.app.fleet.stores[self.key.cluster].link.sentence
            said.append(line(link or "waiting for the first line"))
        return said

    def _notice(self, state: Sequence[Spans]) -> Sequence[Spans]:
        """What is said in full while there are no lines."""
        out = [line(), *state]
        tail, row = self.tail, self._row
        if tail is None:
            return out
        found = diagnose(row) if row is not None else None
        if found is not None and tail.state.hearing is not Hearing.LIVE:
            out.append(line(Span(found.sentence, "bad" if found.hard else "warn")))
        if tail.state.next_step:
            out.append(line(tail.state.next_step))
        current = tail.current
        if current is not None and current.before is not None and not tail.previous:
            out.append(line(f"The instance before {current.before.words(self.app.now())}: p shows its log."))
        return out

    def _state_line(self, state: Sequence[Spans]) -> Spans:
        view, tail = self.view, self.tail
        left: list[Span] = []
        if view.following:
            if tail is not None and tail.state.hearing is Hearing.LIVE and len(view.buffer):
                left.append(Span("following", "quiet"))
        else:
            below = view.new_below
            left.append(Span(f"paused, {plural(below, 'new line')} below" if below else "paused", "note"))
        if state and len(view.buffer):
            left += [*((Span(" · ", "quiet"),) if left else ()), *state[0]]
        right: list[Span] = []
        if self._found is not None:
            right.append(Span(self._found_words(self._found), "note"))
        if view.buffer.first:
            right.append(Span(f"  {view.buffer.first:,} older lines dropped", "quiet"))
        pad = self.size.width - width_of(left) - width_of(right)
        return (*left, Span(" " * max(pad, 1)), *right) if right else tuple(left)

    def _found_words(self, search: Search) -> str:
        count = len(search.found)
        if self._at in search.found:
            return f"/{search.words} {search.found.index(self._at) + 1} of {count}"
        return f"/{search.words} {count or 'not'} found"

    def _hints(self) -> list[KeyHint]:
        tail = self.tail
        hints = [KeyHint("f", "follow")] if not self.view.following else []
        if self._found is not None:
            hints.append(KeyHint("n N", "next, before"))
        hints.append(KeyHint("/", "search"))
        if tail is not None:
            hints.append(KeyHint("p", "present" if tail.previous else "previous"))
            if len(tail.containers) > 1:
                hints.append(KeyHint("c", "container"))
        if len(self._pods) > 1:
            hints.append(KeyHint("tab", "next pod"))
        return [*hints, KeyHint("w", "cut" if self.view.wrapped else "wrap"), KeyHint("i", "times")]

    # -- keys

    def action_previous(self) -> None:
        """The instance before this one, and back."""
        if self.tail is not None:
            self._listen(self._pod, self.tail.container, not self.tail.previous)

    def action_container(self) -> None:
        """The next container of the pod."""
        if self.tail is None or len(self.tail.containers) < 2:
            self.footer.flash("This pod has one container.")
            return
        names = [one.name for one in self.tail.containers]
        at = names.index(self.tail.container) if self.tail.container in names else -1
        self._listen(self._pod, names[(at + 1) % len(names)])

    def action_pod(self, step: int) -> None:
        """Another pod of the workload; the list is worst first, and may have changed."""
        if len(self._pods) < 2 and self._pod in self._pods:
            self.footer.flash("There is no other pod here.")
        elif self._pods:
            at = self._pods.index(self._pod) if self._pod in self._pods else -step
            self._listen(self._pods[(at + step) % len(self._pods)])

    def action_wrap(self) -> None:
        """Long lines on several rows, or cut."""
        self.view.wrapped = not self.view.wrapped
        self.view.on_resize()
        self._say()

    def action_times(self) -> None:
        """The server's time before every line, or not."""
        self.view.stamped = not self.view.stamped
        self.view.on_resize()

    def action_search(self) -> None:
        """Type what to look for."""
        self.search_bar.open(self._found.words if self._found is not None else "")

    def action_found(self, step: int) -> None:
        """The next line found, or the one before."""
        if self._found is None or not self._found.found:
            self.footer.flash("Nothing is found; / searches.")
            return
        rows = self.view.rows
        here = self._at if self._at is not None else rows[-1].number if rows else 0
        self._at = self._found.after(here) if step > 0 else self._found.before(here)
        if self._at is not None:
            self.view.reveal(self._at)
        self._say()

    def action_back(self) -> None:
        """Give up the search; then leave."""
        if self._found is not None:
            self._search("")
        else:
            self.app.pop_screen()

    def _search(self, words: str) -> None:
        if words == (self._found.words if self._found is not None else ""):
            return
        self._found, self._at = Search(words) if words else None, None
        self.view.needle = words.lower()
        if self._found is not None:
            self._found.update(self.view.buffer)
            rows = self.view.rows
            self._at = self._found.before(rows[-1].number + 1) if rows else None
        if self._at is not None:
            self.view.reveal(self._at)
        self.view.repaint()
        self._say()

"""The log of a pod, or of the worst pod of a workload, as it is written."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from edgetui.cluster.api.logs import Hearing, LogState, PodLog
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.kinds.pod import POD, PodRow
from edgetui.model.pod.diagnosis import Diagnosis, diagnose
from edgetui.model.pod.logbuffer import LogBuffer, Search
from edgetui.model.text import age
from edgetui.model.view.log_targets import pods_to_log
from edgetui.ui.feed import Changes
from edgetui.ui.keymap import LOG_KEYS
from edgetui.ui.later import attempt, later
from edgetui.ui.screens.text_screen import BACK, HELP
from edgetui.ui.text import logs
from edgetui.ui.widgets.bars import KeyHint
from edgetui.ui.widgets.base import LineBar
from edgetui.ui.widgets.filter_bar import FilterBar
from edgetui.ui.widgets.footer import FooterBar
from edgetui.ui.widgets.header import HeaderBar
from edgetui.ui.widgets.log_view import LogView

from .object import COMMAND, ObjectScreen


class LogScreen(ObjectScreen):
    """The log of `key`, which is a pod or owns pods. It is painted at most as often as the profile allows."""

    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key.keys, key.action, key.words, show=False) for key in LOG_KEYS if key.action),
        Binding("escape,q", "back", "back", show=False),
    ]

    shows = "logs"

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
        self._due: asyncio.Handle | None = None
        self._painted = self._flush = 0.0
        self._pod_since = 0.0
        self._pod_uid = ""
        self._begun = False

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
        self._flush = self.app.options.profile.flush
        self.view.focus()
        self._need(True)
        self.row()
        self._begun = True
        self._pods = pods_to_log(self.app.fleet.stores[self.key.cluster], self.key)
        self._listen(self._pods[0] if self._pods else "")

    def on_unmount(self) -> None:
        """Nothing is painted any more, and what only this screen needed is needed no more."""
        self._need(False)
        if self._due is not None:
            self._due.cancel()

    def _need(self, needed: bool) -> None:
        session = self.app.sessions.get(self.key.cluster)
        if session is not None:
            for kind in KINDS.between(self.key.kind):
                session.need(kind, needed)

    def on_resize(self) -> None:
        """The bars fit another width."""
        self._say()

    # -- what comes

    def changes_arrived(self, changes: Changes, now: float) -> None:
        """The pod may have changed, and with it what its log can say."""
        change = changes.get(self.key.cluster)
        if change is None or not self._begun:
            return
        self._pods = pods_to_log(self.app.fleet.stores[self.key.cluster], self.key)
        if not self._pod and self._pods:
            self._listen(self._pods[0])
        self.row()
        before, self._seen = self._seen, self._signs()
        self._note_pod()
        if self.tail is not None and before != self._seen:
            self.tail.look_again()
        self._say()

    def replaced(self) -> None:
        """It says so at once."""
        self.call_later(self._say)

    def tick(self) -> None:
        """A second passed."""
        self._say()

    def _listen(self, pod: str, container: str = "", previous: bool = False) -> None:
        """Read another log."""
        self._pod, self.view.current, self._pod_since = pod, None, 0.0
        self._pod_uid = ""
        self._note_pod()
        self._seen = self._signs()
        session = self.app.sessions.get(self.key.cluster)
        self.tail = None
        if session is not None and pod:
            self.tail = PodLog(session, self.key.namespace, pod, container, previous, changed=self._changed)
            self.run_worker(later(self._run, self.tail), exclusive=True, group="log", exit_on_error=False)
        if self._found is not None:
            self._found = Search(self._found.words)
        self._say()
        self.view.show(self.tail.buffer if self.tail is not None else LogBuffer())

    async def _run(self, tail: PodLog) -> None:
        failed = await attempt(tail.run())
        if failed is not None:
            tail.state = LogState(Hearing.OVER, str(failed))
            self._changed()

    def _changed(self) -> None:
        """Something came: paint it now, or as soon as it is time. Sockets call this, outside of any screen."""
        if self._due is None and self.is_running:
            loop = asyncio.get_running_loop()
            wait = self._painted + self._flush - loop.time()
            self._due = loop.call_later(max(wait, 0.0), self.call_later, self._paint)

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
        """The pod as the store knows it."""
        key = self.key._replace(kind=POD, name=self._pod)
        row = self.app.fleet.find(key)
        return row if isinstance(row, PodRow) else None

    def _note_pod(self) -> None:
        """Note which pod has the name, and since when it is another one than the one whose log was opened."""
        uid = row.uid if (row := self._row) is not None else ""
        if self._pod_uid and uid and uid != self._pod_uid:
            self._pod_since = self.app.monotonic()
        self._pod_uid = uid or self._pod_uid

    def _signs(self) -> tuple[object, ...]:
        """What changes of a pod when there may be more to hear."""
        row = self._row
        return (row.uid, row.status, row.restarts, row.ready, row.condition) if row is not None else ()

    def _say(self) -> None:
        app, tail, view = self.app, self.tail, self.view
        now, width = app.now(), self.size.width
        link = app.fleet.stores[self.key.cluster].link.sentence
        said = logs.sentences(self.key, self._pod, tail, link, now)
        before, view.notice = view.notice, logs.notice(said, tail, self._trouble(), now)
        if not len(view.buffer) and before != view.notice:
            view.sync()
        self.header.show(app.stores, now, app.badges, app.options.profile.label)
        anew = f"another pod since {age(app.monotonic() - self._pod_since)}" if self._pod_since else ""
        self.heading.say(logs.title(self.key, self._pod, self._pods, tail, width, anew))
        self.state_bar.say(logs.state_line(said, view, tail, self._found, width))
        self.footer.set_hints(self._hints(), (HELP, BACK))

    def _trouble(self) -> Diagnosis | None:
        row = self._row
        if row is None:
            return None
        node = self.app.fleet.stores[self.key.cluster].get(NODE, "", row.node)
        return diagnose(row, node if isinstance(node, NodeRow) else None)

    def _hints(self) -> list[KeyHint]:
        tail = self.tail
        hints = [KeyHint("f", "follow")] if not self.view.following else []
        if self._found is not None:
            hints.append(KeyHint("n N", "next, before"))
        hints.append(KeyHint("/", "search"))
        if tail is not None:
            none = "none" if not tail.previous and self._first_instance else ""
            hints.append(KeyHint("p", "present" if tail.previous else "previous", none))
            if len(tail.containers) > 1:
                hints.append(KeyHint("c", "container"))
        if len(self._pods) > 1:
            hints.append(KeyHint("tab", "next pod"))
        times = "no times" if self.view.stamped else "times"
        return [*hints, KeyHint("w", "cut" if self.view.wrapped else "wrap"), KeyHint("i", times), COMMAND]

    @property
    def _first_instance(self) -> bool:
        """Whether the container is known not to have run before."""
        current = self.tail.current if self.tail is not None else None
        return current is not None and current.before is None

    @property
    def copied(self) -> str:
        """The pod whose log this is."""
        return self._pod or self.key.name

    # -- keys

    def action_previous(self) -> None:
        """The instance before this one, and back."""
        if self.tail is not None and not self.tail.previous and self._first_instance:
            self.footer.flash("This container has not run before.")
        elif self.tail is not None:
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
        self._say()

    def action_search(self) -> None:
        """Type what to look for."""
        self.search_bar.open(self._found.words if self._found is not None else "")

    def action_found(self, step: int) -> None:
        """The next line found, or the one before."""
        if self._found is None or not self._found.found:
            self.footer.flash("Nothing is found; / searches.")
            return
        rows = self.view.rows
        here = self.view.current
        if here is None:
            here = rows[-1].number if rows else 0
        number = self._found.after(here) if step > 0 else self._found.before(here)
        if number is not None:
            self.view.reveal(number)
        self._say()

    def action_back(self) -> None:
        """Give up the search; then leave."""
        if self._found is not None:
            self._search("")
        else:
            self.dismiss()

    def _search(self, words: str) -> None:
        if words == (self._found.words if self._found is not None else ""):
            return
        self._found = Search(words) if words else None
        self.view.needle, self.view.current = words.lower(), None
        if self._found is not None:
            self._found.update(self.view.buffer)
            rows = self.view.rows
            number = self._found.before(rows[-1].number + 1) if rows else None
            if number is not None:
                self.view.reveal(number)
        self.view.repaint()
        self._say()

"""The dashboard: four panes at once where there is room, one pane with tabs where there is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.screen import Screen

from edgetui.actions.registry import ACTIONS
from edgetui.model.identity import ObjectRef
from edgetui.model.panes import PANES
from edgetui.model.text import plural
from edgetui.ui.feed import Changes
from edgetui.ui.keymap import LOGGED, ON_DEMAND, PANE_ORDER, acting_bindings, looking_bindings
from edgetui.ui.widgets.bars import KeyHint, Tab, tab_line
from edgetui.ui.widgets.base import LineBar
from edgetui.ui.widgets.filter_bar import FilterBar
from edgetui.ui.widgets.footer import FooterBar
from edgetui.ui.widgets.header import HeaderBar
from edgetui.ui.widgets.live_table import LiveTable
from edgetui.ui.widgets.pane_view import PaneView

if TYPE_CHECKING:
    from edgetui.ui.app import EdgetuiApp

GRID_WIDTH, GRID_HEIGHT, QUAD_WIDTH = 120, 36, 176
"""From these cells on there are four panes; from QUAD_WIDTH on they stand two by two."""

METERED = frozenset({"Node", "Pod"})
GRID_ORDER = ("nodes", "autoscalers", "pods", "rollouts")
"""The panes as the grid reads, line by line."""

LAST_HINTS = (KeyHint("?", "help"), KeyHint("q", "quit"))


class MainScreen(Screen[None]):
    """Header, panes, filter line and footer."""

    app: EdgetuiApp
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [*looking_bindings(), *acting_bindings()]
    DEFAULT_CSS = """
    MainScreen { layout: vertical; }
    MainScreen #tabs { display: none; }
    MainScreen.single #tabs { display: block; }
    MainScreen #panes { height: 1fr; layout: vertical; }
    MainScreen.single PaneView { display: none; }
    MainScreen.single PaneView.current { display: block; }
    MainScreen PaneView.demand { display: none; }
    MainScreen.single PaneView.demand.current { display: block; }
    MainScreen.stacked #panes, MainScreen.quad #panes { layout: grid; grid-size: 2; grid-gutter: 1 2; }
    MainScreen.stacked #panes { grid-columns: 9fr 11fr; }
    MainScreen.stacked #pane-pods, MainScreen.stacked #pane-rollouts { column-span: 2; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.header = HeaderBar(id="header")
        self.tabs = LineBar(id="tabs")
        self.filter_bar = FilterBar(self._filter)
        self.footer = FooterBar(id="footer")
        self._panes: dict[str, PaneView] = {}
        self._current = "nodes"
        self._zoomed = False
        self._roomy = False
        self._heights: tuple[int, ...] = ()
        self.complete = False
        """Whether everything is there that a key may want."""

    def compose(self) -> ComposeResult:
        """What the first frame shows; `_complete` adds the rest. The panes hold what the stores have so far."""
        self.app.fleet.drain()
        for pane_id in PANE_ORDER[:4]:
            self._panes[pane_id] = self._make_pane(pane_id)
        self._classify(update=False)
        yield self.header
        yield self.tabs
        with Container(id="panes"):
            for pane_id in GRID_ORDER:
                if pane_id == self._current or not self.has_class("single"):
                    yield self._panes[pane_id]
        yield self.footer

    async def _complete(self) -> None:
        """Add the panes behind the tabs and the line where a filter is typed."""
        behind = [self._panes[pane_id] for pane_id in GRID_ORDER if not self._panes[pane_id].is_attached]
        await self.query_one("#panes").mount(*behind)
        await self.mount(self.filter_bar, before=self.footer)
        self.complete = True

    def on_mount(self) -> None:
        """Start on the pane of the screen's size."""
        self._show(self._current)

    def on_screen_resume(self) -> None:
        """Back from another screen."""
        self.app.screen_in_front()
        self.update_header()

    # -- what others read

    @property
    def current(self) -> PaneView:
        """The pane the keys go to."""
        return self._panes[self._current]

    @property
    def target(self) -> ObjectRef | None:
        """What is under the cursor, at the version on screen."""
        key, row = self.current.table.cursor, self.current.table.cursor_row
        return ObjectRef(key, row.uid, row.resource_version) if key is not None and row is not None else None

    @property
    def metered(self) -> frozenset[str]:
        """The kinds on the screen that have usage to show."""
        panes = [self.current] if self.has_class("single") else list(self._panes.values())
        return METERED.intersection(kind for pane in panes for kind in pane.pane.kinds)

    @property
    def settled(self) -> bool:
        """Whether the row under the cursor is the one a person has had time to see."""
        return self.current.table.settled

    # -- data

    def changes_arrived(self, changes: Changes, now: float) -> None:
        """Rows or states changed: every pane takes its part, the visible ones paint it."""
        status = any(change.status for change in changes.values())
        for pane in self._panes.values():
            change = pane.view.absorb(changes, now)
            if not pane.is_attached:
                continue
            if change.order or change.changed:
                pane.absorb(change)
            elif status:
                pane.status_changed()
        if status:
            self.update_header()
            self.update_footer()
        self._update_tabs()
        self._share_height()

    def tick(self) -> None:
        """A second passed: ages move on."""
        for pane in self._panes.values():
            pane.tick()
        self.update_header()

    def update_header(self) -> None:
        """Say the links again."""
        app = self.app
        badges = [*app.badges, *(["HELD STILL"] if app.frozen else [])]
        self.header.show(app.stores, app.now(), badges, app.link_label)

    def update_footer(self) -> None:
        """Say which keys work for what is under the cursor."""
        target = self.target
        looks = [KeyHint("/", "filter"), KeyHint("enter", "open")]
        if target and target.key.kind in LOGGED:
            looks.append(KeyHint("l", "logs"))
        hints = self.app.action_hints(target.key if target else None, self.current.pane.kinds, looks)
        self.footer.set_hints(hints, LAST_HINTS)

    # -- keys

    def action_pane(self, pane_id: str) -> None:
        """Show a pane and give it the keys."""
        self._show(pane_id)

    def action_next_pane(self, step: int) -> None:
        """The next of the panes that are there."""
        order = [
            pane
            for pane in PANE_ORDER
            if pane in self._panes and (pane not in ON_DEMAND or pane == self._current)
        ]
        self._show(order[(order.index(self._current) + step) % len(order)])

    def action_zoom(self) -> None:
        """One pane large, or all four."""
        self._zoomed = not self._zoomed
        self._arrange()

    def action_filter(self) -> None:
        """Type a filter for this pane."""
        self.filter_bar.open(self.current.filter_text)

    def action_back(self) -> None:
        """Clear the filter; then leave a large pane."""
        self.footer.clear()
        if self.current.filter_text:
            self.current.set_filter("")
            self._update_tabs()
        elif self._current in ON_DEMAND:
            self._show("nodes")
        elif self._zoomed:
            self.action_zoom()
        else:
            self.app.offer_to_cancel()

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.current.cycle_sort()

    def action_reverse_sort(self) -> None:
        """Turn the order round."""
        self.current.reverse_sort()

    def action_mark(self) -> None:
        """Mark the object under the cursor and go on to the next."""
        self.current.mark()
        self._update_tabs()

    def action_clear_marks(self) -> None:
        """Take all marks of this pane away."""
        self.current.clear_marks()
        self._update_tabs()

    def action_wide(self) -> None:
        """Every column in full, or what fits."""
        table = self.current.table
        table.show_wide(not table.columns.wide)

    def action_manifest(self) -> None:
        """Show what is under the cursor as YAML."""
        if (target := self.target) is not None:
            self.app.open_manifest(target.key)

    def action_act(self, action_id: str) -> None:
        """Begin an action on the marked rows one by one, or on what is under the cursor."""
        marks = self.current.table.marks
        hidden = marks.hidden
        if not marks or not ACTIONS[action_id].kinds:
            self.app.act(action_id, self.target, self.settled)
        elif hidden:
            self.current.take_marked()
            self._update_tabs()
            self.app.flash(
                f"{plural(hidden, 'mark was', 'marks were')} hidden by the filter and {'is' if hidden == 1 else 'are'} "
                "taken away. Look, then press the key again."
            )
        else:
            rows = self.current.take_marked()
            self.app.act_in_turn(
                action_id, [ObjectRef(row.key, row.uid, row.resource_version) for row in rows]
            )

    def action_logs(self) -> None:
        """Read the log of what is under the cursor."""
        self.app.open_logs(self.current.table.cursor)

    def _filter(self, text: str) -> None:
        if text != self.current.filter_text:
            self.current.set_filter(text)
            self._update_tabs()

    # -- messages of the widgets

    def on_live_table_cursor_moved(self, message: LiveTable.CursorMoved) -> None:
        """Other keys may work on another object."""
        if message.table is self.current.table:
            self.app.cursor_rests(message.key)
            self.update_footer()

    def on_live_table_opened(self, message: LiveTable.Opened) -> None:
        """Enter opens the object."""
        self.app.open_detail(message.key)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """A click on a pane makes it the current one."""
        parent = event.widget.parent
        if (
            isinstance(event.widget, LiveTable)
            and isinstance(parent, PaneView)
            and parent.pane.id != self._current
        ):
            self._show(parent.pane.id)

    def on_resize(self) -> None:
        """Another size may hold more or fewer panes."""
        self._arrange()

    # -- within

    def _make_pane(self, pane_id: str) -> PaneView:
        app = self.app
        pane = PaneView(
            PANES[pane_id], app.stores, PANE_ORDER.index(pane_id) + 1, now=app.now, monotonic=app.monotonic
        )
        pane.set_class(pane_id in ON_DEMAND, "demand", update=False)
        if app.options.namespace and "namespace" in pane.pane.index:
            pane.narrow(f"namespace=={app.options.namespace}")
        pane.view.rebuild(app.now())
        return pane

    def _show(self, pane_id: str) -> None:
        if pane_id not in self._panes:
            self._panes[pane_id] = self._make_pane(pane_id)
            self.query_one("#panes").mount(self._panes[pane_id])
        if pane_id != self._current:
            self.app.watch_on_demand(self._panes[self._current].pane, False)
            self.app.watch_on_demand(self._panes[pane_id].pane, True)
            self.footer.clear()
        self._current = pane_id
        self._arrange()
        self._focus_table()
        self.update_footer()
        self.call_after_refresh(self._shown)

    async def _shown(self) -> None:
        """The new layout stands: focus, titles, cursor and footer follow."""
        self._focus_table()
        for pane in self._panes.values():
            pane.status_changed()
        self.app.meter_what_is_shown()
        target = self.target
        self.app.cursor_rests(target.key if target else None)
        self.update_footer()
        if not self.complete:
            await self._complete()

    def _focus_table(self) -> None:
        """Give the keys to the current pane at once, unless a filter is being typed."""
        if not self.filter_bar.display:
            self.set_focus(self.current.table, scroll_visible=False)

    def _arrange(self) -> None:
        self._classify()
        self._share_height()
        self._update_tabs()
        self.call_after_refresh(self.update_header)

    def _classify(self, update: bool = True) -> None:
        """Put into classes what there is room for and where the keys go; `update` is false before there are styles."""
        width, height = self.app.size
        self._roomy = width >= GRID_WIDTH and height >= GRID_HEIGHT
        single = not self._roomy or self._zoomed or self._current in ON_DEMAND
        self.set_class(single, "single", update=update)
        self.set_class(not single and width < QUAD_WIDTH, "stacked", update=update)
        self.set_class(not single and width >= QUAD_WIDTH, "quad", update=update)
        for name, pane in self._panes.items():
            pane.set_class(single, "untitled", update=update)
            pane.set_class(name == self._current, "current", update=update)

    def _share_height(self) -> None:
        """Give panes with few rows no more lines than they need; pods and rollouts take the rest."""
        if self.has_class("single"):
            return
        body = self.app.size.height - 2
        rows = {name: pane.view.shown + 2 for name, pane in self._panes.items()}
        top = max(5, min(max(rows["nodes"], rows["autoscalers"]), body * 3 // 10))
        if self.has_class("quad"):
            heights: tuple[int, ...] = (top, body - top - 1)
        else:
            below = body - top - 2
            rollouts = max(5, min(rows["rollouts"], below * 4 // 10))
            heights = (top, below - rollouts, rollouts)
        if heights != self._heights:
            self._heights = heights
            self.query_one("#panes").styles.grid_rows = " ".join(str(height) for height in heights)

    def _update_tabs(self) -> None:
        if not self.has_class("single"):
            return
        tabs = []
        for number, pane_id in enumerate(PANE_ORDER, 1):
            pane = self._panes.get(pane_id)
            if pane is None or (pane_id in ON_DEMAND and pane_id != self._current):
                continue
            active = pane_id == self._current
            count = pane.count_text
            if pane.aside:
                total, dot, summary = count.partition(" · ")
                count = f"{total} {pane.aside}{dot}{summary}"
            tabs.append(Tab(str(number), pane.name_text, count, active, pane.view.bad > 0))
        self.tabs.say(tab_line(tabs, self.app.size.width))

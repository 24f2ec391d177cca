"""The dashboard: four panes at once where there is room, one pane with tabs where there is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from edgetui.actions.catalogue import ACTIONS
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds import KINDS
from edgetui.model.panes import DASHBOARD, NUMBERED, PANES, number_of
from edgetui.model.view.fleet import FleetView
from edgetui.ui.feed import Changes
from edgetui.ui.keymap import acting_bindings, looking_bindings
from edgetui.ui.shell import EdgetuiScreen
from edgetui.ui.widgets.bars import KeyHint
from edgetui.ui.widgets.filter_bar import FilterBar
from edgetui.ui.widgets.footer import FooterBar
from edgetui.ui.widgets.header import HeaderBar
from edgetui.ui.widgets.live_table import LiveTable
from edgetui.ui.widgets.pane_view import PaneView, TabBar, shared_height

if TYPE_CHECKING:
    from edgetui.ui.navigation.history import Place

GRID_WIDTH, GRID_HEIGHT, QUAD_WIDTH = 120, 36, 176
"""From these cells on there are four panes; from QUAD_WIDTH on they stand two by two."""

GRID_ORDER = ("nodes", "autoscalers", "pods", "rollouts")
"""The panes as the grid reads, line by line."""
PLACES = {f"pane-{pane_id}": at for at, pane_id in enumerate(GRID_ORDER)}

LAST_HINTS = (KeyHint("?", "help", name="help"), KeyHint("q", "quit", name="leave"))


class MainScreen(EdgetuiScreen[None]):
    """Header, panes, filter line and footer."""

    footer: FooterBar
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
        self.tabs = TabBar(id="tabs")
        self.filter_bar = FilterBar(self.filter)
        self.footer = FooterBar(id="footer")
        self.panes: dict[str, PaneView] = {}
        self._current = self._always = "nodes"
        self.zoomed = False
        self._roomy = False
        self._heights: tuple[int, ...] = ()
        self._joined: frozenset[str] = frozenset()
        """Panes in view whose optional kinds are watched beside their own."""
        self.namespace = ""
        """The one namespace that is shown, empty for all."""
        self.complete = False
        """Whether everything is there that a key may want."""

    def compose(self) -> ComposeResult:
        """What the first frame shows; `_complete` adds the rest. The panes hold what the stores have so far."""
        self.app.fleet.drain()
        kept = self.app.remembered.layout
        self.namespace, self.zoomed = self.app.options.namespace, kept.zoomed
        self._current = kept.pane if kept.pane in PANES else self._current
        for pane_id in dict.fromkeys((*DASHBOARD, self._current)):
            self.panes[pane_id] = self._make_pane(pane_id)
        self._classify(update=False)
        yield self.header
        yield self.tabs
        with Container(id="panes"):
            for pane_id in dict.fromkeys((*GRID_ORDER, self._current)):
                if pane_id == self._current or not self.has_class("single"):
                    yield self.panes[pane_id]
        yield self.footer

    async def _complete(self) -> None:
        """Add the panes behind the tabs and the line where a filter is typed."""
        behind = [self.panes[pane_id] for pane_id in GRID_ORDER if not self.panes[pane_id].is_attached]
        container = self.query_one("#panes")
        await container.mount(*behind)
        container.sort_children(key=lambda pane: PLACES.get(pane.id or "", len(PLACES)))
        await self.mount(self.filter_bar, before=self.footer)
        self.complete = True

    def on_mount(self) -> None:
        """Start on the pane of the screen's size."""
        self.app.watch_on_demand(self.current.pane, True)
        self.show_pane(self._current)

    def on_screen_resume(self) -> None:
        """Back from another screen."""
        self.update_header()

    # -- what others read

    @property
    def current(self) -> PaneView:
        """The pane the keys go to."""
        return self.panes[self._current]

    @property
    def target(self) -> ObjectRef | None:
        """What is under the cursor, at the version on screen."""
        key, row = self.current.table.cursor, self.current.table.cursor_row
        return ObjectRef(key, row.uid, row.resource_version) if key is not None and row is not None else None

    @property
    def kinds_in_view(self) -> frozenset[str]:
        """The kinds whose rows are on the screen."""
        return frozenset(kind for pane in self._in_view for kind in pane.pane.kinds)

    @property
    def _in_view(self) -> list[PaneView]:
        return [self.current] if self.has_class("single") else list(self.panes.values())

    @property
    def settled(self) -> bool:
        """Whether the row under the cursor is the one a person has had time to see."""
        return self.current.table.settled

    def view_of(self, pane_id: str) -> FleetView:
        """The rows of one pane; of one that is not there yet, without rows."""
        pane = self.panes.get(pane_id)
        return pane.view if pane is not None else FleetView(PANES[pane_id], ())

    # -- data

    def changes_arrived(self, changes: Changes, now: float) -> None:
        """Rows or states changed: every pane takes its part, the visible ones paint it."""
        touched = status = any(change.status for change in changes.values())
        for pane in self.panes.values():
            change = pane.view.absorb(changes, now)
            if change.turned and not pane.pane.on_demand:
                self.app.timeline.add(pane.pane, change.turned, now)
            if not pane.is_attached:
                continue
            touched |= pane is self.current and pane.table.cursor in change.changed
            if change.order or change.changed:
                pane.absorb(change)
            elif status:
                pane.status_changed()
        if status:
            self.update_header()
        if touched:
            self.update_footer()
        self._update_tabs()
        self._share_height()

    def tick(self) -> None:
        """A second passed: ages move on."""
        for pane in self.panes.values():
            pane.tick()
        self.update_header()
        # Not before its first rows are there: few clusters serve what is asked about here.
        shown = [pane for pane in self._in_view if pane.pane.optional and not pane.pane.on_demand]
        joined = frozenset(pane.pane.id for pane in shown if pane.view.total and not pane.view.incomplete)
        for pane_id in joined ^ self._joined:
            self.app.watch_on_demand(PANES[pane_id], pane_id in joined, joining=True)
        self._joined = joined

    def on_status_changed(self) -> None:
        """Header and footer have something else to say."""
        self.update_header()
        self.update_footer()

    def update_header(self) -> None:
        """Say the links again."""
        app = self.app
        badges = [*app.badges, *(["FROZEN"] if app.frozen else [])]
        self.header.show(app.stores, app.now(), badges, app.link_label)

    def update_footer(self) -> None:
        """Say which keys work for what is under the cursor."""
        target = self.target
        looks = [KeyHint("R", "what waits for you", name="running")] if self.app.waits else []
        looks += [KeyHint("space", "unfreeze", name="freeze")] if self.app.frozen else []
        looks += [KeyHint("esc", "all rows")] if self.current.filter_text else []
        looks += [KeyHint("/", "filter", name="filter"), KeyHint("enter", "open")]
        if target and KINDS.has_pods(target.key.kind):
            looks.append(KeyHint("l", "logs", name="logs"))
        hints = self.app.action_keys.hints(target.key if target else None, self.current.pane.kinds, looks)
        self.footer.set_hints(hints, LAST_HINTS)

    # -- keys

    def action_pane(self, pane_id: str) -> None:
        """Show a pane and give it the keys."""
        self.app.navigation.leave_for(lambda: self.show_pane(pane_id))

    def action_next_pane(self, step: int) -> None:
        """The next of the panes that are there."""
        order = [
            pane
            for pane in dict.fromkeys((*NUMBERED, self._current))
            if pane in self.panes and (not self.panes[pane].pane.on_demand or pane == self._current)
        ]
        self.action_pane(order[(order.index(self._current) + step) % len(order)])

    def action_zoom(self) -> None:
        """One pane large, or all four."""
        self.zoomed = not self.zoomed
        self._arrange()

    def action_filter(self) -> None:
        """Type a filter for this pane."""
        self.filter_bar.open(self.current.filter_text)

    def action_back(self) -> None:
        """Clear the filter; then leave a large pane."""
        self.footer.clear()
        if self.current.filter_text:
            self.filter("")
        elif self.current.pane.on_demand:
            self.show_pane(self._always)
        elif self.zoomed:
            self.action_zoom()
        else:
            self.app.offer_to_cancel()

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.current.cycle_sort()

    def action_reverse_sort(self) -> None:
        """Reverse the sort."""
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

    async def action_command(self, text: str = "") -> None:
        """Type a command."""
        await self.app.command_line.open_line(self, text)

    def action_namespace(self) -> None:
        """Choose the one namespace that is shown, or all."""
        self.app.command_line.choose_namespace()

    def action_jump(self) -> None:
        """Go to the owner of what is under the cursor, or to what it owns."""
        self.app.command_line.jump(self.current.table.cursor)

    def action_copy(self) -> None:
        """The names of the marked objects, or of the one under the cursor, to the terminal's clipboard."""
        table = self.current.table
        marked = [row.key.name for row in table.marks.rows()]
        self.app.command_line.copy(marked or ([table.cursor.name] if table.cursor is not None else []))

    def action_went(self, step: int) -> None:
        """Back to the place before, or forward again."""
        self.app.navigation.step(step)

    def action_act(self, action_id: str, typed: str = "") -> None:
        """Begin an action on the marked rows one by one, or on what is under the cursor."""
        if self.current.table.marks and not ACTIONS[action_id].on_cluster:
            self.app.command_line.act_on_marked(action_id, typed)
            self._update_tabs()
        else:
            self.app.action_keys.act(action_id, self.target, self.settled, typed)

    def action_menu(self) -> None:
        """Show every action on what is under the cursor."""
        self.app.action_keys.menu(self.target, self.action_act)

    def action_logs(self) -> None:
        """Read the log of what is under the cursor."""
        self.app.open_logs(self.current.table.cursor)

    def narrow_to(self, namespace: str) -> None:
        """Show only the rows of one namespace; an empty one shows all."""
        self.namespace = namespace
        for pane in self.panes.values():
            pane.set_namespace(namespace)
        self._update_tabs()
        self._share_height()

    @property
    def place(self) -> Place:
        """The current pane with its filter and cursor."""
        from edgetui.ui.navigation.history import Place

        return Place(self._current, self.current.filter_text, self.current.table.cursor)

    def filter(self, text: str) -> None:
        """Show only rows of the current pane that match."""
        if text != self.current.filter_text:
            self.current.set_filter(text)
            self._update_tabs()
            self.update_footer()

    # -- messages of the widgets

    def on_live_table_cursor_moved(self, message: LiveTable.CursorMoved) -> None:
        """Other keys may work on another object."""
        if message.table is self.current.table:
            self.app.action_keys.rests(message.key)
            self.update_footer()

    def on_live_table_opened(self, message: LiveTable.Opened) -> None:
        """Enter opens the object."""
        self.app.open_detail(message.key)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """A click on a pane makes it the current one."""
        parent = event.widget.parent
        if (
            event.widget is self.focused
            and isinstance(event.widget, LiveTable)
            and isinstance(parent, PaneView)
            and parent.pane.id != self._current
        ):
            self.show_pane(parent.pane.id)

    def on_resize(self) -> None:
        """Another size may hold more or fewer panes."""
        self._arrange()

    # -- within

    def _make_pane(self, pane_id: str) -> PaneView:
        app = self.app
        pane = PaneView(PANES[pane_id], app.stores, number_of(pane_id), now=app.now, monotonic=app.monotonic)
        pane.set_class(pane.pane.on_demand, "demand", update=False)
        pane.recall(app.remembered.layout.panes.get(pane_id), self.namespace)
        pane.view.rebuild(app.now())
        return pane

    def show_view(self, pane: PaneView) -> None:
        """Show a pane that was made elsewhere, as `action_pane` shows the dashboard's own."""
        if pane.pane.id not in self.panes:
            self.panes[pane.pane.id] = pane
            self.query_one("#panes").mount(pane)
        self.action_pane(pane.pane.id)

    def show_pane(self, pane_id: str) -> None:
        """Show a pane and give it the keys, without remembering the place that is left."""
        if pane_id not in self.panes:
            self.panes[pane_id] = self._make_pane(pane_id)
            self.query_one("#panes").mount(self.panes[pane_id])
        if pane_id != self._current:
            self.app.watch_on_demand(self.panes[self._current].pane, False)
            self.app.watch_on_demand(self.panes[pane_id].pane, True)
            self.footer.clear()
        self._current = pane_id
        self._always = self._always if self.current.pane.on_demand else pane_id
        self._arrange()
        self._focus_table()
        self.update_footer()
        self.call_after_refresh(self._shown)

    async def _shown(self) -> None:
        """The new layout stands: focus, titles, cursor and footer follow."""
        self._focus_table()
        for pane in self.panes.values():
            pane.status_changed()
        self.app.tell_what_is_in_view()
        target = self.target
        self.app.action_keys.rests(target.key if target else None)
        self.update_footer()
        if not self.complete:
            await self._complete()

    def _focus_table(self) -> None:
        """Give the keys to the current pane at once, unless a filter is being typed."""
        typing = any(bar.display for bar in self.query("FilterBar, CommandBar"))
        if not typing:
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
        single = not self._roomy or self.zoomed or self.current.pane.on_demand
        self.set_class(single, "single", update=update)
        self.set_class(not single and width < QUAD_WIDTH, "stacked", update=update)
        self.set_class(not single and width >= QUAD_WIDTH, "quad", update=update)
        for name, pane in self.panes.items():
            pane.set_class(single, "untitled", update=update)
            pane.set_class(name == self._current, "current", update=update)

    def _share_height(self) -> None:
        """Give panes with few rows no more lines than they need; pods and rollouts take the rest."""
        if self.has_class("single"):
            return
        rows = {name: pane.view.shown + 2 for name, pane in self.panes.items()}
        heights = shared_height(rows, self.app.size.height - 2, quad=self.has_class("quad"))
        if heights != self._heights:
            self._heights = heights
            self.query_one("#panes").styles.grid_rows = " ".join(str(height) for height in heights)

    def _update_tabs(self) -> None:
        if not self.has_class("single"):
            return
        shown = [pane for pane in self.panes.values() if not pane.pane.on_demand or pane is self.current]
        self.tabs.show(shown, self.current)

"""What a word in the command line shows, when it is no command: the objects of a kind, on every cluster that has it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from edgetui.cluster.api.catalog import Catalog, default_directory
from edgetui.model.cache.wireprofile import Wire
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import KINDS
from edgetui.model.panes import PANES
from edgetui.model.panes.of_kind import KindPane
from edgetui.model.resources.resolve import resolve, words
from edgetui.model.resources.served import Resource, Served
from edgetui.model.text import clean
from edgetui.ui.any_kind.kind_view import KindView
from edgetui.ui.any_kind.optional_kinds import OptionalKinds
from edgetui.ui.later import attempt, later

if TYPE_CHECKING:
    from edgetui.ui.screens.main import MainScreen
    from edgetui.ui.shell import Shell

ASKING = 0.4
"""Seconds after which it is said that clusters are being asked."""
MOST_WORDS = 40
"""Words that completion offers at once."""

Narrow = Callable[[], str]
"""Narrows the rows of all panes as a line asks for, and gives the filter that is left for its own; empty for none."""


class KindPanes:
    """The panes of kinds that were opened, and the catalogs of the clusters of one app."""

    def __init__(self, app: Shell, main: MainScreen) -> None:
        self._app, self._main = app, main
        directory = default_directory() if app.options.keep_rows else None
        self._catalogs = {
            name: Catalog(session, app.fleet.stores[name].kinds, app.now, directory)
            for name, session in app.sessions.items()
        }
        self._views: dict[str, KindView] = {}
        self.optional = OptionalKinds(app, self._catalogs, lambda: main.current.status_changed())

    # -- words

    @property
    def _served(self) -> list[Served]:
        return [catalog.served for catalog in self._catalogs.values()]

    def means(self, word: str) -> bool:
        """Whether a word is known to mean a kind of any cluster."""
        return any(resolve(served, word) for served in self._served)

    def words(self, begun: str) -> Sequence[str]:
        """The kinds and categories whose names begin so, as far as is known."""
        return words(self._served, begun)[:MOST_WORDS] if begun else ()

    def look_up(self) -> None:
        """A command is being typed: find out what there is, where that costs a thin link nothing."""
        for name, catalog in self._catalogs.items():
            thin = self._app.fleet.stores[name].wire.wire is Wire.THIN
            work = later(catalog.recall) if thin else later(catalog.known)
            self._app.run_worker(work, group=f"catalog {name}", exit_on_error=False)

    # -- panes

    def open(self, word: str, narrow: Narrow) -> None:
        """Show the objects that a word means, as narrow as was asked for; or say why not, and leave all as it is."""
        self._begin(word, narrow)

    def go_to(self, key: ObjectKey) -> None:
        """Show an object in the pane of its kind."""
        kind = self._app.fleet.stores[key.cluster].kinds[key.kind]
        word = f"{kind.plural}.{kind.version}.{kind.group}" if kind.group else kind.plural
        self._begin(word, str, key)

    def _begin(self, word: str, narrow: Narrow, sought: ObjectKey | None = None) -> None:
        work = later(self._show, word, narrow, sought)
        self._app.run_worker(work, group="kind", exclusive=True, exit_on_error=False)

    async def _show(self, word: str, narrow: Narrow, sought: ObjectKey | None) -> None:
        failed = await attempt(self._open(word, narrow, sought))
        if failed is not None:
            self._app.flash(str(failed))

    async def _open(self, word: str, narrow: Narrow, sought: ObjectKey | None = None) -> None:
        """Every cluster is asked at once, and the pane opens with the first that knows the word."""
        asked = {asyncio.ensure_future(catalog.find(word)): name for name, catalog in self._catalogs.items()}
        view, why, waiting = None, {}, set(asked)
        said = False
        while waiting:
            done, waiting = await asyncio.wait(
                waiting, timeout=None if said else ASKING, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                said = True
                if view is None:
                    self._app.flash(f"Asking what the clusters serve as '{clean(word, 60)}'…")
            for task in [one for one in asked if one in done]:  # in the order of the clusters
                name, resources = asked[task], _listed(task.result())
                if not resources:
                    why[name] = self._why_not(name, word, task.result())
                    if view is not None:
                        view.leave_out(name, why[name])
                elif view is None and sought is None and self._typed_pane(resources, narrow):
                    return
                else:
                    first = self._catalogs[name].served.find(resources[0].group, resources[0].plural)
                    view = view or self._view(word, resources, first, narrow, why)
                    ids = self._admit(view, name, resources)
                    if sought is not None and sought.cluster == name:
                        view.seek(sought._replace(kind=ids[0]))
        if view is None:
            self._app.flash(self._unknown(word, why))

    def _admit(self, view: KindView, cluster: str, resources: Sequence[Resource]) -> Sequence[str]:
        """Have a cluster in a pane from now on; the ids of the kinds."""
        store = self._app.fleet.stores[cluster]
        before = view.pane.needs_in(store)
        ids = self._catalogs[cluster].adopt(resources)
        view.admit(cluster, ids)
        if self._main.current is view:
            for id in view.pane.needs_in(store):
                if id not in before:
                    self._app.sessions[cluster].need(id, True)
        return tuple(ids)

    def _typed_pane(self, resources: Sequence[Resource], narrow: Narrow) -> bool:
        """Show the pane that edgetui has for a kind of its own; False where there is none."""
        main = self._main
        for pane in PANES.values():
            kinds = [KINDS[id] for id in pane.kinds if id not in pane.optional]
            for kind in kinds:
                if [(kind.group, kind.plural)] == [(one.group, one.plural) for one in resources]:
                    terms = (f"kind={kind.name}" if len(kinds) > 1 else "", narrow())
                    main.action_pane(pane.id)
                    main.filter(" ".join(filter(None, terms)))
                    return True
        return False

    def _view(
        self,
        word: str,
        resources: Sequence[Resource],
        preferred: Resource | None,
        narrow: Narrow,
        why: Mapping[str, str],
    ) -> KindView:
        """The pane of these resources, on the dashboard; the same one for the same title."""
        app, title, filter_text = self._app, _title(word, resources, preferred), narrow()
        view = self._views.get(title)
        if view is None:
            pane = KindPane(title, number=len(self._views))
            view = KindView(pane, app.stores, now=app.now, monotonic=app.monotonic, doubt=self._doubt)
            view.narrow("", self._main.namespace)
            self._views[title] = view
        for name, sentence in why.items():
            view.leave_out(name, sentence)
        self._main.show_view(view)
        self._main.filter(filter_text)
        return view

    def _doubt(self, cluster: str) -> None:
        if cluster in self._catalogs:
            self._catalogs[cluster].doubt()

    # -- sentences

    def _why_not(self, cluster: str, word: str, found: Sequence[Resource]) -> str:
        """Why a cluster is not in the pane of a word."""
        catalog = self._catalogs[cluster]
        if found:
            return f"its {found[0].name} cannot be listed"
        if catalog.problem is not None and not catalog.served.resources:
            return f"it cannot be asked what it serves: {catalog.problem.sentence.rstrip('.')}"
        for broken in catalog.served.broken:
            if f".{broken.group_version.partition('/')[0]}" in word:
                return f"{broken.group_version} is served and does not answer; :apiservices says why"
        return f"it does not serve {clean(word, 60)}"

    def _unknown(self, word: str, why: Mapping[str, str]) -> str:
        """What is said when no cluster knows a word."""
        word = clean(word, 60)
        reasons = list(dict.fromkeys(why.values()))
        if reasons and reasons != [f"it does not serve {word}"]:
            name = next(name for name, one in why.items() if one != f"it does not serve {word}")
            return f"{name}: {why[name]}."
        broken = [one.group_version for served in self._served for one in served.broken]
        also = f" ({', '.join(dict.fromkeys(broken))} did not answer)" if broken else ""
        return f"There is no command and no kind '{word}'{also}; : and then tab lists them."


def _listed(resources: Sequence[Resource]) -> tuple[Resource, ...]:
    return tuple(one for one in resources if one.listed)


def _title(word: str, resources: Sequence[Resource], preferred: Resource | None) -> str:
    """A single kind by its own name, with its version where that is not the `preferred` one; a category by its word."""
    if len(resources) > 1:
        return word
    (one,) = resources
    return one.name if one == preferred else f"{one.plural}.{one.version}.{one.group}"

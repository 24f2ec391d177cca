"""The pane of one kind on the dashboard: its table, and why clusters are not in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.panes.of_kind import KindPane
from edgetui.model.resources.served import Resource
from edgetui.model.text import duration
from edgetui.model.view.fleet import ViewChange
from edgetui.ui.widgets.pane_view import PaneView

DEFINING = frozenset({"CustomResourceDefinition.apiextensions.k8s.io", "APIService.apiregistration.k8s.io"})
"""The kinds whose objects say what is served."""


class KindView(PaneView):
    """`doubt` is called with the names of clusters that may serve something else now."""

    pane: KindPane

    def __init__(
        self,
        pane: KindPane,
        stores: Sequence[Store],
        *,
        now: Callable[[], float],
        monotonic: Callable[[], float],
        doubt: Callable[[str], None],
    ) -> None:
        super().__init__(pane, stores, 0, now=now, monotonic=monotonic)
        self.add_class("demand")
        self._doubt = doubt
        self._without: dict[str, str] = {store.cluster: "" for store in stores}
        self._sought: ObjectKey | None = None

    @property
    def key_text(self) -> str:
        """What leads to it."""
        return ":"

    def admit(self, cluster: str, resources: Mapping[str, Resource]) -> None:
        """A cluster was found to serve these, by the ids of their kinds."""
        self._without.pop(cluster, None)
        self.pane.admit(cluster, resources)
        self.absorb(self.view.columns_changed(self._now()))

    def leave_out(self, cluster: str, why: str) -> None:
        """A cluster serves nothing of the name, or could not be asked; `why` is a sentence without its end."""
        self._without[cluster] = why
        self.status_changed()

    def seek(self, key: ObjectKey) -> None:
        """Put the cursor on an object as soon as it is there."""
        self._sought = None if self.table.go_to(key) else key

    def absorb(self, change: ViewChange) -> None:
        """Rows changed; what defines kinds makes clusters serve others."""
        super().absorb(change)
        if self._sought is not None and self.table.go_to(self._sought):
            self._sought = None
        for cluster in {key.cluster for key in change.changed if key.kind in DEFINING}:
            self._doubt(cluster)

    def own_notes(self) -> tuple[str, ...]:
        """The clusters that are not in the pane, and what lists instead of watching."""
        lines = []
        for why in dict.fromkeys(self._without.values()):
            names = [name for name, one in self._without.items() if one == why]
            lines.append(f"? {', '.join(names)}: {why or 'asking what it serves'}")
        for store in self._stores:
            for id in self.pane.kinds_in(store):
                if note := self._note(store, id):
                    lines.append(note)
        return tuple(dict.fromkeys(lines))

    def _note(self, store: Store, id: str) -> str:
        freshness, resource = store.freshness(id), self.pane.resource(id)
        where = f"{store.cluster}: " if len(self._stores) > 1 else ""
        if freshness.sync is Sync.ABSENT:
            self._doubt(store.cluster)
            return f"  {where}its definition may have been deleted; :crd shows what there is"
        if freshness.sync is Sync.FORBIDDEN:
            group = f"group {resource.group}" if resource.group else "the core group"
            return f"  {where}ask for the right to list and watch {resource.plural} of {group}"
        if freshness.polled:
            why = "you may list them and not watch them" if resource.watched else "the server only lists them"
            return f"~ {where}read every {duration(freshness.polled)}: {why}"
        return ""

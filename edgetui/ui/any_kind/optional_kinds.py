"""The kinds of a pane that few clusters serve: watched while it is shown, where discovery has found them.

A pane that has rows without them asks no cluster on a thin link what it serves: what is remembered has to do there,
until a person asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from edgetui.cluster.api.catalog import OLD, Catalog
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cache.wireprofile import Wire
from edgetui.model.panes.base import Pane
from edgetui.model.resources.served import Served
from edgetui.ui.later import attempt, later

if TYPE_CHECKING:
    from edgetui.ui.shell import Shell


class OptionalKinds:
    """What the pane in front needs of each cluster, as far as its catalog says that it is served.

    `changed` is called when a cluster has said so.
    """

    def __init__(self, app: Shell, catalogs: Mapping[str, Catalog], changed: Callable[[], None]) -> None:
        self._app, self._catalogs, self._changed = app, catalogs, changed
        self._needed: dict[tuple[str, str], set[str]] = {}

    def show(self, pane: Pane, asked: bool = True) -> None:
        """Watch what is known to be served, and find out what else is; `asked` where a person asked for that."""
        for name, catalog in self._catalogs.items():
            self._need(pane, name)
            work = later(self._follow, pane, name, catalog, asked)
            self._app.run_worker(work, group=_group(pane, name), exclusive=True, exit_on_error=False)

    def hide(self, pane: Pane) -> None:
        """Nobody looks at the pane any more."""
        for name in self._catalogs:
            self._app.workers.cancel_group(self._app, _group(pane, name))
            for kind in self._needed.pop((pane.id, name), ()):
                self._app.sessions[name].need(kind, False)

    async def _follow(self, pane: Pane, name: str, catalog: Catalog, asked: bool) -> None:
        """Ask what is served now, and again when that is old: an engine may be installed meanwhile."""
        store = self._app.fleet.stores[name]
        while True:
            ask = (asked and pane.optional_said) or store.wire.wire is not Wire.THIN
            failed = await attempt(catalog.known() if ask else _recalled(catalog))
            if isinstance(failed, EdgetuiError):
                if asked and pane.optional_said:
                    self._app.flash(failed.sentence)
                self._need(pane, name, known=bool(pane.optional_said))
                return
            self._need(pane, name, known=bool(pane.optional_said))
            self._changed()
            await asyncio.sleep(OLD)

    def _need(self, pane: Pane, name: str, *, known: bool = True) -> None:
        """Watch what is served; unless that is to be `known`, what may be as well: two answers of 0.3 KB tell."""
        needed = self._needed.setdefault((pane.id, name), set())
        store = self._app.fleet.stores[name]
        for kind in pane.needs_in(store) if known or store.kinds.asked else pane.needs:
            beside = pane.on_demand or kind in pane.optional
            if beside and kind not in needed:
                needed.add(kind)
                self._app.sessions[name].need(kind, True)


async def _recalled(catalog: Catalog) -> Served:
    await catalog.recall()
    return catalog.served


def _group(pane: Pane, name: str) -> str:
    return f"optional kinds of {pane.id} {name}"

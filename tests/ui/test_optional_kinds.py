"""Kinds that few clusters serve: what is watched, asked and said, on clusters whose catalogs a test decides."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.cluster.api.catalog import OLD
from edgetui.cluster.errors import LinkError
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.wireprofile import Wire, WireState
from edgetui.model.identity import ObjectKey
from edgetui.model.view.fleet import ViewChange
from edgetui.ui.any_kind.kind_view import DEFINING, KindView
from edgetui.ui.any_kind.optional_kinds import OptionalKinds
from edgetui.ui.widgets.pane_view import PaneView
from tests.unit.model import factories as f

from .noting import Noting
from .test_kind_panes import resource


class Pane:
    """A pane of these kinds, of which some are served by few clusters."""

    id = "updates"
    needs = ("Plan", "Node", "Rare")
    optional = ("Plan", "Rare")

    def __init__(self, said: str, on_demand: bool, served: tuple[str, ...]) -> None:
        self.optional_said, self.on_demand, self.served = said, on_demand, served

    def needs_in(self, store: Any) -> list[str]:
        return [one for one in self.needs if one in self.served or one not in self.optional]


class Site:
    """Two clusters, of which the second may be on a thin link; `fails` is why neither can be asked."""

    def __init__(self, *, asked: bool = True, thin: bool = False, fails: Exception | None = None) -> None:
        self.noted: list[Any] = []
        self.workers: list[Any] = []
        stores = {
            name: SimpleNamespace(kinds=SimpleNamespace(asked=asked), wire=WireState())
            for name in ("plant", "van")
        }
        if thin:
            stores["van"].wire = WireState(Wire.THIN)
        sessions = {name: SimpleNamespace(need=self._need(name)) for name in stores}
        self.app = Noting(
            self.noted, fleet=SimpleNamespace(stores=stores), sessions=sessions,
            run_worker=lambda work, **more: self.workers.append((work, more)),
            workers=Noting(self.noted),
        )  # fmt: skip
        self.fails = fails
        catalogs: Any = {name: SimpleNamespace(known=self._asks(f"known {name}"), recall=self._asks(f"recall {name}"),
                                               served="served") for name in stores}  # fmt: skip
        app: Any = self.app
        self.kinds = OptionalKinds(app, catalogs, lambda: self.noted.append("changed"))

    def _need(self, name: str) -> Any:
        return lambda kind, needed: self.noted.append((name, kind, needed))

    def _asks(self, words: str) -> Any:
        async def asked() -> str:
            self.noted.append(words)
            if self.fails is not None:
                raise self.fails
            return "served"

        return asked

    async def follow(self, at: int) -> list[Any]:
        """What a worker does until it waits."""
        self.noted.clear()
        work, _ = self.workers[at]
        with pytest.raises(Waits) if self.fails is None else Nothing():
            await work()
        return [*self.noted]


class Waits(BaseException):
    """It would look again later."""


class Nothing:
    def __enter__(self) -> None:
        """Nothing is expected."""

    def __exit__(self, *_: object) -> None:
        """Nothing was."""


@pytest.fixture(autouse=True)
def no_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    async def sleep(seconds: float) -> None:
        assert seconds == OLD
        raise Waits

    monkeypatch.setattr(asyncio, "sleep", sleep)


@pytest.mark.parametrize(
    ("said", "on_demand", "asked", "needed", "later"),
    [
        ("operator", True, True, ["Plan", "Node"], []),
        ("operator", False, True, ["Plan"], []),
        ("", True, True, ["Plan", "Node"], []),
        ("", True, False, ["Plan", "Node"], ["Rare"]),
        ("", False, False, ["Plan"], ["Rare"]),
        ("operator", False, False, ["Plan"], []),
    ],
)
async def test_what_is_served_is_watched_once_while_the_pane_is_shown(
    said: str, on_demand: bool, asked: bool, needed: list[str], later: list[str]
) -> None:
    site, pane = Site(asked=asked), Pane(said, on_demand, ("Plan",))
    site.kinds.show(pane)  # type: ignore[arg-type]
    assert site.noted == [(name, kind, True) for name in ("plant", "van") for kind in needed]
    assert [more for _, more in site.workers] == [
        {"group": f"optional kinds of updates {name}", "exclusive": True, "exit_on_error": False}
        for name in ("plant", "van")
    ]
    assert await site.follow(0) == ["known plant", *(("plant", kind, True) for kind in later), "changed"]
    site.noted.clear()
    site.kinds.hide(pane)  # type: ignore[arg-type]
    ended = [one for one in site.noted if one[0] == "cancel_group"]
    assert [one[2] for one in ended] == [f"optional kinds of updates {name}" for name in ("plant", "van")]
    assert sorted(one for one in site.noted if one not in ended) == sorted(
        [("plant", kind, False) for kind in [*needed, *later]] + [("van", kind, False) for kind in needed]
    )
    site.noted.clear()
    site.kinds.hide(pane)  # type: ignore[arg-type]
    assert [one for one in site.noted if one[0] != "cancel_group"] == []


@pytest.mark.parametrize(
    ("said", "asked", "wire", "asks"),
    [
        ("operator", True, "thin", "known van"),
        ("operator", False, "thin", "recall van"),
        ("", True, "thin", "recall van"),
        ("", False, "thin", "recall van"),
        ("operator", False, "full", "known van"),
        ("", False, "full", "known van"),
    ],
)
async def test_a_thin_link_is_asked_only_where_a_person_asked(
    said: str, asked: bool, wire: str, asks: str
) -> None:
    site, pane = Site(thin=wire == "thin"), Pane(said, True, ())
    site.kinds.show(pane, asked)  # type: ignore[arg-type]
    assert (await site.follow(1))[0] == asks


@pytest.mark.parametrize(
    ("said", "asked"), [("operator", True), ("operator", False), ("", True), ("", False)]
)
async def test_a_cluster_that_cannot_be_asked_is_told_to_who_asked(said: str, asked: bool) -> None:
    site, pane = Site(asked=False, fails=LinkError("nobody answers.")), Pane(said, True, ())
    site.kinds.show(pane, asked)  # type: ignore[arg-type]
    found = await site.follow(0)
    rare = [("plant", kind, True) for kind in ("Plan", "Rare")] if not said else []
    told = [("flash", "nobody answers.")] if asked and said else []
    assert found == ["known plant", *told, *rare]


# -- the notes of a pane of any kind


PUMPS, SECRETS = resource("pumps"), resource("secrets", "")


class Notes(KindView):
    """One that is not drawn."""

    def __init__(self, stores: list[Any], without: dict[str, str], resource: Any) -> None:
        self.doubted: list[str] = []
        self._stores, self._without, self._doubt = stores, without, self.doubted.append
        self.pane = SimpleNamespace(  # type: ignore[assignment]
            kinds_in=lambda store: ["Pump"] if store.cluster not in without else [],
            resource=lambda id: resource,
        )


def told(freshness: Freshness, *clusters: str, of: Any = PUMPS) -> tuple[tuple[str, ...], list[str]]:
    stores = [f.store_of(cluster=name) for name in clusters]
    for store in stores:
        store.set_freshness("Pump", freshness)
    view = Notes(stores, {}, of)
    return view.own_notes(), view.doubted


WATCHED, LISTED = PUMPS, resource("pumps", verbs=("get", "list"))
RIGHT = "ask for the right to list and watch"


@pytest.mark.parametrize(
    ("freshness", "of", "said"),
    [
        (Freshness(Sync.LIVE), PUMPS, ""),
        (Freshness(Sync.FORBIDDEN), PUMPS, f"  {{}}{RIGHT} pumps of group example.com"),
        (Freshness(Sync.FORBIDDEN), SECRETS, f"  {{}}{RIGHT} secrets of the core group"),
        (Freshness(Sync.ABSENT), PUMPS, "  {}its definition may have been deleted; :crd shows what there is"),
        (
            Freshness(Sync.LIVE, polled=30.0),
            WATCHED,
            "~ {}read every 30s: you may list them and not watch them",
        ),
        (Freshness(Sync.LIVE, polled=90.0), LISTED, "~ {}read every 1m30s: the server only lists them"),
    ],
)
def test_why_rows_are_missing_or_late_is_said_with_the_cluster_where_there_are_several(
    freshness: Freshness, of: Any, said: str
) -> None:
    doubted = ["plant"] if freshness.sync is Sync.ABSENT else []
    assert told(freshness, "plant", of=of) == (((said.format(""),) if said else ()), doubted)
    several = tuple(said.format(f"{name}: ") for name in ("plant", "van")) if said else ()
    assert told(freshness, "plant", "van", of=of) == (several, [*doubted, *(["van"] if doubted else [])])


def test_the_clusters_that_are_not_in_the_pane_are_named_together_by_reason() -> None:
    stores = [f.store_of(cluster=name) for name in ("a", "b", "c", "d")]
    view = Notes(stores, {"a": "", "b": "it does not serve pumps", "c": ""}, PUMPS)
    assert view.own_notes() == ("? a, c: asking what it serves", "? b: it does not serve pumps")


def test_what_defines_kinds_makes_its_clusters_doubtful_once_and_a_sought_row_gets_the_cursor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(PaneView, "absorb", lambda self, change: None)
    view = Notes([], {}, PUMPS)
    went: list[ObjectKey] = []
    there: list[ObjectKey] = []
    view.table = SimpleNamespace(go_to=lambda key: went.append(key) or key in there)  # type: ignore[assignment,func-returns-value]
    keys = [ObjectKey(cluster, kind, "", "x") for cluster in ("a", "b") for kind in (*DEFINING, "Pump")]
    view._sought = None
    view.absorb(ViewChange(changed={*keys[:3], ObjectKey("c", "Pump", "", "x")}))
    assert (view.doubted, went) == (["a"], [])
    view.seek(keys[0])
    view.absorb(ViewChange())
    assert went == [keys[0]] * 2
    there.append(keys[0])
    view.absorb(ViewChange())
    view.absorb(ViewChange())
    assert went == [keys[0]] * 3, "once it is there it is sought no longer"
    view.seek(keys[0])
    view.absorb(ViewChange())
    assert went == [keys[0]] * 4

"""What stands on the pages of one object and in what order, what of it was printed and what was read in full."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import row_of
from edgetui.model.kinds.pod import SUMMARY_ONLY, PodRow
from edgetui.ui.screens import detail as detail_module
from edgetui.ui.screens import manifest as manifest_module
from edgetui.ui.screens.detail import DetailScreen
from edgetui.ui.screens.manifest import ManifestScreen
from edgetui.ui.screens.text_screen import TextScreen
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.widgets.bars import KeyHint
from tests.unit.model import factories as f

from .bare import BareApp, Session, bare, put, work

PRESS = ObjectKey("plant", "Deployment", "line-1", "press")
POD = ObjectKey("plant", "Pod", "line-1", "press-1")


def text(lines: Any) -> list[str]:
    return ["".join(span.text for span in one) for one in lines]


def printed(**more: Any) -> PodRow:
    """A pod of which only the printed row is known."""
    row = row_of("Pod", f.pod("press-1", "line-1"))
    assert isinstance(row, PodRow)
    return replace(row, **{"condition": SUMMARY_ONLY, **more})


@pytest.mark.parametrize(
    ("full", "used"),
    [
        ({}, True),
        ({"status": "Failed"}, False),
        ({"ready": 0}, False),
        ({"containers": 5}, False),
        ({"restarts": 9}, False),
        ({"node": "another"}, False),
        ({"labels": "a=b"}, True),
    ],
)
def test_what_was_read_in_full_stands_while_the_printed_row_says_the_same(
    full: dict[str, Any], used: bool
) -> None:
    store = f.store_of()
    row = printed()
    store.apply("Pod", row)
    screen = bare(DetailScreen, BareApp([store]), POD)
    assert screen._row() is store.get("Pod", "line-1", "press-1")
    screen._full = replace(row, condition="True", **full)
    assert (screen._row() is screen._full) == used
    screen._full = row_of("Node", f.node("x"))
    assert screen._row() is store.get("Pod", "line-1", "press-1")


def test_a_row_that_is_whole_already_needs_no_other() -> None:
    store = f.store_of(f.pod("press-1", "line-1"))
    screen = bare(DetailScreen, BareApp([store]), POD)
    screen._full = printed()
    assert screen._row() is store.get("Pod", "line-1", "press-1")


async def test_a_printed_row_is_read_in_full_and_again_once_it_has_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = f.store_of()
    store.apply("Pod", printed(resource_version="5", uid=""))
    app = BareApp([store], {"plant": Session()})
    screen = bare(DetailScreen, app, POD)
    answers: list[Any] = [printed(uid="u-9"), EdgetuiError("No right.")]

    async def in_full(session: Any, key: ObjectKey) -> Any:
        if isinstance(answers[0], EdgetuiError):
            raise answers[0]
        return answers[0]

    async def events_of(session: Any, key: ObjectKey, uid: str) -> Any:
        app.told.append(f"events of {uid or 'any'}")
        return [], "none"

    async def describe(session: Any) -> None:
        app.told.append("around")

    monkeypatch.setattr("edgetui.ui.object_events.in_full", in_full)
    monkeypatch.setattr("edgetui.ui.object_events.events_of", events_of)
    screen._describe = describe
    screen._ask_events()
    await work(screen)
    assert app.told == ["events", "shown", "events of u-9", "around", "shown"]
    assert (screen._full, screen._full_for) == (answers.pop(0), "5")
    app.clock.advance(30)
    app.told.clear()
    screen.tick()
    assert app.told == ["shown"]
    store.apply("Pod", printed(resource_version="6", uid=""))
    store.drain()
    screen.tick()
    assert app.told == ["shown", "shown", "events"]
    await work(screen)
    assert (screen._full, screen._full_for) == (None, "6")


def test_below_the_title_stand_another_object_what_runs_and_who_reverts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []

    def detail(*given: Any) -> list[Spans]:
        asked.append(given)
        return [line("title"), line("body")]

    monkeypatch.setattr(detail_module, "detail", detail)
    app: Any = BareApp([f.store_of(f.deployment("press", "line-1"))])
    app.size, app.job_notes = SimpleNamespace(width=70), lambda key: []
    screen = bare(DetailScreen, app, PRESS)
    assert text(screen.lines()) == ["title", "body"]
    store = app.stores[0]
    row = store.get("Deployment", "line-1", "press")
    assert asked == [(store, PRESS, row, app.now(), 70, (), "asking…", (), None, None, "")]
    app.job_notes = lambda key: ["scale runs", "guard runs"]
    screen._owners = ("Flux kustomization apps", "Helm release press")
    assert text(screen.lines())[1:3] == ["  scale runs", "  guard runs"]
    assert [one.split() for one in text(screen.lines())[3:5]] == [
        ["owner", "Flux", "kustomization", "apps"],
        ["owner", "Helm", "release", "press"],
    ]
    assert text(screen.lines())[5:] == ["body"]
    screen._new_since = app.monotonic() - 5
    lines = text(screen.lines())
    assert "this is another of the same name, since 5s." in lines[1]
    assert lines[2] == "  scale runs"


@pytest.mark.parametrize(
    ("kind", "keys"), [("Deployment", ["l", "y", ":"]), ("Node", ["y", ":"]), ("Pod", ["l", "y", ":"])]
)
def test_the_keys_of_a_page(kind: str, keys: list[str]) -> None:
    app: Any = BareApp([Store("plant")])
    app.action_keys = SimpleNamespace(hints=lambda *given: given)
    key = PRESS._replace(kind=kind)
    screen = bare(DetailScreen, app, key)
    about, kinds, looks = screen.hints()
    assert (about, kinds, [one.key for one in looks]) == (key, (kind,), keys)


def test_what_is_asked_for_when_a_page_opens_and_given_up_when_it_closes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = BareApp([f.store_of(f.deployment("press", "line-1"))], {"plant": Session()})
    screen = bare(DetailScreen, app, PRESS)
    monkeypatch.setattr(TextScreen, "on_mount", lambda self: app.told.append("mounted"))
    screen.on_mount()
    assert app.told == ["mounted", "events", "owners", "rests on press"]
    needed = app.sessions["plant"].needed
    opened = len(needed)
    assert opened
    screen.on_unmount()
    assert len(needed) == 2 * opened
    event = bare(DetailScreen, app, ObjectKey("plant", "Event", "line-1", "x"))
    app.told.clear()
    event._ask_events()
    assert app.told == []


# -- the manifest


def manifest(*, connected: bool = True) -> tuple[BareApp, Any]:
    app = BareApp([f.store_of(f.deployment("press", "line-1"))], {"plant": Session()} if connected else {})
    return app, bare(ManifestScreen, app, PRESS)


async def test_the_text_is_what_was_read_last_and_why_it_may_be_old(monkeypatch: pytest.MonkeyPatch) -> None:
    app, screen = manifest()
    assert text(screen.lines()) == ["deployment press   line-1 · plant", "reading…", ""]
    answers: list[Any] = [
        EdgetuiError("No right."),
        {"kind": "Secret", "data": {"a": "eA=="}, "metadata": {"uid": "u-1"}},
        EdgetuiError("No answer."),
        {"kind": "X", "metadata": "odd"},
        ["odd"],
    ]

    async def get(api: Any, *about: str) -> Any:
        assert (api, about) == (app.sessions["plant"].api, ("Deployment", "line-1", "press"))
        answer = answers.pop(0)
        if isinstance(answer, EdgetuiError):
            raise answer
        return answer

    monkeypatch.setattr(manifest_module, "get", get)
    await screen._fetch()
    assert text(screen.lines())[1:] == ["No right.", ""]
    await screen._fetch()
    shown = text(screen.lines())
    assert shown[1:3] == ["", "kind: Secret"]
    hidden = [span for one in screen.lines() for span in one if span.role == "warn"]
    assert [span.text[:7] for span in hidden] == ["(hidden"]
    await screen._fetch()
    assert text(screen.lines())[1:4] == [
        "What stands here may have changed since. No answer.",
        "",
        "kind: Secret",
    ]
    await screen._fetch()
    assert text(screen.lines())[1:3] == ["", "kind: X"]
    await screen._fetch()
    assert screen._said.startswith("What stands here may have changed since. ")
    assert app.told == ["shown"] * 5
    app.sessions.clear()
    await screen._fetch()
    assert screen._said == "not connected"
    assert screen.hints() == [
        KeyHint(":", "command", name="command"),
        KeyHint("ctrl+y", "copy the name", name="copy"),
    ]


def test_of_another_object_the_text_is_read_anew() -> None:
    app, screen = manifest()
    screen._read()
    screen._yaml, screen._said = [line(Span("old"))], ""
    app.clock.advance(1)
    app.told.clear()
    screen.tick()
    assert app.told == ["shown"], "nothing has changed"
    put(app.stores[0], f.deployment("press", "line-1", uid="another", version=9_999_999))
    screen.tick()
    assert app.told == ["shown", "shown", "manifest", "shown"]
    assert text(screen.lines())[2:] == ["reading…", ""]
    assert "this is another of the same name" in text(screen.lines())[1]


def test_a_manifest_is_read_when_it_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    app, screen = manifest()
    monkeypatch.setattr(TextScreen, "on_mount", lambda self: app.told.append("mounted"))
    screen.on_mount()
    assert app.told == ["mounted", "manifest"]
    assert (screen._changed, screen._asked, screen._uid != "") == (False, app.monotonic(), True)

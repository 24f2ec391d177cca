"""Commands behind `:`, and the keys that lead elsewhere: namespaces, owners and children, places, copies, dumps."""

from __future__ import annotations

import asyncio
import re
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.actions.catalogue import ACTIONS, OLD_NAMES
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import row_of
from edgetui.model.view.related import related
from edgetui.terminal.profile import Profile
from edgetui.ui import action_flow
from edgetui.ui.command_line.commands import COMMANDS, completions, parse
from edgetui.ui.command_line.typed import expanded, wanted
from edgetui.ui.flows import Flows
from edgetui.ui.screens.detail import DetailScreen
from edgetui.ui.screens.logs import LogScreen
from edgetui.ui.screens.manifest import ManifestScreen
from edgetui.ui.screens.rollout import RolloutScreen
from tests.unit.model.factories import deployment, store_of

from .driving import NobodyAnswers, Screen, running
from .fleet import fleet, plant

KEYED = [action.id for action in ACTIONS.values() if action.key]
SERIAL = Profile("serial", "mono", True, False, 0.5, 500)


async def typed(screen: Screen, text: str) -> None:
    """A command as a person types it."""
    await screen.press("colon", *("space" if key == " " else key for key in text), "enter")


async def ran(screen: Screen, text: str) -> None:
    """A command in one piece."""
    screen.app.command_line.run(text)
    await screen.pilot.pause()


def said(screen: Screen) -> str:
    return screen.app.main.footer.message


# -- the line itself


def test_every_pane_and_every_action_has_its_command() -> None:
    assert {"nodes", "pods", "rollouts", "services", "events", *KEYED} <= COMMANDS.keys()
    assert parse("hpa") == (COMMANDS["autoscalers"], "")
    assert parse("  ns   line-2 ") == (COMMANDS["ns"], "line-2")


def test_a_beginning_is_enough_when_only_one_command_has_it() -> None:
    assert parse("ev")[0] is COMMANDS["events"]
    assert parse("n")[0] is None
    assert parse("nonsense")[0] is None
    assert parse("")[0] is None


def test_of_several_that_begin_so_it_is_the_one_that_all_others_begin_with() -> None:
    assert parse("sca 3") == (COMMANDS["scale"], "3")
    assert parse("res")[0] is None


@pytest.mark.parametrize(("old", "present"), OLD_NAMES.items())
def test_a_name_that_an_action_had_is_taken_and_not_offered(old: str, present: str) -> None:
    assert parse(old)[0] is COMMANDS[present]
    assert old not in completions("", lambda _: [])


def test_what_a_line_may_become() -> None:
    rollouts = [f"rollout-{verb}" for verb in ("retry", "pause", "resume", "undo")]
    assert completions("ro", lambda _: []) == ["rollouts", "rollback", "rotate", *rollouts]
    assert completions("theme d", lambda name: ["dark", "light"] if name == "theme" else []) == ["theme dark"]
    assert completions("timeline x", lambda _: ["x"]) == []


async def test_tab_completes_and_enter_runs() -> None:
    async with running(fleet()) as screen:
        await screen.press("colon", "p", "o")
        assert screen.line(" :po").split() == [":po", "pods"]
        await screen.press("tab", "enter")
        assert screen.app.main.current.pane.id == "pods"
        assert screen.app.main.current.table.has_focus
        await screen.press("colon", *"theme", "space", *"hi", "tab", "enter")
        assert screen.app.theme_name == "high-contrast"
        await screen.press("colon", "up", "up", "enter")
        assert screen.app.main.current.pane.id == "pods"
        await screen.press("colon", "escape")
        assert " :" not in screen.text()


async def test_what_follows_a_kind_narrows_it_as_in_k9s() -> None:
    async with running([plant()]) as screen:
        main = screen.app.main
        await typed(screen, "po line-2")
        assert (main.current.pane.id, main.namespace, main.current.filter_text) == ("pods", "line-2", "")
        await ran(screen, "dp all weld")
        assert (main.current.pane.id, main.namespace, main.current.filter_text) == ("rollouts", "", "weld")
        await ran(screen, "ctx plant")
        assert main.current.filter_text == "cluster==plant"
        assert main.current.view.shown > 0
        await ran(screen, "ctx nowhere")
        assert said(screen) == "There is no cluster nowhere here; edgetui --context NAME opens others."
        await ran(screen, "deploy")
        assert main.current.filter_text == "cluster==plant"


async def test_words_of_a_persons_own_stand_for_lines() -> None:
    async with running([plant()]) as screen:
        screen.app.options = replace(screen.app.options, commands={"mine": "po line-2", "pods": "nodes"})
        main = screen.app.main
        await typed(screen, "mine press")
        assert (main.current.pane.id, main.namespace, main.current.filter_text) == ("pods", "line-2", "press")
        await ran(screen, "pods")
        assert main.current.pane.id == "nodes"


@pytest.mark.parametrize(
    ("line", "found"),
    [("a x", "pods x"), ("b", "pods line-2"), ("c", "c"), ("pods a", "pods a"), ("", "")],
)
def test_an_alias_is_replaced_once_for_each_word(line: str, found: str) -> None:
    aliases = {"a": "pods", "b": "a line-2", "c": "d", "d": "c"}
    assert expanded(line, aliases) == found


@pytest.mark.parametrize(
    ("argument", "namespace", "text"),
    [
        ("", None, ""),
        ("line-2", "line-2", ""),
        ("all", "", ""),
        ("line-2 app=press /x", "line-2", "app=press x"),
        ("press @plant", None, "press cluster=plant"),
        ("line-2 line-1", "line-2", "line-1"),
        ("-n new press", "new", "press"),
        ("-A press -n", "", "press"),
        ("/", None, ""),
    ],
)
def test_a_word_is_a_namespace_where_it_is_known_as_one(
    argument: str, namespace: str | None, text: str
) -> None:
    assert wanted(argument, ["line-1", "line-2"]) == (namespace, text)


@pytest.mark.parametrize(
    ("word", "command"),
    {
        "ctx": "clusters",
        "svc": "services",
        "ns": "ns",
        "q": "quit",
        "q!": "quit",
        "qa": "quit",
        "pf": "running",
        "?": "help",
        "no": "nodes",
        "hpa": "autoscalers",
        "ev": "events",
        "cj": "cronjobs",
    }.items(),
)
def test_words_of_k9s_are_known(word: str, command: str) -> None:
    assert parse(word)[0] is COMMANDS[command]


async def test_what_is_no_command_is_said() -> None:
    async with running([plant()]) as screen:
        await typed(screen, "timeline everything")
        assert said(screen) == ":timeline takes no argument."
        await typed(screen, "frobnicate")
        assert said(screen).startswith("There is no command and no kind 'frobnicate'")
        await typed(screen, "scale many")
        assert said(screen) == ":scale N takes a number."


async def test_keys_typed_ahead_of_the_line_are_part_of_it() -> None:
    from textual import events

    async with running([plant()]) as screen:
        for key in ("colon", *"pods", "enter", "down", "down"):
            screen.app.post_message(
                events.Key(key, ":" if key == "colon" else key if len(key) == 1 else None)
            )
        for _ in range(60):
            await screen.pilot.pause()
        table = screen.app.main.current.table
        assert table.view.pane.id == "pods"
        assert table.view.position(table.cursor) == 2


async def test_the_number_behind_scale_goes_to_the_action(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Any] = []

    async def flow(job: Any, action: str, session: Any, ref: Any, given: Any = None) -> None:
        answers.append(given)

    monkeypatch.setattr(Flows, "look_up_rights", lambda *_: None)
    monkeypatch.setattr(action_flow, "flow", flow)
    async with running([plant()], sessions={"plant": _session()}) as screen:
        await screen.press("4")
        await typed(screen, "scale 12")
        await screen.wait_for(lambda: answers)
        await typed(screen, "scale")
        await screen.wait_for(lambda: len(answers) == 2)
        assert answers == [{"replicas": 12}, None]


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_number_for_an_action_that_is_refused_is_no_key(read_only: bool) -> None:
    async with running([plant()], sessions={"plant": _session()}, read_only=read_only) as screen:
        await typed(screen, "scale 5")
        assert screen.app.main.current.pane.id == "nodes"
        assert ("read-only" if read_only else "does not work on node") in said(screen)


@pytest.mark.parametrize("number", ["²", "٣", "-1", "1.5", "9999999999"])
async def test_what_is_no_number_of_replicas_is_said(number: str) -> None:
    async with running([plant()], sessions={"plant": _session()}) as screen:
        screen.app.command_line.run(f"scale {number}")
        assert said(screen) == ":scale N takes a number."


@pytest.mark.parametrize("name", ["~nosuch/x", "nosuch/x", "/", "a\0b", "x" * 300, "/dev/full/x", "\ud800"])
async def test_a_file_that_cannot_be_is_said_and_nothing_ends(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running([plant()]) as screen:
        screen.app.command_line.run(f"dump {name}")
        await screen.pilot.pause()
        assert re.search("could not be written|is there already|not the name of a file", said(screen))
        assert not list(tmp_path.iterdir())


async def test_a_dump_from_a_directory_that_is_gone_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    async with running([plant()]) as screen:
        screen.app.command_line.run("dump x")
        assert "could not be written" in said(screen)


# -- namespaces


async def test_one_namespace_at_a_time_in_every_pane_and_told_to_the_sessions() -> None:
    session = _session()
    async with running([plant()], sessions={"plant": session}) as screen:
        await screen.press("2", "n")
        assert "Show only one namespace" in screen.text()
        assert screen.line("> all namespaces")
        await screen.press("down", "down")
        chosen = screen.line("> ").split(">")[1].split()[0]
        await screen.press("enter")
        assert screen.app.main.namespace == chosen
        assert session.looked_at == [[chosen]]
        keys = screen.app.main.current.view.keys
        assert keys
        assert {key.namespace for key in keys} == {chosen}
        assert f"{len(keys)} of 18 in {chosen}" in screen.text()
        await screen.press("1")
        assert "plant-agent-1" in screen.text(), "nodes are in no namespace"
        await screen.press("5")
        assert {key.namespace for key in screen.app.main.current.view.keys} <= {chosen}
        await typed(screen, "ns")
        assert session.looked_at[-1] == []
        await screen.press("2", "escape")
        assert "18" in screen.line("2 pods")


async def test_escape_clears_the_filter_and_not_the_namespace() -> None:
    async with running([plant()], namespace="line-2") as screen:
        await screen.press("2", "slash", *"weld", "enter")
        assert screen.app.main.current.view.shown == 2
        await screen.press("escape")
        assert {key.namespace for key in screen.app.main.current.view.keys} == {"line-2"}
        await typed(screen, "ns nowhere")
        assert "Nothing is known of a namespace 'nowhere'" in screen.text()
        await screen.press("down", "escape")
        assert "none of 18 rows is in namespace nowhere" in screen.text()


# -- owners, children, places


def test_what_belongs_together() -> None:
    store = plant()
    press = ObjectKey("plant", "Deployment", "line-2", "press")
    around = related(store, press)
    assert around[0] == ObjectKey("plant", "HorizontalPodAutoscaler", "line-2", "press")
    pods = around[1:]
    assert {key.kind for key in pods} == {"Pod"}
    assert len(pods) == 7
    assert related(store, pods[0])[0] == press
    assert related(store, pods[0])[1].kind == "Node"
    assert related(store, around[0]) == [press]
    node = related(store, pods[0])[1]
    assert pods[0] in related(store, node)
    assert related(store, press._replace(name="gone")) == []


async def test_jumping_to_the_owner_and_back() -> None:
    async with running([plant()]) as screen:
        await screen.press("3", "slash", *"press", "enter", "f")
        main = screen.app.main
        assert main.current.pane.id == "rollouts"
        press = ObjectKey("plant", "Deployment", "line-2", "press")
        assert main.current.table.cursor == press
        await screen.press("f")
        assert "Around deployment press" in screen.text()
        await screen.press("down", "enter")
        pod = main.current.table.cursor
        assert pod is not None
        assert (main.current.pane.id, pod.kind) == ("pods", "Pod")
        await screen.press("left_square_bracket")
        assert (main.current.pane.id, main.current.table.cursor) == ("rollouts", press)
        await screen.press("left_square_bracket")
        assert (main.current.pane.id, main.current.filter_text) == ("autoscalers", "press")
        await screen.press("right_square_bracket", "right_square_bracket")
        assert main.current.table.cursor == pod
        await screen.press("right_square_bracket")
        assert main.current.table.cursor == pod


async def test_a_jump_takes_away_the_filter_and_the_namespace_that_hide_its_end() -> None:
    async with running([plant()]) as screen:
        await screen.press("1", "slash", *"nothing", "enter", "4", "slash", *"weld", "enter")
        await typed(screen, "ns line-2")
        screen.app.command_line.show_object(ObjectKey("plant", "StatefulSet", "data", "historian"))
        await screen.pilot.pause()
        assert screen.app.main.current.table.cursor == ObjectKey("plant", "StatefulSet", "data", "historian")
        assert screen.app.main.namespace == ""


async def test_an_opened_object_is_a_place_too() -> None:
    async with running([plant()]) as screen:
        await screen.press("2", "enter", "escape", "4")
        await screen.press("left_square_bracket")
        assert (screen.app.main.current.pane.id, screen.app.screen) == ("pods", screen.app.main)
        await screen.press("left_square_bracket")
        assert isinstance(screen.app.screen, DetailScreen)


async def test_from_an_open_object_the_way_leads_to_the_one_that_was_opened_before() -> None:
    async with running([plant()]) as screen:
        await screen.press("4", "slash", *"press", "enter", "enter")
        press = screen.of_object.key
        await screen.press("escape", "escape", "slash", *"weld", "enter", "enter", "y")
        assert isinstance(screen.app.screen, ManifestScreen)
        weld = screen.app.screen.key
        assert weld != press
        ways = [("left", DetailScreen, weld), ("left", DetailScreen, press), ("right", DetailScreen, weld)]
        for way, kind, key in [*ways, ("right", ManifestScreen, weld), ("right", ManifestScreen, weld)]:
            await screen.press(f"{way}_square_bracket")
            assert isinstance(screen.app.screen, kind), way
            assert screen.app.screen.key == key, way
        await screen.press("escape")
        assert screen.app.screen is screen.app.main
        await screen.press("left_square_bracket")
        assert isinstance(screen.app.screen, ManifestScreen), "what was seen last"


async def test_jumping_from_an_open_object_opens_what_it_leads_to() -> None:
    async with running([plant()]) as screen:
        await screen.press("3", "slash", *"press", "enter", "enter", "f")
        assert isinstance(screen.app.screen, DetailScreen)
        assert screen.app.screen.key == ObjectKey("plant", "Deployment", "line-2", "press")
        assert len(screen.app.screen_stack) == 2
        await screen.press("left_square_bracket")
        assert screen.app.screen.key.kind == "HorizontalPodAutoscaler"
        await screen.press("escape")
        assert screen.app.main.current.pane.id == "autoscalers"


# -- the screens of one object


async def test_a_command_on_an_open_object_is_about_that_object(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[tuple[str, str]] = []
    monkeypatch.setattr(Flows, "look_up_rights", lambda *_: None)
    monkeypatch.setattr(Flows, "begin", lambda _, action, ref, typed: begun.append((action, ref.key.name)))
    store, said = plant(), "plant: it cannot be asked what it serves: nobody answers"
    async with running([store], sessions={"plant": _session()}) as screen:
        await screen.press("4")
        assert screen.app.main.current.table.cursor.name != "weld"
        for view in ("detail", "manifest", "logs"):
            screen.app.navigation.show(view, ObjectKey("plant", "Deployment", "line-2", "weld"))
            await screen.pilot.pause()
            await screen.press("colon", *"resta", "tab", "enter")
            assert begun.pop() == ("restart", "weld")
            screen.app.command_line.run("nonsense")
            await screen.wait_for(lambda: said in screen.text(), said)
            await screen.press("colon", "up", "enter")
            assert begun.pop() == ("restart", "weld"), "lines typed elsewhere come back"
        await ran(screen, "yaml")
        assert isinstance(screen.app.screen, ManifestScreen)
        await ran(screen, "logs")
        assert isinstance(screen.app.screen, LogScreen)
        row = store.get("Deployment", "line-2", "weld")
        assert row is not None
        store.delete("Deployment", "line-2", "weld", row.uid)
        await ran(screen, "restart")
        assert begun == []
        assert "Deployment weld in line-2 on plant is gone." in screen.text()
        await ran(screen, "theme mono")
        assert screen.app.theme_name == "mono"
        await ran(screen, "help")
        assert "each asks for confirmation" in screen.text()
        await screen.press("escape")
        await ran(screen, "pods")
        assert screen.app.screen is screen.app.main
        assert screen.app.main.current.pane.id == "pods"
        await screen.press("left_square_bracket")
        assert isinstance(screen.app.screen, LogScreen)


async def test_an_open_object_can_be_dumped_and_its_name_copied(tmp_path: Path) -> None:
    async with running([plant()]) as screen:
        for view, name in (("detail", "weld"), ("manifest", "weld"), ("logs", "weld-5d4b8-qq9rm")):
            screen.app.navigation.show(view, ObjectKey("plant", "Deployment", "line-2", "weld"))
            await screen.pilot.pause()
            shown = screen.text().splitlines()[:20]
            screen.app.command_line.run(f"dump {tmp_path / view}")
            assert (tmp_path / view).read_text().splitlines()[:20] == shown
            screen.app.copy_to_clipboard("")
            await screen.press("ctrl+y")
            assert screen.app.clipboard == name


async def test_an_open_rollout_can_be_waited_for() -> None:
    rung: list[str] = []
    store = store_of(deployment("press", updated=1, version=1), deployment("oven", version=1))
    async with running([store]) as screen:
        screen.app.ring = rung.append  # type: ignore[method-assign]
        await screen.press("4")
        screen.app.open_detail(ObjectKey("plant", "Deployment", "default", "press"))
        await screen.pilot.pause()
        await typed(screen, "notify")
        store.apply("Deployment", row_of("Deployment", deployment("press", version=3)))
        await screen.changed()
        assert len(rung) == 1


# -- out of the screen


async def test_names_go_to_the_terminals_clipboard() -> None:
    async with running([plant()]) as screen:
        await screen.press("4", "slash", *"line-2", "enter", "ctrl+y")
        assert screen.app.clipboard == "press"
        await screen.press("m", "m", "ctrl+y")
        assert screen.app.clipboard == "press\nweld"
        assert said(screen) == "2 names: sent to the terminal's clipboard."
    async with running([plant()], profile=SERIAL) as screen:
        await screen.press("4", "ctrl+y")
        assert screen.app.clipboard == ""
        assert said(screen) == "A serial terminal has no clipboard."


async def test_the_screen_goes_to_a_file_of_ones_own_and_never_over_another(tmp_path: Path) -> None:
    file = tmp_path / "screen"
    async with running([plant()], size=(160, 24)) as screen:
        await screen.press("2")
        shown = screen.text().splitlines()[:10]
        screen.app.command_line.run(f"dump {file}")
        assert said(screen) == f"The screen is in {file}, readable by you alone."
        assert file.read_text().splitlines()[:10] == shown
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        screen.app.command_line.run(f"dump {file}")
        assert said(screen) == f"{file} is there already; name another file."
        screen.app.command_line.run(f"dump {tmp_path / 'no' / 'where'}")
        assert "could not be written: No such file or directory" in said(screen)


async def test_a_notice_goes_only_where_it_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for profile, notices in ((None, 1), (SERIAL, 0), (replace(SERIAL, name="local", console=True), 0)):
        async with running([plant()], **({"profile": profile} if profile else {})) as screen:
            written: list[str] = []
            monkeypatch.setattr(screen.app._driver, "write", written.append)
            screen.app.ring("press on plant: complete\x1b[2J")
            assert written == ["\x1b]9;press on plant: complete [2J\x1b\\"] * notices


async def test_the_terminal_rings_when_the_rollout_under_the_cursor_has_ended() -> None:
    rung: list[str] = []
    store = store_of(deployment("press", updated=1, version=1), deployment("oven", version=1))
    async with running([store]) as screen:
        screen.app.ring = rung.append  # type: ignore[method-assign]
        await screen.press("4")
        assert screen.app.main.current.table.go_to(ObjectKey("plant", "Deployment", "default", "oven"))
        await typed(screen, "notify")
        assert said(screen) == "Deployment oven is not rolling out."
        assert screen.app.main.current.table.go_to(ObjectKey("plant", "Deployment", "default", "press"))
        await typed(screen, "notify")
        assert said(screen) == "The terminal rings when deployment press has ended."
        await typed(screen, "notify")
        (followed,) = screen.app.flows.jobs
        assert followed.title == "Rollout of deployment press in default on plant"
        store.apply("Deployment", row_of("Deployment", deployment("press", updated=2, version=2)))
        await screen.changed()
        assert rung == []
        store.apply("Deployment", row_of("Deployment", deployment("press", version=3)))
        await screen.changed()
        assert len(rung) == 1
        assert rung[0].startswith("deployment press on plant: ")
        await screen.changed()
        assert len(rung) == 1
        assert not screen.app.flows.jobs


async def test_a_rollout_that_is_waited_for_is_opened_and_given_up_from_what_runs() -> None:
    rung: list[str] = []
    store = store_of(deployment("press", updated=1, version=1))
    async with running([store]) as screen:
        screen.app.ring = rung.append  # type: ignore[method-assign]
        await screen.press("4")
        await typed(screen, "notify")
        await screen.press("R")
        assert isinstance(screen.app.screen, RolloutScreen)
        assert "the terminal rings when its rollout has ended" in screen.text()
        (followed,) = screen.app.flows.jobs
        assert not screen.app.flows.jobs.busy, "nobody is asked about a bell on leaving"
        followed.cancel()
        store.apply("Deployment", row_of("Deployment", deployment("press", version=3)))
        await screen.changed()
        assert rung == []


async def test_retry_tries_every_cluster_again_at_once() -> None:
    session, asked = _session(), []

    async def reconnect(credentials_changed: bool) -> None:
        asked.append(credentials_changed)

    session.reconnect = reconnect
    async with running([plant()], sessions={"plant": session}) as screen:
        await typed(screen, "retry")
        await screen.press("down")
        assert asked == [False]


async def test_a_namespace_that_nobody_heard_of_is_asked_for_where_not_all_may_be_read() -> None:
    session, store = _session(), plant()
    store.set_freshness("Pod", Freshness(Sync.FORBIDDEN, 0.0, "pods is forbidden"))
    async with running([store], sessions={"plant": session}) as screen:
        await typed(screen, "ns line-7")
        assert session.looked_at[-1] == ["line-7"]
        assert "line-7' yet; the clusters are asked for it" in screen.text()


def _session() -> Any:
    looked_at: list[list[str]] = []
    return SimpleNamespace(
        name="plant",
        identity="",
        store=None,
        api=NobodyAnswers(),
        until_up=asyncio.Event().wait,
        target=SimpleNamespace(user_name="", context="", server=""),
        look_at_kinds=lambda *shown: None,
        need=lambda kind, needed: None,
        show=lambda kind: None,
        hide=lambda kind: None,
        looked_at=looked_at,
        look_at=lambda names: looked_at.append(list(names)),
    )

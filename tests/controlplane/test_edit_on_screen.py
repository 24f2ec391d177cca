"""An edit from the screen: an editor on a real terminal in place of it, and the screen as it was afterwards."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.terminal.ptyapp import PtyApp
from tests.terminal.walking import act, choose, close_receipt, confirm, narrow, open_screen

from .cluster import ControlPlane
from .editing import editor
from .test_edit import path_of, settings
from .test_shell_on_screen import ALTERNATE_SCREEN, MOUSE, as_before
from .waiting import eventually

ASKS = """
printf '\\033[2J\\033[Hediting %s\\r\\n' "${1##*/}"
while read -r word rest; do
  case $word in
    sed) sed -i "$rest" "$1" && echo changed;;
    mark) printf '\\033[?1049h\\033[?1000h\\033[?2004h\\033[?25l%s' "$rest";;
    top) head -n 12 "$1";;
    stty) stty -a | head -n 1;;
    die) kill -9 $$;;
    quit) exit "${rest:-0}";;
  esac
done
exit 9
"""
"""An editor that is told on its terminal what to do; it takes the terminal as it finds it, with lines and ctrl+c."""


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Path]:
    """Where the file of an edit is; nothing is left there."""
    made = tmp_path / "runtime"
    made.mkdir(mode=0o700)
    yield made
    eventually(lambda: list(made.iterdir()) == [], within=5, what="an empty directory")


@pytest.fixture
def screen(cluster: ControlPlane, namespace: str, tmp_path: Path, runtime: Path) -> Iterator[PtyApp]:
    """ConfigMap `settings` under the cursor, on a screen of 80x24, with that editor."""
    cluster.api.create(path_of(namespace, "configmaps"), settings("settings", a="one", b="one"))
    environ = {"KUBE_EDITOR": str(editor(tmp_path, ASKS)), "XDG_RUNTIME_DIR": str(runtime)}
    with open_screen(str(cluster.kubeconfig()), home=tmp_path, env=environ) as app:
        app.wait_for("live")
        on_object(app, "configmaps", namespace, "settings")
        yield app


def on_object(app: PtyApp, kinds: str, namespace: str, name: str) -> None:
    """Put the cursor on one object of a kind: the only row that is left."""
    app.keys(f":{kinds}\r")
    app.wait_for(f": {kinds}")
    narrow(app, f"{namespace} {name}")
    app.until(re.compile(rf"^. *{namespace} +{name} ", re.M).search, what=f"the row of {name}")


@pytest.fixture
def data(cluster: ControlPlane, namespace: str) -> Callable[[], dict[str, str]]:
    """What the ConfigMap holds."""

    def read() -> dict[str, str]:
        found: dict[str, Any] = cluster.api.get(path_of(namespace, "configmaps", "settings"))
        return dict(found["data"])

    return read


def begin(app: PtyApp) -> None:
    """Choose to edit what is under the cursor, in the menu, and wait for the editor."""
    choose(app, "E", "editing settings.yaml")


def leave(app: PtyApp) -> None:
    app.keys("q")
    assert app.wait_exit() == 0
    assert as_before(app)


def test_an_edit_and_its_undo(screen: PtyApp, data: Callable[[], dict[str, str]], tmp_path: Path) -> None:
    begin(screen)
    assert ALTERNATE_SCREEN not in screen.modes
    assert screen.attributes() == screen.attributes_at_start
    screen.keys("sed s/a:.one/a: two/\r")
    screen.wait_for("changed")
    assert data()["a"] == "one"
    screen.keys("quit\r")
    screen.wait_for("what changes", "-   a: one", "+   a: two")
    confirm(screen, "Edit on plant")
    assert "ConfigMap settings is edited." in close_receipt(screen)
    assert data() == {"a": "two", "b": "one"}
    act(screen, "u", "what changes")
    screen.wait_for("-   a: two", "+   a: one")
    confirm(screen, "Undo on plant")
    close_receipt(screen)
    assert data() == {"a": "one", "b": "one"}
    leave(screen)
    record = (tmp_path / "state" / "edgetui" / "audit.jsonl").read_text()
    assert [json.loads(line)["action"] for line in record.splitlines() if '"intent"' in line] == [
        "edit",
        "undo",
    ]


def test_a_mistake_and_somebody_else_open_it_again(
    screen: PtyApp, cluster: ControlPlane, namespace: str, data: Callable[[], dict[str, str]]
) -> None:
    begin(screen)
    screen.keys("sed s/^data:/data/\r")
    screen.wait_for("changed")
    screen.keys("quit\r")
    screen.wait_gone("changed")
    screen.wait_for("editing settings.yaml")
    screen.keys("top\r")
    screen.wait_for("# Line ", "could not find expected ':'")
    screen.keys("sed s/^data$/data:/;s/a:.one/a: two/\r")
    screen.wait_for("changed")
    cluster.api.patch(path_of(namespace, "configmaps", "settings"), {"data": {"b": "theirs"}})
    screen.keys("quit\r")
    screen.wait_gone("changed")
    screen.wait_for("editing settings.yaml")
    screen.keys("top\r")
    screen.wait_for("Somebody changed ConfigMap settings", "+   b: theirs")
    screen.keys("quit\r")
    screen.wait_for("what changes", "+   a: two")
    confirm(screen, "Edit on plant")
    close_receipt(screen)
    assert data() == {"a": "two", "b": "theirs"}
    leave(screen)


def test_an_editor_that_is_killed_leaves_the_text_and_the_terminal(
    screen: PtyApp, data: Callable[[], dict[str, str]]
) -> None:
    begin(screen)
    screen.keys("sed s/a:.one/a: two/\r")
    screen.wait_for("changed")
    screen.keys("mark here\r")
    screen.until(lambda text: "here" in text and MOUSE in screen.modes)
    screen.keys("die\r")
    screen.wait_for("was killed (SIGKILL): nothing was changed.", "Discard the text", "Open it again")
    confirm_again(screen)
    screen.wait_for("editing settings.yaml")
    screen.keys("quit\r")
    screen.wait_for("what changes", "+   a: two")
    screen.keys("escape")
    screen.wait_for("Cancelled: nothing was changed.")
    assert data()["a"] == "one"
    leave(screen)


def confirm_again(app: PtyApp) -> None:
    app.wait_for("> Discard the text")
    app.until(lambda text: "> Discard the text" in text)
    app.settle(0.9)
    app.keys("right")
    app.wait_for("> Open it again")
    app.settle(0.3)
    app.keys("enter")


def test_ctrl_c_is_the_editors(screen: PtyApp, data: Callable[[], dict[str, str]]) -> None:
    begin(screen)
    screen.keys("\x03")
    screen.wait_for("was killed (SIGINT): nothing was changed.")
    close_receipt(screen)
    assert data()["a"] == "one"
    leave(screen)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_both_and_leaves_no_file(screen: PtyApp, number: signal.Signals, runtime: Path) -> None:
    begin(screen)
    screen.keys("mark far\r")
    screen.until(lambda text: "far" in text and MOUSE in screen.modes)
    assert len(list(runtime.iterdir())) == 1
    screen.kill(number)
    assert screen.wait_exit(5) == 128 + number
    assert list(runtime.iterdir()) == []
    assert as_before(screen)


def test_no_editor_is_told_and_so_is_a_secret(
    cluster: ControlPlane, namespace: str, tmp_path: Path, runtime: Path
) -> None:
    cluster.api.create(path_of(namespace, "configmaps"), settings("settings", a="one"))
    secrets = f"/api/v1/namespaces/{namespace}/secrets"
    cluster.api.create(secrets, {"metadata": {"name": "tls"}, "stringData": {"key": "hunter2"}})
    environ = {"KUBE_EDITOR": "/nonesuch/vi", "XDG_RUNTIME_DIR": str(runtime)}
    with open_screen(str(cluster.kubeconfig()), home=tmp_path, env=environ) as app:
        app.wait_for("live")
        for word, name, said in (
            ("configmaps", "settings", "cannot be started (there is none): nothing was changed."),
            ("secrets", "tls", "A Secret is not edited here"),
        ):
            on_object(app, word, namespace, name)
            act(app, ".", "Actions on")
            app.keys("E")
            app.until(lambda text, said=said: said in " ".join(text.replace("|", " ").split()))
            close_receipt(app)
        assert "hunter2" not in app.text()
        leave(app)

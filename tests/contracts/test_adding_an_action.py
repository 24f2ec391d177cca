"""CONTRIBUTING's "Adding an action", followed to the letter: its own lines make an action that has everything."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions import catalogue
from edgetui.actions.catalogue import ACTIONS, Action
from edgetui.actions.change.spec import spec_of
from edgetui.ui.dialogs.form import FormScreen
from tests.ui.driving import running
from tests.ui.fleet import plant
from tests.ui.test_guarding import Site as Session
from tests.ui.test_guarding import until_shown
from tests.unit.actions import every_action
from tests.unit.actions.every_action import PRESS, Case
from tests.unit.actions.scripted import Answer, Request, scripted
from tests.unit.actions.site import Shell, shell_on
from tests.unit.model import factories as f

ROOT = Path(__file__).resolve().parents[2]
SECTION = (ROOT / "CONTRIBUTING.md").read_text().split("## Adding an action\n")[1].split("\n## ")[0]
ROW, MODULE, CASE = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)


@pytest.fixture
def note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    """The action of the guide: its row in the catalogue, its file in a package of its own."""
    package = tmp_path / "rooms"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "note.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    row: Action = eval(ROW.replace("edgetui.actions.objects", "rooms"), vars(catalogue))
    monkeypatch.setitem(ACTIONS, row.id, row)
    found: dict[str, Case] = eval(f"{{{CASE}}}", vars(every_action))
    yield found["note"]
    sys.modules.pop("rooms.note", None)


@pytest.fixture
def shell(
    note: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    with shell_on(note.site(), tmp_path, monkeypatch, capsys) as found:
        yield found


def notes(shell: Shell) -> dict[str, str]:
    found: dict[str, str] = shell.site.objects[PRESS]["metadata"].get("annotations") or {}
    return found


def test_the_command_rehearses_writes_records_and_is_undone(note: Case, shell: Shell) -> None:
    told = shell.run(*note.words, "--dry-run")
    assert (told.code, shell.site.writes) == (0, []), told.err
    assert "+ example.com/note: belt changed" in told.json["plan"]["diff"]
    told = shell.run(*note.words, "--yes")
    assert (told.code, told.json["lines"]) == (0, ["deployment press has the note “belt changed”."]), told.err
    assert [one["event"] for one in told.audit] == ["intent", "result", "outcome"]
    assert notes(shell)["example.com/note"] == "belt changed"
    assert shell.run(*note.words, "--yes").json["lines"][0].endswith("nothing was written.")
    told = shell.run("undo", "deploy/press", "--yes")
    assert (told.code, told.json["outcome"]) == (0, "reached"), told.out
    assert "example.com/note" not in notes(shell)


def test_an_edit_in_between_and_a_lost_right_are_met_as_by_every_action(note: Case, shell: Shell) -> None:
    def edited() -> None:
        shell.site.objects[PRESS]["metadata"]["annotations"] = {"example.com/note": "of another"}
        shell.site.touch(PRESS, spec=False)

    shell.site.before_write = edited
    told = shell.run(*note.words, "--yes")
    assert (told.code, told.json["outcome"]) == (1, "refused"), told.out
    assert notes(shell)["example.com/note"] == "of another"


async def test_the_screen_has_its_menu_its_form_its_question_and_its_receipt(
    note: Case, tmp_path: Path
) -> None:
    press: dict[str, Any] = f.deployment("press", "line-2", replicas=6, revision=8, generation=9)

    def answer(request: Request) -> Answer:
        if request.method == "PATCH" and "dryRun" not in request.query:
            press["metadata"]["annotations"] = request.body["metadata"]["annotations"]
        return (200, press) if request.path.endswith("/press") else (200, {"items": []})

    store = plant()
    async with scripted(answer) as (_, there):
        session = Session(there.target.server, store)
        async with running([store], sessions={"plant": session}, audit=tmp_path / "audit.jsonl") as screen:
            await screen.press("4", "slash", *"press", "enter", "full_stop")
            await screen.press("pagedown", "pagedown")
            await until_shown(screen, "N  note")
            await screen.press("N")
            await screen.wait_for(lambda: isinstance(screen.app.screen, FormScreen), "the form")
            await screen.press(*"worn", "enter")
            await until_shown(screen, "+ example.com/note: worn")
            await screen.press("right", "enter")
            await until_shown(screen, "has the note “worn”")
        session.api.close()
    assert press["metadata"]["annotations"] == {"example.com/note": "worn"}


def test_a_row_is_cheap_and_its_file_is_loaded_when_it_is_first_used(note: Case) -> None:
    assert "rooms.note" not in sys.modules
    assert spec_of("note").back is not None
    assert "rooms.note" in sys.modules

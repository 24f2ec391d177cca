"""What is typed behind :shell and :attach, and what a container without a shell is told by."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgetui.actions.messages import Refusal
from edgetui.actions.remote.execute import has_no_shell
from edgetui.cluster.api.remote_command import Ended
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds.pod import POD
from edgetui.ui import terminal_flow
from edgetui.ui.terminal_flow import Asked, asked_for
from tests.unit.actions.scripted import Answer, Request, scripted
from tests.unit.model import factories as f

from .driving import running
from .fleet import plant
from .test_guarding import Site


@pytest.mark.parametrize(
    ("action", "typed", "asked"),
    [
        ("shell", "", Asked()),
        ("shell", "ls -la '/a b'", Asked("", ("ls", "-la", "/a b"))),
        ("shell", "-c side", Asked("side")),
        ("shell", "-c side ls -c", Asked("side", ("ls", "-c"))),
        ("attach", "side", Asked("side")),
        ("attach", "-c side", Asked("side")),
        ("attach", "", Asked()),
    ],
)
def test_words_are_a_container_and_a_command(action: str, typed: str, asked: Asked) -> None:
    assert asked_for(action, typed) == asked


def test_an_open_quote_is_refused() -> None:
    with pytest.raises(Refusal, match="never closed"):
        asked_for("shell", "echo 'a")


@pytest.mark.parametrize(
    ("ended", "none"),
    [
        (Ended(0), False),
        (Ended(1), False),
        (Ended(126), True),
        (Ended(127), True),
        (Ended(1, 'exec failed: exec: "sh": executable file not found in $PATH: unknown'), True),
        (Ended(1, "container not found"), False),
    ],
)
def test_a_container_without_a_shell(ended: Ended, none: bool) -> None:
    assert has_no_shell(ended) == none


async def test_a_container_without_a_shell_leads_to_a_debug_container_that_sees_its_processes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def none(*_: object) -> Ended:
        return Ended(127)

    monkeypatch.setattr(terminal_flow, "execute", none)
    store = plant()
    row = next(one for one in store.rows(POD) if one.name.startswith("oven"))
    made = f.pod(row.name, row.namespace)
    made["metadata"]["uid"] = row.uid

    def answer(request: Request) -> Answer:
        if request.method == "PATCH" or request.path.endswith(f"/{row.name}"):
            return 200, made
        return 404, {"kind": "Status", "reason": "NotFound", "code": 404}

    async with scripted(answer) as (server, session):
        here = Site(session.target.server, store)
        async with running([store], sessions={"plant": here}, audit=tmp_path / "audit.jsonl") as screen:
            ref = ObjectRef(ObjectKey("plant", POD, row.namespace, row.name), row.uid, "")
            screen.app.flows.begin("shell", ref)
            await screen.wait_for(lambda: "has no shell" in screen.text(), "the sentence")
            assert "Add a debug container…" in screen.text()
            await screen.press("tab", "enter")
            await screen.wait_for(lambda: "> Cancel" in screen.text(), "the question")
            assert "the processes of app" in screen.text()
            assert [one.line for one in server.requests if one.method == "PATCH"] == [
                f"PATCH /api/v1/namespaces/{row.namespace}/pods/{row.name}/ephemeralcontainers dry"
            ]
            await screen.press("escape")

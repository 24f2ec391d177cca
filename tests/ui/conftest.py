"""A UI test has its own configuration directory, no animation and a blinking cursor that does not blink."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import Input

from edgetui import crash
from edgetui.cluster.api.client import Api
from edgetui.model.identity import ObjectKey
from edgetui.ui.flows import Flows


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(Input, "_toggle_cursor", lambda self: None)


@pytest.fixture(autouse=True)
def defects(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A defect of edgetui fails the test in which it comes; one that is marked `defect` has to see one.

    It is only said on the screen, where the test may not look, or over the words that it looks for.
    """
    found: list[BaseException] = []
    told = crash.sentence

    def sentence(error: BaseException, *directory: Path) -> str:
        found.append(error)
        return told(error, *directory)

    monkeypatch.setattr(crash, "sentence", sentence)
    yield
    if request.node.get_closest_marker("defect"):
        assert found
    elif found:
        raise found[0]


@pytest.fixture(autouse=True)
def rights(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the cursor rests on a row, what only stands for a session or an API is asked for no rights.

    It would end in a defect, and whether the cursor rests long enough for that, a busy machine decides.
    """
    asks = Flows._fetch_rights

    async def fetch(flows: Flows, key: ObjectKey) -> None:
        session = flows.app.sessions[key.cluster]
        if hasattr(session, "name") and isinstance(getattr(session, "api", None), Api):
            await asks(flows, key)

    monkeypatch.setattr(Flows, "_fetch_rights", fetch)

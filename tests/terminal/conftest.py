"""A driver on a pty of its own, and the signal handlers of the tests as they were."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from .still_terminal import ENDING, Far, Start


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    handlers = {number: signal.getsignal(number) for number in ENDING}
    made: list[Far] = []

    def started(name: str = "ssh", columns: int = 80) -> Far:
        made.append(Far(monkeypatch, name, columns))
        return made[-1]

    yield started
    for one in made:
        one.driver.close()
        one.close()
    for number, handler in handlers.items():
        signal.signal(number, handler)

"""What was found out, step by step."""

from __future__ import annotations

import enum
from collections.abc import Iterable

import msgspec

FILE, USER, PLUGIN = "file", "user", "plugin"
DNS, TCP, PROXY, TLS = "DNS", "TCP", "proxy", "TLS"
SERVER, AUTHENTICATION, RIGHTS = "API server", "authentication", "rights"
WATCHLIST, GZIP, METRICS, CLOCK = "WatchList", "gzip", "metrics", "clock"
ORDER = (
    FILE, USER, PLUGIN, DNS, TCP, PROXY, TLS, SERVER, AUTHENTICATION, RIGHTS, WATCHLIST, GZIP, METRICS, CLOCK,
)  # fmt: skip


class State(enum.Enum):
    """How a step ended; the order is that of badness."""

    SKIPPED = "-"
    OK = "ok"
    NOTICE = "look"
    WRONG = "wrong"


class Step(msgspec.Struct):
    """One step: `text` is what was found or what is wrong, `next_step` what to do, `seconds` how long it took."""

    name: str
    state: State = State.OK
    text: str = ""
    next_step: str = ""
    seconds: float = 0.0

    def notice(self, text: str, next_step: str = "") -> None:
        """It works, and there is something to know."""
        self.state, self.text, self.next_step = State.NOTICE, text, next_step

    def wrong(self, text: str, next_step: str = "") -> None:
        """It does not work."""
        self.state, self.text, self.next_step = State.WRONG, text, next_step

    def skipped(self, text: str) -> None:
        """There was nothing to do."""
        self.state, self.text = State.SKIPPED, text


def exit_code(steps: Iterable[Step]) -> int:
    """0 where all is well, 3 where something is to be looked at, 2 where the cluster cannot be used."""
    states = {step.state for step in steps}
    return 2 if State.WRONG in states else 3 if State.NOTICE in states else 0


def completed(steps: list[Step]) -> list[Step]:
    """The steps in their order, those that were never reached among them."""
    done = {step.name: step for step in steps}
    return [done.get(name) or Step(name, State.SKIPPED, "not reached") for name in ORDER]

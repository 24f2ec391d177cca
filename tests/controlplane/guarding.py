"""Guards for tests: in this process on a watched session, and as the command in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgetui.actions.change.long_running import Ended, Listener
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.gate.gate import Gate
from edgetui.actions.guard.guard import Guard
from edgetui.actions.guard.plan import plan_of, read_guard
from edgetui.actions.messages import Plan
from edgetui.cluster.session import ClusterSession
from edgetui.model.kinds.workload import RolloutRow
from edgetui.model.rollout.guard import Phase, State, Terms
from edgetui.model.rollout.status import verdict

from .acting import named, until
from .running import ROOT

TERMS = Terms(patience=4.0, after=8.0)
BRIEFLY = 40.0
"""Seconds within which everything here happens, however busy the machine is."""


def records(file: Path) -> list[dict[str, Any]]:
    """An audit record read back."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@dataclass(slots=True)
class Trial:
    """One guard, with everything it went through: every state, whether kubectl's verdict failed, what it told."""

    file: Path
    guard: Guard
    states: list[State] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    failed: bool = False
    ending: asyncio.Task[Ended] | None = None

    @classmethod
    async def begin(
        cls,
        session: ClusterSession,
        kind: str,
        namespace: str,
        name: str,
        file: Path,
        *,
        keep: bool = False,
        terms: Terms = TERMS,
    ) -> Trial:
        """Agree to a guard, and let it run."""
        view = await read_guard(session, named(session, kind, namespace, name), AuditLog(file))
        told: list[str] = []

        async def agreed(plan: Plan) -> bool:
            assert plan.action == "guard"
            return True

        gate = Gate(AuditLog(file), False, agreed, lambda step: None)
        listener = Listener(told.append, changed=lambda: trial.looked())
        guard = Guard(session, gate, view, terms, listener, keep=keep)
        trial = cls(file, guard, told=told)
        await guard.agree(plan_of(session, view, terms, on_screen=False))
        trial.ending = asyncio.create_task(guard.run())
        return trial

    def looked(self) -> None:
        """After every look."""
        self.states.append(self.guard.state)
        key = self.guard.ref.key
        row: Any = self.guard.session.store.get(key.kind, key.namespace, key.name)
        self.failed = self.failed or (isinstance(row, RolloutRow) and verdict(row).failed)

    @property
    def phases(self) -> list[Phase]:
        """The phases in order, each once in a row."""
        found: list[Phase] = []
        for state in self.states:
            if not found or found[-1] is not state.phase:
                found.append(state.phase)
        return found

    @property
    def writes(self) -> list[dict[str, Any]]:
        """What was sent to be written."""
        return [one for one in records(self.file) if one["event"] == "intent"]

    async def end(self) -> Ended:
        """How it ended."""
        assert self.ending is not None
        return await asyncio.wait_for(self.ending, BRIEFLY)

    async def reach(self, phase: Phase, looks: int = 1) -> None:
        """Wait until it has been in a phase for so many looks running."""
        await until(
            lambda: len(self.states) >= looks and all(s.phase is phase for s in self.states[-looks:]),
            within=BRIEFLY,
            what=f"{self.guard.words} {phase.value}",
        )

    async def stop(self) -> None:
        """Cancel it; it ends without a roll-back."""
        self.guard.cancel()
        assert (await self.end()).receipt is None


class Process:
    """`edgetui guard` in a process of its own, its lines in a file."""

    def __init__(self, home: Path, *arguments: str | Path) -> None:
        home.mkdir(exist_ok=True)
        self.lines = home / f"guard-{len(list(home.glob('guard-*')))}"
        self.audit = home / "edgetui" / "audit.jsonl"
        command: Sequence[str] = [sys.executable, "-m", "edgetui", "guard", *map(str, arguments), "--yes"]
        surroundings = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_STATE_HOME": str(home)}
        with self.lines.open("w") as out:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=surroundings, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )

    async def says(self, words: str) -> None:
        """Wait until it has said this."""
        try:
            await until(lambda: words in self.lines.read_text(), within=BRIEFLY, what=words)
        except AssertionError as error:
            raise AssertionError(f"{error}:\n{self.lines.read_text()}") from None

    async def recorded(self, event: str) -> dict[str, Any]:
        """Wait until the audit record has such an event; the last of them."""

        def last() -> dict[str, Any] | None:
            raw = self.audit.read_text() if self.audit.exists() else ""
            whole = raw[: raw.rfind("\n") + 1].splitlines()
            return next((one for one in map(json.loads, reversed(whole)) if one["event"] == event), None)

        found: dict[str, Any] = await until(last, within=BRIEFLY, what=f"{event} in the record")
        return found

    def send(self, number: int) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    async def kill(self) -> None:
        """As the machine does when memory is short."""
        self.send(signal.SIGKILL)
        await self.code()

    async def code(self) -> int:
        """Wait for its end."""
        return await asyncio.to_thread(self._process.wait, BRIEFLY)

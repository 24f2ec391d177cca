"""What the tests of actions share: a connection, a gate that remembers, and the audit record read back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from edgetui.actions.cli.connect import Connection
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Plan, Step
from edgetui.actions.session import Session
from edgetui.cluster.kubeconfig.loader import Selection, load_fleet
from edgetui.cluster.link.meter import LinkWatch
from edgetui.cluster.session import ClusterSession
from edgetui.model.identity import ObjectKey, ObjectRef


@asynccontextmanager
async def connected(kubeconfig: Path) -> AsyncIterator[Connection]:
    """A connection with the one context of a file."""
    (target,) = load_fleet(Selection(files=[kubeconfig]), {}, kubeconfig.parent)
    assert target.error is None, target.error
    session = Connection(target)
    try:
        yield session
    finally:
        session.close()


@asynccontextmanager
async def watched(
    kubeconfig: Path, *kinds: str, link_watch: LinkWatch | None = None
) -> AsyncIterator[ClusterSession]:
    """A session as the screen has it, with these kinds live."""
    (target,) = load_fleet(Selection(files=[kubeconfig]), {}, kubeconfig.parent)
    session = ClusterSession(target, link_watch=link_watch)
    await session.start(kinds)
    try:
        assert await session.settled(20), session.store.link
        yield session
    finally:
        await session.close()


async def until(check: Callable[[], Any], *, within: float, what: str) -> Any:
    """As ``eventually``, while the event loop runs on."""
    deadline = asyncio.get_running_loop().time() + within
    while not (found := check()):
        assert asyncio.get_running_loop().time() < deadline, f"{what}: not within {within:g} s"
        await asyncio.sleep(0.02)
    return found


def named(session: Session, kind: str, namespace: str, name: str) -> ObjectRef:
    """An object as a command names it: whatever stands there."""
    return ObjectRef(ObjectKey(session.name, kind, namespace, name), "", "")


class Acting:
    """A gate whose plans are agreed to by ``answer``; everything shown is kept.

    ``meanwhile`` runs while the person looks at the plan, ``on_step`` at every step.
    """

    def __init__(self, directory: Path, *, read_only: bool = False, answer: bool = True) -> None:
        self.log = AuditLog(directory / "state" / "audit.jsonl")
        self.plans: list[Plan] = []
        self.steps: list[Step] = []
        self.meanwhile: Callable[[], Any] = lambda: None
        self.on_step: Callable[[Step], Any] = lambda step: None
        self._answer = answer
        self.gate = Gate(self.log, read_only, self._confirm, self._progress)

    async def _confirm(self, plan: Plan) -> bool:
        self.plans.append(plan)
        self.meanwhile()
        return self._answer

    def _progress(self, step: Step) -> None:
        self.steps.append(step)
        self.on_step(step)

    @property
    def audit(self) -> list[dict[str, Any]]:
        """Every record so far."""
        if not self.log.path.exists():
            return []
        return [json.loads(line) for line in self.log.path.read_text().splitlines()]

    @property
    def writes(self) -> list[str]:
        """The results of the writes, in order: "done", "refused" or "unknown"."""
        return [str(record["result"]) for record in self.audit if record["event"] == "result"]

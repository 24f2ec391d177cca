"""When a cluster is asked who it is and what it is, and whom that is told: call by call, on virtual time.

`pytest tests/unit/cluster/test_introduction.py --snapshot-update` takes what happens now; look at what differs first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.api.status import map_status
from edgetui.cluster.errors import EdgetuiError, LinkError, ProtocolError
from edgetui.cluster.introduction import Introduction
from edgetui.model.cache.store import Store
from tests.unit.cluster.recorded import moment
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time

ALL = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
SILENT = LinkError("No answer.", "Wait.")


def system(uid: str = "u1", version: str = "50") -> dict[str, Any]:
    return {
        "kind": "NamespaceList",
        "metadata": {"resourceVersion": version},
        "items": [{"metadata": {"name": "kube-system", "uid": uid}}],
    }


class Scene:
    """All that an introduction has around it; each answer takes a second."""

    def __init__(self, loop: VirtualLoop, **options: Any) -> None:
        self.loop = loop
        self.lines: list[str] = []
        self.who: Any = options.get("who", system())
        self.what: Any = options.get("what", {"gitVersion": "v1.37.0"})
        self.rules: Any = options.get("rules", {"status": {"resourceRules": [ALL]}})
        self.watchers: list[Any] = []
        self.store = Store("plant")
        self.version = options.get("version", "")
        self.has_rows = options.get("has_rows", False)
        self.rbac_off = False
        keeper: Any = self if options.get("kept") else None
        here: Any = self
        self.one = Introduction(
            here, self.store, here, options.get("namespace", "line"), keeper=keeper, settled=self.settled,
            on_change=self.changed, steady=lambda: loop.time(),
        )  # fmt: skip

    def note(self, what: str) -> None:
        self.lines.append(f"{moment(self.loop.time())} {what}")

    def changed(self) -> None:
        one = self.one
        about = f"{one.identity!r} {self.store.version!r} rbac off {one.rbac_off} {self.rbac_off}"
        self.note(f"changed: {about}, known {one.known}, due {one.due}, under way {one.under_way}")

    async def settled(self, seconds: float) -> bool:
        self.note(f"wait {seconds:g} s for the rows")
        await asyncio.sleep(2.0)
        return True

    # The API

    async def get_bytes(self, path: str, query: dict[str, str], timeout: float = 0.0) -> bytes:
        self.note(f"{path} {query}{f' within {timeout:g} s' if timeout else ''}")
        return msgspec.json.encode(await self._answer(self.who if "namespaces" in path else self.what))

    async def review(self, kind: str, spec: dict[str, Any]) -> Any:
        self.note(f"{kind} {spec}")
        return await self._answer(self.rules)

    async def _answer(self, answer: Any) -> Any:
        await asyncio.sleep(1.0)
        if isinstance(answer, EdgetuiError):
            raise answer
        return answer

    # The supervisor

    def list_again(self, reason: str) -> None:
        self.note(f"list again: {reason}")

    def identified(self, version: str) -> None:
        self.note(f"identified at {version!r}")

    def link_failed(self, error: EdgetuiError) -> None:
        self.note(f"link failed: {error}")

    # The keeper

    async def remembers(self) -> bool:
        self.note(f"remembers {self.has_rows}")
        return bool(self.has_rows)

    def learned(self, uid: str) -> None:
        self.note(f"learned {uid!r}")


def told(*acts: Callable[[Scene], Any], **options: Any) -> str:
    """What happens in a scene when these are done one after another."""
    lines: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        scene = Scene(loop, **options)
        scene.note(f"known {scene.one.known}, due {scene.one.due}")
        for act in acts:
            found = act(scene)
            if asyncio.iscoroutine(found):
                try:
                    await found
                except EdgetuiError as error:
                    scene.note(f"raises {error}")
        lines.extend(scene.lines)

    on_virtual_time(main)
    return "\n".join(lines)


def learn(scene: Scene) -> Any:
    return scene.one.learn()


CASES: dict[str, dict[str, Any]] = {
    "without rows of an earlier run": {},
    "with a keeper": {"kept": True},
    "with rows of an earlier run": {"kept": True, "has_rows": True},
    "with rows and a version of an earlier run": {"kept": True, "has_rows": True, "version": "v1.30.0"},
    "in no namespace": {"namespace": ""},
    "where it does not say who it is": {"who": map_status(403, {}, b"no"), "kept": True},
    "where nobody answers who it is": {"who": SILENT},
    "where something else answers who it is": {"who": []},
    "where nobody answers what it is": {"what": SILENT},
    "where it does not say what it is": {"what": map_status(403, {}, b"no")},
    "where nobody tells the rights": {"rules": SILENT},
    "where the rights are told otherwise": {"rules": {"status": {"resourceRules": [ALL, ALL]}}},
    "where something else tells the rights": {"rules": ProtocolError("No JSON.", "Look.")},
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_asked_and_told_as_it_is_learned(case: str, snapshot: SnapshotAssertion) -> None:
    assert told(learn, **CASES[case]) == snapshot


def _later(seconds: float) -> Callable[[Scene], Any]:
    return lambda scene: asyncio.sleep(seconds)


def test_when_it_is_asked_again(snapshot: SnapshotAssertion) -> None:
    def due(scene: Scene) -> None:
        scene.note(f"due {scene.one.due}")

    acts = (learn, due, _later(59.9), due, _later(0.2), due, learn, due)
    lines = [told(*acts), told(*acts, who=map_status(403, {}, b"no")), told(*acts, what=SILENT)]
    assert "\n--\n".join(lines) == snapshot


def test_somebody_who_waits_is_told_at_once_what_an_earlier_run_knew_otherwise(
    snapshot: SnapshotAssertion,
) -> None:
    options = {"kept": True, "has_rows": True, "version": "v1.30.0"}
    hurry = lambda scene: scene.one.hurry()  # noqa: E731
    recall = lambda scene: scene.one.recall("v1.30.0", True)  # noqa: E731
    nothing = lambda scene: scene.one.recall("", True)  # noqa: E731
    lines = [
        told(recall, hurry, learn, **options),
        told(recall, learn, learn, **options),
        told(nothing, **options),
    ]
    assert "\n--\n".join(lines) == snapshot


class Held:
    """A watcher at a version."""

    def __init__(self, version: str, *, bookmarks: bool = True, discovered: bool = False) -> None:
        self.state = type("State", (), {"rv": version})
        self.kind = type("Kind", (), {"bookmarks": bookmarks, "discovered": discovered})


HELD: dict[str, list[Held]] = {
    "nothing": [],
    "versions": [Held("40"), Held("60"), Held("55"), Held("")],
    "versions of others": [Held("90", bookmarks=False), Held("80", discovered=True), Held("7")],
    "words": [Held("x"), Held("y")],
}


@pytest.mark.parametrize("held", HELD)
def test_it_is_proven_while_the_first_watches_are_on_their_way(
    held: str, snapshot: SnapshotAssertion
) -> None:
    def has(scene: Scene) -> None:
        scene.watchers = HELD[held]

    def begin(scene: Scene) -> Any:
        scene.proving = asyncio.create_task(scene.one.prove())  # type: ignore[attr-defined]
        return asyncio.sleep(0)

    lines = [
        told(has, lambda scene: scene.one.prove(), learn),
        told(has, begin, learn, who=SILENT),
        told(has, begin, learn, who=map_status(401, {}, b"")),
    ]
    assert "\n--\n".join(lines) == snapshot


def test_what_another_answer_to_who_it_is_voids(snapshot: SnapshotAssertion) -> None:
    def ask(uid: str, version: str, asked: str) -> Callable[[Scene], Any]:
        def act(scene: Scene) -> Any:
            scene.who = system(uid, version)
            scene.note(f"-- {uid!r} at {version} is asked whether it is at {asked!r}")
            here: Any = scene
            return scene.one.identify(here, asked, 7.0)

        return act

    acts = [
        ask("u1", "50", "50"),
        ask("u1", "49", "50"),
        ask("u2", "60", "50"),
        ask("", "60", "50"),
        ask("", "9", "50"),
    ]
    acts += [ask("u2", "70", ""), ask("u1", "5", "70")]
    assert "\n--\n".join((told(*acts), told(*acts, kept=True))) == snapshot

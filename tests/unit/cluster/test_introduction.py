"""When a cluster is asked who it is and what it is, and whom that is told: call by call, on virtual time.

`pytest tests/unit/cluster/test_introduction.py --snapshot-update` takes what happens now; look at what differs first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
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
        began = loop.time() if options.get("just_booted") else 0.0
        here: Any = self
        self.one = Introduction(
            here, self.store, here, options.get("namespace", "line"), keeper=keeper, settled=self.settled,
            on_change=self.changed, on_another=lambda: self.note("void"), steady=lambda: loop.time() - began,
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


async def learn(scene: Scene) -> None:
    begun: list[asyncio.Task[None]] = []

    def spawn(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        begun.append(asyncio.create_task(work))
        return begun[-1]

    scene.one.begin(spawn)
    await asyncio.gather(*begun)
    await asyncio.sleep(0)  # its end is told


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
        told(recall, learn, _later(60.0), learn, **options),
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
        scene.one.prove(asyncio.create_task)
        return asyncio.sleep(0)

    lines = [
        told(has, begin, _later(1.0), learn),
        told(has, begin, learn, who=SILENT),
        told(has, begin, learn, who=map_status(401, {}, b"")),
    ]
    assert "\n--\n".join(lines) == snapshot


def _begun(scene: Scene) -> None:
    scene.one.begin(asyncio.create_task)


def _proving(scene: Scene) -> None:
    scene.one.prove(asyncio.create_task)


def _given_up(scene: Scene) -> Any:
    scene.note("-- the link is down")
    scene.one.give_up()
    return asyncio.sleep(0.1)


@pytest.mark.parametrize("after", [0.5, 2.5, 4.0, 5.5, 6.5])
def test_what_is_under_way_when_the_link_breaks_is_given_up_and_asked_anew(after: float) -> None:
    """In each of its steps: while it waits for rows, and while who, what or the rights are asked for."""

    def silent(scene: Scene) -> None:
        assert not scene.one.under_way
        assert (scene.one.due, scene.one.known) == (True, False)
        scene.lines.clear()

    acts = (_begun, _later(after), _given_up, silent, _later(60.0))
    assert told(*acts) == ""
    assert told(*acts, learn).endswith("known True, due False, under way False")


def test_who_it_is_does_not_count_when_it_is_told_after_the_link_broke() -> None:
    def silent(scene: Scene) -> None:
        scene.lines.clear()

    assert told(_proving, _later(0.5), _given_up, silent, _later(60.0)) == ""
    assert told(_proving, _later(0.5), _given_up, learn).endswith("known True, due False, under way False")


def test_nothing_that_was_learned_of_one_server_counts_for_another() -> None:
    def void(scene: Scene) -> None:
        scene.lines.clear()
        scene.one.void()
        scene.note(f"due {scene.one.due}")

    found = told(learn, void, kept=True).splitlines()
    assert [line.split(" ", 1)[1] for line in found] == [
        "changed: '' '' rbac off False False, known False, due True, under way False",
        "void",
        "due True",
    ]


def test_another_cluster_is_asked_what_it_is_however_short_the_clock_has_run() -> None:
    """A gateway that was switched on less than a minute ago, whose steady clock begins with that."""

    def another(scene: Scene) -> Any:
        scene.who = system("u2", "60")
        here: Any = scene
        return scene.one.identify(here, "50", 7.0)

    def due(scene: Scene) -> None:
        scene.note(f"due {scene.one.due}")

    found = told(learn, due, another, due, just_booted=True).splitlines()
    assert [line for line in found if line[1:].startswith(" due")] == ["7 due False", "8 due True"]


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

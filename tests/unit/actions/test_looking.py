"""How often and how long an action looks at the cluster after its write, and when it takes a pod for stuck."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.actions.change import watch as watching
from edgetui.actions.change.watch import QUICK, SLOW, Observation, Watched, poll
from edgetui.actions.rollout import stuck_pod
from edgetui.actions.rollout.stuck_pod import HOLD, LOOK_EVERY, StuckPod, blocking, broken
from edgetui.model.cache.freshness import Freshness, Link, LinkState, Sync
from edgetui.model.cache.store import Store
from edgetui.model.kinds import row_of
from edgetui.model.kinds.pod import PodRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from tests.unit.model import factories as f

from .every_action import CASES, Case
from .scripted import DROP
from .site import Shell, shell_on
from .test_watching import REF, Looks, at_six, running, seen

WAITED_FOR = {name: case for name, case in CASES.items() if not case.at_once}
EACH = pytest.mark.parametrize("case", WAITED_FOR.values(), ids=WAITED_FOR)


def napping(hands: Any, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The rests that it takes, on a clock that moves by them alone."""
    naps: list[float] = []
    now = [1000.0]

    async def sleep(seconds: float) -> None:
        naps.append(round(seconds, 3))
        now[0] += seconds
        await asyncio.sleep(0)

    hands.gate.sleep = sleep
    clock = SimpleNamespace(time=lambda: now[0])
    timed = SimpleNamespace(**{**vars(asyncio), "get_running_loop": lambda: clock})
    monkeypatch.setattr(watching, "asyncio", timed)
    return naps


async def test_without_a_watch_it_looks_less_and_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path, Looks(3)) as (run, _, hands):
        naps = napping(hands, monkeypatch)
        found = await seen(run, wait=20.0)
    assert naps[:4] == [0.15, 0.225, 0.338, 0.506]
    assert max(naps) == SLOW == naps[-2]
    assert (found.reached, found.failed, found.seconds) == (False, False, pytest.approx(20.0))


async def test_with_a_live_watch_it_looks_often_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = Looks((500, {}))
    async with running(tmp_path, looks) as (run, server, hands):
        naps = napping(hands, monkeypatch)
        store = Store("plant")
        store.set_link(LinkState(link=Link.LIVE))
        store.set_freshness("Deployment", Freshness(sync=Sync.LIVE, heard=1.0))
        store.replace("Deployment", [row_of("Deployment", looks.press.document())])
        run.session.store = store  # type: ignore[misc]
        await seen(run, wait=2.0)
        assert server.requests == []
    assert set(naps[:-1]) == {QUICK}


async def test_what_is_not_in_a_row_is_asked_for_less_and_less_often_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def judge() -> Observation:
        return Observation(False, False, "not yet")

    async with running(tmp_path, Looks(3)) as (run, _, hands):
        naps = napping(hands, monkeypatch)
        found = await poll(run, judge, 10.0)
    assert naps[:3] == [0.15, 0.225, 0.338]
    assert max(naps) == SLOW
    assert found == Watched(False, False, "not yet", pytest.approx(10.0), None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answers", "options", "seconds", "reached", "failed"),
    [
        ((3, 6), {}, 0.15, True, False),
        ((6,), {"hold": 1.0}, 1.142, True, False),
        ((99,), {"wait": 60.0}, 16.83, False, True),
        ((3, (404, {})), {}, 0.15, False, True),
        ((3,), {"wait": 3.0}, 3.0, False, False),
        (((DROP, {}), 6), {}, 0.15, True, False),
    ],
)
async def test_how_long_it_took_is_told(
    answers: Any,
    options: dict[str, float],
    seconds: float,
    reached: bool,
    failed: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running(tmp_path, Looks(*answers)) as (run, _, hands):
        napping(hands, monkeypatch)
        found = await watching.watch(run, REF, 5, at_six, **{"wait": 30.0, **options})
    assert (found.reached, found.failed) == (reached, failed)
    assert found.seconds == pytest.approx(seconds, abs=1.0)


@pytest.fixture
def shell(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    with shell_on(case.site(), tmp_path, monkeypatch, capsys) as found:
        yield found


@EACH
def test_what_its_controller_has_not_seen_is_no_failure(
    case: Case, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "FAILED_FOR", 0.0)
    shell.site.idle = True
    told = shell.run(*case.words, "--yes", "--timeout", "0.05")
    assert (told.code, told.json["outcome"]) == (3, "pending"), told.out


SET = f.stateful_set(
    "camera", "line-2", ready=2, updated=1, current_revision="camera-a", update_revision="camera-b"
)


def camera(**more: Any) -> StatefulSetRow:
    row = row_of("StatefulSet", SET | {"spec": SET["spec"] | more.pop("spec", {})})
    assert isinstance(row, StatefulSetRow)
    return row


def pod(made: Callable[..., f.Json] = f.image_pull, revision: str = "camera-a", **more: Any) -> PodRow:
    labels = {"controller-revision-hash": revision}
    row = row_of("Pod", made("camera-2", "line-2", labels=labels, **{"owner": SET, **more}))
    assert isinstance(row, PodRow)
    return row


OTHER = f.stateful_set("oven", "line-2")
PODS: list[tuple[str, PodRow, bool, bool]] = [
    ("fails, of the older revision", pod(), True, True),
    ("fails, of the present revision", pod(revision="camera-b"), False, True),
    ("fails, of another set", pod(owner=OTHER), False, False),
    ("fails, and is on its way out", pod(deleting=f.NOW), False, False),
    ("is ready", pod(f.pod), False, False),
    ("starts", pod(f.pod, statuses=[f.waiting("ContainerCreating")]), True, False),
]


@pytest.mark.parametrize(("one", "holds", "fails"), [p[1:] for p in PODS], ids=[p[0] for p in PODS])
async def test_which_pod_holds_a_set_up_and_which_is_broken(one: PodRow, holds: bool, fails: bool) -> None:
    assert blocking([one], camera()) == ([one] if holds else [])
    store = Store("plant")
    store.set_freshness("Pod", Freshness(sync=Sync.LIVE, heard=1.0))
    store.owned_by = lambda uid: [one]  # type: ignore[method-assign,assignment]
    session: Any = SimpleNamespace(store=store, name="plant")
    assert await broken(session, camera(), "app=press") == ((one,) if fails else ())


def test_only_an_ordered_set_that_lacks_pods_is_held_up() -> None:
    assert blocking([pod()], camera(spec={"podManagementPolicy": "Parallel"})) == []
    assert blocking([pod()], camera(spec={"replicas": 2})) == []


@pytest.mark.parametrize(
    ("one", "patience"), [(pod(), 3.0), (pod(f.pod, statuses=[f.waiting("ContainerCreating")]), 60.0)]
)
async def test_a_pod_is_stuck_once_it_has_held_the_set_up_for_a_while(
    one: PodRow, patience: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, asked = [500.0], []

    async def pods(*_: Any) -> list[PodRow]:
        asked.append(now[0])
        return [one]

    monkeypatch.setattr(stuck_pod, "_pods", pods)
    clock = SimpleNamespace(time=lambda: now[0])
    monkeypatch.setattr(stuck_pod, "asyncio", SimpleNamespace(get_running_loop=lambda: clock))
    target = SimpleNamespace(context="plant", files=(), sources=(), name="plant")
    monkeypatch.setattr(stuck_pod.commandline, "edgetui", lambda *_: "edgetui delete-stuck-pod sts/camera")
    stuck = StuckPod(SimpleNamespace(session=SimpleNamespace(name="plant", target=target)), "app=press")  # type: ignore[arg-type]
    assert not await stuck.found(camera())
    assert not await stuck.found(camera())
    assert len(asked) == 1, "it looks once a second"
    now[0] += 1.0
    assert not await stuck.found(camera())
    assert len(asked) == 2
    now[0] = 500.0 + patience - 1.0
    assert not await stuck.found(camera())
    now[0] += 1.0
    assert await stuck.found(camera())
    assert stuck.pod is one
    assert stuck.sentence.startswith(
        f"pod camera-2 ({one.status}) is of an older revision and blocks the rollout (OrderedReady)"
    )
    assert stuck.next_step == "Delete that pod: edgetui delete-stuck-pod sts/camera"
    assert stuck.offer is not None
    assert (stuck.offer.action, stuck.offer.label) == ("delete-stuck-pod", "Delete pod camera-2…")


async def test_a_set_that_went_on_meanwhile_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [500.0]

    asked = []

    async def pods(*_: Any) -> list[PodRow]:
        asked.append(now[0])
        return [pod()]

    monkeypatch.setattr(stuck_pod, "_pods", pods)
    clock = SimpleNamespace(time=lambda: now[0])
    monkeypatch.setattr(stuck_pod, "asyncio", SimpleNamespace(get_running_loop=lambda: clock))
    stuck = StuckPod(SimpleNamespace(session=SimpleNamespace(name="plant")), "app=press")  # type: ignore[arg-type]
    assert not await stuck.found(camera())
    now[0] += HOLD - LOOK_EVERY / 2
    assert not await stuck.found(camera(spec={"replicas": 2}))
    assert asked == [500.0], "a set that lacks nothing has no pods to look at"
    now[0] += LOOK_EVERY
    assert not await stuck.found(camera())

"""When it is looked after a write, and for how long, on virtual time: each number at its bound."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest

from edgetui.actions.change import precondition
from edgetui.actions.change.watch import Observation, Watched, poll, watch
from edgetui.actions.gate.gate import Run
from edgetui.cluster.errors import EdgetuiError, LinkError, OutcomeUnknown
from edgetui.model.cache.freshness import Freshness, Link, LinkState, Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import row_of
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time

from .scripted import Connected, FakeDeployment

REF = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "uid-1", "812")
Said = Callable[[float], str]
"""What a look says after so many seconds: "done", "failed", "final", "lost", or any other word."""


class Looking:
    """A run whose gate sleeps on the clock of the loop. Every look takes `takes` seconds, and is noted in `at`."""

    def __init__(self, says: Said, *, takes: float = 0.0, patient: bool = False) -> None:
        self.gate = SimpleNamespace(sleep=asyncio.sleep, patient=patient)
        self.session = Connected("http://plant")
        self.session.api.get = self._get  # type: ignore[method-assign, assignment]
        self.at: list[float] = []
        self.steps: list[str] = []
        self.found_it = False
        self._says, self._takes = says, takes
        self._began = asyncio.get_running_loop().time()

    @property
    def run(self) -> Run:
        return cast(Run, self)

    def step(self, text: str, state: str) -> None:
        self.steps.append(text)

    async def found(self, text: str) -> None:
        self.found_it = True

    async def rehearse(self, write: Any) -> Any:
        return {}

    async def confirm(self, plan: Any) -> None:
        """It is agreed to."""

    async def write(self, write: Any) -> Any:
        raise OutcomeUnknown("No answer came.")

    async def look(self, *row: Any) -> Observation:
        """What `watch` and `poll` judge by."""
        if not row:
            await self._now()
        said = self._says(self.at[-1])
        if said == "lost":
            raise LinkError("The link is down.")
        return Observation(said == "done", said == "failed", said, final=said == "final")

    async def _now(self) -> None:
        self.at.append(round(asyncio.get_running_loop().time() - self._began, 3))
        await asyncio.sleep(self._takes)

    async def _get(self, path: str, *more: Any) -> Any:
        await self._now()
        said = self._says(self.at[-1])
        if said == "lost":
            raise LinkError("The link is down.")
        there = FakeDeployment().document()
        there["metadata"]["annotations"] = {"said": said}
        return {"kind": "Deployment", "apiVersion": "apps/v1", **there}


def in_time(main: Callable[[], Awaitable[None]]) -> None:
    async def started(loop: VirtualLoop) -> None:
        await main()

    on_virtual_time(started)


GROWING = [0.0, 0.15, 0.375, 0.712, 1.219, 1.978, 3.117, 4.826]
"""Half as long again each time, up to 2 s."""


def word_from(moment: float, word: str, until: float = 1e9) -> Said:
    return lambda now: word if moment <= now < until else "waiting"


def waiting(now: float) -> str:
    return "waiting"


IN_TIME: dict[str, tuple[Said, dict[str, float], list[float], tuple[bool, bool]]] = {
    "never": (waiting, {"wait": 8.0}, [*GROWING, 6.826, 8.0], (False, False)),
    "at once": (word_from(0, "done"), {"wait": 8.0}, [0.0], (True, False)),
    "later": (word_from(1, "done"), {"wait": 8.0}, GROWING[:5], (True, False)),
    "final": (word_from(1, "final"), {"wait": 8.0}, GROWING[:5], (False, False)),
    "held": (word_from(0, "done"), {"wait": 8.0, "hold": 4.5}, GROWING, (True, False)),
    "held from later": (
        word_from(1, "done"),
        {"wait": 20.0, "hold": 4.0},
        [*GROWING, 6.826],
        (True, False),
    ),
    "held anew": (
        lambda now: "waiting" if 3 < now < 4 else "done",
        {"wait": 20.0, "hold": 3.5},
        [*GROWING, 6.826, 8.826],
        (True, False),
    ),
    "not held in time": (word_from(4, "done"), {"wait": 6.0, "hold": 4.0}, [*GROWING, 6.0], (False, False)),
    "lost": (word_from(0, "lost", 3), {"wait": 4.0}, [*GROWING[:7], 4.0], (False, False)),
}
FAILING: dict[str, tuple[Said, dict[str, float], list[float], tuple[bool, bool]]] = {
    "failed for 15 s": (
        word_from(1, "failed"),
        {"wait": 60.0},
        [*GROWING, 6.826, 8.826, 10.826, 12.826, 14.826, 16.826],
        (False, True),
    ),
    "failed for a while": (
        word_from(1, "failed", 3),
        {"wait": 6.0},
        [*GROWING, 6.0],
        (False, False),
    ),
}
"""What only `watch` waits for: a deadline that was passed is taken back where a slow pod gets ready after all."""
By = Callable[[Looking], Callable[..., Awaitable[Watched]]]
BY: dict[str, By] = {
    "watch": lambda looking: lambda **more: watch(looking.run, REF, 5, looking.look, **more),
    "poll": lambda looking: lambda **more: poll(looking.run, looking.look, **more),
}


@pytest.mark.parametrize(
    ("by", "case"), [*((by, name) for by in BY for name in IN_TIME), *(("watch", name) for name in FAILING)]
)
def test_looks_by_request_are_further_and_further_apart(by: str, case: str) -> None:
    says, options, at, (reached, failed) = (IN_TIME | FAILING)[case]

    async def main() -> None:
        looking = Looking(says)
        found = await BY[by](looking)(**options)
        assert (looking.at, found.reached, found.failed) == (at, reached, failed)
        assert found.seconds == pytest.approx(at[-1], abs=0.001)
        assert all(one != other for one, other in pairwise(looking.steps))

    in_time(main)


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize(
    ("takes", "at"), [(0.1, [0.0, 0.3, 0.7, 1.25, 2.025, 3.138]), (1.0, [0.0, 3.0, 6.0, 8.0])]
)
def test_for_two_thirds_of_the_time_a_slow_link_is_left_alone(by: str, takes: float, at: list[float]) -> None:
    async def main() -> None:
        looking = Looking(waiting, takes=takes)
        assert not (await BY[by](looking)(wait=8.0)).reached
        assert looking.at[: len(at)] == at
        assert looking.at[-1] + takes >= 8.0

    in_time(main)


def test_a_live_row_is_looked_at_five_times_a_second() -> None:
    async def main() -> None:
        looking = Looking(waiting)
        store = Store("plant")
        store.set_link(LinkState(link=Link.LIVE))
        store.set_freshness("Deployment", Freshness(sync=Sync.LIVE, heard=1.0))
        store.replace("Deployment", [row_of("Deployment", FakeDeployment().document())])
        looking.session.store = store

        async def judge(row: Any) -> Observation:
            return await looking.look()

        assert not (await watch(looking.run, REF, 5, judge, 1.1)).reached
        assert looking.at == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.1]

    in_time(main)


def intent() -> precondition.Intent:
    async def plan() -> Any:
        async def made(answer: Any, version: str) -> Any:
            return None

        return made

    async def changed() -> Exception:
        raise AssertionError("nobody changes it")

    return precondition.Intent(
        ref=REF,
        generation=5,
        write=lambda version: version,  # type: ignore[arg-type, return-value]
        plan=plan,
        doing="Scaling",
        applied=lambda there: there["metadata"]["annotations"]["said"] == "done",
        changed=changed,
    )


EACH_SECOND = [float(second) for second in range(61)]
LOST = [0.0, 1.5, 3.75, 7.125, 12.188, 19.781, 29.781, 39.781, 49.781, 59.781]
ANSWERS: dict[str, tuple[Said, bool, float | None, list[float], str]] = {
    "arrived": (word_from(2, "done"), False, None, [0.0, 1.0, 2.0], ""),
    "never arrives": (waiting, False, None, EACH_SECOND, "as it was 60 s later"),
    "never, and nobody waits for more": (waiting, False, 100.0, EACH_SECOND, "as it was 60 s later"),
    "not in time": (waiting, False, 5.0, EACH_SECOND[:6], "as it was 5 s later"),
    "not in time, patiently": (waiting, True, 5.0, EACH_SECOND[:6], "as it was 5 s later"),
    "the link stays down": (word_from(0, "lost"), False, None, [*LOST, 60.0], "could not look"),
    "only answers count": (
        word_from(0, "lost", 10),
        True,
        3.0,
        [*LOST[:3], 6.75, 9.75, 12.75, 13.75, 14.75, 15.75],
        "as it was 16 s later",
    ),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_what_became_of_a_write_without_an_answer_is_looked_up(case: str) -> None:
    says, patient, wait, at, said = ANSWERS[case]

    async def main() -> None:
        looking = Looking(says, patient=patient)
        found: EdgetuiError | None = await precondition.carry_out(looking.run, intent(), wait)
        assert (looking.at, looking.found_it) == (at, found is None)
        assert said in str(found or "") and bool(said) == (found is not None)

    in_time(main)

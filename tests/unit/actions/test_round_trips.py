"""How often an action waits for the server, from its command to its receipt. What goes out together counts once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.change.spec import spec_of
from edgetui.cluster.api.client import Api, Review

from .every_action import CASES, Case
from .site import Shell, shell_on

TRIPS = {
    "cordon": 3,
    "out-of-service": 3,
    "in-service": 3,
    "suspend": 3,
    "suspend job": 3,
    "unsuspend": 3,
    "unsuspend job": 3,
    "uncordon": 3,
    "skip-update": 3,
    "suspend-update": 3,
    "resume-update": 3,
    "delete pump": 5,
    "edit": 5,
    "edit pump": 5,
    "scale": 4,
    "scale pump": 5,
    "scale-to-zero": 4,
    "restore": 5,
    "set-hpa": 4,
    "rollout-pause": 3,
    "rollout-resume": 3,
    "rollout-undo": 5,
    "owner-pause": 4,
    "owner-resume": 4,
    "keda-pause": 4,
    "keda-resume": 4,
    "resize": 4,
    "pause": 4,
    "resume": 4,
    "restart": 4,
    "image": 4,
    "rollback": 5,
    "cancel": 5,
    "delete-stuck-pod": 6,
    "rollback sts": 5,
    "cancel sts": 5,
    "restart sts": 4,
    "image sts": 4,
    "rollback ds": 5,
    "cancel ds": 5,
    "restart ds": 4,
    "image ds": 4,
}
"""Look, what follows from it, dry run (with what only explains), write, one look at the outcome.

A pump is found in the API's own lists first; a stuck pod is looked for, and looked at again before it is deleted.
"""


TOGETHER = 20
"""Turns of the loop that a request waits before it goes out, so that all that go out together are out first."""


class Trips:
    """Counts them: a request that is asked for after an answer has come is of the next trip."""

    def __init__(self) -> None:
        self.answered = self.most = self.requests = 0

    def counting(self, send: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """The same way to send, counted."""

        async def sent(*args: Any, **more: Any) -> Any:
            trip = self.answered + 1
            self.requests += 1
            self.most = max(self.most, trip)
            for _ in range(TOGETHER):
                await asyncio.sleep(0)
            try:
                return await send(*args, **more)
            finally:
                self.answered = max(self.answered, trip)

        return sent


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> Trips:
    counted = Trips()
    monkeypatch.setattr(Api, "_read", counted.counting(Api._read))
    monkeypatch.setattr(Api, "write", counted.counting(Api.write))
    return counted


@pytest.fixture
def shell(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    with shell_on(case.site(), tmp_path, monkeypatch, capsys) as found:
        yield found


@pytest.mark.parametrize(("case", "most"), [(CASES[name], TRIPS.get(name, 4)) for name in CASES], ids=CASES)
def test_an_action_waits_for_no_more_answers_than_it_needs(
    case: Case, most: int, shell: Shell, trips: Trips
) -> None:
    told = shell.run(*case.words, "--yes")
    assert told.code == 0, told.err
    assert trips.most == most


ONE_WRITE = [
    name
    for name, case in CASES.items()
    if (spec := spec_of(case.action)).procedure is None and spec.types is None
]
"""What is typed in an editor is asked about before somebody types."""


@pytest.mark.parametrize("case", [CASES[name] for name in ONE_WRITE], ids=ONE_WRITE)
def test_an_action_of_one_write_asks_for_no_rights_that_its_dry_run_proves(
    case: Case, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    review = Api.review

    async def counted(api: Api, kind: Review, *args: Any, **more: Any) -> Any:
        asked.append(kind)
        return await review(api, kind, *args, **more)

    monkeypatch.setattr(Api, "review", counted)
    assert shell.run(*case.words, "--yes").code == 0
    assert not asked


@pytest.mark.parametrize("case", [CASES["scale"]], ids=["scale"])
def test_a_number_that_is_there_already_costs_one_trip_and_reads_only_the_scale(
    case: Case, shell: Shell, trips: Trips
) -> None:
    assert shell.run(*case.same, "--yes").code == 0
    assert trips.most == 1
    assert shell.site.paths == [f"{case.path}/scale"]

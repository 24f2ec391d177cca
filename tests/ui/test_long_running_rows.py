"""What the row of something that an action left running says of itself, for each action that leaves something."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.change.long_running import Ended
from edgetui.actions.messages import Receipt
from edgetui.cluster.errors import LinkError
from edgetui.ui.background.job import Badge
from edgetui.ui.background.long_running import LongRunningJob
from edgetui.ui.dialogs.progress import Progress

from .noting import Noting
from .test_dialogs import REF

ONCE = next(one for one in ACTIONS.values() if one.only_once and one.key)
MANY = next(one for one in ACTIONS.values() if not one.only_once)


class Row:
    """One of them in a list that only notes."""

    def __init__(self, action: str, end: Any = None) -> None:
        self.noted: list[Any] = []

        async def run() -> Ended:
            if isinstance(end, Exception):
                raise end
            return end  # type: ignore[no-any-return]

        app = Noting(self.noted, monotonic=lambda: 50.0, key_of=lambda name, key: f"<{name}>" if key else "")
        jobs: Any = Noting(self.noted, app=app)
        self.progress = Progress("Guard press", lambda: 50.0)
        work: Any = Noting(
            self.noted, title="Guard of press", ref=REF, says="watching", badge="press 1m", urgent=True,
            at_exit="It ends.", run=run,
        )  # fmt: skip
        self.job = LongRunningJob(jobs, action, work, self.progress)


@pytest.mark.parametrize("action", [ONCE, MANY], ids=lambda one: one.id)
def test_what_a_row_says(action: Any) -> None:
    row = Row(action.id)
    job, word = row.job, action.label.upper()
    assert (job.title, job.began, job.about) == ("Guard of press on plant", 50.0, frozenset({REF.key}))
    assert (job.says, job.badge, job.urgent) == ("watching", Badge(word, f"{word}S", "press 1m"), True)
    ends = f"<{action.id}> cancels it" if action.only_once else "<running> lists it"
    assert job.note == f"{action.label}, {ends}: watching"
    assert (job.stops, job.at_exit) == (f"Cancel the {action.label}", "It ends.")
    for other in (ONCE.id, MANY.id):
        same = action.only_once and other == action.id
        assert (job.toggled_by(other), job.stands_for(other)) == (same, same)
    job.attend()
    job.cancel()
    assert row.noted == [("ask_to_cancel", job), ("cancel",)]


RECEIPT = Receipt("rollback", "plant", REF, True, ("It is back.",))


@pytest.mark.parametrize(
    ("end", "said", "well"),
    [
        (Ended("It is complete.", good=True), "It is complete.", True),
        (Ended("It failed.", good=False), "It failed.", False),
        (Ended("Rolled back.", receipt=RECEIPT), "It is back.", True),
        (LinkError("The link is gone.", "Wait."), "The link is gone.", False),
        pytest.param(
            KeyError("token=abc"), "Something unexpected happened (KeyError)", False, marks=pytest.mark.defect
        ),
    ],
)
async def test_its_end_is_shown_later(end: Any, said: str, well: bool) -> None:
    row = Row(ONCE.id, end)
    await row.job.run()
    assert row.noted == [("remove", row.job), ("show_later", row.progress)]
    assert (row.progress.said[: len(said)], row.progress.went_well) == (said, well)
    told = "Guard of press has ended. What it wrote is in the audit record."
    lines = ["".join(span.text for span in one).strip() for one in row.progress.lines()]
    assert (told in lines) == isinstance(end, KeyError)


async def test_what_a_person_cancelled_is_said_at_once() -> None:
    row = Row(ONCE.id, Ended("The guard was cancelled.", cancelled=True))
    await row.job.run()
    assert row.noted == [("flash", "The guard was cancelled."), ("remove", row.job)]
    assert not row.progress.ended
    assert row.job._receipt(Ended("x", good=True)) == Receipt(ONCE.id, "plant", REF, True, ("x",))

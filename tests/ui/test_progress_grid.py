"""What a plan, its progress and its end look like, for each part that they may have or lack.

`pytest tests/ui/test_progress_grid.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

from itertools import product

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.messages import Offer, Plan, Receipt, Refusal, Step
from edgetui.cluster.errors import EdgetuiError, LinkError
from edgetui.ui.dialogs.confirm import plan_lines
from edgetui.ui.dialogs.progress import SLOW, Progress

from .driving import Clock
from .test_dialogs import PLAN, REF
from .test_text_grids import page

COMMAND = "edgetui rollback deploy/press"
OFFER = Offer("rollback", "Roll back", COMMAND)
DIFF = ("@ spec", "- replicas: 3", "+ replicas: 6", "  paused: false")
STEPS = [
    Step("The server would accept it", "done"),
    Step("Looking who owns it", "info"),
    Step("Setting deployment press", "doing"),
]


@pytest.mark.parametrize("part", ["nothing", "facts", "diff", "warnings", "writes", "all"])
def test_a_plan(part: str, snapshot: SnapshotAssertion) -> None:
    parts = {
        "facts": (("now", "3 replicas"), ("a longer label", "6 replicas")),
        "diff": DIFF,
        "warnings": ("It is protected.", "Nobody watches it."),
        "writes": ("PATCH /apis/apps/v1/press", "PATCH again"),
    }
    given = parts if part == "all" else {part: parts[part]} if part in parts else {}
    assert page(plan_lines(Plan("scale", "plant", REF, "Scale press to 6", **given))) == snapshot
    assert page(plan_lines(replace(PLAN, unproven="x"))) == page(plan_lines(PLAN))


def ends() -> dict[str, Receipt | EdgetuiError | None]:
    """Every sort of end."""
    found: dict[str, Receipt | EdgetuiError | None] = {"none yet": None}
    for ok, pending, offer, lines in product(
        (False, True), (False, True), (None, OFFER), ((), ("6 of 6 ready.",), ("stuck", COMMAND))
    ):
        name = f"{'ok ' * ok}{'pending ' * pending}{'offer ' * bool(offer)}{len(lines)}"
        found[name] = Receipt("scale", "plant", REF, ok, lines, {}, pending, offer)
    found["a lost link"] = LinkError("The link is down.", "Wait.")
    found["a failure"] = EdgetuiError("It failed.")
    for diff, offered, paste in product(((), DIFF), (None, OFFER), ((), ("kind: Role", "rules: []"))):
        found[f"refused {len(diff)} {bool(offered)} {len(paste)}"] = Refusal(
            "Not now.", COMMAND if offered else "Look.", diff, offered, paste
        )
    return found


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_progress_and_its_end(steps: int, snapshot: SnapshotAssertion) -> None:
    found = []
    for name, end in ends().items():
        clock, told = Clock(), list[str]()
        progress = Progress("Scale press to 6", clock.monotonic)
        progress.changed = lambda told=told, progress=progress: told.append(progress.now)
        for step in STEPS[:steps]:
            clock.advance(9)
            progress.step(step)
        if isinstance(end, Receipt):
            progress.finish(end)
        elif end is not None:
            progress.fail(end, REF)
        assert len(told) == steps + (end is not None)
        assert progress.ended == (end is not None)
        assert progress.target == (REF if isinstance(end, Receipt | Refusal) else None)
        found.append(
            f"-- {name}: now {progress.now!r}, said {progress.said!r}, well {progress.went_well}, "
            f"offers {progress.offer.label if progress.offer else None}\n{page(progress.lines())}"
        )
    assert "\n".join(found) == snapshot


def test_a_step_takes_the_place_of_the_one_that_runs_and_a_slow_one_says_how_long() -> None:
    clock = Clock()
    progress = Progress("Scale", clock.monotonic)
    progress.step(Step("Setting it", "doing"))
    for passed, said in ((0.0, ""), (SLOW - 0.01, ""), (SLOW, "  2 s"), (61.4, "  61 s")):
        clock.run = 1000.0 + passed
        assert page(progress.lines()[2:]) == f"<note>..  </>Setting it{said}"
    progress.step(Step("Set", "done"))
    assert page(progress.lines()[2:]) == "<ok>ok  </>Set"
    clock.advance(60)
    assert page(progress.lines()[2:]) == "<ok>ok  </>Set"
    progress.step(Step("Waiting", "doing"))
    clock.advance(3)
    assert page(progress.lines()[2:]) == "<ok>ok  </>Set\n<note>..  </>Waiting  3 s"

"""Scale to 0 and back: a workload goes to no replicas, and comes back at the number it had (see `before_zero`)."""

from __future__ import annotations

from msgspec.structs import replace

from edgetui.actions.change.ending import Ending
from edgetui.actions.change.precondition import in_words
from edgetui.actions.change.spec import Aim, Argument, Given, Spec, whole_number
from edgetui.actions.gate.gate import Run
from edgetui.actions.messages import Refusal
from edgetui.actions.scaling import scale
from edgetui.actions.scaling.before_zero import recall
from edgetui.actions.scaling.scale import ScaleAnswer
from edgetui.actions.scaling.scale_view import ScaleView, explain, read_scale


async def read_parked(aim: Aim) -> ScaleView:
    """The numbers, and at 0 the one that it had."""
    view = await read_scale(aim)
    if view.desired or aim.log is None:
        return view
    before = await recall(aim.log, aim.session, view.ref)
    return replace(view, before=before.replicas, before_said=before.said, before_at=before.at)


def restored(view: ScaleView, given: Given) -> ScaleAnswer:
    """The number that was asked for, else the one it had. Raises Refusal when nobody knows it."""
    words, asked = in_words(view.ref.key), given.get("replicas")
    if view.desired and view.desired != asked:
        raise Refusal(f"{words} is not at 0: it is at {view.desired}.", "Scale it to change that.")
    replicas = asked or view.before
    if not replicas:
        raise Refusal(f"Nobody here remembers how many replicas {words} had.", "Say how many.")
    return ScaleAnswer(replicas)


async def _emptied(run: Run, view: ScaleView, answer: ScaleAnswer, wait: float | None) -> Ending:
    ending = await scale.outcome(run, view, answer, wait)
    return replace(ending, lines=(*ending.lines, f"Restore brings it back to {view.desired}."))


TO_ZERO: Spec[ScaleView, ScaleAnswer] = Spec(
    read=read_scale,
    explain=explain,
    answer=lambda view, given: ScaleAnswer(0),
    title=lambda view, answer: f"Scale {in_words(view.ref.key)} to 0",
    change=scale.change,
    outcome=_emptied,
    example="for example deploy/press or sts/camera",
)
RESTORE: Spec[ScaleView, ScaleAnswer] = Spec(
    read=read_parked,
    explain=explain,
    answer=restored,
    title=lambda view, answer: f"Scale {in_words(view.ref.key)} back to {answer.replicas}",
    change=scale.change,
    outcome=scale.outcome,
    arguments=(
        Argument(
            "replicas",
            "how many; default: as edgetui remembers it",
            "N",
            ("--replicas",),
            read=whole_number,
        ),
    ),
    lists=lambda view, given: [f"{view.before} replicas, {view.before_said}."] if view.before_said else [],
    example="for example deploy/press or sts/camera",
)

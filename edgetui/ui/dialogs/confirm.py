"""The last question before a write: cluster, object, what changes, what to expect. Cancel has the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.messages import Plan
from edgetui.ui.dialogs.question import AskScreen
from edgetui.ui.spans import Span, Spans, line

_DIFF_ROLES = {"+": "add", "-": "remove", "@": "quiet"}


class ConfirmScreen(AskScreen):
    """True only when the person moved to the other answer and pressed Enter."""

    def __init__(self, plan: Plan) -> None:
        yes = plan.yes or ACTIONS[plan.action].heading
        super().__init__(plan_lines(plan), plan.no, f"{yes} on {plan.cluster}")


def plan_lines(plan: Plan) -> list[Spans]:
    """A plan as lines: title, warnings, facts, differences, writes."""
    out: list[Spans] = [line(Span(plan.title, "title")), line()]
    for warning in plan.warnings:
        out.append(line(Span(f"! {warning}", "warn")))
    if plan.warnings:
        out.append(line())
    label = max((len(name) for name, _ in plan.facts), default=0) + 2
    out += [line(Span(f"{name:<{label}}", "quiet"), value) for name, value in plan.facts]
    if plan.diff:
        out += [line(), line(Span("what changes", "title")), *diff_lines(plan.diff)]
    if plan.writes:
        out += [line(), line(Span("requests", "title"))]
        out += [line(f"  {number}. {write}") for number, write in enumerate(plan.writes, 1)]
    return out


def diff_lines(diff: Sequence[str]) -> list[Spans]:
    """Lines that start with + or - in the role that says so."""
    return [line(Span(f"  {text}", _DIFF_ROLES.get(text[:1], "row"))) for text in diff]

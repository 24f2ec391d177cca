"""Guard: the action. What it asks is how long a release must fail, and how long a complete one is watched on."""

from __future__ import annotations

from typing import cast

from edgetui.actions.change.form import Leads
from edgetui.actions.change.long_running import Listener
from edgetui.actions.change.spec import Aim, Argument, Given, Spec
from edgetui.actions.gate.gate import Gate
from edgetui.actions.guard.guard import Guard, Watched
from edgetui.actions.guard.plan import plan_of, read_guard
from edgetui.actions.guard.view import GuardView
from edgetui.actions.messages import Refusal
from edgetui.model.kinds.node import NODE
from edgetui.model.rollout.guard import Terms, hasty, wrong
from edgetui.model.text import duration, seconds_of


def seconds(text: str) -> float:
    """Seconds of "90", "90s", "5m", "1h30m", at least one."""
    span = seconds_of(text)
    if span is None or span < 1:
        raise ValueError(f"“{text}” is not a span of time such as 90s, 5m or 1h30m")
    return span


def leads(view: GuardView, given: Given) -> Leads:
    """What the terms that are typed in a form mean."""
    patience = given["patience"]
    return Leads([*filter(None, [hasty(patience)])], wrong=wrong(patience))


async def starts(gate: Gate, aim: Aim, view: GuardView, terms: Terms, listener: Listener) -> Guard:
    """An agreed guard: one for the present release on the screen or with --once, else one that goes on."""
    session = cast(Watched, aim.session)
    keep = not (aim.on_screen or aim.given.get("once"))
    guard = Guard(session, gate, view, terms, listener, keep=keep, patient=aim.on_screen)
    await guard.agree(plan_of(session, view, terms, on_screen=aim.on_screen))
    return guard


async def _read(aim: Aim) -> GuardView:
    assert aim.log is not None
    return await read_guard(aim.session, aim.ref, aim.log)


def _terms(view: GuardView, given: Given) -> Terms:
    undo = bool(given.get("undo"))
    if undo and not view.argo:
        raise Refusal(
            f"--undo is for an Argo Rollout: a guard of {view.words} puts its template back anyway.",
            "Start it without --undo.",
        )
    if undo and view.template_of:
        raise Refusal(
            f"The template of {view.words} is that of {view.template_of} (workloadRef): a guard can abort its update, "
            "but put no template back.",
            "Start it without --undo.",
        )
    return Terms(given["patience"], given["after"], undo)


def _fields(view: GuardView) -> Given:
    asked = {"patience": duration(_USUAL.patience), "after": duration(_USUAL.after)}
    return {**asked, "undo": False} if view.argo and not view.template_of else asked


_USUAL = Terms()

SPEC = Spec(
    read=_read,
    reads="the revisions of {object}",
    answer=_terms,
    title=lambda view, terms: f"Guard {view.words}",
    starts=starts,
    watches=(NODE,),
    leads=leads,
    arguments=(
        Argument(
            "patience",
            "how long its new pods must fail before it is rolled back, as 90s or 5m (2m)",
            "T",
            flags=("--for",),
            label="failure window",
            read=seconds,
            default=_USUAL.patience,
        ),
        Argument(
            "after",
            "how long a complete release is watched on (10m)",
            "T",
            flags=("--after",),
            label="observe after success",
            read=seconds,
            default=_USUAL.after,
        ),
        Argument(
            "undo",
            "put the last good template of an Argo Rollout back, instead of aborting its update",
            flags=("--undo",),
            switch=True,
            default=False,
            label="template back",
        ),
        Argument(
            "once",
            "end when the present release is good or was rolled back",
            flags=("--once",),
            switch=True,
            default=False,
        ),
    ),
    fields=_fields,
    exits="0 stopped, or with --once: the release is good; 1 refused, failed, the object is gone, or with --once: its "
    "controller aborted it; 2 wrong usage or no usable cluster; 3 with --once: rolled back",
)

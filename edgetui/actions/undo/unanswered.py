"""A write of an earlier start that got no answer: looked for on the cluster, recorded, said, and never sent again."""

from __future__ import annotations

from edgetui.actions.change.precondition import read
from edgetui.actions.change.spec import Aim, State, spec_of, way_back
from edgetui.actions.gate.gate import Gate
from edgetui.actions.gate.open_runs import OpenRun
from edgetui.actions.messages import Refusal
from edgetui.actions.session import Session

_FOUND = {
    State.LEFT: ("arrived", "it is on the cluster."),
    State.BEFORE: ("not arrived", "nothing was written."),
    State.OTHER: (
        "replaced",
        "the object has been changed since, so whether the write arrived cannot be told.",
    ),
}


async def look_up(gate: Gate, session: Session, run: OpenRun) -> str:
    """What became of its write, as a sentence, which stands in the record too; empty where the record is not complete.

    Raises EdgetuiError where the cluster cannot be asked.
    """
    done = run.done
    try:
        there = await read(session, run.ref)
        aim = Aim(done.action, session, run.ref, gate.audit)
        result, said = _FOUND[(await way_back(spec_of(done.action), aim, there, done)).state]
    except Refusal as gone:
        result, said = "replaced", gone.sentence
    except (KeyError, TypeError, ValueError):
        return ""
    said = f"No answer came to “{done.words}” ({done.when}): {said}"
    await gate.found_later(
        session, done.action, run.ref, done.run, result=result, message=said, words=done.words
    )
    return said

"""Which revisions are known to have worked, by what edgetui's own record says of earlier roll-backs."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.actions.rollout.revisions import experience
from edgetui.model.rollout.revision import Revision, judged, last_known_good

Record = dict[str, Any]


def went(
    run: str,
    old: str,
    number: int,
    new: str,
    ended: str = "reached",
    action: str = "rollback",
    proven: bool = True,
) -> list[Record]:
    """The records of one roll-back."""
    about = {"run": run, "action": action}
    before, after = {"name": old, "revision": number}, {"name": new}
    return [
        {**about, "event": "intent", "before": before, "after": after},
        {**about, "event": "result", "result": "refused" if ended == "refused" else "done"},
        {**about, "event": "outcome", "result": ended, "data": {"proven": proven}},
    ]


def undone(run: str, of: str) -> list[Record]:
    about = {"run": run, "action": "undo"}
    return [
        {**about, "event": "intent", "before": {}, "after": {"undoes": of}},
        {**about, "event": "result", "result": "done"},
    ]


def revision(name: str, number: int, *, serving: int = 0, current: bool = False) -> Revision:
    return Revision(
        number=number,
        name=name,
        uid=name,
        images=(f"press:{name}",),
        cause="",
        created=0,
        current=current,
        known_good=serving > 0,
        available=serving,
        replicas=serving,
        template={},
        annotations={},
    )


AWAY = went("r1", "bad", 4, "good")


@pytest.mark.parametrize(
    ("records", "worked", "withdrawn"),
    [
        ([], set(), {}),
        (AWAY, {"good"}, {"bad": 4}),
        (went("r1", "bad", 4, "good", "pending"), set(), {"bad": 4}),
        (went("r1", "bad", 4, "good", "failed"), set(), {"bad": 4}),
        (went("r1", "bad", 4, "good", proven=False), set(), {"bad": 4}),
        (went("r1", "bad", 4, "good", "refused"), set(), {}),
        (went("r1", "bad", 4, "good", action="cancel"), {"good"}, {"bad": 4}),
        ([*AWAY, *undone("u1", "r1")], set(), {}),
        ([*AWAY, *went("r2", "good", 5, "older")], {"older"}, {"bad": 4, "good": 5}),
        ([*AWAY, *went("r2", "good", 5, "bad")], {"bad"}, {"good": 5}),
    ],
)
def test_a_rollback_says_what_worked_and_what_did_not_and_the_last_word_counts(
    records: list[Record], worked: set[str], withdrawn: dict[str, int]
) -> None:
    assert experience(records) == (frozenset(worked), withdrawn)


def test_the_same_command_twice_never_goes_back_to_the_bad_one() -> None:
    after = [revision("good", 5, serving=3, current=True), revision("bad", 4), revision("older", 3)]
    assert last_known_good(judged(after, *experience(AWAY))) is None


def test_pods_of_the_bad_one_that_still_serve_make_it_no_better() -> None:
    half_way = [revision("good", 5, current=True), revision("bad", 4, serving=2)]
    (_, bad) = judged(half_way, *experience(AWAY))
    assert (bad.known_good, bad.withdrawn) == (False, True)


def test_a_revision_that_was_rolled_out_again_since_has_a_new_number_and_a_new_chance() -> None:
    again = [revision("newer", 7, current=True), revision("bad", 6, serving=3), revision("good", 5)]
    good = last_known_good(judged(again, *experience(AWAY)))
    assert good is not None
    assert good.name == "bad"


def test_a_revision_that_a_rollback_reached_is_known_to_have_worked_when_nothing_serves() -> None:
    later = [revision("newer", 6, current=True), revision("good", 5), revision("bad", 4)]
    good = last_known_good(judged(later, *experience(AWAY)))
    assert good is not None
    assert good.name == "good"


def test_a_revision_some_of_whose_pods_fail_comes_after_one_that_serves_whole() -> None:
    half = revision("half", 6, serving=2)
    (half,) = (Revision(**{name: getattr(half, name) for name in half.__struct_fields__} | {"replicas": 3}),)
    whole = revision("whole", 2, serving=1)
    assert last_known_good([revision("now", 7, current=True), half, whole]) == whole

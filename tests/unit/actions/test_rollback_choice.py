"""Which revision a roll-back goes to, and how the others are told."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.actions.messages import Refusal
from edgetui.actions.rollout.rollback import RollbackView, _chosen, _listed
from edgetui.model.identity import ObjectKey, ObjectRef

from .test_revisions import revision

REF = ObjectRef(ObjectKey("plant", "Deployment", "default", "press"), "uid-1", "812")
NOW = revision("c", 3, current=True)
GOOD = replace(revision("b", 2, serving=2), cause="belt changed")
BAD = replace(revision("a", 1), withdrawn="2026")


def view(suggested: Any = None) -> RollbackView:
    return RollbackView(
        REF, 9, (NOW, GOOD, BAD), NOW, suggested, "", (), "", {}, command="edgetui rollback deploy/press"
    )


def test_the_one_that_is_known_to_have_worked_is_taken_unless_another_is_named() -> None:
    assert _chosen(view(GOOD), {}) == GOOD
    assert _chosen(view(GOOD), {"to_revision": 1}) == BAD
    with pytest.raises(Refusal) as refused:
        _chosen(view(GOOD), {"to_revision": 7})
    assert str(refused.value) == "Deployment press has no revision 7. It has 3, 2, 1; name one of them."


def test_without_a_good_one_none_is_taken_and_all_others_are_named() -> None:
    with pytest.raises(Refusal) as refused:
        _chosen(view(), {})
    assert str(refused.value) == (
        "No other revision of deployment press is known to have worked, so none is taken: nothing was changed. "
        "Roll back to one that you choose, of 2 (press:b), 1 (press:a; edgetui has rolled back from it): "
        "edgetui rollback deploy/press R"
    )


@pytest.mark.parametrize(("given", "mark"), [({}, 1), ({"to_revision": 1}, 2), ({"to_revision": 3}, 0)])
def test_the_list_has_a_mark_at_the_one_that_is_meant(given: dict[str, int], mark: int) -> None:
    lines = _listed(view(GOOD), given)
    assert [line[2:] for line in lines] == [
        "revision 3    press:c  now",
        "revision 2    press:b  worked  belt changed",
        "revision 1    press:a  withdrawn",
    ]
    assert [line[:2] for line in lines] == ["> " if at == mark else "  " for at in range(3)]


def test_a_warning_says_that_nobody_knows_whether_it_worked() -> None:
    assert view().warnings(GOOD) == ()
    assert view().warnings(BAD) == (
        "Revision 1 is not known to have worked. edgetui has rolled back from it.",
    )
    assert view().warnings(NOW) == ("Revision 3 is not known to have worked.",)

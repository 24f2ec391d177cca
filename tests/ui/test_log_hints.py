"""The keys of a log by what it shows, and which pod it is about when another takes its name."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.ui.screens.logs import LogScreen


def screen(**more: Any) -> Any:
    """What the hints are made from: a log of one container that is followed."""
    tail = SimpleNamespace(previous=more.pop("previous", False), containers=more.pop("containers", ("a",)))
    view = SimpleNamespace(following=True, stamped=False, wrapped=False)
    for name in ("following", "stamped", "wrapped"):
        setattr(view, name, more.pop(name, getattr(view, name)))
    known = {"tail": tail, "view": view, "_found": None, "_first_instance": False, "_pods": ["p"]}
    return SimpleNamespace(**{**known, **more})


def hints(**more: Any) -> dict[str, str]:
    return {one.key: one.label for one in LogScreen._hints(screen(**more))}


@pytest.mark.parametrize(
    ("state", "key", "label"),
    [
        ({}, "p", "previous"),
        ({"previous": True}, "p", "present"),
        ({"tail": None}, "p", None),
        ({}, "f", None),
        ({"following": False}, "f", "follow"),
        ({}, "n N", None),
        ({"_found": object()}, "n N", "next, before"),
        ({}, "c", None),
        ({"containers": ("a", "b")}, "c", "container"),
        ({}, "tab", None),
        ({"_pods": ["p", "q"]}, "tab", "next pod"),
        ({}, "i", "times"),
        ({"stamped": True}, "i", "no times"),
        ({}, "w", "wrap"),
        ({"wrapped": True}, "w", "cut"),
    ],
)
def test_the_keys_that_do_something_now(state: dict[str, Any], key: str, label: str | None) -> None:
    assert hints(**state).get(key) == label


@pytest.mark.parametrize(
    ("first", "previous", "off"), [(True, False, True), (False, False, False), (True, True, False)]
)
def test_a_container_that_never_ran_before_has_no_previous_log(
    first: bool, previous: bool, off: bool
) -> None:
    made = LogScreen._hints(screen(_first_instance=first, previous=previous))
    (hint,) = (one for one in made if one.key == "p")
    assert bool(hint.off) == off


@pytest.mark.parametrize(
    ("seen", "anew"),
    [
        (["a"], False),
        (["a", "a"], False),
        (["a", ""], False),
        (["a", "", "a"], False),
        (["a", "b"], True),
        (["a", "", "b"], True),
        (["", "b"], False),
    ],
)
def test_another_pod_of_the_same_name_is_told_from_one_that_is_not_heard_of(
    seen: list[str], anew: bool
) -> None:
    log: Any = SimpleNamespace(
        _pod_uid="", _pod_since=0.0, app=SimpleNamespace(monotonic=lambda: 7.0), _row=None
    )
    for uid in seen:
        log._row = SimpleNamespace(uid=uid) if uid else None
        LogScreen._note_pod(log)
    assert log._pod_since == (7.0 if anew else 0.0)

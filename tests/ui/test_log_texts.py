"""What the screen of a log says around its lines, over all that it is made of.

`pytest tests/ui/test_log_texts.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.api.logs import Hearing, LogState
from edgetui.model.identity import ObjectKey
from edgetui.model.pod.diagnosis import Diagnosis
from edgetui.model.view.log_targets import End
from edgetui.ui.spans import line
from edgetui.ui.text import logs
from tests.unit.model.factories import NOW

from .test_text_grids import marked, page

POD = ObjectKey("plant", "Pod", "line-2", "press-1")
PRESS = ObjectKey("plant", "Deployment", "line-2", "press")
ENDED = End(137, "OOMKilled", int(NOW) - 90)
BEFORE = End(1, "Error", int(NOW) - 400)


class Kept(list[str]):
    """The lines of a log; `first` of them were dropped."""

    first = 0


def tail(state: LogState | None = None, **more: Any) -> Any:
    usual = {"container": "app", "previous": False, "over": False, "buffer": Kept(), "current": None}
    return SimpleNamespace(state=state or LogState(), **usual | more)


def container(*, init: bool = False, before: End | None = None) -> Any:
    return SimpleNamespace(init=init, before=before)


TAILS = {
    "none": None,
    "unnamed": tail(container=""),
    "app": tail(),
    "app, told": tail(current=container()),
    "init": tail(container="setup", current=container(init=True)),
    "before": tail(previous=True, current=container()),
}


def test_a_title_says_less_where_it_has_no_room(snapshot: SnapshotAssertion) -> None:
    found = []
    for key, pod, pods in (
        (POD, "press-1", ("press-1",)),
        (PRESS, "press-2", ("press-1", "press-2", "press-3")),
        (PRESS, "gone", ("press-1",)),
        (PRESS, "", ()),
    ):
        for (name, one), anew in product(TAILS.items(), ("", "another pod")):
            whole = marked(logs.title(key, pod, pods, one, 200, anew))
            short = marked(logs.title(key, pod, pods, one, 20, anew))
            found += [f"{key.kind} {pod} {name} {anew}: {whole}", f"  {short}"]
    assert "\n".join(found) == snapshot


def test_a_title_that_just_fits_is_whole() -> None:
    one = TAILS["init"]
    whole = logs.title(POD, "press-1", ("press-1",), one, 200)
    width = sum(len(span.text) for span in whole)
    assert logs.title(POD, "press-1", ("press-1",), one, width) == whole
    assert logs.title(POD, "press-1", ("press-1",), one, width - 1) != whole


def states() -> list[LogState]:
    return [
        LogState(hearing, sentence, "Look at it." if sentence else "", end)
        for hearing, sentence, end in product(Hearing, ("", "The link is down."), (None, ENDED))
    ]


def test_what_is_the_matter_stands_in_order_and_in_place_of_lines(snapshot: SnapshotAssertion) -> None:
    found = []
    trouble = Diagnosis("crash", "crashes", "It crashes.", hard=True)
    for state, over, previous, kept in product(states(), (False, True), (False, True), (0, 3)):
        one = tail(state, over=over, previous=previous, buffer=Kept(["x"] * kept))
        said = logs.sentences(POD, "press-1", one, "", NOW)
        linked = logs.sentences(POD, "press-1", one, "no link", NOW)
        found.append(
            f"{state.hearing.value} over {over:d} previous {previous:d} kept {kept}: {page(said)!r} {len(linked)}"
        )
        if not kept:
            found.append(f"  {page(logs.notice(said, one, trouble, NOW))!r}")
    assert "\n".join(found) == snapshot


def test_where_there_is_no_log_it_is_said_why() -> None:
    assert page(logs.sentences(PRESS, "", tail(), "x", NOW)) == "no pods of deployment press are known"
    assert page(logs.sentences(POD, "press-1", None, "x", NOW)) == "plant is not connected"
    assert page(logs.sentences(POD, "press-1", tail(), "", NOW)) == "waiting for the first line"
    assert page(logs.sentences(POD, "press-1", tail(), "no link", NOW)) == "no link"
    assert logs.notice([line("said")], None, None, NOW) == [line(), line("said")]


@pytest.mark.parametrize("hard", [True, False])
@pytest.mark.parametrize("hearing", Hearing)
def test_the_trouble_of_the_pod_stands_there_unless_the_log_is_live(hard: bool, hearing: Hearing) -> None:
    trouble = Diagnosis("crash", "crashes", "It crashes.", hard=hard)
    one = tail(LogState(hearing))
    lines = page(logs.notice([], one, trouble, NOW)).split("\n")
    told = f"<{'bad' if hard else 'warn'}>It crashes.</>"
    assert lines == ["", *([] if hearing is Hearing.LIVE else [told])]


def test_the_log_of_the_instance_before_is_offered_where_there_is_one() -> None:
    offer = f"The previous container instance {BEFORE.words(NOW)}: p shows its log."
    for current, previous, offered in (
        (None, False, False),
        (container(), False, False),
        (container(before=BEFORE), True, False),
        (container(before=BEFORE), False, True),
    ):
        one = tail(LogState(Hearing.WAITING, next_step="Wait."), current=current, previous=previous)
        assert page(logs.notice([], one, None, NOW)) == "\n".join(
            ["", "Wait.", *([offer] if offered else [])]
        )


def test_the_line_below_says_what_follows_was_found_and_was_dropped(snapshot: SnapshotAssertion) -> None:
    found = []
    searches: list[Any] = [
        None,
        SimpleNamespace(words="hit", found=[]),
        SimpleNamespace(words="hit", found=[3, 9, 1200]),
    ]
    for following, new, live, first, said in product(
        (True, False), (0, 1), (True, False), (0, 1234), ((), (line("no link"), line("second")))
    ):
        buffer = Kept(["x"])
        buffer.first = first
        one = tail(LogState(Hearing.LIVE if live else Hearing.CUT))
        for search, current in product(searches, (None, 9)):
            view: Any = SimpleNamespace(following=following, new_below=new, buffer=buffer, current=current)
            made = logs.state_line(said, view, one, search, 70)
            found.append(f"{marked(made)}|")
    assert "\n".join(dict.fromkeys(found)) == snapshot
    empty: Any = SimpleNamespace(following=True, new_below=0, buffer=Kept(), current=None)
    assert logs.state_line([line("no link")], empty, tail(LogState(Hearing.LIVE)), None, 70) == ()
    assert logs.state_line([], empty, None, None, 70) == ()

"""Every pair of phase and input: where it leads, what it asks for, what it shows. A pair left out changes nothing
but times, reasons and the knowledge of the link."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edgetui.cluster.watch.reflector import RULES, IllegalMove, step
from edgetui.cluster.watch.reflector import states as r
from tests.unit.cluster.reflector_samples import INPUTS, NOW, Fixed, sample

# input | next phase | effects | freshness, if it changes
EXPECTED = {
    "idle": """
        Shown | waiting | - | never
    """,
    "waiting": """
        CredentialsChanged | - | Close | -
        LinkUp | resuming | OpenWatch | -
        LinkUp late | resuming | OpenWatch | -
    """,
    "streaming": """
        Changes | - | Collect | -
        Bookmark end | watching | Replace | live
        Ended clean | backoff | Close | never
        Ended broken | backoff | Close | never
        Tick | listing | Close Begin OpenList | -
        CredentialsChanged | - | Close Begin OpenWatch | -
        Reinit | - | Close Begin OpenWatch | -
        Link | backoff | Close | never
        Tls | backoff | Close | never
        Protocol | backoff | Close | never
        400 | listing | Close Begin OpenList | -
        401 | refreshing | Close RefreshCredentials | never
        403 | forbidden | Close Clear Denied | forbidden
        404 | absent | Close Clear | absent
        410 | backoff | Close | never
        422 | listing | NoWatchList Close Begin OpenList | -
        429 | backoff | Close | never
        500 | backoff | Close | never
        504 too large | backoff | Close | never
        Recalled | - | - | stale
        Recalled version | - | - | stale
    """,
    "listing": """
        Page more | - | Collect OpenList | -
        Page last | resuming | Collect Replace OpenWatch | live
        CredentialsChanged | streaming | Close Begin OpenWatch | -
        Reinit | streaming | Close Begin OpenWatch | -
        Link | backoff | Close | never
        Tls | backoff | Close | never
        Protocol | backoff | Close | never
        400 | backoff | Close | never
        401 | refreshing | Close RefreshCredentials | never
        403 | forbidden | Close Clear Denied | forbidden
        404 | absent | Close Clear | absent
        410 | backoff | Close | never
        422 | backoff | Close | never
        429 | backoff | Close | never
        500 | backoff | Close | never
        504 too large | backoff | Close | never
        Recalled | - | - | stale
        Recalled version | - | - | stale
    """,
    "resuming": """
        Changes | - | Apply | -
        Bookmark | watching | - | -
        Bookmark behind | backoff | Close Rewound | stale
        Bookmark end | watching | - | -
        Ended clean | - | Close OpenWatch | -
        Ended broken | backoff | Close | stale
        Tick | watching | - | -
        CredentialsChanged | - | Close OpenWatch | -
        Reinit | streaming | Close Begin OpenWatch | stale
        Link | backoff | Close | stale
        Tls | backoff | Close | stale
        Protocol | backoff | Close | stale
        400 | backoff | Close | stale
        401 | refreshing | Close RefreshCredentials | stale
        403 | backoff | Close | stale
        404 | backoff | Close | stale
        410 | backoff | Close | stale
        422 | backoff | Close | stale
        429 | backoff | Close | stale
        500 | backoff | Close | stale
        504 too large | backoff | Close | stale
    """,
    "watching": """
        Changes | - | Apply | -
        Bookmark behind | backoff | Close Rewound | stale
        Ended clean | resuming | Close OpenWatch | -
        Ended broken | backoff | Close | stale
        CredentialsChanged | resuming | Close OpenWatch | -
        LinkUp late | resuming | Close OpenWatch | stale
        Pace lists | resting | Close | -
        Woke | - | - | stale
        Reinit | streaming | Close Begin OpenWatch | stale
        Link | backoff | Close | stale
        Tls | backoff | Close | stale
        Protocol | backoff | Close | stale
        400 | backoff | Close | stale
        401 | refreshing | Close RefreshCredentials | stale
        403 | backoff | Close | stale
        404 | backoff | Close | stale
        410 | backoff | Close | stale
        422 | backoff | Close | stale
        429 | backoff | Close | stale
        500 | backoff | Close | stale
        504 too large | backoff | Close | stale
    """,
    "resting": """
        Tick | streaming | Begin OpenWatch | -
        CredentialsChanged | streaming | Close Begin OpenWatch | -
        LinkDown | waiting | - | stale
        Woke | streaming | Begin OpenWatch | stale
        Reinit | streaming | Begin OpenWatch | stale
        Pace | streaming | Begin OpenWatch | -
    """,
    "backoff": """
        AskAgain | resuming | OpenWatch | -
        Tick | resuming | OpenWatch | -
        CredentialsChanged | resuming | Close OpenWatch | -
    """,
    "refreshing": """
        Refreshed | resuming | OpenWatch | -
        Refreshed same | waiting | Close AuthNeeded | -
        CredentialsChanged | resuming | Close OpenWatch | -
    """,
    "forbidden": """
        AskAgain | streaming | Begin OpenWatch | -
        Tick | streaming | Begin OpenWatch | -
        CredentialsChanged | streaming | Close Begin OpenWatch | -
    """,
    "absent": """
        AskAgain | streaming | Begin OpenWatch | -
        Tick | streaming | Begin OpenWatch | -
        CredentialsChanged | streaming | Close Begin OpenWatch | -
    """,
}

PAIRS = [(phase, name) for phase in r.Phase for name in INPUTS]


def expected(phase: r.Phase, name: str) -> tuple[str, str, str]:
    for line in EXPECTED[phase].strip().splitlines():
        found, after, effects, shown = (part.strip() for part in line.split("|"))
        if found == name:
            return after, effects, shown
    return "-", "-", "-"


def followed(phase: r.Phase, name: str) -> tuple[str, str, str]:
    before = sample(phase)
    after, effects = step(before, INPUTS[name], NOW, Fixed())
    shown = [
        e.sync
        for e in effects
        if isinstance(e, r.SetFreshness) and before.shown and e.sync != before.shown.sync
    ]
    done = " ".join(type(e).__name__ for e in effects if not isinstance(e, r.SetFreshness))
    moved = "-" if after.phase is phase else str(after.phase)
    return moved, done or "-", str(shown[0]) if shown else "-"


@pytest.mark.parametrize("phase", r.Phase)
def test_every_pair_does_what_the_table_says(phase: r.Phase) -> None:
    assert {name: followed(phase, name) for name in INPUTS} == {
        name: expected(phase, name) for name in INPUTS
    }


@pytest.mark.parametrize("phase", r.Phase)
def test_whatever_is_open_is_closed_before_anything_is_opened_or_left(phase: r.Phase) -> None:
    for name in INPUTS:
        after, effects = step(sample(phase), INPUTS[name], NOW, Fixed())
        kinds = [type(e) for e in effects]
        opened = [k for k in kinds if k in (r.OpenWatch, r.OpenList)]
        assert len(opened) <= 1, name
        assert bool(opened) <= (after.phase in r.OPEN), name
        pages = phase is r.Phase.LISTING and name.startswith("Page")
        if phase in r.OPEN and not pages and (opened or after.phase not in r.OPEN):
            assert r.Close in kinds, name
            assert not opened or kinds.index(r.Close) < kinds.index(opened[0]), name


@pytest.mark.parametrize("phase", [p for p in r.Phase if p is not r.Phase.IDLE])
def test_every_phase_but_idle_has_a_way_on_by_itself_or_with_the_link(phase: r.Phase) -> None:
    """Nothing waits for ever: a timer is due, an answer will come, or LinkUp opens."""
    rules = RULES[phase]
    assert r.Tick in rules or r.Page in rules or r.Refreshed in rules or r.LinkUp in rules


def test_every_rule_stays_within_the_legal_moves() -> None:
    for phase, name in PAIRS:
        for link_up in (True, False):
            for synced in (True, False):
                before = replace(sample(phase), link_up=link_up, synced=synced)
                after, _ = step(before, INPUTS[name], NOW, Fixed())
                assert after.phase is phase or after.phase in r.MOVES[phase]


def test_an_illegal_move_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(r.MOVES, r.Phase.STREAMING, frozenset())
    with pytest.raises(IllegalMove, match="streaming -> backoff"):
        step(sample(r.Phase.STREAMING), INPUTS["Link"], NOW, Fixed())

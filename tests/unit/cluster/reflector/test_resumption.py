"""Which collections can be gone on from, and which version is the newest, over every state that counts."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.cluster.watch import resumption
from edgetui.cluster.watch.reflector import states as r
from tests.unit.cluster.reflector_samples import sample
from tests.unit.cluster.simulated_server import KINDS

POD, EVENT = KINDS["Pod"], KINDS["Event"]


class Held:
    """A watcher in a state."""

    def __init__(self, state: r.State, kind: Any = POD, namespace: str = "", odd: bool = False) -> None:
        self.state, self.kind, self.namespace = state, kind, namespace
        self.odd = {("a", "x")} if odd else set()


def at(*versions: str) -> list[Any]:
    return [Held(r.State(rv=version)) for version in versions]


@pytest.mark.parametrize(
    ("watchers", "newest"),
    [
        ([], ""),
        (at("", ""), ""),
        (at("40", "60", "55"), "60"),
        (at("9", "10"), "10"),
        (at("60", "", "40"), "60"),
        (at("x", "5"), "x"),
        ([Held(r.State(rv="90"), EVENT), *at("7")], "7"),
        ([Held(r.State(rv="90"), replace(POD, discovered=True)), *at("7")], "7"),
    ],
)
def test_the_newest_version_that_is_held(watchers: list[Any], newest: str) -> None:
    assert resumption.newest(watchers) == newest


USUAL = sample(r.Phase.WATCHING)
STATES: dict[str, tuple[r.State, bool, bool, bool]] = {
    # state, whether it is current, whether its version is kept, whether it is unproven
    "watching": (USUAL, True, True, False),
    "lapsed": (replace(USUAL, lapsed=True), False, True, False),
    "forked": (replace(USUAL, forked=True), False, False, False),
    "without a version": (replace(USUAL, rv="", unproven=True), False, False, False),
    "never complete": (replace(USUAL, synced=False), True, False, False),
    "resuming": (sample(r.Phase.RESUMING), False, True, False),
    "unproven": (replace(sample(r.Phase.RESUMING), unproven=True), False, True, True),
    "waiting": (sample(r.Phase.WAITING), False, True, False),
}


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("odd", [False, True])
def test_what_can_be_gone_on_from(name: str, odd: bool) -> None:
    state, current, kept, unproven = STATES[name]
    held: Any = Held(state, POD, "a", odd)
    assert list(resumption.current([held])) == ([(POD, "a", "100")] if current and not odd else [])
    assert resumption.versions([held]) == ({"a": "100"} if kept and not odd else {})
    assert resumption.unproven([held]) == ([held] if unproven else [])

"""What every field of a link's state, moved a little, changes in what follows from every input, and what is said of it.

`pytest tests/unit/cluster/test_state.py --snapshot-update` takes what follows now; look at what
differs first. Times are told in seconds from now.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import asdict, replace
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster import errors
from edgetui.cluster.backoff import Random
from edgetui.cluster.link import state as link
from edgetui.cluster.link.state import Phase, State, step
from edgetui.model.cache.freshness import Link
from tests.unit.cluster.reflector_fields import MIDDLE, Least, Most, in_words, near
from tests.unit.cluster.reflector_samples import NOW
from tests.unit.cluster.test_link import CERTIFICATE, INPUTS, REFUSED, SAMPLES, TICKET

BUSY = errors.Throttled("Too many requests.", code=429, retry_after=7.0)
BROKEN = errors.ServerFailure("The datastore is down.", code=500)
ERRORS: dict[str, errors.EdgetuiError | None] = {
    "none": None,
    "refused": REFUSED,
    "certificate": CERTIFICATE,
    "protocol": errors.ProtocolError("No API server."),
    "credentials": errors.CredentialError("No token."),
    "unauthorized": errors.Unauthorized("Not known.", code=401),
    "forbidden": errors.Forbidden("Not allowed.", code=403),
    "busy": BUSY,
    "busy for an hour": errors.Throttled("Too many requests.", code=429, retry_after=3600.0),
    "busy for less than nothing": errors.Throttled("Too many requests.", code=429, retry_after=-5.0),
    "broken": BROKEN,
}
NAMES = {id(error): name for name, error in ERRORS.items()}
FIELDS: dict[str, tuple[Any, ...]] = {
    "error": tuple(ERRORS.values()),
    "attempts": (0, 1, 2, 4, 5, 9, 10, 14, 15, 16, 17, 20, 22, 23, 60),
    "down_since": (NOW - 9.0, NOW - 9.5, NOW - 9.6, link.NEVER),
    "up_since": (NOW - 1.9, NOW - 2.0, NOW - 119.9, NOW - 120.0, link.NEVER),
    "heard": (0.0, NOW, NOW - 7.5, NOW - 7.4),
    "progress": (True,),
    "refusals": (1, 2, 3, 4),
    "probe_from": (NOW - 1.0, NOW - 3.0),
    "ticket": (TICKET - 1, TICKET + 1),
    "suspicion": (True,),
    "wake_at": (NOW, NOW + 0.1, NOW - 1.0, NOW + 40.0, link.NEVER),
}
TIMES = {"down_since", "up_since", "heard", "probe_from", "wake_at"}
FAILING: dict[str, link.Input] = {
    **{f"Failed, {name}": link.Failed(error) for name, error in ERRORS.items() if error is not None},
    **{f"Probed, {name}": link.Probed(error, TICKET) for name, error in ERRORS.items()},
}


def value_of(name: str, value: Any) -> str:
    if name == "error":
        return NAMES[id(value)]
    return near(value) if name in TIMES else str(value)


def follows(before: State, happened: link.Input, rng: Random = MIDDLE) -> dict[str, str]:
    """What is another than before, and under "does" what is to be done."""
    try:
        after, effects = step(before, happened, NOW, rng)
    except link.IllegalMove as illegal:
        return {"illegal": str(illegal)}
    old, new = asdict(before), asdict(after)
    changed = {name: value_of(name, new[name]) for name in new if new[name] != old[name]}
    does = []
    for effect in effects:
        fields = {
            name: near(value) if name == "down_since" else value for name, value in asdict(effect).items()
        }
        does.append(
            f"{type(effect).__name__}({', '.join(f'{name} {value}' for name, value in fields.items())})"
        )
    return {**changed, "does": " ".join(does) or "nothing"}


def moved(state: State) -> Iterator[tuple[str, State]]:
    """The state with each field moved a little, one at a time, and with progress beside each time since it is up."""
    for name, values in FIELDS.items():
        for value in values:
            if value != getattr(state, name):
                yield f"{name} {value_of(name, value)}", replace(state, **{name: value})
    for seconds in (1.9, 2.0):
        fields = {"progress": True, "up_since": NOW - seconds, "attempts": 9}
        yield f"9 attempts, progress, up for {seconds} s", replace(state, **fields)
    for seconds in (119.9, 120.0):
        yield f"9 attempts, up for {seconds} s", replace(state, attempts=9, up_since=NOW - seconds)
    yield "suspicion, refusals 2", replace(state, suspicion=True, refusals=2)
    yield "a certificate, attempts 0", replace(state, error=CERTIFICATE, attempts=0)
    yield "a certificate, later", replace(state, error=CERTIFICATE, wake_at=NOW + 40.0)


@pytest.mark.parametrize("phase", Phase)
def test_what_follows_from_every_input(phase: Phase, snapshot: SnapshotAssertion) -> None:
    state, lines = SAMPLES[phase], []
    for name, happened in (INPUTS | FAILING).items():
        usual = follows(state, happened)
        lines.append(f"{name}: {in_words(usual)}")
        for what, one in moved(state):
            other = follows(one, happened)
            differs = {
                key: other.get(key, "as it was") for key in usual | other if usual.get(key) != other.get(key)
            }
            if differs:
                lines.append(f"  {what}: {in_words(differs)}")
    assert "\n".join(lines) == snapshot


def test_how_long_is_waited_at_least_and_at_most(snapshot: SnapshotAssertion) -> None:
    lines = []
    for name, error in ERRORS.items():
        for attempts in (0, 1, 2, 15, 16, 21, 22, 400):
            state = replace(SAMPLES[Phase.DOWN], error=error, attempts=attempts)
            least, most = (link.wait(state, rng) for rng in (Least(), Most()))
            lines.append(f"{name}, {attempts}: {least:.4f} to {most:.4f} s")
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize(("late", "drains"), [(0.0, False), (0.5, False), (0.51, True), (8.0, True)])
def test_a_server_drains_while_what_it_sends_is_later_than_what_was_on_its_way(
    late: float, drains: bool, phase: Phase
) -> None:
    state = replace(SAMPLES[Phase.DOWN], phase=phase, heard=NOW - 8.0 + late)
    drains = drains and phase in (Phase.DOWN, Phase.PROBING)
    assert link.draining(state) is drains
    assert link.verdict(state) is (Link.LIVE if drains or phase is Phase.UP else Link.STALE)
    assert ("open streams still deliver" in link.sentence(state)[0]) is drains

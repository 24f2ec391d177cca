"""What every field of a collection's state, moved a little, changes in what follows from every input, in words.

Times are told in seconds from now.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any

from msgspec.structs import asdict, replace

from edgetui.cluster import errors
from edgetui.cluster.backoff import Random
from edgetui.cluster.watch.reflector import RULES, IllegalMove, step
from edgetui.cluster.watch.reflector import states as r
from edgetui.model.cache.freshness import Sync
from tests.unit.cluster.reflector_samples import INPUTS, NOW, Fixed, row, sample, status

TIMES = {
    "heard",
    "quiet_since",
    "proven",
    "opened",
    "expires",
    "steady_since",
    "denied_since",
    "settling_until",
    "wake_at",
}
NEAR: dict[str, tuple[float, ...]] = {
    "heard": (0.0, -4.9, -5.1, -19.9, -20.0, -64.9, -65.0, -74.9, -75.0),
    "quiet_since": (-61.0, -76.0, math.inf),
    "proven": (-1.0,),
    "opened": (0.0, -0.4, -0.5, -0.9, -1.0, -1.9, -2.0, -19.9, -20.0),
    "expires": (-0.1, 0.0, 0.1, 20.9, 21.0, 21.1, math.inf),
    "steady_since": (-1.9, -2.0, -29.9, -30.0),
    "denied_since": (0.0, -4.9, -5.0),
    "settling_until": (0.0, 0.1),
    "wake_at": (0.1, -1.0, math.inf),
}
OTHERS: dict[str, tuple[Any, ...]] = {
    "every": (0.0, 60.0, 30.0),
    "rv": ("", "131"),
    "verdict": (None, Sync.FORBIDDEN, Sync.ABSENT),
    "reason": ("it was so",),
    "events": (0, 1),
    "changes": (0, 1, 9),
    "rows": (0, 10, 11),
    "failures": (0, 2, 3, 20),
    "denials": (0, 1, 2, 3),
    "stalls": (0, 1, 2),
    "vain": (0, 1, 2),
    "list_rv": ("50",),
}
MORE: dict[str, r.Input] = {
    **{
        f"LinkUp after {seconds:g} s": r.LinkUp(NOW - seconds)
        for seconds in (0.9, 1.0, 1.1, 119.9, 120.0, 121.0)
    },
    **{f"Woke after {seconds:g} s": r.Woke(seconds) for seconds in (119.9, 120.0)},
    "Head packed": r.Head(packed=True),
    "Changes of several": r.Changes([("ADDED", row("a", "110")), ("DELETED", row("b", "99"))]),
    "Changes without a version": r.Changes([("UNREADABLE", row("a", ""))]),
    "Bookmark here": r.Bookmark("100"),
    "Page last odd": r.Page([row("a"), row("b")], "130", odd=[row("c")]),
    "Page more with a rest": r.Page([row()], "130", "token", remaining=7),
    "Refreshed not": r.Refreshed(changed=False, error=errors.CredentialError("no plugin")),
    "Pace long": r.Pace(long=True),
    "Pace rarer lists": r.Pace(every=90.0, unwatched=True),
    "Learned all": r.Learned(streaming=True, bookmarks=True),
    "Learned streaming": r.Learned(streaming=True, bookmarks=False),
    "Replaced by other rows": r.Replaced(changed=True),
    "Recalled a thin link": r.Recalled("90", rows=12, thin=True),
    "Identified here": r.Identified("100"),
    "Identified nothing": r.Identified(""),
    "429 without a time": status(errors.Throttled, 429),
    "422 of another field": status(errors.Invalid, 422, field="limit"),
    "too many rows": r.Failed(errors.TooManyRows()),
    "not readable": r.Failed(errors.Unreadable("odd")),
}
"""Further inputs than the ones that the table of all pairs has."""


MIDDLE = Fixed()


class Least:
    """A random source that always gives the least."""

    def uniform(self, a: float, b: float) -> float:
        return a


class Most:
    """A random source that always gives the most."""

    def uniform(self, a: float, b: float) -> float:
        return b


def near(value: float) -> str:
    """A time as seconds from now."""
    return "never" if value == r.NEVER else f"{value - NOW:+g}" if value else "0"


def value_of(name: str, value: Any) -> str:
    if name in TIMES:
        return near(value)
    return str(value) or "nothing"


def shown_of(found: r.SetFreshness, reason: str) -> str:
    """What is told to the store; its reason only where it is not the state's."""
    words = "" if found.reason == reason else f" {found.reason or 'without a reason'}"
    return f"{found.sync} {near(found.heard)}{words}"


def effect_of(effect: r.Effect, state: r.State) -> str:
    match effect:
        case r.SetFreshness():
            return f"Show({shown_of(effect, state.reason)})"
        case r.Apply(items):
            return f"Apply({' '.join(f'{change} {one.name}' for change, one in items)})"
        case r.Collect(items, remaining):
            words = " ".join(f"{change} {one.name}" for change, one in items)
            return f"Collect({words})" if remaining is None else f"Collect({words}, {remaining} more)"
        case r.AuthNeeded(error):
            return f"AuthNeeded({getattr(error, 'code', 'no code')} {error.sentence})"
        case r.OpenWatch(query):
            asked = [
                f"{query['timeoutSeconds']} s",
                *sorted(set(query) & {"allowWatchBookmarks", "sendInitialEvents"}),
            ]
            known = {"watch": "1", "allowWatchBookmarks": "true", "sendInitialEvents": "true"}
            known["resourceVersionMatch"] = "NotOlderThan"
            assert all(known.get(name, value) == value for name, value in query.items())
            assert ("sendInitialEvents" in query) == ("resourceVersionMatch" in query)
            if "resourceVersion" in query:
                asked.append(f"from {query['resourceVersion']}")
            return f"OpenWatch({', '.join(asked)})"
    fields = ", ".join(f"{name} {value}" for name, value in asdict(effect).items())
    return f"{type(effect).__name__}({fields})" if fields else type(effect).__name__


def follows(before: r.State, happened: r.Input, rng: Random = MIDDLE) -> dict[str, str]:
    """What is another than before, and under "does" what is to be done."""
    try:
        after, effects = step(before, happened, NOW, rng)
    except IllegalMove as illegal:
        return {"illegal": str(illegal)}
    old, new = asdict(before), asdict(after)
    changed = {name: value_of(name, new[name]) for name in new if new[name] != old[name] and name != "shown"}
    return {**changed, "does": " ".join(effect_of(one, after) for one in effects) or "nothing"}


def report(state: r.State, happened: r.Input, variants: Iterable[tuple[str, r.State]]) -> Iterator[str]:
    """What follows, and in a line each what follows otherwise, with the fields that lead to it.

    Where a field that is another makes no difference but to itself, its name stands in the last line.
    """
    usual = follows(state, happened)
    yield in_words(usual)
    found: dict[str, list[str]] = {}
    alone: dict[str, None] = {}
    for what, one in variants:
        other = follows(one, happened)
        if other != usual:
            kept = {name: "as it was" for name in usual if name not in other}
            differs = {name: value for name, value in other.items() if usual.get(name) != value}
            if any(asdict(one).get(name) == asdict(state).get(name) for name in kept | differs):
                found.setdefault(in_words(kept | differs), []).append(what)
            else:
                alone |= dict.fromkeys(kept | differs)
    yield from (f"  {' | '.join(by)}: {words}" for words, by in found.items())
    if alone:
        yield f"  to itself: {' '.join(alone)}"


def in_words(outcome: dict[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in outcome.items())


def moved(state: r.State) -> Iterator[tuple[str, r.State]]:
    """The state with each field moved a little, one at a time; what is shown stays what it was."""
    fields = asdict(state)
    for name, value in fields.items():
        if name in ("phase", "shown"):
            continue
        if name in NEAR:
            others: tuple[Any, ...] = tuple(NOW + away for away in NEAR[name])
        elif isinstance(value, bool):
            others = (not value,)
        else:
            others = OTHERS[name]
        for other in others:
            if other != value:
                yield f"{name} {value_of(name, other)}", replace(state, **{name: other})


def phases(rules: ModuleType) -> list[r.Phase]:
    """Those in which a rule of this module meets any input."""
    return [phase for phase in r.Phase if any(_is_of(rules, rule) for rule in RULES[phase].values())]


def _is_of(rules: ModuleType, rule: Callable[..., object] | None) -> bool:
    return rule is not None and rule.__module__ == rules.__name__


def of_phase(
    rules: ModuleType, phase: r.Phase, variants: Callable[[r.State], Iterable[tuple[str, r.State]]]
) -> str:
    """Each input that a rule of this module meets in a phase: what follows, and what else where fields are others."""
    state, lines = sample(phase), []
    for name, happened in (INPUTS | MORE).items():
        if _is_of(rules, RULES[phase].get(type(happened))):
            first, *others = report(state, happened, variants(state))
            lines += [f"{name}: {first}", *others]
    return "\n".join(lines)


def both(state: r.State) -> Iterator[tuple[str, r.State]]:
    """Two fields moved together, of those that are looked at together."""
    pairs = (
        {"link_up": False, "head": False},
        {"link_up": False, "suspect": True},
        {"link_up": False, "heard": NOW - 19.9, "wake_at": NOW},
        {"link_up": False, "heard": NOW - 20.0, "wake_at": NOW},
        {"bookmarks": False, "heard": NOW - 75.0},
        {"bookmarks": False, "heard": NOW - 20.0, "link_up": False},
        {"bare": True, "heard": NOW - 75.0},
        {"unproven": True, "head": False},
        {"unproven": True, "opened": NOW - 19.9},
        {"unproven": True, "opened": NOW - 20.0},
        {"unproven": True, "rv": "131"},
        {"doubted": True, "vain": 1},
        {"doubted": True, "vain": 1, "marked": True},
        {"doubted": True, "vain": 1, "changes": 1},
        {"thin": True, "rows": 10, "changes": 1},
        {"thin": True, "rows": 11, "changes": 1},
        {"thin": True, "rows": 10, "changes": 1, "streaming": False},
        {"thin": True, "rows": 10, "changes": 1, "packed": True},
        {"thin": True, "rows": 10, "changes": 1, "link_up": False},
        {"dear": True, "changes": 0},
        {"dear": True, "changes": 0, "every": 60.0},
        {"dear": True, "rv": ""},
        {"long": True, "bookmarks": False},
        {"long": True, "dear": True, "changes": 0},
        {"packed": True, "events": 309, "opened": NOW - 1.0},
        {"packed": True, "events": 310, "opened": NOW - 1.0},
        {"packed": True, "events": 1, "opened": NOW - 0.4},
        {"trial": True, "stalls": 1},
        {"trial": True, "streaming": False, "stalls": 1},
        {"streaming": False, "rv": ""},
        {"streaming": False, "stalls": 1},
        {"bookmarks": False, "vain": 1},
        {"unwatched": True, "rv": ""},
        {"paged": False, "streaming": False, "rv": ""},
        {"paged": False, "list_rv": "50"},
        {"events": 0, "expires": NOW + 20.9},
        {"events": 0, "expires": NOW + 21.0},
        {"events": 0, "expires": NOW + 21.1},
        {"synced": False, "settling_until": NOW + 0.1},
        {"synced": False, "denied_since": NOW - 4.9},
        {"synced": True, "denied_since": NOW - 4.9},
        {"synced": True, "denied_since": NOW - 5.0},
        {"synced": True, "denied_since": NOW - 5.0, "verdict": Sync.ABSENT, "settling_until": NOW + 0.1},
        {"synced": False, "denials": 1, "one_of_many": True},
        {"failures": 1, "steady_since": NOW - 1.9},
        {"failures": 1, "steady_since": NOW - 2.0},
        {"failures": 1, "steady_since": NOW - 29.9},
        {"failures": 1, "steady_since": NOW - 30.0},
        {"failures": 3, "paged": False, "rv": "120"},
        {"silent": True, "reason": "it was so"},
        {"suspect": True, "link_up": False, "expires": NOW + 5.0},
        {"resumed": True, "heard": NOW - 65.0},
        {"every": 60.0, "streaming": False, "rv": ""},
    )
    for fields in pairs:
        words = ", ".join(f"{name} {value_of(name, value)}" for name, value in fields.items())
        yield words, replace(state, **fields)

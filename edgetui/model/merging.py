"""What differs between two states of an object, and two people's changes of one: patches and three-way merges.

Patches are JSON Merge Patches (RFC 7386), which every resource of the API takes. In them, and here, a null in a mapping
is the same as no value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from edgetui.model.redaction import below, item_label
from edgetui.model.text import plural

Json = dict[str, Any]
_KEYS = ("name", "key", "mountPath", "containerPort", "port", "ip", "type", "uid")
"""Fields by which the API tells the items of a list apart, the usual ones first."""


class _Absent:
    """No value, in a mapping or a list."""

    def __repr__(self) -> str:
        return "(not there)"


ABSENT = _Absent()


class Clash(NamedTuple):
    """A value that two people changed in different ways: `path`, and what each has. ABSENT is for no value."""

    path: str
    was: Any
    mine: Any
    theirs: Any


class Merged(NamedTuple):
    """Both people's changes in one value; where they clash it has mine."""

    value: Any
    clashes: tuple[Clash, ...]


def patch_between(old: Mapping[str, Any], new: Mapping[str, Any]) -> Json:
    """The smallest merge patch from `old` to `new`; empty where they are the same. Lists are replaced as a whole."""
    patch: Json = {}
    for key in (*old, *(key for key in new if key not in old)):
        before, after = old.get(key), new.get(key)
        if before == after and _same_type(before, after):
            continue
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            if inside := patch_between(before, after):
                patch[key] = inside
        else:
            patch[key] = after
    return patch


def _same_type(one: Any, other: Any) -> bool:
    """Whether equal values are the same in JSON: true is not 1. Within lists and mappings too."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(_same_type(value, other.get(key)) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return all(_same_type(*pair) for pair in zip(one, other, strict=False))
    return isinstance(one, bool) == isinstance(other, bool)


def patched(obj: Any, patch: Mapping[str, Any]) -> Json:
    """The object with a merge patch applied, as RFC 7386 says in section 2; neither is changed."""
    made: Json = dict(obj) if isinstance(obj, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = patched(made.get(key), value) if isinstance(value, Mapping) else value
    return made


def carries(obj: Mapping[str, Any], patch: Mapping[str, Any]) -> bool:
    """Whether a merge patch would change nothing, but for nulls."""
    return not patch_between(obj, patched(obj, patch))


def paths(patch: Mapping[str, Any], path: str = "") -> list[str]:
    """Where a merge patch sets or removes something."""
    found: list[str] = []
    for key, value in patch.items():
        inside = below(path, key)
        found += paths(value, inside) if isinstance(value, Mapping) and value else [inside]
    return found


def merged(base: Any, mine: Any, theirs: Any) -> Merged:
    """What both made of `base`: each one's changes where the other has none, mine where both changed the same.

    Items of a list are told apart by name where each has one of its own, else by place while their number is the same.
    """
    clashes: list[Clash] = []
    return Merged(_merge(base, mine, theirs, "", clashes), tuple(clashes))


def _merge(base: Any, mine: Any, theirs: Any, path: str, clashes: list[Clash]) -> Any:
    if _equal(mine, theirs) or _equal(base, theirs):
        return mine
    if _equal(base, mine):
        return theirs
    sides = (base, mine, theirs)
    if isinstance(mine, Mapping) and isinstance(theirs, Mapping) and isinstance(base, Mapping | _Absent):
        return _merge_mappings(base if isinstance(base, Mapping) else {}, mine, theirs, path, clashes)
    if all(isinstance(one, list) for one in sides):
        if names := _names(sides):
            was, ours, others = (
                dict(zip(each, one, strict=True)) for each, one in zip(names, sides, strict=True)
            )
            found = _merge_mappings(was, ours, others, path, clashes, bracketed=True)
            return list(found.values())
        if len(base) == len(mine) == len(theirs):
            return [
                _merge(was, ours, others, f"{path}[{at}]", clashes)
                for at, (was, ours, others) in enumerate(zip(base, mine, theirs, strict=True))
            ]
    clashes.append(Clash(path, base, mine, theirs))
    return mine


def _merge_mappings(
    base: Mapping[Any, Any],
    mine: Mapping[Any, Any],
    theirs: Mapping[Any, Any],
    path: str,
    clashes: list[Clash],
    *,
    bracketed: bool = False,
) -> dict[Any, Any]:
    """Theirs in their order, with mine in it, and at the end what I added."""
    made: dict[Any, Any] = {}
    for key in dict.fromkeys((*theirs, *mine, *base)):
        inside = f"{path}[{key}]" if bracketed else below(path, str(key))
        was, ours, others = (each.get(key, ABSENT) for each in (base, mine, theirs))
        one = _merge(was, ours, others, inside, clashes)
        if one is not ABSENT:
            made[key] = one
    return made


def _names(lists: Sequence[Any]) -> list[list[str]]:
    """What tells the items of each list apart; empty where nothing does in all of them."""
    items = [one for each in lists for one in each]
    if not items or not all(isinstance(one, Mapping) for one in items):
        return []
    for key in _KEYS:
        found = [[str(one.get(key, "")) for one in each] for each in lists]
        if all(all(each) and len(set(each)) == len(each) for each in found):
            return found
    return []


def _equal(one: Any, other: Any) -> bool:
    return bool(one == other) and _same_type(one, other)


def words_of(clash: Clash, hide: bool) -> str:
    """A clash as one line: what was there, and what each made of it; only where it is, where that may be a secret."""
    if hide:
        return f"{clash.path}: both of you changed it (hidden)"
    return f"{clash.path}: yours {_word(clash.mine)}, theirs {_word(clash.theirs)}, before {_word(clash.was)}"


def _word(value: Any) -> str:
    if value is ABSENT:
        return "not set"
    if isinstance(value, Mapping):
        return plural(len(value), "field") if value else "empty"
    if isinstance(value, list):
        return ", ".join(
            item_label(one, at) if isinstance(one, Mapping) else str(one) for at, one in enumerate(value)
        )
    return str(value).lower() if isinstance(value, bool) else str(value)

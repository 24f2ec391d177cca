"""Label selectors as kubectl -l takes them (k8s.io/apimachinery/pkg/labels): "app=press,tier in (a, b),!old"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

_KEY = r"(?:[A-Za-z0-9.-]{1,253}/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
_VALUE = r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?"
_PATTERN = re.compile(
    rf"""\s*(?:
    !\s*(?P<without>{_KEY})
    |(?P<key>{_KEY})(?:
        \s*(?P<equality>==?|!=)\s*(?P<value>{_VALUE})
        |\s+(?P<set>in|notin)\s*\(\s*(?P<values>{_VALUE}(?:\s*,\s*{_VALUE})*)\s*\)
    )?)\s*(?:,|$)""",
    re.VERBOSE,
)


class Requirement(NamedTuple):
    """One part of a selector: the label `key` has one of `values`, or has any where there are none; or not, if negated.

    An object without the label passes what is negated.
    """

    key: str
    values: frozenset[str] | None
    negated: bool

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether labels pass it."""
        value = labels.get(self.key)
        return (value is not None and (self.values is None or value in self.values)) != self.negated


def parse(text: str) -> tuple[Requirement, ...]:
    """The requirements of a selector, which must all hold. Raises ValueError with a sentence for one that is none."""
    found, at, more = [], 0, True
    while more:
        match = _PATTERN.match(text, at)
        if match is None:
            raise ValueError(f"“{text}” is not a selector such as app=press, tier in (a,b) or !old")
        found.append(_requirement(match))
        at, more = match.end(), match[0].endswith(",")
    return tuple(found)


def _requirement(match: re.Match[str]) -> Requirement:
    if match["without"]:
        return Requirement(match["without"], None, True)
    if match["set"]:
        values = frozenset(value.strip() for value in match["values"].split(","))
        return Requirement(match["key"], values, match["set"] == "notin")
    if match["equality"]:
        return Requirement(match["key"], frozenset((match["value"],)), match["equality"] == "!=")
    return Requirement(match["key"], None, False)


def holds(requirements: tuple[Requirement, ...], labels: Mapping[str, str]) -> bool:
    """Whether labels pass all of them."""
    return all(one.holds(labels) for one in requirements)

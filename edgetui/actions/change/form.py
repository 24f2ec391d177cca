"""What a form asks before an action: its fields, the facts beside them, and what the typed answer leads to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

Given = Mapping[str, Any]
"""Answers by the names of the Spec's arguments."""


class Fact(NamedTuple):
    """A line beside the fields. `at` is when that was, in Unix s; 0 says nothing of it."""

    label: str
    text: str
    at: int = 0


class Part(NamedTuple):
    """One of several things that the fields can be about: a container. `values` stand in the fields for it."""

    name: str
    words: str
    values: Given


class Form(msgspec.Struct, frozen=True):
    """The arguments that are asked for, with what stands in their fields first.

    `parts`, where there are any, have `values` of their own; which one was chosen is given under the name `part`.
    `first` is the argument whose field has the cursor first.
    """

    values: Given = {}
    facts: Sequence[Fact] = ()
    parts: Sequence[Part] = ()
    part: str = ""
    first: str = ""


class AnswerKey(NamedTuple):
    """A key that gives an answer at once: what is typed, with `given` in its place where both have it."""

    key: str
    words: str
    given: Given


class Leads(msgspec.Struct, frozen=True):
    """What an answer leads to, as sentences and the lines of a diff.

    `same` says that nothing would change, `wrong` why it cannot be: neither is given. `notes` explain.
    """

    warnings: Sequence[str] = ()
    wrong: str = ""
    same: str = ""
    diff: Sequence[str] = ()
    notes: Sequence[str] = ()
    keys: Sequence[AnswerKey] = ()

"""What every field of an object does to the question that an action asks: its plan, its form, and what it would write.

`pytest tests/unit/actions/test_every_field_of_an_action.py --snapshot-update` takes what is said now; look at what
differs first.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.change.change import Change
from edgetui.actions.change.form import Form
from edgetui.actions.change.spec import Aim, Given, Spec, seen_whole, spec_of
from edgetui.actions.cli import objects
from edgetui.actions.cli.act import parser_of, understood
from edgetui.cluster.errors import ApiError, EdgetuiError, Forbidden, NotFound
from tests.ui.test_every_field import differences, variants_of

from .every_action import CASES, Case
from .scripted import Connected, Request
from .site import Site
from .test_word_for_word import settled

Json = dict[str, Any]
ODD = (EdgetuiError, LookupError, TypeError, ValueError, AttributeError)
OTHERWISE = ("edit", "edit pump", "delete-stuck-pod", "scale pump", "delete pump")
"""Cases that are typed, are more than one patch, or have their object found by discovery."""
ASKED = {name: case for name, case in CASES.items() if name not in OTHERWISE}
QUIET = ("managedFields", "creationTimestamp", "uid", "name", "namespace")


class Direct(Connected):
    """A session whose reads a site answers at once."""

    def __init__(self, site: Site) -> None:
        super().__init__("http://plant")
        self.site = site
        self.api.get = self._get  # type: ignore[method-assign]
        self.api.get_metadata = self._metadata  # type: ignore[method-assign]

    async def _get(self, path: str, query: Json | None = None, **more: Any) -> Any:
        code, answer = self.site.answer(Request("GET", path, dict(query or {}), None))
        if code == 200:
            return answer
        raise {403: Forbidden, 404: NotFound}.get(code, ApiError)("no", code=code)

    async def _metadata(self, path: str) -> Json:
        there = await self._get(path)
        return {"metadata": there["metadata"]}


def words_of(spec: Spec[Any, Any], view: Any, given: Json) -> Iterator[str]:
    """The form that asks, and what the answer leads to."""
    form = Form()
    if spec.fields is not None:
        made = spec.fields(view)
        form = made if isinstance(made, Form) else Form(made)
        yield f"form {json.dumps(msgspec.to_builtins(form), sort_keys=True, default=str)}"
    if spec.leads is not None:
        chosen = {form.part: form.parts[0].name} if form.parts else {}
        typed = {**form.values, **{name: one for name, one in given.items() if one is not None}, **chosen}
        yield f"leads {json.dumps(msgspec.to_builtins(spec.leads(view, typed)), sort_keys=True, default=str)}"
    if spec.lists is not None:
        yield from spec.lists(view, given)


def lines_of(change: Change) -> Iterator[str]:
    """The question, and the write that follows a yes."""
    plan, write = change.plan("7"), change.write("7")
    yield plan.title
    yield from (f"{name}: {text}" for name, text in plan.facts)
    yield from (*plan.diff, *plan.warnings, *plan.writes)
    yield f"yes {plan.yes!r}, no {plan.no!r}, unproven {plan.unproven!r}, nothing {change.nothing!r}"
    yield f"{change.doing}. {change.accepted}. {json.dumps(change.data, sort_keys=True, default=str)}"
    yield f"{write.method} {write.path} {write.content_type} {json.dumps(write.body, sort_keys=True)}"
    yield f"before {json.dumps(write.before, sort_keys=True)} after {json.dumps(write.after, sort_keys=True)}"


def typed(case: Case) -> tuple[objects.Named, Given]:
    """What the command of a case names, and what it gives."""
    action, *words = case.words
    spec = spec_of(action)
    parser = parser_of(action, spec)
    return understood(action, spec, parser, parser.parse_words([*words, "-n", "line-2"]))


async def prepared(case: Case, session: Direct) -> tuple[Spec[Any, Any], Any, Any]:
    """The Spec of a case, what was read for it, and the answer that its command gives."""
    action, spec = case.words[0], spec_of(case.words[0])
    named, given = typed(case)
    ((ref, other),) = await objects.found(session, named, "line-2", spec.resolve)
    aim = Aim(action, session, ref, None, given, other)
    view = await seen_whole(spec, aim, await spec.read(aim))
    return spec, view, spec.answer(view, given)


async def asked(case: Case, site: Site) -> tuple[list[str], Change | None]:
    """What is asked of a person who gives the command of the case."""
    session = Direct(site)
    try:
        spec, view, answer = await prepared(case, session)
        assert spec.change is not None
        change = spec.change(session, view, answer)
        lines = [spec.title(view, answer), *words_of(spec, view, dict(typed(case)[1])), *lines_of(change)]
    except ODD as problem:
        said = str(problem) if isinstance(problem, EdgetuiError) else ""
        return [f"{type(problem).__name__} {said}".strip()], None
    return [settled(line) for line in lines], change


def meets(change: Change, document: Json) -> str:
    """Whether an object counts as what was shown, and as what was written."""
    try:
        same = change.spot.same(document) if change.spot is not None else ""
        return f"same {same}, applied {change.applied(document)}"
    except ODD as problem:
        return type(problem).__name__


@pytest.mark.parametrize("case", ASKED.values(), ids=ASKED)
def test_what_every_field_does_to_the_question(case: Case, snapshot: SnapshotAssertion) -> None:
    async def report() -> str:
        site = case.site()
        usual, change = await asked(case, site)
        document = site.objects[case.path]
        found: dict[tuple[str, ...], list[str]] = {}
        for what, variant in variants_of(document):
            if any(f".{word}" in what for word in QUIET):
                continue
            other = case.site()
            other.objects[case.path] = variant
            lines = differences(usual, (await asked(case, other))[0])
            if change is not None and meets(change, variant) != meets(change, document):
                lines = [*lines, f"= {meets(change, variant)}"]
            if lines:
                found.setdefault(tuple(lines), []).append(what)
        parts = ["\n".join([*(f"# {what}" for what in by), *lines]) for lines, by in found.items()]
        now = f"= {meets(change, document)}" if change is not None else ""
        return "\n\n".join(["\n".join((*usual, now)), *parts])

    assert asyncio.run(report()) == snapshot

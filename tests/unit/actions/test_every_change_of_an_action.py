"""What every action hands to the gate beside its words: what is written to, held against what, which rights.

`pytest tests/unit/actions/test_every_change_of_an_action.py --snapshot-update` takes what is so
now; look at what differs first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.change.change import Change
from edgetui.actions.change.spec import Aim, seen_whole, spec_of
from edgetui.actions.messages import Refusal
from edgetui.actions.objects import edit
from edgetui.actions.objects.resource import DELETE, EDIT, SCALE, Resource, Way
from edgetui.model.identity import ObjectKey, ObjectRef
from tests.ui.test_every_field import differences

from .as_text import as_text
from .every_action import Case, pumping
from .site import Site
from .test_every_field_of_an_action import ASKED, Direct, prepared


def handed_over(change: Change) -> Iterator[str]:
    """All of a change but its words."""
    yield f"{change.action} of {as_text(change.ref)} at generation {change.generation}, gone {change.gone}"
    yield f"needs {as_text(change.needs)}"
    if change.spot is not None:
        spot = change.spot
        yield f"spot {as_text(spot.ref)} at generation {spot.generation} {spot.path}, moves {spot.moves}"
    for name in ("metadata", "known"):
        metadata = getattr(change, name)
        yield f"{name} {None if metadata is None else metadata.get('name')}"
    yield f"about {change.about}, {change.says}"


def without_generation(site: Site) -> Site:
    for one in site.objects.values():
        one["metadata"].pop("generation", None)
    return site


PLAIN = {name: case for name, case in ASKED.items() if name != "restore"}
"""All but the one whose number stands in the record."""


@pytest.mark.parametrize("case", PLAIN.values(), ids=PLAIN)
def test_what_is_handed_over_with_and_without_a_generation(case: Case, snapshot: SnapshotAssertion) -> None:
    async def told(site: Site) -> Iterator[str]:
        session = Direct(site)
        spec, view, answer = await prepared(case, session)
        assert spec.change is not None
        return handed_over(spec.change(session, view, answer))

    async def both() -> list[str]:
        usual = list(await told(case.site()))
        bare = list(await told(without_generation(case.site())))
        return [*usual, "-- without", *differences(usual, bare)]

    assert "\n".join(asyncio.run(both())) == snapshot


@pytest.mark.parametrize("bare", [False, True], ids=["with a generation", "without"])
@pytest.mark.parametrize(("action", "way"), [("delete", DELETE), ("scale", SCALE), ("edit", EDIT)])
async def test_what_is_handed_over_for_a_kind_that_is_not_watched(
    action: str, way: Way, bare: bool, snapshot: SnapshotAssertion
) -> None:
    site = without_generation(pumping()) if bare else pumping()
    session, spec = Direct(site), spec_of(action)
    other = Resource("water.example.com", "v1", "pumps", "Pump", True, way)
    ref = ObjectRef(ObjectKey("plant", "Pump", "line-2", "main"), "", "")
    aim = Aim(action, session, ref, given={"replicas": 5}, other=other)
    view = await seen_whole(spec, aim, await spec.read(aim))
    answer = edit.Typed({**view.there, "spec": {"units": 5}}, "") if action == "edit" else None
    if answer is None:
        answer = spec.answer(view, aim.given)
    assert spec.change is not None
    change = spec.change(session, view, answer)
    write = change.write("7")
    request = f"{write.method} {write.path} {write.content_type} {as_text(write.body)}"
    assert "\n".join([change.title, *change.diff, *handed_over(change), request]) == snapshot


ACTIONS_OF = sorted({case.words[0] for case in PLAIN.values()} | {"restore", "drain", "trigger"})


@pytest.mark.parametrize("action", ACTIONS_OF)
async def test_an_action_on_another_kind_is_refused_before_anything_is_read(
    action: str, snapshot: SnapshotAssertion
) -> None:
    """But a deletion, which is of any kind."""
    site, spec = Site(), spec_of(action)
    ref = ObjectRef(ObjectKey("plant", "Service", "line-2", "web"), "", "")
    with pytest.raises(Refusal) as refused:
        await spec.read(Aim(action, Direct(site), ref, given={"replicas": None, "low": None, "high": None}))
    assert (str(refused.value), site.paths) == snapshot

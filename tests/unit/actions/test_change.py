"""One patch of one object through the gate: each field of a change, and each thing that can come between.

`pytest tests/unit/actions/test_change.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.change import change as changes
from edgetui.actions.change.change import Change, Spot, at_hand
from edgetui.actions.change.ending import Ending, after_write, ending_of, not_waited, unknown
from edgetui.actions.change.watch import Watched
from edgetui.actions.gate.gate import Run, Write
from edgetui.actions.messages import Cancelled, Changed, Offer, Refusal
from edgetui.actions.rights import Access
from edgetui.cluster.errors import EdgetuiError, LinkError, NotFound
from edgetui.model.identity import ObjectKey, ObjectRef
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time
from tests.unit.model import factories as f
from tests.unit.model.test_canary import canary

from .at_once import AtOnce, told, without_threads
from .every_action import PRESS, from_flux, healthy
from .scripted import DROP, Watching
from .site import APPLY_THEN_DROP, Site

Json = dict[str, Any]
KEY = ObjectKey("plant", "Deployment", "line-2", "press")
PATCH = Access("patch", "deployments", "apps")


def write(version: str, words: str = "mark deployment press", **more: Any) -> Write:
    body = {"metadata": {"resourceVersion": version}, "spec": {"marked": True}}
    return Write("PATCH", PRESS, body, words, "application/merge-patch+json", **{"uid": "uid-1"} | more)


def marked(there: Json) -> bool:
    return bool(there["spec"].get("marked"))


def change(**more: Any) -> Change:
    """A change of a field of its spec."""
    made = Change(
        action="pause",
        ref=ObjectRef(KEY, "uid-1", "7"),
        generation=4,
        needs=(PATCH,),
        title="Mark deployment press",
        facts=(("object", "deployment press"),),
        diff=("- marked: false", "+ marked: true"),
        warnings=("It cannot be unmarked.",),
        says="set spec.marked of Deployment/press",
        doing="Marking deployment press",
        accepted="The server accepted the mark",
        write=write,
        applied=marked,
        data={"marks": 1},
    )
    return replace(made, **more)


def test_the_plan_has_every_field(snapshot: SnapshotAssertion) -> None:
    plain = change().plan("9")
    told = change(yes="Mark it", no="Leave it", unproven="Nobody knows.").plan("9")
    assert [msgspec.to_builtins(plain), msgspec.to_builtins(told)] == snapshot


def test_what_is_left_out_of_a_change() -> None:
    made = change()
    left = Change.__struct_fields__[14:]
    assert {name: getattr(made, name) for name in left} == {
        "spot": None,
        "nothing": "",
        "differs": None,
        "about": None,
        "yes": "",
        "no": "Cancel",
        "unproven": "",
        "gone": False,
        "rehearsed": None,
        "rejected": None,
        "metadata": None,
        "known": None,
    }
    spot = Spot(made.ref, 4)
    assert (spot.path, spot.same({}), spot.moves) == ("", True, True)


ENDED = Ending(True, False, ("It is marked.",), {"seconds": 1.5})
OFFER = Offer("resume", "Resume it")
Then = Callable[[Run], Any]


async def well(run: Run) -> Ending:
    run.step("It is marked", "done")
    return ENDED


async def offers(run: Run) -> Ending:
    return Ending(False, True, ("It is not there.",), {"marks": 2}, OFFER)


async def is_gone(run: Run) -> Ending:
    raise Refusal("There is no deployment press.")


async def is_left(run: Run) -> Ending:
    raise Cancelled("Left.")


async def is_lost(run: Run) -> Ending:
    raise LinkError("The link is down.", "Wait.")


class Story(msgspec.Struct, frozen=True):
    """What is performed, on which site, what happens to it, and what is there when it was changed by somebody else."""

    more: Json = {}
    site: Callable[[], Site] = healthy
    meets: Callable[[Site], object] = lambda site: None
    then: Then = well
    again: object = "the new view"
    wait: float | None = 9.0
    complete: Json | None = None
    answer: bool = True
    denied: str = ""


def fault(code: int) -> Callable[[Site], object]:
    return lambda site: setattr(site, "fault", code)


def dry_fault(code: int) -> Callable[[Site], object]:
    return lambda site: setattr(site, "dry_fault", code)


def between(do: Callable[[Site], object]) -> Callable[[Site], object]:
    """Right after the dry run."""

    def meets(site: Site) -> None:
        def happens() -> None:
            do(site)

        site.before_write = happens

    return meets


def touched(spec: bool) -> Callable[[Site], object]:
    return between(lambda site: site.touch(PRESS, spec=spec))


def noted(site: Site) -> None:
    site.objects[PRESS]["metadata"]["annotations"]["seen"] = "yes"
    site.touch(PRESS, spec=False)


def renamed(site: Site) -> None:
    site.objects[PRESS]["metadata"]["uid"] = "another"
    site.touch(PRESS, spec=False)


def unnoted(there: Json) -> bool:
    return "seen" not in there["metadata"]["annotations"]


REF = ObjectRef(KEY, "uid-1", "7")
FLUX = lambda: from_flux()  # noqa: E731 - a site is made of it
METADATA = {"name": "press", "labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}
STORIES: dict[str, Story] = {
    "it is done": Story(),
    "it is so already": Story({"nothing": "deployment press is marked already: nothing was written"}),
    "more is said of it": Story(complete={"warnings": ("It is large.",), "facts": (("size", "9"),)}),
    "it says why": Story({"about": {"guard": {"template": "bad"}}}),
    "it is not waited for": Story(then=offers, wait=None),
    "it offers a next step": Story(then=offers),
    "a tool applies it": Story(site=FLUX),
    "a tool applies it, and it offers a next step": Story(site=FLUX, then=offers),
    "a tool applies it, whose pause is not permitted": Story(site=FLUX, denied="patch kustomizations"),
    "a tool applies what it writes to": Story(
        {"metadata": {"labels": {}}, "known": {"labels": {}}}, site=FLUX
    ),
    "its metadata is known": Story({"known": METADATA}, site=FLUX),
    "its metadata is that of another version": Story(
        {"known": {"labels": {}}, "ref": ObjectRef(KEY, "uid-1", "5")}, site=FLUX
    ),
    "something drives it": Story(site=lambda: Site(*healthy().objects.values(), canary())),
    "it is rehearsed": Story({"rehearsed": lambda there: change(title="As stored", data={"stored": 1})}),
    "its look after it is cut": Story(then=is_lost),
    "it is gone after it": Story(then=is_gone),
    "nobody looks any more": Story(then=is_left),
    "a person says no": Story(answer=False),
    "a person says no, and an answer is kept": Story({"rejected": lambda problem: "kept"}, answer=False),
    "the server refuses it": Story(meets=fault(422)),
    "the server refuses it, and an answer is kept": Story(
        {"rejected": lambda problem: problem.sentence}, meets=fault(422)
    ),
    "the dry run is refused": Story(meets=dry_fault(422)),
    "the dry run is forbidden": Story(meets=dry_fault(403), denied="patch deployments"),
    "its version moves": Story(meets=touched(spec=False)),
    "its version moves, and it was known": Story({"known": METADATA}, meets=touched(spec=False)),
    "somebody changes it": Story(meets=touched(spec=True)),
    "somebody changes it, and it says what": Story(
        {"differs": lambda now: f"{now} differs."}, meets=touched(spec=True)
    ),
    "somebody changes it, and it makes no sense any more": Story(
        meets=touched(spec=True), again=Refusal("It is paused.", "Resume it.", ("- a",))
    ),
    "somebody changes it, and an answer is kept": Story(
        {"rejected": lambda problem: "kept"}, meets=touched(spec=True)
    ),
    "somebody notes something": Story(
        {"spot": Spot(REF, 4, same=unnoted, moves=False)}, meets=between(noted)
    ),
    "somebody changes what does not matter": Story(
        {"spot": Spot(REF, None, same=unnoted, moves=False)}, meets=touched(spec=True)
    ),
    "it is gone": Story(meets=between(lambda site: site.objects.clear())),
    "another has its name": Story(meets=between(renamed)),
    "its answer is lost": Story(meets=fault(APPLY_THEN_DROP)),
    "it is lost": Story(meets=fault(DROP)),
    "it is lost, and nobody waits": Story(meets=fault(DROP), wait=None),
    "it is lost, for long": Story(meets=fault(DROP), wait=900.0),
    "it was so before and its answer is lost": Story(
        {"applied": lambda there: True}, meets=fault(DROP), wait=2.0
    ),
    "it was so before, and no generation tells": Story(
        {"applied": lambda there: True, "spot": Spot(REF, None, moves=False)}, meets=fault(DROP), wait=2.0
    ),
    "a generation of which nothing was known": Story(
        {"applied": lambda there: True, "spot": Spot(REF, None)}, meets=fault(DROP), wait=2.0
    ),
    "it is to be gone": Story(
        {"gone": True, "applied": lambda there: False},
        meets=lambda site: [fault(DROP)(site), between(lambda site: None)(site)],
        wait=2.0,
    ),
}


def set_up(site: Site) -> None:
    """An object whose uid and version the change has seen."""
    site.objects[PRESS]["metadata"] |= {"uid": "uid-1", "resourceVersion": "7"}
    site.objects[PRESS]["metadata"].setdefault("annotations", {})


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_a_change_from_its_dry_run_to_its_receipt(
    story: Story, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        without_threads(loop)
        site = story.site()
        set_up(site)
        story.meets(site)
        hands, session = Watching(tmp_path, answer=story.answer), AtOnce(site)
        session.denied = frozenset([story.denied] if story.denied else [])
        hands.gate.sleep, began = asyncio.sleep, loop.time()
        wanted = change(**story.more)

        async def again() -> object:
            if isinstance(story.again, Exception):
                raise story.again
            return story.again

        complete = None if story.complete is None else at_hand(change(**story.more, **story.complete))
        try:
            receipt = await changes.perform(
                hands.gate, session, wanted, again=again, then=story.then, wait=story.wait, complete=complete
            )
            found.append(msgspec.json.encode(receipt).decode())
        except EdgetuiError as problem:
            more = problem.view if isinstance(problem, Changed) else getattr(problem, "diff", ())
            found.append(f"{told(problem)} {more}")
        found.append(f"{loop.time() - began:.2f} s")
        for plan in hands.plans:
            found.append(msgspec.json.encode(plan).decode())
        found.extend(f"{step.state}: {step.text}" for step in hands.steps)
        found.extend(f"asked {one}" for one in session.asked)
        sent = [
            f"{one.line} {json.dumps(one.query)} {json.dumps(one.body)}"
            for one in site.requests
            if one.method != "GET" or one.path.startswith(PRESS)
        ]
        found.extend(f"{len([*same])} x {line}" for line, same in groupby(sent))
        found.append(f"answered {session.wants}")
        kept = (
            "event",
            "action",
            "result",
            "words",
            "guard",
            "message",
            "data",
            "object",
            "uid",
            "shown_version",
        )
        found.extend(json.dumps({name: one[name] for name in kept if name in one}) for one in hands.audit)

    on_virtual_time(main)
    assert "\n".join(found) == snapshot


def watched(reached: bool, failed: bool) -> Watched:
    return Watched(reached, failed, "at 3", 1.26, None)


def test_the_endings_in_words() -> None:
    assert not_waited("It:") == Ending(False, True, ("It: accepted; not waited for.",))
    data = {"seconds": 1.3}
    assert ending_of(watched(True, False), "It", "so") == Ending(
        True, False, ("It: at 3 after 1.3 s.",), data
    )
    assert ending_of(watched(False, True), "It", "so") == Ending(
        False, False, ("It: at 3 after 1.3 s.", "so"), data
    )
    assert ending_of(watched(False, False), "It", "so", "too") == Ending(
        False, True, ("It: accepted, but after 1.3 s still at 3.", "so", "too"), data
    )
    lost = LinkError("The link is down.", "Wait.")
    assert unknown("Mark it", lost) == Ending(
        False, False, ("It may have arrived: Mark it. The link is down.", "Wait."), {"unknown": True}
    )
    assert Ending(True, False, ()) == Ending(True, False, (), {}, None)


@pytest.mark.parametrize(
    ("problem", "pending", "line"),
    [
        (Cancelled("Left."), True, "Accepted; no longer watched."),
        (Refusal("It is gone."), False, "Accepted. It is gone."),
        (LinkError("The link is down.", "Wait."), True,
         "Accepted; what came of it could not be seen: The link is down. Wait."),
        (NotFound("No."), True, "Accepted; what came of it could not be seen: No."),
    ],
)  # fmt: skip
async def test_no_failure_to_look_hides_a_write(problem: Exception, pending: bool, line: str) -> None:
    async def looking() -> Ending:
        raise problem

    assert await after_write(looking(), "Accepted") == Ending(False, pending, (line,))


async def test_what_is_whole_already_is_at_hand() -> None:
    view = object()
    assert await at_hand(view)() is view


def test_the_facts_that_every_plan_begins_with() -> None:
    async def main(loop: VirtualLoop) -> None:
        session = AtOnce(Site())
        node = ObjectRef(ObjectKey("plant", "Node", "", "edge-1"), "", "")
        assert changes.facts(session, REF) == [
            ("cluster", "plant (http://plant)"),
            ("object", "deployment press in line-2"),
        ]
        assert changes.facts(session, node)[1] == ("object", "node edge-1")

    on_virtual_time(main)
    assert f.NOW

"""A write on a broken link: nothing was sent, it may have arrived, or it arrived; said, recorded and never repeated."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.change import precondition
from edgetui.actions.change.precondition import Intent
from edgetui.actions.gate.gate import Write
from edgetui.actions.messages import Cancelled, Changed, Refusal
from edgetui.actions.scaling import scale
from edgetui.actions.scaling.scale import ScaleAnswer
from edgetui.cluster.errors import Conflict, EdgetuiError, Invalid, LinkError, NotFound, Throttled
from edgetui.model.cache.freshness import Link, LinkState
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey, ObjectRef

from .at_once import AtOnce
from .every_action import PRESS, healthy
from .scripted import DROP, Answer, FakeDeployment, Request, Watching, scripted

REF = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "uid-1", "812")
SCALE = f"{FakeDeployment.path}/scale"


class Broken:
    """A server that loses the answer to the write, and then answers the looks with what `looks` has, then rightly."""

    def __init__(self, press: FakeDeployment, looks: Sequence[int], *, arrives: bool) -> None:
        self.press, self.looks, self.arrives = press, list(looks), arrives
        self.sent = 0

    def answer(self, request: Request) -> Answer:
        if request.line == f"PUT {SCALE}":
            self.sent += 1
            if self.arrives:
                self.press.answer(request)
            return DROP, {}
        if self.sent and self.looks:
            return self.looks.pop(0), {}
        return self.press.answer(request)


@pytest.mark.parametrize("looks", [[DROP], [DROP, 401], [DROP, 403, DROP], [401, 403, 503, DROP, 200]])
async def test_a_lost_answer_is_looked_for_until_the_link_is_back(tmp_path: Path, looks: list[int]) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)
    broken = Broken(press, looks, arrives=True)
    async with scripted(broken.answer) as (_, session):
        view = await scale.prepare(session, REF)
        receipt = await scale.perform(hands.gate, session, view, 6, wait=5)
    assert (receipt.ok, broken.sent, broken.looks) == (True, 1, [])
    said = [step.text for step in hands.steps]
    assert any("It may have arrived: edgetui looks when the link is back" in text for text in said)
    assert "The write arrived, only its answer was lost" in said
    assert [record.get("result") for record in hands.audit] == [None, "unknown", "arrived", "reached"]


@pytest.mark.parametrize("code", [DROP, 401, 403])
async def test_a_command_that_cannot_look_says_that_it_may_have_arrived(tmp_path: Path, code: int) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)
    hands.gate.patient = False
    broken = Broken(press, [code] * 10_000, arrives=True)
    async with scripted(broken.answer) as (_, session):
        view = await scale.prepare(session, REF)
        receipt = await scale.perform(hands.gate, session, view, 6, wait=0.05)
    assert (receipt.ok, receipt.pending, receipt.data["unknown"], broken.sent) == (False, False, True, 1)
    assert receipt.lines[0].startswith("It may have arrived: Scale deployment press")
    assert "edgetui could not look what became of it" in receipt.lines[1]
    assert "keeps trying" not in " ".join(receipt.lines)
    assert hands.audit[-1]["result"] == "unknown"


async def test_a_patient_look_waits_for_the_watch_to_have_its_link_again(tmp_path: Path) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)
    broken = Broken(press, [], arrives=True)
    async with scripted(broken.answer) as (server, session):
        view = await scale.prepare(session, REF)
        store = session.store = Store("plant")
        store.set_link(LinkState(link=Link.LIVE))
        hands.meanwhile = server.requests.clear
        naps = 0

        async def sleep(seconds: float) -> None:
            nonlocal naps
            naps += 1
            if naps == 50:
                store.set_link(LinkState(link=Link.LIVE))
            await asyncio.sleep(0)

        def answer(request: Request) -> Answer:
            if broken.sent == 0 and request.line == f"PUT {SCALE}":
                store.set_link(LinkState(link=Link.STALE, sentence="The link is down."))
            return broken.answer(request)

        hands.gate.sleep = sleep
        server.handler = answer
        receipt = await scale.perform(hands.gate, session, view, 6, wait=5)
        assert receipt.ok
        assert server.lines[:2] == [f"PUT {SCALE}", f"GET {SCALE}"]
    assert naps >= 50
    assert any("cannot look yet: The link is down." in step.text for step in hands.steps)


async def test_a_look_that_works_again_says_no_longer_that_it_cannot(tmp_path: Path) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)
    broken = Broken(press, [DROP, DROP], arrives=False)
    async with scripted(broken.answer) as (_, session):
        view = await scale.prepare(session, REF)
        receipt = await scale.perform(hands.gate, session, view, 6, wait=0.05)
    said = [step.text for step in hands.steps if step.text.startswith("It may have arrived, ")]
    assert "edgetui cannot look yet" in said[0]
    assert said[-1] == "It may have arrived, it is not on the cluster yet"
    assert (receipt.data["unknown"], hands.steps[-1].state) == (True, "failed")


async def test_an_error_after_a_write_that_was_found_says_that_it_was_done(tmp_path: Path) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)
    async with scripted(press.answer) as (_, session):
        view = await scale.prepare(session, REF)
        with pytest.raises(LinkError) as raised:
            async with hands.gate.run(session, "scale", REF, view.needs, "line-2", "press") as run:
                await run.confirm(scale.change(session, view, ScaleAnswer(5)).plan("812"))
                await run.rehearse(scale.request(view, 5, "812"))
                await run.found("The write arrived, only its answer was lost")
                raise LinkError("The link broke.", "Look again.")
    assert raised.value.advice == "Done before that: scale deployment press from 3 to 5. Look again."


@pytest.mark.parametrize("arrives", [True, False])
async def test_who_stops_watching_is_told_what_is_true_and_it_is_recorded(
    tmp_path: Path, arrives: bool
) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)

    async def stop(seconds: float) -> None:
        raise Cancelled("No longer watched.")

    def answer(request: Request) -> Answer:
        if request.method == "GET" and press.replicas == 6:
            press.generation += 1
            return 200, {**press.document(), "status": {}}
        if request.line == f"PUT {SCALE}" and not arrives:
            return DROP, {}
        return press.answer(request)

    async with scripted(answer) as (_, session):
        view = await scale.prepare(session, REF)
        hands.gate.sleep = stop
        receipt = await scale.perform(hands.gate, session, view, 6, wait=5)
    assert (receipt.ok, receipt.pending, receipt.data["unknown"]) == (False, arrives, not arrives)
    said = "The server accepted 6 replicas; no longer watched." if arrives else "Nobody looks any more"
    assert said in " ".join(receipt.lines)
    assert hands.audit[-1]["result"] == ("pending" if arrives else "unknown")


async def test_an_object_that_is_gone_after_a_lost_answer_is_not_called_unchanged(tmp_path: Path) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)
    broken = Broken(press, [404], arrives=True)
    async with scripted(broken.answer) as (_, session):
        view = await scale.prepare(session, REF)
        receipt = await scale.perform(hands.gate, session, view, 6, wait=5)
    assert receipt.data["unknown"]
    assert "There is no deployment press in line-2 on plant." in receipt.lines[1]
    assert "nothing was changed" not in " ".join(receipt.lines).lower()


Breaking = Callable[[FakeDeployment, Request], Answer | None]


def _dry(code: int) -> Breaking:
    return lambda press, request: (code, {}) if request.query.get("dryRun") else None


def _real(code: int) -> Breaking:
    return lambda press, request: (code, {}) if request.line == f"PUT {SCALE}" else None


UNWRITTEN: list[tuple[str, Breaking, type[EdgetuiError], str]] = [
    ("the link breaks in the dry run", _dry(DROP), LinkError, "unsent"),
    ("429 to the dry run", _dry(429), Throttled, "refused"),
    ("422 to the dry run", _dry(422), Invalid, "refused"),
    ("429 to the write", _real(429), Throttled, "aborted"),
    ("422 to the write", _real(422), Invalid, "aborted"),
    ("the object is gone at the write", _real(404), Refusal, "aborted"),
]


@pytest.mark.parametrize(
    ("breaking", "kind", "result"), [one[1:] for one in UNWRITTEN], ids=[u[0] for u in UNWRITTEN]
)
async def test_what_was_not_written_is_said_and_stands_in_the_record(
    tmp_path: Path, breaking: Breaking, kind: type[EdgetuiError], result: str
) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)
    gone = False

    def answer(request: Request) -> Answer:
        nonlocal gone
        said = breaking(press, request)
        gone = gone or (said is not None and said[0] == 404)
        return (404, {}) if gone else said or press.answer(request)

    async with scripted(answer) as (_, session):
        view = await scale.prepare(session, REF)
        with pytest.raises(kind) as raised:
            await scale.perform(hands.gate, session, view, 6, wait=5)
    assert press.replicas == 3
    said = str(raised.value)
    assert "keeps trying" not in said and "waits as long" not in said
    assert "othing was" in said or "There is no deployment press" in said
    assert hands.audit[-1]["result"] == result
    assert hands.audit[-1]["message"] == raised.value.sentence
    tried = next(record for record in hands.audit if "words" in record)
    assert (tried["words"], tried["after"]) == ("scale deployment press from 3 to 6", {"replicas": 6})


async def test_an_attempt_without_the_right_stands_in_the_record(tmp_path: Path) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)
    async with scripted(press.answer) as (server, session):
        view = await scale.prepare(session, REF)
        server.denied = {"deployments"}
        with pytest.raises(Refusal, match="may not"):
            await scale.perform(hands.gate, session, view, 6, wait=5)
    assert [(one["event"], one["result"], one["action"]) for one in hands.audit] == [
        ("outcome", "refused", "scale")
    ]


@pytest.mark.parametrize("code", [DROP, 401, 403, 404, 503])
async def test_a_failure_to_see_the_outcome_does_not_hide_that_it_was_accepted(
    tmp_path: Path, code: int
) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)

    def answer(request: Request) -> Answer:
        return (code, {}) if press.replicas == 6 and request.method == "GET" else press.answer(request)

    async with scripted(answer) as (_, session):
        view = await scale.prepare(session, REF)
        receipt = await scale.perform(hands.gate, session, view, 6, wait=0.05)
    assert press.replicas == 6
    assert (receipt.ok, receipt.pending) == (False, code != 404)
    assert "ccepted" in receipt.lines[0] or code == 404
    assert json.loads(hands.log.path.read_text().splitlines()[1])["result"] == "done"


async def test_a_record_that_fails_after_the_first_write_does_not_say_that_nothing_was_changed(
    tmp_path: Path,
) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)
    async with scripted(press.answer) as (_, session):
        view = await scale.prepare(session, REF)
        rights = view.needs
        with pytest.raises(Refusal) as raised:
            async with hands.gate.run(session, "scale", REF, rights, "line-2", "press") as run:
                await run.confirm(scale.change(session, view, ScaleAnswer(5)).plan("812"))
                await run.write(scale.request(view, 5, "812"))
                _full(hands)
                await run.write(scale.request(view, 6, "813"))
    assert press.replicas == 5
    assert "nothing more is changed" in raised.value.sentence
    assert "Done before that: scale deployment press from 3 to 5." in raised.value.advice


def _full(hands: Watching) -> None:
    """From now on the record cannot be written."""

    def append(record: Any) -> None:
        raise Refusal("The audit record cannot be written (No space left on device).", "Free some space.")

    hands.gate.audit.append = append  # type: ignore[method-assign]


class Busy:
    """A deployment that others write to: at each write of ours it `moves` so, `conflicts` times."""

    def __init__(self, conflicts: int, moves: str) -> None:
        self.session = AtOnce(healthy())
        self.there = self.session.site.objects[PRESS]
        self.there["metadata"] |= {"uid": "uid-1", "resourceVersion": "7", "generation": 4, "annotations": {}}
        self.conflicts, self.moves = conflicts, moves
        self.sent: list[str] = []

    async def send(self, version: str) -> Any:
        self.sent.append(version)
        if len(self.sent) > self.conflicts:
            return {}
        metadata = self.there["metadata"]
        if self.moves == "gone":
            self.session.site.objects.clear()
            raise NotFound("no", code=404)
        if self.moves == "not found":
            raise NotFound("no", code=404)
        if self.moves != "nothing":
            metadata["resourceVersion"] = str(int(metadata["resourceVersion"]) + 1)
        if self.moves == "generation":
            metadata["generation"] = 5
        if self.moves == "notes":
            metadata["annotations"] = {"seen": "yes"}
        if self.moves == "another":
            metadata["uid"] = "another"
        raise Conflict("modified", code=409)

    def intent(self, generation: int | None) -> Intent:
        async def changed() -> Exception:
            return Changed("It was changed.", "now")

        async def plan() -> Any:
            raise AssertionError

        return Intent(
            ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "uid-1", "7"),
            generation,
            write=lambda version: Write("PATCH", PRESS, {}, version),
            plan=plan,
            doing="",
            applied=lambda there: False,
            changed=changed,
            same=lambda there: "seen" not in (there["metadata"].get("annotations") or {}),
        )


BUSY: list[tuple[int, str, int | None, str, list[str]]] = [
    (0, "version", 4, "7", ["7"]),
    (1, "version", 4, "8", ["7", "8"]),
    (5, "version", 4, "12", ["7", "8", "9", "10", "11", "12"]),
    (6, "version", 4, "changes faster than it can be written to", ["7", "8", "9", "10", "11", "12"]),
    (1, "nothing", 4, "modified", ["7"]),
    (1, "generation", 4, "It was changed.", ["7"]),
    (1, "generation", None, "8", ["7", "8"]),
    (1, "generation", 5, "8", ["7", "8"]),
    (1, "version", 0, "It was changed.", ["7"]),
    (1, "notes", 4, "It was changed.", ["7"]),
    (1, "notes", None, "It was changed.", ["7"]),
    (1, "another", 4, "another one has its name now", ["7"]),
    (1, "gone", 4, "There is no deployment press in line-2 on plant", ["7"]),
    (1, "not found", 4, "no", ["7"]),
]


@pytest.mark.parametrize(("conflicts", "moves", "generation", "comes_to", "sent"), BUSY)
async def test_a_write_meets_a_busy_object(
    conflicts: int, moves: str, generation: int | None, comes_to: str, sent: list[str]
) -> None:
    busy = Busy(conflicts, moves)
    try:
        found = await precondition._at_version(busy.session, busy.intent(generation), "7", busy.send)
    except EdgetuiError as problem:
        assert comes_to in problem.sentence
    else:
        assert found == comes_to
    assert busy.sent == sent


@pytest.mark.parametrize(
    ("key", "missing", "words"),
    [
        (
            ObjectKey("plant", "Deployment", "line-2", "press"),
            "There is no deployment press in line-2 on plant. Check the name and the namespace.",
            "deployment press",
        ),
        (
            ObjectKey("plant", "Node", "", "edge-1"),
            "There is no node edge-1 on plant. Check the name.",
            "node edge-1",
        ),
    ],
)
async def test_an_object_that_is_not_there(key: ObjectKey, missing: str, words: str) -> None:
    session, ref = AtOnce(healthy()), ObjectRef(key, "", "")
    session.site.objects.clear()
    with pytest.raises(Refusal) as refused:
        await precondition.read(session, ref)
    assert (str(refused.value), precondition.in_words(key)) == (missing, words)
    assert str(precondition.another(ref)) == (
        f"The {words} that was shown is gone; another one has its name now. Look at the new one and decide again."
    )


async def test_whatever_has_the_name_is_read_where_no_uid_is_known() -> None:
    session = AtOnce(healthy())
    there, key = session.site.objects[PRESS], ObjectKey("plant", "Deployment", "line-2", "press")
    uid = there["metadata"]["uid"]
    for known in ("", uid):
        found = await precondition.read(session, ObjectRef(key, known, ""))
        assert found["metadata"]["uid"] == uid
    with pytest.raises(Refusal, match="another one has its name now"):
        await precondition.read(session, ObjectRef(key, "another", ""))
    by_path = await precondition.read(session, ObjectRef(key, "", ""), PRESS)
    assert by_path["spec"] == there["spec"]
    assert precondition.object_path(key, "scale") == f"{PRESS}/scale"

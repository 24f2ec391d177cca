"""A run of the gate: whatever is done in it and whatever fails, what is said, sent and recorded.

`pytest tests/unit/actions/test_gate.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.catalogue import needs
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Cancelled, Changed, Plan, Receipt, Refusal, Step
from edgetui.cluster.errors import (
    CredentialError,
    EdgetuiError,
    LinkError,
    ProtocolError,
    TlsError,
)
from edgetui.model.cache.freshness import Freshness, Link, LinkState, Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey, ObjectRef
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time

from .at_once import AtOnce, told, without_threads
from .every_action import PRESS, healthy
from .scripted import DROP, Watching
from .site import Site

REF = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "uid-1", "812")


class Work:
    """One run of the gate on virtual time, and all that is told and recorded of it."""

    def __init__(self, tmp_path: Path, site: Site, loop: VirtualLoop) -> None:
        without_threads(loop)
        self.site, self.session, self.hands = site, AtOnce(site), Watching(tmp_path)
        self.full_from, self.appended = 99, 0
        append = self.hands.log.append

        def appended(record: Any) -> None:
            self.appended += 1
            if self.appended >= self.full_from:
                raise Refusal("The audit record cannot be written.", "Free some space.")
            append(record)

        self.hands.log.append = appended  # type: ignore[method-assign]

    def lines(self) -> list[str]:
        found = [f"{step.state}: {step.text}" for step in self.hands.steps]
        found += [f"asked {one}" for one in self.session.asked]
        found.append(f"answered {self.session.wants}")
        found += [f"{one.line} {one.query} {json.dumps(one.body)}" for one in self.site.requests]
        return found + [
            json.dumps({name: value for name, value in one.items() if name not in CHANGING})
            for one in self.hands.audit
        ]


CHANGING = ("time", "run", "who", "hash", "prev")
WRITE = Write(
    "PATCH",
    PRESS,
    {"metadata": {"resourceVersion": "7"}, "spec": {"a": 1}},
    "mark it",
    "application/merge-patch+json",
    "uid-1",
    {"a": 0},
    {"a": 1},
)
OTHER = Write(
    "POST", "/api/v1/namespaces/line-2/pods", {"kind": "Pod", "metadata": {"name": "p"}}, "make a pod"
)
PLAN = Plan("scale", "plant", REF, "Mark it on plant", warnings=("It stays.",))
GOOD = Receipt("scale", "plant", REF, True, ("It is marked.", "So it stays."), {"a": 1})
Does = Callable[[Run, Work], Awaitable[object]]


def raising(make: Callable[[], BaseException]) -> Does:
    async def does(run: Run, work: Work) -> None:
        raise make()

    return does


def meeting(**faults: int) -> Does:
    async def does(run: Run, work: Work) -> None:
        for name, value in faults.items():
            setattr(work.site, name, value)

    return does


async def rehearses(run: Run, work: Work) -> None:
    work.hands.steps.append(Step(f"stored {sorted(await run.rehearse(WRITE))[:2]}", "info"))


async def agrees(run: Run, work: Work) -> None:
    await run.confirm(PLAN)


async def writes(run: Run, work: Work) -> None:
    await run.write(WRITE)


async def makes(run: Run, work: Work) -> None:
    await run.write(OTHER)


async def deletes(run: Run, work: Work) -> None:
    gone = Write("DELETE", PRESS, {"preconditions": {"uid": "uid-1", "resourceVersion": "7"}}, "delete it")
    await run.rehearse(gone)
    await run.confirm(PLAN)
    await run.write(replace(gone, uid="uid-1"))


async def writes_without_a_version(run: Run, work: Work) -> None:
    await run.write(replace(WRITE, body={"spec": {}}))


async def finds(run: Run, work: Work) -> None:
    await run.found("It arrived")


def finishes(**more: Any) -> Does:
    async def does(run: Run, work: Work) -> None:
        await run.finish(replace(GOOD, **more))

    return does


def remains(text: str) -> Does:
    async def does(run: Run, work: Work) -> None:
        run.remains = text

    return does


def full(at: int) -> Does:
    async def does(run: Run, work: Work) -> None:
        work.full_from = at

    return does


def caught(do: Does) -> Does:
    async def does(run: Run, work: Work) -> None:
        with suppress(EdgetuiError):
            await do(run, work)

    return does


async def denies(run: Run, work: Work) -> None:
    work.session.denied = frozenset(["patch deployments"])


def lost() -> LinkError:
    return LinkError("The link went down.", "Try again.")


def unsent() -> LinkError:
    problem = LinkError("plant does not answer.", "Try again.")
    problem.outcome = "Nothing was sent."
    return problem


RUNS: dict[str, list[Does]] = {
    "all goes well": [rehearses, agrees, writes, finishes()],
    "it does not get there": [agrees, writes, finishes(ok=False)],
    "it is not there yet": [agrees, writes, finishes(ok=False, pending=True)],
    "nobody knows": [agrees, writes, finishes(ok=False, data={"unknown": True})],
    "it wants the whole": [meeting(), lambda run, work: run.rehearse(replace(WRITE, whole=True))],
    "nobody reads its answer": [lambda run, work: run.rehearse(replace(WRITE, known=True))],
    "two writes": [agrees, writes, makes, raising(lost)],
    "a write after the end": [agrees, writes, finishes(), writes],
    "a deletion": [deletes],
    "nobody agreed": [rehearses, writes],
    "a write without a version": [agrees, writes_without_a_version],
    "the dry run is refused": [meeting(dry_fault=422), rehearses],
    "the dry run is not answered": [meeting(dry_fault=DROP), rehearses],
    "the dry run is forbidden": [meeting(dry_fault=403), rehearses],
    "the dry run is forbidden, and rights are missing": [denies, meeting(dry_fault=403), rehearses],
    "it is refused": [agrees, meeting(fault=422), writes],
    "it is forbidden": [agrees, meeting(fault=403), writes],
    "it fails on the server": [agrees, meeting(fault=500), writes],
    "it is not answered": [agrees, meeting(fault=DROP), writes],
    "its answer is lost and it is found": [agrees, meeting(fault=DROP), caught(writes), finds, finishes()],
    "its answer is lost and something else fails": [
        agrees,
        meeting(fault=DROP),
        caught(writes),
        raising(lost),
    ],
    "it is found and something else fails": [
        agrees,
        meeting(fault=DROP),
        caught(writes),
        finds,
        raising(lost),
    ],
    "it is found without a write": [finds],
    "it is refused and something else fails": [agrees, meeting(fault=422), caught(writes), raising(lost)],
    "it is done and refused then": [agrees, writes, raising(lambda: Refusal("It is paused.", "Resume it."))],
    "it is refused before": [rehearses, raising(lambda: Refusal("It is paused.", "Resume it."))],
    "it was changed": [raising(lambda: Changed("It was changed.", "now"))],
    "it was left": [raising(lambda: Cancelled("Left."))],
    "the link is lost before": [raising(lost)],
    "no TLS": [raising(lambda: TlsError("No TLS."))],
    "no credentials": [rehearses, raising(lambda: CredentialError("No token."))],
    "no Kubernetes": [raising(lambda: ProtocolError("That is no API server."))],
    "an error that says so itself": [agrees, raising(unsent)],
    "something remains": [agrees, writes, remains("A pod is left."), raising(lost)],
    "something remains of a refusal": [remains("A pod is left."), raising(lambda: Refusal("No."))],
    "it is interrupted": [agrees, writes, raising(lambda: asyncio.CancelledError())],
    "it is interrupted before": [raising(lambda: KeyboardInterrupt())],
    "the program is wrong": [agrees, writes, raising(lambda: ValueError("odd"))],
    "the disk is full at once": [agrees, full(1), writes],
    "the disk is full after the intent": [agrees, full(2), writes, finishes()],
    "the disk is full before the second": [agrees, writes, full(1), makes],
    "the disk is full at the end": [agrees, writes, full(3), finishes()],
}


@pytest.mark.parametrize("does", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("target", [REF, None], ids=["of an object", "of the cluster"])
def test_a_run_of_the_gate(
    does: list[Does], target: ObjectRef | None, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    if target is None and len(does) > 3:
        return
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        site = healthy()
        site.objects[PRESS]["metadata"] |= {"uid": "uid-1", "resourceVersion": "7"}
        work = Work(tmp_path, site, loop)
        rights = needs("restart", "Deployment")
        try:
            async with work.hands.gate.run(
                work.session, "scale", target, rights, "line-2", "press", {"why": "a test"}, rehearsed=True
            ) as run:
                for one in does:
                    await one(run, work)
        except (Exception, asyncio.CancelledError, KeyboardInterrupt) as problem:  # noqa: BLE001 - told
            found.append(told(problem))
        found.extend([*(str(plan.warnings) for plan in work.hands.plans), *work.lines()])

    on_virtual_time(main)
    assert "\n".join(found) == snapshot


@pytest.mark.parametrize("badges", [(), ("PROTECTED",), ("READ-ONLY",), ("PROTECTED", "READ-ONLY")])
@pytest.mark.parametrize("read_only", [False, True])
def test_what_a_cluster_is_marked_with(
    badges: tuple[str, ...], read_only: bool, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        work = Work(tmp_path, healthy(), loop)
        work.session.target = replace(
            work.session.target, badges=badges, server="https://kim:secret@plant:6443"
        )
        work.hands.gate.read_only = read_only
        try:
            async with work.hands.gate.run(
                work.session, "scale", REF, needs("restart", "Deployment"), "line-2"
            ) as run:
                await run.confirm(PLAN)
                await run.record("seen")
        except EdgetuiError as problem:
            found.append(told(problem))
        found.extend([*(str(plan.warnings) for plan in work.hands.plans), *work.lines()])

    on_virtual_time(main)
    assert "\n".join(found) == snapshot


LINKS: dict[str, tuple[LinkState, Freshness]] = {
    "live": (LinkState(Link.LIVE), Freshness(Sync.LIVE)),
    "cut": (LinkState(Link.STALE), Freshness(Sync.LIVE)),
    "cut, with what to do": (LinkState(Link.STALE, next_step="Plug it in."), Freshness(Sync.LIVE)),
    "kept": (LinkState(Link.LIVE), Freshness(Sync.STALE, kept=True)),
    "old": (LinkState(Link.LIVE), Freshness(Sync.STALE)),
}


@pytest.mark.parametrize("state", LINKS)
@pytest.mark.parametrize("target", [REF, None], ids=["of an object", "of the cluster"])
def test_what_is_shown_has_to_be_current(
    state: str, target: ObjectRef | None, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        work = Work(tmp_path, healthy(), loop)
        link, freshness = LINKS[state]
        store = work.session.store = Store("plant")
        store.set_link(LinkState(Link.LIVE))
        store.set_freshness("Deployment", Freshness(Sync.LIVE))
        rights = needs("restart", "Deployment")
        for early in (True, False):
            try:
                async with work.hands.gate.run(
                    work.session, "scale", target, rights, "line-2", rehearsed=True
                ) as run:
                    await run.confirm(PLAN)
                    store.set_link(link)
                    store.set_freshness("Deployment", freshness)
                    await run.write(WRITE if early else OTHER)
                    found.append("written")
            except EdgetuiError as problem:
                found.append(told(problem))

    on_virtual_time(main)
    assert "\n".join(found) == snapshot


@pytest.mark.parametrize(
    ("body", "method", "versioned"),
    [
        ({"metadata": {"resourceVersion": "7"}}, "PATCH", True),
        ({"metadata": {"resourceVersion": ""}}, "PATCH", False),
        ({"metadata": None}, "PATCH", False),
        ({}, "PATCH", False),
        (None, "PATCH", False),
        ({"preconditions": {"resourceVersion": "7"}}, "PATCH", False),
        ({"preconditions": {"resourceVersion": "7"}}, "DELETE", True),
        ({"preconditions": {"uid": "u"}}, "DELETE", False),
        ({"metadata": {"resourceVersion": "7"}}, "DELETE", False),
        (None, "DELETE", False),
    ],
)
def test_a_write_that_carries_a_version(body: Any, method: str, versioned: bool) -> None:
    made = Write(method, PRESS, body, "do it")
    assert made.versioned is versioned
    assert made == Write(method, PRESS, body, "do it", "application/json", "", {}, {}, False, False)


async def test_what_was_seen_later_and_refused_before_is_recorded_without_a_run(tmp_path: Path) -> None:
    hands, session = Watching(tmp_path), AtOnce(healthy())
    await hands.gate.refused(session, "scale", REF, Refusal("It is paused.", "Resume it."))
    await hands.gate.found_later(session, "pause", REF, "r1", result="arrived", message="there")
    kept = (
        "event",
        "action",
        "run",
        "result",
        "message",
        "uid",
        "shown_version",
        "object",
        "user",
        "context",
    )
    first, second = [{name: one[name] for name in kept if name in one} for one in hands.audit]
    about = {
        "uid": "uid-1",
        "shown_version": "812",
        "object": {"kind": "Deployment", "namespace": "line-2", "name": "press"},
        "user": "kim",
        "context": "plant",
    }
    assert second == {
        **about, "event": "found", "action": "pause", "run": "r1", "result": "arrived", "message": "there"
    }  # fmt: skip
    assert first | {"run": ""} == {
        **about, "event": "outcome", "action": "scale", "run": "", "result": "refused", "message": "It is paused."
    }  # fmt: skip
    assert len(first["run"]) == 16


def test_a_gate_beside_another_shares_all_but_who_is_asked_and_told(tmp_path: Path) -> None:
    hands = Watching(tmp_path, read_only=True)
    hands.gate.patient = False
    beside = hands.gate.beside(hands.gate.confirm, print)
    names = ("audit", "read_only", "clock", "sleep", "permissions", "patient")
    assert [getattr(beside, name) for name in names] == [getattr(hands.gate, name) for name in names]
    assert beside.progress is print
    fresh = Gate(hands.log, False, hands.gate.confirm, print)
    assert (fresh.patient, fresh.clock, fresh.sleep) == (True, time.time, asyncio.sleep)

"""The gate: its order, what it refuses, and that a lost answer is never answered by a second write."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from msgspec.structs import replace

from edgetui.actions.catalogue import ACTIONS, needs
from edgetui.actions.gate.gate import Write
from edgetui.actions.messages import Cancelled, Plan, Refusal
from edgetui.actions.scaling import scale
from edgetui.cluster.errors import (
    Conflict,
    EdgetuiError,
    Forbidden,
    LinkError,
)
from edgetui.model.cache.freshness import Freshness, Link, LinkState, Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey, ObjectRef

from .scripted import DROP, Answer, Connected, FakeDeployment, Request, Watching, scripted

REF = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "uid-1", "812")
SCALE = f"{FakeDeployment.path}/scale"


async def test_every_request_in_order(tmp_path: Path) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)
    async with scripted(press.answer) as (server, session):
        view = await scale.prepare(session, REF)
        server.requests.clear()
        hands.meanwhile = lambda: server.requests.append(Request("the person says yes", "", {}, None))
        receipt = await scale.perform(hands.gate, session, view, 6, wait=5)
        lines = server.lines
    assert receipt.ok
    asked = lines.index("the person says yes ")
    assert lines[asked - 3] == f"PUT {SCALE} dry", (
        "what drives the workload is read while the server rehearses"
    )
    assert {line.rpartition("/")[2] for line in lines[asked - 2 : asked]} == {"canaries", "rollouts"}
    assert asked == 3
    assert lines[asked + 1] == f"PUT {SCALE}"
    assert {line.split()[0] for line in lines[asked + 2 :]} == {"GET"}
    assert [record["event"] for record in hands.audit] == ["intent", "result", "outcome"]
    assert not server.reviews, "the dry run has answered that it is permitted"


@pytest.mark.parametrize("code", [DROP, 504, 500])
async def test_a_write_that_arrived_without_an_answer_is_found_and_not_repeated(
    tmp_path: Path, code: int
) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)

    def answer(request: Request) -> Answer:
        said = press.answer(request)
        return (code, {}) if request.line == f"PUT {SCALE}" else said

    async with scripted(answer) as (server, session):
        view = await scale.prepare(session, REF)
        receipt = await scale.perform(hands.gate, session, view, 6, wait=5)
        assert server.lines.count(f"PUT {SCALE}") == 1
    assert receipt.ok, receipt.lines
    assert [record.get("result") for record in hands.audit] == [None, "unknown", "arrived", "reached"]
    assert hands.audit[1]["message"]


@pytest.mark.parametrize("code", [DROP, 504])
async def test_a_write_that_did_not_arrive_is_called_unknown_and_not_repeated(
    tmp_path: Path, code: int
) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)

    def answer(request: Request) -> Answer:
        return (code, {}) if request.line == f"PUT {SCALE}" else press.answer(request)

    async with scripted(answer) as (server, session):
        view = await scale.prepare(session, REF)
        receipt = await scale.perform(hands.gate, session, view, 6, wait=0.05)
        assert server.lines.count(f"PUT {SCALE}") == 1
    assert (receipt.ok, receipt.pending, receipt.data["unknown"]) == (False, False, True)
    assert "It may have arrived: Scale" in receipt.lines[0]
    assert "from 3 to 6" in receipt.lines[0]
    assert "still as it was" in receipt.lines[1]
    assert hands.audit[-1]["result"] == "unknown"


async def test_a_dry_run_without_an_answer_ends_it_before_anything_is_asked(tmp_path: Path) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)

    def answer(request: Request) -> Answer:
        return (DROP, {}) if request.query.get("dryRun") else press.answer(request)

    async with scripted(answer) as (_, session):
        view = await scale.prepare(session, REF)
        with pytest.raises(LinkError, match=r"dry run\. Nothing was changed\."):
            await scale.perform(hands.gate, session, view, 6, wait=5)
    assert hands.plans == []
    assert [record["result"] for record in hands.audit] == ["unsent"]


async def test_a_version_that_never_stands_still_is_given_up(tmp_path: Path) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)

    def answer(request: Request) -> Answer:
        if request.line == f"PUT {SCALE}":
            press.version += 1
        return press.answer(request)

    async with scripted(answer) as (server, session):
        view = await scale.prepare(session, REF)
        with pytest.raises(Refusal, match="changes faster"):
            await scale.perform(hands.gate, session, view, 6, wait=5)
        assert 2 <= server.lines.count(f"PUT {SCALE}") <= 6
    assert press.replicas == 3


async def test_a_conflict_about_something_else_is_not_tried_again(tmp_path: Path) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)

    def answer(request: Request) -> Answer:
        return (409, {}) if request.line == f"PUT {SCALE}" else press.answer(request)

    async with scripted(answer) as (server, session):
        view = await scale.prepare(session, REF)
        with pytest.raises(Conflict):
            await scale.perform(hands.gate, session, view, 6, wait=5)
        assert server.lines.count(f"PUT {SCALE}") == 1


@pytest.mark.parametrize("link", [link for link in Link if link is not Link.LIVE])
async def test_a_link_that_is_not_live_is_refused(tmp_path: Path, link: Link) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)
    async with scripted(press.answer) as (_, session):
        view = await scale.prepare(session, REF)
        session.store = Store("plant")
        session.store.set_link(LinkState(link=link))
        with pytest.raises(Refusal, match=f"plant is {link.value}"):
            await scale.perform(hands.gate, session, view, 6, wait=5)
    assert press.replicas == 3


async def test_rows_of_an_earlier_run_are_refused_although_the_link_is_live(tmp_path: Path) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)
    async with scripted(press.answer) as (_, session):
        view = await scale.prepare(session, REF)
        store = session.store = Store("plant")
        store.set_link(LinkState(link=Link.LIVE))
        store.set_freshness("Deployment", Freshness(Sync.STALE, 5.0, kept=True))
        with pytest.raises(Refusal, match="press is shown as an earlier run of edgetui left it"):
            await scale.perform(hands.gate, session, view, 6, wait=5)
        assert press.replicas == 3
        store.set_freshness("Deployment", Freshness(Sync.LIVE, 9.0))
        assert (await scale.perform(hands.gate, session, view, 6, wait=5)).ok


async def test_a_link_lost_while_the_person_reads_is_refused(tmp_path: Path) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)
    async with scripted(press.answer) as (_, session):
        view = await scale.prepare(session, REF)
        store = session.store = Store("plant")
        store.set_link(LinkState(link=Link.LIVE))
        hands.meanwhile = lambda: store.set_link(LinkState(link=Link.STALE))
        with pytest.raises(Refusal, match="stale"):
            await scale.perform(hands.gate, session, view, 6, wait=5)
    assert press.replicas == 3
    assert [(record["event"], record["result"]) for record in hands.audit] == [("outcome", "refused")]
    assert hands.audit[0]["words"] == "scale deployment press from 3 to 6"


async def test_a_cluster_marked_read_only_in_its_kubeconfig_is_refused(tmp_path: Path) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)
    async with scripted(press.answer) as (_, session):
        view = await scale.prepare(session, REF)
        session.target = replace(session.target, badges=("READ-ONLY",))
        with pytest.raises(Refusal, match="marked read-only"):
            await scale.perform(hands.gate, session, view, 6, wait=5)
    assert press.replicas == 3


async def test_a_gate_that_was_started_read_only_refuses_every_write(tmp_path: Path) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path, read_only=True)
    async with scripted(press.answer) as (server, session):
        view = await scale.prepare(session, REF)
        with pytest.raises(Refusal, match="started read-only"):
            await scale.perform(hands.gate, session, view, 6, wait=5)
        assert not any(line.startswith("PUT") for line in server.lines)
    assert (press.replicas, hands.plans) == (3, [])


async def test_a_record_that_cannot_be_written_stops_the_write(tmp_path: Path) -> None:
    press = FakeDeployment()
    (tmp_path / "state").write_text("in the way")
    hands = Watching(tmp_path / "state")
    async with scripted(press.answer) as (server, session):
        view = await scale.prepare(session, REF)
        with pytest.raises(Refusal, match="audit record"):
            await scale.perform(hands.gate, session, view, 6, wait=5)
        assert f"PUT {SCALE}" not in server.lines


async def test_a_run_that_was_not_confirmed_cannot_write(tmp_path: Path) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path, answer=False)
    write = Write("PUT", SCALE, {}, "scale")
    rights = needs("scale", "Deployment")
    async with scripted(press.answer) as (server, session):
        async with hands.gate.run(session, "scale", REF, rights, "line-2", "press") as run:
            with pytest.raises(Refusal, match="not confirmed"):
                await run.write(write)
            with pytest.raises(ValueError, match="no dry run"):
                await run.rehearse(Write("POST", "/api/v1/namespaces/x/serviceaccounts/y/token", {}, "mint"))
        view = await scale.prepare(session, REF)
        with pytest.raises(Cancelled):
            await scale.perform(hands.gate, session, view, 6, wait=5)
        assert f"PUT {SCALE}" not in server.lines


@pytest.mark.parametrize(
    ("code", "left"),
    [(DROP, "It may have arrived."), (200, "Done before that: scale it."), (409, "Nothing was changed.")],
)
async def test_an_error_behind_a_write_says_what_became_of_the_write(
    tmp_path: Path, code: int, left: str
) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)

    def answer(request: Request) -> Answer:
        return (code, {}) if request.line == f"PUT {SCALE}" else press.answer(request)

    plan = Plan("scale", "plant", REF, "Scale press on plant", (), (), (), ())
    write = Write("PUT", SCALE, {"metadata": {"resourceVersion": "812"}}, "scale it", uid="uid-1")
    async with scripted(answer) as (_, session):
        with pytest.raises(LinkError) as raised:
            async with hands.gate.run(
                session, "scale", REF, needs("scale", "Deployment"), "line-2", "press"
            ) as run:
                await run.confirm(plan)
                with suppress(EdgetuiError):
                    await run.write(write)
                raise LinkError("The link went down.", "Try again.")
    assert raised.value.advice == f"{left} Try again."


async def test_rights_are_asked_once_a_minute_and_again_after_a_403(tmp_path: Path) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)
    forbid = False

    def answer(request: Request) -> Answer:
        return (403, {}) if forbid and request.method == "PUT" else press.answer(request)

    async with scripted(answer) as (server, session):
        permissions = hands.gate.permissions

        async def allowed() -> tuple[bool, str]:
            found = await permissions.allowed(session, ACTIONS["scale"], "line-2", "Deployment", "press")
            return found.ok, found.words

        server.denied = {"deployments"}
        assert await allowed() == (False, "update deployments/scale, get deployments")
        asked = len(server.reviews)
        server.denied = set()
        assert await allowed() == (False, "update deployments/scale, get deployments")
        assert len(server.reviews) == asked
        hands.now += 61
        assert await allowed() == (True, "")

        view = await scale.prepare(session, REF)
        forbid = True
        with pytest.raises(Forbidden):
            await scale.perform(hands.gate, session, view, 6, wait=5)
        server.denied = {"deployments"}
        assert await allowed() == (False, "update deployments/scale, get deployments")


async def test_what_cannot_be_asked_is_not_claimed(tmp_path: Path) -> None:
    hands = Watching(tmp_path)
    session = Connected("http://127.0.0.1:1")
    found = await hands.gate.permissions.allowed(session, ACTIONS["rotate"], "line-2")
    assert (found.ok, found.known) == (True, False)

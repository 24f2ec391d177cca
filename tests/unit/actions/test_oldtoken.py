"""How the old token can be ended, and how long the server is watched until it has."""

from __future__ import annotations

from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.catalogue import needs
from edgetui.actions.credentials.old_token import old_token
from edgetui.actions.credentials.verify import seconds_until_refused
from edgetui.model.expiry import TokenFacts

from .scripted import DROP, Answer, Request, Watching, scripted

BOUND = TokenFacts(
    subject="system:serviceaccount:farm:ops",
    namespace="farm",
    service_account="ops",
    jti="0b5e",
    issued=1000,
    expires=4600,
    bound_kind="Secret",
    bound_name="edgetui-ops-1",
    bound_uid="uid-1",
)


def other(**changes: Any) -> TokenFacts:
    import msgspec

    return msgspec.structs.replace(BOUND, **changes)


def secret(**changes: Any) -> Answer:
    return 200, {
        "type": "Opaque",
        "metadata": {"name": "s", "uid": "uid-1", **changes.pop("metadata", {})},
        **changes,
    }


@pytest.mark.parametrize(
    ("facts", "answer", "revocable", "words"),
    [
        (BOUND, secret(), True, "copies of it on other machines stop working"),
        (BOUND, (403, {}), True, "copies of it on other machines stop working"),
        (BOUND, (404, {}), False, "it has ended"),
        (BOUND, secret(data={"password": "cA=="}), False, "works until 1970-01-01 01:16:40 UTC"),
        (BOUND, secret(type="kubernetes.io/tls"), False, "may be there for something else"),
        (BOUND, secret(metadata={"uid": "another"}), False, "may be there for something else"),
        (other(bound_name="ops-token"), secret(), True, "copies of it"),
        (
            other(bound_name="ops-token"),
            (403, {}),
            False,
            "kubectl --context plant -n farm delete secret ops-token",
        ),
    ],
)
async def test_only_a_secret_that_is_there_for_nothing_else_is_deleted(
    facts: TokenFacts, answer: Answer, revocable: bool, words: str
) -> None:
    async with scripted(lambda request: answer) as (_, session):
        found = await old_token(session, facts)
    assert found.revocable is revocable
    assert words in found.consequence
    assert found.uid == "uid-1"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (other(bound_kind="", bound_name=""), "bound to nothing"),
        (other(bound_kind="Pod", bound_name="press-0"), "works until that is deleted"),
        (
            other(jti="", expires=0, legacy=True, bound_name="ops-token"),
            "never make one of the same name again",
        ),
    ],
)
async def test_a_token_that_cannot_be_ended_is_said_to_live_on(facts: TokenFacts, words: str) -> None:
    async with scripted(lambda request: (500, {})) as (server, session):
        found = await old_token(session, facts)
        assert server.requests == []
    assert not found.revocable
    assert words in found.consequence


async def test_a_finalizer_on_the_secret_is_said_to_take_longer() -> None:
    async with scripted(lambda request: secret(metadata={"finalizers": ["x/y"]})) as (_, session):
        found = await old_token(session, BOUND)
    assert found.revocable
    assert "x/y" in found.notes[0]


ACCEPTED: Answer = (201, {"status": {"userInfo": {"username": "ops"}}})
REFUSED: Answer = (401, {})


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([REFUSED, REFUSED], 2),
        ([ACCEPTED, ACCEPTED, REFUSED, REFUSED], 4),
        ([REFUSED, ACCEPTED, REFUSED, REFUSED], 4),
        ([(DROP, {}), (503, {}), REFUSED, REFUSED], 4),
    ],
)
async def test_the_old_token_is_watched_until_two_refusals_in_a_row(
    tmp_path: Path, answers: list[Answer], asked: int
) -> None:
    script = chain(answers, repeat(ACCEPTED))

    def answer(request: Request) -> Answer:
        return next(script)

    hands = Watching(tmp_path)
    async with scripted(answer) as (server, session):
        async with hands.gate.run(session, "rotate", None, needs("rotate"), "farm", "ops") as run:
            seconds = await seconds_until_refused(run, "old", 30)
        assert len(server.requests) == asked
    assert seconds is not None


async def test_a_token_that_stays_accepted_is_not_said_to_be_dead(tmp_path: Path) -> None:
    hands = Watching(tmp_path)
    async with (
        scripted(lambda request: ACCEPTED) as (_, session),
        hands.gate.run(session, "rotate", None, needs("rotate"), "farm", "ops") as run,
    ):
        assert await seconds_until_refused(run, "old", 0.05) is None

"""What the record tells of earlier runs: rotations that left a Secret, guards that wrote, things done long ago."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.actions import cli
from edgetui.actions.change.long_running import Listener
from edgetui.actions.credentials import leftovers, rotate, verify
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.gate.done import done_to
from edgetui.actions.guard import guard as guarding
from edgetui.actions.guard.guard import Guard
from edgetui.actions.guard.record import Past
from edgetui.cluster.errors import Forbidden, LinkError, Unauthorized
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.rollout.guard import Terms

from .scripted import Watching
from .test_done import records
from .test_guarding import INTENT, left
from .test_rotate import rotated
from .tokens import OLD, SECRETS, Rotating, rotating

Json = dict[str, Any]


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Rotating]:
    async with rotating(tmp_path) as found:
        yield found


def made(secret: str, run: str, **more: Any) -> Json:
    same = {"event": "intent", "run": run, "user": "kim", "cluster": "plant", "write": f"POST {SECRETS}"}
    return same | {"after": {"secret": secret}} | more


def deleted(secret: str, result: str = "done", **more: Any) -> Json:
    same = {"event": "result", "run": "d", "user": "kim", "cluster": "plant", "result": result}
    return same | {"write": f"DELETE {SECRETS}/{secret}"} | more


def ended(run: str, result: str) -> Json:
    return {"event": "outcome", "run": run, "result": result}


LEFT: dict[str, tuple[list[Json], tuple[str, ...]]] = {
    "a run without an end": ([made("s1", "1")], ("s1",)),
    "several, by name": ([made("s2", "2"), made("s1", "1")], ("s1", "s2")),
    "a run that reached its end": ([made("s1", "1"), ended("1", "reached")], ()),
    "a run that failed and took it away": ([made("s1", "1"), ended("1", "failed")], ()),
    "a run of which nobody knows": ([made("s1", "1"), ended("1", "unknown")], ("s1",)),
    "the end of another run": ([made("s1", "1"), ended("2", "reached")], ("s1",)),
    "one that was deleted": ([made("s1", "1"), deleted("s1")], ()),
    "one that was to be deleted": ([made("s1", "1"), deleted("s1", "refused")], ("s1",)),
    "an intent to delete": ([made("s1", "1"), deleted("s1", event="intent")], ("s1",)),
    "another that was deleted": ([made("s1", "1"), deleted("s2")], ("s1",)),
    "one of another user": ([made("s1", "1", user="lee")], ()),
    "one on another cluster": ([made("s1", "1", cluster="van")], ()),
    "the one in use": ([made(OLD, "1")], ()),
    "something else that was made": ([made("s1", "1", write="POST /api/v1/namespaces/x/secrets")], ()),
}


@pytest.mark.parametrize(("lines", "names"), LEFT.values(), ids=LEFT)
async def test_where_secrets_may_not_be_listed_the_record_tells_which_were_left(
    lines: list[Json], names: tuple[str, ...], here: Rotating
) -> None:
    here.issuer.lists = False
    log = here.hands.log
    for one in lines:
        log.append(one)
    facts = (await rotate.prepare(here.session, log)).facts
    assert await leftovers.left_secrets(here.session, facts, log) == names
    assert await leftovers.left_secrets(here.session, facts, None) == ()


async def test_a_rotation_tells_where_the_file_before_is_kept(here: Rotating) -> None:
    before = here.file.read_text()
    receipt = await rotated(here)
    assert Path(receipt.data["backup"]).read_text() == before
    assert receipt.lines[-1] == f"The file as it was before is {receipt.data['backup']}."
    seconds = receipt.data["old_refused_after_seconds"]
    assert seconds == round(seconds, 1)
    assert f"is refused (401), {seconds:.1f} s after its Secret was deleted." in " ".join(receipt.lines)


class Asked:
    """What each fresh connection with the old token is answered; every one of them must be closed."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.open = 0

    def alone(self, *_: Any) -> Any:
        self.open += 1
        return SimpleNamespace(close=self.close)

    def close(self) -> None:
        self.open -= 1

    async def identity(self, api: Any) -> None:
        error = self.answers.pop(0)
        if error is not None:
            raise error


REFUSED, SILENT = Unauthorized("no", "", code=401), LinkError("No route.", "Check it.")


@pytest.mark.parametrize(
    ("answers", "seconds"),
    [
        ([REFUSED, REFUSED], 0.0),
        ([None, REFUSED, REFUSED], 1.0),
        ([REFUSED, None, REFUSED, REFUSED], 1.0),
        ([SILENT, REFUSED, REFUSED], 1.0),
        ([REFUSED, SILENT, REFUSED], 0.0),
        ([None] * 4, None),
        ([Forbidden("no", "", code=403)] * 4, None),
    ],
)
async def test_an_old_token_is_refused_once_two_connections_in_a_row_say_so(
    answers: list[Exception | None], seconds: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, now, steps = Asked(*answers), [100.0], []

    async def sleep(rest: float) -> None:
        now[0] += rest

    run: Any = SimpleNamespace(
        session=None, gate=SimpleNamespace(sleep=sleep), step=lambda text, state: steps.append((text, state))
    )
    monkeypatch.setattr(verify, "_alone", asked.alone)
    monkeypatch.setattr(verify, "identity", asked.identity)
    clock = SimpleNamespace(get_running_loop=lambda: SimpleNamespace(time=lambda: now[0]))
    monkeypatch.setattr(verify, "asyncio", clock)
    assert await verify.seconds_until_refused(run, "old", 3.0) == seconds
    assert (asked.open, asked.answers) == (0, [])
    odd = [one for one in answers if one is not None and not isinstance(one, Unauthorized)]
    assert [state for _, state in steps] == ["info"] * len(odd)


@pytest.mark.parametrize("time", ["", "yesterday", "2026-11-24"])
def test_when_something_was_done_is_told_as_far_as_it_is_known(time: str) -> None:
    (one,) = done_to([{**record, "time": time} for record in records("1", "scale")])
    assert one.when == ("2026-11-24 00:00:00 UTC" if time[:1] == "2" else "at an unknown time")


@pytest.mark.parametrize(("who", "user"), [({}, "somebody"), ({"user": "kim"}, "kim"), (
    {"user": "root", "sudo_user": "kim"}, "kim"), (None, "somebody")])  # fmt: skip
def test_who_did_it_is_the_person_before_sudo(who: Json | None, user: str) -> None:
    (one,) = done_to([{**record, "who": who} for record in records("1", "scale")])
    assert one.user == user


@pytest.mark.parametrize("lines", [
    [{"event": "result", "result": "done"}], [{"event": "result", "result": "refused"}],
    [{"event": "outcome", "result": "reached"}], [{"event": "found", "result": "arrived"}],
])  # fmt: skip
def test_a_run_of_a_guard_without_an_intent_has_written_nothing(tmp_path: Path, lines: list[Json]) -> None:
    assert left(tmp_path, *lines) == Past()


@pytest.mark.parametrize(
    ("rest", "answered"),
    [
        ([{"event": "outcome", "result": "aborted"}], False),
        ([{"event": "outcome", "result": "unknown"}], False),
        ([{"event": "outcome", "result": "failed"}], True),
        ([{"event": "outcome", "result": "pending"}], True),
        ([{"event": "found", "result": "unknown"}], True),
        ([{"event": "result", "result": "unknown"}], False),
    ],
)
def test_what_became_of_a_guards_write_is_known_by_an_end_that_tells(
    tmp_path: Path, rest: list[Json], answered: bool
) -> None:
    assert (left(tmp_path, INTENT, *rest).open == ()) == answered


class Held:
    """A guard that is due and may not roll back."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[str] = []
        self.rests: list[float] = []
        view = SimpleNamespace(ref=ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "", ""))
        self.guard = Guard(
            None,  # type: ignore[arg-type]
            Watching(tmp_path).gate,
            view,  # type: ignore[arg-type]
            Terms(),
            Listener(self.told.append),
            keep=False,
        )
        monkeypatch.setattr(guarding, "held_back", self._held_back)

    def _held_back(self, state: Any, now: float, seconds: float) -> Any:
        self.rests.append(seconds)
        return state


def test_why_it_did_not_roll_back_is_told_once_for_each_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(tmp_path, monkeypatch)
    for why in ("a", "a", "b", "a"):
        held.guard._hold(why)
    assert held.told == [f"Not rolled back: {why}" for why in "aba"]
    assert held.guard.note == "a"


def test_it_tries_again_later_and_later_up_to_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(tmp_path, monkeypatch)
    for _ in range(12):
        held.guard._hold("a")
    assert held.rests[:3] == [10.0, 20.0, 40.0]
    assert held.rests[-1] == 300.0
    assert held.rests == sorted(held.rests)


@pytest.mark.parametrize("age", ["h", "-1h", "1y", "", "1h 30", "9999999999999s", "٣h"])
def test_what_is_no_age_is_named(age: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["audit", f"--since={age}"])
    assert f"“{age}” is not a time such as 15, 90s, 5m or 1h30m" in capsys.readouterr().err


def test_the_commands_are_named_where_none_or_another_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for words in ([], ["scael", "deploy/press"]):
        assert cli.main(words) == 2
        said = capsys.readouterr().err
        assert said == f"Name one of {', '.join(cli.COMMANDS)}.\n"


def test_without_an_age_a_day_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.append({"event": "intent", "run": "1", "action": "scale", "time": "2020-01-01T00:00:00.000+00:00"})
    assert cli.main(["audit", "--file", str(log.path)]) == 0
    assert capsys.readouterr().out == ""
    assert cli.main(["audit", "--since=99999d", "--file", str(log.path)]) == 0
    assert "2020-01-01 00:00:00 UTC" in capsys.readouterr().out

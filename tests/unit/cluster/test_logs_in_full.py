"""The log of a container step by step: what is asked, and what each answer and each end of it means."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import pytest

from edgetui.cluster import backoff
from edgetui.cluster.api.logs import (
    FIRST_LINE_WITHIN,
    MOST_ERROR_BODY,
    SHORTEST_PAUSE,
    Hearing,
    LogState,
    PodLog,
    _Answer,
    _in_words,
)
from edgetui.cluster.errors import (
    ApiError,
    EdgetuiError,
    Forbidden,
    Invalid,
    LinkError,
    NotFound,
    ProtocolError,
    ServerFailure,
    Unauthorized,
)
from edgetui.model.view.log_targets import Container, End
from tests.unit.model import factories as f

from .logsite import KUBELET, said

PATH = "/api/v1/namespaces/line-1/pods/web-1"
ONE, TWO = End(137, "OOMKilled", 5), End(1, "Error", 9)
AGAIN = "It is asked again by itself."


class Source:
    """A session whose pod is this, an error among them to raise; streams are kept and never say a word."""

    def __init__(self, *pods: Any) -> None:
        self.pods = list(pods)
        self.looked: list[str] = []
        self.opened: list[Any] = []
        self.refreshed: list[int | None] = []
        self.renews: bool | EdgetuiError = True
        self.generation = 4
        self.api = self.transport = self.credentials = self

    async def get_bytes(self, path: str) -> bytes:
        self.looked.append(path)
        found = self.pods.pop(0)
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, bytes) else json.dumps(found).encode()

    def open_stream(self, path: str, query: Any, answer: Any, *, head_timeout: float) -> Any:
        self.opened.append((path, query, answer, head_timeout))
        return self

    def close(self) -> None:
        self.opened.append("closed")

    async def refresh(self, since: int | None = None) -> bool:
        self.refreshed.append(since)
        if isinstance(self.renews, EdgetuiError):
            raise self.renews
        return self.renews

    async def until_up(self) -> None:
        await asyncio.sleep(0)

    async def until_down(self) -> None:
        await asyncio.Event().wait()


class Reading:
    """A log of such a source; `changes` counts what it told."""

    def __init__(self, *pods: Any, **options: Any) -> None:
        self.source, self.changes = Source(*pods), 0
        self.log = PodLog(cast("Any", self.source), "line-1", "web-1", changed=self._changed, **options)

    def _changed(self) -> None:
        self.changes += 1

    @property
    def lines(self) -> list[str]:
        buffer = self.log.buffer
        return [buffer.text(number) for number in range(buffer.first, buffer.end)]


def container(**more: Any) -> Container:
    return Container("app", **more)


@pytest.mark.parametrize(
    ("options", "came", "query"),
    [
        ({}, False, {"timestamps": "true", "follow": "true", "tailLines": "300"}),
        ({"container": "app"}, False, {"timestamps": "true", "container": "app", "follow": "true", "tailLines": "300"}),
        ({"previous": True}, False, {"timestamps": "true", "previous": "true", "tailLines": "300"}),
        ({}, True, {"timestamps": "true", "follow": "true", "sinceTime": "2026-11-24T15:00:06Z"}),
        ({"previous": True}, True, {"timestamps": "true", "previous": "true", "sinceTime": "2026-11-24T15:00:06Z"}),
    ],
)  # fmt: skip
def test_what_is_asked_for(options: dict[str, Any], came: bool, query: dict[str, str]) -> None:
    log = Reading(**options).log
    if came:
        log.take([said(7, "one").rstrip()])
    assert log._query() == query


@pytest.mark.parametrize(
    ("current", "known", "previous", "again"),
    [
        (container(running=True), None, False, True),
        (container(running=True), ONE, True, False),
        (None, ONE, False, False),
        (None, ONE, True, False),
        (container(ended=ONE), ONE, False, False),
        (container(ended=TWO), ONE, False, True),
        (container(ended=TWO, before=ONE), ONE, False, True),
        (container(ended=ONE, before=TWO), ONE, False, False),
        (container(waiting="x", before=ONE), ONE, False, False),
        (container(waiting="x", before=TWO), ONE, False, True),
        (container(waiting="x"), None, False, False),
        (Container("side", running=True), ONE, False, False),
    ],
)
def test_a_container_that_ended_runs_again_where_another_end_or_another_instance_is_known(
    current: Container | None, known: End | None, previous: bool, again: bool
) -> None:
    log = Reading(container="app", previous=previous).log
    log.containers = [Container("first", init=True), *([current] if current else [])]
    log.state = LogState(Hearing.ENDED, end=known)
    assert log._runs_again() == again
    assert log.current == (current if current and current.name == "app" else None)


RESTED = said(1, "rest").rstrip()
ENDED_POD = f.pod("web-1", "line-1", statuses=[f.ended(3, "Error")])
RUNNING_POD = f.pod("web-1", "line-1")


@pytest.mark.parametrize(
    ("before", "previous", "pods", "state", "lines", "failures", "looks"),
    [
        (container(running=True), False, [ENDED_POD], "ended", ["rest"], 0, 1),
        (container(running=True), False, [RUNNING_POD], "asking", [], 1, 1),
        (container(ended=ONE), False, [], "ended", ["rest"], 0, 0),
        (container(waiting="x"), False, [ENDED_POD], "ended", ["rest"], 0, 1),
        (None, False, [ENDED_POD], "ended", ["rest"], 0, 1),
        (None, False, [Forbidden("no")], "over", ["rest"], 0, 1),
        (container(running=True, before=ONE), True, [], "over", ["rest"], 0, 0),
        (None, True, [], "over", ["rest"], 0, 0),
    ],
)
async def test_what_the_end_of_a_stream_means(
    before: Container | None,
    previous: bool,
    pods: list[Any],
    state: str,
    lines: list[str],
    failures: int,
    looks: int,
) -> None:
    for rest in (RESTED, b""):
        on = Reading(*pods, container="app", previous=previous)
        on.log.containers = [before] if before else []
        await on.log._ended(rest)
        assert on.log.state.hearing.value == state
        assert on.lines == (lines if rest else [])
        assert (on.log._failures, len(on.source.looked)) == (failures, looks)
        assert on.log.over == (state == "over")
        if state == "over":
            end = before.before if before else None
            assert on.log.state == LogState(Hearing.OVER, "" if end else "The log ends here.", end=end)
        if state == "ended":
            assert on.log.state.end == (ONE if not pods else on.log.containers[0].ended)


async def test_a_pod_that_is_gone_ends_it_with_its_last_words() -> None:
    for rest, lines in ((RESTED, ["rest"]), (b"", [])):
        on = Reading(NotFound("no pod"), container="app")
        with pytest.raises(NotFound):
            await on.log._ended(rest)
        assert on.lines == lines


async def test_a_look_finds_the_container_that_explains_the_pod_and_keeps_one_that_was_named() -> None:
    on = Reading(RUNNING_POD, Forbidden("no"), RUNNING_POD)
    await on.log._look()
    assert (on.log.container, [one.name for one in on.log.containers], on.changes) == ("app", ["app"], 1)
    assert on.log.current == on.log.containers[0]
    on.log.container = "side"
    await on.log._look()
    await on.log._look()
    assert (on.log.container, on.changes) == ("side", 3)
    assert not on.log.current
    assert on.source.looked == [PATH] * 3
    for body in (b"<html>", b"\xff", b"[]"):
        with pytest.raises(EdgetuiError, match="Kubernetes"):
            await Reading(body).log._look()


@pytest.mark.parametrize(
    ("error", "previous", "state"),
    [
        (
            Forbidden("no"),
            False,
            LogState(
                Hearing.OVER,
                "This user may not read logs here: the right get pods/log is missing.",
                "Ask whoever runs the cluster for it, or use another context.",
            ),
        ),
        (NotFound("no"), False, LogState(Hearing.OVER, "This pod no longer exists.")),
        (
            Invalid("previous terminated container not found"),
            True,
            LogState(Hearing.OVER, "The node keeps no log of an instance before this one."),
        ),
        (Invalid("it waits"), True, LogState(Hearing.WAITING, "it waits", AGAIN)),
        (Invalid("not found"), False, LogState(Hearing.WAITING, "not found", AGAIN)),
        *(
            (
                ServerFailure(f"failed: {words}: no route to host.", "Wait."),
                False,
                LogState(
                    Hearing.CUT,
                    "The API server cannot reach the kubelet of the pod's node: no route to host.",
                    f"The node may be down, or cut off from the control plane. {AGAIN}",
                ),
            )
            for words in (
                "dial tcp 10.0.0.7",
                "dialing",
                "No agent available",
                "no agent available",
                "error trying to reach",
            )
        ),
        (ServerFailure("It failed.", "Wait."), False, LogState(Hearing.CUT, "It failed.", "Wait.")),
        (LinkError("dial tcp"), False, LogState(Hearing.CUT, "dial tcp", AGAIN)),
        (Unauthorized("who?", "Log in."), False, LogState(Hearing.OVER, "who?", "Log in.")),
        (ApiError("no", "Ask.", code=405), False, LogState(Hearing.OVER, "no", "Ask.")),
        (ApiError("no", "Ask.", code=501), False, LogState(Hearing.OVER, "no", "Ask.")),
        (ApiError("no", "", code=502), False, LogState(Hearing.CUT, "no", AGAIN)),
        (ProtocolError("odd"), False, LogState(Hearing.CUT, "odd", AGAIN)),
    ],
)  # fmt: skip
def test_what_a_failure_means_for_the_log(error: EdgetuiError, previous: bool, state: LogState) -> None:
    assert _in_words(error, previous) == state
    on = Reading(previous=previous)
    on.log._failed(error)
    assert (on.log.state, on.log._failures, on.changes) == (state, 1, 1)


async def answer(status: int = 0, **headers: str) -> tuple[Reading, _Answer]:
    on = Reading(container="app")
    made = _Answer(on.log)
    if status:
        made.on_head(status, headers)
    return on, made


async def test_an_answer_is_live_with_its_head_and_gives_its_lines_as_they_come() -> None:
    on, made = await answer(200)
    assert (on.log.state, on.changes) == (LogState(Hearing.LIVE), 1)
    whole = said(1, "one") + said(2, "two")
    made.on_data(whole[:-3])
    assert (on.lines, on.changes) == (["one"], 2)
    made.on_data(b"")
    assert on.changes == 2
    assert made.rest() == whole[len(said(1, "one")) : -3]
    made.on_end(True)
    assert made.over.result() is None
    made.on_error(LinkError("late"))
    assert made.over.result() is None


async def test_an_answer_that_breaks_off_says_so() -> None:
    _, made = await answer(200)
    made.on_end(False)
    error = made.over.result()
    assert error is not None
    assert (error.sentence, error.next_step) == ("The connection broke off.", AGAIN)


@pytest.mark.parametrize(
    ("status", "kind", "refused"),
    [(200, "text/html; charset=utf-8", True), (200, "text/plain", False), (500, "text/html", False)],
)
async def test_a_page_is_no_log(status: int, kind: str, refused: bool) -> None:
    on, made = await answer()
    if refused:
        with pytest.raises(EdgetuiError, match="not a Kubernetes API server"):
            made.on_head(status, {"content-type": kind})
    else:
        made.on_head(status, {"content-type": kind})
    assert on.log.state.hearing is (Hearing.LIVE if (status, refused) == (200, False) else Hearing.ASKING)


async def test_a_refusal_is_read_to_64_kib_and_without_the_address_of_the_kubelet() -> None:
    on, made = await answer(500)
    made.on_data(b'{"kind":"Status","message":"' + KUBELET + b'","code":500}')
    made.on_end(True)
    error = made.over.result()
    assert error is not None and "Get" not in error.sentence and "connection refused" in error.sentence
    assert on.changes == 0
    _, made = await answer(500)
    for _ in range(3):
        made.on_data(b"x" * 30_000)
    assert len(made._refusal) == MOST_ERROR_BODY == 65536


@pytest.mark.parametrize(
    ("status", "kind"), [(0, LinkError), (200, LinkError), (401, Unauthorized), (403, Forbidden)]
)
async def test_an_error_after_a_refusal_is_that_refusal(status: int, kind: type[EdgetuiError]) -> None:
    _, made = await answer(status)
    lost = LinkError("The link is lost.")
    made.on_error(lost)
    assert type(made.over.result()) is kind
    assert (made.over.result() is lost) == (kind is LinkError)


async def test_other_credentials_are_got_once_until_the_server_answers() -> None:
    on = Reading()
    assert await on.log._renew(4) and not await on.log._renew(4)
    assert on.source.refreshed == [4]
    on.log.begun()
    on.source.renews = False
    assert not await on.log._renew(5)
    on.log.begun()
    on.source.renews = LinkError("no")
    assert not await on.log._renew(6)
    assert on.source.refreshed == [4, 5, 6]


async def test_lines_end_what_had_failed_and_a_cut() -> None:
    on = Reading()
    on.log._failures = 5
    on.log.state = LogState(Hearing.CUT, "The link is down.")
    on.log.take([said(1, "one").rstrip()])
    assert (on.log._failures, on.log.state, on.changes) == (0, LogState(Hearing.LIVE), 1)
    on.log.state = LogState(Hearing.WAITING)
    on.log.take([said(1, "one").rstrip(), said(2, "two").rstrip()])
    assert (on.log.state, on.lines) == (LogState(Hearing.WAITING), ["one", "one", "two"])


@pytest.mark.parametrize(("delay", "slept"), [(0.0, 1.0), (0.99, 1.0), (7.5, 7.5)])
async def test_a_pause_is_a_second_at_least_and_as_long_as_failures_make_it(
    delay: float, slept: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (SHORTEST_PAUSE, FIRST_LINE_WITHIN) == (1.0, 604_800.0)
    asked: list[Any] = []
    real = asyncio.timeout

    def timeout(seconds: float | None) -> Any:
        asked.append(seconds)
        return real(0.001)

    def delayed(failures: int, rng: Any) -> float:
        asked.append(failures)
        return delay

    monkeypatch.setattr(backoff, "delay", delayed)
    monkeypatch.setattr(asyncio, "timeout", timeout)
    log = Reading().log
    log._failures = 2
    log.look_again()  # before the pause: what was known then is known
    await log._pause()
    log.state = LogState(Hearing.ENDED)
    await log._pause()
    assert asked == [5, slept, 5, None]

"""A drain, word for word: every answer that an eviction may get, and every pod that it may meet.

`pytest --snapshot-update` takes what it says now; look at what differs first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.unit.model import factories as f

from .every_action import NODE
from .scripted import DROP, Answer, Request
from .site import Shell, refusal, shell_on
from .test_drain import Floor, placed
from .test_word_for_word import told_in_words

Json = dict[str, Any]


class Answering(Floor):
    """A node of whose pods one gets another answer than an eviction that is taken."""

    def __init__(self, *others: Json, answer: Answer | None = None, dry: Answer | None = None) -> None:
        super().__init__(*others)
        self.odd, self.dry = answer, dry

    def answer(self, request: Request) -> Answer:
        if request.path.endswith("/press-1/eviction"):
            odd = self.dry if request.query.get("dryRun") else self.odd
            if odd is not None:
                self.requests.append(request)
                return odd
        return super().answer(request)


def status(code: int, reason: str, message: str) -> Answer:
    return code, {"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message}


ENDING = status(403, "Forbidden", "namespace line-2 is being terminated")
ANSWERS: dict[str, Answer] = {
    "gone": refusal(404),
    "another pod": refusal(409),
    "forbidden": refusal(403),
    "a namespace that ends": ENDING,
    "refused by a webhook": status(400, "BadRequest", "the gatekeeper says no"),
    "a server that fails": refusal(500),
    "a link that is lost": (DROP, None),
}
AGENT = f.daemon_set("agent", "line-2")


def with_empty_dir() -> Json:
    made = placed("press-9", f.replica_set(f.deployment("press", "line-2"), "two"))
    made["spec"]["volumes"] = [{"name": "tmp", "emptyDir": {}}]
    return made


MEETS: dict[str, Callable[[], Floor]] = {
    "a pod of a daemon set": lambda: Floor(placed("agent-x", AGENT)),
    "a pod without a controller": lambda: Floor(placed("tool", None)),
    "a pod with an emptyDir": lambda: Floor(with_empty_dir()),
    "a static pod": lambda: Floor(placed("etcd", None, annotations={"kubernetes.io/config.mirror": "x"})),
    "a pod that has ended": lambda: Floor(placed("done", None, phase="Succeeded")),
    "a pod that is going": lambda: Floor(placed("going", None, deleting=f.NOW - 20)),
    "another node": lambda: Floor(f.node("line-2-b")),
    "a small node": lambda: Floor(f.node("line-2-b", cpu="0")),
}


def cordoned() -> Floor:
    floor = Floor()
    floor.objects[NODE]["spec"]["unschedulable"] = True
    return floor


def emptied() -> Floor:
    floor = Floor()
    for path in [path for path, one in floor.objects.items() if one["kind"] == "Pod"]:
        del floor.objects[path]
    return floor


MEETS |= {"a node that is cordoned": cordoned, "a node without pods": emptied}


@pytest.fixture
def shell(
    made: Callable[[], Floor],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Shell]:
    monkeypatch.setattr("edgetui.actions.nodes.drain.RETRY", 0.01)
    with shell_on(made(), tmp_path, monkeypatch, capsys) as found:
        yield found


def but_steps(text: str) -> str:
    """Without the steps, which tell how often it looked, and without what it looked at meanwhile."""
    lines = [line for line in text.splitlines() if not line.startswith("POST") or "press-1/" in line]
    return "\n".join(dict.fromkeys(lines))


@pytest.mark.parametrize(
    "made", [lambda one=one: Answering(answer=one) for one in ANSWERS.values()], ids=ANSWERS
)
def test_what_an_eviction_may_be_answered(shell: Shell, snapshot: SnapshotAssertion) -> None:
    told = told_in_words(shell, "drain", "node/line-2-a", "--yes", "--timeout", "0.05")
    assert but_steps(told) == snapshot


@pytest.mark.parametrize(
    "made", [lambda one=one: Answering(dry=one) for one in ANSWERS.values()], ids=ANSWERS
)
def test_what_a_rehearsal_may_be_answered(shell: Shell, snapshot: SnapshotAssertion) -> None:
    told = told_in_words(shell, "drain", "node/line-2-a", "--dry-run", plan=True)
    assert but_steps(told) == snapshot
    assert shell.site.writes == []


@pytest.mark.parametrize("made", MEETS.values(), ids=MEETS)
def test_what_a_drain_meets(shell: Shell, snapshot: SnapshotAssertion) -> None:
    for options in ((), ("--force",), ("--delete-emptydir-data",), ("--force", "--delete-emptydir-data")):
        told = told_in_words(shell, "drain", "node/line-2-a", "--dry-run", *options, plan=True)
        assert but_steps(told) == snapshot(name=" ".join(options) or "plain")


@pytest.mark.parametrize("made", [lambda: Floor(placed("agent-x", AGENT)), cordoned, emptied])
def test_what_is_done_and_taken_back(shell: Shell, snapshot: SnapshotAssertion) -> None:
    done = told_in_words(shell, "drain", "node/line-2-a", "--yes", "--no-wait")
    assert but_steps(done) == snapshot(name="done")
    assert but_steps(told_in_words(shell, "undo", "node/line-2-a", "--yes")) == snapshot(name="undone")


@pytest.mark.parametrize("made", [Floor, cordoned, emptied, lambda: Answering(answer=ANSWERS["forbidden"])])
def test_what_is_told_meanwhile(shell: Shell, snapshot: SnapshotAssertion) -> None:
    told = told_in_words(shell, "drain", "node/line-2-a", "--yes", "--no-wait", plan=True)
    assert told.partition("-- writes")[0] == snapshot

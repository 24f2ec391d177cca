"""Every action, word for word: what a person reads, what is written, and what stays in the record.

`pytest --snapshot-update` takes what it says now; look at what differs first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from .every_action import CASES, Case
from .scripted import DROP, Request
from .site import APPLY_THEN_DROP, Json, Shell, shell_on
from .test_every_ending import edited
from .test_what_is_said import REFUSED, WARNED, Made

RECORDED = ("action", "event", "write", "words", "result", "before", "after", "undoes", "message", "data")
CHANGING = {
    r"/\S+/config\b": "FILE",
    r'"undoes": "[0-9a-f]{16}"': '"undoes": "RUN"',
    r"127\.0\.0\.1:\d+": "127.0.0.1:PORT",
    r'"resourceVersion": "\d+"': '"resourceVersion": "VERSION"',
    r"still at version \d+": "still at version VERSION",
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}": "UID",
    r"\b\d{1,2}\.\d s\b": "N s",
    r"\b\d{1,2} s later\b": "N s later",
    r'"seconds": \d{1,2}\.\d\b': '"seconds": N',
    r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(Z| UTC)": "TIME",
}
"""What is another from run to run, and what stands for it."""


def settled(text: str) -> str:
    for pattern, word in CHANGING.items():
        text = re.sub(pattern, word, text)
    return text


def plain(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def write_of(request: Request) -> str:
    rest = "".join(f" {name}={value}" for name, value in sorted(request.query.items()))
    return f"{request.method} {request.path}{rest} {request.content_type} {plain(request.body)}"


def told_in_words(shell: Shell, *words: str, plan: bool = False) -> str:
    """One command as text: its plan and its steps, its end, its writes, and its lines of the record."""
    told = shell.run(*words)
    found: Json = told.json
    parts = [
        f"$ edgetui {' '.join(words)}",
        *([told.err.strip()] if plan else []),
        f"{found['outcome']}, exit {told.code}",
        *found["lines"],
        *(f"{name}: {plain(found[name])}" for name in ("object", "data", "error") if found[name]),
        "-- writes",
        *(write_of(one) for one in shell.site.requests if one.method != "GET"),
        "-- record",
        *(plain({name: one[name] for name in RECORDED if name in one}) for one in told.audit),
    ]
    return settled("\n".join(parts))


@pytest.fixture
def shell(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    with shell_on(case.site(), tmp_path, monkeypatch, capsys) as found:
        yield found


EACH = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
AGAIN = {name: case for name, case in CASES.items() if case.again}


@EACH
def test_what_is_done(case: Case, shell: Shell, snapshot: SnapshotAssertion) -> None:
    assert told_in_words(shell, *case.words, "--yes", plan=True) == snapshot


@EACH
def test_what_is_not_there_in_time(case: Case, shell: Shell, snapshot: SnapshotAssertion) -> None:
    shell.site.idle = True
    assert told_in_words(shell, *case.words, "--yes", "--timeout", "0.01") == snapshot


@EACH
def test_what_is_not_waited_for(case: Case, shell: Shell, snapshot: SnapshotAssertion) -> None:
    assert told_in_words(shell, *case.words, "--yes", "--no-wait") == snapshot


@EACH
@pytest.mark.parametrize("fault", [DROP, APPLY_THEN_DROP, 422], ids=["lost", "applied and lost", "refused"])
def test_what_the_link_or_the_server_fails(
    case: Case, shell: Shell, fault: int, snapshot: SnapshotAssertion
) -> None:
    shell.site.fault = fault
    assert told_in_words(shell, *case.words, "--yes", "--timeout", "0.01") == snapshot


@EACH
def test_what_is_undone(case: Case, shell: Shell, snapshot: SnapshotAssertion) -> None:
    shell.run(*case.words, "--yes")
    assert told_in_words(shell, "undo", case.words[1], "--yes") == snapshot


@pytest.mark.parametrize("case", AGAIN.values(), ids=AGAIN)
def test_what_somebody_changed_before_or_after(case: Case, shell: Shell, snapshot: SnapshotAssertion) -> None:
    shell.site.before_write = lambda: edited(shell.site, case)
    assert told_in_words(shell, *case.words, "--yes") == snapshot(name="before")

    def changed() -> None:
        shell.site.changed = lambda: None
        edited(shell.site, case)
        shell.site.carry_out()

    shell.site.changed = changed
    assert told_in_words(shell, *case.words, "--yes", "--timeout", "5") == snapshot(name="after")


@pytest.mark.parametrize(
    ("made", "words"),
    [(made, words) for made, words, _ in (*REFUSED, *WARNED)],
    ids=[f"{words}: {said[:30]}" for _, words, said in (*REFUSED, *WARNED)],
)
def test_what_an_object_is_met_with(
    made: Made,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    snapshot: SnapshotAssertion,
) -> None:
    with shell_on(made(), tmp_path, monkeypatch, capsys) as shell:
        assert told_in_words(shell, *words.split(), "--dry-run", plan=True) == snapshot


def test_what_stands_for_what_changes_from_run_to_run() -> None:
    assert settled("after 1.5 s, at 127.0.0.1:8080") == "after N s, at 127.0.0.1:PORT"
    assert settled('{"resourceVersion": "7", "seconds": 0.1}') == (
        '{"resourceVersion": "VERSION", "seconds": N}'
    )

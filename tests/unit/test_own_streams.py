"""Standard streams and the heap, step by step: what is opened, lost, written and asked of the C library."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui import crash, heap, output
from edgetui.model.redaction import MOST_CHARACTERS


class Stream(io.StringIO):
    """A stream that may be full."""

    def __init__(self, fault: OSError | None = None, tty: bool = True, encoding: str = "utf-8") -> None:
        super().__init__()
        self.fault, self._tty, self._named = fault, tty, encoding
        self.flushed = 0

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._named

    def isatty(self) -> bool:
        return self._tty

    def fileno(self) -> int:
        return 77

    def write(self, text: str) -> int:
        if self.fault is not None:
            raise self.fault
        return super().write(text)

    def flush(self) -> None:
        if self.fault is not None:
            raise self.fault
        self.flushed += 1


@pytest.mark.parametrize("fault", [None, OSError(28, "full"), BrokenPipeError(32, "nobody reads")])
def test_a_stream_takes_everything_and_leads_nowhere_once_it_is_full(
    monkeypatch: pytest.MonkeyPatch, fault: OSError | None
) -> None:
    told: list[Any] = []

    def opening(path: str, flags: int) -> int:
        told.append((path, flags))
        return 9

    with monkeypatch.context() as patched:
        patched.setattr("os.open", opening)
        patched.setattr("os.dup2", lambda *given: told.append(("dup2", *given)))
        patched.setattr("os.close", lambda number: told.append(("close", number)))
        inner = Stream(fault)
        stream = output.Output(inner)
        assert stream.write("words") == 5
        stream.flush()
        assert (stream.isatty(), stream.fileno()) == (True, 77)
    lost = [(os.devnull, os.O_WRONLY | os.O_CLOEXEC), ("dup2", 9, 77), ("close", 9)]
    assert told == (lost * 2 if fault else [])
    assert (inner.getvalue(), inner.flushed) == (("", 0) if fault else ("words", 1))


@pytest.mark.parametrize("closed", [(), (0,), (1,), (2,), (0, 1, 2)])
def test_closed_streams_lead_nowhere_and_the_next_file_is_none_of_them(
    monkeypatch: pytest.MonkeyPatch, closed: tuple[int, ...]
) -> None:
    free = [*closed, 5]
    inherited: list[tuple[int, bool]] = []
    shut: list[int] = []
    opened: list[tuple[Any, ...]] = []

    def opening(path: str, flags: int) -> int:
        assert (path, flags) == (os.devnull, os.O_RDWR)
        return free.pop(0)

    def stream(descriptor: int, *more: Any, **named: Any) -> Any:
        opened.append((descriptor, *more, named))
        return Stream()

    system: Any = SimpleNamespace(stdin="in", stdout=Stream(), stderr=Stream())
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if number in closed:
            setattr(system, name, None)
    out = system.stdout
    fake = SimpleNamespace(
        open=opening,
        close=shut.append,
        set_inheritable=lambda *given: inherited.append(given),
        devnull=os.devnull,
        O_RDWR=os.O_RDWR,
    )
    monkeypatch.setattr(output, "os", fake)
    monkeypatch.setattr(output, "sys", system)
    monkeypatch.setattr(output, "open", stream, raising=False)
    output.prepare()
    assert (inherited, shut) == ([(number, True) for number in closed], [5])
    how = {"encoding": "utf-8", "closefd": False}
    assert opened == [(0, how) if number == 0 else (number, "w", how) for number in closed]
    assert (system.stdin == "in") == (0 not in closed)
    assert isinstance(system.stdout, output.Output)
    assert isinstance(system.stderr, output.Output)
    if 1 not in closed:
        assert system.stdout._stream is out


def test_a_character_that_a_stream_cannot_hold_is_replaced() -> None:
    inner = io.BytesIO()
    stream = output._forgiving(io.TextIOWrapper(inner, encoding="ascii"), 1)
    stream.write("a…b")
    stream.flush()
    assert inner.getvalue() == b"a?b"


@pytest.mark.parametrize("tty", [True, False])
def test_the_first_pixels_are_taken_away_where_there_can_be_any(
    monkeypatch: pytest.MonkeyPatch, tty: bool
) -> None:
    out = Stream(tty=tty)
    monkeypatch.setattr(output, "sys", SimpleNamespace(stdout=out))
    output.clear_line()
    assert (out.getvalue(), out.flushed) == (("\r\x1b[K", 1) if tty else ("", 0))


@pytest.mark.parametrize(
    ("encoding", "ascii_only"),
    [("utf-8", False), ("UTF8", False), ("utf-16", False), ("latin-1", True), ("", False)],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_a_document_holds_what_its_stream_can(encoding: str, ascii_only: bool, indent: int | None) -> None:
    value = {"name": "Größe", "more": ["a\x1b", 1]}
    text = output.document(value, Stream(encoding=encoding), indent)
    assert json.loads(text) == value
    assert text.isascii() == ascii_only
    assert text.count("\n") == (7 if indent else 1)
    assert text.endswith("}\n")
    assert "\x1b" not in text


def test_the_c_library_is_told_to_give_back_large_blocks_and_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[Any, ...]] = []

    def of_glibc(name: str) -> Callable[..., Any] | None:
        return lambda *given: told.append((name, *given))

    monkeypatch.setattr(heap, "_of_glibc", of_glibc)
    heap.give_back_blocks()
    heap.give_back_pages()
    assert told == [("mallopt", -8, 1), ("mallopt", -3, 65536), ("mallopt", -1, 65536), ("malloc_trim", 0)]
    monkeypatch.setattr(heap, "_of_glibc", lambda name: None)
    heap.give_back_blocks()
    heap.give_back_pages()
    assert len(told) == 4


@pytest.mark.parametrize("error", [OSError, AttributeError])
def test_another_c_library_is_none(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    class Library:
        def __init__(self, name: None) -> None:
            if error is OSError:
                raise OSError

    monkeypatch.setattr("ctypes.CDLL", Library)
    assert heap._of_glibc("mallopt") is None


# -- crash files


def crashed(directory: Path) -> str:
    try:
        raise KeyError("row")
    except KeyError as caught:
        return crash.sentence(caught, directory)


def test_the_details_of_a_defect_are_in_a_file_of_its_owner_and_ten_of_them_are_kept(tmp_path: Path) -> None:
    place = tmp_path / "state"
    before = "Something unexpected happened (KeyError). The details are in "
    after = "; please attach that file to a report."
    for _ in range(12):
        said = crashed(place)
        assert said.startswith(before)
        assert said.endswith(after)
    file = Path(said.removeprefix(before).removesuffix(after))
    (place / "crash-x.txt").write_text("not one of them")
    crashed(place)
    kept = sorted(one.name for one in place.iterdir())
    assert len([name for name in kept if crash._NAME.fullmatch(name)]) == 10
    assert "crash-x.txt" in kept
    assert file.name in kept
    assert file.stat().st_mode & 0o777 == 0o600
    text = file.read_text()
    assert re.match(r"edgetui \S+, Python \S+, .+\n\nTraceback ", text)
    assert "KeyError: 'row'" in text


@pytest.mark.parametrize(
    ("failure", "why"), [(OSError(28, "No space left"), "No space left"), (OSError(), "unknown error")]
)
def test_details_that_cannot_be_written_are_said_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failure: OSError, why: str
) -> None:
    def refused(*_: object) -> None:
        raise failure

    monkeypatch.setattr(crash, "_write", refused)
    said = crashed(tmp_path)
    assert said == f"Something unexpected happened (KeyError). Its details could not be written: {why}."


def test_only_the_end_of_a_long_text_is_kept_and_says_so() -> None:
    limit = MOST_CHARACTERS
    assert crash.without_secrets("x y " * (limit // 4)) == "x y " * (limit // 4)
    long = crash.without_secrets("a" + "x y " * (limit // 4))
    assert long == f"(the last {limit:,} characters)\n" + "x y " * (limit // 4)

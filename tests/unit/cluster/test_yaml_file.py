"""Files that somebody else wrote: what each scalar is taken for, and the sentence for everything that goes wrong.

`pytest tests/unit/cluster/test_yaml_file.py --snapshot-update` takes what is said now; look at
what differs first.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.kubeconfig import yaml_file
from edgetui.cluster.kubeconfig.yaml_file import (
    MissingFile,
    NotAFile,
    _first_blocked,
    _owner_and_group,
    parse,
    permission_advice,
    read_bounded,
    stamp,
)

SCALARS = (
    "y Y yes YES n N no No on On off OFF true True TRUE false FALSE tRue ~ null Null NULL nil "
    "0 7 -7 +7 017 08 0o17 0b101 0b12 0x1F 0xG 1_000 1__0 _1 12e3 1.5 -1.5 .5 -.5 1. 1.5e3 1.5E-3 1.5e 1e5 .inf "
    "-.inf .Inf .NaN .nan nan inf 2026-11-28 2026-11-28T12:30:45Z 12:30:45 1:20 190:20:30.15 = text 'yes' 1.2.3"
)


def test_what_is_not_quoted_is_what_go_takes_it_for(snapshot: SnapshotAssertion) -> None:
    assert "\n".join(f"{text}: {parse(text.encode(), 'f')!r}" for text in SCALARS.split()) == snapshot


def said(call: Any, *arguments: Any) -> str:
    """What a call gives, or what it raises in words."""
    try:
        return repr(call(*arguments))
    except KubeconfigError as error:
        return f"{type(error).__name__}: {error}"


TEXTS = (
    b"",
    b"# only\n",
    b"---\n...\n",
    b"a: 1\n---\nb: [\n",
    b"a: b: c\n",
    b"a: [1\nb: 2\n",
    b"a: *b\n",
    b"a: &x [*x]\n",
    b"a:\n\t- b\n",
    b"a: 1\n\tb: 2\n",
    b"a: @b\n",
    b"a: `b\n",
    b"a: 'b\n",
    b"b: 1\na: \x07\n",
    b"a: \xff\n",
    b"a: 1\nb: \xff\n",
    b"\x00\x01",
    b"\xff\xfe\x00\xd8 \x80",
    b"a: !!python/name:os.system x\n",
    b"{a: 1, a: 2}",
    b'{"a": 1, "a": 2}',
    b'{"a":\t1}',
    b'{\n\t"a": [1]\n}',
    b' \n {\t"a": "x"}',
    b'{"a": ',
    b"{" * 300,
    b'{"a":' * 40 + b"1" + b"}" * 40,
    b"\xef\xbb\xbfa: 1\n",
    "a: 1\n".encode("utf-16"),
    b"- - - - a\n",
    b"? [a]\n: b\n",
    b"? {a: b}\n: c\n",
    b"<<: 5\n",
    b"<<: {a: 1}\nb: 2\n",
    b"a: !!binary x\n",
    b"a: !!int x\n",
    b"a: " + b"9" * 5000,
)  # fmt: skip


def test_what_each_text_is_or_why_it_is_none(snapshot: SnapshotAssertion) -> None:
    lines = [f"{text[:40]!r}: {said(parse, text, 'the file')[:300]}" for text in TEXTS]
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize("over", [0, 1])
def test_aliases_may_unfold_to_their_bound(over: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert yaml_file.MAX_UNFOLDED == 400_000
    monkeypatch.setattr(yaml_file, "MAX_UNFOLDED", 14 - over)
    text = b"{a: &x [1, 2], b: *x, c: [*x]}"  # a mapping, three keys, three lists of two, and a list of one
    found = said(parse, text, "the file")
    if over:
        assert found == (
            "KubeconfigError: the file is not read: its YAML aliases unfold to too much. "
            "No file of its kind needs that; check where it came from."
        )
    else:
        assert found == "{'a': [1, 2], 'b': [1, 2], 'c': [[1, 2]]}"


ERRORS: list[OSError | ValueError] = [
    TimeoutError(),
    FileNotFoundError(),
    NotADirectoryError(),
    IsADirectoryError(),
    OSError(errno.ELOOP, "loop"),
    OSError(errno.EIO, "Input/output error"),
    OSError("odd"),
    ValueError("embedded null byte"),
]


def test_each_failure_to_read_has_its_sentence(
    monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion
) -> None:
    lines = []
    for error in ERRORS:

        def fail(path: Path, most: int, error: Exception = error) -> bytes:
            raise error

        monkeypatch.setattr(yaml_file, "_read", fail)
        lines.append(said(read_bounded, Path("/x/config")))
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize(
    ("most", "size", "words"),
    [
        (1023, 1023, ""),
        (1023, 1024, "0 KB"),
        (1024, 1025, "1 KB"),
        (1024 * 1024 - 1, 1024 * 1024, "1023 KB"),
        (1024 * 1024, 1024 * 1024 + 1, "1 MB"),
    ],
)
def test_a_bound_is_kept_to_the_byte(tmp_path: Path, most: int, size: int, words: str) -> None:
    file = tmp_path / "config"
    file.write_bytes(b"x" * size)
    if not words:
        assert read_bounded(file, most) == b"x" * size
    else:
        assert said(read_bounded, file, most) == (
            f"KubeconfigError: {file} is larger than {words}, so it is not read. "
            "Check that this is the file you mean."
        )


def test_files_that_are_not_there_have_types_of_their_own(tmp_path: Path) -> None:
    for path, kind in ((tmp_path / "gone", MissingFile), (tmp_path, NotAFile)):
        with pytest.raises(kind):
            read_bounded(path)
    assert read_bounded(Path("/dev/null")) == b""
    assert yaml_file.MAX_BYTES == 10 * 1024 * 1024


def test_a_file_is_known_by_its_time_size_and_inode(tmp_path: Path) -> None:
    file = tmp_path / "config"
    assert stamp(file) is None
    file.write_text("abc")
    facts = file.stat()
    assert stamp(file) == (facts.st_mtime_ns, 3, facts.st_ino)


MODES = [
    (0o100640, "ops", True),
    (0o100640, "root", False),
    (0o100600, "ops", False),
    (0o100610, "ops", False),
    (0o040710, "ops", True),
    (0o040740, "ops", False),
    (0o040710, "root", False),
    (0o100644, "ops", True),
]


@pytest.mark.parametrize(("mode", "group", "helps"), MODES)
@pytest.mark.parametrize("outer", [False, True])
def test_a_group_that_may_read_or_pass_is_the_way_in(
    mode: int, group: str, helps: bool, outer: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Blocked:
        def stat(self) -> Any:
            return SimpleNamespace(st_mode=mode, st_uid=7, st_gid=8)

        def __str__(self) -> str:
            return "/x"

        def __eq__(self, other: object) -> bool:
            return not outer

    monkeypatch.setattr(yaml_file, "_first_blocked", lambda path: Blocked())
    monkeypatch.setattr(yaml_file, "_owner_and_group", lambda uid, gid: (f"u{uid}", group))
    which = "/x" if outer else "it"
    sentence = f"/x/k3s.yaml cannot be read: {which} belongs to u7:{group} with mode {mode & 0o7777:04o}."
    step = (
        f"Run: sudo usermod -aG {group} $USER, then log in again; or start edgetui with sudo."
        if helps
        else "Start edgetui with sudo, or open a copy: sudo install -m 600 -o $USER /x/k3s.yaml ~/k3s.yaml"
    )
    assert permission_advice(Path("/x/k3s.yaml")) == (sentence, step)


def test_where_nothing_can_be_looked_at_only_that_is_said(tmp_path: Path) -> None:
    assert permission_advice(tmp_path / "gone") == (
        f"{tmp_path}/gone cannot be read: permission denied.",
        "Run edgetui with sudo, or ask its owner for a copy.",
    )


def test_the_outermost_directory_that_may_not_be_passed_is_the_one_that_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a" / "b" / "config"
    file.parent.mkdir(parents=True)
    closed = {tmp_path / "a", tmp_path / "a" / "b"}
    asked: list[tuple[Path, int, dict[str, Any]]] = []

    def access(path: Path, mode: int, **options: Any) -> bool:
        asked.append((path, mode, options))
        return path not in closed

    monkeypatch.setattr(yaml_file.os, "access", access)  # type: ignore[attr-defined]
    assert _first_blocked(file) == tmp_path / "a"
    closed.clear()
    assert _first_blocked(file) == file
    assert {mode for _, mode, _ in asked} == {os.X_OK}
    assert _first_blocked(tmp_path / "gone" / "config") == tmp_path / "gone" / "config"


def test_an_owner_without_a_name_is_its_number() -> None:
    assert _owner_and_group(0, 0) == ("root", "root")
    assert _owner_and_group(4_000_000_001, 4_000_000_002) == ("4000000001", "4000000002")


def test_what_is_no_ordinary_file_is_known_when_it_is_opened(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("abc")
    os.mkfifo(tmp_path / "pipe")
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    with pytest.raises(IsADirectoryError):
        yaml_file._open(tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    for name, regular in (("a", True), ("pipe", False)):
        descriptor, found = yaml_file._open(tmp_path / name)
        assert (found, os.get_blocking(descriptor), os.get_inheritable(descriptor)) == (regular, False, False)
        os.close(descriptor)
    assert read_bounded(tmp_path / "a") == b"abc"
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


class Pipe:
    """A pipe that gives these, an exception among them, on a clock that moves only while it is waited for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *gives: bytes | None, fifo: bool = True) -> None:
        self.gives, self.now, self.waits = list(gives), 100.0, list[float]()
        self.ready = True
        kind = stat.S_IFIFO if fifo else stat.S_IFCHR
        monkeypatch.setattr(yaml_file.os, "read", self._read)  # type: ignore[attr-defined]
        monkeypatch.setattr(yaml_file.os, "fstat", lambda _: SimpleNamespace(st_mode=kind))  # type: ignore[attr-defined]
        monkeypatch.setattr(yaml_file.time, "monotonic", lambda: self.now)  # type: ignore[attr-defined]
        monkeypatch.setattr(yaml_file.select, "select", self._select)  # type: ignore[attr-defined]

    def _read(self, descriptor: int, most: int) -> bytes:
        given = self.gives.pop(0)
        if given is None:
            raise BlockingIOError
        return given[:most]

    def _select(self, readers: list[int], _writers: object, _errors: object, seconds: float) -> Any:
        self.waits.append(seconds)
        self.now += 1.0
        return (readers if self.ready else [], [], [])


@pytest.mark.parametrize(
    ("gives", "fifo", "found", "waits"),
    [
        ([b"abc", b""], True, b"abc", []),
        ([b"abc", b"de", b""], True, b"abcde", []),
        ([b"", b"abc", b""], True, b"abc", [3.0]),
        ([None, b"abc", None, b"d", b""], True, b"abcd", [30.0, 29.0]),
        ([None, b""], True, b"", [30.0]),
        ([b""], False, b"", []),
        ([b"x" * 60, b"y" * 60], True, b"x" * 60 + b"y" * 40, []),
        ([b"x" * 100], True, b"x" * 100, []),
        ([b"", b"", b"", b""], True, TimeoutError, [3.0, 2.0, 1.0]),
        ([b"", b"", b"", b"a", b""], True, b"a", [3.0, 2.0, 1.0]),
        ([None] * 40, True, TimeoutError, [float(30 - at) for at in range(30)]),
    ],
    ids=range(11),
)
def test_a_pipe_is_waited_for_longer_once_somebody_writes_to_it(
    gives: list[bytes | None], fifo: bool, found: Any, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (yaml_file.PATIENCE, yaml_file.WRITER_PATIENCE, yaml_file.MAX_DEPTH) == (3.0, 30.0, 256)
    pipe = Pipe(monkeypatch, *gives, fifo=fifo)
    if found is TimeoutError:
        with pytest.raises(TimeoutError):
            yaml_file._read_pipe(9, 100)
    else:
        assert yaml_file._read_pipe(9, 100) == found
    assert pipe.waits == waits


def test_a_pipe_that_nobody_is_heard_of_in_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = Pipe(monkeypatch, None)
    pipe.ready = False
    with pytest.raises(TimeoutError):
        yaml_file._read_pipe(9, 100)
    assert pipe.waits == [30.0]

"""Archives as tarfile and GNU tar write them, in any pieces, and what is none. Python's tarfile is the oracle."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgetui.actions.files.tar_reader import BLOCK, MOST_HEADER, Content, Kind, Member, TarReader
from edgetui.actions.messages import Refusal

Found = list[tuple[Member, bytes]]


def read(archive: bytes, pieces: int = 7000) -> Found:
    reader = TarReader()
    found: Found = []
    for at in range(0, len(archive), pieces):
        for event in reader.feed(archive[at : at + pieces]):
            if isinstance(event, Member):
                found.append((event, b""))
            else:
                found[-1] = (found[-1][0], found[-1][1] + event.data)
    assert reader.ended
    assert reader.read == len(archive)
    return found


def made(members: Iterable[tuple[str, bytes]], form: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def by_tarfile(archive: bytes) -> list[tuple[str, int, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return [(one.name, one.size, _content(opened, one)) for one in opened]


def _content(opened: tarfile.TarFile, one: tarfile.TarInfo) -> bytes:
    file = opened.extractfile(one)
    assert file is not None
    return file.read()


NAMES = st.text(
    st.characters(exclude_characters="\0/", exclude_categories=("Cs",)), min_size=1, max_size=160
).filter(lambda name: name.strip("."))


@settings(max_examples=120)
@given(
    st.lists(st.tuples(NAMES, st.binary(max_size=2000)), max_size=5),
    st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
    st.integers(1, 3000),
)
def test_names_and_contents_are_those_of_tarfile(
    members: list[tuple[str, bytes]], form: int, pieces: int
) -> None:
    archive = made(members, form)
    found = read(archive, pieces)
    assert [(one.name, one.size, content) for one, content in found] == by_tarfile(archive)


@pytest.mark.skipif(shutil.which("tar") is None, reason="no tar here")
@pytest.mark.parametrize("form", ["gnu", "pax", "ustar", "v7"])
def test_what_gnu_tar_writes_is_read(tmp_path: Path, form: str) -> None:
    tree = tmp_path / "tree"
    (tree / "empty").mkdir(parents=True)
    (tree / "a file").write_bytes(b"one")
    (tree / "none").write_bytes(b"")
    (tree / "link").symlink_to("a file")
    (tree / "again").hardlink_to(tree / "a file")
    (tree / "run").write_bytes(b"x" * 600)
    (tree / "run").chmod(0o755)
    archive = subprocess.run(
        ["tar", "-c", f"--format={form}", "-f", "-", "-C", str(tmp_path), "tree"],
        capture_output=True,
        check=True,
    ).stdout
    kinds = {one.name: (one.kind, content) for one, content in read(archive)}
    first, second = sorted(("tree/a file", "tree/again"), key=list(kinds).index)
    assert kinds["tree/empty"][0] is Kind.DIRECTORY
    assert kinds[first] == (Kind.FILE, b"one")
    assert kinds[second] == (Kind.HARDLINK, b"")
    assert kinds["tree/link"][0] is Kind.SYMLINK
    assert kinds["tree/none"] == (Kind.FILE, b"")
    assert kinds["tree/run"] == (Kind.FILE, b"x" * 600)
    assert next(one.mode for one, _ in read(archive) if one.name == "tree/run") == 0o755


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("pieces", [1, 100, 100_000])
def test_where_members_begin_and_with_what_is_known(form: int, pieces: int) -> None:
    archive = made([("a", b"1"), ("b" * 150, b"2" * 600)], form)
    first, second = (one for one, _ in read(archive, pieces))
    assert (first.start, first.raw) == (0, archive[:BLOCK])
    assert second.start == 2 * BLOCK
    data = second.start + len(second.raw)
    assert archive[second.start : data] == second.raw
    assert archive[data : data + 600] == b"2" * 600


def _claims(kind: bytes, size: int) -> bytes:
    info = tarfile.TarInfo("long")
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize(
    "archive",
    [
        b"It is no archive at all.".ljust(BLOCK),
        _claims(tarfile.XHDTYPE, MOST_HEADER + 1),
        _claims(tarfile.GNUTYPE_LONGNAME, 1 << 40),
        _claims(tarfile.XHDTYPE, 0),
        _claims(tarfile.XHDTYPE, 10) + b"99 path=a\n".ljust(BLOCK, b"\0"),
        _claims(tarfile.XHDTYPE, 10) + b"10 path\nab".ljust(BLOCK, b"\0"),
        _claims(tarfile.XHDTYPE, 12)
        + b"12 size=ab1\n".ljust(BLOCK, b"\0")
        + tarfile.TarInfo("a").tobuf(tarfile.GNU_FORMAT),
        _claims(tarfile.XHDTYPE, 60)
        + (b"60 size=" + b"9" * 51 + b"\n").ljust(BLOCK, b"\0")
        + tarfile.TarInfo("a").tobuf(tarfile.GNU_FORMAT),
    ],
)
def test_what_is_no_archive_is_refused(archive: bytes) -> None:
    with pytest.raises(Refusal, match="no tar archive"):
        list(TarReader().feed(archive))


def test_headers_without_a_member_are_refused() -> None:
    header = _claims(tarfile.XHDTYPE, MOST_HEADER)
    record = b"%d a=%b" % (MOST_HEADER, b"a" * MOST_HEADER)
    with pytest.raises(Refusal, match="no tar archive"):
        list(TarReader().feed((header + record[: MOST_HEADER - 1] + b"\n") * 5))


def test_what_never_ends_is_refused() -> None:
    reader = TarReader()
    with pytest.raises(Refusal, match="goes on after the end"):
        for _ in range(3000):
            list(reader.feed(bytes(BLOCK)))


def _record(text: str, digits: int) -> bytes:
    """A pax header of one record, whose length is written with so many digits."""
    text = f" {text}\n"
    record = f"{digits + len(text):0{digits}}{text}".encode()
    return _claims(tarfile.XHDTYPE, len(record)) + record.ljust(BLOCK, b"\0")


MIB = 1024 * 1024
FILE = tarfile.TarInfo("a").tobuf(tarfile.GNU_FORMAT)
LONG_NAME = _claims(tarfile.GNUTYPE_LONGNAME, MIB - BLOCK) + b"a".ljust(MIB - BLOCK, b"\0")
AT_ITS_BOUND = {
    "one header": (_claims(tarfile.XHDTYPE, MIB), _claims(tarfile.XHDTYPE, MIB + 1)),
    "headers of one member": (LONG_NAME * 4, LONG_NAME * 4 + FILE),
    "padding": (bytes(BLOCK + MIB), bytes(BLOCK + MIB + 1)),
    "digits of a size": (
        _record(f"size={'9' * 18}", 2) + FILE,
        _record(f"size={'9' * 19}", 2) + FILE,
    ),
    "digits of a length": (_record("path=b", 18) + FILE, _record("path=b", 19) + FILE),
    "a size below 0": (_record("size=0", 2) + FILE, _record("size=-1", 2) + FILE),
}


@pytest.mark.parametrize(("most", "more"), AT_ITS_BOUND.values(), ids=AT_ITS_BOUND)
def test_what_an_archive_may_ask_for_ends_here(most: bytes, more: bytes) -> None:
    list(TarReader().feed(most))
    with pytest.raises(Refusal):
        list(TarReader().feed(more))


@given(st.binary(max_size=3000))
def test_any_bytes_are_members_or_a_refusal(archive: bytes) -> None:
    def events() -> Iterator[object]:
        try:
            yield from TarReader().feed(archive)
        except Refusal:
            return

    assert all(isinstance(one, Member | Content) for one in events())


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_archive_is_members_or_a_refusal(data: st.DataObject) -> None:
    archive = bytearray(made([("a" * 150, b"1" * 700), ("ü", b"2")], tarfile.PAX_FORMAT))
    for _ in range(data.draw(st.integers(1, 4))):
        archive[data.draw(st.integers(0, len(archive) - 1))] = data.draw(st.integers(0, 255))
    try:
        list(TarReader().feed(bytes(archive)))
    except Refusal as refused:
        assert refused.sentence  # either ending is right, and no other is


def test_a_gigabyte_goes_through_in_little_memory() -> None:
    size = 1024**3
    info = tarfile.TarInfo("large")
    info.size = size
    reader, piece, seen = TarReader(), bytes(1024 * 1024), 0
    tracemalloc.start()
    list(reader.feed(info.tobuf(tarfile.GNU_FORMAT)))
    for _ in range(size // len(piece)):
        seen += sum(len(event.data) for event in reader.feed(piece) if isinstance(event, Content))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seen == size
    assert peak < 4 * 1024 * 1024

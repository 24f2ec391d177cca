"""SPDY frames as port-forward needs them: in pieces of any size, and such as no server sends."""

from __future__ import annotations

import struct
import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetui.cluster.api.spdy import MOST_FRAME, Data, FrameReader, FrameWriter, GoAway, Ping, Reset
from edgetui.cluster.errors import ProtocolError

PING = struct.pack(">HHI", 0x8003, 6, 4) + struct.pack(">I", 2)
SAMPLES: list[tuple[bytes, list[object]]] = [
    (FrameWriter.data(3, b"belt"), [Data(3, b"belt", False)]),
    (FrameWriter.data(3, b"", last=True), [Data(3, b"", True)]),
    (FrameWriter.reset(5), [Reset(5)]),
    (PING, [Ping(PING)]),
    (struct.pack(">HHI", 0x8003, 7, 8) + bytes(8), [GoAway()]),
    (struct.pack(">HHI", 0x8003, 2, 6) + struct.pack(">I", 3) + b"hh", []),
    (struct.pack(">HHI", 0x8003, 2, 6 | 1 << 24) + struct.pack(">I", 3) + b"hh", [Data(3, b"", True)]),
    (struct.pack(">HHI", 0x8003, 4, 8) + bytes(8), []),
]


@given(st.lists(st.sampled_from(SAMPLES), max_size=8), st.lists(st.integers(0, 120), max_size=10))
def test_frames_come_out_whole_however_they_arrive(
    frames: list[tuple[bytes, list[object]]], cuts: list[int]
) -> None:
    data = b"".join(frame for frame, _ in frames)
    edges = sorted({0, len(data), *(at for at in cuts if at < len(data))})
    reader = FrameReader()
    found = [frame for start, end in pairwise(edges) for frame in reader.feed(data[start:end])]
    assert found == [one for _, expected in frames for one in expected]


def test_headers_of_several_streams_are_one_compressed_text() -> None:
    writer, reader, read = FrameWriter(), zlib.decompressobj(), []
    for stream, headers, last in ((1, {"streamtype": "error"}, True), (3, {"streamtype": "data"}, False)):
        frame = writer.open(stream, headers, last=last)
        first, second, number, beside, priority = struct.unpack(">IIIIH", frame[:18])
        assert (first, second >> 24, second & 0xFFFFFF) == (0x80030001, int(last), len(frame) - 8)
        assert (number, beside, priority) == (stream, 0, 0)
        read.append(reader.decompress(frame[18:]))
    assert read[0] == struct.pack(">I", 1) + b"\0\0\0\x0astreamtype" + b"\0\0\0\x05error"
    assert read[1].endswith(b"\0\0\0\x04data")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (struct.pack(">II", 3, 0xFFFFFF), "too long"),
        (struct.pack(">HHI", 0x8002, 3, 8) + bytes(8), "broke the rules"),
        (struct.pack(">HHI", 0x8003, 3, 2) + bytes(2), "broke the rules"),
    ],
)
def test_what_is_no_such_frame_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(ProtocolError, match=sentence):
        list(FrameReader().feed(data))


@given(st.binary(max_size=200))
def test_any_bytes_are_frames_or_refused(data: bytes) -> None:
    try:
        for _ in FrameReader().feed(data):
            pass
    except ProtocolError:
        pass


@pytest.mark.parametrize(
    ("length", "last"), [(0, False), (0, True), (1, False), (5, True), (0xFFFF, False), (0x10000, True)]
)
def test_a_frame_of_data_has_its_stream_its_flag_and_its_length(length: int, last: bool) -> None:
    frame = FrameWriter.data(0x01020304, b"x" * length, last=last)
    assert frame[:8] == struct.pack(">IB", 0x01020304, int(last)) + length.to_bytes(3)
    assert frame[8:] == b"x" * length
    assert list(FrameReader().feed(frame)) == [Data(0x01020304, b"x" * length, last)]


def test_a_reset_says_that_it_was_cancelled() -> None:
    assert FrameWriter.reset(5) == struct.pack(">HHIII", 0x8003, 3, 8, 5, 5)


def test_4_mib_of_one_frame_are_held_and_not_a_byte_more() -> None:
    assert MOST_FRAME == 4 * 1024 * 1024
    reader = FrameReader()
    assert list(reader.feed(struct.pack(">II", 3, MOST_FRAME) + bytes(MOST_FRAME - 1))) == []
    assert list(reader.feed(b"x")) == [Data(3, bytes(MOST_FRAME - 1) + b"x", False)]
    with pytest.raises(ProtocolError) as refused:
        list(reader.feed(struct.pack(">II", 3, MOST_FRAME + 1)))
    assert refused.value.sentence == "The server sent a frame that is too long to be held in memory."


@pytest.mark.parametrize(
    ("kind", "flags", "found"),
    [
        (1, 1, []),
        (2, 0, []),
        (2, 1, [Data(3, b"", True)]),
        (2, 2, []),
        (3, 1, [Reset(3)]),
        (4, 1, []),
        (7, 1, [GoAway()]),
        (8, 0, []),
        (8, 1, [Data(3, b"", True)]),
        (9, 1, []),
    ],
)
def test_what_each_kind_of_control_frame_is(kind: int, flags: int, found: list[object]) -> None:
    frame = struct.pack(">HHII", 0x8003, kind, 4 | flags << 24, 0x80000003)
    assert list(FrameReader().feed(frame)) == found
    assert list(FrameReader().feed(struct.pack(">II", 3, 2 << 24))) == [Data(3, b"", False)]

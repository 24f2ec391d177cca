"""SPDY frames as port-forward needs them: in pieces of any size, and such as no server sends."""

from __future__ import annotations

import struct
import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetui.cluster.api.spdy import Data, FrameReader, FrameWriter, GoAway, Ping, Reset
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

"""Multi-member gzip, cut anywhere."""

from __future__ import annotations

import gzip
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetui.cluster.errors import ProtocolError
from edgetui.cluster.http.inflate import MAX_PIECE, Inflater


def inflate(pieces: list[bytes]) -> bytes:
    inflater = Inflater()
    out = b"".join(part for piece in pieces for part in inflater.feed(piece))
    assert inflater.at_boundary
    return out


EVENTS = [b'{"type":"ADDED","object":{"n":%d}}\n' % i for i in range(5)]
MEMBERS = [gzip.compress(event, mtime=0) for event in EVENTS]


def test_every_member_is_decoded_at_every_cut() -> None:
    wire, plain = b"".join(MEMBERS), b"".join(EVENTS)
    assert inflate([wire]) == plain
    assert inflate([wire[i : i + 1] for i in range(len(wire))]) == plain
    for cut in range(1, len(wire)):
        assert inflate([wire[:cut], wire[cut:]]) == plain


def test_an_event_comes_out_of_its_own_member_at_once() -> None:
    inflater = Inflater()
    for member, event in zip(MEMBERS, EVENTS, strict=True):
        assert b"".join(inflater.feed(member)) == event
        assert inflater.at_boundary


def test_a_sync_flush_within_a_member_comes_out_at_once() -> None:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    inflater = Inflater()
    for event in EVENTS:
        flushed = packer.compress(event) + packer.flush(zlib.Z_SYNC_FLUSH)
        assert b"".join(inflater.feed(flushed)) == event
        assert not inflater.at_boundary


def test_a_small_input_with_a_huge_output_comes_in_pieces() -> None:
    size = 15 * MAX_PIECE + 17
    pieces = list(Inflater().feed(gzip.compress(bytes(size))))
    assert sum(map(len, pieces)) == size
    assert max(map(len, pieces)) == MAX_PIECE


def test_output_that_ends_on_the_limit_is_not_held_back() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    for size in range(MAX_PIECE - 300, MAX_PIECE + 600, 37):
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        wire = packer.compress(bytes(size)) + packer.flush(zlib.Z_SYNC_FLUSH)
        assert sum(map(len, Inflater().feed(wire))) == size


@pytest.mark.parametrize(
    "wire",
    [b"{plain}", MEMBERS[0] + b"garbage", MEMBERS[0][:-4] + b"\0\0\0\0", MEMBERS[0][:10] + b"\xff" * 20],
    ids=["plain text", "garbage between members", "wrong length", "broken block"],
)
def test_what_is_no_gzip_is_refused(wire: bytes) -> None:
    inflater = Inflater()
    with pytest.raises(ProtocolError):
        list(inflater.feed(wire))


def test_an_unfinished_member_is_noticed() -> None:
    inflater = Inflater()
    list(inflater.feed(MEMBERS[0] + MEMBERS[1][:-1]))
    assert not inflater.at_boundary


@given(
    texts=st.lists(st.binary(max_size=3000), max_size=12),
    level=st.integers(0, 9),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_members_cut_anywhere_give_their_text(texts: list[bytes], level: int, seed: int) -> None:
    wire = b"".join(gzip.compress(text, level, mtime=0) for text in texts)
    rng = random.Random(seed)
    marks = sorted(rng.randrange(len(wire) + 1) for _ in range(rng.randrange(20)))
    assert inflate([wire[a:b] for a, b in zip([0, *marks], [*marks, len(wire)], strict=True)]) == b"".join(
        texts
    )


@given(st.binary(max_size=2000), st.integers(0, 60))
def test_noise_raises_nothing_unexpected(noise: bytes, keep: int) -> None:
    inflater = Inflater()
    try:
        for _ in inflater.feed(MEMBERS[0][:keep] + noise):
            pass
    except ProtocolError:
        pass

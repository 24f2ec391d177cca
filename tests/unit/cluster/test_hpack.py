"""HPACK against the library hpack as the oracle: both ways, every table size, and blocks that are damaged."""

from __future__ import annotations

import hpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetui.cluster.errors import ProtocolError
from edgetui.cluster.http.hpack import _SYMBOLS, Decoder, Encoder, Field

NAMES = st.one_of(
    st.sampled_from([":path", ":status", "authorization", "content-type", "accept", "audit-id"]),
    st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=30),
)
VALUES = st.one_of(
    st.text(st.characters(min_codepoint=0, max_codepoint=255), max_size=200), st.just("x" * 5000)
)
BLOCKS = st.lists(st.lists(st.tuples(NAMES, VALUES), max_size=12), min_size=1, max_size=6)


def raw(fields: list[Field]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]


@given(blocks=BLOCKS, huffman=st.booleans())
def test_what_the_oracle_encodes_is_decoded(blocks: list[list[Field]], huffman: bool) -> None:
    theirs, ours = hpack.Encoder(), Decoder()
    for fields in blocks:
        assert ours.decode(theirs.encode(raw(fields), huffman=huffman)) == fields


@given(blocks=BLOCKS, sizes=st.lists(st.integers(0, 6000), min_size=6, max_size=6))
def test_what_is_encoded_the_oracle_decodes_whatever_table_it_keeps(
    blocks: list[list[Field]], sizes: list[int]
) -> None:
    theirs, ours = hpack.Decoder(max_header_list_size=10**6), Encoder()
    for fields, size in zip(blocks, sizes, strict=False):
        ours.limit(size)
        read = theirs.decode(ours.encode(fields), raw=True)
        assert [(bytes(name), bytes(value)) for name, value in read] == [
            (name.encode(), value.encode()) for name, value in fields
        ]


def test_what_is_said_again_costs_a_byte() -> None:
    encoder = Encoder()
    token = ("authorization", "Bearer " + "x" * 1200)
    first = encoder.encode([(":method", "GET"), (":path", "/a"), token])
    again = encoder.encode([(":method", "GET"), (":path", "/b"), token])
    assert len(first) > 1000
    assert len(again) <= 6


def test_a_path_is_sent_in_three_quarters_of_its_bytes_as_the_oracle_would_send_it() -> None:
    path = "/apis/autoscaling/v2/namespaces/line-2/horizontalpodautoscalers?watch=1&sendInitialEvents=true"
    fields = [(":path", path), ("user-agent", "edgetui")]
    block = Encoder().encode(fields)
    assert len(block) <= 0.75 * (len(path) + len("user-agent") + len("edgetui"))
    theirs = hpack.Encoder()
    assert len(block) <= len(theirs.encode(raw(fields), huffman=True))


def test_what_the_code_makes_longer_is_sent_as_it_stands() -> None:
    value = "".join(map(chr, range(0x80, 0x100)))
    assert value.encode("utf-8") in Encoder().encode([("x", value)])


def test_a_name_beyond_ascii_reaches_the_peer_as_utf_8() -> None:
    read = hpack.Decoder().decode(Encoder().encode([("impersonate-user", "jörg\udc80")]), raw=True)
    assert bytes(read[0][1]) == "jörg".encode() + b"\xed\xb2\x80"


@pytest.mark.parametrize(
    "block",
    [
        "80",  # index 0
        "bf",  # an index behind both tables, that is cut off
        "ff8080808080808080807f",  # a number without end
        "3fe21f",  # a table of 4,097 bytes, one more than allowed
        "8220",  # a table size behind a field
        "40",  # a literal without a name
        "4001",  # a name that ends early
        "400161",  # a name without a value
        "4001618f61",  # a Huffman value that ends early
        "40016184ffffffff",  # the end of string inside a value
        "4001618100",  # padding that is no padding
        "4001618161",
    ],
)
def test_a_damaged_block_is_refused(block: str) -> None:
    with pytest.raises(ProtocolError, match="not valid HTTP/2"):
        Decoder().decode(bytes.fromhex(block))


def test_every_bit_leads_to_a_symbol_so_that_no_value_is_without_end() -> None:
    """Kraft's sum of a complete code is 1: the decoder needs no bound of its own."""
    assert sum(2.0**-length for length, _ in _SYMBOLS) == 1.0


@given(block=st.binary(max_size=300))
def test_any_bytes_end_in_fields_or_a_typed_error_as_at_the_oracle(block: bytes) -> None:
    try:
        ours = Decoder().decode(block)
    except ProtocolError:
        ours = None
    try:
        theirs = [
            (bytes(n).decode("latin-1"), bytes(v).decode("latin-1"))
            for n, v in hpack.Decoder().decode(block, raw=True)
        ]
    except hpack.HPACKError:
        theirs = None
    if ours is not None and theirs is not None:
        assert ours == theirs


def test_fields_that_expand_without_end_are_refused() -> None:
    big = b"\x40\x01a" + bytes((0x7F, 0xA1, 0x1E)) + b"v" * 4000
    decoder = Decoder()
    decoder.decode(big)
    with pytest.raises(ProtocolError, match="too large"):
        decoder.decode(b"\xbe" * 20_000)

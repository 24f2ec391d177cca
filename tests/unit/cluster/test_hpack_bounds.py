"""HPACK to the bit: the examples of RFC 7541, every number, and each bound of its tables and texts on
both sides.
"""

from __future__ import annotations

import pytest

from edgetui.cluster.errors import ProtocolError
from edgetui.cluster.http.hpack import (
    _STATIC,
    MAX_FIELDS,
    TABLE_SIZE,
    Decoder,
    Encoder,
    Field,
    _integer,
    _literal,
    _number,
    _pack,
    _text,
    _unpack,
)

EXAMPLE_REQUESTS: list[tuple[list[Field], str]] = [  # RFC 7541 appendix C.4
    (
        [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "www.example.com")],
        "828684418cf1e3c2e5f23a6ba0ab90f4ff",
    ),
    (
        [
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "www.example.com"),
            ("cache-control", "no-cache"),
        ],
        "828684be5886a8eb10649cbf",
    ),
    (
        [
            (":method", "GET"),
            (":scheme", "https"),
            (":path", "/index.html"),
            (":authority", "www.example.com"),
            ("custom-key", "custom-value"),
        ],
        "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
    ),
]
COMMON = [("cache-control", "private"), ("location", "https://www.example.com")]
EXAMPLE_ANSWERS: list[tuple[list[Field], str]] = [  # appendix C.6, with a table of 256 bytes
    (
        [(":status", "302"), COMMON[0], ("date", "Mon, 21 Oct 2013 20:13:21 GMT"), COMMON[1]],
        "3fe101488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff"
        "6e919d29ad171863c78f0b97c8e9ae82ae43d3",
    ),
    (
        [(":status", "307"), COMMON[0], ("date", "Mon, 21 Oct 2013 20:13:21 GMT"), COMMON[1]],
        "4883640effc1c0bf",
    ),
    (
        [
            (":status", "200"),
            COMMON[0],
            ("date", "Mon, 21 Oct 2013 20:13:22 GMT"),
            COMMON[1],
            ("content-encoding", "gzip"),
            ("set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"),
        ],
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b39"
        "60d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
    ),
]


def test_the_requests_of_the_standard_are_written_to_the_byte() -> None:
    encoder, decoder = Encoder(), Decoder()
    for fields, block in EXAMPLE_REQUESTS:
        assert encoder.encode(fields).hex() == block
        assert decoder.decode(bytes.fromhex(block)) == fields


def test_the_answers_of_the_standard_are_read_with_a_table_that_is_too_small_for_all() -> None:
    decoder = Decoder()
    for fields, block in EXAMPLE_ANSWERS:
        assert decoder.decode(bytes.fromhex(block)) == fields


def written(value: int, bits: int) -> bytes:
    """RFC 7541 section 5.1, word by word."""
    if value < 2**bits - 1:
        return bytes([value])
    out, value = [2**bits - 1], value - (2**bits - 1)
    while value >= 128:
        out.append(value % 128 + 128)
        value = value // 128
    return bytes([*out, value])


NUMBERS = [
    0,
    1,
    14,
    15,
    16,
    30,
    31,
    32,
    62,
    63,
    64,
    126,
    127,
    128,
    254,
    255,
    1337,
    16_383 + 127,
    2**21,
    2**28,
]


@pytest.mark.parametrize("bits", [4, 5, 6, 7])
@pytest.mark.parametrize("value", NUMBERS)
def test_a_number_is_written_and_read_in_any_prefix(value: int, bits: int) -> None:
    data = written(value, bits)
    for mark in (0, 0xFF << bits & 0xFF):
        marked = bytes([data[0] | mark]) + data[1:]
        assert _number(value, bits, mark) == marked
        assert _integer(b"?" + marked + b"!", 1, bits) == (value, 1 + len(data))
        for cut in range(1, len(marked)):
            with pytest.raises(ProtocolError, match="a number in a header block"):
                _integer(marked[:cut], 0, bits)


def test_a_number_has_at_most_four_more_bytes() -> None:
    assert _integer(b"\x7f\xff\xff\xff\x7f", 0, 7) == (127 + 2**28 - 1, 5)
    with pytest.raises(ProtocolError, match="a number in a header block"):
        _integer(b"\x7f\xff\xff\xff\xff\x00", 0, 7)


@pytest.mark.parametrize("number", range(1, 62))
def test_every_entry_of_the_static_table_is_written_and_read_by_its_number(number: int) -> None:
    field = _STATIC[number - 1]
    assert Decoder().decode(bytes([0x80 | number])) == [field]
    assert Encoder().encode([field]) == bytes([0x80 | number])
    named = Encoder().encode([(field[0], "&")])
    first = 1 + [name for name, _ in _STATIC].index(field[0])
    assert named == (_number(first, 4, 0) if field[0] == ":path" else _number(first, 6, 0x40)) + b"\x01&"


@pytest.mark.parametrize("index", [0, 62, 63])
def test_an_entry_that_is_not_there_is_refused(index: int) -> None:
    for block in (_number(index, 7, 0x80), _number(index, 6, 0x40) + b"\x01x"):
        if not (index == 0 and block[0] == 0x40):
            with pytest.raises(ProtocolError, match="an unknown header field"):
                Decoder().decode(block)


def test_only_what_is_to_be_indexed_is_kept_and_the_newest_comes_first() -> None:
    decoder = Decoder()
    assert decoder.decode(b"\x40\x01a\x01b\x00\x01c\x01d\x10\x01e\x01f\x40\x01g\x01h") == [
        ("a", "b"),
        ("c", "d"),
        ("e", "f"),
        ("g", "h"),
    ]
    assert decoder.decode(b"\xbe\xbf") == [("g", "h"), ("a", "b")]
    assert decoder.decode(b"\x7e\x01x\x0f\x30\x01y\x1f\x31\x01z") == [("g", "x"), ("g", "y"), ("a", "z")]
    assert decoder.decode(b"\xbe\xbf\xc0") == [("g", "x"), ("g", "h"), ("a", "b")]
    with pytest.raises(ProtocolError, match="an unknown header field"):
        decoder.decode(b"\xc1")


@pytest.mark.parametrize("over", [0, 1])
def test_two_entries_that_fill_a_table_stay_and_one_byte_more_costs_the_older(over: int) -> None:
    decoder, encoder = Decoder(), Encoder()
    fields = [("a", "x" * (2048 - 33)), ("b", "y" * (2048 - 33 + over))]
    assert decoder.decode(encoder.encode(fields)) == fields
    again = encoder.encode(fields)
    if over:
        assert again[:1] == b"\x40"
        with pytest.raises(ProtocolError):
            decoder.decode(b"\xbf")
    else:
        assert again == b"\xbf\xbe"
        assert decoder.decode(again) == fields


@pytest.mark.parametrize("over", [0, 1])
def test_a_field_as_large_as_the_table_is_kept_and_a_larger_one_empties_it(over: int) -> None:
    decoder = Decoder()
    decoder.decode(b"\x40\x01a\x01b")
    size = TABLE_SIZE - 33 + over
    decoder.decode(b"\x40\x01x" + _number(size, 7, 0) + b"v" * size)
    if over:
        with pytest.raises(ProtocolError):
            decoder.decode(b"\xbe")
    else:
        assert decoder.decode(b"\xbe") == [("x", "v" * size)]
    with pytest.raises(ProtocolError):
        decoder.decode(b"\xbf")
    decoder.decode(b"\x40\x01c\x01d")
    assert decoder.decode(b"\xbe") == [("c", "d")]


@pytest.mark.parametrize("size", [0, 33, 34, 67, 68, 100, 4096])
def test_a_table_keeps_what_fits_in_the_size_that_was_said_last(size: int) -> None:
    decoder = Decoder()
    decoder.decode(b"\x40\x01a\x01b\x40\x01c\x01d")
    assert decoder.decode(_number(4096, 5, 0x20) + _number(size, 5, 0x20)) == []
    kept = [("c", "d"), ("a", "b")][: size // 34]
    assert [decoder.decode(bytes([0xBE + at]))[0] for at in range(len(kept))] == kept
    with pytest.raises(ProtocolError):
        decoder.decode(bytes([0xBE + len(kept)]))


@pytest.mark.parametrize(("said", "announced"), [(0, 0), (30, 30), (31, 31), (4096, 4096), (4097, 4096)])
def test_the_table_that_a_peer_keeps_is_said_once(said: int, announced: int) -> None:
    encoder = Encoder()
    encoder.encode([("a", "&")])
    encoder.limit(said)
    again = b"\xbe" if announced >= 34 else b"\x40\x01a\x01&"
    assert encoder.encode([("a", "&")]) == _number(announced, 5, 0x20) + again
    assert encoder.encode([("a", "&")]) == again


def test_a_table_larger_than_was_allowed_is_refused_and_so_is_one_between_fields() -> None:
    with pytest.raises(ProtocolError, match="a header table larger than was allowed"):
        Decoder().decode(_number(TABLE_SIZE + 1, 5, 0x20))
    with pytest.raises(ProtocolError, match="a table size between header fields"):
        Decoder().decode(b"\x88\x20")


@pytest.mark.parametrize("over", [0, 1])
@pytest.mark.parametrize("parts", [1, 2, 16])
def test_header_fields_have_64_kib_with_32_for_each(over: int, parts: int) -> None:
    each = MAX_FIELDS // parts - 33
    sizes = [*[each] * (parts - 1), each + over]
    block = b"".join(b"\x00\x01a" + _number(size, 7, 0) + b"v" * size for size in sizes)
    if over:
        with pytest.raises(ProtocolError, match="its header fields are too large"):
            Decoder().decode(block)
    else:
        assert [len(value) for _, value in Decoder().decode(block)] == sizes


@pytest.mark.parametrize("block", [b"", b"\x01", b"\x02a", b"\x82\xff", b"\x7f\x00" + b"a" * 126])
def test_a_text_that_ends_early_is_refused(block: bytes) -> None:
    with pytest.raises(ProtocolError, match="a header block that ends early"):
        _text(b"?" + block, 1)


def test_a_text_ends_where_it_says() -> None:
    assert _text(b"?\x02abc", 1) == ("ab", 4)
    assert _text(b"?\x00", 1) == ("", 2)
    assert _text(b"?\x81\x1f", 1) == ("a", 3)
    assert _text(b"\x7f\x00" + b"\xe4" * 127, 0) == ("ä" * 127, 129)


def test_a_text_is_coded_only_where_that_is_shorter() -> None:
    assert _literal("") == b"\0"
    assert _literal("a") == b"\x01a"
    assert _literal("aa") == b"\x02aa"
    assert _literal("aaa") == b"\x82" + _pack(b"aaa")
    assert _literal("&&&") == b"\x03&&&"
    assert _literal("\xff" * 3) == b"\x03\xff\xff\xff"
    long = "0" * 300
    assert _literal(long) == _number(188, 7, 0x80) + _pack(long.encode())


@pytest.mark.parametrize("byte", range(256))
def test_every_byte_goes_through_the_code_and_back(byte: int) -> None:
    for data in (bytes([byte]), bytes([byte]) * 7, b"a" + bytes([byte]) + b"0"):
        assert _unpack(_pack(data)) == data


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        ("00011111", b"a"),  # three bits of filling
        ("00011110", None),  # that is none
        ("0001111111111111", None),  # eleven
        ("0000000000000000000000000000000000011111", b"0" * 7),
        ("11111111", None),
        ("1" * 30 + "11", None),  # the end of the text itself
        ("111110001111111", None),
        ("11111000", b"&"),
        ("010100" + "11111111" + "11", None),
        ("0101001111111000", b" !"),
    ],
)
def test_what_fills_the_last_byte_is_the_beginning_of_the_end(bits: str, text: bytes | None) -> None:
    data = int(bits.ljust(-(-len(bits) // 8) * 8, "1"), 2).to_bytes(-(-len(bits) // 8), "big")
    if text is None:
        with pytest.raises(ProtocolError, match="a header value"):
            _unpack(data)
    else:
        assert _unpack(data) == text


def test_an_empty_text_has_no_bits() -> None:
    assert (_pack(b""), _unpack(b"")) == (b"", b"")

"""HPACK (RFC 7541): the header fields of HTTP/2 as bytes, for one direction of one connection each.

The Huffman code of Appendix B is canonical, so the length of each symbol's code is all that has to be kept of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from edgetui.cluster.errors import ProtocolError

TABLE_SIZE = 4096
"""Bytes of the dynamic table in both directions, the default of RFC 9113 section 6.5.2."""
MAX_FIELDS = 64 * 1024
"""Most bytes of one set of header fields after decoding, names and values."""
_OVERHEAD = 32  # bytes that RFC 7541 section 4.1 counts for an entry besides name and value
_EOS = 256

Field = tuple[str, str]

_STATIC: tuple[Field, ...] = tuple(
    (name, value)
    for name, _, value in (
        line.partition(" ")
        for line in """\
:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate""".splitlines()
    )
)
_LENGTHS = bytes.fromhex(
    "0d171c1c1c1c1c1c1c181e1c1c1e1c1c1c1c1c1c1c1c1e1c1c1c1c1c1c1c1c1c060a0a0c0d06080b0a0a080b08060606"
    "0505050606060606060607080f060c0a0d06070707070707070707070707070707070707070707070807080d130d0e06"
    "0f05060506050606060507070606060506070605050607070707070f0b0e0d1c14161414161616171617171717171817"
    "181816171817171717151617161717181615141616171715171616181516171715151615171617171416161617161617"
    "1a1a1413161716191a1a1a1b1b1a181913151a1b1b1a1b1815151a1a1c1b1b1b14181415161515171616191918181a17"
    "1a1b1a1a1b1b1b1b1b1c1b1b1b1b1b1a1e"
)


def _huffman() -> dict[tuple[int, int], int]:
    """Symbols by the length and value of their codes."""
    codes, code, length = {}, 0, 0
    for symbol in sorted(range(_EOS + 1), key=lambda symbol: (_LENGTHS[symbol], symbol)):
        code <<= _LENGTHS[symbol] - length
        length = _LENGTHS[symbol]
        codes[length, code] = symbol
        code += 1
    return codes


_SYMBOLS = _huffman()
_CODES = [f"{code:0{length}b}" for (length, code), _ in sorted(_SYMBOLS.items(), key=lambda item: item[1])]
"""The code of each symbol as its bits."""


class Decoder:
    """Header fields out of a peer's blocks, taken in their order. Raises ProtocolError for what breaks RFC 7541."""

    def __init__(self) -> None:
        self._table = _Table()

    def decode(self, block: bytes) -> list[Field]:
        """The fields of one complete block; bytes that are no ASCII come as Latin-1, as HTTP/1.1 reads them."""
        fields: list[Field] = []
        at, size = 0, 0
        while at < len(block):
            first = block[at]
            if first & 0x80:
                index, at = _integer(block, at, 7)
                field = self._table.field(index)
            elif first & 0xE0 == 0x20:
                if fields:
                    raise _broken("a table size between header fields")
                limit, at = _integer(block, at, 5)
                self._table.resize(limit)
                continue
            else:
                indexed = first & 0x40
                index, at = _integer(block, at, 6 if indexed else 4)
                if index:
                    name = self._table.field(index)[0]
                else:
                    name, at = _text(block, at)
                value, at = _text(block, at)
                field = name, value
                if indexed:
                    self._table.add(field)
            size += len(field[0]) + len(field[1]) + _OVERHEAD
            if size > MAX_FIELDS:
                raise _broken("its header fields are too large")
            fields.append(field)
        return fields


class Encoder:
    """Blocks for a peer. What is said again costs a byte, so that a token is sent once for each connection."""

    def __init__(self) -> None:
        self._table = _Table()
        self._announce: int | None = None

    def limit(self, size: int) -> None:
        """The peer keeps at most so many bytes of a table; said at the head of the next block."""
        self._announce = min(size, TABLE_SIZE)
        self._table.resize(self._announce)

    def encode(self, fields: Iterable[Field]) -> bytes:
        """One block. Names must be in lower case."""
        block = bytearray()
        if self._announce is not None:
            block += _number(self._announce, 5, 0x20)
            self._announce = None
        for name, text in fields:
            value = text.encode("utf-8", "surrogatepass").decode("latin-1")  # a character for each byte
            field = name, value
            index = self._table.index(field)
            if index:
                block += _number(index, 7, 0x80)
                continue
            keep = name != ":path"  # each is another, and would push out what is said again
            named = self._table.index_of_name(name)
            block += _number(named, 6, 0x40) if keep else _number(named, 4, 0)
            if not named:
                block += _literal(name)
            block += _literal(value)
            if keep:
                self._table.add(field)
        return bytes(block)


class _Table:
    """The static table, and behind it the dynamic one, newest entry first (RFC 7541 section 2.3)."""

    def __init__(self) -> None:
        self._entries: deque[Field] = deque()
        self._size = 0
        self._limit = TABLE_SIZE

    def field(self, index: int) -> Field:
        if 0 < index <= len(_STATIC):
            return _STATIC[index - 1]
        if 0 < index <= len(_STATIC) + len(self._entries):
            return self._entries[index - len(_STATIC) - 1]
        raise _broken("an unknown header field")

    def index(self, field: Field) -> int:
        """Where this very field is, 0 for nowhere."""
        if field in _STATIC:
            return _STATIC.index(field) + 1
        if field in self._entries:
            return self._entries.index(field) + len(_STATIC) + 1
        return 0

    def index_of_name(self, name: str) -> int:
        """Where a field of this name is, 0 for nowhere."""
        for number, (known, _) in enumerate(_STATIC, 1):
            if known == name:
                return number
        for number, (known, _) in enumerate(self._entries, len(_STATIC) + 1):
            if known == name:
                return number
        return 0

    def add(self, field: Field) -> None:
        """A field larger than the whole table empties it (RFC 7541 section 4.4)."""
        self._size += _size(field)
        self._entries.appendleft(field)
        self._evict()

    def resize(self, limit: int) -> None:
        if limit > TABLE_SIZE:
            raise _broken("a header table larger than was allowed")
        self._limit = limit
        self._evict()

    def _evict(self) -> None:
        while self._size > self._limit:
            self._size -= _size(self._entries.pop())


def _size(field: Field) -> int:
    """Bytes as RFC 7541 section 4.1 counts them; one beyond ASCII only ever comes decoded, as a byte of its own."""
    return len(field[0]) + len(field[1]) + _OVERHEAD


def _integer(block: bytes, at: int, bits: int) -> tuple[int, int]:
    """A number that begins in the low `bits` of a byte (RFC 7541 section 5.1), and what comes behind it."""
    most = (1 << bits) - 1
    value = block[at] & most
    at += 1
    if value < most:
        return value, at
    for shift in range(0, 28, 7):
        if at == len(block):
            break
        byte = block[at]
        at += 1
        value += (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, at
    raise _broken("a number in a header block")


def _number(value: int, bits: int, mark: int) -> bytes:
    most = (1 << bits) - 1
    if value < most:
        return bytes((mark | value,))
    written = bytearray((mark | most,))
    value -= most
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _text(block: bytes, at: int) -> tuple[str, int]:
    if at == len(block):
        raise _broken("a header block that ends early")
    packed = block[at] & 0x80
    size, at = _integer(block, at, 7)
    data = block[at : at + size]
    if len(data) < size:
        raise _broken("a header block that ends early")
    return (_unpack(data) if packed else data).decode("latin-1"), at + size


def _literal(text: str) -> bytes:
    """A string as it is shorter: Huffman-coded, or as it stands."""
    data = text.encode("latin-1")
    packed = _pack(data)
    if len(packed) < len(data):
        return _number(len(packed), 7, 0x80) + packed
    return _number(len(data), 7, 0) + data


def _pack(data: bytes) -> bytes:
    """Bytes in the Huffman code, filled up with the beginning of the end-of-string code (section 5.2)."""
    bits = "".join([_CODES[byte] for byte in data])
    bits += "1" * (-len(bits) % 8)
    return int(bits or "0", 2).to_bytes(len(bits) // 8, "big")


def _unpack(data: bytes) -> bytes:
    """What `_pack` makes, whoever made it."""
    text = bytearray()
    code = length = 0
    for byte in data:
        for shift in range(7, -1, -1):
            code = code << 1 | byte >> shift & 1
            length += 1
            symbol = _SYMBOLS.get((length, code))
            if symbol is not None:
                if symbol == _EOS:
                    raise _broken("a header value")
                text.append(symbol)
                code = length = 0
    if length > 7 or code != (1 << length) - 1:
        raise _broken("a header value")
    return bytes(text)


def _broken(what: str) -> ProtocolError:
    return ProtocolError(
        f"The server's answer is not valid HTTP/2: {what}.",
        "Check the server address and port in the kubeconfig.",
    )

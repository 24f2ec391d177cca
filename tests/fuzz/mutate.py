"""Ways to damage bytes: blindly, and with the structure of JSON kept. Everything comes from the given Random."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any

MOST = 256 * 1024
"""No input grows beyond this; what only size can break has tests of its own."""

SCRAPS = (
    b"\r\n", b"\n", b"\r", b"\x00", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b'"',
    b"\\", b"\\u0000", b"\\ud800", b"{", b"}", b"[", b"]", b":", b",", b"0", b"-", b"e", b"null", b" ",
    b"9" * 20, b"9" * 400, b"1e309", b"-0", b"[" * 600, b'{"a":' * 600, b"HTTP/1.1 200 OK\r\n\r\n", b"0\r\n\r\n",
    b"ffffffffffffffff\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n",
    b"Content-Length: 99999999999999999999\r\n", b"\x1f\x8b\x08\x00", b"\x1f\x8b\x08\x1c\xff\xff",
)  # fmt: skip

_DEEP = 3000
ODD_VALUES: tuple[bytes, ...] = (
    b"null", b"true", b"0", b"-1", b"1.5", b"1e309", b"-1e309", b"9223372036854775807", b"9223372036854775808",
    b"-9223372036854775809", b"18446744073709551616", b"9" * 400, b"[]", b"{}", b'""', b"[null]", b'[{}]', b'{"":{}}',
    b'{"a":1,"a":2}', b'"\\u0000"', b'"\\ud800"', b'"\\udc00\\ud800"', b'"\xff"', b'"\xc3\xa4\xe2\x80\xae"',
    b'"\\u001b[31m"', b'"0001-01-01T00:00:00+23:59"', b'"9999-12-31T23:59:59-23:59"', b'"2026-11-24T10:00:00Z"',
    b'"2026-W48-2T10"', b'"1e999999999"', b'"1e-999999999"', b'"1E"', b'"-1"', b'"."', b'"9e400"',
    b'"' + b"9" * 400 + b'"', b'"1e306"', b'"1e-300"',
    b'"0x10"', b'"\\u0661\\u0662"', b'"' + b"n" * 5000 + b'"', b"[" * _DEEP + b"]" * _DEEP,
    b'{"a":' * _DEEP + b"1" + b"}" * _DEEP, b"[" * 200, b"NaN", b"Infinity", b"nul", b"1e",
)  # fmt: skip


def blind(data: bytes, rng: Random, others: Sequence[bytes] = ()) -> bytes:
    """A few of: bits flipped, pieces cut out, doubled, replaced, moved, scraps put in, spliced with another."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        size = len(out)
        at = rng.randrange(size + 1)
        span = min(size - at, rng.choice((1, 1, 2, 4, 16, 100, 2000)))
        match rng.randrange(9):
            case 0 if at < size:
                out[at] ^= 1 << rng.randrange(8)
            case 1 if at < size:
                out[at] = rng.randrange(256)
            case 2:
                del out[at : at + span]
            case 3:
                out[at:at] = out[at : at + span] * rng.choice((1, 1, 2, 40))
            case 4:
                out[at:at] = rng.choice(SCRAPS)
            case 5:
                out[at : at + span] = rng.choice(SCRAPS)
            case 6:
                del out[at:]
            case 7 if others:
                other = rng.choice(others)
                cut = rng.randrange(len(other) + 1)
                out[at:] = other[cut:]
            case 8 if at < size:
                moved = out[at : at + span]
                del out[at : at + span]
                to = rng.randrange(len(out) + 1)
                out[to:to] = moved
        del out[MOST:]
    return bytes(out)


def document(text: bytes, rng: Random) -> bytes:
    """The JSON document with a few values, keys or items replaced by odd ones; still well-formed around them."""
    root = json.loads(text)
    placed: dict[str, bytes] = {}
    for _ in range(rng.choice((1, 1, 2, 4))):
        _damage(root, rng, placed)
    out = json.dumps(root, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    for mark, value in placed.items():
        out = out.replace(b'"%s"' % mark.encode(), value, 1)
    return out[:MOST]


def _damage(root: Any, rng: Random, placed: dict[str, bytes]) -> None:
    """Walk down by chance, and change what is there."""
    inside, key = None, None
    here = root
    while isinstance(here, dict | list) and here and (inside is None or rng.random() < 0.8):
        inside = here
        key = rng.choice(list(here)) if isinstance(here, dict) else rng.randrange(len(here))
        here = here[key]
    if inside is None:
        return
    if isinstance(inside, dict) and rng.random() < 0.15:
        name = rng.choice(("", "a", "status", "name", "\x00", f"{key}.x", "$", "`", "[...]"))
        inside[name] = inside.pop(key)
    elif isinstance(inside, list) and rng.random() < 0.2:
        inside[key:key] = [here] * rng.choice((1, 2, 50))
    elif rng.random() < 0.1:
        inside.pop(key)
    else:
        mark = f"@@{len(placed)}@@"
        placed[mark] = rng.choice(ODD_VALUES)
        inside[key] = mark


def cut(data: bytes, rng: Random) -> list[bytes]:
    """The same bytes in pieces: any number, at any boundary, none of them empty."""
    if len(data) < 2:
        return [data] if data else []
    match rng.randrange(8):
        case 0:
            return [data]
        case 1 if len(data) <= 800:
            return [data[at : at + 1] for at in range(len(data))]
        case 2:
            step = rng.randrange(1, len(data) + 1)
            step = max(step, len(data) // 400)
            return [data[at : at + step] for at in range(0, len(data), step)]
    marks = sorted({rng.randrange(1, len(data)) for _ in range(rng.randrange(1, 12))})
    return [data[a:b] for a, b in zip([0, *marks], [*marks, len(data)], strict=True)]

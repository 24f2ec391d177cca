"""What is fuzzed: how an input is made, what must hold for it, and how much memory it may take.

`check` raises nothing but AssertionError for a broken promise; whatever else comes out of it is a find as well.
"""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from contextlib import suppress
from random import Random

import msgspec
from msgspec.structs import replace

from edgetui.cluster.api.status import map_status
from edgetui.cluster.errors import ApiError, ProtocolError
from edgetui.cluster.http.answer_size import ALWAYS_GROWS, TooLarge
from edgetui.cluster.http.inflate import MAX_PIECE, Inflater
from edgetui.cluster.http.protocol import ResponseReader
from edgetui.cluster.watch.events import EventDecoder, decode_page
from edgetui.cluster.watch.reflector.states import Bookmark, Changes, Failed, Heard, Input
from edgetui.model.autoscaling import explain
from edgetui.model.autoscaling.samples import Sample
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.autoscaler import AutoscalerRow
from edgetui.model.kinds.base import Kind, NotReadable, Row
from tests.unit.cluster.test_http_oracle import TOKENS, compare

from . import corpus, mutate

KIB = 1024
NOW = 1_800_000_000.0
OWN_DEFECT = "defect of edgetui"


class Target(ABC):
    """One way in for bytes that others chose."""

    name: str
    least: int
    """Bytes of memory that any input may take."""
    each: int
    """Bytes of memory that one byte of the input may take on top."""

    @abstractmethod
    def make(self, rng: Random) -> bytes:
        """An input."""

    @abstractmethod
    def check(self, data: bytes, rng: Random) -> None:
        """Hold the input against every promise."""

    @abstractmethod
    def weigh(self, data: bytes, rng: Random) -> None:
        """Only what edgetui itself does with the input, for the memory it takes."""

    def seeds(self) -> list[bytes]:
        """Inputs to start from where coverage guides."""
        return [self.make(Random(seed)) for seed in range(50)]


class Http(Target):
    """The HTTP/1.1 reader, held against h11."""

    name = "http"
    least, each = 768 * KIB, 12
    methods = ("GET", "GET", "GET", "HEAD", "POST")

    def make(self, rng: Random) -> bytes:
        if rng.random() < 0.3:
            return mutate.blind(b"".join(rng.choices(TOKENS, k=rng.randrange(1, 16))), rng, TOKENS)
        wires = [answer.wire for answer in corpus.answers()]
        data = rng.choice(wires)
        head, blank, body = data.partition(b"\r\n\r\n")
        if rng.random() < 0.7:  # the framing is what matters, so most inputs have a short body
            start = head + blank
            body = body[: rng.choice((0, 40, 300, 2100))] + rng.choice((b"", b"\r\n0\r\n\r\n"))
            return (
                mutate.blind(start, rng, wires) + body
                if rng.random() < 0.5
                else mutate.blind(start + body, rng)
            )
        return mutate.blind(data, rng, wires)

    def check(self, data: bytes, rng: Random) -> None:
        compare(data, rng.choice(self.methods), rng.randrange(2**32))

    def weigh(self, data: bytes, rng: Random) -> None:
        reader = ResponseReader(rng.choice(self.methods))
        try:
            for piece in mutate.cut(data, rng):
                reader.feed(piece)
        except ProtocolError:
            return
        reader.eof()


class Gzip(Target):
    """The decompressor, held against zlib on one member after another."""

    name = "gzip"
    least, each = 5 * MAX_PIECE, 4
    most_out = 8 * 1024 * KIB

    def make(self, rng: Random) -> bytes:
        parts = [self._member(rng) for _ in range(rng.choice((1, 1, 2, 3, 10)))]
        data = b"".join(parts)
        return data if rng.random() < 0.1 else mutate.blind(data, rng, corpus.members())

    def _member(self, rng: Random) -> bytes:
        match rng.randrange(5):
            case 0 | 1:
                return rng.choice(corpus.members())
            case 2:
                packer = zlib.compressobj(rng.randrange(10), zlib.DEFLATED, rng.choice((31, 25, 15, -15)))
                piece = packer.compress(rng.randbytes(rng.choice((0, 1, 300))) * rng.choice((1, 9, 300)))
                return piece + packer.flush(rng.choice((zlib.Z_FINISH, zlib.Z_SYNC_FLUSH)))
            case 3:
                return _bomb(rng.choice((1, 1, 1, 64, 64, 256, 2048 if rng.random() < 0.1 else 4)))
        return _bomb(0) * rng.choice((1, 5, 60))

    def check(self, data: bytes, rng: Random) -> None:
        expected = self._oracle(data)
        try:
            whole = self._inflate([data])
            assert self._inflate(mutate.cut(data, rng)) == whole, "the cuts change what comes out"
        except TooLarge:
            assert expected is None or expected[0] > ALWAYS_GROWS, "what grows a little is refused"
        else:
            assert whole == expected, "zlib reads something else"

    def weigh(self, data: bytes, rng: Random) -> None:
        with suppress(TooLarge):
            self._inflate(mutate.cut(data, rng))

    def _inflate(self, pieces: list[bytes]) -> tuple[int, int, bool] | None:
        """Length and sum of what comes out, and whether it may end here; None if it is refused."""
        inflater, size, total = Inflater(), 0, 0
        try:
            for piece in pieces:
                for out in inflater.feed(piece):
                    assert 0 < len(out) <= MAX_PIECE, f"a piece of {len(out)} bytes"
                    size, total = size + len(out), zlib.crc32(out, total)
        except TooLarge:
            raise
        except ProtocolError:
            return None
        return size, total, inflater.at_boundary

    def _oracle(self, data: bytes) -> tuple[int, int, bool] | None:
        size, total, ended = 0, 0, True
        while data:
            member = zlib.decompressobj(31)
            try:
                out = member.decompress(data)
            except zlib.error:
                return None
            size, total, ended = size + len(out), zlib.crc32(out, total), member.eof
            data = member.unused_data
        return size, total, ended


def _bomb(kib: int) -> bytes:
    """A member of almost nothing that becomes this many KiB."""
    if kib not in _bombs:
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        _bombs[kib] = packer.compress(bytes(kib * KIB)) + packer.flush()
    return _bombs[kib]


_bombs: dict[int, bytes] = {}


class Events(Target):
    """The decoder of watch streams of every kind, and each kind's projection."""

    name = "events"
    least, each = 1024 * KIB, 60

    def make(self, rng: Random) -> bytes:
        """The first byte chooses the kind."""
        pool = corpus.lines()
        kind, line = rng.choice(pool)
        names = list(KINDS)
        number = names.index(kind) if rng.random() < 0.95 else rng.randrange(len(names))
        out = []
        for _ in range(rng.choice((1, 1, 2, 4))):
            match rng.randrange(8):
                case 0:
                    out.append(line)
                case 1:
                    out.append(mutate.blind(line, rng, [rng.choice(pool)[1]]))
                case 2:
                    out.append(b'{"type":"ERROR","object":%s}\n' % mutate.document(self._status(rng), rng))
                case 3:
                    out.append(mutate.document(rng.choice(pool)[1], rng) + b"\n")
                case _:
                    out.append(mutate.document(line, rng) + b"\n")
        data = b"".join(out)
        return bytes([number]) + (mutate.blind(data, rng) if rng.random() < 0.1 else data)

    def _status(self, rng: Random) -> bytes:
        return rng.choice([one.plain for one in corpus.refusals() if one.plain.startswith(b"{")])

    def check(self, data: bytes, rng: Random) -> None:
        whole = self._said(data, [data[1:]])
        assert self._said(data, mutate.cut(data[1:], rng)) == whole, "the cuts change what is said"

    def weigh(self, data: bytes, rng: Random) -> None:
        self._said(data, mutate.cut(data[1:], rng))

    def _said(self, data: bytes, pieces: list[bytes]) -> list[object]:
        """Every change, bookmark and failure in order."""
        decoder = EventDecoder(_kind(data))
        said: list[object] = []
        for piece in pieces:
            inputs: list[Input] = decoder.feed(piece)
            assert inputs, "nothing is said"
            for one in inputs:
                assert isinstance(one, Changes | Bookmark | Failed | Heard), f"it says {type(one).__name__}"
                if isinstance(one, Changes):
                    said += [
                        (change, _sound(row) if type(row) is not Row else repr(row))
                        for change, row in one.items
                    ]
                elif isinstance(one, Failed):
                    assert isinstance(one.error, ProtocolError | ApiError), f"{type(one.error).__name__}"
                    assert OWN_DEFECT not in str(one.error), str(one.error)
                    return [*said, str(one.error)]
                elif isinstance(one, Bookmark):
                    said.append(one)
        return [*said, decoder.foreign()]


class Pages(Target):
    """The decoder of lists of every kind, and of error answers."""

    name = "pages"
    least, each = 1024 * KIB, 60

    def make(self, rng: Random) -> bytes:
        """The first byte chooses the kind, or an error answer."""
        names = list(KINDS)
        if rng.random() < 0.2:
            answer = rng.choice(corpus.refusals())
            is_json = answer.plain.startswith(b"{") and rng.random() < 0.7
            return b"\xff" + (
                mutate.document(answer.plain, rng) if is_json else mutate.blind(answer.plain, rng)
            )
        kind, body = rng.choice(corpus.pages()[:1] + corpus.pages()[2:])
        number = names.index(kind) if rng.random() < 0.95 else rng.randrange(len(names))
        if rng.random() < 0.2:
            return bytes([number]) + mutate.blind(body, rng, [page for _, page in corpus.pages()])
        return bytes([number]) + mutate.document(body, rng)

    def check(self, data: bytes, rng: Random) -> None:
        self.weigh(data, rng)

    def weigh(self, data: bytes, rng: Random) -> None:
        if data[:1] == b"\xff":
            headers = rng.choice(({}, {"content-type": "application/json"}, {"retry-after": "9" * 9}))
            error = map_status(rng.choice((301, 400, 403, 404, 410, 429, 500, 504)), headers, data[1:])
            assert len(error.sentence) < 512, "a sentence without end"
            return
        kind = _kind(data)
        try:
            page = decode_page(kind, data[1:])
        except ProtocolError as error:
            assert OWN_DEFECT not in str(error), str(error)
            return
        assert page.rv, "a list without a version"
        for row in page.rows:
            _sound(row)


def _kind(data: bytes) -> Kind:
    """The kind that the first byte chooses; a projection that fails is a find, and not only an unreadable object."""
    kind = list(KINDS.values())[data[0] % len(KINDS) if data else 0]

    def project(wire: object) -> Row:
        try:
            return kind.project(wire)
        except NotReadable:
            raise
        except Exception as defect:
            raise AssertionError(f"{kind.name}: {type(defect).__name__}: {defect}") from defect

    return replace(kind, project=project)


def _sound(row: Row) -> bytes:
    """A row that can be kept, shown and compared: named, and of nothing but values that have a JSON form."""
    assert row.name, "a row without a name"
    if isinstance(row, AutoscalerRow):
        explain.why(row, [Sample(NOW, *explain.sampled(row))], NOW)
    return msgspec.json.encode(row)


TARGETS: dict[str, Target] = {target.name: target for target in (Http(), Gzip(), Events(), Pages())}

"""gzip that comes in pieces: every cut gives the same bytes, members follow one another, and growth has
its bound.
"""

from __future__ import annotations

import gzip
import zlib
from random import Random

import pytest

from edgetui.cluster.errors import ProtocolError
from edgetui.cluster.http import inflate
from edgetui.cluster.http.answer_size import ALWAYS_GROWS, MOST_GROWTH, TooLarge
from edgetui.cluster.http.inflate import MAX_PIECE, Inflater

WORDS = Random(1).randbytes(50) * 40


@pytest.mark.parametrize("cut", [1, 2, 19, 1000])
@pytest.mark.parametrize("members", [1, 2, 5])
def test_any_cut_of_any_number_of_members_gives_the_same(cut: int, members: int) -> None:
    packed = b"".join(gzip.compress(WORDS + bytes([number])) for number in range(members))
    whole = b"".join(WORDS + bytes([number]) for number in range(members))
    made, found, ends = Inflater(), b"", 0
    assert made.at_boundary
    for at in range(0, len(packed), cut):
        pieces = list(made.feed(packed[at : at + cut]))
        assert all(pieces)
        found += b"".join(pieces)
        ends += made.at_boundary
    assert found == whole
    assert made.at_boundary
    assert 1 <= ends <= members
    assert list(made.feed(b"")) == []


def test_a_member_that_is_cut_is_no_end() -> None:
    made = Inflater()
    list(made.feed(gzip.compress(WORDS)[:-1]))
    assert not made.at_boundary
    assert list(made.feed(b"")) == []


@pytest.mark.parametrize(
    "size", [0, 1, MAX_PIECE - 1, MAX_PIECE, MAX_PIECE + 1, 2 * MAX_PIECE, 3 * MAX_PIECE + 5]
)
def test_what_comes_out_comes_in_pieces_of_256_kib(size: int) -> None:
    assert MAX_PIECE == 256 * 1024
    made = Inflater()
    pieces = list(made.feed(gzip.compress(bytes(size))))
    assert [len(one) for one in pieces] == [
        *[MAX_PIECE] * (size // MAX_PIECE),
        *([size % MAX_PIECE] if size % MAX_PIECE else []),
    ]
    assert made.at_boundary


@pytest.mark.parametrize(
    "data",
    [b"plain text", gzip.compress(b"a")[:-8] + bytes(8), gzip.compress(b"a") + b"trailing"],
    ids=["no header", "a wrong end", "more after the end"],
)
def test_what_is_no_gzip_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        list(Inflater().feed(data))
    assert type(caught.value) is ProtocolError
    assert str(caught.value) == (
        "The server's answer cannot be decompressed. "
        "A proxy on the way may damage it; disable-compression in the kubeconfig avoids that."
    )


@pytest.mark.parametrize("over", [0, 1])
def test_an_answer_may_grow_to_its_bound_and_not_a_byte_further(
    over: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (MOST_GROWTH, ALWAYS_GROWS) == (200, 4 << 20)
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(bytes(4000)) + packer.flush()
    monkeypatch.setattr(inflate, "MOST_GROWTH", 2)
    monkeypatch.setattr(inflate, "ALWAYS_GROWS", 4000 - 2 * len(packed) - over)
    made = Inflater()
    if not over:
        assert b"".join(made.feed(packed)) == bytes(4000)
        with pytest.raises(TooLarge):
            list(made.feed(packed))
        return
    with pytest.raises(TooLarge) as caught:
        list(made.feed(packed))
    assert str(caught.value) == (
        "The server's answer grows more than 2 times when it is decompressed; no Kubernetes answer does. "
        "Check the address in the kubeconfig."
    )

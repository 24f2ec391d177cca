"""Every target for a few seconds: the same inputs each time, then fresh ones, whose seed a failure prints.

`make fuzz` runs a million inputs of each.
"""

from __future__ import annotations

import contextlib
import random
import secrets
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from edgetui.cluster.http.answer_size import TooLarge
from edgetui.cluster.http.inflate import MAX_PIECE, Inflater
from edgetui.cluster.watch.events import EventDecoder
from edgetui.model.kinds import KINDS

from . import campaign, corpus, mutate
from .catalogue import TARGETS
from .targets import Events, Target

FIXED, SECONDS = 1500, 1.5
MIB = 1024 * 1024


@pytest.mark.parametrize("name", TARGETS)
def test_known_inputs_break_no_promise(name: str) -> None:
    assert campaign.campaign(TARGETS[name], seed=1, runs=FIXED) == FIXED


@pytest.mark.parametrize("name", TARGETS)
def test_fresh_inputs_break_no_promise(name: str) -> None:
    seed = secrets.randbits(31)
    print(f"seed {seed}")
    assert campaign.campaign(TARGETS[name], seed, seconds=SECONDS) > 0


def taken(work: Callable[[], None]) -> int:
    """The most memory that some work takes at once."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_line_in_tiny_pieces_takes_no_more_memory_than_its_bytes() -> None:
    decoder = EventDecoder(KINDS["Pod"])

    def trickle() -> None:
        for at in range(100_000):
            decoder.feed(b"%02d" % (at % 100))

    assert taken(trickle) < MIB


def test_a_gzip_bomb_takes_no_more_memory_than_a_few_pieces() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = packer.compress(bytes(64 * MIB)) + packer.flush()
    assert len(bomb) < MIB // 8
    seen = 0

    def explode() -> None:
        nonlocal seen
        with contextlib.suppress(TooLarge):
            for piece in Inflater().feed(bomb):
                seen += len(piece)

    assert taken(explode) < 5 * MAX_PIECE
    assert seen < 32 * MIB


# The harness itself: what it promises to notice, it notices.


class _Broken(Events):
    """A target whose check fails in one way."""

    def __init__(self, broken: Callable[[], object]) -> None:
        self.broken = broken

    def check(self, data: bytes, rng: random.Random) -> None:
        if data[1:].startswith(b"{"):
            self.broken()

    def weigh(self, data: bytes, rng: random.Random) -> None:
        self.broken()


def raises(error: BaseException) -> Callable[[], object]:
    def work() -> object:
        raise error

    return work


@pytest.mark.parametrize(
    "error", [RecursionError("deep"), OverflowError("huge"), MemoryError("all"), campaign.Hang("long")]
)
def test_whatever_else_is_raised_is_a_find_that_says_how_to_repeat_it(error: BaseException) -> None:
    target: Target = _Broken(raises(error))
    with pytest.raises(campaign.Find, match=rf"events --seed 3 --only [0-9]+: {type(error).__name__}"):
        campaign.campaign(target, 3, runs=50)


def test_an_input_that_takes_too_much_memory_is_a_find() -> None:
    target = _Broken(lambda: bytearray(8 * MIB))
    with pytest.raises(AssertionError, match="bytes of memory"):
        campaign.weigh(target, b"x", random.Random(1))


GROWS = """
from tests.fuzz import campaign

before = campaign.resident()
kept = [bytes(1000) for _ in range(80 * 1024 * 1024 // 1000)]
print(campaign.growth(before) > campaign.MOST_GROWTH)
last = kept.pop()
del kept
print(campaign.growth(before) > campaign.MOST_GROWTH)
"""


def test_what_is_kept_counts_as_growth_and_what_is_free_does_not() -> None:
    # In a process of its own: the memory of this one has room from the tests before.
    done = subprocess.run([sys.executable, "-c", GROWS], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


def test_a_run_is_the_same_again_by_its_numbers() -> None:
    for target in TARGETS.values():
        assert target.make(campaign.dice(5, 9)) == target.make(campaign.dice(5, 9))


def test_the_corpus_holds_every_kind_and_no_credentials() -> None:
    assert {kind for kind, _ in corpus.lines()} == set(KINDS)
    assert {kind for kind, _ in corpus.pages()} == set(KINDS)
    for answer in corpus.answers():
        for word in (b"bearer", b"eyjhbgci", b"private key", b"set-cookie"):
            assert word not in answer.plain.lower() and word not in answer.wire.lower(), answer.name


def test_pieces_are_the_same_bytes() -> None:
    rng = random.Random(4)
    for _ in range(300):
        data = rng.randbytes(rng.randrange(1500))
        pieces = mutate.cut(data, rng)
        assert b"".join(pieces) == data and all(pieces)

"""What programs far away leave turned on in the terminal is turned off again, and nothing else is touched."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetui.actions.remote.far_modes import FarModes

LEFT: list[tuple[str, bytes, bytes]] = [
    ("plain text", b"drwxr-xr-x 2 root\r\n", b""),
    ("colours", b"\x1b[31mred", b"\x1b[m"),
    ("an editor that was killed", b"\x1b[?1049h\x1b[?1h\x1b=", b"\x1b[m\x1b>\x1b[?1l\x1b[?1049l"),
    ("an editor that ended", b"\x1b[?1049h\x1b[?1h\x1b=text\x1b[?1l\x1b>\x1b[?1049l", b"\x1b[m"),
    ("a hidden cursor, no wrap", b"\x1b[?25;7l", b"\x1b[m\x1b[?7h\x1b[?25h"),
    ("mouse and pasted text", b"\x1b[?1000;1006h\x1b[?2004h", b"\x1b[m\x1b[?1000l\x1b[?1006l\x1b[?2004l"),
    ("a scrolling region", b"\x1b[2;20r", b"\x1b[m\x1b7\x1b[r\x1b8"),
    ("a region that was reset", b"\x1b[2;20r\x1b[r", b"\x1b[m"),
    ("pushed keys", b"\x1b[>1u\x1b[>5u\x1b[<1u", b"\x1b[m\x1b[<1u"),
    ("more popped than pushed", b"\x1b[<9u", b"\x1b[m"),
    ("a reset", b"\x1b[?1049h\x1b[?25l\x1bc", b"\x1b[m"),
    ("what no terminal knows", b"\x1b[?4711h", b"\x1b[m"),
]


@pytest.mark.parametrize(("seen", "undone"), [one[1:] for one in LEFT], ids=[one[0] for one in LEFT])
def test_what_is_left_on_is_turned_off_once(seen: bytes, undone: bytes) -> None:
    modes = FarModes()
    modes.see(seen)
    assert modes.undo() == undone
    assert modes.undo() == b""


@given(
    st.lists(st.sampled_from([one[1] for one in LEFT]), max_size=6), st.lists(st.integers(0, 200), max_size=8)
)
def test_pieces_mean_what_the_whole_means(parts: list[bytes], cuts: list[int]) -> None:
    data = b"".join(parts)
    whole, cut = FarModes(), FarModes()
    whole.see(data)
    edges = sorted({0, len(data), *(at for at in cuts if at < len(data))})
    for start, end in pairwise(edges):
        cut.see(data[start:end])
    assert cut.undo() == whole.undo()


ON_AT_FIRST = (7, 25)
OTHERS = (1, 9, 47, 66, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 1047, 1049, 2004)


def undone(*seen: bytes) -> bytes:
    """What takes these outputs back, without the end of the style."""
    modes = FarModes()
    for data in seen:
        modes.see(data)
    return modes.undo().removeprefix(b"\x1b[m")


@pytest.mark.parametrize("mode", [*ON_AT_FIRST, *OTHERS])
def test_each_mode_is_put_back_where_it_is_not_as_at_first(mode: int) -> None:
    on, off = b"\x1b[?%dh" % mode, b"\x1b[?%dl" % mode
    changing, usual = (off, on) if mode in ON_AT_FIRST else (on, off)
    assert undone(changing) == usual
    assert undone(usual) == b""
    assert undone(changing, usual) == b""
    assert undone(usual, changing) == usual


@pytest.mark.parametrize("mode", [0, 2, 6, 8, 10, 24, 26, 48, 67, 999, 1007, 1014, 1017, 1046, 1050, 2005])
def test_other_modes_are_nobodys_business(mode: int) -> None:
    assert undone(b"\x1b[?%dh\x1b[?%dl" % (mode, mode)) == b""
    assert undone(b"\x1b[?%dh" % mode) == b""


@pytest.mark.parametrize(
    ("seen", "left"),
    [
        (b"\x1b[>1u" * 3, b"\x1b[<3u"),
        (b"\x1b[>u", b"\x1b[<1u"),
        (b"\x1b[>1;2u", b"\x1b[<1u"),
        (b"\x1b[>1u" * 3 + b"\x1b[<2u", b"\x1b[<1u"),
        (b"\x1b[>1u" * 3 + b"\x1b[<u", b"\x1b[<2u"),
        (b"\x1b[<5u" + b"\x1b[>1u", b"\x1b[<1u"),
        (b"\x1b[>1u" * 99, b"\x1b[<99u"),
        (b"\x1b[>1u" * 100, b"\x1b[<99u"),
        (b"\x1b[>1u" * 100 + b"\x1b[<1u", b"\x1b[<98u"),
    ],
)
def test_keys_that_were_pushed_are_popped(seen: bytes, left: bytes) -> None:
    assert undone(seen) == left


@pytest.mark.parametrize(
    ("seen", "left"),
    [
        (b"\x1b=", b"\x1b>"),
        (b"\x1b=\x1b>", b""),
        (b"\x1b>\x1b=", b"\x1b>"),
        (b"\x1b[5r", b"\x1b7\x1b[r\x1b8"),
        (b"\x1b[5r\x1b[r\x1b[2;9r", b"\x1b7\x1b[r\x1b8"),
        (b"\x1b[5r\x1b=\x1b[>1u\x1b[?25l\x1b[?1049h", b"\x1b7\x1b[r\x1b8\x1b>\x1b[<1u\x1b[?25h\x1b[?1049l"),
        (b"\x1b[5r\x1b=\x1b[>1u\x1b[?25l\x1bc", b""),
        (b"\x1bc\x1b=", b"\x1b>"),
    ],
)
def test_the_rest_is_put_back_in_one_order_and_a_reset_ends_it_all(seen: bytes, left: bytes) -> None:
    assert undone(seen) == left
    assert undone(*(seen[at : at + 1] for at in range(len(seen)))) == left

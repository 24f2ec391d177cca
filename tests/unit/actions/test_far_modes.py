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

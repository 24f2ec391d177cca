"""JSON cut into its parts without descending into any of them.

`pytest tests/unit/cluster/test_flatjson.py --snapshot-update` takes what is found now; look at what differs first.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.watch.flatjson import MOST, elements, members

PIECES = (
    b"", b" ", b"[]", b"{}", b" [ ] ", b"[1]", b"[1,2]", b"[ 1 , 2 ]", b"[1,,2]", b"[,]", b"[1", b"[1]x", b"[1] ",
    b'{"a":1}', b'{ "a" : 1 , "b" : [1,{"c":2}] }', b'{"a":"x,y:z]}"}', b'{"a":"\\"","b":"\\\\"}', b'{"a":{"b":{}}}',
    b'{"a":1,"a":2}', b'{"a"}', b'{"a":}', b'{:1}', b'{"a":1:2}', b'{"a":1}}', b'{"a":1', b'{"a":[}', b'[{"a":1},[2]]',
    b'["x\n\\u0041",null,true]', b'x[1]', b'"text"', b'7',
)  # fmt: skip


def test_the_parts_of_an_object_or_an_array(snapshot: SnapshotAssertion) -> None:
    def told() -> Iterator[tuple[str, str]]:
        for piece in PIECES:
            yield f"{piece!r}", f"members {members(piece)}, elements {elements(piece)}"

    assert "\n".join(f"{what}: {words}" for what, words in told()) == snapshot


@pytest.mark.parametrize(("more", "found"), [(0, 1), (1, 0)])
def test_no_more_than_8_mib_is_cut_into_parts(more: int, found: int) -> None:
    assert MOST == 8 << 20
    text = b'"' + b"x" * (MOST - 4 + more) + b'"'
    assert len(elements(b"[" + text + b"]")) == found

"""What a program far away has turned on in the terminal here and, cut off or killed, has not turned off again.

Only what `ctlseqs` of xterm calls modes, and what terminals that lack them ignore: alternate screen, cursor, mouse,
pasted text, keys, the scrolling region. Pure: outputs in, the bytes that take it back out.
"""

from __future__ import annotations

import re

_ON_AT_FIRST = frozenset({7, 25})
"""Lines wrap, and the cursor is shown."""
_KNOWN = frozenset(
    {1, 7, 9, 25, 47, 66, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 1047, 1049, 2004}
)
_SEQUENCE = re.compile(
    rb"\x1b(?:\[\?(?P<modes>[0-9;]{1,40})(?P<on>[hl])|\[(?P<stack>[<>])(?P<count>[0-9]{0,3})[0-9;]{0,8}u"
    rb"|\[(?P<region>[0-9;]{0,9})r|(?P<keypad>[=>])|(?P<reset>c))"
)
_BEGUN = re.compile(rb"\x1b(?:\[[?<>]?[0-9;]{0,40})?\Z")
_MOST_PUSHED = 99


class FarModes:
    """`see` every output in its order; `undo` gives what takes back what is on, and forgets it."""

    def __init__(self) -> None:
        self._begun = b""
        self._styled = False
        self._changed: set[int] = set()
        self._pushed = 0
        self._region = self._keypad = False

    def see(self, data: bytes) -> None:
        """This has been written to the terminal; sequences may come in pieces."""
        data = self._begun + data
        begun = _BEGUN.search(data)
        self._begun = begun[0] if begun else b""
        self._styled |= b"\x1b" in data
        for found in _SEQUENCE.finditer(data):
            self._take(found)

    def _take(self, found: re.Match[bytes]) -> None:
        if found["modes"] is not None:
            for mode in {int(word) for word in found["modes"].split(b";") if word} & _KNOWN:
                usual = (found["on"] == b"h") == (mode in _ON_AT_FIRST)
                (self._changed.discard if usual else self._changed.add)(mode)
        elif found["stack"] is not None:
            popped = -int(found["count"] or b"1")
            self._pushed += 1 if found["stack"] == b">" else popped
            self._pushed = min(max(self._pushed, 0), _MOST_PUSHED)
        elif found["region"] is not None:
            self._region = bool(found["region"])
        elif found["keypad"] is not None:
            self._keypad = found["keypad"] == b"="
        else:
            self._forget()

    def _forget(self) -> None:
        self._changed.clear()
        self._pushed = 0
        self._region = self._keypad = False

    def undo(self) -> bytes:
        """What makes the terminal as it was before; empty where nothing but text was written."""
        parts = [b"\x1b[m"] if self._styled else []
        parts += [b"\x1b7\x1b[r\x1b8"] if self._region else []
        parts += [b"\x1b>"] if self._keypad else []
        parts += [b"\x1b[<%du" % self._pushed] if self._pushed else []
        parts += [b"\x1b[?%d%c" % (mode, b"lh"[mode in _ON_AT_FIRST]) for mode in sorted(self._changed)]
        self._styled = False
        self._forget()
        return b"".join(parts)

"""Standard input, output and error as a command may find them: closed, full, or unable to hold a character.

An exit code tells the state of the clusters or the outcome of an action, never what became of the output: who repeats
a write because a disk was full writes twice.
"""

from __future__ import annotations

import io
import os
import sys

TYPE_CHECKING = False  # so that --version needs not even typing
if TYPE_CHECKING:
    from typing import Any, TextIO


class Output:
    """A text stream that takes everything: what it cannot pass on is lost, and so is what comes after."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write; returns how many characters were taken, which is all."""
        try:
            self._stream.write(text)
        except OSError:
            self._lose()
        return len(text)

    def flush(self) -> None:
        """Pass on what is held back."""
        try:
            self._stream.flush()
        except OSError:
            self._lose()

    def _lose(self) -> None:
        """Lead the descriptor nowhere, so that what is still held back fails nothing at the end."""
        nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


def prepare() -> None:
    """Make the standard streams of this process usable, whatever it was started with.

    A closed descriptor leads nowhere from now on: else the next file that is opened would become standard output.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(handle, True)
    os.close(handle)
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - a descriptor
    sys.stdout = _forgiving(sys.stdout, 1)
    sys.stderr = _forgiving(sys.stderr, 2)


def _forgiving(stream: TextIO | None, descriptor: int) -> TextIO:
    if stream is None:
        stream = open(descriptor, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - a descriptor
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")
    return Output(stream)  # type: ignore[return-value]


def clear_line() -> None:
    """Take the first pixels away, where there can be any."""
    if sys.stdout.isatty():
        sys.stdout.write("\r\x1b[K")
        sys.stdout.flush()


def document(value: Any, out: TextIO, indent: int | None = None) -> str:
    """JSON for `out`, on lines of their own: nothing that a terminal obeys, and no character that `out` cannot hold."""
    import json

    from edgetui.model.text import escaped

    narrow = not (out.encoding or "utf-8").lower().replace("-", "").startswith("utf")
    text = json.dumps(value, indent=indent, ensure_ascii=narrow)
    return "".join(f"{escaped(line)}\n" for line in text.split("\n"))

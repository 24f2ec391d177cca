"""A connection that ends before its answer: what the sink hears, by how it ended and how far the answer had come."""

from __future__ import annotations

import ssl
from itertools import product

import pytest

from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.http.exchange import Reception
from edgetui.cluster.http.failures import Dropped


class Heard:
    """A sink that keeps the end of its answer."""

    def __init__(self) -> None:
        self.end: bool | EdgetuiError | None = None

    def on_head(self, status: int, headers: dict[str, str]) -> None: ...

    def on_data(self, data: bytes) -> None: ...

    def on_end(self, clean: bool) -> None:
        assert self.end is None
        self.end = clean

    def on_error(self, error: EdgetuiError) -> None:
        assert self.end is None
        self.end = error


class Answer(Reception):
    """An answer of which so much has come."""

    def __init__(self, sink: Heard, *, begun: bool, head: bool) -> None:
        super().__init__(sink, "api:6443")
        self._begun = begun
        self._status = 200 if head else 0

    @property
    def begun(self) -> bool:
        return self._begun

    def lose(self, failure: OSError | None, *, reused: bool) -> None:
        self._tell_loss(failure, reused=reused)


def tls(error: ssl.SSLError) -> ssl.SSLError:
    error.reason = "DECRYPTION_FAILED_OR_BAD_RECORD_MAC"
    return error


CLEAN, CUT, RESET, TLS, SILENT = "clean", "cut", "reset", "tls", "silent"
FAILURES = {
    CLEAN: None,
    CUT: tls(ssl.SSLEOFError(8, "EOF")),
    RESET: ConnectionResetError(104, "reset"),
    TLS: tls(ssl.SSLError(1, "bad record mac")),
    SILENT: TimeoutError(110, "timed out"),
}


def expected(how: str, *, reused: bool, begun: bool, head: bool) -> str:
    """What a person reads, or what becomes of it."""
    if how in (CLEAN, CUT) and head:
        return "cut off"
    if reused and not begun and how in (CLEAN, CUT, RESET):
        return "dropped"
    if how in (CLEAN, CUT):
        return "in the middle of its answer" if begun else "without an answer"
    if how == TLS:
        return "TLS refused, on a connection that had worked" if begun or reused else "failed"
    return "broke the connection off" if how == RESET else "does not answer"


STATES = [
    (how, reused, begun, head)
    for how, reused, (begun, head) in product(
        FAILURES, (False, True), ((False, False), (True, False), (True, True))
    )
]


@pytest.mark.parametrize(("how", "reused", "begun", "head"), STATES)
def test_what_is_heard_of_a_lost_connection(how: str, reused: bool, begun: bool, head: bool) -> None:
    sink = Heard()
    Answer(sink, begun=begun, head=head).lose(FAILURES[how], reused=reused)
    words = expected(how, reused=reused, begun=begun, head=head)
    if words == "cut off":
        assert sink.end is False
        return
    assert isinstance(sink.end, EdgetuiError)
    assert isinstance(sink.end, Dropped) == (words == "dropped")
    assert words == "dropped" or words in sink.end.sentence

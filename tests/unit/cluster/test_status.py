"""Every status that a server may answer, with every sort of body: what it is taken for and what is said.

`pytest tests/unit/cluster/test_status.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.api.status import map_status
from tests.unit.cluster.test_api_errors import JSON, PLAIN, status

CODES = (
    300,
    302,
    399,
    400,
    401,
    403,
    404,
    405,
    408,
    409,
    410,
    413,
    415,
    422,
    429,
    499,
    500,
    502,
    503,
    504,
    599,
)
CAUSE = {"reason": "why", "field": "spec.x"}
BODIES: dict[str, tuple[dict[str, str], bytes]] = {
    "a Status": (JSON, status(0, "it failed", "Reason")),
    "a Status without words": (JSON, status(0, None)),
    "a Status with a cause": (JSON, status(0, "no!", "R", causes=[CAUSE], retryAfterSeconds=9)),
    "a Status of strict validation": (JSON, status(0, 'x {"a":1} strict decoding error: unknown field "b"')),
    "a Status that quotes": (JSON, status(0, 'x {"a":{"b":1}}": unknown')),
    "another object": (JSON, b'{"kind":"Pod","message":"it failed"}'),
    "plain words": (PLAIN, b"404 page not found\n"),
    "words of another type": ({"content-type": "text/css"}, b"body{}"),
    "no type": ({}, b"upstream timed out"),
    "a page": ({"content-type": "text/html"}, b"<html><body>Sign in</body></html>"),
    "a page that says it is words": (PLAIN, b"  <!DOCTYPE html><p>Sign in"),
    "nothing": (JSON, b""),
}  # fmt: skip


@pytest.mark.parametrize("body", BODIES)
def test_what_a_server_refuses_is_said(body: str, snapshot: SnapshotAssertion) -> None:
    lines = []
    for code in CODES:
        error = map_status(code, *BODIES[body])
        fields = [error.reason, error.cause, error.field]
        again = "" if error.retry_after is None else f"again in {error.retry_after:g} s"
        parts = [type(error).__name__, error.sentence, error.next_step, *fields, again]
        lines.append(f"{error.code} {' | '.join(filter(None, parts))}")
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize(
    ("over", "words"), [(0, "The server says: "), (1, "The server answered with HTTP 400.")]
)
def test_a_status_is_read_to_a_megabyte(over: int, words: str) -> None:
    empty = status(400, "")
    body = status(400, "x" * (1024 * 1024 + over - len(empty)))
    assert map_status(400, JSON, body).sentence.startswith(words)

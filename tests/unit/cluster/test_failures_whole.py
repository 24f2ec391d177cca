"""Every sentence about a failed connection, whole, of a server and of a proxy.

`pytest tests/unit/cluster/test_failures_whole.py --snapshot-update` takes what is said now; look at what
differs first.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable

from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.http.failures import broken_off, damaged, dropped, explain, silent
from tests.unit.cluster.test_failures import CASES, STRANGERS, tls

SERVER, PROXY = "10.0.0.7:6443", "the proxy p:8080"


def whole(errors: Iterable[EdgetuiError]) -> str:
    return "\n".join(f"{type(one).__name__}: {one}" for one in errors)


def test_what_each_failure_of_a_server_means(snapshot: SnapshotAssertion) -> None:
    errors = [explain(error, SERVER) for error, _, _ in CASES]
    errors += [explain(tls("HTTP_REQUEST"), SERVER, rest + b"x") for rest in STRANGERS]
    errors += [
        silent(SERVER, 4.6),
        silent(SERVER, 5, resolving=True),
        silent(SERVER, 5, shaking_hands=True),
        silent(SERVER, 5, resolving=True, shaking_hands=True),
        broken_off(SERVER, begun=True),
        broken_off(SERVER, begun=False),
        damaged(SERVER),
        dropped(SERVER),
    ]
    assert whole(errors) == snapshot


def test_what_each_failure_of_a_proxy_means(snapshot: SnapshotAssertion) -> None:
    errors = [explain(error, PROXY) for error, _, _ in CASES if not isinstance(error, socket.gaierror)]
    errors += [silent(PROXY, 4.6), silent(PROXY, 5, shaking_hands=True), damaged(PROXY)]
    assert whole(errors) == snapshot

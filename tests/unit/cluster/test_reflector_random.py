"""Any interleaving of events, relists and faults ends equal to the server, within a bounded number of requests."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgetui.cluster.watch.pulse import BEAT
from edgetui.model.cache.freshness import Sync
from tests.unit.cluster.simulation import Cluster

NAMES = ["p0", "p1", "p2", "p3", "p4"]
SPACES = ["a", "b"]


def _rewind(c: Cluster) -> None:
    if c.past is not None:
        c.server.cut()
        c.server.restore(c.past)
        c.server.compact()
        c.world.run(121.0)  # nobody restores a datastore faster than that


def _remember(c: Cluster) -> None:
    c.past = c.server.snapshot()


def _swap(c: Cluster) -> None:
    c.server.cut()
    c.server.uid += "x"
    c.server.objects.clear()
    c.server.rv += 1000
    c.server.compact()


def _sleep(c: Cluster) -> None:
    for stream in c.server.streams:
        stream.mute = True
    c.server.kept = 0
    c.world.sleep(500.0)


def _freeze(c: Cluster) -> None:
    c.server.frozen = True


def _thaw(c: Cluster) -> None:
    if c.server.frozen:
        c.server.frozen = False
        c.server.end()


def _refusing(status: int) -> Callable[[Cluster], None]:
    return lambda c: setattr(c.server, "refuses", status)


def _answer(status: int) -> Callable[[Cluster], None]:
    body = {"kind": "Status", "code": status, "message": "scripted", "details": {"retryAfterSeconds": 2}}

    def fault(c: Cluster) -> None:
        c.server.answers.append((status, body))
        c.server.end(clean=False)

    return fault


def _bytes(data: bytes) -> Callable[[Cluster], None]:
    return lambda c: c.server.send(data)


def _truncate(c: Cluster) -> None:
    c.server.send(b'{"type":"ADDED","object":{"metadata":{"name":"trunc')
    c.server.end(clean=False)


def _error(code: int) -> bytes:
    return b'{"type":"ERROR","object":{"kind":"Status","code":%d,"message":"scripted"}}\n' % code


def _watchlist(mode: str) -> Callable[[Cluster], None]:
    def change(c: Cluster) -> None:
        c.server.watchlist = mode
        c.server.restart()

    return change


def _denied(*allowed: str) -> Callable[[Cluster], None]:
    def change(c: Cluster) -> None:
        c.server.denied = lambda kind, namespace: 0 if namespace in allowed else 403
        c.server.namespaces_listed = ["a", "b"]

    return change


def _allowed(c: Cluster) -> None:
    c.server.denied = lambda kind, namespace: 0


FAULTS: dict[str, Callable[[Cluster], None]] = {
    "cut": lambda c: c.server.cut(),
    "vanish": lambda c: c.server.vanish(),
    "drain": lambda c: c.server.drain(),
    "mend": lambda c: c.server.mend(),
    "reset": lambda c: c.server.reset(),
    "end in good order": lambda c: c.server.end(),
    "end without last chunk": lambda c: c.server.end(clean=False),
    "restart": lambda c: c.server.restart(),
    "compact": lambda c: c.server.compact(),
    "remember": _remember,
    "restore": _rewind,
    "no bookmarks": lambda c: setattr(c.server, "bookmarks", False),
    "bookmarks": lambda c: setattr(c.server, "bookmarks", True),
    "watchlist off": _watchlist("422"),
    "watchlist silent": _watchlist("silent"),
    "watchlist on": _watchlist("yes"),
    "truncated line": _truncate,
    "garbage line": _bytes(b"<html>not kubernetes</html>\n"),
    "unknown event": _bytes(b'{"type":"SURPRISE","object":{}}\n'),
    "in-stream 410": _bytes(_error(410)),
    "in-stream 500": _bytes(_error(500)),
    "in-stream 504": _bytes(_error(504)),
    "401 once": _answer(401),
    "403 once": _answer(403),
    "404 once": _answer(404),
    "410 once": _answer(410),
    "400 once": _answer(400),
    "429 once": _answer(429),
    "500 once": _answer(500),
    "503 once": _answer(503),
    "new credentials": lambda c: c.supervisor.credentials_changed(),
    "list again": lambda c: c.supervisor.list_again("asked for"),
    "only namespace a": _denied("a"),
    "only namespaces": _denied("a", "b"),
    "nothing is allowed": _denied(),
    "everything is allowed": _allowed,
    "hide pods": lambda c: c.supervisor.hide("Pod"),
    "another cluster": _swap,
    "sleep": _sleep,
    "freeze": _freeze,
    "thaw": _thaw,
    "all is refused with 503": _refusing(503),
    "all is refused with 429": _refusing(429),
    "nothing is refused": _refusing(0),
    "show pods": lambda c: c.supervisor.show("Pod"),
}

put = st.tuples(st.just("put"), st.sampled_from(SPACES), st.sampled_from(NAMES), st.integers(0, 9))
remove = st.tuples(st.just("remove"), st.sampled_from(SPACES), st.sampled_from(NAMES))
fault = st.tuples(st.just("fault"), st.sampled_from(sorted(FAULTS)))
wait = st.tuples(st.just("wait"), st.sampled_from([0.005, 0.05, 0.5, 2.0, 11.0, 61.0, 400.0]))
histories = st.lists(st.one_of(put, remove, fault, wait), max_size=40)


FROZEN: list[tuple[object, ...]] = [("fault", "freeze"), ("remove", "a", "p0"), ("wait", 61.0)]
LOOK = 0.25


def play(c: Cluster, moves: list[tuple[object, ...]]) -> None:
    for move in moves:
        match move:
            case ("put", str(space), str(name), int(value)):
                c.server.put("Pod", space, name, value)
                c.server.put("Node", "", name, value)
                c.server.put("Event", space, name, value)
            case ("remove", str(space), str(name)):
                c.server.remove("Pod", space, name)
                c.server.remove("Event", space, name)
            case ("fault", str(name)):
                FAULTS[name](c)
            case ("wait", float(seconds)):
                before, began = c.server.dials, c.world.time
                c.world.run(seconds)
                assert c.server.dials - before <= 40 + (c.world.time - began) * 1.5, "a storm of requests"


@settings(max_examples=300)
@given(seed=st.integers(0, 1000), moves=histories)
def test_every_history_ends_equal_to_the_server(seed: int, moves: list[tuple[object, ...]]) -> None:
    c = Cluster(seed)
    c.refresh_changes = True
    c.server.put("Pod", "a", "p0", 1)
    c.start("Node", "Pod", "Event")
    play(c, moves)
    c.server.mend()
    c.server.answers.clear()
    c.server.refuses = 0
    _thaw(c)
    c.server.bookmarks = True
    _allowed(c)
    c.supervisor.show("Pod")
    c.world.run(700.0)
    assert c.equal(), (c.rows("Pod"), c.truth("Pod"))
    assert c.rows("Event") == c.truth("Event")
    assert c.live(), {kind: c.store.freshness(kind) for kind in c.kinds}
    c.server.put("Pod", "b", "last", 1)
    assert c.equal()


@settings(max_examples=60)
@example(seed=1, moves=[*FROZEN, ("fault", "end in good order")])
@example(seed=1, moves=[*FROZEN, ("fault", "cut"), ("wait", 61.0)])
@example(
    seed=0,
    moves=[("wait", 0.05), ("fault", "vanish"), ("put", "a", "p0", 2), ("wait", 0.5), ("fault", "sleep")],
)
@given(seed=st.integers(0, 1000), moves=histories)
def test_nothing_is_called_live_that_a_minute_cannot_prove(
    seed: int, moves: list[tuple[object, ...]]
) -> None:
    """While rows differ from the server, LIVE may be claimed only for as long as bookmarks may be late.

    A watch that connects anew may claim it anew, after `CATCH_UP_QUIET`: it is looked at more often than that. Nobody
    looks while the machine sleeps, and one beat after it woke no row of before is called live any more.
    """
    c = Cluster(seed)
    c.server.put("Pod", "a", "p0", 1)
    c.start()
    wrong_until: float | None = None
    for move in [*moves, ("wait", 120.0)]:
        steps = int(float(move[1]) / LOOK) if move[0] == "wait" else 0  # type: ignore[arg-type]
        if not steps:
            play(c, [move])
        if move == ("fault", "sleep") and wrong_until is not None:
            wrong_until = c.world.time + BEAT + LOOK
        for _ in range(steps):
            c.world.run(LOOK)
            fresh = c.store.freshness("Pod")
            lie = c.rows("Pod") != c.truth("Pod") and fresh.sync is Sync.LIVE and not fresh.partial
            wrong_until = (wrong_until or c.world.time + 80.0) if lie else None
            assert wrong_until is None or c.world.time <= wrong_until

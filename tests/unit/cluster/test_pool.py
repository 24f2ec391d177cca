"""Connections to one server without a socket: who shares a dial, what is taken, kept, proven, retired,
closed.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edgetui.cluster.errors import LinkError, TlsError
from edgetui.cluster.http import pool
from edgetui.cluster.http.endpoint import parse
from edgetui.cluster.http.exchange import Exchange
from edgetui.cluster.http.failures import NotSent
from edgetui.cluster.http.multiplexed import Call
from edgetui.cluster.http.pool import Connections, closed
from edgetui.cluster.http.traffic import WAITS, Counters
from tests.unit.cluster.fake_connections import PLAIN, TLS, Credentials, Plain, Pool, Shared, on_pool
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time


def test_the_bounds_are_those_that_are_told() -> None:
    assert (pool.MOST_IDLE, pool.IDLE_SECONDS, pool.FRESH_ENOUGH, pool.PROOF) == (4, 75.0, 5.0, 3.0)
    counters = Counters()
    assert (counters.waits.maxlen, WAITS) == (16, 16)
    assert str(closed()) == "The connections to this cluster were closed."


@on_pool()
async def test_all_who_ask_at_once_share_one_dial(one: Pool) -> None:
    assert not one.pool.shared
    found = await asyncio.gather(*(one.pool.open(5) for _ in range(3)))
    assert found == [one.made[0]] * 3
    assert one.dials == [("one", 5.0, True)]
    assert one.pool.shared
    one.made[0].ended = True
    assert not one.pool.shared


@on_pool(http2=False)
async def test_without_http_2_the_first_gets_what_was_dialled_and_the_others_their_own(one: Pool) -> None:
    began = one.loop.time()
    found = await asyncio.gather(*(one.pool.open(5) for _ in range(3)))
    assert sorted(map(id, found)) == sorted(map(id, one.made))
    assert found[0] is one.made[0]
    assert [timeout for _, timeout, _ in one.dials] == [5.0, 4.0, 4.0]
    assert one.loop.time() - began == 2.0
    await one.pool.open(3)
    assert one.dials[3:] == [("one", 3.0, True)], "it is known by now"
    assert not one.pool.shared


@on_pool(PLAIN)
async def test_without_tls_everybody_dials_and_no_context_is_taken(one: Pool) -> None:
    one.credentials.context = None
    found = await asyncio.gather(*(one.pool.open(5) for _ in range(2)))
    assert [each.context for each in found] == [None, None]
    assert one.dials == [(None, 5.0, True)] * 2


@on_pool()
async def test_a_dial_that_fails_fails_for_all_who_wait_and_the_next_dials_anew(one: Pool) -> None:
    one.fails = LinkError("It refuses.", "Look.")
    found = await asyncio.gather(*(one.pool.open(5) for _ in range(2)), return_exceptions=True)
    assert [(type(each), str(each)) for each in found] == [(NotSent, "It refuses. Look.")] * 2
    one.fails = TlsError("No trust.")
    with pytest.raises(TlsError):
        await one.pool.open(5)
    one.fails = None
    assert await one.pool.open(5) is one.made[0]
    assert len(one.dials) == 3


@on_pool()
async def test_who_waits_for_the_dial_of_another_waits_its_own_time_and_leaves_it(one: Pool) -> None:
    one.takes = 4.0
    first = asyncio.create_task(one.pool.open(10))
    await asyncio.sleep(1)
    with pytest.raises(NotSent, match=r"did not finish the TLS handshake within 2 s"):
        await one.pool.open(2)
    assert await first is one.made[0]
    assert len(one.dials) == 1


@on_pool()
async def test_a_dial_ends_when_the_last_who_waits_has_left_and_not_before(one: Pool) -> None:
    one.takes = 9.0
    for last in (False, True):
        waiting = [asyncio.create_task(one.pool.open(20)) for _ in range(2)]
        await asyncio.sleep(1)
        dial = one.pool._sharing
        assert dial is not None
        for each in waiting[: 2 if last else 1]:
            each.cancel()
        await asyncio.sleep(1)
        assert dial.cancelled() is last
        assert (one.pool._sharing is None) is last
        if not last:
            assert await waiting[1] is one.made[0]
            one.pool.distrust()


@on_pool(http2=False)
async def test_what_was_dialled_for_who_has_left_is_closed(one: Pool) -> None:
    one.takes = 3.0
    first, second = asyncio.create_task(one.pool.open(20)), asyncio.create_task(one.pool.open(20))
    await asyncio.sleep(1)
    first.cancel()
    await second
    assert [each.closed for each in one.made] == [True, False]
    own = asyncio.create_task(one.pool.open(20))
    await asyncio.sleep(2.999)
    one.loop.call_later(0.001, own.cancel)
    await asyncio.sleep(0.5)
    assert own.cancelled()
    assert [each.closed for each in one.made[2:]] in ([], [True])


@on_pool()
async def test_of_other_credentials_than_there_were_at_the_dial_another_is_made(one: Pool) -> None:
    task = asyncio.create_task(one.pool.open(9))
    await asyncio.sleep(0.5)
    one.credentials.context = "two"
    found = await task
    newer: Shared = one.made[1]
    assert found is newer
    assert str(newer.made_with) == "two"
    assert [(context, timeout) for context, timeout, _ in one.dials] == [("one", 9.0), ("two", 8.0)]
    assert one.made[0].closed


@on_pool()
async def test_a_first_connection_is_made_once_and_kept(one: Pool) -> None:
    await one.pool.keep_one(5)
    await one.pool.keep_one(5)
    assert len(one.dials) == 1
    assert one.pool.take() is one.made[0]


@on_pool(http2=False)
async def test_a_first_connection_of_http_1_waits_for_the_first_request(one: Pool) -> None:
    await one.pool.keep_one(5)
    assert one.made[0].idle_since == one.loop.time()
    assert one.pool.take() is one.made[0]
    assert one.pool.take() is None


@pytest.mark.parametrize(
    ("silent", "youngest", "taken"),
    [(0.0, 75.0, True), (5.0, 75.0, True), (5.01, 75.0, False), (3.0, 2.0, False), (2.0, 2.0, True)],
)
def test_a_shared_connection_is_taken_while_it_was_heard_of_late(
    silent: float, youngest: float, taken: bool
) -> None:
    async def main(loop: VirtualLoop) -> None:
        one = Pool(loop)
        await one.pool.open(5)
        await asyncio.sleep(silent)
        assert (one.pool.take(youngest) is one.made[0]) is taken
        assert one.pool.shared

    on_virtual_time(main)


@pytest.mark.parametrize("busy", [0, 1])
@pytest.mark.parametrize("why", ["full", "other credentials", "ended"])
def test_a_shared_connection_that_takes_no_more_is_retired(why: str, busy: int) -> None:
    async def main(loop: VirtualLoop) -> None:
        one = Pool(loop)
        await one.pool.open(5)
        shared: Shared = one.made[0]
        shared.busy, shared.room, shared.ended = busy, why != "full", why == "ended"
        if why == "other credentials":
            one.credentials.context = "two"
        assert one.pool.take() is None
        assert not one.pool.shared
        assert shared.closed is (not busy or why == "ended")
        one.pool._idles(shared)
        assert shared.closed

    on_virtual_time(main)


@on_pool()
async def test_a_connection_proves_itself_by_an_answer_within_three_seconds(one: Pool) -> None:
    assert await one.pool.proven() is None
    await one.pool.open(5)
    shared: Shared = one.made[0]
    assert await one.pool.proven() is shared
    shared.room = False
    assert await one.pool.proven() is None
    assert one.pool.shared and shared.asked == 2
    shared.room, shared.answering, began = True, False, one.loop.time()
    assert await one.pool.proven() is None
    assert one.loop.time() - began == 3.0
    assert shared.closed and not one.pool.shared
    assert await one.pool.proven() is None and shared.asked == 3


@on_pool()
async def test_one_of_other_credentials_is_not_even_asked(one: Pool) -> None:
    await one.pool.open(5)
    one.credentials.context = "two"
    assert await one.pool.proven() is None
    assert one.made[0].asked == 0
    one.credentials.context, one.made[0].ended = "one", True
    assert await one.pool.proven() is None
    assert one.made[0].asked == 0


@on_pool()
async def test_a_proof_that_fails_leaves_the_one_that_was_made_meanwhile(one: Pool) -> None:
    await one.pool.open(5)
    one.made[0].answering = False
    asking = asyncio.create_task(one.pool.proven())
    await asyncio.sleep(1)
    one.pool.distrust()
    await one.pool.open(5)
    assert await asking is None
    newer: Shared = one.made[1]
    assert one.pool._shared is newer and not newer.closed


@on_pool(PLAIN)
async def test_the_last_used_is_taken_first_and_what_has_ended_is_passed_over(one: Pool) -> None:
    one.credentials.context = None
    kept = [Plain(None) for _ in range(4)]
    one.keep(*kept)
    kept[3].ended, kept[2].is_closed = True, True
    assert one.pool.take() is kept[1]
    assert one.pool.take() is kept[0]
    assert one.pool.take() is None


@on_pool(http2=False)
async def test_one_of_other_credentials_is_closed_and_one_that_is_too_old_waits(one: Pool) -> None:
    old, fresh, other = Plain("one"), Plain("one"), Plain("two")
    one.keep(old)
    await asyncio.sleep(10)
    one.keep(fresh, other)
    assert one.pool.take(5) is fresh
    assert other.closed
    assert one.pool.take(9.99) is None
    assert not old.closed
    assert one.pool.take(10) is old


@on_pool(PLAIN)
async def test_four_are_kept_and_the_oldest_is_closed_for_the_fifth(one: Pool) -> None:
    one.credentials.context = None
    kept = [Plain(None) for _ in range(6)]
    one.keep(*kept[:4])
    assert not any(each.closed for each in kept)
    one.keep(kept[4])
    assert [each.closed for each in kept] == [True, False, False, False, False, False]
    kept[2].is_closed = True
    one.keep(kept[5])
    assert [each.closed for each in kept] == [True, False, True, False, False, False]


@on_pool(PLAIN)
async def test_each_is_closed_after_its_own_75_seconds(one: Pool) -> None:
    one.credentials.context = None
    first, second = Plain(None), Plain(None)
    one.keep(first)
    await asyncio.sleep(20)
    one.keep(second)
    for rest, ends in (
        (54.99, (False, False)),
        (0.02, (True, False)),
        (19.98, (True, False)),
        (0.02, (True, True)),
    ):
        await asyncio.sleep(rest)
        assert (first.closed, second.closed) == ends
    assert one.pool._timer is None
    third = Plain(None)
    one.keep(third)
    await asyncio.sleep(75.01)
    assert third.closed


@pytest.mark.parametrize(
    ("busy", "silent", "stays"), [(0, 0.0, False), (1, 5.0, True), (1, 5.01, False), (0, 9.0, False)]
)
def test_what_carries_nothing_or_was_silent_is_dropped(busy: int, silent: float, stays: bool) -> None:
    async def main(loop: VirtualLoop) -> None:
        one = Pool(loop)
        await one.pool.open(5)
        one.made[0].busy = busy
        kept = Plain("one")
        one.keep(kept)
        await asyncio.sleep(silent)
        one.pool.drop_idle()
        assert kept.closed
        assert one.pool.shared is stays
        assert one.pool._timer is None
        assert one.made[0].closed is (not busy)

    on_virtual_time(main)


@on_pool()
async def test_after_a_sleep_nothing_is_begun_on_what_there_was_and_what_goes_on_ends_by_itself(
    one: Pool,
) -> None:
    await one.pool.open(5)
    shared: Shared = one.made[0]
    shared.busy = 1
    one.pool.distrust()
    assert not one.pool.shared and not shared.closed
    assert one.pool.take() is None
    one.pool._idles(shared)
    assert shared.closed
    await one.pool.open(5)
    one.pool._idles(one.made[1])
    assert not one.made[1].closed, "it is idle, and in use"


@on_pool()
async def test_another_endpoint_has_another_dialer_and_nothing_of_the_old_is_taken(one: Pool) -> None:
    await one.pool.open(5)
    dialer = one.pool.dialer
    one.pool.retarget(parse(TLS))
    assert one.pool.dialer is dialer and one.made[0].closed
    one.pool.retarget(parse("https://other"))
    assert one.pool.dialer is not dialer
    assert one.pool.endpoint.host == one.pool.dialer._endpoint.host == "other"


@on_pool()
async def test_closing_ends_everything_and_nothing_comes_after_it(one: Pool) -> None:
    await one.pool.open(5)
    leaving = one.made[0]
    leaving.busy = 1
    one.pool.distrust()
    await one.pool.open(5)
    kept = Plain("one")
    one.keep(kept)
    one.pool.distrust()
    sharing = asyncio.create_task(one.pool.open(9))
    own = asyncio.create_task(one.pool.open_for_upgrade(9))
    await asyncio.sleep(0.1)
    one.pool.close()
    ends = await asyncio.gather(sharing, own, return_exceptions=True)
    assert [(type(each), str(each)) for each in ends] == [
        (NotSent, "The connections to this cluster were closed.")
    ] * 2
    assert leaving.closed and kept.closed
    for call in (one.pool.open(5), one.pool.open_for_upgrade(5)):
        with pytest.raises(NotSent, match=closed().sentence):
            await call
    late = Plain("one")
    one.keep(late)
    assert late.closed and one.pool._timer is None
    assert len(one.dials) == 4


@on_pool()
async def test_what_carries_a_request_is_made_for_its_connection(one: Pool) -> None:
    shared = Shared("one", 0.0)
    sink: Any = object()
    call = one.pool.exchange(shared, "GET", sink, reused=True)
    assert isinstance(call, Call) and call.reused and call._where == "h:6443"
    plain = Plain("one")
    exchange = one.pool.exchange(plain, "HEAD", sink, reused=False)
    assert isinstance(exchange, Exchange) and not exchange._reused
    assert (exchange.connection, exchange._reader._method) == (plain, "HEAD")


@on_pool()
async def test_a_sibling_has_connections_of_its_own_and_the_same_tickets_and_dialer(one: Pool) -> None:
    other = Connections(one.pool.endpoint, one.credentials, one.loop, one.pool.counters, one.pool)
    assert other.dialer is one.pool.dialer and other.tickets is one.pool.tickets
    alone = Connections(one.pool.endpoint, one.credentials, one.loop, one.pool.counters)
    assert alone.dialer is not other.dialer and alone.tickets is not other.tickets
    context: Any = "one"
    assert other.tickets.of(context) is alone.tickets.of(context) is None
    one.pool._answered(Shared("one", 0.0))
    assert str(other.tickets.of(context)) == "ticket"


@on_pool()
async def test_closing_ends_the_shared_connection_whatever_it_carries(one: Pool) -> None:
    await one.pool.open(5)
    shared: Shared = one.made[0]
    shared.busy = 1
    one.pool.close()
    assert shared.closed and not one.pool.shared


@on_pool(http2=False)
async def test_who_is_cancelled_is_only_cancelled_though_all_is_closed(one: Pool) -> None:
    own = asyncio.create_task(one.pool.open_for_upgrade(9))
    await asyncio.sleep(0.1)
    one.pool.close()
    own.cancel()
    with pytest.raises(asyncio.CancelledError):
        await own


@on_pool(http2=False)
async def test_what_was_dialled_for_who_was_cancelled_in_that_very_turn_is_closed(one: Pool) -> None:
    dial = one.pool._dial

    async def dialled(*given: Any, **options: Any) -> Any:
        found = await dial(*given, **options)
        one.loop.call_soon(own.cancel)
        return found

    one.pool._dial = dialled  # type: ignore[method-assign]
    own = asyncio.create_task(one.pool.open_for_upgrade(9))
    with pytest.raises(asyncio.CancelledError):
        await own
    assert [each.closed for each in one.made] == [True]


@on_pool()
async def test_where_nothing_is_kept_no_context_is_made(one: Pool) -> None:
    def fail() -> Any:
        raise AssertionError

    one.credentials.ssl_context = fail  # type: ignore[method-assign]
    assert one.pool.take() is None


async def test_a_dial_offers_http_2_unless_it_is_told_otherwise() -> None:
    offered: list[bool] = []

    async def dial(context: object, session: object, timeout: float, *, http2: bool) -> Any:
        offered.append(http2)
        raise LinkError("No.")

    made = Connections(parse(TLS), Credentials(), asyncio.get_running_loop(), Counters())
    made.dialer.dial = dial  # type: ignore[method-assign, assignment]
    for call in (made.open(5), made.open_for_upgrade(5)):
        with pytest.raises(NotSent, match="No"):
            await call
    assert offered == [True, False]

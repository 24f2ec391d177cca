"""Connections that become another protocol: one of their own each, dialled ahead where it is known to be
needed.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edgetui.cluster.errors import LinkError
from tests.unit.cluster.fake_connections import Plain, Pool
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time


def test_each_has_a_connection_of_its_own_of_http_1() -> None:
    async def main(loop: VirtualLoop) -> None:
        one = Pool(loop)
        await one.pool.open(5)
        found: Any = await one.pool.open_for_upgrade(4)
        assert isinstance(found, Plain)
        assert one.dials[1] == ("one", 4.0, False)
        assert one.pool.take() is one.made[0]

    on_virtual_time(main)


@pytest.mark.parametrize(
    ("rest", "why", "used"),
    [
        (0.0, "", True),
        (5.0, "", True),
        (5.01, "", False),
        (0.0, "other credentials", False),
        (0.0, "ended", False),
    ],
)
def test_one_that_was_dialled_ahead_is_taken_while_it_is_fresh(rest: float, why: str, used: bool) -> None:
    async def main(loop: VirtualLoop) -> None:
        one = Pool(loop)
        with one.pool.upgrade_ahead(9):
            await asyncio.sleep(1)
            for wait in (0.0, 0.0, 0.0, 0.0, rest):
                await asyncio.sleep(wait)
            assert one.dials == [("one", 9.0, False)]
            assert one.credentials.asked == 1
            ahead = one.made[0]
            ahead.ended = why == "ended"
            if why == "other credentials":
                one.credentials.context = "two"
            found = await one.pool.open_for_upgrade(7)
            assert (found is ahead) is used
            assert ahead.closed is not used
            assert (await one.pool.open_for_upgrade(7)) is not ahead
        assert found.closed is False
        assert len(one.dials) == (2 if used else 3)

    on_virtual_time(main)


def test_one_that_nobody_takes_is_closed_and_one_under_way_is_given_up() -> None:
    async def main(loop: VirtualLoop) -> None:
        one = Pool(loop)
        with one.pool.upgrade_ahead(9), one.pool.upgrade_ahead(9):
            await asyncio.sleep(2)
        await asyncio.sleep(0)
        assert [each.closed for each in one.made] == [True]
        with one.pool.upgrade_ahead(9):
            await asyncio.sleep(0.5)
        await asyncio.sleep(5)
        assert (len(one.made), len(one.dials)) == (1, 2)
        assert one.pool._ahead is None
        one.pool.close()
        with one.pool.upgrade_ahead(9):
            assert one.pool._ahead is None

    on_virtual_time(main)


def test_one_that_could_not_be_made_ahead_is_tried_again() -> None:
    async def main(loop: VirtualLoop) -> None:
        one = Pool(loop)
        one.fails = LinkError("It refuses.")
        with one.pool.upgrade_ahead(9):
            await asyncio.sleep(2)
            one.fails = None
            assert await one.pool.open_for_upgrade(7) is one.made[0]
        assert [timeout for _, timeout, _ in one.dials] == [9.0, 7.0]

    on_virtual_time(main)

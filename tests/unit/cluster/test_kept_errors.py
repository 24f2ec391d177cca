"""An error that is kept holds nothing of where it was raised: a list that could not be read is not held in memory."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest

from edgetui.cluster.watch.events import EventDecoder
from edgetui.cluster.watch.printed import TABLES
from edgetui.cluster.watch.reflector.states import Failed
from edgetui.cluster.watch.table import TableDecoder
from edgetui.model.kinds import KINDS

POD = KINDS["Pod"]
ANOTHER_WAY = (
    b'{"type":"ADDED","object":{"kind":"Table","apiVersion":"meta.k8s.io/v1","rows":[{"cells":["x"]}]}}\n'
)


def printing() -> TableDecoder:
    assert TABLES.tables is not None
    return TableDecoder(TABLES.tables(POD, "default", lambda: 0.0))


@pytest.mark.parametrize("make", [lambda: EventDecoder(POD), printing], ids=["objects", "tables"])
@pytest.mark.parametrize(
    "data", [b"no JSON\n", b'{"type":"ODD","object":{}}\n', ANOTHER_WAY, b'{"type":"ADDED","object":3}\n']
)
def test_what_could_not_be_read_is_let_go(make: Callable[[], Any], data: bytes) -> None:
    gc.collect()
    gc.disable()
    try:
        decoder = make()
        failed = [one for one in decoder.feed(data) if isinstance(one, Failed)]
        for one in failed:
            assert (one.error.__traceback__, one.error.__context__, one.error.__cause__) == (None, None, None)
        del decoder, failed
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        assert [one for one in gc.garbage if isinstance(one, Exception)] == []
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def test_tables_of_another_way_are_said_to_be_that() -> None:
    (failed,) = printing().feed(ANOTHER_WAY)
    assert isinstance(failed, Failed)
    assert "in another way" in failed.error.sentence

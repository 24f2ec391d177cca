"""The audit of a server's cache against a datastore that remembers every version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import msgspec
import pytest

from edgetui.cluster.api import cache_audit
from edgetui.cluster.api.cache_audit import CacheAuditor, Watched, names
from edgetui.cluster.api.client import Api
from edgetui.cluster.errors import EdgetuiError, Gone, LinkError
from edgetui.model.cache.store import Store
from edgetui.model.kinds import KINDS, row_of
from tests.unit.model import factories as f

NOW = 1_800_000_000.0
POD = KINDS["Pod"]
Names = list[tuple[str, str]]


def table(listed: list[str]) -> bytes:
    rows = [{"cells": ["1/1", name, 3], "object": None} for name in listed]
    columns = [{"name": "Ready", "format": ""}, {"name": "Name", "format": "name"}]
    return msgspec.json.encode({"kind": "Table", "columnDefinitions": columns, "rows": rows})


class Datastore:
    """Namespace and name of every pod at every version; asked as the API is asked."""

    def __init__(self) -> None:
        self.history: dict[str, Names] = {}
        self.asked: list[str] = []
        self.error: EdgetuiError | None = None
        self.meanwhile: Callable[[], None] = lambda: None

    async def get_bytes(
        self, path: str, query: Mapping[str, str], *, timeout: float, headers: Mapping[str, str]
    ) -> bytes:
        assert query["resourceVersionMatch"] == "Exact" and "as=Table" in headers["Accept"]
        self.asked.append(path)
        if self.error is not None:
            raise self.error
        space = path.split("/")[4] if "/namespaces/" in path else ""
        self.meanwhile()
        return table([name for where, name in self.history[query["resourceVersion"]] if space in ("", where)])


class Bench:
    """A store that a watch has brought to `version`, and the datastore behind the server."""

    def __init__(self) -> None:
        self.datastore, self.store = Datastore(), Store("plant")
        self.version, self.spaces = "", [""]
        self.between: Callable[[], None] = lambda: None
        self.paused = 0
        api = cast(Api, self.datastore)
        self.auditor = CacheAuditor(api, self.store, self.watched, lambda: NOW, self.pause)

    def watched(self) -> list[Watched]:
        return [Watched(POD, space, self.version) for space in self.spaces]

    async def pause(self, seconds: float) -> None:
        assert seconds == cache_audit.LOOK_AGAIN
        self.paused += 1
        self.between()

    def reach(self, version: str, rows: Names, really: Names | None = None) -> None:
        """The watch has come to `version`; `really` is what the datastore has then, where that is another."""
        self.version = version
        self.datastore.history[version] = rows if really is None else really
        made = [row_of("Pod", f.pod(name, space)) for space, name in rows]
        self.store.replace("Pod", made)


A, B, C = ("one", "a"), ("one", "b"), ("two", "b")


async def test_an_equal_cache_is_said_to_be_equal_after_one_look() -> None:
    bench = Bench()
    bench.reach("7", [A, B, C])
    await bench.auditor.audit()
    assert (bench.store.cache.checked, bench.store.cache.rows, bench.store.cache.sentence) == (NOW, 3, "")
    assert (bench.paused, bench.datastore.asked) == (0, ["/api/v1/pods"])


async def test_what_is_on_its_way_is_no_difference() -> None:
    """The store moves on while the list is under way; the list is of the version the names were taken at."""
    bench = Bench()
    bench.reach("7", [A, B])
    bench.datastore.meanwhile = lambda: bench.reach("8", [A, ("one", "new")])
    await bench.auditor.audit()
    assert (bench.store.cache.sentence, bench.paused) == ("", 0)


async def test_a_difference_that_does_not_last_is_none() -> None:
    bench = Bench()
    bench.reach("7", [A, B], really=[A])
    bench.between = lambda: bench.reach("8", [A])
    await bench.auditor.audit()
    assert (bench.store.cache.sentence, bench.paused) == ("", 1)


async def test_a_ghost_and_a_lost_row_stay_suspect_until_an_audit_is_clean() -> None:
    bench = Bench()
    bench.reach("7", [A, B], really=[A, C, ("two", "lost")])
    await bench.auditor.audit()
    assert "1 Pod (lost) in the datastore" in bench.store.cache.sentence
    assert "restart the API server" in bench.store.cache.next_step
    bench.datastore.error = LinkError("gone")
    await bench.auditor.audit()
    assert bench.store.cache.sentence, "an audit that could not be made proves nothing"
    bench.datastore.error = None
    bench.reach("9", [A, B], really=[A])
    await bench.auditor.audit()
    assert "1 Pod (b) shown here" in bench.store.cache.sentence
    bench.reach("10", [A])
    await bench.auditor.audit()
    assert (bench.store.cache.sentence, bench.store.cache.next_step) == ("", "")


async def test_each_namespace_is_compared_with_its_own_rows() -> None:
    bench = Bench()
    bench.spaces = ["one", "two"]
    bench.reach("7", [A, C], really=[A, B])
    await bench.auditor.audit()
    assert "1 Pod (b) shown here" in bench.store.cache.sentence
    assert "1 Pod (b) in the datastore" in bench.store.cache.sentence
    assert bench.datastore.asked[:2] == ["/api/v1/namespaces/one/pods", "/api/v1/namespaces/two/pods"]
    bench.spaces = []
    await bench.auditor.audit()
    bench.spaces = ["one"]
    bench.reach("8", [A])
    await bench.auditor.audit()
    assert bench.store.cache.sentence == "", "what is watched no longer is no longer suspect"


async def test_a_version_that_is_compacted_away_says_nothing() -> None:
    bench = Bench()
    bench.reach("7", [A], really=[])
    bench.datastore.error = Gone("too old", code=410)
    await bench.auditor.audit()
    assert bench.store.cache.checked == 0.0


async def test_a_large_collection_is_left_out_unless_a_person_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_audit, "MOST_ROWS", 2)
    bench = Bench()
    bench.reach("7", [A, B, C], really=[A, B])
    await bench.auditor.audit()
    assert bench.datastore.asked == []
    await bench.auditor.audit(asked=True)
    assert bench.store.cache.sentence


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"kind":1}', b"\xff", b'{"rows":' + b"[" * 9999])
async def test_an_answer_of_another_shape_says_nothing(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    async def odd(*_: Any, **__: Any) -> bytes:
        return body

    bench = Bench()
    bench.reach("7", [A])
    monkeypatch.setattr(bench.datastore, "get_bytes", odd)
    await bench.auditor.audit()
    assert bench.store.cache.checked == 0.0


def test_names_are_read_from_a_table_and_from_a_list() -> None:
    assert names(table(["a", "b"])) == ["a", "b"]
    assert names(b'{"kind":"PodList","items":[{"metadata":{"name":"a"}}]}') == ["a"]
    assert names(b'{"kind":"Table","rows":[{"cells":["a"]},{"cells":[]}]}') == ["a"]

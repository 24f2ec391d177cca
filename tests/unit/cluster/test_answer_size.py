"""Answers and collections over their limits: refused in a sentence, and only the kind that they are of suffers."""

from __future__ import annotations

import contextlib
import gzip
import json

import pytest

from edgetui.cluster.api.client import Api, WritePermit
from edgetui.cluster.errors import EdgetuiError, OutcomeUnknown, TooManyRows, Unreadable
from edgetui.cluster.http import answer_size
from edgetui.cluster.http.answer_size import TooLarge, check_size, check_values
from edgetui.cluster.http.inflate import Inflater
from edgetui.cluster.watch import informer
from edgetui.cluster.watch.events import EventDecoder, decode_page
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.table import Printer, TableDecoder
from edgetui.model.cache import store
from edgetui.model.cache.freshness import Link, Sync
from edgetui.model.cache.store import Store
from edgetui.model.kinds import KINDS
from tests.unit.cluster.simulation import Cluster
from tests.unit.cluster.wire import connected, ok

POD = KINDS["Pod"]


def page(items: str) -> bytes:
    return f'{{"kind":"PodList","metadata":{{"resourceVersion":"1"}},"items":[{items}]}}'.encode()


@pytest.mark.parametrize(
    "item", ["{}", "[]", "1", '"a"', '{"metadata":{"name":"a"}}', '{"metadata":[{},{}]}']
)
def test_a_page_of_too_many_values_is_refused_before_it_is_decoded(item: str) -> None:
    body = page(",".join([item] * 1_000_001))
    with pytest.raises(TooLarge, match="more than 1,000,000 values"):
        decode_page(POD, body)


def test_a_page_of_too_many_objects_is_refused() -> None:
    with pytest.raises(TooLarge, match="60,000 pods in one answer"):
        decode_page(POD, page(",".join(['{"metadata":{"name":"a"}}'] * 60_000)))


def test_what_is_decoded_loosely_may_hold_fewer_values() -> None:
    items = ['{"metadata":1}', *['{"metadata":{"name":"a"}}'] * 200_000]
    with pytest.raises(TooLarge, match="more than 500,000 values"):
        decode_page(POD, page(",".join(items)))


def test_a_large_page_of_real_pods_is_read() -> None:
    pod = json.dumps({"metadata": {"name": "a", "annotations": {"note": "x" * 60_000}}})
    assert len(decode_page(POD, page(",".join([pod] * 250))).rows) == 250


def test_text_that_takes_four_bytes_a_character_may_be_half_as_long() -> None:
    check_size(b"a" * answer_size.MOST_BYTES)
    check_size("é".encode() * (answer_size.MOST_WIDE_BYTES // 2))
    with pytest.raises(TooLarge, match="more than 16 MB"):
        check_size("é".encode() * (answer_size.MOST_WIDE_BYTES // 2 + 1))


@pytest.mark.parametrize("count", [0, 1, 9, 10])
def test_values_are_counted_by_commas_and_brackets(count: int) -> None:
    check_values(b"[" + b"1," * count, 11)
    with pytest.raises(TooLarge):
        check_values(b"[{" + b"1," * (count + 1), count + 2)


@pytest.mark.parametrize("decoder", [EventDecoder(POD), TableDecoder(Printer(POD, "", lambda: 0.0))])
@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"a" * (answer_size.MOST_LINE + 1), "more than 4 MB"),
        (b'{"type":"ADDED","object":{"a":[' + b"{}," * 150_000 + b"0]}}\n", "200,000 values"),
        (b"\n" * 65536, "empty lines without end"),
    ],
    ids=["line", "values", "ends of lines"],
)
def test_an_event_over_a_limit_ends_the_stream_in_a_sentence(
    decoder: EventDecoder | TableDecoder, data: bytes, sentence: str
) -> None:
    failed = decoder.feed(data)[-1]
    assert isinstance(failed, r.Failed)
    assert isinstance(failed.error, Unreadable)
    assert sentence in failed.error.sentence


def test_what_grows_too_much_when_decompressed_is_refused_early() -> None:
    taken = 0
    with pytest.raises(TooLarge, match="grows more than 200 times"):
        for piece in Inflater().feed(gzip.compress(bytes(50 << 20))):
            taken += len(piece)
    assert taken < 16 << 20


def test_lists_that_are_much_alike_may_grow() -> None:
    pod = json.dumps({"metadata": {"name": "press-1", "labels": {"app": "press", "line": "7"}}}) + "\n"
    text = "".join(pod.replace("press-1", f"press-{number}") for number in range(200_000)).encode()
    assert sum(map(len, Inflater().feed(gzip.compress(text)))) == len(text)


@pytest.mark.parametrize(
    ("count", "asks", "raises"),
    [
        (1_000_001, "request", TooLarge),
        (600_000, "get_bytes", None),
        (1_000_001, "get_bytes", TooLarge),
        (600_000, "get", TooLarge),
        (600_000, "review", TooLarge),
        (600_000, "write", OutcomeUnknown),
    ],
)
async def test_every_reader_of_a_single_answer_is_bounded(
    count: int, asks: str, raises: type[EdgetuiError] | None
) -> None:
    body = b'{"items":[' + b"1," * count + b"1]}"
    async with connected([ok(body)]) as (_, transport):
        api = Api(transport, transport.credentials)  # type: ignore[arg-type]
        permit = WritePermit("scale", transport.target.name)
        reads = {
            "request": lambda: transport.request("GET", "/x", timeout=30.0),
            "get_bytes": lambda: api.get_bytes("/x"),
            "get": lambda: api.get("/x"),
            "review": lambda: api.review("SelfSubjectReview", {}),
            "write": lambda: api.write(permit, "PUT", "/x", {}),
        }
        with pytest.raises(raises) if raises else contextlib.nullcontext():
            await reads[asks]()


class TestRows:
    @pytest.fixture(autouse=True)
    def few(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in (informer, store):
            monkeypatch.setattr(module, "MOST_ROWS", 20)

    @pytest.mark.parametrize("streaming", [True, False])
    def test_a_list_of_more_rows_than_are_held_is_not_taken_for_whole(self, streaming: bool) -> None:
        cluster = Cluster()
        cluster.server.watchlist = "yes" if streaming else "422"
        for number in range(50):
            cluster.server.put("Pod", "d", f"p{number}", number)
        cluster.start("Pod", "Node")
        cluster.world.run(60)
        found = cluster.store.freshness("Pod")
        assert found.sync is not Sync.LIVE
        assert found.reason == TooManyRows.SENTENCE
        assert cluster.store.count("Pod") <= 20
        assert cluster.store.freshness("Node").sync is Sync.LIVE
        assert cluster.store.link.link is Link.LIVE

    def test_new_objects_beyond_the_limit_are_left_out_and_those_that_are_known_stay_current(self) -> None:
        cluster = Cluster()
        for number in range(18):
            cluster.server.put("Pod", "d", f"p{number}", number)
        cluster.start("Pod")
        cluster.world.until(cluster.live, 5.0)
        for number in range(18, 40):
            cluster.server.put("Pod", "d", f"p{number}", number)
        cluster.world.run(5)
        assert cluster.store.count("Pod") == 20
        assert cluster.store.full
        assert cluster.store.freshness("Pod").reason == TooManyRows.SENTENCE

    def test_all_namespaces_together_have_one_limit(self) -> None:
        cluster = Cluster()
        cluster.server.namespaces_listed = ["a", "b", "c"]
        cluster.server.denied = lambda kind, namespace: 403 if kind.name == "Pod" and not namespace else 0
        for number in range(45):
            cluster.server.put("Pod", "abc"[number % 3], f"p{number}", number)
        cluster.start("Pod")
        cluster.world.run(60)
        assert cluster.store.count("Pod") == 20


def test_a_store_is_full_when_one_kind_is() -> None:
    assert not Store("c").full

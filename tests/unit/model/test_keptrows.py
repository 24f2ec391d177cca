"""Rows as bytes and back: whole, without secrets, and never an exception whatever the bytes are."""

from __future__ import annotations

import subprocess
import sys
import zlib

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgetui.model.cache import snapshot
from edgetui.model.cache.snapshot import (
    MAGIC,
    KeptRows,
    Packed,
    fields_of,
    from_bytes,
    pack,
    to_bytes,
    unpack,
)
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.node import NodeRow
from edgetui.model.pod.diagnosis import diagnose
from tests.ui.fleet import plant
from tests.unit.model import factories as f

STORE = plant()
KEPT = [id for id, kind in KINDS.items() if kind.snapshot is not None]


def kept(kind: str, *rows: Row) -> KeptRows:
    return KeptRows(5.0, "uid", "v1.33", {kind: pack(KINDS[kind], rows, 4.0, partial=False)})


SAMPLE = to_bytes(kept("Pod", *STORE.rows("Pod")))


def test_every_kind_but_events_is_kept() -> None:
    assert set(KEPT) == KINDS.keys() - {"Event"}
    for id, kind in KINDS.items():
        for one in STORE.rows(id):
            assert type(one) is kind.row


@pytest.mark.parametrize("kind", KEPT)
def test_rows_come_back_as_they_were(kind: str) -> None:
    bare = {"metadata": {"name": "a", "namespace": "d", "uid": "u", "resourceVersion": "1"}, "spec": {}}
    rows = list(STORE.rows(kind)) or [row_of(kind, bare)]
    back = from_bytes(to_bytes(kept(kind, *rows)))
    assert back is not None
    assert (back.saved, back.identity, back.version) == (5.0, "uid", "v1.33")
    assert (back.kinds[kind].heard, back.kinds[kind].partial) == (4.0, False)
    assert unpack(KINDS[kind], back.kinds[kind]) == rows


def test_many_rows_are_chunked_and_small() -> None:
    rows = [row_of("Pod", f.pod(f"press-{n}")) for n in range(3 * snapshot.CHUNK + 1)]
    packed = pack(KINDS["Pod"], rows, 1.0, partial=True)
    assert len(packed.chunks) == 4
    assert packed.size < 150 * len(rows)
    assert unpack(KINDS["Pod"], packed) == rows


SECRET = "hunter2-hunter2"


def planted() -> list[tuple[str, f.Json]]:
    """Objects that carry a secret wherever an object can carry one."""
    env = [{"name": "PASSWORD", "value": SECRET}]
    notes = {
        "kubectl.kubernetes.io/last-applied-configuration": f'{{"env":"{SECRET}"}}',
        "kubernetes.io/change-cause": f"kubectl set env deploy/press PASSWORD={SECRET} --record",
    }
    crash = f.crashing(1, "Error")
    crash["lastState"]["terminated"]["message"] = f"cannot log in with {SECRET}"
    last_words = f.ended(1, "Error")
    last_words["state"]["terminated"]["message"] = f"cannot log in with {SECRET}"
    started = f.waiting("StartError", f'exec: "--password={SECRET}": no such file')
    pods = [
        f.pod(f"p{n}", statuses=[one], annotations=notes)
        for n, one in enumerate((crash, last_words, started))
    ]
    press = f.deployment("press", annotations=notes)
    workloads = [
        press,
        f.replica_set(press, "5d4b8", annotations=notes),
        f.stateful_set("base", annotations=notes),
        f.daemon_set("agent", annotations=notes),
    ]
    objects = [*pods, *workloads, f.node("node-1", annotations=notes), f.service("press", annotations=notes)]
    for one in objects:
        spec = one["spec"].get("template", one)["spec"]
        for container in spec.get("containers", ()):
            container |= {"env": env, "args": [f"--password={SECRET}"]}
    return [(one["kind"], one) for one in objects]


def test_no_planted_secret_reaches_the_bytes() -> None:
    by_kind: dict[str, list[Row]] = {}
    for kind, one in planted():
        assert SECRET in repr(one)
        by_kind.setdefault(kind, []).append(row_of(kind, one))
    assert SECRET in repr(by_kind)
    for kind, rows in by_kind.items():
        before = repr(rows)
        packed = pack(KINDS[kind], rows, 1.0, partial=False)
        for chunk in packed.chunks:
            assert SECRET.encode() not in zlib.decompress(chunk)
        assert repr(rows) == before, "the rows on the screen stay as they are"


@pytest.mark.parametrize("why", ["not found", "dial tcp: i/o timeout", "unauthorized"])
def test_what_is_wrong_with_an_image_is_said_in_the_same_words(why: str) -> None:
    row = row_of("Pod", f.image_pull("press-0", why=why))
    back = unpack(KINDS["Pod"], pack(KINDS["Pod"], [row], 1.0, partial=False))
    assert back is not None
    assert diagnose(back[0]) == diagnose(row)  # type: ignore[arg-type]


def test_what_msgpack_cannot_hold_is_not_kept() -> None:
    row = row_of("Node", f.node("node-1"))
    assert isinstance(row, NodeRow)
    row.memory_allocatable = 1 << 70
    assert unpack(KINDS["Node"], pack(KINDS["Node"], [row], 1.0, partial=False)) is None


def test_rows_with_other_fields_are_left_unread() -> None:
    packed = pack(KINDS["Node"], STORE.rows("Node"), 1.0, partial=False)
    assert unpack(KINDS["Node"], msgspec.structs.replace(packed, fields=packed.fields + 1)) is None
    assert unpack(KINDS["Pod"], packed) is None
    assert unpack(KINDS["Event"], packed) is None


def test_the_fingerprint_is_the_same_in_every_process() -> None:
    code = (
        "from edgetui.model.cache.snapshot import fields_of; from edgetui.model.kinds import KINDS; "
        "print([fields_of(kind) for kind in KINDS.values() if kind.snapshot])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"}
    )
    assert said.stdout.strip() == str([fields_of(KINDS[kind]) for kind in KEPT])


def test_a_chunk_that_is_cut_short_gives_no_rows() -> None:
    packed = pack(KINDS["Node"], STORE.rows("Node"), 1.0, partial=False)
    (chunk,) = packed.chunks
    assert unpack(KINDS["Node"], msgspec.structs.replace(packed, chunks=(chunk[:-1],))) is None


def test_a_bomb_does_not_unfold() -> None:
    bomb = zlib.compress(bytes(snapshot.MOST_CHUNK + 1), 9)
    assert unpack(KINDS["Node"], Packed(fields_of(KINDS["Node"]), 1.0, False, (bomb,))) is None


@given(st.binary(max_size=200))
@example(b"")
@example(snapshot.MAGIC)
@example(snapshot.MAGIC + b"\0\0\0\0")
@example(SAMPLE.replace(b"rows 1", b"rows 2"))
@example(SAMPLE + b"\0")
def test_any_bytes_are_refused_quietly(data: bytes) -> None:
    assert from_bytes(data) is None


@given(st.integers(0, len(SAMPLE) - 1))
def test_a_file_cut_short_is_refused(length: int) -> None:
    assert from_bytes(SAMPLE[:length]) is None


@given(st.integers(0, len(SAMPLE) - 1), st.integers(1, 255))
def test_a_damaged_byte_anywhere_is_noticed(place: int, change: int) -> None:
    damaged = bytearray(SAMPLE)
    damaged[place] ^= change
    assert from_bytes(bytes(damaged)) is None


@given(st.binary(max_size=300))
def test_a_chunk_of_any_bytes_gives_no_rows(data: bytes) -> None:
    for chunk in (data, zlib.compress(data)):
        assert unpack(KINDS["Pod"], Packed(fields_of(KINDS["Pod"]), 1.0, False, (chunk,))) in (None, [])


def test_a_collection_that_loses_text_has_no_version_to_go_on_from() -> None:
    image = row_of("Pod", f.image_pull("press-0"))
    last_words = f.ended(1, "Error")
    last_words["state"]["terminated"]["message"] = "no route to the press"
    crash = row_of("Pod", f.pod("weld-0", statuses=[last_words]))
    sound = msgspec.structs.replace(image, namespace="sound")
    versions = {"": "7", "sound": "7", crash.namespace: "7"}
    assert pack(KINDS["Pod"], [sound, image], 1.0, False, versions).versions == versions
    assert pack(KINDS["Pod"], [sound, crash], 1.0, False, versions).versions == {"sound": "7"}


def test_a_file_of_an_earlier_format_gives_rows_without_versions() -> None:
    old = {"fields": 1, "heard": 2.0, "partial": False, "chunks": (b"",)}
    body = msgspec.msgpack.encode(
        {"saved": 3.0, "identity": "uid", "version": "v1.33", "kinds": {"Pod": old}}
    )
    back = from_bytes(MAGIC + zlib.crc32(body).to_bytes(4, "big") + body)
    assert back == KeptRows(3.0, "uid", "v1.33", {"Pod": Packed(1, 2.0, False, (b"",))})
    assert (back.program, back.kinds["Pod"].versions) == ("", {})

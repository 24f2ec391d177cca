"""The rows of one cluster as bytes for a file, and back; bytes that are not whole or not ours give nothing.

A file is a line of magic, a CRC-32 and one msgpack document: per kind its rows, in compressed chunks. Each kind
carries a fingerprint of its row's fields, so rows that another version of edgetui wrote otherwise are left unread.
What a program or a person wrote freely is not kept: it may quote a password.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from functools import cache
from itertools import islice
from types import GenericAlias

import msgspec
from msgspec.structs import replace

from edgetui.model.kinds.autoscaler import AutoscalerRow
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.daemonset import DaemonSetRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.endpointslice import EndpointSliceRow
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.kinds.replicaset import ReplicaSetRow
from edgetui.model.kinds.service import ServiceRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.labels import share

KEPT: dict[str, type[Row]] = {
    "Node": NodeRow,
    "Pod": PodRow,
    "Deployment": DeploymentRow,
    "StatefulSet": StatefulSetRow,
    "DaemonSet": DaemonSetRow,
    "HorizontalPodAutoscaler": AutoscalerRow,
    "ReplicaSet": ReplicaSetRow,
    "Service": ServiceRow,
    "EndpointSlice": EndpointSliceRow,
}
"""The kinds that are kept, the most wanted first. Events are not: they are text, and the server forgets them itself."""

MAGIC = b"edgetui rows 1\n"
CHUNK = 256
MOST_CHUNK = 4 << 20  # bytes that one chunk may unfold to
_CHECK = 4

_WRITTEN_BY_KUBERNETES = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "ImageInspectError",
        "RegistryUnavailable",
        "ErrImageNeverPull",
        "InvalidImageName",
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "Unschedulable",
        "SchedulingGated",
        "Evicted",
    }
)
"""Reasons whose message comes from the kubelet or the scheduler; under any other it may be the program's own last
words, which the kubelet takes from its termination file or its log."""


class Packed(msgspec.Struct, frozen=True):
    """The rows of one kind. `heard` is when they were last known to be current (Unix s); `partial` is true when only
    some namespaces could be read."""

    fields: int
    heard: float
    partial: bool
    chunks: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """Bytes in a file."""
        return sum(len(chunk) for chunk in self.chunks)


class KeptRows(msgspec.Struct, frozen=True):
    """What one file holds. `identity` is the uid of the cluster's kube-system, `version` that of its server, both
    empty if unknown; `saved` is when the file was written (Unix s)."""

    saved: float
    identity: str
    version: str
    kinds: dict[str, Packed]


def pack(kind: str, rows: Iterable[Row], heard: float, partial: bool) -> Packed:
    """The rows of a kind in `KEPT`, small, and without what may quote a secret.

    Rows with a number that msgpack cannot hold give a value that unpacks to None.
    """
    left = iter(rows)
    chunks = []
    try:
        while some := [_public(row) for row in islice(left, CHUNK)]:
            chunks.append(zlib.compress(_ENCODER.encode(some), 1))
    except OverflowError:
        return Packed(0, heard, partial, ())
    return Packed(fields_of(kind), heard, partial, tuple(chunks))


def unpack(kind: str, packed: Packed) -> list[Row] | None:
    """The rows again; None when they are damaged or were written with other fields."""
    if kind not in KEPT or packed.fields != fields_of(kind):
        return None
    decoder = msgspec.msgpack.Decoder(GenericAlias(list, (KEPT[kind],)))
    rows: list[Row] = []
    try:
        for chunk in packed.chunks:
            unfolding = zlib.decompressobj()
            text = unfolding.decompress(chunk, MOST_CHUNK)
            if not unfolding.eof:
                return None
            rows += decoder.decode(text)
    except (zlib.error, msgspec.MsgspecError):
        return None
    for row in rows:
        row.labels = share(row.labels)
    return rows


def to_bytes(kept: KeptRows) -> bytes:
    """The content of a file."""
    body = _ENCODER.encode(kept)
    return MAGIC + zlib.crc32(body).to_bytes(_CHECK, "big") + body


def from_bytes(data: bytes) -> KeptRows | None:
    """What a file holds; None when it is cut short, damaged, or not in this format."""
    check, body = data[len(MAGIC) :][:_CHECK], data[len(MAGIC) + _CHECK :]
    if not data.startswith(MAGIC) or check != zlib.crc32(body).to_bytes(_CHECK, "big"):
        return None
    try:
        return _DECODER.decode(body)
    except msgspec.MsgspecError:
        return None


@cache
def fields_of(kind: str) -> int:
    """A number that changes with the fields of a kind's row, their types and defaults, nested ones included."""
    return zlib.crc32(repr(msgspec.inspect.type_info(KEPT[kind])).encode())


def _public(row: Row) -> Row:
    """The row without free text: last words of a program, and the command line that changed a workload."""
    if isinstance(row, PodRow):
        trouble = row.trouble
        if trouble is not None and trouble.message and trouble.reason not in _WRITTEN_BY_KUBERNETES:
            return replace(row, trouble=replace(trouble, message=""))
    elif isinstance(row, DeploymentRow | StatefulSetRow | DaemonSetRow | ReplicaSetRow) and row.cause:
        return replace(row, cause="")
    return row


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(KeptRows)

"""Readers of one answer outside the watch: an object, a list for an action, usage, the versions of a group."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import msgspec

from edgetui.actions import reading
from edgetui.cluster.api import metrics
from edgetui.cluster.api.status import UNDECODABLE
from edgetui.cluster.api.versions import versions_of
from edgetui.cluster.errors import ProtocolError
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.base import NotReadable

from . import corpus, mutate
from .targets import KIB, Target

USAGE = {
    "kind": "PodMetricsList",
    "items": [
        {
            "metadata": {"name": "press-0", "namespace": "line-2"},
            "containers": [{"name": "app", "usage": {"cpu": "12n", "memory": "64Mi"}}],
        },
        {"metadata": {"name": "edge-1"}, "usage": {"cpu": "250m", "memory": "2Gi"}},
    ],
}
GROUP = {
    "kind": "APIGroup",
    "name": "autoscaling",
    "versions": [
        {"groupVersion": "autoscaling/v2", "version": "v2"},
        {"groupVersion": "autoscaling/v1", "version": "v1"},
    ],
}
VERSIONS = sorted({f"{kind.group}/{version}" for kind in KINDS.values() for version in kind.versions})


class Objects(Target):
    """The first byte chooses the kind; what reads a single answer raises its own errors and no others."""

    name = "objects"
    least, each = 1024 * KIB, 80

    def make(self, rng: Random) -> bytes:
        kind, line = rng.choice(corpus.lines())
        source: Any = json.loads(line).get("object", {})
        match rng.randrange(8):
            case 0:
                source = USAGE
            case 1:
                source = GROUP
            case 2:
                source = {"kind": "List", "apiVersion": rng.choice(VERSIONS), "items": [source, source]}
            case _:
                source = {**source, "kind": kind, "apiVersion": rng.choice(VERSIONS)}
        number = list(KINDS).index(kind) if rng.random() < 0.95 else rng.randrange(len(KINDS))
        return bytes([number]) + mutate.document(json.dumps(source).encode(), rng)

    def check(self, data: bytes, rng: Random) -> None:
        self.weigh(data, rng)

    def weigh(self, data: bytes, rng: Random) -> None:
        kind = list(KINDS)[data[0] % len(KINDS) if data else 0]
        for read in (metrics.decode, versions_of):
            try:
                read(data[1:])
            except (ProtocolError, *UNDECODABLE):
                pass
        try:
            answer = msgspec.json.decode(data[1:])
        except UNDECODABLE:
            return
        _row(kind, answer)
        for whole in (
            reading.items,
            lambda found: reading.an_object(kind, found),
            lambda found: reading.rows(kind, found),
        ):
            try:
                whole(answer)
            except ProtocolError as error:
                assert len(error.sentence) < 512, "a sentence without end"


def _row(kind: str, answer: Any) -> None:
    """A row, or the two errors that say that there is none."""
    try:
        msgspec.json.encode(row_of(kind, answer))
    except (msgspec.ValidationError, NotReadable):
        return


TARGETS = (Objects(),)

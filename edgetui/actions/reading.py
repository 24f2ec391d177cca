"""What a server answered, held against the shape that actions rely on: another shape is a ProtocolError in words.

Only fields that an action looks at are checked; everything else passes through as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from edgetui.cluster.errors import ProtocolError
from edgetui.model.kinds import KINDS, kind_word, row_of
from edgetui.model.kinds.autoscaler import AUTOSCALER
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.daemonset import DAEMON_SET
from edgetui.model.kinds.deployment import DEPLOYMENT
from edgetui.model.kinds.pod import POD
from edgetui.model.kinds.replicaset import REPLICA_SET
from edgetui.model.kinds.rollout import ROLLOUT
from edgetui.model.kinds.statefulset import STATEFUL_SET
from edgetui.model.text import clean

Json = dict[str, Any]
T = TypeVar("T")

Text = Annotated[str, Meta(min_length=1)]
Count = Annotated[int, Meta(ge=0)]
ODD = (
    msgspec.ValidationError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    OverflowError,
    RecursionError,
)
"""What a projection raises for a field that it did not expect."""


class _Shape(msgspec.Struct, frozen=True, rename="camel"):
    """Fields as the API writes them; absent ones have their zero value."""


class _Owner(_Shape, frozen=True):
    kind: str
    name: str
    uid: str = ""
    controller: bool = False


class _ItemMetadata(_Shape, frozen=True):
    name: Text
    uid: str = ""
    generation: int = 0
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    annotations: dict[str, str] | None = None
    labels: dict[str, str] | None = None
    owner_references: list[_Owner] | None = None
    finalizers: list[str] | None = None


class _Item(_Shape, frozen=True):
    metadata: _ItemMetadata
    spec: dict[str, Any] | None = None
    status: dict[str, Any] | None = None


class _Metadata(_ItemMetadata, frozen=True, kw_only=True):
    uid: Text
    resource_version: Text


class _Object(_Shape, frozen=True):
    metadata: _Metadata
    spec: dict[str, Any] | None = None
    status: dict[str, Any] | None = None


class _Expression(_Shape, frozen=True):
    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: list[str] | None = None


class _Selector(_Shape, frozen=True):
    match_labels: dict[str, str] | None = None
    match_expressions: list[_Expression] | None = None


class _Container(_Shape, frozen=True):
    name: Text
    image: str = ""


class _PodSpec(_Shape, frozen=True):
    containers: list[_Container]
    init_containers: list[_Container] | None = None


class _TemplateMetadata(_Shape, frozen=True):
    annotations: dict[str, str] | None = None
    labels: dict[str, str] | None = None


class _Template(_Shape, frozen=True):
    spec: _PodSpec
    metadata: _TemplateMetadata | None = None


class _WorkloadSpec(_Shape, frozen=True):
    template: _Template
    replicas: Count = 1
    paused: bool = False
    selector: _Selector | None = None


class _Workload(_Shape, frozen=True):
    spec: _WorkloadSpec


class _RolloutSpec(_Shape, frozen=True):
    template: _Template | None = None
    selector: _Selector | None = None


class _Rollout(_Shape, frozen=True):
    spec: _RolloutSpec


class _PodObject(_Shape, frozen=True):
    spec: _PodSpec


class _Bounds(_Shape, frozen=True):
    max_replicas: Count
    min_replicas: Count = 1


class _Autoscaler(_Shape, frozen=True):
    spec: _Bounds


class _Number(_Shape, frozen=True):
    replicas: Count | None = None


class _Scale(_Shape, frozen=True):
    spec: _Number | None = None
    status: _Number | None = None


class _List(_Shape, frozen=True):
    api_version: str = ""
    items: list[Any] | None = None


_SPECS: dict[str, type[_Shape]] = {
    DEPLOYMENT: _Workload,
    STATEFUL_SET: _Workload,
    DAEMON_SET: _Workload,
    REPLICA_SET: _Workload,
    ROLLOUT: _Rollout,
    POD: _PodObject,
    AUTOSCALER: _Autoscaler,
}


def shaped(answer: Any, shape: type[T], what: str) -> T:
    """The answer as `shape`. Raises ProtocolError, naming `what` it should have been, when it is something else."""
    try:
        return msgspec.convert(answer, shape)
    except ODD as odd:
        raise ProtocolError(
            f"What the server answered is no {what}: {clean(str(odd)).rstrip('.')}.",
            "Look at the object with kubectl, and at what stands between here and the API server.",
        ) from None


def an_object(kind: str, answer: Any, *, whole: bool = True) -> Json:
    """One object of that kind, without its nulls, which mean the same as absent fields. Raises ProtocolError.

    Not `whole` is what a subresource says of it, which has a shape of its own.
    """
    what = kind_word(kind)
    found: Json = _without_nulls(shaped(answer, dict[str, Any], what))
    for part in ("metadata", "spec", "status"):
        if part in found:
            found[part] = _without_nulls(found[part])
    shaped(found, _Object, what)
    if not whole:
        return found
    if kind in _SPECS:
        shaped(found, _SPECS[kind], what)
    row(kind, found, strict=True)
    return found


def row(kind: str, answer: Any, *, strict: bool = False) -> Row | None:
    """The row of an object; None for a kind that edgetui does not watch. Raises ProtocolError.

    To look at, an odd field costs itself only; to act on, nothing odd is put up with (`strict`).
    """
    if kind not in KINDS:
        return None
    try:
        return row_of(kind, answer, strict=strict)
    except ODD as odd:
        raise ProtocolError(
            f"What the server answered is no {kind_word(kind)}: {clean(str(odd)).rstrip('.')}.",
            "Look at the object with kubectl, and at what stands between here and the API server.",
        ) from None


def items(answer: Any) -> list[Json]:
    """The objects of a list, but those that are of no object's shape. Raises ProtocolError for what is no list.

    They name the version of their API as the list does, which leaves it out of each.
    """
    whole = shaped(answer, _List, "list")
    version = {"apiVersion": whole.api_version} if whole.api_version else {}
    listed = whole.items or []
    found = []
    for one in listed:
        try:
            msgspec.convert(one, _Item)
        except ODD:
            continue
        found.append({**version, **one})
    return found


def rows(kind: str, answer: Any) -> list[Row]:
    """The rows of a list; one odd object costs itself only. Raises ProtocolError for what is no list."""
    found = []
    for one in items(answer):
        try:
            found.append(row_of(kind, one))
        except ODD:
            continue
    return found


def numbers(answer: Any) -> tuple[int, int]:
    """What a Scale object wants and what runs; both are left out where they are 0. Raises ProtocolError."""
    scale = shaped(answer, _Scale, "Scale")
    wanted, running = scale.spec or _Number(), scale.status or _Number()
    return wanted.replicas or 0, running.replicas or 0


def readable(work: Callable[[], T], otherwise: T) -> T:
    """What `work` makes of objects that only explain; `otherwise` where one of them has another shape."""
    try:
        return work()
    except ODD:
        return otherwise


def _without_nulls(value: Any) -> Any:
    return {k: v for k, v in value.items() if v is not None} if isinstance(value, Mapping) else value

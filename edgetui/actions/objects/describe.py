"""What the page of an object says beside its row, read when it is opened: conditions, owners, and what refers to it.

Requests: the object itself where no file describes its kind; one for each owner that is not watched here; the Services
and disruption budgets of its namespace where it has pods; the pods and workloads of its namespace for what pods name
(ConfigMap, Secret, PersistentVolumeClaim, ServiceAccount). What was not asked for is said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from edgetui.actions.messages import Json
from edgetui.actions.reading import items, readable
from edgetui.actions.session import Session
from edgetui.cluster.api.versions import get
from edgetui.cluster.errors import EdgetuiError, NotFound
from edgetui.model import labels
from edgetui.model.autoscaling.limits import selects
from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.store import MOST_OWNERS, Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.autoscaler import AUTOSCALER, AutoscalerRow
from edgetui.model.kinds.base import Kind, Row, api_path
from edgetui.model.kinds.cronjob import CRON_JOB
from edgetui.model.kinds.daemonset import DAEMON_SET
from edgetui.model.kinds.deployment import DEPLOYMENT
from edgetui.model.kinds.job import JOB
from edgetui.model.kinds.pod import POD, PodRow
from edgetui.model.kinds.service import SERVICE, ServiceRow
from edgetui.model.kinds.statefulset import STATEFUL_SET
from edgetui.model.kinds.wire import Condition, OwnerReference, conditions_of, controller_of, owners_of
from edgetui.model.pod.references import NAMED, SECRET, pod_spec, references
from edgetui.model.redaction import redacted
from edgetui.model.text import clean, unix
from edgetui.model.view.ownership import Owner, owners_known

MOST_LISTED = 500
"""Objects of one kind that are looked through for a name."""
_LOOKED_THROUGH = (DEPLOYMENT, STATEFUL_SET, DAEMON_SET, CRON_JOB, JOB, POD)
BUDGET = "PodDisruptionBudget"
_OTHERS = "kinds that are not built in were not looked through"


class Referrer(NamedTuple):
    """What refers to an object: the id of its kind, its name, and how: "volume conf", "selects its pods"."""

    kind: str
    name: str
    how: str


class Description(msgspec.Struct, frozen=True):
    """All that was read. `conditions` are None where the row has them; `notes` say what is not known, and why."""

    conditions: tuple[Condition, ...] | None = None
    owners: tuple[Owner, ...] = ()
    referrers: tuple[Referrer, ...] = ()
    notes: tuple[str, ...] = ()


async def read_object(session: Session, store: Store, key: ObjectKey) -> Json:
    """The object as far as its page needs it: all of it where no file describes its kind, else its metadata.

    Of a Secret only the metadata: its data is not needed here. Raises as `Api.get`.
    """
    kind = store.kinds.get(key.kind)
    if kind is not None and kind.discovered and kind.id != SECRET:
        there: Json = await get(session.api, *key[1:])
        return there
    return await _metadata(session, session.api.kind(key.kind), key)


async def describe(
    session: Session, store: Store, key: ObjectKey, object_: Callable[[], Awaitable[Json]], *, thin: bool
) -> Description:
    """What is known of an object beside its row, with what reads the object where that is needed (`read_object`).

    On a `thin` link no list is asked for. Raises EdgetuiError where the object itself cannot be read.
    """
    row = store.get(*key[1:])
    kind = store.kinds.get(key.kind)
    there: Any = {}
    conditions = None
    if kind is not None and kind.discovered:
        there = await object_()
        found = conditions_of(there)
        conditions = tuple(replace(one, message=redacted(one.message)) for one in found)
    elif kind is not None and row is not None and row.owner_uid and store.owner(row.owner_uid) is None:
        there = await object_()
    owners, (referrers, notes) = await asyncio.gather(
        _owners(session, store, row, owners_of(there), key.namespace),
        _referrers(session, store, key, row, thin),
    )
    return Description(conditions, owners, (*_autoscalers(store, key, kind), *referrers), notes)


# -- owners


async def _owners(
    session: Session, store: Store, row: Row | None, named: Sequence[OwnerReference], namespace: str
) -> tuple[Owner, ...]:
    """The chain of controllers, the nearest first, and behind it other owners that the object itself names."""
    found: list[Owner] = []
    others = [Owner(one.id, one.name or "", note="an owner beside its controller") for one in named[1:]]
    reference = named[0] if named else None
    if reference is None and row is not None:
        known = owners_known(store, row)
        if not known or not known[-1].note:
            return known
        *seen, last = known
        found += seen
        above = [owner for _, owner in store.owners(row.owner_uid)]
        kind = store.kinds.get(seen[-1].kind) if seen else None
        if kind is None:
            return known
        there = await _metadata(session, kind, ObjectKey("", kind.id, above[-1].namespace, above[-1].name))
        reference = next(iter(owners_of(there)), None)
        if reference is None:
            return (*seen, last)
    while reference is not None and len(found) < MOST_OWNERS:
        owner, reference = await _step(session, store, reference, namespace)
        found.append(owner)
    return (*found, *others)


async def _step(
    session: Session, store: Store, reference: OwnerReference, namespace: str
) -> tuple[Owner, OwnerReference | None]:
    """One owner, and what owns that."""
    named = Owner(reference.id, clean(reference.name, 253))
    try:
        kind = await _kind(session, store, reference)
        if kind is None:
            return named._replace(note="its kind is not served here"), None
        key = ObjectKey("", kind.id, namespace if kind.namespaced else "", reference.name or "")
        there = await _metadata(session, kind, key)
    except NotFound:
        return named._replace(note="it is gone"), None
    except EdgetuiError as error:
        return named._replace(note=f"it cannot be read: {error.sentence.rstrip('.')}"), None
    meta = there.get("metadata") or {}
    if reference.uid and meta.get("uid") != reference.uid:
        return named._replace(note="it is gone, and another object has its name"), None
    created = meta.get("creationTimestamp")
    found = named._replace(created=unix(created) if isinstance(created, str) else 0)
    return found, next(iter(owners_of(there)), None)


async def _kind(session: Session, store: Store, reference: OwnerReference) -> Kind | None:
    """The kind that an owner reference names; its group is asked where edgetui does not know it."""
    from edgetui.cluster.api.discovery import resource_list
    from edgetui.model.kinds.discovered import kind_of

    group, _, version = (reference.api_version or "").rpartition("/")
    known = store.kinds.of(group, reference.kind or "")
    if known is not None:
        return known
    try:
        answer = await session.api.get_bytes(api_path(group, version, ""))
    except NotFound:
        return None
    served = resource_list(group, version, answer)
    return next((kind_of(one) for one in served if one.kind == reference.kind), None)


async def _metadata(session: Session, kind: Kind, key: ObjectKey) -> Json:
    return await session.api.get_metadata(kind.path(key.namespace, key.name))


# -- what refers to it


def _autoscalers(store: Store, key: ObjectKey, kind: Kind | None) -> list[Referrer]:
    """The HorizontalPodAutoscalers that scale it, which are always watched."""
    if kind is None:
        return []
    found: list[Referrer] = []
    for row in store.rows(AUTOSCALER):
        if not isinstance(row, AutoscalerRow) or row.namespace != key.namespace:
            continue
        group = row.target_api.rpartition("/")[0]
        if (group, row.target_kind, row.target_name) == (kind.group, kind.name, key.name):
            found.append(Referrer(AUTOSCALER, row.name, f"scales it: {row.min} to {row.max}"))
    return sorted(found)


async def _referrers(
    session: Session, store: Store, key: ObjectKey, row: Row | None, thin: bool
) -> tuple[list[Referrer], tuple[str, ...]]:
    if key.kind in NAMED:
        if thin:
            return [], ("what names it was not asked for over a link as slow as this",)
        return await _naming(session, store, key)
    pods = [row] if isinstance(row, PodRow) else list(store.pods_of(row.uid)) if row is not None else []
    known = [labels.values(pod) for pod in pods if labels.known(pod)]
    if not known:
        return [], ()
    if thin:
        return [], ("Services and disruption budgets were not asked for over a link as slow as this",)
    notes: list[str] = []
    found = await asyncio.gather(
        _noted("Services", partial(_services, session, store, key.namespace, known), notes),
        _noted("disruption budgets", partial(_budgets, session, key.namespace, known), notes),
    )
    return [one for part in found for one in part], tuple(notes)


async def _noted(
    what: str, look: Callable[[], Awaitable[list[Referrer]]], notes: list[str]
) -> list[Referrer]:
    """What was found, or a note why it could not be looked for."""
    try:
        return await look()
    except NotFound:
        return []
    except EdgetuiError as error:
        notes.append(f"{what} cannot be read: {error.sentence.rstrip('.')}")
        return []


async def _services(
    session: Session, store: Store, namespace: str, pods: Iterable[Mapping[str, str]]
) -> list[Referrer]:
    """The Services whose selector takes any of the pods; one without a selector takes none."""
    from edgetui.actions.reading import rows

    if store.freshness(SERVICE).sync is Sync.LIVE:
        listed: list[Row] = [row for row in store.rows(SERVICE) if row.namespace == namespace]
    else:
        listed = rows(SERVICE, await session.api.get(session.api.kind(SERVICE).path(namespace)))
    return [
        Referrer(SERVICE, one.name, "selects its pods")
        for one in sorted(listed, key=lambda row: row.name)
        if isinstance(one, ServiceRow)
        and one.selector
        and any(all(pod.get(name) == value for name, value in one.selector) for pod in pods)
    ]


async def _budgets(session: Session, namespace: str, pods: Iterable[Mapping[str, str]]) -> list[Referrer]:
    """The PodDisruptionBudgets whose selector takes any of the pods, with how many may be evicted now."""
    found: list[Referrer] = []
    for one in items(await session.api.get(api_path("policy", "v1", "poddisruptionbudgets", namespace))):
        selector = (one.get("spec") or {}).get("selector")
        takes = partial(selects, selector)
        if any(readable(partial(takes, pod), False) for pod in pods):
            allowed = (one.get("status") or {}).get("disruptionsAllowed")
            words = (
                f"{allowed} may be evicted now"
                if isinstance(allowed, int)
                else "its controller has not looked yet"
            )
            found.append(Referrer(BUDGET, clean(one["metadata"]["name"], 253), words))
    return sorted(found)


async def _naming(session: Session, store: Store, key: ObjectKey) -> tuple[list[Referrer], tuple[str, ...]]:
    """The pods and workloads that name it, without those that another one of them controls."""
    notes: list[str] = []
    found: dict[str, tuple[Referrer, str]] = {}

    async def look_through(kind: str) -> None:
        try:
            answer = await session.api.read(session.api.kind(kind).path(key.namespace), most=MOST_LISTED)
        except NotFound:
            return
        except EdgetuiError as error:
            notes.append(f"{session.api.kind(kind).plural} cannot be read: {error.sentence.rstrip('.')}")
            return
        if (answer.get("metadata") or {}).get("continue"):
            notes.append(f"only {MOST_LISTED} {session.api.kind(kind).plural} were looked through")
        for one in items(answer):
            wheres = naming(kind, one, key)
            if wheres:
                owner = controller_of(one)
                above = (owner.uid if owner is not None else None) or ""
                uid = str(one["metadata"].get("uid") or f"{kind} {one['metadata']['name']}")
                name = clean(one["metadata"]["name"], 253)
                found[uid] = (Referrer(kind, name, ", ".join(wheres)), above)

    await asyncio.gather(*(look_through(kind) for kind in _LOOKED_THROUGH))
    kept = [one for one, owner in found.values() if not _controlled(store, owner, found)]
    order = {kind: at for at, kind in enumerate(_LOOKED_THROUGH)}
    return sorted(kept, key=lambda one: (order[one.kind], one.name)), (*notes, _OTHERS)


def naming(kind: str, obj: Json, key: ObjectKey) -> tuple[str, ...]:
    """Where an object names the one of this key; empty where it does not."""
    named = references(pod_spec(kind, obj))
    return tuple(dict.fromkeys(one.where for one in named if (one.kind, one.name) == (key.kind, key.name)))


def _controlled(store: Store, owner: str, found: Mapping[str, Any]) -> bool:
    """Whether one of those found controls it, directly or through objects that are known here."""
    return owner in found or any(above.owner_uid in found for _, above in store.owners(owner))

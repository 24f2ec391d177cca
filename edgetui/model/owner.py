"""The owner line: who will revert a change of an object, when, and what would stop it.

One sentence per tool that applies the object, of its marks on the object and, where that can be read, of its own
object. What a field means stands in the tools' own sources: Flux `spec.suspend`, `spec.interval`,
`spec.driftDetection.mode` (helm-controller api/v2); Argo CD `spec.syncPolicy.automated` (v1alpha1 types.go); K3s
`pkg/deploy`, which applies a file when its checksum has changed and when the server starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from edgetui.model.kinds.base import Row
from edgetui.model.kinds.canary import CanaryRow
from edgetui.model.kinds.managers import (
    ADDON,
    APPLICATION,
    FLEET,
    HELM,
    HELM_RELEASE,
    KUSTOMIZATION,
    managers,
)
from edgetui.model.kinds.rollout import ArgoRolloutRow
from edgetui.model.kinds.wire import Manager
from edgetui.model.text import clean, duration, seconds_of

Json = Mapping[str, Any]

INSTANCE = "app.kubernetes.io/instance"
"""The label that Argo CD tracked by before version 3, and that charts set for their own reasons."""


class OwnerLine(msgspec.Struct, frozen=True):
    """What is to be said of one tool that applies an object.

    `reverts` is whether it brings its own version back while nobody does anything, None where that is not known.
    `paused` is whether its own pause holds it now, None where it has none that this API server knows.
    """

    manager: Manager
    text: str
    reverts: bool | None
    paused: bool | None = None


def applied_by(metadata: Json) -> tuple[Manager, ...]:
    """Who applies an object, by its metadata."""
    labels, notes = _map(metadata, "labels"), _map(metadata, "annotations")
    references = metadata.get("ownerReferences") or ()
    controlled = any(one.get("controller") for one in references if isinstance(one, Mapping))
    return managers(labels.get, notes.get, str(metadata.get("name") or ""), controlled)


def perhaps_tracked(metadata: Json) -> Manager | None:
    """The Application that may track an object by a label which says nothing of itself: only an Application that
    lists the object (`tracks`) makes it true.
    """
    name = _map(metadata, "labels").get(INSTANCE)
    return Manager(APPLICATION, clean(name, 120)) if name else None


def tracks(application: Json, group: str, kind: str, namespace: str, name: str) -> bool:
    """Whether an Application lists the object among its resources."""
    found = _map(application, "status").get("resources")
    wanted = (group, kind, namespace, name)
    return any(
        tuple(one.get(field) or "" for field in ("group", "kind", "namespace", "name")) == wanted
        for one in (found if isinstance(found, list) else ())
        if isinstance(one, Mapping)
    )


def owner_line(manager: Manager, there: Json | None = None, why: str = "") -> OwnerLine:
    """What one tool does about a change; `there` is its own object, `why` says why that could not be read."""
    return _LINES[manager.tool](manager, there, why)


def _kustomization(manager: Manager, there: Json | None, why: str) -> OwnerLine:
    words = manager.words
    if manager.leaves:
        return OwnerLine(manager, f"{words} leaves it alone, as an annotation says.", False)
    if there is None:
        text = f"{words} will bring its own version back; when, or whether it is suspended, is not known{_of(why)}."
        return OwnerLine(manager, text, None)
    if _map(there, "spec").get("suspend") is True:
        return OwnerLine(
            manager, f"{words} is suspended: it reverts nothing until it is resumed.", False, True
        )
    text = f"{words} will bring its own version back {_within(there)}{_unready(there)}."
    return OwnerLine(manager, text, True, False)


def _helm_release(manager: Manager, there: Json | None, why: str) -> OwnerLine:
    words = manager.words
    if there is None:
        text = f"{words} will bring its own values back, with its next upgrade at the latest{_of(why)}."
        return OwnerLine(manager, text, None)
    spec = _map(there, "spec")
    if spec.get("suspend") is True:
        return OwnerLine(
            manager, f"{words} is suspended: it reverts nothing until it is resumed.", False, True
        )
    if _map(spec, "driftDetection").get("mode") == "enabled":
        text = f"{words} corrects drift: it will bring its own values back {_within(there)}{_unready(there)}."
        return OwnerLine(manager, text, True, False)
    text = f"{words} will bring its own values back with its next upgrade; it does not correct drift."
    return OwnerLine(manager, text, False, False)


def _application(manager: Manager, there: Json | None, why: str) -> OwnerLine:
    words = manager.words
    if there is None:
        text = (
            f"{words} will bring its own version back; whether by itself (self-heal) is not known{_of(why)}."
        )
        return OwnerLine(manager, text, None)
    policy = _map(_map(there, "spec"), "syncPolicy")
    automated = policy.get("automated")
    if not isinstance(automated, Mapping) or automated.get("enabled") is False:
        text = f"{words} will bring its own version back when somebody syncs it: automated sync is off."
        return OwnerLine(manager, text, False, True)
    if automated.get("selfHeal") is True:
        return OwnerLine(
            manager, f"{words} will bring its own version back in seconds: it self-heals.", True, False
        )
    text = f"{words} will bring its own version back when its source changes: automated sync, no self-heal."
    return OwnerLine(manager, text, False, False)


def _fleet(manager: Manager, there: Json | None, why: str) -> OwnerLine:
    text = (
        f"{manager.words} will bring its own version back with its next deployment, or at once where it corrects "
        "drift: only Fleet's own cluster tells."
    )
    return OwnerLine(manager, text, None)


def _addon(manager: Manager, there: Json | None, why: str) -> OwnerLine:
    source = clean(_map(there or {}, "spec").get("source"), 120)
    file = f"its file {source}" if source else "its file on the server"
    return OwnerLine(
        manager, f"{manager.words} applies {file} again when K3s restarts or the file changes.", False
    )


def _helm(manager: Manager, there: Json | None, why: str) -> OwnerLine:
    text = f"{manager.words} brings its own values back with its next upgrade or rollback, not before."
    return OwnerLine(manager, text, False)


def driver_line(row: Row, kind: str, name: str) -> str:
    """What a Canary or a Rollout makes of a change of this workload; empty where it is not theirs."""
    if isinstance(row, CanaryRow) and (row.target_kind, row.target_name) == (kind, name):
        drives = f"Flagger Canary {row.name} drives it"
        if row.suspended:
            return f"{drives} and is suspended: a new template goes nowhere until it is resumed."
        does = "promotes a new template without an analysis" if row.skips else "analyses a new template first"
        return f"{drives} ({row.words}): it {does}, {name}-primary serves meanwhile."
    if isinstance(row, ArgoRolloutRow) and row.workload == f"{kind.lower()} {name}":
        now = row.kubectl or "no phase yet"
        return f"Argo Rollout {row.name} runs its template ({now}): it rolls a new one out in its own steps."
    return ""


_LINES = {
    KUSTOMIZATION: _kustomization,
    HELM_RELEASE: _helm_release,
    APPLICATION: _application,
    FLEET: _fleet,
    ADDON: _addon,
    HELM: _helm,
}


def _map(value: Json, name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, Mapping) else {}


def _within(there: Json) -> str:
    told = _map(there, "spec").get("interval")
    seconds = seconds_of(told) if isinstance(told, str) else None
    return f"within {duration(seconds)}" if seconds else "at its next interval"


def _unready(there: Json) -> str:
    """That it fails now: until that is mended it applies nothing."""
    conditions = _map(there, "status").get("conditions")
    for one in conditions if isinstance(conditions, list) else ():
        if isinstance(one, Mapping) and one.get("type") == "Ready" and one.get("status") == "False":
            return f", once it no longer fails ({clean(str(one.get('reason') or 'not Ready'), 60)})"
    return ""


def _of(why: str) -> str:
    return f" ({why.rstrip('.')})" if why else ""

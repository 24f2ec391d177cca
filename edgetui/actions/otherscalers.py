"""Reads what VPA and KEDA have for a workload; a cluster without them, or without the right, has nothing to say."""

from __future__ import annotations

from edgetui.actions.plan import Json
from edgetui.actions.ports import Session
from edgetui.cluster.errors import EdgetuiError
from edgetui.model import otherscalers
from edgetui.model.identity import ObjectKey
from edgetui.model.otherscalers import Advice, ScaledObject

_VERTICAL = "/apis/autoscaling.k8s.io/v1/namespaces/{}/verticalpodautoscalers"
_KEDA = "/apis/keda.sh/v1alpha1/namespaces/{}/scaledobjects"


async def vertical_advice(session: Session, key: ObjectKey) -> list[Advice]:
    """What is recommended for the containers of a workload."""
    return otherscalers.advice(await _items(session, _VERTICAL.format(key.namespace)), key.kind, key.name)


async def scaled_object_of(session: Session, key: ObjectKey) -> ScaledObject | None:
    """KEDA's claim on a workload's number."""
    return otherscalers.scaled_object(await _items(session, _KEDA.format(key.namespace)), key.kind, key.name)


async def _items(session: Session, path: str) -> list[Json]:
    try:
        listed = await session.api.get(path)
    except EdgetuiError:
        return []
    return [one for one in listed.get("items") or [] if isinstance(one, dict)]

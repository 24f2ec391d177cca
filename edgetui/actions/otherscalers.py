"""Reads what VPA and KEDA have for a workload; a cluster without them, or without the right, has nothing to say."""

from __future__ import annotations

from edgetui.actions.listing import items_at
from edgetui.actions.ports import Session
from edgetui.actions.reading import readable
from edgetui.model import otherscalers
from edgetui.model.identity import ObjectKey
from edgetui.model.otherscalers import Advice, ScaledObject

_VERTICAL = "/apis/autoscaling.k8s.io/v1/namespaces/{}/verticalpodautoscalers"
KEDA = "/apis/keda.sh/v1alpha1/namespaces/{}/scaledobjects"


async def vertical_advice(session: Session, key: ObjectKey) -> list[Advice]:
    """What is recommended for the containers of a workload."""
    listed = await items_at(session, _VERTICAL.format(key.namespace))
    return readable(lambda: otherscalers.advice(listed, key.kind, key.name), [])


async def scaled_object_of(session: Session, key: ObjectKey) -> ScaledObject | None:
    """KEDA's claim on a workload's number."""
    listed = await items_at(session, KEDA.format(key.namespace))
    return readable(lambda: otherscalers.scaled_object(listed, key.kind, key.name), None)

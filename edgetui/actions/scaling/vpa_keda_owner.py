"""Reads what VPA and KEDA have for a workload; a cluster without them, or without the right, has nothing to say."""

from __future__ import annotations

from functools import partial

from edgetui.actions.change.listing import items_at
from edgetui.actions.reading import readable
from edgetui.actions.session import Session
from edgetui.model.autoscaling import vpa_keda
from edgetui.model.autoscaling.vpa_keda import Recommendation, ScaledObject
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.base import api_path

_VERTICAL = partial(api_path, "autoscaling.k8s.io", "v1", "verticalpodautoscalers")
scaled_objects = partial(api_path, "keda.sh", "v1alpha1", "scaledobjects")
"""The API path of the ScaledObjects in a namespace, or of one."""


async def vpa_recommendations(session: Session, key: ObjectKey) -> list[Recommendation]:
    """What is recommended for the containers of a workload."""
    listed = await items_at(session, _VERTICAL(key.namespace))
    return readable(lambda: vpa_keda.recommendations(listed, key.kind, key.name), [])


async def scaled_object_of(session: Session, key: ObjectKey) -> ScaledObject | None:
    """KEDA's claim on a workload's number."""
    listed = await items_at(session, scaled_objects(key.namespace))
    return readable(lambda: vpa_keda.scaled_object(listed, key.kind, key.name), None)

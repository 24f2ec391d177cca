"""The ConfigMaps, Secrets, volume claims and service accounts that pods name, by the field that names them.

The fields are those of PodSpec in k8s.io/api/core/v1; `podutil.VisitPodSecretNames` and `VisitPodConfigmapNames`
(k8s.io/kubernetes/pkg/api/v1/pod) walk the same ones. Objects come as plain JSON: what has another shape than the API
says names nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from edgetui.model.kinds.pod import POD
from edgetui.model.text import clean

CONFIG_MAP, SECRET, CLAIM, ACCOUNT = "ConfigMap", "Secret", "PersistentVolumeClaim", "ServiceAccount"
NAMED = frozenset({CONFIG_MAP, SECRET, CLAIM, ACCOUNT})
"""Ids of the kinds that pods name."""
_DEFAULT_ACCOUNT = "default"
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


class Reference(NamedTuple):
    """What one field names: the kind, the name, and where that stands: "volume conf", "env TOKEN of app"."""

    kind: str
    name: str
    where: str


def pod_spec(kind: str, obj: Any) -> Mapping[str, Any]:
    """The spec of a pod, or of the pods that an object of a built-in kind makes; empty where there is none."""
    spec = _object(obj, "spec")
    if kind == POD:
        return spec
    return _object(_object(_object(spec, "jobTemplate", "spec") or spec, "template"), "spec")


def references(spec: Mapping[str, Any]) -> Iterator[Reference]:
    """All that the spec of a pod names, in the order of its fields."""
    for volume in _objects(spec, "volumes"):
        yield from _of_volume(volume)
    for field in _CONTAINERS:
        for container in _objects(spec, field):
            yield from _of_container(container)
    for secret in _objects(spec, "imagePullSecrets"):
        yield from _named(SECRET, secret, "name", "imagePullSecrets")
    account = _text(spec, "serviceAccountName") or _text(spec, "serviceAccount")
    yield Reference(ACCOUNT, account or _DEFAULT_ACCOUNT, "serviceAccountName" if account else "by default")


def _of_volume(volume: Mapping[str, Any]) -> Iterator[Reference]:
    where = f"volume {_text(volume, 'name')}".rstrip()
    yield from _named(CONFIG_MAP, _object(volume, "configMap"), "name", where)
    yield from _named(CLAIM, _object(volume, "persistentVolumeClaim"), "claimName", where)
    for source in _objects(_object(volume, "projected"), "sources"):
        yield from _named(CONFIG_MAP, _object(source, "configMap"), "name", where)
        yield from _named(SECRET, _object(source, "secret"), "name", where)
    for name in volume:  # "secret", and the storage systems that log in with one
        source = _object(volume, name)
        yield from _named(SECRET, source, "secretName", where)
        for field in ("secretRef", "nodePublishSecretRef"):
            yield from _named(SECRET, _object(source, field), "name", where)


def _of_container(container: Mapping[str, Any]) -> Iterator[Reference]:
    of = f"of {_text(container, 'name') or '?'}"
    for source in _objects(container, "envFrom"):
        yield from _named(CONFIG_MAP, _object(source, "configMapRef"), "name", f"envFrom {of}")
        yield from _named(SECRET, _object(source, "secretRef"), "name", f"envFrom {of}")
    for variable in _objects(container, "env"):
        where, source = f"env {_text(variable, 'name') or '?'} {of}", _object(variable, "valueFrom")
        yield from _named(CONFIG_MAP, _object(source, "configMapKeyRef"), "name", where)
        yield from _named(SECRET, _object(source, "secretKeyRef"), "name", where)


def _named(kind: str, source: Mapping[str, Any], field: str, where: str) -> Iterator[Reference]:
    if name := _text(source, field):
        yield Reference(kind, name, where)


def _object(value: Any, *fields: str) -> Mapping[str, Any]:
    """The object at the end of these fields; empty where there is none."""
    for field in fields:
        value = value.get(field) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _objects(value: Mapping[str, Any], field: str) -> Iterator[Mapping[str, Any]]:
    listed = value.get(field)
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, Mapping):
            yield one


def _text(value: Mapping[str, Any], field: str) -> str:
    text = value.get(field)
    return clean(text, 253) if isinstance(text, str) else ""

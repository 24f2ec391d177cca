"""What names an object, on the screen and towards an API server."""

from __future__ import annotations

from typing import NamedTuple

KIND_WORDS = {"HorizontalPodAutoscaler": "autoscaler", "ScaledObject": "ScaledObject"}


def kind_word(kind: str) -> str:
    """A kind as it is said: "deployment", "autoscaler"."""
    return KIND_WORDS.get(kind, kind.lower())


class ObjectKey(NamedTuple):
    """Where an object is shown: stable across relists, sorts and filters.

    `cluster` is the name of the cluster within the fleet, `kind` the Kubernetes kind
    ("Pod"), `namespace` is empty for cluster-scoped objects.
    """

    cluster: str
    kind: str
    namespace: str
    name: str


class ObjectRef(NamedTuple):
    """One object at one version: what an action is aimed at.

    `resource_version` is the opaque version that was on screen (KEP-5504); writes carry it
    as their precondition.
    """

    key: ObjectKey
    uid: str
    resource_version: str

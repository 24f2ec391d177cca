"""What names an object, on the screen and towards an API server."""

from __future__ import annotations

from typing import NamedTuple


class ObjectKey(NamedTuple):
    """Which object: stable across relists, sorts and filters.

    `cluster` is the name of the cluster within the fleet, `namespace` is empty for cluster-scoped objects. `kind` is
    the id of the kind in that cluster's registry (`kinds.Kinds`), which gives its API group and resource: the name
    alone for a kind that edgetui knows ("Pod"), the name and the group for any other ("Pump.example.com"), so that two
    kinds of one name are two.
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

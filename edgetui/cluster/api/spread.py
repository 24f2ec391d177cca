"""How a cluster spreads connections: asked for while a Service is looked at, in as few small requests as tell it."""

from __future__ import annotations

from typing import Any

from edgetui.cluster.api.client import Api
from edgetui.cluster.errors import Forbidden, KubeconfigError, NotFound
from edgetui.model.cache.store import Store
from edgetui.model.cache.wireprofile import Wire
from edgetui.model.kinds.base import api_path
from edgetui.model.traffic import spread
from edgetui.model.traffic.spread import CILIUM_CONFIG, KUBE_PROXY, SYSTEM, Spread

_KEY = "config.conf"


async def read_spread(api: Api, store: Store) -> Spread:
    """What tells it first: Cilium's settings, what nodes bear, kube-proxy's settings, what its distribution installs.

    kube-proxy's Events do not: those that name a mode are made before it begins to send any (cmd/kube-proxy/app).
    Raises LinkError where there is no answer. What may not be read is said in its `why`.
    """
    agents = spread.cilium_of(store)
    if agents is not None:
        if store.wire.wire is Wire.THIN:  # several KB
            return Spread(why=f"ConfigMap {agents.namespace}/{CILIUM_CONFIG} is not read over a slow link")
        data = await _data(api, agents.namespace, CILIUM_CONFIG)
        if isinstance(data, Spread):
            return data
        if data is not None and (found := spread.by_cilium(data, agents.namespace)):
            return found
    if (found := spread.by_nodes(store)) is not None:
        return found
    if spread.is_off(store):
        return Spread(why="its nodes are told to run no kube-proxy, and what is in its place does not tell")
    unread = Spread(why="nothing in the API tells")
    if spread.is_run(store) is not False:
        data = await _data(api, SYSTEM, KUBE_PROXY)
        if isinstance(data, Spread):
            unread = data
        elif data is not None:
            return spread.by_config(_parsed(data.get(_KEY)), store.version)
    return spread.by_distribution(store) or unread


async def _data(api: Api, namespace: str, name: str) -> dict[str, Any] | Spread | None:
    """What a ConfigMap holds; None where there is none, and why it is not known where it may not be read."""
    try:
        found = await _object(api, api_path("", "v1", "configmaps", namespace), name)
    except NotFound:
        return None
    except Forbidden:
        return Spread(why=f"needs get on configmaps in {namespace}")
    data = found.get("data") if isinstance(found, dict) else None
    return data if isinstance(data, dict) else {}


async def _object(api: Api, collection: str, name: str) -> Any:
    """As a slow link has it compressed, or where only the object itself may be read as it is."""
    try:
        return await api.read(collection, name)
    except Forbidden:
        return await api.get(f"{collection}/{name}")


def _parsed(text: Any) -> Any:
    """A configuration file; None for what is none."""
    from edgetui.cluster.kubeconfig.yaml_file import parse  # with bounds: it is text of a cluster

    try:
        return parse(text.encode(), KUBE_PROXY) if isinstance(text, str) else None
    except KubeconfigError:
        return None

"""How a cluster spreads connections: what is asked for, in which order, and what is said where it may not be read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edgetui.cluster.api.client import Api
from edgetui.cluster.api.spread import read_spread
from edgetui.cluster.errors import Forbidden, LinkError, ServerFailure
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.cache.wireprofile import Wire, WireState
from edgetui.model.kinds.daemonset import DAEMON_SET
from edgetui.model.traffic.spread import sentences
from tests.unit.cluster.test_api_errors import status
from tests.unit.cluster.wire import Close, Request, Script, connected, ok
from tests.unit.model import factories as f
from tests.unit.model.test_spread import k3s

Json = dict[str, Any]
CILIUM, PROXY = "cilium/cilium-config", "kube-system/kube-proxy"
AGENTS, RUNS = f.daemon_set("cilium", "cilium"), f.daemon_set("kube-proxy", "kube-system")
BY_CILIUM = (
    "at random for each connection (Cilium in place of kube-proxy, from ConfigMap cilium/cilium-config)"
)
BY_CONFIG = (
    "at random for each connection (kube-proxy in nftables mode, from ConfigMap kube-system/kube-proxy)"
)
BY_NODES = "at random for each connection (kube-proxy in iptables mode, from the nodes' k3s node-args)"
UNLESS = "unless its nodes, which may not be seen, were told otherwise"
USUAL = f"at random for each connection (kube-proxy in iptables mode by default, {UNLESS})"
NOTHING = "not known: nothing in the API tells"
NFTABLES = {"config.conf": "mode: nftables\n"}
REPLACED = {"kube-proxy-replacement": "true"}
FORBIDDEN = 403
"""In the place of what a ConfigMap holds: it may not be read."""


def store_of(*objects: Json, thin: bool = False, version: str = "v1.37.2", known: bool = True) -> Store:
    store = f.store_of(*objects)
    store.version = version
    store.set_wire(WireState(Wire.THIN if thin else Wire.FULL))
    store.set_freshness(DAEMON_SET, Freshness(sync=Sync.LIVE if known else Sync.FORBIDDEN))
    return store


CASES: dict[str, tuple[Store, dict[str, Any], str, list[str]]] = {
    "Cilium in its place": (store_of(AGENTS, RUNS), {CILIUM: REPLACED}, BY_CILIUM, [CILIUM]),
    "Cilium beside it": (store_of(AGENTS, RUNS), {CILIUM: {}, PROXY: NFTABLES}, BY_CONFIG, [CILIUM, PROXY]),
    "Cilium without settings": (store_of(AGENTS, RUNS), {PROXY: NFTABLES}, BY_CONFIG, [CILIUM, PROXY]),
    "Cilium over a slow link": (
        store_of(AGENTS, RUNS, thin=True),
        {},
        "not known: ConfigMap cilium/cilium-config is not read over a slow link",
        [],
    ),
    "Cilium that may not be read": (
        store_of(AGENTS, RUNS),
        {CILIUM: FORBIDDEN, PROXY: NFTABLES},
        "not known: needs get on configmaps in cilium",
        [CILIUM, CILIUM],
    ),
    "nodes that tell": (store_of(k3s("edge-1"), RUNS), {PROXY: NFTABLES}, BY_NODES, []),
    "nodes that run none": (
        store_of(k3s("edge-1", "--disable-kube-proxy"), RUNS),
        {PROXY: NFTABLES},
        "not known: its nodes are told to run no kube-proxy, and what is in its place does not tell",
        [],
    ),
    "its own settings": (store_of(RUNS), {PROXY: NFTABLES}, BY_CONFIG, [PROXY]),
    "its own settings, where nothing is known of DaemonSets": (
        store_of(known=False),
        {PROXY: NFTABLES},
        BY_CONFIG,
        [PROXY],
    ),
    "no DaemonSet of it": (store_of(), {PROXY: NFTABLES}, NOTHING, []),
    "no settings": (store_of(RUNS), {}, NOTHING, [PROXY]),
    "settings without data": (
        store_of(RUNS),
        {PROXY: None},
        "not known: ConfigMap kube-system/kube-proxy has no configuration of it",
        [PROXY],
    ),
    "settings that are no YAML": (
        store_of(RUNS),
        {PROXY: {"config.conf": "a: [\n"}},
        "not known: ConfigMap kube-system/kube-proxy has no configuration of it",
        [PROXY],
    ),
    "settings that are no text": (
        store_of(RUNS),
        {PROXY: {"config.conf": 7}},
        "not known: ConfigMap kube-system/kube-proxy has no configuration of it",
        [PROXY],
    ),
    "settings that may not be read": (
        store_of(RUNS),
        {PROXY: FORBIDDEN},
        "not known: needs get on configmaps in kube-system",
        [PROXY, PROXY],
    ),
    "settings that may not be read, of a distribution": (
        store_of(RUNS, version="v1.37.2+k3s1"),
        {PROXY: FORBIDDEN},
        USUAL,
        [PROXY, PROXY],
    ),
    "a default that is another by now": (
        store_of(RUNS, version="v1.40.0"),
        {PROXY: {"config.conf": "mode: ''\n"}},
        "not known: ConfigMap kube-system/kube-proxy sets no mode, and the default is another since Kubernetes 1.40",
        [PROXY],
    ),
}


def place_of(asked: Request) -> str:
    *_, namespace, _, name = asked.target.partition("?")[0].split("/")
    return f"{namespace}/{name}"


@pytest.mark.parametrize("case", CASES)
async def test_what_is_asked_for_and_what_is_said(case: str) -> None:
    store, held, words, asked_for = CASES[case]

    def answer(asked: Request) -> Script:
        data = held.get(place_of(asked), 404)
        if isinstance(data, int):
            return [ok(status(data), status=f"{data} No")]
        return [ok(json.dumps({"kind": "ConfigMap", "data": data}).encode())]

    async with connected(answer=answer, tls=False) as (server, transport):
        api = Api(transport, transport.credentials)  # type: ignore[arg-type]
        assert sentences(await read_spread(api, store)) == [words]
        assert [place_of(asked) for asked in server.requests] == asked_for


@pytest.mark.parametrize(
    ("script", "error"),
    [([Close()], LinkError), ([ok(status(500), status="500 No")], ServerFailure)],
    ids=["a lost link", "a broken server"],
)
async def test_what_is_no_answer_is_raised(script: Script, error: type[Exception]) -> None:
    async with connected(script, tls=False) as (_, transport):
        with pytest.raises(error):
            await read_spread(Api(transport, transport.credentials), store_of(RUNS))  # type: ignore[arg-type]


async def test_a_list_of_one_may_be_refused_where_the_object_is_not() -> None:
    """Over a slow link an object is asked for as a list of one; rights by name allow the object alone."""

    class Named:
        def __init__(self) -> None:
            self.asked: list[str] = []

        async def read(self, collection: str, name: str) -> Any:
            raise Forbidden("cannot list", code=403)

        async def get(self, path: str) -> Any:
            self.asked.append(path)
            return {"data": NFTABLES}

    api = Named()
    assert sentences(await read_spread(api, store_of(RUNS))) == [BY_CONFIG]  # type: ignore[arg-type]
    assert api.asked == ["/api/v1/namespaces/kube-system/configmaps/kube-proxy"]

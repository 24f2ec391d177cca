"""How the endpoints of a Service share its new connections: at random, in turn or by a hash, and what tells so.

kube-proxy's iptables and nftables modes draw one for each connection (pkg/proxy/iptables, `statistic --mode random`;
pkg/proxy/nftables, `numgen random`); its IPVS mode does what its scheduler says (kernel, net/netfilter/ipvs). Cilium in
its place draws too, or hashes with Maglev what comes from outside of the cluster: what pods open is decided in their
own node's sockets, which Maglev has no part in (Cilium's "Kubernetes Without kube-proxy").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.store import Store
from edgetui.model.kinds.daemonset import DAEMON_SET, DaemonSetRow
from edgetui.model.kinds.node import NODE, PROXY_FILE, PROXY_OFF, NodeRow
from edgetui.model.text import clean

SYSTEM = "kube-system"
KUBE_PROXY, CILIUM = "kube-proxy", "cilium"
CILIUM_CONFIG = "cilium-config"
DEFAULT = "iptables"
"""kube-proxy's mode where none is set, as of Kubernetes 1.37; it announces nftables for 1.40."""
_DEFAULT_UNTIL = 40
_MOST_NODES = 4
_DRAWN = ("iptables", "nftables")
_SCHEDULERS = {
    "rr": ("in turn (round robin), each node counting by itself", True),
    "wrr": ("in turn by weight, and all weigh the same", True),
    "lc": ("to the endpoint that has the fewest connections of the node", False),
    "wlc": ("to the endpoint that has the fewest connections of the node", False),
    "sed": ("to the endpoint that has the fewest connections of the node", False),
    "nq": ("to an endpoint without a connection of the node, else to the one with the fewest", False),
    "sh": ("by a hash of the client's address", False),
    "mh": ("by a ring hash (Maglev) of the client's address", False),
    "dh": ("by a hash of the Service's address: all to one endpoint", False),
    "lblc": ("all to one endpoint, until that has too many connections", False),
    "lblcr": ("all to a few endpoints, more while they have too many connections", False),
}
_REPLACED = frozenset({"true", "strict"})


class Rule(NamedTuple):
    """What one engine does. `even` is whether all endpoints get the same share in the long run."""

    words: str
    by: str
    even: bool = True


class Spread(NamedTuple):
    """By which rule, on which nodes (none for all). `outside` is another rule for what comes from outside, if there is.

    `source` is what told it, with "from" or "unless"; `why` is why it is not known, where there is no rule.
    """

    rules: tuple[tuple[Rule, tuple[str, ...]], ...] = ()
    source: str = ""
    why: str = ""
    outside: Rule | None = None

    @property
    def even(self) -> bool:
        """Whether each endpoint gets an equal share, as far as is known."""
        return all(rule.even for rule, _ in self.rules) and (self.outside is None or self.outside.even)


def sentences(spread: Spread) -> list[str]:
    """What to say of it, a line for each rule."""
    if not spread.rules:
        return [f"not known: {spread.why}"]
    several = len(spread.rules) > 1
    if spread.outside is not None:
        ((inside, _),) = spread.rules
        return [
            f"in cluster {inside.words}, from outside {spread.outside.words} ({inside.by}, {spread.source})"
        ]
    return [
        f"{f'on {_named(nodes)} ' if several else ''}{rule.words} ({rule.by}, {spread.source})"
        for rule, nodes in spread.rules
    ]


def _named(nodes: Sequence[str]) -> str:
    rest = f" and {len(nodes) - _MOST_NODES} more" if len(nodes) > _MOST_NODES else ""
    return ", ".join(nodes[:_MOST_NODES]) + rest


# -- what tells it


def rule_of(mode: str, scheduler: str = "", *, default: bool = False) -> Rule | None:
    """What kube-proxy does in a mode; None for one that is not known. `default` is whether nobody chose it."""
    if mode in _DRAWN:
        by = f"{KUBE_PROXY} in {mode} mode{' by default' if default else ''}"
        return Rule("at random for each connection", by)
    found = _SCHEDULERS.get(scheduler or "rr") if mode == "ipvs" else None
    return Rule(found[0], f"{KUBE_PROXY} in IPVS mode {scheduler or 'rr'}", found[1]) if found else None


def by_nodes(store: Store) -> Spread | None:
    """As the arguments of K3s and RKE2 tell, which their nodes bear; None where no node does, or it says nothing."""
    groups: dict[str, list[str]] = {}
    distributions = set()
    for row in store.rows(NODE):
        if isinstance(row, NodeRow) and row.proxy:
            groups.setdefault(row.proxy, []).append(row.name)
            distributions.add(row.distribution.lower())
    rules = []
    for told, nodes in sorted(groups.items()):
        mode, _, scheduler = told.partition(" ")
        if told not in (PROXY_OFF, PROXY_FILE) and (rule := rule_of(mode, scheduler)):
            rules.append((rule, tuple(sorted(nodes)) if len(groups) > 1 else ()))
    if len(rules) < len(groups) or not rules:
        return None
    return Spread(tuple(rules), f"from the nodes' {' and '.join(sorted(distributions))} node-args")


def is_off(store: Store) -> bool:
    """Whether K3s or RKE2 was told to run no kube-proxy."""
    return any(isinstance(row, NodeRow) and row.proxy == PROXY_OFF for row in store.rows(NODE))


def cilium_of(store: Store) -> DaemonSetRow | None:
    """The DaemonSet of Cilium's agents, where there is one."""
    return _daemon(store, CILIUM)


def is_run(store: Store) -> bool | None:
    """Whether a DaemonSet runs kube-proxy; None where DaemonSets of its namespace are not known."""
    state = store.freshness(DAEMON_SET)
    found = _daemon(store, KUBE_PROXY)
    if found is not None:
        return found.replicas > 0
    return False if state.sync in (Sync.LIVE, Sync.STALE) and not state.partial else None


def _daemon(store: Store, name: str) -> DaemonSetRow | None:
    rows = (row for row in store.rows(DAEMON_SET) if row.name == name)
    return next((row for row in rows if isinstance(row, DaemonSetRow)), None)


def by_config(config: Any, version: str) -> Spread:
    """As kube-proxy's own configuration has it; `version` is the cluster's, such as "v1.37.2"."""
    source = f"ConfigMap {SYSTEM}/{KUBE_PROXY}"
    if not isinstance(config, Mapping):
        return Spread(why=f"{source} has no configuration of it")
    told, ipvs = config.get("mode"), config.get("ipvs")
    mode = clean(told, 20) if isinstance(told, str) else ""
    scheduler = ipvs.get("scheduler") if isinstance(ipvs, Mapping) else ""
    if not mode and _minor(version) >= _DEFAULT_UNTIL:
        return Spread(
            why=f"{source} sets no mode, and the default is another since Kubernetes 1.{_DEFAULT_UNTIL}"
        )
    chosen = clean(scheduler, 20) if isinstance(scheduler, str) else ""
    rule = rule_of(mode or DEFAULT, chosen, default=not mode)
    if rule is None:
        named = f"IPVS {chosen}, which" if mode == "ipvs" else f"a mode {mode} that"
        return Spread(why=f"{source} sets {named} is not known")
    return Spread(((rule, ()),), f"from {source}")


def _minor(version: str) -> int:
    parts = version.removeprefix("v").split(".")
    return int(parts[1]) if len(parts) > 1 and parts[1].isdecimal() else 0


def by_cilium(data: Mapping[str, Any], namespace: str) -> Spread | None:
    """As Cilium's settings have it; None where it leaves Services to kube-proxy."""
    if data.get("kube-proxy-replacement") not in _REPLACED:
        return None
    inside = Rule("at random for each connection", "Cilium in place of kube-proxy")
    hashed = data.get("bpf-lb-algorithm") == "maglev"
    outside = Rule("by a ring hash (Maglev) of addresses and ports", inside.by) if hashed else None
    return Spread(((inside, ()),), f"from ConfigMap {namespace}/{CILIUM_CONFIG}", outside=outside)


def by_distribution(store: Store) -> Spread | None:
    """As it is installed, where what differs stands on the nodes only, or on nodes that may not be seen; else None."""
    nodes = [row for row in store.rows(NODE) if isinstance(row, NodeRow)]
    if nodes:
        unless = "a file on a node of MicroK8s says"
        alike = all(row.distribution == "MicroK8s" for row in nodes)
    else:
        unless = "its nodes, which may not be seen, were told"
        alike = any(mark in store.version for mark in ("+k3s", "+rke2"))
    rule = rule_of(DEFAULT, default=True)
    return Spread(((rule, ()),), f"unless {unless} otherwise") if alike and rule else None

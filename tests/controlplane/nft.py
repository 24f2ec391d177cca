"""The packet filter of a network namespace: Debian's `nft`, and what kube-proxy's rules in it do with connections.

Read with pkg/proxy/nftables/proxier.go of Kubernetes: maps send an address and port, or a node port, to a chain; that
chain, or one that it goes to, sends the connection to an endpoint. What has no endpoint stands in maps of its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from release import build, debian

from .assets import cache_root
from .netspace import NetSpace

Json = dict[str, Any]
_LIBRARIES = (
    "libnftables1",
    "libnftnl11",
    "libmnl0",
    "libjansson4",
    "libgmp10",
    "libedit2",
    "libbsd0",
    "libmd0",
    "libtinfo6",
    "libxtables12",
)
_NEEDED = """
add table ip needed
add chain ip needed nat { type nat hook prerouting priority -100 ; }
add chain ip needed filter { type filter hook input priority 0 ; }
add map ip needed ips { type ipv4_addr . inet_proto . inet_service : verdict ; }
add set ip needed clients { type ipv4_addr ; flags dynamic, timeout ; timeout 10s ; }
add chain ip needed ends
add rule ip needed ends meta l4proto tcp dnat ip addr . port to \\
  numgen random mod 2 map { 0 : 10.0.0.1 . 80 , 1 : 10.0.0.2 . 80 }
add rule ip needed ends update @clients { ip saddr }
add rule ip needed ends fib saddr type local mark set mark or 0x4000
add rule ip needed nat ip daddr . meta l4proto . th dport vmap @ips
add rule ip needed filter ct state new reject
add chain ip needed post { type nat hook postrouting priority 100 ; }
add rule ip needed post masquerade fully-random
delete table ip needed
"""
DROPPED, REFUSED = "dropped", "refused"
Answer = tuple[str, ...] | str


class Nft:
    """The program, on PATH or out of Debian's package. Raises release's BuildError where neither can be had."""

    def __init__(self) -> None:
        found = shutil.which("nft")
        self.environment: Mapping[str, str] = {}
        if found is not None:
            self.directory = Path(found).parent
            return
        machine = build.here()
        root = debian.tool("nftables", machine, *_LIBRARIES, into=cache_root())
        self.directory = root / "usr" / "sbin"
        libraries = [root / below / machine.triplet for below in ("usr/lib", "lib")]
        self.environment = {"LD_LIBRARY_PATH": ":".join(map(str, libraries))}

    def run(self, where: NetSpace, *arguments: str, told: str = "") -> subprocess.CompletedProcess[str]:
        """What it says in a namespace."""
        settings = [f"{name}={value}" for name, value in self.environment.items()]
        command = where.command("env", *settings, str(self.directory / "nft"), *arguments)
        return subprocess.run(command, input=told, capture_output=True, text=True, timeout=30, check=False)

    def lacking(self, where: NetSpace) -> str:
        """What this kernel refuses of all that kube-proxy's rules are made of, empty where it has everything."""
        done = self.run(where, "-f", "-", told=_NEEDED)
        return "" if done.returncode == 0 else done.stderr.strip()

    def ruleset(self, where: NetSpace) -> Ruleset:
        """kube-proxy's table for IPv4 as it is now; empty while there is none."""
        done = self.run(where, "-j", "list", "table", "ip", "kube-proxy")
        return Ruleset(json.loads(done.stdout)["nftables"] if done.returncode == 0 else [])


class Ruleset:
    """What kube-proxy wrote, by the names that its own source gives. Each answer is about what comes from elsewhere.

    It is the endpoints that connections are spread over at random, each with the same chance, or that they are dropped
    or refused; nothing while no rule stands for them.
    """

    def __init__(self, listed: list[Json]) -> None:
        self._maps = {one["map"]["name"]: one["map"].get("elem", []) for one in listed if "map" in one}
        self._chains: dict[str, list[list[Json]]] = {}
        for one in listed:
            if "rule" in one:
                self._chains.setdefault(one["rule"]["chain"], []).append(one["rule"]["expr"])

    def at_address(self, address: str, protocol: str, port: int) -> Answer:
        """What becomes of connections to an address of a Service."""
        return self._found("service-ips", "no-endpoint-services", [address, protocol.lower(), port])

    def at_node_port(self, protocol: str, port: int) -> Answer:
        """What becomes of connections to a port of this node."""
        return self._found("service-nodeports", "no-endpoint-nodeports", [protocol.lower(), port])

    def _found(self, served: str, unserved: str, key: list[Any]) -> Answer:
        verdict = self._element(served, key)
        if verdict is not None and (ends := tuple(self._ends(verdict["goto"]["target"]))):
            return tuple(sorted(ends))
        without = self._element(unserved, key)
        if without is None:
            return ""
        return DROPPED if "drop" in without else REFUSED

    def _element(self, name: str, key: list[Any]) -> Json | None:
        for found, verdict in self._maps.get(name, ()):
            plain = found["elem"]["val"] if "elem" in found else found
            if plain["concat"] == key:
                return dict(verdict)
        return None

    def _ends(self, chain: str) -> Iterator[str]:
        """The endpoints that a chain leads to."""
        for rule in self._chains.get(chain, ()):
            if not (_only_own(rule) or _remembered(rule)):
                for step in rule:
                    yield from self._ends_of(step)

    def _ends_of(self, step: Json) -> Iterator[str]:
        match step:
            case {"goto": {"target": target}}:
                yield from self._ends(target)
            case {"dnat": {"addr": str(address), "port": port}}:
                yield f"{address}:{port}"
            case {"dnat": {"addr": {"map": {"key": key, "data": {"set": chosen}}}}}:
                _at_random(key, chosen)
                yield from (f"{address}:{port}" for _, one in chosen for address, port in [one["concat"]])
            case {"vmap": {"key": key, "data": {"set": chosen}}}:
                _at_random(key, chosen)
                for _, verdict in chosen:
                    yield from self._ends(verdict["goto"]["target"])


def _only_own(rule: list[Json]) -> bool:
    """Whether a rule is for what the node and its own pods send: they pass a policy by as a load balancer would."""
    lefts = [step["match"]["left"] for step in rule if "match" in step]
    return any("fib" in left or left.get("meta", {}).get("key") == "iifname" for left in lefts)


def _remembered(rule: list[Json]) -> bool:
    """Whether a rule is for clients that have been here before (session affinity)."""
    rights = [step["match"]["right"] for step in rule if "match" in step]
    return any(isinstance(right, str) and right.startswith("@") for right in rights)


def _at_random(key: Json, chosen: list[Any]) -> None:
    """Every connection is a draw of its own among equals, not a turn. Raises AssertionError."""
    draw = key["numgen"]
    assert (draw["mode"], draw["mod"]) == ("random", len(chosen)), draw
    assert [number for number, _ in chosen] == list(range(len(chosen))), chosen

"""Debian's `iptables` on nftables, and with which chance kube-proxy's rules in iptables mode lead where.

Read with pkg/proxy/iptables/proxier.go of Kubernetes: a rule of KUBE-SERVICES sends an address and port to a chain of
the Service, whose rules take each endpoint with the chance that is left to it.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from release import build, debian

from .assets import cache_root
from .netspace import NetSpace

_LIBRARIES = (
    "libxtables12",
    "libip4tc2",
    "libip6tc2",
    "libmnl0",
    "libnftnl11",
    "libnfnetlink0",
    "libnetfilter-conntrack3",
)
_PROGRAMS = [f"{name}{what}" for name in ("iptables", "ip6tables") for what in ("", "-save", "-restore")]
_NEEDED = (
    "-p tcp -m comment --comment x -m statistic --mode random --probability 0.5 -j DNAT --to 10.0.0.1:80"
)
_ENDPOINT = re.compile(r"-> (\S+):\d+$")


class Iptables:
    """The programs by their plain names, in a directory of their own below `scratch`. Raises release's BuildError."""

    def __init__(self, scratch: Path) -> None:
        machine = build.here()
        root = debian.tool("iptables", machine, *_LIBRARIES, into=cache_root())
        libraries = root / "usr" / "lib" / machine.triplet
        self.environment: Mapping[str, str] = {
            "LD_LIBRARY_PATH": str(libraries),
            "XTABLES_LIBDIR": str(libraries / "xtables"),
        }
        self.directory = scratch
        for name in _PROGRAMS:
            (scratch / name).symlink_to(root / "usr" / "sbin" / "xtables-nft-multi")

    def run(self, where: NetSpace, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What `iptables` says of the table `nat` in a namespace."""
        settings = [f"{name}={value}" for name, value in self.environment.items()]
        command = where.command("env", *settings, str(self.directory / "iptables"), "-t", "nat", *arguments)
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    def lacking(self, where: NetSpace) -> str:
        """What this kernel refuses of all that kube-proxy's rules are made of, empty where it has everything."""
        done = self.run(where, "-A", "OUTPUT", *shlex.split(_NEEDED))
        return "" if done.returncode == 0 else done.stderr.strip()

    def chances(self, where: NetSpace, address: str, port: int) -> dict[str, float]:
        """With which chance a new connection to a Service's address goes to each endpoint; empty without rules."""
        rules = [shlex.split(one) for one in self.run(where, "-S").stdout.splitlines()]
        for rule in rules:
            meant = (_value(rule, "-d"), _value(rule, "--dport")) == (f"{address}/32", str(port))
            if meant and rule[:2] == ["-A", "KUBE-SERVICES"]:
                return dict(_drawn(rules, _value(rule, "-j")))
        return {}


def _drawn(rules: list[list[str]], chain: str) -> Iterator[tuple[str, float]]:
    left = 1.0
    for rule in rules:
        if rule[:2] == ["-A", chain] and (found := _ENDPOINT.search(_value(rule, "--comment"))):
            taken = left * float(_value(rule, "--probability") or 1)
            assert _value(rule, "--mode") in ("random", ""), rule
            left -= taken
            yield found[1], taken


def _value(rule: list[str], flag: str) -> str:
    return rule[rule.index(flag) + 1] if flag in rule else ""

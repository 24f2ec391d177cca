"""kube-proxy itself, one for each node, in network namespaces of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import yaml

from .assets import Assets
from .cluster import ControlPlane
from .iptables import Iptables
from .netspace import NetSpace
from .nft import Nft
from .process import Process
from .proxy import FaultProxy

USER = "system:kube-proxy"


class KubeProxy:
    """What runs on one node; its way to the apiserver is a link that can be cut. Use it as a context manager.

    `mode` is empty for the one that it takes when nobody says.
    """

    def __init__(
        self, cluster: ControlPlane, node: str, assets: Assets, tools: Nft | Iptables, mode: str = "nftables"
    ) -> None:
        self.node = node
        self._tools = tools
        self._mode = mode
        self._space = NetSpace(node, cluster.directory)
        server = urlsplit(cluster.server)
        self.link = FaultProxy(server.hostname or "", server.port or 0, self._space.listen)
        self._directory = cluster.directory
        self._config = self._written(cluster)
        self._program = assets["kube-proxy"]
        self._process: Process | None = None

    def _written(self, cluster: ControlPlane) -> Path:
        """Its configuration file. Conntrack's sizes are this host's, and no namespace may set them."""
        path = self._directory / f"kube-proxy-{self.node}.yaml"
        config = {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": self._mode,
            "hostnameOverride": self.node,
            "clientConnection": {"kubeconfig": str(cluster.kubeconfig(USER, server=self.link.url))},
            "conntrack": {
                "maxPerCore": 0,
                "min": 0,
                "tcpEstablishedTimeout": "0s",
                "tcpCloseWaitTimeout": "0s",
            },
            "detectLocalMode": "InterfaceNamePrefix",
            "detectLocal": {"interfaceNamePrefix": "veth"},
        }
        path.write_text(yaml.safe_dump(config))
        return path

    def __enter__(self) -> Self:
        self.link.start()
        settings = [f"{name}={value}" for name, value in self._tools.environment.items()]
        settings.append(f"PATH={self._tools.directory}:/usr/sbin:/usr/bin:/sbin:/bin")
        command = self._space.command("env", *settings, self._program, f"--config={self._config}")
        log = self._directory / f"kube-proxy-{self.node}.log"
        self._process = Process(f"kube-proxy of {self.node}", command, log)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
        self.link.stop()
        self._space.stop()

    @property
    def space(self) -> NetSpace:
        """Where its rules are. Raises OSError where it has ended."""
        if self._process is None or not self._process.running:
            said = self._process.tail() if self._process else "not started"
            raise OSError(f"kube-proxy of {self.node} does not run: {said}")
        return self._space

"""The directory of one control plane: its keys, kubeconfigs and configuration files."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import yaml

from . import components, kubeconfig, kwok
from .assets import Assets
from .certs import Authority, signing_key
from .components import Files, Options, Ports
from .process import free_ports

_MASTERS = ("system:masters",)
_COMPONENT_USERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "controller-manager": ("system:kube-controller-manager", ()),
    "scheduler": ("system:kube-scheduler", ()),
    "kwok": ("kwok", _MASTERS),
    "metrics-server": ("metrics-server", _MASTERS),
}
_SERVER_NAMES = ("127.0.0.1", "::1", "localhost", "kubernetes", "kubernetes.default.svc", "10.43.0.1")


class Layout:
    """Everything that is on disk before the first program starts, and the ports they will use."""

    def __init__(self, directory: Path, name: str, assets: Assets, options: Options) -> None:
        self.directory = directory
        self.name = name
        storage, peer, apiserver, kubelet, metrics = free_ports(Ports.COUNT)
        self.ports = Ports(
            storage=storage, storage_peer=peer, apiserver=apiserver, kwok=kubelet, metrics=metrics
        )
        self.server = f"https://127.0.0.1:{apiserver}"
        self.authority = Authority(directory, "ca")
        front_proxy_ca = Authority(directory, "front-proxy-ca")
        self.files = Files(
            ca=self.authority.pair,
            front_proxy_ca=front_proxy_ca.pair,
            front_proxy=front_proxy_ca.issue("front-proxy", "front-proxy"),
            serving=self.authority.issue("apiserver", "kube-apiserver", hosts=_SERVER_NAMES),
            kubelet_serving=self.authority.issue("kubelet", "kubelet", hosts=("127.0.0.1", "localhost")),
            tokens=signing_key(directory, "service-account"),
            directory=directory,
        )
        for component, (common_name, organizations) in _COMPONENT_USERS.items():
            pair = self.authority.issue(component, common_name, organizations=organizations)
            self.write_kubeconfig(
                Path(self.files.kubeconfig(component)), component, kubeconfig.certificate_user(pair)
            )
        self._admin = self.authority.issue("admin", "admin", organizations=_MASTERS)
        self.logs = directory / "logs"
        kwok.write_config(directory / "kwok.yaml", assets.kwok_stages, self.logs)
        scheduler = components.scheduler_config(options, self.files)
        (directory / "scheduler.yaml").write_text(yaml.safe_dump(scheduler))

    def user_stanza(self, user: str) -> dict[str, Any]:
        """A client certificate: ``admin`` may do everything, any other name only what is bound to it."""
        if user == "admin":
            return kubeconfig.certificate_user(self._admin)
        return kubeconfig.certificate_user(self.authority.issue(f"user-{user}", user))

    def write_kubeconfig(
        self,
        path: Path,
        user: str,
        stanza: dict[str, Any],
        *,
        server: str | None = None,
        namespace: str | None = None,
    ) -> Path:
        """Write a kubeconfig whose context and cluster have this control plane's name."""
        return kubeconfig.write(
            path,
            server=server or self.server,
            ca_file=self.authority.pair.cert,
            user=stanza,
            name=self.name,
            user_name=f"{user}@{self.name}",
            namespace=namespace,
        )

    def trust(self) -> ssl.SSLContext:
        """TLS settings that trust the apiserver and present no client certificate."""
        return ssl.create_default_context(cafile=self.authority.pair.cert)

    def context_of(self, user: str) -> ssl.SSLContext:
        """TLS settings with a user's client certificate, see ``user_stanza``."""
        stanza = self.user_stanza(user)
        context = self.trust()
        context.load_cert_chain(stanza["client-certificate"], stanza["client-key"])
        return context

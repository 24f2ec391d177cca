"""One cluster as a kubeconfig describes it: where it is, how to trust it, who to be there.

Everything here is plain data made once by `kubeconfig.load_fleet`; nothing is read or run. Secret bytes
(tokens, passwords, keys, plugin arguments) never appear in a repr.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from edgetui.cluster.errors import EdgetuiError
from edgetui.model.redacted import Discreet

INSECURE_BADGE = "INSECURE TLS"
PLAIN_HTTP_BADGE = "PLAIN HTTP"
DEBUG_IMAGE = "busybox:1.37"
"""What debug containers run where a person's settings name no image: a shell and the usual tools in 2 MB."""


class TlsSettings(Discreet, frozen=True):
    """How the server is trusted.

    `ca_pem` holds the certificates to trust, None means the system's own. `ca_file` is the file they were
    read from (re-read when it changes), None when they stood in the kubeconfig. `server_name` overrides the
    name that is asked for (SNI) and checked; empty means the host of the server URL.
    """

    SHOWN = ("server_name", "insecure", "ca_file")

    ca_pem: bytes | None = None
    server_name: str = ""
    insecure: bool = False
    ca_file: Path | None = None


class ExecConfig(Discreet, frozen=True):
    """A credential plugin (kubeconfig `users[].user.exec`), as client.authentication.k8s.io defines it.

    `command` is ready to run: a path when the kubeconfig gave one (relative to its file), else a bare name to
    be looked up in PATH. `interactive_mode` is "Never", "IfAvailable" or "Always". `cluster_info` is what the
    plugin is told about the cluster, None unless the kubeconfig sets provideClusterInfo.
    """

    SHOWN = ("command", "api_version", "interactive_mode", "install_hint")

    command: str
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    api_version: str = "client.authentication.k8s.io/v1"
    interactive_mode: str = "IfAvailable"
    install_hint: str = ""
    cluster_info: Mapping[str, Any] | None = None


class AuthProviderConfig(Discreet, frozen=True):
    """A legacy auth provider (kubeconfig `users[].user.auth-provider`), for example "oidc"."""

    SHOWN = ("name",)

    name: str
    config: Mapping[str, str] = msgspec.field(default_factory=dict)


class AuthSettings(Discreet, frozen=True):
    """Who to be. At most one way to a bearer token is set, beside an optional client certificate.

    With both `token_file` and `token`, what was last read from the file wins (client-go does the same).
    `client_certificate` and `client_key` are PEM from inside the kubeconfig; the `_file` forms are read when
    needed and again when they change. A server that accepts the client certificate ignores the token.
    """

    SHOWN = ("token_file", "client_certificate_file", "client_key_file", "username", "exec", "auth_provider")

    token: str = ""
    token_file: Path | None = None
    client_certificate: bytes | None = None
    client_key: bytes | None = None
    client_certificate_file: Path | None = None
    client_key_file: Path | None = None
    username: str = ""
    password: str = ""
    exec: ExecConfig | None = None
    auth_provider: AuthProviderConfig | None = None

    @property
    def has_client_certificate(self) -> bool:
        """Whether the kubeconfig itself gives a client certificate (a plugin may still issue one)."""
        return self.client_certificate is not None or self.client_certificate_file is not None

    @property
    def way(self) -> str:
        """Which credential this is, in words for a person: "token", "client certificate", ..."""
        ways = (
            ("client certificate", self.has_client_certificate),
            ("token file", self.token_file is not None),
            ("token", bool(self.token)),
            ("user name and password", bool(self.username)),
            ("credential plugin", self.exec is not None),
            ("auth provider", self.auth_provider is not None),
        )
        return " and ".join(words for words, present in ways if present) or "no credentials"


class Impersonation(msgspec.Struct, frozen=True):
    """Whom to act as (kubeconfig `as`, `as-groups`, `as-uid`, `as-user-extra`); no user means oneself."""

    user: str = ""
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


class ClusterTarget(Discreet, frozen=True):
    """One cluster of the fleet: one kubeconfig context, complete.

    `name` is unique in the fleet and is what a person reads. `context`, `cluster_name` and `user_name` are
    the kubeconfig's own names. `file` is the file that holds the user entry (what a token rotation rewrites),
    `context_file` the one that holds the context; they differ only in a merged KUBECONFIG list.
    `server` is a full URL without a trailing slash and may have a path prefix. `namespace` is the context's
    default namespace, empty when it has none. `proxy_url` is empty for a direct connection and already
    considers the environment's HTTPS_PROXY and NO_PROXY.
    `sources` are the kubeconfig files it was made of, several in a merged list. `acting_as` is whom a person asked to
    act as, in the place of what the files say; it is `impersonate` then. `marks` are the badges that a person's own
    settings give to it, `debug_image` is what they have debug containers run, `node_shell` whether they allow a shell
    on its nodes.
    `error` says why this cluster cannot be used; then the other fields hold whatever could be read.
    `owned_by_distribution` marks files that a Kubernetes distribution rewrites itself: never write them.
    """

    SHOWN = ("name", "context", "server", "error")

    name: str
    context: str
    file: Path | None = None
    server: str = ""
    namespace: str = ""
    tls: TlsSettings = msgspec.field(default_factory=TlsSettings)
    auth: AuthSettings = msgspec.field(default_factory=AuthSettings)
    impersonate: Impersonation = msgspec.field(default_factory=Impersonation)
    proxy_url: str = ""
    badges: tuple[str, ...] = ()
    error: EdgetuiError | None = None
    user_name: str = ""
    cluster_name: str = ""
    owned_by_distribution: bool = False
    context_file: Path | None = None
    disable_compression: bool = False
    sources: tuple[Path, ...] = ()
    acting_as: Impersonation | None = None
    marks: tuple[str, ...] = ()
    debug_image: str = DEBUG_IMAGE
    node_shell: bool = False

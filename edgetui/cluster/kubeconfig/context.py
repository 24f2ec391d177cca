"""One kubeconfig context made into a ClusterTarget, with client-go's checks.

Rules come from client-go `tools/clientcmd/validation.go` and `client_config.go`: data wins over a file of the
same meaning, at most one way to a bearer token or password, credentials only go to https servers.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any

from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.http import endpoint
from edgetui.cluster.kubeconfig.document import Document, Entry
from edgetui.cluster.kubeconfig.user import auth_settings, impersonation, pem_file, with_password
from edgetui.cluster.target import (
    INSECURE_BADGE,
    PLAIN_HTTP_BADGE,
    ClusterTarget,
    TlsSettings,
)
from edgetui.model.text import clean

EXTENSION = "edgetui"
"""Name of our cluster extension: `{badge: TEXT}` or `{badges: [TEXT, ...]}`."""

_EXEC_EXTENSION = "client.authentication.k8s.io/exec"
_NAMESPACE = re.compile(r"[^/%?#\s\x00-\x1f\x7f]*")
"""What cannot lead a request elsewhere. The server knows which names there can be."""
_MAX_BADGE = 16


def build(document: Document, context: str, env: Mapping[str, str], owned: bool) -> ClusterTarget:
    """The target of `context`; what is wrong with it becomes its `error`, never an exception.

    The target's `name` is the context's for now: naming a fleet needs all of its targets.
    """
    found = document.contexts.get(context)
    known: dict[str, Any] = {
        "name": clean(context),
        "context": context,
        "file": found.file if found else document.files[0],
        "context_file": found.file if found else document.files[0],
        "owned_by_distribution": owned,
        "sources": document.files,
    }
    try:
        _fill(document, context, env, known)
    except KubeconfigError as error:
        known["error"] = error
    return ClusterTarget(**known)


def _fill(document: Document, name: str, env: Mapping[str, str], known: dict[str, Any]) -> None:
    context = _entry(document.contexts, "context", name, f"{clean(document.files[0].name)}")
    known["cluster_name"] = context.text("cluster")
    known["user_name"] = context.text("user")
    known["namespace"] = _namespace(context)
    cluster = _referred(context, document.clusters, "cluster")
    known["server"] = server = _server(cluster)
    known["badges"] = _badges(cluster)
    user = _referred(context, document.users, "user")
    known["file"] = user.file
    known["proxy_url"] = _proxy_url(cluster, server, env)
    known["disable_compression"] = cluster.flag("disable-compression")
    known["impersonate"] = impersonation(user)
    if not server.startswith("https://"):
        known["badges"] = (PLAIN_HTTP_BADGE, *known["badges"])
        return
    known["tls"] = tls = _tls(cluster)
    if tls.insecure:
        known["badges"] = (INSECURE_BADGE, *known["badges"])
    known["auth"] = auth_settings(user, _cluster_info(cluster, server, tls, known))
    username, password = endpoint.user_of(cluster.text("server"))
    if username or password:
        known["auth"] = with_password(known["auth"], username, password)


def nearest(name: str, names: Iterable[str]) -> str:
    """A next step that offers the names most like `name`, or all when there are few."""
    import difflib

    known = sorted(names)
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if close:
        return f"Did you mean {' or '.join(clean(n, 80) for n in close)}?"
    if not known:
        return ""
    listed = ", ".join(clean(n, 80) for n in known[:5])
    return f"There is {listed}{' and more' if len(known) > 5 else ''}."


def _entry(entries: Mapping[str, Entry], kind: str, name: str, where: str) -> Entry:
    entry = entries.get(name)
    if entry is None:
        raise KubeconfigError(f"There is no {kind} {clean(name, 80)} in {where}.", nearest(name, entries))
    if entry.twice:
        raise entry.wrong("is there twice", f"Remove one of the two from {clean(str(entry.file))}.")
    return entry


def _referred(context: Entry, entries: Mapping[str, Entry], kind: str) -> Entry:
    name = context.text(kind)
    if not name:
        raise context.wrong(f"names no {kind}", nearest("", entries))
    if name not in entries:
        raise context.wrong(f"names a {kind} {clean(name, 80)} that does not exist", nearest(name, entries))
    return _entry(entries, kind, name, "")


def _namespace(context: Entry) -> str:
    namespace = context.text("namespace")
    if namespace in (".", "..") or not _NAMESPACE.fullmatch(namespace):
        raise context.wrong(f"has a namespace that no namespace can be called: {clean(namespace, 80)}")
    return namespace


def _server(cluster: Entry) -> str:
    """The server URL as client-go completes it (`rest.DefaultServerURL`), without query and trailing slash."""
    text = cluster.text("server").strip()
    if not text:
        raise cluster.wrong(
            "has no server", f"Add server: https://HOST:6443 to it in {clean(str(cluster.file))}."
        )
    secure = ("certificate-authority", "certificate-authority-data", "insecure-skip-tls-verify")
    try:
        return endpoint.server_url(text, secure=any(cluster.fields.get(key) for key in secure))
    except endpoint.Unusable as error:
        raise cluster.wrong(f"has a server {error.what}", error.next_step) from None


def _from_environment(server: str, env: Mapping[str, str]) -> str:
    if not any(name.upper() in ("HTTP_PROXY", "HTTPS_PROXY") for name in env):
        return ""
    from edgetui.cluster.kubeconfig import proxy_env

    return proxy_env.from_environment(server, env)


def _proxy_url(cluster: Entry, server: str, env: Mapping[str, str]) -> str:
    text, key = cluster.text("proxy-url").strip(), "proxy-url"
    if not text:
        text, key = _from_environment(server, env), "proxy in the environment"
    try:
        if text:
            endpoint.check_proxy(text)
    except endpoint.Unusable as error:
        raise cluster.wrong(f"has a {key} {error.what}", error.next_step) from None
    return text


def _badges(cluster: Entry) -> tuple[str, ...]:
    ours = cluster.extension(EXTENSION)
    if not isinstance(ours, dict):
        return ()
    listed = ours.get("badges")
    badges = [ours.get("badge"), *(listed if isinstance(listed, list) else ())]
    return tuple(dict.fromkeys(clean(b, _MAX_BADGE) for b in badges if isinstance(b, str) and clean(b)))


def _tls(cluster: Entry) -> TlsSettings:
    insecure = cluster.flag("insecure-skip-tls-verify")
    ca, file = cluster.decoded("certificate-authority-data"), None
    if ca is None and (file := cluster.path("certificate-authority")) is not None:
        ca = pem_file(cluster, "certificate-authority", file)
    if ca is not None and insecure:
        raise cluster.wrong(
            "asks to skip TLS verification and names a certificate authority as well, which kubectl refuses too",
            f"Remove insecure-skip-tls-verify from it in {clean(str(cluster.file))}.",
        )
    if ca is not None and b"-----BEGIN " not in ca:
        raise cluster.wrong("has a certificate authority that holds no PEM certificate")
    return TlsSettings(
        ca_pem=ca, server_name=cluster.text("tls-server-name"), insecure=insecure, ca_file=file
    )


def _cluster_info(
    cluster: Entry, server: str, tls: TlsSettings, known: Mapping[str, Any]
) -> Mapping[str, Any]:
    """ExecCredential `spec.cluster`, the fields of clientauthentication/v1 types.go."""
    info: dict[str, Any] = {"server": server}
    if tls.server_name:
        info["tls-server-name"] = tls.server_name
    if tls.insecure:
        info["insecure-skip-tls-verify"] = True
    if tls.ca_pem:
        info["certificate-authority-data"] = base64.b64encode(tls.ca_pem).decode()
    if known["proxy_url"]:
        info["proxy-url"] = known["proxy_url"]
    if known["disable_compression"]:
        info["disable-compression"] = True
    # client-go always writes the field, null when the cluster has no such extension.
    info["config"] = cluster.extension(_EXEC_EXTENSION)
    return info

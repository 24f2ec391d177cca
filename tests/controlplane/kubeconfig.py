"""Kubeconfig files for the programs of a control plane and for its users."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from .certs import KeyPair


def certificate_user(pair: KeyPair) -> dict[str, Any]:
    """The ``user`` stanza of somebody with a client certificate."""
    return {"client-certificate": str(pair.cert), "client-key": str(pair.key)}


def token_user(token: str) -> dict[str, Any]:
    """The ``user`` stanza of somebody with a bearer token."""
    return {"token": token}


def write(
    path: Path,
    *,
    server: str,
    ca_file: Path,
    user: dict[str, Any],
    name: str = "test",
    user_name: str | None = None,
    namespace: str | None = None,
) -> Path:
    """Write a file (mode 0600) with a cluster and a context called ``name``, and one user."""
    user_name = user_name or name
    context: dict[str, Any] = {"cluster": name, "user": user_name}
    if namespace:
        context["namespace"] = namespace
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": server, "certificate-authority": str(ca_file)}}],
        "users": [{"name": user_name, "user": user}],
        "contexts": [{"name": name, "context": context}],
        "current-context": name,
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path

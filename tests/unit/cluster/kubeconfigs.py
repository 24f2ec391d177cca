"""Small kubeconfigs for tests."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from edgetui.cluster.kubeconfig.loader import Selection, load_fleet
from edgetui.cluster.target import ClusterTarget

CA = b"-----BEGIN CERTIFICATE-----\nTm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n"
KEY = b"-----BEGIN PRIVATE KEY-----\nTm90IGEga2V5\n-----END PRIVATE KEY-----\n"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def config(
    context: str = "plant",
    *,
    cluster: dict[str, Any] | None = None,
    user: dict[str, Any] | None = None,
    **extra: Any,
) -> dict[str, Any]:
    """A kubeconfig with one context called `context`, its cluster and its user."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "clusters": [{"name": "c", "cluster": {"server": "https://10.0.0.1:6443", **(cluster or {})}}],
        "users": [{"name": "u", "user": {"token": "t0ken"} if user is None else user}],
        "contexts": [{"name": context, "context": {"cluster": "c", "user": "u", **extra}}],
    }


def several(*contexts: str, current: str = "", server: str = "https://10.0.0.1:6443") -> dict[str, Any]:
    """A kubeconfig with these contexts, all on one cluster."""
    whole = config(cluster={"server": server})
    whole["contexts"] = [{"name": name, "context": {"cluster": "c", "user": "u"}} for name in contexts]
    whole["current-context"] = current
    return whole


def put(file: Path, content: dict[str, Any] | str) -> Path:
    """Write a kubeconfig; a mapping becomes JSON, which is YAML as well."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def load(*files: Path, env: dict[str, str] | None = None, **selection: Any) -> list[ClusterTarget]:
    """The fleet of these files on a host without any other kubeconfig."""
    return load_fleet(
        Selection(files=files, **selection), env or {}, Path("/nonexistent"), Path("/nonexistent")
    )


def one(file: Path, **options: Any) -> ClusterTarget:
    """The only target of this file."""
    (target,) = load(file, **options)
    return target


def sentence(target: ClusterTarget) -> str:
    """Sentence and next step of the target's error; both are there."""
    assert target.error is not None
    assert target.error.sentence.endswith(".")
    assert target.error.next_step
    return str(target.error)

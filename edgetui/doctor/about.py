"""`edgetui --version --verbose`: what a ticket should say of this installation. No names of clusters, no secrets."""

from __future__ import annotations

import os
import platform
import ssl
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import platformdirs

import edgetui
from edgetui.cluster.http.tls import system_bundle
from edgetui.cluster.kubeconfig.search import searched
from edgetui.model.text import clean
from edgetui.terminal.profile import choose

_PARTS = ("textual", "rich", "msgspec", "PyYAML", "platformdirs", "kubernetes", "cryptography", "h11")
_SETTINGS = ("TERM", "COLORTERM", "LANG", "LC_ALL", "LC_CTYPE", "NO_COLOR", "SSH_TTY", "DISABLE_HTTP2")
_NAMED_ONLY = (
    "KUBECONFIG",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
"""Settings that may hold names or passwords: only whether they are set is told."""


def lines() -> Iterator[str]:
    """What there is, one thing a line."""
    profile = choose(os.environ)
    paths = ssl.get_default_verify_paths()
    yield f"Python {platform.python_version()} ({sys.executable}), {ssl.OPENSSL_VERSION}"
    yield f"{platform.system()} {platform.release()} {platform.machine()}, C library {' '.join(platform.libc_ver())}"
    yield "parts: " + ", ".join(f"{name} {_version(name)}" for name in _PARTS)
    yield f"installed in {Path(edgetui.__file__).parent}"
    yield f"authorities of the system: {paths.cafile or system_bundle() or paths.capath or 'none found'}"
    yield f"terminal profile {profile.name}: {profile.colours} colours, {'ASCII' if profile.ascii else 'UTF-8'}"
    yield "settings: " + (", ".join(_settings()) or "none")
    yield "link profile: chosen for each cluster from what is measured, unless --api-traffic says which; c shows it"
    yield "kubeconfigs are looked for in " + ", ".join(
        _presence(path) for path in searched(Path.home(), Path("/"))
    )
    for what, path in (
        ("writes its record to", platformdirs.user_state_dir("edgetui", appauthor=False)),
        ("keeps rows in", platformdirs.user_cache_dir("edgetui", appauthor=False)),
        ("reads keys and themes from", platformdirs.user_config_dir("edgetui", appauthor=False)),
    ):
        yield f"{what} {_presence(Path(path))}"


def _settings() -> Iterator[str]:
    yield from (f"{name}={clean(os.environ[name], 40)}" for name in _SETTINGS if name in os.environ)
    yield from (f"{name} is set" for name in _NAMED_ONLY if name in os.environ)


def _presence(path: Path) -> str:
    try:
        return f"{path}{'' if path.exists() else ' (not there)'}"
    except OSError:
        return f"{path} (not readable)"


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"

"""`python -m edgetui.cluster.auth.oidc_helper`: ask an OIDC provider for a new id-token, then end.

Standard input: `{"config": {...}}`, the config of a kubeconfig auth-provider. Standard output on success:
`{"headers": {"Authorization": "Bearer ..."}, "config": {"id-token": ..., "refresh-token": ...}}`. On failure
one line on standard error and exit code 1. The work is done by the official kubernetes package.
"""

from __future__ import annotations

import base64
import json
import ssl
import sys
from typing import Any

UNREACHABLE = "it cannot be reached"
_UNREACHABLE = ("NewConnectionError", "ConnectTimeoutError", "NameResolutionError", "ReadTimeoutError")
"""Of urllib3."""
_SYSTEM_CA = "idp-certificate-authority"


def main() -> int:
    """Run the helper; the exit code."""
    try:
        config = json.load(sys.stdin)["config"]
        answer = renew(config)
    except Exception as error:  # noqa: BLE001 - the edge of this process: the reason goes to the parent in one line
        sys.stderr.write(f"{_reason(error)}\n")
        return 1
    json.dump(answer, sys.stdout)
    return 0


def renew(config: dict[str, str]) -> dict[str, Any]:
    """New tokens for this auth-provider config; raises RuntimeError when the provider gives none."""
    from kubernetes import config as official
    from kubernetes.client import Configuration

    provider = dict(config)
    # The package renews a token when it has expired, and does not check the provider's certificate when no
    # authority is named; a person's refresh token must not go to whoever answers.
    stale = provider["id-token"] = _expired_token()
    provider.setdefault("client-secret", "")
    if not provider.get("idp-certificate-authority-data") and not provider.get(_SYSTEM_CA):
        provider.pop("idp-certificate-authority-data", None)
        provider[_SYSTEM_CA] = system_authorities()
    kubeconfig = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1"}}],
        "users": [{"name": "u", "user": {"auth-provider": {"name": "oidc", "config": provider}}}],
    }
    settings = Configuration()
    load: Any = official.load_kube_config_from_dict
    load(kubeconfig, client_configuration=settings, persist_config=False)
    if provider["id-token"] == stale:
        raise RuntimeError("it answered without an id-token")
    return {
        "headers": {"Authorization": f"Bearer {provider['id-token']}"},
        "config": {key: provider.get(key, "") for key in ("id-token", "refresh-token")},
    }


def system_authorities() -> str:
    """The file with the certificate authorities of this system, else the ones that come with certifi."""
    found = ssl.get_default_verify_paths().cafile
    if found:
        return found
    import certifi

    return certifi.where()


def _expired_token() -> str:
    parts = [{"alg": "none"}, {"exp": 1}, {}]
    return ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts
    )


def _reason(error: Exception) -> str:
    """One line; what went wrong on the way is at the end of a chain that urllib3 and requests wrap."""
    cause: object = error
    while (inner := getattr(cause, "reason", None)) is not None and isinstance(inner, Exception):
        cause = inner
    if type(cause).__name__ in _UNREACHABLE:
        return UNREACHABLE
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:300]


if __name__ == "__main__":
    sys.exit(main())

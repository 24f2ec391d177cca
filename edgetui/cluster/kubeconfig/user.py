"""One kubeconfig user made into AuthSettings and Impersonation, with client-go's checks.

Which credential counts follows client-go: a token, a password or a client certificate in the kubeconfig
settles the matter, so a plugin is only kept when there is none of them (`exec.go`, UpdateTransportConfig).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.kubeconfig import yaml_file
from edgetui.cluster.kubeconfig.document import Entry, beside
from edgetui.cluster.target import AuthProviderConfig, AuthSettings, ExecConfig, Impersonation
from edgetui.model.text import clean

_EXEC_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_INTERACTIVE_MODES = ("Never", "IfAvailable", "Always")


def auth_settings(user: Entry, cluster_info: Mapping[str, Any] | None = None) -> AuthSettings:
    """Who a kubeconfig user is; `cluster_info` is what a plugin is told when it wants to know the cluster."""
    token, token_file = user.text("token").strip(), user.path("tokenFile")
    username, password = user.text("username"), user.text("password")
    if (token or token_file) and (username or password):
        raise user.wrong(
            "has a token and a password, and only one of them can be used", "Remove one of the two."
        )
    plugin, provider = user.part("exec"), user.part("auth-provider")
    if plugin is not None and provider is not None:
        raise user.wrong(
            "has an exec plugin and an auth-provider, and only one can be used", "Remove one of the two."
        )
    if any(c in token for c in "\r\n\0"):
        raise user.wrong("has a token with a line break in it")
    certificate, key, certificate_file, key_file = _client_certificate(user)
    settled = bool(token or token_file or username or certificate or certificate_file)
    return AuthSettings(
        token=token,
        token_file=token_file,
        client_certificate=certificate,
        client_key=key,
        client_certificate_file=certificate_file,
        client_key_file=key_file,
        username=username,
        password=password,
        exec=_exec(plugin, cluster_info) if plugin is not None and not settled else None,
        auth_provider=_provider(provider)
        if provider is not None and not (token or token_file or username)
        else None,
    )


def with_password(auth: AuthSettings, username: str, password: str) -> AuthSettings:
    """The same with a user name and password in the place of every other credential but a certificate."""
    return replace(
        auth, username=username, password=password, token="", token_file=None, exec=None, auth_provider=None
    )


def _client_certificate(user: Entry) -> tuple[bytes | None, bytes | None, Path | None, Path | None]:
    """(certificate, key, certificate file, key file); files are checked to be readable PEM, but not kept."""
    certificate, key = user.decoded("client-certificate-data"), user.decoded("client-key-data")
    certificate_file = user.path("client-certificate") if certificate is None else None
    key_file = user.path("client-key") if key is None else None
    if certificate is None and certificate_file is None:
        return None, None, None, None
    if key is None and key_file is None:
        raise user.wrong("has a client certificate without a key", "Add client-key-data or client-key to it.")
    shown = certificate or pem_file(user, "client-certificate", certificate_file or Path())
    if b"-----BEGIN CERTIFICATE-----" not in shown:
        raise user.wrong("has a client certificate that is not PEM")
    held = key or pem_file(user, "client-key", key_file or Path())
    if b"PRIVATE KEY-----" not in held:
        raise user.wrong("has a client key that is not a PEM private key")
    if b"ENCRYPTED" in held:
        raise user.wrong(
            "has a client key with a passphrase, and kubeconfigs have no way to give it",
            "Store the key without one (openssl pkey -in KEY -out KEY) in a file only you can read.",
        )
    return certificate, key, certificate_file, key_file


def _exec(plugin: Entry, cluster_info: Mapping[str, Any] | None) -> ExecConfig:
    command = plugin.text("command").strip()
    if not command:
        raise plugin.wrong("has an exec plugin without a command")
    version = plugin.text("apiVersion")
    if version not in _EXEC_VERSIONS:
        raise plugin.wrong(
            f"has an exec plugin with the apiVersion {clean(version, 60) or 'missing'}, which is not spoken any more",
            f"Use {_EXEC_VERSIONS[0]}, and a plugin that answers in it.",
        )
    mode = plugin.text("interactiveMode") or ("IfAvailable" if version.endswith("v1beta1") else "")
    if mode not in _INTERACTIVE_MODES:
        raise plugin.wrong(
            "has an exec plugin without a valid interactiveMode",
            f"Set interactiveMode to {', '.join(_INTERACTIVE_MODES[:-1])} or {_INTERACTIVE_MODES[-1]}.",
        )
    if "/" in command:
        command = str(beside(plugin.file, command))
    return ExecConfig(
        command=command,
        args=plugin.texts("args"),
        env=_exec_env(plugin),
        api_version=version,
        interactive_mode=mode,
        install_hint=clean(plugin.text("installHint")),
        cluster_info=cluster_info if plugin.flag("provideClusterInfo") else None,
    )


def _exec_env(plugin: Entry) -> tuple[tuple[str, str], ...]:
    listed = plugin.fields.get("env") or []
    pairs = []
    for item in listed if isinstance(listed, list) else [None]:
        name, value = (item.get("name"), item.get("value")) if isinstance(item, dict) else (None, None)
        if not isinstance(name, str) or not name or not isinstance(value, str | None):
            raise plugin.wrong("has an exec plugin with an env entry that is not a name and a text")
        pairs.append((name, value or ""))
    return tuple(pairs)


def _provider(provider: Entry) -> AuthProviderConfig:
    name = provider.text("name")
    config = provider.part("config")
    if not name:
        raise provider.wrong("has an auth-provider without a name")
    texts = {key: config.text(key) for key in config.fields} if config is not None else {}
    return AuthProviderConfig(name=name, config=texts)


def impersonation(user: Entry) -> Impersonation:
    """Whom a kubeconfig user acts as; groups, uid and extra need a user, as in client-go."""
    extra = user.part("as-user-extra")
    whom = Impersonation(
        user=user.text("as"),
        groups=user.texts("as-groups"),
        uid=user.text("as-uid"),
        extra=tuple((key, extra.texts(key)) for key in extra.fields) if extra is not None else (),
    )
    if not whom.user and (whom.groups or whom.uid or whom.extra):
        raise user.wrong("impersonates a group, uid or extra without a user", "Add as: USER to it.")
    return whom


def pem_file(entry: Entry, key: str, file: Path) -> bytes:
    """What the file that `entry` names as `key` holds; raises KubeconfigError naming both."""
    try:
        return yaml_file.read_bounded(file)
    except KubeconfigError as error:
        raise entry.wrong(f"needs {key}: {error.sentence.rstrip('.')}", error.next_step) from None

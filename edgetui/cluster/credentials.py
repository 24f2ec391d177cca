"""What to put on a request to one cluster, and which TLS context to send it over.

Order of use: await `headers()` first, then take `ssl_context()`, because a plugin may issue both. A client
certificate beats any token on the server; only a connection without one proves a token.
"""

from __future__ import annotations

import base64
import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec.structs import replace

from edgetui.cluster.errors import CredentialError, TlsError
from edgetui.cluster.kubeconfig import reload_auth
from edgetui.cluster.target import AuthSettings, ClusterTarget, Impersonation
from edgetui.cluster.token_file import TokenFile
from edgetui.model.text import clean

if TYPE_CHECKING:
    import ssl

    from edgetui.cluster.auth_provider import ProviderToken
    from edgetui.cluster.credential_advice import Advice
    from edgetui.cluster.plugin import Plugin
    from edgetui.cluster.tls import KeyPair

_Stamp = tuple[int, int, int] | None


class Credentials:
    """Who we are on one cluster, kept up to date: token files, certificate files, plugins, the kubeconfig itself.

    `clock` gives Unix seconds. `generation` counts changes: connections opened under an earlier one may carry
    credentials that are no longer ours.
    """

    def __init__(self, target: ClusterTarget, clock: Callable[[], float] = time.time) -> None:
        self.target = target
        self.generation = 0
        self._clock = clock
        self._use(target.auth)
        self._context: ssl.SSLContext | None = None
        self._context_of: tuple[object, ...] = ()

    def __repr__(self) -> str:
        return f"Credentials({self.target.name!r}, {self._auth.way})"

    def _use(self, auth: AuthSettings) -> None:
        self._auth = auth
        self._file = TokenFile(auth.token_file, auth.token, self._clock) if auth.token_file else None
        self._plugin = self._make_plugin(auth)
        self._provider = self._make_provider(auth)

    def _make_plugin(self, auth: AuthSettings) -> Plugin | None:
        if auth.exec is None:
            return None
        from edgetui.cluster.plugin import Plugin

        return Plugin(auth.exec, self._clock)

    def _make_provider(self, auth: AuthSettings) -> ProviderToken | None:
        if auth.auth_provider is None:
            return None
        from edgetui.cluster.auth_provider import ProviderToken

        return ProviderToken(auth.auth_provider, self.target, self._clock)

    async def headers(self) -> dict[str, str]:
        """Authorization and impersonation headers for one request, obtaining them first where needed.

        A header that is needed several times (Impersonate-Group) comes under names that differ in case only:
        header names have no case (RFC 9110 §5.1). Raises CredentialError.
        """
        found = impersonation_headers(self.target.impersonate)
        authorization = await self._authorization()
        if authorization:
            found["Authorization"] = authorization
        return found

    async def _authorization(self) -> str:
        auth = self._auth
        if self._file is not None:
            return f"Bearer {self._file.current()}"
        if auth.token:
            return f"Bearer {auth.token}"
        if auth.username or auth.password:
            pair = f"{auth.username}:{auth.password}".encode()
            return f"Basic {base64.b64encode(pair).decode()}"
        if self._plugin is not None:
            before = self._plugin.issued
            issued = await self._plugin.current()
            if issued is not before and before is not None:
                self.generation += 1
            return f"Bearer {issued.token}" if issued.token else ""
        if self._provider is not None:
            return f"Bearer {await self._provider.current()}"
        return ""

    def ssl_context(self) -> ssl.SSLContext:
        """The context for connections from now on: the same object until a certificate or the authority changes.

        Raises CredentialError or TlsError. While certificate and key files are being replaced one after the
        other the context before stays in use.
        """
        from edgetui.cluster.tls import client_context

        auth, tls = self._auth, self.target.tls
        issued = self._plugin.issued.pair if self._plugin is not None and self._plugin.issued else None
        files = (tls.ca_file, auth.client_certificate_file, auth.client_key_file)
        made_of = (*map(_stamp, files), auth.client_certificate, auth.client_key, issued)
        if self._context is not None and made_of == self._context_of:
            return self._context
        try:
            if tls.ca_file is not None:
                tls = replace(tls, ca_pem=_read(tls.ca_file, "certificate authority"))
            context = client_context(tls, issued or self._pair())
        except (CredentialError, TlsError):
            if self._context is None:
                raise
            return self._context
        self.generation += self._context is not None
        self._context, self._context_of = context, made_of
        return context

    def _pair(self) -> KeyPair | None:
        from edgetui.cluster.tls import KeyPair

        auth = self._auth
        certificate, key = auth.client_certificate, auth.client_key
        if certificate is None and auth.client_certificate_file is not None:
            certificate = _read(auth.client_certificate_file, "client certificate")
        if key is None and auth.client_key_file is not None:
            key = _read(auth.client_key_file, "client key")
        return KeyPair(certificate, key) if certificate is not None and key is not None else None

    async def refresh(self) -> bool:
        """Obtain credentials again because the server answered 401; whether there is something new to try.

        Looks at the token file, at certificate files, at the kubeconfig (another program may have put a new
        token there), and runs the plugin or the helper of the auth provider. Raises CredentialError.
        """
        changed = self._reread_kubeconfig()
        if self._file is not None:
            changed |= self._file.reread()
        if self._plugin is not None:
            changed |= await self._plugin.refresh(self._plugin.issued)
        if self._provider is not None:
            changed |= await self._provider.refresh()
        if self._context is not None:
            context = self._context
            changed |= self.ssl_context() is not context
        self.generation += changed
        return changed

    def _reread_kubeconfig(self) -> bool:
        auth = reload_auth(self.target)
        if auth is None or auth == self._auth:
            return False
        self._use(auth)
        return True

    def explain_refusal(self) -> Advice:
        """Why the server answers 401, told from the certificate and the token in use now; runs nothing."""
        from edgetui.cluster.credential_advice import explain_401

        token = self._auth.token
        if self._file is not None:
            with contextlib.suppress(CredentialError):
                token = self._file.current()
        elif self._plugin is not None and self._plugin.issued is not None:
            token = self._plugin.issued.token
        elif self._provider is not None:
            token = self._provider.in_use
        return explain_401(replace(self.target, auth=self._auth), self._clock(), token)

    @property
    def notice(self) -> str:
        """What a person should know although the credentials work, "" when there is nothing."""
        return self._provider.notice if self._provider is not None else ""

    def set_token(self, token: str) -> None:
        """Use this bearer token from now on, in the place of the one from the kubeconfig, a plugin or a provider."""
        if self._file is not None:
            self._file.override(token)
        else:
            self._use(
                replace(self._auth, token=token, username="", password="", exec=None, auth_provider=None)
            )
        self.generation += 1

    def without_client_certificate(self, token: str) -> Credentials:
        """Credentials for the same server with nothing but this token: the way to prove that it works."""
        alone = replace(self.target, file=None, auth=AuthSettings(token=token), impersonate=Impersonation())
        return Credentials(alone, self._clock)


def impersonation_headers(whom: Impersonation) -> dict[str, str]:
    """Impersonate-* headers as client-go sends them (`transport/round_trippers.go`)."""
    if not whom.user:
        return {}
    found = {"Impersonate-User": whom.user}
    if whom.uid:
        found["Impersonate-Uid"] = whom.uid
    repeated = [("Impersonate-Group", whom.groups)]
    repeated += [(f"Impersonate-Extra-{quote(key, safe=_TOKEN)}", values) for key, values in whom.extra]
    for name, values in repeated:
        found.update(zip(_spellings(name), values, strict=False))
    for value in found.values():
        if any(c in value for c in "\r\n\0"):
            raise CredentialError(
                f"The impersonation of {clean(whom.user, 80)} has a line break in it.",
                "Correct it in the kubeconfig.",
            )
    return found


_TOKEN = "!#$&'*+-.^_`|~"
"""Besides letters and digits what a header name may hold unescaped; client-go escapes the rest, and "%"."""


def _spellings(name: str) -> Iterator[str]:
    """`name`, then the same name in other cases, each once: 2 to the power of its letters."""
    letters = [i for i, c in enumerate(name) if c.isalpha()]
    for which in range(1 << len(letters)):
        swapped = {letter for bit, letter in enumerate(letters) if which >> bit & 1}
        yield "".join(c.swapcase() if i in swapped else c for i, c in enumerate(name))


def _stamp(file: Path | None) -> _Stamp:
    """What changes when a file is replaced or rewritten; None when there is none to look at."""
    if file is None:
        return None
    try:
        facts = file.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size, facts.st_ino


def _read(file: Path, what: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CredentialError(
            f"The {what} {clean(str(file))} cannot be read: {error.strerror or 'unknown error'}.",
            "Check that the file is there and that you may read it.",
        ) from None

"""What to put on a request to one cluster, and which TLS context to send it over.

Order of use: await `headers()` first, then take `ssl_context()`, because a plugin may issue both. A client
certificate beats any token on the server; only a connection without one proves a token.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec.structs import replace

from edgetui.cluster.backoff import steady_clock
from edgetui.cluster.blocking import in_thread
from edgetui.cluster.errors import CredentialError, EdgetuiError, TlsError
from edgetui.cluster.kubeconfig.loader import reload
from edgetui.cluster.target import AuthSettings, ClusterTarget, Impersonation
from edgetui.model.text import clean, duration

if TYPE_CHECKING:
    import ssl

    from edgetui.cluster.auth.credential_files import CredentialFiles
    from edgetui.cluster.auth.exec_plugin import Plugin
    from edgetui.cluster.auth.explain import CredentialProblem
    from edgetui.cluster.auth.oidc import ProviderToken
    from edgetui.cluster.auth.token_file import TokenFile
    from edgetui.cluster.http.tls import KeyPair

Headers = list[tuple[str, str]]

LOOK_AGAIN = 1.0
"""Seconds between two looks at certificate files."""
PATIENCE = 5.0
"""Seconds to wait for a file: a mount may hang."""


class Credentials:
    """Who we are on one cluster, kept up to date: token files, certificate files, plugins, the kubeconfig itself.

    `clock` gives Unix seconds, `steady` seconds of a clock that never jumps. `generation` counts changes: who was
    refused under an earlier one has something new to try.
    """

    def __init__(
        self,
        target: ClusterTarget,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = steady_clock,
    ) -> None:
        self.target = target
        self.generation = 0
        self.on_other_target: Callable[[ClusterTarget], object] | None = None
        """Called when a look at the kubeconfig after a 401 has found it changed; None where the address cannot."""
        self.said = ""
        self._clock = clock
        self._steady = steady
        self._use(target.auth)
        self._context: ssl.SSLContext | None = None
        self._context_of: tuple[object, ...] = ()

    def __repr__(self) -> str:
        return f"Credentials({self.target.name!r}, {self._auth.way})"

    def _use(self, auth: AuthSettings) -> None:
        self._auth = auth
        self._sent: str | None = None
        self._file = self._make_token_file(auth)
        self._files = self._make_files(auth)
        self._looked_at = float("-inf")
        self._looking: asyncio.Future[None] | None = None
        self._plugin = self._make_plugin(auth)
        self._provider = self._make_provider(auth)

    def _make_token_file(self, auth: AuthSettings) -> TokenFile | None:
        if auth.token_file is None:
            return None
        from edgetui.cluster.auth.token_file import TokenFile

        return TokenFile(auth.token_file, auth.token, self._steady)

    def _make_files(self, auth: AuthSettings) -> CredentialFiles | None:
        paths = (self.target.tls.ca_file, auth.client_certificate_file, auth.client_key_file)
        named = [path for path in paths if path is not None]
        if not named:
            return None
        from edgetui.cluster.auth.credential_files import CredentialFiles

        return CredentialFiles(named)

    def _make_plugin(self, auth: AuthSettings) -> Plugin | None:
        if auth.exec is None:
            return None
        from edgetui.cluster.auth.exec_plugin import shared

        return shared(auth.exec, self._clock, self._steady)

    def _make_provider(self, auth: AuthSettings) -> ProviderToken | None:
        if auth.auth_provider is None:
            return None
        from edgetui.cluster.auth.oidc import ProviderToken

        return ProviderToken(auth.auth_provider, self.target, self._clock, self._steady)

    async def headers(self) -> Headers:
        """Authorization and impersonation headers for one request, obtaining them first where needed.

        A name may come several times (Impersonate-Group). Raises CredentialError.
        """
        found = impersonation_headers(self.target.impersonate)
        await self._look_at_files()
        authorization = await self._authorization()
        if self._sent not in (None, authorization):
            self.generation += 1
        self._sent = authorization
        if authorization:
            found.append(("Authorization", authorization))
        return found

    async def _authorization(self) -> str:
        auth = self._auth
        if self._file is not None:
            return f"Bearer {self._file.current()}"
        if auth.token:
            return f"Bearer {auth.token}"
        if auth.username or auth.password:
            pair = f"{auth.username}:{auth.password}".encode("utf-8", "surrogatepass")
            return f"Basic {base64.b64encode(pair).decode()}"
        if self._plugin is not None:
            issued = await self._plugin.current()
            return f"Bearer {issued.token}" if issued.token else ""
        if self._provider is not None:
            return f"Bearer {await self._provider.current()}"
        return ""

    @property
    def has_files(self) -> bool:
        """Whether a token, certificates, keys or the authority stand in files of their own."""
        return self._files is not None or self._file is not None

    async def look(self) -> None:
        """See whether those files have changed; what is wrong with them is raised when they are needed."""
        with contextlib.suppress(CredentialError, TlsError):
            await self._look_at_files()
            self.ssl_context()

    async def _look_at_files(self, *, at_once: bool = False) -> None:
        """Read token, certificate and authority files that are due, in a thread: a mount may hang.

        Raises CredentialError when there is no answer and nothing was read before.
        """
        now = self._steady()
        token, pems = self._file, self._files
        due = [token.read] if token is not None and (at_once or token.due) else []
        if pems is not None and (at_once or now - self._looked_at >= LOOK_AGAIN):
            due.append(pems.look)
        if self._looked_at > float("-inf") and self._looking is not None:
            return
        if not due and self._looking is None:
            return
        if self._looking is None:
            self._looking = in_thread(lambda: _call_all(due), "credential files")
        looking = self._looking
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.shield(looking)
        except TimeoutError:
            if self._looked_at == float("-inf"):
                raise CredentialError(
                    "The token, certificate or authority file of this cluster could not be read within "
                    f"{duration(PATIENCE)}.",
                    "Check that it is a file, and that its mount does not hang.",
                ) from None
            return
        if self._looking is looking:
            self._looking = None
            self._looked_at = now

    def ssl_context(self) -> ssl.SSLContext:
        """The context for connections from now on: the same object until a certificate or the authority changes.

        Raises CredentialError or TlsError. While certificate and key files are being replaced one after the
        other the context before stays in use.
        """
        from edgetui.cluster.http.tls import client_context

        auth, tls = self._auth, self.target.tls
        issued = self._plugin.issued.pair if self._plugin is not None and self._plugin.issued else None
        made_of = (self._version, tls, auth.client_certificate, auth.client_key, issued)
        if self._context is not None and made_of == self._context_of:
            return self._context
        try:
            if tls.ca_file is not None:
                tls = replace(tls, ca_pem=self._held(tls.ca_file))
            context = client_context(tls, issued or self._pair())
        except (CredentialError, TlsError):
            if self._context is None:
                raise
            return self._context
        if self._context is not None:
            self.generation += 1
        self._context = context
        self._context_of = (self._version, *made_of[1:])
        return context

    @property
    def _version(self) -> object:
        return self._files.version if self._files is not None else ()

    def _held(self, path: Path) -> bytes:
        if self._files is None:
            raise CredentialError(f"{clean(str(path))} was not read yet.")
        return self._files.bytes_of(path)

    def _pair(self) -> KeyPair | None:
        from edgetui.cluster.http.tls import KeyPair

        auth = self._auth
        certificate, key = auth.client_certificate, auth.client_key
        if certificate is None and auth.client_certificate_file is not None:
            certificate = self._held(auth.client_certificate_file)
        if key is None and auth.client_key_file is not None:
            key = self._held(auth.client_key_file)
        return KeyPair(certificate, key) if certificate is not None and key is not None else None

    async def refresh(self, since: int | None = None) -> bool:
        """Obtain credentials again because the server answered 401; whether there is something new to try.

        `since` is the `generation` under which the request was made, when the caller knows. Looks at the token
        file, at certificate files, at the kubeconfig (another program may have put a new token there), and runs
        the plugin or the helper of the auth provider. Raises CredentialError.
        """
        if since not in (None, self.generation):
            return True
        before = self.generation
        fresh = None
        with contextlib.suppress(EdgetuiError):  # what worked is not let go for it
            fresh = await self.reread()
        changed = False
        # The token of another server is not for the one that this is connected to.
        if fresh is not None and (self.on_other_target is not None or fresh.server == self.target.server):
            changed = await self.adopt(fresh)
            if self.on_other_target is not None:
                self.on_other_target(fresh)
        held = self._file.held if self._file is not None else ""
        await self._look_at_files(at_once=True)
        if self._file is not None:
            changed |= self._file.held != held
        if self._plugin is not None:
            changed |= await self._plugin.refresh(self._plugin.issued)
        if self._provider is not None:
            changed |= await self._provider.refresh()
        if self._context is not None:
            context = self._context
            changed |= self.ssl_context() is not context
        if changed and self.generation == before:
            self.generation += 1
        self._sent = None if changed else self._sent
        return changed

    async def reread(self) -> ClusterTarget | None:
        """What the kubeconfig says about this context, when that is something else than before; reads off the loop.

        Raises KubeconfigError when it cannot be used.
        """
        target = self.target
        try:
            async with asyncio.timeout(PATIENCE):
                fresh = await in_thread(lambda: reload(target, os.environ), "kubeconfig")
        except TimeoutError:
            return None
        return fresh if fresh != target and target is self.target else None

    async def adopt(self, fresh: ClusterTarget) -> bool:
        """Use what the kubeconfig says now: another user, authority or address. Whether there is something to try.

        A token that was rotated here stays until the file names another than it did.
        """
        auth = self._auth if fresh.auth == self.target.auth else fresh.auth
        other, before = auth != self._auth, self.target
        if other:
            await self._end_runs()
        self.target = fresh
        if other:
            self._use(auth)
        else:
            self._files = self._make_files(auth)
        self.generation += 1
        return other or _where(before) != _where(fresh)

    async def close(self) -> None:
        """End a plugin or helper that is still running."""
        await self._end_runs()

    async def _end_runs(self) -> None:
        for source in (self._plugin, self._provider):
            if source is not None:
                await source.close()

    def explain_refusal(self) -> CredentialProblem:
        """Why the server answers 401, told from the certificate and the token in use now; runs and reads nothing."""
        from edgetui.cluster.auth.explain import explain_401, issued_too_late

        token, auth, now = self._auth.token, self._auth, self._clock()
        if self._file is not None:
            token = self._file.held
        elif self._plugin is not None and (issued := self._plugin.issued) is not None:
            if issued.expires is not None and issued.expires <= now:
                return issued_too_late(replace(self.target, auth=auth), now - issued.expires)
            token = issued.token
        elif self._provider is not None:
            token = self._provider.in_use
        if auth.client_certificate is None and auth.client_certificate_file is not None:
            with contextlib.suppress(CredentialError):
                auth = replace(auth, client_certificate=self._held(auth.client_certificate_file))
        return explain_401(replace(self.target, auth=auth), now, token)

    @property
    def notice(self) -> str:
        """What a person should know although the credentials work, "" when there is nothing."""
        return " ".join(
            filter(None, (self.said, self._provider.notice if self._provider is not None else ""))
        )

    @property
    def waiting_for(self) -> tuple[str, str]:
        """What the first answer may wait for, in a sentence and a next step; empty for nothing in particular."""
        if self._auth.exec is None:
            return "", ""
        name = clean(self._auth.exec.command.rpartition("/")[2], 60)
        return (
            f"Waiting for the credential plugin {name}.",
            "It may want you to sign in, in a browser or in a shell.",
        )

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
        alone = replace(
            self.target, file=None, sources=(), auth=AuthSettings(token=token), impersonate=Impersonation()
        )
        return Credentials(alone, self._clock, self._steady)


def _where(target: ClusterTarget) -> tuple[object, ...]:
    """What of a target decides who is asked, and as whom."""
    return target.server, target.proxy_url, target.tls, target.impersonate


def _call_all(calls: Iterable[Callable[[], None]]) -> None:
    for call in calls:
        call()


def impersonation_headers(whom: Impersonation) -> Headers:
    """Impersonate-* headers as client-go sends them (`transport/round_trippers.go`)."""
    if not whom.user:
        return []
    found = [("Impersonate-User", whom.user)]
    if whom.uid:
        found.append(("Impersonate-Uid", whom.uid))
    found += [("Impersonate-Group", group) for group in whom.groups]
    for key, values in whom.extra:
        name = f"Impersonate-Extra-{quote(key, safe=_TOKEN)}"
        found += [(name, value) for value in values]
    for _, value in found:
        if any(c in value for c in "\r\n\0"):
            raise CredentialError(
                f"The impersonation of {clean(whom.user, 80)} has a line break in it.",
                "Correct it in the kubeconfig.",
            )
    return found


_TOKEN = "!#$&'*+-.^_`|~"
"""Besides letters and digits what a header name may hold unescaped; client-go escapes the rest, and "%"."""

"""Exec credential plugins, run as client-go runs them (`plugin/pkg/client/auth/exec/exec.go`).

A plugin is told in KUBERNETES_EXEC_INFO what is wanted and answers an ExecCredential on its standard output.
What it issues is kept until shortly before it expires or the server answers 401; however many requests wait,
it runs once at a time. It never gets the terminal: the screen owns it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from edgetui.cluster import child
from edgetui.cluster.errors import CredentialError
from edgetui.cluster.target import ExecConfig
from edgetui.cluster.tls import KeyPair
from edgetui.model.discreet import Discreet
from edgetui.model.text import clean, duration, unix

if TYPE_CHECKING:
    import asyncio

TIME_LIMIT = 120.0
"""Seconds; some plugins wait for a person to sign in with a browser."""
EARLY = 30.0
"""Renew this many seconds before the end, or a tenth of the lifetime before it when that is shorter."""
REST = 5.0
"""Seconds between two runs at least, so that a plugin which keeps failing is not run for every request."""

_EXEC_INFO = "KUBERNETES_EXEC_INFO"
_SECRETS = re.compile(r"[A-Za-z0-9_\-+=.]{40,}")


class Issued(Discreet, frozen=True):
    """What a plugin gave: a bearer token, a client certificate, or both. `expires` in Unix seconds, 0 never."""

    SHOWN = ("expires",)

    token: str
    pair: KeyPair | None
    expires: float = 0.0


class Plugin:
    """One user's plugin and what it issued last."""

    def __init__(
        self, config: ExecConfig, clock: Callable[[], float], time_limit: float = TIME_LIMIT
    ) -> None:
        self._config = config
        self._clock = clock
        self._time_limit = time_limit
        self._issued: Issued | None = None
        self._failed: CredentialError | None = None
        self._ran_at = self._changed_at = float("-inf")
        self._turn: asyncio.Lock | None = None

    @property
    def issued(self) -> Issued | None:
        """What is in force now, without running anything."""
        return self._issued

    async def current(self) -> Issued:
        """Valid credentials, running the plugin when there are none; raises CredentialError."""
        async with self._lock():
            if self._issued is not None and not self._ends_soon(self._issued):
                return self._issued
            return await self._run()

    async def refresh(self, refused: Issued | None) -> bool:
        """Run the plugin because the server refused `refused`; whether there is something new to try.

        Nothing is run when others have renewed it meanwhile, or a moment ago.
        """
        async with self._lock():
            if self._issued is refused and self._clock() - self._ran_at >= REST:
                await self._run()
            return self._clock() - self._changed_at < REST

    def _lock(self) -> asyncio.Lock:
        if self._turn is None:
            import asyncio

            self._turn = asyncio.Lock()
        return self._turn

    def _ends_soon(self, issued: Issued) -> bool:
        if not issued.expires:
            return False
        early = min(EARLY, (issued.expires - self._ran_at) / 10)
        return self._clock() >= issued.expires - early

    async def _run(self) -> Issued:
        now = self._clock()
        if self._failed is not None and now - self._ran_at < REST:
            raise self._failed
        self._failed = None
        try:
            issued = read_answer(await self._output(), self._config)
            self._ran_at = self._clock()
            if issued.expires and issued.expires <= self._ran_at:
                ago = duration(self._ran_at - issued.expires)
                raise CredentialError(
                    f"The credential plugin {_shown(self._config)} gave credentials that expired {ago} ago.",
                    "Sign in again with it, and check this host's clock.",
                )
        except CredentialError as error:
            self._failed = error
            self._ran_at = self._clock()
            raise
        if self._issued is None or (issued.token, issued.pair) != (self._issued.token, self._issued.pair):
            self._changed_at = self._ran_at
        self._issued = issued
        return issued

    async def _output(self) -> bytes:
        config = self._config
        name = _shown(config)
        if config.interactive_mode == "Always":
            raise CredentialError(
                f"The credential plugin {name} wants to ask on the terminal, which the screen is using.",
                f"Run it once in a shell before starting edgetui, or set interactiveMode: IfAvailable for {name}.",
            )
        env = {**os.environ, **dict(config.env), _EXEC_INFO: exec_info(config)}
        try:
            done = await child.run([config.command, *config.args], env, self._time_limit)
        except (FileNotFoundError, NotADirectoryError):
            raise CredentialError(
                f"The credential plugin {name} was not found.",
                config.install_hint
                or f"Install {name}, or correct the command of this user in the kubeconfig.",
            ) from None
        except OSError as error:
            raise CredentialError(
                f"The credential plugin {name} cannot be run: {error.strerror or 'unknown error'}.",
                "Check that the file is executable.",
            ) from None
        except child.TooMuchOutput:
            raise _misanswered(config, "more than 1 MB") from None
        except child.TimeIsUp as late:
            raise CredentialError(
                f"The credential plugin {name} did not answer within {duration(self._time_limit)}"
                f"{_last_line(late.stderr)}.",
                "Run it once in a shell to see what it waits for.",
            ) from None
        if done.code != 0:
            how = f"exit code {done.code}" if done.code > 0 else f"signal {-done.code}"
            raise CredentialError(
                f"The credential plugin {name} failed with {how}{_last_line(done.stderr)}.",
                f"Run {name} in a shell, sign in if it asks, and try again.",
            )
        return done.stdout


def exec_info(config: ExecConfig) -> str:
    """What KUBERNETES_EXEC_INFO says: an ExecCredential without a status. Standard input is never given."""
    spec: dict[str, Any] = {"interactive": False}
    if config.cluster_info is not None:
        spec = {"cluster": dict(config.cluster_info), **spec}
    return json.dumps({"kind": "ExecCredential", "apiVersion": config.api_version, "spec": spec})


def read_answer(stdout: bytes, config: ExecConfig) -> Issued:
    """What the plugin issued; raises CredentialError when its answer is not an ExecCredential of our version."""
    try:
        answer = json.loads(stdout)
    except ValueError:
        raise _misanswered(config, "something that is not JSON") from None
    if not isinstance(answer, dict) or answer.get("kind") != "ExecCredential":
        raise _misanswered(config, "JSON that is not an ExecCredential")
    if answer.get("apiVersion") != config.api_version:
        raise CredentialError(
            f"The credential plugin {_shown(config)} answered in {clean(str(answer.get('apiVersion')), 60)} "
            f"and the kubeconfig asks for {config.api_version}.",
            "Set the exec apiVersion in the kubeconfig to the one the plugin speaks.",
        )
    status = answer.get("status")
    if not isinstance(status, dict):
        raise _misanswered(config, "an ExecCredential without a status")
    token, certificate, key, expires = (
        status.get(field_name) or ""
        for field_name in ("token", "clientCertificateData", "clientKeyData", "expirationTimestamp")
    )
    if not all(isinstance(text, str) for text in (token, certificate, key, expires)):
        raise _misanswered(config, "a status with fields that are not text")
    if not token and not certificate and not key:
        raise _misanswered(config, "neither a token nor a certificate")
    if bool(certificate) != bool(key):
        raise _misanswered(config, "a certificate without a key, or a key without a certificate")
    if any(c in token for c in "\r\n\0"):
        raise _misanswered(config, "a token with a line break in it")
    if expires and not unix(expires):
        raise _misanswered(config, "an expirationTimestamp that is not a time")
    pair = KeyPair(certificate.encode(), key.encode()) if certificate else None
    return Issued(token=token, pair=pair, expires=float(unix(expires)))


def _misanswered(config: ExecConfig, what: str) -> CredentialError:
    return CredentialError(
        f"The credential plugin {_shown(config)} answered {what}.", "Run it in a shell to see its answer."
    )


def _shown(config: ExecConfig) -> str:
    return clean(config.command.rpartition("/")[2], 60)


def _last_line(stderr: str) -> str:
    """The last line a plugin wrote to stderr, bounded, with anything shaped like a token taken out."""
    lines = [line for line in stderr.splitlines() if clean(line)]
    if not lines:
        return ""
    return f": {clean(_SECRETS.sub('…', lines[-1])).rstrip('.')}"

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
from datetime import UTC, datetime
from typing import Any
from weakref import WeakValueDictionary

import msgspec

from edgetui.cluster.auth import subprocess
from edgetui.cluster.auth.shared_run import SharedRun
from edgetui.cluster.backoff import steady_clock
from edgetui.cluster.errors import CredentialError, KubeconfigError
from edgetui.cluster.http.tls import KeyPair
from edgetui.cluster.kubeconfig import yaml_file
from edgetui.cluster.target import ExecConfig
from edgetui.model.redacted import Discreet
from edgetui.model.text import clean, duration

TIME_LIMIT = 120.0
"""Seconds; some plugins wait for a person to sign in with a browser."""
EARLY = 30.0
"""Renew this many seconds before the end, or a tenth of the lifetime before it when that is shorter."""

_EXEC_INFO = "KUBERNETES_EXEC_INFO"
_SECRETS = re.compile(r"[A-Za-z0-9_\-+=.]{40,}")
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:[.,]\d+)?(Z|[+-]\d{2}:\d{2})")
"""RFC 3339 as Go reads it."""
_ZERO = (datetime(1, 1, 1, tzinfo=UTC) - datetime.fromtimestamp(0, UTC)).total_seconds()


class Issued(Discreet, frozen=True):
    """What a plugin gave: a bearer token, a client certificate, or both. `expires` in Unix seconds, None never."""

    SHOWN = ("expires",)

    token: str
    pair: KeyPair | None
    expires: float | None = None

    def same(self, other: Issued) -> bool:
        """Whether a server that refused one would refuse the other."""
        return (self.token, self.pair) == (other.token, other.pair)


class Plugin:
    """One user's plugin and what it issued last. `clock` gives Unix seconds, `steady` seconds that never jump.

    `users` counts the clusters that share it: twenty contexts of one user ask a person to sign in once.
    """

    def __init__(
        self,
        config: ExecConfig,
        clock: Callable[[], float],
        steady: Callable[[], float] = steady_clock,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        self._config = config
        self._clock = clock
        self._time_limit = time_limit
        self._issued: Issued | None = None
        self._early = 0.0
        self._run = SharedRun(self._issue, steady)
        self.users = 1

    @property
    def issued(self) -> Issued | None:
        """What is in force now, without running anything."""
        return self._issued

    async def current(self) -> Issued:
        """Valid credentials, running the plugin when there are none; raises CredentialError.

        What it issued a moment ago is used even when it says that it has expired: the server's clock decides.
        """
        issued = self._issued
        if issued is None:
            return await self._run.result()
        if not self._ended(issued, self._early) or self._run.fresh:
            return issued
        try:
            return await self._run.result()
        except CredentialError:
            if self._ended(issued):
                raise
            return issued

    async def refresh(self, refused: Issued | None) -> bool:
        """Run the plugin because the server refused `refused`; whether there is something new to try.

        Nothing is run when others have renewed it meanwhile, or a moment ago.
        """
        if self._issued is refused and not self._run.fresh:
            await self._run.result()
        return self._issued is not None and (refused is None or not self._issued.same(refused))

    async def close(self) -> None:
        """One user less; without any it is ended if it runs."""
        self.users -= 1
        if self.users <= 0:
            await self._run.close()

    def _ended(self, issued: Issued, early: float = 0.0) -> bool:
        return issued.expires is not None and self._clock() >= issued.expires - early

    async def _issue(self) -> Issued:
        issued = read_answer(await self._output(), self._config)
        if issued.expires is not None:
            self._early = min(EARLY, max(0.0, issued.expires - self._clock()) / 10)
        if self._issued is None or not issued.same(self._issued) or issued.expires != self._issued.expires:
            self._issued = issued
        return self._issued

    async def _output(self) -> bytes:
        config = self._config
        name = _shown(config)
        if config.interactive_mode == "Always":
            raise CredentialError(
                f"The credential plugin {name} wants to ask on the terminal, which the screen is using.",
                f"Run it once in a shell before starting edgetui, or set interactiveMode: IfAvailable for {name}.",
            )
        # A name with an equals sign ends there, as it does for a program that Go starts.
        given = (f"{variable}={value}".partition("=") for variable, value in config.env)
        own = {variable: value for variable, _, value in given}
        try:
            env = {**os.environ, **own, _EXEC_INFO: exec_info(config)}
            done = await subprocess.run([find_program(config), *config.args], env, self._time_limit)
        except (FileNotFoundError, NotADirectoryError):
            raise _not_found(config) from None
        except OSError as error:
            raise CredentialError(
                f"The credential plugin {name} cannot be run: {error.strerror or 'unknown error'}.",
                "Check that the file is executable.",
            ) from None
        except (
            ValueError,
            TypeError,
            RecursionError,
        ):  # a NUL byte, half a surrogate, an odd extension
            raise CredentialError(
                f"The credential plugin {name} cannot be run: its command, args, env or cluster "
                "information hold what cannot be given to a program.",
                "Correct the exec section of this user in the kubeconfig.",
            ) from None
        except subprocess.TooMuchOutput:
            raise _misanswered(config, "more than 1 MB") from None
        except subprocess.TimeIsUp as late:
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


def shared(config: ExecConfig, clock: Callable[[], float], steady: Callable[[], float]) -> Plugin:
    """The plugin of this configuration: the same for every cluster that has it, as in client-go."""
    try:
        key = (json.dumps(msgspec.structs.asdict(config), sort_keys=True), clock, steady)
    except (TypeError, ValueError, RecursionError):  # what it is told of its cluster has no JSON form
        return Plugin(config, clock, steady)
    found = _shared.get(key)
    if found is None:
        found = _shared[key] = Plugin(config, clock, steady)
    else:
        found.users += 1
    return found


_shared: WeakValueDictionary[tuple[object, ...], Plugin] = WeakValueDictionary()


def find_program(config: ExecConfig, path: str | None = None) -> str:
    """The file to run, as Go's exec.LookPath finds it. Raises CredentialError.

    The PATH of this process counts, not that of the plugin's own env. What stands in the current directory through
    an empty or relative entry of PATH is refused (Go's ErrDot): anybody may have put it there.
    """
    if "/" in config.command:
        return config.command
    for entry in (os.environ.get("PATH", "") if path is None else path).split(os.pathsep):
        found = os.path.join(entry or ".", config.command)  # noqa: PTH118 - an empty entry is no path
        if not os.path.isfile(found) or not os.access(found, os.X_OK):  # noqa: PTH113
            continue
        if not entry.startswith("/"):
            raise CredentialError(
                f"The credential plugin {_shown(config)} is only found in the current directory, "
                "through an empty or relative entry of PATH.",
                "Write its whole path in the kubeconfig, or take that entry out of PATH.",
            )
        return found
    raise _not_found(config)


def _not_found(config: ExecConfig) -> CredentialError:
    name = _shown(config)
    return CredentialError(
        f"The credential plugin {name} was not found.",
        clean(config.install_hint)
        or f"Install {name}, or correct the command of this user in the kubeconfig.",
    )


def exec_info(config: ExecConfig) -> str:
    """What KUBERNETES_EXEC_INFO says: an ExecCredential without a status. Standard input is never given."""
    spec: dict[str, Any] = {"interactive": False}
    if config.cluster_info is not None:
        spec = {"cluster": dict(config.cluster_info), **spec}
    return json.dumps({"kind": "ExecCredential", "apiVersion": config.api_version, "spec": spec})


def read_answer(stdout: bytes, config: ExecConfig) -> Issued:
    """What the plugin issued; raises CredentialError when its answer is not an ExecCredential of our version."""
    answer = _parsed(stdout, config)
    if not isinstance(answer, dict) or answer.get("kind", "ExecCredential") != "ExecCredential":
        raise _misanswered(config, "something that is not an ExecCredential")
    version = answer.get("apiVersion")
    if not isinstance(version, str) or not version:
        raise _misanswered(config, "an ExecCredential without an apiVersion")
    if version != config.api_version:
        raise CredentialError(
            f"The credential plugin {_shown(config)} answered in {clean(version, 60)} "
            f"and the kubeconfig asks for {config.api_version}.",
            "Set the exec apiVersion in the kubeconfig to the one the plugin speaks.",
        )
    status = answer.get("status")
    if not isinstance(status, dict):
        raise _misanswered(config, "an ExecCredential without a status")
    fields = ("token", "clientCertificateData", "clientKeyData")
    texts = [status.get(name) for name in fields]
    if not all(text is None or (isinstance(text, str) and _is_text(text)) for text in texts):
        raise _misanswered(config, "a status with fields that are not text")
    token, certificate, key = (text or "" for text in texts)
    if not token and not certificate and not key:
        raise _misanswered(config, "neither a token nor a certificate")
    if bool(certificate) != bool(key):
        raise _misanswered(config, "a certificate without a key, or a key without a certificate")
    if any((ord(c) < 0x20 and c != "\t") or c == "\x7f" for c in token):
        raise _misanswered(config, "a token with a line break or another control character in it")
    pair = KeyPair(certificate.encode(), key.encode()) if certificate else None
    return Issued(token=token, pair=pair, expires=_expires(status.get("expirationTimestamp"), config))


def _parsed(stdout: bytes, config: ExecConfig) -> Any:
    """The answer as plain objects: JSON, else YAML, as client-go's decoder takes both."""
    try:
        return json.loads(stdout)
    except (ValueError, RecursionError):
        pass
    try:
        return yaml_file.parse(stdout, "its answer")
    except KubeconfigError:
        raise _misanswered(config, "something that is neither JSON nor YAML") from None


def _is_text(text: str) -> bool:
    """Whether it can be sent: JSON can spell half a surrogate pair."""
    return not any("\ud800" <= c <= "\udfff" for c in text)


def _expires(said: Any, config: ExecConfig) -> float | None:
    """Unix seconds; None for no time and for Go's zero time, which both mean never."""
    if said is None:
        return None
    match = _TIME.fullmatch(said) if isinstance(said, str) else None
    try:
        if match is None:
            raise ValueError
        day, hour, zone = match.groups()
        moment = datetime.fromisoformat(f"{day}T{hour}{zone}")
    except ValueError:
        raise _misanswered(config, "an expirationTimestamp that is not a time") from None
    since = (moment - datetime.fromtimestamp(0, UTC)).total_seconds()
    return None if since == _ZERO else since


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

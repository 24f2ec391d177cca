"""Legacy auth providers of a kubeconfig (`users[].user.auth-provider`): OIDC, as client-go refreshes it.

A valid id-token is used as it stands. Only when there is none a short-lived helper process asks the identity
provider, with the official kubernetes package, which is far too heavy to live in this one. What it obtains
goes back into the kubeconfig, because providers often end the old refresh token.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import edgetui
from edgetui.cluster.auth import subprocess
from edgetui.cluster.auth.oidc_helper import UNREACHABLE
from edgetui.cluster.auth.shared_run import SharedRun
from edgetui.cluster.backoff import steady_clock
from edgetui.cluster.blocking import in_thread
from edgetui.cluster.errors import CredentialError, KubeconfigError
from edgetui.cluster.target import AuthProviderConfig, ClusterTarget
from edgetui.model.expiry import parse_jwt
from edgetui.model.text import clean

TIME_LIMIT = 60.0
EARLY = 10.0
"""Seconds: how long the helper may take, and how early a token is renewed."""

_REPLACED_BY = {"gcp": "gke-gcloud-auth-plugin", "azure": "kubelogin"}


class ProviderToken:
    """The id-token of one user, renewed when it is about to end or was refused."""

    def __init__(
        self,
        config: AuthProviderConfig,
        target: ClusterTarget,
        clock: Callable[[], float],
        steady: Callable[[], float] = steady_clock,
    ) -> None:
        self._name = config.name
        self._config: dict[str, str] = dict(config.config)
        self._target = target
        self._clock = clock
        self._run = SharedRun(self._renew, steady)
        self.notice = ""
        """What a person should know although everything works: new tokens that could not be kept."""

    @property
    def in_use(self) -> str:
        """The id-token as it is now, "" for none; asks nobody."""
        return self._config.get("id-token", "")

    async def current(self) -> str:
        """A token that is still valid; raises CredentialError."""
        if not self.in_use or self._ends_soon(self.in_use):
            await self._run.result()
        return self.in_use

    async def refresh(self) -> bool:
        """Renew the token because the server refused it; whether there is a new one to try."""
        before = self.in_use
        if not self._run.fresh and self._config.get("refresh-token"):
            await self._run.result()
        return self.in_use != before

    async def close(self) -> None:
        """End the helper if it runs."""
        await self._run.close()

    def _ends_soon(self, token: str) -> bool:
        try:
            expires = parse_jwt(token).expires
        except ValueError:
            return False
        return bool(expires) and self._clock() >= expires - EARLY

    async def _renew(self) -> None:
        answer = await self._ask()
        changed = {key: text for key, text in answer.items() if text and text != self._config.get(key)}
        if changed:
            await self._keep(changed)
            self._config.update(changed)

    async def _ask(self) -> Mapping[str, str]:
        """New id-token and refresh-token from the helper process."""
        issuer = clean(self._config.get("idp-issuer-url"), 80)
        again = "Sign in again the way this kubeconfig was made."
        if self._name != "oidc":
            plugin = _REPLACED_BY.get(self._name, "its credential plugin")
            raise CredentialError(
                f"The auth provider {clean(self._name, 40)} is no longer part of Kubernetes clients.",
                f"Use {plugin} in an exec section of this user instead.",
            )
        for needed in ("idp-issuer-url", "client-id"):
            if not self._config.get(needed):
                raise CredentialError(
                    f"The OIDC user {clean(self._target.user_name, 60)} has no {needed}.", again
                )
        if not self._config.get("refresh-token"):
            raise CredentialError(
                f"The id-token from {issuer} has ended, and there is no refresh-token to get a new one.",
                again,
            )
        if find_spec("kubernetes") is None:
            raise CredentialError(
                f"The id-token from {issuer} has ended, and this installation has no OIDC client to get a new one.",
                "Use kubelogin in an exec section of this user, or an edgetui that was installed with pip.",
            )
        try:
            done = await subprocess.run(
                [sys.executable, "-P", "-m", "edgetui.cluster.auth.oidc_helper"],
                {**os.environ, "PYTHONPATH": _import_path()},
                TIME_LIMIT,
                stdin=json.dumps({"config": self._config}).encode(),
            )
            answer: Any = json.loads(done.stdout) if done.code == 0 else None
        except subprocess.TimeIsUp:
            raise CredentialError(
                f"The identity provider {issuer} did not answer.", "Check the way to it."
            ) from None
        except (OSError, ValueError, subprocess.TooMuchOutput):
            answer = None
            done = subprocess.Finished(1, b"", "the helper process could not be run")
        if not isinstance(answer, dict):
            lines = done.stderr.strip().splitlines() or ["it gave no reason"]
            step = "Check the network, and idp-issuer-url." if UNREACHABLE in lines[-1] else again
            raise CredentialError(
                f"The identity provider {issuer} gave no new token: {clean(lines[-1])}.", step
            )
        return {key: str(answer["config"].get(key) or "") for key in ("id-token", "refresh-token")}

    async def _keep(self, changed: Mapping[str, str]) -> None:
        from edgetui.cluster.kubeconfig.write import rewrite_provider_tokens

        target = self._target
        if (file := target.file) is None:
            return
        now = self._clock()
        try:
            await in_thread(
                lambda: rewrite_provider_tokens(file, target.user_name, changed, now=now), "new tokens"
            )
        except KubeconfigError as error:
            self.notice = f"New tokens from the identity provider could not be kept: {error}"


def _import_path() -> str:
    """Where the helper finds this package, wherever edgetui was started from."""
    here = str(Path(edgetui.__file__).resolve().parents[1])
    return os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])

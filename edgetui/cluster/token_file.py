"""A bearer token that stands in a file which something else keeps up to date (a kubelet, a sidecar).

As in client-go `transport/token_source.go`: read again after a minute with ten seconds to spare, spaces
around it do not count, and when the file cannot be read any more the last good token stays in use.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edgetui.cluster.errors import CredentialError
from edgetui.model.text import clean

PERIOD = 50.0
"""Seconds between two looks."""
_MAX_TOKEN = 256 * 1024


class TokenFile:
    """The token in `path`; `fallback` is used until the file was read once (kubeconfig `token` beside `tokenFile`)."""

    def __init__(self, path: Path, fallback: str, clock: Callable[[], float]) -> None:
        self._path = path
        self._clock = clock
        self._token = fallback
        self._in_file = ""
        self._read_at = float("-inf")

    def current(self) -> str:
        """The token in force; raises CredentialError when there has never been one."""
        if self._clock() - self._read_at >= PERIOD:
            self.reread()
        return self._token

    def reread(self) -> bool:
        """Read the file now; whether that changed the token. Raises as `current` does."""
        try:
            found = self._read()
        except CredentialError:
            if not self._token:
                raise
            return False
        self._read_at = self._clock()
        if found == self._in_file:
            return False
        changed = found != self._token
        self._token = self._in_file = found
        return changed

    def override(self, token: str) -> None:
        """Use `token` from now on, until something else than now is in the file."""
        self._token = token

    def _read(self) -> str:
        shown = clean(str(self._path))
        try:
            with self._path.open("rb") as file:
                token = file.read(_MAX_TOKEN).decode("ascii").strip()
        except OSError as error:
            raise CredentialError(
                f"The token file {shown} cannot be read: {error.strerror or 'unknown error'}.",
                "Check tokenFile in the kubeconfig, and who may read that file.",
            ) from None
        except UnicodeDecodeError:
            token = "\n"
        if not token or any(c.isspace() for c in token):
            what = "does not hold a token" if token else "is empty"
            raise CredentialError(f"The token file {shown} {what}.", "Check what writes that file.")
        return token

"""A bearer token that stands in a file which something else keeps up to date (a kubelet, a sidecar).

As in client-go `transport/token_source.go`: read again after a minute with ten seconds to spare, spaces
around it do not count, and when the file cannot be read any more the last good token stays in use.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edgetui.cluster.errors import CredentialError, KubeconfigError
from edgetui.cluster.kubeconfig import yaml_file
from edgetui.model.text import clean

PERIOD = 50.0
"""Seconds between two looks."""
_MAX_TOKEN = 256 * 1024


class TokenFile:
    """The token in `path`; `fallback` is used until the file was read once (kubeconfig `token` beside `tokenFile`).

    `steady` gives seconds of a clock that never jumps. `read` may block, the rest does not.
    """

    def __init__(self, path: Path, fallback: str, steady: Callable[[], float]) -> None:
        self._path = path
        self._steady = steady
        self._in_file = ""
        self._error: CredentialError | None = None
        self._read_at = float("-inf")
        self.held = fallback
        """The token in force, empty while there is none."""

    @property
    def due(self) -> bool:
        """Whether it is time to read it again."""
        return self._steady() - self._read_at >= PERIOD

    def current(self) -> str:
        """The token in force; raises CredentialError when there has never been one."""
        if not self.held:
            raise self._error or CredentialError(f"The token file {clean(str(self._path))} was not read yet.")
        return self.held

    def read(self) -> None:
        """Read the file now; what is wrong with it is raised by `current`, when there was no good token before."""
        try:
            found = self._token()
        except CredentialError as error:
            self._error = error
            return
        self._read_at = self._steady()
        if found != self._in_file:
            self.held = self._in_file = found

    def override(self, token: str) -> None:
        """Use `token` from now on, until something else than now is in the file."""
        self.held = token

    def _token(self) -> str:
        shown = clean(str(self._path))
        try:
            token = yaml_file.read_bounded(self._path, _MAX_TOKEN).decode("ascii").strip()
        except KubeconfigError as error:
            raise CredentialError(
                f"The token file cannot be used: {error.sentence}",
                "Check tokenFile in the kubeconfig, and who may read that file.",
            ) from None
        except UnicodeDecodeError:
            token = "\n"
        if not token or any(c.isspace() for c in token):
            what = "does not hold a token" if token else "is empty"
            raise CredentialError(f"The token file {shown} {what}.", "Check what writes that file.")
        return token

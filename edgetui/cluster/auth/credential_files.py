"""Certificate, key and authority files, read again when they change, and never on the event loop.

`look` may block for as long as the disk does: it belongs in a thread. What was read last stays in use until then.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from edgetui.cluster.errors import CredentialError, KubeconfigError
from edgetui.cluster.kubeconfig import yaml_file
from edgetui.model.text import clean


class CredentialFiles:
    """What these files held when they were last looked at."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = list(paths)
        self._stamps: dict[Path, yaml_file.Stamp] = {}
        self._held: dict[Path, bytes | CredentialError] = {}

    @property
    def version(self) -> tuple[yaml_file.Stamp, ...]:
        """Changes when any of the files does."""
        return tuple(self._stamps.get(path) for path in self._paths)

    def look(self) -> None:
        """Read what has changed."""
        for path in self._paths:
            now = yaml_file.stamp(path)
            if path not in self._held or now != self._stamps[path]:
                self._held[path] = _read(path)
                self._stamps[path] = now

    def bytes_of(self, path: Path) -> bytes:
        """What the file held. Raises CredentialError."""
        if path not in self._held:
            self.look()
        held = self._held[path]
        if isinstance(held, CredentialError):
            raise held
        return held


def _read(path: Path) -> bytes | CredentialError:
    try:
        return yaml_file.read_bounded(path)
    except KubeconfigError as error:
        return CredentialError(
            f"A certificate or key of this cluster cannot be used: {error.sentence}",
            f"Check {clean(str(path))} and who may read it.",
        )

"""Other programs: run one, or say in a sentence what it said."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from release.errors import BuildError


def cache() -> Path:
    """Where downloads are kept from one build to the next."""
    named = os.environ.get("RELEASE_EDGETUI_CACHE")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = Path(named) if named else home / "edgetui-package"
    path.mkdir(parents=True, exist_ok=True)
    return path


def keep(made: Path, kept: Path) -> None:
    """Put what was made beside `kept` into the cache under that name; another build may have been faster."""
    try:
        made.rename(kept)
    except OSError:
        if not kept.exists():
            raise


def run(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    what: str,
) -> str:
    """Standard output of a program that must succeed. Raises BuildError that begins with `what`."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            env={**os.environ, **(env or {})},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise BuildError(f"{what}: {error.filename} is not installed. `make package` needs Debian.") from None
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()
        raise BuildError(f"{what}: " + "\n".join(lines[-6:]))
    return done.stdout


def sha256(path: Path) -> str:
    """The file's hash."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

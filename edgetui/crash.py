"""A defect of edgetui itself: the traceback goes to a private file, the person gets one sentence."""

from __future__ import annotations

import os
import platform
import re
import time
import traceback
from pathlib import Path

import platformdirs

from edgetui import __version__

# JSON Web Tokens, PEM blocks, Authorization values, `token: ...`-like pairs, and long base64 runs.
_SECRETS = (
    re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*"),
    re.compile(r"-----BEGIN [^-]+-----.*?-----END [^-]+-----", re.DOTALL),
    re.compile(r"(?i)(?<=bearer )[^\s'\",]+"),
    re.compile(r"(?i)(?<=basic )[A-Za-z0-9+/=]{8,}"),
    re.compile(
        r"""(?i)(?:(?<=token)|(?<=password)|(?<=secret)|(?<=-data))(?:["']?\s*[:=]\s*)["']?[^\s"',}]+"""
    ),
)
# Any other long run of base64; file names in a traceback look alike and are left.
_LONG_RUN = re.compile(r"[A-Za-z0-9+/_-]{40,}={0,2}")


def sentence(error: BaseException, directory: Path | None = None) -> str:
    """Writes the crash file and says where it is; says so too when it cannot be written."""
    text = without_secrets("".join(traceback.format_exception(error)))
    head = f"edgetui {__version__}, Python {platform.python_version()}, {platform.platform()}\n\n"
    what = f"Something unexpected happened ({type(error).__name__})."
    try:
        path = _write(directory or _directory(), head + text)
    except OSError as failure:
        return f"{what} Its details could not be written: {failure.strerror or 'unknown error'}."
    return f"{what} The details are in {path}; please attach that file to a report."


def without_secrets(text: str) -> str:
    """The text with everything that looks like a credential taken out."""
    for pattern in _SECRETS:
        text = pattern.sub("[removed]", text)
    lines = text.split("\n")
    return "\n".join(
        line if line.startswith('  File "') else _LONG_RUN.sub("[removed]", line) for line in lines
    )


def _directory() -> Path:
    return Path(platformdirs.user_state_dir("edgetui", appauthor=False))


def _write(directory: Path, text: str) -> Path:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / f"crash-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{os.getpid()}.txt"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - a descriptor, not a path
        file.write(text)
    return path

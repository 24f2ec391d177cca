"""A defect of edgetui itself: the traceback goes to a private file, the person gets one sentence."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import time
import traceback
from pathlib import Path

import platformdirs

from edgetui import __version__
from edgetui.cluster import own_file
from edgetui.cluster.atomic_file import create
from edgetui.model.redaction import HIDDEN, MOST_CHARACTERS, redacted
from edgetui.model.text import escaped

MOST_FILES = 10
_NAME = re.compile(r"crash-[0-9T-]+\.txt")

# Beside what is a credential in any sentence: Authorization values, and the data of kubeconfig keys.
_SECRETS = (
    re.compile(r"(?i)(?<=bearer )[^\s'\",]+"),
    re.compile(r"(?i)(?<=basic )[A-Za-z0-9+/=]{8,}"),
    re.compile(r"""(?i)(?<=-data)(?:["']?\s*[:=]\s*)["']?[^\s"',}]+"""),
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
    if len(text) > MOST_CHARACTERS:
        text = f"(the last {MOST_CHARACTERS:,} characters)\n{text[-MOST_CHARACTERS:]}"
    text = redacted(text)
    for pattern in _SECRETS:
        text = pattern.sub(HIDDEN, text)
    lines = text.split("\n")
    return "\n".join(
        escaped(line if line.startswith('  File "') else _LONG_RUN.sub(HIDDEN, line)) for line in lines
    )


def _directory() -> Path:
    return Path(platformdirs.user_state_dir("edgetui", appauthor=False))


def _write(directory: Path, text: str) -> Path:
    """Make a new crash file, for its owner alone, and remove the oldest ones. Raises OSError."""
    seconds, rest = divmod(time.time_ns(), 10**9)
    new = f"crash-{time.strftime('%Y%m%dT%H%M%S', time.gmtime(seconds))}-{rest:09}-{os.getpid()}.txt"
    with own_file.directory(directory) as handle:
        kept = sorted(name for name in os.listdir(handle) if _NAME.fullmatch(name))  # noqa: PTH208 - a descriptor
        for old in kept[: max(0, len(kept) + 1 - MOST_FILES)]:
            with contextlib.suppress(OSError):
                os.unlink(old, dir_fd=handle)
        create(handle, new, text.encode("utf-8", "replace"))
    return directory / new

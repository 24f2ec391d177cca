"""Parts of a test as a user who is not root, whoever runs the tests."""

from __future__ import annotations

import grp  # noqa: F401 - loaded while this user may still read the standard library
import os
import pwd  # noqa: F401
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def unprivileged() -> Iterator[Path]:
    """A directory anyone may enter; root is root again afterwards."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        was_root = os.geteuid() == 0
        try:
            yield directory
        finally:
            if was_root:
                os.seteuid(0)


def drop_rights() -> None:
    """From here on root is nobody."""
    if os.geteuid() == 0:
        os.seteuid(NOBODY)

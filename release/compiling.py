"""Compile a directory of modules ahead of time; the packed Python runs this, with nothing but its standard library."""

from __future__ import annotations

import compileall
import re
import sys
from pathlib import Path
from py_compile import PycInvalidationMode

WITH_SOURCE = "edgetui"
"""The package whose source stays."""


def compile_directory(library: Path) -> bool:
    """Compile everything below; whether all of it could be."""
    own = library / WITH_SOURCE
    rest = re.compile(f"^{re.escape(str(own))}/")
    done = _compile(library, rest, beside=True) and _compile(own, None, beside=False)
    for source in library.rglob("*.py"):
        if not source.is_relative_to(own):
            source.unlink()
    return done


def _compile(directory: Path, without: re.Pattern[str] | None, *, beside: bool) -> bool:
    """`beside` is whether the compiled file takes the place of its source, rather than going to __pycache__."""
    return bool(
        compileall.compile_dir(
            directory,
            quiet=1,
            force=True,
            rx=without,
            legacy=beside,
            stripdir=str(directory),
            prependdir=directory.name,
            invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
        )
    )


if __name__ == "__main__":
    sys.exit(not compile_directory(Path(sys.argv[1])))

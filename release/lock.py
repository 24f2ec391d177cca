"""`make package-lock`: pin Debian's packages as they are served now."""

from __future__ import annotations

import sys

from release import debian
from release.errors import BuildError


def main() -> int:
    """Writes the lock file; the exit code."""
    try:
        debian.write_lock(debian.newest())
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`make package`: every file of a release into dist/; `--machine NAME` for some of them only."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from release import build, debian
from release.errors import BuildError
from release.parts import MACHINES
from release.running import sha256


def main() -> int:
    """Builds, and prints what was made with its size and hash."""
    parser = argparse.ArgumentParser(prog="python -m release", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--machine", action="append", choices=list(MACHINES), help="repeatable; all if not given"
    )
    parser.add_argument("--into", type=Path, default=build.ROOT / "dist", metavar="DIR")
    parser.add_argument("--work", type=Path, default=build.ROOT / "build" / "package", metavar="DIR")
    options = parser.parse_args()
    machines = [MACHINES[name] for name in options.machine or MACHINES]
    try:
        made = build.build(options.work.resolve(), options.into.resolve(), machines, debian.read_lock())
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for path in made:
        print(f"{sha256(path)}  {path.stat().st_size / 1e6:5.1f} MB  {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

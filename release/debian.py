"""Debian's packages for any machine, through this host's apt with a state of its own, and never installed."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from release.errors import BuildError
from release.parts import BUILDING, HEADERS_ARMV7, MACHINES, Machine, debian_packages
from release.running import cache, keep, run, sha256

LOCK = Path(__file__).with_name("debian.lock")


class Pin(msgspec.Struct, frozen=True, order=True):
    """One package: nothing but this version, with this content."""

    version: str
    sha256: str


Lock = Mapping[str, Mapping[str, Pin]]
"""By Debian's name of the machine, by package."""


def read_lock(path: Path = LOCK) -> Lock:
    """The pinned packages. Raises BuildError for a lock file that is not one."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, Pin]])
    except (OSError, msgspec.DecodeError) as error:
        raise BuildError(f"{path.name} cannot be read: {error}. `make package-lock` writes it.") from None


def write_lock(lock: Lock, path: Path = LOCK) -> None:
    """Write the pins, sorted, so that a change shows what changed."""
    plain = msgspec.to_builtins(lock)
    path.write_text(json.dumps(plain, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def newest(names: Iterable[str] = MACHINES) -> Lock:
    """What Debian serves now for these machines."""
    found: dict[str, dict[str, Pin]] = {}
    for name in names:
        machine = MACHINES[name]
        _update(machine)
        wanted = [*debian_packages(machine), *BUILDING, *([HEADERS_ARMV7] if name == "armv7" else [])]
        told = _apt(machine, "apt-cache", "show", "--no-all-versions", *wanted)
        found[machine.debian] = {
            stanza["Package"]: Pin(stanza["Version"], stanza["SHA256"]) for stanza in _stanzas(told)
        }
        if missing := set(wanted) - set(found[machine.debian]):
            raise BuildError(f"Debian has no {', '.join(sorted(missing))} for {machine.debian}.")
    return found


def _stanzas(text: str) -> Iterable[dict[str, str]]:
    for block in text.strip().split("\n\n"):
        yield dict(re.findall(r"^(Package|Version|SHA256): (.+)$", block, re.MULTILINE))


def fetch(machine: Machine, names: Iterable[str], lock: Lock) -> dict[str, Path]:
    """The packages as files, each with the pinned content. Raises BuildError."""
    folder = cache() / "debian"
    folder.mkdir(exist_ok=True)
    pins = lock.get(machine.debian, {})
    found = {}
    for name in names:
        if name not in pins:
            raise BuildError(f"{LOCK.name} has no {name} for {machine.debian}: run `make package-lock`.")
        kept = folder / f"{pins[name].sha256}.deb"
        if not kept.exists():
            _download(machine, name, pins[name], kept)
        found[name] = kept
    return found


def _download(machine: Machine, name: str, pin: Pin, kept: Path) -> None:
    if not _listed(machine):
        _update(machine)
    with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
        for last in (False, True):
            try:
                _apt(machine, "apt-get", "download", f"{name}={pin.version}", cwd=Path(scratch))
                break
            except BuildError:
                if last:
                    raise BuildError(
                        f"Debian no longer serves {name} {pin.version} for {machine.debian}: it has been replaced, "
                        f"most likely by a security update. Run `make package-lock`, look at what changed in "
                        f"{LOCK.name}, and commit it."
                    ) from None
                _update(machine)
        (came,) = Path(scratch).glob("*.deb")
        if sha256(came) != pin.sha256:
            raise BuildError(f"{name} {pin.version} for {machine.debian} is not what {LOCK.name} says it is.")
        came.chmod(0o644)
        keep(came, kept)


def tool(name: str, machine: Machine, *libraries: str, into: Path | None = None) -> Path:
    """A package of Debian as it is served now, with libraries beside it, unpacked: what tests run, not what is built.

    Its directory is named after it and its version, below `into` or in the cache of builds. Raises BuildError.
    """
    home = into or cache() / "tools"
    home.mkdir(parents=True, exist_ok=True)
    if there := sorted(home.glob(f"{name}_*_{machine.debian}")):
        return there[-1]
    if not _listed(machine):
        _update(machine)
    with tempfile.TemporaryDirectory(dir=home, prefix="unpacking-") as scratch:
        fetching = ("apt-get", "download", name, *libraries)
        try:
            _apt(machine, *fetching, cwd=Path(scratch))
        except BuildError:  # the index may name what has been replaced since
            _update(machine)
            _apt(machine, *fetching, cwd=Path(scratch))
        files, came = Path(scratch) / "files", sorted(Path(scratch).glob("*.deb"))
        for package in came:
            unpack(package, files)
        kept = home / next(one.stem for one in came if one.name.startswith(f"{name}_"))
        keep(files, kept)
    return kept


def unpack(package: Path, to: Path) -> None:
    """Lay the files of a package below a directory."""
    run(["dpkg-deb", "--extract", package, to], what=f"{package.name} cannot be unpacked")


def _listed(machine: Machine) -> bool:
    return any((_state(machine) / "lists").glob("*Packages*"))


def _state(machine: Machine) -> Path:
    return cache() / "apt" / machine.debian


def _update(machine: Machine) -> None:
    state = _state(machine)
    for part in ("lists/partial", "cache/archives/partial"):
        (state / part).mkdir(parents=True, exist_ok=True)
    (state / "status").touch()
    try:
        _apt(machine, "apt-get", "update")
    except BuildError as error:
        if not _listed(machine):
            raise
        reason = str(error).splitlines()[-1]
        sys.stderr.write(
            f"Part of Debian's index for {machine.debian} could not be read, so updates may be missing: {reason}\n"
        )


def _apt(machine: Machine, program: str, *arguments: str, cwd: Path | None = None) -> str:
    state = _state(machine)
    options = {
        "APT::Architecture": machine.debian,
        "APT::Architectures::": machine.debian,
        "APT::Sandbox::User": "root",
        "Dir::State": state,
        "Dir::State::status": state / "status",
        "Dir::Cache": state / "cache",
    }
    given = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
    return run(
        [program, "-q", *given, *arguments],
        cwd=cwd,
        env={"LC_ALL": "C"},
        what=f"{program} {arguments[0]} for {machine.debian} failed",
    )

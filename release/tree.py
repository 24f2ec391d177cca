"""The folder: Python and its libraries from Debian, packages beside the standard library, and edgetui."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from release import debian, launcher, native, pypi, reach
from release.elf import is_elf, needed, stripped
from release.errors import BuildError
from release.parts import (
    ALWAYS,
    BUILDING,
    COMPILED,
    DROPPED,
    LICENCE_TEXTS,
    PYTHON,
    Machine,
    debian_packages,
    wheels,
)
from release.running import run, sha256

_TESTS_OF_PYTHON = ("_test*.so", "_ctypes_test*.so", "_xxtest*.so", "xxlimited*.so")


class Part(msgspec.Struct, frozen=True, order=True):
    """A line of the manifest: `sha256` is that of the package or source it came in, `origin` who publishes that."""

    name: str
    version: str
    licence: str
    origin: str
    sha256: str


def lay_python(
    machine: Machine, lock: debian.Lock, folder: Path, scratch: Path, *, building: bool = False
) -> list[Part]:
    """Python itself, without packages and without compiled code; `building` is whether it is to compile the others."""
    names = debian_packages(machine) | (BUILDING if building else {})
    parts = []
    for name, file in debian.fetch(machine, names, lock).items():
        debian.unpack(file, scratch)
        pin = lock[machine.debian][name]
        parts.append(Part(name, pin.version, names[name], "Debian", pin.sha256))
    library = folder / "lib" / PYTHON
    shutil.copytree(
        scratch / "usr" / "lib" / PYTHON,
        library,
        ignore=lambda directory, entries: _unwanted(
            Path(directory) == scratch / "usr" / "lib" / PYTHON, entries
        ),
        ignore_dangling_symlinks=True,
    )
    packages = scratch / "usr" / "lib" / "python3" / "dist-packages"
    if packages.exists():
        shutil.copytree(packages, library, dirs_exist_ok=True)
    (folder / "bin").mkdir()
    shutil.copy(scratch / "usr" / "bin" / PYTHON, folder / "bin" / PYTHON)
    launcher.write(folder, machine)
    _drop_unserved(folder, _libraries(scratch))
    _lay_libraries(machine, folder, scratch)
    _lay_notices(folder, scratch)
    return parts


def lay_packages(
    machine: Machine, lock: debian.Lock, folder: Path, scratch: Path, edgetui: Path
) -> list[Part]:
    """The packages from PyPI and the wheel of edgetui, without the demo fleet, and the libraries that they need."""
    library = folder / "lib" / PYTHON
    parts = []
    for wheel in pypi.fetch(wheels(machine), machine):
        parts.append(Part(*pypi.lay(wheel, library), "PyPI", sha256(wheel)))
    if not set(COMPILED) <= set(wheels(machine)):
        name, version, licence, source = native.msgspec_for(machine, lock, library)
        parts.append(Part(name, version, licence, "PyPI, compiled from source", source))
    parts.append(Part(*pypi.lay(edgetui, library), "this source tree", sha256(edgetui)))
    prune(library)
    _lay_libraries(machine, folder, scratch)
    return parts


def prune(library: Path) -> None:
    """Take away what a gateway never uses: the demo fleet, modules that nothing loads, and symbols for debuggers."""
    shutil.rmtree(library / "edgetui" / "demo")
    reach.keep_reached(library)
    for extension in library.rglob("*.so"):
        if is_elf(extension):
            extension.write_bytes(stripped(extension.read_bytes()))


def compile_all(folder: Path, python: Path) -> None:
    """Compile every module ahead of time, with the packed Python of the building machine.

    No source stays: it would take a third of the space. What is compiled is told from its source by no time stamp, and
    holds no path of this machine.
    """
    library = folder / "lib" / PYTHON
    loader = next((python / "lib").glob("ld-linux*"))
    run(
        [
            loader,
            "--inhibit-cache",
            "--library-path",
            python / "lib",
            "--argv0",
            python / "bin" / "python",
            python / "bin" / PYTHON,
            "-s",
            "-S",
            "-P",
            Path(__file__).with_name("compiling.py"),
            library,
        ],
        env={"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
        what="A module cannot be compiled",
    )


def _unwanted(top: bool, entries: Iterable[str]) -> set[str]:
    return {name for name in entries if name == "__pycache__" or (top and name in DROPPED) or _is_test(name)}


def _is_test(name: str) -> bool:
    return any(Path(name).match(pattern) for pattern in _TESTS_OF_PYTHON)


def _drop_unserved(folder: Path, available: Iterable[str]) -> None:
    """Extensions of the standard library that ask for libraries of packages which are not part of the build."""
    for extension in sorted((folder / "lib" / PYTHON / "lib-dynload").glob("*.so")):
        if not set(needed(extension)) <= set(available):
            extension.unlink()


def _lay_libraries(machine: Machine, folder: Path, scratch: Path) -> None:
    """The libraries that Python and every extension ask for, from Debian's packages and nowhere else."""
    available = _libraries(scratch)
    wanted = {machine.loader, *ALWAYS, *needed(folder / "bin" / PYTHON)}
    for extension in (folder / "lib" / PYTHON).rglob("*.so"):
        wanted.update(needed(extension))
    for left in (folder / "lib").glob("*.so*"):
        left.unlink()
    for name in _closed(wanted, available):
        shutil.copy(available[name], folder / "lib" / name)
        (folder / "lib" / name).chmod(0o755 if name == machine.loader else 0o644)


def _libraries(scratch: Path) -> dict[str, Path]:
    """By file name, of the directories where the loader looks."""
    found: dict[str, Path] = {}
    for directory in (scratch / "lib", scratch / "usr" / "lib"):
        for path in sorted(directory.glob("*/*.so*")):
            found.setdefault(path.name, path.resolve())
    return found


def _closed(names: Iterable[str], available: dict[str, Path]) -> Iterator[str]:
    waiting, done = sorted(names), set()
    while waiting:
        name = waiting.pop()
        if name in done:
            continue
        done.add(name)
        if name not in available:
            raise BuildError(f"No Debian package of the build has {name}.")
        waiting.extend(needed(available[name]))
    yield from sorted(done)


def _lay_notices(folder: Path, scratch: Path) -> None:
    """What Debian says on the copyright of each package, and the licences that it refers to."""
    notices = folder / "licenses"
    notices.mkdir()
    for copyright_file in sorted((scratch / "usr" / "share" / "doc").glob("*/copyright")):
        shutil.copy(copyright_file, notices / copyright_file.parent.name)
    for name in LICENCE_TEXTS:
        shutil.copy(scratch / "usr" / "share" / "common-licenses" / name, notices / name)

"""msgspec for armv7, which PyPI has no wheel of: compiled from the pinned source by a pinned cross compiler.

One C file against Debian's headers, for the processors that Debian's armhf is made for: ARMv7 with VFPv3-D16, and NEON
not assumed.
"""

from __future__ import annotations

import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

from release import debian, pypi
from release.parts import COMPILED, HEADERS_ARMV7, Machine
from release.running import cache, keep, run, sha256

LOCK = Path(__file__).with_name("build.lock")
CPU = "generic+v7a+vfp3d16+thumb2-neon"
OLDEST_GLIBC = "2.31"


def msgspec_for(machine: Machine, lock: debian.Lock, into: Path) -> tuple[str, str, str, str]:
    """Lay msgspec, compiled for this machine; name, version, licence and hash of its source."""
    (name,) = COMPILED
    python = _tools()
    source = pypi.fetch_source(name, python)
    with tempfile.TemporaryDirectory() as scratch:
        with tarfile.open(source) as archive:
            archive.extractall(scratch, filter="data")
        (root,) = Path(scratch).glob(f"{name}-*")
        folder = into / name
        shutil.copytree(root / "src" / name, folder, ignore=shutil.ignore_patterns("*.c", "*.h"))
        target = folder / f"_core.cpython-311-{machine.triplet}.so"
        shutil.copy(_compiled(root / "src" / name / "_core.c", source, machine, lock, python), target)
        info = into / f"{name}-{pypi.version(name)}.dist-info"
        info.mkdir()
        shutil.copy(root / "PKG-INFO", info / "METADATA")
        (info / "licenses").mkdir()
        shutil.copy(root / "LICENSE", info / "licenses" / "LICENSE")
        return *pypi.described((root / "PKG-INFO").read_text(encoding="utf-8")), sha256(source)


def _compiled(code: Path, source: Path, machine: Machine, lock: debian.Lock, python: Path) -> Path:
    package = debian.fetch(machine, [HEADERS_ARMV7], lock)[HEADERS_ARMV7]
    kept = cache() / f"{source.name}-{sha256(source)[:16]}-{package.stem[:16]}-{sha256(LOCK)[:16]}-{CPU}.so"
    if not kept.exists():
        with tempfile.TemporaryDirectory(dir=cache()) as scratch:
            debian.unpack(package, Path(scratch))
            headers = Path(scratch) / "usr" / "include"
            made = Path(scratch) / "made.so"
            run(
                [
                    python,
                    "-m",
                    "ziglang",
                    "cc",
                    "-target",
                    f"arm-linux-gnueabihf.{OLDEST_GLIBC}",
                    f"-mcpu={CPU}",
                    "-O2",
                    "-g0",
                    "-DNDEBUG",
                    "-fPIC",
                    "-shared",
                    "-s",
                    "-w",
                    f"-I{headers}",
                    f"-I{headers / 'python3.11'}",
                    str(code),
                    "-lm",
                    "-o",
                    str(made),
                ],
                env={"ZIG_GLOBAL_CACHE_DIR": str(Path(scratch) / "zig"), "ZIG_LOCAL_CACHE_DIR": scratch},
                what="msgspec cannot be compiled for armv7",
            )
            keep(made, kept)
    return kept


def _tools() -> Path:
    """A Python of its own with the pinned compiler and what msgspec's source asks for."""
    home = cache() / f"tools-{sha256(LOCK)[:16]}"
    python = home / "bin" / "python"
    ready = home / "ready"
    if not ready.exists():
        run([sys.executable, "-m", "venv", "--clear", home], what="No environment for the cross compiler")
        run(
            [
                python,
                "-m",
                "pip",
                "--disable-pip-version-check",
                "-q",
                "install",
                "--require-hashes",
                "-r",
                str(LOCK),
            ],
            what="The cross compiler cannot be installed",
        )
        ready.touch()
    return python

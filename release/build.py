"""Put the builds together: the folders of all machines, and every file that is made of them."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from release import debian, manual, pypi, tree, unpacking
from release.errors import BuildError
from release.parts import MACHINES, PYPI, Machine
from release.running import run, sha256

ROOT = Path(__file__).resolve().parents[1]
_NAMES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "armv7"}
_OLDEST = 315532800  # the first second that a zip file can name


class Builder:
    """Builds below `work`, a directory of its own that is made anew; `seconds` is the time that all files bear."""

    def __init__(self, work: Path, lock: debian.Lock, seconds: int | None = None) -> None:
        self.work = work
        self.lock = lock
        self.seconds = source_time() if seconds is None else seconds
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        self.wheel = self._wheel()
        self.version = self.wheel.name.split("-")[1]
        self._python: Path | None = None

    @property
    def python(self) -> Path:
        """The packed Python for this machine: it compiles and compresses, so that both are pinned."""
        if self._python is None:
            folder = self.work / "python"
            folder.mkdir()
            tree.lay_python(here(), self.lock, folder, self.work / "python-debian", building=True)
            self._python = folder
        return self._python

    def folder(self, machine: Machine) -> Path:
        """The folder `edgetui` for a machine, complete with its manifest; made once."""
        top = self.work / machine.name
        folder = top / "edgetui"
        if folder.exists():
            return folder
        folder.mkdir(parents=True)
        parts = tree.lay_python(machine, self.lock, folder, top / "debian")
        parts += tree.lay_packages(machine, self.lock, folder, top / "debian", self.wheel)
        shutil.copy(ROOT / "LICENSE", folder / "LICENSE")
        tree.compile_all(folder, self.python)
        manifest = {
            "edgetui": self.version,
            "machine": machine.name,
            "parts": [msgspec.to_builtins(part) for part in sorted(parts)],
        }
        (folder / "MANIFEST.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        return folder

    def run_packed(self, module: str, *arguments: str | Path) -> None:
        """Run a module of this package that needs only the standard library with the packed Python."""
        start = (
            "import sys; sys.path.insert(0, sys.argv.pop(1)); from runpy import run_module; "
            "run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
        )
        run(
            [self.python / "bin" / "python", "-B", "-c", start, ROOT, f"release.{module}", *arguments],
            what=f"release.{module} failed",
        )

    def pages(self) -> Path:
        """Man page, completions, change log and copyright, as the packed edgetui itself tells them; made once."""
        pages = self.work / "pages"
        if pages.exists():
            return pages
        pages.mkdir()
        python = self.folder(here()) / "bin" / "python"
        listed = run(
            [
                python,
                "-B",
                "-c",
                "from edgetui.commands import commands as all; print(*[c.name for c in all()], sep=';')",
            ],
            what="edgetui has no commands",
        )
        names = ["", *(name for name in listed.strip().split(";") if name != "demo")]
        helps = {
            name: run(
                [python, "-B", "-m", "edgetui", *name.split(), "--help"],
                env={"COLUMNS": "80"},
                what=f"edgetui {name} has no help",
            )
            for name in names
        }
        day = time.strftime("%Y-%m-%d", time.gmtime(self.seconds))
        (pages / "edgetui.1").write_text(manual.man_page(self.version, helps, day), encoding="utf-8")
        for shell in ("bash", "zsh", "fish"):
            script = run(
                [python, "-B", "-m", "edgetui", "completion", shell],
                what=f"edgetui has no completion for {shell}",
            )
            (pages / shell).write_text(script, encoding="utf-8")
        shutil.copy(ROOT / "CHANGELOG.md", pages / "CHANGELOG.md")
        told = (
            f"Copyright {day[:4]} the authors of edgetui.\n"
            "edgetui is under the Apache License 2.0: /opt/edgetui/LICENSE, /usr/share/common-licenses/Apache-2.0.\n"
            "/opt/edgetui/MANIFEST.json names every other part with its licence, and /opt/edgetui/licenses holds what\n"
            "Debian says of its parts; what came from PyPI has its licence beside it.\n"
        )
        (pages / "copyright").write_text(told, encoding="utf-8")
        return pages

    def portable(self) -> Path:
        """The packages for every Python from 3.11 to 3.14, on amd64 and arm64."""
        folder = self.work / "portable"
        for machine in (MACHINES["amd64"], MACHINES["arm64"]):
            for python in unpacking.VERSIONS:
                for wheel in pypi.fetch(PYPI, machine, python):
                    pypi.lay(wheel, folder)
        pypi.lay(self.wheel, folder)
        tree.prune(folder)
        for extension in (folder / "yaml").glob("*.so"):
            extension.unlink()
        return folder

    def _wheel(self) -> Path:
        made = self.work / "wheel"
        run(
            [
                sys.executable,
                "-m",
                "pip",
                "--disable-pip-version-check",
                "-q",
                "wheel",
                "--no-deps",
                "--no-build-isolation",
                "--wheel-dir",
                str(made),
                str(ROOT),
            ],
            env={"SOURCE_DATE_EPOCH": str(self.seconds)},
            what="The wheel of edgetui cannot be built",
        )
        (wheel,) = made.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            if any(name.endswith("direct_url.json") for name in archive.namelist()):
                raise BuildError("The wheel says where it was built.")
        return wheel


def here() -> Machine:
    """What this machine is. Raises BuildError for one that no build is made for."""
    name = _NAMES.get(platform.machine())
    if name is None:
        raise BuildError(f"`make package` runs on amd64, arm64 and armv7, and this is {platform.machine()}.")
    return MACHINES[name]


def source_time() -> int:
    """The time that every packed file bears: SOURCE_DATE_EPOCH, else that of the last commit, in seconds."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    done = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return int(done.stdout) if done.returncode == 0 and done.stdout.strip() else _OLDEST


def build(work: Path, into: Path, machines: Sequence[Machine], lock: debian.Lock) -> list[Path]:
    """Every file of a release for these machines, below `into`, with their hashes in SHA256SUMS."""
    into.mkdir(parents=True, exist_ok=True)
    builder = Builder(work, lock)
    version, seconds = builder.version, str(builder.seconds)
    made = [into / builder.wheel.name]
    shutil.copy(builder.wheel, made[0])
    for machine in machines:
        folder = builder.folder(machine)
        made.append(into / f"edgetui-{version}-linux-{machine.name}.tar.xz")
        builder.run_packed("archive", folder, made[-1], "edgetui", seconds)
        made.append(into / f"edgetui_{version}_{machine.debian}.deb")
        builder.run_packed("debpackage", folder, builder.pages(), made[-1], version, machine.debian, seconds)
    made.append(into / f"edgetui-{version}-python3.sh")
    builder.run_packed("unpacking", builder.portable(), made[-1], version, seconds)
    (into / "SHA256SUMS").write_text(
        "".join(f"{sha256(path)}  {path.name}\n" for path in made), encoding="utf-8"
    )
    return made

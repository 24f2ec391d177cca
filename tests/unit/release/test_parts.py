"""What `make package` is made of, as far as it can be told without building it."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tarfile
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from release import archive, debian, launcher, pypi
from release.elf import needed
from release.errors import BuildError
from release.parts import BUILDING, DEBIAN, HEADERS_ARMV7, LEFT_OUT, MACHINES, PYPI, debian_packages, wheels

ROOT = Path(__file__).resolve().parents[3]


def requirements(name: str) -> set[str]:
    """What a package needs without extras, by this source tree or the environment that the tests run in."""
    found = set()
    own = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    for text in own if name == "edgetui" else metadata.requires(name) or ():
        if "extra ==" not in text and not ("python_version" in text and '< "3.11"' in text):
            found.add(re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0].lower())
    return found


def test_the_wheels_need_nothing_that_is_not_packed() -> None:
    for name in ("edgetui", *PYPI):
        assert requirements(name) <= {*PYPI, *LEFT_OUT}, name


@pytest.mark.parametrize("machine", MACHINES.values(), ids=lambda machine: machine.name)
def test_every_package_is_pinned_by_version_and_hash(machine: object) -> None:
    assert machine in MACHINES.values()
    lock = debian.read_lock()[machine.debian]  # type: ignore[attr-defined]
    wanted = {*debian_packages(machine), *BUILDING, *([HEADERS_ARMV7] if machine.debian == "armhf" else [])}  # type: ignore[arg-type, attr-defined]
    assert set(lock) == wanted
    assert all(pin.version and re.fullmatch("[0-9a-f]{64}", pin.sha256) for pin in lock.values())
    assert "--hash=sha256:" in pypi.locked(wheels(machine))  # type: ignore[arg-type]


def test_a_package_that_is_not_pinned_is_named_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"has no libssl3 for amd64: run `make package-lock`"):
        debian.fetch(MACHINES["amd64"], ["libssl3"], {"amd64": {}})
    with pytest.raises(BuildError, match="has no no-such-package: run `make lock`"):
        pypi.locked(["no-such-package"])
    broken = tmp_path / "debian.lock"
    broken.write_text("{")
    with pytest.raises(BuildError, match="`make package-lock` writes it"):
        debian.read_lock(broken)


def test_a_lock_file_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    lock = debian.read_lock()
    debian.write_lock(lock, tmp_path / "again")
    assert debian.read_lock(tmp_path / "again") == lock
    assert (tmp_path / "again").read_bytes() == debian.LOCK.read_bytes()


def test_the_same_files_give_the_same_tar_whatever_their_times_owners_and_order(tmp_path: Path) -> None:
    packed = []
    for turn, names in enumerate((["b/x", "a", "c"], ["c", "a", "b/x"])):
        folder = tmp_path / str(turn) / "edgetui"
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
            os.utime(path, (turn * 1000, turn * 1000))
            path.chmod(0o755 if name == "a" else 0o600 | turn * 0o044)
        (folder / "link").symlink_to("a")
        out = io.BytesIO()
        archive.tar(out, folder, "edgetui", 1_700_000_000)
        packed.append(out.getvalue())
    assert packed[0] == packed[1]
    with tarfile.open(fileobj=io.BytesIO(packed[0])) as read:
        entries = {entry.name: entry for entry in read}
    assert list(entries) == ["edgetui", *(f"edgetui/{name}" for name in ("a", "b", "b/x", "c", "link"))]
    assert {(entry.uname, entry.uid, entry.mtime) for entry in entries.values()} == {
        ("root", 0, 1_700_000_000)
    }
    assert [oct(entries[f"edgetui/{name}"].mode) for name in ("a", "c")] == ["0o755", "0o644"]


def test_the_libraries_of_a_program_are_read_from_its_file() -> None:
    """Against what the loader of this machine has loaded for this very program."""
    loaded = {
        Path(line.split()[-1]).name
        for line in Path("/proc/self/maps").read_text().splitlines()
        if "/" in line
    }
    extension = Path(sys.modules["msgspec._core"].__file__ or "") if "msgspec._core" in sys.modules else None
    assert extension is not None
    names = needed(extension)
    assert "libc.so.6" in names
    assert set(names) <= loaded


@pytest.mark.parametrize("name", ["edgetui", "bin/python"])
def test_a_launcher_is_plain_shell_and_says_where_it_cannot_run(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "a:b"
    folder.mkdir()
    launcher.write(folder, MACHINES["amd64"])
    assert subprocess.run(["sh", "-n", folder / name], check=False).returncode == 0
    done = subprocess.run([folder / name], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("edgetui cannot run below a folder with : or ;")


@pytest.mark.parametrize(
    ("metadata_text", "licence"),
    [
        ("Name: a\nVersion: 1\nLicense-Expression: MIT\n", "MIT"),
        ("Name: a\nVersion: 1\nLicense: BSD\n   and more\n", "BSD"),
        ("Name: a\nVersion: 1\nClassifier: License :: OSI Approved :: MIT License\n", "MIT License"),
    ],
)
def test_the_licence_of_a_wheel_is_read_wherever_it_stands(metadata_text: str, licence: str) -> None:
    assert pypi.described(metadata_text) == ("a", "1", licence)


def test_a_wheel_without_a_licence_stops_the_build() -> None:
    with pytest.raises(BuildError, match="a does not say its licence"):
        pypi.described("Name: a\nVersion: 1\n")


def test_the_notices_of_every_debian_package_are_known() -> None:
    assert all(DEBIAN.values())

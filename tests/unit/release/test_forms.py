"""The files around the folder: man page, completions, .deb and the script that unpacks itself."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from edgetui.completion.shells import SCRIPTS
from release import debpackage, manual, unpacking

HELPS = {"": "usage: edgetui [--read-only] [FILE ...]\n  .hidden\n", "once": "usage: once [--json] [-n NS]\n"}
HELPS["help"] = HELPS[""]


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    pages = tmp_path / "pages"
    pages.mkdir()
    for name, text in (
        ("edgetui.1", manual.man_page("1.2", HELPS, "2026-01-01")),
        ("CHANGELOG.md", "x"),
        ("copyright", "y"),
    ):
        (pages / name).write_text(text)
    for shell, text in SCRIPTS.items():
        (pages / shell).write_text(text)
    return pages


def test_the_man_page_has_every_command_and_no_line_is_taken_for_a_request() -> None:
    page = manual.man_page("1.2", HELPS, "2026-01-01")
    assert '.TH EDGETUI 1 "2026-01-01" "edgetui 1.2"' in page
    assert ".SH EDGETUI ONCE" in page
    assert "usage: once [\\-\\-json] [\\-n NS]" in page
    assert ".SH EDGETUI HELP" not in page
    assert "\n.hidden" not in page
    assert "\n  .hidden" in page


def test_a_deb_holds_the_folder_its_command_and_a_true_list_of_sums(tmp_path: Path, pages: Path) -> None:
    folder = tmp_path / "edgetui"
    folder.mkdir()
    (folder / "edgetui").write_text("#!/bin/sh\n")
    (folder / "edgetui").chmod(0o755)
    made = [tmp_path / "a.deb", tmp_path / "b.deb"]
    for target in made:
        debpackage.pack(folder, pages, target, "1.2", "armhf", 1_700_000_000)
    assert made[0].read_bytes() == made[1].read_bytes()
    told = subprocess.run(["dpkg-deb", "--field", made[0]], capture_output=True, text=True, check=True).stdout
    assert "Package: edgetui\nVersion: 1.2\nArchitecture: armhf\n" in told
    root = tmp_path / "root"
    subprocess.run(["dpkg-deb", "--raw-extract", made[0], root], check=True)
    for name in ("edgetui", "kubectl-edge"):
        assert (root / "usr/bin" / name).readlink() == Path("/opt/edgetui/edgetui")
    assert (root / "usr/bin/kubectl_complete-edge").stat().st_mode & 0o777 == 0o755
    assert (root / "usr/share/man/man1/kubectl-edge.1.gz").resolve().exists()
    changes = gzip.decompress((root / "usr/share/doc/edgetui/changelog.gz").read_bytes()).decode()
    assert changes.startswith("edgetui (1.2) stable; ")
    assert changes.endswith(">  Tue, 14 Nov 2023 22:13:20 +0000\n")
    assert (root / "usr/share/bash-completion/completions/edgetui").read_text() == SCRIPTS["bash"]
    assert (root / "opt/edgetui/edgetui").stat().st_mode & 0o111
    assert (root / "lib/systemd/system/edgetui-guard@.service").exists()
    subprocess.run(["md5sum", "--quiet", "-c", "DEBIAN/md5sums"], cwd=root, check=True)


def test_an_ar_member_is_padded_to_an_even_length() -> None:
    assert len(debpackage.member("debian-binary", b"2.0\n", 0)) == 64
    assert debpackage.member("odd", b"abc", 0).endswith(b"abc\n")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    package = tmp_path / "packages" / "edgetui"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text("import sys\ndef main():\n    print(sys.argv[1:])\n    return 7\n")
    target = tmp_path / "edgetui.sh"
    unpacking.pack(tmp_path / "packages", target, "1.2", 0)
    return target


def started(script: Path, home: Path, *words: str, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", script, *words],
        env={"HOME": str(home), "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_script_unpacks_itself_once_and_hands_arguments_and_code_on(tmp_path: Path, script: Path) -> None:
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    for _ in range(2):
        done = started(script, tmp_path, "once", "a b", path=path)
        assert (done.returncode, done.stdout, done.stderr) == (7, "['once', 'a b']\n", "")
        [place] = (tmp_path / ".cache" / "edgetui-program").iterdir()
        assert any((place / "edgetui" / "__pycache__").iterdir())


def test_the_script_says_what_it_needs_where_there_is_no_python(tmp_path: Path, script: Path) -> None:
    (tmp_path / "bin").mkdir()
    done = started(script, tmp_path, path=str(tmp_path / "bin"))
    assert done.returncode == 2
    assert done.stderr.startswith(
        "edgetui needs Python 3.11 to 3.14 here; edgetui-1.2-linux-*.tar.xz brings its own."
    )
    assert not (tmp_path / ".cache").exists()


def test_the_same_packages_give_the_same_script(tmp_path: Path, script: Path) -> None:
    again = tmp_path / "again.sh"
    unpacking.pack(tmp_path / "packages", again, "1.2", 0)
    assert again.read_bytes() == script.read_bytes()
    content = script.read_bytes().partition(unpacking.END)[2]
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        assert "./edgetui/__main__.py" in archive.getnames()

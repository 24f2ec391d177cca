"""The folder as a .deb: the same files below /opt, and what a package puts elsewhere.

Only the standard library is used, as in archive.py. Layout: deb(5), Debian Policy chapters 5 and 12.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import shutil
import sys
import tempfile
import time
from pathlib import Path

from release.archive import FILTERS, tar

UNIT = """[Unit]
Description=edgetui guard of deployment %i
Documentation=man:edgetui(1)
Wants=network-online.target
After=network-online.target

[Service]
EnvironmentFile=/etc/default/edgetui-guard-%i
ExecStart=/usr/bin/edgetui guard deploy/%i $ARGUMENTS --yes
Restart=on-failure
RestartSec=30

[Install]
WantedBy=multi-user.target
"""
COMPLETE = """#!/bin/sh
# What kubectl asks to complete `kubectl edge`.
/usr/bin/edgetui __complete "$@"
echo :0
"""
OVERRIDES = """# edgetui lives below /opt as a whole, with a Python and a C library of its own.
edgetui: dir-or-file-in-opt *
edgetui: embedded-library *
edgetui: custom-library-search-path *
edgetui: shared-library-lacks-prerequisites *
edgetui: undeclared-elf-prerequisites *
# Compiled ahead of time: nobody but root can write there.
edgetui: package-installs-python-pycache-dir *
edgetui: package-installs-python-bytecode *
# As Debian builds it.
edgetui: hardening-no-pie *
# On armhf msgspec takes of the C library what Python has loaded.
edgetui: library-not-linked-against-libc *
# Whoever builds it keeps it.
edgetui: bogus-mail-host *
edgetui: bogus-mail-host-in-debian-changelog *
# The loader is a program here.
edgetui: shared-library-is-executable *
"""
DATE = "%a, %d %b %Y %H:%M:%S +0000"
CHANGELOG = """edgetui ({version}) stable; urgency=medium

  * What is new stands in CHANGELOG.md.gz.

 -- edgetui maintainers <edgetui@localhost>  {day}
"""
CONTROL = """Package: edgetui
Version: {version}
Architecture: {machine}
Maintainer: edgetui maintainers <edgetui@localhost>
Installed-Size: {kibibytes}
Section: admin
Priority: optional
Description: terminal for many small Kubernetes clusters
 Shows nodes, pods, autoscalers and rollouts of several clusters on one screen,
 with the age of every row, over links that are slow and break; and acts on
 them with server-side dry runs, confirmation, a record and undo.
 .
 It brings its own Python and libraries, and needs none of the host's.
"""


def lay(root: Path, folder: Path, pages: Path, version: str, seconds: int) -> None:
    """The files of the package below `root`: `pages` holds man page, completions, what is new, and copyright."""
    shutil.copytree(folder, root / "opt" / "edgetui", symlinks=True)
    (root / "usr" / "bin").mkdir(parents=True)
    for name in ("edgetui", "kubectl-edge"):
        (root / "usr" / "bin" / name).symlink_to("/opt/edgetui/edgetui")
    complete = root / "usr" / "bin" / "kubectl_complete-edge"
    _put(complete, COMPLETE.encode())
    complete.chmod(0o755)
    for name, place in (
        ("bash", "usr/share/bash-completion/completions/edgetui"),
        ("zsh", "usr/share/zsh/vendor-completions/_edgetui"),
        ("fish", "usr/share/fish/vendor_completions.d/edgetui.fish"),
        ("copyright", "usr/share/doc/edgetui/copyright"),
    ):
        _put(root / place, (pages / name).read_bytes())
    for name, place in (
        ("edgetui.1", "usr/share/man/man1/edgetui.1.gz"),
        ("CHANGELOG.md", "usr/share/doc/edgetui/CHANGELOG.md.gz"),
    ):
        _put_packed(root / place, (pages / name).read_bytes())
    changes = CHANGELOG.format(version=version, day=time.strftime(DATE, time.gmtime(seconds)))
    _put_packed(root / "usr/share/doc/edgetui/changelog.gz", changes.encode())
    for name in ("kubectl-edge", "kubectl_complete-edge"):
        (root / "usr/share/man/man1" / f"{name}.1.gz").symlink_to("edgetui.1.gz")
    _put(root / "lib/systemd/system/edgetui-guard@.service", UNIT.encode())
    _put(root / "usr/share/lintian/overrides/edgetui", OVERRIDES.encode())


def pack(folder: Path, pages: Path, target: Path, version: str, machine: str, seconds: int) -> None:
    """Write the .deb of a folder for one of Debian's machines."""
    with tempfile.TemporaryDirectory() as scratch:
        root, control = Path(scratch) / "root", Path(scratch) / "control"
        root.mkdir()
        control.mkdir()
        lay(root, folder, pages, version, seconds)
        files = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
        sums = "".join(f"{_md5(path)}  {path.relative_to(root)}\n" for path in files)
        (control / "md5sums").write_text(sums, encoding="utf-8")
        kibibytes = sum(-(-path.stat().st_size // 1024) for path in files)
        fields = CONTROL.format(version=version, machine=machine, kibibytes=kibibytes)
        (control / "control").write_text(fields, encoding="utf-8")
        with target.open("wb") as out:
            out.write(b"!<arch>\n")
            for name, content in (
                ("debian-binary", b"2.0\n"),
                ("control.tar.xz", _compressed(control, seconds)),
                ("data.tar.xz", _compressed(root, seconds)),
            ):
                out.write(member(name, content, seconds))


def member(name: str, content: bytes, seconds: int) -> bytes:
    """A file of an ar archive, padded to an even length."""
    head = f"{name:<16}{seconds:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n"
    return head.encode("ascii") + content + b"\n" * (len(content) % 2)


def _compressed(folder: Path, seconds: int) -> bytes:
    out = io.BytesIO()
    with lzma.open(out, "wb", format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC64, filters=FILTERS) as packed:
        tar(packed, folder, ".", seconds)
    return out.getvalue()


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _put_packed(path: Path, content: bytes) -> None:
    _put(path, gzip.compress(content, 9, mtime=0))


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


if __name__ == "__main__":
    pack(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], sys.argv[5], int(sys.argv[6]))

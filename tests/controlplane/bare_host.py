"""A host that has a kernel, a shell of busybox and nothing else, to run what `make package` made."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from release import build, debian
from release.parts import MACHINES, Machine
from tests.terminal.ptyapp import PtyApp

from .running import Variant

_APPLETS = ("sh", "env", "cat", "readlink", "sed", "uname")
_SECONDS = 1_700_000_000
_ENTER = 'mount --rbind /dev "$1/dev" && mount --rbind /proc "$1/proc" && root=$1 && shift && exec chroot "$root" "$@"'


class BareHost:
    """Directory `root` as such a host, of any kind that can be run here, with the folder of edgetui in /opt."""

    def __init__(self, root: Path, folder: Path, machine: Machine) -> None:
        self.root = root
        for name in ("bin", "dev", "proc", "tmp", "opt"):
            (root / name).mkdir(parents=True)
        busybox = debian.tool("busybox-static", machine) / "bin" / "busybox"
        shutil.copy(busybox, root / "bin" / "busybox")
        for applet in _APPLETS:
            (root / "bin" / applet).symlink_to("busybox")
        shutil.copytree(folder, root / "opt" / "edgetui", symlinks=True)

    def command(self, *words: str, env: Sequence[str] = ()) -> list[str]:
        """How this machine runs `words` there: a mount namespace of its own, and an environment with nothing else."""
        alone = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
        clean = ["/bin/env", "-i", "PATH=/bin", "HOME=/tmp", "TERM=xterm-256color", *env]
        return [*alone, "sh", "-c", _ENTER, "sh", str(self.root), *clean, *words]

    def run(
        self, *words: str, env: Sequence[str] = (), within: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a command there to its end."""
        return subprocess.run(
            self.command(*words, env=env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
        )

    def screen(self, *words: str, env: Sequence[str] = ()) -> PtyApp:
        """Run a command there on a terminal of 80x24."""
        return PtyApp(self.command(*words, env=("LANG=C.UTF-8", *env)))


def inlined(variant: Variant) -> Variant:
    """The same kubeconfig with certificates and keys inside it, so that it can be taken elsewhere."""
    for fields in (variant.cluster, variant.user):
        for key in [key for key in fields if key.endswith(("authority", "certificate", "key"))]:
            fields[f"{key}-data"] = base64.b64encode(Path(fields.pop(key)).read_bytes()).decode()
    return variant


def lock_for(machine: Machine) -> debian.Lock:
    """The pinned packages where Debian serves them still; else what it serves now, which tests the rest as well."""
    lock = debian.read_lock()
    from release.errors import BuildError
    from release.parts import BUILDING, debian_packages

    with suppress(BuildError):
        debian.fetch(machine, [*debian_packages(machine), *BUILDING], lock)
        return lock
    return debian.newest([machine.name])


def made_here(work: Path) -> tuple[Path, Machine]:
    """The folder for this kind of machine, built below `work`."""
    machine = build.here()
    builder = build.Builder(work, lock_for(machine), _SECONDS)
    return builder.folder(machine), MACHINES[machine.name]

"""The folders of `make package` for machines of other kinds, under qemu: `make release-check` runs this, as root.

It takes minutes, and tells the kernel of this machine for that time who runs programs of the other kind.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edgetui import __version__
from release import build, debian
from release.parts import MACHINES, Machine

from .bare_host import BareHost, inlined, lock_for
from .cluster import ControlPlane
from .running import Variant

EDGETUI = "/opt/edgetui/edgetui"
_ELF_MACHINES = {"arm64": (2, 183), "armv7": (1, 40)}
"""ELF class and e_machine."""


@contextmanager
def runnable(machine: Machine, at: Path) -> Iterator[None]:
    """While inside, programs of that machine can be run here, in any root directory (binfmt_misc with the flag F)."""
    qemu = debian.tool("qemu-user-static", build.here()) / "usr" / "bin" / f"qemu-{machine.qemu}-static"
    width, number = _ELF_MACHINES[machine.name]
    magic = b"\x7fELF" + bytes([width, 1, 1]) + bytes(9) + struct.pack("<HH", 2, number)
    mask = b"\xff" * 7 + b"\x00" + b"\xff" * 8 + b"\xfe\xff\xff\xff"
    escaped = ["".join(f"\\x{byte:02x}" for byte in part) for part in (magic, mask)]
    name = f"edgetui-{machine.name}-{os.getpid()}"
    at.mkdir()
    subprocess.run(["mount", "-t", "binfmt_misc", "none", at], check=True)
    try:
        (at / "register").write_text(f":{name}:M::{escaped[0]}:{escaped[1]}:{qemu}:F")
        try:
            yield
        finally:
            (at / name).write_text("-1")
    finally:
        subprocess.run(["umount", at], check=True)


@pytest.fixture(scope="module", params=sorted(_ELF_MACHINES))
def host(
    request: pytest.FixtureRequest, cluster: ControlPlane, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BareHost]:
    machine = MACHINES[request.param]
    place = tmp_path_factory.mktemp(machine.name)
    lock = {**lock_for(build.here()), machine.debian: lock_for(machine)[machine.debian]}
    folder = build.Builder(place / "work", lock).folder(machine)
    with runnable(machine, place / "binfmt"):
        bare = BareHost(place / "root", folder, machine)
        inlined(Variant(cluster.kubeconfig()).named("plant")).write(bare.root / "tmp" / "plant.yaml")
        yield bare


def test_it_starts(host: BareHost) -> None:
    done = host.run(EDGETUI, "--version")
    assert (done.returncode, done.stdout) == (0, f"edgetui {__version__}\n"), done.stderr


def test_programs_are_started_the_same_way(host: BareHost) -> None:
    again = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import edgetui, sys; print(sys.prefix)'])"
    assert host.run("/opt/edgetui/bin/python", "-c", again).stdout == "/opt/edgetui\n"


def test_yaml_and_json_are_read_by_compiled_code(host: BareHost) -> None:
    program = "import yaml, msgspec._core, platform; print(yaml.__with_libyaml__, platform.machine())"
    assert host.run("/opt/edgetui/bin/python", "-c", program).stdout.startswith("True a")


def test_it_reads_a_real_cluster(host: BareHost) -> None:
    done = host.run(EDGETUI, "once", "--json", "--timeout", "120", "/tmp/plant.yaml", within=400)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["panes"]["nodes"]) >= 3


def test_the_screen_opens_and_ends(host: BareHost) -> None:
    with host.screen(EDGETUI, "/tmp/plant.yaml") as app:
        app.wait_for("plant", "live", timeout=300)
        app.keys("q")
        assert app.wait_exit(60) == 0

"""What a gateway build is made of: names, licences, and the three machines it is made for."""

from __future__ import annotations

from typing import NamedTuple


class Machine(NamedTuple):
    """A kind of machine: `name` as in the file's name, Debian's name, PyPI's platforms and what its loader is called.

    `triplet` names Debian's directory of libraries, `cpu` what Python calls it in the names of extension modules.
    """

    name: str
    debian: str
    platforms: tuple[str, ...]
    loader: str
    triplet: str
    qemu: str


MACHINES = {
    machine.name: machine
    for machine in (
        Machine(
            "amd64",
            "amd64",
            ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64"),
            "ld-linux-x86-64.so.2",
            "x86_64-linux-gnu",
            "x86_64",
        ),
        Machine(
            "arm64",
            "arm64",
            ("manylinux2014_aarch64", "manylinux_2_17_aarch64", "manylinux_2_28_aarch64"),
            "ld-linux-aarch64.so.1",
            "aarch64-linux-gnu",
            "aarch64",
        ),
        Machine("armv7", "armhf", (), "ld-linux-armhf.so.3", "arm-linux-gnueabihf", "arm"),
    )
}

DEBIAN = {
    "python3.11-minimal": "Python-2.0",
    "libpython3.11-minimal": "Python-2.0",
    "libpython3.11-stdlib": "Python-2.0",
    "libc6": "LGPL-2.1-or-later",
    "libgcc-s1": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libssl3": "Apache-2.0",
    "libffi8": "MIT",
    "zlib1g": "Zlib",
    "libexpat1": "MIT",
    "libbz2-1.0": "bzip2-1.0.6",
    "liblzma5": "0BSD",
    "libuuid1": "BSD-3-Clause",
    "base-files": "GPL-2.0-or-later",
    "gcc-12-base": "GPL-3.0-or-later WITH GCC-exception-3.1",
}
"""Debian's packages with their licences; Debian's own words on each come along. The last two have only such words."""

LICENCE_TEXTS = ("Apache-2.0", "GPL-2", "GPL-3", "LGPL-2.1")
"""What Debian's notices refer to; base-files has them, and gives nothing else."""

DEBIAN_ARMV7 = {"python3-yaml": "MIT", "libyaml-0-2": "MIT"}
"""PyYAML with its C library is only for PyPI's wheels of the other machines."""

HEADERS_ARMV7 = "libpython3.11-dev"
"""What msgspec is compiled against; it does not go in."""

PYPI = (
    "textual",
    "rich",
    "pyyaml",
    "msgspec",
    "platformdirs",
    "pygments",
    "markdown-it-py",
    "mdurl",
    "mdit-py-plugins",
    "linkify-it-py",
    "typing-extensions",
    "wsproto",
    "h11",
)
"""Wheels, with the versions and hashes of requirements.lock."""

COMPILED = ("msgspec",)
"""Wheels that PyPI has not for armv7: compiled from the same version's source."""

FROM_DEBIAN_ON_ARMV7 = ("pyyaml",)

LEFT_OUT = ("kubernetes",)
"""What edgetui depends on elsewhere and a gateway goes without: auth providers of old kubeconfigs need it."""

ALWAYS = ("libgcc_s.so.1",)
"""Libraries that the C library loads by name, when a thread ends."""

DROPPED = (
    "ensurepip",
    "idlelib",
    "lib2to3",
    "test",
    "tkinter",
    "turtle.py",
    "turtledemo",
    "pydoc_data",
    "venv",
    "curses",
    "dbm",
    "sqlite3",
    "distutils",
    "doctest.py",
    "multiprocessing",
    "pydoc.py",
    "unittest",
    "wsgiref",
    "xml",
    "xmlrpc",
    "sitecustomize.py",
    "EXTERNALLY-MANAGED",
)
"""Of the standard library: what needs libraries that are not packed, makes Pythons, or tests Python."""

UNUSED = {"pygments/lexers": ("__init__.py", "_mapping.py", "python.py")}
"""By directory of a package, the files that stay: of 500 languages only that of a traceback is ever coloured."""

PYTHON = "python3.11"


def debian_packages(machine: Machine) -> dict[str, str]:
    """Names and licences of Debian's packages in the build for this machine."""
    return {**DEBIAN, **(DEBIAN_ARMV7 if machine.debian == "armhf" else {})}


def wheels(machine: Machine) -> list[str]:
    """Names of the wheels that PyPI has for this machine."""
    if machine.platforms:
        return list(PYPI)
    return [name for name in PYPI if name not in (*COMPILED, *FROM_DEBIAN_ON_ARMV7)]

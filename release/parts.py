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
    "base-files": "GPL-2.0-or-later",
    "gcc-12-base": "GPL-3.0-or-later WITH GCC-exception-3.1",
}
"""Debian's packages with their licences; Debian's own words on each come along. The last two have only such words."""

BUILDING = {"liblzma5": "0BSD"}
"""What only the Python of the building machine needs, which compresses; it does not go in."""

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
    "typing-extensions",
    "wsproto",
    "h11",
)
"""Wheels, with the versions and hashes of requirements.lock."""

COMPILED = ("msgspec",)
"""Wheels that PyPI has not for armv7: compiled from the same version's source."""

FROM_DEBIAN_ON_ARMV7 = ("pyyaml",)

LEFT_OUT = ("kubernetes", "linkify-it-py", "markdown-it-py", "mdit-py-plugins")
"""What edgetui and its packages depend on elsewhere and a gateway goes without: auth providers of old kubeconfigs need
the first; the others are for Markdown, which edgetui shows nowhere."""

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

ROOTS = (
    "edgetui",
    "_strptime",
    "copyreg",
    "encodings",
    "importlib",
    "runpy",
    "traceback",
    "typing",
    "warnings",
    "zipimport",
)
"""What imports begin with: edgetui, and what Python itself asks for without a statement."""

CUT = (
    "_pydecimal",
    "_pyio",
    "_codecs_cn",
    "_codecs_hk",
    "_codecs_iso2022",
    "_codecs_jp",
    "_codecs_kr",
    "_codecs_tw",
    "_multibytecodec",
    "asyncio.windows_events",
    "asyncio.windows_utils",
    "bz2",
    "concurrent.futures.process",
    "lzma",
    "pdb",
    "platformdirs.android",
    "platformdirs.macos",
    "platformdirs.windows",
    "plistlib",
    "rich._win32_console",
    "rich._windows_renderer",
    "textual.drivers.win32",
    "textual.drivers.windows_driver",
    "textual.widgets._help_panel",
    "textual.widgets._markdown",
    "textual.widgets._welcome",
)
"""What statements lead to and no run does: stand-ins for compiled modules, other systems, what Textual offers and
edgetui switches off. Python runs with UTF-8 (see launcher.py), so it needs no encodings of East Asia."""

HIDDEN = {
    "ctypes": (),
    "encodings": ("encodings",),
    "importlib": (),
    "importlib._bootstrap": (),
    "importlib.metadata": (),
    "importlib.resources._common": (),
    "importlib.util": (),
    "inspect": (),
    "msgspec._core": ("copy", "datetime", "decimal", "inspect", "typing", "uuid", "weakref"),
    "pickle": (),
    "pkgutil": (),
    "pygments.formatters": (),
    "pygments.lexers": (),
    "pygments.styles": (),
    "rich._unicode_data": ("rich._unicode_data",),
    "rich.pager": (),
    "runpy": (),
    "sysconfig": (),
    "textual._import_app": (),
    "textual.app": (),
    "textual.widgets": (),
    "warnings": (),
    "yaml.constructor": (),
}
"""By module, what it imports by a name made at run time or from compiled code, as far as a run of edgetui does."""

PYTHON = "python3.11"


def debian_packages(machine: Machine) -> dict[str, str]:
    """Names and licences of Debian's packages in the build for this machine."""
    return {**DEBIAN, **(DEBIAN_ARMV7 if machine.debian == "armhf" else {})}


def wheels(machine: Machine) -> list[str]:
    """Names of the wheels that PyPI has for this machine."""
    if machine.platforms:
        return list(PYPI)
    return [name for name in PYPI if name not in (*COMPILED, *FROM_DEBIAN_ON_ARMV7)]

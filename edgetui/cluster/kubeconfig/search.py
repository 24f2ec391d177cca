"""Where kubeconfigs are: named by the person, $KUBECONFIG, ~/.kube/config, then where distributions write them.

Paths and permissions of distributions: documentation of K3s, RKE2, MicroK8s, k0s and MicroShift.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath

import msgspec

from edgetui.cluster.blocking import within
from edgetui.cluster.kubeconfig.yaml_file import PATIENCE

DISTRIBUTION_FILES = (
    "etc/rancher/k3s/k3s.yaml",
    "etc/rancher/rke2/rke2.yaml",
    "var/snap/microk8s/current/credentials/client.config",
    "var/lib/k0s/pki/admin.conf",
    "var/lib/microshift/resources/kubeadmin/kubeconfig",
)
"""Relative to the root directory; each belongs to root or to a group of its own."""

_OWNED = (
    "etc/rancher/k3s/*",
    "var/lib/rancher/k3s/*/*/*",
    "etc/rancher/rke2/*",
    "var/lib/rancher/rke2/*/*/*",
    "var/snap/microk8s/*/credentials/*",
    "var/lib/k0s/pki/*",
    "var/lib/microshift/resources/*/*",
    "var/lib/microshift/resources/*/*/*",
)
_IN_DIRECTORIES = (".yaml", ".yml", ".conf", ".config", ".kubeconfig")
_WITHOUT_SUFFIX = ("config", "kubeconfig")


class Source(msgspec.Struct, frozen=True):
    """One kubeconfig as kubectl sees it: one file, or a list that is merged.

    `must_exist` is false for a list, where kubectl skips what is missing. `beside_others` marks a file found
    in a directory, where things that are no kubeconfigs may lie as well.
    """

    files: tuple[Path, ...]
    must_exist: bool = True
    beside_others: bool = False


def alternatives(named: Sequence[Path], env: Mapping[str, str], home: Path, root: Path) -> list[list[Source]]:
    """Groups of kubeconfigs to read; the first group that holds anything is the fleet.

    What a person named comes alone. Otherwise: the list in $KUBECONFIG alone, or ~/.kube/config, else the
    files of all distributions on this host. A directory stands for the kubeconfigs in it.
    """
    if named:
        return [_distinct(source for path in named for source in _expand(_absolute(path, home)))]
    listed = [_absolute(Path(part), home) for part in env.get("KUBECONFIG", "").split(os.pathsep) if part]
    if listed:
        return [[Source(tuple(dict.fromkeys(listed)), must_exist=False)]]
    personal, *distributions = searched(home, root)
    return [
        [Source((personal,))] if _may_exist(personal) else [],
        [Source((file,)) for file in distributions if _may_exist(file)],
    ]


def searched(home: Path, root: Path) -> list[Path]:
    """Where to look when nothing is named: the personal file first."""
    return [home / ".kube" / "config", *(root / name for name in DISTRIBUTION_FILES)]


def owned_by_distribution(file: Path, root: Path) -> bool:
    """Whether a distribution writes this file itself, links followed: then edgetui never does."""
    for path in {file, _resolved(file)}:
        for base in {root, _resolved(root)}:
            if path.is_relative_to(base) and any(PurePath(path.relative_to(base)).match(o) for o in _OWNED):
                return True
    return False


def _resolved(path: Path) -> Path:
    """The path with its links followed, as far as they lead anywhere."""
    try:
        return Path(within(PATIENCE, lambda: os.path.realpath(path)))
    except (TimeoutError, ValueError):
        return path


def _absolute(path: Path, home: Path) -> Path:
    text = str(path)
    if text == "~" or text.startswith("~/"):
        path = home / text[2:]
    return Path(os.path.abspath(path))  # noqa: PTH100 - links are kept: relative paths start beside the link


def _expand(path: Path) -> list[Source]:
    """The file itself, or the kubeconfigs in a directory by name, without those below it."""
    try:
        found = within(PATIENCE, lambda: _inside(path))
    except (OSError, ValueError):  # TimeoutError is one
        found = []
    return [Source((file,), beside_others=True) for file in found] or [Source((path,))]


def _inside(path: Path) -> list[Path]:
    """Files of a directory that may be kubeconfigs, by name; none for a file. Links that lead nowhere count."""
    if not path.is_dir():
        return []
    named = [f for f in sorted(path.iterdir()) if f.suffix in _IN_DIRECTORIES or f.name in _WITHOUT_SUFFIX]
    return [file for file in named if file.is_file() or (file.is_symlink() and not file.exists())]


def _distinct(sources: Iterable[Source]) -> list[Source]:
    seen: dict[Path, Source] = {}
    for source in sources:
        seen.setdefault(_resolved(source.files[0]), source)
    return list(seen.values())


def _may_exist(file: Path) -> bool:
    """There, or there is something wrong with it: either way a person should hear of it."""
    try:
        within(PATIENCE, file.stat)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True
    return True

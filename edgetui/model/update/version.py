"""Versions of Kubernetes as distributions write them: "v1.34.2", "v1.34.2+k3s1", and "v1.34.2-k3s1" in an image tag."""

from __future__ import annotations

import re
from typing import NamedTuple

OLDER_KUBELETS = 3
"""Minors that a kubelet may be older than the API server; it may never be newer (Kubernetes' version skew policy)."""

_PATTERN = re.compile(
    r"v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?(?:-(?:alpha|beta|rc)[.\d]*)?(?:[+-](k3s|rke2r|k0s\.)(\d{1,4}))?(?:[+-]|$)"
)
_RUNS = {"k3s": "K3s", "rke2r": "RKE2", "k0s.": "k0s"}


class Version(NamedTuple):
    """A version in numbers. `build` counts the releases of a distribution, `runs` names it, empty for none."""

    major: int
    minor: int
    patch: int
    build: int = 0
    runs: str = ""


def parse(text: str) -> Version | None:
    """The version that a text says; None for what is none, as the name of a channel."""
    match = _PATTERN.match(text)
    if match is None:
        return None
    major, minor, patch, runs, build = match.groups()
    return Version(int(major), int(minor), int(patch or 0), int(build or 0), _RUNS.get(runs or "", ""))


def comparable(one: str, other: str) -> tuple[Version, Version] | None:
    """Both versions, where they are of the same distribution; None where nothing follows from comparing them.

    A version without a distribution in it may be that of anything.
    """
    mine, theirs = parse(one), parse(other)
    if mine is None or theirs is None or not mine.runs or mine.runs != theirs.runs:
        return None
    return mine, theirs


def is_newer(one: str, than: str) -> bool:
    """Whether a version is certainly newer than another one of the same distribution."""
    pair = comparable(one, than)
    return pair is not None and pair[0] > pair[1]


def differs(one: str, other: str) -> bool:
    """Whether two versions of the same distribution are certainly not the same."""
    pair = comparable(one, other)
    return pair is not None and pair[0] != pair[1]


def minors_behind(kubelet: str, server: str) -> int | None:
    """How many minors a kubelet is older than the API server, below 0 where it is newer; None if not known."""
    mine, theirs = parse(kubelet), parse(server)
    if mine is None or theirs is None or mine.major != theirs.major:
        return None
    return theirs.minor - mine.minor

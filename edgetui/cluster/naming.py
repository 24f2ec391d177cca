"""What each cluster of the fleet is called on the screen: short, unique, the same at every start.

1. A context has its own name, unless that says nothing ("default", as K3s, RKE2 and k0s write it): then the
   file's stem, else the kubeconfig's cluster name, else the server's host; the first that says something.
2. Equal names get the shortest end of the file's path that tells them apart: `plant (k3s.yaml)`,
   `plant (north/k3s.yaml)`; within one file the context: `k3s (default)`; at last a number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from msgspec.structs import replace

from edgetui.cluster.target import ClusterTarget
from edgetui.model.text import clean

_SAYS_NOTHING = {
    "",
    "default",
    "config",
    "kubeconfig",
    "admin",
    "client",
    "kubernetes",
    "local",
    "localhost",
    "cluster.local",
}
_LOOPBACK = ("127.", "0.0.0.0", "::1", "localhost")
MAX_NAME = 48


def own_name(target: ClusterTarget) -> str:
    """The name of one cluster before it is told apart from others (rule 1)."""
    context = clean(target.context, MAX_NAME)
    if context.lower() not in _SAYS_NOTHING or target.context_file is None:
        return context or "cluster"
    stem = target.context_file.name.split(".")[0] or target.context_file.name
    host = urlsplit(target.server).hostname or ""
    for name in (stem, target.cluster_name, "" if host.startswith(_LOOPBACK) else host):
        shown = clean(name, MAX_NAME)
        if shown.lower() not in _SAYS_NOTHING:
            return shown
    return context or clean(stem, MAX_NAME) or "cluster"


def name_fleet(targets: Sequence[ClusterTarget]) -> list[ClusterTarget]:
    """The same targets in the same order, each with a name that no other has."""
    alike: dict[str, list[int]] = defaultdict(list)
    for index, target in enumerate(targets):
        alike[own_name(target)].append(index)
    names = [""] * len(targets)
    for name, indexes in alike.items():
        suffixes = _suffixes([targets[i] for i in indexes]) if len(indexes) > 1 else [""]
        for index, suffix in zip(indexes, suffixes, strict=True):
            names[index] = f"{name} ({suffix})" if suffix else name
    _number(names)
    return [replace(target, name=name) for target, name in zip(targets, names, strict=True)]


def _suffixes(targets: Sequence[ClusterTarget]) -> list[str]:
    files = [t.context_file or Path() for t in targets]
    endings = _path_endings(files)
    return [
        clean(ending if files.count(file) == 1 else target.context, MAX_NAME)
        for target, file, ending in zip(targets, files, endings, strict=True)
    ]


def _path_endings(files: Sequence[Path]) -> list[str]:
    """For each file the shortest end of its path that no other file shares."""
    distinct = set(files)
    longest = max(len(file.parts) for file in distinct)
    for length in range(1, longest + 1):
        ends = {file: "/".join(file.parts[-length:]) for file in distinct}
        if len(set(ends.values())) == len(distinct):
            break
    return [ends[file] for file in files]


def _number(names: list[str]) -> None:
    """Put a number behind names that are still taken, in order."""
    taken: set[str] = set()
    for index, name in enumerate(names):
        number, candidate = 1, name
        while candidate in taken:
            number += 1
            candidate = f"{name} ({number})"
        names[index] = candidate
        taken.add(candidate)

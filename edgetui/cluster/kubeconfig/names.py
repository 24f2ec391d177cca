"""What each cluster of the fleet is called on the screen: short, unique, the same at every start.

1. A context has its own name; one that a tool composed has the part in it that a person chose (`shop-floor` of
   `arn:aws:eks:…:cluster/shop-floor`). A name that says nothing ("default", as K3s, RKE2 and k0s write it) gives way
   to the file's stem, else the kubeconfig's cluster name, else the server's host; the first that says something.
2. Equal names get the shortest end of the file's path that tells them apart: `plant (k3s.yaml)`,
   `plant (north/k3s.yaml)`; within one file what differs in the context: `line-1 (eu-west-1)`; at last a number. Names
   that say nothing are that path, without what all have in common at its end.
3. What is longer than MAX_NAME loses what the names have in common, never what tells them apart.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from msgspec.structs import replace

from edgetui.cluster.target import ClusterTarget
from edgetui.model.cells import told_apart
from edgetui.model.text import clean

_SAYS_NOTHING = {
    "",
    "default",
    "config",
    "kubeconfig",
    "admin",
    "client",
    "kubernetes",
    "kubernetes-admin@kubernetes",
    "local",
    "localhost",
    "cluster.local",
}
_LOOPBACK = ("127.", "0.0.0.0", "::1", "localhost")
_COMPOSED = (
    re.compile(r"arn:[^:]*:eks:[^:]*:[^:]*:cluster/(.+)"),  # aws eks update-kubeconfig
    re.compile(r"(?:gke|connectgateway)_[^_]+_[^_]+_(.+)"),  # gcloud: project, location, cluster
    re.compile(r"[^@]+@([^.@]+)\.[^.@]+\.eksctl\.io"),  # eksctl: user, cluster, region
    re.compile(r"[^/]*/(?:api-)?([^/:]+):[0-9]+(?:/.*)?"),  # oc login: project, host of the API, user
)
_BETWEEN = re.compile(r"[:/_@,\s]+")
MAX_NAME = 48
_LONGEST = 400


def own_name(target: ClusterTarget) -> str:
    """The name of one cluster before it is told apart from others (rule 1)."""
    context = clean(target.context, _LONGEST)
    if not _says_nothing(context) or target.context_file is None:
        return _chosen(context) or "cluster"
    stem = target.context_file.name.split(".")[0] or target.context_file.name
    host = urlsplit(target.server).hostname or ""
    for name in (stem, _chosen(target.cluster_name), "" if host.startswith(_LOOPBACK) else host):
        shown = clean(name, _LONGEST)
        if not _says_nothing(shown):
            return shown
    return context or clean(stem, _LONGEST) or "cluster"


def _says_nothing(name: str) -> bool:
    return name.lower() in _SAYS_NOTHING


def _chosen(name: str) -> str:
    """What a person called the cluster, in a name that a tool composed."""
    for shape in _COMPOSED:
        if (found := shape.fullmatch(name)) is not None:
            return found[1]
    return name


def name_fleet(targets: Sequence[ClusterTarget]) -> list[ClusterTarget]:
    """The same targets in the same order, each with a name that no other has."""
    alike: dict[str, list[int]] = defaultdict(list)
    for index, target in enumerate(targets):
        alike[own_name(target)].append(index)
    names = [""] * len(targets)
    for name, indexes in alike.items():
        suffixes = _suffixes([targets[i] for i in indexes]) if len(indexes) > 1 else [""]
        if _says_nothing(name):
            suffixes = _without_shared_end(suffixes)
        for index, suffix in zip(indexes, suffixes, strict=True):
            alone = suffix if _says_nothing(name) and not _says_nothing(suffix) else ""
            names[index] = alone or (f"{name} ({suffix})" if suffix else name)
    names = told_apart(names, MAX_NAME)
    _number(names)
    return [replace(target, name=name) for target, name in zip(targets, names, strict=True)]


def _suffixes(targets: Sequence[ClusterTarget]) -> list[str]:
    files = [t.context_file or Path() for t in targets]
    endings = _path_endings(files)
    contexts = _differences([target.context for target in targets])
    return [
        clean(ending if files.count(file) == 1 else context, _LONGEST)
        for context, file, ending in zip(contexts, files, endings, strict=True)
    ]


def _differences(contexts: Sequence[str]) -> list[str]:
    """The parts of each context that are not the same in all; the whole context where they cannot be compared."""
    parts = [_BETWEEN.split(context) for context in contexts]
    if len({len(one) for one in parts}) != 1:
        return list(contexts)
    differ = [at for at, column in enumerate(zip(*parts, strict=True)) if len(set(column)) > 1]
    return [
        "/".join(one[at] for at in differ) or context for one, context in zip(parts, contexts, strict=True)
    ]


def _without_shared_end(paths: Sequence[str]) -> list[str]:
    """Paths without the last parts that all of them have."""
    parts = [path.split("/") for path in paths]
    while len({one[-1] for one in parts}) == 1 and all(len(one) > 1 for one in parts):
        parts = [one[:-1] for one in parts]
    return ["/".join(one) for one in parts]


def _path_endings(files: Sequence[Path]) -> list[str]:
    """For each file the shortest end of its path that no other file shares."""
    distinct = set(files)
    longest = max(1, *(len(file.parts) for file in distinct))  # those without a file have no part at all
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

"""What a typed line stands for: aliases, and what may follow the name of a kind. Pure: text in, text out.

The words are those of k9s (derailed/k9s, internal/view/cmd): "pods kube-system", "pods app=press", "pods /press",
"pods @plant", and its aliases of kinds that kubectl has no short name for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

KINDS_OF_K9S = {
    "cr": "clusterroles",
    "crb": "clusterrolebindings",
    "dp": "deployments",
    "jo": "jobs",
    "np": "networkpolicies",
    "rb": "rolebindings",
    "ro": "roles",
    "sec": "secrets",
    "wk": "workloads",
}
"""Aliases that k9s has by itself; a command, and a kind of the clusters that is called so, come first."""
ALL = ("all", "-", "-A")
"""What k9s, and kubectl, take for all namespaces."""


class Wanted(NamedTuple):
    """What follows a kind: `namespace` is None where none was named and empty for all, `filter` is for the pane."""

    namespace: str | None
    filter: str


def expanded(line: str, aliases: Mapping[str, str]) -> str:
    """A line with its first word, and what that stands for, replaced; what follows stays behind it."""
    seen: set[str] = set()
    while True:
        word, _, rest = line.strip().partition(" ")
        if word in seen or word not in aliases:
            return line.strip()
        seen.add(word)
        line = f"{aliases[word]} {rest}"


def wanted(argument: str, namespaces: Collection[str]) -> Wanted:
    """What is asked of the objects of a kind.

    A word is a namespace where it is known as one, or behind -n as for kubectl, else part of a filter.
    """
    namespace: str | None = None
    terms = []
    words = iter(argument.split())
    for word in words:
        if word == "-n":
            word = next(words, "")
            namespace = "" if word in ALL else word or namespace
        elif word.startswith("/"):
            terms.append(word[1:])
        elif word.startswith("@"):
            terms.append(f"cluster={word[1:]}")
        elif namespace is None and (word in namespaces or word in ALL):
            namespace = "" if word in ALL else word
        else:
            terms.append(word)
    return Wanted(namespace, " ".join(term for term in terms if term))

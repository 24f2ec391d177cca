"""What to say of a first word that is neither a command nor a file: a slip, a pane, or a command of kubectl.

Loaded only when such a word was typed.
"""

from __future__ import annotations

import argparse
import difflib
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from edgetui.actions.cli.connect import choose
from edgetui.actions.commandline import kubectl
from edgetui.arguments import program
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.kubeconfig.loader import Selection, load_fleet
from edgetui.cluster.target import ClusterTarget
from edgetui.commands import family, table
from edgetui.model.panes import PANES

_INSTEAD = {
    "top": "edgetui get nodes,pods prints rows with their usage.",
    "describe": "edgetui shows an object with enter.",
    "logs": "edgetui shows logs with l.",
    "set": "edgetui sets image, resources and hpa.",
    "config": "edgetui config view shows edgetui's own settings.",
    "events": "edgetui get events prints them.",
}
"""What edgetui has of what is left to kubectl."""
_KUBECTL = frozenset(
    [
        "alpha",
        "annotate",
        "api-resources",
        "api-versions",
        "apply",
        "auth",
        "certificate",
        "cluster-info",
        "config",
        "create",
        "debug",
        "describe",
        "diff",
        "edit",
        "events",
        "explain",
        "expose",
        "kustomize",
        "label",
        "logs",
        "options",
        "patch",
        "plugin",
        "proxy",
        "replace",
        "run",
        "set",
        "taint",
        "top",
        "wait",
    ]
)


def explain(words: Sequence[str]) -> tuple[str, str] | None:
    """A sentence and the next step for a command line that begins with `words`; None where the first may be a file."""
    first = words[0]
    second = next((word for word in words[1:] if not word.startswith("-")), "")
    if (members := family(first)) and (first not in _KUBECTL or not second):
        listed = ", ".join(members)
        return f"{first} takes one of {listed}.", _meant(second, [f"{first} {one}" for one in members])
    if first in _KUBECTL:
        instead = f" {_INSTEAD[first]}" if first in _INSTEAD else ""
        return f"edgetui leaves {first} to kubectl.{instead}", kubectl_line(words)
    if pane_named(first):
        return f"There is no command {first}.", f"Did you mean {program()} get {' '.join(words)}?"
    if "/" in first or "." in first:
        return None
    return f"There is no command and no file {first}.", _meant(first, [*table(), *PANES])


def _meant(word: str, known: Sequence[str]) -> str:
    """The next step for a word that is none of these: the one that is near, or where all are listed."""
    near = difflib.get_close_matches(word.lower(), known, n=1) if word else []
    near = near or [
        one for one in known if " " in one and difflib.get_close_matches(word, [one.split()[1]], n=1)
    ]
    if not near:
        return f"{program()} --help lists the commands."
    get = "get " if near[0] in PANES else ""
    return f"Did you mean {program()} {get}{near[0]}?"


class Place(NamedTuple):
    """Where a command line would act: its cluster, None where that is not clear, the namespace, and the other words.

    `contexts` are the names of all that its files have.
    """

    target: ClusterTarget | None
    namespace: str
    rest: list[str]
    contexts: list[str]


def place_of(words: Sequence[str]) -> Place:
    """What these words say of the place, whatever else they are."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for option in ("--kubeconfig", "--context"):
        parser.add_argument(option, action="append", default=[])
    parser.add_argument("-n", "--namespace", default="")
    at = list(words).index("--") if "--" in words else len(words)
    given, rest = parser.parse_known_args(list(words[:at]))
    files = [Path(file) for file in given.kubeconfig]
    try:
        target = choose(files, given.context)
    except EdgetuiError:
        target = None
    try:
        every = load_fleet(Selection(files=files, all_contexts=True), os.environ, Path.home())
    except EdgetuiError:
        every = []
    namespace = given.namespace or (target.namespace if target is not None else "")
    return Place(target, namespace, [*rest, *words[at:]], [one.context for one in every if one.context])


def kubectl_line(words: Sequence[str]) -> str:
    """The command line of kubectl for what was typed, with the file, context and namespace that edgetui would use."""
    place = place_of(words)
    if place.target is None:
        return shlex.join(["kubectl", *words])
    return kubectl(place.target, place.namespace, *place.rest)


def pane_named(word: str) -> str:
    """The pane that a word means, empty for none: its name, a singular or a short name."""
    pane = PANES.named(word)
    return pane.id if pane is not None else ""

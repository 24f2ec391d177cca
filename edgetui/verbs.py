"""What to say of a first word that is neither a command nor a file: a slip, a pane, or a command of kubectl.

Loaded only when such a word was typed.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence

PANE_WORDS = {
    "nodes": ("node", "no"),
    "pods": ("pod", "po"),
    "autoscalers": ("autoscaler", "hpa", "hpas"),
    "rollouts": ("rollout", "deploy", "deployment", "deployments", "workloads"),
    "services": ("service", "svc"),
    "events": ("event", "ev"),
}
"""The panes, with the other words that people type for them: singulars and kubectl's short names."""

_IN_WORDS = {
    "get": "edgetui once --pane {pane} prints rows; kubectl has every other kind.",
    "top": "edgetui once --pane nodes,pods prints rows with their usage.",
    "describe": "Open edgetui and press enter on the object, or use kubectl describe.",
    "logs": "Open edgetui and press l on the pod, or use kubectl logs.",
    "rollout undo": "Use edgetui rollback KIND/NAME.",
    "rollout restart": "Use edgetui restart KIND/NAME.",
    "rollout pause": "Use edgetui pause KIND/NAME.",
    "rollout resume": "Use edgetui resume KIND/NAME.",
    "rollout status": "edgetui once --pane rollouts prints it for every workload.",
    "rollout history": "edgetui rollback KIND/NAME --dry-run lists the revisions.",
    "rollout": "Use edgetui rollback, restart, pause or resume; edgetui once --pane rollouts prints their state.",
    "set image": "Use edgetui image KIND/NAME CONTAINER=IMAGE.",
    "set": "edgetui image KIND/NAME CONTAINER=IMAGE sets an image; kubectl set has the rest.",
    "autoscale": "edgetui bounds hpa/NAME sets the minimum and maximum of an autoscaler there is.",
}
_KUBECTL = frozenset(
    [
        "alpha",
        "annotate",
        "api-resources",
        "api-versions",
        "apply",
        "attach",
        "auth",
        "autoscale",
        "certificate",
        "cluster-info",
        "completion",
        "config",
        "cordon",
        "cp",
        "create",
        "debug",
        "delete",
        "describe",
        "diff",
        "drain",
        "edit",
        "events",
        "exec",
        "explain",
        "expose",
        "get",
        "kustomize",
        "label",
        "logs",
        "options",
        "patch",
        "plugin",
        "port-forward",
        "proxy",
        "replace",
        "rollout",
        "run",
        "set",
        "taint",
        "top",
        "uncordon",
        "wait",
    ]
)


def explain(words: Sequence[str], commands: Collection[str]) -> tuple[str, str] | None:
    """A sentence and the next step for a command line that begins with `words`; None where the first may be a file."""
    first = words[0]
    if first in _KUBECTL:
        second = next((word for word in words[1:] if not word.startswith("-")), "")
        step = _IN_WORDS.get(f"{first} {second}") or _IN_WORDS.get(first) or f"Use kubectl {first}."
        return f"{first} is a command of kubectl, not of edgetui.", step.format(
            pane=pane_named(second) or "pods"
        )
    if pane := pane_named(first):
        return f"There is no command {first}.", f"edgetui once --pane {pane} prints that pane."
    if "/" in first or "." in first:
        return None
    near = difflib.get_close_matches(first.lower(), [*commands, *PANE_WORDS], n=1)
    if near:
        named = f"edgetui {near[0]}" if near[0] in commands else f"edgetui once --pane {near[0]}"
        return f"There is no command and no file {first}.", f"Did you mean {named}?"
    return f"There is no command and no file {first}.", "edgetui --help lists the commands."


def pane_named(word: str) -> str:
    """The pane that a word means, empty for none: its name, a singular or a short name."""
    word = word.lower()
    return next((pane for pane, others in PANE_WORDS.items() if word == pane or word in others), "")

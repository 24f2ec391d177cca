"""Why a pod has no place, or is not even made: the sentences of the scheduler and of a quota in plain words."""

from __future__ import annotations

import re
from typing import NamedTuple

from edgetui.model.text import cpu, memory, plural


class Placing(NamedTuple):
    """`short` fits a cell, `sentence` is for a line of its own."""

    short: str
    sentence: str


class _Reason(NamedTuple):
    """`sign` in the scheduler's words, `short` for a cell, what is so of some nodes, and what of all of them."""

    sign: str
    short: str
    some: str
    all: str


_NOT_SELECTED = "not selected"
_COUNTED = re.compile(r"(\d+) (.+)", re.DOTALL)
_REASONS = (
    _Reason("insufficient cpu", "no node: cpu", "too little cpu free", "no node has {cpu} cpu free"),
    _Reason("insufficient memory", "no node: memory", "too little memory free", "no node has {memory} free"),
    _Reason("insufficient ephemeral-storage", "no node: disk", "too little disk", "no node has the disk free"),
    _Reason("too many pods", "no node: pods full", "full of pods", "every node is full of pods"),
    _Reason("unreachable", "no node: silent", "unreachable", "every node that it may use is unreachable"),
    _Reason("not-ready", "no node: not ready", "not ready", "every node that it may use is not ready"),
    _Reason("untolerated taint", "no node: taints", "tainted", "every node has a taint that it does not tolerate"),
    _Reason("were unschedulable", "no node: cordoned", "cordoned", "every node is cordoned"),
    _Reason("volume", "no node: volume", "without its volume", "its volume is on no node that could run it"),
    _Reason("anti-affinity", "no node: apart", "run a pod it avoids", "every node runs a pod that it avoids"),
    _Reason("node affinity", "no node: affinity", _NOT_SELECTED, "its node selector fits no node"),
    _Reason("node selector", "no node: selector", _NOT_SELECTED, "its node selector fits no node"),
    _Reason("nodeaffinity", "no node: affinity", _NOT_SELECTED, "its node selector fits no node"),
)  # fmt: skip
_QUOTA = re.compile(r"exceeded quota: ([^,]+), requested: (.+), used: (.+), limited: (.+)")


def no_node(message: str, wants_cpu: int = 0, wants_memory: int = 0) -> Placing:
    """Why the scheduler finds no node, from its own sentence.

    `wants_cpu` (millicores) and `wants_memory` (bytes) are what the pod asks for, 0 when that is not known.
    """
    _, _, told = message.partition("nodes are available:")
    told = (told or message).partition("preemption:")[0].strip(" .")
    if not told:
        return Placing("no node fits", "no node fits")
    parts = [_counted(part) for part in re.split(r", (?=\d)", told)]
    chosen = [part for part in parts if part[2] is None or part[2].some != _NOT_SELECTED]
    parts = chosen or parts
    first = next((reason for reason in _REASONS for _, _, found in parts if found is reason), None)
    short = first.short if first is not None else "no node fits"
    if len(parts) == 1 and first is not None:
        wanted = {"cpu": cpu(wants_cpu) if wants_cpu else "enough", "memory": _memory(wants_memory)}
        return Placing(short, first.all.format(**wanted))
    words = [f"{count} {found.some if found else raw}" for count, raw, found in parts if count]
    return Placing(short, f"no node fits: {', '.join(words) or told}")


def _memory(wants: int) -> str:
    return memory(wants) if wants else "enough memory"


def _counted(part: str) -> tuple[str, str, _Reason | None]:
    """A part of the scheduler's sentence: how many nodes, its own words, and what they mean."""
    match = _COUNTED.match(part)
    count, raw = match.groups() if match else ("", part)
    said = raw.lower()
    return count, raw, next((one for one in _REASONS if one.sign in said), None)


def refused(message: str) -> Placing:
    """Why the API server refuses to make a pod, from what the controller was told."""
    match = _QUOTA.search(message)
    if match is None:
        short = "quota" if "quota" in message else "pods refused"
        return Placing(short, f"pods are refused: {message}" if message else "pods are refused")
    name, _asked, *amounts = (part.strip(" .…") for part in match.groups())
    used, limit = (dict(one.split("=", 1) for one in text.split(",") if "=" in one) for text in amounts)
    counts = [
        f"{used.get(what, '?')} of {most} {what.removeprefix('requests.')} used"
        for what, most in limit.items()
    ]
    return Placing("quota", f"quota {name} is full: {', '.join(counts)}")


def unreachable(silent: int, nodes: int) -> str:
    """What dead hosts mean for a rollout that needs them."""
    returns = "it returns" if silent == 1 else "they return"
    return f"{silent} of {plural(nodes, 'node')} unreachable: cannot finish until {returns}"

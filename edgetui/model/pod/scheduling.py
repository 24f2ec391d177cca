"""Why a pod has no place, or is not even made: the sentences of the scheduler and of a quota in plain words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from edgetui.model.text import clean, cpu, memory, plural

if TYPE_CHECKING:
    from edgetui.model.pod.scheduler_message import Place


class SchedulingFailure(NamedTuple):
    """`short` fits a cell, `sentence` is for a line of its own."""

    short: str
    sentence: str


_NODES = re.compile(r"0/(\d+) nodes are available: *")
_TAIL = re.compile(r"[.,]? *(?:no new claims to deallocate, *)?preemption: .*", re.DOTALL)
_COUNTED = re.compile(r"(\d+) (.+)", re.DOTALL)
_TAINT = re.compile(r"taint \{([^}:]*): ?([^}]*)\}")
_RESOURCE = re.compile(r"insufficient (\S+)")
_QUOTA = re.compile(r"exceeded quota: ([^,]+), requested: (.+), used: (.+), limited: (.+)")


def no_node(message: str, wants_cpu: int = 0, wants_memory: int = 0) -> SchedulingFailure:
    """Why the scheduler finds no node, from its own sentence.

    `wants_cpu` (millicores) and `wants_memory` (bytes) are what the pod asks for, 0 when that is not known.
    """
    from edgetui.model.pod.scheduler_message import of_the_pod  # where nothing is pending, nothing needs it

    told = _TAIL.sub("", message)
    head = _NODES.match(told)
    told = told[head.end() if head else 0 :].strip(" .")
    if not told:
        return SchedulingFailure("no node fits", "no node fits")
    for pattern, short, sentence in of_the_pod():
        if (match := re.search(pattern, told, re.IGNORECASE)) is not None:
            return SchedulingFailure(short, sentence.format(*match.groups()))
    parts = [_counted(part) for part in re.split(r", (?=\d+ )", told)]
    first = min((part for part in parts if part.place), key=lambda part: part.rank, default=None)
    short = clean(first.short, 24) if first is not None else "no node fits"
    if first is not None and len(parts) == 1 and first.nodes == (int(head[1]) if head else first.nodes):
        return SchedulingFailure(
            short, first.all(cpu(wants_cpu) if wants_cpu else "enough", _memory(wants_memory))
        )
    return SchedulingFailure(short, f"no node fits: {', '.join(part.some for part in parts)}")


def _memory(wants: int) -> str:
    return memory(wants) if wants else "enough memory"


class _Part(NamedTuple):
    """A clause of the scheduler's sentence: of how many nodes (0 it does not say), its own words, what they mean."""

    nodes: int
    raw: str
    place: Place | None

    @property
    def rank(self) -> int:
        return self.place.rank if self.place else 0

    @property
    def some(self) -> str:
        words = self._words(self.place.some) if self.place else self.raw.removeprefix("node(s) ")
        return f"{self.nodes} {words}" if self.nodes else words

    @property
    def short(self) -> str:
        return self._words(self.place.short) if self.place else ""

    def all(self, cores: str, size: str) -> str:
        """The same where it is so of every node; `cores` and `size` are what the pod asks for."""
        return (
            self._words(self.place.all.replace("{cpu}", cores).replace("{memory}", size))
            if self.place
            else ""
        )

    def _words(self, text: str) -> str:
        """The text with what this clause names."""
        taint, resource = _TAINT.search(self.raw), _RESOURCE.search(self.raw.lower())
        key, value = taint.groups() if taint else ("a taint", "")
        key = key.removeprefix("node.kubernetes.io/")
        named = f"{key}={value}" if value else key
        return text.replace("{taint}", named).replace("{resource}", resource[1] if resource else "resource")


def _counted(part: str) -> _Part:
    from edgetui.model.pod.scheduler_message import places

    match = _COUNTED.match(part)
    count, raw = (int(match[1]), match[2]) if match else (0, part)
    said = raw.lower()
    return _Part(count, raw, next((one for one in places() if one.sign in said), None))


def refused(message: str) -> SchedulingFailure:
    """Why the API server refuses to make a pod, from what the controller was told."""
    match = _QUOTA.search(message)
    if match is None:
        short = "quota" if "quota" in message else "pods refused"
        return SchedulingFailure(short, f"pods are refused: {message}" if message else "pods are refused")
    name, _asked, *amounts = (part.strip(" .…") for part in match.groups())
    used, limit = (dict(one.split("=", 1) for one in text.split(",") if "=" in one) for text in amounts)
    counts = [
        f"{used.get(what, '?')} of {most} {what.removeprefix('requests.')} used"
        for what, most in limit.items()
    ]
    return SchedulingFailure("quota", f"quota {name} is full: {', '.join(counts)}")


def unreachable(silent: int, nodes: int) -> str:
    """What dead hosts mean for a rollout that needs them."""
    returns = "it returns" if silent == 1 else "they return"
    return f"{silent} of {plural(nodes, 'node')} unreachable: cannot finish until {returns}"

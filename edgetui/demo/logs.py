"""Logs of demo containers: no line is kept, each is computed from the image, the pod and the time it is written.

A container tells how it starts, then works at a steady pace, and what it dies of is its last line. Asked twice, it
says the same.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import NamedTuple

from edgetui.demo import status
from edgetui.demo.http import Reply, Request
from edgetui.demo.images import split
from edgetui.demo.metrics import node_ready
from edgetui.demo.resources import NODES, PODS
from edgetui.demo.storage import Object, Storage
from edgetui.demo.times import seconds, stamp

KEPT = 5_000
"""Lines that a node keeps of one instance."""
LOOK = 1.0
_START = (
    "starting {name} {tag}",
    "configuration read from /etc/{name}/{name}.yaml",
    "connected to mqtt://broker:1883 as {pod}",
    "ready in 1.2 s",
)
_WORK = (
    'level=info msg="cycle {n} done" ms={value}',
    'level=info msg="sent batch" records={value} queue=0',
    'level=debug msg="heartbeat" uptime={n}',
    'level=info msg="GET /healthz 200" ms={small}',
    'level=warn msg="sensor {small} answers slowly" ms={value}',
)
_LAST = {
    "OOMKilled": 'level=info msg="loading label cache" mib=512',
    "Error": 'level=error msg="cannot open /dev/ttyS1: no such device"',
}
_WAITING = {
    "ErrImagePull": "image can't be pulled",
    "ImagePullBackOff": "trying and failing to pull image",
}


class Line(NamedTuple):
    """One line and when it is written (Unix s)."""

    at: float
    text: str


@dataclass(frozen=True)
class Instance:
    """One run of a container from `start` to `end` (Unix s), None while it runs; `reason` is what it died of."""

    pod: str
    image: str
    start: float
    end: float | None = None
    reason: str = ""

    @property
    def pace(self) -> float:
        """Seconds between two lines of work."""
        return 0.7 + self._number(0) % 40 / 10

    def line(self, index: int) -> Line:
        """The line with this number, whether its time has come or not."""
        repository, tag = split(self.image)
        name = repository.rpartition("/")[2]
        if index < len(_START):
            text = _START[index].format(name=name, tag=tag, pod=self.pod)
            return Line(self.start + 0.3 * (index + 1), text)
        number = self._number(index)
        text = _WORK[number % len(_WORK)].format(n=index, value=number % 900 + 12, small=number % 9 + 1)
        return Line(self.start + 0.3 * len(_START) + self.pace * (index + 1 - len(_START)), text)

    def count(self, until: float) -> int:
        """How many lines are written by then."""
        working = until - self.start - 0.3 * len(_START)
        if working < 0:
            return max(int((until - self.start) / 0.3), 0)
        return len(_START) + int(working / self.pace)

    def lines(self, first: int, until: float) -> list[Line]:
        """The lines from number `first` on that are written by then; the last words come with the end."""
        until = until if self.end is None else min(until, self.end)
        found = [self.line(index) for index in range(first, self.count(until))]
        if self.end is not None and self.reason in _LAST:
            found.append(Line(self.end, _LAST[self.reason]))
        return found

    def _number(self, index: int) -> int:
        return int.from_bytes(hashlib.blake2b(f"{self.pod}/{index}".encode(), digest_size=4).digest())


def log_reply(
    request: Request, storage: Storage, namespace: str, name: str, now: Callable[[], float]
) -> Reply:
    """The answer to GET pods/log. Raises StatusError as an API server words it."""
    pod = storage.get(PODS, namespace, name)
    container = _container(request, pod)
    previous = request.flag("previous")
    _check_node(storage, pod, container)
    instance = _instance(pod, container, previous)
    follow = request.flag("follow") and not previous
    since = seconds(request.query["sinceTime"]) if "sinceTime" in request.query else 0.0
    most = min(int(request.query.get("tailLines") or KEPT), KEPT)

    def later() -> Instance | None:
        """The same instance as it is now, None when the pod is gone or another one runs."""
        again = storage.find(PODS, namespace, name)
        try:
            found = _instance(again, container, False) if again is not None else None
        except status.StatusError:
            return None
        return found if found is not None and found.start == instance.start else None

    chunks = _chunks(instance, since, most, now, later if follow else None, stamps=request.flag("timestamps"))
    return Reply(content_type="text/plain", chunks=chunks)


async def _chunks(
    instance: Instance,
    since: float,
    most: int,
    now: Callable[[], float],
    later: Callable[[], Instance | None] | None,
    *,
    stamps: bool,
) -> AsyncIterator[bytes]:
    moment = now()
    shown = instance.count(moment)
    kept = [line for line in instance.lines(max(shown - KEPT, 0), moment) if line.at >= since]
    yield _encoded(kept[len(kept) - min(most, len(kept)) :], stamps)
    while later is not None and instance.end is None:
        await asyncio.sleep(min(LOOK, instance.pace))
        found, moment = later(), now()
        if found is None:
            return
        yield _encoded(found.lines(shown, moment), stamps)
        instance, shown = found, max(shown, found.count(moment))


def _encoded(lines: list[Line], stamps: bool) -> bytes:
    return b"".join(_wire(line, stamps) for line in lines)


def _wire(line: Line, stamps: bool) -> bytes:
    whole = int(line.at)
    nanos = int((line.at - whole) * 1_000_000_000)
    prefix = f"{stamp(whole)[:-1]}.{nanos:09d}Z " if stamps else ""
    return f"{prefix}{line.text}\n".encode()


def _container(request: Request, pod: Object) -> str:
    names = [one["name"] for one in pod["spec"]["containers"]]
    asked = request.query.get("container", "")
    name = pod["metadata"]["name"]
    if asked and asked not in names:
        raise status.StatusError(400, f"container {asked} is not valid for pod {name}")
    if not asked and len(names) > 1:
        raise status.StatusError(
            400, f"a container name must be specified for pod {name}, choose one of: [{' '.join(names)}]"
        )
    return str(asked or names[0])


def _check_node(storage: Storage, pod: Object, container: str) -> None:
    """The kubelet of a dead node is not reached."""
    node = storage.find(NODES, "", pod["spec"].get("nodeName", ""))
    if node is None or node_ready(node):
        return
    meta, host = pod["metadata"], node["status"]["addresses"][0]["address"]
    url = f"https://{host}:10250/containerLogs/{meta['namespace']}/{meta['name']}/{container}"
    raise status.StatusError(500, f'Get "{url}": dial tcp {host}:10250: i/o timeout', reason="InternalError")


def _instance(pod: Object, container: str, previous: bool) -> Instance:
    """The instance whose log is asked for; while a container waits, that is the last one that ran."""
    name = pod["metadata"]["name"]
    found = next((s for s in pod["status"].get("containerStatuses") or () if s["name"] == container), None)
    if found is None:
        raise status.StatusError(400, f'container "{container}" in pod "{name}" is waiting to start: Pending')
    ended = (found["lastState"] if previous else found["state"]).get("terminated")
    if not previous and ended is None and "running" in found["state"]:
        return Instance(name, found["image"], seconds(found["state"]["running"]["startedAt"]))
    ended = ended or found["lastState"].get("terminated")
    if ended is not None:
        start, end = seconds(ended["startedAt"]), seconds(ended["finishedAt"])
        return Instance(name, found["image"], start, end, ended["reason"])
    if previous:
        raise status.StatusError(
            400, f'previous terminated container "{container}" in pod "{name}" not found'
        )
    reason = found["state"]["waiting"]["reason"]
    why = _WAITING.get(reason, reason)
    raise status.StatusError(400, f'container "{container}" in pod "{name}" is waiting to start: {why}')

"""Pods as a real API server wrote one (pod.json), each with names of its own, as long as those of real workloads."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path

RECORDED = Path(__file__).with_name("pod.json")
LENGTH = 10_000
"""Bytes of a pod: what pods of real workloads have, with their probes, settings and managed fields."""
OWNED = 5
NODES = 8
NAMESPACES = 9
MARKER, MARKER_NAMESPACE = "marker", "line-0"

_CHANGING = re.compile(r'(.*?"resourceVersion":")[0-9]+(".*"restartCount":)[0-9]+(,.*)')


@dataclass(frozen=True)
class Pod:
    """One pod as three pieces of JSON, between which stand its resourceVersion and its restart count."""

    before: bytes
    between: bytes
    after: bytes

    def json(self, version: int, restarts: int = 0) -> bytes:
        """The object at this version."""
        return b"%b%d%b%d%b" % (self.before, version, self.between, restarts, self.after)

    def event(self, change: bytes, version: int, restarts: int = 0) -> bytes:
        """One line of a watch, with its newline."""
        return b'{"type":"%b","object":%b}\n' % (change, self.json(version, restarts))


def pod(cluster: int, number: int) -> Pod:
    """Pod `number` of a cluster; five share an owner. The same arguments give the same pod."""
    owner = number // OWNED
    template = _uuid(cluster, "template", owner)[:9]
    return _named(
        name=f"unit-{owner}-{template}-{_uuid(cluster, 'name', number)[:5]}",
        namespace=f"line-{owner % NAMESPACES}",
        uid=_uuid(cluster, "pod", number),
        owner=f"unit-{owner}-{template}",
        owner_uid=_uuid(cluster, "owner", owner),
        template=template,
        node=f"node-{cluster}-{number % NODES}",
    )


def marker(cluster: int) -> Pod:
    """The pod whose change says that a client has caught up."""
    return _named(name=MARKER, namespace=MARKER_NAMESPACE, uid=_uuid(cluster, MARKER))


def _named(**names: str) -> Pod:
    text, recorded = _recorded()
    for what, name in names.items():
        text = text.replace(recorded[what], name)
    whole = _CHANGING.fullmatch(text)
    assert whole is not None
    return Pod(*(piece.encode() for piece in whole.groups()))


@cache
def _recorded() -> tuple[str, dict[str, str]]:
    """The recorded pod, made longer by settings, and the names in it: longest first, as they contain each other."""
    thing = json.loads(RECORDED.read_text())
    meta = thing["metadata"]
    owner = meta["ownerReferences"][0]
    settings = thing["spec"]["containers"][0]["env"]
    whole = {"kind": "Pod", "apiVersion": "v1", **thing}
    while len(text := json.dumps(whole, separators=(",", ":"))) < LENGTH:
        settings.append({"name": f"SETTING_{len(settings)}", "value": f"value-{len(settings)}" * 8})
    return text, {
        "name": meta["name"],
        "namespace": meta["namespace"],
        "uid": meta["uid"],
        "owner": owner["name"],
        "owner_uid": owner["uid"],
        "template": meta["labels"]["pod-template-hash"],
        "node": thing["spec"]["nodeName"],
    }


def _uuid(*of: object) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, repr(of)))

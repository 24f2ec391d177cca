"""What a port-forward leads to: which ports are meant, and which pod of a workload or Service takes the connections."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from edgetui.actions.change.precondition import in_words, read
from edgetui.actions.messages import Json, Refusal
from edgetui.actions.session import Session
from edgetui.model import labels
from edgetui.model.autoscaling.limits import selects
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds.pod import POD, PodRow
from edgetui.model.kinds.podstatus import FINISHED
from edgetui.model.kinds.service import SERVICE

_WORD = re.compile(r"(?P<both>[0-9]{1,5})|(?P<local>[0-9]{0,5}):(?P<remote>[0-9]{1,5}|[a-z0-9-]{1,15})")
FIRST_FREE = 1024
"""The first port that every user may listen on."""
_LAST = 65535
_MOVED = 8000


def for_everybody(port: int) -> int:
    """A port that every user may listen on, and that stands for this one: 8080 for 80."""
    return port if port >= FIRST_FREE else port + _MOVED


class Ports(msgspec.Struct, frozen=True):
    """A port of this machine, 0 for any that is free, and one of the target: its number or name."""

    local: int
    remote: int | str

    @property
    def words(self) -> str:
        """As it is typed."""
        return f"{self.local or ''}:{self.remote}"


def ports_of(word: str) -> Ports:
    """Of "8080:80", "80", ":80" and "8080:http". Raises ValueError with a sentence."""
    found = _WORD.fullmatch(word)
    local, remote = (found["both"] or found["local"], found["both"] or found["remote"]) if found else ("", "")
    if not remote or int(local or 0) > _LAST or (remote.isdigit() and not 0 < int(remote) <= _LAST):
        raise ValueError(f"“{word}” is no pair of ports such as 8080:80, :80 or 8080:http")
    return Ports(int(local or 0), int(remote) if remote.isdigit() else remote)


def pairs_of(given: str | Sequence[Ports]) -> tuple[Ports, ...]:
    """Those of a command line, or of a line of text. Raises Refusal."""
    try:
        if isinstance(given, str):
            given = [ports_of(word) for word in given.replace(",", " ").split()]
    except ValueError as wrong:
        raise Refusal(f"{wrong}.") from None
    if not given:
        raise Refusal("Name the ports: 8080:80 forwards port 8080 of this machine to port 80 there.")
    locals_ = [one.local for one in given if one.local]
    if twice := next((one for one in locals_ if locals_.count(one) > 1), 0):
        raise Refusal(f"Port {twice} of this machine is named twice.")
    return tuple(given)


class ForwardView(msgspec.Struct, frozen=True):
    """What is forwarded to: a pod, or what selects pods. `ports` are those that it says it has.

    A port is its number there, its name, and the number or name that it has in a pod.
    """

    ref: ObjectRef
    selector: Json | None
    ports: tuple[tuple[int, str, int | str], ...]

    @property
    def words(self) -> str:
        """The object as a person says it."""
        return in_words(self.ref.key)

    def in_pod(self, remote: int | str) -> int | str:
        """The port in the pod. Raises Refusal for one that a Service has not."""
        for number, name, target in self.ports:
            if remote in (number, name):
                return target
        if self.ref.key.kind != SERVICE:
            return remote
        has = ", ".join(f"{number} {name}".rstrip() for number, name, _ in self.ports)
        raise Refusal(f"{self.words.capitalize()} has no port {remote}.", f"It has {has or 'none'}.")

    @property
    def offered(self) -> str:
        """What stands in the form first."""
        return " ".join(f"{for_everybody(number)}:{number}" for number, *_ in self.ports)


async def read_target(session: Session, ref: ObjectRef) -> ForwardView:
    """The object as it is now. Raises Refusal where no connection can be forwarded to it, and as `Api.get`."""
    return view_of(ref, await read(session, ref))


def view_of(ref: ObjectRef, found: Json) -> ForwardView:
    """The same of an object as the server has it."""
    meta, spec, kind = found["metadata"], found.get("spec") or {}, ref.key.kind
    known = ObjectRef(ref.key, str(meta["uid"]), str(meta["resourceVersion"]))
    if kind == POD:
        phase = (found.get("status") or {}).get("phase")
        if phase in FINISHED:
            raise Refusal(f"Pod {ref.key.name} has ended ({phase}): it takes no connections.")
        return ForwardView(known, None, _of_containers(spec))
    if kind == SERVICE:
        if not spec.get("selector"):
            raise Refusal(f"Service {ref.key.name} selects no pods, so there is none to forward to.")
        ports = tuple(
            (int(one["port"]), str(one.get("name") or ""), one.get("targetPort") or int(one["port"]))
            for one in spec.get("ports") or ()
            if one.get("protocol", "TCP") == "TCP"
        )
        return ForwardView(known, {"matchLabels": spec["selector"]}, ports)
    return ForwardView(
        known, spec.get("selector"), _of_containers((spec.get("template") or {}).get("spec") or {})
    )


def _of_containers(spec: Json) -> tuple[tuple[int, str, int | str], ...]:
    ports = [port for one in spec.get("containers") or () for port in one.get("ports") or ()]
    return tuple(
        (int(one["containerPort"]), str(one.get("name") or ""), int(one["containerPort"]))
        for one in ports
        if one.get("protocol", "TCP") == "TCP"
    )


def chosen(view: ForwardView, rows: Iterable[Any]) -> PodRow | None:
    """The pod that takes the next connections: of those that are ready the newest, which outlives a rollout."""
    fit = [row for row in rows if isinstance(row, PodRow) and takes(view, row)]
    return max(fit, key=lambda row: (row.created, row.name), default=None)


def takes(view: ForwardView, row: PodRow) -> bool:
    """Whether a pod takes connections now: selected, ready and not on its way out."""
    here = row.namespace == view.ref.key.namespace
    return here and ready(row) and selects(view.selector, labels.values(row))


def ready(row: PodRow) -> bool:
    """Whether a pod is ready and not on its way out."""
    whole = row.is_ready or (row.summary_only and 0 < row.containers == row.ready)
    return whole and row.status != "Terminating"


def port_named(found: Json, name: str) -> int:
    """The number of a pod's port of that name. Raises Refusal."""
    ports = _of_containers(found.get("spec") or {})
    number = next((number for number, known, _ in ports if known == name), 0)
    if not number:
        has = ", ".join(f"{number} {known}".rstrip() for number, known, _ in ports)
        raise Refusal(f"Pod {found['metadata']['name']} has no port {name}.", f"It has {has or 'none'}.")
    return number

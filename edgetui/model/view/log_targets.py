"""Whose log a person wants to read: the worst pod of a workload, and in a pod the container that explains its state."""

from __future__ import annotations

import msgspec

from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.pod import POD, WireContainer, WireContainerStatus, WirePod
from edgetui.model.kinds.podstatus import WirePodSpec, WirePodStatus, worst
from edgetui.model.text import ago, clean, elide_middle, unix


class End(msgspec.Struct, frozen=True, gc=False):
    """How one instance of a container ended; `at` is in Unix seconds, 0 when it is not told."""

    code: int
    reason: str = ""
    at: int = 0

    def words(self, now: float) -> str:
        """ "ended 3m ago, exit 137 (OOMKilled)"."""
        when = f" {ago(self.at, now)} ago" if self.at else ""
        why = f" ({self.reason})" if self.reason not in ("", "Error", "Completed") else ""
        return f"ended{when}, exit {self.code}{why}"


class Container(msgspec.Struct, frozen=True, gc=False):
    """One container of a pod, as its log is concerned.

    `running`, `ended` and `waiting` (the reason) exclude each other; `message` belongs to the waiting.
    `before` is the end of the instance before this one, None when there was none.
    """

    name: str
    init: bool = False
    running: bool = False
    ended: End | None = None
    waiting: str = ""
    message: str = ""
    before: End | None = None


def pods_to_log(store: Store, key: ObjectKey) -> list[str]:
    """The names of the pods of an object, worst first: not ready ones first, the newest among them first."""
    if key.kind == POD:
        return [key.name]
    row = store.get(key.kind, key.namespace, key.name)
    if row is None:
        return []
    found = list(store.pods_of(row.uid))
    found.sort(key=lambda pod: (pod.is_ready or pod.ended, pod.deleting > 0, -pod.created, pod.name))
    return [pod.name for pod in found]


def containers(pod: WirePod) -> list[Container]:
    """The containers of a pod, the init containers first."""
    spec, status = pod.spec or WirePodSpec(), pod.status or WirePodStatus()
    heard = (*(status.init_container_statuses or ()), *(status.container_statuses or ()))
    states = {one.name: one for one in heard}
    found = [_container(one, states.get(one.name), init=True) for one in spec.init_containers or ()]
    return found + [_container(one, states.get(one.name), init=False) for one in spec.containers or ()]


def first_to_log(pod: WirePod) -> str:
    """The container that explains the state of the pod, else its first one that is no init container."""
    spec = pod.spec or WirePodSpec()
    bad = worst(pod.status or WirePodStatus())
    if bad is not None and bad.name:
        return bad.name
    return next((one.name for one in (*(spec.containers or ()),) if one.name), "")


def _container(declared: WireContainer, status: WireContainerStatus | None, *, init: bool) -> Container:
    name = declared.name or ""
    state = status.state if status else None
    last = status.last_state.terminated if status and status.last_state else None
    before = End(last.exit_code or 0, clean(last.reason), unix(last.finished_at)) if last else None
    if state and state.terminated:
        end = state.terminated
        ended = End(end.exit_code or 0, clean(end.reason), unix(end.finished_at))
        return Container(name, init, ended=ended, before=before)
    if state and state.running is not None:
        return Container(name, init, running=True, before=before)
    waiting = state.waiting if state else None
    return Container(
        name,
        init,
        waiting=clean(waiting.reason if waiting else "") or "not started",
        message=elide_middle(waiting.message) if waiting else "",
        before=before,
    )

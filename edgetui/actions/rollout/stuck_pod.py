"""The StatefulSet trap: an OrderedReady set waits for ever for a broken pod of a revision it no longer wants.

Seen on a real control plane: neither a roll-back nor a newer good image replaces that pod; deleting it does, at once
(KEP-3541).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from edgetui.actions import commandline
from edgetui.actions.gate.gate import Run
from edgetui.actions.messages import Offer
from edgetui.actions.rollout.pods import readable
from edgetui.actions.session import Session
from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.wireprofile import Wire
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.pod import POD, PodRow
from edgetui.model.kinds.statefulset import STATEFUL_SET, StatefulSetRow

# Words of a pod that may still become ready by itself.
STARTING = frozenset({"Pending", "ContainerCreating", "PodInitializing", "Running"})
HOLD = 3.0  # seconds the signature must hold for a pod that fails
PATIENCE = 60.0  # seconds for a pod that may still become ready
LOOK_EVERY = 1.0


class StuckPod:
    """Looks for the pod that holds a StatefulSet up, during one run; `selector` is the set's own.

    Once found, `pod` is that pod, `sentence` what is wrong, `next_step` and `offer` what mends it.
    """

    def __init__(self, run: Run, selector: str) -> None:
        self._run = run
        self._selector = selector
        self._since: dict[str, float] = {}
        self._looked = -LOOK_EVERY
        self.pod: PodRow | None = None
        self.sentence = ""
        self.next_step = ""
        self.offer: Offer | None = None

    async def found(self, row: StatefulSetRow) -> bool:
        """Whether the set will not go on by itself."""
        if not _may_be_stuck(row):
            self._since.clear()
            return False
        now = asyncio.get_running_loop().time()
        if now - self._looked < LOOK_EVERY:
            return False
        self._looked = now
        pods = blocking(await _pods(self._run.session, row, self._selector), row)
        self._since = {pod.uid: self._since.get(pod.uid, now) for pod in pods}
        for pod in pods:
            if now - self._since[pod.uid] >= (PATIENCE if pod.status in STARTING else HOLD):
                self._say(row, pod)
                return True
        return False

    def _say(self, row: StatefulSetRow, pod: PodRow) -> None:
        self.pod = pod
        self.sentence = (
            f"{blocked_by(pod)}: a StatefulSet with podManagementPolicy OrderedReady does not replace it "
            "by itself"
        )
        self.next_step = deletion_command(self._run.session, row)
        self.offer = deletion_offer(pod, self.next_step)


def deletion_command(session: Session, row: StatefulSetRow) -> str:
    """What to do about a stuck pod, for a script or a ticket."""
    key = ObjectKey(session.name, STATEFUL_SET, row.namespace, row.name)
    return f"Delete that pod: {commandline.edgetui(session.target, 'delete-stuck-pod', key)}"


def deletion_offer(pod: PodRow, command: str) -> Offer:
    """The same as a next step on the screen."""
    return Offer("delete-stuck-pod", f"Delete pod {pod.name}…", command)


def blocked_by(pod: PodRow) -> str:
    """The pod and what it does, in words."""
    return f"pod {pod.name} ({pod.status}) is of an older revision and blocks the rollout (OrderedReady)"


def blocking(pods: Iterable[PodRow], row: StatefulSetRow) -> list[PodRow]:
    """Those that may hold an OrderedReady set up: not ready, and of another revision than the set wants now."""
    if not _may_be_stuck(row):
        return []
    return [
        pod
        for pod in pods
        if pod.owner_uid == row.uid
        and not pod.is_ready
        and not pod.deleting
        and pod.template != row.update_revision
    ]


def _may_be_stuck(row: StatefulSetRow) -> bool:
    return row.management == "OrderedReady" and row.observed >= row.generation and row.ready < row.replicas


async def broken(session: Session, row: StatefulSetRow, selector: str) -> tuple[PodRow, ...]:
    """The pods of an OrderedReady set that fail: one stays when the set goes to another revision than its own."""
    if not _may_be_stuck(row):
        return ()
    pods = await _pods(session, row, selector)
    return tuple(pod for pod in pods if pod.owner_uid == row.uid and _fails(pod))


def _fails(pod: PodRow) -> bool:
    return not pod.is_ready and not pod.deleting and pod.status not in STARTING


async def _pods(session: Session, row: StatefulSetRow, selector: str) -> list[PodRow]:
    store = session.store
    # On a thin wire the rows of pods do not say whose they are.
    if store is not None and store.freshness(POD).sync is Sync.LIVE and store.wire.wire is not Wire.THIN:
        return [pod for pod in store.owned_by(row.uid) if isinstance(pod, PodRow)]
    return await readable(session, row.namespace, selector)

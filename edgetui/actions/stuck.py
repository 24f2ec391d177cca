"""The StatefulSet trap: an OrderedReady set waits for ever for a broken pod of a revision it no longer wants.

Seen on a real control plane: neither a roll-back nor a newer good image replaces that pod; deleting it does, at once
(KEP-3541).
"""

from __future__ import annotations

import asyncio

from edgetui.actions.gate import Run
from edgetui.actions.pods import selected
from edgetui.model.freshness import Sync
from edgetui.model.kinds.pod import PodRow
from edgetui.model.kinds.statefulset import StatefulSetRow

# Words of a pod that may still become ready by itself.
STARTING = frozenset({"Pending", "ContainerCreating", "PodInitializing", "Running"})
HOLD = 3.0  # seconds the signature must hold for a pod that fails
PATIENCE = 60.0  # seconds for a pod that may still become ready
LOOK_EVERY = 1.0


class StuckPod:
    """Looks for the pod that holds a StatefulSet up, during one run; `selector` is the set's own.

    Once found, `pod` is its name, `sentence` what is wrong and `next_step` the command that mends it.
    """

    def __init__(self, run: Run, selector: str) -> None:
        self._run = run
        self._selector = selector
        self._since: dict[str, float] = {}
        self._looked = -LOOK_EVERY
        self.pod = ""
        self.sentence = ""
        self.next_step = ""

    async def found(self, row: StatefulSetRow) -> bool:
        """Whether the set will not go on by itself."""
        if row.management != "OrderedReady" or row.observed < row.generation or row.ready >= row.replicas:
            self._since.clear()
            return False
        now = asyncio.get_running_loop().time()
        if now - self._looked < LOOK_EVERY:
            return False
        self._looked = now
        suspects = {pod.uid: pod for pod in await self._pods(row) if _holds_up(pod, row)}
        self._since = {uid: self._since.get(uid, now) for uid in suspects}
        for uid, pod in suspects.items():
            if now - self._since[uid] >= (PATIENCE if pod.status in STARTING else HOLD):
                self._say(row, pod)
                return True
        return False

    def _say(self, row: StatefulSetRow, pod: PodRow) -> None:
        self.pod = pod.name
        self.sentence = (
            f"pod {pod.name} ({pod.status}) is of an older revision and holds the set up: a StatefulSet with "
            "podManagementPolicy OrderedReady does not replace it by itself"
        )
        context = self._run.session.target.context
        self.next_step = (
            f"Delete that pod: kubectl --context {context} -n {row.namespace} delete pod {pod.name}"
        )

    async def _pods(self, row: StatefulSetRow) -> list[PodRow]:
        session = self._run.session
        store = session.store
        if store is not None and store.freshness("Pod").sync is Sync.LIVE:
            return [pod for pod in store.owned_by(row.uid) if isinstance(pod, PodRow)]
        return [
            pod for pod in await selected(session, row.namespace, self._selector) if pod.owner_uid == row.uid
        ]


def _holds_up(pod: PodRow, row: StatefulSetRow) -> bool:
    return not pod.is_ready and not pod.deleting and pod.template != row.update_revision

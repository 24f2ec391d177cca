"""One cluster for one command: chosen from the kubeconfig files, asked request by request, without a watch."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from edgetui.cluster.api.client import Api
from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.http.client import Transport
from edgetui.cluster.kubeconfig.loader import Selection, load_fleet
from edgetui.cluster.target import ClusterTarget, Impersonation
from edgetui.model.cache.store import Store


class NoCluster(KubeconfigError):
    """No single usable cluster was named."""


class Connection:
    """One cluster without a watch: what an action needs, and nothing more. Fits `actions.ports.Session`.

    Made inside a running event loop.
    """

    store: Store | None = None

    def __init__(self, target: ClusterTarget) -> None:
        self.name = target.name
        self.target = target
        self.credentials = Credentials(target, time.time)
        self.transport = Transport(target, self.credentials)
        self.api = Api(self.transport, self.credentials)

    async def reconnect(self, credentials_changed: bool) -> None:
        """Nothing stays open here: the next request carries the new credential by itself."""

    def close(self) -> None:
        """Close every connection."""
        self.transport.close()


def choose(
    files: Sequence[Path], contexts: Sequence[str], acting_as: Impersonation | None = None
) -> ClusterTarget:
    """The one cluster that a command works on, named in full: a pattern could mean another one tomorrow.

    Raises KubeconfigError when it is none or not clear which.
    """
    if len(set(contexts)) > 1:
        raise NoCluster(
            f"This works on one cluster, and --context names {len(set(contexts))}: {', '.join(contexts)}.",
            "Name one, and run it again for the other.",
        )
    selection = Selection(files=list(files), contexts=contexts[:1], exact=True, acting_as=acting_as)
    found = load_fleet(selection, os.environ, Path.home())
    if len(found) > 1:
        names = ", ".join(sorted(target.name for target in found))
        raise NoCluster(
            f"This works on one cluster, and there are {len(found)}: {names}.", "Name one with --context."
        )
    target = found[0]
    if target.error is not None:
        raise NoCluster(target.error.sentence, target.error.next_step)
    return target

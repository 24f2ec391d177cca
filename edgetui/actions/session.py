"""What an action needs of a cluster: ClusterSession fits, and so does the light connection of the commands."""

from __future__ import annotations

from typing import Protocol

from edgetui.cluster.api.client import Api
from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.target import ClusterTarget
from edgetui.model.cache.store import Store


class Session(Protocol):
    """One cluster, ready to be asked and written to.

    `store` holds watched rows when there is a watch core behind it, and is None when every look is a request.
    `reconnect` moves everything that is open to the credential that `credentials` holds now.
    """

    @property
    def name(self) -> str: ...

    @property
    def target(self) -> ClusterTarget: ...

    @property
    def api(self) -> Api: ...

    @property
    def credentials(self) -> Credentials: ...

    @property
    def store(self) -> Store | None: ...

    async def reconnect(self, credentials_changed: bool) -> None: ...

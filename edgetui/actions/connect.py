"""One cluster for one command: chosen from the kubeconfig files, asked request by request, without a watch."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from edgetui.cluster.api import Api
from edgetui.cluster.credentials import Credentials
from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.kubeconfig import Selection, load_fleet
from edgetui.cluster.target import ClusterTarget
from edgetui.cluster.transport import Transport
from edgetui.model.store import Store

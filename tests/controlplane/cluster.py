"""A whole control plane: started in seconds, steered by tests, and gone without a trace."""

from __future__ import annotations

import atexit
import http.client
import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from . import build, components, kubeconfig, kwok, users, workloads
from .api import Api, ApiError
from .assets import Assets
from .components import Options
from .layout import Layout
from .process import Process, free_ports
from .waiting import eventually

_BOOT_SECONDS = 60
_ATTEMPTS = 3
_IN_USE = "address already in use"


class BootError(Exception):
    """The control plane did not come up; the message ends with what its programs said last."""


class KubectlError(Exception):
    """kubectl ended with another code than 0; the message is what it said."""


class ControlPlane:
    """One cluster on 127.0.0.1. Use it as a context manager, or ``start()`` and ``stop()`` it.

    ``name`` is the context's name in its kubeconfigs; the options are those of ``components.Options``.
    """

    def __init__(self, name: str = "test", *, assets: Assets | None = None, **options: Any) -> None:
        self.name = name
        self.options = Options(**options)
        self._given_assets = assets
        self._processes: dict[str, Process] = {}
        self._leaving: list[Process] = []
        self._layout: Layout | None = None
        self._nodes = 0
        self._files_written = 0
        self.boot_seconds = 0.0

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()

    # What it is

    @property
    def layout(self) -> Layout:
        """Its directory; there is one while it runs."""
        assert self._layout is not None, "the control plane is not running"
        return self._layout

    @property
    def directory(self) -> Path:
        """Its private directory, with ``<component>.log`` files; removed by ``stop()``."""
        return self.layout.directory

    @property
    def server(self) -> str:
        """The URL of the apiserver."""
        return self.layout.server

    @property
    def ca_file(self) -> Path:
        """The certificate that signs the apiserver's."""
        return self.layout.authority.pair.cert

    @property
    def api(self) -> Api:
        """Requests as admin."""
        return Api(self.server, self.layout.context_of("admin"))

    @property
    def processes(self) -> Mapping[str, Process]:
        """Its programs: storage, apiserver, controller-manager, scheduler, kwok and metrics-server."""
        return self._processes

    def process(self, name: str) -> Process:
        """One of its programs, to signal or to read its output."""
        return self._processes[name]

    # Life

    def start(self) -> Self:
        """Boot until every node is Ready. Raises BootError, and BuildError when programs are missing."""
        self._given_assets = self._given_assets or build.ensure()
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._boot(self._given_assets)
                return self
            except (TimeoutError, OSError, ApiError) as error:
                logs = self._logs()
                self.stop()
                if _IN_USE not in logs or attempt == _ATTEMPTS:
                    raise BootError(f"The control plane {self.name} did not boot: {error}\n{logs}") from error
            except BaseException:
                self.stop()
                raise
        return self

    def stop(self) -> None:
        """End every process by its own id and remove the directory. Safe at any time, also twice."""
        atexit.unregister(self.stop)
        for process in [*reversed(self._processes.values()), *self._leaving]:
            process.kill()
        self._processes.clear()
        self._leaving.clear()
        if self._layout is not None:
            shutil.rmtree(self._layout.directory, ignore_errors=True)
            self._layout = None

    def _boot(self, assets: Assets) -> None:
        started = time.monotonic()
        atexit.register(self.stop)
        directory = Path(tempfile.mkdtemp(prefix="edgetui-controlplane-"))
        try:
            self._layout = Layout(directory, self.name, assets, self.options)
        except BaseException:
            shutil.rmtree(directory)
            raise
        ports, files = self._layout.ports, self._layout.files
        self._assets = assets
        self._nodes = 0
        self._spawn("storage", components.storage(assets, self.options, ports, files))
        self.start_apiserver()
        self.start_controller_manager()
        self._spawn("scheduler", components.scheduler(assets, files))
        self._spawn("kwok", components.kwok(assets, self.options, ports, files))
        if self.options.metrics:
            for path, body in components.metrics_objects(ports):
                self.api.create(path, body)
            self.start_metrics()
        self.add_nodes(self.options.nodes)
        self._await_account("default")
        self.boot_seconds = time.monotonic() - started

    def _spawn(self, name: str, command: list[str]) -> None:
        self._processes[name] = Process(name, command, self.directory / f"{name}.log")

    def _logs(self) -> str:
        return "\n".join(f"--- {name}\n{process.tail()}" for name, process in self._processes.items())

    def _check_running(self) -> None:
        for process in self._processes.values():
            if not process.running:
                raise OSError(f"{process.name} ended with code {process.exit_code}")

    # The apiserver and metrics-server, stopped and started again

    def start_apiserver(self) -> None:
        """Start the apiserver on its port and wait until it is ready. One still draining is left to end."""
        layout = self.layout
        self._spawn("apiserver", components.apiserver(self._assets, self.options, layout.ports, layout.files))
        api = self.api

        def ready() -> bool:
            self._check_running()
            try:
                return api.request("GET", "/readyz", timeout=10).code == 200
            except OSError:
                return False

        eventually(ready, within=_BOOT_SECONDS, what="the apiserver is ready")

    def add_apiserver(self, host: str, *args: str) -> str:
        """Start another apiserver on the same datastore, as on a host of this name; returns its URL when it is ready.

        An apiserver is told from others by the name of its host, so it gets a UTS namespace of its own.
        """
        (port,) = free_ports(1)
        options = replace(self.options, apiserver_args=(*self.options.apiserver_args, *args))
        ports = replace(self.layout.ports, apiserver=port)
        command = components.apiserver(self._assets, options, ports, self.layout.files)
        alone = [
            shutil.which("unshare") or "unshare",
            "--uts",
            *([] if os.geteuid() == 0 else ["--map-root-user"]),
        ]
        self._spawn(
            f"apiserver-{host}", [*alone, "sh", "-c", f'hostname {host} && exec "$@"', "sh", *command]
        )
        url = f"https://127.0.0.1:{port}"
        api = Api(url, self.layout.context_of("admin"))

        def ready() -> bool:
            self._check_running()
            try:
                return api.request("GET", "/readyz", timeout=10).code == 200
            except OSError:
                return False

        eventually(ready, within=_BOOT_SECONDS, what=f"the apiserver of {host} is ready")
        return url

    def start_controller_manager(self) -> None:
        """Start the controller manager, or another one in the place of one that ended."""
        command = components.controller_manager(self._assets, self.options, self.layout.files)
        self._spawn("controller-manager", command)

    def end(self, name: str) -> None:
        """One of its programs dies."""
        self._processes.pop(name).kill()

    def stop_apiserver(self, number: int = signal.SIGKILL) -> None:
        """Stop the apiserver. After SIGTERM it refuses connections but serves open watches for 60 s more."""
        process = self._processes.pop("apiserver")
        process.signal(number)
        if number == signal.SIGKILL:
            process.wait(60)
            return
        self._leaving.append(process)

        def refused() -> bool:
            try:
                self.api.request("GET", "/livez", timeout=5)
            except ConnectionRefusedError:
                return True
            except OSError:
                return False
            return False

        eventually(refused, within=10, what="the apiserver refuses connections")

    # The datastore, stopped, copied, compacted and put back

    def stop_storage(self, number: int = signal.SIGKILL) -> None:
        """Stop the datastore; the apiserver lives on and cannot reach it."""
        process = self._processes.pop("storage")
        process.signal(number)
        process.wait(60)

    def start_storage(self) -> None:
        """Start the datastore on what it left behind."""
        layout = self.layout
        self._spawn("storage", components.storage(self._assets, self.options, layout.ports, layout.files))

    def copy_storage(self) -> Path:
        """A copy of etcd's data as it is now, taken while it stands still."""
        copy = self.directory / "etcd-copy"
        shutil.rmtree(copy, ignore_errors=True)
        self.process("storage").signal(signal.SIGSTOP)
        try:
            shutil.copytree(self.directory / "etcd", copy)
        finally:
            self.process("storage").signal(signal.SIGCONT)
        return copy

    def restore_storage(self, copy: Path) -> None:
        """Bring back an older state, as a restored backup does: everything stops meanwhile."""
        self.stop_apiserver()
        self.stop_storage()
        shutil.rmtree(self.directory / "etcd")
        shutil.move(copy, self.directory / "etcd")
        self.start_storage()
        self.start_apiserver()

    def compact_storage(self) -> None:
        """Forget all history before the newest version (etcd only, through its JSON gateway)."""
        newest = self._etcd("kv/range", {"key": "AA=="})["header"]["revision"]
        self._etcd("kv/compaction", {"revision": newest, "physical": True})

    def _etcd(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        client = http.client.HTTPConnection("127.0.0.1", self.layout.ports.storage, timeout=10)
        try:
            client.request("POST", f"/v3/{method}", json.dumps(body))
            answer = client.getresponse()
            found: dict[str, Any] = json.loads(answer.read())
        finally:
            client.close()
        if answer.status != 200:
            raise OSError(f"etcd {method}: {answer.status} {found}")
        return found

    def start_metrics(self) -> None:
        """Start metrics-server; its first figures are there some 20 s later (``await_metrics``)."""
        layout = self.layout
        self._spawn("metrics-server", components.metrics_server(self._assets, layout.ports, layout.files))

    def stop_metrics(self) -> None:
        """Stop metrics-server, as if it had crashed."""
        self._processes.pop("metrics-server").kill()

    def await_metrics(self, within: float = 60) -> None:
        """Wait until ``metrics.k8s.io`` has figures of every node that is alive."""

        def measured() -> bool:
            answer = self.api.request("GET", "/apis/metrics.k8s.io/v1beta1/nodes")
            return answer.code == 200 and len(answer.json()["items"]) >= self._nodes

        eventually(measured, within=within, what="metrics of the nodes", errors=(OSError,))

    def metrics_text(self) -> str:
        """The apiserver's own /metrics."""
        return self.api.request("GET", "/metrics").body.decode()

    # Nodes

    def add_nodes(self, count: int) -> list[str]:
        """Let hosts join, called node-0, node-1, …; returns their names when they are Ready."""
        names = [f"node-{number}" for number in range(self._nodes, self._nodes + count)]
        for number in range(self._nodes, self._nodes + count):
            self.api.create("/api/v1/nodes", kwok.node(number, port=self.layout.ports.kwok))
        self._nodes += count
        for name in names:
            self.await_node(name, ready=True, within=_BOOT_SECONDS)
        return names

    def kill_node(self, name: str) -> None:
        """A host loses power: no heartbeat and no answer from its pods. NotReady follows within the grace."""
        self._label_node(name, kwok.DEAD)

    def revive_node(self, name: str) -> None:
        """The host is back; Ready follows at once."""
        self._label_node(name, kwok.ALIVE)

    def await_node(self, name: str, *, ready: bool, within: float = 40) -> None:
        """Wait until a node is Ready and untainted, or has lost its Ready condition."""

        def reached() -> bool:
            self._check_running()
            node = self.api.get(f"/api/v1/nodes/{name}")
            conditions = node["status"].get("conditions", [])
            status = next((each["status"] for each in conditions if each["type"] == "Ready"), "Unknown")
            return status == "True" and not node["spec"].get("taints") if ready else status != "True"

        eventually(reached, within=within, what=f"{name} {'Ready' if ready else 'NotReady'}")

    def _label_node(self, name: str, value: str) -> None:
        self.api.patch(f"/api/v1/nodes/{name}", {"metadata": {"labels": {kwok.MANAGED_LABEL: value}}})

    # People

    def kubeconfig(self, user: str = "admin", path: Path | None = None, server: str | None = None) -> Path:
        """Write a kubeconfig with a client certificate; ``server`` puts a proxy's address into it."""
        path = path or self._new_path(user)
        return self.layout.write_kubeconfig(path, user, self.layout.user_stanza(user), server=server)

    def service_account_kubeconfig(
        self,
        namespace: str,
        name: str,
        path: Path | None = None,
        *,
        role: str = users.OPERATOR_ROLE,
        server: str | None = None,
        seconds: int = 3600,
    ) -> Path:
        """Write a kubeconfig with a service account's token, bound to an Opaque Secret, that it may rotate.

        ``role`` is a ClusterRole; the service account and the role are created where missing.
        """
        users.create_operator(self.api, namespace, name, role)
        token = users.issue_token(self.api, namespace, name, seconds=seconds)
        stanza = kubeconfig.token_user(token)
        path = path or self._new_path(name)
        return self.layout.write_kubeconfig(path, name, stanza, server=server, namespace=namespace)

    def _new_path(self, user: str) -> Path:
        self._files_written += 1
        return self.directory / f"{self.name}-{user}-{self._files_written}.kubeconfig"

    def kubectl(self, *arguments: str, input: str | None = None, within: float = 240) -> str:
        """Run the real kubectl as admin and return what it printed. Raises KubectlError."""
        admin = self.directory / "kubectl.kubeconfig"
        if not admin.exists():
            self.kubeconfig(path=admin)
        answer = subprocess.run(
            [self._assets["kubectl"], *arguments],
            env={**os.environ, "KUBECONFIG": str(admin), "HOME": str(self.directory)},
            input=input,
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
        )
        if answer.returncode != 0:
            raise KubectlError(f"kubectl {' '.join(arguments)}: {answer.stderr.strip()}")
        return answer.stdout

    @contextmanager
    def namespace(self, prefix: str = "t") -> Iterator[str]:
        """A namespace of one test's own, ready for pods; deleted afterwards without waiting for its end."""
        name = f"{prefix}-{secrets.token_hex(3)}"
        self.api.create("/api/v1/namespaces", {"metadata": {"name": name}})
        self._await_account(name)
        try:
            yield name
        finally:
            self.api.request("DELETE", f"/api/v1/namespaces/{name}")

    def await_still(self) -> None:
        """Wait until nothing of the namespaces of earlier tests is left, for what counts bytes of a shared cluster."""

        def emptied() -> bool:
            found = self.api.get("/api/v1/namespaces")["items"]
            return all(one["status"]["phase"] == "Active" for one in found)

        eventually(emptied, within=90, what="an end of the namespaces that were deleted")

    def create(self, namespace: str, *objects: dict[str, Any]) -> None:
        """Create objects of ``workloads`` in a namespace."""
        for body in objects:
            self.api.create(workloads.PATHS[body["kind"]].format(namespace), body)

    def _await_account(self, namespace: str) -> None:
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"

        def there() -> bool:
            self._check_running()
            return self.api.request("GET", path).code == 200

        eventually(there, within=30, what=f"the default service account of {namespace}")

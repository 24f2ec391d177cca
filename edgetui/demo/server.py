"""The server process of the demo fleet: `python -m edgetui.demo.server`.

Serves every site on its own loopback port and prints one JSON line when all are up. Ends at SIGTERM, SIGINT, or
the end of its standard input (which the death of the parent brings about), and takes its directory along.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import os
import shutil
import signal
import socket
import ssl
import stat
import sys
import tempfile
import time
from pathlib import Path

from edgetui.demo import auth, sites
from edgetui.demo.http import Connection
from edgetui.demo.kubeconfig import Entry, kubeconfig
from edgetui.demo.pki import server_identity
from edgetui.demo.routes import Api
from edgetui.demo.sites import Outage, Site

TOKEN_SECONDS = 90 * 86_400
HOST = "127.0.0.1"


class Listener:
    """One site on one port. The port stays the same over outages of the link."""

    def __init__(self, site: Site, context: ssl.SSLContext) -> None:
        self._api = Api(site.simulation.cluster)
        self._context = context
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self.port = 0

    async def open(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, HOST, self.port, ssl=self._context, family=socket.AF_INET, limit=256 * 1024
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._api.address = f"{HOST}:{self.port}"

    def cut(self) -> None:
        """Refuses new connections and drops the open ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in tuple(self._connections):
            connection.abort()

    async def repeat_outage(self, outage: Outage) -> None:
        await asyncio.sleep(outage.first)
        while True:
            self.cut()
            await asyncio.sleep(outage.down)
            await self.open()
            await asyncio.sleep(outage.period - outage.down)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer, self._api.handle)
        self._connections.add(connection)
        try:
            await connection.serve()
        finally:
            self._connections.discard(connection)


async def serve(clusters: int, pods: int, directory: Path, *, outages: bool = True) -> None:
    """Serves until it is told to stop; `directory` gets the kubeconfig."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    listeners: list[Listener] = []
    entries: list[Entry] = []
    fleet = sites.fleet(clusters, pods, time.time())
    for site in fleet:
        identity = server_identity(site.name, directory)
        listener = Listener(site, identity.context)
        await listener.open()
        listeners.append(listener)
        entries.append(Entry(site.name, f"https://{HOST}:{listener.port}", identity.ca_pem, _token(site)))
    for site in fleet:
        site.simulation.go_live(loop)
    path = directory / "kubeconfig"
    path.touch(mode=0o600)
    path.write_text(kubeconfig(entries))
    gc.freeze()
    print(json.dumps({"kubeconfig": str(path), "clusters": [entry.name for entry in entries]}), flush=True)  # noqa: T201
    tasks = [
        asyncio.create_task(listener.repeat_outage(site.outage))
        for site, listener in zip(fleet, listeners, strict=True)
        if outages and site.outage is not None
    ]
    _watch_stdin(loop, stop)
    await stop.wait()
    for task in tasks:
        task.cancel()
    for listener in listeners:
        listener.cut()


def run(clusters: int, pods: int, *, outages: bool) -> int:
    """Serves from a private directory until told to stop."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    place = runtime if Path(runtime).is_dir() and os.access(runtime, os.W_OK) else None
    directory = Path(tempfile.mkdtemp(prefix="edgetui-demo-", dir=place if runtime else None))
    try:
        asyncio.run(serve(clusters, pods, directory, outages=outages))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return 0


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="edgetui demo --serve", description="Serve the demo fleet on loopback."
    )
    parser.add_argument("--clusters", type=int, default=3)
    parser.add_argument("--pods", type=int, default=0)
    parser.add_argument("--no-outages", action="store_true", help="keep every link up")
    options = parser.parse_args(argv)
    return run(max(options.clusters, 1), options.pods, outages=not options.no_outages)


def _token(site: Site) -> str:
    """A token of the operator account, bound to a Secret so that it can be revoked by itself."""
    cluster = site.simulation.cluster
    spec = {
        "expirationSeconds": TOKEN_SECONDS,
        "boundObjectRef": {"kind": "Secret", "apiVersion": "v1", "name": sites.TOKEN_SECRET},
    }
    namespace, name = sites.OPERATOR_NAMESPACE, sites.OPERATOR
    granted = auth.issue_token(cluster.storage, cluster.signer, namespace, name, {"spec": spec})
    return str(granted["status"]["token"])


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stops at the end of a pipe, a socket or a terminal; /dev/null and files say nothing about a parent."""
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return

    def ready() -> None:
        with contextlib.suppress(BlockingIOError):
            if not os.read(0, 4096):
                loop.remove_reader(0)
                stop.set()

    loop.add_reader(0, ready)


if __name__ == "__main__":
    sys.exit(main())

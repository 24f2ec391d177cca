"""Commands in containers through a real API server and the code that kubelets stream with."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edgetui.actions.cli.connect import Connection, choose
from edgetui.cluster.api.port_forward import SPDY, V4, open_port
from edgetui.cluster.api.remote_command import Channel, Command, RemoteCommand
from edgetui.cluster.errors import EdgetuiError, Forbidden, LinkError, NotFound

from . import workloads as w
from .cluster import ControlPlane
from .proxy import FaultProxy
from .waiting import eventually


@asynccontextmanager
async def connected(file: Path) -> AsyncIterator[Connection]:
    connection = Connection(choose([file], []))
    try:
        yield connection
    finally:
        connection.close()


@pytest.fixture
def pod(cluster: ControlPlane, namespace: str) -> str:
    """The name of a pod that runs."""
    cluster.create(namespace, w.deployment("press", replicas=1))

    def running() -> str:
        pods = cluster.api.get(f"/api/v1/namespaces/{namespace}/pods")["items"]
        return next((one["metadata"]["name"] for one in pods if one["status"].get("phase") == "Running"), "")

    return eventually(running, within=30, what="a running pod")


async def all_of(remote: RemoteCommand) -> dict[Channel, bytes]:
    """Everything that comes, by channel."""
    found = {Channel.STDOUT: b"", Channel.STDERR: b""}
    async for channel, data in remote.output():
        found[channel] += data
    return found


async def test_a_command_runs_and_its_outputs_stay_apart(
    cluster: ControlPlane, namespace: str, pod: str
) -> None:
    async with connected(cluster.kubeconfig()) as connection, asyncio.timeout(30):
        words = ("sh", "-c", "echo out; echo err >&2; echo $0 'two words'")
        remote = await RemoteCommand.start(connection.transport, Command(namespace, pod, "app", words))
        assert remote.can_end_input
        found = await all_of(remote)
    assert found == {Channel.STDOUT: b"out\nsh two words\n", Channel.STDERR: b"err\n"}
    assert remote.ended is not None and remote.ended.code == 0


async def test_a_terminal_has_the_size_that_it_is_told(
    cluster: ControlPlane, namespace: str, pod: str
) -> None:
    async with connected(cluster.kubeconfig()) as connection, asyncio.timeout(30):
        command = Command(namespace, pod, "app", ("sh",), stdin=True, tty=True)
        remote = await RemoteCommand.start(connection.transport, command)
        await remote.send(b"until stty size | grep -q '33 101'; do :; done; stty size; read seen; exit\n")

        async def tell_it() -> None:
            while True:  # a size that comes before the terminal is there counts for nothing
                await remote.resize(101, 33)
                await asyncio.sleep(0.1)

        telling = asyncio.ensure_future(tell_it())
        shown = b""
        async for _, data in remote.output():
            told, shown = b"33 101\r\n" in shown, shown + data
            if not told and b"33 101\r\n" in shown:  # what is written right before the end may be lost
                await remote.send(b"\n")
        telling.cancel()
    assert b"33 101\r\n" in shown


async def test_ten_megabytes_come_and_go_as_they_are(cluster: ControlPlane, namespace: str, pod: str) -> None:
    size = 10 * 1024 * 1024
    data = bytes(range(256)) * (size // 256)
    async with connected(cluster.kubeconfig()) as connection, asyncio.timeout(120):
        words = ("sh", "-c", f"head -c {size} | tee /dev/stderr | sha256sum")
        remote = await RemoteCommand.start(
            connection.transport, Command(namespace, pod, "app", words, stdin=True)
        )
        sending = asyncio.ensure_future(remote.send(data))
        found = await all_of(remote)
        await sending
    assert found[Channel.STDOUT].split()[0].decode() == hashlib.sha256(data).hexdigest()
    assert found[Channel.STDERR] == data
    assert remote.bytes_in >= size and remote.bytes_out >= size


async def test_a_slow_reader_holds_the_command_up_and_not_the_memory(
    cluster: ControlPlane, namespace: str, pod: str
) -> None:
    async with connected(cluster.kubeconfig()) as connection, asyncio.timeout(60):
        words = ("head", "-c", str(64 * 1024 * 1024), "/dev/zero")
        remote = await RemoteCommand.start(connection.transport, Command(namespace, pod, "app", words))
        output = remote.output()
        await anext(output)
        before = -1
        while remote.bytes_in != before:  # until nothing more comes, because nobody reads
            before = remote.bytes_in
            await asyncio.sleep(1)
        assert before < 2 * 1024 * 1024
        await anext(output)
        remote.close()


async def test_what_is_not_there_is_one_sentence(cluster: ControlPlane, namespace: str, pod: str) -> None:
    async with connected(cluster.kubeconfig()) as connection, asyncio.timeout(30):
        with pytest.raises(NotFound, match="none"):
            await RemoteCommand.start(connection.transport, Command(namespace, "none", "app", ("true",)))
        with pytest.raises(EdgetuiError):
            await RemoteCommand.start(connection.transport, Command(namespace, pod, "nothere", ("true",)))


@pytest.mark.parametrize("verbs", [("get",), ("create",)])
async def test_each_right_alone_is_not_enough(
    cluster: ControlPlane, namespace: str, pod: str, verbs: tuple[str, ...]
) -> None:
    role = f"{namespace}-{verbs[0]}-exec"
    rules = [{"apiGroups": [""], "resources": ["pods/exec"], "verbs": list(verbs)}]
    cluster.api.create(
        "/apis/rbac.authorization.k8s.io/v1/clusterroles", {"metadata": {"name": role}, "rules": rules}
    )
    file = cluster.service_account_kubeconfig(namespace, "hand", role=role)
    async with connected(file) as connection, asyncio.timeout(30):
        with pytest.raises(Forbidden):
            await RemoteCommand.start(connection.transport, Command(namespace, pod, "app", ("true",)))


async def test_a_cut_link_ends_it_with_a_sentence(cluster: ControlPlane, namespace: str, pod: str) -> None:
    with FaultProxy.in_front_of(cluster) as proxy:
        async with connected(cluster.kubeconfig(server=proxy.url)) as connection, asyncio.timeout(60):
            command = Command(namespace, pod, "app", ("sh",), stdin=True, tty=True)
            remote = await RemoteCommand.start(connection.transport, command)
            await remote.send(b"echo here\n")
            output = remote.output()
            while b"here" not in (await anext(output))[1]:
                pass
            proxy.cut()
            with pytest.raises(LinkError):
                async for _ in output:
                    pass
    assert remote.ended is None


@pytest.mark.parametrize("protocol", [SPDY, V4])
async def test_a_port_of_a_pod_gives_back_what_it_gets_over_either_protocol(
    cluster: ControlPlane, namespace: str, pod: str, protocol: str
) -> None:
    data = bytes(range(256)) * 1024
    async with connected(cluster.kubeconfig()) as connection, asyncio.timeout(30):
        way = await open_port(connection.transport, namespace, pod, 7, (protocol,))
        try:
            await way.send(data)
            found = b""
            while len(found) < len(data):
                found += await way.receive()
        finally:
            way.close()
    assert found == data

"""Ends that come late or never: sockets that lost a race, callbacks after the close, probes that are refused."""

from __future__ import annotations

import asyncio
import socket
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.cluster.errors import EdgetuiError, KubeconfigError, LinkError, Unauthorized
from edgetui.cluster.http.connection import Connection
from edgetui.cluster.http.dialer import _discard
from edgetui.cluster.http.traffic import Counters
from edgetui.cluster.kubeconfig.proxy_env import from_environment
from edgetui.cluster.kubeconfig.yaml_edit import replace_for_user
from edgetui.cluster.watch.asyncio_io import AsyncioIO
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.reflector import step
from edgetui.cluster.watch.reflector.watching import QUIET_WHILE_DOWN

from .reflector_samples import NOW, Fixed, sample


async def ended(result: object) -> asyncio.Task[Any]:
    """A task that has ended so."""

    async def work() -> object:
        if isinstance(result, BaseException):
            raise result
        return result

    task = asyncio.ensure_future(work())
    await asyncio.wait([task])
    return task


async def test_a_socket_that_connected_too_late_is_closed() -> None:
    near, far = socket.socketpair()
    _discard(await ended(near))
    assert near.fileno() == -1
    far.close()


@pytest.mark.parametrize("how", [LinkError("No route."), asyncio.CancelledError()])
async def test_an_attempt_that_failed_leaves_nothing_to_close(how: BaseException) -> None:
    _discard(await ended(how))


async def test_a_connection_that_is_closed_reads_and_writes_nothing_more() -> None:
    near, far = socket.socketpair()
    near.setblocking(False)
    connection = Connection(near, None, asyncio.get_running_loop(), Counters())
    heard: list[object] = []
    connection.attach(heard.append, heard.append)
    connection.close()
    connection._readable()
    connection._writable()
    connection.close()
    assert heard == []
    far.close()


def test_nothing_is_counted_before_anything_happens() -> None:
    counted = Counters()
    fields = [getattr(counted, name) for name in counted.__struct_fields__ if name != "waits"]
    assert set(fields) == {0}
    assert list(counted.waits) == []


@pytest.mark.parametrize("excepted", ["", ",", " , ", ":6443", ":443,"])
@pytest.mark.parametrize("server", ["https://api.example:6443", "https://api.example.:6443"])
def test_an_empty_exception_excepts_nothing(excepted: str, server: str) -> None:
    env = {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": excepted}
    assert from_environment(server, env) == "http://proxy:3128"


def test_tabs_are_put_up_with_in_json_alone() -> None:
    text = "users:\n-\tname: ops\n \tuser: {token: old}\n"
    with pytest.raises(KubeconfigError):
        replace_for_user(text.encode(), "ops", {("token",): "new"}, "f")


class Asked:
    """An API whose connections are counted, and credentials that explain why the server does not know them."""

    generation = 0

    def __init__(self, answer: EdgetuiError | None, *, shared: bool = False) -> None:
        self.answer, self.open, self.signed_in = answer, 0, 0
        self.shared, self.fresh = shared, 0
        self.transport = self

    async def alive(self) -> bool:
        return self.shared

    def on_fresh_connection(self, credentials: Any) -> Any:
        self.open += 1
        self.fresh += 1
        return SimpleNamespace(close=self._close)

    def _close(self) -> None:
        self.open -= 1

    async def headers(self) -> list[tuple[str, str]]:
        self.signed_in += 1
        return []

    def explain_refusal(self) -> Any:
        return SimpleNamespace(sentence="The token has expired.", next_step="Sign in again.")

    async def identify(self, api: Any, version: str, timeout: float) -> None:
        assert (version, timeout, self.open, self.signed_in) == ("7", 5.0, self.fresh, 1)
        assert (api is self) is not bool(self.fresh)
        if self.answer is not None:
            raise self.answer


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, ""),
        (LinkError("No route."), "No route."),
        (Unauthorized("The server refused the credentials.", "", code=401), "The token has expired."),
    ],
)
async def test_a_probe_that_is_refused_says_what_the_credentials_tell(
    answer: EdgetuiError | None, said: str
) -> None:
    asked = Asked(answer)
    found = await probed(asked)
    assert (found.sentence if found is not None else "") == said
    assert (asked.fresh, asked.open) == (1, 0)


@pytest.mark.parametrize(("dials", "shared", "fresh"), [(True, True, 1), (False, False, 1), (False, True, 0)])
async def test_a_probe_that_need_not_dial_goes_over_a_shared_connection_that_is_alive(
    dials: bool, shared: bool, fresh: int
) -> None:
    asked = Asked(None, shared=shared)
    assert await probed(asked, dials=dials) is None
    assert asked.fresh == fresh


async def probed(asked: Any, **options: bool) -> EdgetuiError | None:
    """What a probe finds out."""
    got: list[EdgetuiError | None] = []
    io = AsyncioIO(
        asked,
        asked,
        spawn=asyncio.ensure_future,
        clock=lambda: 0.0,
        rng=Fixed(),
        namespaces=[],
        identify=asked.identify,
    )
    io.probe(5.0, "7", got.append, **options)
    while not got:
        await asyncio.sleep(0)
    return got[0]


def test_a_stream_that_lives_on_while_the_link_is_down_is_looked_at_once_it_has_been_quiet() -> None:
    watching = sample(r.Phase.WATCHING)
    for heard in (NOW, NOW - 5.0, NOW - 2 * QUIET_WHILE_DOWN):
        state = replace(watching, heard=heard, wake_at=NOW + 1000.0, link_up=True)
        after, _ = step(state, r.LinkDown("the link is down"), NOW, Fixed())
        assert after.wake_at == max(heard + QUIET_WHILE_DOWN, NOW)
        assert (after.link_up, after.reason) == (False, "the link is down")

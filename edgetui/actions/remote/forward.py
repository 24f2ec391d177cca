"""Port-forward: ports of this machine, on 127.0.0.1 alone, that lead to a pod, or to what selects pods.

It is no write to the API, so there is no question; read-only and rows that may be old refuse it all the same. It ends
with the screen, or with its command. A lost link costs the connections that are open; the next ones go through again.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import struct
import time
from collections.abc import Sequence

from edgetui.actions.catalogue import needs
from edgetui.actions.change.form import Leads
from edgetui.actions.change.long_running import Ended, Listener
from edgetui.actions.change.spec import Aim, Argument, Given, Spec
from edgetui.actions.gate.gate import Gate, Run
from edgetui.actions.messages import Refusal
from edgetui.actions.remote.execute import served
from edgetui.actions.remote.forward_plan import (
    ForwardView,
    Ports,
    chosen,
    for_everybody,
    pairs_of,
    port_named,
    ports_of,
    read_target,
    ready,
)
from edgetui.actions.rollout.pods import selected
from edgetui.actions.rollout.revisions import selector
from edgetui.actions.session import Session
from edgetui.cluster.api.port_forward import PodPort, open_port
from edgetui.cluster.errors import EdgetuiError, LinkError
from edgetui.model import labels
from edgetui.model.cache.freshness import Link
from edgetui.model.cache.store import Store
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.pod import POD, PodRow
from edgetui.model.text import memory, plural

HERE = "127.0.0.1"
LOOK_EVERY = 1.0
"""Seconds between two looks at whether the pod still takes connections."""
KEPT = 20.0
"""Seconds that a way to the pod is kept for the next connection; its pings are the only traffic meanwhile."""
PIECE = 32 * 1024
MOST_TRIED = 50
"""Ports that are looked at for a free one."""


class Forward:
    """One port-forward, let in by the gate, that listens; `run` comes next."""

    def __init__(
        self, session: Session, view: ForwardView, ports: Sequence[Ports], listener: Listener, run: Run
    ) -> None:
        self.ref = view.ref
        self.bytes_in = self.bytes_out = 0
        self.connections = self.open = 0
        self.error = ""
        self.local: dict[int, Ports] = {}
        """The ports that listen, and what each leads to."""
        self._session = session
        self._view = view
        self._wanted = tuple(ports)
        self._listener = listener
        self._run = run
        self._pod = view.ref.key.name if view.selector is None else ""
        self._uid = view.ref.uid if view.selector is None else ""
        self._numbers: dict[tuple[str, int | str], int] = {}
        self._kept: list[tuple[float, str, PodPort]] = []
        self._servers: list[asyncio.Server] = []
        self._carrying: set[asyncio.Task[None]] = set()
        self._cancelled = asyncio.Event()
        self._seen = self._over = False
        self._began = 0.0
        self._told = ""

    # -- what it says

    @property
    def title(self) -> str:
        """What runs, without the cluster."""
        return f"Forward to {self._view.words}"

    @property
    def _where(self) -> str:
        return ", ".join(f"{HERE}:{port} to {pair.remote}" for port, pair in self.local.items())

    @property
    def says(self) -> str:
        """Where it listens, to what it leads, and what went through."""
        pod = f" of {self._pod}" if self._pod and self._view.selector is not None else ""
        now = f"{self.open} open" if self.open else "idle"
        through = f"{memory(self.bytes_in)}B in, {memory(self.bytes_out)}B out"
        said = [f"{self._where}{pod}", f"{now}, {plural(self.connections, 'connection')}", through]
        return " · ".join([*said, *(one for one in (self._link, self.error) if one)])

    @property
    def _link(self) -> str:
        store = self._session.store
        live = store is None or store.link.link is Link.LIVE
        return "" if live or store is None else f"{self._session.name} is {store.link.link.value}"

    @property
    def turn(self) -> tuple[str, ...]:
        """Another pod, or another thing that is wrong."""
        return (self._pod, self._link, self.error)

    @property
    def repeats(self) -> bool:
        """A log has each turn once."""
        return False

    @property
    def badge(self) -> str:
        """The first port and where it leads."""
        return f"{next(iter(self.local), '')} {self.ref.key.name}"

    @property
    def urgent(self) -> bool:
        """It changes nothing."""
        return False

    @property
    def at_exit(self) -> str:
        """It needs somebody to run it."""
        return "A forward ends with this screen; edgetui forward goes on without one."

    def cancel(self) -> None:
        """Let it end, and the connections with it."""
        self._cancelled.set()

    # -- life

    async def listen(self) -> None:
        """Take the ports, all or none. Raises Refusal for one that cannot be had."""
        try:
            for pair in self._wanted:
                server = await asyncio.start_server(self._accepted, HERE, pair.local)
                self._servers.append(server)
                self.local[server.sockets[0].getsockname()[1]] = pair
        except OSError as problem:
            self._close()
            raise _taken(pair, problem) from None
        except BaseException:
            self._close()
            raise
        self._began = time.monotonic()

    async def run(self) -> Ended:
        """Until it is cancelled, or its pod is gone."""
        try:
            while not self._cancelled.is_set() and (sentence := await self._look()) == "":
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY):
                        await self._cancelled.wait()
        finally:
            self._over = True
            self._close()
            await asyncio.gather(*self._carrying, return_exceptions=True)
            await self._run.note(
                "result",
                result="ended",
                connections=self.connections,
                milliseconds=round((time.monotonic() - self._began) * 1000),
                bytes_in=self.bytes_in,
                bytes_out=self.bytes_out,
            )
        if self._cancelled.is_set():
            return Ended(f"{self.title} has ended.", good=True, cancelled=True)
        return Ended(sentence)

    def _close(self) -> None:
        for server in self._servers:
            server.close()
        for task in self._carrying:
            task.cancel()
        self._drop_kept()

    # -- the pod

    async def _look(self) -> str:
        """Go on to another pod where the present one takes no more connections; why it has to end, or nothing."""
        for one in [one for one in self._kept if one[0] < time.monotonic()]:
            self._kept.remove(one)
            one[2].close()
        sentence = "" if self._link or self._session.store is None else self._follow(self._session.store)
        if self._told != (told := self.says):
            self._told = told
            self._listener.changed()
        return sentence

    def _follow(self, store: Store) -> str:
        """What the rows say of the pod. One that they never showed may be there all the same."""
        row = store.get(POD, self.ref.key.namespace, self._pod) if self._pod else None
        mine = isinstance(row, PodRow) and row.uid in ("", self._uid)
        lost = not mine and (self._seen or row is not None)
        self._seen |= mine
        if self._view.selector is None:
            return (
                f"The pod {self._pod} is gone: forward a workload or a Service to outlive it." if lost else ""
            )
        if not self._pod or lost or (mine and isinstance(row, PodRow) and not ready(row)):
            self._take(chosen(self._view, self._labelled(store)), seen=True)
        return ""

    def _labelled(self, store: Store) -> list[Row]:
        """The pods of the namespace; none where their labels are not known, as on a thin link."""
        rows = [row for row in store.rows(POD) if row.namespace == self.ref.key.namespace]
        return rows if all(map(labels.known, rows)) else []

    def _take(self, row: PodRow | None, *, seen: bool = False) -> None:
        """This pod takes the next connections; with none, the next one looks for itself. `seen` is among the rows."""
        pod = (row.name, row.uid) if row is not None else ("", "")
        if pod != (self._pod, self._uid):
            self._pod, self._uid = pod
            self._seen = seen
            self._drop_kept()

    async def _choose(self) -> None:
        """Raises Refusal where no pod takes connections, and as `Api.get`."""
        store = self._session.store
        rows: Sequence[Row] = self._labelled(store) if store is not None and not self._link else ()
        if shown := chosen(self._view, rows):
            self._take(shown, seen=True)
            return
        words = selector(self._view.selector or {})
        self._take(chosen(self._view, await selected(self._session, self.ref.key.namespace, words)))
        if not self._pod:
            raise Refusal(f"No pod of {self._view.words} takes connections now.")

    def _drop_kept(self) -> None:
        for _, _, way in self._kept:
            way.close()
        self._kept.clear()

    async def _number(self, remote: int | str) -> int:
        """The port in the present pod."""
        wanted = self._view.in_pod(remote)
        if isinstance(wanted, int):
            return wanted
        asked = (self._uid or self._pod, wanted)
        if asked not in self._numbers:
            path = KINDS[POD].path(self.ref.key.namespace, self._pod)
            self._numbers[asked] = port_named(await self._session.api.get(path), wanted)
        return self._numbers[asked]

    async def _way(self, remote: int | str) -> tuple[str, PodPort]:
        """A way to the present pod that has a connection to a port of it."""
        if not self._pod:
            await self._choose()
        pod, port = self._pod, await self._number(remote)
        while self._kept:
            _, name, kept = self._kept.pop()
            if name == pod and kept.free:
                with contextlib.suppress(EdgetuiError):
                    await kept.connect(port)
                    return pod, kept
            kept.close()
        try:
            with served(self._session, "portforward"):
                return pod, await open_port(self._session.api.transport, self.ref.key.namespace, pod, port)
        except EdgetuiError as problem:
            if self._view.selector is not None and not isinstance(problem, LinkError):
                self._take(None)  # it may have gone before anybody said so: the next connection looks again
            raise

    # -- connections

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carrying.add(task)
        self.connections += 1
        self.open += 1
        way: PodPort | None = None
        pod = ""
        try:
            pair = self.local[writer.get_extra_info("sockname")[1]]
            pod, way = await self._way(pair.remote)
            await self._carry(way, reader, writer)
        except EdgetuiError as problem:
            self.error = problem.sentence
            _abort(writer)
        except OSError:
            pass  # the near side went away, which is its own affair
        else:
            self.error = ""
        finally:
            writer.close()
            self._carrying.discard(task)
            self.open -= 1
            self._keep(pod, way)

    def _keep(self, pod: str, way: PodPort | None) -> None:
        """What may carry another connection waits for it."""
        if way is None:
            return
        if way.free and pod == self._pod and not self._over:
            self._kept.append((time.monotonic() + KEPT, pod, way))
        else:
            way.close()

    async def _carry(self, way: PodPort, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Both directions, each to its own end; the pod's end is that of the connection."""
        out = asyncio.ensure_future(self._outwards(way, reader))
        try:
            while data := await way.receive():
                self.bytes_in += len(data)
                writer.write(data)
                await writer.drain()
        finally:
            out.cancel()
            await asyncio.gather(out, return_exceptions=True)
        await way.finish()

    async def _outwards(self, way: PodPort, reader: asyncio.StreamReader) -> None:
        try:
            while data := await reader.read(PIECE):
                self.bytes_out += len(data)
                await way.send(data)
        except OSError:
            way.close()  # reset by the near side: the pod hears of it
            return
        await way.end()


def _abort(writer: asyncio.StreamWriter) -> None:
    """Reset: a near side that waits for an answer must not take this for the end of one."""
    there = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _taken(pair: Ports, problem: OSError) -> Refusal:
    """Why a port cannot be had, and one that can."""
    port = pair.local
    free = _free(port)
    other = f"Port {free} is free: write {free}:{pair.remote}."
    if problem.errno == errno.EADDRINUSE:
        return Refusal(
            f"Port {port} of this machine is taken; ss -ltnp 'sport = :{port}' says by whom.", other
        )
    if problem.errno == errno.EACCES:
        return Refusal(f"Only root may listen on port {port}.", other)
    return Refusal(f"Port {port} cannot be had: {problem.strerror}.", other)


def _free(near: int) -> int:
    """A port that nobody has now, close to one that cannot be had."""
    first = max(for_everybody(near), near + 1)
    for port in (*range(first, min(first + MOST_TRIED, 65536)), 0):
        with contextlib.suppress(OSError), socket.socket() as tried:
            tried.bind((HERE, port))
            found: int = tried.getsockname()[1]
            return found
    return 0


async def starts(
    gate: Gate, aim: Aim, view: ForwardView, ports: tuple[Ports, ...], listener: Listener
) -> Forward:
    """A forward that listens."""
    key = view.ref.key
    rights = needs("forward", key.kind)
    async with gate.run(aim.session, "forward", view.ref, rights, key.namespace, key.name) as run:
        made = Forward(aim.session, view, ports, listener, run)
        words = f"forward {', '.join(one.words for one in ports)} to {view.words}"
        await run.record("intent", words=words, ports=[one.words for one in ports])
        await made.listen()
        return made


def _answer(view: ForwardView, given: Given) -> tuple[Ports, ...]:
    pairs = pairs_of(given["ports"])
    for one in pairs:
        view.in_pod(one.remote)
    return pairs


def _leads(view: ForwardView, given: Given) -> Leads:
    try:
        _answer(view, given)
    except Refusal as wrong:
        return Leads(wrong=f"{wrong.sentence} {wrong.next_step}".strip())
    return Leads()


async def _read(aim: Aim) -> ForwardView:
    needs(aim.action, aim.ref.key.kind)
    return await read_target(aim.session, aim.ref)


SPEC: Spec[ForwardView, tuple[Ports, ...]] = Spec(
    read=_read,
    answer=_answer,
    title=lambda view, ports: f"Forward to {view.words}",
    starts=starts,
    watches=(POD,),
    leads=_leads,
    usual="pod",
    arguments=(
        Argument(
            "ports",
            "a port of this machine and one of the target, as 8080:80; :80 takes a free one, 8080:http a named one",
            "PORTS",
            label="ports",
            read=ports_of,
            default=(),
            many=True,
        ),
    ),
    fields=lambda view: {"ports": view.offered},
    example="a pod by its name alone, or for example svc/press, deploy/press",
    exits="0 stopped; 1 refused, failed or the pod is gone; 2 wrong usage or no usable cluster",
)

"""ClusterIO made of an event loop, a transport and the API of one cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from edgetui.cluster import backoff
from edgetui.cluster.api.client import Api
from edgetui.cluster.api.probe import Namespaces, readable_namespaces
from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.backoff import steady_clock as steady_clock
from edgetui.cluster.errors import EdgetuiError, Unauthorized
from edgetui.cluster.http.exchange import Closeable, WatchSink
from edgetui.cluster.watch.events import decode_page
from edgetui.cluster.watch.reflector.states import Page, Refreshed
from edgetui.model.kinds.base import Kind

if TYPE_CHECKING:
    from edgetui.cluster.watch.table import Printer

CONNECT_WITHIN = 10.0
PAGE_WITHIN = 60.0
CLOCK_JUMP = 2.0

T = TypeVar("T")
Spawn = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


class _Cancel:
    def __init__(self, task: asyncio.Task[None]) -> None:
        self._task = task

    def close(self) -> None:
        self._task.cancel()


class AsyncioIO:
    """ClusterIO on the running event loop. `spawn` starts a task that the session cancels when it closes."""

    def __init__(
        self,
        api: Api,
        credentials: Credentials,
        *,
        spawn: Spawn,
        clock: Callable[[], float],
        rng: backoff.Random,
        namespaces: list[str],
        identify: Callable[[Api, str, float], Coroutine[Any, Any, None]],
        steady: Callable[[], float] = steady_clock,
    ) -> None:
        self.rng = rng
        self.now = steady
        self.clock_jumped: Callable[[], None] = lambda: None
        self._api = api
        self._credentials = credentials
        self._spawn = spawn
        self._clock = clock
        self._offset = clock() - steady()
        self._fallback = namespaces
        self._identify = identify
        self._loop = asyncio.get_running_loop()

    def wall(self, steady: float) -> float:
        return steady + self._offset if steady else 0.0

    def later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        return self._loop.call_later(seconds, self._fire, call).cancel

    def _fire(self, call: Callable[[], None]) -> None:
        offset = self._clock() - self.now()
        if abs(offset - self._offset) > CLOCK_JUMP:
            self._offset = offset
            self.clock_jumped()
        call()

    def open_stream(
        self, path: str, query: dict[str, str], sink: WatchSink, printer: Printer | None = None
    ) -> Closeable:
        headers = None if printer is None else {"Accept": printer.accept}
        query = query if printer is None else query | printer.query
        return self._api.transport.open_stream(
            path, query, sink, connect_timeout=CONNECT_WITHIN, headers=headers, on_sent=sink.on_sent
        )

    def open_page(
        self,
        kind: Kind,
        path: str,
        query: dict[str, str],
        done: Callable[[Page | EdgetuiError], None],
        printer: Printer | None = None,
    ) -> Closeable:
        async def get() -> Page:
            if printer is None:
                return decode_page(kind, await self._api.get_bytes(path, query, timeout=PAGE_WITHIN))
            headers, asked = {"Accept": printer.accept}, query | printer.query
            return printer.page(await self._api.get_bytes(path, asked, timeout=PAGE_WITHIN, headers=headers))

        return _Cancel(self._spawn(_answer(get, done)))

    def probe(
        self, timeout: float, version: str, done: Callable[[EdgetuiError | None], None], *, dials: bool = True
    ) -> Closeable:
        async def ask() -> None:
            await self._credentials.headers()  # a person who signs in does not use up the time limit
            # An idle connection may be dead without knowing it; a shared one can be asked, without a handshake.
            alive = not dials and await self._api.transport.alive()
            api = self._api if alive else self._api.on_fresh_connection(self._credentials)
            try:
                await self._identify(api, version, timeout)
            except Unauthorized:
                raise self._refused() from None
            finally:
                if not alive:
                    api.close()

        return _Cancel(self._spawn(_answer(ask, done)))

    def refresh(self, done: Callable[[Refreshed], None]) -> None:
        async def renew() -> Refreshed:
            changed = await self._credentials.refresh()
            return Refreshed(changed, None if changed else self._refused())

        def renewed(result: Refreshed | EdgetuiError) -> None:
            done(result if isinstance(result, Refreshed) else Refreshed(changed=False, error=result))

        self._spawn(_answer(renew, renewed))

    def _refused(self) -> Unauthorized:
        """Why the server does not know us, as far as our own certificate and token tell."""
        problem = self._credentials.explain_refusal()
        return Unauthorized(problem.sentence, problem.next_step, code=401)

    def served(self, kind: str, done: Callable[[Kind | None], None]) -> None:
        def found(result: Kind | EdgetuiError | None) -> None:
            done(None if isinstance(result, EdgetuiError) else result)

        from edgetui.cluster.api.versions import find_version  # most servers serve the newest

        self._spawn(_answer(lambda: find_version(self._api, kind), found))

    def namespaces(self, done: Callable[[Namespaces], None]) -> None:
        def found(result: Namespaces | EdgetuiError) -> None:
            done(result if isinstance(result, Namespaces) else Namespaces(self._fallback, whole=False))

        self._spawn(_answer(lambda: readable_namespaces(self._api, self._fallback), found))


async def _answer(ask: Callable[[], Awaitable[T]], done: Callable[[T | EdgetuiError], None]) -> None:
    """Give the result to `done`, whatever it is: who waits for it would wait for ever.

    A task may be cancelled before it begins, so what is asked begins inside it.
    """
    result: T | EdgetuiError
    try:
        result = await ask()
    except EdgetuiError as error:
        result = error.with_traceback(None)  # its frames would keep a large answer alive
    except Exception as defect:
        done(EdgetuiError(f"edgetui failed here ({type(defect).__name__}): a defect.", "Please report it."))
        raise
    done(result)

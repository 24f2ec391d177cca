"""A session whose reads and writes a site answers at once and without a network, for what is run on virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from edgetui.cluster.errors import (
    ApiError,
    Conflict,
    EdgetuiError,
    Forbidden,
    Invalid,
    NotFound,
    OutcomeUnknown,
    ServerFailure,
    Throttled,
)
from edgetui.model.cache.store import Store

from .scripted import DROP, Request
from .site import STATUS, Site
from .test_every_field_of_an_action import Direct

Json = dict[str, Any]
ERRORS: dict[int, type[ApiError]] = {
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    422: Invalid,
    429: Throttled,
    500: ServerFailure,
    503: ServerFailure,
    504: ServerFailure,
}


class AtOnce(Direct):
    """`denied` are the rights, as "patch deployments", that a review denies; `asked` are the reviews.

    `wants` is what each write wanted to be answered.
    """

    def __init__(self, site: Site, store: Store | None = None) -> None:
        super().__init__(site)
        self.store = store
        self.denied: frozenset[str] = frozenset()
        self.asked: list[str] = []
        self.wants: list[str] = []
        self.api.get_bytes = self._bytes  # type: ignore[method-assign, assignment]
        self.api.write = self._write  # type: ignore[method-assign, assignment]
        self.api.review = self._review  # type: ignore[method-assign, assignment]

    async def _bytes(self, path: str, query: Json | None = None, **more: Any) -> bytes:
        return json.dumps(await self._get(path, query)).encode()

    async def _write(
        self,
        permit: object,
        method: str,
        path: str,
        body: Any,
        *,
        query: Mapping[str, str],
        content_type: str,
        answer: str,
    ) -> Json:
        self.wants.append(answer)
        code, found = self.site.answer(Request(method, path, dict(query), body, content_type))
        if code == DROP:
            raise OutcomeUnknown("plant did not answer.", "Look at it.")
        if code < 300:
            return dict(found)
        raise ERRORS[code](
            f"The server said {code}.", "Think.", code=code, reason=STATUS.get(code, "InternalError")
        )

    async def _review(self, kind: str, spec: Mapping[str, Any], **more: Any) -> Json:
        wanted = spec["resourceAttributes"]
        words = " ".join(
            wanted[name] for name in ("verb", "resource", "subresource", "name") if name in wanted
        )
        self.asked.append(words)
        return {"status": {"allowed": not any(words.startswith(one) for one in self.denied)}}


class InPlace(ThreadPoolExecutor):
    """Does at once what is given to a thread: then virtual time has none to wait for."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(work(*args, **named))
        except Exception as problem:  # noqa: BLE001 - whoever waits for it gets it
            done.set_exception(problem)
        return done


def without_threads(loop: asyncio.AbstractEventLoop) -> None:
    """Have `asyncio.to_thread` work in the loop's own thread."""
    loop.set_default_executor(InPlace())


def told(problem: BaseException) -> str:
    """What a person reads of a problem."""
    return f"{type(problem).__name__}: {problem}" if isinstance(problem, EdgetuiError) else repr(problem)

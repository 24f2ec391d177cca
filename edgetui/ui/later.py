"""Work for Textual's workers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from textual.worker import get_current_worker

from edgetui.cluster.errors import EdgetuiError

if TYPE_CHECKING:
    from .shell import Shell

T = TypeVar("T")


def later(work: Callable[..., Coroutine[Any, Any, object]], *arguments: Any) -> Any:
    """What a worker calls once it begins; a coroutine made before is never awaited where the worker is cancelled first.

    A failure that the work does not deal with is said on the screen: Textual notes it where nobody looks.

    Any, for the types of `run_worker` fit no coroutine function.
    """
    return partial(_told, work, *arguments)


async def _told(work: Callable[..., Coroutine[Any, Any, object]], *arguments: Any) -> object:
    found = await attempt(work(*arguments))
    if isinstance(found, EdgetuiError):
        cast("Shell", get_current_worker().node.app).flash(str(found))
    return found


async def attempt(work: Awaitable[T]) -> T | EdgetuiError:
    """What the work gives, or why it failed: the edge of a worker, of which nobody would hear otherwise.

    A defect of edgetui is an EdgetuiError that says where its details are.
    """
    try:
        return await work
    except EdgetuiError as error:
        return error
    except Exception as error:  # noqa: BLE001 - the edge of the task: a defect is told, never hidden
        from edgetui import crash

        return EdgetuiError(crash.sentence(error))

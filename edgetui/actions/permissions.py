"""What the user may do, asked of the server and remembered for a minute, so that a key can be greyed honestly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from edgetui.actions.ports import Session
from edgetui.actions.reading import shaped
from edgetui.actions.registry import Access, Action
from edgetui.cluster.errors import EdgetuiError

REMEMBERED = 60.0  # seconds; a denial is also forgotten at once when a write meets a 403


class Permission(msgspec.Struct, frozen=True):
    """Whether an action is permitted; `missing_verb` names the first right that is missing ("patch deployments").

    When the server could not be asked `ok` is true and `known` false: the write itself will tell.
    """

    ok: bool
    missing_verb: str = ""
    known: bool = True


class Permissions:
    """Asks SelfSubjectAccessReviews, which every authenticated user may create, and caches the answers.

    `clock` gives Unix seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._answers: dict[tuple[str, Access, str, str], tuple[float, bool]] = {}

    async def allowed(
        self, session: Session, action: Action, namespace: str, kind: str = "", name: str = ""
    ) -> Permission:
        """May this user run `action` on a `kind` (by default the action's first) in `namespace`? Never raises."""
        needs = action.needs.get(kind) or next(iter(action.needs.values()))
        return await self.check(session, needs, namespace, name)

    async def check(
        self, session: Session, needs: tuple[Access, ...], namespace: str, name: str = ""
    ) -> Permission:
        """May this user do all of `needs` in `namespace`, on the object `name` where that is given?"""
        answers = await asyncio.gather(*(self._ask(session, need, namespace, name) for need in needs))
        for need, answer in zip(needs, answers, strict=True):
            if answer is False:
                return Permission(False, need.words)
        return Permission(True, known=None not in answers)

    def invalidate(self, session: Session) -> None:
        """Forget what is known about one cluster: a 403 or a new credential has proved it wrong."""
        self._answers = {k: v for k, v in self._answers.items() if k[0] != session.name}

    async def _ask(self, session: Session, need: Access, namespace: str, name: str) -> bool | None:
        name = name if need.named else ""
        key = (session.name, need, namespace, name)
        known = self._answers.get(key)
        if known is not None and self._clock() - known[0] < REMEMBERED:
            return known[1]
        try:
            answer = await ask(session.api, need, namespace, name)
        except EdgetuiError:
            return None
        self._answers[key] = (self._clock(), answer)
        return answer


class _Status(msgspec.Struct, frozen=True):
    allowed: bool = False


class _Review(msgspec.Struct, frozen=True):
    status: _Status


async def ask(api: Any, need: Access, namespace: str, name: str = "") -> bool:
    """One SelfSubjectAccessReview on `api`. Raises EdgetuiError when the server does not answer it."""
    attributes = {
        "verb": need.verb,
        "group": need.group,
        "resource": need.resource,
        "subresource": need.subresource,
        "namespace": namespace,
        "name": name,
    }
    spec = {"resourceAttributes": {k: v for k, v in attributes.items() if v}}
    review = await api.review("SelfSubjectAccessReview", spec)
    return shaped(review, _Review, "SelfSubjectAccessReview").status.allowed

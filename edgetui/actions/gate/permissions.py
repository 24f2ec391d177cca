"""What the user may do, asked of the server and remembered for a minute, so that a key can be greyed honestly.

This is the only memory of rights: screen, gate and commands ask here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec

from edgetui.actions.catalogue import Access, Action
from edgetui.actions.gate.missing import MissingRights
from edgetui.actions.gate.rules import Rules, rules_in
from edgetui.actions.messages import Refusal
from edgetui.actions.reading import shaped
from edgetui.actions.session import Session
from edgetui.cluster.errors import EdgetuiError, Forbidden
from edgetui.model.identity import ObjectKey

REMEMBERED = (
    60.0  # seconds; for what begins a denial is asked about again, and forgotten when a write meets a 403
)


AT_ONCE = 4
"""Reviews on their way at a time: where a server shares no connection, each takes one."""
_Question = tuple[str, Access, str, str]
"""Cluster, right, namespace and name."""


class Permission(msgspec.Struct, frozen=True):
    """Whether an action is permitted; `missing` are all rights that it lacks.

    When the server could not be asked, or was not asked yet, `ok` is true and `known` false: the write will tell.
    """

    missing: tuple[Access, ...] = ()
    known: bool = True

    @property
    def ok(self) -> bool:
        return not self.missing

    @property
    def words(self) -> str:
        """Every missing right: "patch deployments, list replicasets"."""
        return ", ".join(one.words for one in self.missing)


class Permissions:
    """Asks SelfSubjectAccessReviews, which every authenticated user may create, and caches the answers.

    A right on any object counts for each; only where that is denied the object's own name is asked about, for a Role
    with resourceNames. `clock` gives Unix seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._answers: dict[_Question, tuple[float, bool]] = {}
        self._asked: dict[_Question, asyncio.Task[bool | None]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def allowed(
        self, session: Session, action: Action, namespace: str, kind: str = "", name: str = ""
    ) -> Permission:
        """May this user run `action` on a `kind` (by default the action's first) in `namespace`? Never raises."""
        needs = action.needs.get(kind) or next(iter(action.needs.values()))
        return await self.check(session, needs, namespace, name)

    async def foresee(self, session: Session, actions: Iterable[Action], key: ObjectKey) -> None:
        """Learn what of these may be done with an object. Never raises.

        Over a link where bytes count the rules of its namespace are asked for, once for all rights; what these do not
        tell, and anything elsewhere, is asked right by right.
        """
        wanted = tuple(actions)
        needs = {need for one in wanted for need in one.needs.get(key.kind, ())}
        open_ = [one for one in needs if self._known(session.name, one, key.namespace, key.name) is None]
        with suppress(EdgetuiError):
            if len(open_) > 1 and key.namespace and await session.api.is_far():
                self._take(session.name, await rules_in(session.api, key.namespace), open_, key)
        await asyncio.gather(
            *(self.allowed(session, one, key.namespace, key.kind, key.name) for one in wanted)
        )

    def _take(self, cluster: str, rules: Rules, needs: Iterable[Access], key: ObjectKey) -> None:
        now = self._clock()
        for need in needs:
            for name in ("", key.name) if need.named else ("",):
                allowed = rules.allow(need, name)
                if allowed or not rules.incomplete:
                    self._answers[cluster, need, key.namespace, name] = (now, allowed)

    def known(self, cluster: str, action: Action, key: ObjectKey) -> Permission:
        """What is remembered of an action on an object, without asking."""
        needs = action.needs.get(key.kind, ())
        found = [(need, self._known(cluster, need, key.namespace, key.name)) for need in needs]
        missing = tuple(need for need, answer in found if answer is False)
        return Permission(missing, known=all(answer is not None for _, answer in found))

    async def check(
        self,
        session: Session,
        needs: tuple[Access, ...],
        namespace: str,
        name: str = "",
        *,
        again: bool = False,
    ) -> Permission:
        """May this user do all of `needs` in `namespace`, on the object `name` where that is given?

        `again` asks anew about what is remembered as denied.
        """
        answers = await asyncio.gather(*(self._ask(session, need, namespace, name, again) for need in needs))
        missing = tuple(need for need, answer in zip(needs, answers, strict=True) if answer is False)
        return Permission(missing, known=None not in answers)

    async def require(
        self, session: Session, action: str, needs: tuple[Access, ...], namespace: str, name: str = ""
    ) -> None:
        """Raise MissingRights with all that is missing, as a Role to paste; a remembered denial is not enough."""
        found = await self.check(session, needs, namespace, name, again=True)
        if found.ok:
            return
        raise MissingRights(action, {(session.target.user_name, session.name, namespace): found.missing})

    @asynccontextmanager
    async def explaining(
        self,
        session: Session,
        action: Action | None,
        key: ObjectKey,
        refused: Callable[[Refusal], Awaitable[None]],
    ) -> AsyncIterator[None]:
        """Run an action on an object; where the server forbids a read on the way, all that is missing is named.

        `refused` is told what is raised here, before the gate has seen anything of it.
        """
        needs = action.needs.get(key.kind, ()) if action is not None else ()
        if action is None or not needs:
            yield
            return

        async def require() -> None:
            try:
                await self.require(session, action.id, needs, key.namespace, key.name)
            except Refusal as problem:
                await refused(problem)
                raise

        if not self.known(session.name, action, key).ok:
            await require()
        try:
            yield
        except Forbidden:
            await require()
            raise

    def invalidate(self, session: Session) -> None:
        """Forget what is known about one cluster: a 403 or a new credential has proved it wrong."""
        self._answers = {k: v for k, v in self._answers.items() if k[0] != session.name}

    async def _ask(
        self, session: Session, need: Access, namespace: str, name: str, again: bool
    ) -> bool | None:
        answer = await self._answer(session, need, namespace, "", again)
        if answer is False and need.named and name:
            return await self._answer(session, need, namespace, name, again)
        return answer

    async def _answer(
        self, session: Session, need: Access, namespace: str, name: str, again: bool
    ) -> bool | None:
        known = self._remembered(session.name, need, namespace, name)
        if known or (known is False and not again):
            return known
        question = (session.name, need, namespace, name)
        asked = self._asked.get(question)
        if asked is None:
            asked = self._asked[question] = asyncio.ensure_future(self._put(session, question))
            asked.add_done_callback(lambda done: self._asked.pop(question, None))
        return await asyncio.shield(asked)

    async def _put(self, session: Session, question: _Question) -> bool | None:
        """Ask the server; whoever has the same question meanwhile waits for the same answer."""
        try:
            async with self._turns:
                answer = await ask(session.api, *question[1:])
        except EdgetuiError:
            return None
        self._answers[question] = (self._clock(), answer)
        return answer

    def _known(self, cluster: str, need: Access, namespace: str, name: str) -> bool | None:
        answer = self._remembered(cluster, need, namespace, "")
        if answer is False and need.named and name:
            return self._remembered(cluster, need, namespace, name)
        return answer

    def _remembered(self, cluster: str, need: Access, namespace: str, name: str) -> bool | None:
        at, answer = self._answers.get((cluster, need, namespace, name), (0.0, None))
        return answer if self._clock() - at < REMEMBERED else None


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

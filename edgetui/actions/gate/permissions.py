"""What the user may do, asked of the server and remembered for a minute, so that a key can be greyed honestly.

This is the only memory of rights: screen, gate and commands ask here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from edgetui.actions.catalogue import Access, Action
from edgetui.actions.gate.role import role
from edgetui.actions.messages import Refusal
from edgetui.actions.reading import shaped
from edgetui.actions.session import Session
from edgetui.cluster.errors import EdgetuiError, Forbidden
from edgetui.model.identity import ObjectKey

REMEMBERED = (
    60.0  # seconds; for what begins a denial is asked about again, and forgotten when a write meets a 403
)


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
        self._answers: dict[tuple[str, Access, str, str], tuple[float, bool]] = {}

    async def allowed(
        self, session: Session, action: Action, namespace: str, kind: str = "", name: str = ""
    ) -> Permission:
        """May this user run `action` on a `kind` (by default the action's first) in `namespace`? Never raises."""
        needs = action.needs.get(kind) or next(iter(action.needs.values()))
        return await self.check(session, needs, namespace, name)

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
        """Raise Refusal with every right that is missing, as a Role to paste; a remembered denial is not enough."""
        found = await self.check(session, needs, namespace, name, again=True)
        if found.ok:
            return
        kind = "Role" if namespace else "ClusterRole"
        raise Refusal(
            f"{session.target.user_name or 'This user'} may not {found.words} in {namespace or 'this cluster'} "
            f"on {session.name}.",
            f"Ask whoever runs the cluster to bind this {kind} to that user, or use another context.",
            paste=role(found.missing, namespace, action),
        )

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
        try:
            answer = await ask(session.api, need, namespace, name)
        except EdgetuiError:
            return None
        self._answers[session.name, need, namespace, name] = (self._clock(), answer)
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

"""Reads who applies an object from elsewhere, and says what each of them will make of a change."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from edgetui.actions import commandline
from edgetui.actions.catalogue import ACTIONS, Access
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Json, Offer
from edgetui.actions.reading import items
from edgetui.actions.session import Session
from edgetui.cluster.errors import ApiError, EdgetuiError, Forbidden, NotFound
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.base import api_path
from edgetui.model.kinds.managers import ADDON, APPLICATION, HELM_RELEASE, KUSTOMIZATION
from edgetui.model.kinds.wire import Manager
from edgetui.model.owner import OwnerLine, applied_by, owner_line, perhaps_tracked, tracks


class Found(msgspec.Struct, frozen=True):
    """What is said of a tool, and its own object with its path, where that could be read."""

    line: OwnerLine
    path: str = ""
    there: Json = {}


class Owned(msgspec.Struct, frozen=True):
    """What is said of who applies an object, and the pause that is offered, where there is one and it is permitted."""

    sentences: tuple[str, ...] = ()
    offer: Offer | None = None

    @property
    def before(self) -> tuple[str, ...]:
        """What a plan says."""
        return (*self.sentences, *(("To keep it, pause that first (owner-pause).",) if self.offer else ()))

    @property
    def after(self) -> tuple[str, ...]:
        """What a receipt says."""
        return (*self.sentences, *((self.offer.command,) if self.offer else ()))


ARGO_CD = "argocd"
"""The namespace that Argo CD is installed to; an Application outside it is named with its own."""

OWNER_PAUSE, OWNER_RESUME = "owner-pause", "owner-resume"

_AT: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    KUSTOMIZATION: ("kustomize.toolkit.fluxcd.io", ("v1", "v1beta2"), "kustomizations"),
    HELM_RELEASE: ("helm.toolkit.fluxcd.io", ("v2", "v2beta2"), "helmreleases"),
    APPLICATION: ("argoproj.io", ("v1alpha1",), "applications"),
    ADDON: ("k3s.cattle.io", ("v1",), "addons"),
}
"""Where the object of a tool is: its group, the versions of its API, the newest first, and its plural."""
PAUSABLE = frozenset({KUSTOMIZATION, HELM_RELEASE, APPLICATION})
"""Tools whose own object has a field that pauses it."""


async def owner_lines(session: Session, key: ObjectKey, metadata: Json) -> tuple[OwnerLine, ...]:
    """A line for each tool that applies the object with this metadata. Never raises for what cannot be read."""
    return tuple(one.line for one in await owners(session, key, metadata))


async def owners(session: Session, key: ObjectKey, metadata: Json) -> tuple[Found, ...]:
    """The same with the object of each tool."""
    found = applied_by(metadata)
    if found or (guess := perhaps_tracked(metadata)) is None:
        return tuple(await asyncio.gather(*(_found(session, one) for one in found)))
    return await _tracked(session, key, guess)


async def owners_of(gate: Gate, session: Session, key: ObjectKey, about: ObjectKey, metadata: Json) -> Owned:
    """The same for a dialog and a receipt of an action that is about `about` and writes to `key`.

    Where a tool brings its own version back by itself, its own pause is offered, if this user may set it.
    """
    lines = await owner_lines(session, key, metadata)
    sentences = tuple(one.text for one in lines)
    held = next((one.manager for one in lines if one.reverts and one.paused is False), None)
    if held is None or key != about or not ACTIONS[OWNER_PAUSE].works_on(key.kind):
        return Owned(sentences)
    if not (await gate.permissions.check(session, patches(held), held.namespace, held.name)).ok:
        return Owned(sentences)
    command = commandline.edgetui(session.target, OWNER_PAUSE, key)
    offer = Offer(OWNER_PAUSE, f"Pause {held.words}", f"To keep it, pause {held.words}: {command}")
    return Owned(sentences, offer)


def patches(manager: Manager) -> tuple[Access, ...]:
    """The rights that its pause needs."""
    group, _, plural = _AT[manager.tool]
    return (Access("patch", plural, group), Access("get", plural, group))


async def _found(session: Session, manager: Manager) -> Found:
    if manager.tool not in _AT:
        return Found(owner_line(manager))
    try:
        path, there = await _own_object(session, manager)
    except EdgetuiError as problem:
        return Found(owner_line(manager, None, _why(problem)))
    return Found(owner_line(manager, there), path, there)


async def _tracked(session: Session, key: ObjectKey, guess: Manager) -> tuple[Found, ...]:
    """What a label alone hints at, where an Application of that name is here and lists the object."""
    known = session.api.kinds.get(key.kind)
    try:
        path, there = await _own_object(session, guess)
    except EdgetuiError:
        return ()
    group, kind = (known.group, known.name) if known is not None else ("", key.kind)
    if not tracks(there, group, kind, key.namespace, key.name):
        return ()
    return (Found(owner_line(guess, there), path, there),)


async def _own_object(session: Session, manager: Manager) -> tuple[str, Json]:
    """The object of a tool and its path. Raises EdgetuiError where it cannot be read."""
    group, versions, plural = _AT[manager.tool]
    if manager.tool == APPLICATION and not manager.namespace:
        return await _application(session, manager)
    problem: EdgetuiError | None = None
    for version in versions:
        path = api_path(group, version, plural, manager.namespace, manager.name)
        try:
            return path, _mapping(await session.api.get(path))
        except NotFound as missing:
            problem = problem or missing
    assert problem is not None
    raise problem


async def _application(session: Session, manager: Manager) -> tuple[str, Json]:
    """The Application of a name whose namespace is not told: the only one, or that of Argo CD's own namespace."""
    group, (version, *_), plural = _AT[APPLICATION]
    chosen = {"fieldSelector": f"metadata.name={manager.name}"}
    try:
        listed = items(await session.api.get(api_path(group, version, plural), chosen))
        spaces = {str(one["metadata"].get("namespace") or "") for one in listed}
    except (Forbidden, NotFound):
        spaces = {ARGO_CD}
    space = ARGO_CD if ARGO_CD in spaces or len(spaces) != 1 else spaces.pop()
    path = api_path(group, version, plural, space, manager.name)
    return path, _mapping(await session.api.get(path))


def _mapping(answer: Any) -> Json:
    return answer if isinstance(answer, dict) else {}


def _why(problem: EdgetuiError) -> str:
    if isinstance(problem, Forbidden):
        return "you may not read it"
    if isinstance(problem, NotFound):
        return "it is not on this cluster"
    return problem.sentence if isinstance(problem, ApiError) else f"it could not be read: {problem.sentence}"

"""The objects that a command line names, in the ways of kubectl: KIND/NAME…, KIND NAME…, KIND -l SELECTOR."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from edgetui.actions.messages import Refusal
from edgetui.actions.reading import items
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import KINDS
from edgetui.model.resources.named import slashed

EXAMPLE = "for example deploy/press, sts/camera or ds/agent"
Resolve = Callable[[Session, str], Awaitable[Any]]
"""Finds the resource of a word for a kind that edgetui does not watch."""


class NoneSelected(Refusal):
    """A selector chose nothing."""

    def __init__(self, kinds: str, namespace: str, selector: str) -> None:
        super().__init__(f"No {kinds} in {namespace} has the labels {selector}: nothing was changed.")
        self.namespace = namespace


class Named(msgspec.Struct, frozen=True):
    """What a command line asks for: objects by kind and name, or all of some kinds that a selector finds."""

    objects: tuple[tuple[str, str], ...] = ()
    kinds: tuple[str, ...] = ()
    selector: str = ""


def read(words: Sequence[str], selector: str = "", alone: frozenset[str] = frozenset()) -> Named:
    """The words that name objects. `alone` are the kinds of the command: names stand without one where it has one.

    Raises Refusal for words that name nothing.
    """
    only = next(iter(alone)) if len(alone) == 1 else ""
    if selector:
        return _selected(words, selector, only)
    try:
        if pairs := slashed(words):
            return Named(pairs)
    except ValueError as word:
        raise Refusal(f"“{word}” does not name an object.", f"Write KIND/NAME, {EXAMPLE}.") from None
    first = KINDS.find(words[0]) if words else None
    if only and words and (first is None or first.id != only or len(words) == 1):
        return Named(tuple((only, name) for name in words))
    if len(words) < 2:
        said = f"“{words[0]}” does not name an object." if words else "No object is named."
        raise Refusal(said, f"Write KIND/NAME or KIND NAME, {EXAMPLE}.")
    return Named(tuple((kind, name) for kind in words[0].split(",") for name in words[1:]))


def _selected(words: Sequence[str], selector: str, only: str) -> Named:
    kinds = words[0].split(",") if words else [only] if only else []
    if len(words) > 1 or not all(kinds) or "/" in "".join(kinds):
        raise Refusal("A selector goes with a kind and without a name.", "Write KIND -l KEY=VALUE.")
    if not kinds:
        raise Refusal("No kind is named.", "Write KIND -l KEY=VALUE, for example deploy -l app=press.")
    return Named((), tuple(kinds), selector)


def known(word: str) -> str:
    """The id of the kind of a word, empty where edgetui does not watch it."""
    kind = KINDS.find(word)
    return kind.id if kind is not None else ""


def one(words: Sequence[str]) -> tuple[str, str]:
    """Kind and name of the one object that words name. Raises Refusal as `only` does."""
    return only(read(words))


def only(named: Named) -> tuple[str, str]:
    """Kind and name of the one object that is named. Raises Refusal where it is not one, or of an unknown kind."""
    if len(named.objects) != 1:
        raise Refusal("This works on one object at a time.", f"Write KIND/NAME, {EXAMPLE}.")
    ((word, name),) = named.objects
    if not known(word):
        raise Refusal(f"“{word}” is not a kind edgetui knows.", f"Write KIND/NAME, {EXAMPLE}.")
    return known(word), name


def place(session: Session, kind: str, name: str, namespace: str) -> ObjectRef:
    """An object of a watched kind as a command line names it: it was not shown, so it has no uid and no version."""
    space = _namespace(session, namespace) if KINDS[kind].namespaced else ""
    return ObjectRef(ObjectKey(session.name, kind, space, name), "", "")


async def found(
    session: Session, named: Named, namespace: str, resolve: Resolve | None
) -> list[tuple[ObjectRef, Any]]:
    """The objects, each with its resource where `resolve` found that. Raises Refusal where there are none."""
    words = list(dict.fromkeys((*named.kinds, *(kind for kind, _ in named.objects))))
    others: dict[str, Any] = {}
    for word in words:
        if known(word):
            continue
        if resolve is None:
            raise Refusal(f"“{word}” is not a kind edgetui knows.", f"Write KIND/NAME, {EXAMPLE}.")
        others[word] = await resolve(session, word)
    if named.kinds:
        return await _listed(session, named, namespace, others)
    refs = [
        (_other(session, others[word], name, namespace), others[word])
        if word in others
        else (place(session, known(word), name, namespace), None)
        for word, name in named.objects
    ]
    return list({ref.key: (ref, other) for ref, other in refs}.values())


async def _listed(
    session: Session, named: Named, namespace: str, others: dict[str, Any]
) -> list[tuple[ObjectRef, Any]]:
    space = _namespace(session, namespace)
    paths = {
        word: others[word].path(space)
        if word in others
        else session.api.kind(known(word)).path(space if KINDS[known(word)].namespaced else "")
        for word in named.kinds
    }
    query = {"labelSelector": named.selector}
    lists = await asyncio.gather(*(session.api.get(path, query) for path in paths.values()))
    listed = [
        (_other(session, others[word], name, namespace), others[word])
        if word in others
        else (place(session, known(word), name, namespace), None)
        for word, answer in zip(paths, lists, strict=True)
        for name in sorted(item["metadata"]["name"] for item in items(answer))
    ]
    if not listed:
        raise NoneSelected(", ".join(named.kinds), space, named.selector)
    return listed


def _other(session: Session, resource: Any, name: str, namespace: str) -> ObjectRef:
    space = _namespace(session, namespace) if resource.namespaced else ""
    return ObjectRef(ObjectKey(session.name, resource.kind, space, name), "", "")


def _namespace(session: Session, namespace: str) -> str:
    return namespace or session.target.namespace or "default"

"""Whether nodes have the images that an update needs before it begins, whichever engine or kubelet tells of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from edgetui.model.kinds.base import Fact
from edgetui.model.text import plural, verb


class Pull(StrEnum):
    """How far a node is with an image; of several images the one that stands first here counts."""

    FAILED = "cannot pull"
    PULLING = "pulling"
    MISSING = "to pull"
    UNKNOWN = "not known"
    HELD = "pulled"


ORDER = tuple(Pull)


class NodePull(NamedTuple):
    """A node, how far it is, and more of it in a few words: why it cannot pull, how long a pull took."""

    node: str
    pull: Pull
    why: str = ""


def tagged(text: str, tag: str, *, anew: bool = False) -> str:
    """An image reference with a tag where it has neither tag nor digest; `anew` puts the tag in place of both."""
    name, at, _ = text.partition("@")
    path, slash, last = name.rpartition("/")
    last, colon, _ = last.partition(":")
    return f"{path}{slash}{last}:{tag}" if anew or not (at or colon) else text


def pull_words(pulls: Sequence[NodePull], images: int = 1) -> str:
    """How far all nodes are: "2 of 4 nodes have it, 1 pulling, 1 cannot pull"; `images` is how many it is about."""
    counts = {one: sum(pull.pull is one for pull in pulls) for one in Pull}
    held = counts.pop(Pull.HELD)
    what = "it" if images == 1 else "them"
    have = verb(held, "has", "have")
    told = [f"{held or 'none'} of {plural(len(pulls), 'node')} {have} {what}"]
    return ", ".join([*told, *(f"{count} {word}" for word, count in counts.items() if count)])


def pull_facts(pulls: Sequence[NodePull], images: int = 1) -> Iterator[Fact]:
    """What a page says: all in one line, then each node; those of which there is no more to say share a line."""
    if not pulls:
        return
    yield Fact("images", pull_words(pulls, images), bad=any(one.pull is Pull.FAILED for one in pulls))
    for pull in Pull:
        told = [one for one in pulls if one.pull is pull]
        lines = [f"{one.node}: {one.why}" for one in told if one.why]
        if quiet := [one.node for one in told if not one.why]:
            lines.append(", ".join(quiet))
        for at, words in enumerate(lines):
            yield Fact("" if at else pull.value, words, bad=pull is Pull.FAILED)

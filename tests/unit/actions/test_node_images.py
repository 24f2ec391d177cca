"""The images that nodes hold, and lists that only explain: read where they may be, and nothing where they may not."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.actions.rollout.node_images import MOST_NODES, held_images, listed_images
from edgetui.cluster.errors import LinkError
from edgetui.model.pod.node_images import HeldImages
from tests.unit.model import factories as f

from .at_once import AtOnce
from .site import Site

Json = dict[str, Any]


def nodes(*names: str, more: str = "") -> Json:
    made = [f.node(name) for name in names]
    for one in made:
        one["status"]["images"] = [{"names": ["press:2"], "sizeBytes": 1}]
    return {"metadata": {"continue": more} if more else {}, "items": made}


class Nodes(AtOnce):
    """A session whose nodes are listed so; `wanted` is how they were asked for."""

    def __init__(self, answer: Any) -> None:
        super().__init__(Site())
        self.answer = answer
        self.wanted: list[tuple[str, int]] = []
        self.api.read = self._nodes  # type: ignore[method-assign, assignment]

    async def _nodes(self, path: str, *, most: int) -> Any:
        self.wanted.append((path, most))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "why", "words"),
    [
        (nodes("edge-1", "edge-2"), "", "on 2 of 2 nodes"),
        ({"metadata": None, "items": []}, "", "not known whether nodes have it"),
        (nodes("edge-1", more="token"), "the images of more than 50 nodes are not read", ""),
        (LinkError("The link is down."), "the nodes cannot be read: The link is down", ""),
    ],
)
async def test_the_images_that_nodes_hold_are_listed_or_it_is_said_why_not(
    answer: Any, why: str, words: str
) -> None:
    session = Nodes(answer)
    listed, held = await listed_images(session), await held_images(session)
    assert session.wanted == [("/api/v1/nodes", MOST_NODES)] * 2 == [("/api/v1/nodes", 50)] * 2
    if why:
        assert (listed, held) == (why, HeldImages(()))
    else:
        assert listed == held
        assert held.words(["press:2"]) == words

"""Is an image on the nodes already: what their kubelets say, and where they cannot be asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from edgetui.model.pod import imageref
from edgetui.model.text import plural

MOST_NAMED = 50
"""A kubelet names this many images unless it is told otherwise (nodeStatusMaxImages), the largest first."""

UNKNOWN = "not known whether nodes have it"


class NodeImages(msgspec.Struct, frozen=True):
    """The images one node names; `complete` when one that it does not name is not there."""

    names: frozenset[str]
    complete: bool
    node: str = ""

    def has(self, image: str) -> bool | None:
        """Whether an image is there; None where that is not known."""
        wanted = imageref.parse(image)
        if wanted is not None and wanted.full in self.names:
            return True
        return False if wanted is not None and self.complete else None

    @property
    def why_not_known(self) -> str:
        """Why nothing follows from an image that it does not name."""
        return f"a kubelet names at most {MOST_NAMED} images" if self.names else "the kubelet names no images"


class HeldImages(msgspec.Struct, frozen=True):
    """The images of all nodes of a cluster."""

    nodes: tuple[NodeImages, ...]

    def words(self, images: Sequence[str]) -> str:
        """On how many nodes all of `images` are: "on 2 of 3 nodes, 1 must pull it"."""
        wanted = [found.full for one in images if (found := imageref.parse(one)) is not None]
        if not self.nodes or not wanted or len(wanted) != len(images):
            return UNKNOWN
        have = sum(node.names.issuperset(wanted) for node in self.nodes)
        lack = sum(node.complete and not node.names.issuperset(wanted) for node in self.nodes)
        unknown = len(self.nodes) - have - lack
        if unknown == len(self.nodes):
            return f"{UNKNOWN}: {self._why()}"
        told = f"on {have or 'none'} of {plural(len(self.nodes), 'node')}"
        if lack:
            told += f", {lack} must pull {'it' if len(wanted) == 1 else 'them'}"
        return f"{told}, not known of {unknown}: {self._why()}" if unknown else told

    def _why(self) -> str:
        if any(node.names for node in self.nodes if not node.complete):
            return f"a kubelet names at most {MOST_NAMED} images"
        return "the kubelets name no images"


def held_images(nodes: Iterable[Mapping[str, Any]]) -> HeldImages:
    """What the Node objects, as JSON, say about images."""
    return HeldImages(tuple(_of(node) for node in nodes))


def on_node(node: Mapping[str, Any], image: str) -> str:
    """Whether one node, as JSON, has an image: "the node has it"."""
    there = _of(node).has(image)
    if there is None:
        return "not known whether the node has it"
    return "the node has it" if there else "the node must pull it"


def _of(node: Mapping[str, Any]) -> NodeImages:
    """An image whose names cannot be read counts among those that it does not name."""
    status = node.get("status")
    listed = status.get("images") if isinstance(status, Mapping) else None
    listed = listed if isinstance(listed, list) else []
    named = [image.get("names") for image in listed if isinstance(image, Mapping)]
    names = {name for some in named if isinstance(some, list) for name in some if isinstance(name, str)}
    full = {found.full for name in names if (found := imageref.parse(name)) is not None}
    whole = len(named) == len(listed) and all(isinstance(some, list) for some in named)
    metadata = node.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return NodeImages(
        frozenset(full), whole and 0 < len(listed) < MOST_NAMED, name if isinstance(name, str) else ""
    )

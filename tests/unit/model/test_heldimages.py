"""On how many nodes an image is already, and where that cannot be known."""

from __future__ import annotations

from typing import Any

from edgetui.model.pod.node_images import MOST_NAMED, UNKNOWN, held_images

PRESS, LOG = "registry.local/press:2.0", "registry.local/log:1"


def node(*names: str) -> dict[str, Any]:
    return {"status": {"images": [{"names": [name], "sizeBytes": 1} for name in names]}}


def full() -> dict[str, Any]:
    return node(*(f"registry.local/other:{number}" for number in range(MOST_NAMED)))


def test_it_is_on_a_node_when_all_of_its_images_are() -> None:
    held = held_images([node(PRESS, LOG), node(PRESS), node(LOG)])
    assert held.words([PRESS]) == "on 2 of 3 nodes, 1 must pull it"
    assert held.words([PRESS, LOG]) == "on 1 of 3 nodes, 2 must pull them"
    assert held_images([node(PRESS)]).words([PRESS]) == "on 1 of 1 node"
    assert held.words(["registry.local/press:3"]) == "on none of 3 nodes, 3 must pull it"


def test_a_short_name_is_the_long_name_of_the_node() -> None:
    held = held_images([node("docker.io/library/nginx:latest")])
    assert held.words(["nginx"]) == "on 1 of 1 node"


def test_a_full_list_that_does_not_name_it_says_nothing() -> None:
    why = "a kubelet names at most 50 images"
    assert held_images([full()]).words([PRESS]) == f"{UNKNOWN}: {why}"
    assert held_images([full(), node(PRESS)]).words([PRESS]) == f"on 1 of 2 nodes, not known of 1: {why}"


def test_nodes_that_name_none_and_no_nodes_say_nothing() -> None:
    assert held_images([node(), {}]).words([PRESS]) == f"{UNKNOWN}: the kubelets name no images"
    assert held_images([]).words([PRESS]) == UNKNOWN
    assert held_images([node(PRESS)]).words([]) == UNKNOWN

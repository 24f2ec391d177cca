"""Which container is meant, and what an image meets, before it is set."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.actions.messages import Refusal
from edgetui.actions.rollout.set_image import Container, ImageView
from edgetui.model.kinds import row_of
from edgetui.model.pod.node_images import HeldImages
from tests.unit.model.factories import deployment

DIGEST = "sha256:" + "a" * 64
PINNED = f"press@{DIGEST}"
LATEST = "The tag latest says nothing: nobody can tell later what ran."
WAS_PINNED = f"It is pinned now, to {DIGEST}: a tag can come to mean another image."
WAITS = "It is paused: the new image waits until it is resumed."


def view(*containers: Container, paused: bool = False) -> ImageView:
    row = row_of("Deployment", deployment("press", paused=paused))
    seen: Any = SimpleNamespace(words="deployment press", row=row, notes=("A note.",))
    return ImageView(seen, containers, HeldImages(()))


@pytest.mark.parametrize(
    ("now", "image", "paused", "said"),
    [
        ("press:1", "press:2", False, ()),
        ("press:1", "press", False, (LATEST,)),
        ("press:1", "press:latest", False, (LATEST,)),
        (PINNED, "press:2", False, (WAS_PINNED,)),
        (PINNED, "press:latest", False, (WAS_PINNED, LATEST)),
        (PINNED, f"press@{DIGEST}", False, ()),
        (PINNED, f"press:latest@{DIGEST}", False, ()),
        (PINNED, "no image", True, (WAITS,)),
        ("press:1", "press:2", True, (WAITS,)),
    ],
)
def test_what_an_image_meets(now: str, image: str, paused: bool, said: tuple[str, ...]) -> None:
    one = Container("containers", "app", now)
    found = view(one, paused=paused).warnings({"app": image})
    assert [word for word in found if "seconds" not in word] == [*said, "A note."]


def test_the_only_container_is_meant_and_one_of_several_is_named() -> None:
    app, side = Container("containers", "app", "press:1"), Container("containers", "side", "side:1")
    assert view(app).container("") == app
    assert view(app, side).container("side") == side
    for name, words in (
        ("", "Deployment press has several containers: app, side. Name one of them: CONTAINER=IMAGE."),
        ("press", "Deployment press has no container press. It has app, side; name one of them."),
    ):
        with pytest.raises(Refusal) as refused:
            view(app, side).container(name)
        assert str(refused.value) == words

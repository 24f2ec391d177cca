"""Which words of a command line name one object each."""

from __future__ import annotations

import pytest

from edgetui.model.resources.named import slashed


@pytest.mark.parametrize(
    ("words", "pairs"),
    [
        ((), ()),
        (("deploy", "press"), ()),
        (("deploy/press",), (("deploy", "press"),)),
        (("deploy/press", "pumps.example.com/main"), (("deploy", "press"), ("pumps.example.com", "main"))),
    ],
)
def test_words_with_a_slash_are_kinds_and_names(words: tuple[str, ...], pairs: object) -> None:
    assert slashed(words) == pairs


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("/press",), "/press"),
        (("deploy/",), "deploy/"),
        (("deploy/press", "camera"), "camera"),
        (("deploy", "sts/camera"), "deploy"),
        (("deploy/press/x",), "deploy/press/x"),
    ],
)
def test_a_word_that_is_neither_is_named(words: tuple[str, ...], wrong: str) -> None:
    with pytest.raises(ValueError, match=f"^{wrong}$"):
        slashed(words)

"""Label selectors mean what kubectl -l makes of them."""

from __future__ import annotations

import pytest

from edgetui.model.selector import holds, parse

LABELS = {"app": "press", "tier": "a", "example.com/zone": "hall-1", "empty": ""}


@pytest.mark.parametrize(
    ("text", "whether"),
    [
        ("app=press", True),
        ("app==press", True),
        ("app = press", True),
        ("app=Press", False),
        ("app!=press", False),
        ("app!=weld", True),
        ("other!=weld", True),
        ("app", True),
        ("!app", False),
        ("! other", True),
        ("other", False),
        ("empty=", True),
        ("empty", True),
        ("app in (press, weld)", True),
        ("app in (weld)", False),
        ("app notin (weld,oven)", True),
        ("other notin (weld)", True),
        ("app notin (press)", False),
        ("app=press,tier in (a,b),!old", True),
        ("app=press, tier=b", False),
        ("example.com/zone=hall-1", True),
    ],
)
def test_a_selector_chooses_by_labels(text: str, whether: bool) -> None:
    assert holds(parse(text), LABELS) is whether


@pytest.mark.parametrize(
    "text",
    ["", ",", "app=press,", "app in press", "app in (a", "=press", "app=a=b", "app>1", "a b", "-a=b", "(a)"],
)
def test_what_is_no_selector_is_repeated_in_the_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="is not a selector such as") as raised:
        parse(text)
    assert f"“{text}”" in str(raised.value)

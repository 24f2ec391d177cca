"""A label selector in the words of a query."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.actions.rollout.revisions import selector


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, ""),
        ({"matchLabels": {"b": "2", "a": "1"}}, "a=1,b=2"),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["1", "2"]}]}, "a in (1,2)"),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["1"]}]}, "a notin (1)"),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, "a"),
        ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist", "values": None}]}, "!a"),
    ],
)
def test_a_selector_as_the_api_takes_it(given: dict[str, Any], words: str) -> None:
    assert selector(given) == words

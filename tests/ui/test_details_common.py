"""The pieces that the pages of all kinds are made of."""

from __future__ import annotations

import pytest

from edgetui.ui.details.common import LABEL, fact
from edgetui.ui.spans import plain


@pytest.mark.parametrize("length", [1, LABEL - 1, LABEL, LABEL + 5])
def test_a_label_of_any_length_is_apart_from_what_it_labels(length: int) -> None:
    label = "x" * length
    assert plain(fact(label, "3 pods")) == f"  {label.ljust(LABEL - 1)} 3 pods"

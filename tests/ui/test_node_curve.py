"""How a node's usage went: a share of what it has, so that the top of the curve is all of it."""

from __future__ import annotations

import pytest

from edgetui.model.autoscaling.samples import Sample
from edgetui.ui.details.node import _curve

NOW = 10_000.0


def curve(*shares: float) -> str:
    """The last characters of the curve, one for each share."""
    samples = [
        Sample(NOW - 600 + 500 * number / len(shares), (share,)) for number, share in enumerate(shares)
    ]
    (spans,) = _curve(samples, 0, NOW)
    return "".join(span if isinstance(span, str) else span.text for span in spans)


@pytest.mark.parametrize(("share", "block"), [(0.0, "▁"), (0.5, "▅"), (1.0, "█"), (1.4, "█")])
def test_the_top_of_the_curve_is_all_that_the_node_has(share: float, block: str) -> None:
    text = curve(share, share)
    assert set(text) & set("▁▂▃▄▅▆▇█") == {block}
    assert "last 10m" in text


def test_one_sample_is_no_curve() -> None:
    assert _curve([Sample(NOW, (0.5,))], 0, NOW) == []

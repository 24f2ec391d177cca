"""The columns of every pane, as they are laid out."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.model.panes import PANES


def plain(value: Any) -> Any:
    return getattr(value, "__name__", str(value)) if callable(value) else value


@pytest.mark.parametrize("pane", PANES)
def test_widths_orders_and_formats(pane: str, snapshot: SnapshotAssertion) -> None:
    """`pytest --snapshot-update` takes them as they are now."""
    columns = [msgspec.structs.asdict(one) for one in PANES[pane].columns]
    assert [" ".join(f"{name}={plain(value)}" for name, value in one.items()) for one in columns] == snapshot

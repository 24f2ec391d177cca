"""What a vertical autoscaler recommends and what KEDA does, on the workload's own screen."""

from __future__ import annotations

from edgetui.model.autoscaling.vpa_keda import Recommendation
from edgetui.ui.details import workload
from edgetui.ui.spans import plain
from tests.unit.model import factories as f


def test_it_stands_on_the_workload_s_own_screen() -> None:
    made = f.deployment("press")
    store = f.store_of(made)
    row = store.get("Deployment", "default", "press")
    assert row is not None
    owner = "paused by KEDA at 3 (ScaledObject by-queue)"
    read = workload.Read(recommendations=[Recommendation("press", "app", "120m", "", "Off")], keda=owner)
    text = "\n".join(plain(one) for one in workload.lines(store, row, f.NOW, 80, read))
    assert "app cpu 120m, by press (Off" in text
    assert owner in text
    assert "recommended" not in "\n".join(plain(one) for one in workload.lines(store, row, f.NOW, 80))

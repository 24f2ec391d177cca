"""The autoscaler of the demo fleet follows its load and says why."""

from __future__ import annotations

from typing import Any

from edgetui.demo import templates
from edgetui.demo.resources import AUTOSCALERS, DEPLOYMENTS
from edgetui.demo.templates import Container
from tests.unit.demo.bench import NAMESPACE, Bench, condition


class Scaled:
    """A deployment of two pods of 100m under an autoscaler at 50 %, with a load that a test sets."""

    def __init__(self, bench: Bench, cpu: str = "100m", high: int = 6) -> None:
        self.bench = bench
        self.load = 100.0
        pod = templates.template("web", Container("r/web:1", cpu, "16Mi", wait=0))
        bench.simulation.add(DEPLOYMENTS, templates.deployment(NAMESPACE, "web", 2, pod))
        bench.simulation.add(AUTOSCALERS, templates.autoscaler(NAMESPACE, "web", 1, high, 50, window=60))
        bench.simulation.cluster.metrics.curves[NAMESPACE, "web"] = lambda _now: self.load
        bench.simulation.autoscalers.start()
        bench.until(lambda: bench.settled())

    def replicas(self) -> int:
        return int(self.bench.get()["spec"]["replicas"])

    def scaler(self) -> dict[str, Any]:
        return self.bench.get("web", AUTOSCALERS)


def test_more_load_scales_up_and_the_maximum_limits_it(bench: Bench) -> None:
    scaled = Scaled(bench)
    bench.run(40)
    assert scaled.replicas() == 2
    assert condition(scaled.scaler(), "ScalingLimited") == ("False", "DesiredWithinRange")
    scaled.load = 600.0
    bench.until(lambda: scaled.replicas() == 6)
    bench.run(40)
    assert condition(scaled.scaler(), "ScalingLimited") == ("True", "TooManyReplicas")
    assert condition(scaled.scaler(), "ScalingActive") == ("True", "ValidMetricFound")
    current = scaled.scaler()["status"]["currentMetrics"][0]["resource"]["current"]
    assert current == {"averageUtilization": 100, "averageValue": "100m"}


def test_less_load_waits_for_the_window_before_it_scales_down(bench: Bench) -> None:
    scaled = Scaled(bench)
    scaled.load = 300.0
    bench.until(lambda: scaled.replicas() == 6)
    bench.run(30)
    scaled.load = 50.0
    assert bench.until(lambda: scaled.replicas() < 6) > 40
    assert scaled.scaler()["status"]["lastScaleTime"]


def test_a_wrong_manual_scale_is_undone_within_a_sync(bench: Bench) -> None:
    scaled = Scaled(bench)
    bench.run(40)
    bench.edit(lambda deployment: deployment["spec"].update(replicas=1))
    assert bench.until(lambda: scaled.replicas() == 2) <= 15
    bench.edit(lambda deployment: deployment["spec"].update(replicas=9))
    assert bench.until(lambda: scaled.replicas() <= 6) <= 15


def test_without_a_request_it_cannot_compute_but_keeps_the_bounds(bench: Bench) -> None:
    scaled = Scaled(bench, cpu="")
    bench.run(40)
    assert condition(scaled.scaler(), "ScalingActive") == ("False", "FailedGetResourceMetric")
    message = next(
        c["message"] for c in scaled.scaler()["status"]["conditions"] if c["type"] == "ScalingActive"
    )
    assert "missing request for cpu in container web of Pod web-" in message
    bench.edit(lambda deployment: deployment["spec"].update(replicas=4))
    bench.run(40)
    assert scaled.replicas() == 4


def test_zero_replicas_pause_it(bench: Bench) -> None:
    scaled = Scaled(bench)
    bench.edit(lambda deployment: deployment["spec"].update(replicas=0))
    bench.run(40)
    assert scaled.replicas() == 0
    assert condition(scaled.scaler(), "ScalingActive") == ("False", "ScalingDisabled")


def test_a_missing_target_is_its_own_state(bench: Bench) -> None:
    bench.simulation.add(AUTOSCALERS, templates.autoscaler(NAMESPACE, "gone", 1, 3, 50))
    bench.run(1)
    assert condition(bench.get("gone", AUTOSCALERS), "AbleToScale") == ("False", "FailedGetScale")

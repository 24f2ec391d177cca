"""The deployment controller of the demo fleet keeps the promises of the real one."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.demo.resources import DEPLOYMENTS, EVENTS, REPLICASETS
from tests.unit.demo.bench import NAMESPACE, Bench, condition, ready

REVISION = "deployment.kubernetes.io/revision"


def revisions(bench: Bench) -> dict[str, str]:
    """Image by revision of every ReplicaSet."""
    return {
        rs["metadata"]["annotations"][REVISION]: rs["spec"]["template"]["spec"]["containers"][0]["image"]
        for rs in bench.storage.objects(REPLICASETS)
    }


def test_a_new_deployment_becomes_available(bench: Bench) -> None:
    bench.deploy(replicas=3)
    bench.until(lambda: bench.settled())
    deployment = bench.get()
    assert condition(deployment, "Available") == ("True", "MinimumReplicasAvailable")
    assert condition(deployment, "Progressing") == ("True", "NewReplicaSetAvailable")
    assert deployment["metadata"]["annotations"][REVISION] == "1"
    assert {pod["spec"]["nodeName"] for pod in bench.pods()} == {"node-0", "node-1", "node-2"}


@pytest.mark.parametrize(
    ("surge", "unavailable", "most", "least"),
    [("25%", "25%", 10, 6), (1, 0, 9, 8), (0, 1, 8, 7), (0, 0, 8, 7), ("100%", "0%", 16, 8)],
)
def test_a_rolling_update_stays_within_its_bounds(
    bench: Bench, surge: Any, unavailable: Any, most: int, least: int
) -> None:
    bench.deploy(replicas=8)

    def bounds(deployment: dict[str, Any]) -> None:
        deployment["spec"]["strategy"]["rollingUpdate"] = {"maxSurge": surge, "maxUnavailable": unavailable}

    bench.edit(bounds)
    bench.until(lambda: bench.settled())
    seen: list[tuple[int, int]] = []

    def look(resource: Any, _type: str, _obj: Any, _old: Any) -> None:
        living = [pod for pod in bench.pods() if "deletionTimestamp" not in pod["metadata"]]
        seen.append((len(living), sum(map(ready, living))))

    bench.storage.listeners.append(look)
    bench.release("r/web:2")
    bench.run(1)
    bench.until(lambda: bench.settled())
    assert max(total for total, _ in seen) <= most
    assert min(good for _, good in seen) >= least
    assert bench.until(lambda: set(bench.images()) == {"r/web:2"}) < 5


def test_a_bad_image_stops_the_rollout_and_the_old_pods_go_on_serving(bench: Bench) -> None:
    bench.deploy(replicas=4, deadline=30)
    bench.until(lambda: bench.settled())
    bench.release("r/web:2-bad")
    bench.until(lambda: condition(bench.get(), "Progressing") == ("False", "ProgressDeadlineExceeded"))
    deployment = bench.get()
    assert condition(deployment, "Available")[0] == "True"
    assert deployment["status"]["availableReplicas"] == 3
    stuck = [pod for pod in bench.pods() if not ready(pod)]
    waiting = stuck[0]["status"]["containerStatuses"][0]["state"]["waiting"]
    assert waiting["reason"] in ("ErrImagePull", "ImagePullBackOff")
    assert "r/web:2-bad: not found" in waiting["message"]
    assert stuck[0]["status"]["phase"] == "Pending"


def test_rolling_back_a_bad_image_completes_and_renumbers_the_revision(bench: Bench) -> None:
    bench.deploy(replicas=4)
    bench.until(lambda: bench.settled())
    good = bench.get()["spec"]["template"]
    for image in ("r/web:2-bad", "r/web:3-bad"):
        bench.release(image)
        bench.run(20)
    assert revisions(bench) == {"1": "r/web:1", "2": "r/web:2-bad", "3": "r/web:3-bad"}
    bench.edit(lambda deployment: deployment["spec"].update(template=good))
    bench.run(1)
    took = bench.until(lambda: bench.settled())
    assert took < 30
    assert revisions(bench) == {"4": "r/web:1", "2": "r/web:2-bad", "3": "r/web:3-bad"}
    assert bench.get()["metadata"]["annotations"][REVISION] == "4"
    assert condition(bench.get(), "Progressing") == ("True", "NewReplicaSetAvailable")
    kept = next(rs for rs in bench.storage.objects(REPLICASETS) if rs["spec"]["replicas"])
    assert kept["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] == "1"


def test_a_slow_image_passes_its_deadline_and_still_completes(bench: Bench) -> None:
    bench.deploy(replicas=2, deadline=5)
    bench.until(lambda: bench.settled())
    bench.release("r/web:slow")
    bench.until(lambda: condition(bench.get(), "Progressing") == ("False", "ProgressDeadlineExceeded"))
    bench.until(lambda: bench.settled())
    assert condition(bench.get(), "Progressing") == ("True", "NewReplicaSetAvailable")


def test_scaling_makes_and_removes_pods_without_a_new_revision(bench: Bench) -> None:
    bench.deploy(replicas=2)
    bench.until(lambda: bench.settled())
    for size in (6, 1, 0):
        bench.edit(lambda deployment, size=size: deployment["spec"].update(replicas=size))
        bench.run(0.1)
        bench.until(lambda: bench.settled())
        bench.until(lambda size=size: len(bench.pods()) == size)
    assert revisions(bench) == {"1": "r/web:1"}
    messages = [
        event["message"] for event in bench.storage.objects(EVENTS) if event["reason"] == "ScalingReplicaSet"
    ]
    assert any(message.endswith("from 2 to 6") and message.startswith("Scaled up") for message in messages)


def test_scaling_in_mid_rollout_is_shared_by_old_and_new(bench: Bench) -> None:
    bench.deploy(replicas=8)
    bench.until(lambda: bench.settled())
    bench.release("r/web:2-bad")
    bench.run(30)
    before = {rs["metadata"]["name"]: rs["spec"]["replicas"] for rs in bench.storage.objects(REPLICASETS)}
    bench.edit(lambda deployment: deployment["spec"].update(replicas=16))
    bench.run(5)
    after = {rs["metadata"]["name"]: rs["spec"]["replicas"] for rs in bench.storage.objects(REPLICASETS)}
    assert all(after[name] > before[name] for name in before)
    assert sum(after.values()) == 20


def test_a_paused_deployment_scales_but_does_not_roll(bench: Bench) -> None:
    bench.deploy(replicas=2)
    bench.until(lambda: bench.settled())
    bench.edit(lambda deployment: deployment["spec"].update(paused=True))
    bench.release("r/web:2")
    bench.edit(lambda deployment: deployment["spec"].update(replicas=3))
    bench.run(20)
    assert bench.images() == ["r/web:1"] * 3
    assert condition(bench.get(), "Progressing") == ("Unknown", "DeploymentPaused")
    bench.edit(lambda deployment: deployment["spec"].pop("paused"))
    bench.run(1)
    bench.until(lambda: bench.settled())
    bench.until(lambda: bench.images() == ["r/web:2"] * 3)


def test_recreate_has_no_old_pod_beside_a_new_one(bench: Bench) -> None:
    bench.deploy(replicas=3)
    bench.until(lambda: bench.settled())
    bench.edit(lambda deployment: deployment["spec"].update(strategy={"type": "Recreate"}))
    mixed: list[int] = []
    bench.storage.listeners.append(lambda *_: mixed.append(len(set(bench.images()))))
    bench.release("r/web:2")
    bench.run(1)
    bench.until(lambda: bench.settled())
    assert max(mixed) == 1
    assert bench.images() == ["r/web:2"] * 3


def test_history_is_kept_up_to_its_limit(bench: Bench) -> None:
    bench.deploy(replicas=1)
    bench.edit(lambda deployment: deployment["spec"].update(revisionHistoryLimit=2))
    bench.until(lambda: bench.settled())
    for number in range(2, 7):
        bench.release(f"r/web:{number}")
        bench.run(1)
        bench.until(lambda: bench.settled())
        bench.run(3)
    assert sorted(revisions(bench)) == ["4", "5", "6"]


def test_a_deleted_deployment_takes_everything_along(bench: Bench) -> None:
    bench.deploy(replicas=3)
    bench.until(lambda: bench.settled())
    bench.storage.remove(DEPLOYMENTS, NAMESPACE, "web")
    bench.until(lambda: not bench.pods() and not list(bench.storage.objects(REPLICASETS)), 10)


def test_an_annotation_counts_the_generation_up_but_the_controller_does_not(bench: Bench) -> None:
    bench.deploy(replicas=1)
    bench.until(lambda: bench.settled())
    assert bench.get()["metadata"]["generation"] == 1
    bench.edit(lambda deployment: deployment["metadata"]["annotations"].update(note="x"))
    bench.run(1)
    assert bench.get()["metadata"]["generation"] == 2
    assert bench.get()["status"]["observedGeneration"] == 2

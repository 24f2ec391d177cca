"""Every action, every ending: what the exit code says, the JSON says, and the record says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .scripted import DROP, Answer, Request
from .site import APPS, CORE, HPA, KEDA, Bench, bench

__all__ = ["bench"]

ACTS: dict[str, tuple[tuple[str, ...], str]] = {
    "scale": (("scale", "deploy/press", "4"), f"PUT {APPS}/deployments/press/scale"),
    "park": (("park", "deploy/press"), f"PUT {APPS}/deployments/press/scale"),
    "unpark": (("unpark", "deploy/parked", "--replicas", "2"), f"PUT {APPS}/deployments/parked/scale"),
    "bounds": (("bounds", "hpa/press", "--max", "6"), f"PATCH {HPA}/press"),
    "pause": (("pause", "deploy/press"), f"PATCH {APPS}/deployments/press"),
    "resume": (("resume", "deploy/held"), f"PATCH {APPS}/deployments/held"),
    "restart": (("restart", "deploy/press"), f"PATCH {APPS}/deployments/press"),
    "image": (("image", "deploy/press", "app=press:2.1"), f"PATCH {APPS}/deployments/press"),
    "rollback": (("rollback", "deploy/press", "--to-revision", "1"), f"PATCH {APPS}/deployments/press"),
    "cancel": (("cancel", "deploy/oven"), f"PATCH {APPS}/deployments/oven"),
    "unstick": (("unstick", "sts/camera"), f"DELETE {CORE}/pods/camera-2"),
    "resize": (("resize", "pod/press-1", "--memory-request", "96Mi"), f"PATCH {CORE}/pods/press-1/resize"),
    "keda-pause": (("keda-pause", "deploy/lidar"), f"PATCH {KEDA}/lidar"),
    "keda-unpause": (("keda-unpause", "deploy/radar"), f"PATCH {KEDA}/radar"),
}
EVERY = pytest.mark.parametrize(("argv", "write"), ACTS.values(), ids=list(ACTS))


def only_the_write(
    write: str, code: int, *, arrives: bool, bench: Bench
) -> Callable[[Request], Answer | None]:
    """A fault of the write itself; its dry run is answered."""

    def fault(request: Request) -> Answer | None:
        dry = request.query.get("dryRun") or (
            request.method == "DELETE" and (request.body or {}).get("dryRun")
        )
        if dry or f"{request.method} {request.path}" != write:
            return None
        if arrives:
            bench.site.fault = lambda again: None
            bench.site.answer(request)
            bench.site.fault = fault
        return code, {}

    return fault


@EVERY
def test_what_was_reached_is_code_0_and_says_so(bench: Bench, argv: tuple[str, ...], write: str) -> None:
    ended = bench.run(*argv, timeout=20)
    assert (ended.code, ended.said["outcome"], ended.said["ok"]) == (0, "reached", True), ended
    assert bench.site.writes == [write]
    assert bench.audit[-1]["result"] == "reached"
    assert not ended.said["data"].get("unknown")


PENDING = {name: act for name, act in ACTS.items() if name not in ("pause", "bounds")}


@pytest.mark.parametrize(("argv", "write"), PENDING.values(), ids=list(PENDING))
def test_what_nobody_carries_out_is_pending_with_code_3(
    bench: Bench, argv: tuple[str, ...], write: str
) -> None:
    bench.site.carries_out = False
    ended = bench.run(*argv)
    assert (ended.code, ended.said["outcome"]) == (3, "pending"), ended
    assert bench.audit[-1]["result"] == "pending"


MEDDLED = {name: act for name, act in ACTS.items() if name not in ("unstick", "pause")}


@pytest.mark.parametrize(("argv", "write"), MEDDLED.values(), ids=list(MEDDLED))
def test_what_somebody_else_changes_at_once_is_failed_and_not_unknown(
    bench: Bench, argv: tuple[str, ...], write: str
) -> None:
    bench.site.meddles = True
    ended = bench.run(*argv, timeout=20)
    assert (ended.code, ended.said["outcome"], ended.said["ok"]) == (1, "failed", False), ended
    assert bench.audit[-1]["result"] == "failed"


@EVERY
def test_without_waiting_what_was_accepted_is_code_0(bench: Bench, argv: tuple[str, ...], write: str) -> None:
    bench.site.carries_out = False
    ended = bench.run(*argv, "--no-wait")
    assert ended.code == 0
    assert ended.said["outcome"] in ("pending", "reached")
    assert bench.site.writes == [write]


@EVERY
@pytest.mark.parametrize("code", [DROP, 504])
def test_a_lost_answer_that_did_not_arrive_is_unknown(
    bench: Bench, argv: tuple[str, ...], write: str, code: int
) -> None:
    bench.site.fault = only_the_write(write, code, arrives=False, bench=bench)
    ended = bench.run(*argv)
    if argv[0] == "unstick":  # what the set does tells whether it was deleted
        assert (ended.code, ended.said["outcome"]) == (3, "pending")
        return
    assert (ended.code, ended.said["outcome"]) == (1, "unknown"), ended
    assert ended.said["lines"][0].startswith("It may have arrived")
    assert bench.audit[-1]["result"] == "unknown"


@EVERY
def test_a_lost_answer_that_did_arrive_is_found_and_reached(
    bench: Bench, argv: tuple[str, ...], write: str
) -> None:
    bench.site.fault = only_the_write(write, DROP, arrives=True, bench=bench)
    ended = bench.run(*argv, timeout=20)
    assert (ended.code, ended.said["outcome"]) == (0, "reached"), ended
    assert bench.site.writes == [write]


@EVERY
@pytest.mark.parametrize("code", [403, 422, 429])
def test_what_the_server_refuses_is_refused_with_code_1(
    bench: Bench, argv: tuple[str, ...], write: str, code: int
) -> None:
    bench.site.fault = only_the_write(write, code, arrives=False, bench=bench)
    ended = bench.run(*argv)
    assert (ended.code, ended.said["outcome"]) == (1, "refused"), ended
    assert "Nothing was changed" in ended.said["error"]["next_step"]
    assert bench.site.writes == []
    assert [one["result"] for one in bench.audit if one["event"] == "result"] == ["refused"]


@EVERY
def test_a_link_that_breaks_in_the_dry_run_is_said_to_have_sent_nothing(
    bench: Bench, argv: tuple[str, ...], write: str
) -> None:
    bench.site.fault = lambda request: (DROP, {}) if request.method != "GET" else None
    ended = bench.run(*argv)
    assert (ended.code, ended.said["outcome"]) == (2, "refused"), ended
    assert "othing was" in f"{ended.said['error']}"
    assert bench.audit[-1]["result"] == "unsent"


@EVERY
def test_a_dry_run_writes_nothing_and_waits_for_nothing(
    bench: Bench, argv: tuple[str, ...], write: str
) -> None:
    ended = bench.run(*argv, "--dry-run", timeout=600)
    assert (ended.code, ended.said["outcome"], ended.said["ok"]) == (0, "dry-run", True), ended
    assert bench.site.writes == []
    assert bench.audit == []
    assert ended.said["plan"]["title"]

"""What the plan of a scale says: who owns the number, and what that owner makes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .every_action import bounded, healthy, queued
from .site import Site, shell_on


@pytest.mark.parametrize(
    ("site", "owner"),
    [
        (bounded, "autoscaler press, 2 to 8"),
        (queued, "KEDA"),
        (lambda: queued(**{"autoscaling.keda.sh/paused-replicas": "3"}), "paused by KEDA at 3"),
        (healthy, None),
    ],
    ids=["autoscaler", "KEDA", "paused KEDA", "nobody"],
)
def test_the_plan_names_the_owner_of_the_number(
    site: Callable[[], Site],
    owner: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with shell_on(site(), tmp_path, monkeypatch, capsys) as shell:
        told = shell.run("scale", "deploy/press", "5", "--dry-run")
    facts = told.json["plan"]["facts"]
    assert facts["current"] == "3 desired, 3 current, 3 ready"
    assert facts.get("owned by", "") == "" if owner is None else owner in facts["owned by"]


@pytest.mark.parametrize("number", ["-1", "2.5", "many", "2147483648"])
def test_what_is_no_number_of_replicas_is_refused(
    number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with shell_on(healthy(), tmp_path, monkeypatch, capsys) as shell:
        try:
            assert shell.run("scale", "deploy/press", number, "--yes").code == 1
        except SystemExit as wrong_usage:
            assert wrong_usage.code == 2
        assert shell.site.writes == []


@pytest.mark.parametrize(
    ("number", "asked"),
    [("5", {"resourcequotas"}), ("1", {"poddisruptionbudgets"}), ("3", set())],
    ids=["more", "fewer", "the same"],
)
def test_only_what_the_number_can_meet_is_asked_for(
    number: str,
    asked: set[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    site = healthy()
    with shell_on(site, tmp_path, monkeypatch, capsys) as shell:
        assert shell.run("scale", "deploy/press", number, "--dry-run").code == 0
        listed = {request.path.partition("?")[0].rpartition("/")[2] for request in site.requests}
    assert listed & {"resourcequotas", "poddisruptionbudgets"} == asked

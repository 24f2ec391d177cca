"""Trigger: a CronJob's Job is created now, once, as kubectl makes it; a lost answer is looked for under its name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.model import factories as f
from tests.unit.model.test_cronjob import cron_job

from .every_action import BATCH, batch
from .scripted import DROP
from .site import APPLY_THEN_DROP, Shell, Site, shell_on

LONG = "night-shift-of-the-press-line-in-hall-seven-b-ends"


def site(name: str = "night") -> Site:
    made = cron_job(name, suspend=True, active=[{"name": "night-1"}])
    made["spec"]["jobTemplate"]["metadata"] = {"labels": {"app": "night"}, "annotations": {"team": "ops"}}
    return batch(made)


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    with shell_on(site(), tmp_path, monkeypatch, capsys) as found:
        yield found


def jobs(shell: Shell) -> list[f.Json]:
    return [one for path, one in shell.site.objects.items() if path.startswith(f"{BATCH}/jobs/")]


def test_the_job_has_the_template_and_belongs_to_the_cron_job(shell: Shell) -> None:
    told = shell.run("trigger", "cj/night", "--yes")
    assert (told.code, told.json["outcome"]) == (0, "reached"), told.err
    (made,) = jobs(shell)
    metadata, cron = made["metadata"], shell.site.objects[f"{BATCH}/cronjobs/night"]
    assert metadata["name"].startswith("night-manual-")
    assert metadata["labels"] == {"app": "night"}
    assert metadata["annotations"] == {"team": "ops", "cronjob.kubernetes.io/instantiate": "manual"}
    (owner,) = metadata["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("CronJob", cron["metadata"]["uid"], True)
    assert "blockOwnerDeletion" not in owner, "that would need a right on cronjobs/finalizers"
    assert made["spec"] == cron["spec"]["jobTemplate"]["spec"]
    assert [one["event"] for one in told.audit] == ["intent", "result", "outcome"]
    warnings = told.json["plan"]["warnings"]
    assert warnings[0].startswith("It has 1 active Job already; its concurrencyPolicy Allow")
    assert warnings[1].startswith("It is suspended")


def test_twice_makes_two_jobs_and_a_dry_run_none(shell: Shell) -> None:
    assert shell.run("trigger", "cj/night", "--dry-run").json["outcome"] == "dry-run"
    assert jobs(shell) == []
    for _ in range(2):
        assert shell.run("trigger", "cj/night", "--yes").code == 0
    assert len({one["metadata"]["name"] for one in jobs(shell)}) == 2


@pytest.mark.parametrize(("fault", "made", "code"), [(APPLY_THEN_DROP, 1, 0), (DROP, 0, 1)])
def test_a_lost_answer_is_looked_for_and_nothing_is_sent_again(
    shell: Shell, fault: int, made: int, code: int
) -> None:
    shell.site.fault = fault
    told = shell.run("trigger", "cj/night", "--yes")
    assert told.code == code, told.err
    assert len(shell.site.writes) == 1
    assert len(jobs(shell)) == made
    assert ("It may yet arrive" in " ".join(told.json["lines"])) == (not made)


def test_a_refusal_creates_nothing(shell: Shell) -> None:
    shell.site.dry_fault = 403
    assert shell.run("trigger", "cj/night", "--yes").json["outcome"] == "refused"
    assert jobs(shell) == []


def test_the_name_of_the_job_fits_into_a_label_of_its_pods(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with shell_on(site(LONG), tmp_path, monkeypatch, capsys) as shell:
        assert shell.run("trigger", f"cj/{LONG}", "--yes").code == 0
        (made,) = jobs(shell)
        assert len(made["metadata"]["name"]) <= 63

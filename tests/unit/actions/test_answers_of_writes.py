"""What a write is answered by: of an object whose version is known nobody reads more than that it was accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .every_action import CASES, PRESS
from .scripted import Answer, Request
from .site import shell_on

SMALL = {"includeObject": "None", "-": "true"}
TEMPLATES = ("restart", "image", "rollback", "cancel", "pause", "resume", "restart sts", "image ds")


def asked_small(request: Request) -> bool:
    return request.query.items() >= SMALL.items()


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_workload_that_was_read_whole_is_not_sent_again(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = CASES[name]
    with shell_on(case.site(), tmp_path, monkeypatch, capsys) as shell:
        told = shell.run(*case.words, "--yes")
        assert told.code == 0, told.err
        writes = [one for one in shell.site.requests if one.method == "PATCH"]
        assert [asked_small(one) for one in writes] == [True, True]


def test_metadata_that_changed_meanwhile_is_told_by_the_dry_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its generation is the one that was shown, so that the write goes on: but now Flux applies it."""
    case = CASES["restart"]
    site = case.site()
    answer, marked = site.answer, []

    def marking(request: Request) -> Answer:
        if request.method == "PATCH" and not marked:
            there: Any = site.objects[PRESS]["metadata"]
            marks = {
                "kustomize.toolkit.fluxcd.io/name": "line",
                "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
            }
            there["labels"] = {**(there.get("labels") or {}), **marks}
            there["resourceVersion"] = str(int(there["resourceVersion"]) + 1)
            marked.append(request)
        return answer(request)

    monkeypatch.setattr(site, "answer", marking)
    with shell_on(site, tmp_path, monkeypatch, capsys) as shell:
        told = shell.run(*case.words, "--yes")
        assert told.code == 0, told.err
        writes = [one for one in site.requests if one.method == "PATCH"]
    assert [asked_small(one) for one in writes] == [True, False, False]
    assert "line" in " ".join(told.json["data"]["owners"])

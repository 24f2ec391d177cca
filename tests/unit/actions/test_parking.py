"""Scaled to 0 and restored by commands: the number is kept on this machine, found on the cluster, or asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.model import factories as f

from .every_action import CAMERA, PRESS, healthy
from .site import Shell, Site, shell_on


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    camera = f.stateful_set("camera", "line-2", replicas=2)
    with shell_on(Site(*healthy().objects.values(), camera), tmp_path, monkeypatch, capsys) as found:
        yield found


@pytest.mark.parametrize(("name", "path", "number"), [("deploy/press", PRESS, 3), ("sts/camera", CAMERA, 2)])
def test_what_was_scaled_to_0_here_comes_back_at_the_number_it_had(
    shell: Shell, name: str, path: str, number: int
) -> None:
    told = shell.run("scale-to-zero", name, "--yes")
    assert told.json["lines"][-1] == f"Restore brings it back to {number}."
    assert shell.site.objects[path]["spec"]["replicas"] == 0
    told = shell.run("restore", name, "--yes")
    assert (told.code, shell.site.objects[path]["spec"]["replicas"]) == (0, number)
    assert f"{number} replicas, as before edgetui scaled it to 0 on this machine." in told.err


def test_what_was_scaled_to_0_elsewhere_is_found_only_where_the_cluster_remembers_it(shell: Shell) -> None:
    for path in (PRESS, CAMERA):
        shell.site.objects[path]["spec"]["replicas"] = 0
    assert "3 replicas, as an earlier revision had." in shell.run("restore", "deploy/press", "--yes").err
    told = shell.run("restore", "sts/camera", "--yes")
    assert (told.code, told.json["error"]["next_step"]) == (1, "Say how many.")
    assert shell.run("restore", "sts/camera", "--replicas", "4", "--yes").code == 0
    assert shell.site.objects[CAMERA]["spec"]["replicas"] == 4


def test_the_sets_of_a_deployment_that_may_not_be_listed_say_nothing(shell: Shell) -> None:
    shell.site.objects[PRESS]["spec"]["replicas"] = 0
    shell.site.hidden = frozenset({"replicasets"})
    assert shell.run("restore", "deploy/press", "--yes").json["error"]["next_step"] == "Say how many."


def test_an_image_set_while_it_is_paused_waits_and_says_so(shell: Shell) -> None:
    shell.site.objects[PRESS]["spec"]["paused"] = True
    told = shell.run("image", "deploy/press", "press:4", "--yes")
    assert (told.code, told.json["outcome"]) == (0, "reached")
    assert "which waits until it is resumed" in told.json["lines"][0]

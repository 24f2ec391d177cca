"""`rollout history` and `rollout status`: their lines, their exit codes and what they read, as kubectl has them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions import cli
from tests.unit.model import factories as f

from .every_action import PRESS, controlled, half_done, healthy
from .scripted import DROP, Request
from .site import Site, shell_on

Json = dict[str, Any]
Run = Callable[..., tuple[int, str, str]]
CAUSE = {"kubernetes.io/change-cause": "a better press"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("edgetui.actions.cli.status.FIRST_PAUSE", 0.001)
    monkeypatch.setattr("edgetui.actions.cli.status.SLOW", 0.001)
    return tmp_path


@pytest.fixture
def run(
    request: pytest.FixtureRequest,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Runs a command on a site: exit code, stdout, stderr."""

    def made(site: Site, *words: str) -> tuple[int, str, str]:
        with shell_on(site, home, monkeypatch, capsys):
            capsys.readouterr()
            code = cli.main([*words, "--kubeconfig", str(home / "config"), "-n", "line-2"])
            said = capsys.readouterr()
        return code, said.out, said.err

    return made


def site(*revisions: Json) -> Site:
    made = f.deployment("press", "line-2", revision=2, image="press:2")
    return Site(made, *revisions)


def revision(number: int, notes: Json | None = None, template: Json | None = None) -> Json:
    made = f.replica_set(
        f.deployment("press", "line-2"), f"r{number}", revision=number, image=f"press:{number}"
    )
    made["metadata"]["annotations"] = {**made["metadata"].get("annotations", {}), **(notes or {})}
    made["spec"]["template"]["metadata"] |= template or {}
    return made


def test_the_history_of_a_deployment_has_the_causes_of_its_sets_and_of_their_templates(run: Run) -> None:
    found = site(revision(2), revision(11, CAUSE), revision(1, template={"annotations": {**CAUSE, "x": "y"}}))
    assert run(found, "history", "deploy/press") == (
        0,
        "deployment.apps/press \n"
        "REVISION  CHANGE-CAUSE\n"
        "1         a better press\n"
        "2         <none>\n"
        "11        a better press\n"
        "\n",
        "",
    )


@pytest.mark.parametrize(("kind", "word"), [("StatefulSet", "sts"), ("DaemonSet", "ds")])
def test_the_history_of_a_set_of_machines_has_its_controllerrevisions(run: Run, kind: str, word: str) -> None:
    found = controlled(kind)
    for path, one in found.objects.items():
        if path.endswith("/camera-b"):
            one["metadata"]["annotations"] = dict(CAUSE)
        if path.endswith("/camera-a"):
            one["data"]["spec"]["template"]["metadata"] |= {"annotations": dict(CAUSE)}
    assert run(found, "history", f"{word}/camera") == (
        0,
        f"{kind.lower()}.apps/camera \nREVISION  CHANGE-CAUSE\n1         <none>\n2         a better press\n\n",
        "",
    )


def test_a_template_without_metadata_has_no_cause(run: Run) -> None:
    bare = revision(1)
    del bare["spec"]["template"]["metadata"]
    code, out, _ = run(site(bare), "history", "deploy/press")
    assert (code, out.splitlines()[2]) == (0, "1         <none>")


def test_a_history_of_nothing_says_so(run: Run) -> None:
    assert run(site(), "history", "deploy/press") == (
        0,
        "deployment.apps/press \nNo rollout history found.\n",
        "",
    )


def test_several_are_told_one_after_the_other_and_the_first_that_fails_ends_it(run: Run) -> None:
    found = Site(*site(revision(1)).objects.values(), *controlled("DaemonSet").objects.values())
    code, out, err = run(found, "history", "deploy/press", "ds/camera")
    assert (code, err) == (0, "")
    assert [line.split(".")[0] for line in out.splitlines() if ".apps" in line] == ["deployment", "daemonset"]
    code, out, err = run(found, "history", "deploy/none", "ds/camera")
    assert (code, out) == (1, "")
    assert err == 'Error from server (NotFound): deployments.apps "none" not found\n'


@pytest.mark.parametrize("command", ["history", "status"])
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("pod/press-x",), 1, "error: a pod has no rollout"),
        ((), 2, "KIND/NAME"),
        (("deploy",), 2, "deploy"),
    ],
)
def test_what_has_no_rollout_is_said(
    run: Run, command: str, words: tuple[str, ...], code: int, said: str
) -> None:
    found = Site(f.pod("press-x", "line-2"))
    try:
        got = run(found, command, *words)
    except SystemExit as ended:
        assert ended.code == code
        return
    assert got[0] == code
    assert said in got[2]


def test_a_revision_is_shown_by_kubectl(run: Run) -> None:
    code, out, err = run(site(revision(1)), "history", "deploy/press", "--revision", "1")
    assert (code, out) == (1, "")
    assert err.startswith("error: edgetui prints no templates; this does: kubectl ")
    assert err.rstrip().endswith("rollout history deployment/press --revision=1")


DONE = 'deployment "press" successfully rolled out\n'
WAITS = 'Waiting for deployment "press" rollout to finish: 1 out of 3 new replicas have been updated...\n'


def under_way() -> Site:
    found = half_done()
    found.objects[PRESS]["status"]["conditions"] = [f.cond("Progressing", "True", "ReplicaSetUpdated")]
    return found


def test_a_rollout_that_is_done_is_told_at_once(run: Run) -> None:
    assert run(healthy(), "status", "deploy/press") == (0, DONE, "")
    assert run(healthy(), "status", "deploy/press", "--revision", "2") == (0, DONE, "")
    assert run(healthy(), "status", "deploy/press", "--revision", "3") == (
        1,
        "",
        "error: desired revision (3) is different from the running revision (2)\n",
    )


def test_a_rollout_under_way_is_followed_and_each_line_is_told_once(run: Run) -> None:
    found, looks = under_way(), 0
    end = copy.deepcopy(healthy().objects[PRESS])
    end["metadata"]["uid"] = found.objects[PRESS]["metadata"]["uid"]

    def instead(request: Request) -> tuple[int, Any] | None:
        nonlocal looks
        looks += request.path == PRESS
        if looks in (3, 4):
            return (DROP, None) if looks == 3 else (500, None)
        return (200, end) if looks > 6 and request.path == PRESS else None

    found.instead = instead
    assert run(found, "status", "deploy/press") == (0, WAITS + DONE, "")
    assert looks == 7


def test_it_can_be_looked_at_once_or_for_a_time(run: Run) -> None:
    assert run(under_way(), "status", "deploy/press", "--watch=false") == (0, WAITS, "")
    assert run(under_way(), "status", "deploy/press", "--timeout", "0.2") == (
        1,
        WAITS,
        "error: timed out waiting for the condition\n",
    )


def test_one_that_is_made_anew_meanwhile_is_another(run: Run) -> None:
    found, looks = under_way(), 0
    other = copy.deepcopy(found.objects[PRESS])
    other["metadata"]["uid"] = "another"

    def instead(request: Request) -> tuple[int, Any] | None:
        nonlocal looks
        looks += request.path == PRESS
        return (200, other) if looks > 2 and request.path == PRESS else None

    found.instead = instead
    assert run(found, "status", "deploy/press") == (1, WAITS, "error: object has been deleted\n")


def test_a_deadline_that_is_over_ends_it(run: Run) -> None:
    assert run(half_done(), "status", "deploy/press") == (
        1,
        "",
        'error: deployment "press" exceeded its progress deadline\n',
    )


@pytest.mark.parametrize(("kind", "word"), [("StatefulSet", "sts"), ("DaemonSet", "ds")])
def test_a_set_that_is_updated_by_hand_has_no_status(run: Run, kind: str, word: str) -> None:
    found = controlled(kind)
    path = f"/apis/apps/v1/namespaces/line-2/{kind.lower()}s/camera"
    found.objects[path]["spec"]["updateStrategy"] = {"type": "OnDelete"}
    assert run(found, "status", f"{word}/camera") == (
        1,
        "",
        "error: rollout status is only available for RollingUpdate strategy type\n",
    )


def test_a_selector_that_chooses_nothing(run: Run) -> None:
    found = Site()
    found.instead = lambda request: (200, {"items": []}) if request.path.endswith("/deployments") else None
    assert run(found, "status", "deploy", "-l", "app=none") == (
        0,
        "",
        "No resources found in line-2 namespace.\n",
    )
    assert run(found, "history", "deploy", "-l", "app=none") == (0, "", "")

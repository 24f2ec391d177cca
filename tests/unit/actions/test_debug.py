"""A debug container: what is asked, what is written, what it waits for and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .every_action import POD, one_pod
from .scripted import DROP, Answer, Request
from .site import APPLY_THEN_DROP, Shell, shell_on

Json = dict[str, Any]
CREATING = {"waiting": {"reason": "ContainerCreating"}}
RUNNING: Json = {"running": {"startedAt": "2026-11-29T10:00:00Z"}}
NO_IMAGE = {
    "waiting": {
        "reason": "ErrImagePull",
        "message": 'failed to pull "registry.local/tools:9": manifest unknown',
    }
}


class Kubelet:
    """Gives the newest ephemeral container the next of these states at each look at its pod; None is no status."""

    def __init__(self, shell: Shell, *states: Json | None, events: tuple[Json, ...] = ()) -> None:
        self.shell, self.states, self.events = shell, list(states), events
        shell.site.instead = self.answer

    def answer(self, request: Request) -> Answer | None:
        if request.path.endswith("/events"):
            return 200, {"kind": "EventList", "metadata": {}, "items": self.named()}
        there = self.shell.site.objects[POD]
        made = there["spec"].get("ephemeralContainers")
        if request.path != POD or not made:
            return None
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        statuses = [] if state is None else [{"name": made[-1]["name"], "state": state}]
        there["status"]["ephemeralContainerStatuses"] = statuses
        return 200, there

    def named(self) -> list[Json]:
        name = self.shell.site.objects[POD]["spec"]["ephemeralContainers"][-1]["name"]
        about = {"fieldPath": f"spec.ephemeralContainers{{{name}}}"}
        return [
            {"metadata": {"name": f"e{at}"}, "involvedObject": about, **e} for at, e in enumerate(self.events)
        ]


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    with shell_on(one_pod(), tmp_path, monkeypatch, capsys) as found:
        Kubelet(found, RUNNING)
        yield found


def added(shell: Shell) -> list[Json]:
    found: list[Json] = shell.site.objects[POD]["spec"].get("ephemeralContainers") or []
    return found


def test_it_is_made_as_kubectl_makes_it(shell: Shell) -> None:
    options = ("--image", "tools:9", "--target", "app", "--yes")
    told = shell.run("debug", "press-x", *options, rest=("--", "sh", "-l"))
    assert (told.code, told.json["outcome"]) == (0, "reached"), told.err
    (made,) = added(shell)
    name = made["name"]
    assert len(name) == len("debugger-xxxxx") and name.startswith("debugger-")
    assert made == {
        "name": name,
        "image": "tools:9",
        "command": ["sh", "-l"],
        "targetContainerName": "app",
        "stdin": True,
        "tty": True,
        "terminationMessagePolicy": "File",
        "securityContext": {"capabilities": {"add": ["SYS_PTRACE"]}},
    }
    assert shell.site.writes == [f"PATCH {POD}/ephemeralcontainers"]
    sent = next(one for one in shell.site.requests if one.method == "PATCH" and not one.query.get("dryRun"))
    assert sent.body["metadata"]["resourceVersion"]
    assert [one["event"] for one in told.audit] == ["intent", "result", "outcome"]
    assert told.audit[0]["after"]["container"] == name
    lines = told.json["lines"]
    assert lines[0] == f"Container {name} of pod press-x runs."
    assert lines[1].startswith("Attach to it: edgetui attach pod/press-x -c debugger-")
    assert any("removes no ephemeral container" in one for one in told.json["plan"]["warnings"])


def test_without_options_it_runs_what_the_settings_say_and_sees_its_own_processes(shell: Shell) -> None:
    told = shell.run("debug", "pod/press-x", "--yes")
    assert told.code == 0, told.err
    (made,) = added(shell)
    assert made["image"] == "busybox:1.37"
    assert "targetContainerName" not in made and "command" not in made
    assert told.json["plan"]["facts"]["target"] == "none: its own processes only"


@pytest.mark.parametrize(
    ("profile", "context"),
    [
        ("baseline", None),
        (
            "restricted",
            {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "runAsNonRoot": True,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
        ),
    ],
)
def test_a_profile_asks_for_no_more_than_its_standard_lets_through(
    shell: Shell, profile: str, context: Json | None
) -> None:
    assert shell.run("debug", "press-x", "--profile", profile, "--yes").code == 0
    assert added(shell)[0].get("securityContext") == context


def test_what_it_waits_for_is_said(shell: Shell) -> None:
    pulling = ({"reason": "Pulling", "lastTimestamp": "2026-11-29T10:00:01Z"},)
    Kubelet(shell, None, CREATING, RUNNING, events=pulling)
    told = shell.run("debug", "press-x", "--yes")
    assert told.code == 0
    assert "waits for the kubelet of node-1" in told.err
    assert "is pulling the image busybox:1.37" in told.err


def test_an_image_that_cannot_be_pulled_is_a_sentence_and_ends_it(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgetui.actions.remote.visit.FAILED_FOR", 0.2)
    Kubelet(shell, CREATING, NO_IMAGE)
    told = shell.run("debug", "press-x", "--image", "registry.local/tools:9", "--yes")
    assert (told.code, told.json["outcome"]) == (3, "pending")
    assert "cannot start: " in told.json["lines"][0] and "tools:9" in told.json["lines"][0]
    assert told.audit[-1]["result"] == "pending"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"waiting": {"reason": "InvalidImageName", "message": "bad"}}, "is not a valid image name"),
        (
            {"terminated": {"exitCode": 127, "reason": "StartError", "message": 'exec: "sh": not found'}},
            "has ended with exit code 127",
        ),
    ],
)
def test_what_never_runs_is_not_waited_for(shell: Shell, state: Json, words: str) -> None:
    Kubelet(shell, state)
    told = shell.run("debug", "press-x", "--yes", "--timeout", "30")
    assert words in told.json["lines"][0]
    assert any("removes no ephemeral container" in line for line in told.json["lines"])


def test_not_running_in_time_is_pending(shell: Shell) -> None:
    Kubelet(shell, CREATING)
    told = shell.run("debug", "press-x", "--yes", "--timeout", "0.1")
    assert (told.code, told.json["outcome"]) == (3, "pending")
    assert "is being created (ContainerCreating)" in told.json["lines"][0]


def test_a_dry_run_and_no_answer_write_nothing(shell: Shell) -> None:
    assert shell.run("debug", "press-x", "--dry-run").json["outcome"] == "dry-run"
    assert "no terminal to confirm" in shell.run("debug", "press-x").json["error"]["sentence"]
    assert shell.site.writes == [] and not added(shell)


@pytest.mark.parametrize(("fault", "code", "made"), [(APPLY_THEN_DROP, 0, 1), (DROP, 1, 0)])
def test_a_lost_answer_is_looked_for_and_nothing_is_sent_twice(
    shell: Shell, fault: int, code: int, made: int
) -> None:
    shell.site.fault = fault
    told = shell.run("debug", "press-x", "--yes", "--timeout", "2")
    assert told.code == code, told.err
    assert len(shell.site.writes) == 1
    assert len(added(shell)) == made


def test_a_pod_that_only_moved_gets_it_all_the_same_and_one_that_ends_does_not(shell: Shell) -> None:
    shell.site.before_write = lambda: shell.site.touch(POD, spec=False)
    assert shell.run("debug", "press-x", "--yes").code == 0

    def ends() -> None:
        shell.site.touch(POD, spec=False)
        shell.site.objects[POD]["metadata"]["deletionTimestamp"] = "2026-11-29T10:00:00Z"

    shell.site.before_write = ends
    told = shell.run("debug", "press-x", "--yes")
    assert (told.code, len(added(shell))) == (1, 1)
    assert "is ending by now" in told.json["error"]["sentence"]
    assert "is ending, so nothing new runs in it" in shell.run("debug", "press-x").json["error"]["sentence"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--target", "engine"), "has no container engine"),
        (("--image", "a b"), "is not the name of an image"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(
    shell: Shell, words: tuple[str, ...], sentence: str
) -> None:
    told = shell.run("debug", "press-x", *words, "--yes")
    assert (told.code, shell.site.writes) == (1, [])
    assert sentence in told.json["error"]["sentence"]


def test_a_server_without_ephemeral_containers_is_told_from_a_pod_that_is_gone(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}
    said["message"] = "the server could not find the requested resource"
    monkeypatch.setattr(shell.site, "_write", lambda request, *, keep: (404, said))
    told = shell.run("debug", "press-x", "--yes")
    assert told.code == 1 and not added(shell)
    assert told.json["error"]["sentence"].startswith(
        "plant does not serve pods/ephemeralcontainers. Kubernetes has it since 1.25."
    )
    shell.site.instead = lambda request: None
    del shell.site.objects[POD]
    assert "There is no pod press-x" in shell.run("debug", "press-x", "--yes").json["error"]["sentence"]

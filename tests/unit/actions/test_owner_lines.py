"""The owner line in the dialog and the receipt of an action, and the owner's own pause as a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.objects.owner import state
from edgetui.model.kinds import managers
from tests.unit.model import factories as f
from tests.unit.model.test_canary import canary

from .every_action import KUSTOMIZATION, PRESS, argo, from_flux, half_done, healthy
from .site import Shell, Site, refusal, shell_on

Json = dict[str, Any]
WITHIN = "Flux Kustomization flux-system/apps will bring its own version back within 10m."
PLANT = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/plant"
AUTOMATED = {"prune": True, "selfHeal": True}


def from_argo_cd(notes: Json | None = None, labels: Json | None = None, listed: bool = True) -> Site:
    """A deployment that Argo CD applies."""
    resource = {"group": "apps", "kind": "Deployment", "namespace": "line-2", "name": "press"}
    made = {
        "kind": "Application",
        "metadata": f.meta("Application", "plant", "argocd", generation=3),
        "spec": {"syncPolicy": {"automated": dict(AUTOMATED), "syncOptions": ["a=b"]}},
        "status": {"resources": [resource] if listed else []},
    }
    site = healthy(annotations=notes or {}, labels=labels)
    return Site(*site.objects.values(), made)


@pytest.fixture
def shell(
    made: Callable[[], Site],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Shell]:
    with shell_on(made(), tmp_path, monkeypatch, capsys) as found:
        yield found


TRACKED = {"argocd.argoproj.io/tracking-id": "plant:apps/Deployment:line-2/press"}


@pytest.mark.parametrize("made", [from_flux])
@pytest.mark.parametrize(
    "words",
    [
        ("scale", "deploy/press", "5"),
        ("image", "deploy/press", "press:4"),
        ("pause", "deploy/press"),
        ("restart", "deploy/press"),
    ],
)
def test_a_receipt_says_who_will_revert_it_and_offers_to_pause_that(
    shell: Shell, words: tuple[str, ...]
) -> None:
    told = shell.run(*words, "--yes").json
    assert told["ok"]
    assert told["data"]["owners"][0] == WITHIN
    assert WITHIN in told["lines"]
    assert told["lines"][-1].startswith(
        "To keep it, pause Flux Kustomization flux-system/apps: edgetui owner-pause deployment/press"
    )


@pytest.mark.parametrize("made", [from_flux])
def test_a_dialog_says_it_before_anything_is_written(shell: Shell) -> None:
    told = shell.run("scale", "deploy/press", "5", "--dry-run")
    assert not shell.site.writes
    assert WITHIN in told.out


@pytest.mark.parametrize("made", [lambda: from_flux(suspend=True)])
def test_one_that_is_suspended_reverts_nothing_and_is_not_offered(shell: Shell) -> None:
    told = shell.run("scale", "deploy/press", "5", "--yes").json
    assert told["data"]["owners"] == [
        "Flux Kustomization flux-system/apps is suspended: it reverts nothing until it is resumed."
    ]


def unreadable(code: int) -> Callable[[], Site]:
    def made() -> Site:
        site = from_flux()
        site.instead = lambda request: refusal(code) if "kustomiz" in request.path else None
        return site

    return made


@pytest.mark.parametrize(
    ("made", "why"),
    [(unreadable(403), "you may not read it"), (unreadable(404), "it is not on this cluster")],
)
def test_what_could_not_be_read_is_said(shell: Shell, why: str) -> None:
    told = shell.run("scale", "deploy/press", "5", "--yes").json
    assert told["ok"]
    assert told["data"]["owners"] == [
        "Flux Kustomization flux-system/apps will bring its own version back; when, or whether it is suspended, "
        f"is not known ({why})."
    ]


@pytest.mark.parametrize("made", [lambda: from_argo_cd(TRACKED)])
def test_automated_sync_goes_and_undo_brings_back_all_of_it(shell: Shell) -> None:
    told = shell.run("scale", "deploy/press", "5", "--yes").json
    assert told["data"]["owners"][0] == (
        "Argo CD Application plant will bring its own version back in seconds: it self-heals."
    )
    assert shell.run("owner-pause", "deploy/press", "--yes").json["ok"]
    assert shell.site.objects[PLANT]["spec"]["syncPolicy"] == {"syncOptions": ["a=b"]}
    refused = shell.run("owner-resume", "deploy/press", "--yes")
    assert refused.code == 1
    assert "If edgetui ended it, undo brings it back" in refused.out
    assert shell.run("undo", "deploy/press", "--yes").json["ok"]
    assert shell.site.objects[PLANT]["spec"]["syncPolicy"]["automated"] == AUTOMATED
    assert shell.site.objects[PRESS]["spec"]["replicas"] == 5  # the scale is what undo would take back next


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: from_argo_cd(labels={"app.kubernetes.io/instance": "plant"}), 1),
        (lambda: from_argo_cd(labels={"app.kubernetes.io/instance": "plant"}, listed=False), 0),
        (lambda: from_argo_cd(labels={"app.kubernetes.io/instance": "other"}), 0),
    ],
    ids=["listed", "not listed", "no such Application"],
)
def test_a_weak_sign_counts_where_the_application_lists_the_object(shell: Shell, said: int) -> None:
    told = shell.run("image", "deploy/press", "press:4", "--yes").json
    assert (
        len([one for one in told["lines"] if "Argo CD Application plant" in one and "self-heals" in one])
        == said
    )


@pytest.mark.parametrize("made", [from_flux])
def test_a_rollout_that_is_undone_while_flux_is_suspended(shell: Shell) -> None:
    assert shell.run("owner-pause", "deploy/press", "--yes").json["ok"]
    assert shell.site.objects[KUSTOMIZATION]["spec"]["suspend"] is True
    assert shell.run("image", "deploy/press", "press:4", "--yes").json["ok"]
    assert shell.run("undo", "deploy/press", "--yes").json["ok"]
    assert shell.site.objects[KUSTOMIZATION]["spec"]["suspend"] is True
    assert shell.run("undo", "deploy/press", "--yes").json["ok"]
    assert shell.site.objects[KUSTOMIZATION]["spec"]["suspend"] is False


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (healthy, "has no mark of a tool that applies it"),
        (
            lambda: healthy(annotations={"meta.helm.sh/release-name": "press"}),
            "Helm release press has no pause",
        ),
        (unreadable(403), "cannot be paused from here"),
    ],
)
def test_nothing_to_pause_is_said(shell: Shell, sentence: str) -> None:
    told = shell.run("owner-pause", "deploy/press", "--yes")
    assert told.code == 1
    assert sentence in told.out
    assert not shell.site.writes


@pytest.mark.parametrize(
    ("tool", "value", "words"),
    [
        (managers.KUSTOMIZATION, True, "suspended"),
        (managers.KUSTOMIZATION, False, "reconciling"),
        (managers.APPLICATION, None, "without automated sync"),
        (managers.APPLICATION, {}, "syncing by itself"),
        (managers.APPLICATION, {"selfHeal": True}, "syncing by itself"),
    ],
)
def test_how_a_tool_is_in_words(tool: str, value: Any, words: str) -> None:
    assert state(managers.Manager(tool, "argocd", "plant"), value) == words


@pytest.mark.parametrize("made", [half_done])
def test_what_nobody_applies_says_nothing(shell: Shell) -> None:
    told = shell.run("rollback", "deploy/press", "--yes").json
    assert "owners" not in told["data"]
    assert not any("kustomiz" in path or "applications" in path for path in shell.site.paths)


def driven() -> Site:
    return Site(*half_done().objects.values(), canary())


@pytest.mark.parametrize("made", [driven])
@pytest.mark.parametrize("words", [("rollback", "deploy/press"), ("image", "deploy/press", "press:4")])
def test_what_flagger_drives_says_so_before_it_is_rolled_back(shell: Shell, words: tuple[str, ...]) -> None:
    said = (
        "Flagger Canary press drives it (Progressing, 20 %): it analyses a new template first, "
        "press-primary serves meanwhile."
    )
    assert said in shell.run(*words, "--dry-run").json["plan"]["warnings"]
    assert said in shell.run(*words, "--yes").json["lines"]


@pytest.mark.parametrize("made", [lambda: argo(workloadRef={"kind": "Deployment", "name": "press"})])
def test_a_template_of_another_object_is_rolled_back_there(shell: Shell) -> None:
    told = shell.run("rollout-undo", "ro/press", "--yes")
    assert told.code == 1
    assert "is that of deployment press (workloadRef)" in told.json["error"]["sentence"]
    assert "edgetui rollback deployment/press" in told.json["error"]["next_step"]

"""docs/rbac as a person applies it: each account may do what the page says, and nothing of what only the others may."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from edgetui.actions.catalogue import ACTIONS, Access
from edgetui.actions.gate.permissions import ask
from edgetui.cluster.api.client import Api
from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.errors import Forbidden, NotFound
from edgetui.cluster.http.client import Transport
from edgetui.cluster.kubeconfig.loader import Selection, load_fleet

from .assets import Assets
from .cluster import ControlPlane
from .conftest import Boot
from .running import ROOT, Said, edgetui
from .workloads import deployment

ACCOUNTS = ("viewer", "scaler", "operator", "shell")
SCALES = {"scale", "scale-to-zero", "restore", "set-hpa"}
STREAMS = {"shell", "attach", "forward", "debug"}
ELSEWHERE = {"keda-pause", "keda-resume", "node-shell"}
"""What needs rules for kinds that a cluster may not have, or is root on nodes; the pages say so."""
BY_ANOTHER = {"undo", "owner-pause", "owner-resume"}
"""Whose rights are those of what is undone, or of the object that is paused."""
MAY: dict[str, set[str]] = {
    "viewer": set(),
    "scaler": SCALES,
    "operator": {one.id for one in ACTIONS.values() if one.needs} - ELSEWHERE - STREAMS,
    "shell": STREAMS,
}
SNIPPET = re.search(r"## 3\..*?```\n(.*?)```", (ROOT / "docs" / "sites.md").read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def site(boot: Boot) -> ControlPlane:
    """A cluster of its own: the Roles have the names of others that tests use."""
    found = boot("rbac-docs", nodes=2, metrics=True)
    for name in ACCOUNTS:
        found.kubectl("apply", "-f", str(ROOT / "docs" / "rbac" / f"{name}.yaml"))
    found.kubectl("apply", "-f", "-", input=json.dumps(deployment("press", replicas=2)))
    found.kubectl("rollout", "status", "deployment/press", "--timeout=60s")
    return found


@pytest.fixture(scope="module")
def kubeconfigs(
    site: ControlPlane, control_plane_assets: Assets, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """What docs/sites.md says to type, typed for each account; only the address is this cluster's."""
    assert SNIPPET is not None
    made = {}
    for name in ACCOUNTS:
        folder = tmp_path_factory.mktemp(name)
        (folder / "kubectl").symlink_to(control_plane_assets["kubectl"])
        script = SNIPPET[1].replace("edgetui-viewer", f"edgetui-{name}")
        script = re.sub(r"SITE=\S+", f"SITE={site.server}", script)
        env = {
            "PATH": f"{folder}:{os.environ['PATH']}",
            "HOME": str(folder),
            "KUBECONFIG": str(site.kubeconfig(path=folder / "admin.yaml")),
        }
        done = subprocess.run(
            ["sh", "-eu", "-c", script], cwd=folder, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        made[name] = folder / "plant-7.yaml"
    return made


def run(kubeconfig: Path, *words: str) -> Said:
    return edgetui(*words, "--kubeconfig", kubeconfig, home=kubeconfig.parent, within=120)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_file_that_is_made_holds_that_account_and_nothing_else(
    kubeconfigs: dict[str, Path], account: str
) -> None:
    text = kubeconfigs[account].read_text()
    assert "client-key" not in text
    assert text.count("token:") == 1
    assert kubeconfigs[account].stat().st_mode & 0o777 == 0o600
    [target] = load_fleet(Selection(files=[kubeconfigs[account]], all_contexts=True), {}, Path("/nowhere"))
    assert (target.name, target.error) == ("plant-7", None)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_pane_is_live_and_the_doctor_finds_nothing_wrong(
    kubeconfigs: dict[str, Path], account: str
) -> None:
    said = run(kubeconfigs[account], "once", "--json", "--pane", "all")
    assert said.code == 0, said
    examined = run(kubeconfigs[account], "doctor")
    assert examined.code == 0, examined
    assert f"accepted as system:serviceaccount:edgetui:edgetui-{account}" in examined.out


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_the_server_grants_the_actions_of_that_account_and_no_others(
    kubeconfigs: dict[str, Path], account: str
) -> None:
    [target] = load_fleet(Selection(files=[kubeconfigs[account]]), {}, Path("/nowhere"))
    credentials = Credentials(target)
    transport = Transport(target, credentials)
    api = Api(transport, credentials)
    try:
        granted = set()
        for action in ACTIONS.values():
            where = ("edgetui", f"edgetui-{account}") if action.id == "rotate" else ("default", "")
            answers = [
                await ask(api, need, where[0], where[1] if need.named else "")
                for needs in action.needs.values()
                for need in needs
            ]
            if action.needs and all(answers):
                granted.add(action.id)
        assert granted - BY_ANOTHER == MAY[account] - BY_ANOTHER
        for verb in ("get", "list", "watch"):
            assert not await ask(api, Access(verb, "secrets"), "edgetui")
    finally:
        transport.close()


async def test_a_viewer_reads_how_connections_are_spread_and_no_other_settings(
    kubeconfigs: dict[str, Path],
) -> None:
    [target] = load_fleet(Selection(files=[kubeconfigs["viewer"]]), {}, Path("/nowhere"))
    credentials = Credentials(target)
    api = Api(Transport(target, credentials), credentials)
    try:
        for name in ("kube-proxy", "cilium-config"):
            with pytest.raises(NotFound):
                await api.get(f"/api/v1/namespaces/kube-system/configmaps/{name}")
        with pytest.raises(Forbidden):
            await api.get("/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication")
    finally:
        api.close()


def test_a_viewer_changes_nothing(kubeconfigs: dict[str, Path]) -> None:
    said = run(kubeconfigs["viewer"], "scale", "deployment/press", "3", "-n", "default", "--yes")
    assert said.code == 1
    assert "may not" in said.err or "not allowed" in said.err, said


def test_a_scaler_scales_and_does_not_restart(kubeconfigs: dict[str, Path], site: ControlPlane) -> None:
    said = run(kubeconfigs["scaler"], "scale", "deployment/press", "3", "-n", "default", "--yes")
    assert said.code == 0, said
    assert run(kubeconfigs["scaler"], "restart", "deployment/press", "-n", "default", "--yes").code == 1
    assert site.kubectl("get", "deployment/press", "-o", "jsonpath={.spec.replicas}") == "3"


def test_an_operator_restarts_and_renews_its_own_token(kubeconfigs: dict[str, Path]) -> None:
    said = run(kubeconfigs["operator"], "restart", "deployment/press", "-n", "default", "--yes")
    assert said.code == 0, said
    before = kubeconfigs["operator"].read_text()
    said = run(kubeconfigs["operator"], "rotate", "--yes", "--json")
    assert said.code == 0, said
    assert kubeconfigs["operator"].read_text() != before
    assert run(kubeconfigs["operator"], "once", "--pane", "pods").code == 0

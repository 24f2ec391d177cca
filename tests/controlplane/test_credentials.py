"""Kubeconfigs and credentials on a real API server, with kubectl as the judge of what a kubeconfig means."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shlex
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edgetui.cluster.api.client import Api
from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.errors import Unauthorized
from edgetui.cluster.http.client import Transport
from edgetui.cluster.kubeconfig import document
from edgetui.cluster.kubeconfig.loader import Selection, load_fleet
from edgetui.cluster.kubeconfig.write import rewrite_user_token
from edgetui.cluster.target import ClusterTarget

from .assets import Assets
from .cluster import ControlPlane
from .users import issue_token

V1 = "client.authentication.k8s.io/v1"


def target_of(file: Path) -> ClusterTarget:
    (target,) = load_fleet(Selection(files=[file]), {}, file.parent)
    assert target.error is None, target.error
    return target


async def who(target: ClusterTarget, credentials: Credentials | None = None) -> dict[str, Any]:
    """What the server knows us as."""
    credentials = credentials or Credentials(target)
    api = Api(Transport(target, credentials, asyncio.get_running_loop()), credentials)
    try:
        answer = await api.review("SelfSubjectReview", {})
    finally:
        api.close()
    return dict(answer["status"]["userInfo"])


def changed(file: Path, path: Path, user: dict[str, Any] | None = None, **cluster: Any) -> Path:
    """A copy of a kubeconfig with more fields, written as JSON."""
    import yaml

    content = yaml.safe_load(file.read_text())
    content["users"][0]["user"].update(user or {})
    content["clusters"][0]["cluster"].update(cluster)
    path.write_text(json.dumps(content))
    return path


def kubectl(assets: Assets, kubeconfig: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "KUBECONFIG": kubeconfig, "HOME": "/nonexistent"}
    return subprocess.run(
        [assets["kubectl"], *arguments], env=env, capture_output=True, text=True, timeout=60, check=False
    )


async def test_every_impersonated_group_and_extra_arrives(cluster: ControlPlane, tmp_path: Path) -> None:
    user = {
        "as": "jane",
        "as-uid": "7",
        "as-groups": ["a", "b", "c"],
        "as-user-extra": {"example.org/x y": ["1", "2"]},
    }
    known = await who(target_of(changed(cluster.kubeconfig(), tmp_path / "k", user)))
    assert (known["username"], known["uid"]) == ("jane", "7")
    assert known["groups"] == ["a", "b", "c", "system:authenticated"]
    assert known["extra"] == {"example.org/x y": ["1", "2"]}


async def test_a_certificate_beats_a_token_and_the_proof_leaves_it_out(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.service_account_kubeconfig(namespace, "ops")
    token = issue_token(cluster.api, namespace, "ops")
    target = target_of(changed(cluster.kubeconfig(), tmp_path / "k", {"token": token}))
    assert (await who(target))["username"] == "admin"
    alone = Credentials(target).without_client_certificate(token)
    assert (await who(target, alone))["username"] == f"system:serviceaccount:{namespace}:ops"


async def test_an_expired_certificate_is_told_from_our_own_copy(
    cluster: ControlPlane, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    pair = cluster.layout.authority.issue(
        "expired", "jane", not_before=now - timedelta(days=30), not_after=now - timedelta(days=3)
    )
    user = {"client-certificate": str(pair.cert), "client-key": str(pair.key)}
    target = target_of(changed(cluster.kubeconfig(), tmp_path / "k", user))
    credentials = Credentials(target)
    with pytest.raises(Unauthorized):
        await who(target, credentials)
    assert not await credentials.refresh()
    advice = credentials.explain_refusal()
    assert "The client certificate of" in advice.sentence and "expired 3d" in advice.sentence


async def test_a_rewritten_token_is_what_kubectl_uses(
    cluster: ControlPlane, control_plane_assets: Assets, namespace: str
) -> None:
    file = cluster.service_account_kubeconfig(namespace, "ops")
    target = target_of(file)
    token = issue_token(cluster.api, namespace, "ops")
    before = file.read_text()
    rewrite_user_token(file, target.user_name, token, now=datetime.now(UTC).timestamp())
    assert file.read_text() == before.replace(target.auth.token, token)
    said = kubectl(control_plane_assets, str(file), "auth", "whoami", "-o", "json")
    assert (
        json.loads(said.stdout)["status"]["userInfo"]["username"] == f"system:serviceaccount:{namespace}:ops"
    )


def test_kubectl_and_we_respect_the_same_lock(
    cluster: ControlPlane, control_plane_assets: Assets, tmp_path: Path
) -> None:
    from edgetui.cluster.atomic_file import locked

    file = changed(cluster.kubeconfig(), tmp_path / "k")
    before = file.read_text()
    command = ("config", "set-context", "test", "--namespace=x")
    with locked(file):
        said = kubectl(control_plane_assets, str(file), *command)
        assert said.returncode != 0
        assert file.read_text() == before
    assert kubectl(control_plane_assets, str(file), *command).returncode == 0


async def test_a_plugin_hears_from_us_what_it_hears_from_kubectl(
    cluster: ControlPlane, control_plane_assets: Assets, namespace: str, tmp_path: Path
) -> None:
    cluster.service_account_kubeconfig(namespace, "ops")
    token = issue_token(cluster.api, namespace, "ops")
    issued = {"kind": "ExecCredential", "apiVersion": V1, "status": {"token": token}}
    (tmp_path / "issued.json").write_text(json.dumps(issued))
    script = tmp_path / "kube-login"
    told = tmp_path / "told"
    script.write_text(
        f'#!/bin/sh\necho "$KUBERNETES_EXEC_INFO" >> {told}\ncat {shlex.quote(str(tmp_path))}/issued.json\n'
    )
    script.chmod(0o755)
    extension = {"name": V1.rpartition("/")[0] + "/exec", "extension": {"audience": "a", "n": [1, 2.5, None]}}
    plugin = {
        "command": "./kube-login",
        "apiVersion": V1,
        "interactiveMode": "IfAvailable",
        "provideClusterInfo": True,
    }
    user = {"exec": plugin, "client-certificate": None, "client-key": None}
    for more in ({"extensions": [extension]}, {"tls-server-name": "localhost", "disable-compression": True}):
        file = changed(cluster.kubeconfig(), tmp_path / "k", user, **more)
        said = kubectl(control_plane_assets, str(file), "get", "--raw", "/version")
        assert said.returncode == 0, said.stderr
        assert (await who(target_of(file)))["username"] == f"system:serviceaccount:{namespace}:ops"
    heard = [json.loads(line) for line in told.read_text().splitlines() if line]
    assert heard[0] == heard[1]
    assert heard[2] == heard[3]
    assert heard[0]["spec"]["cluster"]["config"] == {"audience": "a", "n": [1, 2.5, None]}


def a_kubeconfig(chance: random.Random) -> dict[str, Any]:
    """Entries with few names, so that files of a list overlap."""

    def names() -> list[str]:
        return chance.sample("abcd", chance.randint(0, 3))

    content: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": n,
                "cluster": {
                    "server": f"https://h{chance.randint(0, 99)}",
                    **_sometimes(chance, "tls-server-name"),
                },
            }
            for n in names()
        ],
        "users": [
            {"name": n, "user": {"token": f"t{chance.randint(0, 99)}", **_sometimes(chance, "as")}}
            for n in names()
        ],
        "contexts": [
            {
                "name": n,
                "context": {"cluster": "a", "user": chance.choice("ab"), **_sometimes(chance, "namespace")},
            }
            for n in names()
        ],
    }
    return {**content, **_sometimes(chance, "current-context")}


def _sometimes(chance: random.Random, key: str) -> dict[str, str]:
    return {key: chance.choice("abcd")} if chance.random() < 0.4 else {}


def test_a_list_of_kubeconfigs_means_what_it_means_to_kubectl(
    control_plane_assets: Assets, tmp_path: Path
) -> None:
    chance = random.Random(7)
    for number in range(15):
        files = [tmp_path / f"{number}-{part}" for part in range(chance.randint(1, 4))]
        for file in files[: None if number % 3 else -1]:
            file.write_text(json.dumps(a_kubeconfig(chance)))
        listed = [file for file in files if file.exists()]
        said = kubectl(
            control_plane_assets, ":".join(map(str, files)), "config", "view", "--raw", "-o", "json"
        )
        theirs = json.loads(said.stdout)
        ours = document.merge(document.read(file) for file in listed)
        for section, inner in (("clusters", "cluster"), ("users", "user"), ("contexts", "context")):
            expected = {entry["name"]: entry[inner] for entry in theirs[section] or ()}
            assert {name: dict(entry.fields) for name, entry in getattr(ours, section).items()} == expected
        assert ours.current_context == theirs["current-context"]

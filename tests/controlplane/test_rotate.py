"""Rotating a service-account token on a real control plane: proven, written, moved, and the old one ended."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from edgetui.actions import cli
from edgetui.actions.credentials import rotate
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.messages import Refusal, Step
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cache.freshness import Link, Sync

from . import workloads as w
from .acting import Acting, connected, until, watched
from .api import Api
from .cluster import ControlPlane

REVIEW = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
OTHERS = """# kept by hand; the last line has no newline
preferences: {}
users-of-another-tool: [ {name: "x",   token: 'not ours'} ]
"""


def token_of(file: Path) -> str:
    return str(yaml.safe_load(file.read_text())["users"][0]["user"]["token"])


def signs_in(cluster: ControlPlane, token: str) -> int:
    """The HTTP status that a token gets on a connection of its own."""
    api = Api(cluster.server, cluster.layout.trust(), token)
    return api.request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", REVIEW).code


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def secrets_of(cluster: ControlPlane, namespace: str) -> set[str]:
    listed = cluster.api.get(f"/api/v1/namespaces/{namespace}/secrets")["items"]
    return {one["metadata"]["name"] for one in listed}


def operator(cluster: ControlPlane, namespace: str) -> Path:
    """A kubeconfig with a token that may rotate itself, and with text that must stay as it is."""
    file = cluster.service_account_kubeconfig(namespace, "edgetui", seconds=4000)
    file.write_text(OTHERS + file.read_text().rstrip("\n"))
    return file


async def test_the_whole_rotation(cluster: ControlPlane, namespace: str, tmp_path: Path) -> None:
    file = operator(cluster, namespace)
    before, old = file.read_bytes(), token_of(file)
    made_before = secrets_of(cluster, namespace)
    acting = Acting(tmp_path)
    async with connected(file) as session, connected(file) as sibling:
        view = await rotate.prepare(session)
        assert (view.namespace, view.account, view.lifetime) == (namespace, "edgetui", 4000)
        receipt = await rotate.perform(acting.gate, session, view, siblings=[session, sibling])
        now = [await one.credentials.headers() for one in (session, sibling)]
        await session.api.get(f"/apis/apps/v1/namespaces/{namespace}/deployments")

    new = token_of(file)
    assert receipt.ok, receipt.lines
    assert receipt.data["old_refused_after_seconds"] <= 11
    assert signs_in(cluster, old) == 401
    assert signs_in(cluster, new) == 201
    assert [dict(one)["Authorization"] for one in now] == [f"Bearer {new}"] * 2
    assert file.read_bytes() == before.replace(old.encode(), new.encode())
    assert file.stat().st_mode & 0o777 == 0o600
    backup = Path(receipt.data["backup"])
    assert backup.read_bytes() == before
    assert backup.stat().st_mode & 0o777 == 0o600
    assert claims(new)["exp"] - claims(new)["iat"] == 4000
    assert claims(new)["jti"] == receipt.data["new_jti"] != claims(old)["jti"]
    (made,) = secrets_of(cluster, namespace) - made_before
    assert made_before - secrets_of(cluster, namespace) == {claims(old)["kubernetes.io"]["secret"]["name"]}
    assert claims(new)["kubernetes.io"]["secret"]["name"] == made
    metadata = cluster.api.get(f"/api/v1/namespaces/{namespace}/secrets/{made}")["metadata"]
    assert metadata["labels"] == {"app.kubernetes.io/managed-by": "edgetui"}
    assert acting.writes == ["done", "done", "done"]

    shown = "\n".join(map(repr, [view, receipt, acting.plans, acting.steps, acting.log.path.read_text()]))
    for token in (old, new):
        for part in (token, token.split(".")[1], token.split(".")[2]):
            assert part not in shown


async def test_a_live_session_goes_on_with_the_new_token(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    file = operator(cluster, namespace)
    old = token_of(file)
    async with watched(file, "Node", "Deployment") as session:
        receipt = await rotate.perform(Acting(tmp_path).gate, session, await rotate.prepare(session))
        assert receipt.ok, receipt.lines
        assert await session.settled(10)
        assert signs_in(cluster, old) == 401
        cluster.create(namespace, w.deployment("press", replicas=1))
        await until(
            lambda: session.store.get("Deployment", namespace, "press"),
            within=2,
            what="an event over the new token",
        )
        assert session.store.link.link is Link.LIVE
        assert session.store.freshness("Deployment").sync is Sync.LIVE


async def test_an_unbound_token_is_rotated_and_said_to_live_on(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    file = operator(cluster, namespace)
    unbound = cluster.kubectl("create", "token", "edgetui", "--duration=1h", "-n", namespace).strip()
    file.write_text(file.read_text().replace(token_of(file), unbound))
    acting = Acting(tmp_path)
    async with connected(file) as session:
        view = await rotate.prepare(session)
        receipt = await rotate.perform(acting.gate, session, view)
    assert receipt.ok
    assert any("cannot be ended by itself" in line for line in receipt.lines)
    assert any("cannot be ended by itself" in line for line in acting.plans[0].warnings)
    assert signs_in(cluster, unbound) == 201
    assert signs_in(cluster, token_of(file)) == 201


async def test_a_secret_that_holds_something_is_never_deleted(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    file = operator(cluster, namespace)
    secret = {"metadata": {"name": "registry-login"}, "stringData": {"password": "kept"}}
    cluster.api.create(f"/api/v1/namespaces/{namespace}/secrets", secret)
    bound = ["--bound-object-kind=Secret", "--bound-object-name=registry-login"]
    token = cluster.kubectl("create", "token", "edgetui", *bound, "-n", namespace).strip()
    file.write_text(file.read_text().replace(token_of(file), token))
    async with connected(file) as session:
        view = await rotate.prepare(session)
        assert not view.old.revocable
        receipt = await rotate.perform(Acting(tmp_path).gate, session, view)
    assert receipt.ok
    assert "registry-login" in secrets_of(cluster, namespace)
    assert any("delete secret registry-login" in line for line in receipt.lines)


async def test_what_fails_before_the_file_is_taken_away_again(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    file = operator(cluster, namespace)
    before, made_before = file.read_bytes(), secrets_of(cluster, namespace)
    lock = file.with_name(f"{file.name}.lock")
    acting = Acting(tmp_path)
    async with connected(file) as session:
        view = await rotate.prepare(session)
        lock.touch()
        with pytest.raises(EdgetuiError):
            await rotate.perform(acting.gate, session, view)
        lock.unlink()
    assert file.read_bytes() == before
    assert signs_in(cluster, token_of(file)) == 201
    assert secrets_of(cluster, namespace) == made_before
    assert any("taken away again" in step.text for step in acting.steps)
    assert acting.audit[-1]["result"] == "aborted"


@pytest.mark.parametrize("words", ["Requesting a token", "Proving the new token", "Writing"])
async def test_an_interruption_leaves_a_token_that_works(
    cluster: ControlPlane, namespace: str, tmp_path: Path, words: str
) -> None:
    file = operator(cluster, namespace)
    made_before = secrets_of(cluster, namespace)
    acting = Acting(tmp_path)

    def interrupt(step: Step) -> None:
        if step.text.startswith(words) and step.state == "doing":
            running.cancel()

    acting.on_step = interrupt
    async with connected(file) as session:
        view = await rotate.prepare(session)
        running = asyncio.ensure_future(rotate.perform(acting.gate, session, view))
        with pytest.raises(asyncio.CancelledError):
            await running
    assert signs_in(cluster, token_of(file)) == 201
    assert secrets_of(cluster, namespace) == made_before


async def test_a_file_changed_by_somebody_else_is_not_touched(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    file = operator(cluster, namespace)
    made_before = secrets_of(cluster, namespace)
    acting = Acting(tmp_path)
    changed = file.read_text().replace(token_of(file), "another")
    acting.meanwhile = lambda: file.write_text(changed)
    async with connected(file) as session:
        view = await rotate.prepare(session)
        with pytest.raises(Refusal, match="not the one in use"):
            await rotate.perform(acting.gate, session, view)
    assert file.read_text() == changed
    assert secrets_of(cluster, namespace) == made_before
    assert acting.writes == []


async def test_the_missing_right_is_named(cluster: ControlPlane, namespace: str, tmp_path: Path) -> None:
    file = operator(cluster, namespace)
    cluster.kubectl("delete", "rolebinding", "edgetui-rotate", "-n", namespace)
    async with connected(file) as session:
        view = await rotate.prepare(session)
        with pytest.raises(Refusal, match="may not create serviceaccounts/token, create secrets") as refused:
            await rotate.perform(Acting(tmp_path).gate, session, view)
    (tmp_path / "role.yaml").write_text("\n".join(refused.value.paste))
    cluster.kubectl("apply", "-f", str(tmp_path / "role.yaml"))
    account = claims(token_of(file))["kubernetes.io"]["serviceaccount"]["name"]
    bound = ("--role", "edgetui-rotate", "--serviceaccount", f"{namespace}:{account}", "-n", namespace)
    cluster.kubectl("create", "rolebinding", "pasted", *bound)
    async with connected(file) as session:
        assert (await rotate.perform(Acting(tmp_path).gate, session, await rotate.prepare(session))).ok


async def test_a_certificate_is_not_rotated_and_why_is_said(cluster: ControlPlane) -> None:
    async with connected(cluster.kubeconfig()) as session:
        with pytest.raises(Refusal, match="client certificate, not with a token") as refused:
            await rotate.prepare(session)
    assert "CertificateSigningRequest" in refused.value.next_step


async def test_a_certificate_beside_the_token_is_noticed(cluster: ControlPlane, namespace: str) -> None:
    file = operator(cluster, namespace)
    document = yaml.safe_load(file.read_text())
    document["users"][0]["user"] |= cluster.layout.user_stanza("admin")
    file.write_text(yaml.safe_dump(document))
    async with connected(file) as session:
        with pytest.raises(Refusal, match="a client certificate in the same kubeconfig user comes first"):
            await rotate.prepare(session)


def test_the_command(
    cluster: ControlPlane,
    namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = operator(cluster, namespace)
    old = token_of(file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert cli.main(["rotate", "--kubeconfig", str(file), "--dry-run"]) == 0
    assert hashlib.sha256(file.read_bytes()).hexdigest() == digest
    assert cli.main(["rotate", "--kubeconfig", str(file), "--yes"]) == 0
    said = capsys.readouterr()
    assert "is refused (401)" in said.out
    assert signs_in(cluster, old) == 401
    for token in (old, token_of(file)):
        assert token not in said.out + said.err + (tmp_path / "edgetui" / "audit.jsonl").read_text()


KILLED_AT = (
    "Creating Secret",
    "Requesting a token",
    "Proving the new token",
    "Writing",
    "Proving the token that is in the file",
    "Moving",
    "Deleting",
    "Waiting",
)


@pytest.mark.parametrize("words", KILLED_AT)
def test_killed_at_any_step_the_file_still_signs_in(
    cluster: ControlPlane, namespace: str, tmp_path: Path, words: str
) -> None:
    file = operator(cluster, namespace)
    program = "import sys; from edgetui.actions.cli import main; sys.exit(main(sys.argv[1:]))"
    running = subprocess.Popen(
        [sys.executable, "-c", program, "rotate", "--kubeconfig", str(file), "--yes"],
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert running.stderr is not None
    with running.stderr:
        seen = any(line.startswith(f".. {words}") for line in running.stderr)
        running.kill()
    assert seen
    assert running.wait(timeout=120) == -signal.SIGKILL
    assert signs_in(cluster, token_of(file)) == 201
    assert AuditLog(tmp_path / "edgetui" / "audit.jsonl").verify().broken == ()

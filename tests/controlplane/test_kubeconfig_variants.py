"""Every way a kubeconfig can name a server and a user, against a real API server."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from edgetui.cluster.kubeconfig.loader import Selection, load_fleet
from edgetui.cluster.session import ClusterSession
from edgetui.cluster.target import INSECURE_BADGE
from edgetui.model.cache.freshness import Link

from . import kubeconfig
from .cluster import ControlPlane
from .odd_servers import connect_proxy, serving, stripping_proxy
from .running import MOST_LINES, WIDTH, Said, Variant, once, together
from .users import create_operator, issue_token

OPERATOR = "variants"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A directory with a short name: sentences name paths."""
    path = Path(tempfile.mkdtemp(prefix="k", dir="/tmp"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def variant(cluster: ControlPlane) -> Variant:
    """The admin's kubeconfig, to change."""
    return Variant(cluster.kubeconfig())


@pytest.fixture(scope="module")
def token(cluster: ControlPlane) -> str:
    """A service account's token that may read everything."""
    create_operator(cluster.api, "default", OPERATOR)
    return issue_token(cluster.api, "default", OPERATOR)


def address(cluster: ControlPlane) -> tuple[str, int]:
    """Host and port of the API server."""
    parts = urlsplit(cluster.server)
    return parts.hostname or "", parts.port or 0


def assert_live(said: Said, name: str = "plant") -> None:
    """Its rows are there and nothing is wrong."""
    found = said.cluster(name)
    assert (found["state"], found["sentence"]) == ("live", ""), found
    assert len(said.rows("nodes", name)) >= 3
    assert (said.code, said.err) == (0, "")


def assert_refused(said: Said, *words: str, step: str, name: str = "plant") -> None:
    """It says why, in at most two lines."""
    found = said.cluster(name)
    assert found["state"] == "refused", found
    assert all(word in found["sentence"] for word in words), found
    assert step in found["next_step"], found
    assert max(len(found["sentence"]), len(found["next_step"])) <= MOST_LINES * WIDTH
    assert said.code == 2
    assert f"{found['sentence']}  {found['next_step']}" in said.err
    assert said.err.count("\n") == 1


# The server


def test_path_prefix(cluster: ControlPlane, variant: Variant, token: str, folder: Path) -> None:
    seen: list[str] = []

    def connect() -> socket.socket:
        host, port = address(cluster)
        plain = socket.create_connection((host, port))
        return cluster.layout.trust().wrap_socket(plain, server_hostname=host)

    talk = stripping_proxy("/clusters/site-1", connect, seen, f"Bearer {token}")
    with serving(talk) as port:
        variant.cluster["server"] = f"http://127.0.0.1:{port}/clusters/site-1/"
        good = variant.write(folder / "plant.yaml")
        variant.cluster["server"] = f"http://127.0.0.1:{port}/clusters/site-2"
        wrong = variant.write(folder / "wrong.yaml")
        said, other = together(lambda: once(good, home=folder), lambda: once(wrong, home=folder))
    found = said.cluster("plant")
    assert found["badges"] == ["PLAIN HTTP"]
    assert_live(said)
    assert any(path.startswith("/clusters/site-1/api/v1/nodes?") for path in seen)
    assert_refused(other, "it sends HTTP status 404", step="`server:`")


def test_server_name(cluster: ControlPlane, variant: Variant, folder: Path) -> None:
    variant.cluster["tls-server-name"] = "kubernetes.default.svc"
    assert_live(once(variant.write(folder / "plant.yaml"), home=folder))


@pytest.mark.parametrize("credentials", ["", "ops:w%40tt"])
def test_proxy(cluster: ControlPlane, variant: Variant, folder: Path, credentials: str) -> None:
    seen: list[str] = []
    with serving(connect_proxy(address(cluster), seen, credentials.replace("%40", "@"))) as port:
        # A name that only the proxy knows proves that nothing goes around it.
        variant.cluster["server"] = "https://kubernetes.default.svc:6443"
        variant.cluster["proxy-url"] = f"http://{credentials}{'@' if credentials else ''}127.0.0.1:{port}"
        good = variant.write(folder / "plant.yaml")
        variant.cluster["proxy-url"] = f"http://127.0.0.1:{port}"
        bare = variant.write(folder / "bare.yaml")
        said, without = together(lambda: once(good, home=folder), lambda: once(bare, home=folder, seconds=2))
    assert_live(said)
    assert set(filter(None, seen)) == {"CONNECT kubernetes.default.svc:6443 HTTP/1.1"}
    if credentials:
        assert "wants a user and a password" in without.cluster("plant")["sentence"]
        assert "proxy-url" in without.cluster("plant")["next_step"]
        assert without.code == 2


def test_proxy_that_is_not_there(variant: Variant, folder: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        proxy = f"127.0.0.1:{closed.getsockname()[1]}"
        variant.cluster["proxy-url"] = f"http://{proxy}"
        said = once(variant.write(folder / "plant.yaml"), home=folder, seconds=2)
    found = said.cluster("plant")
    assert f"proxy {proxy}" in found["sentence"]
    assert "`proxy-url`" in found["next_step"]
    assert said.code == 2


def test_verification_skipped_is_shown(variant: Variant, folder: Path) -> None:
    del variant.cluster["certificate-authority"]
    variant.cluster["insecure-skip-tls-verify"] = True
    said = once(variant.write(folder / "plant.yaml"), home=folder)
    assert_live(said)
    assert said.cluster("plant")["badges"] == [INSECURE_BADGE]


# The user


def test_inline_certificates(variant: Variant, folder: Path) -> None:
    for fields in (variant.cluster, variant.user):
        for key in [key for key in fields if key.endswith(("authority", "certificate", "key"))]:
            fields[f"{key}-data"] = base64.b64encode(Path(fields.pop(key)).read_bytes()).decode()
    assert "client-key-data" in variant.user
    assert_live(once(variant.write(folder / "plant.yaml"), home=folder))


def test_relative_files(variant: Variant, folder: Path) -> None:
    (folder / "pki").mkdir()
    for fields in (variant.cluster, variant.user):
        for key in [key for key in fields if key.endswith(("authority", "certificate", "key"))]:
            fields[key] = f"pki/{shutil.copy(fields[key], folder / 'pki' / key).name}"
    assert_live(once(variant.write(folder / "plant.yaml"), home=folder))


def test_token(variant: Variant, folder: Path, token: str) -> None:
    variant.user = {"token": token}
    assert_live(once(variant.write(folder / "plant.yaml"), home=folder))


def test_token_file_is_read_again(
    cluster: ControlPlane, variant: Variant, folder: Path, token: str, namespace: str
) -> None:
    """The token is revoked, another takes its place in the file: live again without a restart."""
    create_operator(cluster.api, namespace, "renewed")
    first = issue_token(cluster.api, namespace, "renewed")
    file = folder / "token"
    file.write_text(first + "\n")
    variant.user = {"tokenFile": str(file)}
    [target] = load_fleet(Selection(files=[variant.write(folder / "plant.yaml")]), {}, folder)

    async def run() -> None:
        session = ClusterSession(target)
        await session.start(["Node"])
        try:
            assert await session.settled(10.0)
            cluster.api.request("DELETE", f"/api/v1/namespaces/{namespace}/serviceaccounts/renewed")
            await _link(session, Link.REFUSED, 20.0)
            file.write_text(token)
            await session.reconnect()
            await _link(session, Link.LIVE, 10.0)
        finally:
            await session.close()

    asyncio.run(run())


async def _link(session: ClusterSession, wanted: Link, within: float) -> None:
    """Wait for a state of the link; asks for new connections, because open streams outlive their token."""
    deadline = time.monotonic() + within
    while session.store.link.link is not wanted:
        assert time.monotonic() < deadline, session.store.link
        await session.reconnect(credentials_changed=wanted is Link.REFUSED)
        await asyncio.sleep(0.25)


def test_impersonation(cluster: ControlPlane, variant: Variant, folder: Path) -> None:
    variant.user["as"] = "intern"
    denied = variant.write(folder / "plant.yaml")
    variant.user["as-groups"] = ["visitors", "system:masters"]
    allowed = variant.write(folder / "master.yaml")
    said, other = together(lambda: once(denied, home=folder), lambda: once(allowed, home=folder))
    assert_refused(said, "The user intern may not read", step="view role")
    assert_live(other)


# Programs that give credentials


def plugin(folder: Path, script: str) -> dict[str, object]:
    """The user of an exec credential plugin with this script."""
    file = folder / "edge-login"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "./edge-login",
            "interactiveMode": "IfAvailable",
            "provideClusterInfo": True,
            "env": [{"name": "EDGE_SITE", "value": "seven"}],
        }
    }


def test_plugin(cluster: ControlPlane, variant: Variant, folder: Path, token: str) -> None:
    answer = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": token},
    }
    (folder / "answer.json").write_text(json.dumps(answer))
    script = f'echo "$EDGE_SITE $KUBERNETES_EXEC_INFO" >> {folder}/info\ncat {folder}/answer.json'
    variant.user = plugin(folder, script)
    assert_live(once(variant.write(folder / "plant.yaml"), home=folder))
    [asked] = (folder / "info").read_text().splitlines()
    site, _, info = asked.partition(" ")
    assert site == "seven"
    assert json.loads(info)["spec"]["cluster"]["server"] == cluster.server


@pytest.mark.parametrize(
    ("script", "words", "step"),
    [
        (
            "echo first >&2; echo 'no session: log in at the gate' >&2; exit 3",
            "no session: log in at the gate",
            "in a shell",
        ),
        ("echo '{}'", "an ExecCredential without", "in a shell"),
        ("echo broken", "not an ExecCredential", "in a shell"),
    ],
)
def test_failing_plugin(
    cluster: ControlPlane, variant: Variant, folder: Path, script: str, words: str, step: str
) -> None:
    variant.user = plugin(folder, script)
    bad = variant.named("bad").write(folder / "bad.yaml")
    said = once(bad, cluster.kubeconfig(), home=folder)
    found = said.cluster("bad")
    assert found["state"] == "refused"
    assert "The credential plugin edge-login" in found["sentence"]
    assert words in found["sentence"]
    assert "first" not in found["sentence"]
    assert step in found["next_step"]
    assert len(said.rows("nodes", cluster.name)) >= 3
    assert (said.code, said.err) == (3, "")


def test_missing_plugin(variant: Variant, folder: Path) -> None:
    variant.user = plugin(folder, "")
    (folder / "edge-login").unlink()
    said = once(variant.write(folder / "plant.yaml"), home=folder)
    assert_refused(said, "plugin edge-login was not found", step="Install edge-login")


def test_hanging_plugin_keeps_nobody_waiting(cluster: ControlPlane, variant: Variant, folder: Path) -> None:
    variant.user = plugin(folder, f"echo $$ > {folder}/pid; exec sleep 600")
    bad = variant.named("bad").write(folder / "bad.yaml")
    said = once(bad, cluster.kubeconfig(), home=folder, seconds=3)
    found = said.cluster("bad")
    assert found["state"] == "connecting"
    assert "edge-login" in found["sentence"]
    assert len(said.rows("nodes", cluster.name)) >= 3
    assert said.code == 3
    assert not Path(f"/proc/{(folder / 'pid').read_text().strip()}").exists()


def oidc(**config: str) -> dict[str, object]:
    """The user of the legacy OIDC auth provider."""
    return {"auth-provider": {"name": "oidc", "config": config}}


def unsigned(expires: float) -> str:
    """A JWT that ends at this Unix time."""
    parts = ({"alg": "none"}, {"iss": "https://id.example", "exp": int(expires)}, {})
    return ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts
    )


def test_oidc_token_that_is_still_valid(variant: Variant, folder: Path, token: str) -> None:
    variant.user = oidc(**{"id-token": token, "idp-issuer-url": "https://id.example", "client-id": "edge"})
    assert_live(once(variant.write(folder / "plant.yaml"), home=folder))


def test_oidc_provider_that_cannot_be_reached(variant: Variant, folder: Path) -> None:
    """The helper process with the official package runs, and its failure is one sentence."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        issuer = f"https://127.0.0.1:{closed.getsockname()[1]}"
        config = {
            "id-token": unsigned(time.time() - 60),
            "refresh-token": "r",
            "idp-issuer-url": issuer,
            "client-id": "edge",
        }
        variant.user = oidc(**config)
        said = once(variant.write(folder / "plant.yaml"), home=folder)
    assert_refused(said, f"The identity provider {issuer}", step="Check the network")


def test_oidc_without_a_way_to_renew(variant: Variant, folder: Path) -> None:
    ended = unsigned(time.time() - 60)
    variant.user = oidc(**{"id-token": ended, "idp-issuer-url": "https://id.example", "client-id": "edge"})
    said = once(variant.write(folder / "plant.yaml"), home=folder)
    assert_refused(said, "no refresh-token", step="Sign in again")


# Which clusters


def test_same_context_name_in_two_files(cluster: ControlPlane, folder: Path) -> None:
    for site in ("north", "south"):
        (folder / site).mkdir()
        cluster.kubeconfig(path=folder / site / "config.yaml")
    said = once(folder / "north" / "config.yaml", folder / "south" / "config.yaml", home=folder)
    for site in ("north", "south"):
        assert_live(said, f"plant ({site}/config.yaml)")


def two(cluster: ControlPlane, folder: Path) -> Path:
    """One file with the contexts oven-a, oven-b and press; oven-a is the current one."""
    variant = Variant(cluster.kubeconfig()).named("oven-a")
    first = variant.document["contexts"][0]
    variant.document["contexts"] += [{**first, "name": name} for name in ("oven-b", "press")]
    return variant.write(folder / "many.yaml")


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ((), ["oven-a"]),
        (("--context", "oven-*"), ["oven-a", "oven-b"]),
        (("--context", "press", "--context", "oven-b"), ["oven-b", "press"]),
        (("--all-contexts",), ["oven-a", "oven-b", "press"]),
    ],
)
def test_contexts(cluster: ControlPlane, folder: Path, arguments: tuple[str, ...], names: list[str]) -> None:
    said = once("--kubeconfig", two(cluster, folder), *arguments, home=folder)
    assert [found["name"] for found in said.document["clusters"]] == names
    for name in names:
        assert_live(said, name)


def test_list_in_the_environment_is_merged(variant: Variant, folder: Path) -> None:
    """As kubectl does it: what is missing is skipped, and a context may use another file's cluster and user."""
    people = {**variant.document, "clusters": [], "contexts": [], "current-context": ""}
    places = {**variant.document, "users": []}
    files = [folder / name for name in ("people.yaml", "gone.yaml", "places.yaml")]
    for file, document in ((files[0], people), (files[2], places)):
        variant.document = document
        variant.write(file)
    said = once(home=folder, env={"KUBECONFIG": ":".join(map(str, files))})
    assert_live(said)
    assert len(said.document["clusters"]) == 1


def test_usual_place(cluster: ControlPlane, folder: Path) -> None:
    (folder / ".kube").mkdir()
    cluster.kubeconfig(path=folder / ".kube" / "config")
    assert_live(once(home=folder))


def test_namespace_of_the_command_line(
    cluster: ControlPlane, variant: Variant, folder: Path, namespace: str
) -> None:
    """-n takes the place of the context's namespace for users who may not read the whole cluster."""
    cluster.kubectl("create", "rolebinding", "v", "--clusterrole=view", "--user=ann", "-n", namespace)
    variant.user = kubeconfig.certificate_user(cluster.layout.authority.issue("user-ann", "ann"))
    variant.context["namespace"] = "kube-system"
    file = variant.write(folder / "plant.yaml")
    within, outside = together(
        lambda: once(file, "-n", namespace, "--pane", "pods", home=folder),
        lambda: once(file, "--pane", "pods", home=folder),
    )
    assert within.cluster("plant")["lists"]["Pod"]["reason"] == f"only namespace {namespace} may be read"
    assert_refused(outside, "The user ann", step="-n")

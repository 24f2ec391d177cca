"""Every way a kubeconfig or its server can be wrong: one plain sentence and the next step, and the others live on."""

from __future__ import annotations

import datetime
import os
import shutil
import socket
import ssl
import stat
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from . import kubeconfig
from .certs import Authority
from .cluster import ControlPlane
from .odd_servers import banner, in_tls, serving, silent, web_page
from .running import MOST_LINES, WIDTH, Said, Variant, edgetui, once, together

_DAY = datetime.timedelta(days=1)
WITHOUT_FILE_RIGHTS = (
    "import ctypes, os, sys\n"
    "for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH\n"
    "    assert ctypes.CDLL(None).prctl(24, capability, 0, 0, 0) == 0  # PR_CAPBSET_DROP\n"
    "os.execv(sys.argv[1], sys.argv[1:])\n"
)
"""Makes root a user like any other as far as files are concerned."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A directory with a short name, as kubeconfigs have on a host: sentences name paths."""
    path = Path(tempfile.mkdtemp(prefix="k", dir="/tmp"))
    yield path
    shutil.rmtree(path)


@dataclass(frozen=True, slots=True)
class Bench:
    """What a case is made of: the real cluster, a kubeconfig to spoil, and where to put it."""

    cluster: ControlPlane
    folder: Path

    def variant(self) -> Variant:
        """The admin's kubeconfig under the name "bad"."""
        return Variant(self.cluster.kubeconfig()).named("bad")

    def at(self, server: str) -> Path:
        """The same kubeconfig for another server."""
        variant = self.variant()
        variant.cluster["server"] = server
        return variant.write(self.folder / "bad.yaml")

    def authority(self, name: str) -> Authority:
        """A certificate authority of its own."""
        directory = self.folder / name
        directory.mkdir()
        return Authority(directory, name)

    def check(self, said: Said, state: str, *words: str, step: str, name: str = "bad") -> None:
        """The bad cluster says all that in at most two lines each; a good one beside it has its rows."""
        bad = said.cluster(name)
        assert bad["state"] == state, bad
        for text, wanted in ((bad["sentence"], words), (bad["next_step"], (step,))):
            assert all(word in text for word in wanted), (text, wanted)
            assert len(text) <= MOST_LINES * WIDTH, text
            assert "\n" not in text
        assert said.rows("nodes", name) == []
        assert said.err == ""

    def both(
        self, bad: Path, state: str, *words: str, step: str, name: str = "bad", seconds: float = 15
    ) -> None:
        """With a good cluster its rows are there and the code is 3; alone the code is 2; the sentence is the same."""
        good = self.cluster.kubeconfig()
        beside, alone = together(
            lambda: once(bad, good, home=self.folder, seconds=seconds),
            lambda: edgetui("once", bad, "--timeout", str(seconds), home=self.folder),
        )
        self.check(beside, state, *words, step=step, name=name)
        assert len(beside.rows("nodes", self.cluster.name)) >= 3
        assert beside.cluster(self.cluster.name)["state"] == "live"
        assert beside.code == beside.document["exit"] == 3
        assert alone.code == 2
        first = alone.err.splitlines()[0]
        assert beside.cluster(name)["sentence"] in first
        assert beside.cluster(name)["next_step"] in first
        assert alone.out == ""


@pytest.fixture
def bench(cluster: ControlPlane, folder: Path) -> Bench:
    """The session's cluster and a directory."""
    return Bench(cluster, folder)


# The file


def test_missing_file(bench: Bench) -> None:
    bench.both(
        bench.folder / "gone.yaml", "broken", "gone.yaml does not exist", step="Check the path", name="gone"
    )


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_unreadable_file(bench: Bench, mode: int) -> None:
    file = bench.variant().write(bench.folder / "k3s.yaml")
    rootless: tuple[str, ...] = ()
    if os.geteuid() == 0:
        os.chown(file, 65534, 65534)
        rootless = (sys.executable, "-c", WITHOUT_FILE_RIGHTS)
    else:
        mode = 0
    file.chmod(mode)
    good = bench.cluster.kubeconfig()
    said = once(file, good, home=bench.folder, user=rootless)
    step = "usermod -aG" if mode & stat.S_IRGRP else f"sudo install -m 600 -o $USER {file} ~/k3s.yaml"
    bench.check(said, "broken", "k3s.yaml cannot be read", "belongs to", f"{mode:04o}", step=step, name="k3s")
    assert len(said.rows("nodes", bench.cluster.name)) >= 3
    assert said.code == 3
    alone = edgetui(file, home=bench.folder, user=rootless)
    assert alone.code == 2
    assert said.cluster("k3s")["sentence"] in alone.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "apiVersion: v1\nclusters:\n- name: plant\n  cluster: {server: https://10.0.0.1\nusers: []\n",
            "line 5",
        ),
        ("apiVersion: v1\nclusters:\n\t- name: plant\n", "line 3, column 1: it begins with a tab"),
        ("apiVersion: v1\nclusters:\n- name: 'plant\n", "line 4"),
    ],
)
def test_broken_yaml_names_file_and_line(bench: Bench, text: str, words: str) -> None:
    file = bench.folder / "plant-7.yaml"
    file.write_text(text)
    bench.both(file, "broken", f"{file} is not valid YAML", words, step="Correct that line", name="plant-7")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x7fELF\x02\x01\x01\x00" * 40, "is not a text file"),
        (b"colour: blue\n", "has no clusters, users or contexts"),
        (b"kind: Pod\n", "it holds a Pod"),
    ],
)
def test_another_file(bench: Bench, content: bytes, words: str) -> None:
    file = bench.folder / "other.yaml"
    file.write_bytes(content)
    bench.both(file, "broken", words, step="Check that this is the file you mean", name="other")


# Its entries


def test_unknown_context(bench: Bench) -> None:
    file = bench.variant().named("oven-north").write(bench.folder / "a.yaml")
    said = once(file, "--context", "oven-nroth", "--context", "oven-n*", home=bench.folder)
    bench.check(said, "broken", "No context oven-nroth", step="Did you mean oven-north?", name="oven-nroth")
    assert len(said.rows("nodes", "oven-north")) >= 3
    assert said.code == 3
    alone = edgetui(file, "--context", "oven-nroth", home=bench.folder)
    assert (alone.code, alone.out) == (2, "")
    assert alone.err.count("\n") == 1
    assert "Did you mean oven-north?" in alone.err


@pytest.mark.parametrize("kind", ["user", "cluster"])
def test_dangling_reference(bench: Bench, kind: str) -> None:
    variant = bench.variant()
    known = variant.context[kind]
    variant.context[kind] = f"{known}s"
    bench.both(
        variant.write(bench.folder / "a.yaml"),
        "broken",
        f"names a {kind} {known}s that does not exist",
        step=f"Did you mean {known}?",
    )


def test_current_context_that_does_not_exist(bench: Bench) -> None:
    variant = bench.variant()
    variant.document["current-context"] = "bda"
    file = variant.write(bench.folder / "a.yaml")
    bench.both(file, "broken", "There is no context bda in a.yaml", step="Did you mean bad?", name="bda")


# Certificates


def test_expired_client_certificate(bench: Bench) -> None:
    now = datetime.datetime.now(datetime.UTC)
    pair = bench.cluster.layout.authority.issue(
        "expired", "ops", not_before=now - 9 * _DAY, not_after=now - 3 * _DAY
    )
    variant = bench.variant()
    variant.user = kubeconfig.certificate_user(pair)
    file = variant.write(bench.folder / "k3s.yaml")
    bench.both(file, "refused", "client certificate of", "expired 3d ago", step="k3s certificate rotate")


def test_client_certificate_of_another_cluster(bench: Bench) -> None:
    variant = bench.variant()
    variant.user = kubeconfig.certificate_user(bench.authority("old-plant").issue("ops", "ops"))
    file = variant.write(bench.folder / "a.yaml")
    bench.both(
        file, "refused", "does not accept the client certificate", "old-plant", step="copy its kubeconfig"
    )


def test_wrong_authority(bench: Bench) -> None:
    variant = bench.variant()
    variant.cluster["certificate-authority"] = str(bench.authority("old-plant").pair.cert)
    file = variant.write(bench.folder / "a.yaml")
    bench.both(
        file, "refused", "is not signed by a CA that the kubeconfig names", step="put a fresh kubeconfig"
    )


def test_certificate_for_another_name(bench: Bench) -> None:
    variant = bench.variant()
    variant.cluster["tls-server-name"] = "plant.example"
    file = variant.write(bench.folder / "a.yaml")
    bench.both(file, "refused", "is for another name", step="tls-server-name")


# The way to the server


def test_unknown_host(bench: Bench) -> None:
    file = bench.at("https://no-such-host.invalid:6443")
    bench.both(file, "connecting", "host name no-such-host.invalid is unknown", step="kubeconfig", seconds=2)


def test_refused_port(bench: Bench) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        file = bench.at(f"https://127.0.0.1:{closed.getsockname()[1]}")
        bench.both(
            file, "connecting", "refuses connections", step="Check that the API server runs there", seconds=2
        )


def test_silent_server(bench: Bench) -> None:
    with serving(silent) as port:
        file = bench.at(f"https://127.0.0.1:{port}")
        bench.both(file, "connecting", "not answered within 2 s", step="Check the network", seconds=2)


# What the server says to this user


def test_garbage_token(bench: Bench) -> None:
    variant = bench.variant()
    variant.user = kubeconfig.token_user("garbage")
    file = variant.write(bench.folder / "a.yaml")
    bench.both(file, "refused", "does not accept the token of", step="copy the kubeconfig again")


def test_no_credentials(bench: Bench) -> None:
    variant = bench.variant()
    variant.user = {}
    file = variant.write(bench.folder / "a.yaml")
    bench.both(file, "refused", "got no credentials", step="a token or a client certificate")


def test_user_without_rights(bench: Bench) -> None:
    file = Variant(bench.cluster.kubeconfig("bob")).named("bad").write(bench.folder / "a.yaml")
    bench.both(file, "refused", "The user bob may not read all namespaces", step="view role")


def test_user_with_rights_in_one_namespace(bench: Bench, namespace: str) -> None:
    bench.cluster.kubectl("create", "rolebinding", "v", "--clusterrole=view", "--user=eve", "-n", namespace)
    bench.cluster.kubectl("create", "configmap", "c", "-n", namespace)
    file = Variant(bench.cluster.kubeconfig("eve")).named("bad").write(bench.folder / "a.yaml")
    said = edgetui("once", file, "-n", namespace, "--json", home=bench.folder)
    found = said.cluster("bad")
    assert found["state"] == "live"
    assert found["lists"]["Pod"]["partial"]
    assert found["lists"]["Pod"]["reason"] == f"only namespace {namespace} may be read"
    assert found["lists"]["Node"]["sync"] == "forbidden"
    assert said.code == 3
    elsewhere = edgetui("once", file, "-n", "default", "--json", home=bench.folder)
    assert elsewhere.cluster("bad")["state"] == "refused"
    assert elsewhere.code == 2


# Something else answers


def _tls(bench: Bench) -> ssl.SSLContext:
    pair = bench.cluster.layout.authority.issue("page", "page", hosts=("127.0.0.1",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.cert, pair.key)
    return context


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "403 Forbidden"])
def test_https_server_with_a_web_page(bench: Bench, status: str) -> None:
    with serving(in_tls(_tls(bench), web_page(status))) as port:
        file = bench.at(f"https://127.0.0.1:{port}")
        bench.both(file, "refused", "not a Kubernetes API server: it sends text/html", step="`server:`")


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        ("302 Found", "text/html", "it sends a redirection"),
        ("404 Not Found", "text/plain", "it sends HTTP status 404"),
    ],
)
def test_http_server(bench: Bench, status: str, kind: str, words: str) -> None:
    with serving(web_page(status, kind, b"404 page not found")) as port:
        bench.both(bench.at(f"http://127.0.0.1:{port}"), "refused", words, step="`server:`")


def test_another_json_server(bench: Bench) -> None:
    with serving(web_page("200 OK", "application/json", b'{"version": 3}')) as port:
        file = bench.at(f"http://127.0.0.1:{port}")
        bench.both(file, "refused", "it sends JSON of another kind", step="`server:`")


def test_gateway_without_its_server(bench: Bench) -> None:
    with serving(web_page("502 Bad Gateway")) as port:
        file = bench.at(f"http://127.0.0.1:{port}")
        bench.both(file, "connecting", "No rows yet", "HTTP 502", step="`server:`", seconds=2)


def test_https_address_of_a_plain_server(bench: Bench) -> None:
    with serving(web_page()) as port:
        file = bench.at(f"https://127.0.0.1:{port}")
        bench.both(file, "refused", "speaks plain HTTP, but its address says https", step="http://")


def test_http_address_of_a_real_server(bench: Bench) -> None:
    file = bench.at(bench.cluster.server.replace("https://", "http://"))
    bench.both(file, "refused", "speaks HTTPS, but its address says http", step="Write https://")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_ssh_server(bench: Bench, scheme: str) -> None:
    with serving(banner(b"SSH-2.0-OpenSSH_9.6\r\n")) as port:
        file = bench.at(f"{scheme}://127.0.0.1:{port}")
        bench.both(file, "refused", "not a Kubernetes API server", step="port")

"""Bad kubeconfigs on the real screen: the header names the state, `c` says why and what to do, the other lives on."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terminal.walking import go_to, narrow, open_screen, wait_row

from . import workloads
from .cluster import ControlPlane
from .odd_servers import serving, silent, web_page
from .running import Variant


def broken(variant: Variant) -> None:
    variant.context["user"] = "nobody"


def garbage(variant: Variant) -> None:
    variant.user = {"token": "garbage"}


def without_rights(variant: Variant) -> None:
    variant.user["as"] = "bob"


def insecure(variant: Variant) -> None:
    del variant.cluster["certificate-authority"]
    variant.cluster["insecure-skip-tls-verify"] = True
    variant.user = {"token": "garbage"}


@pytest.mark.parametrize(
    ("spoil", "word", "sentence", "step"),
    [
        (broken, "unusable", "names a user nobody that does not exist", "There is"),
        (garbage, "refused", "does not accept the token", "copy the kubeconfig again"),
        (without_rights, "refused", "The user bob may not read all namespaces", "view role"),
        (insecure, "INSECURE TLS", "does not accept the token", "copy the kubeconfig again"),
    ],
)
def test_state_sentence_and_next_step(
    cluster: ControlPlane,
    tmp_path: Path,
    spoil: Callable[[Variant], None],
    word: str,
    sentence: str,
    step: str,
) -> None:
    variant = Variant(cluster.kubeconfig()).named("bad")
    spoil(variant)
    look(cluster, variant.write(tmp_path / "bad.yaml"), tmp_path, word, sentence, step)


def test_a_web_server(cluster: ControlPlane, tmp_path: Path) -> None:
    with serving(web_page()) as port:
        variant = Variant(cluster.kubeconfig()).named("bad")
        variant.cluster["server"] = f"http://127.0.0.1:{port}"
        file = variant.write(tmp_path / "bad.yaml")
        look(cluster, file, tmp_path, "refused", "not a Kubernetes API server", "server:")


def look(cluster: ControlPlane, bad: Path, home: Path, word: str, sentence: str, step: str) -> None:
    """Both clusters at 80x24: what the header and the list of clusters say, and a change on the good one."""
    with open_screen(str(bad), str(cluster.kubeconfig()), home=home) as app:
        app.wait_for(word, "node-0")
        app.keys("c")
        app.until(lambda text: sentence in flat(text) and step in flat(text), what=f"{sentence}, {step}")
        app.keys("escape")
        app.wait_gone("esc back")
        go_to(app, "pods")
        with cluster.namespace() as namespace:
            cluster.create(namespace, workloads.deployment("oven", replicas=1))
            narrow(app, namespace)
            wait_row(app, cluster.name, "oven-", "Running")
        app.keys("q")
        assert app.wait_exit() == 0
        assert b"Traceback" not in app.raw


def flat(text: str) -> str:
    """The screen's words, wherever its lines break."""
    return re.sub(r"\s+", " ", text)


def test_a_silent_server_holds_nobody_up(cluster: ControlPlane, tmp_path: Path) -> None:
    with serving(silent) as port:
        variant = Variant(cluster.kubeconfig()).named("bad")
        variant.cluster["server"] = f"https://127.0.0.1:{port}"
        with open_screen(
            str(variant.write(tmp_path / "bad.yaml")), str(cluster.kubeconfig()), home=tmp_path
        ) as app:
            app.wait_for("bad connecting", f"{cluster.name} live", "node-0")
            app.keys("q")
            assert app.wait_exit() == 0


def test_only_bad_ones_end_at_once_with_the_sentence(cluster: ControlPlane, tmp_path: Path) -> None:
    variant = Variant(cluster.kubeconfig()).named("bad")
    broken(variant)
    with open_screen(str(variant.write(tmp_path / "bad.yaml")), home=tmp_path) as app:
        assert app.wait_exit() == 2
        assert "names a user nobody that does not exist" in flat(app.text())
        assert 1049 not in app.modes

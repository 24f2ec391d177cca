"""`edgetui cp` beside `kubectl cp`, through a real API server, with the tar and the shell of this machine behind it."""

from __future__ import annotations

import filecmp
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.terminal.ptyapp import PtyApp
from tests.unit.actions.test_copying import fill
from tests.unit.actions.test_unpack import tree

from .assets import Assets
from .cluster import ControlPlane
from .proxy import FaultProxy
from .test_exec import pod as pod
from .test_exec import recorded
from .waiting import eventually

LARGE = 10 * 1024 * 1024


class Cp:
    """Runs `edgetui cp` for one pod; PLACE in a word is the pod with its namespace."""

    def __init__(self, home: Path, namespace: str, pod: str, kubeconfig: Path) -> None:
        self.place = f"{namespace}/{pod}"
        self.home = home
        self.kubeconfig = kubeconfig
        self.env = {**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home / "state")}

    def words(self, *words: str) -> list[str]:
        given = [word.replace("PLACE", self.place) for word in words]
        return [sys.executable, "-m", "edgetui", "cp", "--kubeconfig", str(self.kubeconfig), *given]

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.words(*words), capture_output=True, text=True, timeout=120, env=self.env, check=False
        )


@pytest.fixture
def cp(cluster: ControlPlane, namespace: str, pod: str, tmp_path: Path) -> Cp:
    return Cp(tmp_path, namespace, pod, cluster.kubeconfig())


def same(one: Path, other: Path) -> bool:
    return filecmp.cmp(one, other, shallow=False)


def test_a_directory_comes_as_with_kubectl(cluster: ControlPlane, cp: Cp, tmp_path: Path) -> None:
    there = fill(tmp_path / "there")
    (there / "large").write_bytes(os.urandom(LARGE))
    ours = cp(f"PLACE:{there}", str(tmp_path / "ours"))
    assert (ours.returncode, ours.stdout) == (0, "")
    assert re.fullmatch(r"Copied 8 files and 1 link, 10MiB in .*\.\n", ours.stderr), ours.stderr
    cluster.kubectl("cp", f"{cp.place}:{there}", str(tmp_path / "theirs"))
    for one in (tmp_path / "theirs").rglob("*"):
        found = tmp_path / "ours" / one.relative_to(tmp_path / "theirs")
        assert found.is_dir() if one.is_dir() else same(one, found)
    assert same(there / "large", tmp_path / "ours" / "large")
    (tmp_path / "ours" / "large").unlink()
    (there / "large").unlink()
    assert tree(tmp_path / "ours") == tree(there)


def test_files_and_directories_go_and_are_what_they_were(cp: Cp, tmp_path: Path) -> None:
    here, there = fill(tmp_path / "here"), tmp_path / "there"
    there.mkdir()
    (here / "large").write_bytes(os.urandom(LARGE))
    ours = cp(str(here), f"PLACE:{there}")
    assert (ours.returncode, ours.stdout) == (0, ""), ours.stderr
    assert same(here / "large", there / "here" / "large")
    (here / "large").unlink()
    (there / "here" / "large").unlink()
    assert tree(there / "here") == tree(here)
    ours = cp(str(here / "a b 'c' \"d\" $e"), f"PLACE:{there}/größe", "-c", "app", "--no-preserve", "-q")
    assert (ours.returncode, ours.stderr) == (0, "")
    assert (there / "größe").read_text() == "one"
    assert not list(there.rglob(".edgetui*"))


def test_a_directory_goes_as_with_kubectl(
    cluster: ControlPlane, control_plane_assets: Assets, cp: Cp, tmp_path: Path
) -> None:
    here, ours, theirs = fill(tmp_path / "here"), tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()
    # kwok does not tell tar that its input is over, so kubectl's never ends, and never writes what comes last.
    (here / "zzz").write_text("z" * 30_000)
    kubectl = subprocess.Popen(
        [control_plane_assets["kubectl"], "cp", str(here), f"{cp.place}:{theirs}"],
        env={**cp.env, "KUBECONFIG": str(cp.kubeconfig)},
    )
    try:
        assert cp(str(here), f"PLACE:{ours}").returncode == 0
        expected = {name: text for name, text in tree(ours).items() if "zzz" not in name}
        eventually(lambda: expected.items() <= tree(theirs).items(), within=60, what="the copy of kubectl")
        assert {name for name in tree(theirs) if "zzz" not in name} == expected.keys()
    finally:
        kubectl.terminate()
        kubectl.wait()


def test_the_record_has_from_where_to_where_and_never_the_content(cp: Cp, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("xyzzy" * 100)
    assert cp(f"PLACE:{tmp_path}/secret", str(tmp_path / "copy")).returncode == 0
    begun, result, outcome = recorded(tmp_path)
    assert (begun["event"], begun["action"], begun["container"]) == ("intent", "cp", "app")
    assert (begun["from"], begun["to"]) == (f"{tmp_path}/secret", str(tmp_path / "copy"))
    assert begun["words"] == (
        f"copy {tmp_path}/secret of container app of pod/{cp.place.split('/')[1]} to {tmp_path}/copy"
    )
    assert (result["exit_code"], outcome["result"]) == (0, "ended")
    assert isinstance(result["bytes_in"], int) and result["bytes_in"] > 500
    assert "xyzzy" not in json.dumps([begun, result, outcome])


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("PLACE:/none/at/all", "HERE/x"), 1, "Nothing was copied from container app of pod"),
        (("PLACE:/etc", "HERE/x", "-c", "engine"), 1, "It has app"),
        (("default/none:/etc", "HERE/x"), 1, "There is no pod none"),
        (("HERE/none", "PLACE:/tmp/x"), 1, "HERE/none cannot be read: No such file or directory."),
        (("HERE/a", "HERE/b"), 2, "Neither is in a pod."),
        (("PLACE:/a", "PLACE:/b"), 2, "Both are in a pod"),
        (("PLACE:/etc/hostname", "HERE/x", "--limit", "fast"), 2, "is not a rate"),
    ],
)
def test_a_refusal_is_one_sentence(
    cp: Cp, tmp_path: Path, words: tuple[str, ...], code: int, sentence: str
) -> None:
    ours = cp(*(word.replace("HERE", str(tmp_path)) for word in words))
    assert ours.returncode == code
    assert sentence.replace("HERE", str(tmp_path)) in ours.stderr
    assert "Traceback" not in ours.stderr
    assert not (tmp_path / "x").exists()


def test_without_the_right_it_is_named(cluster: ControlPlane, namespace: str, cp: Cp, tmp_path: Path) -> None:
    cp.kubeconfig = cluster.service_account_kubeconfig(namespace, "viewer", role="view")
    ours = cp("PLACE:/etc/hostname", str(tmp_path / "x"))
    assert ours.returncode == 1
    assert "pods/exec" in ours.stderr
    assert not (tmp_path / "x").exists()


def test_read_only_refuses(cp: Cp, tmp_path: Path) -> None:
    cp.env["EDGETUI_READ_ONLY"] = "true"
    ours = cp("PLACE:/etc/hostname", str(tmp_path / "x"))
    assert (ours.returncode, "is marked read-only" in ours.stderr) == (1, True)
    assert not (tmp_path / "x").exists()


def test_a_link_that_is_cut_is_a_sentence_and_no_half_file(
    cluster: ControlPlane, cp: Cp, tmp_path: Path
) -> None:
    (tmp_path / "large").write_bytes(os.urandom(LARGE))
    with FaultProxy.in_front_of(cluster) as proxy:
        cp.kubeconfig = cluster.kubeconfig(server=proxy.url)
        proxy.kill_after = LARGE // 2
        ours = cp(f"PLACE:{tmp_path}/large", str(tmp_path / "copy"))
        assert ours.returncode == 1
        assert "0 files are complete, and the one that is not was removed. Run it again." in ours.stderr
        assert not list(tmp_path.glob("*copy*")) + list(tmp_path.glob(".edgetui*"))
        ours = cp(f"PLACE:{tmp_path}/large", str(tmp_path / "copy"), "--retries", "20")
        assert ours.returncode == 0, ours.stderr
        assert "retry 1 of 20" in ours.stderr
    assert same(tmp_path / "large", tmp_path / "copy")


def test_a_limit_is_kept(cluster: ControlPlane, cp: Cp, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(os.urandom(1024 * 1024))
    with FaultProxy.in_front_of(cluster) as proxy:
        cp.kubeconfig = cluster.kubeconfig(server=proxy.url)
        for words in (
            (f"PLACE:{tmp_path}/large", f"{tmp_path}/copy"),
            (f"{tmp_path}/large", f"PLACE:{tmp_path}/there"),
        ):
            began, before = time.monotonic(), proxy.bytes_down + proxy.bytes_up
            ours = cp(*words, "--limit", "400KiB/s")
            assert ours.returncode == 0, ours.stderr
            assert time.monotonic() - began > 2.0
            assert proxy.bytes_down + proxy.bytes_up - before > 1024 * 1024
    assert same(tmp_path / "large", tmp_path / "copy")
    assert same(tmp_path / "large", tmp_path / "there")


def test_on_a_terminal_a_line_says_how_far_it_is(cp: Cp, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(os.urandom(1024 * 1024))
    words = cp.words(f"PLACE:{tmp_path}/large", str(tmp_path / "copy"), "--limit", "256KiB/s")
    with PtyApp(words, env=cp.env) as app:
        app.wait_for("of 1MiB", "KiB/s", "left")
        app.wait_for("Copied 1 file, 1MiB in")
        assert app.wait_exit() == 0


def test_ctrl_c_leaves_no_half_file(cp: Cp, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(os.urandom(1024 * 1024))
    words = cp.words(f"PLACE:{tmp_path}/large", str(tmp_path / "copy"), "--limit", "100KiB/s")
    with PtyApp(words, env=cp.env) as app:
        app.wait_for("KiB/s")
        app.keys("\x03")
        app.wait_for("Interrupted")
        assert app.wait_exit() == 130
    assert not list(tmp_path.glob("*copy*")) + list(tmp_path.glob(".edgetui*"))


def test_the_end_of_a_slow_copy_is_not_lost(cp: Cp, tmp_path: Path) -> None:
    """More than the API server and the kernels hold: a tar that had ended by then would take the rest with it."""
    (tmp_path / "large").write_bytes(os.urandom(13 * 1024 * 1024))
    ours = cp(f"PLACE:{tmp_path}/large", str(tmp_path / "copy"), "--limit", "1300KiB/s")
    assert ours.returncode == 0, ours.stderr
    assert same(tmp_path / "large", tmp_path / "copy")

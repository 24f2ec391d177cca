"""The command line: what it imports, what it passes on, and how failures end."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from edgetui import arguments, cli
from edgetui.actions.catalogue import OLD_NAMES
from edgetui.get import command as get

ROOT = Path(__file__).resolve().parents[2]
DEAD = """
apiVersion: v1
kind: Config
current-context: plant
clusters: [{name: plant, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: ops, user: {token: not-a-token}}]
contexts: [{name: plant, context: {cluster: plant, user: ops}}]
"""


def run(*arguments: str, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """edgetui in a process of its own, without a terminal and with an empty home."""
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_STATE_HOME": str(home / "state"), **more}
    return subprocess.run(
        [sys.executable, "-m", "edgetui", *arguments],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_version_imports_next_to_nothing(flag: str) -> None:
    probe = (
        "import sys; before = set(sys.modules); from edgetui.__main__ import main; "
        f"sys.argv = ['edgetui', {flag!r}]; code = main(); "
        "sys.stderr.write(repr((code, sorted(m for m in set(sys.modules) - before))))"
    )
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    code, loaded = eval(done.stderr)
    assert code == 0
    assert done.stdout.startswith("edgetui 0.")
    assert {name for name in loaded if not name.startswith("edgetui")} <= {"__future__"}


def test_no_kubeconfig_at_all_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    for command in ([], ["once"], ["scale", "deploy/x", "1"]):
        done = run(*command, home=tmp_path)
        assert done.returncode == 2
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        assert done.stderr.count("\n") <= 2
        assert done.stderr.strip()


def test_the_first_minute_without_a_kubeconfig_says_what_to_do(tmp_path: Path) -> None:
    done = run(home=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("edgetui: No kubeconfig found")
    assert "edgetui FILE" in done.stderr
    assert "edgetui demo" in done.stderr
    listed = run(home=tmp_path, KUBECONFIG=str(tmp_path / "gone"))
    assert listed.returncode == 2
    assert "$KUBECONFIG" in listed.stderr


def test_help_names_the_commands_and_where_it_looks(tmp_path: Path) -> None:
    done = run("--help", home=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("get, once", "demo", "rotate", "--context GLOB", "~/.kube/config", "MicroK8s"):
        assert words in done.stdout


def test_a_name_that_a_command_had_is_taken_and_not_listed(tmp_path: Path) -> None:
    listed = run("--help", home=tmp_path).stdout
    for old, present in OLD_NAMES.items():
        assert run(old, "--help", home=tmp_path).stdout.startswith(f"usage: edgetui {present} ")
        assert f" {old}" not in listed


def test_a_file_is_a_file_whatever_it_is_called(tmp_path: Path) -> None:
    for name in ("pods", "scal", "get"):
        (tmp_path / name).write_text(DEAD)
        done = run(str(tmp_path / name), home=tmp_path, TERM="xterm")
        assert "edgetui once" in done.stderr  # it got as far as the screen, which needs a terminal
    beside = run("plantt", str(tmp_path / "pods"), "--read-only", home=tmp_path, TERM="xterm")
    assert "edgetui once" in beside.stderr


def test_help_and_version_are_commands_too(tmp_path: Path) -> None:
    assert run("version", home=tmp_path).stdout == run("--version", home=tmp_path).stdout
    assert run("help", home=tmp_path).stdout == run("--help", home=tmp_path).stdout
    assert run("help", "scale", home=tmp_path).stdout == run("scale", "--help", home=tmp_path).stdout


def test_options_are_written_in_full(tmp_path: Path) -> None:
    for command in (["once", "--js"], ["scale", "deploy/x", "1", "--dry"]):
        done = run(*command, home=tmp_path)
        assert done.returncode == 2
        assert "unrecognized arguments" in done.stderr


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    done = run(str(tmp_path / "gone.yaml"), home=tmp_path)
    assert done.returncode == 2
    assert "gone.yaml" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_word_in_the_wrong_place_is_explained(tmp_path: Path) -> None:
    done = run("--all-contexts", "once", home=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "edgetui: There is no file once. A command goes first: edgetui once ...\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--terminal", "huge"],
        ["--profile", "huge"],
        ["--api-traffic", "lean"],
        ["once", "--timeout", "never"],
        ["once", "--timeout", "-1"],
        ["scale", "deploy/x", "1", "--timeout", "soon"],
        ["scale", "deploy/x"],
        ["scale", "deploy/x", "1", "--replicas", "2"],
        ["scale", "deploy/x", "--replicas"],
        ["scale", "deploy/x", "1", "--dry-run=client"],
        ["demo", "--clusters", "many"],
        ["demo", "--clusters", "0"],
        ["--no-such"],
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], tmp_path: Path) -> None:
    done = run(*arguments, home=tmp_path)
    assert done.returncode == 2
    assert re.fullmatch(r"edgetui.*: .*\. .*\n", done.stderr)
    assert "Traceback" not in done.stderr


def test_an_unknown_pane_is_told_with_the_names_that_exist(tmp_path: Path) -> None:
    done = run("once", "--pane", "nodes,cows", home=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("edgetui: There is no pane cows. Choose from nodes, pods, ")


def test_the_screen_without_a_terminal_points_to_once(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(DEAD)
    done = run(str(file), home=tmp_path, TERM="xterm")
    assert done.returncode == 2
    assert "edgetui once" in done.stderr


def test_an_unreachable_cluster_is_exit_code_2_and_says_why(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(DEAD)
    done = run("once", str(file), "--json", "--timeout", "2", home=tmp_path)
    assert done.returncode == 2
    document = json.loads(done.stdout)
    assert document["exit"] == 2
    (cluster,) = document["clusters"]
    assert cluster["state"] != "live"
    assert cluster["sentence"]
    assert "not-a-token" not in done.stdout + done.stderr


def test_a_defect_becomes_one_sentence_and_a_private_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_argv: object) -> int:
        raise ZeroDivisionError("the token is eyJhbGciOiJI.eyJzdWIiOiJ4.c2lnbmF0dXJl")

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(get, "command", broken)
    written: list[str] = []
    monkeypatch.setattr(sys.stderr, "write", written.append)
    assert cli.main(["once"]) == cli.DEFECT
    (file,) = (tmp_path / "edgetui").iterdir()
    assert str(file) in "".join(written)
    assert "Traceback" not in "".join(written)
    assert file.stat().st_mode & 0o777 == 0o600
    text = file.read_text()
    assert "ZeroDivisionError: the token is (hidden)" in text
    assert "in broken" in text


def test_serving_the_demo_alone_prints_where_its_kubeconfig_is() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "edgetui", "demo", "--serve", "--clusters", "1"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = json.loads(process.stdout.readline())
    assert said["clusters"] == ["plant"]
    assert Path(said["kubeconfig"]).is_file()
    process.communicate()
    assert process.returncode == 0
    assert not Path(said["kubeconfig"]).exists()


def test_an_interrupt_is_130_and_a_closed_pipe_is_quiet() -> None:
    probe = (
        "import sys; from edgetui import cli, output; from edgetui.get import command; output.prepare()\n"
        "def interrupted(argv): raise KeyboardInterrupt\n"
        "def long(argv):\n"
        "    for _ in range(200): sys.stdout.write('x' * 9000 + chr(10))\n"
        "    return 3\n"
        "command.command, cli.demo = interrupted, long\n"
        "sys.exit(cli.main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe, "once"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "")
    pipe = subprocess.Popen(
        [sys.executable, "-c", probe, "demo"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert pipe.stdout is not None
    pipe.stdout.readline()
    pipe.stdout.close()
    assert pipe.stderr is not None
    assert pipe.stderr.read() == b""
    assert pipe.wait(120) == 3
    pipe.stderr.close()


@pytest.mark.parametrize(
    ("text", "bytes_per_second"),
    [
        ("20KiB/s", 20480.0),
        ("20 KiB/s", 20480.0),
        ("64kbit/s", 8000.0),
        ("64kbps", None),
        ("1.5MB/s", 1.5e6),
        ("9600", 9600.0),
    ],
)
def test_a_budget_is_a_rate(text: str, bytes_per_second: float | None) -> None:
    if bytes_per_second is None:
        with pytest.raises(argparse.ArgumentTypeError):
            arguments.bytes_per_second(text)
    else:
        assert arguments.bytes_per_second(text) == bytes_per_second


@pytest.mark.parametrize("text", ["fast", "20 apples", "-5KiB/s", "0", "50B/s", "20KiB/s/s", ""])
def test_nonsense_for_a_budget_is_one_sentence(text: str, tmp_path: Path) -> None:
    done = run(f"--budget={text}", home=tmp_path)
    assert done.returncode == 2
    assert (
        f"{text} is not a rate of at least 100 bytes per second, such as 20KiB/s or 64kbit/s" in done.stderr
    )
    assert "Traceback" not in done.stderr

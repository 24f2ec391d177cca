"""What completes a command line: the table of commands, their own options, and names from clusters or kept rows."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgetui import cli
from edgetui.commands import Command, commands
from edgetui.completion import candidates
from edgetui.completion.candidates import joined, parser_of
from edgetui.completion.shells import SCRIPTS
from edgetui.demo.launcher import Fleet
from edgetui.verbs import Place

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def kubeconfig() -> Iterator[Path]:
    with Fleet(3, 0, outages=False) as fleet:
        yield fleet.ready()


@pytest.fixture
def home(kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("STATE", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    monkeypatch.setattr(candidates, "LIMIT", 30.0)  # a busy machine is no dead link
    return tmp_path


def offered(line: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What is offered for the last word of a line; it begins anew behind a blank."""
    words = shlex.split(line)
    capsys.readouterr()
    assert cli.main(["__complete", *words, *([""] if line.endswith(" ") or not line else [])]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return said.out.splitlines()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("sca", ["scale", "scale-to-zero"]),
        ("rollout ", ["status", "history", "undo", "pause", "resume", "restart"]),
        ("rollout st", ["status"]),
        ("set ", ["hpa", "resources", "image"]),
        ("help rollout r", ["resume", "restart"]),
        ("completion ", ["bash", "zsh", "fish"]),
        ("scale --rep", ["--replicas"]),
        ("get --out", ["--output"]),
        ("get -o ", ["json", "yaml", "wide", "name"]),
        ("get -o=j", []),
        ("--terminal t", ["thin"]),
        ("--theme m", ["mono"]),
        ("delete --cascade ", ["background", "foreground", "orphan"]),
        ("get --context ", ["plant", "van-17", "farm"]),
        ("get --context=v", ["van-17"]),
        ("get --context = v", ["van-17"]),
        ("scale -n line-", ["line-1", "line-2"]),
        ("scale ", ["deployments", "replicasets", "statefulsets"]),
        ("scale deploy -n line-1 ", ["oven", "weld"]),
        ("-n line-1 scale deploy/w", []),
        ("scale -n line-1 deploy/w", ["deploy/weld"]),
        ("scale deploy --replicas 3 -n line-1 w", ["weld"]),
        ("restart -n line-1 deploy/oven dep", ["deploy/"]),
        ("restart -n line-1 deploy/oven deploy/w", ["deploy/weld"]),
        ("get autos", ["autoscalers"]),
        ("get lea", ["leases"]),
        ("get lease plant-line-1", ["plant-line-1"]),
        ("set hpa -n line-2 v", ["vision"]),
        ("cordon --context farm farm-c", ["farm-cp"]),
        ("uncordon plant-line", ["plant-line-1", "plant-line-2", "plant-line-3", "plant-line-4"]),
        ("cp line", ["line-1/", "line-2/"]),
        ("cp -n line-2 ./pr", []),
        ("cp line-2/press:/var/log/ ", []),
        ("cp line-2/press : /var/log/ ", []),
        ("import-k9s ", []),
        ("exec press-0 -- ", []),
        ("get --kubeconfig ", []),
        ("nosuch deploy ", []),
        ("get --context nope pods ", []),
    ],
)
def test_the_next_word_is_offered(
    line: str, words: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert offered(line, capsys) == words


def test_a_pod_to_copy_from_or_to_is_offered_up_to_its_path(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    of_press = re.compile(r"(line-2/)?press-[a-z0-9]+-[a-z0-9]+:")
    for line in ("cp -n line-2 press", "cp line-2/press", "cp ./here line-2/press"):
        found = offered(line, capsys)
        assert found, line
        assert all(of_press.fullmatch(word) for word in found), found


@pytest.mark.parametrize("node", ["edge-2", "node/edge-2", "node edge-2"])
def test_behind_a_node_the_plans_of_every_namespace_are_offered(
    node: str, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []

    async def plans(place: Place, word: str) -> list[str]:
        asked.append((word, place.namespace))
        return ["k3s-agent", "k3s-server"]

    monkeypatch.setattr(candidates.live, "names", plans)
    assert offered(f"skip-update {node} ", capsys) == ["k3s-agent", "k3s-server"]
    assert asked == [("plans.upgrade.cattle.io", "")]


def test_behind_its_plan_and_before_its_name_a_node_is_offered_no_plan(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert offered("skip-update --context farm farm-c", capsys) == ["farm-cp"]
    assert offered("skip-update --context farm node farm-c", capsys) == ["farm-cp"]


@pytest.mark.parametrize(
    "one", [one for one in commands() if one.name not in ("help", "version")], ids=lambda one: one.name
)
def test_every_option_of_a_command_is_offered(
    one: Command, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [line for line in parser_of(one).format_help().splitlines() if line.startswith("  -")]
    explained = {option for line in lines for option in re.findall(r"(?:^ +|, )(--[a-z][a-z-]*)", line)}
    assert "--help" in explained
    assert set(offered(f"{one.name} --", capsys)) == explained


def test_without_a_link_names_come_from_the_kept_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("STATE", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    with Fleet(1, 0, outages=False) as fleet:
        copied = tmp_path / "kubeconfig"
        copied.write_bytes(fleet.ready().read_bytes())
        monkeypatch.setenv("KUBECONFIG", str(copied))
        assert cli.main(["get", "-q"]) == 0
    assert offered("scale deploy -n line-1 ", capsys) == ["oven", "weld"]
    assert offered("get nodes plant-c", capsys) == ["plant-cp"]
    assert "line-2" in offered("get -n ", capsys)


def test_a_cluster_that_never_answers_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        (tmp_path / "config").write_text(
            "apiVersion: v1\nkind: Config\ncurrent-context: a\nusers: [{name: u, user: {token: t}}]\n"
            f"clusters: [{{name: c, cluster: {{server: 'http://127.0.0.1:{port}'}}}}]\n"
            "contexts: [{name: a, context: {cluster: c, user: u}}]\n"
        )
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
        assert offered("scale deploy ", capsys) == []
    assert candidates.LIMIT == 0.3


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("get --context = pl", "get --context pl"),
        ("get --context=pl", "get --context pl"),
        ("get --context =", "get --context "),
        ("get --context pl", "get --context pl"),
        ("set image deploy/x a=b", "set image deploy/x a=b"),
    ],
)
def test_bash_takes_words_apart_and_they_are_joined_again(words: str, found: str) -> None:
    assert joined(words.split(" ")) == found.split(" ")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["edgetui", "rollout", "und"], ["undo"]),
        (["edgetui", "get", "--jso"], ["--json"]),
        (["edgetui", "scale", "-n", "line-1", "deploy/we"], ["deploy/weld"]),
        (["edgetui", "get", "--context", "=", "fa"], ["farm"]),
    ],
)
def test_bash_itself_completes(words: list[str], found: list[str], home: Path) -> None:
    program = (
        f'edgetui() {{ {shlex.quote(sys.executable)} -c "$START" "$@"; }}\n{SCRIPTS["bash"]}\n'
        'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _edgetui; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    start = (
        "import sys; from edgetui import cli; from edgetui.completion import candidates; "
        "candidates.LIMIT = 30; sys.exit(cli.main(sys.argv[1:]))"
    )
    done = subprocess.run(
        ["bash", "-c", program, "bash", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "START": start},
        check=True,
    )
    assert done.stdout.split() == found


def test_every_shell_asks_edgetui_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for shell, script in SCRIPTS.items():
        assert cli.main(["completion", shell]) == 0
        assert capsys.readouterr().out == script
        assert "__complete" in script
    with pytest.raises(SystemExit):
        cli.main(["completion", "csh"])


def test_kubectl_gets_the_candidates_and_what_to_do_with_them(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["kubectl_complete-edge", "rollout", "und"])
    assert candidates.kubectl() == 0
    assert capsys.readouterr().out == "undo\n:0\n"

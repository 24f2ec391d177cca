"""Whatever becomes of the output, the exit code tells the state of the clusters or the outcome of the action."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from edgetui.demo.launcher import Fleet
from edgetui.output import document

ROOT = Path(__file__).resolve().parents[2]
ODD = "\x1b[2J \x07 \x9b1m \x7f \u202e \u2028 \u2029 \ufeff \u061c \U000e0041 \ud800"

# How a command is started: a redirection of the shell and variables of the environment.
OUTPUTS: dict[str, tuple[str, dict[str, str]]] = {
    "as usual": ("", {}),
    "stdout closed": (">&-", {}),
    "stderr closed": ("2>&-", {}),
    "stdin closed": ("<&-", {}),
    "all closed": ("<&- >&- 2>&-", {}),
    "stdout full": (">/dev/full", {}),
    "both full": (">/dev/full 2>&1", {}),
    "nobody reads": ("| true; exit ${PIPESTATUS[0]}", {}),
    "nobody reads either": ("2>&1 | true; exit ${PIPESTATUS[0]}", {}),
    "latin-1": ("", {"PYTHONIOENCODING": "latin-1"}),
    "ascii": ("", {"PYTHONIOENCODING": "ascii"}),
    "POSIX locale": ("", {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    "strict": ("", {"PYTHONIOENCODING": "utf-8:strict"}),
}


class Site:
    """A fleet, a kubeconfig of it whose cluster has an odd name, and one of a cluster that is not there."""

    def __init__(self, served: Path, home: Path) -> None:
        self.home = home
        whole = yaml.safe_load(served.read_text())
        plant = next(one for one in whole["contexts"] if one["name"] == "plant")
        plant["name"] = whole["current-context"] = "Werk-Größe…"
        self.live = self._put("live.yaml", whole)
        gone = yaml.safe_load(served.read_text())
        for entry in gone["clusters"]:
            entry["cluster"]["server"] = "https://127.0.0.1:1"
        self.gone = self._put("gone.yaml", gone)

    def _put(self, name: str, content: object) -> Path:
        file = self.home / name
        file.write_text(yaml.safe_dump(content))
        file.chmod(0o600)
        return file

    def run(self, how: str, *words: str) -> subprocess.CompletedProcess[str]:
        redirection, variables = OUTPUTS[how]
        command = " ".join(f"'{word}'" for word in (sys.executable, "-m", "edgetui", *words))
        return subprocess.run(
            ["bash", "-c", f"{command} {redirection}"],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.home),
                "XDG_STATE_HOME": str(self.home / "state"),
                **variables,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="latin-1",
            timeout=60,
            check=False,
        )

    def crashes(self) -> list[Path]:
        return list(self.home.rglob("crash-*"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Fleet(1, 0, outages=False) as fleet:
        yield Site(fleet.ready(), tmp_path_factory.mktemp("home"))


@pytest.mark.parametrize("how", OUTPUTS)
def test_the_exit_code_tells_the_state_and_the_outcome(site: Site, how: str) -> None:
    nodes = ("--no-cache", "--pane", "nodes")
    press = ("--kubeconfig", str(site.live), "-n", "line-2", "--yes", "--no-wait")
    for expected, words in (
        (0, ("once", "--json", *nodes, str(site.live))),
        (2, ("once", *nodes, "--timeout", "1", str(site.gone))),
        (0, ("restart", "deploy/press", "--json", *press)),
        (1, ("restart", "deploy/nothing", *press)),
    ):
        done = site.run(how, *words)
        assert done.returncode == expected, done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
    assert site.crashes() == []


@pytest.mark.parametrize("how", ["as usual", "latin-1", "ascii", "POSIX locale"])
def test_json_is_whole_in_every_encoding(site: Site, how: str) -> None:
    done = site.run(how, "once", "--json", "--no-cache", "--pane", "nodes", str(site.live))
    found = json.loads(done.stdout.encode("latin-1"))
    assert found["clusters"][0]["name"] == "Werk-Größe…"


def test_a_cluster_with_an_odd_name_is_named_as_far_as_the_output_can(site: Site) -> None:
    words = ("once", "--no-cache", "--pane", "nodes", str(site.live))
    assert site.run("latin-1", *words).stdout.startswith("Werk-Größe?  live")
    assert site.run("ascii", *words).stdout.startswith("Werk-Gr??e?  live")


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_document_holds_nothing_that_a_terminal_obeys(encoding: str, indent: int | None) -> None:
    value = {ODD: [ODD, {"name": "Größe 👩\u200d🔧"}]}
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    text = document(value, out, indent)
    assert json.loads(text) == value
    assert text.encode(encoding)
    assert all(c.isprintable() or c in "\n\u200d" for c in text)


def test_a_closed_descriptor_does_not_become_that_of_a_file(tmp_path: Path) -> None:
    probe = (
        "from edgetui import output; output.prepare()\n"
        "import os, sys\n"
        "file = open(sys.argv[1], 'w')\n"
        "assert file.fileno() > 2, file.fileno()\n"
        "print('to nowhere'); os.write(1, b'x'); os.write(2, b'x'); assert sys.stdin.read() == ''\n"
        "file.write('kept')\n"
    )
    target = tmp_path / "file"
    done = subprocess.run(
        ["bash", "-c", 'exec "$0" -c "$1" "$2" <&- >&- 2>&-', sys.executable, probe, str(target)],
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert target.read_text() == "kept"

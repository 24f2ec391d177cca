"""What `edgetui doctor` and `--version --verbose` print, without a server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from edgetui.doctor.command import lines
from edgetui.doctor.step import ORDER, State, Step, completed, exit_code

ROOT = Path(__file__).resolve().parents[2]
OK, NOTICE, WRONG, SKIPPED = (
    Step("a"),
    Step("b", State.NOTICE),
    Step("c", State.WRONG),
    Step("d", State.SKIPPED),
)


def run(*words: str, home: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edgetui", *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "xterm", **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("steps", "code"),
    [([], 0), ([OK, SKIPPED], 0), ([OK, NOTICE], 3), ([NOTICE, WRONG, OK], 2)],
)
def test_the_exit_code_is_that_of_the_worst_step(steps: list[Step], code: int) -> None:
    assert exit_code(steps) == code


def test_steps_that_were_not_reached_are_named_in_their_place() -> None:
    steps = completed([Step("file"), Step("user", State.WRONG, "no.", "do.")])
    assert [step.name for step in steps] == list(ORDER)
    assert {step.state for step in steps[2:]} == {State.SKIPPED}


@pytest.mark.parametrize("width", [40, 80, 200])
def test_what_is_printed_fits_and_loses_no_word(width: int) -> None:
    step = Step("TLS", State.WRONG, "the certificate is not " * 6, "Put a fresh kubeconfig there. " * 3, 1.5)
    printed = lines([step], width)
    assert max(map(len, printed)) <= max(width, 56)
    assert " ".join(" ".join(printed).split()) == f"wrong TLS 1,500 ms {step.text}{step.next_step}".strip()


def test_a_server_that_is_not_there_is_told_in_text_and_in_json(tmp_path: Path) -> None:
    file = tmp_path / "van.yaml"
    file.write_text(
        json.dumps(
            {
                "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
                "users": [{"name": "u", "user": {"token": "s3cret-of-a-person"}}],
                "contexts": [{"name": "van", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "van",
            }
        )
    )
    plain = run("doctor", str(file), home=tmp_path)
    assert plain.returncode == 2
    assert "wrong TCP" in plain.stdout
    document = json.loads(run("doctor", str(file), "--json", home=tmp_path).stdout)
    [cluster] = document["clusters"]
    assert (document["exit"], cluster["exit"]) == (2, 2)
    assert {step["name"]: step["state"] for step in cluster["steps"]}["TCP"] == "wrong"
    assert "s3cret" not in plain.stdout + json.dumps(document)


def test_a_ticket_names_versions_places_and_why_the_profile_and_no_secret(tmp_path: Path) -> None:
    said = run(
        "--version",
        "--verbose",
        home=tmp_path,
        HTTPS_PROXY="http://user:s3cret@proxy:3128",
        SSH_TTY="/dev/pts/3",
    )
    assert said.returncode == 0, said.stderr
    for word in (
        "edgetui ",
        "Python ",
        "OpenSSL",
        "textual ",
        "terminal profile ssh",
        "SSH_TTY",
        "HTTPS_PROXY is set",
    ):
        assert word in said.stdout, word
    assert str(tmp_path / ".local/state/edgetui") in said.stdout
    assert "s3cret" not in said.stdout
    options = run("--help", home=tmp_path).stdout
    for named in re.findall(r"--[a-z-]+", said.stdout):
        assert f"{named} " in options, named


def test_the_short_version_stays_one_line(tmp_path: Path) -> None:
    assert run("--version", home=tmp_path).stdout.count("\n") == 1

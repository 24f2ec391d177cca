"""The whole program on a server that fills the memory of whoever reads its answers whole: bounded, and said."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from .hostile_server import ANSWERS, hostile
from .ptyapp import PtyApp
from .walking import ROOT

MOST_KB = 150 * 1024
TOO_LARGE = "too large to be held in memory"
TOO_MANY = "too many to be held in memory"
GROWS = "200 times when it is decompressed"
SAID = {
    "four million empty items": TOO_MANY,
    "twenty million empty items": TOO_LARGE,
    "two million named items": TOO_LARGE,
    "items of another type": TOO_MANY,
    "texts": TOO_MANY,
    "an endless list": TOO_LARGE,
    "wide text": TOO_LARGE,
    "zeros without end": TOO_LARGE,
    "an endless line": "An event of more than 4 MB came",
    "a line of 15 MB": "An event of more than 4 MB came",
    "a line of 4 MB": TOO_MANY,
    "empty lines without end": "empty lines without end",
    "new pods without end": "ROWS MISSING",
}
PACKED = {
    "four million empty items": GROWS,
    "an endless list": GROWS,
    "zeros without end": GROWS,
    "a line of 15 MB": "An event of more than 4 MB came",
    "empty lines without end": "empty lines without end",
}


def most_memory(tmp_path: Path, answer: str, sentence: str, *, packed: bool = False) -> int:
    """The most KB that were resident until the sentence stood in the pane of pods."""
    with hostile(answer, packed=packed) as server:
        file = server.kubeconfig(tmp_path / "config")
        env = {name: str(tmp_path / name) for name in ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")}
        command = [sys.executable, "-m", "edgetui", str(file)]
        with PtyApp(command, columns=160, env=env, cwd=ROOT) as app:
            app.wait_for("2 pods")
            app.keys("2")
            app.wait_for(sentence, timeout=60)
            found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{app.pid}/status").read_text())
            assert found is not None
            return int(found[1])


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> int:
    return most_memory(tmp_path_factory.mktemp("base"), "ordinary", "no pods here")


def test_every_answer_has_its_sentence() -> None:
    assert SAID.keys() == ANSWERS.keys() - {"ordinary"}


@pytest.mark.parametrize("answer", SAID)
def test_an_answer_of_any_size_is_bounded_and_said(tmp_path: Path, base: int, answer: str) -> None:
    assert most_memory(tmp_path, answer, SAID[answer]) - base < MOST_KB


@pytest.mark.parametrize("answer", PACKED)
def test_a_compressed_one_is_too(tmp_path: Path, base: int, answer: str) -> None:
    assert most_memory(tmp_path, answer, PACKED[answer], packed=True) - base < MOST_KB

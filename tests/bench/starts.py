"""`python -m tests.bench.starts`: how soon edgetui says something, beside a Python that does nothing."""

from __future__ import annotations

import argparse
import json
import os
import platform
import pty
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from tests.terminal.ptyapp import set_size

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).parent / "results"
EDGETUI = str(Path(sys.executable).with_name("edgetui"))

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: nobody
clusters: [{name: nobody, cluster: {server: "https://127.0.0.1:9"}}]
users: [{name: nobody, user: {token: none}}]
contexts: [{name: nobody, context: {cluster: nobody, user: nobody}}]
"""
"""A cluster that does not answer: the first pixels come without it."""


def ended(command: Sequence[str], env: Mapping[str, str]) -> float:
    """Seconds until the command has ended."""
    began = time.perf_counter()
    subprocess.run(command, env=env, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def first_byte(command: Sequence[str], env: Mapping[str, str]) -> float:
    """Seconds until the command has written the first byte to its terminal; it is killed then."""
    master, slave = pty.openpty()
    set_size(slave, 80, 24)
    try:
        began = time.perf_counter()
        with subprocess.Popen(
            command, env=env, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        ) as process:
            os.read(master, 1)
            took = time.perf_counter() - began
            process.kill()
    finally:
        os.close(master)
        os.close(slave)
    return took


MEASURED: dict[str, tuple[Callable[[Sequence[str], Mapping[str, str]], float], Sequence[str]]] = {
    "python -c pass, to its end": (ended, [sys.executable, "-c", "pass"]),
    "edgetui --version, to its end": (ended, [EDGETUI, "--version"]),
    "python -c 'print()', to its first byte": (first_byte, [sys.executable, "-c", "print()"]),
    "edgetui, to its first byte": (first_byte, [EDGETUI]),
    "edgetui without pip's script, to its first byte": (
        first_byte,
        [sys.executable, "-c", "from edgetui.__main__ import main; main()"],
    ),
}
"""Each edgetui follows the Python it is compared with. What pip 23 writes as `edgetui` loads `re` first."""


def main() -> int:
    """Measure all in turn again and again, so that a busy moment meets all of them; print and write JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.starts", description=__doc__)
    parser.add_argument("--times", type=int, default=41)
    given = parser.parse_args()
    taken: dict[str, list[float]] = {name: [] for name in MEASURED}
    with tempfile.TemporaryDirectory(prefix="edgetui-bench-") as home:
        config = Path(home) / "config"
        config.write_text(KUBECONFIG)
        env = {"HOME": home, "KUBECONFIG": str(config), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        for _ in range(given.times + 1):
            for name, (how, command) in MEASURED.items():
                taken[name].append(how(command, env) * 1000)
    figures = {
        name: {"median_ms": round(median(each[1:]), 1), "best_ms": round(min(each[1:]), 1)}
        for name, each in taken.items()
    }
    print(f"{given.times} starts each\n\n| | median | best | times the Python above |\n|---|---:|---:|---:|")
    bare = 0.0
    for name, each in figures.items():
        bare = bare if name.startswith("edgetui") else each["median_ms"]
        ratio = f"{each['median_ms'] / bare:.2f}" if name.startswith("edgetui") else ""
        print(f"| {name} | {each['median_ms']} ms | {each['best_ms']} ms | {ratio} |")
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / "starts.json"
    setting = {"python": platform.python_version(), "starts": given.times}
    file.write_text(json.dumps({"setting": setting, "figures": figures}, indent=2) + "\n")
    print(f"\nwritten to {file.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

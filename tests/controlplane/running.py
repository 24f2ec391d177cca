"""The program as a person or a script runs it without a screen, and what it said."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
WIDTH = 80
MOST_LINES = 2


@dataclass(frozen=True, slots=True)
class Said:
    """How a run of edgetui ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """What `once --json` printed."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    def cluster(self, name: str) -> dict[str, Any]:
        """One cluster of the document, by the name it is shown under."""
        clusters: list[dict[str, Any]] = self.document["clusters"]
        return next(cluster for cluster in clusters if cluster["name"] == name)

    def rows(self, pane: str, cluster: str) -> list[dict[str, Any]]:
        """One cluster's rows of a pane."""
        return [row for row in self.document["panes"][pane] if row["cluster"] == cluster]


def edgetui(
    *arguments: str | Path,
    home: Path,
    env: Mapping[str, str] | None = None,
    user: Sequence[str] = (),
    within: float = 60,
) -> Said:
    """Run edgetui without a terminal; `user` is a command that gives up rights before it starts the program.

    A traceback, wherever it appears, fails the test.
    """
    surroundings = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_STATE_HOME": str(home / "state")}
    done = subprocess.run(
        [*user, sys.executable, "-m", "edgetui", *map(str, arguments)],
        cwd=ROOT,
        env={**surroundings, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=within,
        check=False,
    )
    said = Said(done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in said.out + said.err, said
    return said


def together(*runs: Callable[[], Said]) -> list[Said]:
    """Several runs at the same time: most of a run is waiting."""
    with ThreadPoolExecutor(len(runs)) as pool:
        return [future.result() for future in [pool.submit(run) for run in runs]]


def once(*arguments: str | Path, home: Path, seconds: float = 15, **more: Any) -> Said:
    """`edgetui once --json` with the panes of nodes and pods."""
    return edgetui(
        "once", *arguments, "--json", "--pane", "nodes", "--timeout", str(seconds), home=home, **more
    )


class Variant:
    """A kubeconfig to change: one cluster, one user, one context, all called alike."""

    def __init__(self, file: Path) -> None:
        self.document: dict[str, Any] = copy.deepcopy(yaml.safe_load(file.read_text()))

    @property
    def cluster(self) -> dict[str, Any]:
        """The fields of the cluster."""
        found: dict[str, Any] = self.document["clusters"][0]["cluster"]
        return found

    @property
    def user(self) -> dict[str, Any]:
        """The fields of the user."""
        found: dict[str, Any] = self.document["users"][0]["user"]
        return found

    @user.setter
    def user(self, fields: dict[str, Any]) -> None:
        self.document["users"][0]["user"] = fields

    @property
    def context(self) -> dict[str, Any]:
        """The fields of the context."""
        found: dict[str, Any] = self.document["contexts"][0]["context"]
        return found

    def named(self, name: str) -> Variant:
        """Call the context so."""
        self.document["contexts"][0]["name"] = self.document["current-context"] = name
        return self

    def write(self, path: Path) -> Path:
        """Write it, readable by its owner only."""
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(self.document, sort_keys=False))
        return path

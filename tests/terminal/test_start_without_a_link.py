"""A start while the link to a cluster is down: its rows as they were last heard, and what may be done with them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from msgspec.structs import replace

from edgetui.demo.launcher import Fleet
from edgetui.model.cache.snapshot import from_bytes, to_bytes
from tests.controlplane.proxy import FaultProxy

from .ptyapp import PtyApp
from .walking import ROOT, act, back, go_to, narrow, open_screen, row, wait_row

HOURS_3 = 3 * 3600.0
ROWS = 6


@dataclass
class Van:
    """A vehicle of the demo fleet behind a link that can be cut, and the home of who looks at it."""

    kubeconfig: Path
    home: Path
    link: FaultProxy

    def once(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Exit code and document of `edgetui once`."""
        done = subprocess.run(
            [sys.executable, "-m", "edgetui", "once", str(self.kubeconfig), "--json", *arguments],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.home),
                "XDG_CACHE_HOME": str(self.home / "cache"),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        document = json.loads(done.stdout)
        assert bool(done.stderr) == (not any(document["panes"].values()))
        return done.returncode, document

    def kept(self) -> list[Path]:
        """The files of kept rows."""
        return list((self.home / "cache").rglob("*.rows"))


@pytest.fixture
def van(tmp_path: Path) -> Iterator[Van]:
    """The van was looked at three hours ago; now its link is down."""
    with Fleet(3, 0, outages=False) as fleet:
        document = yaml.safe_load(fleet.ready().read_text())
        document["current-context"] = "van-17"
        entry = next(one["cluster"] for one in document["clusters"] if one["name"] == "van-17")
        server = urlsplit(entry["server"])
        with FaultProxy(str(server.hostname), int(server.port or 0)) as link:
            entry["server"] = link.url
            kubeconfig = tmp_path / "van.yaml"
            kubeconfig.write_text(yaml.safe_dump(document))
            van = Van(kubeconfig, tmp_path, link)
            code, _ = van.once("--pane", "all")
            assert code == 0
            (file,) = van.kept()
            age(file)
            link.cut()
            yield van


def age(file: Path) -> None:
    """Make kept rows three hours old."""
    kept = from_bytes(file.read_bytes())
    assert kept is not None
    kinds = {kind: replace(packed, heard=packed.heard - HOURS_3) for kind, packed in kept.kinds.items()}
    file.write_bytes(to_bytes(replace(kept, saved=kept.saved - HOURS_3, kinds=kinds)))


def pods(app: PtyApp) -> int:
    """How many pods the tab counts."""
    found = re.search(r"2 pods +(\d+)", app.text())
    return int(found[1]) if found else -1


def test_the_screen_opens_with_old_rows_and_live_ones_replace_them_in_place(van: Van) -> None:
    with open_screen(str(van.kubeconfig), home=van.home) as app:
        app.wait_for("van-17 stale 3h", "~ van-17", "Ready (3h ago)")
        go_to(app, "pods")
        shown = wait_row(app, "gps-", "(3h ago)")
        assert shown.startswith("~ vehicle")

        def aged(text: str) -> bool:
            return sum(line.startswith("~ ") and "(3h ago)" in line for line in text.splitlines()) == ROWS

        app.until(aged, what="the age of every row")
        app.keys("c")
        app.wait_for(
            "Rows are from 3h ago (kept on this machine); edgetui keeps trying.", "refuses connections"
        )
        back(app, "clusters 1")
        go_to(app, "rollouts")
        narrow(app, "gps")
        act(app, "b", "Roll back: deployment gps in vehicle on van-17")
        app.wait_for("refuses connections", "> Close")
        app.keys("enter")
        app.wait_gone("> Close")

        go_to(app, "pods")
        app.keys("down", "down", "down")
        app.settle()
        van.link.restore()
        counts = set()

        def live(text: str) -> bool:
            counts.add(pods(app))
            return "van-17 live" in text and "ago)" not in text

        app.until(live, what="live rows")
        assert counts == {ROWS}
        app.keys("enter")
        app.wait_for("pod camera-", "esc back")
        back(app, "esc back")
        app.until(lambda _: row(app, "gps-").startswith("  vehicle"), what="a live row")
        app.keys("q")
        assert app.wait_exit() == 0
    code, document = van.once()
    assert code == 0
    assert not any(one["kept"] for one in document["clusters"][0]["lists"].values())


def test_once_prints_old_rows_for_what_they_are(van: Van) -> None:
    code, document = van.once("--timeout", "1", "--pane", "pods,services")
    assert (code, document["exit"]) == (2, 2)
    (cluster,) = document["clusters"]
    heard = max(one["heard"] for one in cluster["lists"].values() if one["kept"])
    assert (cluster["state"], cluster["heard"]) == ("stale", heard)
    found = cluster["lists"]["Pod"]
    assert (found["sync"], found["kept"], found["heard"]) == (
        "stale",
        True,
        document["panes"]["pods"][0]["heard"],
    )
    assert len(document["panes"]["pods"]) == ROWS
    assert all(one["stale"] for one in document["panes"]["pods"])
    assert document["panes"]["services"]


def test_without_a_cache_nothing_is_read_and_nothing_written(van: Van) -> None:
    (file,) = van.kept()
    before = file.stat()
    code, document = van.once("--timeout", "1", "--no-cache")
    assert code == 2
    assert document["panes"]["pods"] == []
    assert document["clusters"][0]["state"] == "connecting"
    van.link.restore()
    code, _ = van.once("--no-cache")
    assert code == 0
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    file.unlink()
    code, _ = van.once("--no-cache")
    assert code == 0
    assert van.kept() == []

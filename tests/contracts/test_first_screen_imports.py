"""What the first screen must not load: measured in a clean interpreter, on a static-credential kubeconfig."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

# Each costs start-up time or memory on a gateway, and none is needed before an action or a plugin asks for it.
HEAVY = {"kubernetes", "cryptography", "aiohttp", "requests", "pydantic", "urllib3", "asyncio.subprocess"}

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: plant
clusters: [{name: plant, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: ops, user: {token: not-a-token}}]
contexts: [{name: plant, context: {cluster: plant, user: ops}}]
"""

PROBE = """
import asyncio, json, sys
from edgetui.cluster.kubeconfig import Selection, load_fleet
from edgetui.cluster.session import ClusterSession
import edgetui.cluster.keeper, edgetui.ui.run, edgetui.ui.app, edgetui.ui.screens.main
import pathlib

async def main():
    targets = load_fleet(Selection(files=[pathlib.Path(sys.argv[1])]), {}, pathlib.Path("/nonexistent"))
    session = ClusterSession(targets[0])
    await session.start(["Node", "Pod"])
    await asyncio.sleep(0)
    await session.close()

asyncio.run(main())
print(json.dumps(sorted(sys.modules)))
"""


def test_the_first_screen_loads_nothing_heavy(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(KUBECONFIG)
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(file)], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert "edgetui.cluster.reflector" in loaded
    assert "textual.app" in loaded
    # Textual itself imports asyncio's package, which names its subprocess module; only our own use would spawn one.
    textual_alone = subprocess.run(
        [sys.executable, "-c", "import json, sys, textual.app; print(json.dumps(sorted(sys.modules)))"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    ours = loaded - set(json.loads(textual_alone.stdout.splitlines()[-1]))
    assert not ours & HEAVY


def test_the_version_needs_no_screen() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, json; from edgetui.cli import main\n"
            "try: main(['--version'])\nexcept SystemExit: pass\n"
            "print(json.dumps(sorted(sys.modules)))",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert not loaded & (HEAVY | {"textual", "rich", "yaml", "msgspec", "asyncio", "ssl"})

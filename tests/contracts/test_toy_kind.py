"""The steps of CONTRIBUTING's "Adding a kind", followed literally: two files, and the whole program knows it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"```python\n# (edgetui/model/(kinds|panes)/\w+\.py)\n(.*?)```", re.DOTALL)

# What the rest of the program makes of it. Nothing below names a field of the registry or edits a table.
USE = """
import json, sys
from pathlib import Path
import edgetui.model.kinds, edgetui.model.panes

for package in (edgetui.model.kinds, edgetui.model.panes):
    package.__path__.append(str(Path(sys.argv[1]) / package.__name__.replace(".", "/")))

from edgetui.cluster.watch.events import Changes, EventDecoder
from edgetui.actions.cli.objects import one as named
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.snapshot import pack, unpack
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import KINDS, kind_word, row_of
from edgetui.model.panes import NUMBERED, PANES
from edgetui.model.view.fleet import Fleet
from edgetui.model.view.related import related
from edgetui.get.wanted import of_words
from edgetui.table import rows_as_text
from edgetui.ui.command_line.commands import COMMANDS, parse as command
from edgetui.ui.details import detail
from edgetui.ui.spans import plain

NOW = 1_790_000_000.0
owner = {"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "n-uid", "controller": True}
lease = {
    "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
    "metadata": {"name": "leader", "namespace": "kube-system", "uid": "u", "resourceVersion": "7",
                 "creationTimestamp": "2026-09-01T00:00:00Z", "labels": {"app": "press"}, "ownerReferences": [owner]},
    "spec": {"holderIdentity": "host-a", "leaseDurationSeconds": 15, "renewTime": "2026-09-21T12:00:00.000000Z"},
}
kind = KINDS["Lease"]
(changes,) = EventDecoder(kind).feed(json.dumps({"type": "ADDED", "object": lease}).encode() + b"\\n")
assert isinstance(changes, Changes), changes
((_, row),) = changes.items
assert row == row_of("Lease", lease)
store = Store("plant")
store.set_freshness("Lease", Freshness(Sync.LIVE, NOW))
store.apply("Lease", row)
back = unpack(kind, pack(kind, [row], NOW, False))
assert back == [row], back
assert kind.path("kube-system", "leader") == "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/leader"
assert kind_word("Lease") == "lease"
assert named(["leases.coordination.k8s.io/leader"]) == ("Lease", "leader")
(wanted,) = of_words(["lease"])
pane = wanted.pane
assert pane is PANES["leases"] and pane.on_demand and "leases" in list(PANES)[len(NUMBERED):]
assert command("leases")[0] is COMMANDS["leases"] and command("lease")[0] is COMMANDS["leases"]
view = Fleet([store]).view(pane)
view.rebuild(NOW)
text = "\\n".join(rows_as_text(pane, [view.row(key) for key in view.keys], NOW, 80, with_cluster=True))
assert "! plant" in text and "leader" in text and "expired" in text and "host-a" in text, text
key = ObjectKey("plant", "Lease", "kube-system", "leader")
page = "\\n".join(plain(one) for one in detail(store, key, row, NOW, 80, (), ""))
assert "! expired" in page and "host-a" in page and "owned by\\n  node n" in page, page
assert related(store, key) == [ObjectKey("plant", "Node", "", "n")]
"""


def steps() -> dict[str, str]:
    """The files that CONTRIBUTING shows, by their path."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text[text.index("## Adding a kind") :]
    section = section[: section.index("\n## ", 1)]
    return {path: code for path, _, code in BLOCK.findall(section)}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    for path, code in steps().items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code, encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=1200, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_kind_and_its_pane_are_one_file_each() -> None:
    assert sorted(steps()) == ["edgetui/model/kinds/lease.py", "edgetui/model/panes/leases.py"]


def test_the_whole_program_knows_a_kind_from_its_two_files(written: Path) -> None:
    run("-c", USE, str(written))


def test_what_contributing_shows_passes_the_linter(written: Path) -> None:
    files = [str(written / path) for path in steps()]
    # Sorting imports would need the package around them.
    config = ["--config", str(ROOT / "pyproject.toml")]
    run("-m", "ruff", "check", "--quiet", "--ignore", "I001", *config, *files)
    run("-m", "ruff", "format", "--check", "--quiet", *config, *files)

"""`edgetui once` on the demo fleet: the document, its description, and its exit codes."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgetui.demo.launcher import Fleet
from edgetui.get.result import Found, exit_code, gaps
from edgetui.get.wanted import Wanted, of_words
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.panes import PANES
from edgetui.model.panes.base import Pane
from tests.unit.model import factories as f

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def kubeconfig() -> Iterator[Path]:
    with Fleet(3, 0, outages=False) as fleet:
        yield fleet.ready()


@pytest.fixture(autouse=True)
def no_rows_of_earlier_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def once(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edgetui", "once", *arguments],
        cwd=ROOT,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def on_a_terminal(*arguments: str, columns: int) -> tuple[int, str]:
    """The same with a terminal of so many columns for its output; the exit code and what was shown."""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    child = subprocess.Popen(
        [sys.executable, "-m", "edgetui", "once", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # EIO: the other end is closed
        while piece := os.read(ours, 65536):
            shown += piece
    os.close(ours)
    return child.wait(120), shown.decode()


def code_of(stores: list[Store], pane: Pane) -> int:
    return exit_code(stores, [Found(Wanted(pane), stores, 0.0)])


def panes(*named: str) -> list[str]:
    return [wanted.pane.id for wanted in of_words([], named)]


def store(**syncs: Sync) -> Store:
    made = Store("plant")
    for kind, sync in syncs.items():
        made.set_freshness(kind, Freshness(sync))
    return made


@pytest.mark.parametrize(
    ("syncs", "code"),
    [
        ({"Node": Sync.LIVE, "Pod": Sync.LIVE}, 0),
        ({"Node": Sync.ABSENT, "Pod": Sync.LIVE}, 0),
        ({"Node": Sync.FORBIDDEN, "Pod": Sync.LIVE}, 3),
        ({"Node": Sync.STALE, "Pod": Sync.LIVE}, 3),
        ({"Node": Sync.LIVE}, 3),
        ({"Node": Sync.STALE, "Pod": Sync.STALE}, 2),
        ({"Node": Sync.FORBIDDEN, "Pod": Sync.FORBIDDEN}, 2),
        ({}, 2),
    ],
)
def test_the_exit_code_follows_the_lists_that_were_asked_for(syncs: dict[str, Sync], code: int) -> None:
    assert set(PANES["nodes"].needs) == {"Node", "Pod"}
    assert code_of([store(**syncs)], PANES["nodes"]) == code


def test_one_dead_cluster_beside_a_live_one_is_partly() -> None:
    live = store(Node=Sync.LIVE, Pod=Sync.LIVE)
    assert code_of([live, store()], PANES["nodes"]) == 3


def test_panes_come_in_screen_order_whatever_the_order_of_asking() -> None:
    assert panes("events,pods", "nodes") == ["nodes", "pods", "events"]
    assert panes() == ["nodes", "pods", "autoscalers", "rollouts"]
    assert panes("all") == list(PANES)


def test_the_document_holds_every_pane_of_every_cluster(kubeconfig: Path) -> None:
    done = once("--all-contexts", str(kubeconfig), "--json", "--pane", "all")
    assert (done.returncode, done.stderr) == (0, "")
    document: dict[str, Any] = json.loads(done.stdout)
    assert (document["schema"], document["exit"]) == (1, 0)
    assert [(cluster["name"], cluster["state"]) for cluster in document["clusters"]] == [
        ("plant", "live"),
        ("van-17", "live"),
        ("farm", "live"),
    ]
    assert "DEMO" in document["clusters"][0]["badges"]
    rows = {pane: {row["name"]: row for row in found} for pane, found in document["panes"].items()}
    assert rows["nodes"]["farm-tower-4"]["severity"] == "bad"
    assert rows["nodes"]["plant-cp"]["cpu"] is not None
    press = rows["rollouts"]["press"]
    assert (press["severity"], press["images"]) == ("bad", ["registry.local/press:2.1.1"])
    assert "not found" in press["reason"]
    assert rows["autoscalers"]["telemetry"]["max"] == 6
    assert document["panes"]["rollouts"][0]["severity"] == "bad"
    described = set(re.findall(r"`(\w+)`", (ROOT / "docs" / "once-schema.md").read_text()))
    for found in document["panes"].values():
        assert found
        assert found[0].keys() <= described
    assert document["clusters"][0].keys() <= described


def test_text_fits_a_terminal_and_names_every_cluster(kubeconfig: Path) -> None:
    code, shown = on_a_terminal("--all-contexts", str(kubeconfig), columns=80)
    assert code == 0
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[:2] for line in lines[:3]] == [
        ["plant", "live"],
        ["van-17", "live"],
        ["farm", "live"],
    ]
    assert any(line.startswith("! farm") and "farm-tower-4" in line for line in lines)


def test_nothing_is_cut_in_a_pipe(kubeconfig: Path) -> None:
    arguments = ("--all-contexts", str(kubeconfig), "--pane")

    def names() -> set[str]:
        rows = json.loads(once(*arguments, "pods", "--json").stdout)["panes"]["pods"]
        return {row["name"] for row in rows}

    before = names()
    texts = [once(*arguments, "po", COLUMNS=columns).stdout for columns in ("", "40")]
    stayed = before & names()  # the others were replaced meanwhile
    assert len(stayed) > 20
    for text in texts:
        assert "…" not in text
        assert all(name in text for name in stayed)


def test_every_run_knows_version_and_badges(kubeconfig: Path) -> None:
    for _ in range(3):
        done = once("--all-contexts", str(kubeconfig), "--json", "--pane", "events")
        said = {one["name"]: (one["version"], one["badges"]) for one in json.loads(done.stdout)["clusters"]}
        assert said["plant"] == ("v1.37.2+k3s1", ["DEMO"])
        assert said["van-17"] == ("v1.33.6", ["DEMO", "RBAC OFF"])


def test_a_namespace_that_has_nothing_is_said_on_standard_error(kubeconfig: Path) -> None:
    for arguments in ([], ["--json"]):
        done = once(str(kubeconfig), "-n", "nope", *arguments)
        assert (done.returncode, done.stderr) == (0, "No resources found in namespace nope.\n")
        assert done.stdout


def test_why_nothing_could_be_read_is_said_on_standard_error(kubeconfig: Path) -> None:
    done = once(str(kubeconfig), "--context", "nope*")
    assert (done.returncode, done.stdout) == (2, "")
    assert "No context nope* in" in done.stderr
    assert "There is farm, plant, van-17." in done.stderr
    as_json = once(str(kubeconfig), "--context", "nope*", "--json")
    assert as_json.returncode == json.loads(as_json.stdout)["exit"] == 2
    assert as_json.stderr == done.stderr


@pytest.mark.parametrize("word", ["pod", "po", "Pods", "PO"])
def test_a_pane_goes_by_the_words_that_kubectl_takes(word: str) -> None:
    assert panes(word) == ["pods"]


def test_one_cluster_needs_no_cluster_column(kubeconfig: Path) -> None:
    done = once(str(kubeconfig), "--pane", "nodes")
    assert done.stdout.splitlines()[3].split()[0] == "NAME"


def test_a_namespace_leaves_only_its_own_rows_and_what_has_none(kubeconfig: Path) -> None:
    document = json.loads(once(str(kubeconfig), "-n", "line-2", "--json", "--pane", "nodes,pods").stdout)
    assert len(document["panes"]["nodes"]) == 5
    assert {row["namespace"] for row in document["panes"]["pods"]} == {"line-2"}


def test_the_demo_without_a_terminal_prints_the_fleet_and_says_how_to_see_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "edgetui", "demo", "--no-outages"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Rollouts" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("This is the demo fleet, once. For the live screen run")


def test_what_cannot_be_read_is_said_and_costs_the_exit_code_its_zero() -> None:
    store = f.store_of(f.autoscaler("press"))
    pane = PANES["autoscalers"]
    assert code_of([store], pane) == 0
    store.set_freshness("HorizontalPodAutoscaler", Freshness(Sync.LIVE, f.NOW, unreadable=2))
    assert code_of([store], pane) == 3
    assert gaps([store], pane) == ["  plant: 2 unreadable"]


def test_a_kind_that_is_not_served_is_not_told_as_none() -> None:
    store = f.store_of()
    store.set_freshness("HorizontalPodAutoscaler", Freshness(Sync.ABSENT, f.NOW))
    assert gaps([store], PANES["autoscalers"]) == ["  plant: HorizontalPodAutoscaler cannot be read"]
    store.set_freshness("EndpointSlice", Freshness(Sync.FORBIDDEN, f.NOW, "no"))
    assert gaps([store], PANES["services"]) == ["  plant: EndpointSlice forbidden: no"]

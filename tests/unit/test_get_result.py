"""What `edgetui get` makes of words and of what it found: tables, documents, names, exit codes, and what is missing."""

from __future__ import annotations

import io
import json
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.target import ClusterTarget
from edgetui.get import command as getting
from edgetui.get.command import Printed
from edgetui.get.result import Found, as_document, as_names, as_text, cluster_line, exit_code, gaps, problems
from edgetui.get.wanted import Wanted, files_first, nearest, of_words
from edgetui.model.cache.freshness import Freshness, Link, LinkState, Sync
from edgetui.model.cache.store import Store
from edgetui.model.panes import PANES
from edgetui.model.selector import parse
from tests.unit.model import factories as f

NOW = float(f.NOW)


def plant() -> Store:
    made = f.deployment("press", "line-2", replicas=2, ready=1, available=1, revision=3)
    store = f.store_of(
        f.node("edge-1"),
        made,
        f.replica_set(made, "5d4b8", revision=3, replicas=2, ready=1),
        f.pod("press-1", "line-2", labels={"app": "press"}),
        f.pod("oven-1", "line-1", labels={"app": "oven"}),
        f.autoscaler("press", "line-2"),
    )
    store.set_version("v1.33.1")
    return store


def depot(link: Link = Link.STALE) -> Store:
    store = Store("depot")
    store.set_link(LinkState(link, NOW - 60, sentence="No answer.", next_step="Wait."))
    return store


def found(stores: list[Store], *words: str, **limits: Any) -> list[Found]:
    tables = of_words(list(words))
    for table, (name, value) in product(tables, limits.items()):
        setattr(table, name, value)
    return [Found(table, stores, NOW) for table in tables]


WORDS = (
    "", "nodes", "pods", "po", "node", "deploy", "deployments", "rollouts", "sts", "rs", "hpa", "services", "svc",
    "endpointslices", "events", "updates", "plans", "pods,nodes", "pods,deploy", "deploy,sts", "deploy,rollouts",
    "rollouts,deploy", "pods a", "pods a b", "deploy a", "rollouts a", "pods/a", "pods/a pods/b", "pods/a deploy/b",
    "deploy/a sts/b", "rollouts/a deploy/b", "deploy/a rollouts/b", "cm", "configmaps", "cm a", "cm/a", "cm/a cm/b",
    "cm,pods", "cm/a pods/b", "Pods", "PODS,", "pods,,nodes", "jobs", "cronjobs", "canaries", "pumps.example.com",
    "pumps.example.com/a pumps.example.com/b secrets/c",
)  # fmt: skip
MISTAKES = ("pods/a b", "pods/", "/a", "pods/a/b", "a/b c/")


def told(tables: list[Wanted]) -> str:
    return "; ".join(
        f"{one.id} {one.pane.id} kinds {sorted(one.kinds)} objects {sorted(one.objects)} word {one.word!r}"
        for one in tables
    )


def test_what_words_ask_for(snapshot: SnapshotAssertion) -> None:
    said = [f"{words or '-'}: {told(of_words(words.split()))}" for words in WORDS]
    for words in MISTAKES:
        try:
            said.append(f"{words}: {told(of_words(words.split()))}")
        except EdgetuiError as wrong:
            said.append(f"{words}: {wrong}")
    for panes in ("pods", "po,nodes", "all", " pods , nodes ", "pods,", "nope", "pods,nope", ""):
        try:
            said.append(f"--pane {panes}: {told(of_words([], [panes]))}")
        except EdgetuiError as wrong:
            said.append(f"--pane {panes}: {wrong}")
    said.append(f"both: {told(of_words(['deploy', 'a'], ['rollouts,nodes']))}")
    assert "\n".join(said) == snapshot


@pytest.mark.parametrize(
    ("words", "files"),
    [
        ("", 0),
        ("pods", 0),
        ("a.yaml pods", 1),
        ("a.yml b.conf c.config d.kubeconfig pods e.yaml", 4),
        ("/x ./y ../z ~/w pods", 4),
        ("here pods", 1),
        ("nothere pods", 0),
        ("pods here", 0),
        ("deploy", 0),
        ("nodes", 0),
        ("deploy/here", 0),
        ("dir/here pods", 1),
        ("rollouts", 0),
    ],
)
def test_files_come_first_and_a_word_that_means_something_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, files: int
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("here", "pods", "deploy", "nodes", "rollouts", "dir/here", "deploy_/x", "deploy.d"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    split = words.split()
    assert files_first(split) == (split[:files], split[files:])


@pytest.mark.parametrize(
    ("limits", "names"),
    [
        ({}, ["oven-1", "press-1"]),
        ({"namespace": "line-1"}, ["oven-1"]),
        ({"namespace": "line-3"}, []),
        ({"selector": parse("app=press")}, ["press-1"]),
        ({"selector": parse("app!=press")}, ["oven-1"]),
        ({"objects": {("Pod", "press-1")}}, ["press-1"]),
        ({"objects": {("", "press-1"), ("", "x")}}, ["press-1"]),
        ({"objects": {("Node", "press-1")}}, []),
        ({"kinds": {"Pod"}}, ["oven-1", "press-1"]),
        ({"kinds": {"Node"}}, []),
        ({"namespace": "line-1", "objects": {("", "press-1")}}, []),
    ],
)
def test_which_rows_are_wanted(limits: dict[str, Any], names: list[str]) -> None:
    (table,) = found([plant()], "pods", **limits)
    assert sorted(row.key.name for row in table.rows) == names


def test_what_has_no_namespace_is_in_every_one_and_what_has_no_labels_is_selected_by_none() -> None:
    (table,) = found([plant()], "nodes", namespace="line-1")
    assert [row.key.name for row in table.rows] == ["edge-1"]


@pytest.mark.parametrize(
    ("words", "limits", "missing", "code", "said"),
    [
        ("pods", {}, [], 0, []),
        ("pods press-1 nope", {}, ["pods nope"], 1, ["pods nope not found."]),
        ("deploy press nope", {}, ["deployment nope"], 1, ["deployment nope not found."]),
        ("pods/zz pods/aa", {}, ["pods aa", "pods zz"], 1, ["pods aa not found.", "pods zz not found."]),
        ("pods", {"namespace": "nope"}, [], 0, ["No resources found in namespace nope."]),
        ("nodes", {"namespace": "nope"}, [], 0, ["No resources found in namespace nope."]),
        ("pods", {"selector": parse("app=none")}, [], 0, ["No resources found."]),
        ("sts", {}, [], 0, ["No resources found."]),
    ],
)
def test_what_is_missing_is_said_and_counts(
    words: str, limits: dict[str, Any], missing: list[str], code: int, said: list[str]
) -> None:
    stores = [plant()]
    tables = found(stores, *words.split(), **limits)
    assert [one for table in tables for one in table.missing] == missing
    assert exit_code(stores, tables) == code
    assert problems(stores, tables, code, NOW) == said


@pytest.mark.parametrize("link", Link)
@pytest.mark.parametrize("sync", Sync)
def test_the_exit_code_of_every_link_and_every_list(link: Link, sync: Sync) -> None:
    live, other = plant(), Store("depot")
    for kind in ("Node", "Pod"):
        other.set_freshness(kind, Freshness(sync, NOW))
    other.set_link(LinkState(link, NOW))
    usable = link not in (Link.REFUSED, Link.BROKEN)
    alone = 2 if sync is not Sync.LIVE else 0 if usable else 3
    assert exit_code([other], found([other], "nodes")) == alone
    beside = 0 if usable and sync in (Sync.LIVE, Sync.ABSENT) else 3
    assert exit_code([live, other], found([live, other], "nodes")) == beside


def test_of_nothing_that_could_be_read_the_clusters_say_why() -> None:
    stores = [depot(), depot(Link.REFUSED)]
    tables = found(stores, "nodes")
    assert exit_code(stores, tables) == 2
    assert problems(stores, tables, 2, NOW) == [
        "depot  stale  No answer.  Wait.",
        "depot  refused  No answer.  Wait.",
    ]
    assert problems(stores, found([plant()], "nodes"), 2, NOW) == []


def test_text_names_and_the_document(snapshot: SnapshotAssertion) -> None:
    plant_, stores = plant(), [plant(), depot()]
    targets = [
        ClusterTarget(name="plant", context="plant@site", server="https://10.0.0.1:6443"),
        ClusterTarget(name="depot", context="depot", server="https://10.0.0.2:6443"),
    ]
    tables = found(stores, "nodes,pods,hpa,deploy")
    told = [
        as_text(stores, tables, NOW, 80),
        as_text(stores, tables, NOW, 80, heads=False),
        as_text([plant_], found([plant_], "pods"), NOW, 200),
        as_names(stores, tables),
        json.dumps(as_document(targets, stores, tables, 3, NOW), indent=1),
    ]
    assert "\n=====\n".join(told) == snapshot


def test_a_cluster_in_one_line() -> None:
    store = plant()
    assert cluster_line(store, NOW) == "plant  live  v1.33.1"
    store.set_link(LinkState(Link.LIVE, NOW, sentence="Not said.", next_step="Not said either."))
    assert cluster_line(store, NOW) == "plant  live  v1.33.1"
    store.set_link(LinkState(Link.BROKEN, NOW, sentence="No server.", next_step="Name one."))
    assert cluster_line(store, NOW) == "plant  broken  v1.33.1  No server.  Name one."
    assert cluster_line(Store("new"), NOW) == "new  connecting"


@pytest.mark.parametrize("link", [Link.LIVE, Link.STALE])
@pytest.mark.parametrize("sync", Sync)
@pytest.mark.parametrize("reason", ["", "no right"])
def test_what_a_table_lacks_is_said_below_it_of_a_live_cluster(link: Link, sync: Sync, reason: str) -> None:
    store = f.store_of()
    store.set_link(LinkState(link, NOW))
    store.set_freshness("Node", Freshness(sync, NOW, reason))
    words = "cannot be read" if sync is Sync.ABSENT else sync.value
    line = f"  plant: Node {words}{f': {reason}' if reason else ''}"
    expected = [line] if link is Link.LIVE and sync is not Sync.LIVE else []
    assert [one for one in gaps([store], PANES["nodes"]) if " Node " in one] == expected


def test_what_a_pane_does_not_find_installed_is_said_of_a_live_cluster() -> None:
    store = f.store_of()
    note = PANES["updates"].without(store)
    assert note
    assert gaps([store], PANES["updates"])[0] == f"  plant: {note}"
    store.set_link(LinkState(Link.STALE, NOW))
    assert gaps([store], PANES["updates"]) == []


@pytest.mark.parametrize(
    ("word", "step"),
    [
        ("podz", "Did you mean pods?"),
        ("PUMPZ", "Did you mean pumps?"),
        ("xyzzy", "kubectl api-resources lists what they serve."),
    ],
)
def test_the_nearest_word(word: str, step: str) -> None:
    assert nearest(word, ["pumps"]) == step


# -- the command


class Command:
    """`get` with a reading that a test has made. `ran` is what it was told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ran: list[Any] = []
        monkeypatch.setattr("edgetui.arguments.Parser.defaults", None)
        monkeypatch.setattr("edgetui.arguments.targets", lambda options: ["plant", options.files])
        monkeypatch.setattr(getting, "run", self._run)

    def _run(self, targets: Any, tables: list[Wanted], printed: Printed, **more: Any) -> int:
        self.ran.append((targets, told(tables), tables[0].namespace, tables[0].selector))
        self.ran.append((printed.form, printed.quiet, more))
        return 6


def test_every_option_of_get_reaches_what_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    command = Command(monkeypatch)
    assert getting.command([]) == 6
    line = "a.yaml pods x -n line-1 -l app=x -o wide -w -q --no-cache --timeout 2m"
    assert getting.command(line.split()) == 6
    assert getting.command(["--json", "-o", "name", "--pane", "pods,nodes"]) == 6
    usual = {"timeout": 15.0, "keep_rows": True, "watch": False}
    assert command.ran == [
        (["plant", []], told(of_words([])), "", ()),
        ("", False, usual),
        (["plant", ["a.yaml"]], told(of_words(["pods", "x"])), "line-1", parse("app=x")),
        ("wide", True, {"timeout": 120.0, "keep_rows": False, "watch": True}),
        (["plant", []], told(of_words([], ["pods,nodes"])), "", ()),
        ("json", False, usual),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("-w", "-w follows one pane or kind, as a table or with -o name"),
        ("pods -w --json", "-w follows one pane or kind, as a table or with -o name"),
        ("pods -w -o yaml", "-w follows one pane or kind, as a table or with -o name"),
        ("pods,nodes -w -o name", "-w follows one pane or kind, as a table or with -o name"),
        ("pods -l a=b=c,", ""),
        ("pods -o jsn", "argument -o/--output: invalid choice"),
    ],
)
def test_what_get_cannot_do_is_refused_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    command = Command(monkeypatch)
    with pytest.raises(SystemExit) as left:
        getting.command(line.split())
    assert (left.value.code, command.ran) == (2, [])
    assert said in capsys.readouterr().err


class Out(io.StringIO):
    def __init__(self, tty: bool) -> None:
        super().__init__()
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty


@pytest.mark.parametrize(
    ("form", "tty", "width"), [("", True, 60), ("", False, 10**6), ("wide", True, 10**6), ("name", True, 60)]
)
def test_a_table_is_cut_for_a_person_at_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, form: str, tty: bool, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(getting, "sys", SimpleNamespace(stdout=Out(tty)))
    assert Printed(form).width == width


@pytest.mark.parametrize("form", ["", "wide", "name", "json", "yaml"])
@pytest.mark.parametrize("quiet", [False, True])
@pytest.mark.parametrize("stores", [[plant()], [depot()]], ids=["plant", "depot"])
def test_each_form_prints_what_was_found_and_tells_beside_it_what_was_not(
    monkeypatch: pytest.MonkeyPatch, form: str, quiet: bool, stores: list[Store]
) -> None:
    out, err = Out(False), Out(False)
    monkeypatch.setattr(getting, "sys", SimpleNamespace(stdout=out, stderr=err))
    monkeypatch.setattr(getting, "time", SimpleNamespace(time=lambda: NOW))
    tables = of_words(["nodes"])
    target = ClusterTarget(name=stores[0].cluster, context="c")
    opened: Any = SimpleNamespace(stores=stores, notes=["A note."])
    code = Printed(form, quiet=quiet).write([target], opened, tables)
    rows = [Found(table, stores, NOW) for table in tables]
    lives = stores[0].cluster == "plant"
    assert code == (0 if lives else 2)
    why = "" if lives else "depot  stale  No answer.  Wait.\n"
    assert err.getvalue() == f"A note.\n{why}"
    whole = json.loads(json.dumps(as_document([target], stores, rows, code, NOW)))
    if form == "json":
        assert out.getvalue() == json.dumps(whole, indent=2) + "\n"
    elif form == "yaml":
        assert yaml.safe_load(out.getvalue()) == whole
        assert list(yaml.safe_load(out.getvalue())) == list(whole)
        assert max(map(len, out.getvalue().splitlines())) < 200
    elif form == "name":
        assert out.getvalue() == ("node/edge-1\n" if lives else "")
    else:
        text = as_text(stores, rows, NOW, 10**6, heads=not quiet)
        assert out.getvalue() == (text if lives else "")

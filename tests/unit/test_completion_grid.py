"""What is offered at every place of every command, where a cluster answers and where it does not.

`pytest tests/unit/test_completion_grid.py --snapshot-update` takes what is offered now; look at what differs first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.api.client import NAMES_ONLY
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.target import ClusterTarget
from edgetui.commands import commands
from edgetui.completion import candidates, live
from edgetui.completion.candidates import command, joined
from edgetui.verbs import Place, explain, kubectl_line, pane_named, place_of

CONFIG = """
apiVersion: v1
kind: Config
current-context: plant
users: [{name: u, user: {token: t}}]
clusters: [{name: c, cluster: {server: 'http://127.0.0.1:9'}}]
contexts:
- {name: plant, context: {cluster: c, user: u}}
- {name: depot, context: {cluster: c, user: u, namespace: yard}}
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("STATE", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    for name in ("EDGETUI_CONTEXT", "EDGETUI_NAMESPACE"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "config"
    file.write_text(CONFIG)
    monkeypatch.setenv("KUBECONFIG", str(file))
    return file


@pytest.fixture(params=[True, False], ids=["a cluster that answers", "kept rows"])
def answers(request: pytest.FixtureRequest, config: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the cluster answers: with names that say what was asked for."""

    def where(place: Place) -> str:
        return f"{place.target.name if place.target else 'nowhere'}.{place.namespace or 'all'}"

    async def names(place: Place, word: str) -> list[str]:
        return [f"{word}.{where(place)}"] if request.param else []

    async def kinds(place: Place) -> list[str]:
        return [f"gadgets.{where(place)}"] if request.param else []

    monkeypatch.setattr(live, "names", names)
    monkeypatch.setattr(live, "kinds", kinds)
    monkeypatch.setattr(live, "kept_names", lambda place, word: [f"kept.{word}.{where(place)}"])
    monkeypatch.setattr(live, "kept_namespaces", lambda place: [f"kept.{where(place)}"])
    return bool(request.param)


def offered(line: str) -> str:
    words = joined(line.split(" "))
    found = [one for one in dict.fromkeys(candidates.candidates(words)) if one.startswith(words[-1])]
    told = " ".join(found[:4])
    return f"{line}: {told}{f' and {len(found) - 4} more' if len(found) > 4 else ''}"


PLACES = (
    "",
    "x ",
    "deploy ",
    "deploy x ",
    "deploy x y ",
    "deploy/",
    "deploy/x d",
    "node/x ",
    "-n ",
    "-n line-2 deploy/",
)


def test_the_words_of_every_command(answers: bool, snapshot: SnapshotAssertion) -> None:
    lines = [f"{one.name} {place}" for one in commands() if one.name != "demo" for place in PLACES]
    if not answers:
        lines = [
            line for line in lines if line.startswith(("get", "scale", "cp", "exec", "skip-update", "drain"))
        ]
    assert "\n".join(offered(line) for line in lines) == snapshot


def test_other_places_of_a_line(answers: bool, snapshot: SnapshotAssertion) -> None:
    lines = [
        "", "-", "--", "--con", "--context ", "--context d", "--namespace ", "--terminal ", "--theme ", "--budget ",
        "rollout ", "rollout st", "rollout -", "rollout x ", "set ", "set -", "config ", "help ", "help s",
        "help rollout ", "help scale ", "help -", "nosuch ", "nosuch --con", "get", "get ", "get pods,", "get -o ",
        "get -o json ", "get -w ", "get --json ", "get pods -n line-2 ", "get -n line-2 pods ",
        "get --context depot pods ",
        "get --context nope pods ", "get pods/", "get pods/x", "get pods/x pods/", "get pods/x services/y ",
        "--context depot scale deploy/", "scale --replicas ", "scale --replicas 3 deploy/",
        "scale deploy/ --replicas 3 ",
        "scale deploy -- ", "cp ", "cp x:/y ", "cp ./x ", "cp ./", "cp ~/", "cp /", "cp line-2/", "cp x:",
        "cp ./x line-2/",
        "exec ", "exec x -- ", "exec -n line-2 ", "status ", "status deploy/", "history ", "rollout status ",
        "skip-update edge-1 ", "skip-update node edge-1 ", "skip-update node/edge-1 ", "skip-update node/edge-1 k3s ",
        "completion ", "completion bash ", "import-k9s ", "doctor ", "doctor --json ", "config view ", "version ",
        "delete --cascade ", "delete --cascade orphan ", "--kubeconfig ", "--kubeconfig nope get pods ",
    ]  # fmt: skip
    assert "\n".join(offered(line) for line in lines) == snapshot


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], []),
        (["="], ["="]),
        (["a", "=", "b"], ["a", "=", "b"]),
        (["--a", "=", "b"], ["--a", "b"]),
        (["--a", "=", "b", "c"], ["--a=b", "c"]),
        (["--a", "=", "b", "--c", "=", ""], ["--a=b", "--c", ""]),
        (["--a=b"], ["--a", "b"]),
        (["--a=b=c"], ["--a", "b=c"]),
        (["-a=b"], ["-a=b"]),
        (["x", "--a", "b"], ["x", "--a", "b"]),
        (["x", "=", "--a"], ["x", "=", "--a"]),
    ],
)
def test_words_that_a_shell_took_apart_are_joined(words: list[str], found: list[str]) -> None:
    assert joined(words) == found


def test_what_begins_otherwise_what_cannot_be_seen_and_what_comes_twice_is_not_offered(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(candidates, "candidates", lambda words: ["ab", "b", "ab", "a\x1b", "a c", "a"])
    assert command(["x", "a"]) == 0
    assert capsys.readouterr() == ("ab\na c\na\n", "")


def test_a_defect_offers_nothing_and_says_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(words: Sequence[str]) -> Iterable[str]:
        raise KeyError

    monkeypatch.setattr(candidates, "candidates", broken)
    assert command(["get", ""]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("error", [EdgetuiError("No right."), TimeoutError(), msgspec.DecodeError("no JSON")])
def test_a_cluster_that_fails_offers_nothing(error: Exception) -> None:
    async def failing() -> list[str]:
        raise error

    assert candidates._limited(failing()) == []


def test_a_cluster_has_a_limit_and_a_defect_is_none_of_its_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    async def works() -> list[str]:
        return ["a"]

    async def hangs() -> list[str]:
        await asyncio.Event().wait()
        return ["too late"]

    async def broken() -> list[str]:
        raise KeyError

    monkeypatch.setattr(candidates, "LIMIT", 0.01)
    assert candidates._limited(works()) == ["a"]
    assert candidates._limited(hangs()) == []
    with pytest.raises(KeyError):
        candidates._limited(broken())


PLANT = ClusterTarget(name="plant", context="plant", server="http://127.0.0.1:9")


class Cluster:
    """An API server that serves two kinds beside Kubernetes' own; `asked` is what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[Any] = []
        self.closed = 0
        self.body = b'{"items": [{"metadata": {"name": "b"}}, {"metadata": {"name": "a"}}, {"metadata": {}}]}'
        kinds = [
            SimpleNamespace(group="example.com", version="v2", plural="pumps", namespaced=True, listed=True),
            SimpleNamespace(group="example.com", version="v1", plural="sites", namespaced=False, listed=True),
            SimpleNamespace(
                group="example.com", version="v1", plural="hidden", namespaced=True, listed=False
            ),
        ]
        self._kinds = {one.plural: one for one in kinds}
        monkeypatch.setattr(live, "Connection", self._connection)
        monkeypatch.setattr(live, "catalog_of", self._catalog)
        monkeypatch.setattr(live, "all_words", lambda served, begun: [*served, begun])

    def _connection(self, target: ClusterTarget) -> Any:
        assert target is PLANT
        api = SimpleNamespace(get_bytes=self._get, kind=self._kind)
        return SimpleNamespace(api=api, close=self._close)

    def _close(self) -> None:
        self.closed += 1

    @staticmethod
    def _kind(kind: str) -> Any:
        return SimpleNamespace(path=lambda namespace: f"{kind} in {namespace or 'all'}")

    async def _get(self, path: str, query: dict[str, str], **more: Any) -> bytes:
        self.asked.append((path, query, more))
        return self.body

    async def _catalog(self, api: Any, timeout: float) -> Any:
        assert timeout == 5.0

        async def find(word: str) -> list[Any]:
            return [self._kinds[word]] if word in self._kinds else []

        async def known() -> None:
            self.asked.append("what is served")

        return SimpleNamespace(find=find, known=known, served="served")


@pytest.mark.parametrize(
    ("word", "namespace", "asked"),
    [
        ("deploy", "line-1", ["Deployment in line-1"]),
        ("pods", "", ["Pod in all"]),
        ("namespaces", "line-1", ["/api/v1/namespaces"]),
        ("pumps", "line-1", ["what is served", "/apis/example.com/v2/namespaces/line-1/pumps"]),
        ("pumps", "", ["what is served", "/apis/example.com/v2/pumps"]),
        ("sites", "line-1", ["what is served", "/apis/example.com/v1/sites"]),
        ("hidden", "line-1", ["what is served"]),
        ("unknown", "line-1", ["what is served"]),
    ],
)
async def test_names_are_asked_for_where_the_kind_is_and_nothing_more_than_them(
    monkeypatch: pytest.MonkeyPatch, word: str, namespace: str, asked: list[str]
) -> None:
    cluster = Cluster(monkeypatch)
    found = await live.names(Place(PLANT, namespace, [], []), word)
    assert found == (["", "a", "b"] if asked[-1:] != ["what is served"] else [])
    more = {"timeout": 5.0, "headers": NAMES_ONLY}
    assert cluster.asked == [
        one if one == "what is served" else (one, {"limit": "500"}, more) for one in asked
    ]
    assert cluster.closed == 1


async def test_kinds_are_those_that_are_served(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(monkeypatch)
    assert await live.kinds(Place(PLANT, "", [], [])) == ["served", ""]
    assert (cluster.asked, cluster.closed) == (["what is served"], 1)


async def test_no_cluster_and_one_that_cannot_be_used_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(monkeypatch)
    broken = ClusterTarget(name="plant", context="plant", error=EdgetuiError("No server."))
    for target in (None, broken):
        assert await live.names(Place(target, "", [], []), "pods") == []
        assert await live.kinds(Place(target, "", [], [])) == []
    assert (cluster.asked, cluster.closed) == ([], 0)


async def test_an_answer_that_is_no_list_is_told_apart_and_the_connection_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster = Cluster(monkeypatch)
    cluster.body = b"[]"
    with pytest.raises(msgspec.ValidationError):
        await live.names(Place(PLANT, "", [], []), "pods")
    assert cluster.closed == 1


@pytest.mark.parametrize(
    ("namespace", "names"),
    [("", ["edge-1", "oven", "press"]), ("line-1", ["edge-1", "oven"]), ("line-3", ["edge-1"])],
)
def test_kept_names_are_those_of_the_namespace_and_of_what_has_none(
    monkeypatch: pytest.MonkeyPatch, namespace: str, names: list[str]
) -> None:
    rows = [
        SimpleNamespace(name=name, namespace=where)
        for name, where in (("press", "line-2"), ("oven", "line-1"), ("edge-1", ""), ("oven", "line-1"))
    ]
    monkeypatch.setattr(live, "_kept", lambda place, kind: rows if kind == "Deployment" else [])
    place = Place(PLANT, namespace, [], [])
    assert live.kept_names(place, "deploy") == names
    assert live.kept_names(place, "unknown") == []
    assert live.kept_namespaces(place) == ["", "line-1", "line-2"]


def test_without_a_cluster_or_a_file_nothing_was_kept(config: Path) -> None:
    for target in (None, PLANT):
        assert list(live._kept(Place(target, "", [], []), "Pod")) == []


@pytest.mark.parametrize(
    ("line", "name", "namespace", "rest"),
    [
        ("", "plant", "", []),
        ("top pods", "plant", "", ["top", "pods"]),
        ("top -n line-1 pods -A", "plant", "line-1", ["top", "pods", "-A"]),
        ("top --context depot pods", "depot", "yard", ["top", "pods"]),
        ("top --context depot --namespace x pods", "depot", "x", ["top", "pods"]),
        ("top --context nope", None, "", ["top"]),
        ("top --context depot --context plant", None, "", ["top"]),
        ("exec -n a x -- ls -n b", "plant", "a", ["exec", "x", "--", "ls", "-n", "b"]),
        ("top --cont depot", "plant", "", ["top", "--cont", "depot"]),
        ("-- --context depot", "plant", "", ["--", "--context", "depot"]),
    ],
)
def test_where_a_line_would_act(
    config: Path, line: str, name: str | None, namespace: str, rest: list[str]
) -> None:
    place = place_of(line.split())
    assert place.target is None if name is None else place.target is not None and place.target.name == name
    assert place[1:] == (namespace, rest, ["plant", "depot"])


def test_of_a_file_that_is_not_there_no_context_is_known(config: Path) -> None:
    assert place_of(["--kubeconfig", "/nowhere/config"]) == Place(None, "", [], [])


@pytest.mark.parametrize("named", ["edgetui", "kubectl edge"])
def test_what_is_said_of_words_that_are_no_command(
    config: Path, monkeypatch: pytest.MonkeyPatch, named: str, snapshot: SnapshotAssertion
) -> None:
    monkeypatch.setattr("edgetui.verbs.program", lambda: named)
    monkeypatch.chdir(config.parent)
    lines = [
        "rollout", "rollout x", "rollout stat deploy/x", "rollout -n x", "rollout undoo", "set", "set imag",
        "set env x",
        "config", "config set-context x", "config view", "config -n x", "top", "top pods", "top pods -n line-1",
        "describe pod x --context depot", "logs x --context nope", "events", "apply -f x.yaml", "pods", "po", "node",
        "pod x y", "deploy", "scal deploy", "sclae", "stat", "undo", "undoo", "podz", "xyzzy", "x.yaml", "dir/file",
        "./x",
        "-x", "wait --for x", "label x a=b", "annotate 'a b' c",
    ]  # fmt: skip
    told = []
    for line in lines:
        found = explain(line.split(" "))
        told.append(f"{line}: {' | '.join(found) if found else None}".replace(str(config.parent), "HOME"))
    assert "\n".join(told) == snapshot


def test_kubectl_gets_the_context_and_the_namespace_of_the_line(config: Path) -> None:
    assert kubectl_line(["top", "pods", "--context", "nope"]) == "kubectl top pods --context nope"
    assert kubectl_line(["logs", "a b", "--context", "depot"]).endswith("--context depot -n yard logs 'a b'")


@pytest.mark.parametrize(
    ("word", "pane"), [("po", "pods"), ("nodes", "nodes"), ("hpa", "autoscalers"), ("x", "")]
)
def test_a_pane_is_named_by_what_is_in_it(word: str, pane: str) -> None:
    assert pane_named(word) == pane

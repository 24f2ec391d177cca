"""The edges of the command line: what parsers make of words and say of mistakes.

`pytest tests/unit/test_command_line_edges.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui import arguments, commands
from edgetui.arguments import Parser, bytes_per_second, duration, number
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.target import Impersonation


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "argv", ["edgetui"])
    monkeypatch.setattr(Parser, "defaults", None)
    monkeypatch.chdir(tmp_path)


def parser(command: str = "get") -> Parser:
    made = Parser(command, "")
    arguments.add_selection(made)
    arguments.add_verbosity(made)
    made.add_argument("--dry-run", action="store_true")
    return made


@pytest.mark.parametrize(
    ("words", "plain"),
    [
        ("", ""),
        ("a --dry-run b", "a --dry-run b"),
        ("--dry-run=server", "--dry-run"),
        ("a --dry-run=none b", "a b"),
        ("-v", "--v=6"),
        ("--v", "--v=6"),
        ("-v 8 a", "--v=8 a"),
        ("--v 8", "--v=8"),
        ("-v a", "--v=6 a"),
        ("-v8", "--v=8"),
        ("-v=9", "--v=9"),
        ("-vx", "-vx"),
        ("-v8x", "-v8x"),
        ("a -v -- -v 3 --dry-run=none", "a --v=6 -- -v 3 --dry-run=none"),
        ("-- --dry-run=client", "-- --dry-run=client"),
    ],
)
def test_what_kubectl_takes_becomes_what_is_known_here(words: str, plain: str) -> None:
    assert parser()._plain(words.split()) == plain.split()


@pytest.mark.parametrize("command", ["", "get"])
def test_every_mistake_is_one_line_with_a_next_step(
    command: str, capsys: pytest.CaptureFixture[str], snapshot: SnapshotAssertion
) -> None:
    said = []
    for line in (
        "--dry-run=client", "--contex x", "--context", "--server x", "-s x", "--token=x", "--user x", "-f x.yaml",
        "--filename=x", "-k x", "-o json", "--output=json", "-w", "-l a=b", "-q", "--quiet", "-x", "--xyzzy",
        "--xyzzy=1",
        "--v=11", "--v=-1", "--v=x", "--no-cach", "--insecure-skip-tls-verify", "-R", "--dry-run=x", "--all-context x",
    ):  # fmt: skip
        made = parser(command)
        if command:
            made.add_argument("--required", required=line == "-R")
        try:
            made.parse_words(line.split())
            said.append(f"{line}: taken")
        except SystemExit as left:
            assert left.code == 2
            out, err = capsys.readouterr()
            assert (out, err.count("\n")) == ("", 1)
            said.append(f"{line}: {err.rstrip()}")
    assert "\n".join(said) == snapshot


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("edgetui", "edgetui"),
        ("/usr/bin/kubectl-edge", "kubectl edge"),
        ("kubectl-edge.py", "edgetui"),
        ("", "edgetui"),
    ],
)
def test_a_plugin_of_kubectl_is_named_as_it_was_typed(
    monkeypatch: pytest.MonkeyPatch, program: str, name: str
) -> None:
    monkeypatch.setattr(sys, "argv", [program])
    assert arguments.program() == name
    assert Parser("get", "").prog == f"{name} get"
    assert Parser("", "").prog == name


def test_what_is_selected_without_any_word() -> None:
    assert vars(parser().parse_words([])) == {
        "files": [],
        "kubeconfig": [],
        "context": [],
        "all_contexts": False,
        "namespace": "",
        "acting_as": "",
        "as_group": [],
        "no_cache": False,
        "quiet": False,
        "verbosity": 0,
        "dry_run": False,
    }
    assert vars(arguments.screen_parser().parse_words([])) == {
        "files": [],
        "kubeconfig": [],
        "context": [],
        "all_contexts": False,
        "namespace": "",
        "acting_as": "",
        "as_group": [],
        "no_cache": False,
        "read_only": False,
        "theme": "",
        "terminal": "",
        "api_traffic": "",
        "wire": "",
        "budget": None,
        "version": False,
    }


def test_every_option_may_be_given_and_some_again() -> None:
    words = (
        "a.yaml -n x b.yaml -A --kubeconfig k1 --kubeconfig k2 --context c1 --context c2 --all-contexts --as u"
        " --as-group g1 --as-group g2 --no-cache -q -v 7 --dry-run"
    )
    assert vars(parser().parse_words(words.split())) == {
        "files": ["a.yaml", "b.yaml"],
        "kubeconfig": ["k1", "k2"],
        "context": ["c1", "c2"],
        "all_contexts": True,
        "namespace": "",
        "acting_as": "u",
        "as_group": ["g1", "g2"],
        "no_cache": True,
        "quiet": True,
        "verbosity": 7,
        "dry_run": True,
    }


def test_the_list_of_commands_fits_every_width(
    monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion
) -> None:
    told = []
    for columns in (40, 53, 80, 200):
        monkeypatch.setenv("COLUMNS", str(columns))
        told.append(commands.overview())
    assert "\n=====\n".join(told) == snapshot


@pytest.mark.parametrize(
    ("words", "name", "rest"),
    [
        ("scale deploy/x", "scale", "deploy/x"),
        ("once pods", "get", "pods"),
        ("rollout undo deploy/x", "rollback", "deploy/x"),
        ("rollout -n x status deploy/y", "rollout status", "-n x deploy/y"),
        ("rollout --context x -A status", "rollout status", "--context x -A"),
        ("rollout -n status", None, ""),
        ("rollout -- status", None, ""),
        ("rollout -n x -- status", None, ""),
        ("set -l status image x", "image", "-l status x"),
        ("status deploy/x", "rollout status", "deploy/x"),
        ("config view", "config view", ""),
        ("config", None, ""),
        ("xyzzy", None, ""),
    ],
)
def test_which_command_a_line_begins_with(words: str, name: str | None, rest: str) -> None:
    found = commands.find(words.split())
    assert (found and (found[0].name, found[1])) == (name and (name, rest.split()))


@pytest.mark.parametrize(
    ("acting", "groups", "found"),
    [("", [], None), ("u", [], Impersonation("u", ())), ("u", ["a", "b"], Impersonation("u", ("a", "b")))],
)
def test_whom_to_act_as(acting: str, groups: list[str], found: Impersonation | None) -> None:
    assert arguments.acting_as(argparse.Namespace(acting_as=acting, as_group=groups)) == found


def test_groups_without_a_user_are_nobodys() -> None:
    with pytest.raises(EdgetuiError) as wrong:
        arguments.acting_as(argparse.Namespace(acting_as="", as_group=["a"]))
    assert (wrong.value.sentence, wrong.value.next_step) == (
        "--as-group names groups of nobody.",
        "Name the user with --as.",
    )


@pytest.mark.parametrize(("level", "named"), [(0, False), (5, False), (6, True), (10, True), (None, False)])
def test_requests_are_named_from_the_sixth_level_on(
    level: int | None, named: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = logging.getLogger("edgetui.http")
    monkeypatch.setattr(logger, "handlers", [])
    monkeypatch.setattr(logger, "level", logging.WARNING)
    logger._cache.clear()  # type: ignore[attr-defined]
    arguments.name_requests(argparse.Namespace() if level is None else argparse.Namespace(verbosity=level))
    logger.debug("GET /api %s", "200")
    logger._cache.clear()  # type: ignore[attr-defined]
    assert capsys.readouterr().err == ("GET /api 200\n" if named else "")


@pytest.mark.parametrize(
    ("given", "files"),
    [
        ({"files": ["a"], "kubeconfig": []}, ["a"]),
        ({"files": [], "kubeconfig": ["k"]}, ["k"]),
        ({"files": ["a"], "kubeconfig": ["k"]}, ["a", "k"]),
        ({"files": ["a"], "kubeconfig": ["k"], "given": {"kubeconfig"}}, ["a", "k"]),
        ({"files": ["a"], "kubeconfig": ["set"], "given": set()}, ["a"]),
        ({"files": [], "kubeconfig": ["set"], "given": set()}, ["set"]),
    ],
)
def test_files_of_the_line_count_before_those_that_are_set(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], files: list[str]
) -> None:
    from edgetui.cluster.kubeconfig import loader

    asked: list[Any] = []

    def load(*given: Any) -> list[Any]:
        asked.append(given)
        return ["plant"]

    monkeypatch.setattr(loader, "load_fleet", load)
    rest = {"context": ["c"], "all_contexts": True, "namespace": "n", "acting_as": "u", "as_group": []}
    found: list[Any] = list(arguments.targets(argparse.Namespace(**given, **rest)))
    assert found == ["plant"]
    ((selection, _, home),) = asked
    assert (selection.files, home) == ([Path(name) for name in files], Path.home())
    assert (selection.contexts, selection.all_contexts, selection.namespace) == (["c"], True, "n")
    assert selection.acting_as == Impersonation("u", ())


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("100", 100.0),
        ("99", None),
        ("100B/s", 100.0),
        ("1kB", 1000.0),
        ("1.5 MB/s", 1.5e6),
        ("2G", 2e9),
        ("1Ki", 1024.0),
        ("1MiB/s", 1048576.0),
        ("1GiB", 1073741824.0),
        ("800bit/s", 100.0),
        ("799bit/s", None),
        ("64kbit/s", 8000.0),
        (" 20KiB/s ", 20480.0),
        ("1kk", None),
        ("-100", None),
        ("fast", None),
        ("", None),
    ],
)
def test_rates(text: str, rate: float | None) -> None:
    if rate is not None:
        assert bytes_per_second(text) == rate
        return
    with pytest.raises(argparse.ArgumentTypeError) as wrong:
        bytes_per_second(text)
    words = "is not a rate of at least 100 bytes per second, such as 20KiB/s or 64kbit/s"
    assert str(wrong.value) == f"{text} {words}"


def test_bounds_are_part_of_what_is_taken_and_of_what_is_said() -> None:
    assert [number(2, 4)(text) for text in "234"] == [2, 3, 4]
    assert [duration(2, 4)(text) for text in ("2", "4")] == [2.0, 4.0]
    for text in ("1", "5"):
        with pytest.raises(argparse.ArgumentTypeError, match=f"^{text} is not a number from 2 to 4$"):
            number(2, 4)(text)
        with pytest.raises(argparse.ArgumentTypeError) as wrong:
            duration(2, 4, " of some length")(text)
        assert str(wrong.value) == f"“{text}” is not a time of some length such as 15, 90s, 5m or 1h30m"
    assert (arguments.seconds("1ms"), arguments.past("52w")) == (0.001, 52 * 604_800.0)

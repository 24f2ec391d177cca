"""What a command line means: its options, what the screen is told of them, and what is said of a mistake.

`pytest tests/unit/test_command_lines.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui import arguments, cli, commands, verbs
from edgetui.ui import run as screen_run

from .test_cli import DEAD

OPTIONS = (
    (),
    ("FILE", "OTHER"),
    ("--kubeconfig", "FILE", "FILE"),
    ("--context", "plant", "--context", "van-*"),
    ("--all-contexts",),
    ("-n", "line-2"),
    ("-n", "line-2", "-A"),
    ("--as", "ops", "--as-group", "night"),
    ("--no-cache",),
    ("--read-only",),
    ("--theme", "dark"),
    ("--terminal", "thin"),
    ("--profile", "serial"),
    ("--api-traffic", "reduced"),
    ("--wire", "thin"),
    ("--api-traffic", "full", "--wire", "lean"),
    ("--budget", "20KiB/s"),
    ("-V",),
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home with one cluster that does not answer, and nothing else that is set."""
    for name in [name for name in os.environ if name.startswith(("EDGETUI_", "TEXTUAL_", "XDG_", "SSH_"))]:
        monkeypatch.delenv(name)
    for name in ("NO_COLOR", "COLORTERM", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setattr(arguments.Parser, "defaults", None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plant.yaml").write_text(DEAD)
    yield tmp_path
    gc.enable()


def test_every_option_of_the_screen(snapshot: SnapshotAssertion) -> None:
    usual = vars(arguments.screen_parser().parse_words([]))
    found = [f"usual: {usual}"]
    for words in OPTIONS[1:]:
        options = vars(arguments.screen_parser().parse_words(words))
        found.append(
            f"{' '.join(words)}: { {key: one for key, one in options.items() if one != usual[key]} }"
        )
    assert "\n".join(found) == snapshot


def settings_of(words: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, dict[str, Any]]:
    """The exit code of a start, and what the screen is told by it."""
    told: list[tuple[Any, Any]] = []
    monkeypatch.setattr(screen_run, "run_screen", lambda *given: told.append(given) or 0)
    code = cli.main(words)
    if not told:
        return code, {}
    targets, settings = told[0]
    fields = {name: getattr(settings, name) for name in settings.__struct_fields__}
    return code, {**fields, "profile": settings.profile.name, "targets": [one.name for one in targets]}


def test_what_the_screen_is_told(snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = settings_of(("plant.yaml",), monkeypatch)[1]
    assert not gc.isenabled(), "nothing that a start makes is garbage"
    found = [f"usual: {usual}"]
    for words in OPTIONS[5:-1]:
        code, settings = settings_of(("plant.yaml", *words), monkeypatch)
        others = {key: one for key, one in settings.items() if one != usual[key]}
        found.append(f"{' '.join(words)}: {code} {others}")
    assert "\n".join(found) == snapshot


def test_what_is_set_for_one_cluster(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = home / ".config" / "edgetui"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(
        "commands:\n  dp: deployments\ncontexts:\n  plant:\n    api-traffic: minimal\n    budget: 4KiB/s\n"
    )
    _, settings = settings_of(("plant.yaml",), monkeypatch)
    (wire, budget) = settings["links"]["plant"]
    assert (wire.words, budget) == ("minimal", 4096.0)
    assert settings["commands"] == {"dp": "deployments"}
    assert (settings["wire"], settings["budget"]) == (None, None)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("version",), 0), (("--version",), 0), (("-V",), 0), (("plant.yaml", "-V"), 0), (("--help",), 0), (("-h",), 0),
        (("help",), 0), (("help", "scale"), 0), (("help", "--all", "scale"), 0), (("help", "nothing"), 2),
        (("nothing",), 2), (("get-pods",), 2), (("plant.yaml",), 0), (("gone.yaml",), 2), (("describe", "pod"), 2),
        (("--context", "nobody", "plant.yaml"), 2), (("scale",), 2), (("config", "view"), 0),
        (("--all-contexts", "get"), 2),
    ],
)  # fmt: skip
def test_the_exit_code_and_where_what_is_said_goes(
    words: tuple[str, ...],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(screen_run, "run_screen", lambda *_: 0)
    try:
        ended = cli.main(words)
    except SystemExit as left:
        ended = int(left.code or 0)
    said = capsys.readouterr()
    assert ended == code
    assert bool(said.err) == (code == 2), said.err
    assert bool(said.out) == (code == 0 and words != ("plant.yaml",)), said.out
    assert len(said.err.splitlines()) <= 2


WORDS = (
    "rollout", "rollout histroy", "rollout x -n y", "set", "set imag", "set env", "config", "config use-context",
    "top nodes", "describe pod press", "logs -f press", "apply -f x", "pods", "po -n line-2", "hpa", "scal deploy/x",
    "SCALE", "gte", "zzzzzz", "a/b", "a.yaml", "histroy", "autoscalres", "events",
)  # fmt: skip


def test_what_is_said_of_a_first_word_that_is_no_command(snapshot: SnapshotAssertion) -> None:
    found = []
    for words in WORDS:
        explained = verbs.explain(words.split())
        found.append(f"{words}: {' '.join(explained) if explained else 'may be a file'}")
    assert "\n".join(found) == snapshot


def test_where_a_command_line_would_act(home: Path) -> None:
    place = verbs.place_of(["get", "pods", "--kubeconfig", "plant.yaml", "-n", "line-2", "--", "-n", "x"])
    assert place.target is not None
    assert (place.target.name, place.namespace, place.contexts) == ("plant", "line-2", ["plant"])
    assert place.rest == ["get", "pods", "--", "-n", "x"]
    nowhere = verbs.place_of(["get", "--context", "nobody"])
    assert (nowhere.target, nowhere.namespace, nowhere.rest, nowhere.contexts) == (None, "", ["get"], [])
    assert "line-2" in verbs.kubectl_line(["top", "pods", "--kubeconfig", "plant.yaml", "-n", "line-2"])
    assert verbs.kubectl_line(["top", "pods"]) == "kubectl top pods"


@pytest.mark.parametrize(
    ("words", "name", "rest"),
    [
        (["rollout", "status", "deploy/x"], "rollout status", ["deploy/x"]),
        (["rollout", "-n", "y", "status", "deploy/x"], "rollout status", ["-n", "y", "deploy/x"]),
        (["rollout", "--context=plant", "history", "x"], "rollout history", ["--context=plant", "x"]),
        (["rollout", "-n", "status"], "", []),
        (["rollout", "--", "status"], "", []),
        (["rollout", "x", "status"], "rollout status", ["x"]),
        (["once", "pods"], "get", ["pods"]),
        (["config", "view"], "config view", []),
        (["config"], "", []),
        (["pods"], "", []),
    ],
)
def test_which_command_a_line_begins_with(words: list[str], name: str, rest: list[str]) -> None:
    found = commands.find(words)
    assert (found[0].name, found[1]) == (name, rest) if found is not None else name == ""


def test_the_overview_at_several_widths(monkeypatch: pytest.MonkeyPatch) -> None:
    every = {name for command in commands.commands() for name in command.names}
    for columns in (40, 80, 200):
        monkeypatch.setenv("COLUMNS", str(columns))
        said = commands.overview()
        assert all(name in said for name in every)
        assert [one for one in said.splitlines() if one[:1].strip()] == [
            f"{title}:" for title in commands.GROUPS.values()
        ]
        assert said.count("    $ ") == sum(
            min(
                sum(bool(one.example) for one in commands.commands() if one.group == group), commands.EXAMPLES
            )
            for group in commands.GROUPS
        )
        longest = max(len(one) for one in said.splitlines() if not one.startswith("    $"))
        assert longest <= max(min(columns, 100), 52)
        heads = [one for one in said.splitlines() if one[:2] == "  " and one[2] != " "]
        assert len(heads) == len(commands.commands())


MISTAKES = (
    ("--server", "x"), ("--token=x",), ("--certificate-authority", "x"), ("-f", "x"), ("-k", "x"), ("-o", "json"),
    ("--watch",), ("--them", "x"), ("--no-cash",), ("-x",), ("--zzzz",), ("--budget", "9"), ("--budget",),
    ("--terminal", "huge"), ("--dry-run=client",),
)  # fmt: skip


def test_what_is_said_of_a_mistake(snapshot: SnapshotAssertion, capsys: pytest.CaptureFixture[str]) -> None:
    found = []
    scale = arguments.Parser("scale", "Scale.")
    arguments.add_selection(scale)
    for parser, words in [
        *((arguments.screen_parser(), one) for one in MISTAKES),
        *((scale, one) for one in MISTAKES[:7]),
    ]:
        with pytest.raises(SystemExit) as left:
            parser.parse_words(words)
        found.append(f"{' '.join(words)}: {left.value.code} {capsys.readouterr().err}")
    assert "".join(found) == snapshot


@pytest.mark.parametrize(
    ("words", "plain"),
    [
        ("--dry-run=server x", "--dry-run x"),
        ("--dry-run=none x", "x"),
        ("-v x", "--v=6 x"),
        ("-v 3 x", "--v=3 x"),
        ("--v 9", "--v=9"),
        ("-v=2 -v8", "--v=2 --v=8"),
        ("-v", "--v=6"),
        ("x -- -v --dry-run=none", "x -- -v --dry-run=none"),
        ("-vx", "-vx"),
    ],
)
def test_what_kubectl_takes_becomes_what_is_known(words: str, plain: str) -> None:
    assert arguments.Parser("scale", "Scale.")._plain(words.split()) == plain.split()


@pytest.mark.parametrize(
    ("name", "typed"), [("/usr/bin/edgetui", "edgetui"), ("kubectl-edge", "kubectl edge")]
)
def test_what_it_was_typed_as(name: str, typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", [name])
    assert arguments.program() == typed
    assert arguments.Parser("scale", "").prog == f"{typed} scale"
    assert arguments.screen_parser().prog == typed

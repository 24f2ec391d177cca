"""Which way a start takes: the command or the screen, with which settings, and how each failure ends."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui import __version__, arguments, cli, commands, extras
from edgetui.arguments import Parser
from edgetui.cluster.errors import EdgetuiError, KubeconfigError
from edgetui.cluster.target import ClusterTarget
from edgetui.model.cache.wireprofile import Wire


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "argv", ["edgetui"])
    monkeypatch.setattr(Parser, "defaults", None)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("argv", "way"),
    [
        ([], "screen "),
        (["--version"], "version "),
        (["-V"], "version "),
        (["version", "--verbose"], "version --verbose"),
        (["--help", "scale"], "explain scale"),
        (["-h"], "explain "),
        (["help", "scale"], "explain scale"),
        (["__complete", "ge"], "complete ge"),
        (["./x.yaml"], "screen ./x.yaml"),
        (["--theme", "dark"], "screen --theme dark"),
        (["xyzzy"], "screen xyzzy"),
    ],
)
def test_which_way_a_line_takes(monkeypatch: pytest.MonkeyPatch, argv: list[str], way: str) -> None:
    taken: list[str] = []

    def noted(name: str) -> Any:
        def take(words: list[str]) -> int:
            taken.append(f"{name} {' '.join(words)}")
            return 7

        return take

    for name in ("version", "explain", "screen"):
        monkeypatch.setattr(cli, name, noted(name))
    monkeypatch.setattr("edgetui.completion.candidates.command", noted("complete"))
    assert cli.main(argv) == 7
    assert taken == [way]


def test_the_version_is_one_line_and_verbose_says_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("edgetui.doctor.about.lines", lambda: iter(["one", "two"]))
    for argv, more in ((["--version"], ""), (["version", "--verbose"], "one\ntwo\n")):
        assert cli.main(argv) == 0
        assert capsys.readouterr() == (f"edgetui {__version__}\n{more}", "")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, ""),
        (EdgetuiError("No right.", "Ask."), 2, "edgetui: No right. Ask.\n"),
        (KeyError("x"), 70, "edgetui: a defect (KeyError)\n"),
    ],
)
def test_every_failure_is_an_exit_code_and_at_most_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    said: str,
) -> None:
    def fails(argv: list[str]) -> int:
        raise error

    monkeypatch.setattr("edgetui.crash.sentence", lambda one: f"a defect ({type(one).__name__})")
    monkeypatch.setattr(cli, "screen", fails)
    assert cli.main(["--theme", "dark"]) == code
    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize(
    ("file", "variable", "taken"), [(False, False, False), (True, False, True), (False, True, True)]
)
def test_settings_are_looked_for_only_where_there_are_any(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: bool, variable: bool, taken: bool
) -> None:
    from edgetui import config

    for name in [name for name in __import__("os").environ if name.startswith("EDGETUI_")]:
        monkeypatch.delenv(name)
    if file:
        (tmp_path / "CONFIG" / "edgetui").mkdir(parents=True)
        (tmp_path / "CONFIG" / "edgetui" / "config.yaml").write_text("")
    if variable:
        monkeypatch.setenv("EDGETUI_THEME", "dark")
    cli._take_settings()
    assert Parser.defaults is (config.parse_words if taken else None)


class Terminal:
    """Standard input or output of a person, or of a pipe."""

    def __init__(self, told: list[str], tty: bool) -> None:
        self._told, self._tty = told, tty

    def isatty(self) -> bool:
        return self._tty

    def write(self, text: str) -> None:
        self._told.append(text)

    def flush(self) -> None:
        self._told.append("flushed")


@pytest.mark.parametrize(("stdin", "stdout"), [(True, True), (True, False), (False, True), (False, False)])
def test_the_first_pixels_are_drawn_on_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, stdin: bool, stdout: bool
) -> None:
    told: list[str] = []
    ends = SimpleNamespace(stdin=Terminal([], stdin), stdout=Terminal(told, stdout))
    monkeypatch.setattr(cli, "sys", ends)
    cli._first_pixels("words")
    assert told == (["\r edgetui  words", "flushed"] if stdin and stdout else [])


GOOD = ClusterTarget(name="plant", context="plant")
BAD = ClusterTarget(name="van", context="van", error=KubeconfigError("No server.", "Name one."))


@pytest.mark.parametrize(
    ("targets", "code", "said"),
    [
        ([GOOD], 5, ""),
        ([GOOD, BAD], 5, ""),
        ([BAD], 2, "van: No server. Name one.\n"),
        ([BAD, BAD], 2, "van: No server. Name one.\n" * 2),
    ],
)
def test_a_screen_of_clusters_of_which_none_can_be_used_is_not_opened(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    targets: list[ClusterTarget],
    code: int,
    said: str,
) -> None:
    shown: list[Any] = []

    def screen(options: Any, *, remember: bool) -> Any:
        def show(found: Any) -> int:
            shown.append((found, options, remember))
            return 5

        return show

    monkeypatch.setattr(cli, "_screen", screen)
    options = argparse.Namespace()
    assert cli._show(targets, options) == code
    assert shown == ([] if code == 2 else [(targets, options, True)])
    assert capsys.readouterr().err == said


def test_the_options_of_a_line_are_those_of_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    began: list[str] = []
    monkeypatch.setattr("gc.disable", lambda: began.append("no garbage"))

    def run_screen(*given: Any) -> int:
        shown.append(given)
        return 0

    monkeypatch.setattr("edgetui.ui.run.run_screen", run_screen)
    monkeypatch.setattr("os.environ", {"TERM": "xterm-256color", "LANG": "C.UTF-8"})
    words = "--read-only --theme dark --terminal thin -n line-1 --no-cache --api-traffic reduced --budget 1kB"
    full = arguments.screen_parser().parse_words(words.split())
    full.links = {"depot": ("minimal", 5.0), "plant": ("", None)}
    full.settings = SimpleNamespace(commands={"dp": "deployments"})
    plain = arguments.screen_parser().parse_words(["--wire", "thin"])
    demo = argparse.Namespace(read_only=False, theme="", terminal="", api_traffic="", wire="", budget=None)
    for options, remember in ((full, True), (plain, False), (demo, False)):
        assert cli._screen(options, remember=remember)([GOOD]) == 0
    assert began == ["no garbage"] * 3
    told = []
    for targets, settings in shown:
        assert targets == [GOOD]
        told.append(
            {name: getattr(settings, name) for name in settings.__struct_fields__ if name != "profile"}
        )
    usual = {
        "read_only": False, "theme": "", "audit": None, "badges": (), "namespace": "", "keep_rows": True, "wire": None,
        "budget": None, "remember": False, "links": {}, "commands": {},
    }  # fmt: skip
    links = {"depot": (Wire.THIN, 5.0), "plant": (None, None)}
    assert told == [
        usual
        | {"read_only": True, "theme": "dark", "namespace": "line-1", "keep_rows": False, "wire": Wire.LEAN}
        | {"budget": 1000.0, "remember": True, "links": links, "commands": {"dp": "deployments"}},
        usual | {"wire": Wire.THIN},
        usual | {"keep_rows": False},
    ]
    assert [settings.profile.name for _, settings in shown] == ["thin", "local", "local"]


@pytest.mark.parametrize(
    ("missing", "there"),
    [(None, True), ("edgetui.demo", False), ("cryptography", False), ("h11", False)],
)
def test_the_demo_needs_all_its_parts(
    monkeypatch: pytest.MonkeyPatch, missing: str | None, there: bool
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == missing else name)
    if there:
        extras.need_demo()
        return
    with pytest.raises(EdgetuiError, match="not part of this installation"):
        extras.need_demo()


@pytest.mark.parametrize(
    ("words", "served"),
    [
        ("--serve", (3, 0, True)),
        ("--serve --clusters 100 --pods 20000 --no-outages", (100, 20000, False)),
        ("--serve --clusters 1 --pods 0", (1, 0, True)),
    ],
)
def test_a_demo_is_served_as_asked_for(
    monkeypatch: pytest.MonkeyPatch, words: str, served: tuple[int, int, bool]
) -> None:
    began: list[Any] = []

    def run(clusters: int, pods: int, *, outages: bool) -> int:
        began.append((clusters, pods, outages))
        return 4

    monkeypatch.setattr("edgetui.demo.server.run", run)
    monkeypatch.setattr(extras, "need_demo", lambda: began.append("needed"))
    assert cli.demo(words.split()) == 4
    assert began == ["needed", served]
    with pytest.raises(SystemExit):
        cli.demo(["--clusters", "101"])


@pytest.mark.parametrize(
    ("files", "there", "named"),
    [
        (["scale"], False, "scale"),
        (["scale"], True, ""),
        (["x"], False, ""),
        (["a.b"], False, ""),
        (["x", "set-hpa"], False, "set-hpa"),
    ],
)
def test_a_command_that_stands_where_a_file_is_read_is_said(
    files: list[str], there: bool, named: str
) -> None:
    if there:
        Path(files[0]).write_text("")
    if not named:
        cli._explain_misplaced(files)
        return
    with pytest.raises(KubeconfigError) as wrong:
        cli._explain_misplaced(files)
    assert wrong.value.sentence == f"There is no file {named}."
    assert wrong.value.next_step == f"A command goes first: edgetui {named} ..."


def test_help_of_nothing_is_that_of_the_screen_and_of_a_command_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.explain(["-v"]) == 0
    said = capsys.readouterr().out
    assert said == f"{arguments.screen_parser().format_help()}\n{commands.overview()}"
    started: list[Any] = []

    def start(self: commands.Command, argv: Any) -> int:
        started.append((self.name, argv))
        return 9

    monkeypatch.setattr(commands.Command, "start", start)
    assert cli.explain(["rollout", "status", "-x"]) == 9
    assert started == [("rollout status", ["--help"])]
    monkeypatch.setattr(cli, "screen", lambda argv: 8 if argv == ["--help"] else 0)
    (Path.cwd() / "here").write_text("")
    assert cli.explain(["here"]) == 8
    with pytest.raises(KubeconfigError):
        cli.explain(["xyzzy"])

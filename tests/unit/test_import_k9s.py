"""`edgetui import-k9s`: what the files of k9s become, on real files; and files that hold anything at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from edgetui import cli, config
from edgetui.k9s.mapping import ALIASES, HOTKEYS, VIEWS, mapped
from edgetui.ui.keyfile import parse as parse_keys

ALIASES_TEXT = """\
aliases:
  dp: deployments
  pp: v1/pods
  crb: rbac.authorization.k8s.io/v1/clusterrolebindings
  fred: &f pod fred app=blee
  same: *f
  here: pods /press @plant
  xr: xray deploy
  logs: pods
  two words: pods
  bad: [1, 2]
  3: pods
"""
HOTKEYS_TEXT = """\
hotKeys:
  a: {shortCut: Shift-0, command: pods, description: Viewing pods}
  b: {shortCut: F5, command: apps/v1/deployments kube-system}
  c: {shortCut: Ctrl-U, command: svc}
  d: {shortCut: Shift-J, command: jobs}
  e: {shortCut: z, command: nodes}
  f: {shortCut: F6, command: scale 3}
  g: {shortCut: F8, command: "pods $NAMESPACE"}
  h: {shortCut: Ctrl-Alt-X, command: events}
  i: pods
  j: {command: pods}
"""
VIEWS_TEXT = "views:\n  v1/pods:\n    columns: [AGE]\n    sortColumn: AGE:desc\n"


class Home:
    """A home with settings of k9s, and what the command printed last."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.k9s, self.own = path / "k9s", path / "edgetui"
        self.k9s.mkdir()
        self._capsys = capsys

    def give(self, **texts: str) -> None:
        for name, text in texts.items():
            (self.k9s / f"{name}.yaml").write_text(text)

    def run(self, *words: str) -> tuple[int, str, str]:
        code = cli.main(["import-k9s", *words])
        said = self._capsys.readouterr()
        return code, said.out, said.err

    @property
    def config(self) -> str:
        return (self.own / "config.yaml").read_text()

    @property
    def keys(self) -> str:
        return (self.own / "keys.yaml").read_text()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Home:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("K9S_CONFIG_DIR", raising=False)
    return Home(tmp_path, capsys)


def test_what_maps_and_what_does_not() -> None:
    found = mapped(
        {
            ALIASES: yaml.safe_load(ALIASES_TEXT),
            HOTKEYS: yaml.safe_load(HOTKEYS_TEXT),
            VIEWS: yaml.safe_load(VIEWS_TEXT),
        }
    )
    assert found.commands == {
        "pp": "pods",
        "crb": "clusterrolebindings.v1.rbac.authorization.k8s.io",
        "fred": "pod -n fred app=blee",
        "same": "pod -n fred app=blee",
        "here": "pods /press @plant",
    }
    assert found.keys == {
        ":pods": ")",
        ":deployments -n kube-system": "f5",
        ":svc": "ctrl+u",
        ":jobs": "J",
        ":nodes": "z",
        ":scale 3": "f6",
    }
    assert {one.what: one.why for one in found.not_mapped} == {
        "dp": "edgetui knows it already, as deployments",
        "xr": "edgetui has no xray",
        "logs": ":logs is a command of edgetui already",
        "two words": "it is not one word",
        "bad": "it stands for no text",
        "3": "its name is no text",
        "g": "it takes in what is under the cursor",
        "h": "a terminal cannot tell Ctrl-Alt-X here",
        "i": "it has no shortCut and no command",
        "j": "it has no shortCut",
        "v1/pods": "a pane chooses its columns by the width of the screen; o in a pane chooses its order, which the "
        "next start remembers",
    }


def test_nothing_is_written_without_being_asked(home: Home) -> None:
    home.give(aliases=ALIASES_TEXT, hotkeys=HOTKEYS_TEXT)
    code, out, err = home.run()
    assert (code, err) == (0, "")
    assert "    pp: pods\n" in out
    assert '    ":pods": ")"\n' in out
    assert "hotkeys.yaml: :nodes: :nodes and zoom would have the same key." in out
    assert out.endswith("Nothing was written: add --write.\n")
    assert not home.own.exists()


def test_what_is_written_is_what_the_screen_reads(home: Home) -> None:
    home.give(aliases=ALIASES_TEXT, hotkeys=HOTKEYS_TEXT)
    assert home.run("--write")[1].endswith("Added 5 commands and 4 keys.\n")
    assert config.load(os.environ).commands["fred"] == "pod -n fred app=blee"
    assert parse_keys(home.keys)[":deployments -n kube-system"] == "f5"
    before = home.config, home.keys
    assert "Nothing is to be added." in home.run("--write")[1]
    assert (home.config, home.keys) == before


def test_what_stands_there_stays_with_its_comments(home: Home) -> None:
    home.give(aliases=ALIASES_TEXT, hotkeys="hotKeys: {a: {shortCut: f7, command: pods}}")
    home.own.mkdir()
    own = "# mine\ncommands:   # words\n    pp: nodes  # not pods\n    # the end\ntheme: dark\n"
    (home.own / "config.yaml").write_text(own)
    (home.own / "keys.yaml").write_text("zoom: f7  # as ever")
    code, out, _ = home.run("--write")
    assert code == 0
    assert "aliases.yaml: pp: config.yaml has it as nodes already." in out
    assert "hotkeys.yaml: :pods: :pods and zoom would have the same key." in out
    assert home.keys == "zoom: f7  # as ever"
    lines = home.config.splitlines(keepends=True)
    assert [line for line in lines if line in own] == own.splitlines(keepends=True)
    settings_ = config.load(os.environ)
    assert settings_.commands["pp"] == "nodes" and settings_.commands["same"] == "pod -n fred app=blee"
    assert settings_.file["theme"].value == "dark"


@pytest.mark.parametrize(
    ("file", "text", "why"),
    [
        ("config", "commands: {pp: nodes}\n", "lines cannot be added to it as it is written"),
        ("config", "{theme: dark}\n", "lines cannot be added"),
        ("keys", "{zoom: f7}\n", "lines cannot be added"),
        ("keys", "fly: f7\n", "cannot be used: there is nothing called 'fly'"),
        ("keys", "zoom: [\n", "cannot be used"),
        ("config", "thema: dark\n", "nothing is called"),
    ],
)
def test_a_file_that_cannot_be_added_to_is_told_and_stays(home: Home, file: str, text: str, why: str) -> None:
    home.give(aliases=ALIASES_TEXT, hotkeys=HOTKEYS_TEXT)
    home.own.mkdir()
    (home.own / f"{file}.yaml").write_text(text)
    code, _, err = home.run("--write")
    assert (code, why in err, "Traceback" in err) == (2, True, False), err
    assert [one.read_text() for one in home.own.iterdir()] == [text]


def test_a_broken_file_costs_itself_only(home: Home) -> None:
    home.give(aliases="aliases: [", hotkeys="hotKeys: {a: {shortCut: f7, command: pods}}", views="7")
    code, out, _ = home.run()
    assert code == 0
    assert "aliases.yaml: the file: aliases.yaml is not valid YAML" in out
    assert '":pods": "f7"' in out
    assert "views.yaml: views: it is no table of names." in out


def test_without_settings_of_k9s_there_is_a_sentence(home: Home, tmp_path: Path) -> None:
    code, out, err = home.run(str(tmp_path / "none"))
    assert (code, out) == (2, "")
    assert "There is no aliases.yaml, hotkeys.yaml or views.yaml in" in err


def test_a_directory_may_be_named_or_set(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "aliases.yaml").write_text("alias: {pp: v1/pods}")
    assert "pp: pods" in home.run(str(tmp_path / "other"))[1]
    monkeypatch.setenv("K9S_CONFIG_DIR", str(tmp_path / "other"))
    assert "pp: pods" in home.run()[1]


def test_files_that_nobody_may_write_are_a_sentence(home: Home) -> None:
    home.give(aliases=ALIASES_TEXT)
    home.own.mkdir(mode=0o777)
    home.own.chmod(0o777)
    code, _, err = home.run("--write")
    assert (code, "could not be written" in err) == (1, True)
    assert not list(home.own.iterdir())


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
_ANYTHING = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_SCALARS, inner, max_size=3),
    max_leaves=8,
)
_TABLE = st.dictionaries(
    st.sampled_from(["aliases", "alias", "hotKeys", "hotKey", "views", "k9s"]),
    st.dictionaries(
        _SCALARS,
        _ANYTHING
        | st.fixed_dictionaries({"shortCut": _ANYTHING, "command": _ANYTHING, "columns": _ANYTHING}),
        max_size=4,
    ),
)


@settings(max_examples=400)
@given(
    st.fixed_dictionaries(
        {ALIASES: _TABLE | _ANYTHING, HOTKEYS: _TABLE | _ANYTHING, VIEWS: _TABLE | _ANYTHING}
    )
)
def test_anything_at_all_maps_or_does_not(files: dict[str, object]) -> None:
    found = mapped(files)
    assert all(one.why and one.file in files for one in found.not_mapped)
    assert all(line and word == word.strip() for word, line in found.commands.items())


@settings(max_examples=60)
@given(
    st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=20), max_size=5),
    st.dictionaries(st.text(max_size=4), st.text(max_size=20), max_size=3),
)
def test_what_is_written_holds_whatever_the_words_are(
    tmp_path_factory: pytest.TempPathFactory, aliases: dict[str, str], hotkeys: dict[str, str]
) -> None:
    path = tmp_path_factory.mktemp("home")
    (path / "k9s").mkdir()
    keys = {
        name: {"shortCut": f"f{at + 7}", "command": line} for at, (name, line) in enumerate(hotkeys.items())
    }
    (path / "k9s" / ALIASES).write_text(yaml.safe_dump({"aliases": aliases}))
    (path / "k9s" / HOTKEYS).write_text(yaml.safe_dump({"hotKeys": keys}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(path))
        patch.setattr(sys, "stdout", open(os.devnull, "w"))  # noqa: PTH123, SIM115 - closed with the test
        assert cli.main(["import-k9s", "--write"]) == 0
        config.load(os.environ)
    file = path / "edgetui" / "keys.yaml"
    assert not file.exists() or parse_keys(file.read_text())
